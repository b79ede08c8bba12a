//! std's `Metadata` with what the host knows beyond it.

use crate::{Stat, mode, stat};
use std::cell::OnceCell;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// std's `Metadata` with the methods of `std::os::unix::fs::MetadataExt`, so that vendored code written for Unix
/// compiles as it is. The host is asked when one of them is first called: a plain `ls` or `find` needs none.
#[derive(Clone, Debug)]
pub struct Metadata {
    known: fs::Metadata,
    path: PathBuf,
    follow: bool,
    stat: OnceCell<Stat>,
}

#[allow(missing_docs)]
impl Metadata {
    pub fn new(known: fs::Metadata, path: &Path, follow: bool) -> Self {
        Metadata { known, path: path.to_owned(), follow, stat: OnceCell::new() }
    }

    /// A file that vanishes in between shows without permissions, rather than as an error.
    fn stat(&self) -> &Stat {
        self.stat.get_or_init(|| stat(&self.path, self.follow).unwrap_or_default())
    }

    /// With the kind, even when the host does not answer.
    pub fn mode(&self) -> u32 {
        let kind = if self.is_dir() {
            mode::FOLDER
        } else if self.is_symlink() {
            mode::LINK
        } else {
            0
        };
        self.stat().mode | kind
    }

    pub fn nlink(&self) -> u64 {
        self.stat().nlink
    }

    pub fn uid(&self) -> u32 {
        self.stat().uid
    }

    pub fn gid(&self) -> u32 {
        self.stat().gid
    }

    pub fn ino(&self) -> u64 {
        self.stat().ino
    }

    pub fn dev(&self) -> u64 {
        self.stat().dev
    }

    /// The numbers of devices are not known.
    pub fn rdev(&self) -> u64 {
        0
    }

    pub fn size(&self) -> u64 {
        self.len()
    }

    pub fn blocks(&self) -> u64 {
        self.stat().blocks.into()
    }

    pub fn change_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.stat().ctime.try_into().unwrap_or(0))
    }
}

impl Deref for Metadata {
    type Target = fs::Metadata;

    fn deref(&self) -> &fs::Metadata {
        &self.known
    }
}
