//! `glowplug`: runs WebAssembly from a cache of native code.
//!
//! Here is only what every command has in common; each has a file of its own in `commands/`.

// See `entry`: the C library calls it, without Rust's own preparations before it.
#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

mod args;
mod calling;
mod clock;
mod commands;
mod config;
mod detach;
mod embedded;
#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
mod entry;
mod failure;
mod faults;
#[cfg(test)]
mod guest_tests;
mod logging;
mod natives;
mod opening;
mod optimizing;
mod output;
mod overdue;
mod precompiled;
mod progress;
mod report;
mod text;

use args::{Cli, Command};
use clock::Clock;
use glowplug_runtime::process::LAUNCHER_NAME;

/// The program. Where Rust prepares for it, this is what it calls; `entry` does so elsewhere.
fn main() {
    if std::env::args_os().next().is_some_and(|name| name == LAUNCHER_NAME) {
        std::process::exit(glowplug_runtime::process::serve());
    }
    let mut clock = Clock::start();
    faults::are_told();
    // Guests leave by an error that says "exit". With RUST_BACKTRACE set each would carry a backtrace of this program, for
    // which a static program sorts all of its unwind tables first: 10 ms. The guest's own backtraces are another matter.
    wasmtime::error::disable_backtrace();
    let cli = Cli::of_process();
    clock.lap("arguments");
    let outcome = logging::init(&cli.logging).and_then(|()| match cli.command {
        Command::Run(args) => commands::run::run(&args, clock),
        Command::Shell(args) => commands::shell::run(&args, cli.logging.verbose > 0, clock),
        Command::Test(args) => commands::test::run(&args),
        Command::Compile(args) => commands::compile::run(&args),
        Command::Snapshot(args) => commands::snapshot::run(&args),
        Command::Cache(args) => commands::cache::run(args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Config(args) => commands::config::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    });
    let code = outcome.unwrap_or_else(|failure| failure.report());
    // Leaving at once: what stores and engines would tear down, the kernel takes away faster.
    std::process::exit(code);
}
