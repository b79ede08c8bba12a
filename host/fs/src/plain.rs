//! Operations on one folder of the host. Each resolves its path anew, beneath that folder's handle.

use std::{
    fs::File,
    io::Read,
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd},
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use glowplug_store::{FileIdentity, Timestamp};
use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, RawDir, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT},
    io::Errno,
};

use crate::{
    Denial, DirEntry, FsError, Kind, NewTime, OpenOptions, Stat, Wanted,
    beneath::{Attempt, Start, Stop, open as open_beneath, parent, trim},
    errno, interrupt, stat,
};

/// What opening gave: a file that may be read or written, or a folder.
pub(crate) enum Found {
    /// With what the system said of it, and whether it was made just now.
    File {
        file: File,
        found: rustix::fs::Stat,
        new: bool,
    },
    Directory,
}

const PERMISSIONS: u32 = 0o7777;
const SET_ID: u32 = 0o6000;

pub(crate) fn open(start: Start<'_>, path: &[u8], options: &OpenOptions) -> Attempt<Found> {
    if options.directory && options.create {
        return Err(Errno::INVAL.into());
    }
    let nofollow = if options.follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    // A new file has a name; the kernel says what it thinks of one that ends in a slash.
    let create = options.create && (options.exclusive || !path.ends_with(b"/"));
    for _ in 0..8 {
        if create && options.exclusive {
            return create_new(start, path, options);
        }
        match open_beneath(start, path, OFlags::PATH | nofollow, 0) {
            Ok(handle) => return reopen(start, path, &handle, options),
            Err(Stop::Fail(error)) if error.errno == errno::ENOENT && create => {}
            Err(Stop::Fail(_)) if options.create && !create => {
                return open_beneath(start, path, flags(options) | OFlags::CREATE, 0).and(Err(Errno::ISDIR.into()));
            }
            Err(stop) => return Err(stop),
        }
        match create_new(start, path, options) {
            Err(Stop::Fail(error)) if error.errno == errno::EEXIST => {}
            other => return other,
        }
        // A link to nothing, whose target is to be created; or somebody was faster.
        match stat(start, path, false) {
            Ok(found) if found.kind == Kind::Symlink => return Err(Stop::Walk),
            Err(Stop::Walk) => return Err(Stop::Walk),
            _ => {}
        }
    }
    Err(Errno::NOENT.into())
}

fn flags(options: &OpenOptions) -> OFlags {
    // A FIFO must not make us wait, and a terminal must not become ours.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    flags |= match (options.read, options.write || options.append) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        _ => OFlags::RDONLY,
    };
    for (wanted, flag) in
        [(options.append, OFlags::APPEND), (options.truncate, OFlags::TRUNC), (options.directory, OFlags::DIRECTORY)]
    {
        if wanted {
            flags |= flag;
        }
    }
    flags
}

/// Opens what a handle stands for that gives no access, unless it is a device: even opening one may have effects.
fn reopen(start: Start<'_>, path: &[u8], handle: &File, options: &OpenOptions) -> Attempt<Found> {
    let found = rustix::fs::fstat(handle)?;
    let kind = Kind::from_mode(found.st_mode);
    match kind {
        Kind::File | Kind::Directory | Kind::Fifo | Kind::Socket => {}
        _ if options.directory => return Err(Errno::NOTDIR.into()),
        Kind::Symlink => return Err(Errno::LOOP.into()),
        _ => return Err(refusal("this is a device of the host, and guests have none but those in `/dev`").into()),
    }
    check(start, handle, &found, options)?;
    let file = match open_handle(handle, flags(options)) {
        Ok(file) => File::from(file),
        // There is no `/proc` here.
        Err(Errno::NOENT) => {
            let nofollow = if options.follow { OFlags::empty() } else { OFlags::NOFOLLOW };
            let file = open_beneath(start, path, flags(options) | nofollow, 0)?;
            check(start, &file, &rustix::fs::fstat(&file)?, options)?;
            file
        }
        Err(error) => return Err(error.into()),
    };
    match kind {
        Kind::Directory => Ok(Found::Directory),
        Kind::Socket => Err(Errno::NXIO.into()),
        _ => Ok(Found::File { file, found, new: false }),
    }
}

/// Makes a file. The host's own mask must not show.
fn create_new(start: Start<'_>, path: &[u8], options: &OpenOptions) -> Attempt<Found> {
    if let Some(account) = start.account {
        account.room_for_name(start.dir)?;
    }
    let mode = options.mode & PERMISSIONS & !SET_ID;
    let nofollow = if options.follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    let file = open_beneath(start, path, flags(options) | nofollow | OFlags::CREATE | OFlags::EXCL, mode)?;
    if mode & host_mask() != 0 {
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    }
    let found = rustix::fs::fstat(&file)?;
    check(start, &file, &found, options)?;
    Ok(Found::File { file, found, new: true })
}

/// The mask that the host's process creates files with. It is read once: nothing in this process changes it.
fn host_mask() -> u32 {
    static MASK: OnceLock<u32> = OnceLock::new();
    *MASK.get_or_init(|| {
        // Asking with `umask` would change it for the other threads meanwhile.
        // Its line is the second.
        let mut status = [0; 256];
        let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).unwrap_or(0);
        let status = String::from_utf8_lossy(&status[..read]);
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o777)
    })
}

/// Refuses files that are not what they seem: `/proc/self/mem` is this process.
fn check(start: Start<'_>, file: &File, found: &rustix::fs::Stat, options: &OpenOptions) -> Attempt<()> {
    let is_folder = Kind::from_mode(found.st_mode) == Kind::Directory;
    if !is_folder && is_proc(file, found.st_dev) && (options.changes() || !is_proc_folder(start.dir)) {
        return Err(refusal("this belongs to the host's processes (`/proc`), this one among them").into());
    }
    Ok(())
}

/// Whether something is on a `proc` file system, of which there may be many.
fn is_proc(file: &File, dev: u64) -> bool {
    // No disk has a `proc` on it.
    rustix::fs::major(dev) == 0
        && rustix::fs::fstatfs(file).is_ok_and(|found| found.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

fn is_proc_folder(dir: &File) -> bool {
    rustix::fs::fstat(dir).is_ok_and(|found| is_proc(dir, found.st_dev))
}

fn refusal(reason: &str) -> FsError {
    FsError::denied(errno::EACCES, Denial { reason: reason.to_owned(), rule: None, allows: "it" })
}

/// The identity of an open file.
pub(crate) fn identity(found: &rustix::fs::Stat) -> FileIdentity {
    FileIdentity {
        dev: found.st_dev,
        ino: found.st_ino,
        size: u64::try_from(found.st_size).unwrap_or(0),
        mtime: Timestamp(found.st_mtime, found.st_mtime_nsec as u32),
        ctime: Timestamp(found.st_ctime, found.st_ctime_nsec as u32),
    }
}

pub(crate) fn stat(start: Start<'_>, path: &[u8], follow: bool) -> Attempt<Stat> {
    let single = !path.contains(&b'/') && path != b"..";
    if single {
        // One name is not followed by the kernel, so there is nothing to contain.
        let found = rustix::fs::statx(start.dir, path, AtFlags::SYMLINK_NOFOLLOW, stat::WANTED)?;
        let found = Stat::from_statx(&found);
        if !follow || found.kind != Kind::Symlink {
            return Ok(found);
        }
    }
    let file = handle(start, path, follow)?;
    Ok(Stat::of_file(&file)?)
}

/// A handle that names an entry and gives no access to it.
fn handle(start: Start<'_>, path: &[u8], follow: bool) -> Attempt<File> {
    let nofollow = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    open_beneath(start, path, OFlags::PATH | nofollow, 0)
}

pub(crate) fn read_dir(start: Start<'_>, path: &[u8]) -> Attempt<Vec<DirEntry>> {
    read_dir_within(start, path, &mut |_| Ok(()))
}

/// The same, as long as `room` says that what it takes may be kept.
pub(crate) fn read_dir_within(start: Start<'_>, path: &[u8], room: Room<'_>) -> Attempt<Vec<DirEntry>> {
    Ok(list_within(&open_dir(start, path)?, room)?)
}

pub(crate) fn open_dir(start: Start<'_>, path: &[u8]) -> Attempt<File> {
    open_beneath(start, path, OFlags::RDONLY | OFlags::DIRECTORY, 0)
}

/// Asked whether so many bytes more may be kept; what it fails with ends the listing.
pub(crate) type Room<'r> = &'r mut dyn FnMut(u64) -> Result<(), FsError>;

/// So much of a listing is made between two questions whether there is room, and whether the work is to end.
const BETWEEN: u64 = 64 << 10;

/// The entries of a folder that is open.
pub(crate) fn list(dir: &File) -> Result<Vec<DirEntry>, FsError> {
    list_within(dir, &mut |_| Ok(()))
}

/// The same, as long as `room` says that what it takes may be kept.
pub(crate) fn list_within(dir: &File, room: Room<'_>) -> Result<Vec<DirEntry>, FsError> {
    let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
    let mut listing = RawDir::new(dir, &mut buffer);
    let mut entries: Vec<DirEntry> = Vec::new();
    let mut owed = 0;
    while let Some(entry) = listing.next() {
        let entry = entry?;
        owed += DirEntry::bytes(entry.file_name().count_bytes());
        if owed >= BETWEEN {
            interrupt::check()?;
            room(std::mem::take(&mut owed))?;
        }
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let kind = match Kind::from_listing(entry.file_type()) {
            Some(kind) => kind,
            None => match rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, stat::WANTED) {
                Ok(found) => Stat::from_statx(&found).kind,
                Err(_) => continue,
            },
        };
        entries.push(DirEntry { name: name.to_owned(), kind, ino: entry.ino() });
    }
    room(owed)?;
    Ok(entries)
}

pub(crate) fn create_dir(start: Start<'_>, path: &[u8], mode: u32) -> Attempt<()> {
    let (folder, name) = parent(start, path)?;
    if let Some(account) = start.account {
        account.room_for_name(&folder)?;
    }
    // The file system decides about the bits that a folder inherits.
    let mode = mode & 0o1777;
    rustix::fs::mkdirat(&*folder, name, Mode::from_raw_mode(mode))?;
    let masked = mode & host_mask() != 0;
    if masked || start.account.is_some() {
        let handle = handle(Start::closed(&folder), trim(name), false)?;
        if masked {
            let inherited = rustix::fs::fstat(&handle)?.st_mode & SET_ID;
            chmod_handle(&handle, mode | inherited)?;
        }
        if let Some(account) = start.account {
            account.settle(&handle);
        }
    }
    Ok(())
}

/// Removes a name, and gives back what that frees.
fn unlink(start: Start<'_>, folder: &File, name: &[u8], flags: AtFlags) -> Attempt<()> {
    let Some(account) = start.account else { return Ok(rustix::fs::unlinkat(folder, name, flags)?) };
    // Whatever is removed, what is looked at afterwards is this.
    let handle = handle(Start::closed(folder), trim(name), false);
    rustix::fs::unlinkat(folder, name, flags)?;
    if let Ok(handle) = handle {
        account.unlinked(&handle);
    }
    // A folder may stay as large as it was.
    account.unlinked(folder);
    Ok(())
}

pub(crate) fn remove_dir(start: Start<'_>, path: &[u8]) -> Attempt<()> {
    let (folder, name) = parent(start, path)?;
    unlink(start, &folder, name, AtFlags::REMOVEDIR)
}

pub(crate) fn remove_file(start: Start<'_>, path: &[u8]) -> Attempt<()> {
    let (folder, name) = parent(start, path)?;
    unlink(start, &folder, name, AtFlags::empty())
}

pub(crate) fn rename(from: (Start<'_>, &[u8]), to: (Start<'_>, &[u8])) -> Attempt<()> {
    let (from_folder, from_name) = parent(from.0, from.1)?;
    let (to_folder, to_name) = parent(to.0, to.1)?;
    let Some(account) = to.0.account else {
        return Ok(rustix::fs::renameat(&*from_folder, from_name, &*to_folder, to_name)?);
    };
    let replaced = handle(Start::closed(&to_folder), trim(to_name), false);
    rustix::fs::renameat(&*from_folder, from_name, &*to_folder, to_name)?;
    if let Ok(replaced) = replaced {
        account.unlinked(&replaced);
    }
    Ok(())
}

pub(crate) fn link(from: (Start<'_>, &[u8]), to: (Start<'_>, &[u8]), follow: bool) -> Attempt<()> {
    let (from_folder, from_name) = parent(from.0, from.1)?;
    // Both are folders, which the kernel refuses; the one above may be outside.
    let bare = if trim(from_name) == b".." { b"." } else { trim(from_name) };
    let found = stat(Start::closed(&from_folder), bare, false)?;
    let must_be_folder = trim(from_name).len() != from_name.len();
    if found.kind == Kind::Symlink && (follow || must_be_folder) {
        return Err(Stop::Walk);
    }
    if must_be_folder && found.kind != Kind::Directory {
        return Err(Errno::NOTDIR.into());
    }
    let (to_folder, to_name) = parent(to.0, to.1)?;
    let linked = match to.0.account {
        None => None,
        Some(account) => {
            account.room_for_name(&to_folder)?;
            let handle = handle(Start::closed(&from_folder), bare, false)?;
            account.note(&handle);
            Some((account, handle))
        }
    };
    rustix::fs::linkat(&*from_folder, bare, &*to_folder, to_name, AtFlags::empty())?;
    if let Some((account, handle)) = linked {
        account.settle(&handle);
    }
    Ok(())
}

pub(crate) fn symlink(target: &[u8], start: Start<'_>, path: &[u8]) -> Attempt<()> {
    let (folder, name) = parent(start, path)?;
    if let Some(account) = start.account {
        account.room_for_name(&folder)?;
    }
    rustix::fs::symlinkat(target, &*folder, name)?;
    if let Some(account) = start.account
        && let Ok(made) = handle(Start::closed(&folder), trim(name), false)
    {
        account.settle(&made);
    }
    Ok(())
}

pub(crate) fn read_link(start: Start<'_>, path: &[u8]) -> Attempt<Vec<u8>> {
    let (folder, name) = parent(start, path)?;
    let last = trim(name);
    if last.len() != name.len() {
        // What a slash follows is a folder, or a link to one; never the link itself.
        let found = stat(start, path, true)?;
        let error = if found.kind == Kind::Directory { Errno::INVAL } else { Errno::NOTDIR };
        return Err(error.into());
    }
    if last == b".." {
        return Err(Errno::INVAL.into());
    }
    let target = rustix::fs::readlinkat(&*folder, last, Vec::new())?.into_bytes();
    // Where links of processes lead tells of the host.
    if is_proc_folder(&folder) && !is_proc_folder(start.dir) {
        return Err(refusal("this belongs to the host's processes (`/proc`), this one among them").into());
    }
    Ok(target)
}

pub(crate) fn set_times(
    start: Start<'_>,
    path: &[u8],
    follow: bool,
    atime: Option<NewTime>,
    mtime: Option<NewTime>,
) -> Attempt<()> {
    let times = Timestamps { last_access: timespec(atime), last_modification: timespec(mtime) };
    if !follow {
        let (folder, name) = parent(start, path)?;
        if !matches!(trim(name), b".." | b".") && trim(name).len() == name.len() {
            return Ok(rustix::fs::utimensat(&*folder, name, &times, AtFlags::SYMLINK_NOFOLLOW)?);
        }
    }
    let handle = handle(start, path, true)?;
    Ok(rustix::fs::utimensat(CWD, proc_path(&handle), &times, AtFlags::empty())?)
}

fn timespec(time: Option<NewTime>) -> Timespec {
    match time {
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        Some(NewTime::Now) => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Some(NewTime::At(time)) => exact(time),
    }
}

fn exact(time: SystemTime) -> Timespec {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timespec { tv_sec: after.as_secs() as i64, tv_nsec: after.subsec_nanos().into() },
        Err(before) => {
            let before = before.duration();
            let nanoseconds = i64::from(before.subsec_nanos());
            let borrowed = i64::from(nanoseconds > 0);
            Timespec {
                tv_sec: -(before.as_secs() as i64) - borrowed,
                tv_nsec: (borrowed * 1_000_000_000 - nanoseconds) as _,
            }
        }
    }
}

pub(crate) fn chmod(start: Start<'_>, path: &[u8], mode: u32) -> Attempt<()> {
    let handle = handle(start, path, true)?;
    let mut mode = mode & PERMISSIONS;
    if mode & SET_ID != 0 {
        let found = rustix::fs::fstat(&handle)?;
        let is_folder = Kind::from_mode(found.st_mode) == Kind::Directory;
        if !is_folder && mode & SET_ID & !found.st_mode != 0 {
            let reason = "the set-user-ID and set-group-ID bits would give whoever runs this file on the host the \
                          rights of this user";
            let denial = Denial { reason: reason.to_owned(), rule: None, allows: "it" };
            return Err(FsError::denied(errno::EPERM, denial).into());
        }
        mode &= PERMISSIONS;
    }
    Ok(chmod_handle(&handle, mode)?)
}

/// `fchmod` does not take a handle that gives no access; the kernel's name for the handle does.
pub(crate) fn chmod_handle(handle: &File, mode: u32) -> rustix::io::Result<()> {
    rustix::fs::chmodat(CWD, proc_path(handle), Mode::from_raw_mode(mode), AtFlags::empty())
}

/// Opens what a handle stands for, by the kernel's name for the handle.
fn open_handle(handle: &File, flags: OFlags) -> rustix::io::Result<std::os::fd::OwnedFd> {
    // Half of what it would take to go there from the root each time. It is this process's, not a child's.
    static OWN: OnceLock<Option<(rustix::process::Pid, File)>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, c"/proc/self/fd", flags, Mode::empty()).ok()?;
        Some((rustix::process::getpid(), File::from(folder)))
    });
    match own {
        Some((process, folder)) if *process == rustix::process::getpid() => {
            rustix::fs::openat(folder, rustix::path::DecInt::from_fd(handle), flags, Mode::empty())
        }
        _ => rustix::fs::openat(CWD, proc_path(handle), flags, Mode::empty()),
    }
}

fn proc_path(handle: &File) -> String {
    format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd())
}

pub(crate) fn access(start: Start<'_>, path: &[u8], wanted: Wanted) -> Attempt<()> {
    let (folder, name) = parent(start, path)?;
    let last = trim(name);
    if last == b".." {
        return Err(Stop::Walk);
    }
    let found = stat(Start::closed(&folder), last, false)?;
    if found.kind == Kind::Symlink {
        return Err(Stop::Walk);
    }
    if last.len() != name.len() && found.kind != Kind::Directory {
        return Err(Errno::NOTDIR.into());
    }
    let mut rights = rustix::fs::Access::EXISTS;
    for (asked, right) in [
        (wanted.read, rustix::fs::Access::READ_OK),
        (wanted.write, rustix::fs::Access::WRITE_OK),
        (wanted.execute, rustix::fs::Access::EXEC_OK),
    ] {
        if asked {
            rights |= right;
        }
    }
    Ok(rustix::fs::accessat(&*folder, last, rights, AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW)?)
}
