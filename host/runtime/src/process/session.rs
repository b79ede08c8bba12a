//! A session: its processes, programs, files and limits.

use super::commons::Commons;
use super::context::{Charged, ProcessLimits};
use super::cpu::CpuTime;
use super::denials::Denials;
use super::descriptor::Description;
use super::face::{Face, SessionEvent};
use super::handles::Handles;
use super::launch::{Entry, Launch, Starting};
use super::native::{Launchers, Natives};
use super::process::{End, Ended, Pid, Process, Shares};
use super::program::Program;
use super::programs::{ProgramEvent, ProgramSet, most_wasm};
use super::start::{self, RunEnd, Start, StartProgram};
use super::streams::Input;
use super::surroundings::{FIRST_PID, Seed, Surroundings};
use super::witness::{Use, Witness};
use crate::account::{Account, Bound, Limit};
use crate::{Watchdog, lock};
use glowplug_fs::{Interrupt, Interruptible, Namespace};
use glowplug_sys::abi::{errno, signal};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// So long after its time was over a session may take to end. Whatever still runs then is left behind.
pub const GRACE: Duration = Duration::from_secs(2);

/// What a session's processes may take, all together or each.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Bytes of memory of each process: its memories, tables, pipes and what is kept for it. A quarter of the machine's memory if
    /// it is not said.
    pub max_memory: Option<u64>,
    /// Bytes of memory of all processes together. A half of the machine's memory if it is not said.
    pub max_memory_total: Option<u64>,
    /// Processes alive at once.
    pub max_processes: usize,
    /// Bytes that all of them together may write to the session's own output.
    pub max_output: Option<u64>,
    /// Descriptors of each process.
    pub max_files: usize,
    /// How long the session may take.
    pub timeout: Option<Duration>,
    /// How much processor time its processes may take together; what native programs take is not counted.
    pub cpu_time: Option<Duration>,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            max_memory: None,
            max_memory_total: None,
            max_processes: 512,
            max_output: None,
            max_files: 1024,
            timeout: None,
            cpu_time: None,
        }
    }
}

/// What a session is made of.
pub struct SessionOptions {
    /// Where programs come from; other sessions may use the same.
    pub programs: Arc<ProgramSet>,
    /// What every process sees of files. Its programs must be the names of the host's own, in their order, and then those of the
    /// native ones that may be run.
    pub namespace: Namespace,
    /// Native programs that may be run; [`Natives::default`] for none.
    pub natives: Natives,
    /// The limits.
    pub limits: SessionLimits,
    /// What it shares with sessions that run at the same time, beside its own limits.
    pub commons: Option<Arc<Commons>>,
    /// Who hears of it.
    pub face: Arc<dyn Face>,
    /// With a seed, clocks and random bytes are virtual: they are the same in each session of this seed.
    ///
    /// Each process has a clock of its own, which begins where its parent's is and moves by 1 us at each reading, and by the time
    /// that it sleeps. Who waits for a child goes on at the later time of both. The calendar begins at 2000-01-01T00:00:00Z, or
    /// where `SOURCE_DATE_EPOCH` of the first process's environment says. Processor times are 0, or the same clock. Random bytes
    /// hang on the seed, on the process's place among the others, and on how many it has drawn; so do process numbers.
    pub determinism: Option<Seed>,
    /// Who is told what the session used that cannot be observed again. With a seed, clocks and random bytes are no such thing.
    pub witness: Option<Arc<dyn Witness>>,
}

/// Processes that share files, limits and resident programs.
pub struct Session {
    pub(crate) programs: Arc<ProgramSet>,
    pub(crate) namespace: Namespace,
    pub(crate) natives: Natives,
    pub(crate) launchers: Launchers,
    pub(crate) face: Arc<dyn Face>,
    determinism: Option<Seed>,
    witness: Option<Arc<dyn Witness>>,
    pub(crate) max_processes: AtomicUsize,
    limits: SessionLimits,
    processes: Mutex<HashMap<Pid, Arc<Process>>>,
    /// The last process is gone.
    emptied: Condvar,
    next_pid: AtomicI32,
    /// Bytes that may still be written to the session's output.
    allowance: Option<Arc<AtomicU64>>,
    timed_out: AtomicBool,
    /// Whether signals that are sent to this program are meant for it.
    pub(crate) hears_signals: AtomicBool,
    pub(crate) denials: Denials,
    /// Whether a process looked which folders it was given, other than at its very beginning.
    pub(crate) looked_for_folders: AtomicBool,
    /// What its processes take of memory.
    pub(crate) memory: Arc<Account>,
    /// How many they are, where that is shared with other sessions.
    places: Option<Arc<Account>>,
    /// The host's descriptors that they hold.
    handles: Arc<Handles>,
    /// Their processor time, if that has a limit.
    cpu: Option<CpuTime>,
    cpu_look: Mutex<Option<Watchdog>>,
    /// The first limit that somebody ran into.
    ran_into: OnceLock<Limit>,
    /// Those of which it was said.
    told: AtomicU32,
}

/// A process that has a limit of processor time, of which what the host does for it is a part.
struct Counted {
    session: Arc<Session>,
    process: Arc<Process>,
    thread: ThreadId,
}

impl Interrupt for Counted {
    fn is_wanted(&self) -> bool {
        // Others that help with it do so for many.
        if std::thread::current().id() == self.thread {
            self.session.count_cpu();
        }
        self.process.is_wanted()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Session {
    /// A session without a process yet.
    #[must_use]
    pub fn new(options: SessionOptions) -> Arc<Self> {
        let SessionOptions { programs, namespace, natives, limits, commons, face, determinism, witness } = options;
        let total = Bound::or_part(limits.max_memory_total, 2);
        let memory = match &commons {
            Some(commons) => commons.memory(total),
            None => Account::new(Limit::MemoryTotal, total),
        };
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            programs,
            namespace,
            natives,
            launchers: Launchers::default(),
            face,
            determinism,
            witness,
            max_processes: AtomicUsize::new(limits.max_processes),
            limits,
            processes: Mutex::default(),
            emptied: Condvar::new(),
            next_pid: AtomicI32::new(FIRST_PID),
            allowance: limits.max_output.map(|bytes| Arc::new(AtomicU64::new(bytes))),
            timed_out: AtomicBool::new(false),
            hears_signals: AtomicBool::new(false),
            denials: Denials::default(),
            looked_for_folders: AtomicBool::new(false),
            memory: Arc::new(memory.heard_by({
                let this = this.clone();
                move |refusal| {
                    if let Some(session) = this.upgrade() {
                        session.ran_into(refusal.limit, || format!("a program is short of memory: {refusal}"));
                    }
                }
            })),
            places: commons.as_ref().map(|commons| commons.processes()),
            handles: Arc::default(),
            cpu: limits.cpu_time.map(CpuTime::new),
            cpu_look: Mutex::default(),
            ran_into: OnceLock::new(),
            told: AtomicU32::new(0),
        })
    }

    /// Runs the first process to its end. Processes that are left go on until [`Session::end_all`], or until the program ends.
    ///
    /// # Errors
    /// When the program cannot be loaded or started.
    pub fn run(self: &Arc<Self>, start: Start, began: impl FnOnce() + Send + 'static) -> anyhow::Result<RunEnd> {
        // Loading is part of the time: a module may take as long to compile as its author wishes.
        let watchdog = self.limits.timeout.map(|timeout| self.end_after(timeout)).transpose()?;
        let give_up = self.limits.timeout.map(|timeout| Instant::now() + timeout + GRACE);
        let surroundings = Surroundings::first(self.determinism, self.witness.clone(), &start.env);
        let process = self.enlist(None, || surroundings);
        let process = process.map_err(|_| anyhow::anyhow!("the limit of processes allows none"))?;
        // The host's own shell may ask who sits before it; nothing that it starts may.
        let own = matches!(start.program, StartProgram::Own(_));
        process.speaks_for_user.store(own, Ordering::Relaxed);
        process.knows_history.store(own, Ordering::Relaxed);
        let (program, entry) = match self.program_of(start.program, &process) {
            Ok(found) => found,
            Err(error) => {
                self.never_started(&process);
                return match process.killed() {
                    Some(ended) => Ok(self.end_of(ended)),
                    None => Err(error),
                };
            }
        };
        self.hears_signals.store(matches!(start.stdio.input, Input::Inherited), Ordering::Relaxed);
        let table = start::table(start.stdio, self.allowance.as_ref());
        // A module that was given folders of its own names knows none of the paths of which something could be told.
        if start.preopens.is_none()
            && let Ok(errors) = table.get(2)
        {
            self.denials.errors_go_to(errors);
        }
        let outputs: Vec<_> = [1, 2].iter().filter_map(|fd| table.get(*fd).ok()).map(Arc::downgrade).collect();
        let mut env = start.env;
        if start.preopens.is_none() {
            env.push([b"PWD=", &start.cwd[..]].concat());
        }
        let texts = |texts| {
            Charged::new(texts, &self.memory).map_err(|refusal| {
                self.never_started(&process);
                anyhow::Error::new(refusal).context("the arguments and variables are too large")
            })
        };
        let (args, env) = (texts(start.args)?, texts(env)?);
        let starting = Starting {
            program,
            process,
            args,
            env,
            cwd: start.cwd,
            umask: start.umask & 0o777,
            table,
            limits: ProcessLimits { files: self.limits.max_files },
            preopens: start.preopens,
        };
        self.look_at_cpu();
        let launch = Launch::new(Arc::clone(self), starting).at(entry).before_start(began).leaving(start.leaving);
        let ended = if start::fits_here(start.on_main_thread) {
            if self.cpu.is_some() {
                // What the host did until now is not the session's.
                CpuTime::begin();
            }
            launch.run()
        } else {
            let (sender, receiver) = std::sync::mpsc::channel();
            self.programs.threads.run(move || {
                let _ = sender.send(launch.run());
            })?;
            match give_up {
                None => receiver.recv()?,
                Some(give_up) => match receiver.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                    Ok(ended) => ended,
                    // Something of the host's does not look whether it is to end. It is left behind, with its thread.
                    Err(RecvTimeoutError::Timeout) => Ended::Killed(signal::KILL),
                    Err(error) => return Err(error.into()),
                },
            }
        };
        Self::wait_for_writers(&outputs, give_up);
        if let Some(more) = self.denials.rest() {
            self.face.event(SessionEvent::Denied(more));
        }
        drop(watchdog);
        Ok(self.end_of(ended))
    }

    fn end_of(&self, ended: Ended) -> RunEnd {
        RunEnd {
            looked_for_folders: self.looked_for_folders.load(Ordering::Relaxed),
            ..RunEnd::new(ended, self.timed_out.load(Ordering::Acquire), self.ran_into.get().copied())
        }
    }

    fn program_of(&self, start: StartProgram, process: &Arc<Process>) -> anyhow::Result<(Arc<Program>, Entry)> {
        let tell = |event| self.tell(event);
        match start {
            StartProgram::Own(name) => {
                let at = self.programs.own_names().find(|(own, _)| *own == name).map(|(_, at)| at);
                let at = at.ok_or_else(|| anyhow::anyhow!("there is no program `{name}` in this binary"))?;
                let program = self.programs.own(at, &tell);
                let program = program.map_err(|error| anyhow::anyhow!("failed to load `{name}`: {error}"))?;
                Ok((program, Entry::Command))
            }
            StartProgram::Source { name, source } => {
                let program = self.programs.source(&name, source, process, &tell);
                let program = program.map_err(|error| anyhow::anyhow!("failed to load `{name}`: {error}"))?;
                let context = |why| anyhow::anyhow!("failed to run main module `{name}`: {why}");
                program.entries().map_err(context)?;
                Ok((program, Entry::Module))
            }
        }
    }

    /// Who reads this program's output through a pipe reads until all who could write are gone, and takes that for the end.
    /// Background processes that were left behind die with this program, so it stays for as long as they hold the pipe.
    fn wait_for_writers(outputs: &[Weak<Description>], give_up: Option<Instant>) {
        while outputs.iter().any(|output| output.upgrade().is_some_and(|output| output.is_read_to_its_end()))
            && give_up.is_none_or(|give_up| Instant::now() < give_up)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A new process of `parent`'s.
    pub(crate) fn child_of(&self, parent: &Process) -> Result<Arc<Process>, i32> {
        let process = self.enlist(Some(parent), || parent.surroundings.child())?;
        parent.adopt(process.pid);
        Ok(process)
    }

    /// Gives a number to a new process.
    fn enlist(
        &self,
        parent: Option<&Process>,
        surroundings: impl FnOnce() -> Surroundings,
    ) -> Result<Arc<Process>, i32> {
        let mut processes = lock(&self.processes);
        let max = self.max_processes.load(Ordering::Relaxed);
        if processes.len() >= max {
            drop(processes);
            self.ran_into(Limit::Processes, || {
                format!("no more than {max} processes may run at once; --max-processes allows more")
            });
            return Err(errno::EAGAIN);
        }
        let Ok(place) = self.places.as_ref().map(|places| places.charge(1)).transpose() else {
            drop(processes);
            self.ran_into(Limit::Processes, || {
                "so many processes of all that runs at once may not run together; fewer at once leave more for each"
                    .to_owned()
            });
            return Err(errno::EAGAIN);
        };
        let surroundings = surroundings();
        let mut pid = surroundings.pid().unwrap_or_else(|| self.next_pid.fetch_add(1, Ordering::Relaxed));
        while processes.contains_key(&pid) {
            pid = pid.wrapping_add(1).max(FIRST_PID);
        }
        let shares = parent.map_or_else(|| self.shares(), Process::shares_alike);
        let shares = Shares { place, ..shares };
        let process = Arc::new(Process::new(pid, parent, shares, surroundings));
        processes.insert(pid, Arc::clone(&process));
        Ok(process)
    }

    /// What the first process may take of all.
    fn shares(&self) -> Shares {
        let bound = Bound::or_part(self.limits.max_memory, 4);
        Shares {
            account: Arc::new(Account::beneath(&self.memory, Limit::Memory, bound)),
            handles: Handles::of_process(&self.handles),
            place: None,
        }
    }

    /// The most bytes of wasm that a guest may have compiled. What that takes is nobody's account: it is the host's, and whoever has
    /// a small `--max-memory` wants that to be little, too.
    pub(crate) fn most_wasm(&self) -> u64 {
        let total = Bound::or_part(self.limits.max_memory_total, 2).bytes();
        most_wasm(self.limits.max_memory.map_or(total, |own| own.min(total)))
    }

    /// A process is gone: its parent hears of it.
    pub(crate) fn ended(&self, process: &Process, ended: Ended) {
        if let Some(parent) = self.strike(process) {
            let cpu_us = process.cpu_us.load(Ordering::Relaxed) + process.children_cpu_us.load(Ordering::Relaxed);
            parent.child_ended(process.pid, End { how: ended, cpu_us, at: process.surroundings.now() });
        }
    }

    /// A process that did not start.
    pub(crate) fn never_started(&self, process: &Process) {
        if let Some(parent) = self.strike(process) {
            parent.disown(process.pid);
        }
    }

    /// Takes a process off the list; its parent, if that is still there.
    fn strike(&self, process: &Process) -> Option<Arc<Process>> {
        let mut processes = lock(&self.processes);
        processes.remove(&process.pid);
        if processes.is_empty() {
            self.emptied.notify_all();
        }
        processes.get(&process.parent).cloned()
    }

    /// Sends a signal to a process.
    pub(crate) fn kill(&self, pid: Pid, number: i32) -> Result<(), i32> {
        let process = lock(&self.processes).get(&pid).cloned().ok_or(errno::ESRCH)?;
        if number == 0 {
            return Ok(());
        }
        if !(1..64).contains(&number) {
            return Err(errno::EINVAL);
        }
        if process.signal(number) {
            self.programs.interrupt();
        }
        Ok(())
    }

    /// Sends a signal to every process, as a terminal does to those in its foreground; those that ignore it go on.
    pub fn signal_all(&self, number: i32) {
        let processes: Vec<_> = lock(&self.processes).values().cloned().collect();
        let mut interrupt = false;
        for process in processes {
            interrupt |= process.signal(number);
        }
        if interrupt {
            self.programs.interrupt();
        }
    }

    /// Whether something would be left, or in the way, if this program ended without [`end_all`](Self::end_all): files of its own, or what
    /// native programs have started.
    #[must_use]
    pub fn must_be_ended(&self) -> bool {
        self.namespace.has_scratch() || !self.launchers.is_empty()
    }

    /// Ends every process that is left, and waits until they are gone: whether they are, within `patience`.
    pub fn end_all(&self, patience: Duration) -> bool {
        // What native programs started is asked first, and made to a little later.
        let natives_gone = self.launchers.end_all(patience);
        self.signal_all(signal::KILL);
        let processes = lock(&self.processes);
        let gone = self.emptied.wait_timeout_while(processes, patience, |processes| !processes.is_empty());
        gone.unwrap_or_else(PoisonError::into_inner).0.is_empty() && natives_gone
    }

    /// How many processes there are.
    pub fn alive(&self) -> usize {
        lock(&self.processes).len()
    }

    /// Counts the processor time of the calling thread, if there is a limit, and ends all when that is reached.
    pub(crate) fn count_cpu(&self) {
        let (Some(cpu), Some(most)) = (&self.cpu, self.limits.cpu_time) else { return };
        if !cpu.count() && !self.timed_out.swap(true, Ordering::AcqRel) {
            self.ran_into(Limit::CpuTime, || {
                format!("the processor time that --cpu-time allows ({most:?}) is used up, and everything was ended")
            });
            self.signal_all(signal::KILL);
        }
    }

    /// Long work of the host's on the calling thread is done for `process` from now on: it ends with that, and its processor time is the
    /// session's.
    pub(crate) fn interruptible(self: &Arc<Self>, process: &Arc<Process>) -> Interruptible {
        glowplug_fs::interruptible(match &self.cpu {
            None => Arc::clone(process) as Arc<dyn Interrupt>,
            Some(_) => {
                let (session, process) = (Arc::clone(self), Arc::clone(process));
                Arc::new(Counted { session, process, thread: std::thread::current().id() })
            }
        })
    }

    /// From time to time, makes what computes count its processor time.
    fn look_at_cpu(self: &Arc<Self>) {
        let Some(cpu) = &self.cpu else { return };
        let session = Arc::downgrade(self);
        let look = Watchdog::start(cpu.next_look(), move || {
            if let Some(session) = session.upgrade() {
                session.programs.interrupt();
                session.look_at_cpu();
            }
        });
        // Without a thread for it, processes are still counted when they end.
        *lock(&self.cpu_look) = look.ok();
    }

    fn end_after(self: &Arc<Self>, timeout: Duration) -> std::io::Result<Watchdog> {
        let session = Arc::downgrade(self);
        Watchdog::start(timeout, move || {
            if let Some(session) = session.upgrade() {
                session.timed_out.store(true, Ordering::Release);
                let _ = session.ran_into.set(Limit::Time);
                session.face.event(SessionEvent::TimedOut(timeout));
                session.signal_all(signal::KILL);
            }
        })
    }

    pub(crate) fn tell(&self, event: ProgramEvent) {
        self.face.event(SessionEvent::Program(event));
    }

    /// Says what was refused and what would allow it. The text is a rule of its own.
    pub(crate) fn denied(&self, text: String) {
        self.denied_by(&text, &text);
    }

    /// Says what was refused, unless something else was by the same rule.
    pub(crate) fn denied_by(&self, rule: &str, text: &str) {
        if let Some(text) = self.denials.tell(rule, text) {
            self.face.event(SessionEvent::Denied(text));
        }
    }

    /// A process was refused something by a limit. Says so, once for each limit; and since what is left of it hangs on what else
    /// runs, it is nothing that a result could be kept under.
    pub(crate) fn ran_into(&self, limit: Limit, text: impl FnOnce() -> String) {
        if let Some(witness) = &self.witness {
            witness.used(Use::Other(format!("ran into --{}", limit.name())));
        }
        let _ = self.ran_into.set(limit);
        let bit = 1 << limit as u32;
        if self.told.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.face.event(SessionEvent::Denied(text()));
        }
    }

    /// The host failed while it did something for a process.
    pub(crate) fn faulted(&self, process: &Process, text: &str) {
        if let Some(witness) = &self.witness {
            witness.used(Use::Other("met a fault of glowplug's".to_owned()));
        }
        let pid = process.pid;
        self.face.event(SessionEvent::Denied(format!(
            "process {pid} was ended by a fault in glowplug itself, not in the program: {text}; please report it"
        )));
    }

    /// Descriptors that a process may have at most.
    pub(crate) fn max_files(&self) -> usize {
        self.limits.max_files
    }

    /// Something of the session's output was refused: says so if it was by its limit.
    pub(crate) fn look_at_output(&self) {
        if self.output_left() == Some(0) {
            let text = "all is written that --max-output allows, and the rest is refused";
            self.ran_into(Limit::Output, || text.to_owned());
        }
    }

    /// What may still be written to the session's output, if that has a limit.
    pub(crate) fn allowance(&self) -> Option<&Arc<AtomicU64>> {
        self.allowance.as_ref()
    }

    /// Bytes that may still be written to the session's output.
    pub(crate) fn output_left(&self) -> Option<u64> {
        self.allowance.as_ref().map(|allowance| allowance.load(Ordering::Relaxed))
    }

    /// The files that its processes see.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Writes down what the cache learnt.
    pub fn finish(&self) {
        self.programs.finish();
    }
}
