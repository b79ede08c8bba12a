//! Time limits for runs, kept by a thread.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock;

/// Calls back when time is up, unless it is dropped before.
///
/// A thread, rather than Wasmtime's epochs, because epochs are compiled into the guest's code: a run with a time limit would
/// need another artifact than one without. One thread waits for all watchdogs; it stays when the last one is gone.
#[derive(Debug)]
#[must_use = "a dropped watchdog watches nothing"]
pub struct Watchdog {
    key: Key,
}

/// When time is up, and a number that tells it from others of that moment.
type Key = (Instant, u64);

/// What is waited for.
struct Watched {
    waiting: Mutex<Waiting>,
    sooner: Condvar,
}

struct Waiting {
    calls: BTreeMap<Key, Box<dyn FnOnce() + Send>>,
    number: u64,
    has_thread: bool,
}

static WATCHED: Watched = Watched {
    waiting: Mutex::new(Waiting { calls: BTreeMap::new(), number: 0, has_thread: false }),
    sooner: Condvar::new(),
};

/// Longer than anybody waits; a moment further off may not be one.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Watchdog {
    /// Starts to watch. After `limit`, `on_expiry` runs on a thread of its own, while the guest goes on; it will usually print
    /// why and end the process, or the guest.
    ///
    /// Dropping the watchdog calls it off. When that happens just as time runs out, `on_expiry` may still run.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(limit: Duration, on_expiry: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let mut waiting = lock(&WATCHED.waiting);
        if !waiting.has_thread {
            thread::Builder::new().name("glowplug-watchdog".to_owned()).stack_size(256 << 10).spawn(watch)?;
            waiting.has_thread = true;
        }
        waiting.number += 1;
        let key = (Instant::now() + limit.min(FAR), waiting.number);
        waiting.calls.insert(key, Box::new(on_expiry));
        let first = waiting.calls.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(waiting);
        if first {
            WATCHED.sooner.notify_one();
        }
        Ok(Self { key })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // What the call holds is dropped without the lock.
        let called_off = lock(&WATCHED.waiting).calls.remove(&self.key);
        drop(called_off);
    }
}

/// Waits for the next moment, for ever.
fn watch() {
    let mut waiting = lock(&WATCHED.waiting);
    loop {
        let next = waiting.calls.first_key_value().map(|((at, _), _)| at.saturating_duration_since(Instant::now()));
        waiting = match next {
            None => WATCHED.sooner.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            Some(left) if left.is_zero() => {
                let expired = waiting.calls.pop_first();
                drop(waiting);
                if let Some((_, call)) = expired {
                    expire(call);
                }
                lock(&WATCHED.waiting)
            }
            Some(left) => WATCHED.sooner.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

/// On a thread of its own: a call that takes long must not keep the others' time from running out.
fn expire(call: Box<dyn FnOnce() + Send>) {
    let call = Arc::new(Mutex::new(Some(call)));
    let shared = Arc::clone(&call);
    let run = move || {
        if let Some(call) = lock(&shared).take() {
            call();
        }
    };
    let spawned = thread::Builder::new().name("glowplug-expiry".to_owned()).stack_size(256 << 10).spawn(run);
    if spawned.is_err()
        && let Some(call) = lock(&call).take()
    {
        call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn calls_back_when_time_is_up() {
        let (expired, expiry) = channel();
        let watchdog = Watchdog::start(Duration::ZERO, move || expired.send(()).unwrap()).unwrap();
        expiry.recv().unwrap();
        drop(watchdog);
    }

    #[test]
    fn is_called_off_by_dropping_it() {
        let (expired, expiry) = channel::<()>();
        let watchdog = Watchdog::start(Duration::from_secs(3600), move || expired.send(()).unwrap()).unwrap();
        drop(watchdog);
        // The sender goes away with the closure, unsent, when the thread has seen that nobody waits any more.
        assert!(expiry.recv().is_err());
    }

    #[test]
    fn many_expire_in_their_order_and_slow_calls_keep_nobody_waiting() {
        let (expired, expiry) = channel();
        let (release, stay) = channel::<()>();
        let call = |name: &'static str| {
            let expired = expired.clone();
            move || expired.send(name).unwrap()
        };
        let _later = Watchdog::start(Duration::from_millis(40), call("later")).unwrap();
        let _slow = Watchdog::start(Duration::from_millis(5), move || _ = stay.recv()).unwrap();
        let _soon = Watchdog::start(Duration::from_millis(10), call("soon")).unwrap();
        let _never = Watchdog::start(Duration::MAX, call("never")).unwrap();
        assert_eq!([expiry.recv().unwrap(), expiry.recv().unwrap()], ["soon", "later"]);
        release.send(()).unwrap();
    }
}
