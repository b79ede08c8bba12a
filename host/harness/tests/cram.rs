//! The same cases with the cram or the prysk of this machine, if there is one: its verdict, and what it would write into the file.

mod common;

use common::{clean, run, sample_cases, samples};
use glowplug_harness::{Case, Verdict, compare, updated};
use std::fs;
use std::path::PathBuf;

/// Where this harness means to differ; see the documentation of `session`.
const DIFFERENT: &[&str] = &[
    "exec-replaces.t",
    "exit-early.t",
    "exit.t",
    "set-e.t",
    "stdin.t",
    "syntax-error.t",
    "trap.t",
    // Lines end in CR and LF: the commands end in a CR, for cram.
    "crlf.t",
    // cram would not read what it writes.
    "esc-command.t",
    // Patterns of cram see its escapes of characters beyond ASCII.
    "unicode.t",
];

/// The first of the two that is installed.
#[allow(clippy::print_stderr, reason = "a test that tests nothing says so")]
fn peer() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| ["cram", "prysk"].map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: neither cram nor prysk is installed");
    }
    found
}

#[test]
fn verdicts_and_updates_are_those_of_cram() {
    let Some(peer) = peer() else { return };
    for (name, case) in sample_cases() {
        if DIFFERENT.contains(&name.as_str()) || case.source().is_empty() {
            continue;
        }
        let emptied = Case::parse(without_outputs(case.source())).expect("a case");
        for case in [case, emptied] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("case.t");
            fs::write(&file, case.source()).expect("the case");
            let output = clean(&peer, folder.path())
                .args(["--shell=/bin/bash", "case.t"])
                .current_dir(folder.path())
                .output()
                .expect("it runs");
            let said = String::from_utf8_lossy(&output.stdout);
            let observed = run(&case);
            let verdict = match compare(&case, &observed, None) {
                Verdict::Passed => "0 skipped, 0 failed",
                Verdict::Skipped => "1 skipped, 0 failed",
                Verdict::Failed(_) | Verdict::Unfinished(_) => "0 skipped, 1 failed",
            };
            assert!(said.contains(verdict), "{name}: {verdict} here, there:\n{said}");
            if let Ok(theirs) = fs::read(folder.path().join("case.t.err")) {
                // The shell's messages say in which line of the script they are.
                if said.contains(": line ") {
                    continue;
                }
                let theirs = Case::parse(theirs).expect("a case");
                assert_eq!(compare(&theirs, &observed, None), Verdict::Passed, "{name}: what it wrote");
                let ours = updated(&case, &observed, None).expect("it ends");
                let same = |case: &Case| String::from_utf8_lossy(case.source()).into_owned();
                assert_eq!(same(&Case::parse(ours).expect("a case")), same(&theirs), "{name}");
            }
        }
    }
    assert!(samples().is_dir());
}

/// The case with nothing expected.
fn without_outputs(source: &[u8]) -> Vec<u8> {
    let lines = source.split_inclusive(|byte| *byte == b'\n');
    let command = |line: &[u8]| line.starts_with(b"  $ ") || line.starts_with(b"  > ");
    lines.filter(|line| !line.starts_with(b"  ") || command(line)).flatten().copied().collect()
}
