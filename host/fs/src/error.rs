//! Errors as guests get them, and what would have been needed instead.

use std::{fmt, io};

use rustix::io::Errno;

/// Error numbers of preview 1, which is what guests are told.
#[allow(missing_docs)]
pub mod errno {
    pub const E2BIG: i32 = 1;
    pub const EACCES: i32 = 2;
    pub const EAGAIN: i32 = 6;
    pub const EBADF: i32 = 8;
    pub const EBUSY: i32 = 10;
    pub const EDQUOT: i32 = 19;
    pub const EEXIST: i32 = 20;
    pub const EFAULT: i32 = 21;
    pub const EFBIG: i32 = 22;
    pub const EINTR: i32 = 27;
    pub const EINVAL: i32 = 28;
    pub const EIO: i32 = 29;
    pub const EISDIR: i32 = 31;
    pub const ELOOP: i32 = 32;
    pub const EMFILE: i32 = 33;
    pub const EMLINK: i32 = 34;
    pub const ENAMETOOLONG: i32 = 37;
    pub const ENFILE: i32 = 41;
    pub const ENODEV: i32 = 43;
    pub const ENOENT: i32 = 44;
    pub const ENOMEM: i32 = 48;
    pub const ENOSPC: i32 = 51;
    pub const ENOSYS: i32 = 52;
    pub const ENOTDIR: i32 = 54;
    pub const ENOTEMPTY: i32 = 55;
    pub const ENOTSUP: i32 = 58;
    pub const ENOTTY: i32 = 59;
    pub const ENXIO: i32 = 60;
    pub const EOVERFLOW: i32 = 61;
    pub const EPERM: i32 = 63;
    pub const EPIPE: i32 = 64;
    pub const EROFS: i32 = 69;
    pub const ESPIPE: i32 = 70;
    pub const ESTALE: i32 = 72;
    pub const ETIMEDOUT: i32 = 73;
    pub const ETXTBSY: i32 = 74;
    pub const EXDEV: i32 = 75;
}

/// Why the policy refused something, and the rule that would allow it. Its `Display` is one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What is the case: "`/data` is mounted read-only".
    pub reason: String,
    /// The argument that would allow it: `--dir /data:rw`; nothing when no rule can.
    pub rule: Option<String>,
    /// What the rule allows, for the end of the sentence: "it", "reading it".
    pub allows: &'static str,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.rule {
            Some(rule) => write!(f, "; `{rule}` would allow {}", self.allows),
            None => Ok(()),
        }
    }
}

/// A failed operation: the number that the guest is told, and the denial if it was the policy that refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsError {
    /// A number of preview 1, see [`errno`].
    pub errno: i32,
    /// Set when a rule refused; for what merely does not exist, ask [`Namespace::explain`](crate::Namespace::explain).
    pub denial: Option<Box<Denial>>,
}

impl FsError {
    /// An error without a denial.
    pub const fn new(errno: i32) -> Self {
        Self { errno, denial: None }
    }

    pub(crate) fn denied(errno: i32, denial: Denial) -> Self {
        Self { errno, denial: Some(Box::new(denial)) }
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(message(self.errno))?;
        match &self.denial {
            Some(denial) => write!(f, ": {denial}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FsError {}

impl From<Errno> for FsError {
    fn from(error: Errno) -> Self {
        Self::new(number(error))
    }
}

impl From<io::Error> for FsError {
    fn from(error: io::Error) -> Self {
        let errno = match Errno::from_io_error(&error) {
            Some(error) => number(error),
            None => match error.kind() {
                io::ErrorKind::NotFound => errno::ENOENT,
                io::ErrorKind::PermissionDenied => errno::EACCES,
                io::ErrorKind::AlreadyExists => errno::EEXIST,
                io::ErrorKind::InvalidInput => errno::EINVAL,
                io::ErrorKind::StorageFull => errno::ENOSPC,
                _ => errno::EIO,
            },
        };
        Self::new(errno)
    }
}

/// The number that preview 1 has for an error of the host; `EIO` for what it has no word for.
pub fn number(error: Errno) -> i32 {
    match error {
        Errno::TOOBIG => errno::E2BIG,
        Errno::ACCESS => errno::EACCES,
        Errno::AGAIN => errno::EAGAIN,
        Errno::BADF => errno::EBADF,
        Errno::BUSY => errno::EBUSY,
        Errno::DQUOT => errno::EDQUOT,
        Errno::EXIST => errno::EEXIST,
        Errno::FAULT => errno::EFAULT,
        Errno::FBIG => errno::EFBIG,
        Errno::INTR => errno::EINTR,
        Errno::INVAL => errno::EINVAL,
        Errno::ISDIR => errno::EISDIR,
        Errno::LOOP => errno::ELOOP,
        Errno::MFILE => errno::EMFILE,
        Errno::MLINK => errno::EMLINK,
        Errno::NAMETOOLONG => errno::ENAMETOOLONG,
        Errno::NFILE => errno::ENFILE,
        Errno::NODEV => errno::ENODEV,
        Errno::NOENT => errno::ENOENT,
        Errno::NOMEM => errno::ENOMEM,
        Errno::NOSPC => errno::ENOSPC,
        Errno::NOSYS => errno::ENOSYS,
        Errno::NOTDIR => errno::ENOTDIR,
        Errno::NOTEMPTY => errno::ENOTEMPTY,
        Errno::NOTSUP => errno::ENOTSUP,
        Errno::NOTTY => errno::ENOTTY,
        Errno::NXIO => errno::ENXIO,
        Errno::OVERFLOW => errno::EOVERFLOW,
        Errno::PERM => errno::EPERM,
        Errno::PIPE => errno::EPIPE,
        Errno::ROFS => errno::EROFS,
        Errno::SPIPE => errno::ESPIPE,
        Errno::STALE => errno::ESTALE,
        Errno::TIMEDOUT => errno::ETIMEDOUT,
        Errno::TXTBSY => errno::ETXTBSY,
        Errno::XDEV => errno::EXDEV,
        _ => errno::EIO,
    }
}

/// What people call an error number.
pub(crate) fn message(errno: i32) -> &'static str {
    match errno {
        errno::EACCES => "Permission denied",
        errno::EBADF => "Bad file descriptor",
        errno::EBUSY => "Device or resource busy",
        errno::EEXIST => "File exists",
        errno::EFBIG => "File too large",
        errno::EINVAL => "Invalid argument",
        errno::EISDIR => "Is a directory",
        errno::ELOOP => "Too many levels of symbolic links",
        errno::EMFILE => "Too many open files",
        errno::ENAMETOOLONG => "File name too long",
        errno::ENOENT => "No such file or directory",
        errno::ENOSPC => "No space left on device",
        errno::ENOTDIR => "Not a directory",
        errno::ENOTEMPTY => "Directory not empty",
        errno::ENOTSUP => "Operation not supported",
        errno::ENXIO => "No such device or address",
        errno::EPERM => "Operation not permitted",
        errno::EROFS => "Read-only file system",
        errno::ETXTBSY => "Text file busy",
        errno::EXDEV => "Invalid cross-device link",
        _ => "Input/output error",
    }
}
