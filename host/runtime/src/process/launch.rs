//! From a program to a process that runs, and to its end.

use super::context::{Context, ProcessLimits, Stop, thread_cpu_us};
use super::process::{Ended, Process};
use super::program::Program;
use super::session::Session;
use super::table::Table;
use super::wasi::Files;
use glowplug_sys::abi::{self, errno};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wasmtime::{Instance, Store, Trap, UpdateDeadline};

/// What a process starts with.
pub(crate) struct Starting {
    pub(crate) program: Arc<Program>,
    pub(crate) process: Arc<Process>,
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    pub(crate) cwd: Vec<u8>,
    pub(crate) umask: u32,
    pub(crate) table: Table,
    pub(crate) limits: ProcessLimits,
    /// The folders that it is given, each with the name for it, if these are not the usual ones.
    pub(crate) preopens: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// A process about to run, on whatever thread calls [`Launch::run`].
pub(crate) struct Launch {
    session: Arc<Session>,
    starting: Starting,
    began: Option<Box<dyn FnOnce() + Send>>,
    leaving: bool,
    entry: Entry,
}

/// Where an instance begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// A command's `_start`.
    Command,
    /// As `run` has it: a reactor's `_initialize`, then the main function, if there is one.
    Module,
    /// The fork's entry, with its argument.
    Fork(i32),
}

/// A guest's instance, and what it is to do.
pub(crate) struct Instantiated {
    pub(crate) store: Store<Context>,
    pub(crate) instance: Instance,
    pub(crate) entry: Entry,
}

impl Launch {
    pub(crate) fn new(session: Arc<Session>, starting: Starting) -> Self {
        Self { session, starting, began: None, leaving: false, entry: Entry::Command }
    }

    /// Calls `began` when the instance is there and its first instruction is about to run.
    pub(crate) fn before_start(mut self, began: impl FnOnce() + Send + 'static) -> Self {
        self.began = Some(Box::new(began));
        self
    }

    /// Leaves the instance as it is at its end, because this program ends as well and the kernel is faster at taking it away.
    pub(crate) fn leaving(mut self, leaving: bool) -> Self {
        self.leaving = leaving;
        self
    }

    /// Begins elsewhere than at a command's start.
    pub(crate) fn at(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// Runs the process to its end.
    pub(crate) fn run(self) -> Ended {
        let cpu_began_us = thread_cpu_us();
        let process = Arc::clone(&self.starting.process);
        let session = Arc::clone(&self.session);
        let mut store = new_store(&self.session, self.starting, cpu_began_us);
        if let Some(ended) = process.killed() {
            close(store.data_mut());
            session.ended(&process, ended);
            return ended;
        }
        let program = Arc::clone(&store.data().program);
        let ended = match program.pre.instantiate(&mut store) {
            Ok(instance) => {
                take_memory(&mut store, &instance);
                if let Some(began) = self.began {
                    began();
                }
                let mut instance = Instantiated { store, instance, entry: self.entry };
                let ended = instance.run_to_end();
                if self.leaving {
                    std::mem::forget(instance);
                }
                ended
            }
            Err(error) => {
                let ended = judge(&mut store, &error);
                close(store.data_mut());
                ended
            }
        };
        session.ended(&process, ended);
        ended
    }
}

impl Instantiated {
    /// Runs it, and lets go of its descriptors; the session has still to be told.
    pub(crate) fn run_to_end(&mut self) -> Ended {
        let result = self.call();
        // What it did after it was killed is not its end: with its thread lent to a child, it was that child which ended first,
        // and it may have left with the child's status before it looked.
        let killed = self.store.data().process.killed();
        let ended = match (killed, result) {
            (Some(killed), _) => killed,
            (None, Ok(code)) => Ended::Exited(code),
            (None, Err(error)) => judge(&mut self.store, &error),
        };
        close(self.store.data_mut());
        ended
    }

    fn call(&mut self) -> wasmtime::Result<u8> {
        match self.entry {
            Entry::Fork(task) => {
                let entry = self.instance.get_typed_func::<i32, i32>(&mut self.store, abi::FORK_ENTRY)?;
                return entry.call(&mut self.store, task).map(|code| code as u8);
            }
            Entry::Command => self.call_plain("_start")?,
            Entry::Module => {
                let program = Arc::clone(&self.store.data().program);
                for name in program.entries().map_err(wasmtime::Error::msg)? {
                    self.call_plain(name)?;
                }
            }
        }
        Ok(0)
    }

    fn call_plain(&mut self, name: &str) -> wasmtime::Result<()> {
        self.instance.get_typed_func::<(), ()>(&mut self.store, name)?.call(&mut self.store, ())
    }
}

/// A store for a process.
pub(crate) fn new_store(session: &Arc<Session>, starting: Starting, cpu_began_us: u64) -> Store<Context> {
    let Starting { program, process, args, env, cwd, umask, table, limits, preopens } = starting;
    let inherited = table.numbers().collect();
    let files = match &preopens {
        Some(folders) => Files::confined(&table, folders),
        None => Files::new(&table, (!program.knows_pwd).then_some(&cwd[..]), &session.namespace),
    };
    let (program, slot) = program.admit();
    let context = Context {
        session: Arc::clone(session),
        process,
        memory: None,
        image: None,
        program: Arc::clone(&program),
        _slot: slot,
        args,
        env,
        cwd,
        umask,
        table,
        inherited,
        files,
        limits,
        cpu_began_us,
        refused_memory: None,
    };
    let mut store = Store::new(program.pre.module().engine(), context);
    store.limiter(|context| context);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        store.data().check()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store
}

/// Notes where the guest's memory is, for the functions that it calls.
pub(crate) fn take_memory(store: &mut Store<Context>, instance: &Instance) {
    store.data_mut().memory = instance.get_memory(&mut *store, "memory");
}

/// Lets go of what others may wait for: pipes above all.
fn close(context: &mut Context) {
    context.table.clear();
    context.files.clear();
    context.process.cpu_us.store(context.cpu_us(), Ordering::Relaxed);
}

/// What an error means for the process: it asked to exit, was killed, or trapped. Says the latter on its standard error.
fn judge(store: &mut Store<Context>, error: &wasmtime::Error) -> Ended {
    if let Some(Stop(ended)) = error.downcast_ref() {
        return *ended;
    }
    let context = store.data_mut();
    let why = match (error.downcast_ref::<Trap>(), context.refused_memory) {
        (Some(Trap::StackOverflow), _) => "its stack is full".to_owned(),
        (Some(Trap::UnreachableCodeReached), Some(bytes)) => {
            format!("it needs {bytes} bytes of memory, and --max-memory or ulimit allows less")
        }
        (Some(trap), _) => trap.to_string(),
        (None, Some(bytes)) => format!("it needs {bytes} bytes of memory, and --max-memory or ulimit allows less"),
        (None, None) => format!("{error:#}"),
    };
    let text = format!("glowplug: {}: aborted: {why}\n", context.program.name);
    if let Ok(descriptor) = context.descriptor(2) {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            match descriptor.write(&context.process, bytes) {
                Ok(count) if count > 0 => bytes = &bytes[count..],
                Err(errno::EINTR) if context.check().is_ok() => {}
                _ => break,
            }
        }
    }
    Ended::Trapped
}
