//! The shell's language against bash's: scripts of our own, run by both; the same standard output and exit code.
//!
//! What bash 5.2 did is recorded, so that this needs no bash; where it is installed, the record is checked as well.
//! `tests/shell/README.md` tells how cases are written.
#![allow(clippy::print_stderr, reason = "says what was skipped")]

mod common;

use common::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Fewer would mean that files are missing.
const FEWEST: usize = 1500;
/// How long a case may take; the slowest takes a second in bash.
const LIMIT: Duration = Duration::from_secs(30);
/// How many differing cases are told in full.
const TOLD: usize = 20;
const LOCALE: [(&str, &str); 2] = [("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];
const HOME: &str = "/nonexistent-home";

/// A script, by the topic that its file is called after, and its name in that file.
struct Case {
    topic: String,
    name: String,
    script: String,
    stdin: String,
}

/// What can be seen of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    /// The exit code; `None` when the time was over.
    status: Option<i32>,
    stdout: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell")
}

fn topics() -> Vec<String> {
    let entries = fs::read_dir(folder().join("cases")).expect("the cases");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
    let mut topics: Vec<String> = names.filter_map(|name| name.strip_suffix(".sh").map(str::to_owned)).collect();
    topics.sort();
    topics
}

fn read_topic(topic: &str) -> Vec<Case> {
    let text = fs::read_to_string(folder().join(format!("cases/{topic}.sh"))).expect("the cases of a topic");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("#### ") {
            let name = name.trim().to_owned();
            assert!(cases.iter().all(|case| case.name != name), "{topic}: two cases are called {name:?}");
            cases.push(Case { topic: topic.to_owned(), name, script: String::new(), stdin: String::new() });
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("{topic}: text before the first case"));
        match line.strip_prefix("## stdin: ") {
            Some(stdin) if case.script.is_empty() => case.stdin = unescape(stdin),
            _ => case.script += &format!("{line}\n"),
        }
    }
    for case in &mut cases {
        case.script = format!("{}\n", case.script.trim_end_matches('\n'));
    }
    cases
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(escaped @ ('n' | 't' | '\\'))) => {
                chars.next();
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    _ => '\\',
                });
            }
            _ => out.push(c),
        }
    }
    out
}

/// All cases; of those only the ones that `SHELL_CASES` names: topics, or `topic:part of a name`, separated by commas.
fn cases() -> Vec<Case> {
    let all: Vec<Case> = topics().iter().flat_map(|topic| read_topic(topic)).collect();
    assert!(all.len() >= FEWEST, "only {} cases were found", all.len());
    let Ok(wanted) = std::env::var("SHELL_CASES") else { return all };
    let is_wanted = |case: &Case| {
        wanted.split(',').any(|wanted| match wanted.split_once(':') {
            Some((topic, part)) => case.topic == topic && case.name.contains(part),
            None => case.topic == wanted,
        })
    };
    all.into_iter().filter(is_wanted).collect()
}

/// What bash did, by topic and name.
fn record() -> BTreeMap<(String, String), Outcome> {
    let mut record = BTreeMap::new();
    for topic in topics() {
        let text =
            fs::read_to_string(record_file(&topic)).unwrap_or_else(|error| panic!("the record of {topic}: {error}"));
        let outcomes: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).expect("a record in JSON");
        for (name, outcome) in outcomes {
            let status = outcome["status"].as_i64().and_then(|status| i32::try_from(status).ok());
            let stdout = outcome["stdout"].as_str().expect("text").to_owned();
            assert!(status.is_some(), "{topic}: {name}: no exit code is recorded");
            record.insert((topic.clone(), name), Outcome { status, stdout });
        }
    }
    record
}

fn record_file(topic: &str) -> PathBuf {
    folder().join(format!("expected/{topic}.json"))
}

/// The cases that are known to differ, and why.
fn known_differences() -> BTreeMap<(String, String), String> {
    let text = fs::read_to_string(folder().join("differs.txt")).expect("the list of known differences");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| {
        let parts: Vec<&str> = line.splitn(3, ": ").collect();
        let [topic, name, reason] = parts[..] else { panic!("differs.txt: not `topic: name: reason`: {line}") };
        ((topic.to_owned(), name.to_owned()), reason.to_owned())
    });
    parts.collect()
}

/// Runs every case by a command made for it, a few at a time, each in an empty folder.
fn run_all(cases: &[Case], command: impl Fn(&Case) -> Command + Sync) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(vec![None; cases.len()]);
    let threads = thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    let folder = tempfile::Builder::new().prefix("glowplug-case-").tempdir().expect("a folder");
                    let mut command = command(case);
                    let outcome = outcome_of(command.current_dir(folder.path()), &case.stdin);
                    outcomes.lock().expect("no thread panicked")[index] = Some(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panicked");
    outcomes.into_iter().map(|outcome| outcome.expect("every case was run")).collect()
}

fn outcome_of(command: &mut Command, stdin: &str) -> Outcome {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the shell is started");
    // What is given fits into the pipe. A script that does not read it may be over before it is written.
    let _unread = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let mut stdout = child.stdout.take().expect("a pipe");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = stdout.read_to_end(&mut bytes);
        // Nobody listens any more when the time was over.
        let _late = sender.send(result.map(|_| bytes));
    });
    let bytes = receiver.recv_timeout(LIMIT);
    let status = end(&mut child, if bytes.is_ok() { started + LIMIT } else { started });
    let bytes = bytes.ok().map(|result| result.expect("standard output can be read")).unwrap_or_default();
    Outcome {
        status: status.map(|status| status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))),
        stdout: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Waits until `deadline` for a shell to end; then it is ended.
fn end(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    while Instant::now() < deadline {
        let status = child.try_wait().expect("the shell can be waited for");
        if status.is_some() {
            return status;
        }
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("the shell can be ended");
    child.wait().expect("the shell can be waited for");
    None
}

/// Runs bash itself, which sees nothing of the real environment.
/// Whoever started the tests may ignore signals (`nohup`, a job in the background), and bash would go on ignoring them.
fn bash(case: &Case) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal", "bash"]).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", HOME).envs(LOCALE);
    command.args(["-c", &case.script, "bash"]);
    command
}

fn is_bash_installed() -> bool {
    let output = Command::new("env").args(["--default-signal", "bash", "--version"]).output();
    output.is_ok_and(|output| common::stdout(&output).contains("version 5.2"))
}

/// A case that differs, for a person to read.
fn describe(case: &Case, expected: &Outcome, got: &Outcome) -> String {
    let mut text = format!("=== {}: {}\n", case.topic, case.name);
    for line in case.script.lines().take(40) {
        writeln!(text, "    {line}").expect("text");
    }
    let code = |outcome: &Outcome| {
        outcome.status.map_or_else(|| "none, the time was over".to_owned(), |code| code.to_string())
    };
    if expected.status != got.status {
        writeln!(text, "  exit code: {} expected, {} here", code(expected), code(got)).expect("text");
    }
    let (mut expected, mut got): (Vec<&str>, Vec<&str>) =
        (expected.stdout.split('\n').collect(), got.stdout.split('\n').collect());
    let same = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
    if same == expected.len() && same == got.len() {
        return text;
    }
    let same_at_end = expected[same..].iter().rev().zip(got[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    for lines in [&mut expected, &mut got] {
        lines.truncate(lines.len() - same_at_end);
    }
    writeln!(text, "  standard output from line {} on, - expected, + here:", same + 1).expect("text");
    for (sign, lines) in [('-', &expected[same..]), ('+', &got[same..])] {
        for line in lines.iter().take(15) {
            writeln!(text, "  {sign}{}", line.chars().take(200).collect::<String>()).expect("text");
        }
        if lines.len() > 15 {
            writeln!(text, "  {sign}... {} lines more", lines.len() - 15).expect("text");
        }
    }
    text
}

#[test]
fn the_shell_does_what_bash_does() {
    let (cases, record, mut known) = (cases(), record(), known_differences());
    let context = Context::new();
    let shell = |script: &str| {
        let home = format!("HOME={HOME}");
        let mut command = context.command(["shell", "--env", &home, "-c", script, "bash"]);
        command.envs(LOCALE);
        command
    };
    // The first start may compile; no case should wait for it.
    let first = shell("exit 7").output().expect("the program starts");
    assert_eq!(first.status.code(), Some(7), "the shell does not start: {first:?}");
    let outcomes = run_all(&cases, |case| shell(&case.script));

    let (mut told, mut differing, mut stale) = (String::new(), Vec::new(), Vec::new());
    for (case, got) in cases.iter().zip(&outcomes) {
        let key = (case.topic.clone(), case.name.clone());
        let expected = &record[&key];
        match (expected == got, known.remove(&key)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(reason)) => stale.push(format!("{}: {}: {reason}", case.topic, case.name)),
            (false, None) => {
                if differing.len() < TOLD {
                    told += &describe(case, expected, got);
                }
                differing.push(format!("{}: {}", case.topic, case.name));
            }
        }
    }
    if !stale.is_empty() {
        told += &format!("\ndiffers.txt lists cases that do not differ:\n  {}\n", stale.join("\n  "));
    }
    let (count, all) = (differing.len(), cases.len());
    assert!(told.is_empty(), "\n{told}\n{count} of {all} cases differ:\n  {}\n", differing.join("\n  "));
}

#[test]
fn the_record_is_of_bash() {
    if !is_bash_installed() {
        eprintln!(
            "skipped: bash 5.2 (or an env that knows --default-signal) is not installed, so that the record of what it does is taken as it is"
        );
        return;
    }
    let cases = cases();
    let outcomes = run_all(&cases, bash);
    if std::env::var_os("SHELL_CASES_UPDATE").is_some() {
        return write_record(&cases, &outcomes);
    }
    let record = record();
    let differing = cases.iter().zip(&outcomes).filter_map(|(case, got)| {
        let expected = &record[&(case.topic.clone(), case.name.clone())];
        (expected != got).then(|| describe(case, expected, got))
    });
    let differing: Vec<String> = differing.collect();
    let (count, told) = (differing.len(), differing.iter().take(TOLD).map(String::as_str).collect::<String>());
    assert!(differing.is_empty(), "\n{told}\nof {count} cases the record is not what bash does here\n");
}

/// Writes what bash did; cases that were not run keep what was recorded of them.
fn write_record(cases: &[Case], outcomes: &[Outcome]) {
    let run: BTreeMap<_, _> = cases.iter().map(|case| (&case.topic, &case.name)).zip(outcomes).collect();
    for topic in topics() {
        let old = fs::read_to_string(record_file(&topic)).ok().and_then(|text| serde_json::from_str(&text).ok());
        let old: serde_json::Map<String, serde_json::Value> = old.unwrap_or_default();
        let lines = read_topic(&topic).into_iter().map(|case| {
            let outcome = match run.get(&(&topic, &case.name)) {
                Some(outcome) => {
                    assert!(!outcome.stdout.contains(char::REPLACEMENT_CHARACTER), "{topic}: {}: not UTF-8", case.name);
                    let status = outcome.status.unwrap_or_else(|| panic!("{topic}: {}: takes too long", case.name));
                    serde_json::json!({ "status": status, "stdout": outcome.stdout })
                }
                None => old[&case.name].clone(),
            };
            format!("  {}: {}", serde_json::Value::from(case.name), outcome)
        });
        let lines: Vec<String> = lines.collect();
        fs::write(record_file(&topic), format!("{{\n{}\n}}\n", lines.join(",\n"))).expect("the record is written");
    }
}

#[test]
fn cases_and_record_belong_together() {
    let all: BTreeSet<(String, String)> =
        topics().iter().flat_map(|topic| read_topic(topic)).map(|case| (case.topic, case.name)).collect();
    let recorded: BTreeSet<(String, String)> = record().into_keys().collect();
    let known: BTreeSet<(String, String)> = known_differences().into_keys().collect();
    let name = |key: &(String, String)| format!("\n  {}: {}", key.0, key.1);
    let unrecorded: String = all.difference(&recorded).map(name).collect();
    assert!(unrecorded.is_empty(), "cases without a record:{unrecorded}");
    let left_over: String = recorded.difference(&all).map(name).collect();
    assert!(left_over.is_empty(), "records without a case:{left_over}");
    let unknown: String = known.difference(&all).map(name).collect();
    assert!(unknown.is_empty(), "differs.txt lists what is no case:{unknown}");
    assert!(all.len() >= FEWEST, "only {} cases", all.len());
}
