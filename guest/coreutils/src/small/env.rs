//! `env`: runs a command in another environment, or prints it.

use super::{Args, Failure, Outcome, not_started, print, report, rest};
use glowplug_unix::{Command, bytes, os_string};
use lexopt::Arg::{Long, Short, Value};
use std::ffi::OsString;

const USAGE: &str = "Usage: env [-i] [-0] [-u NAME] [-C FOLDER] [-S STRING] [NAME=VALUE]... [COMMAND [ARG]...]\n";

pub fn main(args: Args) -> i32 {
    report("env", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let mut folder = None;
    let mut end = b'\n';
    let mut words = Vec::new();
    while let Some(arg) = parser.next().map_err(|error| Failure::new(125, error))? {
        match arg {
            Short('i') | Long("ignore-environment") => variables.clear(),
            Short('u') | Long("unset") => {
                let name = parser.value()?;
                variables.retain(|(known, _)| *known != name);
            }
            Short('C') | Long("chdir") => folder = Some(parser.value()?),
            Short('0') | Long("null") => end = b'\0',
            Short('v') | Long("debug") => {}
            Short('S') | Long("split-string") => {
                words.extend(split(&parser.value()?)?);
                words.extend(parser.raw_args()?);
                break;
            }
            Long("help") => return print(USAGE),
            Value(first) if first == "-" => variables.clear(),
            Value(first) => {
                words = rest(first, &mut parser)?;
                break;
            }
            _ => return Err(Failure::new(125, arg.unexpected())),
        }
    }
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| bytes(word).iter().skip(1).any(|&byte| byte == b'=')) {
        let word = bytes(&word);
        let at = 1 + word[1..].iter().position(|&byte| byte == b'=').unwrap_or_default();
        let (name, value) = (os_string(word[..at].to_vec()), os_string(word[at + 1..].to_vec()));
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value));
    }
    let words: Vec<OsString> = words.collect();
    if words.is_empty() {
        return print(listing(&variables, end));
    }
    let mut command = Command::new(&words).env(&variables);
    if let Some(folder) = &folder {
        std::env::set_current_dir(folder).map_err(|error| {
            let error = uucore::error::strip_errno(&error);
            Failure::new(125, format_args!("cannot change directory to {}: {error}", super::quote(folder)))
        })?;
        command = command.folder(std::env::current_dir()?)?;
    }
    command.run().map(|end| end.code()).map_err(|error| not_started(&words[0], &error))
}

fn listing(variables: &[(OsString, OsString)], end: u8) -> Vec<u8> {
    let line = |(name, value): &(OsString, OsString)| [bytes(name), b"=", bytes(value), &[end]].concat();
    variables.iter().flat_map(line).collect()
}

/// Splits the string of `-S` at blanks; quotation marks and backslashes protect.
fn split(text: &OsString) -> Result<Vec<OsString>, Failure> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut rest = bytes(text).iter().copied();
    while let Some(byte) = rest.next() {
        match (byte, quote) {
            (b' ' | b'\t' | b'\n', None) => words.extend(word.take().map(os_string)),
            (b'\'' | b'"', None) => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (byte, Some(open)) if byte == open => quote = None,
            (b'\\', None | Some(b'"')) => {
                let escaped =
                    rest.next().ok_or_else(|| Failure::new(125, "invalid backslash at end of string in -S"))?;
                let escaped = match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'_' => b' ',
                    other => other,
                };
                word.get_or_insert_default().push(escaped);
            }
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() {
        return Err(Failure::new(125, "no terminating quote in -S string"));
    }
    words.extend(word.map(os_string));
    Ok(words)
}
