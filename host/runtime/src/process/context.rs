//! What the host keeps for a guest's instance: the data of its store.

use super::descriptor::Descriptor;
use super::image::Shared;
use super::process::{Attention, Ended, Process};
use super::program::{Program, Slot};
use super::session::Session;
use super::table::Table;
use super::wasi::Files;
use super::witness::Use;
use glowplug_sys::abi::{errno, signal};
use std::fmt;
use std::sync::Arc;
use wasmtime::{Memory, ResourceLimiter};

/// Limits of one process; its children begin with the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessLimits {
    /// Bytes of linear memory.
    pub(crate) memory: Option<u64>,
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
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    pub(crate) cwd: Vec<u8>,
    /// Permissions that new files do not get.
    pub(crate) umask: u32,
    /// The descriptors of our own import module, which children can inherit.
    pub(crate) table: Table,
    /// The numbers in `table` that the process began with.
    pub(crate) inherited: Vec<u32>,
    /// The descriptors of WASI.
    pub(crate) files: Files,
    pub(crate) limits: ProcessLimits,
    /// Processor time of the thread when this process began to run on it, in microseconds.
    pub(crate) cpu_began_us: u64,
    /// Bytes that it was refused, for a message.
    pub(crate) refused_memory: Option<u64>,
}

impl Context {
    /// The descriptor of a handle.
    pub(crate) fn descriptor(&self, handle: i32) -> Result<Descriptor, i32> {
        self.table.get(handle).cloned()
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

    /// What was written, or why not. A broken pipe is also a signal, which ends the process unless it is ignored or caught.
    pub(crate) fn written(&self, result: Result<usize, i32>) -> Result<usize, i32> {
        if result == Err(errno::EPIPE) {
            self.process.signal(signal::PIPE);
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

impl ResourceLimiter for Context {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = self.limits.memory.is_none_or(|limit| desired as u64 <= limit);
        if !granted {
            self.refused_memory = Some(desired as u64);
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // A table's element takes a pointer; no program has as many functions.
        Ok(desired <= 10_000_000)
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
