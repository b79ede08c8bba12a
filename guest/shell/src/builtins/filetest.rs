//! The tests of files, which `test` and `[[` share.

use crate::shell::Shell;
use crate::text;
use glowplug_sys::Stat;

const S_IFMT: u32 = 0o170_000;
const S_IFSOCK: u32 = 0o140_000;
const S_IFLNK: u32 = 0o120_000;
const S_IFREG: u32 = 0o100_000;
const S_IFBLK: u32 = 0o060_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFIFO: u32 = 0o010_000;

/// What is known of a path; names of descriptors are those of the shell.
pub fn stat(shell: &Shell, path: &str, follow: bool) -> Option<Stat> {
    if path.is_empty() {
        return None;
    }
    let fd = match path {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        path => path.strip_prefix("/dev/fd/").and_then(|fd| fd.parse().ok()),
    };
    match fd {
        Some(fd) => glowplug_sys::fstat(shell.fds.get(fd)?).ok(),
        None => glowplug_sys::stat(&text::to_bytes(&shell.absolute(path)), follow).ok(),
    }
}

/// Whether a path leads to a folder.
pub fn is_folder(shell: &Shell, path: &str) -> bool {
    stat(shell, path, true).is_some_and(|stat| stat.mode & S_IFMT == S_IFDIR)
}

/// Whether a path leads to a file that can be run.
pub fn is_executable_file(shell: &Shell, path: &str) -> bool {
    stat(shell, path, true).is_some_and(|stat| stat.mode & S_IFMT == S_IFREG && stat.mode & 0o111 != 0)
}

/// `-X FILE`. There is one user in the sandbox, who owns what there is: `-O` and `-G` hold for every file, and any
/// permission counts.
pub fn holds(shell: &Shell, letter: char, path: &str) -> bool {
    let Some(stat) = stat(shell, path, !matches!(letter, 'h' | 'L')) else { return false };
    let kind = stat.mode & S_IFMT;
    match letter {
        'b' => kind == S_IFBLK,
        'c' => kind == S_IFCHR,
        'd' => kind == S_IFDIR,
        'f' => kind == S_IFREG,
        'h' | 'L' => kind == S_IFLNK,
        'p' => kind == S_IFIFO,
        'S' => kind == S_IFSOCK,
        'g' => stat.mode & 0o2000 != 0,
        'k' => stat.mode & 0o1000 != 0,
        'u' => stat.mode & 0o4000 != 0,
        'r' => stat.mode & 0o444 != 0,
        'w' => stat.mode & 0o222 != 0,
        'x' => stat.mode & 0o111 != 0,
        's' => stat.size > 0,
        'N' => stat.atime <= stat.mtime,
        _ => true,
    }
}

/// `-nt`: newer, or alone.
pub fn is_newer(shell: &Shell, left: &str, right: &str) -> bool {
    match (stat(shell, left, true), stat(shell, right, true)) {
        (Some(left), Some(right)) => left.mtime > right.mtime,
        (left, right) => left.is_some() && right.is_none(),
    }
}

/// `-ef`.
pub fn is_same(shell: &Shell, left: &str, right: &str) -> bool {
    match (stat(shell, left, true), stat(shell, right, true)) {
        (Some(left), Some(right)) => (left.dev, left.ino) == (right.dev, right.ino),
        _ => false,
    }
}
