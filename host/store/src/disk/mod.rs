//! The few operations that the store needs of a file system, behind a trait so that tests can make each of them fail.
//!
//! Every path is relative to the store's own folder, which is opened once; nothing is ever followed out of it.

#[cfg(any(test, feature = "faults"))]
pub mod faulty;
mod lease;
mod unix;

pub use lease::{Writers, writers_of};
pub use unix::{FileSystem, FolderDisk, effective_user, executable_identity, identity_at, identity_of, open_private};

use crate::identity::FileIdentity;
use std::fs::File;
use std::io;

/// What the store wants to know of a file or folder.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// What changes when the file does.
    pub identity: FileIdentity,
    /// Whose it is, by number.
    pub owner: u32,
    /// Type and permissions, as in Unix.
    pub mode: u32,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Whether it is a regular file.
    pub is_file: bool,
}

impl Meta {
    /// Why somebody else than `user` could change this, or `None` when nobody can.
    pub fn distrust(&self, user: u32) -> Option<String> {
        if self.owner != user {
            Some(format!("it belongs to user {}, not to user {user} who runs this program", self.owner))
        } else if self.mode & 0o022 != 0 {
            Some(format!("others can write to it (mode {:03o})", self.mode & 0o777))
        } else {
            None
        }
    }
}

/// One entry of a folder.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What it is.
    pub meta: Meta,
}

/// File operations beneath one folder. None follows a symbolic link.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// What `path` is, itself.
    fn stat(&self, path: &str) -> io::Result<Meta>;
    /// Opens for reading.
    fn open(&self, path: &str) -> io::Result<(File, Meta)>;
    /// Reads a small file whole; one of more than a mebibyte is an error.
    fn read(&self, path: &str) -> io::Result<(Vec<u8>, Meta)>;
    /// Creates a file that was not there, readable and writable by the user alone, open for both.
    fn create(&self, path: &str) -> io::Result<File>;
    /// Writes all of `bytes`.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
    /// Waits until what was written is on the disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Renames, replacing what was there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn unlink(&self, path: &str) -> io::Result<()>;
    /// Removes an empty folder.
    fn rmdir(&self, path: &str) -> io::Result<()>;
    /// Creates a folder that only the user can enter; one that is there is left as it is.
    fn mkdir(&self, path: &str) -> io::Result<()>;
    /// What lies in a folder, symbolic links and special files included.
    fn list(&self, path: &str) -> io::Result<Vec<Listed>>;
    /// Sets the modification time to now.
    fn touch(&self, path: &str) -> io::Result<()>;
    /// Creates the file if need be and takes its exclusive lock if nobody has it. The lock ends with the `File`, or with
    /// the process, however that ends.
    fn try_lock(&self, path: &str) -> io::Result<Option<File>>;
    /// Whether somebody has the lock of that file now. Nobody who waits for it is disturbed for longer than this takes.
    fn is_locked(&self, path: &str) -> io::Result<bool>;
    /// Appends in one write, creating the file if need be.
    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Writes over a file, creating it if need be. Whoever reads it meanwhile may find something of both.
    fn overwrite(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
}
