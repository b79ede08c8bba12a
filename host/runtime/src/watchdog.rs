//! A time limit for a run, kept by a thread.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Calls back when time is up, unless it is dropped before.
///
/// A thread of its own, rather than Wasmtime's epochs, because epochs are compiled into the guest's code: a run with a
/// time limit would need another artifact than one without.
#[derive(Debug)]
#[must_use = "a dropped watchdog watches nothing"]
pub struct Watchdog {
    // Never used to send: the thread notices when it goes away.
    _alive: Sender<std::convert::Infallible>,
}

impl Watchdog {
    /// Starts to watch. After `limit`, `on_expiry` runs on the watchdog's thread, while the guest goes on; it will
    /// usually print why and end the process.
    ///
    /// Dropping the watchdog calls it off. When that happens just as time runs out, `on_expiry` may still run.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(limit: Duration, on_expiry: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (alive, watched) = channel();
        thread::Builder::new().name("glowplug-watchdog".to_owned()).stack_size(256 * 1024).spawn(move || {
            if matches!(watched.recv_timeout(limit), Err(RecvTimeoutError::Timeout)) {
                on_expiry();
            }
        })?;
        Ok(Self { _alive: alive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
