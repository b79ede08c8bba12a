//! What `std` lacks on WASI and glowplug's host has: permissions of files, and child processes.
//!
//! The vendored crates call this where upstream has a `cfg(unix)` branch. Errors are `io::Error`s with preview 1's
//! numbers, which are the C library's too, so that messages come out as for any other call.

mod command;
mod file;
mod metadata;

pub use command::{Command, End, find_program};
pub use file::{
    Access, absolute, access, bytes, chmod, hard_link, mode_text, os_string, own_id, stat, umask, user_id, user_name,
};
pub use glowplug_sys::Stat;
pub use metadata::Metadata;

/// Bits of [`Stat::mode`].
pub mod mode {
    /// The bits that say what kind of file it is.
    pub const KIND: u32 = 0o170_000;
    /// A folder.
    pub const FOLDER: u32 = 0o040_000;
    /// A symbolic link.
    pub const LINK: u32 = 0o120_000;
    /// An ordinary file.
    pub const FILE: u32 = 0o100_000;
    /// A character device.
    pub const CHARACTER: u32 = 0o020_000;
    /// A block device.
    pub const BLOCK: u32 = 0o060_000;
    /// A named pipe.
    pub const FIFO: u32 = 0o010_000;
    /// A socket.
    pub const SOCKET: u32 = 0o140_000;
    /// The bits that `chmod` sets.
    pub const PERMISSIONS: u32 = 0o7777;
}

fn io_error(errno: glowplug_sys::Errno) -> std::io::Error {
    std::io::Error::from_raw_os_error(errno.0)
}
