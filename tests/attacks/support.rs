//! What the trials share: a bound on how long one may hang, and words about what is skipped.
#![allow(dead_code, reason = "each kind uses a part")]

use super::common::Context;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// A trial that is not over by then hangs. Far above what any takes, so that a busy machine fails none.
pub const HANGS: Duration = Duration::from_secs(120);

/// Runs `command` to its end, or kills it when it hangs, which fails the trial.
pub fn ends(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let reader = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stream.expect("a pipe").read_to_end(&mut bytes);
            bytes
        })
    };
    let stdout = reader(child.stdout.take().map(|stream| Box::new(stream) as Box<_>));
    let stderr = reader(child.stderr.take().map(|stream| Box::new(stream) as Box<_>));
    let status = end_of(child);
    Output { status, stdout: stdout.join().expect("read"), stderr: stderr.join().expect("read") }
}

/// Waits for the end, or kills it when it hangs, which fails the trial.
pub fn end_of(mut child: Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            return status;
        }
        if began.elapsed() > HANGS {
            let _ = child.kill();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until something is so, which fails the trial when it never is.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < HANGS, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is gone, or only its number is left, which its parent has not asked for.
pub fn is_gone(pid: &str) -> bool {
    fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).map_or(true, |stat| stat.contains(") Z "))
}

/// A home with a folder of this name in it, which guests do not see.
pub fn with_folder(name: &str) -> (Context, PathBuf) {
    let context = Context::new();
    let folder = context.home().join(name);
    fs::create_dir(&folder).expect("a folder");
    (context, folder)
}

/// `glowplug shell` with these options, about to run this script.
pub fn shell(context: &Context, options: &[&str], script: &str) -> Command {
    context.command([&["shell"], options, &["-c", script]].concat())
}

/// The text of a module that forks: these functions, beside what every such module has. At the end of its main function, `$alive` says so.
pub fn forking(functions: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "fork" (func $fork (param i32) (result i32)))
  (memory (export "memory") 1)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (data (i32.const 0) "\08\00\00\00\06\00\00\00alive\n")
  (func $alive (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
  (func (export "glowplug_fork_entry") (param i32) (result i32) (i32.const 0))
  {functions})"#
    )
}

/// Says that a trial did not run, and why.
#[allow(clippy::print_stderr, reason = "a skipped trial has to be heard of")]
pub fn skipped(trial: &str, why: &str) {
    eprintln!("skipped: {trial}: {why}");
}

/// Whether the tests run as root, whom permissions do not stop.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
