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
//! let reading = Reading::begin(&file, identity_of(&file.metadata()?));
//! // ... read and hash it ...
//! let after = identity_of(&file.metadata()?);
//! let to_note: Option<FileIdentity> = reading.settles(&after).then_some(after);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The reasons are in `adr/0024`.

use crate::disk::{self, FileSystem, Writers};
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

/// What the system says of a file. Whether it stands for the contents is for [`Reading`] to say.
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
    /// Whether a change at `at` or after moves the times, if it moves them at all.
    ///
    /// Git calls the opposite "racily clean" (git, `Documentation/technical/racy-git.txt`) and compares the modification
    /// time. The change time decides here: no program can set it back, and every change of the contents moves it.
    fn is_older_than_a_tick(&self, at: Timestamp) -> bool {
        let coarse = self.ctime.1 == 0 && self.mtime.1 == 0;
        let tick = if coarse { COARSE_TICK } else { TICK };
        self.ctime.plus(tick) < at
    }
}

/// How long the kernel may leave what was written through a mapping unwritten (`dirty_expire_centisecs` and
/// `dirty_writeback_centisecs`: 30 s and 5 s), and some. Afterwards the page is clean, and the next write moves the times.
const WRITTEN_BACK: Duration = Duration::from_secs(60);

/// A look at a file, begun before its first byte is read: it says whether the file's identity may be noted.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    begun: Timestamp,
    before: FileIdentity,
    /// Whether the contents may change while the times stay.
    may_change_unseen: bool,
}

impl Reading {
    /// To be called with the open file, of which the system said `before` a moment ago, before anything is read. `file` should
    /// be open for reading only; else the answer is as if somebody were writing.
    pub fn begin(file: &impl AsFd, before: FileIdentity) -> Self {
        Self::begin_on(FileSystem::of(file), file, before)
    }

    /// The same for who knows already what kind of file system it is on: asking takes as long as opening a small file.
    ///
    /// The times move at the first write through a mapping, and then not until the kernel has written the page back. So the
    /// file must be so old that this has happened, or nobody may have it open for writing. On a file system of memory
    /// nothing is ever written back: there no identity stands for contents.
    pub fn begin_on(system: FileSystem, file: &impl AsFd, before: FileIdentity) -> Self {
        let begun = Timestamp::now();
        let may_change_unseen = match system {
            FileSystem::Memory => true,
            _ if before.ctime.plus(WRITTEN_BACK) < begun => false,
            FileSystem::TellsWriters => disk::writers_of(file) != Writers::None,
            FileSystem::Other => true,
        };
        Self { begun, before, may_change_unseen }
    }

    /// A look, begun at `begun`, at what nobody maps: a folder's entries, what `stat` says of a file, or a file that this
    /// program alone writes.
    pub fn by_times(begun: Timestamp, before: FileIdentity) -> Self {
        Self { begun, before, may_change_unseen: false }
    }

    /// What the system said of the file before.
    pub fn before(&self) -> &FileIdentity {
        &self.before
    }

    /// Whether every change since this began shows in the identity, which is `after` now that it has ended: it must be what
    /// it was, older than a tick of the file system's clock, and nobody may have had a way to change the contents unseen.
    pub fn settles(&self, after: &FileIdentity) -> bool {
        self.before == *after && self.will_show_changes()
    }

    /// The same when nobody has looked again yet: whoever notes the identity must find it unchanged afterwards.
    pub fn will_show_changes(&self) -> bool {
        !self.may_change_unseen && self.before.is_older_than_a_tick(self.begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn identity(seconds: i64, nanos: u32) -> FileIdentity {
        let time = Timestamp(seconds, nanos);
        FileIdentity { dev: 1, ino: 2, size: 3, mtime: time, ctime: time }
    }

    fn by_times(seconds: i64, nanos: u32, file: FileIdentity) -> bool {
        Reading::by_times(Timestamp(seconds, nanos), file).settles(&file)
    }

    #[test]
    fn a_change_in_the_same_tick_is_not_settled() {
        assert!(!by_times(100, 500, identity(100, 500)));
        assert!(!by_times(100, 19_000_000, identity(100, 500)));
        assert!(by_times(100, 20_000_501, identity(100, 500)));
    }

    #[test]
    fn a_file_system_of_whole_seconds_needs_two() {
        assert!(!by_times(101, 900_000_000, identity(100, 0)));
        assert!(by_times(102, 1, identity(100, 0)));
    }

    #[test]
    fn one_that_changed_meanwhile_is_never_settled() {
        let (file, changed) = (identity(100, 7), identity(100, 8));
        assert!(!Reading::by_times(Timestamp(9000, 0), changed).settles(&file));
    }

    /// A file of this process, its identity as if it had last been changed so many seconds ago.
    fn changed_ago(file: &File, seconds: i64) -> FileIdentity {
        let Timestamp(now, _) = Timestamp::now();
        let time = Timestamp(now - seconds, 7);
        FileIdentity { mtime: time, ctime: time, ..disk::identity_of(&file.metadata().expect("metadata")) }
    }

    #[test]
    fn a_reading_beside_a_writer_settles_nothing_until_all_was_written_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let writer = File::create(&path).expect("created");
        let file = File::open(&path).expect("opened");
        let settles = |system, seconds| {
            let before = changed_ago(&file, seconds);
            Reading::begin_on(system, &file, before).settles(&before)
        };
        for unsure in [FileSystem::TellsWriters, FileSystem::Other] {
            assert!(!settles(unsure, 1) && !settles(unsure, 55) && settles(unsure, 65), "{unsure:?}");
        }
        assert!(!settles(FileSystem::Memory, 65) && !settles(FileSystem::Memory, 9000));
        drop(writer);
        if disk::writers_of(&file) == Writers::Unknown {
            return;
        }
        assert!(settles(FileSystem::TellsWriters, 1));
        // It says nothing there of who has a mapping.
        assert!(!settles(FileSystem::Other, 55));
    }

    /// The kernel's answers, for whoever owns the file, on the file system of temporary files.
    #[test]
    fn who_has_a_file_open_for_writing_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let writer = File::create(&path).expect("created");
        let file = File::open(&path).expect("opened");
        if FileSystem::of(&file) != FileSystem::TellsWriters || disk::writers_of(&file) == Writers::Unknown {
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
        assert!(!by_times(100, 0, identity(200, 7)));
    }

    #[test]
    fn an_old_modification_time_does_not_hide_a_recent_change() {
        let copied = FileIdentity { mtime: Timestamp(1, 1), ..identity(100, 7) };
        assert!(!by_times(100, 8, copied));
    }
}
