//! Runs cases in the bash of this machine.
#![allow(dead_code, reason = "each test file uses a part")]

use glowplug_harness::session::CLEAN_ENVIRONMENT;
use glowplug_harness::{Case, Observed};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the samples are.
pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The sample cases, by name.
pub fn sample_cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for folder in [samples(), samples().join("more")] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "t") {
                let name = path.strip_prefix(samples()).expect("beneath").display().to_string();
                cases.push((name, Case::parse(fs::read(&path).expect("a file")).expect("a case")));
            }
        }
    }
    cases.sort_by(|one, other| one.0.cmp(&other.0));
    cases
}

/// Runs a case in bash, in a new folder.
pub fn run(case: &Case) -> Observed {
    // Constant: nothing in the samples guesses it, and a failure is easier to read.
    const SALT: &str = "b5d1f0c2a49e8736";
    let folder = tempfile::Builder::new().prefix("glowplug-case-").tempdir().expect("a folder");
    let work = folder.path().join("work");
    fs::create_dir(&work).expect("a folder");
    let output = folder.path().join("output");
    let stream = File::options().create(true).append(true).open(&output).expect("a file");
    let script = String::from_utf8(case.script(SALT)).expect("the samples are text");
    let status = clean("bash", folder.path())
        .args(["--norc", "--noprofile", "-c", &script])
        .current_dir(work)
        .stdout(stream.try_clone().expect("a descriptor"))
        .stderr(stream)
        .status()
        .expect("bash");
    let output = fs::read(output).expect("what was written");
    case.observed(&output, SALT, status.code().expect("bash was not killed"))
}

/// A program that sees nothing of this user.
pub fn clean(program: impl Into<OsString>, home: &Path) -> Command {
    let mut command = Command::new(program.into());
    command.env_clear().envs(CLEAN_ENVIRONMENT.iter().copied()).env("HOME", home).stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}
