//! The processor time of a session: that of the threads that its processes run on, while they do.

use super::context::thread_cpu_us;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

thread_local! {
    /// What of this thread's time is counted, in microseconds.
    static COUNTED: Cell<u64> = const { Cell::new(0) };
}

/// Between two looks at processes that compute, at least and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// What a session may take, and has.
#[derive(Debug)]
pub(crate) struct CpuTime {
    most_us: u64,
    used_us: AtomicU64,
}

impl CpuTime {
    /// None used yet.
    pub(crate) fn new(most: Duration) -> Self {
        Self { most_us: u64::try_from(most.as_micros()).unwrap_or(u64::MAX), used_us: AtomicU64::new(0) }
    }

    /// Counts what the calling thread took since it was last counted. Whether that is still within the limit.
    ///
    /// A thread is counted when a process begins and ends on it and while it computes; so what a process in the foreground takes
    /// on its parent's thread is counted once.
    pub(crate) fn count(&self) -> bool {
        let now = thread_cpu_us();
        let new = now.saturating_sub(COUNTED.replace(now));
        self.used_us.fetch_add(new, Ordering::Relaxed).saturating_add(new) <= self.most_us
    }

    /// Forgets what the calling thread did until now: it did it for somebody else.
    pub(crate) fn begin() {
        COUNTED.set(thread_cpu_us());
    }

    /// When it is to be looked at again: all processors together can have used up the rest by then, hardly more.
    pub(crate) fn next_look(&self) -> Duration {
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
        let left = self.most_us.saturating_sub(self.used_us.load(Ordering::Relaxed));
        Duration::from_micros(left / processors).clamp(LOOKS.0, LOOKS.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_computes_is_counted_once() {
        let time = CpuTime::new(Duration::from_millis(2));
        CpuTime::begin();
        assert!(time.count());
        while time.count() {
            std::hint::spin_loop();
        }
        let used = time.used_us.load(Ordering::Relaxed);
        assert!(used > 2000, "{used}");
        assert!(!time.count());
        assert_eq!(time.next_look(), LOOKS.0);
    }
}
