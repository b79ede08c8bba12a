//! What a process learns of time and chance: the machine's own, or what a seed and its place among the processes decide.
//!
//! With a seed, each process has a clock of its own that only it moves, and random bytes of its own. Nothing is counted for
//! the whole session, so that two processes side by side get the same whichever of them is faster.

use super::process::Pid;
use super::witness::{Use, Witness};
use glowplug_sys::abi::errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What decides the random bytes of a session whose time and chance are virtual.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed(pub [u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seed").finish_non_exhaustive()
    }
}

/// Where a virtual calendar begins, in seconds since 1970: 2000-01-01T00:00:00Z.
pub const EPOCH: u64 = 946_684_800;
/// The variable of the first process's environment that says another beginning, in seconds
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
const EPOCH_VARIABLE: &[u8] = b"SOURCE_DATE_EPOCH=";
/// The last second that fits into nanoseconds of 64 bits with room for a session; in the year 2242.
const LAST_EPOCH: u64 = 1 << 33;
/// How far a reading moves a virtual clock, in nanoseconds, so that who waits for time to pass sees it pass; also the clock's
/// resolution.
pub(crate) const READING: u64 = 1000;

/// The number of the first process; 1 is nobody's, as in Unix.
pub(crate) const FIRST_PID: Pid = 2;
/// Children of the first process are numbered from it in their order, up to here. Those of others get numbers from here on,
/// out of their own seeds: only so do these not hang on who was faster.
const MANY_PIDS: u64 = 1 << 20;

/// Time and chance of one process.
pub(crate) struct Surroundings {
    witness: Option<Arc<dyn Witness>>,
    virtual_: Option<Virtual>,
}

struct Virtual {
    /// This process's own.
    seed: [u8; 32],
    pid: Pid,
    /// Nanoseconds from 1970 to the session's start.
    epoch: u64,
    /// Nanoseconds since the session's start.
    now: AtomicU64,
    /// How many children it has started.
    children: AtomicU64,
    /// How many random bytes it has drawn.
    drawn: AtomicU64,
}

/// What the clocks of a process say, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) realtime: u64,
    /// Also the processor time: it moves when it is read, as it has to for those who wait for it.
    pub(crate) monotonic: u64,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("virtual", &self.virtual_.is_some()).finish_non_exhaustive()
    }
}

impl Surroundings {
    /// Those of a session's first process, whose environment is `env`.
    pub(crate) fn first(seed: Option<Seed>, witness: Option<Arc<dyn Witness>>, env: &[Vec<u8>]) -> Self {
        let virtual_ = seed.map(|seed| Virtual {
            seed: seed.0,
            pid: FIRST_PID,
            epoch: epoch(env) * 1_000_000_000,
            now: AtomicU64::new(0),
            children: AtomicU64::new(0),
            drawn: AtomicU64::new(0),
        });
        Self { witness, virtual_ }
    }

    /// Those of the next child.
    pub(crate) fn child(&self) -> Self {
        let virtual_ = self.virtual_.as_ref().map(Virtual::child);
        Self { witness: self.witness.clone(), virtual_ }
    }

    /// The process's number, if its place decides it.
    pub(crate) fn pid(&self) -> Option<Pid> {
        self.virtual_.as_ref().map(|own| own.pid)
    }

    /// Whether what processes are told of processor time must be nothing at all.
    pub(crate) fn hides_cpu_time(&self) -> bool {
        self.virtual_.is_some()
    }

    /// Whether a processor time that nobody asked for must not be told in passing.
    pub(crate) fn hides_cpu_time_in_passing(&self) -> bool {
        self.virtual_.is_some() || self.witness.is_some()
    }

    /// Tells the witness what hangs on the host, seed or no seed.
    pub(crate) fn used(&self, what: impl FnOnce() -> Use) {
        if let Some(witness) = &self.witness {
            witness.used(what());
        }
    }

    /// Whether what processes learn must not hang on which of them is faster, as far as it can be helped.
    pub(crate) fn is_watched(&self) -> bool {
        self.virtual_.is_some() || self.witness.is_some()
    }

    /// Reads the clocks; `None` says that the machine's are to be read.
    pub(crate) fn read_clocks(&self) -> Option<Reading> {
        match &self.virtual_ {
            Some(own) => Some(own.reading(own.now.fetch_add(READING, Ordering::Relaxed) + READING)),
            None => {
                self.used(|| Use::Clock);
                None
            }
        }
    }

    /// What the clocks say, for the host's own reckoning of a moment that the guest named.
    pub(crate) fn peek_clocks(&self) -> Option<Reading> {
        match &self.virtual_ {
            Some(own) => Some(own.reading(own.now.load(Ordering::Relaxed))),
            None => {
                self.used(|| Use::Clock);
                None
            }
        }
    }

    /// The process has slept for so long.
    pub(crate) fn slept(&self, time: Duration) {
        if let Some(own) = &self.virtual_ {
            let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            let _ = own.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(now.saturating_add(time)));
        }
    }

    /// The time on the virtual clock, for the parent.
    pub(crate) fn now(&self) -> u64 {
        self.virtual_.as_ref().map_or(0, |own| own.now.load(Ordering::Relaxed))
    }

    /// A child that ended at `then` was waited for: it cannot be earlier now.
    pub(crate) fn waited_until(&self, then: u64) {
        if let Some(own) = &self.virtual_ {
            own.now.fetch_max(then, Ordering::Relaxed);
        }
    }

    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// `EIO` when the kernel has no generator.
    pub(crate) fn fill_random(&self, out: &mut [u8]) -> Result<(), i32> {
        match &self.virtual_ {
            Some(own) => {
                own.fill_random(out);
                Ok(())
            }
            None => {
                self.used(|| Use::Random);
                random_of_kernel(out)
            }
        }
    }
}

impl Virtual {
    fn child(&self) -> Self {
        let index = self.children.fetch_add(1, Ordering::Relaxed);
        let seed = *self.hasher(b"child").update(&index.to_le_bytes()).finalize().as_bytes();
        let pid = if self.pid == FIRST_PID && index < MANY_PIDS {
            FIRST_PID + 1 + index as Pid
        } else {
            let drawn = u64::from(u32::from_le_bytes([seed[0], seed[1], seed[2], seed[3]]));
            let first = 2 * MANY_PIDS;
            (first + drawn % (Pid::MAX as u64 - first)) as Pid
        };
        Self {
            seed,
            pid,
            epoch: self.epoch,
            now: AtomicU64::new(self.now.load(Ordering::Relaxed)),
            children: AtomicU64::new(0),
            drawn: AtomicU64::new(0),
        }
    }

    fn hasher(&self, what_for: &[u8]) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(what_for);
        hasher
    }

    fn reading(&self, now: u64) -> Reading {
        Reading { realtime: self.epoch.saturating_add(now), monotonic: now }
    }

    fn fill_random(&self, out: &mut [u8]) {
        let mut stream = self.hasher(b"random").finalize_xof();
        stream.set_position(self.drawn.fetch_add(out.len() as u64, Ordering::Relaxed));
        stream.fill(out);
    }
}

/// Where the calendar of a session begins, in seconds.
fn epoch(env: &[Vec<u8>]) -> u64 {
    let said = env.iter().find_map(|variable| variable.strip_prefix(EPOCH_VARIABLE));
    let said = said.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| digits.parse().ok());
    said.filter(|seconds| *seconds <= LAST_EPOCH).unwrap_or(EPOCH)
}

/// Random bytes from the kernel's generator. The call alone: the usual crate opens `/dev/random` first, to wait for kernels that
/// have just booted without any entropy, and `getrandom` waits for that by itself.
fn random_of_kernel(mut out: &mut [u8]) -> Result<(), i32> {
    while !out.is_empty() {
        match getrandom(&mut *out, GetRandomFlags::empty()) {
            Ok(count) => out = &mut out[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(errno::EIO),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(env: &[&str]) -> Surroundings {
        let env: Vec<_> = env.iter().map(|variable| variable.as_bytes().to_vec()).collect();
        Surroundings::first(Some(Seed([7; 32])), None, &env)
    }

    fn random(of: &Surroundings, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        of.fill_random(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_process_s_random_bytes_are_one_stream_however_they_are_drawn() {
        let whole = random(&first(&[]), 300);
        let pieces = first(&[]);
        let pieces: Vec<u8> = [1, 63, 64, 100, 72].iter().flat_map(|&count| random(&pieces, count)).collect();
        assert_eq!(whole, pieces);
        assert_ne!(whole[..64], whole[64..128]);
        let other = Surroundings::first(Some(Seed([8; 32])), None, &[]);
        assert_ne!(random(&other, 300), whole);
    }

    #[test]
    fn children_differ_from_each_other_and_from_their_parent_and_are_what_they_were() {
        let tree = || {
            let parent = first(&[]);
            let (a, b) = (parent.child(), parent.child());
            let grandchild = a.child();
            let of = |one: &Surroundings| (one.pid(), random(one, 16));
            [of(&parent), of(&a), of(&b), of(&grandchild)]
        };
        let tree_again = tree();
        assert_eq!(tree(), tree_again);
        assert_eq!(tree_again[..3].iter().map(|(pid, _)| pid.unwrap()).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(tree_again[3].0.unwrap() > 1 << 20);
        for (at, one) in tree_again.iter().enumerate() {
            assert!(tree_again[..at].iter().all(|other| other.1 != one.1));
        }
    }

    #[test]
    fn a_clock_moves_by_readings_sleeps_and_children_alone() {
        let parent = first(&[]);
        let realtime = |at: u64| Reading { realtime: EPOCH * 1_000_000_000 + at, monotonic: at };
        assert_eq!(parent.read_clocks(), Some(realtime(1000)));
        let child = parent.child();
        child.slept(Duration::from_secs(2));
        assert_eq!(parent.read_clocks(), Some(realtime(2000)), "a child's sleep is its own");
        parent.waited_until(child.now());
        assert_eq!(parent.peek_clocks(), Some(realtime(2_000_001_000)));
        parent.waited_until(5);
        assert_eq!(parent.now(), 2_000_001_000);
        parent.slept(Duration::MAX);
        assert_eq!(parent.peek_clocks().unwrap().realtime, u64::MAX);
    }

    #[test]
    fn the_calendar_begins_where_the_environment_says() {
        let year = |env: &[&str]| first(env).peek_clocks().unwrap().realtime / 1_000_000_000;
        assert_eq!(year(&["A=1", "SOURCE_DATE_EPOCH=86400"]), 86400);
        for nonsense in ["SOURCE_DATE_EPOCH=", "SOURCE_DATE_EPOCH=-1", "SOURCE_DATE_EPOCH=99999999999999"] {
            assert_eq!(year(&[nonsense]), EPOCH);
        }
    }
}
