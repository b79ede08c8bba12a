//! Running texts: scripts, `-c`, `eval`, `source`, traps, and commands from the standard input.

use crate::ast::CompoundList;
use crate::fds::OwnedHandle;
use crate::parse::{Context, ErrorKind, Reader, SyntaxError};
use crate::shell::{Flow, Shell, Status};
use crate::text::from_bytes;
use glowplug_sys::Errno;
use glowplug_sys::abi::{describe, errno};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Parsed texts that are kept for when they come again (substitutions in loops).
const CACHED_TEXTS: usize = 512;

/// A program, command by command.
type Program = Rc<Vec<CompoundList>>;

thread_local! {
    /// By text, first line and the options that matter.
    static PARSED: RefCell<HashMap<(String, usize, bool), Program>> = RefCell::new(HashMap::new());
}

impl Shell {
    /// Parses and runs a text (`eval`, and what builtins run); `source` labels syntax errors.
    pub fn run_text(&mut self, text: &str, source: &str) -> Status {
        let line = self.line.max(1);
        self.run_lines(text, line, source)
    }

    fn context<'a>(
        options: &crate::options::Options,
        aliases: &'a std::collections::BTreeMap<String, String>,
    ) -> Context<'a> {
        Context {
            aliases: (options.expand_aliases && !aliases.is_empty()).then_some(aliases),
            extglob: options.extglob,
            posix: options.posix,
            more: None,
        }
    }

    /// The whole text parsed at once; `None` when that cannot be done ahead of running it.
    #[inline(never)]
    pub(crate) fn parse_all(&mut self, text: &str, line: usize) -> Option<Program> {
        if (self.options.expand_aliases && !self.aliases.is_empty()) || self.options.verbose || text.len() > 1 << 16 {
            return None;
        }
        // What one line changes may count for how the next one is read.
        if text.contains('\n') && ["alias", "shopt", "set "].iter().any(|word| text.contains(word)) {
            return None;
        }
        let key = (text.to_owned(), line, self.options.extglob);
        if let Some(program) = PARSED.with_borrow(|parsed| parsed.get(&key).cloned()) {
            return Some(program);
        }
        let mut reader = Reader::new(text.to_owned(), line);
        let mut program = Vec::new();
        loop {
            let (result, warnings) = reader.next(Self::context(&self.options, &self.aliases));
            if !warnings.is_empty() {
                return None;
            }
            match result {
                Ok(Some(list)) => program.push(list),
                Ok(None) => break,
                Err(_) => return None,
            }
        }
        let program = Rc::new(program);
        PARSED.with_borrow_mut(|parsed| {
            if parsed.len() >= CACHED_TEXTS {
                parsed.clear();
            }
            parsed.insert(key, Rc::clone(&program));
        });
        Some(program)
    }

    /// Runs a text command by command; `label` says in syntax errors what it is.
    #[inline(never)]
    pub(crate) fn run_lines(&mut self, text: &str, line: usize, label: &str) -> Status {
        if label != "-c"
            && let Some(program) = self.parse_all(text, line)
        {
            return self.deeper(|shell| {
                let mut status = 0;
                for list in program.iter() {
                    status = shell.run_complete(list)?;
                }
                Ok(status)
            });
        }
        self.deeper(|shell| shell.run_reader(Reader::new(text.to_owned(), line), label))
    }

    /// Runs one complete command; what abandons it ends here.
    fn run_complete(&mut self, list: &CompoundList) -> Status {
        if self.options.noexec && !self.options.interactive {
            return Ok(0);
        }
        match self.run_list(list) {
            Err(Flow::Abandon(status)) if !self.is_subshell => {
                self.status = status;
                Ok(status)
            }
            Err(Flow::Abandon(status)) => Err(Flow::Exit(status)),
            result => result,
        }
    }

    #[inline(never)]
    fn run_reader(&mut self, mut reader: Reader, label: &str) -> Status {
        let mut status = 0;
        loop {
            let from = reader.position();
            let (result, warnings) = reader.next(Self::context(&self.options, &self.aliases));
            self.warn(warnings);
            if self.options.verbose {
                let read = reader.consumed().get(from..).unwrap_or("").to_owned();
                self.err_raw(&read);
            }
            match result {
                Ok(Some(list)) => status = self.run_complete(&list)?,
                Ok(None) => return Ok(status),
                Err(error) => {
                    self.report_syntax(&error, label);
                    self.status = 2;
                    return if self.options.posix && label == "eval" { Err(Flow::Exit(2)) } else { Ok(2) };
                }
            }
            if self.options.onecmd && label.is_empty() {
                return Err(Flow::Exit(status));
            }
        }
    }

    fn warn(&mut self, warnings: Vec<(usize, String)>) {
        for (line, text) in warnings {
            let line = std::mem::replace(&mut self.line, line);
            self.error(&format!("warning: {text}"));
            self.line = line;
        }
    }

    /// Says what is wrong with a text.
    #[inline(never)]
    pub(crate) fn report_syntax(&self, error: &SyntaxError, label: &str) {
        let mut prefix = format!("{}: ", self.speaker());
        if !label.is_empty() && label != "trap" {
            prefix.push_str(&format!("{label}: "));
        }
        if !self.options.interactive {
            prefix.push_str(&format!("line {}: ", error.line));
        }
        let text = match &error.kind {
            ErrorKind::Near(token, line) => {
                format!("{prefix}syntax error near unexpected token `{token}'\n{prefix}`{line}'\n")
            }
            ErrorKind::EndOfFile => format!("{prefix}syntax error: unexpected end of file\n"),
            ErrorKind::Matching(close) => format!("{prefix}unexpected EOF while looking for matching `{close}'\n"),
            ErrorKind::Message(message) => format!("{prefix}{message}\n"),
        };
        self.err_raw(&text);
    }

    /// Runs a script's text in this shell, to its end.
    pub fn run_script_text(&mut self, text: String) -> Status {
        let reader = Reader::new(text, 1);
        self.run_reader(reader, "")
    }

    /// Runs a file in this shell (`.`); the caller has found it.
    #[inline(never)]
    pub fn source_file(&mut self, path: &str, name: &str, args: Option<Vec<String>>) -> Status {
        let bytes = match self.open_for_reading(path) {
            Ok(handle) => super::subshell::read_all(&handle),
            Err(error) => {
                self.error(&format!("{name}: {error}"));
                return Ok(1);
            }
        };
        let text = from_bytes(&bytes);
        let frame = crate::shell::Frame {
            name: Rc::from("source"),
            source: Rc::from(name),
            call_line: self.line,
            is_function: false,
        };
        self.frames.push(frame);
        let line = self.line;
        let positional = args.map(|args| std::mem::replace(&mut self.positional, Rc::new(args)));
        let was_set = std::mem::replace(&mut self.positional_set, false);
        let hidden = self.hide_traps(false);
        self.returnable += 1;
        let mut result = self.deeper(|shell| shell.run_reader(Reader::new(text, 1), ""));
        self.returnable -= 1;
        if let Err(Flow::Return(status)) = result {
            result = Ok(status);
        }
        for (signal, trap) in hidden {
            self.traps.entry(signal).or_insert(trap);
        }
        if let Ok(status) = result
            && self.traps.contains_key(&super::RETURN)
        {
            self.status = status;
            if let Err(flow) = self.run_trap(super::RETURN) {
                result = Err(flow);
            }
        }
        // Parameters that the file set itself stay.
        let set = std::mem::replace(&mut self.positional_set, was_set);
        if let Some(positional) = positional
            && !set
        {
            self.positional = positional;
        }
        self.frames.pop();
        self.line = line;
        result
    }

    /// A line of the standard input with its end; nothing after it is consumed.
    pub(crate) fn read_input_line(&mut self) -> Option<String> {
        let handle = self.fds.owned(0)?;
        read_line(&handle)
    }

    /// Runs commands from the standard input.
    pub fn run_stdin(&mut self) -> Status {
        let mut reader = Reader::new(String::new(), 1);
        let mut status = 0;
        loop {
            if reader.is_at_end() {
                let Some(line) = self.read_input_line() else { return Ok(status) };
                if self.options.verbose {
                    self.err_raw(&line);
                }
                reader.refill(&line);
            }
            let handle = self.fds.owned(0);
            let verbose = if self.options.verbose { self.fds.owned(2) } else { None };
            let mut more = || {
                let line = handle.as_ref().and_then(read_line);
                if let (Some(line), Some(verbose)) = (&line, &verbose) {
                    // A trace of the input that cannot be written is no reason to fail.
                    let _ = glowplug_sys::write_all(verbose.raw(), line.as_bytes());
                }
                line
            };
            let mut context = Self::context(&self.options, &self.aliases);
            context.more = Some(&mut more);
            let (result, warnings) = reader.next(context);
            self.warn(warnings);
            match result {
                Ok(Some(list)) => status = self.run_complete(&list)?,
                Ok(None) => return Ok(status),
                Err(error) => {
                    self.report_syntax(&error, "");
                    return Ok(2);
                }
            }
        }
    }

    /// The loop of an interactive shell.
    pub fn run_interactive(&mut self) -> Status {
        let mut reader = Reader::new(String::new(), 1);
        loop {
            self.notify_jobs();
            if let Some(command) = self.vars.get_scalar("PROMPT_COMMAND").map(|command| command.into_owned())
                && !command.is_empty()
            {
                let status = self.status;
                match self.run_lines(&command, 1, "PROMPT_COMMAND") {
                    Err(Flow::Exit(status)) => return Err(Flow::Exit(status)),
                    _ => self.status = status,
                }
            }
            let first = self.prompt("PS1");
            let second = self.prompt("PS2");
            let names = self.completion_names();
            let line = match self.ask(&first, &second, &names) {
                Asked::Line(line) => line,
                Asked::Interrupted => {
                    self.status = 130;
                    continue;
                }
                Asked::End => {
                    if self.options.ignoreeof {
                        self.err_raw("Use \"exit\" to leave the shell.\n");
                        continue;
                    }
                    self.err_raw("exit\n");
                    return Ok(self.status);
                }
            };
            reader.refill(&line);
            let mut interrupted = false;
            let fds = self.fds.clone();
            let mut more = || match ask(&fds, &second, &second, &names) {
                Asked::Line(line) => Some(line),
                Asked::Interrupted => {
                    interrupted = true;
                    None
                }
                Asked::End => None,
            };
            let mut context = Self::context(&self.options, &self.aliases);
            context.more = Some(&mut more);
            let (result, warnings) = reader.next(context);
            self.warn(warnings);
            match result {
                Ok(Some(list)) => match self.run_list(&list) {
                    Ok(_) => {}
                    Err(Flow::Exit(status)) => return Err(Flow::Exit(status)),
                    Err(Flow::Abandon(status)) => self.status = status,
                    Err(_) => {}
                },
                Ok(None) => {}
                Err(_) if interrupted => {
                    self.status = 130;
                    reader.forget();
                }
                Err(error) => {
                    self.report_syntax(&error, "");
                    self.status = 2;
                    reader.forget();
                }
            }
            self.deferred.clear();
        }
    }

    fn prompt(&mut self, name: &str) -> String {
        let text = self.vars.get_scalar(name).map(|text| text.into_owned()).unwrap_or_default();
        let status = self.status;
        let text = self.expand_prompt(&text);
        self.status = status;
        text
    }

    fn ask(&mut self, first: &str, second: &str, names: &[Vec<u8>]) -> Asked {
        ask(&self.fds, first, second, names)
    }

    /// What the editor can complete.
    fn completion_names(&self) -> Vec<Vec<u8>> {
        use glowplug_sys::abi::edit;
        let mut names = Vec::new();
        let mut add = |kind: u8, name: &str| {
            let mut entry = vec![kind];
            entry.extend_from_slice(&crate::text::to_bytes(name));
            names.push(entry);
        };
        add(edit::FOLDER, &self.cwd);
        for folder in self.vars.get_scalar("PATH").unwrap_or_default().split(':').filter(|folder| !folder.is_empty()) {
            add(edit::PATH, folder);
        }
        for name in crate::builtins::names() {
            add(edit::BUILTIN, name);
        }
        for name in [
            "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select",
            "function", "time",
        ] {
            add(edit::KEYWORD, name);
        }
        for name in self.functions.keys() {
            add(edit::FUNCTION, name);
        }
        for name in self.aliases.keys() {
            add(edit::ALIAS, name);
        }
        for name in self.vars.names() {
            add(edit::VARIABLE, &name);
        }
        // With its value, for `~/`.
        if let Some(home) = self.vars.get_scalar("HOME") {
            add(edit::VARIABLE, &format!("HOME={home}"));
        }
        names
    }
}

/// What the user answered to a prompt.
enum Asked {
    Line(String),
    Interrupted,
    End,
}

fn ask(fds: &crate::fds::Descriptors, first: &str, second: &str, names: &[Vec<u8>]) -> Asked {
    match glowplug_sys::edit(first.as_bytes(), second.as_bytes(), names) {
        Ok(line) => {
            let mut line = from_bytes(&line);
            line.push('\n');
            return Asked::Line(line);
        }
        Err(Errno(errno::EINTR)) => return Asked::Interrupted,
        Err(Errno(errno::EPIPE)) => return Asked::End,
        Err(_) => {}
    }
    if let Some(handle) = fds.get(2) {
        // A prompt that cannot be shown is no reason to stop.
        let _ = glowplug_sys::write_all(handle, first.as_bytes());
    }
    match fds.owned(0).as_ref().and_then(read_line) {
        Some(line) => Asked::Line(line),
        None => Asked::End,
    }
}

/// A line with its end, consuming nothing after it; `None` at the end of input.
fn read_line(handle: &Rc<OwnedHandle>) -> Option<String> {
    let seekable = glowplug_sys::describe(handle.raw()).is_ok_and(|bits| bits & describe::SEEKABLE != 0);
    let mut bytes: Vec<u8> = Vec::new();
    let mut buf = [0; 1024];
    let size = if seekable { buf.len() } else { 1 };
    loop {
        let count = match glowplug_sys::read(handle.raw(), &mut buf[..size]) {
            Ok(count) => count,
            Err(Errno(errno::EINTR)) => continue,
            Err(_) => 0,
        };
        if count == 0 {
            break;
        }
        if let Some(end) = buf[..count].iter().position(|&byte| byte == b'\n') {
            bytes.extend_from_slice(&buf[..=end]);
            if end + 1 < count {
                let surplus = (count - end - 1) as i64;
                if glowplug_sys::seek(handle.raw(), -surplus, 1).is_err() {
                    bytes.extend_from_slice(&buf[end + 1..count]);
                }
            }
            break;
        }
        bytes.extend_from_slice(&buf[..count]);
    }
    bytes.retain(|&byte| byte != 0);
    if bytes.is_empty() { None } else { Some(from_bytes(&bytes)) }
}
