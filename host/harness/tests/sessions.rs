//! The samples, run by a real bash.

mod common;

use glowplug_harness::{Case, Verdict, compare, unified, updated};

/// The samples that are skipped; all others pass.
const SKIPPED: &[&str] = &["nothing.t", "skip.t"];

#[test]
fn the_samples_pass() {
    let mut wrong = String::new();
    for (name, case) in common::sample_cases() {
        let observed = common::run(&case);
        let expected = if SKIPPED.contains(&name.as_str()) { Verdict::Skipped } else { Verdict::Passed };
        if compare(&case, &observed, None) != expected {
            let hunks = unified(&case, &observed, None).expect("it ends").0;
            wrong.push_str(&String::from_utf8_lossy(&glowplug_harness::diff::patch(&name, &hunks)));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_sample_without_what_it_expects_passes_once_it_is_updated() {
    for (name, case) in common::sample_cases() {
        let emptied = without_expected(case.source());
        let case = Case::parse(emptied).expect("a case");
        let observed = common::run(&case);
        let before = compare(&case, &observed, None);
        let file = updated(&case, &observed, None).expect("it ends");
        let case = Case::parse(file.clone()).expect("a case");
        let after = compare(&case, &observed, None);
        match before {
            Verdict::Failed(_) => assert_eq!(after, Verdict::Passed, "{name}"),
            unchanged => assert_eq!((after.clone(), file.as_slice()), (unchanged, case.source()), "{name}"),
        }
        if !file.is_empty() {
            assert_eq!(compare(&case, &common::run(&case), None), after, "{name}, run again");
        }
    }
}

/// The file with its commands and comments only.
fn without_expected(source: &[u8]) -> Vec<u8> {
    let lines = source.split_inclusive(|byte| *byte == b'\n');
    let command = |line: &[u8]| line.starts_with(b"  $ ") || line.starts_with(b"  > ");
    lines.filter(|line| !line.starts_with(b"  ") || command(line)).flatten().copied().collect()
}

#[test]
fn a_command_cannot_reach_beyond_its_step() {
    for command in
        ["echo '", "cat <<END", "(", "{", "case x in", "echo a \\", "x=(", "fi", "# comment", "set -v", "set -x"]
    {
        let case = Case::parse(format!("  $ {command}\n  $ set +vx; echo after\n")).expect("a case");
        let observed = common::run(&case);
        let last = observed.steps.last().expect("two steps");
        assert!(last.output.ends_with(b"after\n"), "{command}: {:?}", String::from_utf8_lossy(&last.output));
        assert_eq!(last.end, glowplug_harness::session::StepEnd::Exited(0), "{command}");
    }
}
