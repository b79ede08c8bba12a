//! One process of a session, as the others see it: its number, its children, its signals, and what it waits for.

use super::handles::Handles;
use super::pipe::Pipe;
use super::surroundings::Surroundings;
use crate::account::{Account, Charge};
use crate::lock;
use glowplug_sys::abi::{errno, signal};
use rustix::event::EventfdFlags;
use std::collections::{BTreeMap, HashMap};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A process's number.
pub(crate) type Pid = i32;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with this code of 8 bits.
    Exited(u8),
    /// A signal ended it.
    Killed(i32),
    /// WebAssembly stopped it; to others that looks like SIGABRT.
    Trapped,
}

impl Ended {
    /// As `wait` tells it: an exit code, or 256 and the signal.
    pub(crate) fn status(self) -> u32 {
        match self {
            Self::Exited(code) => code.into(),
            Self::Killed(number) => 256 + number.unsigned_abs(),
            Self::Trapped => Self::Killed(signal::ABRT).status(),
        }
    }

    /// As a shell reports it: 128 and the signal.
    pub(crate) fn exit_code(self) -> i32 {
        match self {
            Self::Exited(code) => code.into(),
            Self::Killed(number) => 128 + number,
            Self::Trapped => Self::Killed(signal::ABRT).exit_code(),
        }
    }
}

/// What a process that waits has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attention {
    None,
    /// A signal that it catches.
    Signal,
    /// It has to end.
    Killed,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) parent: Pid,
    /// What it may take of memory, and takes.
    pub(crate) account: Arc<Account>,
    /// The host's descriptors that it holds.
    pub(crate) handles: Arc<Handles>,
    _place: Option<Charge>,
    /// Its time and chance.
    pub(crate) surroundings: Surroundings,
    /// Whether it may ask the user for lines: the session's first process, if it is a program of
    /// the host's own.
    pub(crate) speaks_for_user: AtomicBool,
    /// Whether it may read the history: that first process, and its forks, which run the same code (`history | grep x`).
    pub(crate) knows_history: AtomicBool,
    /// How many pipes it has made.
    pipes: AtomicU32,
    /// Whether anything is in `signals`: looked at often, set rarely.
    alarmed: AtomicBool,
    /// The signal that ends it, 0 while there is none.
    killed_by: AtomicI32,
    signals: Mutex<Signals>,
    children: Mutex<Children>,
    changed: Condvar,
    waits_for: Mutex<Option<Arc<Pipe>>>,
    /// The child that has taken over this process's thread for as long as it runs.
    foreground: Mutex<Option<Arc<Process>>>,
    /// Wakes it from a wait for a real descriptor; made when it first waits for one.
    wakeup: OnceLock<OwnedFd>,
    /// Microseconds of processor time that its ended children took.
    pub(crate) children_cpu_us: AtomicU64,
    /// Microseconds that its own threads took, noted when it ends.
    pub(crate) cpu_us: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Signals {
    pending: u64,
    caught: u64,
    ignored: u64,
}

#[derive(Debug, Default)]
struct Children {
    /// Each with its place among all that there ever were.
    all: HashMap<Pid, Child>,
    /// Those that ended and were not waited for, by their places: the one that began first is taken first.
    ended: BTreeMap<u64, Pid>,
    next: u64,
}

#[derive(Debug)]
struct Child {
    place: u64,
    ended: Option<End>,
}

/// A process's shares of what its session may take.
#[derive(Debug)]
pub(crate) struct Shares {
    pub(crate) account: Arc<Account>,
    pub(crate) handles: Arc<Handles>,
    /// Its place among the processes of all sessions, where these are counted.
    pub(crate) place: Option<Charge>,
}

/// A child's end, as its parent hears of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) how: Ended,
    /// Microseconds of processor time that it and its own ended children took.
    pub(crate) cpu_us: u64,
    /// What its virtual clock said, if it had one.
    pub(crate) at: u64,
}

/// A child that was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reaped {
    pub(crate) pid: Pid,
    pub(crate) ended: Ended,
    pub(crate) cpu_us: u64,
}

impl glowplug_fs::Interrupt for Process {
    fn is_wanted(&self) -> bool {
        self.attention() == Attention::Killed
    }
}

/// Signals that do nothing unless they are caught.
const HARMLESS: u64 = 1 << signal::CHLD | 1 << 18 | 1 << 23 | 1 << 28;

impl Process {
    /// A process of no session, for tests.
    #[cfg(test)]
    pub(crate) fn alone() -> Self {
        let bound = crate::account::Bound::or_part(None, 2);
        let session = Arc::new(Account::new(crate::account::Limit::MemoryTotal, bound));
        let bound = crate::account::Bound::or_part(None, 4);
        let account = Arc::new(Account::beneath(&session, crate::account::Limit::Memory, bound));
        let shares = Shares { account, handles: Handles::of_process(&Arc::default()), place: None };
        Self::new(2, None, shares, Surroundings::first(None, None, &[]))
    }

    /// A process that ignores what its parent ignored.
    pub(crate) fn new(pid: Pid, parent: Option<&Self>, shares: Shares, surroundings: Surroundings) -> Self {
        let ignored = parent.map_or(0, |parent| lock(&parent.signals).ignored);
        Self {
            pid,
            parent: parent.map_or(0, |parent| parent.pid),
            account: shares.account,
            handles: shares.handles,
            _place: shares.place,
            surroundings,
            speaks_for_user: AtomicBool::new(false),
            knows_history: AtomicBool::new(false),
            pipes: AtomicU32::new(0),
            alarmed: AtomicBool::new(false),
            killed_by: AtomicI32::new(0),
            signals: Mutex::new(Signals { ignored, ..Signals::default() }),
            children: Mutex::default(),
            changed: Condvar::new(),
            waits_for: Mutex::new(None),
            foreground: Mutex::new(None),
            wakeup: OnceLock::new(),
            children_cpu_us: AtomicU64::new(0),
            cpu_us: AtomicU64::new(0),
        }
    }

    /// Shares for a child, of which it has taken nothing yet.
    pub(crate) fn shares_alike(&self) -> Shares {
        Shares { account: self.account.alike(), handles: self.handles.alike(), place: None }
    }

    /// Whether it has to stop what it does.
    pub(crate) fn attention(&self) -> Attention {
        if !self.alarmed.load(Ordering::Acquire) {
            Attention::None
        } else if self.killed_by.load(Ordering::Acquire) != 0 {
            Attention::Killed
        } else {
            Attention::Signal
        }
    }

    /// How it ends, if it was killed.
    pub(crate) fn killed(&self) -> Option<Ended> {
        if !self.alarmed.load(Ordering::Acquire) {
            return None;
        }
        match self.killed_by.load(Ordering::Acquire) {
            0 => None,
            number => Some(Ended::Killed(number)),
        }
    }

    /// Sends a signal. Whether the engine's epoch has to be moved on, because it is to end.
    pub(crate) fn signal(&self, number: i32) -> bool {
        let bit = 1_u64 << number;
        let mut signals = lock(&self.signals);
        let certain = number == signal::KILL;
        if !certain && signals.caught & bit != 0 {
            signals.pending |= bit;
            self.alarmed.store(true, Ordering::Release);
        } else if !certain && (signals.ignored | HARMLESS) & bit != 0 {
            return false;
        } else {
            let _ = self.killed_by.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire);
            self.alarmed.store(true, Ordering::Release);
        }
        drop(signals);
        self.wake();
        let killed = self.killed_by.load(Ordering::Acquire) != 0;
        // A process whose thread is lent to a child cannot end before it.
        let lent_to = if killed { lock(&self.foreground).clone() } else { None };
        if let Some(child) = lent_to {
            child.signal(signal::KILL);
        }
        killed
    }

    /// Lends the thread to a child, which ends with this process if that is killed.
    pub(crate) fn lend_thread(&self, child: &Arc<Process>) -> impl Drop + '_ {
        let lent = self.shares_fate_with(child);
        if self.killed().is_none() && lock(&self.signals).pending & (1 << signal::INT) != 0 {
            // The terminal's interrupt came when the child was not there yet, and was meant for it.
            child.signal(signal::INT);
        }
        lent
    }

    /// From now until the guard goes, a child that this process waits for ends with it.
    pub(crate) fn shares_fate_with(&self, child: &Arc<Process>) -> impl Drop + use<'_> {
        struct Shared<'p>(&'p Process, Option<Arc<Process>>);
        impl Drop for Shared<'_> {
            fn drop(&mut self) {
                *lock(&self.0.foreground) = self.1.take();
            }
        }
        let before = lock(&self.foreground).replace(Arc::clone(child));
        if self.killed().is_some() {
            child.signal(signal::KILL);
        }
        Shared(self, before)
    }

    /// Which signals are caught and ignored from now on.
    pub(crate) fn catch(&self, caught: u64, ignored: u64) {
        let mut signals = lock(&self.signals);
        (signals.caught, signals.ignored) = (caught, ignored);
        signals.pending &= caught;
        self.alarmed.store(signals.pending != 0 || self.killed_by.load(Ordering::Acquire) != 0, Ordering::Release);
    }

    /// Takes the lowest pending signal.
    pub(crate) fn take_pending(&self) -> Option<i32> {
        if !self.alarmed.load(Ordering::Acquire) {
            return None;
        }
        let mut signals = lock(&self.signals);
        if signals.pending == 0 {
            return None;
        }
        let number = signals.pending.trailing_zeros();
        signals.pending &= !(1 << number);
        if signals.pending == 0 && self.killed_by.load(Ordering::Acquire) == 0 {
            self.alarmed.store(false, Ordering::Release);
        }
        Some(number as i32)
    }

    /// Makes whatever it waits for look again.
    pub(crate) fn wake(&self) {
        {
            let _children = lock(&self.children);
            self.changed.notify_all();
        }
        // Not under the lock: waking takes the pipe's own.
        let pipe = lock(&self.waits_for).clone();
        if let Some(pipe) = pipe {
            pipe.wake();
        }
        if let Some(wakeup) = self.wakeup.get() {
            let _ = rustix::io::write(wakeup, &1_u64.to_ne_bytes());
        }
    }

    /// A number for a new pipe of this process.
    pub(crate) fn number_of_pipe(&self) -> u64 {
        u64::from(self.pid.unsigned_abs()) << 32 | u64::from(self.pipes.fetch_add(1, Ordering::Relaxed))
    }

    /// From now until the guard goes, a signal wakes this pipe's waiters.
    pub(crate) fn waits_for_pipe(&self, pipe: &Arc<Pipe>) -> impl Drop + '_ {
        struct Waiting<'p>(&'p Process);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                *lock(&self.0.waits_for) = None;
            }
        }
        *lock(&self.waits_for) = Some(Arc::clone(pipe));
        Waiting(self)
    }

    /// What becomes readable when a signal comes.
    pub(crate) fn wakeup(&self) -> Result<BorrowedFd<'_>, rustix::io::Errno> {
        if self.wakeup.get().is_none() {
            let made = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            let _ = self.wakeup.set(made);
        }
        Ok(self.wakeup.get().expect("set above").as_fd())
    }

    /// Forgets wake-ups that were meant for an earlier wait.
    pub(crate) fn drain_wakeup(&self) {
        if let Some(wakeup) = self.wakeup.get() {
            let _ = rustix::io::read(wakeup, &mut [0_u8; 8]);
        }
    }

    /// Waits until `deadline`, or until a signal comes.
    pub(crate) fn sleep_until(&self, deadline: Option<Instant>) -> Result<(), i32> {
        let mut children = lock(&self.children);
        loop {
            if self.attention() != Attention::None {
                return Err(errno::EINTR);
            }
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::from_secs(3600),
            };
            if left.is_zero() {
                return Ok(());
            }
            children = self.changed.wait_timeout(children, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether what it waits for should be given up: it is to end, or somebody at the terminal or outside wants it to.
    fn is_interrupted(&self) -> bool {
        const ENDING: u64 = 1 << signal::HUP | 1 << signal::INT | 1 << signal::QUIT | 1 << signal::TERM;
        self.alarmed.load(Ordering::Acquire) && (self.killed().is_some() || lock(&self.signals).pending & ENDING != 0)
    }

    /// Waits until `look` finds something, whose maker then has to call [`Process::wake`]; nothing when it is interrupted before that.
    pub(crate) fn wait_for<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let mut children = lock(&self.children);
        loop {
            if let Some(found) = look() {
                return Some(found);
            }
            if self.is_interrupted() {
                return None;
            }
            children = self.changed.wait(children).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Fills `out` with random bytes; `EINTR` when it is to end before that is done.
    pub(crate) fn fill_random(&self, out: &mut [u8]) -> Result<(), i32> {
        // A guest may ask for 4 GiB, which takes seconds.
        for part in out.chunks_mut(1 << 20) {
            if self.killed().is_some() || glowplug_fs::is_interrupted() {
                return Err(errno::EINTR);
            }
            self.surroundings.fill_random(part)?;
        }
        Ok(())
    }

    /// Notes a new child.
    pub(crate) fn adopt(&self, pid: Pid) {
        let mut children = lock(&self.children);
        let place = children.next;
        children.next += 1;
        children.all.insert(pid, Child { place, ended: None });
    }

    /// A child that could not be started after all.
    pub(crate) fn disown(&self, pid: Pid) {
        lock(&self.children).all.remove(&pid);
    }

    /// A child has ended.
    pub(crate) fn child_ended(&self, pid: Pid, end: End) {
        let mut children = lock(&self.children);
        if let Some(child) = children.all.get_mut(&pid) {
            child.ended = Some(end);
            let place = child.place;
            children.ended.insert(place, pid);
        }
        self.changed.notify_all();
        drop(children);
        if lock(&self.signals).caught & (1 << signal::CHLD) != 0 {
            self.signal(signal::CHLD);
        }
    }

    /// Takes a child that ended: this one, or any. Waits for it, unless told not to.
    pub(crate) fn wait(&self, pid: Option<Pid>, nohang: bool) -> Result<Option<Reaped>, i32> {
        let mut children = lock(&self.children);
        loop {
            if let Some(reaped) = self.reap(&mut children, pid)? {
                return Ok(Some(reaped));
            }
            if nohang {
                return Ok(None);
            }
            if self.attention() != Attention::None {
                return Err(errno::EINTR);
            }
            children = self.changed.wait(children).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn reap(&self, children: &mut MutexGuard<'_, Children>, pid: Option<Pid>) -> Result<Option<Reaped>, i32> {
        let pid = match pid {
            Some(pid) => pid,
            None if children.all.is_empty() => return Err(errno::ECHILD),
            None => match children.ended.first_key_value() {
                Some((_, pid)) => *pid,
                None => return Ok(None),
            },
        };
        let Child { place, ended } = children.all.get(&pid).ok_or(errno::ECHILD)?;
        let Some(End { how, cpu_us, at }) = *ended else { return Ok(None) };
        let place = *place;
        children.ended.remove(&place);
        children.all.remove(&pid);
        self.children_cpu_us.fetch_add(cpu_us, Ordering::Relaxed);
        self.surroundings.waited_until(at);
        let cpu_us = if self.surroundings.hides_cpu_time_in_passing() { 0 } else { cpu_us };
        Ok(Some(Reaped { pid, ended: how, cpu_us }))
    }
}
