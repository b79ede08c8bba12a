//! The process between the host and a native program.
//!
//! For each native program the host executes itself once more, as this. It is outside of what confines the program, and the
//! parent of everything that the program leaves behind: when the host says so, or is gone, however it ended, it ends them all.
//! The thread that starts the program is confined beforehand; what a thread starts, is as it is. So nothing of ours runs between
//! fork and exec, where hardly anything is safe to do.

use super::confine::Confinement;
use super::wire::{self, BEFORE_FOLDERS, Order, Request, Told};
use rustix::fs::Mode;
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use std::sync::Arc;
use std::time::{Duration, Instant};

/// What this program is called when it is to be such a process. No user can call it so by accident.
pub const LAUNCHER_NAME: &str = "glowplug: native program";

/// How long a program that was asked to end may take, before it is made to.
const GRACE: Duration = Duration::from_secs(1);
/// Between two looks at whether it has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Starts the program that the host asks for through this process's standard input, and stays until it and all of its
/// descendants are gone. Gives this process's exit code.
#[must_use]
pub fn serve() -> i32 {
    close_inherited();
    let Ok(host) = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3) else { return 1 };
    let Ok((request, descriptors)) = wire::receive_request(&host) else { return 1 };
    let host = Arc::new(host);
    match start(request, descriptors) {
        Ok(program) => {
            // If the host is gone already, the program has to be ended all the same.
            let _ = wire::send(&host, &Told::Started);
            let told = Arc::clone(&host);
            std::thread::spawn(move || wait_for_all(program, &told));
            obey(program, &host);
            0
        }
        Err(error) => {
            let _ = wire::send(&host, &Told::Failed(error.raw_os_error().unwrap_or(0), error.to_string()));
            1
        }
    }
}

/// Closes what the host was given by whoever started it, and nobody meant for a native program.
#[allow(unsafe_code, reason = "closing what was inherited, which belongs to nobody in here")]
fn close_inherited() {
    let numbers = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers: Vec<i32> = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // The folder that was listed is closed already; that its number is, too, does no harm.
        if fs::read_link(format!("/proc/self/fd/{number}")).is_ok() {
            // SAFETY: nothing in this process has opened a descriptor yet, so none of these belongs to anything in it.
            unsafe { rustix::io::close(number) };
        }
    }
}

/// Starts the program in a process group and session of its own.
fn start(request: Request, mut descriptors: Vec<OwnedFd>) -> io::Result<Pid> {
    // Whatever loses its parent becomes a child of this process.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    // Without the user's terminal: nothing can be typed into it, and its signals go to the host alone.
    rustix::process::setsid()?;
    if let Some(seconds) = request.cpu_seconds {
        let limit = Rlimit { current: Some(seconds), maximum: Some(seconds.saturating_add(1)) };
        rustix::process::setrlimit(Resource::Cpu, limit)?;
    }
    // What it takes of the disk is not counted, but no file of its own can be larger than what is left.
    let had = rustix::process::getrlimit(Resource::Fsize);
    let least = |limit: Option<u64>| Some(limit.unwrap_or(u64::MAX).min(request.file_bytes));
    rustix::process::setrlimit(Resource::Fsize, Rlimit { current: least(had.current), maximum: least(had.maximum) })?;
    rustix::process::umask(Mode::from_raw_mode(request.umask));
    let folders = descriptors.split_off(BEFORE_FOLDERS);
    let [_, stdin, stdout, stderr, program] =
        <[OwnedFd; BEFORE_FOLDERS]>::try_from(descriptors).map_err(|_| io::Error::other("the request is not whole"))?;
    let confinement = match &request.rules {
        Some(rules) => Some(Confinement::new(rules, &folders).map_err(io::Error::other)?),
        None => None,
    };
    drop(folders);
    // The file itself, whatever has its name by now.
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    let mut args = request.args.into_iter().map(|arg| OsString::from_vec(arg.into_vec()));
    command.arg0(args.next().unwrap_or_default()).args(args).env_clear();
    let text = |bytes: serde_bytes::ByteBuf| OsString::from_vec(bytes.into_vec());
    command.envs(request.env.into_iter().map(|(name, value)| (text(name), text(value))));
    command.current_dir(request.cwd).process_group(0);
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    let started = std::thread::spawn(move || {
        let deputy = match confinement {
            Some(confinement) => confinement.enter().map_err(io::Error::other)?,
            None => None,
        };
        // Waited for as any other descendant.
        command.spawn().map(|child| (Pid::from_child(&child), deputy))
    });
    let started = started.join().map_err(|_| io::Error::other("starting it failed"))?;
    drop(program);
    let (pid, deputy) = started?;
    if let Some(deputy) = deputy {
        // From a thread that is not confined itself.
        std::thread::spawn(move || deputy.serve());
    }
    Ok(pid)
}

/// Waits until no descendant is left, and ends this process then. The host hears of the program's own end at once.
fn wait_for_all(program: Pid, host: &OwnedFd) {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                let _ = wire::send(host, &end_of(status));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => std::process::exit(0),
        }
    }
}

fn end_of(status: WaitStatus) -> Told {
    match status.terminating_signal() {
        Some(number) => Told::Killed(number),
        None => Told::Exited(status.exit_status().unwrap_or(1) as u8),
    }
}

/// Does what the host says, until it says nothing more.
fn obey(program: Pid, host: &OwnedFd) {
    while let Some(order) = wire::receive(host) {
        match order {
            Order::Signal(number) => signal(program, number),
            Order::End => break,
        }
    }
    end_all(program);
}

/// Sends a signal to the program's process group.
fn signal(program: Pid, number: i32) {
    if let Some(signal) = Signal::from_named_raw(number) {
        let _ = rustix::process::kill_process_group(program, signal);
    }
}

/// Ends every descendant. The thread that waits for them ends this process.
fn end_all(program: Pid) {
    let _ = rustix::process::kill_process_group(program, Signal::TERM);
    for pid in descendants() {
        let _ = rustix::process::kill_process(pid, Signal::TERM);
        // One that is stopped hears of nothing else.
        let _ = rustix::process::kill_process(pid, Signal::CONT);
    }
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        std::thread::sleep(BETWEEN_LOOKS);
    }
    loop {
        // Who is killed leaves children to this process, so that none gets away.
        for pid in descendants() {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// The processes below this one.
fn descendants() -> Vec<Pid> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may have anything in it; the state and the parent's number follow.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<i32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![rustix::process::getpid().as_raw_nonzero().get()];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.into_iter().skip(1).filter_map(Pid::from_raw).collect()
}
