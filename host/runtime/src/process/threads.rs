//! The threads that processes run on. A thread whose process has ended waits for the next one.

use crate::lock;
use std::cell::Cell;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// Room for a guest, and for a second one that runs in the foreground of the first. Only what is touched is memory.
const STACK: usize = 16 << 20;
/// The least that a guest may be started with: its own stack, and what the host needs beside it.
const NEEDED: usize = super::MAX_WASM_STACK + (1 << 20);

type Work = Box<dyn FnOnce() + Send>;

/// A pool that grows as needed; the limit of processes bounds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threads {
    idle: Arc<Mutex<Vec<Sender<Work>>>>,
}

thread_local! {
    /// Where this thread's stack began, and how large it is; 0 when nobody knows.
    static STACK_OF_THREAD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// An address near the top of the stack as it is now.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    std::hint::black_box(&raw const local) as usize
}

/// Says how large the calling thread's stack is, which must have hardly been used yet.
pub(crate) fn stack_is(size: usize) {
    STACK_OF_THREAD.set((here(), size));
}

/// Whether another guest fits on the calling thread's stack.
pub(crate) fn has_room() -> bool {
    let (base, size) = STACK_OF_THREAD.get();
    size.saturating_sub(base.saturating_sub(here())) > NEEDED
}

impl Threads {
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
