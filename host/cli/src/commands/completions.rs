//! `glowplug completions`: a script that completes commands in a shell.

use crate::args::{Cli, CompletionsArgs};
use crate::failure::Failure;
use crate::output;
use clap::CommandFactory as _;

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Result<i32, Failure> {
    // Into memory first: clap's generator panics when its output is closed, as by `| head`.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "glowplug", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(0)
}
