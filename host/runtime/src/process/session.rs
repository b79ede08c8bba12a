//! A session: its processes, programs, files and limits.

use super::context::ProcessLimits;
use super::descriptor::{Description, Table};
use super::launch::{Launch, Starting};
use super::process::{Ended, Pid, Process};
use super::programs::{OwnProgram, ProgramEvent, Programs};
use super::threads::{self, Threads};
use crate::lock;
use glowplug_cache::ModuleCache;
use glowplug_fs::Namespace;
use glowplug_sys::abi::{errno, signal};
use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// What a session's processes may take, all together or each.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Bytes of each process's linear memory.
    pub max_memory: Option<u64>,
    /// Processes alive at once.
    pub max_processes: usize,
    /// Bytes that all of them together may write to the session's own output.
    pub max_output: Option<u64>,
    /// Descriptors of each process.
    pub max_files: usize,
    /// How long the session may take.
    pub timeout: Option<Duration>,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { max_memory: None, max_processes: 512, max_output: None, max_files: 1024, timeout: None }
    }
}

/// A line that a guest asks the user for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditRequest {
    /// Before the first line.
    pub prompt: Vec<u8>,
    /// Before the others.
    pub continuation: Vec<u8>,
    /// What can be completed; the first byte says what each is ([`glowplug_sys::abi::edit`]).
    pub names: Vec<Vec<u8>>,
}

/// A text that a guest asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Info {
    Version,
    Greeting,
    History,
    HistoryClear,
}

/// What happened that somebody may want to hear of.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// Of a program.
    Program(ProgramEvent),
    /// Something was refused; the text names the rule that would allow it.
    Denied(String),
    /// The session ran into its time limit, and everything in it was ended.
    TimedOut(Duration),
}

/// Who is at the other end of a session: a terminal, a program that embeds it, a test.
pub trait Face: Send + Sync {
    /// Asks for a line. `namespace` shows the files that the asking process sees.
    ///
    /// # Errors
    /// An error number: `EINTR` when the line was given up, `EPIPE` at the end of input, `ENOTTY` when nobody can be asked.
    fn edit(&self, request: &EditRequest, namespace: &Namespace) -> Result<Vec<u8>, i32> {
        let _ = (request, namespace);
        Err(errno::ENOTTY)
    }

    /// A text about the host.
    fn info(&self, info: Info) -> String {
        let _ = info;
        String::new()
    }

    /// Told what happens.
    fn event(&self, event: SessionEvent) {
        let _ = event;
    }
}

/// What a session is made of.
pub struct SessionOptions {
    /// Where modules come from.
    pub cache: Arc<ModuleCache>,
    /// The host's own programs.
    pub programs: Vec<OwnProgram>,
    /// Bytes of artifacts that may stay resident.
    pub resident_bytes: u64,
    /// What every process sees of files. The names of own and native programs must be its programs, in the order of
    /// [`Session::program_names`].
    pub namespace: Namespace,
    /// Native programs that may be run, by name or path.
    pub allow_native: Vec<String>,
    /// Where native programs find the guests' folders: the guest's path and the host's.
    pub host_folders: Vec<(Vec<u8>, PathBuf)>,
    /// The limits.
    pub limits: SessionLimits,
    /// Who hears of it.
    pub face: Arc<dyn Face>,
}

/// The first process of a session.
#[derive(Debug)]
pub struct Start {
    /// One of the host's own programs.
    pub program: String,
    /// Its arguments, its name first.
    pub args: Vec<Vec<u8>>,
    /// `NAME=VALUE`.
    pub env: Vec<Vec<u8>>,
    /// Its working folder, in its own view of files.
    pub cwd: Vec<u8>,
    /// Its standard input, output and error; this program's own if there are none.
    pub stdio: Option<[File; 3]>,
    /// Whether the calling program ends when this process does: then nothing is torn down before.
    pub leaving: bool,
}

/// Processes that share files, limits and resident programs.
pub struct Session {
    pub(crate) programs: Programs,
    pub(crate) namespace: Namespace,
    pub(crate) allow_native: Vec<String>,
    pub(crate) host_folders: Vec<(Vec<u8>, PathBuf)>,
    pub(crate) face: Arc<dyn Face>,
    pub(crate) threads: Threads,
    pub(crate) max_processes: AtomicUsize,
    limits: SessionLimits,
    processes: Mutex<HashMap<Pid, Arc<Process>>>,
    next_pid: AtomicI32,
    /// Bytes that may still be written to the session's output.
    allowance: Option<Arc<AtomicU64>>,
    timed_out: AtomicBool,
    denied: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Session {
    /// The names under which programs are found: the host's own, then the native ones that may be run.
    pub fn program_names(programs: &[OwnProgram], allow_native: &[String]) -> Vec<String> {
        let own = programs.iter().flat_map(|own| own.names.iter().map(|name| (*name).to_owned()));
        own.chain(allow_native.iter().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())).collect()
    }

    /// A session without a process yet.
    #[must_use]
    pub fn new(options: SessionOptions) -> Arc<Self> {
        let SessionOptions { cache, programs, resident_bytes, namespace, allow_native, host_folders, limits, face } =
            options;
        Arc::new(Self {
            programs: Programs::new(cache, programs, resident_bytes, limits.max_processes),
            namespace,
            allow_native,
            host_folders,
            face,
            threads: Threads::default(),
            max_processes: AtomicUsize::new(limits.max_processes),
            limits,
            processes: Mutex::default(),
            // Numbers as they look in Unix, where 1 is nobody's.
            next_pid: AtomicI32::new(2),
            allowance: limits.max_output.map(|bytes| Arc::new(AtomicU64::new(bytes))),
            timed_out: AtomicBool::new(false),
            denied: Mutex::default(),
        })
    }

    /// Runs the first process to its end, on the calling thread where its stack is large enough. Processes that are left are ended
    /// with the program itself, or go on until the session's last owner is gone.
    ///
    /// # Errors
    /// When the program cannot be loaded or started.
    pub fn run(self: &Arc<Self>, start: &Start, began: impl FnOnce() + Send + 'static) -> anyhow::Result<i32> {
        let at = self.programs.own_names().find(|(name, _)| *name == start.program).map(|(_, at)| at);
        let at = at.ok_or_else(|| anyhow::anyhow!("there is no program `{}` in this binary", start.program))?;
        let program = self
            .programs
            .own(at, &|event| self.tell(event))
            .map_err(|error| anyhow::anyhow!("failed to load `{}`: {error}", start.program))?;
        let process = self.new_process(None).map_err(|_| anyhow::anyhow!("the limit of processes allows none"))?;
        let table = self.standard_table(start.stdio.as_ref())?;
        let outputs: Vec<_> = [1, 2].iter().filter_map(|fd| table.get(*fd).ok()).map(Arc::downgrade).collect();
        let starting = Starting {
            program,
            process: Arc::clone(&process),
            args: start.args.clone(),
            env: [&start.env[..], &[[b"PWD=", &start.cwd[..]].concat()]].concat(),
            cwd: start.cwd.clone(),
            umask: 0o022,
            table,
            limits: ProcessLimits { memory: self.limits.max_memory, files: self.limits.max_files },
        };
        if let Some(timeout) = self.limits.timeout {
            self.end_after(timeout)?;
        }
        let launch = Launch::new(Arc::clone(self), starting).before_start(began).leaving(start.leaving);
        let ended = match main_stack() {
            Some(size) => {
                threads::stack_is(size);
                launch.run()
            }
            None => {
                let (sender, receiver) = std::sync::mpsc::channel();
                self.threads.run(move || {
                    let _ = sender.send(launch.run());
                })?;
                receiver.recv()?
            }
        };
        Self::wait_for_writers(&outputs);
        if self.timed_out.load(Ordering::Acquire) {
            return Ok(124);
        }
        Ok(ended.exit_code())
    }

    /// Who reads this program's output through a pipe reads until all who could write are gone, and takes that for the end.
    /// Background processes that were left behind die with this program, so it stays for as long as they hold the pipe.
    fn wait_for_writers(outputs: &[Weak<Description>]) {
        while outputs.iter().any(|output| output.upgrade().is_some_and(|output| output.is_real_pipe())) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The descriptors 0, 1 and 2; those of this program that are closed stay closed.
    fn standard_table(&self, given: Option<&[File; 3]>) -> anyhow::Result<Table> {
        let own = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
        let mut table = Table::default();
        for (number, own) in (0_u32..).zip(own) {
            let file = match given {
                Some(files) => files[number as usize].try_clone()?,
                None => match rustix::io::fcntl_dupfd_cloexec(own, 3) {
                    Ok(fd) => File::from(fd),
                    Err(_) => continue,
                },
            };
            let descriptor = match number {
                0 => Description::host(file, true, false),
                _ => Description::output(file, self.allowance.clone()),
            };
            table.set(number, descriptor);
        }
        Ok(table)
    }

    /// Gives a number to a new process.
    pub(crate) fn new_process(&self, parent: Option<&Process>) -> Result<Arc<Process>, i32> {
        let mut processes = lock(&self.processes);
        let max = self.max_processes.load(Ordering::Relaxed);
        if processes.len() >= max {
            drop(processes);
            self.denied(format!("no more than {max} processes may run at once; --max-processes allows more"));
            return Err(errno::EAGAIN);
        }
        let pid = self.next_pid.fetch_add(1, Ordering::Relaxed);
        let process = Arc::new(Process::new(pid, parent));
        processes.insert(pid, Arc::clone(&process));
        drop(processes);
        if let Some(parent) = parent {
            parent.adopt(pid);
        }
        Ok(process)
    }

    /// A process is gone: its parent hears of it.
    pub(crate) fn ended(&self, process: &Process, ended: Ended) {
        let mut processes = lock(&self.processes);
        processes.remove(&process.pid);
        let parent = processes.get(&process.parent).cloned();
        drop(processes);
        if let Some(parent) = parent {
            let cpu = process.cpu_us.load(Ordering::Relaxed) + process.children_cpu_us.load(Ordering::Relaxed);
            parent.child_ended(process.pid, ended, cpu);
        }
    }

    /// A process that did not start.
    pub(crate) fn never_started(&self, process: &Process) {
        let mut processes = lock(&self.processes);
        processes.remove(&process.pid);
        let parent = processes.get(&process.parent).cloned();
        drop(processes);
        if let Some(parent) = parent {
            parent.disown(process.pid);
        }
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

    fn end_after(self: &Arc<Self>, timeout: Duration) -> std::io::Result<()> {
        let session = Arc::downgrade(self);
        std::thread::Builder::new().name("glowplug-timeout".to_owned()).stack_size(256 << 10).spawn(move || {
            std::thread::sleep(timeout);
            if let Some(session) = session.upgrade() {
                session.timed_out.store(true, Ordering::Release);
                session.face.event(SessionEvent::TimedOut(timeout));
                session.signal_all(signal::KILL);
            }
        })?;
        Ok(())
    }

    pub(crate) fn tell(&self, event: ProgramEvent) {
        self.face.event(SessionEvent::Program(event));
    }

    /// Says, once each, what was refused and what would allow it.
    pub(crate) fn denied(&self, rule: String) {
        let mut denied = lock(&self.denied);
        if !denied.contains(&rule) {
            denied.push(rule.clone());
            drop(denied);
            self.face.event(SessionEvent::Denied(rule));
        }
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

/// The size of the main thread's stack, if guests fit on it.
fn main_stack() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let size = limit.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    // An unlimited one is laid out by the kernel as it sees fit; nobody needs more than this.
    let size = size.min(64 << 20);
    (size >= 2 * (super::MAX_WASM_STACK + (1 << 20))).then_some(size - (128 << 10))
}
