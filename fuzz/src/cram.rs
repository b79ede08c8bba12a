//! The test harness: cases in cram's format, and `glowplug.toml`.

use arbitrary::{Result, Unstructured};
use glowplug_harness::case::Directives;
use glowplug_harness::session::{ObservedStep, StepEnd};
use glowplug_harness::{Case, Config, Observed, Verdict, compare, unified, updated};
use std::path::Path;

/// What cases are made of.
pub(crate) const CRAM: &[&str] = &[
    "  $ ",
    "  > ",
    "  ",
    "\n",
    "\r\n",
    " (re)\n",
    " (glob)\n",
    " (esc)\n",
    " (no-eol)\n",
    " (?)\n",
    "  [1]\n",
    "  [0]\n",
    "#!glowplug: ",
    "timeout=1s",
    "retries=2",
    "cacheable",
    "\\x1b",
    "\\t",
    "\\",
    "*",
    "?",
    "[a",
    "(",
    "a{99999}",
    "(a*)*",
    "\u{1b}[31m",
    "\t",
    "é",
    "echo\n",
    "  $ a\n",
    "  b\n",
];

/// What settings are made of.
pub(crate) const TOML: &[&str] = &[
    "[test]\n",
    "[[test.override]]\n",
    "paths = ",
    "exclude = ",
    "inputs = ",
    "env = ",
    "pass-env = ",
    "allow-native = ",
    "timeout = ",
    "retries = ",
    "jobs = ",
    "cacheable = ",
    "deterministic = ",
    "filter = ",
    "[\"**/*.t\"]",
    "\"30s\"",
    "true",
    "4294967296",
    "0x10",
    "{ A = \"b\" }",
    "1979-05-27",
    "'''",
    "\"\"\"",
    "\\u0000",
    "[[[[",
    "{a={a=",
    "\n",
    "=",
    ".",
    "é",
    "**",
    "[!a-",
    "inf",
    "\"9999999999999y\"",
];

/// A case of any text, after what its steps wrote: what it is updated to says that, and is not changed by being updated again.
pub fn cram(data: &[u8]) {
    // The observations come from the end, so that the text can be read in a corpus.
    let at = data.iter().rposition(|byte| *byte == 0).unwrap_or(data.len());
    let (text, wrote) = data.split_at(at);
    let Ok(case) = Case::parse(text) else { return };
    assert_eq!(case.source(), text);
    let mut input = Unstructured::new(wrote.get(1..).unwrap_or_default());
    let Ok(observed) = observed(&case, &mut input) else { return };
    session_is_split(&case, &observed);
    let verdict = compare(&case, &observed, None);
    let hunks = unified(&case, &observed, None).expect("without a deadline it ends").0;
    let after = updated(&case, &observed, None).expect("without a deadline it ends");
    if verdict.is_well() {
        assert!(
            after == text || !hunks.is_empty() || is_only_an_end(text, &after),
            "it passed, and is changed to {}",
            after.escape_ascii()
        );
    }
    let again = Case::parse(after.clone())
        .unwrap_or_else(|error| panic!("updated, {} is no case: {error}", after.escape_ascii()));
    let commands = |case: &Case| case.steps().iter().map(|step| step.command.clone()).collect::<Vec<_>>();
    assert_eq!(commands(&again), commands(&case), "updated: {}", after.escape_ascii());
    let verdict = compare(&again, &observed, None);
    assert!(verdict.is_well(), "updated, it fails: {}\nto {}: {verdict:?}", text.escape_ascii(), after.escape_ascii());
    let twice = updated(&again, &observed, None).expect("without a deadline it ends");
    assert_eq!(
        twice,
        after,
        "updated twice, it is something else: {} then {}",
        after.escape_ascii(),
        twice.escape_ascii()
    );
    let _ = matches!(verdict, Verdict::Passed);
}

fn is_only_an_end(before: &[u8], after: &[u8]) -> bool {
    after.strip_prefix(before).is_some_and(|rest| rest == b"\n" || rest == b"\r\n")
}

fn observed(case: &Case, input: &mut Unstructured<'_>) -> Result<Observed> {
    let mut ended = false;
    let mut steps = Vec::new();
    for _ in case.steps() {
        let end = match input.int_in_range(0..=15)? {
            _ if ended => StepEnd::NotReached,
            15 => StepEnd::EndedSession,
            14 => StepEnd::Exited(input.int_in_range(0..=255)?),
            _ => StepEnd::Exited(0),
        };
        ended |= end == StepEnd::EndedSession;
        let output = if end == StepEnd::NotReached { Vec::new() } else { output(input)? };
        steps.push(ObservedStep { output, end });
    }
    let trailing = if ended { Vec::new() } else { output(input)? };
    let session_exit = if ended { input.int_in_range(0..=3)? } else { 0 };
    Ok(Observed { steps, trailing, session_exit, cut: None })
}

/// A few lines of what breaks things; or any bytes.
fn output(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        match input.int_in_range(0..=9)? {
            0 => output.extend_from_slice(input.arbitrary::<&[u8]>()?),
            at => output.extend_from_slice(
                [
                    &b"b\n"[..],
                    b"",
                    b"a (re)\n",
                    b"[1]\n",
                    b"  $ b\n",
                    b"\x1b[0m\t\n",
                    b"no end",
                    b"a\r\n",
                    b"\xff (esc)\n",
                ][at - 1],
            ),
        }
    }
    Ok(output)
}

/// What a session prints, cut where the script says that steps end, is what each step wrote.
fn session_is_split(case: &Case, observed: &Observed) {
    const SALT: &str = "k3qf8w0s9d2mzx7v";
    let mut printed = Vec::new();
    for (number, step) in observed.steps.iter().enumerate() {
        printed.extend_from_slice(&step.output);
        if let StepEnd::Exited(status) = step.end {
            printed.extend_from_slice(format!("{SALT} {number} {status}\n").as_bytes());
        }
    }
    printed.extend_from_slice(&observed.trailing);
    assert_eq!(case.observed(&printed, SALT, observed.session_exit), *observed, "{}", printed.escape_ascii());
    assert!(case.script(SALT).starts_with(b"exec"));
}

/// A project's settings of any text.
pub fn glowplug_toml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Config::parse(&text, Path::new("/project/glowplug.toml")) {
        Ok(config) => {
            for id in ["a.t", "slow/b.t", "é/\u{1b}.t", ""] {
                let _ = config.settings_for(id, &Directives::default());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
