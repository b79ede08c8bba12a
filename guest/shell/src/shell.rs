//! The state of a shell. Cloning it is what forking is to a shell of Unix: a subshell runs on a clone, and nothing it does
//! comes back.

use crate::ast;
use crate::fds::Descriptors;
use crate::jobs::Jobs;
use crate::options::Options;
use crate::text;
use crate::vars::Variables;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// Why evaluation stops before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// `break n`: levels still to leave.
    Break(u32),
    /// `continue n`.
    Continue(u32),
    /// `return`: ends the function or the sourced file.
    Return(i32),
    /// `exit`, or an error that ends a shell that is not interactive: ends this shell or subshell.
    Exit(i32),
    /// An error that abandons the current top-level command but not the shell, with the status it leaves
    /// (bash's DISCARD: division by zero, bad substitution, interrupts at the prompt).
    Abandon(i32),
}

/// The status of a command, or why evaluation stops.
pub type Status = Result<i32, Flow>;

/// A function: its definition's tree is shared by all clones.
#[derive(Clone, Debug)]
pub struct Function {
    pub definition: Rc<ast::FunctionDefinition>,
    /// The file in which it was defined.
    pub source: Rc<str>,
    pub exported: bool,
    pub readonly: bool,
}

/// One call on the stack: a function, a sourced file, or the script itself at the bottom.
#[derive(Clone, Debug)]
pub struct Frame {
    /// FUNCNAME: the function's name, `source`, or `main`.
    pub name: Rc<str>,
    /// BASH_SOURCE.
    pub source: Rc<str>,
    /// The line of the call (BASH_LINENO).
    pub call_line: usize,
    /// Whether `return` ends it and `local` may be used: a function.
    pub is_function: bool,
}

/// What a signal or a pseudo-signal (EXIT, ERR, DEBUG, RETURN) runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trap {
    Ignore,
    Run(Rc<str>),
}

/// Part of the state that clones share until one of them changes it.
#[derive(Clone, Debug, Default)]
pub struct Shared<T>(Rc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

/// The whole state.
#[derive(Clone)]
pub struct Shell {
    pub vars: Variables,
    pub functions: Shared<HashMap<String, Function>>,
    pub aliases: Shared<BTreeMap<String, String>>,
    pub options: Options,
    /// Numbers of the shell's descriptors, and the handles they stand for.
    pub fds: Descriptors,
    /// The working folder: absolute, logical (as `pwd` says).
    pub cwd: String,
    /// `$0`.
    pub name: Rc<str>,
    /// `$1` and so on of the current function or script.
    pub positional: Rc<Vec<String>>,
    /// `$?`.
    pub status: i32,
    pub pipe_statuses: Vec<i32>,
    /// `$!`.
    pub last_background: Option<glowplug_sys::Pid>,
    /// `$_`.
    pub last_argument: String,
    pub frames: Vec<Frame>,
    /// `$LINENO`.
    pub line: usize,
    /// `$BASH_SUBSHELL`.
    pub subshell_level: u32,
    pub traps: BTreeMap<i32, Trap>,
    /// Set while a trap's command runs.
    pub in_trap: bool,
    /// Greater than 0 where a failing command does not end the shell with `set -e` (conditions, `!`, all but the last of `&&`).
    pub errexit_off: u32,
    pub loop_depth: u32,
    pub jobs: Shared<Jobs>,
    /// How deep in subshells and forks this is: only jobs of the same depth are its own.
    pub job_level: u32,
    /// Statuses of background processes that were waited for by accident, for a later `wait PID`.
    pub finished: Shared<HashMap<glowplug_sys::Pid, i32>>,
    /// `hash`: names and where they were found.
    pub hashed: Shared<BTreeMap<String, (String, u32)>>,
    pub dir_stack: Vec<String>,
    /// When the shell began, for SECONDS.
    pub started: std::time::Instant,
    /// State of `getopts` within a cluster of options: OPTIND and the index in the argument.
    pub getopts: (usize, usize),
    /// `$$`: the shell's, in subshells too.
    pub pid: glowplug_sys::Pid,
    /// The status of the last command substitution within the current command.
    pub substituted: Option<i32>,
    /// Descriptors of process substitutions, closed when the command that they were made for ends.
    pub substitutions: Vec<i32>,
    /// The status to which `$?` goes back after a trap.
    pub trapped_status: i32,
    /// How many sourced files and functions there are to `return` from.
    pub returnable: u32,
    /// The text of the running command, for BASH_COMMAND.
    pub command_text: String,
    /// The builtin that runs, for messages about its output.
    pub builtin_name: String,
    /// Whether any signal is caught, so that it is worth asking for pending ones.
    pub catches: bool,
    /// Signals that came while something was waited for.
    pub deferred: Vec<i32>,
    /// Signals that a subshell without a process sent to itself.
    pub self_signals: Vec<i32>,
    /// Whether the term of `[[` that comes next is negated, for traces.
    pub trace_negated: bool,
    /// The status with which loops end that `break` leaves because its argument was wrong.
    pub status_after_break: i32,
    /// Set by `set -- ...`: a sourced file's own parameters stay after it.
    pub positional_set: bool,
    /// Options as they were before `local -` in the running function.
    pub local_options: Option<Box<Options>>,
    /// How deep `eval`, `source` and substitutions are nested, for PS4.
    pub trace_level: u32,
    /// Bits of the traps that are running.
    pub running_traps: u128,
    /// Set by a trap DEBUG that fails with `extdebug`: the next command is not run.
    pub skip_command: bool,
    /// What `$BASHPID` says in a subshell that runs in its parent's process.
    pub virtual_pid: Option<glowplug_sys::Pid>,
    /// Builtins that `enable -n` hides.
    pub disabled_builtins: Shared<BTreeSet<String>>,
    /// The traps of the parent, which `trap` lists in a subshell until one is set.
    pub parent_traps: Option<Rc<BTreeMap<i32, Trap>>>,
    /// Whether this is a subshell or a fork: jobs are not its own, and no prompt is shown.
    pub is_subshell: bool,
}

impl Shell {
    /// A shell over the descriptors and the environment that the process began with; `main` fills in the rest.
    pub fn new() -> Self {
        Self {
            vars: Variables::new(),
            functions: Shared::default(),
            aliases: Shared::default(),
            options: Options::default(),
            fds: Descriptors::inherited(),
            cwd: String::from("/"),
            name: Rc::from("bash"),
            positional: Rc::default(),
            status: 0,
            pipe_statuses: Vec::new(),
            last_background: None,
            last_argument: String::new(),
            frames: Vec::new(),
            line: 0,
            subshell_level: 0,
            traps: BTreeMap::new(),
            in_trap: false,
            errexit_off: 0,
            loop_depth: 0,
            jobs: Shared::default(),
            job_level: 0,
            finished: Shared::default(),
            hashed: Shared::default(),
            dir_stack: Vec::new(),
            started: std::time::Instant::now(),
            getopts: (1, 1),
            pid: glowplug_sys::pid(),
            substituted: None,
            substitutions: Vec::new(),
            trapped_status: 0,
            returnable: 0,
            command_text: String::new(),
            builtin_name: String::new(),
            catches: false,
            deferred: Vec::new(),
            self_signals: Vec::new(),
            trace_negated: false,
            status_after_break: 0,
            positional_set: false,
            local_options: None,
            trace_level: 0,
            running_traps: 0,
            skip_command: false,
            virtual_pid: None,
            disabled_builtins: Shared::default(),
            parent_traps: None,
            is_subshell: false,
        }
    }

    /// Writes to descriptor 1; false after a message when that fails.
    pub fn out(&mut self, text: &str) -> bool {
        if text.as_bytes().contains(&0xf4) {
            self.out_bytes(&text::to_bytes(text))
        } else {
            self.out_bytes(text.as_bytes())
        }
    }

    /// Writes to descriptor 1; false after a message when that fails.
    pub fn out_bytes(&mut self, bytes: &[u8]) -> bool {
        let error = match self.fds.get(1) {
            None => glowplug_sys::Errno(glowplug_sys::abi::errno::EBADF),
            Some(handle) => match glowplug_sys::write_all(handle, bytes) {
                Ok(()) => return true,
                Err(error) => error,
            },
        };
        self.error(&format!("{}: write error: {error}", self.builtin_name));
        false
    }

    /// Writes to descriptor 2 as it is.
    pub fn err_raw(&self, text: &str) {
        if let Some(handle) = self.fds.get(2) {
            // There is nowhere left to report a failure.
            let _ = glowplug_sys::write_all(handle, &text::to_bytes(text));
        }
    }

    /// Who speaks in messages: the script, the sourced file, or the shell.
    pub fn speaker(&self) -> String {
        if self.options.interactive {
            return self.name.rsplit('/').next().unwrap_or("bash").trim_start_matches('-').to_owned();
        }
        match self.frames.last() {
            Some(frame) if !frame.source.is_empty() => frame.source.to_string(),
            _ => self.name.to_string(),
        }
    }

    /// A message to descriptor 2, with the prefix that bash gives it.
    pub fn error(&self, message: &str) {
        let speaker = self.speaker();
        if self.options.interactive || self.line == 0 {
            self.err_raw(&format!("{speaker}: {message}\n"));
        } else {
            self.err_raw(&format!("{speaker}: line {}: {message}\n", self.line));
        }
    }

    /// A path, made absolute with the working folder; not normalised otherwise.
    pub fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.to_owned()
        } else if self.cwd.ends_with('/') {
            format!("{}{path}", self.cwd)
        } else {
            format!("{}/{path}", self.cwd)
        }
    }
}
