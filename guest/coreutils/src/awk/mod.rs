//! awk, by POSIX, with what scripts take from gawk most: `**`, `nextfile`, `delete array`, `length(array)`, `gensub`,
//! `match` with an array, `strftime` and `systime`, a pattern in `RS`.

mod builtins;
mod lex;
mod parse;
mod printf;
mod run;
mod streams;
mod text;
mod value;

use crate::small::{Args, warn};
use std::ffi::OsString;

/// What is wrong with a program, or with what it does.
pub struct Problem(pub String);

impl<E: std::error::Error + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        Problem(error.to_string())
    }
}

pub fn main(args: Args) -> i32 {
    match start(args) {
        Ok(code) => code,
        Err(Problem(message)) => {
            warn("awk", format_args!("{message}"));
            2
        }
    }
}

fn start(args: Args) -> Result<i32, Problem> {
    let mut source = String::new();
    let mut from_file = false;
    let mut assignments: Vec<Vec<u8>> = Vec::new();
    let mut separator = None;
    let mut args = args.skip(1).peekable();
    let value = |inline: &[u8], args: &mut dyn Iterator<Item = OsString>, option: &str| match inline {
        b"" => args
            .next()
            .map(|value| glowplug_unix::bytes(&value).to_vec())
            .ok_or_else(|| Problem(format!("option requires an argument -- {option}"))),
        inline => Ok(inline.to_vec()),
    };
    while let Some(arg) = args.next_if(|arg| glowplug_unix::bytes(arg).first() == Some(&b'-') && arg.len() > 1) {
        match glowplug_unix::bytes(&arg) {
            b"--" => break,
            b"--version" | b"-V" => {
                println!("awk (glowplug) {}", env!("CARGO_PKG_VERSION"));
                return Ok(0);
            }
            [b'-', b'F', inline @ ..] => separator = Some(value(inline, &mut args, "F")?),
            [b'-', b'v', inline @ ..] => assignments.push(value(inline, &mut args, "v")?),
            [b'-', b'f', inline @ ..] => {
                from_file = true;
                let path = glowplug_unix::os_string(value(inline, &mut args, "f")?);
                let text = if path == "-" || path == "/dev/stdin" {
                    std::io::read_to_string(std::io::stdin())
                } else {
                    std::fs::read_to_string(&path)
                };
                source += &text.map_err(|error| {
                    Problem(format!("can't open file {}: {}", path.display(), uucore::error::strip_errno(&error)))
                })?;
                source.push('\n');
            }
            _ => {
                return Err(Problem(format!(
                    "unknown option {}\nusage: awk [-F fs] [-v var=value] [prog | -f progfile] [file ...]",
                    arg.display()
                )));
            }
        }
    }
    if !from_file {
        let program = args
            .next()
            .ok_or_else(|| Problem("usage: awk [-F fs] [-v var=value] [prog | -f progfile] [file ...]".to_owned()))?;
        source = program.to_string_lossy().into_owned();
    }
    let mut parser = parse::Parser::new(lex::tokens(&source)?);
    // Assignments may name variables that the program does not.
    let mut before = Vec::new();
    for assignment in &assignments {
        let (name, value) = assignment_parts(assignment)
            .ok_or_else(|| Problem(format!("invalid -v argument: {}", String::from_utf8_lossy(assignment))))?;
        before.push((parser.global(name), value));
    }
    let operands: Vec<Vec<u8>> = args.map(|arg| glowplug_unix::bytes(&arg).to_vec()).collect();
    for operand in &operands {
        if let Some((name, _)) = assignment_parts(operand) {
            parser.global(name);
        }
    }
    let program = parser.program()?;
    let mut machine = run::Machine::new(&program, operands);
    if let Some(separator) = separator {
        let separator = if separator == b"t" { b"\t".to_vec() } else { lex::unescape(&separator) };
        machine.set_special("FS", value::Value::text(separator));
    }
    for (place, value) in before {
        machine.assign_global(place, value);
    }
    machine.run()
}

/// `name=value` of the command line.
pub fn assignment_parts(operand: &[u8]) -> Option<(&str, value::Value)> {
    let at = operand.iter().position(|&byte| byte == b'=')?;
    let name = std::str::from_utf8(&operand[..at]).ok()?;
    let valid = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    valid.then(|| (name, value::Value::Input(lex::unescape(&operand[at + 1..]).into())))
}
