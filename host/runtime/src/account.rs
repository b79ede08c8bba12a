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
    /// What guests write, on the disk.
    Disk,
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
            Self::Disk => "max-disk",
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
    /// The first so many bytes are set aside for the holder: they are not charged above, where they are already.
    set_aside: u64,
    /// What goes back to whoever set that aside, when the last charge of this account is gone.
    _lent: Option<Arc<dyn Send + Sync>>,
    above: Option<Arc<Account>>,
    listener: Option<Listener>,
}

/// Who hears of what was refused.
type Listener = Box<dyn Fn(&Refusal) + Send + Sync>;

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.used.load(Ordering::Relaxed);
        f.debug_struct("Account").field("limit", &self.limit).field("used", &used).finish_non_exhaustive()
    }
}

impl Account {
    /// An account by itself.
    pub(crate) fn new(limit: Limit, bound: Bound) -> Self {
        Self {
            limit,
            bound,
            lowered: AtomicU64::new(u64::MAX),
            used: AtomicU64::new(0),
            set_aside: 0,
            _lent: None,
            above: None,
            listener: None,
        }
    }

    /// An account whose charges are `above`'s as well.
    pub(crate) fn beneath(above: &Arc<Self>, limit: Limit, bound: Bound) -> Self {
        Self { above: Some(Arc::clone(above)), ..Self::new(limit, bound) }
    }

    /// The same, but with so many bytes for itself that somebody has charged above already. `lent` is dropped when this account and
    /// everything that was charged to it is gone.
    pub(crate) fn with_set_aside(self, bytes: u64, lent: Option<Arc<dyn Send + Sync>>) -> Self {
        Self { set_aside: bytes, _lent: lent, ..self }
    }

    /// `listener` hears of what this account, those beneath it, and those above refuse to it, unless a guest wanted it so.
    pub(crate) fn heard_by(self, listener: impl Fn(&Refusal) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Box::new(listener)), ..self }
    }

    /// An empty one with the same bounds.
    pub(crate) fn alike(&self) -> Arc<Self> {
        Arc::new(Self {
            lowered: AtomicU64::new(self.lowered.load(Ordering::Relaxed)),
            above: self.above.clone(),
            ..Self::new(self.limit, self.bound)
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
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        let total = before.saturating_add(bytes);
        if total > lowered || !self.bound.admits(total) {
            self.untake(bytes, self.not_set_aside(before, total));
            return Err(self.refuse(total));
        }
        let Some(above) = &self.above else { return Ok(()) };
        let charged = self.not_set_aside(before, total);
        above.take(charged).inspect_err(|_| self.untake(bytes, charged))
    }

    /// What of the bytes between two totals is charged above.
    fn not_set_aside(&self, from: u64, to: u64) -> u64 {
        to.saturating_sub(self.set_aside) - from.saturating_sub(self.set_aside)
    }

    /// Takes back what was added, of which `charged` bytes should have been charged above, and were not.
    fn untake(&self, bytes: u64, charged: u64) {
        let total = self.used.fetch_sub(bytes, Ordering::Relaxed);
        let Some(above) = &self.above else { return };
        // Others may have come and gone meanwhile, and with this on top have paid more or less than they would have without.
        let due = self.not_set_aside(total - bytes, total);
        if due > charged {
            above.give_back(due - charged);
        } else if due < charged {
            above.used.fetch_add(charged - due, Ordering::Relaxed);
        }
    }

    fn give_back(&self, bytes: u64) {
        let total = self.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(above) = &self.above {
            above.give_back(self.not_set_aside(total - bytes, total));
        }
    }

    fn refuse(&self, needed: u64) -> Refusal {
        let (bound, lowered) = (self.bound.bytes(), self.lowered.load(Ordering::Relaxed));
        Refusal { limit: self.limit, needed, allowed: bound.min(lowered), lowered: lowered < bound }
    }

    fn tell(&self, refusal: &Refusal) {
        match (&self.listener, &self.above) {
            (Some(listener), _) if !refusal.lowered => listener(refusal),
            (None, Some(above)) => above.tell(refusal),
            _ => {}
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
        let session = Arc::new(Account::new(Limit::MemoryTotal, Bound::Bytes(total)));
        let process = Arc::new(Account::beneath(&session, Limit::Memory, Bound::Bytes(each)));
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
        let all = Arc::new(Account::new(Limit::MemoryTotal, Bound::Bytes(100)));
        let session = Account::beneath(&all, Limit::MemoryTotal, Bound::Bytes(1000)).heard_by(move |refusal| {
            told.fetch_add(refusal.needed, Ordering::Relaxed);
        });
        let session = Arc::new(session);
        let process = Arc::new(Account::beneath(&session, Limit::Memory, Bound::Bytes(60)));
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
        let of_machine = Arc::new(Account::new(Limit::Memory, Bound::OfMachine(4)));
        assert_eq!(of_machine.asked_for(), None);
        assert!(of_machine.charge(1 << 59).is_err());
    }

    #[test]
    fn what_is_set_aside_is_there_whatever_others_take() {
        let all = Arc::new(Account::new(Limit::MemoryTotal, Bound::Bytes(100)));
        let _reserved = all.charge(40).expect("room");
        let session =
            || Arc::new(Account::beneath(&all, Limit::MemoryTotal, Bound::Bytes(100)).with_set_aside(20, None));
        let (greedy, modest) = (session(), session());
        let mut held = greedy.charge(80).expect("its own, and all that is common");
        let refusal = held.grow(1).expect_err("nothing is left");
        assert_eq!((refusal.needed, refusal.allowed), (101, 100));
        assert!(modest.charge(21).is_err());
        assert_eq!((all.used(), greedy.used(), modest.used()), (100, 80, 0));
        let own = modest.charge(20).expect("its own");
        held.shrink(70);
        assert_eq!((all.used(), greedy.used(), modest.used()), (40, 10, 20));
        drop((held, own));
        assert_eq!((all.used(), greedy.used(), modest.used()), (40, 0, 0));
    }

    #[test]
    fn nothing_is_lost_when_many_take_and_are_refused_at_once() {
        let all = Arc::new(Account::new(Limit::MemoryTotal, Bound::Bytes(1000)));
        let _reserved = all.charge(500).expect("room");
        let session =
            Arc::new(Account::beneath(&all, Limit::MemoryTotal, Bound::Bytes(1000)).with_set_aside(500, None));
        std::thread::scope(|scope| {
            for number in 1..=4_u64 {
                let session = &session;
                scope.spawn(move || (0..20_000).for_each(|round| drop(session.charge((round * number) % 700))));
            }
        });
        assert_eq!((all.used(), session.used()), (500, 0));
    }

    #[test]
    fn sizes_read_well() {
        let texts = [64 << 20, 3 << 30, (12 << 30) + 5, 1000].map(|bytes| Size(bytes).to_string());
        assert_eq!(texts, ["64 MiB", "3 GiB", "12 GiB", "1000 bytes"]);
    }
}
