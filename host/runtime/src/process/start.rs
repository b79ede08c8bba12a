//! The first process of a session: what it is given, and how it ended.

use super::descriptor::Description;
use super::process::Ended;
use super::streams::{Input, Output, Stdio, Taped, Traced};
use super::table::Table;
use crate::account::Limit;
use crate::enter;
use glowplug_cache::Source;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The first process of a session.
#[derive(Debug)]
pub struct Start {
    /// What it runs.
    pub program: StartProgram,
    /// Its arguments, its name first.
    pub args: Vec<Vec<u8>>,
    /// `NAME=VALUE`. `PWD` is added, unless `preopens` are given.
    pub env: Vec<Vec<u8>>,
    /// Its working folder, in its own view of files.
    pub cwd: Vec<u8>,
    /// Its standard input, output and error. If the input is this program's own, it can also catch the signals that this program
    /// gets; otherwise they keep their meaning.
    pub stdio: Stdio,
    /// The folders that it is given, as paths in its view of files, each with the name under which it finds it; none of its names
    /// leads above these. Without, it is given what every process is: all that it sees.
    pub preopens: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    /// Permissions that files which it makes do not get, unless it says otherwise.
    pub umask: u32,
    /// Whether the calling thread is the program's main thread, whose stack is as large as the limit of stacks says. Then the
    /// process runs on it, and otherwise on a thread with a stack of known size.
    pub on_main_thread: bool,
    /// Whether the calling program ends when this process does: then nothing is torn down before.
    pub leaving: bool,
}

/// What a first process runs.
#[derive(Clone, Debug)]
pub enum StartProgram {
    /// One of the host's own programs.
    Own(String),
    /// A module from anywhere, run as `glowplug run` does: `_initialize` first, then the main function, if it has them.
    Source {
        /// What messages call it.
        name: String,
        /// The module. Components are refused.
        source: Source<'static>,
    },
}

/// How a session's first process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// As a shell reports it: 128 and the signal if one ended it, 134 after a trap, 124 when time ran out.
    pub exit_code: i32,
    /// WebAssembly stopped it. Its standard error says why.
    pub trapped: bool,
    /// A signal ended it.
    pub killed: bool,
    /// The session's time ran out.
    pub timed_out: bool,
    /// The first limit that one of the session's processes ran into.
    pub limit: Option<Limit>,
    /// Whether a module looked which folders it was given, other than at its very beginning, as one does that uses a path.
    pub looked_for_folders: bool,
}

impl RunEnd {
    pub(crate) fn new(ended: Ended, timed_out: bool, limit: Option<Limit>) -> Self {
        Self {
            exit_code: if timed_out { 124 } else { ended.exit_code() },
            trapped: ended == Ended::Trapped,
            killed: matches!(ended, Ended::Killed(_)),
            timed_out,
            limit,
            looked_for_folders: false,
        }
    }
}

/// The descriptors 0, 1 and 2. Of the outputs no more than `allowance` bytes are written.
pub(crate) fn table(stdio: Stdio, allowance: Option<&Arc<AtomicU64>>) -> Table {
    let mut table = Table::default();
    let input = match stdio.input {
        Input::Inherited => own(rustix::stdio::stdin()).map(|file| Description::host(file, true, false)),
        Input::Null => Some(Description::null()),
        Input::File(file) => Some(Description::host(file, true, false)),
        Input::Traced { file, ahead, reading } => Some(Description::recorded_input(Traced::new(file, ahead, reading))),
    };
    let output = |output, fd| match output {
        Output::Inherited => own(fd).map(|file| Description::output(file, allowance.cloned())),
        Output::Null => Some(Description::null()),
        Output::File(file) => Some(Description::output(file, allowance.cloned())),
        Output::Taped { to, tape, stream } => {
            Some(Description::recorded_output(Taped::new(to, tape, stream), allowance.cloned()))
        }
    };
    let stdout = output(stdio.output, rustix::stdio::stdout());
    let stderr = output(stdio.error, rustix::stdio::stderr());
    for (number, descriptor) in (0_u32..).zip([input, stdout, stderr]) {
        if let Some(descriptor) = descriptor {
            table.set(number, descriptor);
        }
    }
    table
}

/// This program's own descriptor; closed ones stay closed.
fn own(fd: BorrowedFd<'_>) -> Option<File> {
    rustix::io::fcntl_dupfd_cloexec(fd, 3).ok().map(File::from)
}

/// Whether a guest may run on the calling thread.
pub(crate) fn fits_here(on_main_thread: bool) -> bool {
    if enter::has_room() {
        return true;
    }
    match main_stack() {
        Some(size) if on_main_thread => {
            enter::stack_is(size);
            true
        }
        _ => false,
    }
}

/// The size of the main thread's stack, if guests fit on it.
fn main_stack() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let size = limit.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    // An unlimited one is laid out by the kernel as it sees fit; nobody needs more than this.
    let size = size.min(64 << 20);
    // At its top are the arguments and variables, which may take a quarter of it, and what ran before.
    let left = (size - size / 4).saturating_sub(128 << 10);
    (left > enter::NEEDED + (1 << 20)).then_some(left)
}
