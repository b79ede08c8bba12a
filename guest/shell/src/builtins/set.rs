//! `set`, `shopt`, `shift` and `let`.

use crate::builtins::args::{Options as Letters, USAGE};
use crate::builtins::{help, print_variable};
use crate::options::{Options, SET_NAMES, SHOPT_NAMES};
use crate::shell::{Flow, Shell, Status};
use std::rc::Rc;

pub fn set(shell: &mut Shell, args: &[String]) -> Status {
    let words = args.get(1..).unwrap_or_default();
    if words.is_empty() {
        let text = print_variable::everything(shell);
        return Ok(i32::from(!shell.out(&text)));
    }
    if let Err(status) = check_letters(shell, words) {
        return Ok(status);
    }
    let mut rest = words;
    while let Some((word, others)) = rest.split_first() {
        let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
            (Some("-"), _) => {
                shell.positional = Rc::new(others.to_vec());
                shell.positional_set = true;
                return Ok(0);
            }
            (Some(""), _) => {
                // `set -` ends tracing, and changes the parameters only when there are some.
                shell.options.xtrace = false;
                shell.options.verbose = false;
                if !others.is_empty() {
                    shell.positional = Rc::new(others.to_vec());
                    shell.positional_set = true;
                }
                return Ok(0);
            }
            (Some(letters), _) => (true, letters),
            (_, Some(letters)) if !letters.is_empty() => (false, letters),
            _ => {
                shell.positional = Rc::new(rest.to_vec());
                shell.positional_set = true;
                return Ok(0);
            }
        };
        rest = others;
        for letter in letters.chars() {
            if letter == 'o' {
                let Some((name, after)) =
                    rest.split_first().filter(|(name, _)| !name.is_empty() && !name.starts_with(['-', '+']))
                else {
                    let text = list_set(&shell.options, !on);
                    if !shell.out(&text) {
                        return Ok(1);
                    }
                    continue;
                };
                rest = after;
                if !switch_set(shell, name, on) {
                    shell.error(&format!("set: {name}: invalid option name"));
                    return Ok(USAGE);
                }
            } else if let Some(name) = Options::name_of_letter(letter) {
                switch_set(shell, name, on);
            }
        }
    }
    Ok(0)
}

/// Refuses everything when one letter is wrong.
fn check_letters(shell: &mut Shell, words: &[String]) -> Result<(), i32> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix(['-', '+']) else { return Ok(()) };
        if word == "--help" {
            help::print_help(shell, "set");
            return Err(USAGE);
        }
        if letters.is_empty() || word == "--" {
            return Ok(());
        }
        for letter in letters.chars() {
            if letter != 'o' && Options::name_of_letter(letter).is_none() {
                shell.error(&format!("set: {}{letter}: invalid option", &word[..1]));
                help::print_usage(shell, "set");
                return Err(USAGE);
            }
        }
        if letters.contains('o') {
            words.next();
        }
    }
    Ok(())
}

/// Switches an option of `set -o` with all that follows from it; false when there is none of this name.
pub fn switch_set(shell: &mut Shell, name: &str, on: bool) -> bool {
    let Some(option) = shell.options.set_option(name) else { return false };
    *option = on;
    match name {
        "posix" => {
            shell.options.expand_aliases = on || shell.options.interactive;
            shell.options.inherit_errexit = on;
        }
        "vi" if on => shell.options.emacs = false,
        "emacs" if on => shell.options.vi = false,
        "interactive-comments" => shell.options.interactive_comments = on,
        _ => {}
    }
    true
}

fn list_set(options: &Options, as_commands: bool) -> String {
    SET_NAMES.iter().map(|name| set_line(name, options.get_set(name).unwrap_or(false), as_commands)).collect()
}

fn set_line(name: &str, on: bool, as_command: bool) -> String {
    match (as_command, on) {
        (true, true) => format!("set -o {name}\n"),
        (true, false) => format!("set +o {name}\n"),
        (false, on) => status_line(name, on),
    }
}

fn status_line(name: &str, on: bool) -> String {
    format!("{name:<15}\t{}\n", if on { "on" } else { "off" })
}

pub fn shopt(shell: &mut Shell, args: &[String]) -> Status {
    let (mut enable, mut disable, mut quiet, mut as_commands, mut of_set) = (false, false, false, false, false);
    let mut letters = Letters::new(args, "psuoq");
    loop {
        match letters.next(shell) {
            Ok(Some(option)) => match option.letter {
                's' => enable = true,
                'u' => disable = true,
                'q' => quiet = true,
                'p' => as_commands = true,
                _ => of_set = true,
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if enable && disable {
        shell.error("shopt: cannot set and unset shell options simultaneously");
        return Ok(1);
    }
    let names = letters.operands();
    let get = |options: &Options, name: &str| if of_set { options.get_set(name) } else { options.get_shopt(name) };
    let line = |name: &str, on: bool| match (of_set, as_commands) {
        (true, as_commands) => set_line(name, on, as_commands),
        (false, true) => format!("shopt -{} {name}\n", if on { 's' } else { 'u' }),
        (false, false) => status_line(name, on),
    };
    let mut status = 0;
    let mut text = String::new();
    if names.is_empty() {
        for name in if of_set { SET_NAMES } else { SHOPT_NAMES } {
            let on = get(&shell.options, name).unwrap_or(false);
            if (!enable && !disable) || (enable && on) || (disable && !on) {
                text.push_str(&line(name, on));
            }
        }
    }
    for name in names {
        let Some(on) = get(&shell.options, name) else {
            let kind = if of_set { "option name" } else { "shell option name" };
            shell.error(&format!("shopt: {name}: invalid {kind}"));
            // bash forgets the error of `shopt -so NAME`.
            status |= i32::from(!(of_set && (enable || disable)));
            continue;
        };
        if enable || disable {
            if of_set {
                switch_set(shell, name, enable);
            } else {
                switch_shopt(shell, name, enable);
            }
            continue;
        }
        if !on {
            status = 1;
        }
        text.push_str(&line(name, on));
    }
    if !quiet && !text.is_empty() && !shell.out(&text) {
        return Ok(1);
    }
    Ok(status)
}

fn switch_shopt(shell: &mut Shell, name: &str, on: bool) {
    if let Some(option) = shell.options.shopt_option(name) {
        *option = on;
    }
    match name {
        "interactive_comments" => shell.options.interactive_comments_set = on,
        "extdebug" => {
            shell.options.errtrace = on;
            shell.options.functrace = on;
        }
        // Only one of them can be asked for.
        name if on && name.starts_with("compat") => {
            for other in SHOPT_NAMES.iter().filter(|other| other.starts_with("compat") && **other != name) {
                if let Some(option) = shell.options.shopt_option(other) {
                    *option = false;
                }
            }
        }
        _ => {}
    }
}

pub fn shift(shell: &mut Shell, args: &[String]) -> Status {
    let mut operands = args.get(1..).unwrap_or_default();
    match operands.first().map(String::as_str) {
        Some("--") => operands = &operands[1..],
        Some("--help") => {
            help::print_help(shell, "shift");
            return Ok(USAGE);
        }
        _ => {}
    }
    let count = match operands {
        [] => 1,
        [count] => match crate::builtins::args::parse_number(count) {
            Some(count) => count,
            None => {
                shell.error(&format!("shift: {count}: numeric argument required"));
                return Ok(1);
            }
        },
        _ => {
            shell.error("shift: too many arguments");
            return Err(Flow::Abandon(1));
        }
    };
    if count < 0 {
        shell.error(&format!("shift: {count}: shift count out of range"));
        return Ok(1);
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > shell.positional.len() {
        if shell.options.shift_verbose {
            shell.error(&format!("shift: {count}: shift count out of range"));
        }
        return Ok(1);
    }
    Rc::make_mut(&mut shell.positional).drain(..count);
    Ok(0)
}

pub fn let_(shell: &mut Shell, args: &[String]) -> Status {
    let mut expressions = args.get(1..).unwrap_or_default();
    if expressions.first().is_some_and(|first| first == "--") {
        expressions = &expressions[1..];
    }
    if expressions.is_empty() {
        shell.error("let: expression expected");
        return Ok(1);
    }
    let mut value = 0;
    for expression in expressions {
        value = match shell.arith_for("let", expression) {
            Ok(value) => value,
            Err(Flow::Abandon(_)) => return Ok(1),
            Err(flow) => return Err(flow),
        };
    }
    Ok(i32::from(value == 0))
}
