//! Whether anybody could be writing to a file. The kernel knows, and answers whoever asks for a read lease.
#![allow(unsafe_code, reason = "no crate at hand has the call as a safe function")]

use std::os::fd::{AsFd, AsRawFd as _};

/// Who could be writing to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Nobody has it open for writing, and nobody has it mapped so.
    None,
    /// Somebody has.
    Some,
    /// The system does not say: the file is another user's, or its file system knows no leases.
    Unknown,
}

/// Asks who could be writing to `file`, which must be open for reading only.
///
/// A read lease is granted only while no open file description can write to the file, and a shared writable mapping
/// holds on to the description it was made from. The lease is given back at once.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn writers_of(file: &impl AsFd) -> Writers {
    /// `F_SETSIG` of fcntl(2), which the crate of the C library leaves out; the same on every architecture.
    const SET_SIGNAL: libc::c_int = 10;
    let fd = file.as_fd().as_raw_fd();
    // Whoever opens the file for writing while we hold the lease has the kernel send us a signal. The usual one would end
    // this process; this one is ignored by those who have not asked for it.
    // SAFETY: takes numbers alone, and `fd` is open for as long as `file` is borrowed.
    if unsafe { libc::fcntl(fd, SET_SIGNAL, libc::SIGURG) } != 0 {
        return Writers::Unknown;
    }
    // SAFETY: as above.
    if unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) } == 0 {
        // SAFETY: as above. It cannot fail for a lease that is held; closing the file would end it, too.
        unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK) };
        return Writers::None;
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::EAGAIN) => Writers::Some,
        _ => Writers::Unknown,
    }
}

/// Elsewhere nobody says.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn writers_of(_: &impl AsFd) -> Writers {
    Writers::Unknown
}
