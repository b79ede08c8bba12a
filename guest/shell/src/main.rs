//! The shell that glowplug embeds: bash's language over the host's processes.

mod arith;
mod builtins;
mod exec;
mod expand;
mod fds;
mod glob;
mod jobs;
mod options;
mod pattern;
mod prompt;
mod regex;
mod shell;
mod start;
mod text;
mod vars;

// The allocator.
use glowplug_heap as _;
use glowplug_syntax::{ast, parse};

/// Says to the host that relative paths are joined with PWD here, so that the root is the only preopened folder.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
extern "C" fn glowplug_knows_pwd() {}

fn main() {
    let status = start::run(std::env::args_os().map(|arg| text::from_bytes(arg.as_encoded_bytes())).collect());
    std::process::exit(status);
}
