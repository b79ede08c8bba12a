//! Native programs, which run only where the user names them. They are no guests, so each is resolved before a guest runs, is
//! given few variables, sees what guests are mounted, and ends with the session (ADR 0023).

mod allowed;
mod behalf;
mod confine;
mod environment;
mod installation;
mod launcher;
mod running;
mod seccomp;
mod streams;
mod wire;
mod writable;

pub use allowed::{AllowedNative, NativeError, NativeOptions, Natives};
pub use environment::Variable;
pub use launcher::{LAUNCHER_NAME, serve};
pub(crate) use running::Launchers;
use running::Running;

use super::context::Context;
use super::descriptor::Description;
use super::request::SpawnRequest;
use super::session::Session;
use super::spawn::child_table;
use super::witness::Use;
use allowed::NativeProgram;
use confine::{Right, Rules};
use glowplug_fs::{Access, quoted};
use glowplug_sys::abi::errno;
use serde_bytes::ByteBuf;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use wire::Request;
use writable::OnHost;

/// Why a native program that lies in a mounted folder does not run, and by which rule it would.
pub(crate) fn why_not(session: &Session, path: &[u8]) -> String {
    let canonical = session.namespace.canonical(path).unwrap_or_else(|_| path.to_vec());
    let shown = String::from_utf8_lossy(&canonical);
    let what = format!("`{shown}` is a native program, which does not run here");
    // The host's path is said where it is the guests' own, and is otherwise none of their business.
    match session.namespace.mounted_at_own_path(&canonical) {
        Some((_, Access::ReadOnly)) => format!("{what}; `--allow-native {}` would let it run", quoted(&shown)),
        Some((folder, _)) => {
            let folder = String::from_utf8_lossy(folder);
            let mount = quoted(&format!("{folder}:ro")).into_owned();
            format!(
                "{what}; `--dir {mount} --allow-native {}` would let it run, where guests cannot write to it",
                quoted(&shown)
            )
        }
        None => format!(
            "{what}; --allow-native with its path on this machine would let it run if its folder is mounted read-only"
        ),
    }
}

/// The native program of that name.
pub(crate) fn named(session: &Session, name: &str) -> Option<usize> {
    session.natives.programs.iter().position(|program| program.name == name)
}

/// The native program that the user allowed by this path.
pub(crate) fn at_path(session: &Session, path: &[u8]) -> Option<usize> {
    let path = std::path::Path::new(OsStr::from_bytes(path));
    session.natives.programs.iter().position(|program| program.paths.iter().any(|own| own == path))
}

/// The native program that an open file is.
pub(crate) fn opened(session: &Session, file: &File) -> Option<usize> {
    if session.natives.programs.is_empty() {
        return None;
    }
    let identity = file.metadata().ok().map(|found| (found.dev(), found.ino()))?;
    session.natives.programs.iter().position(|program| program.identity == identity)
}

/// Starts a native program; its number among the session's processes.
pub(crate) fn start(context: &mut Context, request: &SpawnRequest, at: usize) -> Result<i32, i32> {
    let session = Arc::clone(&context.session);
    let program = session.natives.programs.get(at).ok_or(errno::ENOENT)?;
    context.process.surroundings.used(|| Use::NativeProgram(program.name.clone()));
    let cwd = match working_folder(&session, program, &request.cwd) {
        Ok(cwd) => cwd,
        Err(problem) => return Err(say(context, request, &program.name, &problem, errno::EACCES)),
    };
    let table = child_table(context, request)?;
    let mut pumps = Vec::new();
    let mut streams = Vec::new();
    for number in 0..3 {
        let descriptor = table.get(number).map_or_else(|_| Description::null(), Arc::clone);
        streams.push(streams::real_stream(number, &descriptor, &mut pumps)?);
    }
    drop(table);
    let own = own_folders(&session).map_err(|error| error.errno)?;
    let wanted = Request {
        args: arguments(program, request),
        env: environment(&session, program, request, &cwd, &own),
        cwd,
        umask: context.umask,
        cpu_seconds: session.natives.cpu_seconds,
        file_bytes: session.namespace.disk_left().map_err(|error| error.errno)?,
        rules: (!program.free).then(|| rules(&session, program, &own)),
    };
    let mut descriptors: Vec<_> = streams.iter().map(|stream| stream.as_fd()).collect();
    descriptors.push(program.executed.as_fd());
    if !program.free {
        descriptors.extend(session.natives.folders.all().iter().map(|folder| folder.handle.as_fd()));
        descriptors.extend(own.iter().map(|folder| folder.as_fd()));
    }
    let misled = misled(context, request, program);
    let process = session.child_of(&context.process)?;
    let started = Running::start(&session.natives.launcher, &wanted, &descriptors, &process);
    // With the program's ends of the pipes, which would otherwise never close.
    drop(descriptors);
    drop(streams);
    match started {
        Ok(running) => {
            let pid = process.pid;
            running.watch(&session, process, pumps, misled)?;
            Ok(pid)
        }
        Err((errno, problem)) => {
            session.never_started(&process);
            Err(say(context, request, &program.name, &problem, errno))
        }
    }
}

/// Says on the program's standard error why it does not run, where an error number says too little.
fn say(context: &Context, request: &SpawnRequest, name: &str, problem: &str, errno: i32) -> i32 {
    let text = format!("glowplug: {name}: {problem}\n");
    if let Ok(table) = child_table(context, request)
        && let Ok(stderr) = table.get(2)
    {
        // Nobody is left to tell when that fails.
        let _ = stderr.write(&context.process, text.as_bytes());
    }
    errno
}

/// What is told if the program fails: that an argument is a path as guests have it, which leads elsewhere on the host, or nowhere.
/// Arguments are never changed: what looks like a path may be none.
fn misled(context: &Context, request: &SpawnRequest, program: &NativeProgram) -> Option<String> {
    let session = &context.session;
    let errors = request.descriptors.iter().find(|(number, _)| *number == 2).map(|(_, handle)| *handle);
    let errors = errors.and_then(|handle| context.descriptor(handle).ok());
    if !session.denials.are_heard(errors.as_ref()) {
        return None;
    }
    let paths = request.args.iter().skip(1).flat_map(|arg| {
        let value = arg.iter().position(|byte| *byte == b'=').map(|at| &arg[at + 1..]);
        std::iter::once(&arg[..]).chain(value)
    });
    let mut elsewhere = paths.filter(|path| path.starts_with(b"/")).filter(|path| session.natives.folders.moves(path));
    let path = String::from_utf8_lossy(elsewhere.next()?);
    Some(format!(
        "`{}` runs on this machine itself, where `{path}` is not what it is in the shell; give it relative paths, or mount \
         the folder where it is, with `--dir` and no `::`",
        program.name
    ))
}

/// Where the program works: the host's folder that the guest's is.
fn working_folder(session: &Session, program: &NativeProgram, guest: &[u8]) -> Result<PathBuf, String> {
    let shown = String::from_utf8_lossy(guest);
    let guest = session.namespace.canonical(guest).map_err(|_| format!("there is no folder `{shown}`"))?;
    let nowhere = "is no folder of this machine, where native programs work; change to one that is mounted :rw or :ro";
    match session.natives.folders.on_host(&guest) {
        OnHost::At(folder) => Ok(folder),
        OnHost::Overlay => Err(format!(
            "native programs cannot work in `{shown}`, which is an :overlay: they would see none of the changes; mount it :ro or :rw"
        )),
        OnHost::Nowhere => match in_own_tmp(session, &guest) {
            Some(folder) => Ok(folder),
            None if program.free && guest == b"/" => Ok(PathBuf::from("/")),
            None => Err(format!("`{shown}` {nowhere}")),
        },
    }
}

/// The host's folder for one in the session's own `/tmp`.
fn in_own_tmp(session: &Session, guest: &[u8]) -> Option<PathBuf> {
    let rest = guest.strip_prefix(b"/tmp").filter(|rest| rest.is_empty() || rest.starts_with(b"/"))?;
    let folder = session.namespace.own_folder("tmp").ok()?;
    let rest = rest.strip_prefix(b"/").unwrap_or(rest).to_vec();
    Some(path_of(&folder)?.join(OsString::from_vec(rest)))
}

/// The session's `/tmp`, and the home that native programs have when none is mounted.
fn own_folders(session: &Session) -> Result<[File; 2], glowplug_fs::FsError> {
    Ok([session.namespace.own_folder("tmp")?, session.namespace.own_folder("home")?])
}

fn path_of(folder: &File) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd())).ok()
}

/// The program's own first arguments, and the guest's but for the name: a program of many names would become another by it.
fn arguments(program: &NativeProgram, request: &SpawnRequest) -> Vec<ByteBuf> {
    let first = program.args.iter().map(|arg| ByteBuf::from(arg.clone().into_vec()));
    first.chain(request.args[1..].iter().map(|arg| ByteBuf::from(arg.clone()))).collect()
}

fn environment(
    session: &Session,
    program: &NativeProgram,
    request: &SpawnRequest,
    cwd: &std::path::Path,
    own: &[File; 2],
) -> Vec<(ByteBuf, ByteBuf)> {
    let natives = &session.natives;
    let mut env: Vec<(OsString, OsString)> = Vec::new();
    let mut set = |name: &str, value: OsString| {
        env.retain(|(other, _)| other != name);
        env.push((name.into(), value));
    };
    if program.free {
        std::env::vars_os().for_each(|(name, value)| {
            if let Some(name) = name.to_str() {
                set(name, value)
            }
        });
    } else {
        let [tmp, home] = own;
        let mounted = request.env.iter().find_map(|variable| variable.strip_prefix(b"HOME="));
        let mounted =
            mounted.and_then(|home| match natives.folders.on_host(&session.namespace.canonical(home).ok()?) {
                OnHost::At(folder) => Some(folder),
                _ => None,
            });
        if let Some(home) = mounted.or_else(|| path_of(home)) {
            set("HOME", home.into());
        }
        if let Some(tmp) = path_of(tmp) {
            set("TMPDIR", tmp.into());
        }
        program.env.iter().for_each(|(name, path)| set(name, path.clone().into()));
    }
    for (name, value) in environment::environment(&request.env, &natives.env) {
        if let Some(name) = name.to_str() {
            set(name, value);
        }
    }
    set("PATH", natives.search_path.clone());
    set("PWD", cwd.into());
    let bytes = |text: OsString| ByteBuf::from(text.into_vec());
    env.into_iter().map(|(name, value)| (bytes(name), bytes(value))).collect()
}

/// What a confined program may reach; the handles are the mounted folders, and then the session's own.
fn rules(session: &Session, program: &NativeProgram, own: &[File; 2]) -> Rules {
    let natives = &session.natives;
    let mounted = natives.folders.all().iter().map(|folder| match folder.access {
        Access::ReadWrite => Right::Write,
        Access::ReadOnly | Access::Overlay => Right::Read,
    });
    let handles = mounted.chain(own.iter().map(|_| Right::Write)).collect();
    // Whatever one program starts may be another that is allowed.
    let others = natives.programs.iter().filter(|other| !other.free).flat_map(|other| other.readable.iter());
    let readable = natives.readable.iter().chain(&program.readable).chain(others).cloned().collect();
    Rules { readable, handles }
}
