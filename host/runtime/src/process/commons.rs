//! What sessions that run side by side may take together, as the cases of a test run do.

use crate::account::{Account, Bound, Charge, Limit};
use glowplug_fs::CommonDisk;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Processes of all of them at once.
const MOST_PROCESSES: u64 = 2048;

/// What several sessions may take together. A half of it is set aside in equal shares, so that none can starve the others; the other
/// half is for whoever comes first. Descriptors need no such thing: all sessions of a program share one table of them, fairly.
#[derive(Debug)]
pub struct Commons {
    memory: Part,
    processes: Part,
    disk: Arc<CommonDisk>,
}

/// One of the things that they share.
#[derive(Debug)]
struct Part {
    all: Arc<Account>,
    /// What is set aside for each session.
    share: u64,
    /// How many of these nobody has. A session that was left behind keeps its own until its last thread is gone: whoever comes in its
    /// place has to do with what is common.
    free: Arc<AtomicUsize>,
    _set_aside: Option<Charge>,
}

/// A share that somebody has, until this is dropped.
struct Lent(Arc<AtomicUsize>);

impl Lent {
    fn of(free: &Arc<AtomicUsize>) -> Option<Arc<Self>> {
        let one_less = |free: usize| free.checked_sub(1);
        free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).ok().map(|_| Arc::new(Self(Arc::clone(free))))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Part {
    fn new(limit: Limit, bound: Bound, sessions: NonZeroUsize) -> Self {
        let all = Arc::new(Account::new(limit, bound));
        let free = Arc::new(AtomicUsize::new(sessions.get()));
        let sessions = sessions.get() as u64;
        let share = bound.bytes() / 2 / sessions;
        let set_aside = all.charge(share.saturating_mul(sessions)).ok();
        Self { all, share: if set_aside.is_some() { share } else { 0 }, free, _set_aside: set_aside }
    }

    fn of_session(&self, limit: Limit, bound: Bound) -> Account {
        let account = Account::beneath(&self.all, limit, bound);
        match Lent::of(&self.free) {
            Some(lent) => account.with_set_aside(self.share, Some(lent)),
            None => account,
        }
    }
}

impl Commons {
    /// For so many sessions at once, which together take no more memory than `max_memory_total`, or a half of the machine's. `max_disk` is
    /// what each of them may take of the disk, if somebody said that; together they take half of what is free, unless that is less than one
    /// of them may.
    #[must_use]
    pub fn new(sessions: NonZeroUsize, max_memory_total: Option<u64>, max_disk: Option<u64>) -> Arc<Self> {
        let memory = Bound::or_part(max_memory_total, 2);
        Arc::new(Self {
            memory: Part::new(Limit::MemoryTotal, memory, sessions),
            processes: Part::new(Limit::Processes, Bound::Bytes(MOST_PROCESSES), sessions),
            disk: Arc::new(CommonDisk::new(max_disk)),
        })
    }

    /// The disk, for the settings of each session's namespace.
    #[must_use]
    pub fn disk(&self) -> Arc<CommonDisk> {
        Arc::clone(&self.disk)
    }

    /// The memory of a session that may take so much.
    pub(crate) fn memory(&self, bound: Bound) -> Account {
        self.memory.of_session(Limit::MemoryTotal, bound)
    }

    /// The processes of a session, which looks itself at how many it may have.
    pub(crate) fn processes(&self) -> Arc<Account> {
        Arc::new(self.processes.of_session(Limit::Processes, Bound::Bytes(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greedy_session_leaves_the_others_their_shares() {
        let commons = Commons::new(NonZeroUsize::new(4).expect("a number"), Some(64 << 20), None);
        let share = MOST_PROCESSES / 8;
        let (greedy, modest) = (commons.processes(), commons.processes());
        let all = greedy.charge(MOST_PROCESSES / 2 + share).expect("its own share, and all that is common");
        assert!(greedy.charge(1).is_err() && modest.charge(share + 1).is_err());
        let _own = modest.charge(share).expect("its own share");
        drop(all);
        assert!(modest.charge(1).is_ok());
        let memory = || Arc::new(commons.memory(Bound::OfMachine(2)));
        let (greedy, modest) = (memory(), memory());
        let _all = greedy.charge(40 << 20).expect("its own share, and all that is common");
        assert_eq!(greedy.charge(1).expect_err("nothing is left").limit, Limit::MemoryTotal);
        assert!(modest.charge(8 << 20).is_ok());
    }

    #[test]
    fn who_is_left_behind_keeps_its_share_until_its_last_charge_is_gone() {
        let commons = Commons::new(NonZeroUsize::MIN, Some(64 << 20), None);
        let memory = || Arc::new(commons.memory(Bound::OfMachine(2)));
        let session = memory();
        let left = session.charge(48 << 20).expect("its share, and half of what is common");
        drop(session);
        let next = memory();
        assert!(next.charge(17 << 20).is_err(), "what is left behind still takes its share");
        assert!(next.charge(16 << 20).is_ok());
        drop((left, next));
        assert!(memory().charge(64 << 20).is_ok());
    }
}
