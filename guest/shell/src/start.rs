//! How a shell begins: its arguments, its environment, and where its commands come from.

use crate::options::Options;
use crate::shell::{Flow, Frame, Shell, Status};
use crate::text::{from_bytes, to_bytes};
use crate::vars::Value;
use std::rc::Rc;

const VERSION: &str = "5.2.15(1)-release";

/// What the command line asks for.
#[derive(Default)]
struct Invocation {
    command: Option<String>,
    from_stdin: bool,
    interactive: bool,
    login: bool,
    /// `set -o` and `shopt` options, in their order.
    set: Vec<(String, bool)>,
    shopt: Vec<(String, bool)>,
    operands: Vec<String>,
}

/// Runs a shell with these arguments; the result is the exit code.
pub fn run(args: Vec<String>) -> i32 {
    crate::exec::begin_stack();
    let mut shell = Shell::new();
    let zero = args.first().cloned().unwrap_or_else(|| String::from("bash"));
    shell.name = Rc::from(zero.as_str());
    let base = zero.rsplit('/').next().unwrap_or("bash").trim_start_matches('-');
    if base == "sh" {
        shell.options.posix = true;
    }
    let invocation = match parse_arguments(&shell, &args) {
        Ok(invocation) => invocation,
        Err(status) => return status,
    };
    for (name, on) in &invocation.set {
        if let Some(option) = shell.options.set_option(name) {
            *option = *on;
        }
    }
    for (name, on) in &invocation.shopt {
        if let Some(option) = shell.options.shopt_option(name) {
            *option = *on;
        }
    }
    shell.options.login_shell = invocation.login || zero.starts_with('-');
    if shell.options.posix {
        shell.options.expand_aliases = true;
    }
    let environment: Vec<Vec<u8>> = std::env::vars_os()
        .map(|(name, value)| {
            let mut entry = name.as_encoded_bytes().to_vec();
            entry.push(b'=');
            entry.extend_from_slice(value.as_encoded_bytes());
            entry
        })
        .collect();
    shell.import(&environment);
    let result = shell.start(invocation);
    let status = shell.finish(result);
    if shell.options.interactive {
        shell.notify_jobs();
    }
    // The host takes everything back at once: memory, descriptors.
    std::mem::forget(shell);
    status
}

fn parse_arguments(shell: &Shell, args: &[String]) -> Result<Invocation, i32> {
    let mut invocation = Invocation::default();
    let mut wants_command = false;
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        if arg == "--" || arg == "-" {
            at += 1;
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            at += 1;
            match long {
                "posix" => invocation.set.push((String::from("posix"), true)),
                "login" => invocation.login = true,
                "verbose" => invocation.set.push((String::from("verbose"), true)),
                "norc" | "noprofile" | "noediting" | "restricted" | "debugger" | "dump-strings" | "dump-po-strings"
                | "pretty-print" => {}
                "rcfile" | "init-file" => at += 1,
                "version" => {
                    print_version(shell);
                    return Err(0);
                }
                "help" => {
                    shell_out(
                        shell,
                        &format!(
                            "GNU bash, version {VERSION}-(glowplug)\nUsage:\t{} [option] ... [script-file [argument] ...]\n",
                            shell.name
                        ),
                    );
                    return Err(0);
                }
                _ => {
                    shell.err_raw(&format!("{}: {arg}: invalid option\n", shell.name));
                    return Err(2);
                }
            }
            continue;
        }
        let on = arg.starts_with('-');
        if !(on || arg.starts_with('+')) || arg.len() < 2 {
            break;
        }
        at += 1;
        for letter in arg.chars().skip(1) {
            match letter {
                'c' => wants_command = true,
                's' => invocation.from_stdin = true,
                'i' => invocation.interactive = true,
                'l' => invocation.login = true,
                'r' | 'D' => {}
                'o' | 'O' => {
                    let Some(name) = args.get(at) else {
                        if letter == 'o' {
                            continue;
                        }
                        return Err(0);
                    };
                    at += 1;
                    let known = if letter == 'o' { shell.options.get_set(name) } else { shell.options.get_shopt(name) };
                    if known.is_none() {
                        let kind = if letter == 'o' { "option" } else { "shell option" };
                        shell.err_raw(&format!("{}: {name}: invalid {kind} name\n", shell.name));
                        return Err(if letter == 'o' { 2 } else { 1 });
                    }
                    let list = if letter == 'o' { &mut invocation.set } else { &mut invocation.shopt };
                    list.push((name.clone(), on));
                }
                letter => match Options::name_of_letter(letter) {
                    Some(name) => invocation.set.push((name.to_owned(), on)),
                    None => {
                        shell.err_raw(&format!(
                            "{}: {}{letter}: invalid option\n",
                            shell.name,
                            if on { '-' } else { '+' }
                        ));
                        return Err(2);
                    }
                },
            }
        }
    }
    invocation.operands = args[at.min(args.len())..].to_vec();
    if wants_command {
        if invocation.operands.is_empty() {
            shell.err_raw(&format!("{}: -c: option requires an argument\n", shell.name));
            return Err(2);
        }
        invocation.command = Some(invocation.operands.remove(0));
    }
    Ok(invocation)
}

fn shell_out(shell: &Shell, text: &str) {
    if let Some(handle) = shell.fds.get(1) {
        // Nothing depends on who reads this.
        let _ = glowplug_sys::write_all(handle, text.as_bytes());
    }
}

fn print_version(shell: &Shell) {
    let host = glowplug_sys::info(glowplug_sys::abi::info::VERSION).unwrap_or_default();
    let host = String::from_utf8_lossy(&host).into_owned();
    shell_out(shell, &format!("GNU bash, version {VERSION} compatible shell (glowplug {})\n", host.trim()));
}

impl Shell {
    /// Takes over an environment: variables, functions, the working folder.
    fn import(&mut self, environment: &[Vec<u8>]) {
        self.declare_dynamic();
        for entry in environment {
            let text = from_bytes(entry);
            let Some((name, value)) = text.split_once('=') else { continue };
            if let Some(function) = name.strip_prefix("BASH_FUNC_").and_then(|rest| rest.strip_suffix("%%")) {
                self.import_function(function, value);
            } else if crate::vars::is_name(name) && !matches!(name, "SHELLOPTS" | "BASHOPTS" | "_") {
                // Before the first command there are no references and no scopes, so a variable is where its name is.
                let variable = self.vars.entry(name);
                // A dynamic or readonly variable cannot come from outside.
                if !variable.attributes.readonly {
                    variable.value = Value::Scalar(value.to_owned());
                    variable.attributes.exported = true;
                }
            } else if name == "SHELLOPTS" {
                value.split(':').for_each(|option| {
                    if let Some(option) = self.options.set_option(option) {
                        *option = true;
                    }
                });
            }
        }
        self.import_folder();
        let level = self.vars.get_scalar("SHLVL").and_then(|level| level.parse::<i64>().ok()).unwrap_or(0);
        self.set_variable("SHLVL", &(level + 1).to_string());
        self.vars.export("SHLVL");
        self.set_variable("IFS", " \t\n");
        self.set_variable("OPTIND", "1");
        self.set_variable("OPTERR", "1");
        self.set_variable("PS4", if self.vars.get_scalar("PS4").is_some() { "" } else { "+ " });
        for (name, value) in [("PATH", "/usr/bin:/bin"), ("TERM", "dumb")] {
            if self.vars.get_scalar(name).is_none() {
                self.set_variable(name, value);
            }
        }
        self.set_variable("BASH", "/usr/bin/bash");
        self.set_variable("BASH_VERSION", VERSION);
        self.set_variable("HOSTTYPE", "wasm32");
        self.set_variable("MACHTYPE", "wasm32-unknown-wasi");
        self.set_variable("OSTYPE", "wasi");
        self.set_variable("PPID", &glowplug_sys::parent().to_string());
        self.set_variable("UID", "0");
        self.set_variable("EUID", "0");
        let version = ["5", "2", "15", "1", "release", "wasm32-unknown-wasi"].map(String::from);
        // Nothing has made it readonly yet.
        let _ = self.vars.set_list("BASH_VERSINFO", version);
        for name in ["BASH_VERSINFO", "PPID", "UID", "EUID"] {
            if let Some(variable) = self.vars.get_raw_mut(name) {
                variable.attributes.readonly = true;
                variable.attributes.integer = name != "BASH_VERSINFO";
            }
        }
    }

    fn set_variable(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        // As above; nothing of this is readonly yet.
        self.vars.entry(name).value = Value::Scalar(value.to_owned());
    }

    /// The working folder: PWD when it says the truth.
    fn import_folder(&mut self) {
        let given = self.vars.get_scalar("PWD").map(|pwd| pwd.into_owned()).filter(|pwd| pwd.starts_with('/'));
        self.cwd = physical_folder(given.as_deref()).unwrap_or_else(|| String::from("/"));
        let cwd = self.cwd.clone();
        self.set_variable("PWD", &cwd);
        self.vars.export("PWD");
        let old = self.vars.get_scalar("OLDPWD").map(|old| old.into_owned());
        let is_folder =
            |path: &str| glowplug_sys::stat(&to_bytes(path), true).is_ok_and(|stat| stat.mode & 0o170_000 == 0o040_000);
        if !old.is_some_and(|old| old.starts_with('/') && is_folder(&old)) {
            // Unset but exported, as bash has it.
            let _ = self.vars.unset("OLDPWD");
            self.vars.export("OLDPWD");
        }
    }

    /// A function from the environment: `() { ...; }`.
    fn import_function(&mut self, name: &str, text: &str) {
        if !text.starts_with("() ") {
            return;
        }
        let Some(program) = self.parse_all(&format!("{name} {text}"), 0) else {
            self.err_raw(&format!("{}: error importing function definition for `{name}'\n", self.name));
            return;
        };
        if let [list] = &program[..]
            && self.run_list(list).is_ok()
            && let Some(function) = self.functions.get_mut(name)
        {
            function.exported = true;
        }
    }

    /// Makes this clone what a new shell for a script would be.
    pub(crate) fn become_script(&mut self, path: &str, args: &[String], environment: &[Vec<u8>]) {
        self.vars = crate::vars::Variables::new();
        let options = Options { posix: self.options.posix, ..Options::default() };
        self.options = options;
        self.functions = Default::default();
        self.aliases = Default::default();
        self.frames.clear();
        self.traps.retain(|_, trap| *trap == crate::shell::Trap::Ignore);
        self.errexit_off = 0;
        self.loop_depth = 0;
        self.returnable = 0;
        self.subshell_level = 0;
        self.is_subshell = false;
        self.status = 0;
        let cwd = self.cwd.clone();
        self.import(environment);
        self.cwd = cwd;
        self.name = Rc::from(path);
        self.positional = Rc::new(args.to_vec());
        self.push_main_frame(path);
    }

    fn push_main_frame(&mut self, path: &str) {
        self.frames.push(Frame { name: Rc::from("main"), source: Rc::from(path), call_line: 0, is_function: false });
    }

    fn start(&mut self, mut invocation: Invocation) -> Status {
        if let Some(command) = invocation.command {
            self.options.from_argument = true;
            self.options.interactive = invocation.interactive;
            let mut operands = invocation.operands.into_iter();
            if let Some(name) = operands.next() {
                self.name = Rc::from(name);
            }
            self.positional = Rc::new(operands.collect());
            self.begin();
            self.set_variable("BASH_EXECUTION_STRING", &command);
            return self.run_argument(&command);
        }
        if !invocation.from_stdin && !invocation.operands.is_empty() {
            let path = invocation.operands.remove(0);
            self.positional = Rc::new(invocation.operands);
            self.options.interactive = invocation.interactive;
            self.begin();
            return self.run_script(&path);
        }
        self.options.from_stdin = true;
        self.positional = Rc::new(invocation.operands);
        let terminal = |fd| self.fds.get(fd).is_some_and(glowplug_sys::is_terminal);
        self.options.interactive = invocation.interactive || (terminal(0) && terminal(2));
        if !self.options.interactive {
            self.begin();
            return self.run_stdin();
        }
        self.options.expand_aliases = true;
        self.options.histexpand = true;
        self.options.history = true;
        for (name, value) in [("PS1", "\\s-\\v\\$ "), ("PS2", "> ")] {
            if self.vars.get_scalar(name).is_none() {
                self.set_variable(name, value);
            }
        }
        self.begin();
        if let Ok(greeting) = glowplug_sys::info(glowplug_sys::abi::info::GREETING)
            && !greeting.is_empty()
        {
            let mut text = from_bytes(&greeting);
            if !text.ends_with('\n') {
                text.push('\n');
            }
            self.out(&text);
        }
        self.run_interactive()
    }

    /// The last step before commands run.
    fn begin(&mut self) {
        if self.options.interactive {
            self.options.expand_aliases = true;
            self.apply_traps();
        }
    }

    /// `-c`.
    fn run_argument(&mut self, command: &str) -> Status {
        self.run_lines(command, 1, "-c")
    }

    fn run_script(&mut self, path: &str) -> Status {
        let mut file = path.to_owned();
        if !path.contains('/') && glowplug_sys::stat(&to_bytes(&self.absolute(path)), true).is_err() {
            file = self.find_in_path(path).unwrap_or(file);
        }
        self.name = Rc::from(file.as_str());
        let full = self.absolute(&file);
        match glowplug_sys::stat(&to_bytes(&full), true) {
            Ok(stat) if stat.mode & 0o170_000 == 0o040_000 => {
                self.err_raw(&format!("{path}: {path}: Is a directory\n"));
                return Err(Flow::Exit(126));
            }
            Err(error) => {
                self.err_raw(&format!("bash: {path}: {error}\n"));
                return Err(Flow::Exit(127));
            }
            Ok(_) => {}
        }
        let bytes = match self.open_for_reading(&file) {
            Ok(handle) => crate::exec::read_all(&handle),
            Err(error) => {
                self.err_raw(&format!("bash: {path}: {error}\n"));
                return Err(Flow::Exit(126));
            }
        };
        if bytes.iter().take(80).take_while(|&&byte| byte != b'\n').any(|&byte| byte == 0) {
            self.err_raw(&format!("{path}: {path}: cannot execute binary file\n"));
            return Err(Flow::Exit(126));
        }
        self.push_main_frame(&file);
        let text = from_bytes(&bytes);
        let text = if text.contains('\0') { text.replace('\0', "") } else { text };
        self.run_script_text(text)
    }
}

/// The process's working folder: `given` when it is that folder.
#[cfg(not(target_arch = "wasm32"))]
fn physical_folder(given: Option<&str>) -> Option<String> {
    let current = std::env::current_dir().ok()?;
    let physical = from_bytes(current.as_os_str().as_encoded_bytes());
    let same = |path: &str| match (
        glowplug_sys::stat(&to_bytes(path), true),
        glowplug_sys::stat(&to_bytes(&physical), true),
    ) {
        (Ok(left), Ok(right)) => (left.dev, left.ino) == (right.dev, right.ino),
        _ => false,
    };
    given.filter(|path| same(path)).map_or(Some(physical.clone()), |path| Some(path.to_owned()))
}

/// The working folder is what the host says in PWD.
#[cfg(target_arch = "wasm32")]
fn physical_folder(given: Option<&str>) -> Option<String> {
    given.map(str::to_owned)
}
