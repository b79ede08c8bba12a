//! Safe calls. Results are `Result<_, Errno>`; strings are bytes.

use crate::abi;
pub use crate::abi::{Stat, Times, Waited};
use std::fmt;
use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
use crate::native as host;
#[cfg(target_arch = "wasm32")]
use crate::wasm as host;

/// A number in this process's table of descriptors.
pub type Handle = i32;
/// A process's number.
pub type Pid = i32;

/// An error number of preview 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Errno(pub i32);

impl Errno {
    /// What Unix's `strerror` says.
    #[must_use]
    pub fn message(self) -> &'static str {
        use abi::errno::*;
        match self.0 {
            E2BIG => "Argument list too long",
            EACCES => "Permission denied",
            EAGAIN => "Resource temporarily unavailable",
            EBADF => "Bad file descriptor",
            ECHILD => "No child processes",
            EEXIST => "File exists",
            EFAULT => "Bad address",
            EFBIG => "File too large",
            EINTR => "Interrupted system call",
            EINVAL => "Invalid argument",
            EIO => "Input/output error",
            EISDIR => "Is a directory",
            ELOOP => "Too many levels of symbolic links",
            EMFILE => "Too many open files",
            ENAMETOOLONG => "File name too long",
            ENOENT => "No such file or directory",
            ENOEXEC => "Exec format error",
            ENOMEM => "Cannot allocate memory",
            ENOSPC => "No space left on device",
            ENOSYS => "Function not implemented",
            ENOTDIR => "Not a directory",
            ENOTEMPTY => "Directory not empty",
            ENOTSUP => "Operation not supported",
            ENOTTY => "Inappropriate ioctl for device",
            EPERM => "Operation not permitted",
            EPIPE => "Broken pipe",
            EROFS => "Read-only file system",
            ESPIPE => "Illegal seek",
            ESRCH => "No such process",
            ETIMEDOUT => "Connection timed out",
            EXDEV => "Invalid cross-device link",
            ENOTCAPABLE => "Operation not permitted",
            _ => "Unknown error",
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Errno {}

type Result<T> = std::result::Result<T, Errno>;

fn check(result: i32) -> Result<i32> {
    if result < 0 { Err(Errno(-result)) } else { Ok(result) }
}

/// Opens a file; `flags` are [`abi::open`]'s.
pub fn open(path: &[u8], flags: i32, mode: u32) -> Result<Handle> {
    // SAFETY: the pointer and the length are a slice's.
    check(unsafe { host::open(path.as_ptr(), path.len(), flags, mode as i32) })
}

/// A pipe: the end to read, the end to write.
pub fn pipe(kind: i32) -> Result<(Handle, Handle)> {
    let mut ends = [0_u32; 2];
    // SAFETY: the pointer is to two numbers.
    check(unsafe { host::pipe(kind, &raw mut ends) })?;
    Ok((ends[0] as Handle, ends[1] as Handle))
}

/// Another handle on the same description.
pub fn dup(handle: Handle) -> Result<Handle> {
    // SAFETY: only numbers.
    check(unsafe { host::dup(handle) })
}

/// Closes a handle.
pub fn close(handle: Handle) -> Result<()> {
    // SAFETY: only numbers.
    check(unsafe { host::close(handle) }).map(drop)
}

/// Reads; 0 is the end.
pub fn read(handle: Handle, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the pointer and the length are a slice's.
    check(unsafe { host::read(handle, buf.as_mut_ptr(), buf.len()) }).map(|count| count as usize)
}

/// Writes once; see [`write_all`].
pub fn write(handle: Handle, buf: &[u8]) -> Result<usize> {
    // SAFETY: the pointer and the length are a slice's.
    check(unsafe { host::write(handle, buf.as_ptr(), buf.len()) }).map(|count| count as usize)
}

/// Writes everything.
pub fn write_all(handle: Handle, mut buf: &[u8]) -> Result<()> {
    while !buf.is_empty() {
        match write(handle, buf) {
            Ok(count) => buf = &buf[count..],
            Err(Errno(abi::errno::EINTR)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Moves the offset; whence is 0 (set), 1 (current) or 2 (end).
pub fn seek(handle: Handle, offset: i64, whence: i32) -> Result<u64> {
    // SAFETY: only numbers.
    let result = unsafe { host::seek(handle, offset, whence) };
    if result < 0 { Err(Errno(-result as i32)) } else { Ok(result as u64) }
}

/// Whether a read would not wait, waiting up to `timeout` for that (`None`: for ever).
pub fn poll(handle: Handle, timeout: Option<Duration>) -> Result<bool> {
    let timeout = timeout.map_or(-1, |timeout| i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX));
    // SAFETY: only numbers.
    check(unsafe { host::poll(handle, timeout) }).map(|ready| ready == 1)
}

/// The bits of [`abi::describe`]; an error when the handle is not open.
pub fn describe(handle: Handle) -> Result<i32> {
    // SAFETY: only numbers.
    check(unsafe { host::describe(handle) })
}

/// Whether the handle is a terminal.
#[must_use]
pub fn is_terminal(handle: Handle) -> bool {
    describe(handle).is_ok_and(|bits| bits & abi::describe::TERMINAL != 0)
}

/// The handles this process began with.
#[must_use]
pub fn inherited() -> Vec<Handle> {
    let mut buf = [0_u32; 256];
    // SAFETY: the pointer and the count are the array's.
    let count = check(unsafe { host::inherited(buf.as_mut_ptr(), buf.len()) }).unwrap_or(0) as usize;
    buf.iter().take(count).map(|&handle| handle as Handle).collect()
}

/// What is known of a path.
pub fn stat(path: &[u8], follow: bool) -> Result<Stat> {
    let mut out = Stat::default();
    // SAFETY: a slice's pointer and length, and a place of the right type.
    check(unsafe { host::stat(path.as_ptr(), path.len(), i32::from(follow), &raw mut out) })?;
    Ok(out)
}

/// What is known of an open description.
pub fn fstat(handle: Handle) -> Result<Stat> {
    let mut out = Stat::default();
    // SAFETY: a place of the right type.
    check(unsafe { host::fstat(handle, &raw mut out) })?;
    Ok(out)
}

/// Changes permissions.
pub fn chmod(path: &[u8], mode: u32) -> Result<()> {
    // SAFETY: a slice's pointer and length.
    check(unsafe { host::chmod(path.as_ptr(), path.len(), mode as i32) }).map(drop)
}

/// Sets the mask of permissions that new files do not get, and gives the old one; `None` only asks.
#[must_use]
pub fn umask(mask: Option<u32>) -> u32 {
    // SAFETY: only numbers.
    unsafe { host::umask(mask.map_or(-1, |mask| mask as i32)) as u32 }
}

/// A process to start.
#[derive(Clone, Debug, Default)]
pub struct Spawn<'a> {
    /// The caller waits for it next: it may run at once, on the caller's thread.
    pub foreground: bool,
    /// The absolute path of what to run.
    pub program: &'a [u8],
    /// The working folder.
    pub cwd: &'a [u8],
    /// Arguments, the program's name first.
    pub args: &'a [Vec<u8>],
    /// `NAME=VALUE`.
    pub env: &'a [Vec<u8>],
    /// The child's number, and our handle.
    pub descriptors: &'a [(i32, Handle)],
}

/// The encoding of requests.
#[derive(Default)]
struct Request(Vec<u8>);

impl Request {
    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u32).to_le_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        self.number(text.len());
        self.0.extend_from_slice(text);
    }

    fn texts(&mut self, texts: &[Vec<u8>]) {
        self.number(texts.len());
        for text in texts {
            self.text(text);
        }
    }
}

/// Starts a process.
pub fn spawn(spawn: &Spawn<'_>) -> Result<Pid> {
    let mut request = Request::default();
    request.number(if spawn.foreground { abi::request::FOREGROUND as usize } else { 0 });
    request.text(spawn.program);
    request.text(spawn.cwd);
    request.texts(spawn.args);
    request.texts(spawn.env);
    request.number(spawn.descriptors.len());
    for &(number, handle) in spawn.descriptors {
        request.number(number as usize);
        request.number(handle as usize);
    }
    // SAFETY: a slice's pointer and length.
    check(unsafe { host::spawn(request.0.as_ptr(), request.0.len()) })
}

/// Runs `task` in a copy of this process, whose exit code is the task's result. Every handle is open in the copy too.
pub fn fork(task: Box<dyn FnOnce() -> i32>) -> Result<Pid> {
    check(host::fork_task(task))
}

/// Waits for a child, or for any (`None`). Without one that ended, `Ok(None)` when `nohang`.
pub fn wait(pid: Option<Pid>, nohang: bool) -> Result<Option<Waited>> {
    let mut out = Waited::default();
    // SAFETY: a place of the right type.
    let found = check(unsafe { host::wait(pid.unwrap_or(-1), i32::from(nohang), &raw mut out) })?;
    Ok((found == 1).then_some(out))
}

/// Sends a signal.
pub fn kill(pid: Pid, signal: i32) -> Result<()> {
    // SAFETY: only numbers.
    check(unsafe { host::kill(pid, signal) }).map(drop)
}

/// Which signals become pending here instead of ending the process, and which do nothing: bit n is signal n.
pub fn catch(caught: u64, ignored: u64) {
    // SAFETY: only numbers.
    unsafe { host::catch(caught as i64, ignored as i64) };
}

/// Takes the next pending signal.
#[must_use]
pub fn pending() -> Option<i32> {
    // SAFETY: no arguments.
    Some(unsafe { host::pending() }).filter(|&signal| signal > 0)
}

/// This process's number.
#[must_use]
pub fn pid() -> Pid {
    // SAFETY: only numbers.
    unsafe { host::pid(0) }
}

/// The parent's number.
#[must_use]
pub fn parent() -> Pid {
    // SAFETY: only numbers.
    unsafe { host::pid(1) }
}

/// Processor times.
#[must_use]
pub fn times() -> Times {
    let mut out = Times::default();
    // SAFETY: a place of the right type.
    unsafe { host::times(&raw mut out) };
    out
}

/// A limit's value; `None` is unlimited.
pub fn limit(resource: i32) -> Result<Option<u64>> {
    // SAFETY: only numbers.
    limit_value(unsafe { host::limit(resource, 0, 0) })
}

/// Lowers a limit.
pub fn set_limit(resource: i32, value: Option<u64>) -> Result<()> {
    let value = value.map_or(-1, |value| i64::try_from(value).unwrap_or(i64::MAX));
    // SAFETY: only numbers.
    limit_value(unsafe { host::limit(resource, 1, value) }).map(drop)
}

fn limit_value(value: i64) -> Result<Option<u64>> {
    match value {
        -1 => Ok(None),
        value if value < 0 => Err(Errno(-value as i32)),
        value => Ok(Some(value as u64)),
    }
}

/// Columns and rows.
pub fn terminal_size(handle: Handle) -> Result<(u32, u32)> {
    let mut out = [0_u32; 2];
    // SAFETY: a place of the right type.
    check(unsafe { host::terminal_size(handle, &raw mut out) })?;
    Ok((out[0], out[1]))
}

/// A text of the host; the topics are [`abi::info`]'s.
pub fn info(topic: i32) -> Result<Vec<u8>> {
    let mut buf = vec![0; 16 << 10];
    loop {
        // SAFETY: a slice's pointer and length.
        let size = check(unsafe { host::info(topic, buf.as_mut_ptr(), buf.len()) })? as usize;
        if size <= buf.len() {
            buf.truncate(size);
            return Ok(buf);
        }
        buf.resize(size, 0);
    }
}

/// Asks the user for a line; `names` are what can be completed, each with a first byte of [`abi::edit`].
pub fn edit(prompt: &[u8], continuation: &[u8], names: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut request = Request::default();
    request.text(prompt);
    request.text(continuation);
    request.texts(names);
    let mut buf = vec![0; 256 << 10];
    // SAFETY: slices' pointers and lengths.
    let size = check(unsafe { host::edit(request.0.as_ptr(), request.0.len(), buf.as_mut_ptr(), buf.len()) })?;
    buf.truncate(size as usize);
    Ok(buf)
}
