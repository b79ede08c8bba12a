//! What Landlock has no rule for: the mode, owner, times and extended attributes of files, and what a process may do to others.
//!
//! Calls that change these are not made by the confined program but for it, by its launcher, which is outside of the confinement
//! and looks first. The kernel hands such a call over and holds the caller back until it is answered (seccomp's user notifications).
//! A file is changed if it has a name beneath a folder that the program may write to, and fails with "not permitted" elsewhere.
//! It is opened once, without rights, then looked at, and then changed by that handle: what is renamed meanwhile changes nothing.

use super::confine::drop_privileges;
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, Uid, XattrFlags};
use rustix::io::{Errno, Result};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Calls whose numbers have this bit have their arguments in another form (x32).
const X32: i32 = 0x4000_0000;
/// Linux's limits: of a path, of an attribute's name with its end, and of its value.
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 256;
const MAX_VALUE: usize = 65536;
/// So many folders are above a file at the most.
const MAX_DEPTH: usize = 4096;

/// A file or folder: its device and inode.
pub(super) type Identity = (u64, u64);

/// Which one it is.
pub(super) fn identity(found: &Stat) -> Identity {
    (found.st_dev, found.st_ino)
}

/// Who makes calls for confined programs.
pub(super) struct Deputy {
    /// Where the kernel hands the calls over.
    listener: OwnedFd,
    /// The folders, and files, that the programs may write to.
    writable: Vec<Identity>,
}

/// What is to be changed.
enum Target {
    Path { folder: i32, path: Vec<u8>, follow: bool },
    Descriptor(i32),
}

/// How it is to be changed.
enum Change {
    Mode(u32),
    Owner(u32, u32),
    Times(Timestamps),
    Attribute { name: Vec<u8>, value: Vec<u8>, flags: u32 },
    NoAttribute(Vec<u8>),
}

/// What becomes of a call.
enum Answer {
    Done,
    /// The kernel makes it, as it was asked for: only where nothing depends on memory that its caller could change meanwhile.
    Itself,
}

impl Deputy {
    pub(super) fn new(listener: OwnedFd, writable: Vec<Identity>) -> Self {
        Self { listener, writable }
    }

    /// Answers until there is nobody left to answer, with the privileges of the confined programs themselves.
    pub(super) fn serve(self) {
        if drop_privileges().is_err() {
            // Whoever asks is told that there is no such call.
            return;
        }
        loop {
            match receive(self.listener.as_fd()) {
                Ok(asked) => {
                    let answer = self.answer(&asked);
                    // Who asked may be gone.
                    let _ = send(self.listener.as_fd(), asked.id, answer);
                }
                // Who asked was ended.
                Err(Errno::INTR | Errno::NOENT) => {}
                Err(_) => return,
            }
        }
    }

    fn answer(&self, asked: &libc::seccomp_notif) -> Result<Answer> {
        if asked.data.nr & X32 != 0 {
            return Err(Errno::PERM);
        }
        // By a handle that stays this process's. It is the one that asked if that waits still.
        let caller = Caller::open(asked.pid)?;
        waits(self.listener.as_fd(), asked.id)?;
        if let Some(process) = other_process(&asked.data) {
            return if caller.is_of_same_process(process) { Ok(Answer::Itself) } else { Err(Errno::PERM) };
        }
        if !caller.is_this_user() {
            return Err(Errno::PERM);
        }
        let (target, change) = caller.wanted(&asked.data)?;
        let file = caller.target(&target)?;
        if !self.may_write(&file)? {
            return Err(Errno::PERM);
        }
        change.make(&file).map(|()| Answer::Done)
    }

    /// Whether the file has a name beneath a folder that may be written to, or is one.
    fn may_write(&self, file: &OwnedFd) -> Result<bool> {
        let found = rustix::fs::fstat(file)?;
        if self.writable.contains(&identity(&found)) {
            return Ok(true);
        }
        if FileType::from_raw_mode(found.st_mode).is_dir() {
            return self.is_beneath(rustix::fs::openat(file, c".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
        }
        let path = std::fs::read_link(by_descriptor(file)).map_err(|_| Errno::PERM)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = rustix::fs::openat(CWD, folder, flags, Mode::empty()) else { return Ok(false) };
        let named = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
        Ok(named.is_ok_and(|named| identity(&named) == identity(&found)) && self.is_beneath(folder)?)
    }

    fn is_beneath(&self, mut folder: OwnedFd) -> Result<bool> {
        let mut own = identity(&rustix::fs::fstat(&folder)?);
        for _ in 0..MAX_DEPTH {
            if self.writable.contains(&own) {
                return Ok(true);
            }
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            folder = rustix::fs::openat(&folder, c"..", flags, Mode::empty()).map_err(|_| Errno::PERM)?;
            let above = identity(&rustix::fs::fstat(&folder)?);
            if above == own {
                return Ok(false);
            }
            own = above;
        }
        Ok(false)
    }
}

/// The process that a call is about if it is another than the one that calls, as it says. -1 for any that is not named by its number.
fn other_process(data: &libc::seccomp_data) -> Option<i32> {
    let [first, second, ..] = data.args.map(|arg| arg as i32);
    match i64::from(data.nr) {
        libc::SYS_prlimit64
        | libc::SYS_sched_setscheduler
        | libc::SYS_sched_setparam
        | libc::SYS_sched_setattr
        | libc::SYS_sched_setaffinity
        | libc::SYS_move_pages
        | libc::SYS_migrate_pages => Some(first),
        // Their numbers for "a process" are different ones.
        libc::SYS_setpriority => Some(if first == 0 { second } else { -1 }),
        libc::SYS_ioprio_set => Some(if first == 1 { second } else { -1 }),
        _ => None,
    }
}

/// A thread that waits for its call to be made.
struct Caller {
    /// Its folder in `/proc`.
    proc: OwnedFd,
    /// The same, by its path.
    place: String,
}

impl Caller {
    fn open(pid: u32) -> Result<Self> {
        let place = format!("/proc/{pid}");
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = rustix::fs::openat(CWD, place.as_str(), flags, Mode::empty()).map_err(|_| Errno::PERM)?;
        Ok(Self { proc, place })
    }

    /// The file in its folder of `/proc`.
    fn own(&self, name: &str, flags: OFlags) -> Result<OwnedFd> {
        rustix::fs::openat(&self.proc, name, flags | OFlags::CLOEXEC, Mode::empty())
    }

    /// The words that follow a name in its status.
    fn status(status: OwnedFd, name: &str) -> Option<Vec<String>> {
        let mut text = String::new();
        File::from(status).read_to_string(&mut text).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().map(str::to_owned).collect())
    }

    /// Whether it acts as the user that we are: who gave up to be root is not made root by us.
    fn is_this_user(&self) -> bool {
        let acts_as = |name: &str| {
            let words = self.own("status", OFlags::RDONLY).ok().and_then(|status| Self::status(status, name))?;
            words.get(3)?.parse::<u32>().ok()
        };
        acts_as("Uid") == Some(rustix::process::geteuid().as_raw())
            && acts_as("Gid") == Some(rustix::process::getegid().as_raw())
    }

    /// Whether a thread is one of the caller's own process.
    fn is_of_same_process(&self, thread: i32) -> bool {
        let other =
            rustix::fs::openat(CWD, format!("/proc/{thread}/status"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let other = other.ok().and_then(|status| Self::status(status, "Tgid"));
        let own = self.own("status", OFlags::RDONLY).ok().and_then(|status| Self::status(status, "Tgid"));
        own.is_some() && own == other
    }

    /// So many bytes of its memory, or fewer where that ends.
    fn memory(&self, address: u64, len: usize) -> Result<Vec<u8>> {
        let memory = File::from(self.own("mem", OFlags::RDONLY).map_err(|_| Errno::PERM)?);
        let mut bytes = vec![0; len];
        let mut at = 0;
        while at < len {
            let offset = address.checked_add(at as u64).ok_or(Errno::FAULT)?;
            match memory.read_at(&mut bytes[at..], offset) {
                Ok(count @ 1..) => at += count,
                Ok(0) | Err(_) => break,
            }
        }
        bytes.truncate(at);
        Ok(bytes)
    }

    fn exactly(&self, address: u64, len: usize) -> Result<Vec<u8>> {
        self.memory(address, len).and_then(|bytes| if bytes.len() == len { Ok(bytes) } else { Err(Errno::FAULT) })
    }

    /// The text that ends with a zero, which has fewer bytes than `most`.
    fn text(&self, address: u64, most: usize, too_long: Errno) -> Result<Vec<u8>> {
        let mut bytes = self.memory(address, most)?;
        match bytes.iter().position(|byte| *byte == 0) {
            Some(end) => bytes.truncate(end),
            None if bytes.len() == most => return Err(too_long),
            None => return Err(Errno::FAULT),
        }
        Ok(bytes)
    }

    fn numbers<const COUNT: usize>(&self, address: u64) -> Result<[i64; COUNT]> {
        let bytes = self.exactly(address, COUNT * 8)?;
        let mut numbers = [0; COUNT];
        for (number, eight) in numbers.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *number = i64::from_ne_bytes(*eight);
        }
        Ok(numbers)
    }

    /// What it asks for.
    fn wanted(&self, data: &libc::seccomp_data) -> Result<(Target, Change)> {
        let a = data.args;
        let mode = |arg: u64| Change::Mode(arg as u32);
        let owner = |user: u64, group: u64| Change::Owner(user as u32, group as u32);
        let descriptor = Target::Descriptor(a[0] as i32);
        let at = |flags: u64| self.at(a[0] as i32, a[1], flags as u32);
        Ok(match i64::from(data.nr) {
            libc::SYS_fchmod => (descriptor, mode(a[1])),
            libc::SYS_fchmodat => (at(0)?, mode(a[2])),
            libc::SYS_fchmodat2 => (at(a[3])?, mode(a[2])),
            libc::SYS_fchown => (descriptor, owner(a[1], a[2])),
            libc::SYS_fchownat => (at(a[4])?, owner(a[2], a[3])),
            libc::SYS_utimensat if a[1] == 0 => (descriptor, self.times(a[2], 1)?),
            libc::SYS_utimensat => (at(a[3])?, self.times(a[2], 1)?),
            libc::SYS_setxattr => (self.path(a[0], true)?, self.attribute(&a)?),
            libc::SYS_lsetxattr => (self.path(a[0], false)?, self.attribute(&a)?),
            libc::SYS_fsetxattr => (descriptor, self.attribute(&a)?),
            libc::SYS_removexattr => (self.path(a[0], true)?, self.no_attribute(a[1])?),
            libc::SYS_lremovexattr => (self.path(a[0], false)?, self.no_attribute(a[1])?),
            libc::SYS_fremovexattr => (descriptor, self.no_attribute(a[1])?),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_chmod => (self.path(a[0], true)?, mode(a[1])),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_chown => (self.path(a[0], true)?, owner(a[1], a[2])),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_lchown => (self.path(a[0], false)?, owner(a[1], a[2])),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_utime => (self.path(a[0], true)?, self.seconds(a[1])?),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_utimes => (self.path(a[0], true)?, self.times(a[1], 1000)?),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_futimesat if a[1] == 0 => (descriptor, self.times(a[2], 1000)?),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_futimesat => (at(0)?, self.times(a[2], 1000)?),
            _ => return Err(Errno::PERM),
        })
    }

    fn path(&self, address: u64, follow: bool) -> Result<Target> {
        self.at(libc::AT_FDCWD, address, if follow { 0 } else { AtFlags::SYMLINK_NOFOLLOW.bits() })
    }

    fn at(&self, folder: i32, address: u64, flags: u32) -> Result<Target> {
        let flags = AtFlags::from_bits_retain(flags);
        if !(AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT).contains(flags) {
            return Err(Errno::INVAL);
        }
        let path = self.text(address, MAX_PATH, Errno::NAMETOOLONG)?;
        match path.is_empty() {
            true if flags.contains(AtFlags::EMPTY_PATH) => Ok(Target::Descriptor(folder)),
            true => Err(Errno::NOENT),
            false => Ok(Target::Path { folder, path, follow: !flags.contains(AtFlags::SYMLINK_NOFOLLOW) }),
        }
    }

    /// Two times of seconds and a fraction; `nanoseconds` are in one of its units. Now if there are none.
    fn times(&self, address: u64, nanoseconds: i64) -> Result<Change> {
        if address == 0 {
            return Ok(now());
        }
        let numbers: [i64; 4] = self.numbers(address)?;
        let time = |seconds: i64, fraction: i64| match nanoseconds {
            1 => Ok(Timespec { tv_sec: seconds, tv_nsec: fraction }),
            // Only nanoseconds have numbers that stand for "now" and "as it is".
            _ if !(0..1_000_000).contains(&fraction) => Err(Errno::INVAL),
            units => Ok(Timespec { tv_sec: seconds, tv_nsec: fraction * units }),
        };
        Ok(Change::Times(Timestamps {
            last_access: time(numbers[0], numbers[1])?,
            last_modification: time(numbers[2], numbers[3])?,
        }))
    }

    #[cfg(target_arch = "x86_64")]
    fn seconds(&self, address: u64) -> Result<Change> {
        if address == 0 {
            return Ok(now());
        }
        let [access, modification] = self.numbers(address)?.map(|seconds| Timespec { tv_sec: seconds, tv_nsec: 0 });
        Ok(Change::Times(Timestamps { last_access: access, last_modification: modification }))
    }

    fn attribute(&self, args: &[u64; 6]) -> Result<Change> {
        let len = usize::try_from(args[3]).ok().filter(|len| *len <= MAX_VALUE).ok_or(Errno::TOOBIG)?;
        let name = self.text(args[1], MAX_NAME, Errno::RANGE)?;
        Ok(Change::Attribute { name, value: self.exactly(args[2], len)?, flags: args[4] as u32 })
    }

    fn no_attribute(&self, name: u64) -> Result<Change> {
        Ok(Change::NoAttribute(self.text(name, MAX_NAME, Errno::RANGE)?))
    }

    /// Opens what it means, without any right to it.
    fn target(&self, target: &Target) -> Result<OwnedFd> {
        let (folder, path, follow) = match target {
            Target::Descriptor(number) => return self.descriptor(*number),
            Target::Path { folder, path, follow } => (*folder, path, *follow),
        };
        let flags = OFlags::PATH | OFlags::CLOEXEC | if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
        if !path.starts_with(b"/") {
            let folder = self.descriptor(folder)?;
            return rustix::fs::openat(&folder, path.as_slice(), flags, Mode::empty());
        }
        // Where it finds itself, we would find ourselves.
        let own = [("/proc/self/", ""), ("/proc/thread-self/", ""), ("/dev/fd/", "fd/")];
        let translated = own.iter().find_map(|(prefix, place)| {
            let rest = path.strip_prefix(prefix.as_bytes())?;
            Some([self.place.as_bytes(), b"/", place.as_bytes(), rest].concat())
        });
        rustix::fs::openat(CWD, translated.as_ref().unwrap_or(path).as_slice(), flags, Mode::empty())
    }

    fn descriptor(&self, number: i32) -> Result<OwnedFd> {
        let name = match number {
            libc::AT_FDCWD => "cwd".to_owned(),
            0.. => format!("fd/{number}"),
            _ => return Err(Errno::BADF),
        };
        self.own(&name, OFlags::PATH).map_err(|error| if error == Errno::NOENT { Errno::BADF } else { error })
    }
}

fn now() -> Change {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    Change::Times(Timestamps { last_access: now, last_modification: now })
}

/// The path by which an open file is the same for calls that take no handle of this kind.
fn by_descriptor(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

impl Change {
    fn make(&self, file: &OwnedFd) -> Result<()> {
        let place = by_descriptor(file);
        let place = Path::new(&place);
        match self {
            Self::Mode(mode) => rustix::fs::chmod(place, Mode::from_raw_mode(mode & 0o7777)),
            Self::Owner(user, group) => {
                let same = |number: &u32| *number != u32::MAX;
                let user = Some(*user).filter(same).map(Uid::from_raw);
                let group = Some(*group).filter(same).map(Gid::from_raw);
                rustix::fs::chownat(file, c"", user, group, AtFlags::EMPTY_PATH)
            }
            Self::Times(times) => rustix::fs::utimensat(file, c"", times, AtFlags::EMPTY_PATH),
            Self::Attribute { name, value, flags } => {
                rustix::fs::setxattr(place, OsStr::from_bytes(name), value, XattrFlags::from_bits_retain(*flags))
            }
            Self::NoAttribute(name) => rustix::fs::removexattr(place, OsStr::from_bytes(name)),
        }
    }
}

/// The next call that is handed over.
#[allow(unsafe_code, reason = "no library of ours has this call of the kernel's")]
fn receive(listener: BorrowedFd<'_>) -> Result<libc::seccomp_notif> {
    let data = libc::seccomp_data { nr: 0, arch: 0, instruction_pointer: 0, args: [0; 6] };
    let mut asked = libc::seccomp_notif { id: 0, pid: 0, flags: 0, data };
    // SAFETY: the kernel writes a whole `seccomp_notif`, which has to be zero before.
    answered(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) })?;
    Ok(asked)
}

/// Whether the call is still waited for.
#[allow(unsafe_code, reason = "no library of ours has this call of the kernel's")]
fn waits(listener: BorrowedFd<'_>, id: u64) -> Result<()> {
    // SAFETY: the kernel reads a number.
    answered(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) })
}

#[allow(unsafe_code, reason = "no library of ours has this call of the kernel's")]
fn send(listener: BorrowedFd<'_>, id: u64, answer: Result<Answer>) -> Result<()> {
    let (error, flags) = match answer {
        Ok(Answer::Done) => (0, 0),
        Ok(Answer::Itself) => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        Err(error) => (-error.raw_os_error(), 0),
    };
    let mut answer = libc::seccomp_notif_resp { id, val: 0, error, flags };
    // SAFETY: the kernel reads a whole `seccomp_notif_resp`.
    answered(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) })
}

fn answered(result: i32) -> Result<()> {
    if result < 0 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(())
}
