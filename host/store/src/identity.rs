//! Telling whether a file is still the same without reading it.
//!
//! There is one rule, for modules, artifacts, resident programs and the inputs of calls alike. A file's contents are read
//! (and hashed), and its [`FileIdentity`] is noted; later an equal identity stands for the same contents. That holds only
//! if every later change moves the identity, which must be known *before* reading begins:
//!
//! ```
//! # use glowplug_store::{FileIdentity, identity::Reading, disk::identity_of};
//! # let path = std::env::current_exe().unwrap();
//! let file = std::fs::File::open(path)?;
//! let before = identity_of(&file.metadata()?);
//! let reading = Reading::begin(&file);
//! // ... read and hash it ...
//! let after = identity_of(&file.metadata()?);
//! let to_note: Option<FileIdentity> = reading.settles(&before, &after).then_some(after);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! What is only looked at and has no contents of its own to read (a folder, a name) asks [`FileIdentity::is_settled_at`].
//! The reasons are in `adr/0024`.

use crate::disk::{self, Writers};
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time as a file system keeps it: seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Timestamp(pub i64, pub u32);

impl Timestamp {
    /// The time that it is.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// As the standard library has it.
    pub fn as_system_time(self) -> SystemTime {
        let seconds = Duration::from_secs(self.0.unsigned_abs());
        let base = if self.0 < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
        base.unwrap_or(UNIX_EPOCH) + Duration::from_nanos(u64::from(self.1))
    }

    fn plus(self, delay: Duration) -> Self {
        let nanos = u64::from(self.1) + u64::from(delay.subsec_nanos());
        let carry = i64::try_from(nanos / 1_000_000_000).unwrap_or(0);
        let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(seconds).saturating_add(carry), (nanos % 1_000_000_000) as u32)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
            Err(_) => Self(0, 0),
        }
    }
}

/// What the system says of a file. While it stays the same the contents stay the same, with one exception:
/// two changes within one tick of the file system's clock. [`FileIdentity::is_settled_at`] rules that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FileIdentity {
    pub dev: u64,
    pub ino: u64,
    pub size: u64,
    pub mtime: Timestamp,
    pub ctime: Timestamp,
}

/// Linux takes a file's time from a clock that ticks with the scheduler: every 10 ms at the coarsest (`HZ=100`). Twice
/// that, so that a reading at the edge of a tick is on the safe side.
const TICK: Duration = Duration::from_millis(20);

/// FAT keeps two seconds; HFS+, ext3 and some network file systems keep one.
const COARSE_TICK: Duration = Duration::from_secs(2);

impl FileIdentity {
    /// Whether a later change must show in the identity, given that the contents were read at `read_at` or after.
    ///
    /// Git calls the opposite "racily clean" (git, `Documentation/technical/racy-git.txt`) and compares the modification
    /// time. The change time decides here: no program can set it back, and every change of the contents moves it.
    ///
    /// This looks at times alone. Files that were opened and read ask [`Reading`], which knows of mappings as well.
    pub fn is_settled_at(&self, read_at: Timestamp) -> bool {
        let coarse = self.ctime.1 == 0 && self.mtime.1 == 0;
        let tick = if coarse { COARSE_TICK } else { TICK };
        self.ctime.plus(tick) < read_at
    }
}

/// How long the kernel may leave what was written through a mapping unwritten (`dirty_expire_centisecs` and
/// `dirty_writeback_centisecs`: 30 s and 5 s), and some. Afterwards the page is clean, and the next write moves the times.
const WRITTEN_BACK: Duration = Duration::from_secs(60);

/// The reading of a file, begun before its first byte is read: it says whether the file's identity may be noted.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    begun: Timestamp,
    writers: Writers,
    volatile: bool,
}

impl Reading {
    /// To be called with the open file, before reading. `file` should be open for reading only; else the answer is as if
    /// somebody were writing.
    pub fn begin(file: &impl AsFd) -> Self {
        let volatile = disk::is_volatile(file);
        let writers = if volatile { Writers::Unknown } else { disk::writers_of(file) };
        Self { begun: Timestamp::now(), writers, volatile }
    }

    /// Whether every change since this reading began shows in the identity: it was `before` when the reading began, and is
    /// `after` now that it has ended.
    ///
    /// - They must be equal, and older than a tick of the file system's clock.
    /// - Nobody may have the file open for writing when the reading begins: the times move at the first write through a
    ///   mapping, and then not until the kernel has written the page back. Where the system does not tell, the file must
    ///   be so old that this has happened.
    /// - On a file system of memory nothing is ever written back: there no identity stands for contents.
    pub fn settles(&self, before: &FileIdentity, after: &FileIdentity) -> bool {
        let no_mapping = match self.writers {
            Writers::None => true,
            Writers::Some | Writers::Unknown => after.ctime.plus(WRITTEN_BACK) < self.begun,
        };
        before == after && !self.volatile && no_mapping && after.is_settled_at(self.begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seconds: i64, nanos: u32) -> FileIdentity {
        let time = Timestamp(seconds, nanos);
        FileIdentity { dev: 1, ino: 2, size: 3, mtime: time, ctime: time }
    }

    #[test]
    fn a_change_in_the_same_tick_is_not_settled() {
        assert!(!identity(100, 500).is_settled_at(Timestamp(100, 500)));
        assert!(!identity(100, 500).is_settled_at(Timestamp(100, 19_000_000)));
        assert!(identity(100, 500).is_settled_at(Timestamp(100, 20_000_501)));
    }

    #[test]
    fn a_file_system_of_whole_seconds_needs_two() {
        assert!(!identity(100, 0).is_settled_at(Timestamp(101, 900_000_000)));
        assert!(identity(100, 0).is_settled_at(Timestamp(102, 1)));
    }

    fn reading(seconds: i64, writers: Writers, volatile: bool) -> Reading {
        Reading { begun: Timestamp(seconds, 0), writers, volatile }
    }

    #[test]
    fn a_reading_beside_a_writer_settles_nothing_until_all_was_written_back() {
        let file = identity(100, 7);
        assert!(reading(101, Writers::None, false).settles(&file, &file));
        for unsure in [Writers::Some, Writers::Unknown] {
            assert!(!reading(101, unsure, false).settles(&file, &file));
            assert!(!reading(160, unsure, false).settles(&file, &file));
            assert!(reading(161, unsure, false).settles(&file, &file));
        }
    }

    #[test]
    fn a_file_of_memory_or_one_that_changed_meanwhile_is_never_settled() {
        let (file, changed) = (identity(100, 7), identity(100, 8));
        assert!(!reading(9000, Writers::None, true).settles(&file, &file));
        assert!(!reading(9000, Writers::None, false).settles(&changed, &file));
        assert!(!reading(100, Writers::None, false).settles(&file, &file));
        let coarse = identity(100, 0);
        assert!(!reading(102, Writers::None, false).settles(&coarse, &coarse));
        assert!(reading(103, Writers::None, false).settles(&coarse, &coarse));
    }

    /// The kernel's answers, for whoever owns the file, on the file system of temporary files.
    #[test]
    fn who_has_a_file_open_for_writing_is_noticed() {
        use std::fs::File;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let writer = File::create(&path).expect("created");
        let file = File::open(&path).expect("opened");
        if disk::is_volatile(&file) || disk::writers_of(&file) == Writers::Unknown {
            return;
        }
        assert_eq!(disk::writers_of(&file), Writers::Some);
        drop(writer);
        assert_eq!(disk::writers_of(&file), Writers::None);
        // Nothing of the lease is left that would keep others from writing, or send a signal.
        std::fs::write(&path, b"more").expect("written");
        assert_eq!(disk::writers_of(&file), Writers::None);
    }

    #[test]
    fn a_time_in_the_future_is_never_settled() {
        assert!(!identity(200, 7).is_settled_at(Timestamp(100, 0)));
    }

    #[test]
    fn an_old_modification_time_does_not_hide_a_recent_change() {
        let copied = FileIdentity { mtime: Timestamp(1, 1), ..identity(100, 7) };
        assert!(!copied.is_settled_at(Timestamp(100, 8)));
    }
}
