//! `timeout`: ends a command that takes too long.

use super::{Args, Failure, Outcome, not_started, print, report, warn};
use glowplug_sys::abi::signal;
use glowplug_unix::Command;
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;
use std::time::Duration;
use uucore::parser::parse_time;

const USAGE: &str = "Usage: timeout [-s SIGNAL] [-k DURATION] [--preserve-status] [-v] DURATION COMMAND [ARG]...\n";

const SIGNALS: [(&str, i32); 12] = [
    ("HUP", signal::HUP),
    ("INT", signal::INT),
    ("QUIT", signal::QUIT),
    ("ABRT", signal::ABRT),
    ("KILL", signal::KILL),
    ("USR1", signal::USR1),
    ("SEGV", signal::SEGV),
    ("USR2", signal::USR2),
    ("PIPE", signal::PIPE),
    ("ALRM", signal::ALRM),
    ("TERM", signal::TERM),
    ("CHLD", signal::CHLD),
];

pub fn main(args: Args) -> i32 {
    report("timeout", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut number = signal::TERM;
    let mut kill_after = None;
    let mut preserve = false;
    let mut verbose = false;
    while let Some(arg) = parser.next().map_err(|error| Failure::new(125, error))? {
        match arg {
            Short('s') | Long("signal") => number = signal_number(&parser.value()?.string()?)?,
            Short('k') | Long("kill-after") => kill_after = Some(duration(&parser.value()?.string()?)?),
            Long("preserve-status") => preserve = true,
            Long("foreground") | Short('f') => {}
            Short('v') | Long("verbose") => verbose = true,
            Long("help") => return print(USAGE),
            Value(limit) => {
                let limit = duration(&limit.string()?)?;
                let words: Vec<_> = parser.raw_args()?.collect();
                let Some(first) = words.first() else {
                    return Err(Failure::new(125, "missing operand"));
                };
                let command = Command::new(&words);
                if limit.is_zero() {
                    return command.run().map(|end| end.code()).map_err(|error| not_started(first, &error));
                }
                let pid = command.spawn().map_err(|error| not_started(first, &error))?;
                if let Some(end) = Command::wait_for(pid, limit)? {
                    return Ok(end.code());
                }
                let send = |number: i32| {
                    if verbose {
                        let name = SIGNALS.iter().find(|known| known.1 == number).map_or("", |known| known.0);
                        warn("timeout", format_args!("sending signal {name} to command {}", super::quote(first)));
                    }
                    // It may have ended just now.
                    let _ = glowplug_sys::kill(pid, number);
                };
                send(number);
                let mut end = match kill_after {
                    Some(limit) => Command::wait_for(pid, limit)?,
                    None => None,
                };
                let killed = end.is_none() && kill_after.is_some();
                if killed {
                    send(signal::KILL);
                }
                while end.is_none() {
                    end = Command::wait_for(pid, Duration::MAX)?;
                }
                let code = end.map_or(0, glowplug_unix::End::code);
                let by_kill = killed || number == signal::KILL;
                return Ok(if preserve || by_kill { code } else { 124 });
            }
            _ => return Err(Failure::new(125, arg.unexpected())),
        }
    }
    Err(Failure::new(125, "missing operand"))
}

fn duration(text: &str) -> Result<Duration, Failure> {
    parse_time::from_str(text, true).map_err(|_| {
        Failure::new(125, format_args!("invalid time interval '{text}'\nTry 'timeout --help' for more information."))
    })
}

fn signal_number(text: &str) -> Result<i32, Failure> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let known = SIGNALS.iter().find(|(known, number)| *known == name || number.to_string() == name);
    known.map(|&(_, number)| number).ok_or_else(|| Failure::new(125, format_args!("{text}: invalid signal")))
}
