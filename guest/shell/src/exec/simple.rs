//! Simple commands.

use super::{Found, Saved};
use crate::ast::{Assignment, AssignmentValue, CommandWord, Redirect, SimpleCommand};
use crate::builtins::{self, DeclArg, DeclValue, Declaration};
use crate::shell::{Flow, Shell, Status};
use crate::text::to_bytes;
use crate::vars::ScopeKind;
use glowplug_sys::Errno;
use glowplug_sys::abi::errno;

/// A command's arguments; those of a declaration builtin keep their shape.
enum Args {
    Plain(Vec<String>),
    Declaration(Vec<DeclArg>),
}

impl Shell {
    #[inline(never)]
    pub(super) fn run_simple(&mut self, command: &SimpleCommand) -> Status {
        self.line = command.line;
        self.substituted = None;
        if crate::parse::wants_command_text() && !self.in_trap {
            self.command_text = builtins::print_function::command_text(&crate::ast::Command::Simple(command.clone()));
        }
        if self.traps.contains_key(&super::DEBUG) && !self.in_trap {
            self.debug_trap(|| builtins::print_function::command_text(&crate::ast::Command::Simple(command.clone())))?;
            if std::mem::take(&mut self.skip_command) {
                return Ok(0);
            }
            self.line = command.line;
        }
        let args = match self.expand_args(&command.words)? {
            Args::Plain(args) if args.is_empty() => return self.run_assignments(command),
            Args::Plain(args) => args,
            Args::Declaration(args) => return self.run_declaration(args, command),
        };
        let last = args.last().cloned().unwrap_or_default();
        let status = self.execute(args, &command.assignments, &command.redirects)?;
        self.last_argument = last;
        Ok(status)
    }

    #[inline(never)]
    fn expand_args(&mut self, words: &[CommandWord]) -> Result<Args, Flow> {
        if words.iter().all(|word| matches!(word, CommandWord::Word(_))) {
            let raw: Vec<&str> = words
                .iter()
                .filter_map(|word| match word {
                    CommandWord::Word(word) => Some(word.value.as_str()),
                    CommandWord::Assignment(_) => None,
                })
                .collect();
            return self.expand_words(&raw).map(Args::Plain);
        }
        let args = self.declaration_args(words)?;
        let names_declaration = match args.first() {
            Some(DeclArg::Word(name)) => {
                !self.functions.contains_key(name)
                    && self.find_builtin(name).is_some_and(|found| matches!(found, Found::Declaration(_)))
            }
            _ => false,
        };
        // `command export a=b`
        let prefixed = matches!(args.first(), Some(DeclArg::Word(name)) if (name == "command" || name == "builtin") && !self.functions.contains_key(name));
        if names_declaration || prefixed {
            return Ok(Args::Declaration(args));
        }
        Ok(Args::Plain(args.iter().map(plain_arg).collect()))
    }

    #[inline(never)]
    fn run_declaration(&mut self, mut args: Vec<DeclArg>, command: &SimpleCommand) -> Status {
        if self.options.xtrace {
            let words: Vec<String> = args.iter().map(trace_arg).collect();
            self.trace_line(&words.join(" "));
            self.trace_exports(&args);
        }
        while matches!(args.first(), Some(DeclArg::Word(name)) if name == "command" || name == "builtin") {
            args.remove(0);
        }
        let Some(DeclArg::Word(name)) = args.first().cloned() else { return Ok(0) };
        let Some(Found::Declaration(declaration)) = self.find_builtin(&name) else {
            let plain: Vec<String> = args.iter().map(plain_arg).collect();
            return self.execute(plain, &command.assignments, &command.redirects);
        };
        self.with_environment(&name, &command.assignments, &command.redirects, |shell| {
            shell.call_declaration(declaration, &name, &args)
        })
    }

    /// `export` and `readonly` show what they assign once more.
    fn trace_exports(&mut self, args: &[DeclArg]) {
        if !matches!(args.first(), Some(DeclArg::Word(name)) if name == "export" || name == "readonly") {
            return;
        }
        for arg in args {
            if let DeclArg::Assign { name, value: DeclValue::Scalar(value), append, .. } = arg {
                let op = if *append { "+=" } else { "=" };
                self.trace_line(&format!("{name}{op}{}", super::trace::quoted_value(value)));
            }
        }
    }

    fn call_declaration(&mut self, declaration: Declaration, name: &str, args: &[DeclArg]) -> Status {
        if let Some(last) = args.last() {
            self.last_argument = plain_arg(last);
        }
        self.builtin_name.clear();
        self.builtin_name.push_str(name);
        declaration(self, args)
    }

    /// A command that is only assignments and redirections.
    #[inline(never)]
    fn run_assignments(&mut self, command: &SimpleCommand) -> Status {
        self.last_argument.clear();
        self.builtin_name.clear();
        for assignment in &command.assignments {
            self.run_assignment(assignment)?;
        }
        let mut status = self.substituted.unwrap_or(0);
        if !command.redirects.is_empty() {
            let mut saved = Saved::default();
            let made = self.redirect_all(&command.redirects, &mut saved);
            self.restore(saved);
            if !made? {
                return Ok(1);
            }
            status = self.substituted.unwrap_or(status);
        }
        Ok(status)
    }

    /// Runs a command given by its arguments.
    pub fn execute_args(&mut self, args: Vec<String>) -> Status {
        self.execute(args, &[], &[])
    }

    #[inline(never)]
    fn execute(&mut self, args: Vec<String>, assignments: &[Assignment], redirects: &[Redirect]) -> Status {
        // Assignments are traced before the command.
        let scope = self.begin_environment(&args[0], assignments)?;
        let result = self.execute_in_environment(args, redirects);
        if scope {
            self.vars.pop_scope();
        }
        result
    }

    /// Binds `a=1 command`'s variables; false when there are none or they stay.
    #[inline(never)]
    fn begin_environment(&mut self, name: &str, assignments: &[Assignment]) -> Result<bool, Flow> {
        if assignments.is_empty() {
            return Ok(false);
        }
        if self.options.posix && builtins::is_special(name) && !self.functions.contains_key(name) {
            for assignment in assignments {
                self.run_assignment(assignment)?;
            }
            return Ok(false);
        }
        self.vars.push_scope(ScopeKind::Temporary);
        for assignment in assignments {
            if let Err(flow) = self.bind_temporary(assignment) {
                self.vars.pop_scope();
                return Err(flow);
            }
        }
        Ok(true)
    }

    #[inline(never)]
    fn bind_temporary(&mut self, assignment: &Assignment) -> Result<(), Flow> {
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => self.expand_assignment(&word.value)?,
            AssignmentValue::Array(elements) => {
                let words: Vec<&str> = elements.iter().map(|element| element.value.value.as_str()).collect();
                format!("({})", words.join(" "))
            }
        };
        if self.options.xtrace {
            let target = super::assign::target_text(assignment);
            self.trace_line(&format!("{target}{}", super::trace::quoted_value(&value)));
        }
        let name = &assignment.name;
        if assignment.subscript.is_some() {
            return Ok(());
        }
        if self.vars.get(name).is_some_and(|variable| variable.attributes.readonly) {
            self.error(&format!("{name}: readonly variable"));
            return if self.options.posix { Err(Flow::Exit(1)) } else { Ok(()) };
        }
        let old = if assignment.append { self.vars.get_scalar(name).map(|old| old.into_owned()) } else { None };
        if let Some(variable) = self.vars.declare_temporary(name) {
            variable.value = crate::vars::Value::Scalar(old.unwrap_or_default());
            variable.attributes.exported = true;
        }
        self.assign(name, None, &value, assignment.append)
    }

    /// Runs a builtin with assignments and redirections around it.
    #[inline(never)]
    fn with_environment(
        &mut self,
        name: &str,
        assignments: &[Assignment],
        redirects: &[Redirect],
        run: impl FnOnce(&mut Self) -> Status,
    ) -> Status {
        let scope = self.begin_environment(name, assignments)?;
        let mut saved = Saved::default();
        let result = match self.redirect_all(redirects, &mut saved) {
            Ok(true) => run(self),
            Ok(false) => Ok(1),
            Err(flow) => Err(flow),
        };
        self.restore(saved);
        if scope {
            self.vars.pop_scope();
        }
        result
    }

    #[inline(never)]
    fn execute_in_environment(&mut self, args: Vec<String>, redirects: &[Redirect]) -> Status {
        if self.options.xtrace {
            self.trace_command(&args);
        }
        if let Some(last) = args.last() {
            self.last_argument.clone_from(last);
        }
        let found = self.find_command(&args[0]);
        if redirects.is_empty() {
            return self.run_found(found, args);
        }
        if let Found::File(path) = &found {
            return self.run_redirected_program(path, args, redirects);
        }
        let mut saved = Saved::default();
        let made = match self.redirect_all(redirects, &mut saved) {
            Ok(made) => made,
            Err(flow) => {
                self.restore(saved);
                return Err(flow);
            }
        };
        if !made {
            self.restore(saved);
            if self.options.posix && builtins::is_special(&args[0]) && matches!(found, Found::Builtin(_)) {
                return Err(Flow::Exit(1));
            }
            return Ok(1);
        }
        let keeps = matches!(found, Found::Builtin(_)) && is_exec(&args);
        let result = self.run_found(found, args);
        if !(keeps && result.is_ok()) {
            self.restore(saved);
        }
        result
    }

    /// Runs a program with redirections, which are made on a clone: what their words assign is the child's.
    #[inline(never)]
    fn run_redirected_program(&mut self, path: &str, args: Vec<String>, redirects: &[Redirect]) -> Status {
        let mut sub = self.clone();
        let mut saved = Saved::default();
        let result = match sub.redirect_all(redirects, &mut saved) {
            Ok(true) => sub.run_program(path, args),
            Ok(false) => Ok(1),
            Err(Flow::Exit(status) | Flow::Abandon(status)) => Ok(status),
            Err(flow) => Err(flow),
        };
        self.deferred = sub.deferred;
        self.finished = sub.finished;
        result
    }

    /// Runs what a name was found to be.
    pub fn run_found(&mut self, found: Found, args: Vec<String>) -> Status {
        match found {
            Found::Function => {
                let mut args = args;
                let name = args.remove(0);
                self.run_function(&name, args)
            }
            Found::Builtin(builtin) => {
                self.builtin_name.clear();
                self.builtin_name.push_str(&args[0]);
                builtin(self, &args)
            }
            Found::Declaration(declaration) => {
                let name = args[0].clone();
                let args: Vec<DeclArg> = args.into_iter().map(DeclArg::Word).collect();
                self.call_declaration(declaration, &name, &args)
            }
            Found::File(path) => self.run_program(&path, args),
            Found::Nothing => self.command_not_found(args),
        }
    }

    #[inline(never)]
    fn command_not_found(&mut self, mut args: Vec<String>) -> Status {
        if self.functions.contains_key("command_not_found_handle") {
            args.insert(0, String::from("command_not_found_handle"));
            let mut sub = self.clone();
            sub.enter_subshell();
            let result = sub.run_function("command_not_found_handle", args.split_off(1));
            return Ok(sub.finish(result));
        }
        // Without PATH, names stand for files of the working folder.
        let no_path = self.vars.get_scalar("PATH").is_none_or(|path| path.is_empty());
        let reason = if no_path { "No such file or directory" } else { "command not found" };
        self.error(&format!("{}: {reason}", args[0]));
        let path = format!("/usr/bin/{}", args[0]);
        if cfg!(target_arch = "wasm32") && glowplug_sys::stat(&to_bytes(&path), true).is_err() {
            // Cannot succeed, but lets the host say by which rule a program of that name could be run.
            let _ = self.spawn_program(&path, &args, true);
        }
        Ok(127)
    }

    /// Runs a program and waits for it.
    #[inline(never)]
    fn run_program(&mut self, path: &str, args: Vec<String>) -> Status {
        match self.spawn_program(path, &args, true) {
            Ok(pid) => {
                let status = self.wait_for(pid);
                self.report_death(pid, status, &args);
                Ok(shown_status(status))
            }
            Err(Errno(errno::ENOEXEC)) => self.run_script_file(path, &args),
            Err(error) => Ok(self.spawn_failed(path, &args[0], error)),
        }
    }

    /// The message and the status when a program cannot be started.
    #[inline(never)]
    pub(super) fn spawn_failed(&mut self, path: &str, name: &str, error: Errno) -> i32 {
        let full = to_bytes(&self.absolute(path));
        let folder = glowplug_sys::stat(&full, true).is_ok_and(|stat| stat.mode & 0o170_000 == 0o040_000);
        match error {
            _ if folder => {
                self.error(&format!("{name}: Is a directory"));
                126
            }
            Errno(errno::ENOENT) if glowplug_sys::stat(&full, true).is_ok() => {
                self.error(&format!("{path}: cannot execute: required file not found"));
                127
            }
            Errno(errno::ENOENT) => {
                self.error(&format!("{name}: {error}"));
                127
            }
            Errno(errno::EACCES) => {
                self.error(&format!("{path}: {error}"));
                126
            }
            error => {
                self.error(&format!("{path}: {error}"));
                126
            }
        }
    }

    #[inline(never)]
    pub(super) fn spawn_program(
        &mut self,
        path: &str,
        args: &[String],
        foreground: bool,
    ) -> Result<glowplug_sys::Pid, Errno> {
        let program = to_bytes(&self.absolute(path));
        let args: Vec<Vec<u8>> = args.iter().map(|arg| to_bytes(arg)).collect();
        let env = self.environment(path);
        glowplug_sys::spawn(&glowplug_sys::Spawn {
            foreground,
            program: &program,
            cwd: &to_bytes(&self.cwd),
            args: &args,
            env: &env,
            descriptors: &self.fds.pairs(),
        })
    }

    /// What a child gets: exported variables and functions, and `_`.
    #[inline(never)]
    fn environment(&self, path: &str) -> Vec<Vec<u8>> {
        let mut env: Vec<Vec<u8>> = self
            .vars
            .exported()
            .into_iter()
            .filter(|(name, _)| name != "_")
            .map(|(name, value)| to_bytes(&format!("{name}={value}")))
            .collect();
        for (name, function) in self.functions.iter().filter(|(_, function)| function.exported) {
            let text = builtins::print_function::function_text(name, &function.definition, false);
            let body = text.split_once("()").map_or("", |(_, body)| body.trim_start());
            env.push(to_bytes(&format!("BASH_FUNC_{name}%%=() {body}")));
        }
        env.push(to_bytes(&format!("_={path}")));
        env
    }

    /// A file without `#!` that is no program: a script for this shell, run as a new one would.
    #[inline(never)]
    fn run_script_file(&mut self, path: &str, args: &[String]) -> Status {
        let full = self.absolute(path);
        let bytes = match std::fs::read(&full) {
            Ok(bytes) => bytes,
            Err(_) => return Ok(self.spawn_failed(path, &args[0], Errno(errno::ENOEXEC))),
        };
        if bytes.iter().take(80).take_while(|&&byte| byte != b'\n').any(|&byte| byte == 0) {
            self.error(&format!("{path}: cannot execute binary file: Exec format error"));
            return Ok(126);
        }
        let environment = self.environment(path);
        let mut sub = self.clone();
        sub.enter_subshell();
        sub.become_script(path, &args[1..], &environment);
        let result = sub.deeper(|sub| sub.run_script_text(crate::text::from_bytes(&bytes)));
        Ok(sub.finish(result))
    }
}

/// `exec`'s redirections stay.
fn is_exec(args: &[String]) -> bool {
    let mut words = args.iter().map(String::as_str).skip_while(|word| matches!(*word, "command" | "builtin"));
    words.next() == Some("exec")
}

/// 0 to 255 as it is, and 128 plus the signal's number for a death.
pub(super) fn shown_status(status: i32) -> i32 {
    if status >= 256 { 128 + (status - 256) } else { status }
}

/// An argument of a declaration builtin as a plain one.
fn plain_arg(arg: &DeclArg) -> String {
    match arg {
        DeclArg::Word(word) => word.clone(),
        DeclArg::Assign { name, subscript, append, value } => {
            let mut text = name.clone();
            if let Some(subscript) = subscript {
                text.push_str(&format!("[{subscript}]"));
            }
            text.push_str(if *append { "+=" } else { "=" });
            match value {
                DeclValue::Scalar(value) => text.push_str(value),
                DeclValue::Array(elements) => {
                    let words: Vec<String> = elements.iter().map(|(_, value)| value.clone()).collect();
                    text.push_str(&format!("({})", words.join(" ")));
                }
            }
            text
        }
    }
}

/// The same as traces show it.
fn trace_arg(arg: &DeclArg) -> String {
    match arg {
        DeclArg::Assign { name, subscript: None, append, value: DeclValue::Scalar(value) } => {
            let op = if *append { "+=" } else { "=" };
            super::trace::quoted(&format!("{name}{op}{value}"))
        }
        DeclArg::Assign { value: DeclValue::Array(_), .. } => plain_arg(arg),
        arg => super::trace::quoted(&plain_arg(arg)),
    }
}
