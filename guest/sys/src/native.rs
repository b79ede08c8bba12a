//! The same functions over Unix: for developing and testing the shell's language without a host. Handles are file
//! descriptors.

use crate::abi::{self, Stat, Times, Waited};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// Handles of the shell are kept above the numbers that its children use, so that `dup2` in a child never overwrites a
/// handle that is still needed.
const FIRST_HANDLE: i32 = 100;

/// A negated error number of preview 1.
fn errno(number: i32) -> i32 {
    use abi::errno::*;
    -match number {
        libc::E2BIG => E2BIG,
        libc::EACCES => EACCES,
        libc::EAGAIN => EAGAIN,
        libc::EBADF => EBADF,
        libc::ECHILD => ECHILD,
        libc::EEXIST => EEXIST,
        libc::EFAULT => EFAULT,
        libc::EFBIG => EFBIG,
        libc::EINTR => EINTR,
        libc::EINVAL => EINVAL,
        libc::EISDIR => EISDIR,
        libc::ELOOP => ELOOP,
        libc::EMFILE => EMFILE,
        libc::ENAMETOOLONG => ENAMETOOLONG,
        libc::ENOENT => ENOENT,
        libc::ENOEXEC => ENOEXEC,
        libc::ENOMEM => ENOMEM,
        libc::ENOSPC => ENOSPC,
        libc::ENOSYS => ENOSYS,
        libc::ENOTDIR => ENOTDIR,
        libc::ENOTEMPTY => ENOTEMPTY,
        libc::ENOTSUP => ENOTSUP,
        libc::ENOTTY => ENOTTY,
        libc::EPERM => EPERM,
        libc::EPIPE => EPIPE,
        libc::EROFS => EROFS,
        libc::ESPIPE => ESPIPE,
        libc::ESRCH => ESRCH,
        libc::ETIMEDOUT => ETIMEDOUT,
        libc::EXDEV => EXDEV,
        _ => EIO,
    }
}

fn last_error() -> i32 {
    errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

fn checked(result: i32) -> i32 {
    if result < 0 { last_error() } else { result }
}

/// Moves a new descriptor to a number above [`FIRST_HANDLE`].
fn lifted(fd: i32) -> i32 {
    if fd < 0 {
        return last_error();
    }
    if fd >= FIRST_HANDLE {
        return fd;
    }
    // SAFETY: only numbers.
    let high = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, FIRST_HANDLE) };
    let result = checked(high);
    // SAFETY: only numbers.
    unsafe { libc::close(fd) };
    result
}

/// A path as C wants it.
///
/// # Safety
/// The pointer and the length must be a slice's.
unsafe fn c_path(path: *const u8, len: usize) -> Option<CString> {
    // SAFETY: the caller's promise.
    CString::new(unsafe { std::slice::from_raw_parts(path, len) }).ok()
}

pub unsafe fn open(path: *const u8, len: usize, flags: i32, mode: i32) -> i32 {
    let Some(path) = (unsafe { c_path(path, len) }) else { return -abi::errno::EINVAL };
    let mut bits = libc::O_CLOEXEC;
    bits |= match (flags & abi::open::READ != 0, flags & (abi::open::WRITE | abi::open::APPEND) != 0) {
        (true, true) => libc::O_RDWR,
        (false, true) => libc::O_WRONLY,
        _ => libc::O_RDONLY,
    };
    for (flag, bit) in [
        (abi::open::APPEND, libc::O_APPEND),
        (abi::open::CREATE, libc::O_CREAT),
        (abi::open::EXCLUSIVE, libc::O_EXCL),
        (abi::open::TRUNCATE, libc::O_TRUNC),
        (abi::open::DIRECTORY, libc::O_DIRECTORY),
    ] {
        if flags & flag != 0 {
            bits |= bit;
        }
    }
    lifted(unsafe { libc::open(path.as_ptr(), bits, mode as libc::c_uint) })
}

pub unsafe fn pipe(kind: i32, out: *mut [u32; 2]) -> i32 {
    let (read, write) = if kind == abi::pipe::BUFFER {
        let write = lifted(unsafe { libc::memfd_create(c"buffer".as_ptr(), libc::MFD_CLOEXEC) });
        if write < 0 {
            return write;
        }
        let again = CString::new(format!("/proc/self/fd/{write}")).unwrap_or_default();
        (lifted(unsafe { libc::open(again.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }), write)
    } else {
        let mut ends = [0; 2];
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
            return last_error();
        }
        (lifted(ends[0]), lifted(ends[1]))
    };
    if read < 0 || write < 0 {
        return -abi::errno::EMFILE;
    }
    unsafe { *out = [read as u32, write as u32] };
    0
}

pub unsafe fn dup(handle: i32) -> i32 {
    checked(unsafe { libc::fcntl(handle, libc::F_DUPFD_CLOEXEC, FIRST_HANDLE) })
}

pub unsafe fn close(handle: i32) -> i32 {
    checked(unsafe { libc::close(handle) })
}

pub unsafe fn read(handle: i32, buf: *mut u8, len: usize) -> i32 {
    let count = unsafe { libc::read(handle, buf.cast(), len.min(i32::MAX as usize)) };
    if count < 0 { last_error() } else { count as i32 }
}

pub unsafe fn write(handle: i32, buf: *const u8, len: usize) -> i32 {
    let count = unsafe { libc::write(handle, buf.cast(), len.min(i32::MAX as usize)) };
    if count < 0 { last_error() } else { count as i32 }
}

pub unsafe fn seek(handle: i32, offset: i64, whence: i32) -> i64 {
    let whence = [libc::SEEK_SET, libc::SEEK_CUR, libc::SEEK_END].get(whence as usize).copied().unwrap_or(-1);
    let result = unsafe { libc::lseek(handle, offset, whence) };
    if result < 0 { i64::from(last_error()) } else { result }
}

pub unsafe fn poll(handle: i32, timeout_us: i64) -> i32 {
    let mut entry = libc::pollfd { fd: handle, events: libc::POLLIN, revents: 0 };
    let timeout = if timeout_us < 0 { -1 } else { i32::try_from((timeout_us + 999) / 1000).unwrap_or(i32::MAX) };
    checked(unsafe { libc::poll(&raw mut entry, 1, timeout) })
}

pub unsafe fn describe(handle: i32) -> i32 {
    let flags = unsafe { libc::fcntl(handle, libc::F_GETFL) };
    if flags < 0 {
        return last_error();
    }
    let mut bits = match flags & libc::O_ACCMODE {
        libc::O_RDONLY => abi::describe::READABLE,
        libc::O_WRONLY => abi::describe::WRITABLE,
        _ => abi::describe::READABLE | abi::describe::WRITABLE,
    };
    if unsafe { libc::isatty(handle) } == 1 {
        bits |= abi::describe::TERMINAL;
    } else if unsafe { libc::lseek(handle, 0, libc::SEEK_CUR) } >= 0 {
        bits |= abi::describe::SEEKABLE;
    }
    let mut stat = Stat::default();
    if unsafe { fstat(handle, &raw mut stat) } == 0 {
        match stat.mode & libc::S_IFMT {
            libc::S_IFIFO => bits |= abi::describe::PIPE,
            libc::S_IFDIR => bits |= abi::describe::DIRECTORY,
            _ => {}
        }
    }
    bits
}

pub unsafe fn inherited(buf: *mut u32, count: usize) -> i32 {
    let mut found = 0;
    for fd in 0..FIRST_HANDLE {
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
            if (found as usize) < count {
                unsafe { *buf.add(found as usize) = fd as u32 };
            }
            found += 1;
        }
    }
    found
}

fn from_unix(stat: &libc::stat) -> Stat {
    Stat {
        dev: stat.st_dev,
        ino: stat.st_ino,
        size: stat.st_size as u64,
        nlink: stat.st_nlink,
        mtime: stat.st_mtime * 1_000_000_000 + stat.st_mtime_nsec,
        atime: stat.st_atime * 1_000_000_000 + stat.st_atime_nsec,
        ctime: stat.st_ctime * 1_000_000_000 + stat.st_ctime_nsec,
        mode: stat.st_mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        blocks: stat.st_blocks as u32,
    }
}

pub unsafe fn stat(path: *const u8, len: usize, follow: i32, out: *mut Stat) -> i32 {
    let Some(path) = (unsafe { c_path(path, len) }) else { return -abi::errno::EINVAL };
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    let result = if follow != 0 {
        unsafe { libc::stat(path.as_ptr(), &raw mut found) }
    } else {
        unsafe { libc::lstat(path.as_ptr(), &raw mut found) }
    };
    if result == 0 {
        unsafe { *out = from_unix(&found) };
    }
    checked(result)
}

pub unsafe fn fstat(handle: i32, out: *mut Stat) -> i32 {
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    let result = unsafe { libc::fstat(handle, &raw mut found) };
    if result == 0 {
        unsafe { *out = from_unix(&found) };
    }
    checked(result)
}

pub unsafe fn chmod(path: *const u8, len: usize, mode: i32) -> i32 {
    let Some(path) = (unsafe { c_path(path, len) }) else { return -abi::errno::EINVAL };
    checked(unsafe { libc::chmod(path.as_ptr(), mode as libc::mode_t) })
}

pub unsafe fn umask(mask: i32) -> i32 {
    let old = unsafe { libc::umask(mask as libc::mode_t & 0o777) };
    if mask < 0 {
        unsafe { libc::umask(old) };
    }
    old as i32
}

/// Takes a request apart; `None` when it is cut off.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    fn text(&mut self) -> Option<CString> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        CString::new(bytes).ok()
    }

    fn texts(&mut self) -> Option<Vec<CString>> {
        (0..self.number()?).map(|_| self.text()).collect()
    }
}

/// What `spawn` was asked for.
struct Request {
    program: CString,
    cwd: CString,
    args: Vec<CString>,
    env: Vec<CString>,
    descriptors: Vec<(i32, i32)>,
}

impl Request {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        reader.number()?;
        let (program, cwd) = (reader.text()?, reader.text()?);
        let (args, env) = (reader.texts()?, reader.texts()?);
        let descriptors = (0..reader.number()?)
            .map(|_| Some((reader.number()? as i32, reader.number()? as i32)))
            .collect::<Option<_>>()?;
        Some(Self { program, cwd, args, env, descriptors })
    }
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

pub unsafe fn spawn(request: *const u8, len: usize) -> i32 {
    let bytes = unsafe { std::slice::from_raw_parts(request, len) };
    let Some(request) = Request::read(bytes) else { return -abi::errno::EINVAL };
    // A folder "can be executed", so access(2) alone does not tell.
    let program = OsStr::from_bytes(request.program.as_bytes());
    match std::fs::metadata(program) {
        Err(error) => return errno(error.raw_os_error().unwrap_or(0)),
        Ok(found) if found.is_dir() => return -abi::errno::EACCES,
        Ok(_) => {}
    }
    if unsafe { libc::access(request.program.as_ptr(), libc::X_OK) } < 0 {
        return last_error();
    }
    // The child tells through this pipe why exec failed; a success closes it.
    let mut report = [0; 2];
    if unsafe { libc::pipe2(report.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return last_error();
    }
    let report = [lifted(report[0]), lifted(report[1])];
    let (argv, envp) = (pointers(&request.args), pointers(&request.env));
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        unsafe {
            let failure = exec(&request, &argv, &envp);
            libc::write(report[1], failure.to_ne_bytes().as_ptr().cast(), 4);
            libc::_exit(127);
        }
    }
    let error = last_error();
    unsafe { libc::close(report[1]) };
    if pid < 0 {
        unsafe { libc::close(report[0]) };
        return error;
    }
    let mut failure = [0_u8; 4];
    let mut count;
    loop {
        count = unsafe { libc::read(report[0], failure.as_mut_ptr().cast(), 4) };
        if count >= 0 || last_error() != -abi::errno::EINTR {
            break;
        }
    }
    unsafe { libc::close(report[0]) };
    if count == 4 {
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
        return errno(i32::from_ne_bytes(failure));
    }
    pid
}

/// In the child: becomes the program. Gives errno when that fails.
unsafe fn exec(request: &Request, argv: &[*const libc::c_char], envp: &[*const libc::c_char]) -> i32 {
    unsafe {
        let ignored = IGNORED.load(Ordering::Relaxed);
        for signal in 1..32 {
            if ignored & (1 << signal) == 0 {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
        if libc::chdir(request.cwd.as_ptr()) < 0 {
            return *libc::__errno_location();
        }
        for &(number, handle) in &request.descriptors {
            // Handles below FIRST_HANDLE are only 0, 1 and 2 (and other inherited ones): copies above keep them apart.
            let high = libc::fcntl(handle, libc::F_DUPFD_CLOEXEC, FIRST_HANDLE);
            if high < 0 {
                return *libc::__errno_location();
            }
            // Every copy is made before any number is overwritten.
            MOVES[number as usize & 255].store(high, Ordering::Relaxed);
        }
        let mut given = [false; FIRST_HANDLE as usize];
        for &(number, _) in &request.descriptors {
            if libc::dup2(MOVES[number as usize & 255].load(Ordering::Relaxed), number) < 0 {
                return *libc::__errno_location();
            }
            if let Some(given) = given.get_mut(number as usize) {
                *given = true;
            }
        }
        for (number, given) in given.iter().enumerate() {
            if !given {
                libc::close(number as i32);
            }
        }
        libc::execve(request.program.as_ptr(), argv.as_ptr(), envp.as_ptr());
        *libc::__errno_location()
    }
}

/// Where [`exec`] put the copies; not on the heap, which a child must not touch between fork and exec.
static MOVES: [AtomicI32; 256] = [const { AtomicI32::new(-1) }; 256];

/// Runs the task in a fork.
pub fn fork_task(task: Box<dyn FnOnce() -> i32>) -> i32 {
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        0 => {
            PENDING.store(0, Ordering::Relaxed);
            let code = task();
            // SAFETY: only numbers.
            unsafe { libc::_exit(code) }
        }
        pid => checked(pid),
    }
}

pub unsafe fn wait(pid: i32, flags: i32, out: *mut Waited) -> i32 {
    let mut status = 0;
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let options = if flags & abi::wait::NOHANG != 0 { libc::WNOHANG } else { 0 };
    // Without this, a signal that came before the call would be noticed only after it.
    if options == 0 && PENDING.load(Ordering::Relaxed) & !(1 << libc::SIGCHLD) != 0 {
        return -abi::errno::EINTR;
    }
    let found = unsafe { libc::wait4(pid, &raw mut status, options, &raw mut usage) };
    if found <= 0 {
        return checked(found);
    }
    let status = if libc::WIFSIGNALED(status) { 256 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
    let cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
    unsafe { *out = Waited { pid: found as u32, status: status as u32, cpu_us } };
    1
}

fn micros(time: libc::timeval) -> u64 {
    (time.tv_sec * 1_000_000 + time.tv_usec) as u64
}

pub unsafe fn kill(pid: i32, signal: i32) -> i32 {
    checked(unsafe { libc::kill(pid, signal) })
}

static PENDING: AtomicU64 = AtomicU64::new(0);
static IGNORED: AtomicU64 = AtomicU64::new(0);

extern "C" fn remember(signal: i32) {
    PENDING.fetch_or(1 << signal, Ordering::Relaxed);
}

pub unsafe fn catch(signals: i64, ignored: i64) -> i32 {
    IGNORED.store(ignored as u64, Ordering::Relaxed);
    for signal in 1..64 {
        if matches!(signal, libc::SIGKILL | libc::SIGSTOP | 32 | 33) {
            continue;
        }
        let action = if signals >> signal & 1 != 0 {
            remember as *const () as usize
        } else if ignored >> signal & 1 != 0 {
            libc::SIG_IGN
        } else {
            libc::SIG_DFL
        };
        unsafe {
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = action;
            libc::sigaction(signal, &raw const new, std::ptr::null_mut());
        }
    }
    0
}

pub unsafe fn pending() -> i32 {
    let set = PENDING.load(Ordering::Relaxed);
    if set == 0 {
        return 0;
    }
    let signal = set.trailing_zeros();
    PENDING.fetch_and(!(1 << signal), Ordering::Relaxed);
    signal as i32
}

pub unsafe fn pid(which: i32) -> i32 {
    if which == 0 { unsafe { libc::getpid() } } else { unsafe { libc::getppid() } }
}

pub unsafe fn times(out: *mut Times) -> i32 {
    unsafe {
        let mut own: libc::rusage = std::mem::zeroed();
        let mut children: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut own);
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut children);
        *out = Times {
            user_us: micros(own.ru_utime),
            system_us: micros(own.ru_stime),
            children_user_us: micros(children.ru_utime),
            children_system_us: micros(children.ru_stime),
        };
    }
    0
}

pub unsafe fn limit(resource: i32, set: i32, value: i64) -> i64 {
    let kind = match resource {
        abi::limit::MEMORY => libc::RLIMIT_AS,
        abi::limit::PROCESSES => libc::RLIMIT_NPROC,
        abi::limit::FILES => libc::RLIMIT_NOFILE,
        abi::limit::FILE_SIZE => libc::RLIMIT_FSIZE,
        abi::limit::CPU => libc::RLIMIT_CPU,
        _ => return -i64::from(abi::errno::EINVAL),
    };
    unsafe {
        let mut current: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(kind, &raw mut current) < 0 {
            return i64::from(last_error());
        }
        if set != 0 {
            current.rlim_cur = if value < 0 { libc::RLIM_INFINITY } else { value as u64 };
            if libc::setrlimit(kind, &raw const current) < 0 {
                return i64::from(last_error());
            }
        }
        if current.rlim_cur == libc::RLIM_INFINITY { -1 } else { current.rlim_cur as i64 }
    }
}

pub unsafe fn terminal_size(handle: i32, out: *mut [u32; 2]) -> i32 {
    unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(handle, libc::TIOCGWINSZ, &raw mut size) < 0 {
            return last_error();
        }
        *out = [u32::from(size.ws_col), u32::from(size.ws_row)];
    }
    0
}

pub unsafe fn info(topic: i32, buf: *mut u8, len: usize) -> i32 {
    let text = if topic == abi::info::VERSION { "native" } else { "" };
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buf, text.len().min(len)) };
    text.len() as i32
}

/// There is no editor here: the shell reads lines plainly.
pub unsafe fn edit(_request: *const u8, _len: usize, _buf: *mut u8, _cap: usize) -> i32 {
    -abi::errno::ENOTTY
}
