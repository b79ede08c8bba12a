//! Inode numbers: what guests are told instead, and whether that still tells the same files apart.

use std::{collections::HashMap, fs::File};

use rustc_hash::FxBuildHasher;

/// A file of the host: its device and its inode number.
pub(super) type Real = (u64, u64);

/// The numbers of one run, in the order in which files were first seen.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<Real, u64, FxBuildHasher>);

impl Numbers {
    /// The number that guests are told for a file.
    pub(super) fn of(&mut self, real: Real) -> u64 {
        let next = self.0.len() as u64 + 1;
        *self.0.entry(real).or_insert(next)
    }
}

/// What is known while the observations of one run are checked, one after another: which of today's files the numbers stand
/// for that the guest was told then. Two names that were one file have to be one again, and two that were not must not.
///
/// It also keeps the folder of the last path open, so that checking in the order of the paths is cheap. Begin anew for each run,
/// and each time that its observations are checked.
#[derive(Debug)]
pub(super) struct Ids {
    real: HashMap<u64, Real, FxBuildHasher>,
    told: HashMap<Real, u64, FxBuildHasher>,
    /// The root's number, a folder in it, and its handle.
    pub(super) folder: Option<(u32, Vec<u8>, File)>,
}

impl Ids {
    /// Nothing is known yet, but there is room for what will be known of so many paths.
    pub(super) fn for_paths(count: usize) -> Self {
        let hasher = FxBuildHasher;
        Self {
            real: HashMap::with_capacity_and_hasher(count, hasher),
            told: HashMap::with_capacity_and_hasher(count, hasher),
            folder: None,
        }
    }

    /// Whether a number that was told may stand for this file.
    pub(super) fn agree(&mut self, told: u64, real: Real) -> bool {
        *self.real.entry(told).or_insert(real) == real && *self.told.entry(real).or_insert(told) == told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_in_both_directions() {
        let mut ids = Ids::for_paths(2);
        assert!(ids.agree(1, (7, 100)) && ids.agree(2, (7, 101)) && ids.agree(1, (7, 100)));
        assert!(!ids.agree(1, (7, 102)), "what was one file is two");
        assert!(!ids.agree(3, (7, 101)), "what was two files is one");
    }
}
