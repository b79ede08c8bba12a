//! What the trials share: a bound on how long one may hang, and words about what is skipped.
#![allow(dead_code, reason = "each kind uses a part")]

use std::io::Read as _;
use std::process::{Command, Output, Stdio};
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
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        if began.elapsed() > HANGS {
            let _ = child.kill();
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Output { status, stdout: stdout.join().expect("read"), stderr: stderr.join().expect("read") }
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
