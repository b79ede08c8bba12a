//! The threads that processes run on. A thread whose process has ended waits for the next one.

use crate::enter::{has_room, stack_is};
use crate::lock;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// Room for a guest, and for a second one that runs in the foreground of the first. Only what is touched is memory.
const STACK: usize = 16 << 20;

type Work = Box<dyn FnOnce() + Send>;

/// A pool that grows as needed; the limit of processes bounds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threads {
    idle: Arc<Mutex<Vec<Sender<Work>>>>,
}

impl Threads {
    /// Runs `work` on the calling thread, if a guest has room there, or on another one, and waits for what comes out.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn with_room<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        if has_room() {
            return Ok(work());
        }
        let (sender, receiver) = channel();
        self.run(move || _ = sender.send(work()))?;
        receiver.recv().map_err(|_| io::Error::other("the thread did not come to its end"))
    }

    /// Runs `work` on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut work: Work = Box::new(work);
        while let Some(thread) = { lock(&self.idle).pop() } {
            match thread.send(work) {
                Ok(()) => return Ok(()),
                Err(unsent) => work = unsent.0,
            }
        }
        let (sender, receiver) = channel::<Work>();
        let idle = Arc::clone(&self.idle);
        thread::Builder::new().name("glowplug-process".to_owned()).stack_size(STACK).spawn(move || {
            stack_is(STACK);
            work();
            lock(&idle).push(sender.clone());
            while let Ok(work) = receiver.recv() {
                work();
                lock(&idle).push(sender.clone());
            }
        })?;
        Ok(())
    }
}
