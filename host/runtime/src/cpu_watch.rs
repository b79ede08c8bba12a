//! A limit of processor time for a guest that has this program to itself.

use crate::{Watchdog, lock};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two looks, at least and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// Calls back when this program has computed for so long since the watch began, on all of its threads together, unless it is dropped
/// before.
///
/// Nothing is compiled into the guest for it, as for a [`Watchdog`]: from time to time a thread looks at the clock of the program.
/// What native processes take that were started is not counted.
#[derive(Debug)]
#[must_use = "a dropped watch watches nothing"]
pub struct CpuWatch {
    state: Arc<Mutex<State>>,
}

/// The next look that is waited for; nothing when nobody wants to know any more, or the time is over.
type State = Option<Watchdog>;

impl CpuWatch {
    /// Begins to watch. After `limit`, `on_expiry` runs on a thread of its own, while the guest goes on; it will usually print why and end
    /// the process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(limit: Duration, on_expiry: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let end = used().saturating_add(limit);
        let state = Arc::new(Mutex::new(None));
        look(&state, end, Box::new(on_expiry), true)?;
        Ok(Self { state })
    }
}

impl Drop for CpuWatch {
    fn drop(&mut self) {
        // What is waited for is dropped without the lock.
        let before = lock(&self.state).take();
        drop(before);
    }
}

/// Has another look when the rest could be used up, unless it is.
fn look(
    state: &Arc<Mutex<State>>,
    end: Duration,
    on_expiry: Box<dyn FnOnce() + Send>,
    is_first: bool,
) -> io::Result<()> {
    let left = end.saturating_sub(used());
    let mut watching = lock(state);
    if !is_first && watching.is_none() {
        return Ok(());
    }
    if left.is_zero() {
        let before = watching.take();
        drop(watching);
        drop(before);
        on_expiry();
        return Ok(());
    }
    let processors = std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1));
    let then = Arc::clone(state);
    let next = Watchdog::start((left / processors).clamp(LOOKS.0, LOOKS.1), move || {
        // The thread that looks is there since the first time.
        let _ = look(&then, end, on_expiry, false);
    })?;
    let before = watching.replace(next);
    drop(watching);
    drop(before);
    Ok(())
}

/// Processor time of this program.
fn used() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;

    #[test]
    fn calls_back_when_so_much_is_computed() {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let begun = used();
        let _watch = CpuWatch::start(Duration::from_millis(20), move || told.store(true, Ordering::Release)).unwrap();
        while !over.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        assert!(used() - begun >= Duration::from_millis(20));
    }

    #[test]
    fn is_called_off_by_dropping_it() {
        let (expired, expiry) = channel::<()>();
        let watch = CpuWatch::start(Duration::from_secs(3600), move || expired.send(()).unwrap()).unwrap();
        drop(watch);
        // The sender goes away with the closure, unsent.
        assert!(expiry.recv().is_err());
    }
}
