//! What an entry is: kind, permissions, size, times.

use rustix::fs::{RawMode, Statx, StatxFlags};
use serde::{Deserialize, Serialize};

/// The bits of a mode that say what kind of entry it is, as in Unix.
pub(crate) const S_IFMT: u32 = 0o170000;

/// What kind of entry a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Kind {
    File,
    Directory,
    Symlink,
    Fifo,
    Socket,
    CharDevice,
    BlockDevice,
}

impl Kind {
    /// The type bits of a mode: `S_IFREG` and its like.
    pub const fn mode_bits(self) -> u32 {
        match self {
            Kind::Fifo => 0o010000,
            Kind::CharDevice => 0o020000,
            Kind::Directory => 0o040000,
            Kind::BlockDevice => 0o060000,
            Kind::File => 0o100000,
            Kind::Symlink => 0o120000,
            Kind::Socket => 0o140000,
        }
    }

    /// The kind that a mode's type bits say.
    pub const fn from_mode(mode: u32) -> Self {
        match mode & S_IFMT {
            0o010000 => Kind::Fifo,
            0o020000 => Kind::CharDevice,
            0o040000 => Kind::Directory,
            0o060000 => Kind::BlockDevice,
            0o120000 => Kind::Symlink,
            0o140000 => Kind::Socket,
            _ => Kind::File,
        }
    }

    /// The kind that a folder's own listing says; nothing when the file system does not tell.
    pub(crate) fn from_listing(kind: rustix::fs::FileType) -> Option<Self> {
        use rustix::fs::FileType;
        Some(match kind {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice => Kind::CharDevice,
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::Unknown => return None,
        })
    }
}

/// What `stat` says. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stat {
    pub kind: Kind,
    /// Type bits and permissions, as in Unix.
    pub mode: u32,
    pub size: u64,
    pub nlink: u64,
    pub dev: u64,
    pub ino: u64,
    pub uid: u32,
    pub gid: u32,
    /// Units of 512 bytes.
    pub blocks: u64,
    pub atime: i64,
    pub mtime: i64,
    pub ctime: i64,
}

/// What to ask the kernel for.
pub(crate) const WANTED: StatxFlags = StatxFlags::BASIC_STATS;

impl Stat {
    /// Of an entry that only exists in the namespace: owned by root, older than everything.
    pub(crate) fn synthetic(kind: Kind, permissions: u32, size: u64, ino: u64) -> Self {
        Stat {
            kind,
            mode: kind.mode_bits() | permissions,
            size,
            nlink: if kind == Kind::Directory { 2 } else { 1 },
            dev: 0,
            ino,
            uid: 0,
            gid: 0,
            blocks: size.div_ceil(512),
            atime: 0,
            mtime: 0,
            ctime: 0,
        }
    }

    /// Of an open file.
    ///
    /// # Errors
    /// What the host's `fstat` fails with.
    pub fn of_file(file: &std::fs::File) -> Result<Self, crate::FsError> {
        let found = rustix::fs::statx(file, c"", rustix::fs::AtFlags::EMPTY_PATH, WANTED)?;
        Ok(Self::from_statx(&found))
    }

    pub(crate) fn from_fstat(found: &rustix::fs::Stat) -> Self {
        let mode = found.st_mode;
        let time = |seconds: i64, nanoseconds: u64| {
            seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(nanoseconds).unwrap_or(0))
        };
        Stat {
            kind: Kind::from_mode(mode),
            mode,
            size: u64::try_from(found.st_size).unwrap_or(0),
            nlink: found.st_nlink,
            dev: found.st_dev,
            ino: found.st_ino,
            uid: found.st_uid,
            gid: found.st_gid,
            blocks: u64::try_from(found.st_blocks).unwrap_or(0),
            atime: time(found.st_atime, found.st_atime_nsec),
            mtime: time(found.st_mtime, found.st_mtime_nsec),
            ctime: time(found.st_ctime, found.st_ctime_nsec),
        }
    }

    pub(crate) fn from_statx(found: &Statx) -> Self {
        let mode = u32::from(found.stx_mode);
        let time =
            |t: rustix::fs::StatxTimestamp| t.tv_sec.saturating_mul(1_000_000_000).saturating_add(i64::from(t.tv_nsec));
        Stat {
            kind: Kind::from_mode(mode as RawMode),
            mode,
            size: found.stx_size,
            nlink: u64::from(found.stx_nlink),
            dev: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
            ino: found.stx_ino,
            uid: found.stx_uid,
            gid: found.stx_gid,
            blocks: found.stx_blocks,
            atime: time(found.stx_atime),
            mtime: time(found.stx_mtime),
            ctime: time(found.stx_ctime),
        }
    }
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name, which need not be UTF-8.
    pub name: Vec<u8>,
    /// What it is; a symbolic link is one.
    pub kind: Kind,
    /// Its inode number.
    pub ino: u64,
}

impl DirEntry {
    /// What an entry with a name of so many bytes takes of memory, with what an allocation costs.
    pub(crate) fn bytes(name: usize) -> u64 {
        const ALLOCATION: usize = 16;
        (size_of::<Self>() + name + ALLOCATION) as u64
    }
}
