//! Functions that were compiled before, for Cranelift's incremental compilation.
//!
//! Cranelift asks for each function by a digest of its intermediate code and of the compiler's settings, and compiles what
//! nobody knows. What it is given is machine code that ends up in an artifact, so it comes from authenticated packs only
//! (`pack.rs`), one for each source and engine.

pub(crate) mod pack;

use pack::{Key, Pack};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What one compilation knows of functions, and what it learns.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    known: Pack,
    /// By the place in `known`.
    used: Vec<AtomicBool>,
    learnt: Mutex<Learnt>,
    found: AtomicU64,
    asked: AtomicU64,
}

/// Sorted, as a pack is.
#[derive(Debug, Default)]
struct Learnt {
    entries: BTreeMap<Key, Vec<u8>>,
    bytes: usize,
}

impl Functions {
    pub(crate) fn new(known: Pack) -> Self {
        let used = (0..known.len()).map(|_| AtomicBool::new(false)).collect();
        Self { known, used, ..Self::default() }
    }

    /// How many functions were found, and how many were asked for.
    pub(crate) fn found(&self) -> (u64, u64) {
        (self.found.load(Ordering::Relaxed), self.asked.load(Ordering::Relaxed))
    }

    /// A new pack: everything that this compilation used, and nothing else, so that a pack never grows beyond the
    /// functions of one module. `None` when that is what is there already, or too much to be kept.
    pub(crate) fn repack(&self) -> Option<Vec<u8>> {
        let learnt = crate::lock(&self.learnt);
        if learnt.entries.is_empty() && self.used.iter().all(|used| used.load(Ordering::Relaxed)) {
            return None;
        }
        let kept = (0..self.known.len()).filter(|&place| self.used[place].load(Ordering::Relaxed));
        let kept = kept.filter_map(|place| self.known.entry(place));
        // What was found and compiled all the same was of no use to Cranelift: what it made instead takes its place.
        let mut entries: Vec<(&Key, &[u8])> = kept.filter(|(key, _)| !learnt.entries.contains_key(*key)).collect();
        entries.extend(learnt.entries.iter().map(|(key, code)| (key, code.as_slice())));
        entries.sort_unstable_by_key(|(key, _)| *key);
        pack::encode(&entries)
    }
}

impl wasmtime::CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let key: &Key = key.try_into().ok()?;
        let found = match self.known.find(key) {
            Some((place, code)) => {
                self.used[place].store(true, Ordering::Relaxed);
                Cow::Borrowed(code)
            }
            // Half of a module's functions are like another one of the same module.
            None => Cow::Owned(crate::lock(&self.learnt).entries.get(key)?.clone()),
        };
        self.found.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let Ok(key) = key.try_into() else { return false };
        let mut learnt = crate::lock(&self.learnt);
        // More than this would not be written, so that there is no use in keeping it.
        if learnt.bytes.saturating_add(value.len()) > pack::MAX_BYTES {
            return false;
        }
        learnt.bytes += value.len();
        learnt.entries.insert(key, value);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::CacheStore as _;

    fn key(byte: u8) -> Key {
        [byte; 32]
    }

    fn reopened(pack: Vec<u8>) -> Functions {
        Functions::new(Pack::decode(pack).expect("whole"))
    }

    #[test]
    fn what_is_learnt_is_found_at_once_and_later() {
        let first = Functions::default();
        assert_eq!(first.get(&key(1)), None);
        assert!(first.insert(&key(2), vec![2; 5]) && first.insert(&key(1), vec![1]));
        assert_eq!(first.get(&key(1)).as_deref(), Some(&[1][..]));
        assert_eq!(first.found(), (1, 2));
        let later = reopened(first.repack().expect("something new"));
        assert_eq!(later.get(&key(1)).as_deref(), Some(&[1][..]));
        assert_eq!(later.get(&key(2)).as_deref(), Some(&[2; 5][..]));
        assert_eq!(later.get(&key(3)), None);
        assert_eq!(later.repack(), None, "all of it was used, and nothing is new");
    }

    #[test]
    fn what_is_not_used_any_more_goes() {
        let first = Functions::default();
        (0..9).for_each(|byte| assert!(first.insert(&key(byte), vec![byte; 100])));
        let second = reopened(first.repack().expect("new"));
        assert!(second.get(&key(4)).is_some());
        let third = reopened(second.repack().expect("less"));
        let left: Vec<u8> = (0..9).filter(|byte| third.get(&key(*byte)).is_some()).collect();
        assert_eq!(left, [4]);
    }

    #[test]
    fn what_cranelift_could_not_use_is_replaced() {
        let first = Functions::default();
        first.insert(&key(1), vec![0]);
        let second = reopened(first.repack().expect("new"));
        assert!(second.get(&key(1)).is_some());
        second.insert(&key(1), vec![7]);
        let third = reopened(second.repack().expect("new"));
        assert_eq!(third.get(&key(1)).as_deref(), Some(&[7][..]));
    }

    #[test]
    fn keys_of_another_length_are_not_kept() {
        let functions = Functions::default();
        assert!(!functions.insert(b"short", vec![1]));
        assert_eq!(functions.get(b"short"), None);
        assert_eq!(functions.repack(), None);
    }
}
