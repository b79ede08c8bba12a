//! The evaluator: lists, pipelines of one command, and compound commands.

pub mod assign;
mod compound;
mod depth;
mod function;
mod job;
mod lookup;
mod pipeline;
mod redirect;
mod run;
mod signals;
mod simple;
mod subshell;
pub(crate) mod trace;

use crate::ast::{AndOr, AndOrList, Command, CompoundCommand, CompoundList, Pipeline};
use crate::shell::{Flow, Shell, Status};
pub use depth::begin_stack;
pub use lookup::Found;
pub use redirect::Saved;
pub use signals::{DEBUG, ERR, EXIT, RETURN, signal_name, signal_number};
pub(crate) use subshell::read_all;

impl Shell {
    /// Runs commands one after another; the status is the last one's.
    #[inline(never)]
    pub fn run_list(&mut self, list: &CompoundList) -> Status {
        let mut status = 0;
        for item in &list.0 {
            if item.background {
                status = self.run_background(&item.list)?;
            } else {
                status = self.run_and_or(&item.list)?;
            }
            self.status = status;
        }
        Ok(status)
    }

    fn run_and_or(&mut self, list: &AndOrList) -> Status {
        if list.rest.is_empty() {
            return self.run_pipeline(&list.first, true);
        }
        let mut status = self.run_unchecked(|shell| shell.run_pipeline(&list.first, false))?;
        let last = list.rest.len() - 1;
        for (index, (kind, pipeline)) in list.rest.iter().enumerate() {
            self.status = status;
            if (status == 0) != (*kind == AndOr::And) {
                continue;
            }
            status = if index == last {
                self.run_pipeline(pipeline, true)?
            } else {
                self.run_unchecked(|shell| shell.run_pipeline(pipeline, false))?
            };
        }
        self.status = status;
        Ok(status)
    }

    /// Runs a condition: its failure is no error for `set -e` and the trap ERR.
    pub(crate) fn run_unchecked(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Status {
        self.errexit_off += 1;
        let status = run(self);
        self.errexit_off -= 1;
        status
    }

    fn run_pipeline(&mut self, pipeline: &Pipeline, checked: bool) -> Status {
        if pipeline.timed.is_some() {
            return self.run_timed(pipeline, checked);
        }
        self.run_untimed(pipeline, checked)
    }

    #[inline(never)]
    pub(crate) fn run_untimed(&mut self, pipeline: &Pipeline, checked: bool) -> Status {
        let run = |shell: &mut Self| match &pipeline.commands[..] {
            [] => Ok(0),
            [command] => {
                let status = shell.run_command(command)?;
                if !is_compound(command) {
                    shell.pipe_statuses.clear();
                    shell.pipe_statuses.push(status);
                }
                Ok(status)
            }
            commands => shell.run_stages(commands),
        };
        if pipeline.bang {
            let status = self.run_unchecked(run)?;
            self.status = i32::from(status == 0);
            return Ok(self.status);
        }
        let status = run(self)?;
        self.status = status;
        if status != 0 && checked && self.errexit_off == 0 && checks(&pipeline.commands) {
            self.command_failed(status)?;
        }
        Ok(status)
    }

    /// A command failed where that counts: the trap ERR, and `set -e`.
    #[inline(never)]
    fn command_failed(&mut self, status: i32) -> Result<(), Flow> {
        if self.traps.contains_key(&ERR) {
            self.run_trap(ERR)?;
        }
        if self.options.errexit {
            return Err(Flow::Exit(status));
        }
        Ok(())
    }

    #[inline(never)]
    pub fn run_command(&mut self, command: &Command) -> Status {
        if self.options.noexec && !self.options.interactive {
            return Ok(0);
        }
        let substitutions = self.substitutions.len();
        let result = match command {
            Command::Simple(simple) => self.run_simple(simple),
            Command::Compound(compound, redirects) if redirects.is_empty() => self.run_compound(compound),
            Command::Compound(compound, redirects) => {
                self.line = redirects[0].line;
                let mut saved = Saved::default();
                match self.redirect_all(redirects, &mut saved) {
                    Ok(true) => {
                        let result = self.run_compound(compound);
                        self.restore(saved);
                        result
                    }
                    Ok(false) => {
                        self.restore(saved);
                        Ok(1)
                    }
                    Err(flow) => {
                        self.restore(saved);
                        Err(flow)
                    }
                }
            }
            Command::Function(definition) => self.define_function(definition),
        };
        if self.substitutions.len() > substitutions {
            for fd in self.substitutions.split_off(substitutions) {
                self.fds.close(fd);
            }
        }
        if self.catches {
            self.run_pending_traps()?;
        }
        result
    }
}

/// Commands whose own statuses PIPESTATUS keeps instead of theirs.
fn is_compound(command: &Command) -> bool {
    match command {
        Command::Compound(compound, _) => !matches!(
            compound,
            CompoundCommand::Subshell(_) | CompoundCommand::Arithmetic { .. } | CompoundCommand::Test { .. }
        ),
        _ => false,
    }
}

/// Whether a failing pipeline ends the shell with `set -e`: within most compound commands it was asked already.
fn checks(commands: &[Command]) -> bool {
    match commands {
        [single] => !is_compound(single),
        _ => true,
    }
}
