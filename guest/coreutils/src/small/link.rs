//! `link`: gives a file another name, and nothing else.

use super::{Args, Failure, Outcome, quote, report};
use lexopt::Arg::Value;
use std::ffi::OsString;
use uucore::error::strip_errno;

pub fn main(args: Args) -> i32 {
    report("link", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut files: Vec<OsString> = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Value(file) => files.push(file),
            _ => return Err(arg.unexpected().into()),
        }
    }
    let [old, new] = files.as_slice() else {
        return Err(Failure::new(1, "two operands are needed"));
    };
    glowplug_unix::hard_link(old, new).map_err(|error| {
        Failure::new(1, format_args!("cannot create link {} to {}: {}", quote(new), quote(old), strip_errno(&error)))
    })?;
    Ok(0)
}
