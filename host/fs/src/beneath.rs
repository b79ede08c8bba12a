//! The only way to files: from an open folder downwards.
//!
//! Everything that touches a mounted folder goes through [`open`], [`parent`] or a single name below what they gave.

use std::{ffi::OsStr, fs::File, io, os::unix::ffi::OsStrExt, path::Path};

use cap_primitives::fs::{FollowSymlinks, OpenOptions, OpenOptionsExt};
use rustix::{
    fs::{AtFlags, Mode, OFlags, ResolveFlags},
    io::Errno,
};

use crate::{FsError, Trace, quota::Account};

/// Why an attempt ended without a result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The path leads elsewhere than the mount can tell: resolve it by hand in the namespace, then try again.
    Walk,
    /// The final word.
    Fail(FsError),
}

impl<E: Into<FsError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Fail(error.into())
    }
}

/// The result of an attempt.
pub(crate) type Attempt<T> = Result<T, Stop>;

/// A folder to start from.
#[derive(Clone, Copy)]
pub(crate) struct Start<'d> {
    /// Its handle.
    pub dir: &'d File,
    /// No symbolic link may be followed on the way, because something is mounted below this folder, which a link
    /// resolved by the kernel would go past.
    pub careful: bool,
    /// Who notes what is read below it; only [`see`](crate::see) looks at this.
    pub eye: Eye<'d>,
    /// What is written below it is charged to; only [`plain`](crate::plain) and copies look at this.
    pub account: Option<&'d Account>,
}

impl<'d> Start<'d> {
    /// One in which no link is followed, nothing is noted and nothing charged.
    pub(crate) fn closed(dir: &'d File) -> Self {
        Start { dir, careful: true, eye: Eye::Closed, account: None }
    }
}

/// Whether what is read is noted.
#[derive(Clone, Copy)]
pub(crate) enum Eye<'d> {
    /// It is not.
    Closed,
    /// It is the host's: what is read is an observation, below the root of this number.
    Lower(&'d Trace, u32),
    /// The guests wrote it themselves, at this mount. It is no observation, but must not tell what differs from run to run.
    Own(&'d Trace, &'d [u8]),
}

/// How often an attempt is repeated when a rename somewhere on the host got in the way.
const RENAME_RETRIES: usize = 16;

/// Opens what is at `path` below `start`. [`Stop::Walk`] when the path leads out of it.
pub(crate) fn open(start: Start<'_>, path: &[u8], flags: OFlags, mode: u32) -> Attempt<File> {
    if start.careful { open_careful(start.dir, path, flags, mode) } else { open_plain(start.dir, path, flags, mode) }
}

fn open_plain(dir: &File, path: &[u8], flags: OFlags, mode: u32) -> Attempt<File> {
    let access = flags & OFlags::RWMODE;
    let mut options = OpenOptions::new();
    options.read(access != OFlags::WRONLY).write(access != OFlags::RDONLY);
    if flags.contains(OFlags::NOFOLLOW) {
        options._cap_fs_ext_follow(FollowSymlinks::No);
    }
    options.custom_flags(flags.difference(OFlags::RWMODE).bits() as i32).mode(mode & 0o7777);
    cap_primitives::fs::open(dir, Path::new(OsStr::from_bytes(path)), &options).map_err(|error| {
        // The library has no name for this error, but it is the only refusal of its own.
        if error.raw_os_error().is_none() && error.kind() == io::ErrorKind::PermissionDenied {
            Stop::Walk
        } else {
            error.into()
        }
    })
}

fn open_careful(dir: &File, path: &[u8], flags: OFlags, mode: u32) -> Attempt<File> {
    let created = flags.intersects(OFlags::CREATE | OFlags::TMPFILE);
    let mode = if created { Mode::from_raw_mode(mode & 0o7777) } else { Mode::empty() };
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    for _ in 0..RENAME_RETRIES {
        match rustix::fs::openat2(dir, path, flags | OFlags::CLOEXEC, mode, rules) {
            Ok(found) => return Ok(File::from(found)),
            Err(Errno::AGAIN) => continue,
            Err(Errno::XDEV | Errno::LOOP) => return Err(Stop::Walk),
            // What a host without `openat2` says, or a sandbox around us that does not let it through.
            Err(Errno::NOSYS | Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    step_by_step(dir, path, flags, mode)
}

/// `open_careful` without `openat2`: one component at a time, none of which may be a link.
pub(crate) fn step_by_step(dir: &File, path: &[u8], flags: OFlags, mode: Mode) -> Attempt<File> {
    let (folders, name) = split(path);
    let mut at = rustix::fs::openat(dir, c".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for component in folders.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")) {
        if component == b".." {
            return Err(Stop::Walk);
        }
        let down = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = rustix::fs::openat(&at, component, down, Mode::empty())?;
        match crate::Kind::from_mode(rustix::fs::fstat(&next)?.st_mode) {
            crate::Kind::Directory => at = next,
            crate::Kind::Symlink => return Err(Stop::Walk),
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    let last = trim(name);
    if last == b".." {
        return Err(Stop::Walk);
    }
    let wanted = if last.len() == name.len() { flags } else { flags | OFlags::DIRECTORY };
    let is_link = |found: rustix::io::Result<rustix::fs::Stat>| {
        found.is_ok_and(|found| crate::Kind::from_mode(found.st_mode) == crate::Kind::Symlink)
    };
    match rustix::fs::openat(&at, last, wanted | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode) {
        // A handle on the link itself is not what was asked for.
        Ok(found) if !flags.contains(OFlags::NOFOLLOW) && is_link(rustix::fs::fstat(&found)) => Err(Stop::Walk),
        Ok(found) => Ok(File::from(found)),
        Err(Errno::LOOP | Errno::NOTDIR) if is_link(rustix::fs::statat(&at, last, AtFlags::SYMLINK_NOFOLLOW)) => {
            Err(Stop::Walk)
        }
        Err(error) => Err(error.into()),
    }
}

/// A folder that was opened, or the one that was there already.
pub(crate) enum Folder<'d> {
    Start(&'d File),
    Opened(File),
}

impl std::ops::Deref for Folder<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        match self {
            Folder::Start(dir) => dir,
            Folder::Opened(dir) => dir,
        }
    }
}

/// The folder that holds the last component of `path`, and that component, with the slashes behind it. It is one name,
/// which the calls ending in `at` do not follow; it may be `.` or `..`, which they refuse to make or to remove.
pub(crate) fn parent<'d, 'p>(start: Start<'d>, path: &'p [u8]) -> Attempt<(Folder<'d>, &'p [u8])> {
    let (folders, name) = split(path);
    if folders.is_empty() {
        return Ok((Folder::Start(start.dir), name));
    }
    let folder = open(start, folders, OFlags::PATH | OFlags::DIRECTORY, 0)?;
    Ok((Folder::Opened(folder), name))
}

/// Splits in front of the last component.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match trim(path).iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

/// Without slashes at the end.
pub(crate) fn trim(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    &path[..end]
}
