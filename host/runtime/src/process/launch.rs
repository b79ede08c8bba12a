//! From a program to a process that runs, and to its end.

use super::context::{Context, ProcessLimits, Stop, Texts, thread_cpu_us};
use super::process::{Ended, Process};
use super::program::Program;
use super::refusals::Refusals;
use super::session::Session;
use super::table::Table;
use super::wasi::Files;
use crate::account::Charge;
use crate::enter;
use glowplug_sys::abi::{self, errno};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wasmtime::{Instance, Store, Trap, UpdateDeadline};

/// What a process starts with.
pub(crate) struct Starting {
    pub(crate) program: Arc<Program>,
    pub(crate) process: Arc<Process>,
    pub(crate) args: Texts,
    pub(crate) env: Texts,
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
        let (session, process) = (Arc::clone(&self.session), Arc::clone(&self.starting.process));
        run_guarded(&session, &process, move || self.run_to_end())
    }

    /// The same for who has a guard around it already, and tells the session.
    pub(crate) fn run_to_end(self) -> Ended {
        self.session.count_cpu();
        let cpu_began_us = thread_cpu_us();
        let mut store = new_store(&self.session, self.starting, cpu_began_us);
        if let Some(ended) = store.data().process.killed() {
            close(store.data_mut());
            return ended;
        }
        // A start function may ask for as much as any other.
        let interruptible = self.session.interruptible(&store.data().process);
        let instantiated = instantiate(&mut store);
        drop(interruptible);
        match instantiated {
            Ok(instance) => {
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
        }
    }
}

/// Does a process's work to its end and tells the session, also when the host itself fails in it: that ends this process, as a
/// trap would, and no other one. Every process runs within this.
pub(crate) fn run_guarded(session: &Session, process: &Process, work: impl FnOnce() -> Ended) -> Ended {
    // What the work had of the process goes away with it; what it shares is behind locks, whose users leave it whole.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|fault| {
        session.faulted(process, &said(&*fault));
        Ended::Trapped
    });
    session.ended(process, ended);
    ended
}

/// What a panic said.
pub(crate) fn said(fault: &(dyn Any + Send)) -> String {
    let text = fault.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| fault.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
}

/// Makes the instance of a store's program, which runs its start function, and notes where its memory is.
pub(crate) fn instantiate(store: &mut Store<Context>) -> wasmtime::Result<Instance> {
    let program = Arc::clone(&store.data().program);
    let instance = enter::instantiate(&program.pre, store)?;
    store.data_mut().memory = instance.get_memory(&mut *store, "memory");
    Ok(instance)
}

impl Instantiated {
    /// Runs it, and lets go of its descriptors; the session has still to be told.
    pub(crate) fn run_to_end(&mut self) -> Ended {
        // What is copied and hashed for it ends with it.
        let context = self.store.data();
        let _interruptible = context.session.interruptible(&context.process);
        let result = self.call();
        // What it did after it was killed is not its end: with its thread lent to a child, it was that child which ended first,
        // and it may have left with the child's status before it looked.
        let killed = self.store.data().process.killed();
        let ended = match (killed, result) {
            (Some(killed), _) => killed,
            (None, Ok(code)) => Ended::Exited(code),
            (None, Err(error)) => judge(&mut self.store, &error),
        };
        if matches!(ended, Ended::Exited(1..) | Ended::Trapped) {
            self.store.data().failed();
        }
        close(self.store.data_mut());
        ended
    }

    fn call(&mut self) -> wasmtime::Result<u8> {
        match self.entry {
            Entry::Fork(task) => {
                let entry = self.instance.get_typed_func::<i32, i32>(&mut self.store, abi::FORK_ENTRY)?;
                return enter::call(&entry, &mut self.store, task).map(|code| code as u8);
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
        let function = self.instance.get_typed_func::<(), ()>(&mut self.store, name)?;
        enter::call(&function, &mut self.store, ())
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
    let taken = Charge::none(&process.account);
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
        forked: false,
        limits,
        cpu_began_us,
        taken,
        refused_memory: None,
        refusals: Refusals::default(),
        asked_arguments: false,
    };
    let mut store = Store::new(program.pre.module().engine(), context);
    store.limiter(|context| context);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        store.data().session.count_cpu();
        store.data().check()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store
}

/// Lets go of what others may wait for: pipes above all.
fn close(context: &mut Context) {
    context.table.clear();
    context.files.clear();
    context.process.cpu_us.store(context.cpu_us(), Ordering::Relaxed);
    context.session.count_cpu();
}

/// What an error means for the process: it asked to exit, was killed, or trapped. Says the latter on its standard error.
fn judge(store: &mut Store<Context>, error: &wasmtime::Error) -> Ended {
    if let Some(Stop(ended)) = error.downcast_ref() {
        return *ended;
    }
    let context = store.data_mut();
    let why = match (error.downcast_ref::<Trap>(), context.refused_memory) {
        (Some(Trap::StackOverflow), _) => "its stack is full".to_owned(),
        (Some(Trap::UnreachableCodeReached) | None, Some(refusal)) => refusal.to_string(),
        (Some(trap), _) => trap.to_string(),
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
