//! Permissions. The host wants absolute paths; programs have relative ones.

use crate::{Stat, io_error, mode};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::wasi::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

/// A text of the operating system as bytes: `OsStr::as_bytes` without the extension trait.
#[must_use]
pub fn bytes(text: &OsStr) -> &[u8] {
    text.as_bytes()
}

/// The way back.
#[must_use]
pub fn os_string(bytes: Vec<u8>) -> OsString {
    OsString::from_vec(bytes)
}

/// The path joined to the working folder. `.` and `..` stay: the host resolves them, with symbolic links in mind.
pub fn absolute(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    if path.as_os_str().is_empty() {
        return Err(io::Error::from_raw_os_error(glowplug_sys::abi::errno::ENOENT));
    }
    let path: Cow<'_, Path> =
        if path.has_root() { Cow::Borrowed(path) } else { Cow::Owned(std::env::current_dir()?.join(path)) };
    Ok(path.as_os_str().as_bytes().to_vec())
}

/// What is known of a file; `follow` looks behind a symbolic link.
pub fn stat(path: impl AsRef<Path>, follow: bool) -> io::Result<Stat> {
    glowplug_sys::stat(&absolute(path)?, follow).map_err(io_error)
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn path_link(
        old_fd: i32,
        flags: i32,
        old: *const u8,
        old_len: usize,
        new_fd: i32,
        new: *const u8,
        new_len: usize,
    ) -> i32;
}

/// The descriptor of `/`, which is the one folder that the host gives us.
const ROOT: i32 = 3;

/// Gives a file another name. Not with std: the C library that we are built with (zig's) mixes up the two paths.
pub fn hard_link(old: impl AsRef<Path>, new: impl AsRef<Path>) -> io::Result<()> {
    let (old, new) = (absolute(old)?, absolute(new)?);
    let below_root = |path: &[u8]| path.iter().position(|&byte| byte != b'/').map(|at| path[at..].to_vec());
    let (Some(old), Some(new)) = (below_root(&old), below_root(&new)) else {
        return Err(io::Error::from_raw_os_error(glowplug_sys::abi::errno::EPERM));
    };
    // SAFETY: the pointers and lengths are slices'.
    match unsafe { path_link(ROOT, 0, old.as_ptr(), old.len(), ROOT, new.as_ptr(), new.len()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Sets the permissions.
pub fn chmod(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    glowplug_sys::chmod(&absolute(path)?, mode & mode::PERMISSIONS).map_err(io_error)
}

/// The mask of permissions that new files do not get.
#[must_use]
pub fn umask() -> u32 {
    glowplug_sys::umask(None)
}

/// A kind of access; the value is its bit in each group of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// Reading, or listing a folder.
    Read = 4,
    /// Writing.
    Write = 2,
    /// Running, or entering a folder.
    Execute = 1,
}

/// Whether this kind of access is permitted to anybody. Who we are to the host is not known here, so this may say yes
/// where the owner alone may; opening the file then says the truth.
#[must_use]
pub fn access(stat: &Stat, access: Access) -> bool {
    stat.mode & (access as u32 * 0o111) != 0
}

/// `drwxr-xr-x`.
#[must_use]
pub fn mode_text(mode: u32) -> String {
    let kind = match mode & mode::KIND {
        mode::FOLDER => 'd',
        mode::LINK => 'l',
        mode::CHARACTER => 'c',
        mode::BLOCK => 'b',
        mode::FIFO => 'p',
        mode::SOCKET => 's',
        _ => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, letters) in [(6, 0o4000, ['s', 'S']), (3, 0o2000, ['s', 'S']), (0, 0o1000, ['t', 'T'])] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letters[0],
            (true, false) => letters[1],
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The name of a user or a group: the host has no list of them, so only the session's own is known, from `USER`.
#[must_use]
pub fn user_name(id: u32) -> String {
    match (id, std::env::var("USER")) {
        (0, _) => "root".to_owned(),
        (own, Ok(name)) if own == own_id() && !name.is_empty() => name,
        _ => id.to_string(),
    }
}

/// The way back: the number of a user or a group that is known here.
#[must_use]
pub fn user_id(name: &str) -> Option<u32> {
    match name {
        "root" => Some(0),
        _ if std::env::var("USER").is_ok_and(|own| own == name) => Some(own_id()),
        _ => None,
    }
}

/// The number under which the session's own files appear.
#[must_use]
pub fn own_id() -> u32 {
    std::env::var("UID").ok().and_then(|id| id.parse().ok()).unwrap_or(1000)
}
