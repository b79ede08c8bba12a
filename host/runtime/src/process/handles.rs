//! The descriptors of the host that guests hold open, of which all of this program's sessions have one table. Nobody gets all of
//! it: a session may hold as many as are left for the others, and a process as many as are left for its session's others.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the host keeps for itself: its cache, folders, and the wake-ups of processes.
const RESERVED: u64 = 96;

/// Descriptors that all guests hold.
static HELD: AtomicU64 = AtomicU64::new(0);

/// How many there may be in this program; asked once, and again when it was raised. 0 while nobody knows.
static MOST: AtomicU64 = AtomicU64::new(0);

/// What a process holds, or a session.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    held: AtomicU64,
    session: Option<Arc<Handles>>,
}

/// One descriptor that somebody holds.
#[derive(Debug)]
pub(crate) struct Handle(Arc<Handles>);

impl Handles {
    /// A process's, in a session.
    pub(crate) fn of_process(session: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { held: AtomicU64::new(0), session: Some(Arc::clone(session)) })
    }

    /// One of the same session.
    pub(crate) fn alike(&self) -> Arc<Self> {
        Arc::new(Self { held: AtomicU64::new(0), session: self.session.clone() })
    }

    /// Takes one more, if it leaves enough for the others.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Handle> {
        if !(self.may_hold(most()) || raise() && self.may_hold(most())) {
            return None;
        }
        HELD.fetch_add(1, Ordering::Relaxed);
        self.held.fetch_add(1, Ordering::Relaxed);
        if let Some(session) = &self.session {
            session.held.fetch_add(1, Ordering::Relaxed);
        }
        Some(Handle(Arc::clone(self)))
    }

    fn may_hold(&self, most: u64) -> bool {
        let session = self.session.as_ref().map_or(0, |session| session.held.load(Ordering::Relaxed));
        fair(most, HELD.load(Ordering::Relaxed), session, self.held.load(Ordering::Relaxed))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::Relaxed);
        self.0.held.fetch_sub(1, Ordering::Relaxed);
        if let Some(session) = &self.0.session {
            session.held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Whether one more is fair: alone, a session can come to a half of all, and a process to a third.
fn fair(most: u64, all: u64, session: u64, process: u64) -> bool {
    let left = most.saturating_sub(RESERVED).saturating_sub(all);
    session < left && process < left - session
}

fn most() -> u64 {
    match MOST.load(Ordering::Relaxed) {
        0 => {
            let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            MOST.store(most, Ordering::Relaxed);
            most
        }
        most => most,
    }
}

/// Raises this program's own limit as far as it may. Whether that gave more.
fn raise() -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    if raised {
        MOST.store(0, Ordering::Relaxed);
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many a process can take where `others` are held elsewhere, and `siblings` by its session.
    fn takes(most: u64, others: u64, siblings: u64) -> u64 {
        (0..).find(|own| !fair(most, others + siblings + own, siblings + own, *own)).expect("an end")
    }

    #[test]
    fn nobody_gets_all() {
        let most = RESERVED + 900;
        assert_eq!(takes(most, 0, 0), 300);
        // Another process of the same session still gets some, and so does another session.
        assert_eq!(takes(most, 0, 300), 100);
        assert_eq!(takes(most, 450, 0), 150);
        assert_eq!(takes(RESERVED, 0, 0), 0);
    }

    #[test]
    fn what_is_dropped_can_be_taken_again() {
        let session = Arc::new(Handles::default());
        let (one, other) = (Handles::of_process(&session), Handles::of_process(&session));
        let held = [one.take(), other.take(), other.alike().take()];
        assert!(held.iter().all(Option::is_some));
        assert_eq!(session.held.load(Ordering::Relaxed), 3);
        drop(held);
        assert_eq!((session.held.load(Ordering::Relaxed), one.held.load(Ordering::Relaxed)), (0, 0));
    }
}
