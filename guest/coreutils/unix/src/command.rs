//! Child processes in the manner of `std::process::Command`, which WASI does not have.

use crate::file::{absolute, bytes, os_string};
use crate::{Access, access, io_error, mode};
use glowplug_sys::{Handle, Pid, Spawn, abi};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Code(u8),
    /// By this signal.
    Signal(u8),
}

impl End {
    fn new(status: u32) -> Self {
        match status {
            0..=255 => End::Code(status as u8),
            _ => End::Signal((status - 256) as u8),
        }
    }

    /// Whether it ended well.
    #[must_use]
    pub fn success(self) -> bool {
        self == End::Code(0)
    }

    /// The shell's `$?`.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            End::Code(code) => code.into(),
            End::Signal(signal) => 128 + i32::from(signal),
        }
    }
}

/// What to run. A child inherits the descriptors that we began with, unless told otherwise: the standard ones, and
/// those of the shell's `<(...)`, which arguments name.
#[derive(Clone, Debug)]
pub struct Command {
    args: Vec<Vec<u8>>,
    env: Option<Vec<Vec<u8>>>,
    search: Option<OsString>,
    cwd: Option<Vec<u8>>,
    descriptors: Vec<(i32, i32)>,
}

impl Command {
    /// The program, as a path or as a name to look for in `PATH`, and its arguments.
    pub fn new<A: AsRef<OsStr>>(words: impl IntoIterator<Item = A>) -> Self {
        Command {
            args: words.into_iter().map(|word| bytes(word.as_ref()).to_vec()).collect(),
            env: None,
            search: std::env::var_os("PATH"),
            cwd: None,
            descriptors: inherited(),
        }
    }

    /// The child's environment, instead of ours. `PATH` in it decides where the program is looked for.
    #[must_use]
    pub fn env(mut self, variables: &[(OsString, OsString)]) -> Self {
        let join = |(name, value): &(OsString, OsString)| [bytes(name), b"=", bytes(value)].concat();
        self.search = variables.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        self.env = Some(variables.iter().map(join).collect());
        self
    }

    /// The child's working folder, instead of ours.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> io::Result<Self> {
        self.cwd = Some(absolute(folder)?);
        Ok(self)
    }

    /// The child's number `number` is our handle `handle`.
    #[must_use]
    pub fn descriptor(mut self, number: i32, handle: i32) -> Self {
        self.descriptors.retain(|&(known, _)| known != number);
        self.descriptors.push((number, handle));
        self
    }

    /// Starts it and waits for its end.
    pub fn run(&self) -> io::Result<End> {
        let pid = self.start(true)?;
        wait(Some(pid))?.map(|(_, end)| end).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Starts it, to run beside us; [`Command::wait_any`] and [`Command::wait_for`] say how it ended.
    pub fn spawn(&self) -> io::Result<Pid> {
        self.start(false)
    }

    /// Runs it and gives what it writes to its standard output.
    pub fn output(&self) -> io::Result<Vec<u8>> {
        let (read, write) = glowplug_sys::pipe(abi::pipe::BOUNDED).map_err(io_error)?;
        let started = self.clone().descriptor(1, write).spawn();
        // Only the child's end may stay open, or the reading would not end.
        let closed = glowplug_sys::close(write).map_err(io_error);
        let mut text = Vec::new();
        let result = started.and_then(|pid| {
            closed?;
            read_all(read, &mut text)?;
            wait(Some(pid))
        });
        glowplug_sys::close(read).map_err(io_error)?;
        result.map(|_| text)
    }

    fn start(&self, foreground: bool) -> io::Result<Pid> {
        let name = os_string(self.args.first().cloned().unwrap_or_default());
        let program = find_program(&name, self.search.as_deref())?;
        let cwd = match &self.cwd {
            Some(cwd) => cwd.clone(),
            None => absolute(std::env::current_dir()?)?,
        };
        let mut env = match &self.env {
            Some(env) => env.clone(),
            None => std::env::vars_os().map(|(name, value)| [bytes(&name), b"=", bytes(&value)].concat()).collect(),
        };
        // A program that knows PWD takes its working folder from there.
        env.retain(|variable| !variable.starts_with(b"PWD="));
        env.push([b"PWD=".as_slice(), &cwd].concat());
        let request = Spawn {
            foreground,
            program: &program,
            cwd: &cwd,
            args: &self.args,
            env: &env,
            descriptors: &self.descriptors,
        };
        glowplug_sys::spawn(&request).map_err(io_error)
    }

    /// Waits for any child.
    pub fn wait_any() -> io::Result<(Pid, End)> {
        wait(None)?.ok_or_else(|| io_error(glowplug_sys::Errno(abi::errno::ECHILD)))
    }

    /// Waits for one child, no longer than this; `None` when it still runs.
    pub fn wait_for(pid: Pid, limit: Duration) -> io::Result<Option<End>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(waited) = glowplug_sys::wait(Some(pid), true).map_err(io_error)? {
                return Ok(Some(End::new(waited.status)));
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            // There is no call that waits for a child or a moment, whichever comes first.
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

fn inherited() -> Vec<(i32, Handle)> {
    let open = |handle: &Handle| glowplug_sys::describe(*handle).is_ok();
    glowplug_sys::inherited().into_iter().filter(open).map(|handle| (handle, handle)).collect()
}

fn read_all(handle: Handle, text: &mut Vec<u8>) -> io::Result<()> {
    let mut buf = [0; 8 << 10];
    loop {
        match glowplug_sys::read(handle, &mut buf) {
            Ok(0) => return Ok(()),
            Ok(count) => text.extend_from_slice(&buf[..count]),
            Err(glowplug_sys::Errno(abi::errno::EINTR)) => {}
            Err(error) => return Err(io_error(error)),
        }
    }
}

fn wait(pid: Option<Pid>) -> io::Result<Option<(Pid, End)>> {
    loop {
        match glowplug_sys::wait(pid, false) {
            Ok(waited) => return Ok(waited.map(|waited| (waited.pid as Pid, End::new(waited.status)))),
            Err(glowplug_sys::Errno(abi::errno::EINTR)) => {}
            Err(error) => return Err(io_error(error)),
        }
    }
}

/// The absolute path of a program: a name with a slash is a path, any other is looked for in `PATH`.
pub fn find_program(name: &OsStr, search: Option<&OsStr>) -> io::Result<Vec<u8>> {
    if bytes(name).contains(&b'/') {
        return absolute(name);
    }
    let mut failure = io_error(glowplug_sys::Errno(abi::errno::ENOENT));
    for folder in bytes(search.unwrap_or(OsStr::new("/usr/bin:/bin"))).split(|&byte| byte == b':') {
        let folder = if folder.is_empty() { b".".as_slice() } else { folder };
        let path = Path::new(&os_string(folder.to_vec())).join(name);
        let path = absolute(path)?;
        match glowplug_sys::stat(&path, true) {
            Ok(stat) if stat.mode & mode::KIND == mode::FOLDER => {}
            Ok(stat) if access(&stat, Access::Execute) => return Ok(path),
            Ok(_) => failure = io_error(glowplug_sys::Errno(abi::errno::EACCES)),
            Err(_) => {}
        }
    }
    Err(failure)
}
