//! Pipelines of several commands, `time`, and the background.

use super::simple::shown_status;
use super::{Found, Saved};
use crate::ast::{AndOrList, Command, CommandWord, Pipeline, SimpleCommand, Timed};
use crate::fds::OwnedHandle;
use crate::shell::{Flow, Shell, Status};
use glowplug_sys::abi::{errno, open, pipe};
use std::rc::Rc;

/// How a stage was started.
enum Stage {
    Process(glowplug_sys::Pid),
    /// It ended before there was a process.
    Ended(i32),
}

impl Shell {
    #[inline(never)]
    pub(super) fn run_stages(&mut self, commands: &[Command]) -> Status {
        let last = commands.len() - 1;
        let here = self.options.lastpipe && !self.options.monitor;
        let mut stages = Vec::with_capacity(commands.len());
        let mut input: Option<Rc<OwnedHandle>> = None;
        for (index, command) in commands.iter().enumerate() {
            let (next, output) = if index == last {
                (None, None)
            } else {
                match glowplug_sys::pipe(pipe::BOUNDED) {
                    Ok((read, write)) => (Some(OwnedHandle::new(read)), Some(OwnedHandle::new(write))),
                    Err(error) => {
                        self.error(&format!("pipe error: {error}"));
                        return Err(Flow::Abandon(1));
                    }
                }
            };
            let saved = (self.fds.owned(0), self.fds.owned(1));
            if let Some(input) = input.take() {
                self.fds.set(0, input);
            }
            if let Some(output) = output {
                self.fds.set(1, output);
            }
            let stage = if index == last && here {
                self.run_command(command).map(Stage::Ended)
            } else {
                self.start_stage(command, index == last)
            };
            for (fd, owned) in [(0, saved.0), (1, saved.1)] {
                match owned {
                    Some(owned) => self.fds.set(fd, owned),
                    None => {
                        self.fds.close(fd);
                    }
                }
            }
            match stage {
                Ok(stage) => stages.push(stage),
                Err(flow) => {
                    for stage in stages {
                        if let Stage::Process(pid) = stage {
                            self.wait_for(pid);
                        }
                    }
                    return Err(flow);
                }
            }
            input = next;
        }
        let mut statuses = Vec::with_capacity(stages.len());
        for stage in &stages {
            statuses.push(match stage {
                Stage::Ended(status) => *status,
                Stage::Process(pid) => {
                    let status = self.wait_for(*pid);
                    shown_status(status)
                }
            });
        }
        let status = if self.options.pipefail {
            statuses.iter().rev().copied().find(|&status| status != 0).unwrap_or(0)
        } else {
            statuses.last().copied().unwrap_or(0)
        };
        self.pipe_statuses = statuses;
        Ok(status)
    }

    /// Starts a stage with the descriptors as they are. The last one, if it is a program, runs at once and here: the shell would only
    /// wait for it, and nobody has to wake another thread.
    #[inline(never)]
    fn start_stage(&mut self, command: &Command, last: bool) -> Result<Stage, Flow> {
        if let Command::Simple(simple) = command
            && let Some(stage) = self.start_program(simple, last)
        {
            return Ok(stage);
        }
        let command = command.clone();
        let simple = matches!(command, Command::Simple(_));
        let run = move |sub: &mut Shell| {
            // A plain command of a pipeline counts as no subshell.
            sub.subshell_level -= u32::from(simple);
            sub.run_command(&command)
        };
        match self.fork(run) {
            Ok(pid) => Ok(Stage::Process(pid)),
            Err(error) => {
                self.error(&format!("fork: {error}"));
                Err(Flow::Abandon(254))
            }
        }
    }

    /// Starts a plain program without a fork: its words are expanded on a clone. `None` when it is none, or when its
    /// words run commands, which would hold up the other stages. In the foreground, it has ended when this returns.
    #[inline(never)]
    fn start_program(&mut self, command: &SimpleCommand, foreground: bool) -> Option<Stage> {
        let CommandWord::Word(name) = command.words.first()? else { return None };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+');
        if name.value.is_empty()
            || !name.value.bytes().all(plain)
            || !command.assignments.iter().all(|a| a.subscript.is_none())
        {
            return None;
        }
        let quiet = |text: &str| !text.contains(['`', '<', '>']) && !text.contains("$(") && !text.contains("${");
        let words_quiet =
            command.words.iter().all(|word| matches!(word, CommandWord::Word(word) if quiet(&word.value)));
        if !words_quiet
            || !command.assignments.is_empty()
            || self.options.xtrace
            || self.traps.contains_key(&super::DEBUG)
        {
            return None;
        }
        let Found::File(path) = self.find_command(&name.value) else { return None };
        let mut sub = self.clone();
        sub.enter_subshell();
        sub.line = command.line;
        let raw: Vec<&str> = command
            .words
            .iter()
            .filter_map(|word| match word {
                CommandWord::Word(word) => Some(word.value.as_str()),
                CommandWord::Assignment(_) => None,
            })
            .collect();
        let args = match sub.expand_words(&raw) {
            Ok(args) => args,
            Err(flow) => return Some(Stage::Ended(sub.finish(Err(flow)))),
        };
        let mut saved = Saved::default();
        match sub.redirect_all(&command.redirects, &mut saved) {
            Ok(true) => {}
            Ok(false) => return Some(Stage::Ended(1)),
            Err(flow) => return Some(Stage::Ended(sub.finish(Err(flow)))),
        }
        super::subshell::forget(saved);
        match sub.spawn_program(&path, &args, foreground) {
            Ok(pid) => Some(Stage::Process(pid)),
            Err(glowplug_sys::Errno(errno::ENOEXEC)) => None,
            Err(error) => Some(Stage::Ended(sub.spawn_failed(&path, &args[0], error))),
        }
    }

    #[inline(never)]
    pub(super) fn run_background(&mut self, list: &AndOrList) -> Status {
        let input = self.fds.owned(0);
        if !self.options.monitor
            && let Ok(null) = glowplug_sys::open(b"/dev/null", open::READ, 0)
        {
            self.fds.set(0, OwnedHandle::new(null));
        }
        let started = match (&list.first.commands[..], list.rest.is_empty(), list.first.bang, list.first.timed) {
            ([Command::Simple(simple)], true, false, None) => self.start_program(simple, false),
            _ => None,
        };
        let pid = match started {
            Some(Stage::Process(pid)) => Ok(pid),
            Some(Stage::Ended(status)) => self.fork(move |_| Ok(status)),
            None => {
                let mut list = list.clone();
                if list.rest.is_empty() {
                    // bash forgets it, too.
                    list.first.bang = false;
                }
                self.fork(move |sub| {
                    sub.errexit_off = 0;
                    sub.run_background_list(&list)
                })
            }
        };
        match input {
            Some(input) => self.fds.set(0, input),
            None => {
                self.fds.close(0);
            }
        }
        match pid {
            Ok(pid) => {
                self.last_background = Some(pid);
                let number = self.add_job(vec![pid], crate::builtins::print_function::and_or_text(list));
                if self.options.interactive && !self.is_subshell {
                    self.err_raw(&format!("[{number}] {pid}\n"));
                }
                Ok(0)
            }
            Err(error) => {
                self.error(&format!("fork: {error}"));
                Err(Flow::Abandon(254))
            }
        }
    }

    fn run_background_list(&mut self, list: &AndOrList) -> Status {
        self.run_and_or(list)
    }

    #[inline(never)]
    pub(super) fn run_timed(&mut self, pipeline: &Pipeline, checked: bool) -> Status {
        let start = std::time::Instant::now();
        let before = glowplug_sys::times();
        let result = self.run_untimed(pipeline, checked);
        let real = start.elapsed().as_micros() as u64;
        let after = glowplug_sys::times();
        let user = (after.user_us + after.children_user_us).saturating_sub(before.user_us + before.children_user_us);
        let system =
            (after.system_us + after.children_system_us).saturating_sub(before.system_us + before.children_system_us);
        let posix = pipeline.timed == Some(Timed::Posix)
            || (self.options.posix && self.vars.get_scalar("TIMEFORMAT").is_none());
        let format = if posix {
            String::from("real %2R\nuser %2U\nsys %2S")
        } else {
            self.vars
                .get_scalar("TIMEFORMAT")
                .map_or_else(|| String::from("\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS"), |format| format.into_owned())
        };
        if !format.is_empty() {
            let text = self.time_text(&format, real, user, system);
            self.err_raw(&text);
        }
        result
    }

    /// TIMEFORMAT, filled in.
    fn time_text(&self, format: &str, real: u64, user: u64, system: u64) -> String {
        let mut text = String::new();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            let mut precision = 3;
            if let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                precision = digit.min(3);
                chars.next();
            }
            let long = chars.next_if_eq(&'l').is_some();
            match chars.next() {
                Some('R') => text.push_str(&seconds_text(real, precision, long)),
                Some('U') => text.push_str(&seconds_text(user, precision, long)),
                Some('S') => text.push_str(&seconds_text(system, precision, long)),
                Some('P') => {
                    let share = if real == 0 { 0.0 } else { (user + system) as f64 * 100.0 / real as f64 };
                    text.push_str(&format!("{share:.2}"));
                }
                Some('%') => text.push('%'),
                Some(other) => {
                    self.error(&format!("TIMEFORMAT: `{other}': invalid format character"));
                    return String::new();
                }
                None => text.push('%'),
            }
        }
        text.push('\n');
        text
    }
}

/// Seconds with so many decimals, with minutes when `long`.
fn seconds_text(micros: u64, precision: u32, long: bool) -> String {
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    let decimals = if precision == 0 {
        String::new()
    } else {
        format!(".{:0width$}", rest / 10_u64.pow(6 - precision), width = precision as usize)
    };
    if long { format!("{}m{}{decimals}s", seconds / 60, seconds % 60) } else { format!("{seconds}{decimals}") }
}
