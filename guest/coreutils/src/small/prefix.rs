//! Programs that only run another one: nice, nohup and stdbuf.

use super::{Args, Failure, Outcome, not_started, print, report, rest, warn};
use glowplug_unix::Command;
use lexopt::Arg::{Long, Short, Value};
use std::ffi::OsString;

const SIGHUP: u64 = 1 << glowplug_sys::abi::signal::HUP;

/// There are no priorities here: the command runs as any other.
pub fn nice(args: Args) -> i32 {
    report("nice", run_nice, args)
}

fn run_nice(mut parser: lexopt::Parser) -> Outcome {
    while let Some(arg) = parser.next()? {
        match arg {
            Short('n') | Long("adjustment") => drop(parser.value()?),
            Short(digit) if digit.is_ascii_digit() => drop(parser.optional_value()),
            Long("help") => return print("Usage: nice [-n ADJUSTMENT] [COMMAND [ARG]...]\n"),
            Value(first) => return run(&rest(first, &mut parser)?),
            _ => return Err(Failure::new(125, arg.unexpected())),
        }
    }
    print("0\n")
}

/// Runs a command that a hangup does not end; at a terminal, its output goes to `nohup.out`.
pub fn nohup(args: Args) -> i32 {
    report("nohup", run_nohup, args)
}

fn run_nohup(mut parser: lexopt::Parser) -> Outcome {
    let words = match parser.next()? {
        Some(Long("help")) => return print("Usage: nohup COMMAND [ARG]...\n"),
        Some(Value(first)) => rest(first, &mut parser)?,
        Some(arg) => return Err(Failure::new(125, arg.unexpected())),
        None => return Err(Failure::new(125, "missing operand")),
    };
    glowplug_sys::catch(0, SIGHUP);
    let mut command = Command::new(&words);
    if glowplug_sys::is_terminal(1) {
        use glowplug_sys::abi::open;
        let flags = open::WRITE | open::APPEND | open::CREATE;
        let path = glowplug_unix::absolute("nohup.out")?;
        let file = glowplug_sys::open(&path, flags, 0o600)
            .map_err(|error| Failure::new(125, format_args!("failed to open 'nohup.out': {error}")))?;
        warn("nohup", format_args!("ignoring input and appending output to 'nohup.out'"));
        command = command.descriptor(1, file);
        if glowplug_sys::is_terminal(2) {
            command = command.descriptor(2, file);
        }
    }
    start(&command, &words)
}

/// How another program buffers cannot be changed here: the command runs as it is.
pub fn stdbuf(args: Args) -> i32 {
    report("stdbuf", run_stdbuf, args)
}

fn run_stdbuf(mut parser: lexopt::Parser) -> Outcome {
    while let Some(arg) = parser.next()? {
        match arg {
            Short('i' | 'o' | 'e') | Long("input" | "output" | "error") => drop(parser.value()?),
            Long("help") => return print("Usage: stdbuf [-i MODE] [-o MODE] [-e MODE] COMMAND [ARG]...\n"),
            Value(first) => return run(&rest(first, &mut parser)?),
            _ => return Err(Failure::new(125, arg.unexpected())),
        }
    }
    Err(Failure::new(125, "missing operand"))
}

fn run(words: &[OsString]) -> Outcome {
    start(&Command::new(words), words)
}

fn start(command: &Command, words: &[OsString]) -> Outcome {
    command.run().map(|end| end.code()).map_err(|error| not_started(&words[0], &error))
}
