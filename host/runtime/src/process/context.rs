//! What the host keeps for a guest's instance: the data of its store.

use super::descriptor::Descriptor;
use super::image::Shared;
use super::process::{Attention, Ended, Process};
use super::program::{Program, Slot};
use super::refusals::Refusals;
use super::session::Session;
use super::table::Table;
use super::wasi::Files;
use super::witness::Use;
use crate::account::{Account, Charge, Limit, Refusal};
use glowplug_sys::abi::{errno, signal};
use std::fmt;
use std::sync::Arc;
use wasmtime::{Memory, ResourceLimiter};

/// Limits of one process; its children begin with the same. Its memory is counted by [`Process::account`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessLimits {
    /// Open descriptors.
    pub(crate) files: usize,
}

/// The data of a guest's store.
pub(crate) struct Context {
    pub(crate) session: Arc<Session>,
    pub(crate) process: Arc<Process>,
    /// The guest's memory, as soon as it is there.
    pub(crate) memory: Option<Memory>,
    /// What its memory has in common with that of processes it was forked from, or forked.
    pub(crate) image: Option<Shared>,
    pub(crate) program: Arc<Program>,
    /// Its place in the pool, if its memory comes from there.
    pub(crate) _slot: Option<Slot>,
    pub(crate) args: Texts,
    pub(crate) env: Texts,
    pub(crate) cwd: Vec<u8>,
    /// Permissions that new files do not get.
    pub(crate) umask: u32,
    /// The descriptors of our own import module, which children can inherit.
    pub(crate) table: Table,
    /// The numbers in `table` that the process began with.
    pub(crate) inherited: Vec<u32>,
    /// The descriptors of WASI.
    pub(crate) files: Files,
    /// Whether it is a fork. It has the standard streams in both tables from its parent and uses ours, so what it closes
    /// there it has closed: otherwise `{ server & } >file` would hold a pipe that it does not write to.
    pub(crate) forked: bool,
    pub(crate) limits: ProcessLimits,
    /// Processor time of the thread when this process began to run on it, in microseconds.
    pub(crate) cpu_began_us: u64,
    /// What its memories and tables take.
    pub(crate) taken: Charge,
    /// The last memory that it was refused, for a message.
    pub(crate) refused_memory: Option<Refusal>,
    /// What else it was refused lately, for a hint.
    pub(crate) refusals: Refusals,
    /// Whether it asked for its arguments. What comes before is the work of its libraries.
    pub(crate) asked_arguments: bool,
}

/// Arguments or variables, which forks share.
pub(crate) type Texts = Arc<Charged>;

/// Texts that the host keeps for a guest.
#[derive(Debug)]
pub(crate) struct Charged {
    texts: Vec<Vec<u8>>,
    _charge: Charge,
}

impl Charged {
    /// Keeps texts at the expense of `account`: the session's, because a process's memory is what was asked for and not that
    /// less a few arguments, which are bounded by themselves.
    ///
    /// # Errors
    /// When it has not that much left.
    pub(crate) fn new(texts: Vec<Vec<u8>>, account: &Arc<Account>) -> Result<Texts, Refusal> {
        let bytes: usize = texts.iter().map(|text| text.len() + size_of::<Vec<u8>>()).sum();
        Ok(Arc::new(Self { texts, _charge: account.charge(bytes as u64)? }))
    }
}

impl std::ops::Deref for Charged {
    type Target = [Vec<u8>];

    fn deref(&self) -> &[Vec<u8>] {
        &self.texts
    }
}

impl Context {
    /// The descriptor of a handle.
    pub(crate) fn descriptor(&self, handle: i32) -> Result<Descriptor, i32> {
        self.table.get(handle).cloned()
    }

    /// A file that was opened, which takes one of the host's descriptors: `EMFILE` if that would leave too few for others.
    pub(crate) fn counted(&self, descriptor: Descriptor) -> Result<Descriptor, i32> {
        let Some(handle) = self.process.handles.take() else {
            self.session.ran_into(Limit::Files, || {
                "a program has too many files open for what this machine allows (`ulimit -n`); a higher limit there \
                 would allow more"
                    .to_owned()
            });
            return Err(errno::EMFILE);
        };
        descriptor.holds(handle);
        Ok(descriptor)
    }

    /// An error of a table; somebody is told if that is full, and not by the guest's own wish.
    pub(crate) fn full(&self, error: i32) -> i32 {
        let most = self.limits.files;
        if error == errno::EMFILE && most >= self.session.max_files() {
            self.session.ran_into(Limit::Files, || {
                format!("a program wants more than {most} files open at once; --max-files allows more")
            });
        }
        error
    }

    /// Notes a refusal, for what is said if it ends the process: `ENOMEM`.
    pub(crate) fn over(&mut self, refusal: Refusal) -> i32 {
        self.refused_memory = Some(refusal);
        errno::ENOMEM
    }

    /// Processor time that the process has taken, in microseconds.
    pub(crate) fn cpu_us(&self) -> u64 {
        if self.process.surroundings.hides_cpu_time() {
            return 0;
        }
        thread_cpu_us().saturating_sub(self.cpu_began_us)
    }

    /// Somebody asks what a descriptor is: one that is a terminal today may be none tomorrow.
    pub(crate) fn witness_terminal(&self, descriptor: &Descriptor) {
        if descriptor.is_terminal() {
            self.process.surroundings.used(|| Use::Terminal);
        }
    }

    /// It was told that something could not be read yet, which hangs on how fast others write.
    pub(crate) fn witness_not_readable(&self) {
        let what = "asked whether input was there when it was not yet";
        self.process.surroundings.used(|| Use::Other(what.to_owned()));
    }

    /// It met the end of what it may have, or of what there is.
    pub(crate) fn witness_limit(&self, of: &'static str) {
        self.process.surroundings.used(|| Use::Other(format!("met the end of {of}")));
    }

    /// What was written, or why not. A broken pipe is also a signal, which ends the process unless it is ignored or caught.
    pub(crate) fn written(&self, result: Result<usize, i32>) -> Result<usize, i32> {
        if result == Err(errno::EPIPE) {
            self.process.signal(signal::PIPE);
        }
        if result == Err(errno::EFBIG) {
            self.session.look_at_output();
        }
        if result == Err(errno::ENOSPC)
            && let Some(denial) = self.session.namespace.disk_refusal()
        {
            self.session.ran_into(Limit::Disk, || denial.to_string());
        }
        result
    }

    /// Whether the process must end at once.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        match self.process.attention() {
            Attention::Killed => Err(Stop(self.process.killed().unwrap_or(Ended::Killed(signal::KILL)))),
            _ => Ok(()),
        }
    }
}

impl Context {
    /// Charges what a memory or table grows by. What then fails for another reason stays charged, which costs the guest alone.
    fn grows(&mut self, current: usize, desired: usize, maximum: Option<usize>, unit: usize) -> bool {
        // Wasmtime asks before it looks at what the guest itself declared, and would refuse that afterwards.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let more = desired.saturating_sub(current).saturating_mul(unit);
        match self.taken.grow(more as u64) {
            Ok(()) => true,
            Err(refusal) => {
                self.over(refusal);
                false
            }
        }
    }
}

impl ResourceLimiter for Context {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grows(current, desired, maximum, 1))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.witness_limit("memory");
        Ok(())
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.witness_limit("tables");
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // An element is a pointer at most.
        Ok(self.grows(current, desired, maximum, size_of::<usize>()))
    }
}

/// The error by which a guest is left: it asked to exit, or was killed.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) Ended);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the process ended with {}", self.0.exit_code())
    }
}

impl std::error::Error for Stop {}

/// Processor time of the calling thread, in microseconds.
pub(crate) fn thread_cpu_us() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1000
}
