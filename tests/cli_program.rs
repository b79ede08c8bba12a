//! The program as such: help, version, completions, logging, colours, pipes.

mod common;

use common::{Context, greeting, stderr, stdout};
use std::io::Read as _;
use std::process::Stdio;

#[test]
fn the_version_names_wasmtimes() {
    let context = Context::new();
    let version = format!("glowplug {} (wasmtime {})\n", env!("CARGO_PKG_VERSION"), glowplug_cache::WASMTIME_VERSION);
    assert_eq!(stdout(&context.run(["--version"])), version);
}

#[test]
fn help_teaches_each_command() {
    let context = Context::new();
    let commands = [
        "",
        "shell",
        "run",
        "test",
        "compile",
        "snapshot",
        "cache",
        "cache dir",
        "cache ls",
        "cache jobs",
        "cache stats",
        "cache why",
        "cache verify",
        "cache calls",
        "cache calls ls",
        "cache calls why",
        "cache prune",
        "cache clear",
        "cache warm",
        "bench",
        "config",
        "completions",
    ];
    for command in commands {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = context.run(&args);
        assert!(output.status.success(), "{output:?}");
        let help = stdout(&output);
        assert!(help.contains("Example") || command == "config", "{command}: {help}");
        let name = format!("help_{}", command.replace(' ', "_"));
        insta::assert_snapshot!(name.trim_end_matches('_'), help.replace(env!("CARGO_PKG_VERSION"), "[VERSION]"));
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    let context = Context::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = context.run(["completions", shell]);
        assert!(output.status.success() && stdout(&output).contains("allow-precompiled"), "{shell}: {output:?}");
    }
}

#[test]
fn logging_speaks_only_when_asked() {
    let context = Context::new();
    context.write("app.wat", greeting("hello"));
    assert!(context.run(["run", "app.wat"]).stderr.is_empty());
    let said = stderr(&context.run(["-vv", "run", "app.wat"]));
    assert!(said.contains("glowplug_cache"), "{said}");
    let mut command = context.command(["run", "app.wat"]);
    let output = command.env("GLOWPLUG_LOG", "glowplug_cache=debug").output().expect("the program starts");
    assert!(stderr(&output).contains("glowplug_cache"), "{output:?}");
    assert!(!stderr(&output).contains('\x1b'), "no colours in a pipe: {output:?}");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let context = Context::new();
    let coloured = |name: &str, value: &str| {
        let output = context.command(["cache", "why", "missing.wasm"]).env(name, value).output().expect("it starts");
        stderr(&output).contains("\x1b[")
    };
    assert!(!coloured("NOTHING", "1"));
    assert!(coloured("CLICOLOR_FORCE", "1"));
    let mut command = context.command(["cache", "why", "missing.wasm"]);
    let output = command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().expect("it starts");
    assert!(!stderr(&output).contains("\x1b["), "{output:?}");
}

/// `glowplug ... | head -1` must not end with a message, let alone a panic.
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let context = Context::new();
    let mut command = context.command(["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("its end").success());
    assert_eq!(said, "");
}
