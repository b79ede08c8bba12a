//! How many instructions does a warm start execute?
//!
//! Counted by Valgrind's callgrind, so that a regression is seen on a machine whose times wander. Fails when a start has
//! grown by more than a twentieth over the recorded figure. Both a bench (`cargo bench --bench instructions`, the
//! optimised program) and a test (`cargo test --test instructions`, the program as tests build it): each has figures of its
//! own in `instructions.json`. `GLOWPLUG_RECORD=1` writes them anew, which is to be said in the commit.
//!
//! Valgrind shows a processor without AVX-512, so the guests' artifacts are compiled under it first, which takes a minute.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to whoever runs it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Growth that is let pass, in hundredths.
const TOLERANCE: u64 = 5;
/// The first start compiles, the second hashes what it wrote, and from then on they are all alike.
const STARTS: usize = 6;
const RECORD: &str = "GLOWPLUG_RECORD";

/// Counts, compares, and says so.
pub fn main() -> ExitCode {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let supported = cfg!(all(target_arch = "x86_64", target_os = "linux"));
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !supported || !valgrind.is_ok_and(|status| status.success()) {
        eprintln!("instructions: SKIPPED: needs valgrind (Debian's package `valgrind`) on x86-64 Linux");
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.json");
    let text = fs::read_to_string(&file).expect("the recorded figures");
    let mut recorded: BTreeMap<String, BTreeMap<String, u64>> =
        serde_json::from_str(&text).expect("figures by profile");
    let figures = recorded.entry(profile.to_owned()).or_default();
    let record = std::env::var_os(RECORD).is_some_and(|value| value != "0" && !value.is_empty());

    let probe = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/prebuilt/probe.wasm");
    let probe = probe.to_str().expect("a path in UTF-8");
    let mut failed = false;
    for (name, args) in [("shell -c exit", &["shell", "-c", "exit"][..]), ("run probe.wasm", &["run", probe])] {
        let count = match count(args) {
            Ok(count) => count,
            Err(problem) => {
                eprintln!("instructions: {name}: {problem}");
                return ExitCode::FAILURE;
            }
        };
        let before = figures.get(name).copied();
        if record {
            figures.insert(name.to_owned(), count);
        }
        let verdict = match before {
            None => {
                failed |= !record;
                format!("nothing recorded; {RECORD}=1 records it")
            }
            Some(before) => {
                let too_many = count > before + before * TOLERANCE / 100;
                failed |= too_many && !record;
                let change = (count as f64 / before as f64 - 1.0) * 100.0;
                let sign = if too_many { ": MORE THAN IT MAY GROW" } else { "" };
                format!("{change:+.2} % against the recorded {before}{sign}")
            }
        };
        println!("instructions: {profile}: {name}: {count}, {verdict}");
    }
    if record {
        let text = serde_json::to_string_pretty(&recorded).expect("figures as JSON") + "\n";
        fs::write(&file, text).expect("the figures are written");
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The instructions of a warm start, in a home of its own whose path is as long each time.
fn count(args: &[&str]) -> Result<u64, String> {
    let folder = tempfile::Builder::new().prefix("glowplug-count-").tempdir().map_err(|error| error.to_string())?;
    let counts = folder.path().join("counts");
    let mut last = None;
    for _ in 0..STARTS {
        // Older than the clock can tell apart from the next: otherwise files are hashed again.
        std::thread::sleep(Duration::from_millis(200));
        let output = Command::new("valgrind")
            .args(["-q", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", counts.display()))
            .arg(env!("CARGO_BIN_EXE_glowplug"))
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("valgrind did not start: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} under valgrind, which said:\n{said}", output.status));
        }
        let text = fs::read_to_string(&counts).map_err(|error| format!("no counts: {error}"))?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
        let total = total.and_then(|number| number.trim().parse::<u64>().ok()).ok_or("no total among the counts")?;
        if last.is_some_and(|last: u64| last.abs_diff(total) <= total / 1000) {
            return Ok(total);
        }
        last = Some(total);
    }
    Err(format!("no two starts in a row were alike in {STARTS}"))
}
