// This file is part of the uutils coreutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use glowplug_unix::{Access, Stat, access, mode};
use std::ffi::{CString, OsStr};
use std::fs;

use crate::{PathCondition, modified_since_read};

/// std on WASI has no permission bits and hides special file types, so what
/// depends on them is asked of glowplug's host.
pub fn path(path: &OsStr, condition: &PathCondition) -> bool {
    let metadata = if condition == &PathCondition::SymLink {
        fs::symlink_metadata(path)
    } else {
        fs::metadata(path)
    };

    let Ok(metadata) = metadata else {
        return false;
    };

    let file_type = metadata.file_type();

    match condition {
        PathCondition::Directory => file_type.is_dir(),
        PathCondition::Exists => true,
        PathCondition::ExistsModifiedLastRead => modified_since_read(&metadata),
        PathCondition::Regular => file_type.is_file(),
        PathCondition::SymLink => file_type.is_symlink(),
        PathCondition::NonEmpty => metadata.len() > 0,
        _ => glowplug_unix::stat(path, true).is_ok_and(|stat| host_says(&stat, condition)),
    }
}

/// What only the host knows. Who we are to it is not known here: a file that
/// exists for us counts as ours.
fn host_says(stat: &Stat, condition: &PathCondition) -> bool {
    match condition {
        PathCondition::Readable => access(stat, Access::Read),
        PathCondition::Writable => access(stat, Access::Write),
        PathCondition::Executable => access(stat, Access::Execute),
        PathCondition::BlockSpecial => stat.mode & mode::KIND == mode::BLOCK,
        PathCondition::CharacterSpecial => stat.mode & mode::KIND == mode::CHARACTER,
        PathCondition::Fifo => stat.mode & mode::KIND == mode::FIFO,
        PathCondition::Socket => stat.mode & mode::KIND == mode::SOCKET,
        PathCondition::UserIdFlag => stat.mode & 0o4000 != 0,
        PathCondition::GroupIdFlag => stat.mode & 0o2000 != 0,
        PathCondition::Sticky => stat.mode & 0o1000 != 0,
        _ => true,
    }
}

/// Whether `a` and `b` are the same file, the condition behind `-ef`.
/// `std::os::wasi`'s dev/ino accessors are unstable, so go through `stat`.
pub fn same_file(a: &OsStr, b: &OsStr) -> bool {
    fn stat(path: &OsStr) -> Option<libc::stat> {
        // WASI paths are UTF-8; anything else cannot name a file here.
        let path = CString::new(path.to_str()?).ok()?;
        let mut stat = unsafe { std::mem::zeroed::<libc::stat>() };
        (unsafe { libc::stat(path.as_ptr(), &raw mut stat) } == 0).then_some(stat)
    }

    match (stat(a), stat(b)) {
        (Some(a), Some(b)) => a.st_dev == b.st_dev && a.st_ino == b.st_ino,
        _ => false,
    }
}
