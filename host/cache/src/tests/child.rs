//! Real processes: the test's own program, started again for one job.

use super::*;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use std::process::{Child, Command, Stdio};

const JOB: &str = "GLOWPLUG_TEST_JOB";

/// Starts this test program again. It runs only `job_of_a_child`, which does what `job` says in `home`.
pub(crate) fn command(home: &Path, job: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "tests::child::job_of_a_child", "--nocapture", "--test-threads=1", "--quiet"]);
    command.env(JOB, job).env("GLOWPLUG_TEST_HOME", home).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

pub(crate) fn start(home: &Path, job: &str) -> Child {
    command(home, job).spawn().expect("started")
}

/// The line that the child said of itself, without the test harness's own.
pub(crate) fn said(child: Child) -> (std::process::ExitStatus, String) {
    let output = child.wait_with_output().expect("waited");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().filter_map(|line| line.split_once("CHILD ").map(|(_, said)| said));
    (output.status, said.collect::<Vec<_>>().join("\n"))
}

#[allow(clippy::print_stdout, reason = "how a child answers")]
fn say(what: &str) {
    use std::io::Write as _;
    println!("CHILD {what}");
    std::io::stdout().flush().expect("flushed");
}

/// No test by itself: does nothing unless started by [`command`].
#[test]
fn job_of_a_child() {
    let (Ok(job), Ok(home)) = (std::env::var(JOB), std::env::var("GLOWPLUG_TEST_HOME")) else { return };
    let home = PathBuf::from(home);
    let path = home.join("app.wasm");
    let cache = ModuleCache::open(settings_in(&home)).expect("opened");
    match job.split_once(' ').unwrap_or((&job, "")) {
        ("load", _) => report(&cache, &path),
        ("kill-at", number) => {
            let at = number.parse().expect("a number");
            report(&cache.on_disk(|disk| FaultyDisk::new(disk, Fault::Kill, at)), &path);
        }
        ("warm-and-kill-at", number) => incremental::warm_and_die(&home, number.parse().expect("a number")),
        ("hang", _) => report(&cache.with_observer(std::sync::Arc::new(Hanging)), &path),
        ("file-limit", bytes) => {
            let limit = rustix::process::Rlimit { current: bytes.parse().ok(), maximum: bytes.parse().ok() };
            rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).expect("a limit");
            report(&cache, &path);
        }
        (other, _) => panic!("no such job: {other}"),
    }
}

fn report(cache: &ModuleCache, path: &Path) {
    let (value, report) = load_file(cache, &lazy(), path);
    let notes = report.notes.join("; ");
    let steps: Vec<String> = cache.steps_down().iter().map(ToString::to_string).collect();
    say(&format!("{value} {:?} {:?} notes=[{notes}] steps={steps:?}", report.outcome, report.tier));
}

/// Stops for good in the middle of compiling.
struct Hanging;

impl Observer for Hanging {
    fn event(&self, event: Event<'_>) {
        if matches!(event, Event::Compiling { .. }) {
            say("compiling");
            std::thread::sleep(Duration::from_secs(600));
        }
    }
}
