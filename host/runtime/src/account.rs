//! What guests take of the machine, counted before it is taken.
//!
//! An [`Account`] has a bound. Each process has one, above which is its session's; a [`Charge`] is what somebody holds of both,
//! and gives it back when it is dropped. Whatever a guest decides the size of is charged before it is allocated.

use crate::machine;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit that a guest ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Memory of one process, of which all its memories, tables, pipes and what the host keeps for it take a part.
    Memory,
    /// Memory of all processes together.
    MemoryTotal,
    /// Processes at once.
    Processes,
    /// Open files.
    Files,
    /// Bytes written to the session's own output.
    Output,
    /// Processor time of all processes together.
    CpuTime,
    /// The time by the clock.
    Time,
}

impl Limit {
    /// Its name, as of the option that sets it without the dashes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "max-memory",
            Self::MemoryTotal => "max-memory-total",
            Self::Processes => "max-processes",
            Self::Files => "max-files",
            Self::Output => "max-output",
            Self::CpuTime => "cpu-time",
            Self::Time => "timeout",
        }
    }
}

/// How much an account may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// So many bytes.
    Bytes(u64),
    /// This part of the machine's memory: 1 is all of it, 2 a half. Looked up when it could matter.
    OfMachine(u64),
}

impl Bound {
    /// What was asked for, or a part of the machine's memory.
    pub(crate) fn or_part(bytes: Option<u64>, part: u64) -> Self {
        bytes.map_or(Self::OfMachine(part), Self::Bytes)
    }

    /// Up to here no machine is asked how much it has.
    const SMALL: u64 = 64 << 20;

    fn admits(self, total: u64) -> bool {
        match self {
            Self::Bytes(most) => total <= most,
            Self::OfMachine(_) => total <= Self::SMALL || total <= self.bytes(),
        }
    }

    /// How many bytes that are.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Bytes(most) => most,
            Self::OfMachine(part) => (machine::memory() / part).max(Self::SMALL),
        }
    }
}

/// What was refused, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The limit.
    pub limit: Limit,
    /// Bytes that there would have been in all.
    pub needed: u64,
    /// Bytes that there may be.
    pub allowed: u64,
    /// Whether a guest lowered the limit to that by itself (`ulimit`).
    pub lowered: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, needed, allowed, lowered } = self;
        write!(f, "it needs {needed} bytes of memory, and ")?;
        if *lowered {
            f.write_str("ulimit")?
        } else {
            write!(f, "--{}", limit.name())?
        }
        write!(f, " ({}) allows less", Size(*allowed))
    }
}

impl std::error::Error for Refusal {}

/// Bytes, in the largest unit of which they are a whole number, or nearly one.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            let whole = self.0 >> shift;
            if whole > 0 && (self.0.is_multiple_of(1 << shift) || whole >= 10) {
                return write!(f, "{whole} {unit}");
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

/// Bytes that are held, and how many there may be.
pub(crate) struct Account {
    limit: Limit,
    bound: Bound,
    /// What the holder has lowered its bound to.
    lowered: AtomicU64,
    used: AtomicU64,
    above: Above,
}

/// Who hears of what was refused.
type Listener = Box<dyn Fn(&Refusal) + Send + Sync>;

/// What is above an account.
#[derive(Clone)]
enum Above {
    Account(Arc<Account>),
    Listener(Arc<Listener>),
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.used.load(Ordering::Relaxed);
        f.debug_struct("Account").field("limit", &self.limit).field("used", &used).finish_non_exhaustive()
    }
}

impl Account {
    /// An account by itself. `listener` hears of what it and those beneath it refuse, unless a guest wanted it so.
    pub(crate) fn new(limit: Limit, bound: Bound, listener: impl Fn(&Refusal) + Send + Sync + 'static) -> Arc<Self> {
        let above = Above::Listener(Arc::new(Box::new(listener)));
        Arc::new(Self { limit, bound, lowered: AtomicU64::new(u64::MAX), used: AtomicU64::new(0), above })
    }

    /// An account whose charges are `above`'s as well.
    pub(crate) fn beneath(above: &Arc<Self>, limit: Limit, bound: Bound) -> Arc<Self> {
        let above = Above::Account(Arc::clone(above));
        Arc::new(Self { limit, bound, lowered: AtomicU64::new(u64::MAX), used: AtomicU64::new(0), above })
    }

    /// An empty one with the same bounds.
    pub(crate) fn alike(&self) -> Arc<Self> {
        Arc::new(Self {
            limit: self.limit,
            bound: self.bound,
            lowered: AtomicU64::new(self.lowered.load(Ordering::Relaxed)),
            used: AtomicU64::new(0),
            above: self.above.clone(),
        })
    }

    /// The bound, if somebody has set one.
    pub(crate) fn asked_for(&self) -> Option<u64> {
        let lowered = self.lowered.load(Ordering::Relaxed);
        match self.bound {
            Bound::Bytes(bytes) => Some(bytes.min(lowered)),
            Bound::OfMachine(_) => (lowered != u64::MAX).then_some(lowered),
        }
    }

    /// Lowers the bound. What is held already stays.
    pub(crate) fn lower(&self, bytes: u64) {
        self.lowered.fetch_min(bytes, Ordering::Relaxed);
    }

    /// How many bytes are held.
    #[cfg(test)]
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes bytes, as a charge that gives them back.
    ///
    /// # Errors
    /// When this account's bound, or that of one above, does not allow it; then nothing is taken.
    pub(crate) fn charge(self: &Arc<Self>, bytes: u64) -> Result<Charge, Refusal> {
        let mut charge = Charge::none(self);
        charge.grow(bytes)?;
        Ok(charge)
    }

    fn take(&self, bytes: u64) -> Result<(), Refusal> {
        let lowered = self.lowered.load(Ordering::Relaxed);
        let total = self.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if total > lowered || !self.bound.admits(total) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(self.refuse(total));
        }
        if let Above::Account(above) = &self.above
            && let Err(refusal) = above.take(bytes)
        {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(refusal);
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Above::Account(above) = &self.above {
            above.give_back(bytes);
        }
    }

    fn refuse(&self, needed: u64) -> Refusal {
        let (bound, lowered) = (self.bound.bytes(), self.lowered.load(Ordering::Relaxed));
        Refusal { limit: self.limit, needed, allowed: bound.min(lowered), lowered: lowered < bound }
    }

    fn tell(&self, refusal: &Refusal) {
        match &self.above {
            Above::Account(above) => above.tell(refusal),
            Above::Listener(listener) if !refusal.lowered => listener(refusal),
            Above::Listener(_) => {}
        }
    }
}

/// Bytes that somebody holds of an account and of those above it, until this is dropped.
#[derive(Debug)]
#[must_use = "a dropped charge is given back"]
pub(crate) struct Charge {
    account: Arc<Account>,
    bytes: u64,
}

impl Charge {
    /// A charge of nothing, to grow.
    pub(crate) fn none(account: &Arc<Account>) -> Self {
        Self { account: Arc::clone(account), bytes: 0 }
    }

    /// Takes more.
    ///
    /// # Errors
    /// When that is not allowed; then it stays as it was.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Refusal> {
        // No guest's wish may make the sum go round: nothing that is counted is as large as this.
        if bytes > 1 << 60 {
            let refusal = self.account.refuse(bytes);
            self.account.tell(&refusal);
            return Err(refusal);
        }
        self.account.take(bytes).inspect_err(|refusal| self.account.tell(refusal))?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives some of it back.
    pub(crate) fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.account.give_back(bytes);
        self.bytes -= bytes;
    }

    /// How much it is.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(total: u64, each: u64) -> (Arc<Account>, Arc<Account>) {
        let session = Account::new(Limit::MemoryTotal, Bound::Bytes(total), |_| {});
        let process = Account::beneath(&session, Limit::Memory, Bound::Bytes(each));
        (session, process)
    }

    #[test]
    fn what_is_dropped_is_given_back_to_all() {
        let (session, process) = pair(100, 60);
        let mut charge = process.charge(20).expect("room");
        charge.grow(30).expect("room");
        assert_eq!((session.used(), process.used(), charge.bytes()), (50, 50, 50));
        drop(charge);
        assert_eq!((session.used(), process.used()), (0, 0));
    }

    #[test]
    fn a_refusal_takes_nothing_and_says_by_which_limit() {
        let (session, one) = pair(100, 60);
        let other = one.alike();
        let mut held = one.charge(60).expect("room");
        let refusal = held.grow(1).expect_err("a process's bound");
        assert_eq!(refusal, Refusal { limit: Limit::Memory, needed: 61, allowed: 60, lowered: false });
        let refusal = other.charge(50).expect_err("the session's bound");
        assert_eq!(refusal, Refusal { limit: Limit::MemoryTotal, needed: 110, allowed: 100, lowered: false });
        assert_eq!((session.used(), one.used(), other.used()), (60, 60, 0));
        assert!(held.grow(u64::MAX).is_err() && other.charge(u64::MAX).is_err());
        assert_eq!((session.used(), one.used(), other.used()), (60, 60, 0));
    }

    #[test]
    fn whoever_is_above_all_hears_of_it() {
        let heard = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&heard);
        let session = Account::new(Limit::MemoryTotal, Bound::Bytes(100), move |refusal| {
            told.fetch_add(refusal.needed, Ordering::Relaxed);
        });
        let process = Account::beneath(&session, Limit::Memory, Bound::Bytes(60));
        assert!(process.charge(61).is_err() && session.charge(101).is_err());
        assert_eq!(heard.load(Ordering::Relaxed), 61 + 101);
        process.lower(10);
        assert!(process.charge(11).is_err());
        assert_eq!(heard.load(Ordering::Relaxed), 61 + 101);
    }

    #[test]
    fn a_bound_can_only_be_lowered() {
        let (_, process) = pair(100, 60);
        process.lower(10);
        process.lower(50);
        assert_eq!(process.asked_for(), Some(10));
        let refusal = process.alike().charge(11).expect_err("lowered");
        assert_eq!((refusal.allowed, refusal.lowered), (10, true));
        assert!(refusal.to_string().contains("and ulimit (10 bytes) allows less"), "{refusal}");
        let of_machine = Account::new(Limit::Memory, Bound::OfMachine(4), |_| {});
        assert_eq!(of_machine.asked_for(), None);
        assert!(of_machine.charge(1 << 59).is_err());
    }

    #[test]
    fn sizes_read_well() {
        let texts = [64 << 20, 3 << 30, (12 << 30) + 5, 1000].map(|bytes| Size(bytes).to_string());
        assert_eq!(texts, ["64 MiB", "3 GiB", "12 GiB", "1000 bytes"]);
    }
}
