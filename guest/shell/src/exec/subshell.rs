//! Subshells and substitutions: on a clone of the shell in this process, or in a fork.

use super::Saved;
use crate::ast::{Command, CompoundList, RedirectKind};
use crate::fds::OwnedHandle;
use crate::shell::{Flow, Shared, Shell, Status};
use glowplug_sys::abi::pipe;
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, Ordering};

impl Shell {
    /// Makes this clone a subshell.
    pub(crate) fn enter_subshell(&mut self) {
        self.subshell_level += 1;
        self.job_level += 1;
        self.is_subshell = true;
        self.reset_traps();
        self.finished = Shared::default();
        self.running_traps = 0;
        self.loop_depth = 0;
        self.substitutions.clear();
    }

    /// Ends a subshell: the status that evaluation came to, and the trap EXIT.
    #[inline(never)]
    pub(crate) fn finish(&mut self, result: Status) -> i32 {
        let status = match result {
            Ok(status) | Err(Flow::Exit(status) | Flow::Abandon(status) | Flow::Return(status)) => status,
            Err(Flow::Break(_) | Flow::Continue(_)) => self.status,
        };
        self.run_exit_trap(status) & 0xff
    }

    /// Runs something on a clone in this process.
    #[inline(never)]
    pub(crate) fn in_subshell(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Result<i32, Flow> {
        // On the heap: recursion through subshells must not eat the stack.
        let mut sub = Box::new(self.clone());
        sub.enter_subshell();
        sub.virtual_pid = Some(next_virtual_pid());
        let signals = !self.traps.is_empty();
        if signals {
            sub.apply_traps();
        }
        let mask = glowplug_sys::umask(None);
        let result = self.deeper(|_| Ok(run(&mut sub)))?;
        let status = sub.finish(result);
        if glowplug_sys::umask(None) != mask {
            let _ = glowplug_sys::umask(Some(mask));
        }
        self.deferred.append(&mut sub.deferred);
        if signals || !sub.traps.is_empty() {
            drop(sub);
            self.apply_traps();
        }
        Ok(status)
    }

    #[inline(never)]
    pub(super) fn run_subshell(&mut self, list: &CompoundList) -> Status {
        let status = self.in_subshell(|sub| {
            sub.jobs = Shared::default();
            sub.run_list(list)
        })?;
        Ok(status)
    }

    /// Runs something in a fork.
    #[inline(never)]
    pub(crate) fn fork(
        &self,
        run: impl FnOnce(&mut Self) -> Status + 'static,
    ) -> Result<glowplug_sys::Pid, glowplug_sys::Errno> {
        let mut sub = self.clone();
        sub.enter_subshell();
        sub.virtual_pid = None;
        glowplug_sys::fork(Box::new(move || {
            super::begin_stack();
            sub.fds.close_others();
            sub.apply_traps();
            let result = run(&mut sub);
            let status = sub.finish(result);
            // The host takes everything back at once: memory, descriptors.
            std::mem::forget(sub);
            status
        }))
    }

    /// Command substitution: output as bytes, and the status.
    #[inline(never)]
    pub fn capture(&mut self, text: &str) -> Result<(Vec<u8>, i32), Flow> {
        let program = self.parse_all(text, self.line);
        if let Some(program) = &program
            && let Some(path) = read_shortcut(program)
        {
            return self.read_file_shortcut(&path);
        }
        let (read, write) = match glowplug_sys::pipe(pipe::BUFFER) {
            Ok((read, write)) => (OwnedHandle::new(read), OwnedHandle::new(write)),
            Err(error) => {
                self.error(&format!("cannot make pipe for command substitution: {error}"));
                return Err(Flow::Abandon(1));
            }
        };
        let line = self.line;
        let status = self.in_subshell(move |sub| {
            sub.fds.set(1, write);
            if !sub.options.inherit_errexit && !sub.options.posix {
                sub.options.errexit = false;
            }
            sub.trace_level += 1;
            sub.loop_depth = 0;
            match program {
                Some(program) => sub.run_program_list(&program),
                None => sub.run_lines(text, line, "command substitution"),
            }
        })?;
        self.line = line;
        self.substituted = Some(status);
        self.status = status;
        Ok((read_all(&read), status))
    }

    /// `$(<file)`.
    #[inline(never)]
    fn read_file_shortcut(&mut self, path: &str) -> Result<(Vec<u8>, i32), Flow> {
        let mut words = self.expand_words(&[path])?;
        let status = match words.pop() {
            Some(file) if words.is_empty() => match self.open_for_reading(&file) {
                Ok(handle) => {
                    self.substituted = Some(0);
                    self.status = 0;
                    return Ok((read_all(&handle), 0));
                }
                Err(error) => {
                    self.error(&format!("{file}: {error}"));
                    1
                }
            },
            _ => {
                self.error(&format!("{path}: ambiguous redirect"));
                1
            }
        };
        self.substituted = Some(status);
        self.status = status;
        Ok((Vec::new(), status))
    }

    /// Starts a command whose output (or input, when `write`) the path that is given stands for.
    #[inline(never)]
    pub fn process_substitution(&mut self, write: bool, text: &str) -> Result<String, Flow> {
        let (read_end, write_end) = match glowplug_sys::pipe(pipe::BOUNDED) {
            Ok((read, write)) => (OwnedHandle::new(read), OwnedHandle::new(write)),
            Err(error) => {
                self.error(&format!("cannot make pipe for process substitution: {error}"));
                return Err(Flow::Abandon(1));
            }
        };
        let (ours, theirs, number) = if write { (write_end, read_end, 0) } else { (read_end, write_end, 1) };
        let (text, line) = (text.to_owned(), self.line);
        let own = self.fds.owned(number);
        self.fds.set(number, theirs);
        let forked = self.fork(move |sub| {
            sub.substitutions.clear();
            sub.trace_level += 1;
            sub.run_lines(&text, line, "process substitution")
        });
        match own {
            Some(own) => self.fds.set(number, own),
            None => {
                self.fds.close(number);
            }
        }
        match forked {
            Ok(pid) => {
                self.last_background = Some(pid);
                let fd = self.fds.free_below(63);
                self.fds.set(fd, ours);
                self.substitutions.push(fd);
                Ok(format!("/dev/fd/{fd}"))
            }
            Err(error) => {
                self.error(&format!("cannot make child for process substitution: {error}"));
                Err(Flow::Abandon(1))
            }
        }
    }

    /// `coproc`: a job whose input and output are two descriptors of the shell's.
    #[inline(never)]
    pub(super) fn run_coproc(&mut self, name: &str, body: &Command) -> Status {
        let ends = glowplug_sys::pipe(pipe::BOUNDED).and_then(|input| Ok((input, glowplug_sys::pipe(pipe::BOUNDED)?)));
        let ((in_read, in_write), (out_read, out_write)) = match ends {
            Ok(ends) => ends,
            Err(error) => {
                self.error(&format!("cannot make pipe for coprocess: {error}"));
                return Ok(1);
            }
        };
        let ends = [in_read, in_write, out_read, out_write].map(OwnedHandle::new);
        let [in_read, in_write, out_read, out_write] = ends;
        let saved = (self.fds.owned(0), self.fds.owned(1));
        self.fds.set(0, in_read);
        self.fds.set(1, out_write);
        let command = body.clone();
        let text = crate::builtins::print_function::command_text(body);
        let forked = self.fork(move |sub| sub.run_command(&command));
        for (fd, owned) in [(0, saved.0), (1, saved.1)] {
            match owned {
                Some(owned) => self.fds.set(fd, owned),
                None => {
                    self.fds.close(fd);
                }
            }
        }
        let pid = match forked {
            Ok(pid) => pid,
            Err(error) => {
                self.error(&format!("cannot make child for coprocess: {error}"));
                return Ok(1);
            }
        };
        let read_fd = self.fds.free_below(63);
        self.fds.set(read_fd, out_read);
        let write_fd = self.fds.free_below(62);
        self.fds.set(write_fd, in_write);
        let set = self
            .vars
            .set_list(name, [read_fd.to_string(), write_fd.to_string()])
            .and_then(|()| self.vars.set_scalar(&format!("{name}_PID"), pid.to_string()));
        if let Err(error) = set {
            self.error(&error.to_string());
        }
        self.last_background = Some(pid);
        self.add_job(vec![pid], format!("coproc {name} {text}"));
        Ok(0)
    }

    /// Runs what was parsed at once, command by command.
    #[inline(never)]
    pub(crate) fn run_program_list(&mut self, program: &[CompoundList]) -> Status {
        let mut status = 0;
        for list in program {
            status = match self.run_list(list) {
                Err(Flow::Abandon(status)) => return Err(Flow::Exit(status)),
                result => result?,
            };
        }
        Ok(status)
    }
}

/// A number that no process has.
fn next_virtual_pid() -> glowplug_sys::Pid {
    const FIRST: i32 = 0x4000_0000;
    static NEXT: AtomicI32 = AtomicI32::new(FIRST);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Everything that is left to read.
pub(crate) fn read_all(handle: &Rc<OwnedHandle>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buf = [0; 4096];
    loop {
        match glowplug_sys::read(handle.raw(), &mut buf) {
            Ok(0) => return bytes,
            Ok(count) => bytes.extend_from_slice(&buf[..count]),
            Err(glowplug_sys::Errno(glowplug_sys::abi::errno::EINTR)) => {}
            Err(_) => return bytes,
        }
    }
}

/// The word of `<file`, when that is the whole program.
fn read_shortcut(program: &[CompoundList]) -> Option<String> {
    let [CompoundList(items)] = program else { return None };
    let [item] = &items[..] else { return None };
    if item.background || !item.list.rest.is_empty() || item.list.first.bang || item.list.first.timed.is_some() {
        return None;
    }
    let [Command::Simple(simple)] = &item.list.first.commands[..] else { return None };
    match (&simple.words[..], &simple.assignments[..], &simple.redirects[..]) {
        ([], [], [redirect]) => match (&redirect.kind, &redirect.target) {
            (RedirectKind::Read(word), crate::ast::RedirectTarget::Default | crate::ast::RedirectTarget::Fd(0)) => {
                Some(word.value.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Redirections of a subshell are made in it, so they are never put back.
pub(super) fn forget(saved: Saved) {
    drop(saved);
}
