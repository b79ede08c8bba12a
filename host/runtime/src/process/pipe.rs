//! Pipes between processes of a session: bytes in this process's memory, with back-pressure.

use super::process::{Attention, Process};
use crate::lock;
use glowplug_sys::abi::errno;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// How much a bounded pipe holds; Linux's own figure.
const CAPACITY: usize = 64 << 10;

/// Bytes on their way from writers to readers.
#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    readable: Condvar,
    writable: Condvar,
    /// A bounded pipe lets writers wait when it is this full; another kind refuses more.
    limit: usize,
    waits: bool,
    /// What `stat` calls it, unlike all others of its session.
    pub(crate) number: u64,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    readers: usize,
    writers: usize,
}

/// Which end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Read,
    Write,
}

impl Pipe {
    /// A pipe whose two ends are open once each.
    pub(crate) fn bounded(number: u64) -> Arc<Self> {
        Self::new(CAPACITY, true, number)
    }

    /// One that takes up to `limit` bytes at once and never lets a writer wait.
    pub(crate) fn buffer(limit: usize, number: u64) -> Arc<Self> {
        Self::new(limit, false, number)
    }

    fn new(limit: usize, waits: bool, number: u64) -> Arc<Self> {
        let state = Mutex::new(State { bytes: VecDeque::new(), readers: 1, writers: 1 });
        Arc::new(Self { state, readable: Condvar::new(), writable: Condvar::new(), limit, waits, number })
    }

    /// One end is closed by its last owner.
    pub(crate) fn close(&self, end: End) {
        let mut state = lock(&self.state);
        match end {
            End::Read => state.readers -= 1,
            End::Write => state.writers -= 1,
        }
        drop(state);
        self.wake();
    }

    /// Lets everybody who waits look again.
    pub(crate) fn wake(&self) {
        // Under the lock, so that nobody is between looking and waiting.
        let _state = lock(&self.state);
        self.readable.notify_all();
        self.writable.notify_all();
    }

    /// Reads what there is, at least a byte; 0 when all writers are gone.
    pub(crate) fn read(self: &Arc<Self>, process: &Process, out: &mut [u8]) -> Result<usize, i32> {
        if out.is_empty() {
            return Ok(0);
        }
        let mut state = lock(&self.state);
        if state.bytes.is_empty() && state.writers > 0 {
            drop(state);
            let _waiting = process.waits_for_pipe(self);
            state = lock(&self.state);
            while state.bytes.is_empty() && state.writers > 0 {
                if process.attention() != Attention::None {
                    return Err(errno::EINTR);
                }
                state = self.readable.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        }
        let was_full = state.bytes.len() >= self.limit;
        let count = out.len().min(state.bytes.len());
        let (front, back) = state.bytes.as_slices();
        let from_front = count.min(front.len());
        out[..from_front].copy_from_slice(&front[..from_front]);
        out[from_front..count].copy_from_slice(&back[..count - from_front]);
        state.bytes.drain(..count);
        drop(state);
        if was_full && count > 0 {
            self.writable.notify_all();
        }
        Ok(count)
    }

    /// Writes something, waiting for room.
    pub(crate) fn write(self: &Arc<Self>, process: &Process, bytes: &[u8]) -> Result<usize, i32> {
        let mut state = lock(&self.state);
        if state.readers > 0 && state.bytes.len() >= self.limit {
            if !self.waits {
                return Err(errno::ENOSPC);
            }
            drop(state);
            let _waiting = process.waits_for_pipe(self);
            state = lock(&self.state);
            while state.readers > 0 && state.bytes.len() >= self.limit {
                if process.attention() != Attention::None {
                    return Err(errno::EINTR);
                }
                state = self.writable.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        }
        if state.readers == 0 {
            return Err(errno::EPIPE);
        }
        let count = bytes.len().min(self.limit - state.bytes.len());
        state.bytes.extend(&bytes[..count]);
        drop(state);
        self.readable.notify_one();
        Ok(count)
    }

    /// Whether a read would not wait, at the latest at `deadline`.
    pub(crate) fn wait_readable(self: &Arc<Self>, process: &Process, deadline: Option<Instant>) -> Result<bool, i32> {
        let _waiting = process.waits_for_pipe(self);
        let mut state = lock(&self.state);
        loop {
            if !state.bytes.is_empty() || state.writers == 0 {
                return Ok(true);
            }
            if process.attention() != Attention::None {
                return Err(errno::EINTR);
            }
            state = match deadline {
                None => self.readable.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(deadline) => {
                    let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
                    else {
                        return Ok(false);
                    };
                    let waited = self.readable.wait_timeout(state, left);
                    waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
                }
            };
        }
    }

    /// How many bytes wait to be read.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).bytes.len()
    }
}
