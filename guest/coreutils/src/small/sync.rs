//! `sync`: files reach their disk through the host, which keeps nothing back; named files are asked to.

use super::{Args, Failure, Outcome, print, quote, report};
use lexopt::Arg::{Long, Short, Value};
use uucore::error::strip_errno;

pub fn main(args: Args) -> i32 {
    report("sync", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    while let Some(arg) = parser.next()? {
        match arg {
            Short('d' | 'f') | Long("data" | "file-system") => {}
            Long("help") => return print("Usage: sync [-d | -f] [FILE]...\n"),
            Value(file) => std::fs::File::open(&file).and_then(|opened| opened.sync_all()).map_err(|error| {
                Failure::new(1, format_args!("error syncing {}: {}", quote(&file), strip_errno(&error)))
            })?,
            _ => return Err(Failure::new(1, arg.unexpected())),
        }
    }
    Ok(0)
}
