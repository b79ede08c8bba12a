//! Work of the host that may take longer than the process lives that waits for it: loading a module, which may have to be compiled.

use super::process::Process;
use super::threads::Threads;
use crate::lock;
use glowplug_sys::abi::errno;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So much of it may be at work at once. Who was killed meanwhile leaves its work behind, and could have begun any amount.
const MOST_AT_WORK: usize = 16;
/// Between two looks whether there is room.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Threads that work for processes, and may be left behind.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    at_work: Arc<AtomicUsize>,
}

/// What became of the work.
enum Place<T> {
    Empty,
    Done(T),
    /// It panicked.
    Lost,
}

/// Says that the work is over, however it ended.
struct Worker<T> {
    place: Arc<Mutex<Place<T>>>,
    at_work: Arc<AtomicUsize>,
    process: Arc<Process>,
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.at_work.fetch_sub(1, Ordering::Relaxed);
        let mut place = lock(&self.place);
        if matches!(*place, Place::Empty) {
            *place = Place::Lost;
        }
        drop(place);
        self.process.wake();
    }
}

impl Aside {
    /// Does `work` on another thread, and waits for it; but no longer than `process` lives, or until a signal that it catches wants it to
    /// end.
    ///
    /// # Errors
    /// `EINTR` when that happened: the work goes on, and nobody hears of it. `EAGAIN` when the system gives no thread,
    /// `EIO` when the work panicked.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        threads: &Threads,
        process: &Arc<Process>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, i32> {
        while self.at_work.fetch_add(1, Ordering::Relaxed) >= MOST_AT_WORK {
            self.at_work.fetch_sub(1, Ordering::Relaxed);
            if process.killed().is_some() {
                return Err(errno::EINTR);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        let place = Arc::new(Mutex::new(Place::Empty));
        let worker =
            Worker { place: Arc::clone(&place), at_work: Arc::clone(&self.at_work), process: Arc::clone(process) };
        let begun = threads.run(move || {
            let done = work();
            *lock(&worker.place) = Place::Done(done);
            drop(worker);
        });
        begun.map_err(|_| errno::EAGAIN)?;
        let found = process.wait_for(|| match std::mem::replace(&mut *lock(&place), Place::Empty) {
            Place::Empty => None,
            Place::Done(done) => Some(Ok(done)),
            Place::Lost => Some(Err(errno::EIO)),
        });
        found.unwrap_or(Err(errno::EINTR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::surroundings::Surroundings;
    use glowplug_sys::abi::signal;
    use std::sync::mpsc::channel;

    fn process() -> Arc<Process> {
        Arc::new(Process::new(2, None, Surroundings::first(None, None, &[])))
    }

    #[test]
    fn work_that_is_done_comes_back() {
        let aside = Aside::default();
        assert_eq!(aside.run(&Threads::default(), &process(), || 7), Ok(7));
        assert_eq!(aside.at_work.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_is_killed_leaves_its_work_behind() {
        let (aside, process) = (Aside::default(), process());
        let (release, stay) = channel::<()>();
        let killed = Arc::clone(&process);
        let work = move || {
            killed.signal(signal::KILL);
            let _ = stay.recv();
        };
        assert_eq!(aside.run(&Threads::default(), &process, work), Err(errno::EINTR));
        assert_eq!(aside.at_work.load(Ordering::Relaxed), 1);
        release.send(()).unwrap();
    }
}
