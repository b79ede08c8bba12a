//! Things that come and go, each at a place that stays: finding one again costs no hashing.

use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Slots<T> {
    all: Vec<Option<Arc<T>>>,
    free: Vec<usize>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Its place.
    pub(super) fn insert(&mut self, thing: Arc<T>) -> usize {
        match self.free.pop() {
            Some(at) => {
                self.all[at] = Some(thing);
                at
            }
            None => {
                self.all.push(Some(thing));
                self.all.len() - 1
            }
        }
    }

    /// False if it is gone already; then something else may be at its place.
    pub(super) fn remove(&mut self, at: usize, thing: &Arc<T>) -> bool {
        let Some(slot) = self.all.get_mut(at) else { return false };
        let is_there = slot.as_ref().is_some_and(|there| Arc::ptr_eq(there, thing));
        if is_there {
            *slot = None;
            self.free.push(at);
        }
        is_there
    }

    /// Takes all. What comes from now on has other places.
    pub(super) fn take_all(&mut self) -> Vec<Arc<T>> {
        self.all.iter_mut().filter_map(Option::take).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_removed_for_what_was_at_its_place_before() {
        let mut slots = Slots::default();
        let (one, two, three) = (Arc::new(1), Arc::new(2), Arc::new(3));
        let first = slots.insert(Arc::clone(&one));
        let second = slots.insert(Arc::clone(&two));
        assert!(slots.remove(first, &one));
        assert_eq!(slots.insert(Arc::clone(&three)), first, "a free place is used again");
        assert!(!slots.remove(first, &one));
        assert_eq!(slots.take_all(), [Arc::clone(&three), Arc::clone(&two)]);
        assert!(!slots.remove(second, &two) && !slots.remove(first, &three) && !slots.remove(9, &one));
        assert_eq!(slots.insert(one), 2);
    }
}
