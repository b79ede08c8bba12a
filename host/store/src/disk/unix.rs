//! The real file system of a Unix. What only Unix has is here and nowhere else in this crate.

use super::{Disk, Listed, Meta};
use crate::identity::{FileIdentity, Timestamp};
use crate::room;
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Manifests and source entries are a few hundred bytes; whatever is larger was not written by us.
const SMALL_FILE: u64 = 1 << 20;

/// A folder of the real file system.
#[derive(Debug)]
pub struct FolderDisk {
    folder: OwnedFd,
}

impl FolderDisk {
    /// Opens the folder at `path`, which may itself be reached through symbolic links: people move caches that way.
    pub fn open(path: &Path) -> io::Result<(Self, Meta)> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = fs::open(path, flags, Mode::empty())?;
        let meta = meta_of(&fs::fstat(&folder)?);
        Ok((Self { folder }, meta))
    }

    fn openat(&self, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        open_beneath(self.folder.as_fd(), path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, mode)
    }

    /// The folder that holds `path`, opened without following links, and the last component.
    fn parent<'a>(&self, path: &'a str) -> io::Result<(OwnedFd, &'a str)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        Ok((self.openat(folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?, name))
    }
}

impl Disk for FolderDisk {
    fn stat(&self, path: &str) -> io::Result<Meta> {
        Ok(meta_of(&fs::statat(&self.folder, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn open(&self, path: &str) -> io::Result<(File, Meta)> {
        // Without NONBLOCK a pipe planted under this name would block us for ever.
        let file = self.openat(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?;
        let meta = meta_of(&fs::fstat(&file)?);
        Ok((file.into(), meta))
    }

    fn read(&self, path: &str) -> io::Result<(Vec<u8>, Meta)> {
        let (mut file, meta) = self.open(path)?;
        if !meta.is_file || meta.identity.size > SMALL_FILE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "not a file of ours: its kind or its size is wrong",
            ));
        }
        // One read call in the common case: the size is known, and a short answer means that the end was met.
        Ok((room::read_exactly(&mut file, meta.identity.size)?, meta))
    }

    fn create(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(self.openat(path, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from_folder, from_name) = self.parent(from)?;
        match (from.rsplit_once('/'), to.rsplit_once('/')) {
            (Some((one, _)), Some((other, to_name))) if one == other => {
                Ok(fs::renameat(&from_folder, from_name, &from_folder, to_name)?)
            }
            _ => {
                let (to_folder, to_name) = self.parent(to)?;
                Ok(fs::renameat(from_folder, from_name, to_folder, to_name)?)
            }
        }
    }

    fn unlink(&self, path: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        Ok(fs::unlinkat(folder, name, AtFlags::empty())?)
    }

    fn rmdir(&self, path: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        Ok(fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
    }

    fn mkdir(&self, path: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        match fs::mkdirat(folder, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self, path: &str) -> io::Result<Vec<Listed>> {
        let folder = self.openat(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        let mut listed = Vec::new();
        for entry in fs::Dir::read_from(&folder)? {
            let entry = entry?;
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => listed.push(Listed { name: name.to_owned(), meta: meta_of(&stat) }),
                // Another process may remove it between the listing and the question.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(listed)
    }

    fn touch(&self, path: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        let now = fs::Timespec { tv_sec: 0, tv_nsec: fs::UTIME_NOW };
        let omit = fs::Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT };
        let times = fs::Timestamps { last_access: omit, last_modification: now };
        Ok(fs::utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn try_lock(&self, path: &str) -> io::Result<Option<File>> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let file: File = self.openat(path, flags, Mode::RUSR | Mode::WUSR)?.into();
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // The owner before us removes the file before letting go: a lock on a file that is no longer there is no lock.
        match self.stat(path) {
            Ok(meta) if meta.identity.ino == fs::fstat(&file)?.st_ino => Ok(Some(file)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_locked(&self, path: &str) -> io::Result<bool> {
        let (file, _) = self.open(path)?;
        match fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND;
        let mut file: File = self.openat(path, flags, Mode::RUSR | Mode::WUSR)?.into();
        file.write_all(bytes)
    }

    fn overwrite(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK;
        let mut file: File = self.openat(path, flags, Mode::RUSR | Mode::WUSR)?.into();
        file.write_all(bytes)?;
        let len = bytes.len() as u64;
        if file.metadata()?.len() > len { file.set_len(len) } else { Ok(()) }
    }
}

/// Opens `path` beneath `folder`; no component may be a symbolic link.
#[cfg(target_os = "linux")]
fn open_beneath(folder: std::os::fd::BorrowedFd<'_>, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match fs::openat2(folder, path, flags, mode, resolve) {
        // Linux before 5.6, or a sandbox that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => open_component_by_component(folder, path, flags, mode),
        other => Ok(other?),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(folder: std::os::fd::BorrowedFd<'_>, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    open_component_by_component(folder, path, flags, mode)
}

fn open_component_by_component(
    folder: std::os::fd::BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
    mode: Mode,
) -> io::Result<OwnedFd> {
    let mut folder = folder.try_clone_to_owned()?;
    let mut rest = path;
    while let Some((first, others)) = rest.split_once('/') {
        let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = fs::openat(&folder, first, step, Mode::empty())?;
        rest = others;
    }
    Ok(fs::openat(&folder, rest, flags, mode)?)
}

// The widths of stat's fields differ between platforms; on the one at hand some of these are no conversions.
#[allow(clippy::unnecessary_cast)]
fn meta_of(stat: &fs::Stat) -> Meta {
    let kind = fs::FileType::from_raw_mode(stat.st_mode);
    Meta {
        identity: FileIdentity {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            size: stat.st_size as u64,
            mtime: Timestamp(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            ctime: Timestamp(stat.st_ctime as i64, stat.st_ctime_nsec as u32),
        },
        owner: stat.st_uid,
        mode: stat.st_mode as u32,
        is_dir: kind == fs::FileType::Directory,
        is_file: kind == fs::FileType::RegularFile,
    }
}

/// The identity in metadata of the standard library's.
pub fn identity_of(metadata: &std::fs::Metadata) -> FileIdentity {
    FileIdentity {
        dev: metadata.dev(),
        ino: metadata.ino(),
        size: metadata.size(),
        mtime: Timestamp(metadata.mtime(), metadata.mtime_nsec() as u32),
        ctime: Timestamp(metadata.ctime(), metadata.ctime_nsec() as u32),
    }
}

/// The identity of what is at a path, relative to an open folder.
///
/// # Errors
/// What the system says, with its number.
pub fn identity_at(folder: &File, path: &[u8], follow: bool) -> io::Result<FileIdentity> {
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(meta_of(&fs::statat(folder, if path.is_empty() { b"." } else { path }, flags)?).identity)
}

/// What a file system lets one know of who writes to its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// Whoever may write to a file, by a mapping as well, has it open; and what is written through a mapping moves the file's
    /// times once more after it was written back.
    TellsWriters,
    /// The times move as above. But a mapping may hold on to another file than the one that was opened, as on overlayfs,
    /// which containers are on; or the writer is on another machine.
    Other,
    /// It lies in memory, where writing through a mapping that was read first leaves no trace in the file's times, however
    /// long ago it was made.
    Memory,
}

impl FileSystem {
    /// That of an open file; one that does not say is [`FileSystem::Other`].
    #[cfg(target_os = "linux")]
    pub fn of(file: &impl AsFd) -> Self {
        #[allow(clippy::unnecessary_cast, reason = "its width differs between platforms")]
        fs::fstatfs(file).map_or(Self::Other, |system| Self::of_type(system.f_type as u64 & 0xffff_ffff))
    }

    /// Elsewhere the times of files in memory are like those of others, and nobody says who writes.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_: &impl AsFd) -> Self {
        Self::Other
    }

    /// By the number that `statfs` gives (`linux/magic.h`, and the file systems' own sources).
    #[cfg(target_os = "linux")]
    fn of_type(number: u64) -> Self {
        match number {
            // tmpfs (and what the kernel makes of it), ramfs, hugetlbfs.
            0x0102_1994 | 0x8584_58f6 | 0x9584_58f6 => Self::Memory,
            // ext2 to ext4, XFS, Btrfs, F2FS, bcachefs, ZFS, JFS.
            0xef53 | 0x5846_5342 | 0x9123_683e | 0xf2f5_2010 | 0xca45_1a4e | 0x2fc1_2fc1 | 0x3153_464a => {
                Self::TellsWriters
            }
            // FAT, exFAT, NTFS3.
            0x4d44 | 0x2011_bab0 | 0x7366_746e => Self::TellsWriters,
            _ => Self::Other,
        }
    }
}

/// The identity of the program that runs, where the system tells.
pub fn executable_identity() -> Option<FileIdentity> {
    #[cfg(target_os = "linux")]
    let path = Path::new("/proc/self/exe");
    #[cfg(not(target_os = "linux"))]
    let path = &std::env::current_exe().ok()?;
    std::fs::metadata(path).ok().map(|metadata| identity_of(&metadata))
}

/// The user whose rights this process has.
pub fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Opens a file that nobody but the user may read or write.
///
/// # Errors
/// When it cannot be opened, or when others have any access to it: then the error says which.
pub fn open_private(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = fs::open(path, flags, Mode::empty())?;
    let meta = meta_of(&fs::fstat(&file)?);
    let reason = match meta.distrust(effective_user()) {
        _ if !meta.is_file => Some("it is not a regular file".to_owned()),
        None if meta.mode & 0o077 != 0 => Some(format!("others can read it (mode {:03o})", meta.mode & 0o777)),
        reason => reason,
    };
    match reason {
        Some(reason) => Err(io::Error::new(io::ErrorKind::PermissionDenied, reason)),
        None => Ok(file.into()),
    }
}
