//! Permissions: `umask` and `chmod`.

use crate::builtins::args::Options;
use crate::builtins::help;
use crate::shell::{Shell, Status};
use crate::text;

/// Applies `u+x,go=r` to the permissions `mode`. `mask` is what `+x` without a class leaves alone; `folder` is what
/// `X` looks at. `None` when the text is wrong.
fn apply_symbolic(text: &str, mut mode: u32, mask: u32, folder: bool) -> Option<u32> {
    for clause in text.split(',') {
        let mut chars = clause.chars().peekable();
        let mut classes = 0;
        while let Some(class) = chars.next_if(|c| matches!(c, 'u' | 'g' | 'o' | 'a')) {
            classes |= match class {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                _ => 0o7777,
            };
        }
        let everyone = classes == 0;
        let affected = if everyone { 0o7777 & !mask } else { classes };
        let mut operator = chars.next()?;
        loop {
            if !matches!(operator, '+' | '-' | '=') {
                return None;
            }
            let mut bits = 0;
            let mut next = None;
            for c in chars.by_ref() {
                let class = |shift: u32| (mode >> shift & 7) * 0o111;
                bits |= match c {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if folder || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => class(6),
                    'g' => class(3),
                    'o' => class(0),
                    '+' | '-' | '=' => {
                        next = Some(c);
                        break;
                    }
                    _ => return None,
                };
            }
            // `s` is the owner's and the group's, `t` everyone's.
            let special = bits & 0o1000 & if classes & 0o700 == 0 || everyone { 0o1000 } else { affected };
            let bits = (bits & affected) | special;
            mode = match operator {
                '+' => mode | bits,
                '-' => mode & !bits,
                _ => (mode & !(affected & 0o777) & if everyone { 0o7000 | mask } else { 0o7777 }) | bits,
            };
            match next {
                Some(next) => operator = next,
                None => break,
            }
        }
    }
    Some(mode)
}

/// The symbolic form that `umask` takes, which is simpler: no `s`, `t`, `X`, no copies, one operator a clause. Gives the
/// permissions, or the character that is wrong and what it should have been.
fn parse_umask(text: &str, mut permissions: u32) -> Result<u32, (char, &'static str)> {
    let mut chars = text.chars().peekable();
    loop {
        let mut classes = 0;
        while let Some(class) = chars.next_if(|c| matches!(c, 'u' | 'g' | 'o' | 'a')) {
            classes |= match class {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                _ => 0o777,
            };
        }
        let affected = if classes == 0 { 0o777 } else { classes };
        let operator = chars.next().unwrap_or('\0');
        if !matches!(operator, '+' | '-' | '=') {
            return Err((operator, "operator"));
        }
        let mut bits = 0;
        let end = loop {
            match chars.next() {
                Some('r') => bits |= 0o444,
                Some('w') => bits |= 0o222,
                Some('x') => bits |= 0o111,
                None => break true,
                Some(',') => break false,
                Some(c) => return Err((c, "character")),
            }
        };
        permissions = match operator {
            '+' => permissions | (bits & affected),
            '-' => permissions & !(bits & affected),
            _ => (permissions & !affected) | (bits & affected),
        };
        if end {
            return Ok(permissions);
        }
    }
}

fn symbolic(mask: u32) -> String {
    let class = |shift: u32| {
        let bits = !mask >> shift & 7;
        [(4, 'r'), (2, 'w'), (1, 'x')]
            .iter()
            .filter(|(bit, _)| bits & bit != 0)
            .map(|(_, letter)| *letter)
            .collect::<String>()
    };
    format!("u={},g={},o={}", class(6), class(3), class(0))
}

pub fn umask(shell: &mut Shell, args: &[String]) -> Status {
    let (mut as_symbols, mut reusable) = (false, false);
    let mut options = Options::new(args, "Sp");
    loop {
        match options.next(shell) {
            Ok(Some(option)) if option.letter == 'S' => as_symbols = true,
            Ok(Some(_)) => reusable = true,
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let mut mask = glowplug_sys::umask(None) & 0o777;
    let Some(operand) = options.operands().first() else {
        let prefix = if reusable { "umask " } else { "" };
        let text = if as_symbols {
            format!("{prefix}{}{}\n", if reusable { "-S " } else { "" }, symbolic(mask))
        } else {
            format!("{prefix}{mask:04o}\n")
        };
        return Ok(i32::from(!shell.out(&text)));
    };
    if operand.starts_with(|c: char| c.is_ascii_digit()) {
        match u32::from_str_radix(operand, 8) {
            Ok(value) if value <= 0o7777 => mask = value & 0o777,
            _ => {
                shell.error(&format!("umask: {operand}: octal number out of range"));
                return Ok(1);
            }
        }
    } else {
        match parse_umask(operand, !mask & 0o777) {
            Ok(permissions) => mask = !permissions & 0o777,
            Err((c, kind)) => {
                shell.error(&format!("umask: `{c}': invalid symbolic mode {kind}"));
                return Ok(1);
            }
        }
    }
    let _ = glowplug_sys::umask(Some(mask));
    if as_symbols {
        return Ok(i32::from(!shell.out(&format!("{}\n", symbolic(mask)))));
    }
    Ok(0)
}

/// `chmod`. It is a builtin because preview 1 of WASI has no way to change permissions, so that no program can do it;
/// the messages are those of the program that scripts know.
pub fn chmod(shell: &mut Shell, args: &[String]) -> Status {
    let (mut recursive, mut silent, mut verbose) = (false, false, false);
    let mut rest = args.get(1..).unwrap_or_default();
    while let Some((word, others)) = rest.split_first() {
        match word.as_str() {
            "--help" => {
                help::print_help(shell, "chmod");
                return Ok(0);
            }
            "--recursive" => recursive = true,
            "--silent" | "--quiet" => silent = true,
            "--verbose" => verbose = true,
            "--" => {
                rest = others;
                break;
            }
            // `-x` and so on are modes.
            word if word.len() > 1
                && word.starts_with('-')
                && word.bytes().skip(1).all(|byte| b"Rfvc".contains(&byte)) =>
            {
                recursive |= word.contains('R');
                silent |= word.contains('f');
                verbose |= word.contains('v');
            }
            _ => break,
        }
        rest = others;
    }
    let fail = |shell: &Shell, message: String| {
        shell.err_raw(&format!("chmod: {message}\nTry 'chmod --help' for more information.\n"));
        Ok(1)
    };
    let (mode, files) = match rest {
        [] => return fail(shell, "missing operand".to_owned()),
        [mode] => return fail(shell, format!("missing operand after '{mode}'")),
        [mode, files @ ..] => (mode.as_str(), files),
    };
    if new_mode(mode, 0, false).is_none() {
        return fail(shell, format!("invalid mode: '{mode}'"));
    }
    let mut run = Chmod { shell, mode, recursive, silent, verbose, failed: false };
    for file in files {
        run.change(file);
    }
    Ok(i32::from(run.failed))
}

/// The permissions that a file gets which has `old`.
fn new_mode(text: &str, old: u32, folder: bool) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|&mode| mode <= 0o7777);
    }
    apply_symbolic(text, old, glowplug_sys::umask(None), folder)
}

struct Chmod<'a> {
    shell: &'a mut Shell,
    mode: &'a str,
    recursive: bool,
    silent: bool,
    verbose: bool,
    failed: bool,
}

impl Chmod<'_> {
    fn report(&mut self, message: String) {
        self.failed = true;
        if !self.silent {
            self.shell.err_raw(&format!("chmod: {message}\n"));
        }
    }

    fn change(&mut self, file: &str) {
        let path = self.shell.absolute(file);
        let bytes = text::to_bytes(&path);
        let stat = match glowplug_sys::stat(&bytes, true) {
            Ok(stat) => stat,
            Err(error) => return self.report(format!("cannot access '{file}': {error}")),
        };
        let (old, folder) = (stat.mode & 0o7777, stat.mode & 0o170_000 == 0o040_000);
        let new = new_mode(self.mode, old, folder).unwrap_or(old);
        if let Err(error) = glowplug_sys::chmod(&bytes, new) {
            return self.report(format!("changing permissions of '{file}': {error}"));
        }
        if self.verbose {
            let line = match old == new {
                true => format!("mode of '{file}' retained as {new:04o}\n"),
                false => format!("mode of '{file}' changed from {old:04o} to {new:04o}\n"),
            };
            self.shell.out(&line);
        }
        if !self.recursive || !folder {
            return;
        }
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) => return self.report(format!("cannot read directory '{file}': {error}")),
        };
        let mut names: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
        names.sort_unstable();
        for name in names {
            let name = text::from_bytes(name.as_encoded_bytes());
            let inner = format!("{}/{name}", file.trim_end_matches('/'));
            // Links within are left alone, as chmod does it.
            let link = glowplug_sys::stat(&text::to_bytes(&self.shell.absolute(&inner)), false);
            if link.is_ok_and(|stat| stat.mode & 0o170_000 != 0o120_000) {
                self.change(&inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_modes() {
        assert_eq!(apply_symbolic("u+x", 0o644, 0o022, false), Some(0o744));
        assert_eq!(apply_symbolic("go=", 0o644, 0o022, false), Some(0o600));
        assert_eq!(apply_symbolic("a+X", 0o644, 0o022, false), Some(0o644));
        assert_eq!(apply_symbolic("a+X", 0o644, 0o022, true), Some(0o755));
        assert_eq!(apply_symbolic("+w", 0o444, 0o022, false), Some(0o644));
        assert_eq!(apply_symbolic("u=rwx,g=rx,o=", 0, 0, false), Some(0o750));
        assert_eq!(apply_symbolic("g=u", 0o640, 0, false), Some(0o660));
        assert_eq!(apply_symbolic("x", 0, 0, false), None);
        assert_eq!(apply_symbolic("g+z", 0, 0, false), None);
        assert_eq!(parse_umask("u=rwx,g=rx,o=", 0), Ok(0o750));
        assert_eq!(parse_umask("g+s", 0), Err(('s', "character")));
        assert_eq!(parse_umask(",", 0), Err((',', "operator")));
    }
}
