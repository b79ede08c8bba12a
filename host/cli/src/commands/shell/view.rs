//! What a shell sees of files, and the folder that it begins in: the rule of `--dir`.

use crate::args::DirArg;
use crate::failure::Failure;
use crate::output;
use glowplug_fs::{Access, Extra, Mount, Namespace, Settings};
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What bash ends with when a script cannot be read.
const EXIT_UNREADABLE: i32 = 126;
/// And when there is none.
const EXIT_NOT_FOUND: i32 = 127;

/// A script that the command line names.
#[derive(Clone, Copy)]
pub(super) struct Script<'a> {
    pub(super) name: &'a OsStr,
    /// The shell may look for it in folders that the user named, not in those of its own programs alone.
    pub(super) has_path: bool,
}

/// The mounted folders and what is there beside them.
pub(super) struct View {
    /// The folders.
    pub(super) mounts: Vec<Mount>,
    /// Where the shell begins, by the name that guests see.
    pub(super) cwd: Vec<u8>,
    /// The same without links.
    physical: Vec<u8>,
    extras: Vec<(Vec<u8>, Extra)>,
    /// The current folder, if no mount shows it: only what is mounted in it is seen there.
    pub(super) bare: Option<PathBuf>,
}

impl View {
    /// What these options show to who starts the shell in the current folder.
    ///
    /// # Errors
    /// When the current folder is gone, or cannot be mounted though nothing else is.
    pub(super) fn of(dirs: &[DirArg]) -> Result<Self, Failure> {
        let here = Here::find()?;
        let mut mounts: Vec<Mount> = dirs.iter().map(|dir| dir.mount.clone()).collect();
        if mounts.is_empty() {
            let mount = Mount::at_own_path(&here.physical, Access::ReadWrite);
            mounts.push(mount.map_err(|error| Failure::new(error.to_string()))?);
        }
        // Where `/` is something else the whole view is, and begins there.
        let elsewhere = || mounts.iter().any(|mount| mount.guest == b"/").then(|| b"/".to_vec());
        let shown = shown_at(&mounts, &here.physical).or_else(elsewhere);
        let bare = shown.is_none().then(|| here.physical.clone());
        let physical = shown.unwrap_or_else(|| here.physical.as_os_str().as_bytes().to_vec());
        let mut extras = Vec::new();
        extras.extend(bare.as_ref().map(|_| (physical.clone(), Extra::Folder)));
        let mut links: Vec<(Vec<u8>, Extra)> = dirs.iter().filter_map(|dir| here.link(dir, &mounts)).collect();
        let logical = here.logical.as_os_str().as_bytes();
        let own = physical == here.physical.as_os_str().as_bytes();
        let cwd = if own { logical.to_vec() } else { physical.clone() };
        if cwd != physical {
            links.push((cwd.clone(), Extra::Link(physical.clone())));
        }
        // One link may lead through another.
        links.sort_by_key(|(path, _)| path.len());
        extras.extend(links);
        Ok(Self { mounts, cwd, physical, extras, bare })
    }

    /// The namespace. A `script` that the command line names can be read in it, whatever is mounted.
    ///
    /// # Errors
    /// When a folder cannot be opened, or the script not be read.
    pub(super) fn namespace(&mut self, settings: Settings, script: Option<Script<'_>>) -> Result<Namespace, Failure> {
        let build = |settings| Namespace::new(settings).map_err(|error| Failure::new(error.to_string()));
        let mut settings = Settings { mounts: self.mounts.clone(), extras: self.extras.clone(), ..settings };
        let again = script.map(|_| settings.clone());
        let mut namespace = build(std::mem::take(&mut settings))?;
        if self.cwd != self.physical && namespace.canonical(&self.cwd).ok().as_ref() != Some(&self.physical) {
            // Something else was mounted at the name under which the folder was entered.
            self.cwd.clone_from(&self.physical);
        }
        if let (Some(script), Some(mut again)) = (script, again)
            && let Some(extra) = self.script(script, &namespace)?
        {
            again.extras.push(extra);
            namespace = build(again)?;
        }
        Ok(namespace)
    }

    /// What has to be added for a script to be read. Nothing if guests see that file anyway, or if it is a program that the shell
    /// finds.
    fn script(&self, script: Script<'_>, namespace: &Namespace) -> Result<Option<(Vec<u8>, Extra)>, Failure> {
        let Script { name: script, has_path } = script;
        let named = for_guests(script);
        let guest = Path::new(OsStr::from_bytes(&self.cwd)).join(OsStr::from_bytes(&named));
        let guest = tidy(&guest).into_os_string().into_vec();
        let seen = namespace.stat(&guest, true).ok();
        if seen.is_some() && is_of_the_shell(&guest) {
            return Ok(None);
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(CWD, script, flags, Mode::empty()).map_err(std::io::Error::from) {
            Ok(file) => File::from(file),
            Err(_) if seen.is_some() => return Ok(None),
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let sought = !script.as_bytes().contains(&b'/');
                let is_program = || namespace.programs().iter().any(|program| script == &*program.name);
                if missing && sought && (has_path || is_program()) {
                    return Ok(None);
                }
                let code = if missing { EXIT_NOT_FOUND } else { EXIT_UNREADABLE };
                return Err(Failure::file("read", Path::new(script), &error).code(code));
            }
        };
        let found = file.metadata().map_err(|error| Failure::file("read", Path::new(script), &error))?;
        let same = seen.is_some_and(|seen| (seen.dev, seen.ino) == (found.dev(), found.ino()));
        let extra = match found.is_dir() {
            _ if same => return Ok(None),
            true => Extra::Folder,
            false => Extra::File(Arc::new(file)),
        };
        Ok(Some((guest, extra)))
    }

    /// What may be done where, in words.
    pub(super) fn in_words(mounts: &[Mount]) -> String {
        let may = mounts.iter().map(|mount| {
            let access = match mount.access {
                Access::ReadOnly => "reads",
                Access::ReadWrite => "reads and writes",
                Access::Overlay => "reads, and writes to a copy of,",
            };
            format!("{access} {}", output::name(&mount.guest))
        });
        may.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a path that guests see is one of the shell's own, which means the same whoever names it.
fn is_of_the_shell(guest: &[u8]) -> bool {
    [&b"/dev/"[..], b"/bin/", b"/usr/bin/"].iter().any(|folder| guest.starts_with(folder))
}

/// An argument as the shell gets it. A descriptor that its caller passed, as `bash <(...)` does, is none of its own: it has another
/// name.
pub(super) fn for_guests(arg: &OsStr) -> Vec<u8> {
    let number = arg.as_bytes().strip_prefix(b"/dev/fd/").filter(|number| number.len() < 10);
    let number = number.and_then(|number| str::from_utf8(number).ok()?.parse::<u32>().ok());
    match number {
        Some(number) if number > 2 => format!("/proc/self/fd/{number}").into_bytes(),
        _ => arg.as_bytes().to_vec(),
    }
}

/// Where a folder of the host is seen: under its own name if it is, else at the first place.
fn shown_at(mounts: &[Mount], host: &Path) -> Option<Vec<u8>> {
    let places = || {
        mounts.iter().filter_map(|mount| {
            let place = guest_path(mount, host)?;
            // Another mount may hide it there.
            let above = mounts.iter().filter(|other| Path::new(OsStr::from_bytes(&place)).starts_with(at(other)));
            let nearest = above.max_by_key(|other| other.guest.len())?;
            (nearest == mount).then_some(place)
        })
    };
    let own = places().find(|place| place == host.as_os_str().as_bytes());
    own.or_else(|| places().next())
}

/// Where guests see a mount.
fn at(mount: &Mount) -> &Path {
    Path::new(OsStr::from_bytes(&mount.guest))
}

/// What a mount shows of a host's folder, if it shows it.
fn guest_path(mount: &Mount, host: &Path) -> Option<Vec<u8>> {
    let rest = host.strip_prefix(&mount.host).ok()?;
    let mut guest = mount.guest.clone();
    if !rest.as_os_str().is_empty() {
        if !guest.ends_with(b"/") {
            guest.push(b'/');
        }
        guest.extend_from_slice(rest.as_os_str().as_bytes());
    }
    Some(guest)
}

/// A path without `.` and `..`, by its text alone, as a shell's `cd` reads it.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = tidied.pop(),
            other => tidied.push(other),
        }
    }
    tidied
}

/// The folder that the program was started in.
struct Here {
    /// Its path without links.
    physical: PathBuf,
    /// Its path as it was entered: `PWD`, when that says the truth.
    logical: PathBuf,
}

impl Here {
    fn find() -> Result<Self, Failure> {
        let physical = std::env::current_dir().map_err(|error| {
            Failure::new("failed to find out the current folder").because(&error).hint("go to a folder that exists")
        })?;
        let named = std::env::var_os("PWD").map(PathBuf::from).filter(|named| *named != physical);
        let logical = named.filter(|named| named.is_absolute() && tidy(named) == *named && is_same(named, &physical));
        Ok(Self { logical: logical.unwrap_or_else(|| physical.clone()), physical })
    }

    /// A link under the name by which a folder was given, if that is another than its own.
    fn link(&self, dir: &DirArg, mounts: &[Mount]) -> Option<(Vec<u8>, Extra)> {
        let host = &dir.mount.host;
        let named = tidy(&self.logical.join(dir.written.as_ref()?));
        if named == *host {
            return None;
        }
        // There its links are as the disk has them.
        let on_disk = |mount: &Mount| {
            at(mount) == mount.host && named.parent().is_some_and(|folder| folder.starts_with(at(mount)))
        };
        let is_it = !mounts.iter().any(on_disk) && named.canonicalize().is_ok_and(|found| found == *host);
        is_it.then(|| (named.into_os_string().into_vec(), Extra::Link(dir.mount.guest.clone())))
    }
}

/// Whether two paths lead to one folder.
fn is_same(a: &Path, b: &Path) -> bool {
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(host: &str, guest: &str) -> Mount {
        Mount { host: host.into(), guest: guest.into(), access: Access::ReadOnly }
    }

    #[test]
    fn a_folder_is_under_its_own_name_if_it_can_be() {
        let shown =
            |mounts: &[Mount]| shown_at(mounts, Path::new("/p/q")).map(|place| String::from_utf8(place).unwrap());
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[mount("/p/q/in", "/p/q/in")]), None);
        assert_eq!(shown(&[mount("/p", "/work")]).as_deref(), Some("/work/q"));
        assert_eq!(shown(&[mount("/p", "/work"), mount("/p/q", "/p/q")]).as_deref(), Some("/p/q"));
        assert_eq!(shown(&[mount("/", "/")]).as_deref(), Some("/p/q"));
        // What hides it there is something else.
        assert_eq!(shown(&[mount("/p", "/work"), mount("/other", "/work/q")]), None);
    }

    #[test]
    fn paths_are_tidied_by_their_text() {
        assert_eq!(tidy(Path::new("/a/./b//../c/..")), Path::new("/a"));
        assert_eq!(tidy(Path::new("/../..")), Path::new("/"));
    }

    #[test]
    fn descriptors_of_the_caller_have_another_name() {
        for (arg, name) in [("/dev/fd/0", "/dev/fd/0"), ("/dev/fd/63", "/proc/self/fd/63"), ("/dev/fd/x", "/dev/fd/x")]
        {
            assert_eq!(for_guests(OsStr::new(arg)), name.as_bytes(), "{arg}");
        }
    }
}
