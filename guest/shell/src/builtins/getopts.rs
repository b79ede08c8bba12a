//! `getopts`.

use crate::builtins::args::{Options, USAGE, invalid_name};
use crate::builtins::{help, variable};
use crate::shell::{Shell, Status};
use crate::vars::is_name;
use std::rc::Rc;

/// What one call found.
enum Found {
    End,
    Option(char, Option<String>),
    Unknown(char),
    MissingArgument(char),
}

pub fn getopts(shell: &mut Shell, args: &[String]) -> Status {
    let mut options = Options::new(args, "");
    if let Err(status) = options.next(shell) {
        return Ok(status);
    }
    let [letters, name, given @ ..] = options.operands() else {
        help::print_usage(shell, "getopts");
        return Ok(USAGE);
    };
    let positional = Rc::clone(&shell.positional);
    let words = if given.is_empty() { &positional[..] } else { given };
    let silent = letters.starts_with(':');
    let says = !silent && shell.vars.get_scalar("OPTERR").is_none_or(|value| value.trim() != "0");
    let found = next_option(shell, letters, words);
    // The state within a cluster of letters must outlive this assignment.
    let _ = shell.vars.set_scalar("OPTIND", shell.getopts.0.to_string());
    let ended = matches!(found, Found::End);
    let (value, argument, message) = match found {
        Found::End => ('?', None, None),
        Found::Option(letter, argument) => (letter, argument, None),
        Found::Unknown(letter) => {
            ('?', silent.then(|| letter.to_string()), Some(format!("illegal option -- {letter}")))
        }
        Found::MissingArgument(letter) => (
            if silent { ':' } else { '?' },
            silent.then(|| letter.to_string()),
            Some(format!("option requires an argument -- {letter}")),
        ),
    };
    if let Some(message) = message.filter(|_| says) {
        shell.err_raw(&format!("{}: {message}\n", shell.name));
    }
    match &argument {
        Some(argument) => shell.assign("OPTARG", None, argument, false)?,
        None => {
            // OPTARG may be read-only; then it stays.
            let _ = shell.vars.unset("OPTARG");
        }
    }
    if !is_name(name) {
        invalid_name(shell, "getopts", name);
        return Ok(1);
    }
    if !variable::contained(shell.assign(name, None, &value.to_string(), false))? {
        return Ok(USAGE);
    }
    Ok(i32::from(ended))
}

/// Takes the next option; `Shell::getopts` says where: the word, from 1, and the position in it.
fn next_option(shell: &mut Shell, letters: &str, words: &[String]) -> Found {
    let (index, position) = shell.getopts;
    let index = index.max(1);
    let Some(word) = words.get(index - 1) else {
        shell.getopts = (words.len() + 1, 1);
        return Found::End;
    };
    if position == 1 {
        if word == "--" {
            shell.getopts = (index + 1, 1);
            return Found::End;
        }
        if !word.starts_with('-') || word == "-" {
            shell.getopts = (index, 1);
            return Found::End;
        }
    }
    let Some(letter) = word.get(position..).and_then(|rest| rest.chars().next()) else {
        // The words have changed since the last call.
        shell.getopts = (index + 1, 1);
        return next_option(shell, letters, words);
    };
    let after = position + letter.len_utf8();
    let rest = word.get(after..).unwrap_or("");
    let behind_letter = if rest.is_empty() { (index + 1, 1) } else { (index, after) };
    let known = letters.find(letter).filter(|_| letter != ':');
    let Some(known) = known else {
        shell.getopts = behind_letter;
        return Found::Unknown(letter);
    };
    if !letters.get(known + letter.len_utf8()..).is_some_and(|rest| rest.starts_with(':')) {
        shell.getopts = behind_letter;
        return Found::Option(letter, None);
    }
    if !rest.is_empty() {
        shell.getopts = (index + 1, 1);
        return Found::Option(letter, Some(rest.to_owned()));
    }
    match words.get(index) {
        Some(argument) => {
            shell.getopts = (index + 2, 1);
            Found::Option(letter, Some(argument.clone()))
        }
        None => {
            shell.getopts = (index + 1, 1);
            Found::MissingArgument(letter)
        }
    }
}
