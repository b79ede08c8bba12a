//! From a program to a process that runs, and to its end.

use super::context::{Context, ProcessLimits, Stop, thread_cpu_us};
use super::descriptor::Table;
use super::process::{Ended, Process};
use super::programs::Program;
use super::session::Session;
use super::wasi::Files;
use glowplug_sys::abi::{self, errno, signal};
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
}

/// A process about to run, on whatever thread calls [`Launch::run`].
pub(crate) struct Launch {
    session: Arc<Session>,
    starting: Starting,
    began: Option<Box<dyn FnOnce() + Send>>,
    leaving: bool,
}

/// A guest's instance, and what it is to do.
pub(crate) struct Instantiated {
    pub(crate) store: Store<Context>,
    pub(crate) instance: Instance,
    /// The argument of the fork's entry; `None` for a program's start.
    pub(crate) task: Option<i32>,
}

impl Launch {
    pub(crate) fn new(session: Arc<Session>, starting: Starting) -> Self {
        Self { session, starting, began: None, leaving: false }
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

    /// Runs the process to its end.
    pub(crate) fn run(self) -> Ended {
        let cpu_began_us = thread_cpu_us();
        let process = Arc::clone(&self.starting.process);
        let session = Arc::clone(&self.session);
        let program = Arc::clone(&self.starting.program);
        let mut store = new_store(&self.session, self.starting, cpu_began_us);
        if let Some(ended) = process.killed() {
            close(store.data_mut());
            session.ended(&process, ended);
            return ended;
        }
        let ended = match program.pre.instantiate(&mut store) {
            Ok(instance) => {
                take_memory(&mut store, &instance);
                if let Some(began) = self.began {
                    began();
                }
                let mut instance = Instantiated { store, instance, task: None };
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
            (None, Ok(code)) => Ended(code),
            (None, Err(error)) => judge(&mut self.store, &error),
        };
        close(self.store.data_mut());
        ended
    }

    fn call(&mut self) -> wasmtime::Result<u32> {
        match self.task {
            Some(task) => {
                let entry = self.instance.get_typed_func::<i32, i32>(&mut self.store, abi::FORK_ENTRY)?;
                entry.call(&mut self.store, task).map(|code| code as u32 & 0xff)
            }
            None => {
                let start = self.instance.get_typed_func::<(), ()>(&mut self.store, "_start")?;
                start.call(&mut self.store, ()).map(|()| 0)
            }
        }
    }
}

/// A store for a process.
pub(crate) fn new_store(session: &Arc<Session>, starting: Starting, cpu_began_us: u64) -> Store<Context> {
    let Starting { program, process, args, env, cwd, umask, table, limits } = starting;
    let inherited = table.numbers().collect();
    let files = Files::new(&table, (!program.knows_pwd).then_some(&cwd[..]), &session.namespace);
    let context = Context {
        session: Arc::clone(session),
        process,
        memory: None,
        program: Arc::clone(&program),
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
    let cpu = thread_cpu_us().saturating_sub(context.cpu_began_us);
    context.process.cpu_us.store(cpu, Ordering::Relaxed);
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
    Ended::by_signal(signal::ABRT)
}
