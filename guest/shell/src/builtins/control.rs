//! Builtins that decide what runs next.

use crate::exec::{EXIT, Found};
use crate::shell::{Flow, Shell, Status};
use glowplug_sys::abi::info;

pub fn colon(_: &mut Shell, _: &[String]) -> Status {
    Ok(0)
}

pub fn false_(_: &mut Shell, _: &[String]) -> Status {
    Ok(1)
}

/// The arguments after `--`, or an error for an option, which these builtins do not have.
fn without_options<'a>(shell: &Shell, args: &'a [String], usage: &str) -> Result<&'a [String], i32> {
    match args.get(1).map(String::as_str) {
        Some("--") => Ok(&args[2..]),
        Some(option)
            if option.len() > 1
                && option.starts_with('-')
                && !option.bytes().skip(1).all(|byte| byte.is_ascii_digit()) =>
        {
            let letter: String = option.chars().take(2).collect();
            shell.error(&format!("{}: {letter}: invalid option", args[0]));
            shell.err_raw(&format!("{usage}\n"));
            Err(2)
        }
        _ => Ok(&args[1..]),
    }
}

/// A failure of a special builtin, which ends a shell in posix mode.
fn special_failure(shell: &Shell, status: i32) -> Status {
    if shell.options.posix && !shell.options.interactive { Err(Flow::Exit(status)) } else { Ok(status) }
}

pub fn eval(shell: &mut Shell, args: &[String]) -> Status {
    let args = match without_options(shell, args, "eval: usage: eval [arg ...]") {
        Ok(args) => args,
        Err(status) => return special_failure(shell, status),
    };
    let text = args.join(" ");
    if text.trim().is_empty() {
        return Ok(0);
    }
    shell.trace_level += 1;
    let result = shell.run_text(&text, "eval");
    shell.trace_level -= 1;
    result
}

pub fn source(shell: &mut Shell, args: &[String]) -> Status {
    let name = &args[0];
    let operands = match without_options(shell, args, &format!("{name}: usage: {name} filename [arguments]")) {
        Ok(operands) => operands,
        Err(status) => return special_failure(shell, status),
    };
    let Some(file) = operands.first() else {
        shell.error(&format!("{name}: filename argument required"));
        shell.err_raw(&format!("{name}: usage: {name} filename [arguments]\n"));
        return special_failure(shell, 2);
    };
    let mut path = None;
    if !file.contains('/') && shell.options.sourcepath {
        path = shell.find_source(file);
    }
    let path = match path {
        Some(path) => path,
        None if file.contains('/') || !shell.options.posix => file.clone(),
        None => {
            shell.error(&format!("{name}: {file}: file not found"));
            return special_failure(shell, 1);
        }
    };
    let full = crate::text::to_bytes(&shell.absolute(&path));
    match glowplug_sys::stat(&full, true) {
        Ok(stat) if stat.mode & 0o170_000 == 0o040_000 => {
            shell.error(&format!("{name}: {file}: is a directory"));
            return special_failure(shell, 1);
        }
        Err(error) if !path.starts_with("/dev/") => {
            shell.error(&format!("{file}: {error}"));
            return special_failure(shell, 1);
        }
        _ => {}
    }
    let args = (operands.len() > 1).then(|| operands[1..].to_vec());
    let shown = if path == *file { file.clone() } else { path.clone() };
    shell.trace_level += 1;
    let result = shell.source_file(&path, &shown, args);
    shell.trace_level -= 1;
    result
}

impl Shell {
    /// A file to source, by PATH; it need not be executable.
    fn find_source(&self, name: &str) -> Option<String> {
        let path = self.vars.get_scalar("PATH")?;
        path.split(':').map(|folder| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }).find(
            |candidate| {
                glowplug_sys::stat(&crate::text::to_bytes(&self.absolute(candidate)), true)
                    .is_ok_and(|stat| stat.mode & 0o170_000 != 0o040_000)
            },
        )
    }

    /// The status that `exit` and `return` give: an argument, or `$?`.
    fn given_status(&mut self, name: &str, operands: &[String]) -> Result<i32, Status> {
        let Some(text) = operands.first() else {
            let status = if self.in_trap { self.trapped_status } else { self.status };
            return Ok(status);
        };
        let Ok(status) = text.trim().parse::<i64>() else {
            self.error(&format!("{name}: {text}: numeric argument required"));
            return Err(Err(if name == "return" && self.returnable > 0 { Flow::Return(2) } else { Flow::Exit(2) }));
        };
        if operands.len() > 1 {
            self.error(&format!("{name}: too many arguments"));
            return Err(Err(Flow::Abandon(1)));
        }
        Ok((status & 0xff) as i32)
    }
}

pub fn exit(shell: &mut Shell, args: &[String]) -> Status {
    let operands = match without_options(shell, args, "exit: usage: exit [n]") {
        Ok(operands) => operands,
        Err(_) => return Err(Flow::Exit(2)),
    };
    if shell.options.interactive && !shell.is_subshell {
        shell.err_raw(if args[0] == "logout" { "logout\n" } else { "exit\n" });
    }
    match shell.given_status(&args[0], operands) {
        Ok(status) => Err(Flow::Exit(status)),
        Err(result) => result,
    }
}

pub fn logout(shell: &mut Shell, args: &[String]) -> Status {
    if !shell.options.login_shell {
        shell.error("logout: not login shell: use `exit'");
        return Ok(1);
    }
    exit(shell, args)
}

pub fn return_(shell: &mut Shell, args: &[String]) -> Status {
    let operands = match without_options(shell, args, "return: usage: return [n]") {
        Ok(operands) => operands,
        Err(status) => return Ok(status),
    };
    if shell.returnable == 0 && !shell.is_subshell_of_function() {
        shell.error("return: can only `return' from a function or sourced script");
        return special_failure(shell, 2);
    }
    match shell.given_status("return", operands) {
        Ok(status) => Err(Flow::Return(status)),
        Err(result) => result,
    }
}

impl Shell {
    fn is_subshell_of_function(&self) -> bool {
        self.frames.iter().any(|frame| frame.is_function)
    }

    /// The levels that `break` and `continue` leave; `None` outside loops.
    fn levels(&mut self, args: &[String]) -> Result<Option<u32>, Flow> {
        let name = &args[0];
        let operands = match args.get(1).map(String::as_str) {
            Some("--") => &args[2..],
            _ => &args[1..],
        };
        if self.loop_depth == 0 {
            if !self.options.posix {
                self.error(&format!("{name}: only meaningful in a `for', `while', or `until' loop"));
            }
            return Ok(None);
        }
        let mut levels = 1;
        if let Some(text) = operands.first() {
            match text.parse::<i64>() {
                Ok(number) if number > 0 => levels = u32::try_from(number).unwrap_or(u32::MAX),
                Ok(_) => {
                    self.error(&format!("{name}: {text}: loop count out of range"));
                    self.status_after_break = 1;
                    return Err(Flow::Break(self.loop_depth));
                }
                Err(_) => {
                    self.error(&format!("{name}: {text}: numeric argument required"));
                    return Err(Flow::Exit(128));
                }
            }
            if operands.len() > 1 {
                self.error(&format!("{name}: too many arguments"));
                self.status_after_break = 1;
                return Err(Flow::Break(self.loop_depth));
            }
        }
        Ok(Some(levels.min(self.loop_depth)))
    }
}

pub fn break_(shell: &mut Shell, args: &[String]) -> Status {
    match shell.levels(args)? {
        Some(levels) => Err(Flow::Break(levels)),
        None => Ok(0),
    }
}

pub fn continue_(shell: &mut Shell, args: &[String]) -> Status {
    match shell.levels(args)? {
        Some(levels) => Err(Flow::Continue(levels)),
        None => Ok(0),
    }
}

/// Runs a program in place of the shell: the shell ends when the program does.
pub fn exec(shell: &mut Shell, args: &[String]) -> Status {
    let mut at = 1;
    let (mut clean, mut login, mut zero) = (false, false, None);
    while let Some(arg) = args.get(at).filter(|arg| arg.len() > 1 && arg.starts_with('-')) {
        at += 1;
        if arg == "--" {
            break;
        }
        for (index, letter) in arg.char_indices().skip(1) {
            match letter {
                'c' => clean = true,
                'l' => login = true,
                'a' => {
                    let rest = &arg[index + 1..];
                    if rest.is_empty() {
                        zero = args.get(at).cloned();
                        at += 1;
                    } else {
                        zero = Some(rest.to_owned());
                    }
                    break;
                }
                letter => {
                    shell.error(&format!("exec: -{letter}: invalid option"));
                    shell.err_raw("exec: usage: exec [-cl] [-a name] [command [argument ...]] [redirection ...]\n");
                    return special_failure(shell, 2);
                }
            }
        }
    }
    let Some(name) = args.get(at) else { return Ok(0) };
    let found = shell.find_in_path(name);
    let path = match found {
        Some(path) => path,
        None if name.contains('/') => name.clone(),
        None => {
            shell.error(&format!("exec: {name}: not found"));
            return failed_exec(shell, 127);
        }
    };
    let mut words = args[at..].to_vec();
    if let Some(zero) = zero {
        words[0] = zero;
    }
    if login {
        words[0].insert(0, '-');
    }
    if clean {
        for name in shell.vars.names() {
            if let Some(variable) = shell.vars.get_raw_mut(&name) {
                variable.attributes.exported = false;
            }
        }
    }
    let full = crate::text::to_bytes(&shell.absolute(&path));
    if let Ok(stat) = glowplug_sys::stat(&full, true)
        && (stat.mode & 0o170_000 == 0o040_000 || stat.mode & 0o111 == 0)
    {
        let reason = if stat.mode & 0o170_000 == 0o040_000 {
            "cannot execute: Is a directory"
        } else {
            "cannot execute: Permission denied"
        };
        shell.error(&format!("{name}: {}", reason.trim_start_matches("cannot execute: ")));
        shell.error(&format!("exec: {name}: {reason}"));
        return failed_exec(shell, 126);
    } else if glowplug_sys::stat(&full, true).is_err() {
        shell.error(&format!("{name}: No such file or directory"));
        return failed_exec(shell, 127);
    }
    let trap = shell.traps.remove(&EXIT);
    let status = shell.run_found(Found::File(path), words)?;
    drop(trap);
    Err(Flow::Exit(status))
}

fn failed_exec(shell: &Shell, status: i32) -> Status {
    if shell.options.execfail || shell.options.interactive { Ok(status) } else { Err(Flow::Exit(status)) }
}

pub fn builtin(shell: &mut Shell, args: &[String]) -> Status {
    let words = match args.get(1).map(String::as_str) {
        Some("--") => &args[2..],
        _ => &args[1..],
    };
    let Some(name) = words.first() else { return Ok(0) };
    match shell.find_builtin(name) {
        Some(found) => shell.run_found(found, words.to_vec()),
        None => {
            shell.error(&format!("builtin: {name}: not a shell builtin"));
            Ok(1)
        }
    }
}

pub fn command(shell: &mut Shell, args: &[String]) -> Status {
    let mut at = 1;
    let (mut default_path, mut brief, mut verbose) = (false, false, false);
    while let Some(arg) = args.get(at).filter(|arg| arg.len() > 1 && arg.starts_with('-')) {
        at += 1;
        if arg == "--" {
            break;
        }
        for letter in arg.chars().skip(1) {
            match letter {
                'p' => default_path = true,
                'v' => brief = true,
                'V' => verbose = true,
                letter => {
                    shell.error(&format!("command: -{letter}: invalid option"));
                    shell.err_raw("command: usage: command [-pVv] command [arg ...]\n");
                    return Ok(2);
                }
            }
        }
    }
    let words = &args[at..];
    if words.is_empty() {
        return Ok(0);
    }
    if brief || verbose {
        return super::type_::describe_command(shell, words, verbose, default_path);
    }
    let found = match shell.find_builtin(&words[0]) {
        Some(found) => found,
        None if default_path => match shell.find_in_folders(&words[0], "/usr/bin:/bin") {
            Some(path) => Found::File(path),
            None => Found::Nothing,
        },
        None => shell.find_without_functions(&words[0]),
    };
    // A special builtin loses what makes it special.
    let posix = std::mem::replace(&mut shell.options.posix, false);
    let is_set = words[0] == "set";
    let result = shell.run_found(found, words.to_vec());
    if !is_set || !shell.options.posix {
        shell.options.posix = posix;
    }
    result
}

/// `cache`, `cache clear`: the host's resident modules.
pub fn cache(shell: &mut Shell, args: &[String]) -> Status {
    let topic = match args.get(1).map(String::as_str) {
        None => info::CACHE,
        Some("clear") => info::CACHE_CLEAR,
        Some(other) => {
            shell.error(&format!("cache: {other}: invalid argument"));
            shell.err_raw("cache: usage: cache [clear]\n");
            return Ok(2);
        }
    };
    match glowplug_sys::info(topic) {
        Ok(text) => Ok(i32::from(!shell.out_bytes(&text))),
        Err(error) => {
            shell.error(&format!("cache: {error}"));
            Ok(1)
        }
    }
}
