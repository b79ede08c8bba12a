//! The shell's table of descriptors: which handle each number stands for. The shell never renumbers handles; only a
//! child that is spawned gets them under their numbers.

use glowplug_sys::Handle;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A handle that is closed when the last descriptor that stands for it is gone.
#[derive(Debug)]
pub struct OwnedHandle(Handle);

thread_local! {
    /// Every handle that is open, for a fork to close those that are not its own.
    static OPEN: RefCell<BTreeSet<Handle>> = const { RefCell::new(BTreeSet::new()) };
}

impl OwnedHandle {
    pub fn new(handle: Handle) -> Rc<Self> {
        OPEN.with_borrow_mut(|open| open.insert(handle));
        Rc::new(Self(handle))
    }

    pub fn raw(&self) -> Handle {
        self.0
    }
}

impl Drop for OwnedHandle {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.remove(&self.0));
        // Nothing can be done about a close that fails.
        let _ = glowplug_sys::close(self.0);
    }
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Descriptors(BTreeMap<i32, Rc<OwnedHandle>>);

impl Descriptors {
    /// The descriptors that the process began with.
    pub fn inherited() -> Self {
        Self(glowplug_sys::inherited().into_iter().map(|handle| (handle, OwnedHandle::new(handle))).collect())
    }

    pub fn get(&self, fd: i32) -> Option<Handle> {
        self.0.get(&fd).map(|owned| owned.raw())
    }

    /// The handle itself, to be put elsewhere or back later.
    pub fn owned(&self, fd: i32) -> Option<Rc<OwnedHandle>> {
        self.0.get(&fd).cloned()
    }

    pub fn set(&mut self, fd: i32, owned: Rc<OwnedHandle>) {
        self.0.insert(fd, owned);
    }

    /// Whether there was something to close.
    pub fn close(&mut self, fd: i32) -> bool {
        self.0.remove(&fd).is_some()
    }

    /// Makes `to` stand for what `from` stands for; false when `from` is not open.
    pub fn dup(&mut self, from: i32, to: i32) -> bool {
        match self.owned(from) {
            Some(owned) => {
                self.set(to, owned);
                true
            }
            None => false,
        }
    }

    /// The lowest free number that is not below `start`.
    pub fn free_from(&self, start: i32) -> i32 {
        let mut free = start;
        for &fd in self.0.range(start..).map(|(fd, _)| fd) {
            if fd != free {
                break;
            }
            free += 1;
        }
        free
    }

    /// The highest free number that is not above `start`: where process substitutions go.
    pub fn free_below(&self, start: i32) -> i32 {
        (10..=start).rev().find(|fd| !self.0.contains_key(fd)).unwrap_or(start)
    }

    /// In a fork: closes the handles that only its parent needs. What holds them there never runs here.
    /// Nor does it ever let go of those that both use: the fork counts anew, so that `exec >file` closes what was there.
    pub fn close_others(&mut self) {
        let kept: BTreeSet<Handle> = self.0.values().map(|owned| owned.raw()).collect();
        OPEN.with_borrow_mut(|open| {
            open.retain(|&handle| {
                let keep = kept.contains(&handle);
                if !keep {
                    // Nothing can be done about a close that fails.
                    let _ = glowplug_sys::close(handle);
                }
                keep
            });
        });
        let mut counted: BTreeMap<Handle, Rc<OwnedHandle>> = BTreeMap::new();
        for owned in self.0.values_mut() {
            let new = counted.entry(owned.raw()).or_insert_with_key(|&handle| OwnedHandle::new(handle));
            // Not dropped: with the last one counted there, the handle would be closed.
            std::mem::forget(std::mem::replace(owned, Rc::clone(new)));
        }
    }

    /// Numbers and handles, as `spawn` wants them.
    pub fn pairs(&self) -> Vec<(i32, Handle)> {
        self.0.iter().map(|(&fd, owned)| (fd, owned.raw())).collect()
    }
}
