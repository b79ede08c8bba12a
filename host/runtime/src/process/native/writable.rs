//! Which folders of the host guests can reach, and which of them they may write to.

use super::allowed::NativeError;
use glowplug_fs::{Access, Mount};
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The folders that are mounted.
#[derive(Debug, Default)]
pub(super) struct Folders {
    all: Vec<Folder>,
    /// A folder that guests see under its own name, though nothing of it but what is mounted in it.
    pub(super) bare: Option<PathBuf>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Folder {
    guest: Vec<u8>,
    host: PathBuf,
    pub(super) access: Access,
    identity: (u64, u64),
    pub(super) handle: OwnedFd,
}

/// Where a guest's folder is on the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnHost {
    /// Here.
    At(PathBuf),
    /// It is seen through a layer that the host does not have.
    Overlay,
    /// Nowhere.
    Nowhere,
}

impl Folders {
    /// Opens every mounted folder: it is this one that rules are made for, whatever has its name later.
    pub(super) fn open(mounts: &[Mount]) -> Result<Self, NativeError> {
        let open = |mount: &Mount| {
            let failed = |source| NativeError::Folder { path: mount.host.clone(), source };
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let handle = rustix::fs::openat(CWD, &mount.host, flags, Mode::empty());
            let handle = handle.map_err(|error| failed(error.into()))?;
            let found = rustix::fs::fstat(&handle).map_err(|error| failed(error.into()))?;
            let host = mount.host.canonicalize().map_err(failed)?;
            let identity = (found.st_dev, found.st_ino);
            Ok(Folder { guest: mount.guest.clone(), host, access: mount.access, identity, handle })
        };
        Ok(Self { all: mounts.iter().map(open).collect::<Result<_, _>>()?, bare: None })
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Folder] {
        &self.all
    }

    /// The mounted folder through which guests may change what is at this canonical path of the host, or in it.
    ///
    /// By what the folders are, and not by their names alone: one may be mounted on the host at two places.
    pub(super) fn writable(&self, path: &Path) -> Option<PathBuf> {
        let mut below = Vec::new();
        for at in path.ancestors() {
            let identity = std::fs::metadata(at).ok().map(|found| (found.dev(), found.ino()));
            let here = self.all.iter().filter(|folder| folder.access == Access::ReadWrite);
            for folder in here.filter(|folder| Some(folder.identity) == identity) {
                let guest = below.iter().rev().fold(folder.guest.clone(), |mut guest, name: &&OsStr| {
                    if !guest.ends_with(b"/") {
                        guest.push(b'/');
                    }
                    guest.extend_from_slice(name.as_bytes());
                    guest
                });
                // Another mount may hide it there.
                if self.covering(&guest).is_some_and(|cover| cover.access == Access::ReadWrite) {
                    return Some(folder.host.clone());
                }
            }
            below.extend(at.file_name());
        }
        None
    }

    /// A folder that guests must not write to within one that they may, which no rules can express.
    pub(super) fn nested(&self) -> Option<(PathBuf, PathBuf)> {
        let protected = self.all.iter().filter(|folder| folder.access != Access::ReadWrite);
        for inner in protected {
            let within =
                |outer: &&Folder| {
                    outer.access == Access::ReadWrite
                        && inner.host.ancestors().skip(1).any(|at| {
                            std::fs::metadata(at).is_ok_and(|found| (found.dev(), found.ino()) == outer.identity)
                        })
                };
            if self.writable(&inner.host).is_none()
                && let Some(outer) = self.all.iter().find(within)
            {
                return Some((inner.host.clone(), outer.host.clone()));
            }
        }
        None
    }

    /// The mount that a guest's path is in.
    fn covering(&self, guest: &[u8]) -> Option<&Folder> {
        let covers = |folder: &&Folder| {
            guest
                .strip_prefix(&folder.guest[..])
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || folder.guest.ends_with(b"/"))
        };
        self.all.iter().filter(covers).max_by_key(|folder| folder.guest.len())
    }

    /// Whether this path of a guest is in a folder that is at another place on the host.
    pub(super) fn moves(&self, guest: &[u8]) -> bool {
        self.covering(guest).is_some_and(|folder| folder.host.as_os_str().as_bytes() != folder.guest)
    }

    /// Where a guest's canonical path is on the host.
    pub(super) fn on_host(&self, guest: &[u8]) -> OnHost {
        match self.covering(guest) {
            None => match &self.bare {
                Some(bare) if bare.as_os_str().as_bytes() == guest => OnHost::At(bare.clone()),
                _ => OnHost::Nowhere,
            },
            Some(folder) if folder.access == Access::Overlay => OnHost::Overlay,
            Some(folder) => {
                let rest = guest.get(folder.guest.len()..).unwrap_or_default();
                OnHost::At(folder.host.join(OsStr::from_bytes(rest.strip_prefix(b"/").unwrap_or(rest))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_guests_may_write_to_is_known_by_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        fs::create_dir_all(root.join("rw/tools")).expect("folders");
        fs::create_dir_all(root.join("ro/bin")).expect("folders");
        let mount =
            |host: &str, guest: &str, access| Mount { host: root.join(host), guest: guest.as_bytes().to_vec(), access };
        let folders = |mounts: &[Mount]| Folders::open(mounts).expect("folders");
        let plain = folders(&[mount("rw", "/w", Access::ReadWrite), mount("ro", "/r", Access::ReadOnly)]);
        assert_eq!(plain.writable(&root.join("rw/tools/x")), Some(root.join("rw")));
        assert_eq!(plain.writable(&root.join("rw")), Some(root.join("rw")));
        assert_eq!(plain.writable(&root.join("ro/bin/x")), None);
        assert_eq!(plain.nested(), None);
        // Hidden where it is seen, and yet no rule can say so.
        let hidden = [mount("rw", "/w", Access::ReadWrite), mount("rw/tools", "/w/tools", Access::ReadOnly)];
        let hidden = folders(&hidden);
        assert_eq!(hidden.writable(&root.join("rw/tools/x")), None);
        assert_eq!(hidden.nested(), Some((root.join("rw/tools"), root.join("rw"))));
        // Mounted read-only elsewhere hides nothing.
        let beside = [mount("rw", "/w", Access::ReadWrite), mount("rw/tools", "/t", Access::ReadOnly)];
        let beside = folders(&beside);
        assert_eq!(beside.writable(&root.join("rw/tools/x")), Some(root.join("rw")));
        assert!(beside.moves(b"/w/a") && !beside.moves(b"/elsewhere/a"));
        assert_eq!(beside.on_host(b"/w/a"), OnHost::At(root.join("rw/a")));
        assert_eq!(beside.on_host(b"/wx"), OnHost::Nowhere);
    }
}
