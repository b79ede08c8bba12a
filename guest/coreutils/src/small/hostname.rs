//! `hostname`: from `HOSTNAME`, or from the file that Linux keeps it in.

use super::{Args, Failure, Outcome, print, report};
use lexopt::Arg::{Long, Short};

pub fn main(args: Args) -> i32 {
    report("hostname", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut short = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('s') | Long("short") => short = true,
            Short('f') | Long("fqdn" | "long") => {}
            Long("help") => return print("Usage: hostname [-f | -s]\n"),
            _ => return Err(Failure::new(1, arg.unexpected())),
        }
    }
    let name = name();
    let name = if short { name.split('.').next().unwrap_or(&name) } else { &name };
    print(format!("{name}\n"))
}

/// The name of this machine, as far as it has one.
pub fn name() -> String {
    let name = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let name = name.or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    name.as_deref().map_or("localhost", str::trim).to_owned()
}
