//! Long work on files that somebody may want to end: copying, comparing, hashing.
//!
//! Guests decide how much of it there is, so none may be without an end. Who may want to end it is said once for a
//! thread, by [`interruptible`], because all of a guest's calls are made on the guest's own thread.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::io::Errno;

/// Somebody on whose behalf long work is done.
pub trait Interrupt: Send + Sync {
    /// Whether the work is to end. Asked every few mebibytes, on whatever thread does it.
    fn is_wanted(&self) -> bool;
}

thread_local! {
    static BEHALF: RefCell<Option<Arc<dyn Interrupt>>> = const { RefCell::new(None) };
}

/// As long as this lives, work on this thread is done on somebody's behalf.
#[must_use = "it ends when this is dropped"]
pub struct Interruptible {
    before: Option<Arc<dyn Interrupt>>,
}

impl std::fmt::Debug for Interruptible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interruptible").finish_non_exhaustive()
    }
}

/// Does what this thread does from now on, on this one's behalf: once it wants that, long work on files fails with
/// `EINTR`, and leaves nothing half done. Nests; the inner one counts.
pub fn interruptible(behalf: Arc<dyn Interrupt>) -> Interruptible {
    Interruptible { before: BEHALF.replace(Some(behalf)) }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        // A thread that ends has none any more.
        let _ = BEHALF.try_with(|behalf| behalf.replace(self.before.take()));
    }
}

/// Whether whoever this thread works for wants that to end.
pub fn is_interrupted() -> bool {
    check().is_err()
}

/// `EINTR` if the work on this thread is to end.
pub(crate) fn check() -> Result<(), Errno> {
    let wanted = BEHALF.with_borrow(|behalf| behalf.as_ref().is_some_and(|behalf| behalf.is_wanted()));
    if wanted { Err(Errno::INTR) } else { Ok(()) }
}

/// On whose behalf this thread works, for another one that does a part of it.
pub(crate) fn current() -> Option<Arc<dyn Interrupt>> {
    BEHALF.with_borrow(Clone::clone)
}

/// A point in time from which on work is to end.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now; nothing if that is later than any clock says.
    pub fn after(time: Duration) -> Option<Self> {
        Instant::now().checked_add(time).map(Deadline)
    }
}

impl Interrupt for Deadline {
    fn is_wanted(&self) -> bool {
        Instant::now() >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_counts_and_the_outer_one_comes_back() {
        let late = || Arc::new(Deadline(Instant::now()));
        let early = Arc::new(Deadline::after(Duration::from_secs(3600)).expect("a time"));
        assert_eq!(check(), Ok(()));
        let outer = interruptible(late());
        assert_eq!(check(), Err(Errno::INTR));
        let inner = interruptible(early);
        assert_eq!(check(), Ok(()));
        drop(inner);
        assert_eq!(check(), Err(Errno::INTR));
        drop(outer);
        assert_eq!(check(), Ok(()));
    }
}
