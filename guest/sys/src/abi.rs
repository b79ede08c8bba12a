//! The import module between glowplug's host and its guests: the one description for both sides.
//!
//! Beside WASI preview 1, a guest may import functions from the module [`MODULE`]. They are in the shape of
//! `posix_spawn`: a table of descriptors that can be handed to children, and processes. The number in the module's
//! name is the version: whatever changes a signature, a layout or a meaning gets a new one, and functions may be added.
//!
//! # Conventions
//! - Pointers and lengths are `i32`, taken as unsigned; every range is checked against the guest's memory before
//!   anything happens, and a range outside gives `EFAULT`.
//! - A result below zero is a negated error number of preview 1 ([`errno`]).
//! - Paths are bytes, absolute in the guest's view of the files; they need not be UTF-8 and hold no NUL.
//! - A *handle* is a number in the calling process's table of descriptors, as a file descriptor is in Unix. Handles and
//!   preview 1's own descriptors are two tables; 0, 1 and 2 begin as the same in both.
//!
//! # Functions
//!
//! | function | meaning |
//! |---|---|
//! | `open(path, len, flags, mode) -> handle` | [`open`] flags; `mode` is subject to the process's mask |
//! | `pipe(kind, out) -> 0` | writes two `u32` at `out`: the end to read and the end to write; [`pipe`] kinds |
//! | `dup(handle) -> handle` | another handle on the same description (offset and flags are shared) |
//! | `close(handle) -> 0` | |
//! | `read(handle, buf, len) -> count` | 0 is the end; waits; `EINTR` when a caught signal came first |
//! | `write(handle, buf, len) -> count` | `EPIPE` when nobody can read any more |
//! | `seek(handle, offset: i64, whence) -> i64` | whence as in preview 1: 0 set, 1 current, 2 end |
//! | `poll(handle, timeout_us: i64) -> 0 or 1` | 1 when a read would not wait; a negative timeout waits for ever |
//! | `describe(handle) -> bits` | [`describe`] bits |
//! | `inherited(buf, count) -> number` | the handles this process began with, as `u32`, at most `count` of them written |
//! | `stat(path, len, follow, out) -> 0` | [`Stat`] at `out`; `follow` 0 or 1 |
//! | `fstat(handle, out) -> 0` | |
//! | `chmod(path, len, mode) -> 0` | |
//! | `umask(mask) -> old` | -1 only asks |
//! | `spawn(request, len) -> pid` | a [`request`] |
//! | `fork(task) -> pid` | a copy of this instance, which calls the export [`FORK_ENTRY`] with `task` |
//! | `wait(pid, flags, out) -> 0 or 1` | pid -1 waits for any; [`Waited`] at `out`; 0 with [`wait::NOHANG`] when none ended; `ECHILD`, `EINTR` |
//! | `kill(pid, signal) -> 0` | signal 0 only asks whether it is alive |
//! | `catch(signals: i64, ignored: i64) -> 0` | bit n is signal n: caught ones become pending instead of ending the process |
//! | `pending() -> signal` | takes the next pending signal, 0 when there is none |
//! | `pid(which) -> pid` | 0 this process, 1 its parent |
//! | `times(out) -> 0` | [`Times`] at `out` |
//! | `limit(resource, set, value: i64) -> i64` | [`limit`] resources; `set` 0 asks; -1 is unlimited |
//! | `terminal_size(handle, out) -> 0` | two `u32`: columns and rows |
//! | `info(topic, buf, len) -> size` | [`info`] topics: text; the size is the whole text's, of which `len` bytes at most are written |
//! | `edit(request, len, buf, cap) -> size` | asks the user for a line at the terminal; [`edit`] |

/// The name of the import module.
pub const MODULE: &str = "glowplug_process_v1";
/// The export that a forked instance begins at: `fn(task: i32) -> i32`, whose result is the exit code.
pub const FORK_ENTRY: &str = "glowplug_fork_entry";
/// The exported mutable global that holds the guest's stack pointer, which a fork carries over.
pub const STACK_POINTER: &str = "__stack_pointer";
/// The export that says: this guest joins relative paths with the folder in `PWD` by itself (wasi-libc's `chdir`), so
/// the host gives it one preopened folder, the root. Other guests also get the working folder as `.`.
pub const KNOWS_PWD: &str = "glowplug_knows_pwd";

/// Error numbers of preview 1.
#[allow(missing_docs)]
pub mod errno {
    pub const E2BIG: i32 = 1;
    pub const EACCES: i32 = 2;
    pub const EAGAIN: i32 = 6;
    pub const EBADF: i32 = 8;
    pub const ECHILD: i32 = 12;
    pub const EEXIST: i32 = 20;
    pub const EFAULT: i32 = 21;
    pub const EFBIG: i32 = 22;
    pub const EINTR: i32 = 27;
    pub const EINVAL: i32 = 28;
    pub const EIO: i32 = 29;
    pub const EISDIR: i32 = 31;
    pub const ELOOP: i32 = 32;
    pub const EMFILE: i32 = 33;
    pub const ENAMETOOLONG: i32 = 37;
    pub const ENOENT: i32 = 44;
    pub const ENOEXEC: i32 = 45;
    pub const ENOMEM: i32 = 48;
    pub const ENOSPC: i32 = 51;
    pub const ENOSYS: i32 = 52;
    pub const ENOTDIR: i32 = 54;
    pub const ENOTEMPTY: i32 = 55;
    pub const ENOTSUP: i32 = 58;
    pub const ENOTTY: i32 = 59;
    pub const EPERM: i32 = 63;
    pub const EPIPE: i32 = 64;
    pub const EROFS: i32 = 69;
    pub const ESPIPE: i32 = 70;
    pub const ESRCH: i32 = 71;
    pub const ETIMEDOUT: i32 = 73;
    pub const EXDEV: i32 = 75;
    pub const ENOTCAPABLE: i32 = 76;
}

/// Flags of `open`.
#[allow(missing_docs)]
pub mod open {
    pub const READ: i32 = 1;
    pub const WRITE: i32 = 2;
    pub const APPEND: i32 = 4;
    pub const CREATE: i32 = 8;
    /// With `CREATE`: fail when it exists.
    pub const EXCLUSIVE: i32 = 16;
    pub const TRUNCATE: i32 = 32;
    pub const DIRECTORY: i32 = 64;
}

/// Kinds of `pipe`.
pub mod pipe {
    /// Holds 64 KiB; a writer waits when it is full.
    pub const BOUNDED: i32 = 0;
    /// Grows up to the process's memory limit, then `ENOSPC`: for output that the same process reads afterwards.
    pub const BUFFER: i32 = 1;
}

/// Bits of `describe`.
#[allow(missing_docs)]
pub mod describe {
    pub const TERMINAL: i32 = 1;
    pub const READABLE: i32 = 2;
    pub const WRITABLE: i32 = 4;
    pub const SEEKABLE: i32 = 8;
    pub const PIPE: i32 = 16;
    pub const DIRECTORY: i32 = 32;
}

/// What `spawn` reads: fields one after another, numbers `u32` little-endian, texts as a length and bytes.
///
/// | field | type |
/// |---|---|
/// | flags | `u32`, see [`FOREGROUND`](request::FOREGROUND) |
/// | program | text: the absolute path of what to run |
/// | cwd | text: absolute |
/// | arguments | count, texts; the first is the program's name for itself |
/// | environment | count, texts `NAME=VALUE` |
/// | descriptors | count, pairs of `u32`: the child's number, this process's handle |
///
/// The program may be a folder's `.wasm` file, one of the host's own programs under `/usr/bin` or `/bin`, a script that begins
/// with `#!` (run by the interpreter that it names), or a native program that the policy names. `ENOENT` when there is
/// none, `EACCES` when it may not be run, `ENOEXEC` when it is none of these, `EAGAIN` beyond the limit of processes.
pub mod request {
    /// The caller is about to wait for this child: it may run on the caller's own thread, and `spawn` then returns
    /// when the child has ended. `wait` gives the status either way.
    pub const FOREGROUND: u32 = 1;
}

/// Flags of `wait`.
pub mod wait {
    /// Return at once.
    pub const NOHANG: i32 = 1;
}

/// What `stat` and `fstat` write. Times are in nanoseconds since 1970.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub size: u64,
    pub nlink: u64,
    pub mtime: i64,
    pub atime: i64,
    pub ctime: i64,
    /// Kind and permissions as in Unix: `S_IFREG | 0o644`.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub blocks: u32,
}

/// What `wait` writes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Waited {
    pub pid: u32,
    /// 0 to 255 an exit code; 256 + n when signal n ended it.
    pub status: u32,
    /// Processor time in microseconds.
    pub cpu_us: u64,
}

/// What `times` writes: microseconds of processor time. Of the children: those waited for.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Times {
    pub user_us: u64,
    pub system_us: u64,
    pub children_user_us: u64,
    pub children_system_us: u64,
}

/// Resources of `limit`.
#[allow(missing_docs)]
pub mod limit {
    /// Bytes of one process's linear memory.
    pub const MEMORY: i32 = 0;
    /// Processes alive at once in the session.
    pub const PROCESSES: i32 = 1;
    /// Open descriptors of a process.
    pub const FILES: i32 = 2;
    /// Bytes that the session may write to its output.
    pub const OUTPUT: i32 = 3;
    /// Bytes of one file.
    pub const FILE_SIZE: i32 = 4;
    /// Seconds of processor time of one process.
    pub const CPU: i32 = 5;
}

/// Topics of `info`.
pub mod info {
    /// The host's programs, one a line.
    pub const PROGRAMS: i32 = 0;
    /// The resident modules, as a table for people.
    pub const CACHE: i32 = 1;
    /// Empties the resident modules; says how many there were.
    pub const CACHE_CLEAR: i32 = 2;
    /// The version of the host.
    pub const VERSION: i32 = 3;
    /// The line with which an interactive shell greets.
    pub const GREETING: i32 = 4;
    /// The file that keeps the history, as lines; empty when there is none.
    pub const HISTORY: i32 = 5;
    /// Forgets the history.
    pub const HISTORY_CLEAR: i32 = 6;
}

/// `edit` reads, in the encoding of [`request`]: the prompt (text), the prompt of continuation lines (text), and
/// names to complete (count, texts, each with a first byte that says what it is). It writes the line, without its end.
/// [`errno::EINTR`] when the user gave up the line (Ctrl-C), [`errno::EPIPE`] at the end of input (Ctrl-D),
/// [`errno::ENOTTY`] when there is no terminal or no editor.
#[allow(missing_docs)]
pub mod edit {
    pub const BUILTIN: u8 = b'b';
    pub const FUNCTION: u8 = b'f';
    pub const ALIAS: u8 = b'a';
    pub const KEYWORD: u8 = b'k';
    pub const VARIABLE: u8 = b'v';
    /// The working folder: relative names are completed against it.
    pub const FOLDER: u8 = b'd';
    /// A folder of PATH.
    pub const PATH: u8 = b'p';
}

/// Signals, with their numbers on Linux.
#[allow(missing_docs)]
pub mod signal {
    pub const HUP: i32 = 1;
    pub const INT: i32 = 2;
    pub const QUIT: i32 = 3;
    pub const ABRT: i32 = 6;
    pub const KILL: i32 = 9;
    pub const USR1: i32 = 10;
    pub const SEGV: i32 = 11;
    pub const USR2: i32 = 12;
    pub const PIPE: i32 = 13;
    pub const ALRM: i32 = 14;
    pub const TERM: i32 = 15;
    pub const CHLD: i32 = 17;
}
