//! Native programs, which run only where the policy names them. They are no guests: what they may do is what the user may.

use super::context::Context;
use super::descriptor::{Description, Descriptor};
use super::pipe::End;
use super::process::{Ended, Process};
use super::request::SpawnRequest;
use super::session::Session;
use super::spawn::child_table;
use super::witness::Use;
use crate::lock;
use glowplug_sys::abi::{errno, signal};
use rustix::event::{PollFd, PollFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Between two looks at a child that may have to be killed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Says by which rule a native program could be run.
pub(crate) fn deny(session: &Session, path: &[u8]) {
    let path = String::from_utf8_lossy(path);
    let name = path.rsplit('/').next().unwrap_or(&path);
    session.denied(format!(
        "`{path}` is a native program, which does not run here; `--allow-native {name}` would allow it"
    ));
}

/// Programs that people expect to find, and do not find here.
const WELL_KNOWN: [&str; 61] = [
    "ar",
    "bc",
    "bison",
    "bun",
    "cargo",
    "cc",
    "clang",
    "clang-format",
    "cmake",
    "cpio",
    "curl",
    "deno",
    "docker",
    "dpkg",
    "fd",
    "ffmpeg",
    "file",
    "g++",
    "gawk",
    "gcc",
    "gdb",
    "gh",
    "git",
    "go",
    "gpg",
    "gunzip",
    "gzip",
    "hg",
    "java",
    "javac",
    "less",
    "lua",
    "make",
    "mvn",
    "ninja",
    "node",
    "npm",
    "npx",
    "openssl",
    "patch",
    "perl",
    "php",
    "pip",
    "pip3",
    "pnpm",
    "python",
    "python3",
    "rg",
    "rsync",
    "ruby",
    "rustc",
    "sqlite3",
    "ssh",
    "strace",
    "tar",
    "tree",
    "unzip",
    "wget",
    "xz",
    "yarn",
    "zip",
];

/// Says by which rule a native program could be run that is not there for guests, if it is one that people look for. Whether this
/// machine has it is not looked at: guests may read what is said, and are not to learn what there is.
pub(crate) fn suggest(context: &Context, request: &SpawnRequest) {
    let path = &request.program;
    let Some(name) = path.strip_prefix(b"/usr/bin/").or_else(|| path.strip_prefix(b"/bin/")) else { return };
    let Some(name) = WELL_KNOWN.iter().find(|known| known.as_bytes() == name) else { return };
    let handle = request.descriptors.iter().find(|(number, _)| *number == 2).map(|(_, handle)| *handle);
    let errors = handle.and_then(|handle| context.descriptor(handle).ok());
    if context.session.denials.are_heard(errors.as_ref()) {
        let rule = format!("--allow-native {name}");
        let text =
            format!("`{name}` is not among the shell's programs; `{rule}` would run this machine's, if it has one");
        context.session.denied_by(&rule, &text);
    }
}

/// The host's program of that name.
fn find(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Starts a native program; its number among the session's processes.
pub(crate) fn start(context: &mut Context, request: &SpawnRequest, name: &str) -> Result<i32, i32> {
    let session = Arc::clone(&context.session);
    let allowed = session.allow_native.iter().find(|allowed| allowed.rsplit('/').next() == Some(name));
    let allowed = allowed.ok_or(errno::EACCES)?;
    let program = if allowed.contains('/') { Some(PathBuf::from(allowed)) } else { find(allowed) };
    context.process.surroundings.used(|| Use::NativeProgram(name.to_owned()));
    let program = program.ok_or(errno::ENOENT)?;
    let table = child_table(context, request)?;
    let process = session.child_of(&context.process)?;
    let give_up = |errno| {
        session.never_started(&process);
        errno
    };

    let mut command = Command::new(program);
    command.arg0(OsStr::from_bytes(&request.args[0]));
    command.args(request.args[1..].iter().map(|arg| OsStr::from_bytes(arg))).env_clear();
    for variable in &request.env {
        if let Some(at) = variable.iter().position(|&byte| byte == b'=') {
            // PATH is the guests' own and leads nowhere here.
            if &variable[..at] != b"PATH" {
                command.env(OsStr::from_bytes(&variable[..at]), OsStr::from_bytes(&variable[at + 1..]));
            }
        }
    }
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.current_dir(host_folder(&session, &request.cwd).ok_or_else(|| give_up(errno::ENOENT))?);
    let mut pumps = Vec::new();
    for number in 0..3 {
        let descriptor = table.get(number).map_or_else(|_| Description::null(), Arc::clone);
        let stdio = stdio(&descriptor, &mut pumps).map_err(give_up)?;
        match number {
            0 => command.stdin(stdio),
            1 => command.stdout(stdio),
            _ => command.stderr(stdio),
        };
    }
    drop(table);
    let child = command.spawn().map_err(|_| give_up(errno::EACCES))?;
    // With its own ends of the pipes, which would otherwise never close.
    drop(command);
    let threads = &session.programs.threads;
    let mut outputs = Vec::new();
    for pump in pumps {
        if pump.out {
            outputs.push(Arc::clone(&pump.real));
        }
        let process = Arc::clone(&process);
        threads.run(move || pump.run(&process)).map_err(|_| errno::EAGAIN)?;
    }
    let pid = process.pid;
    let told = Arc::clone(&session);
    threads
        .run(move || {
            let ended = watch(child, &process);
            outputs.iter().for_each(|output| output.settle());
            told.ended(&process, ended);
        })
        .map_err(|_| errno::EAGAIN)?;
    Ok(pid)
}

/// The folder outside that a guest's folder is, if it is one: an overlay's is not.
fn host_folder(session: &Session, guest: &[u8]) -> Option<PathBuf> {
    let guest = session.namespace.canonical(guest).ok()?;
    let mounts = session.host_folders.iter().filter_map(|(mount, host)| {
        let rest = guest.strip_prefix(&mount[..])?;
        (rest.is_empty() || rest.starts_with(b"/") || mount.ends_with(b"/")).then_some((mount.len(), host, rest))
    });
    let (_, host, rest) = mounts.max_by_key(|(len, ..)| *len)?;
    Some(host.join(OsStr::from_bytes(rest.strip_prefix(b"/").unwrap_or(rest))))
}

/// Bytes that have to be carried between something of ours and a real pipe.
struct Pump {
    ours: Descriptor,
    real: Arc<RealEnd>,
    out: bool,
}

/// Our end of a real pipe.
struct RealEnd {
    file: File,
    /// Locked while bytes are on their way; whether no more will be.
    done: Mutex<bool>,
}

fn stdio(descriptor: &Descriptor, pumps: &mut Vec<Pump>) -> Result<Stdio, i32> {
    if let Some(file) = descriptor.hand_out()? {
        return Ok(Stdio::from(file.try_clone().map_err(|_| errno::EMFILE)?));
    }
    let Some(end) = descriptor.carried() else { return Ok(Stdio::null()) };
    let (reader, writer) = std::io::pipe().map_err(|_| errno::EMFILE)?;
    let (theirs, ours): (Stdio, File) = match end {
        End::Read => (reader.into(), File::from(OwnedFd::from(writer))),
        End::Write => (writer.into(), File::from(OwnedFd::from(reader))),
    };
    let real = Arc::new(RealEnd { file: ours, done: Mutex::new(false) });
    pumps.push(Pump { ours: Arc::clone(descriptor), real, out: end == End::Write });
    Ok(theirs)
}

impl Pump {
    fn run(self, process: &Process) {
        let mut buffer = vec![0; 64 << 10];
        if !self.out {
            while let Ok(got) = self.ours.read(process, &mut buffer)
                && got > 0
                && (&self.real.file).write_all(&buffer[..got]).is_ok()
            {}
            return;
        }
        loop {
            let mut readable = [PollFd::new(&self.real.file, PollFlags::IN)];
            let _ = rustix::event::poll(&mut readable, None);
            let mut done = lock(&self.real.done);
            let got = (&self.real.file).read(&mut buffer).unwrap_or(0);
            *done = got == 0 || !self.pass_on(process, &buffer[..got]);
            if *done {
                return;
            }
        }
    }

    /// Whether all of it could be written.
    fn pass_on(&self, process: &Process, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.ours.write(process, bytes) {
                Ok(count) if count > 0 => bytes = &bytes[count..],
                _ => return false,
            }
        }
        true
    }
}

impl RealEnd {
    /// Returns when what was written until now has arrived: whoever hears of the program's end may look for it, or write after it.
    fn settle(&self) {
        loop {
            let done = lock(&self.done);
            if *done || rustix::io::ioctl_fionread(&self.file).is_ok_and(|left| left == 0) {
                return;
            }
            drop(done);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Waits for the program's end, and kills it when the process is to end.
fn watch(mut child: Child, process: &Process) -> Ended {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                return match status.signal() {
                    Some(number) => Ended::Killed(number),
                    None => Ended::Exited(status.code().unwrap_or(1) as u8),
                };
            }
            Ok(None) => {}
            Err(_) => return Ended::Exited(1),
        }
        if let Some(ended) = process.killed() {
            let _ = child.kill();
            let _ = child.wait();
            return ended;
        }
        if process.sleep_until(Some(Instant::now() + BETWEEN_LOOKS)).is_err() && process.killed().is_none() {
            // A caught signal means nothing to a native program.
            process.catch(0, 1 << signal::CHLD);
        }
    }
}
