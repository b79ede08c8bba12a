//! What a start is made of, from the process's beginning on.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Twenty times what it takes on a slow machine for a program to get to its `main`.
const PLAUSIBLE: Duration = Duration::from_millis(20);

/// Measures the parts of a start, one after the other.
#[derive(Debug)]
pub(crate) struct Clock {
    before_main: Duration,
    main: Instant,
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Clock {
    /// To be called in `main`'s first line.
    ///
    /// What the process did before cannot be seen on a wall clock from in here (Linux gives a process's start in
    /// hundredths of a second), so the processor time until now stands for it: the kernel mapping the program, and the C
    /// library's start. Time in which the processor was given to others is not in it.
    ///
    /// A process that was something else before, and became this program by `exec` (as `cargo run` does it, or a shell's
    /// `exec`), has that one's processor time too. More than [`PLAUSIBLE`] is taken for that, and left out.
    pub(crate) fn start() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let now = Instant::now();
        let used = Duration::new(cpu.tv_sec.try_into().unwrap_or(0), cpu.tv_nsec.try_into().unwrap_or(0));
        let before_main = if used > PLAUSIBLE { Duration::ZERO } else { used };
        Self { before_main, main: now, last: now, laps: Vec::with_capacity(8) }
    }

    /// Ends a part: all since the last one.
    pub(crate) fn lap(&mut self, name: &'static str) {
        let now = Instant::now();
        self.laps.push((name, now - self.last));
        self.last = now;
    }

    /// The time since the last part ended.
    pub(crate) fn elapsed(&self) -> Duration {
        self.last.elapsed()
    }

    /// Adds a part that was measured elsewhere.
    pub(crate) fn add(&mut self, name: &'static str, time: Duration) {
        self.laps.push((name, time));
    }

    /// The parts in their order; `process` is what was before `main`.
    pub(crate) fn phases(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        std::iter::once(("process", self.before_main)).chain(self.laps.iter().copied())
    }

    /// From the process's start until `moment`.
    pub(crate) fn until(&self, moment: Instant) -> Duration {
        self.before_main + moment.saturating_duration_since(self.main)
    }
}
