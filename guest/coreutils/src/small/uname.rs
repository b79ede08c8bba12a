//! `uname` and `arch`: scripts look for a system they know, so this says what the environment behaves like.

use super::{Args, Failure, Outcome, print, report};
use lexopt::Arg::{Long, Short};

const SYSTEM: &str = "Linux";
/// Old enough that nobody expects more of it than the host offers.
const RELEASE: &str = "5.0.0-glowplug";
const VERSION: &str = "#1 glowplug";
const MACHINE: &str = "wasm32";

pub fn main(args: Args) -> i32 {
    report("uname", run, args)
}

pub fn arch(args: Args) -> i32 {
    report(
        "arch",
        |mut parser| match parser.next()? {
            None => print(format!("{MACHINE}\n")),
            Some(arg) => Err(Failure::new(1, arg.unexpected())),
        },
        args,
    )
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let node = super::hostname::name();
    let parts = [SYSTEM, &node, RELEASE, VERSION, MACHINE, "GNU/Linux"];
    let mut wanted = [false; 6];
    while let Some(arg) = parser.next()? {
        match arg {
            Short('s') | Long("kernel-name") => wanted[0] = true,
            Short('n') | Long("nodename") => wanted[1] = true,
            Short('r') | Long("kernel-release") => wanted[2] = true,
            Short('v') | Long("kernel-version") => wanted[3] = true,
            Short('m' | 'p' | 'i') | Long("machine" | "processor" | "hardware-platform") => wanted[4] = true,
            Short('o') | Long("operating-system") => wanted[5] = true,
            Short('a') | Long("all") => wanted = [true; 6],
            Long("help") => return print("Usage: uname [-asnrvmpio]\n"),
            _ => return Err(Failure::new(1, arg.unexpected())),
        }
    }
    if wanted == [false; 6] {
        wanted[0] = true;
    }
    let said: Vec<&str> = parts.into_iter().zip(wanted).filter_map(|(part, wanted)| wanted.then_some(part)).collect();
    print(format!("{}\n", said.join(" ")))
}
