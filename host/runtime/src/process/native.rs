//! Native programs, which run only where the policy names them. They are no guests: what they may do is what the user may.

use super::context::Context;
use super::descriptor::{Description, Descriptor};
use super::pipe::End;
use super::process::{Ended, Process};
use super::request::SpawnRequest;
use super::session::Session;
use super::spawn::child_table;
use glowplug_sys::abi::{errno, signal};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
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

/// The same, if the path looks like a command and the host has one of that name.
pub(crate) fn deny_if_there(session: &Session, path: &[u8]) {
    let Some(name) = path.strip_prefix(b"/usr/bin/").or_else(|| path.strip_prefix(b"/bin/")) else { return };
    if !name.contains(&b'/') && find(&String::from_utf8_lossy(name)).is_some() {
        deny(session, path);
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
    let program = program.ok_or(errno::ENOENT)?;
    let table = child_table(context, request)?;
    let process = session.new_process(Some(&context.process))?;
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
    for pump in pumps {
        let process = Arc::clone(&process);
        session.threads.run(move || pump.run(&process)).map_err(|_| errno::EAGAIN)?;
    }
    let pid = process.pid;
    let threads = session.threads.clone();
    threads
        .run(move || {
            let ended = watch(child, &process);
            session.ended(&process, ended);
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

/// Bytes that have to be carried between a pipe of ours and a real one.
struct Pump {
    ours: Descriptor,
    real: File,
    out: bool,
}

fn stdio(descriptor: &Descriptor, pumps: &mut Vec<Pump>) -> Result<Stdio, i32> {
    if let Some(file) = descriptor.hand_out()? {
        return Ok(Stdio::from(file.try_clone().map_err(|_| errno::EMFILE)?));
    }
    let Some((_, end)) = descriptor.as_pipe() else { return Ok(Stdio::null()) };
    let (reader, writer) = std::io::pipe().map_err(|_| errno::EMFILE)?;
    let (theirs, ours): (Stdio, File) = match end {
        End::Read => (reader.into(), File::from(std::os::fd::OwnedFd::from(writer))),
        End::Write => (writer.into(), File::from(std::os::fd::OwnedFd::from(reader))),
    };
    pumps.push(Pump { ours: Arc::clone(descriptor), real: ours, out: end == End::Write });
    Ok(theirs)
}

impl Pump {
    fn run(mut self, process: &Process) {
        use std::io::{Read as _, Write as _};
        let mut buffer = vec![0; 64 << 10];
        loop {
            let got = if self.out {
                self.real.read(&mut buffer).unwrap_or(0)
            } else {
                self.ours.read(process, &mut buffer).unwrap_or(0)
            };
            if got == 0 {
                return;
            }
            let mut rest = &buffer[..got];
            while !rest.is_empty() {
                let put = if self.out { self.ours.write(process, rest).ok() } else { self.real.write(rest).ok() };
                match put {
                    Some(put) if put > 0 => rest = &rest[put..],
                    _ => return,
                }
            }
        }
    }
}

/// Waits for the program's end, and kills it when the process is to end.
fn watch(mut child: Child, process: &Process) -> Ended {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                return match status.signal() {
                    Some(number) => Ended::by_signal(number),
                    None => Ended(status.code().unwrap_or(1) as u32 & 0xff),
                };
            }
            Ok(None) => {}
            Err(_) => return Ended(1),
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
