//! Building a namespace from its settings.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::File,
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use rustix::fs::{CWD, Mode, OFlags};

use crate::{
    Access, Device, DirOption, Extra, FsError, Mount, MountError, Program, Settings, Trace,
    beneath::{self, Eye, Start},
    mount::tidy,
    overlay::Overlay,
    quota::{Account, Quota},
    scratch::Scratch,
    see,
    tree::{NodeId, Tree, What},
};

/// Everything a namespace consists of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub tree: Tree,
    pub mounts: Vec<MountPoint>,
    pub programs: Vec<Program>,
    /// Files that are there by themselves.
    pub files: Vec<Arc<File>>,
    pub overlays: Vec<Arc<Overlay>>,
    pub scratch: Arc<Scratch>,
    pub trace: Option<Trace>,
    pub quota: Quota,
    pub dirs: DirOption,
}

/// A folder with a disk behind it.
#[derive(Debug)]
pub(crate) struct MountPoint {
    /// Where guests see it.
    pub guest: Vec<u8>,
    /// Where it is on the host, for people; nothing for `/tmp`.
    pub host: Option<PathBuf>,
    pub access: Access,
    pub backing: Backing,
    /// Whether something is mounted below it.
    pub careful: bool,
    /// The mount in the settings that it belongs to: one may be seen at several nodes, when others are nested in it.
    pub origin: usize,
    /// Who notes what is read in it, and its number as a folder of the host; `/tmp` has none.
    pub seen: Option<(Trace, Option<u32>)>,
    /// What is written to it is charged to; an overlay does that itself.
    pub account: Option<Account>,
}

/// What is behind a mount point.
#[derive(Debug)]
pub(crate) enum Backing {
    Folder(File),
    /// The private `/tmp`, once something was written to it.
    Temporary(OnceLock<File>),
    Overlay {
        layers: Arc<Overlay>,
        /// The path of this folder in the overlay.
        base: Vec<u8>,
        /// The same folder in the lower layer, for as long as nothing was changed.
        lower: File,
    },
}

const DEVICES: [(&[u8], What); 10] = [
    (b"/dev/fd", What::Descriptors),
    (b"/dev/full", What::Device(Device::Full)),
    (b"/dev/null", What::Device(Device::Null)),
    (b"/dev/random", What::Device(Device::Random)),
    (b"/dev/stderr", What::Descriptor(2)),
    (b"/dev/stdin", What::Descriptor(0)),
    (b"/dev/stdout", What::Descriptor(1)),
    (b"/dev/tty", What::Device(Device::Terminal)),
    (b"/dev/urandom", What::Device(Device::Random)),
    (b"/dev/zero", What::Device(Device::Zero)),
];

const PROGRAM_FOLDERS: [&[u8]; 2] = [b"/bin", b"/usr/bin"];

pub(crate) fn assemble(settings: Settings) -> Result<Parts, MountError> {
    let Settings { mounts, programs, private_tmp, scratch, trace, max_disk, common_disk, dirs, extras, hidden } =
        settings;
    let mounts = tidied(mounts)?;
    let mut parts = Parts {
        tree: Tree::new(),
        mounts: Vec::new(),
        programs,
        files: Vec::new(),
        overlays: Vec::new(),
        scratch: Arc::new(Scratch::new(scratch)),
        quota: Quota::new(max_disk, trace.clone(), common_disk),
        trace,
        dirs,
    };
    let dev = parts.tree.place(b"/dev", What::Folder);
    for (path, what) in DEVICES {
        parts.tree.place(path, what);
    }
    if !parts.programs.is_empty() {
        // Sorted once for both folders; of one name, the last stays last.
        let mut sorted: Vec<(usize, &Program)> = parts.programs.iter().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        for folder in PROGRAM_FOLDERS {
            let folder = parts.tree.place(folder, What::Folder);
            parts.tree.reserve(folder, sorted.len());
            for (number, program) in &sorted {
                let name = match &program.name {
                    Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
                    Cow::Owned(name) => Cow::Owned(name.clone().into_bytes()),
                };
                parts.tree.add(folder, name, What::Program(*number));
            }
        }
    }
    if private_tmp && !mounts.iter().any(|mount| matches!(mount.guest.as_slice(), b"/" | b"/tmp")) {
        parts.place_temporary(mounts.len());
    }
    for (origin, mount) in mounts.into_iter().enumerate() {
        parts.place(mount, origin)?;
    }
    for (path, extra) in extras {
        parts.place_extra(&path, extra);
    }
    let hidden = parts.hide(&hidden);
    parts.tree.finish();
    for id in parts.tree.ids() {
        if parts.tree.node(id).what == What::Folder && !hidden.contains(&id) && !is_within(&parts.tree, id, dev) {
            parts.look_through(id);
        }
    }
    for id in parts.tree.ids() {
        if let What::Mount(mount) = parts.tree.node(id).what {
            let mount = &mut parts.mounts[mount];
            mount.careful = parts.tree.has_children(id);
            mount.seen = parts.trace.clone().map(|trace| {
                let root = mount.host.as_ref().map(|host| trace.root(host, mount.careful));
                (trace, root)
            });
        }
    }
    Ok(parts)
}

/// The mounts with tidy paths, no two at one place.
fn tidied(mut mounts: Vec<Mount>) -> Result<Vec<Mount>, MountError> {
    for at in 0..mounts.len() {
        let mount = &mounts[at];
        let odd = |component| MountError::OddGuest {
            text: mount.to_string(),
            guest: String::from_utf8_lossy(&mount.guest).into_owned(),
            component,
        };
        let guest = if mount.guest.starts_with(b"/") {
            tidy(&mount.guest).map_err(odd)?
        } else {
            return Err(odd("a beginning other than `/`".to_owned()));
        };
        if let Some(first) = mounts[..at].iter().find(|other| other.guest == guest) {
            return Err(MountError::Twice {
                guest: String::from_utf8_lossy(&guest).into_owned(),
                first: first.host.clone(),
                second: mount.host.clone(),
            });
        }
        mounts[at].guest = guest;
    }
    Ok(mounts)
}

/// What follows a folder's path in the path of something in it.
fn below<'p>(path: &'p [u8], folder: &[u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(folder)?;
    if folder == b"/" { Some(rest) } else { rest.strip_prefix(b"/") }
}

fn is_within(tree: &Tree, mut id: NodeId, folder: NodeId) -> bool {
    while id != folder && id != crate::tree::ROOT {
        id = tree.node(id).parent;
    }
    id == folder
}

impl Parts {
    fn place_temporary(&mut self, origin: usize) {
        self.tree.place(b"/tmp", What::Mount(self.mounts.len()));
        self.mounts.push(MountPoint {
            guest: b"/tmp".to_vec(),
            host: None,
            access: Access::ReadWrite,
            backing: Backing::Temporary(OnceLock::new()),
            careful: false,
            origin,
            seen: None,
            account: Some(self.quota.own.clone()),
        });
    }

    fn place(&mut self, mount: Mount, origin: usize) -> Result<(), MountError> {
        let failed = |error: FsError, host: &Path| MountError::Host {
            host: host.to_owned(),
            source: io::Error::other(error.to_string()),
        };
        let open = || {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(CWD, &mount.host, flags, Mode::empty());
            opened.map(File::from).map_err(|error| match error {
                rustix::io::Errno::NOTDIR => MountError::NotFolder { host: mount.host.clone() },
                error => failed(error.into(), &mount.host),
            })
        };
        let folder = open()?;
        let backing = match (mount.access, &self.trace) {
            (Access::ReadOnly, _) | (Access::ReadWrite, None) => Backing::Folder(folder),
            // What is observed must not be changed by the run itself.
            (Access::ReadWrite, Some(_)) | (Access::Overlay, _) => {
                let lower = open()?;
                let seen = self.trace.clone().map(|trace| {
                    let root = trace.root(&mount.host, true);
                    (trace, root)
                });
                let (scratch, account) = (self.scratch.clone(), self.quota.own.clone());
                let layers = Overlay::new(mount.guest.clone(), folder, seen, scratch, account, self.overlays.len());
                let layers = Arc::new(layers);
                self.overlays.push(layers.clone());
                Backing::Overlay { layers, base: Vec::new(), lower }
            }
        };
        self.tree.place(&mount.guest, What::Mount(self.mounts.len()));
        self.mounts.push(MountPoint {
            guest: mount.guest,
            host: Some(mount.host),
            access: mount.access,
            backing,
            careful: false,
            origin,
            seen: None,
            account: (mount.access == Access::ReadWrite).then(|| self.quota.mounted.clone()),
        });
        Ok(())
    }

    fn place_extra(&mut self, path: &[u8], extra: Extra) {
        match extra {
            Extra::File(file) => {
                let path = self.tree.through_links(path);
                self.tree.place(&path, What::File(self.files.len()));
                self.files.push(file);
            }
            _ if self.tree.is_taken(path) => {}
            Extra::Folder => _ = self.tree.place(path, What::Folder),
            Extra::Link(target) => self.tree.place_link(path, target),
        }
    }

    /// Puts something empty wherever a mount would show what is hidden; where that is. As with all that is nested in a mount, no link
    /// leads around it, and none of the folders above it can be moved.
    fn hide(&mut self, hidden: &[PathBuf]) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        if hidden.is_empty() {
            return nodes;
        }
        let mut mounts = Vec::with_capacity(self.mounts.len());
        for mount in &self.mounts {
            if let Some(Ok(host)) = mount.host.as_ref().map(|host| host.canonicalize()) {
                mounts.push((mount.guest.clone(), host.into_os_string().into_vec()));
            }
        }
        for path in hidden {
            let Ok(path) = path.canonicalize() else { continue };
            for (guest, host) in &mounts {
                let Some(below) = below(path.as_os_str().as_bytes(), host) else { continue };
                let place = [guest.strip_suffix(b"/").unwrap_or(guest), b"/", below].concat();
                // Another mount that is nested in this one hides it already.
                let covers = |other: &[u8]| {
                    other.len() > guest.len() && (other == place || self::below(&place, other).is_some())
                };
                if mounts.iter().any(|(other, _)| covers(other)) {
                    continue;
                }
                let what = if path.is_dir() { What::Folder } else { What::Device(Device::Null) };
                nodes.push(self.tree.place(&place, what));
            }
        }
        nodes
    }

    /// A folder that is only here because something is nested below it hides nothing: what the mount above has at this
    /// place is seen, too.
    fn look_through(&mut self, id: NodeId) {
        let Some((above, mount)) = self.tree.mount_above(id) else { return };
        let guest = self.tree.path(id);
        let prefix = self.tree.path(above).len();
        let below = &guest[prefix..];
        let below = below.strip_prefix(b"/").unwrap_or(below).to_vec();
        let mount = &self.mounts[mount];
        let root = self.trace.as_ref().zip(mount.host.as_ref());
        let root = root.map(|(trace, host)| (trace, trace.root(host, false)));
        let open = |dir: &File| {
            // Whether it is there decides what guests see, so it is an observation, too.
            let eye = root.as_ref().map_or(Eye::Closed, |(trace, root)| Eye::Lower(trace, *root));
            let start = Start { careful: false, eye, ..Start::closed(dir) };
            let _ = see::look(start, &below, true);
            beneath::open(start, &below, OFlags::PATH | OFlags::DIRECTORY, 0).ok()
        };
        let backing = match &mount.backing {
            Backing::Folder(dir) => open(dir).map(Backing::Folder),
            Backing::Temporary(_) => None,
            Backing::Overlay { layers, base, lower } => open(lower).and_then(|found| {
                let path = Path::new(OsStr::from_bytes(&below));
                let resolved = cap_primitives::fs::canonicalize(lower, path).ok()?;
                let base = match base.as_slice() {
                    b"" => resolved.as_os_str().as_bytes().to_vec(),
                    base => [base, b"/", resolved.as_os_str().as_bytes()].concat(),
                };
                Some(Backing::Overlay { layers: layers.clone(), base, lower: found })
            }),
        };
        let Some(backing) = backing else { return };
        let host = mount.host.as_ref().map(|host| host.join(OsStr::from_bytes(&below)));
        let (access, origin, account) = (mount.access, mount.origin, mount.account.clone());
        let seen = MountPoint { guest, host, access, backing, careful: true, origin, seen: None, account };
        self.tree.set(id, What::Mount(self.mounts.len()));
        self.mounts.push(seen);
    }
}
