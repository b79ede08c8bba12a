//! Starting a process: what a path turns out to be, and how that is run.

use super::context::{Charged, Context, ProcessLimits};
use super::descriptor::Descriptor;
use super::launch::{Launch, Starting, run_guarded};
use super::native;
use super::process::{Ended, Process};
use super::program::Program;
use super::programs::{MOST_BYTES, ProgramError};
use super::refusals::Refused;
use super::request::SpawnRequest;
use super::session::Session;
use super::table::Table;
use super::witness::Use;
use crate::account::Limit;
use crate::enter;
use glowplug_fs::{OpenOptions, Opened, Sought, Watch};
use glowplug_sys::abi::errno;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::sync::Arc;

/// A script's interpreter may be a script again, this often.
const MAX_INTERPRETERS: usize = 4;
/// How much of a script's first line is looked at; Linux's own figure.
const FIRST_LINE: usize = 256;

/// What a path can be run as.
enum Runnable {
    Wasm(Arc<Program>),
    /// A module that has still to be loaded, which may take long.
    Module(Module),
    /// A native program that the user allows, by its place among them.
    Native(usize),
    /// A script: its interpreter, and perhaps an argument for it.
    Script(Vec<u8>, Option<Vec<u8>>),
}

/// A file that begins like a module, or has the name of its text.
struct Module {
    file: File,
    watch: Option<Watch>,
}

/// Starts a process for `context`'s; its number.
pub(crate) fn spawn(context: &mut Context, mut request: SpawnRequest) -> Result<i32, i32> {
    for _ in 0..MAX_INTERPRETERS {
        let runnable = runnable(context, &request.program);
        if runnable.as_ref().is_err_and(|errno| *errno == errno::ENOENT) {
            not_there(context, &request);
        }
        let started = match runnable? {
            Runnable::Wasm(program) => start(context, request, program),
            Runnable::Module(module) if request.foreground => {
                let errors = context.descriptor(2).ok();
                let program = module.load(&context.session, &context.process, &request.program, errors.as_ref())?;
                start(context, request, program)
            }
            Runnable::Module(module) => start_and_load(context, request, module),
            Runnable::Native(at) => native::start(context, &request, at),
            Runnable::Script(interpreter, argument) => {
                // As execve does it: the interpreter, its argument, the script's path, and what followed its name.
                let script = std::mem::replace(&mut request.program, interpreter.clone());
                let mut args = vec![interpreter];
                args.extend(argument);
                args.push(script);
                args.extend(request.args.drain(1..));
                request.args = args;
                continue;
            }
        };
        if started.is_ok() {
            // The process goes on to something else.
            context.refusals.forget();
        }
        return started;
    }
    Err(errno::ELOOP)
}

fn runnable(context: &Context, path: &[u8]) -> Result<Runnable, i32> {
    let session = &context.session;
    match session.namespace.open(path, &OpenOptions::reading()) {
        Ok(Opened::Program(at)) => own(context, at),
        Ok(Opened::File(file, watch, _)) => file_of_mount(context, path, file, watch),
        Ok(_) => Err(errno::EACCES),
        Err(error) if error.errno == errno::ENOENT => {
            // One that the user allowed by its path need not lie where guests see it.
            native::at_path(session, path).map(Runnable::Native).ok_or(error.errno)
        }
        Err(error) => Err(context.refused(path, Sought::default(), error)),
    }
}

/// A program, or a script's interpreter, is not there.
fn not_there(context: &Context, request: &SpawnRequest) {
    let path = &request.program;
    // A script's path follows its interpreter and that one's argument.
    let mut script =
        (request.args.first() == Some(path)).then(|| request.args[1..].iter().take(2)).into_iter().flatten();
    let alias = script.rfind(|arg| arg.starts_with(b"/")).map(Vec::as_slice);
    let Some(name) = path.strip_prefix(b"/usr/bin/").or_else(|| path.strip_prefix(b"/bin/")) else {
        return context.note_refusal(path, alias, Refused::MissingProgram);
    };
    let errors = request.descriptors.iter().find(|(number, _)| *number == 2).map(|(_, handle)| *handle);
    let errors = errors.and_then(|handle| context.descriptor(handle).ok());
    context.no_such_command(name, alias, errors.as_ref());
}

/// A program of `/usr/bin`: the host's own come first, then the native ones.
fn own(context: &Context, at: usize) -> Result<Runnable, i32> {
    let session = &context.session;
    let name = &session.namespace.programs().get(at).ok_or(errno::ENOENT)?.name;
    match session.programs.own_names().nth(at) {
        Some((own, program)) if own == name => {
            let program = session.programs.own_for(program, &context.process, &|event| session.tell(event));
            program.map(Runnable::Wasm).map_err(|error| {
                let errors = context.descriptor(2).ok();
                cannot_run(session, &context.process, name.as_bytes(), errors.as_ref(), &error)
            })
        }
        _ => native::named(session, name).map(Runnable::Native).ok_or(errno::ENOENT),
    }
}

fn file_of_mount(context: &Context, path: &[u8], file: File, watch: Option<Watch>) -> Result<Runnable, i32> {
    let metadata = file.metadata().map_err(|_| errno::EIO)?;
    if !metadata.is_file() {
        return Err(errno::EACCES);
    }
    let mut first = [0; FIRST_LINE];
    let count = file.read_at(&mut first, 0).map_err(|_| errno::EIO)?;
    let first = &first[..count];
    if let Some(watch) = &watch {
        watch.read(&file, 0, first);
        if count < FIRST_LINE {
            watch.read(&file, count as u64, b"");
        }
        watch.mode_matters(&file).map_err(|error| error.errno)?;
    }
    if first.starts_with(b"\0asm") || path.ends_with(b".wat") {
        return Ok(Runnable::Module(Module { file, watch }));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(errno::EACCES);
    }
    if let Some(at) = native::opened(&context.session, &file) {
        return Ok(Runnable::Native(at));
    }
    if let Some(line) = first.strip_prefix(b"#!") {
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut words = line.trim_ascii().splitn(2, |&byte| byte == b' ' || byte == b'\t');
        let interpreter = words.next().filter(|word| !word.is_empty()).ok_or(errno::ENOEXEC)?;
        let argument = words.next().map(|rest| rest.trim_ascii().to_vec()).filter(|rest| !rest.is_empty());
        return Ok(Runnable::Script(interpreter.to_vec(), argument));
    }
    if first.starts_with(b"\x7fELF") {
        context.note_refusal(path, None, Refused::Native);
        return Err(errno::EACCES);
    }
    Err(errno::ENOEXEC)
}

impl Module {
    /// Loads it on behalf of `process`, until that is killed, and says on `errors` why it cannot be run.
    fn load(
        self,
        session: &Session,
        process: &Arc<Process>,
        path: &[u8],
        errors: Option<&Descriptor>,
    ) -> Result<Arc<Program>, i32> {
        let Self { file, watch } = self;
        let host = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok();
        let tell = |event| session.tell(event);
        let program = session.programs.file(path, host, (&file, session.most_wasm()), process, &tell);
        if let Some(watch) = watch {
            // What runs is what is noted.
            let digest = program.as_ref().ok().and_then(|program| program.module);
            watch.loaded(&file, digest).map_err(|_| errno::EIO)?;
        }
        program.map_err(|error| cannot_run(session, process, path, errors, &error))
    }
}

/// Says why a program cannot be run, where an error number says too little.
fn cannot_run(
    session: &Session,
    process: &Process,
    path: &[u8],
    errors: Option<&Descriptor>,
    error: &ProgramError,
) -> i32 {
    if let ProgramError::GivenUp(errno) = error {
        return *errno;
    }
    if error.is_too_large() && session.most_wasm() < MOST_BYTES {
        session.ran_into(Limit::Memory, || {
            let most = session.most_wasm();
            format!("a module of more than {most} bytes takes more memory to be compiled than --max-memory allows")
        });
    }
    if !error.is_of_the_file() {
        let what = "could not load a module";
        process.surroundings.used(|| Use::Other(what.to_owned()));
    }
    let text = format!("glowplug: {}: cannot be run: {}\n", String::from_utf8_lossy(path), error.told());
    if let Some(errors) = errors {
        // Nobody is left to tell when that fails.
        let _ = errors.write(process, text.as_bytes());
    }
    errno::ENOEXEC
}

/// The child's descriptors.
pub(crate) fn child_table(context: &Context, request: &SpawnRequest) -> Result<Table, i32> {
    let mut table = Table::default();
    for &(number, handle) in &request.descriptors {
        if number as usize >= context.limits.files {
            return Err(errno::EBADF);
        }
        table.set(number, context.descriptor(handle)?);
    }
    Ok(table)
}

/// A child that has its number, and no program yet.
struct Child {
    session: Arc<Session>,
    process: Arc<Process>,
    request: SpawnRequest,
    table: Table,
    umask: u32,
    limits: ProcessLimits,
}

impl Child {
    fn of(context: &Context, request: SpawnRequest) -> Result<Self, i32> {
        let session = Arc::clone(&context.session);
        let table = child_table(context, &request)?;
        let process = session.child_of(&context.process)?;
        Ok(Self { session, process, request, table, umask: context.umask, limits: context.limits })
    }

    /// With its program, ready to be run.
    fn with(self, program: Arc<Program>) -> Result<Launch, i32> {
        let Self { session, process, request, table, umask, limits } = self;
        let SpawnRequest { program: path, cwd, mut args, mut env, .. } = request;
        if let Some(name) = multicall_name(&path) {
            // A program of many names goes by the first argument, which `exec -a` may have set to anything.
            args[0] = name;
        }
        if program.knows_pwd {
            env.retain(|variable| !variable.starts_with(b"PWD="));
            env.push([b"PWD=", &cwd[..]].concat());
        }
        let texts = |texts| Charged::new(texts, &session.memory).map_err(|_| errno::ENOMEM);
        let (args, env) = (texts(args)?, texts(env)?);
        let starting = Starting { program, process, args, env, cwd, umask, table, limits, preopens: None };
        Ok(Launch::new(Arc::clone(&session), starting))
    }

    /// Loads its program on its own thread, and runs it to its end.
    fn load_and_run(self, module: Module) -> Ended {
        let (session, process) = (Arc::clone(&self.session), Arc::clone(&self.process));
        let errors = self.table.get(2).ok().cloned();
        let loaded = {
            // What is hashed for it ends with it.
            let _interruptible = session.interruptible(&process);
            module.load(&session, &process, &self.request.program, errors.as_ref())
        };
        drop(errors);
        match loaded.and_then(|program| self.with(program)) {
            Ok(launch) => launch.run_to_end(),
            // As a shell has it for what is there and cannot be executed.
            Err(_) => process.killed().unwrap_or(Ended::Exited(126)),
        }
    }
}

fn start(context: &mut Context, request: SpawnRequest, program: Arc<Program>) -> Result<i32, i32> {
    let foreground = request.foreground;
    let child = Child::of(context, request)?;
    let (session, process) = (Arc::clone(&child.session), Arc::clone(&child.process));
    let launch = child.with(program).inspect_err(|_| session.never_started(&process))?;
    if foreground && enter::has_room() {
        let _lent = context.process.lend_thread(&process);
        launch.run();
    } else if session.programs.threads.run(move || _ = launch.run()).is_err() {
        session.never_started(&process);
        return Err(errno::EAGAIN);
    }
    Ok(process.pid)
}

/// In the background, nobody waits for a module that may have to be compiled: the child is there at once.
fn start_and_load(context: &Context, request: SpawnRequest, module: Module) -> Result<i32, i32> {
    let child = Child::of(context, request)?;
    let (session, process) = (Arc::clone(&child.session), Arc::clone(&child.process));
    let started = {
        let (session, process) = (Arc::clone(&session), Arc::clone(&process));
        let run = move || _ = run_guarded(&session, &process, || child.load_and_run(module));
        context.session.programs.threads.run(run)
    };
    if started.is_err() {
        session.never_started(&process);
        return Err(errno::EAGAIN);
    }
    Ok(process.pid)
}

/// The name of one of the host's own programs.
fn multicall_name(path: &[u8]) -> Option<Vec<u8>> {
    let name = path.strip_prefix(b"/usr/bin/").or_else(|| path.strip_prefix(b"/bin/"))?;
    (!name.contains(&b'/')).then(|| name.to_vec())
}
