//! Pipes between processes of a session: bytes in this process's memory, with back-pressure.

use super::process::{Attention, Process};
use crate::account::{Account, Charge};
use crate::lock;
use glowplug_sys::abi::errno;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// How much a bounded pipe holds; Linux's own figure.
const CAPACITY: usize = 64 << 10;
/// The least room that is made.
const LEAST: usize = 4 << 10;

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
    /// What `bytes` may hold without being asked for more.
    room: usize,
    charge: Charge,
    readers: usize,
    writers: usize,
}

/// There is no memory for what is to be written, or none is allowed.
struct NoMemory;

impl State {
    /// Makes room for `more` bytes, a `limit` in all, at the expense of whoever made the pipe.
    fn make_room(&mut self, more: usize, limit: usize) -> Result<(), NoMemory> {
        let needed = self.bytes.len() + more;
        if needed <= self.room {
            return Ok(());
        }
        // By doubling, so that filling it takes few steps; by less where that is too much.
        let doubled = needed.max(self.room * 2).max(LEAST).min(limit);
        let before = self.bytes.len();
        for room in [doubled, needed] {
            if self.charge.grow((room - self.room) as u64).is_err() {
                continue;
            }
            if self.bytes.try_reserve_exact(room - before).is_err() {
                self.charge.shrink((room - self.room) as u64);
                continue;
            }
            self.room = room;
            return Ok(());
        }
        Err(NoMemory)
    }

    /// Gives back what a large buffer took, once it is empty.
    fn rest(&mut self) {
        if self.bytes.is_empty() && self.room > CAPACITY {
            self.bytes = VecDeque::new();
            self.charge.shrink(self.room as u64);
            self.room = 0;
        }
    }
}

/// Which end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Read,
    Write,
}

impl Pipe {
    /// A pipe whose two ends are open once each.
    pub(crate) fn bounded(number: u64, account: &Arc<Account>) -> Arc<Self> {
        Self::new(CAPACITY, true, number, account)
    }

    /// One that takes as many bytes at once as `account` allows, and never lets a writer wait.
    pub(crate) fn buffer(number: u64, account: &Arc<Account>) -> Arc<Self> {
        Self::new(usize::MAX, false, number, account)
    }

    fn new(limit: usize, waits: bool, number: u64, account: &Arc<Account>) -> Arc<Self> {
        let (bytes, charge) = (VecDeque::new(), Charge::none(account));
        let state = Mutex::new(State { bytes, room: 0, charge, readers: 1, writers: 1 });
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
        state.rest();
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
        let full = if self.waits { errno::ENOMEM } else { errno::ENOSPC };
        state.make_room(count, self.limit).map_err(|NoMemory| full)?;
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
