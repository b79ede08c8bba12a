//! A native program that runs, as the host sees it.

use super::launcher::LAUNCHER_NAME;
use super::streams::Pump;
use super::wire::{self, Order, Request, Told};
use crate::lock;
use crate::process::launch::run_guarded;
use crate::process::process::{Ended, Process};
use crate::process::session::Session;
use glowplug_sys::abi::{errno, signal};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::ffi::OsString;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For so long the process between may take to say whether the program has started.
const START: Duration = Duration::from_secs(30);
/// After a signal that ends a program, it may take this long to do so.
const GRACE: Duration = Duration::from_secs(1);

/// The processes between us and native programs that a session has, those of ended programs with descendants among them.
#[derive(Debug, Default)]
pub(crate) struct Launchers {
    list: Mutex<Vec<Arc<OwnedFd>>>,
    fewer: Condvar,
}

impl Launchers {
    /// Has everything ended that native programs started, and waits until it is gone: whether it is, within `patience`.
    pub(crate) fn end_all(&self, patience: Duration) -> bool {
        let list = lock(&self.list);
        for launcher in list.iter() {
            let _ = wire::send(launcher, &Order::End);
        }
        let gone = self.fewer.wait_timeout_while(list, patience, |list| !list.is_empty());
        gone.unwrap_or_else(PoisonError::into_inner).0.is_empty()
    }

    /// Whether no native program was started, or all of what they started is gone.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.list).is_empty()
    }

    fn remove(&self, gone: &Arc<OwnedFd>) {
        lock(&self.list).retain(|launcher| !Arc::ptr_eq(launcher, gone));
        self.fewer.notify_all();
    }
}

/// A native program, and the process between.
pub(crate) struct Running {
    launcher: Arc<OwnedFd>,
    child: Child,
}

impl Running {
    /// Starts a program; else an error number for guests, and what failed.
    pub(super) fn start(
        launcher: &[OsString],
        request: &Request,
        descriptors: &[BorrowedFd<'_>],
        process: &Process,
    ) -> Result<Self, (i32, String)> {
        let failed = |error: std::io::Error| (errno::EAGAIN, format!("failed to start it: {error}"));
        let (ours, theirs) = wire::connection().map_err(failed)?;
        let own = OsString::from("/proc/self/exe");
        let (program, args) = launcher.split_first().unwrap_or((&own, &[]));
        let mut command = Command::new(program);
        command.args(args).arg0(LAUNCHER_NAME).env_clear().current_dir("/");
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        // With the other side's socket, whose end would otherwise not be heard of.
        drop(command);
        let told = wire::send_request(&ours, request, descriptors)
            .map_err(failed)
            .map(|()| if wait(&ours, process, Instant::now() + START) { wire::receive(&ours) } else { None });
        let error = match told {
            Ok(Some(Told::Started)) => return Ok(Self { launcher: Arc::new(ours), child }),
            Ok(Some(Told::Failed(number, problem))) => (number_of(number), format!("failed to start it: {problem}")),
            Ok(_) => (errno::EAGAIN, "failed to start it: its launcher has ended".to_owned()),
            Err(error) => error,
        };
        drop(ours);
        let _ = child.kill();
        let _ = child.wait();
        Err(error)
    }

    /// Carries its streams, tells the session when it has ended, and stays until what it started is gone. If it fails, the user is
    /// told `hint`.
    pub(super) fn watch(
        self,
        session: &Arc<Session>,
        process: Arc<Process>,
        pumps: Vec<Pump>,
        hint: Option<String>,
    ) -> Result<(), i32> {
        let threads = &session.programs.threads;
        let mut outputs = Vec::new();
        for pump in pumps {
            if pump.out {
                outputs.push(Arc::clone(&pump.real));
            }
            let (process, told) = (Arc::clone(&process), Arc::clone(session));
            threads.run(move || pump.run_guarded(&told, &process)).map_err(|_| errno::EAGAIN)?;
        }
        lock(&session.launchers.list).push(Arc::clone(&self.launcher));
        let told = Arc::clone(session);
        let watching = threads.run(move || {
            let Self { launcher, mut child } = self;
            let ended = run_guarded(&told, &process, || {
                let ended = until_end(&launcher, &process);
                outputs.iter().for_each(|output| output.settle());
                if let (Some(hint), false) = (hint, ended == Ended::Exited(0)) {
                    told.denied(hint);
                }
                ended
            });
            if ended == Ended::Trapped {
                // The host failed, and nobody waits for the program any more.
                let _ = wire::send(&launcher, &Order::End);
            }
            drop((outputs, process));
            // Its descendants go on until the session ends.
            let _: Option<Told> = wire::receive(&launcher);
            let _ = child.wait();
            told.launchers.remove(&launcher);
        });
        watching.map_err(|_| errno::EAGAIN)
    }
}

/// Waits until something can be received, or the process has to end: whether something can.
fn wait(launcher: &OwnedFd, process: &Process, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || process.killed().is_some() {
            return false;
        }
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let Ok(wakeup) = process.wakeup() else { return false };
        let mut polled = [PollFd::new(launcher, PollFlags::IN), PollFd::from_borrowed_fd(wakeup, PollFlags::IN)];
        match rustix::event::poll(&mut polled, Some(&timeout)) {
            Ok(_) if !polled[0].revents().is_empty() => return true,
            Ok(_) => process.drain_wakeup(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Waits for the program's end, and sees to it when the process is to end.
fn until_end(launcher: &OwnedFd, process: &Process) -> Ended {
    let far = Duration::from_secs(3600);
    let mut killed: Option<Instant> = None;
    loop {
        let deadline = killed.unwrap_or_else(|| Instant::now() + far);
        let heard = match killed {
            // What has been sent a signal is not woken by it again.
            Some(deadline) => wait_alone(launcher, deadline),
            None => wait(launcher, process, deadline),
        };
        if heard {
            return match wire::receive(launcher) {
                Some(Told::Exited(code)) => Ended::Exited(code),
                Some(Told::Killed(number)) => Ended::Killed(number),
                // The process between is gone, and so is what it guarded.
                _ => Ended::Killed(signal::KILL),
            };
        }
        match (process.killed(), killed) {
            (Some(Ended::Killed(number)), None) => {
                let _ = wire::send(launcher, &Order::Signal(number));
                killed = Some(Instant::now() + GRACE);
            }
            (Some(_), _) => {
                let _ = wire::send(launcher, &Order::Signal(signal::KILL));
                killed = Some(Instant::now() + GRACE);
            }
            // A caught signal means nothing to a native program.
            (None, _) => process.catch(0, 1 << signal::CHLD),
        }
    }
}

fn wait_alone(launcher: &OwnedFd, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    let mut polled = [PollFd::new(launcher, PollFlags::IN)];
    rustix::event::poll(&mut polled, Some(&timeout)).is_ok_and(|count| count > 0)
}

/// The guests' number for one of the system's.
fn number_of(raw: i32) -> i32 {
    match raw {
        0 => errno::EACCES,
        raw => glowplug_fs::FsError::from(std::io::Error::from_raw_os_error(raw)).errno,
    }
}
