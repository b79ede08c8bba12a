//! Which entries go when there are too many. A pure function of the entries and the clock.

use std::time::{Duration, SystemTime};

/// What eviction knows of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<T> {
    /// What it is.
    pub id: T,
    /// How large.
    pub bytes: u64,
    /// When it was last used.
    pub last_used: SystemTime,
}

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes.
    pub bytes: u64,
    /// The most entries.
    pub entries: u64,
    /// How long one may lie unused.
    pub age: Duration,
}

/// Something that was removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The file or folder, relative to the cache's folder.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Why.
    pub why: String,
}

/// What was removed, and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What was removed, or would be.
    pub removed: Vec<Removed>,
    /// Entries left.
    pub kept_entries: u64,
    /// Their bytes.
    pub kept_bytes: u64,
}

impl Pruned {
    /// Notes that something was removed.
    pub fn remove(&mut self, path: impl Into<String>, bytes: u64, why: impl Into<String>) {
        self.removed.push(Removed { path: path.into(), bytes, why: why.into() });
    }
}

/// The entries that have to go, least recently used first: those unused for too long, then as many as it takes to come
/// within the bounds. An entry from the future counts as just used: a clock that was set back must not cost it.
pub fn plan<T: Clone + Ord>(entries: &[Candidate<T>], now: SystemTime, limits: Limits) -> Vec<T> {
    let mut oldest_first: Vec<&Candidate<T>> = entries.iter().collect();
    oldest_first.sort_by(|a, b| (a.last_used, &a.id).cmp(&(b.last_used, &b.id)));
    let mut bytes: u128 = entries.iter().map(|entry| u128::from(entry.bytes)).sum();
    let mut count = entries.len() as u64;
    let mut evicted = Vec::new();
    for entry in oldest_first {
        let age = now.duration_since(entry.last_used).unwrap_or_default();
        if age <= limits.age && bytes <= u128::from(limits.bytes) && count <= limits.entries {
            break;
        }
        evicted.push(entry.id.clone());
        bytes -= u128::from(entry.bytes);
        count -= 1;
    }
    evicted
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1000 * DAY)
    }

    fn entry(id: u32, bytes: u64, days: u64) -> Candidate<u32> {
        Candidate { id, bytes, last_used: now() - Duration::from_secs(days * DAY) }
    }

    fn limits(bytes: u64, entries: u64, days: u64) -> Limits {
        Limits { bytes, entries, age: Duration::from_secs(days * DAY) }
    }

    #[test]
    fn nothing_goes_within_the_bounds() {
        let entries = [entry(1, 10, 1), entry(2, 10, 30)];
        assert!(plan(&entries, now(), limits(20, 2, 30)).is_empty());
        assert!(plan::<u32>(&[], now(), limits(0, 0, 0)).is_empty());
    }

    #[test]
    fn each_bound_evicts_the_least_recently_used() {
        let entries = [entry(1, 10, 3), entry(2, 10, 1), entry(3, 10, 2)];
        assert_eq!(plan(&entries, now(), limits(20, 9, 30)), [1]);
        assert_eq!(plan(&entries, now(), limits(99, 1, 30)), [1, 3]);
        assert_eq!(plan(&entries, now(), limits(99, 9, 1)), [1, 3]);
        assert_eq!(plan(&entries, now(), limits(0, 9, 30)), [1, 3, 2]);
    }

    #[test]
    fn a_clock_set_back_evicts_nothing_by_age() {
        let future = Candidate { id: 1, bytes: 1, last_used: now() + Duration::from_secs(900 * DAY) };
        assert!(plan(&[future], now(), limits(9, 9, 1)).is_empty());
    }

    #[test]
    fn sizes_cannot_overflow() {
        let entries = [entry(1, u64::MAX, 2), entry(2, u64::MAX, 1)];
        assert_eq!(plan(&entries, now(), limits(5, 9, 30)), [1, 2]);
    }
}
