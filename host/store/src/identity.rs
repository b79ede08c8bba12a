//! Telling whether a file is still the same without reading it.

use serde::{Deserialize, Serialize};
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
    pub fn is_settled_at(&self, read_at: Timestamp) -> bool {
        let coarse = self.ctime.1 == 0 && self.mtime.1 == 0;
        let tick = if coarse { COARSE_TICK } else { TICK };
        self.ctime.plus(tick) < read_at
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
