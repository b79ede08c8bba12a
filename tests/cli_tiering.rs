//! Baseline code first: `run --tiering`, the process in the background, and `cache jobs`.

mod common;

use common::{Context, files, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A module that prints `text`, with so much code that optimizing it takes a moment.
fn large(text: &str, functions: usize) -> String {
    let greeting = common::greeting(text);
    let body = greeting.trim_end().strip_suffix(')').expect("a module");
    let step = "local.get 0 i32.const 3 i32.mul i32.const 5 i32.xor local.set 0 ".repeat(60);
    let more: String =
        (0..functions).map(|_| format!("(func (param i32) (result i32) {step} local.get 0)\n")).collect();
    format!("{body}{more})")
}

/// A folder to work in with `app.wasm`, which is large enough for the default.
fn context() -> Context {
    let context = Context::new();
    let wasm = wat::parse_str(large("hello", 300)).expect("a module");
    assert!(wasm.len() > 128 << 10, "{} bytes", wasm.len());
    context.write("app.wasm", wasm);
    context
}

/// Waits until no compilation is under way and `app.wasm` is optimized.
fn wait_for_optimized(context: &Context) {
    let begun = Instant::now();
    loop {
        let why = context.json(["cache", "why", "--json", "app.wasm"]);
        if why["code"] == "optimized" && jobs(context).is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{why}\n{:?}", jobs(context));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn jobs(context: &Context) -> Vec<Value> {
    context.json(["cache", "jobs", "--json"]).as_array().expect("an array").clone()
}

/// Waits until a compilation is under way, and gives its process.
fn wait_for_running(context: &Context) -> u64 {
    let begun = Instant::now();
    loop {
        let jobs = jobs(context);
        if let Some(job) = jobs.iter().find(|job| job["state"] == "running") {
            return job["pid"].as_u64().expect("a process");
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{jobs:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until no process speaks of this home any more: one that ran out of memory must end, and not only let go of its lock.
fn wait_for_the_end_of_all(context: &Context) {
    let home = context.home().display().to_string();
    let is_ours = |entry: &fs::DirEntry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&home))
    };
    let begun = Instant::now();
    while let Some(process) = fs::read_dir("/proc").expect("processes").flatten().find(is_ours) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?} is still there", process.path());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Outcome, compiler, and what becomes of the optimized artifact.
fn said(report: &Value) -> (String, String, String) {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let tiering = &report["tiering"];
    (word(&report["outcome"]), word(&tiering["code"]), word(&tiering["optimizing"]["state"]))
}

fn three(outcome: &str, code: &str, optimizing: &str) -> (String, String, String) {
    (outcome.to_owned(), code.to_owned(), optimizing.to_owned())
}

#[test]
fn the_first_start_is_baseline_and_a_later_one_optimized() {
    let context = context();
    let first = context.report(["--tiering", "auto", "app.wasm"]);
    assert_eq!(said(&first), three("miss", "baseline", "started"), "{first}");
    wait_for_optimized(&context);
    let later = context.report(["--tiering", "auto", "app.wasm"]);
    assert_eq!(said(&later), three("hit", "optimized", "-"), "{later}");
    assert_ne!(first["key"]["engine"], later["key"]["engine"], "each has a key of its own");
    let entries = context.json(["cache", "ls", "--json"]);
    let mut compilers: Vec<&str> =
        entries.as_array().expect("entries").iter().map(|entry| entry["strategy"].as_str().expect("a word")).collect();
    compilers.sort_unstable();
    assert_eq!(compilers, ["cranelift", "winch"]);
    assert!(stdout(&context.run(["cache", "ls"])).contains("winch"));
    let kept: Vec<_> = files(&context.store().join("jobs"));
    assert!(kept.is_empty(), "nothing is left of a job that succeeded: {kept:?}");
}

#[test]
fn wait_ends_when_the_optimized_artifact_is_stored() {
    let context = context();
    let first = context.report(["--tiering", "wait", "app.wasm"]);
    assert_eq!(said(&first), three("miss", "baseline", "stored"), "{first}");
    assert!(jobs(&context).is_empty());
    assert_eq!(said(&context.report(["--tiering", "wait", "app.wasm"])), three("hit", "optimized", "-"));
    // A program from standard input can be read by no other process: this one does it.
    let wasm = wat::parse_str(large("from a pipe", 300)).expect("a module");
    for expected in [three("miss", "baseline", "stored"), three("hit", "optimized", "-")] {
        let mut command = context.command(["run", "--tiering", "wait", "--report=json", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.as_mut().expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(&wasm).expect("written");
        let mut said_by_child = String::new();
        std::io::Read::read_to_string(child.stderr.as_mut().expect("a pipe"), &mut said_by_child).expect("text");
        child.wait().expect("its end");
        let report: Value = serde_json::from_str(&said_by_child).unwrap_or_else(|_| panic!("{said_by_child}"));
        assert_eq!(said(&report), expected, "{report}");
    }
}

#[test]
fn what_is_small_or_off_or_unsupported_is_optimized_at_once() {
    let context = context();
    let why = |args: &[&str]| {
        let report = context.report(args);
        assert_eq!(said(&report), three("miss", "optimized", "-"), "{report}");
        report["tiering"]["no_baseline"].as_str().expect("a reason").to_owned()
    };
    assert_eq!(why(&["--tiering", "off", "app.wasm"]), "tiering is off");
    context.write("small.wat", common::greeting("small"));
    assert!(why(&["--tiering", "auto", "small.wat"]).contains("worth it from 131072 bytes on"));
    let with_tail_call = large("tail", 300).replacen("(func (param", "(func $f return_call $f) (func (param", 1);
    context.write("tail.wasm", wat::parse_str(with_tail_call).expect("a module"));
    let why = why(&["--tiering", "auto", "tail.wasm"]);
    assert!(why.starts_with("the baseline compiler cannot compile it: ") && why.contains("tail call"), "{why}");
    assert!(jobs(&context).is_empty());
}

/// Nobody waits, and nothing is begun, for a program that cannot be run.
#[test]
fn what_cannot_be_linked_is_not_optimized() {
    let context = context();
    let needs = large("x", 300).replacen("(func (param", "(func (export \"_other\")) (func (param", 1);
    let needs = needs.replacen("(memory", "(import \"env\" \"magic\" (func)) (memory", 1);
    context.write("needs.wasm", wat::parse_str(needs).expect("a module"));
    for mode in ["auto", "wait"] {
        let report = context.run(["run", "--tiering", mode, "--report-file", "report.json", "needs.wasm"]);
        assert_eq!(report.status.code(), Some(1), "{report:?}");
        let report = fs::read(context.work().join("report.json")).expect("a report");
        let report: Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["tiering"]["optimizing"]["state"], "pending", "{report}");
    }
    assert!(jobs(&context).is_empty());
    assert_eq!(context.json(["cache", "stats", "--json"])["entries"], 1);
}

/// A setting instead of a flag, and a component, which is compiled by the same process.
#[test]
fn components_and_settings_are_taken_along() {
    let context = Context::new();
    fs::copy(context.work().join(context.probe_component()), context.work().join("app.wasm")).expect("a copy");
    context.configure("tiering = 'wait'\ntiering-size = 0\nkey-file = '/nowhere/key'");
    let elsewhere = context.home().join("elsewhere");
    let mut command = context.command(["run", "--cache-dir", "cache", "--report=json", "app.wasm"]);
    command.env_remove("GLOWPLUG_TIERING").env("GLOWPLUG_KEY_FILE", elsewhere.join("key"));
    let output = command.output().expect("the program starts");
    let report: Value = serde_json::from_slice(&output.stderr).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(said(&report), three("miss", "baseline", "stored"), "{report}");
    assert_eq!(report["key"]["kind"], "component");
    assert!(elsewhere.join("key").is_file() && context.work().join("cache/v1/artifacts").is_dir());
    assert!(!context.home().join(".cache").exists());
}

/// The background is not in a hurry: it keeps the functions for the next compilation, unless that is switched off.
#[test]
fn the_background_keeps_the_functions() {
    for (setting, packs) in [("on", 1), ("off", 0)] {
        let context = Context::new();
        let wasm = wat::parse_str(large("hello", 700)).expect("a module");
        assert!(wasm.len() > 256 << 10, "{} bytes", wasm.len());
        context.write("app.wasm", wasm);
        context.configure(&format!("incremental = '{setting}'"));
        let report = context.report(["--tiering", "wait", "app.wasm"]);
        assert_eq!(said(&report), three("miss", "baseline", "stored"), "{report}");
        assert_eq!(context.json(["cache", "stats", "--json"])["function_packs"], packs, "{setting}");
    }
}

/// Starts `app.wasm` with so little memory for the background that it fails, and returns what `cache jobs` says.
fn fail_once(context: &Context, attempts: u64) -> Value {
    let mut command = context.command(["run", "--tiering", "auto", "--report=json", "app.wasm"]);
    let output = command.env("GLOWPLUG_BACKGROUND_MEMORY", "6MiB").output().expect("the program starts");
    assert_eq!(stdout(&output), "hello\n", "{output:?}");
    let begun = Instant::now();
    loop {
        let jobs = jobs(context);
        if let Some(job) = jobs.iter().find(|job| job["state"] == "failed" && job["attempts"] == attempts) {
            return job.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{jobs:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_fails_in_the_background_is_said_and_not_tried_for_ever() {
    let context = context();
    for attempt in 1..=3 {
        let job = fail_once(&context, attempt);
        assert_eq!((&job["by"], &job["limits"]["memory_bytes"]), (&"background".into(), &(6 << 20).into()), "{job}");
        // No memory for the wasm, or none for a thread's stack.
        let why = job["why"].as_str().expect("a reason");
        assert!(why.contains("memory") || why.contains("Resource temporarily unavailable"), "{job}");
    }
    wait_for_the_end_of_all(&context);
    let seen = stdout(&context.run(["cache", "jobs"]));
    assert!(seen.contains("failed (3 attempts): "), "{seen}");
    let report = context.report(["--tiering", "auto", "app.wasm"]);
    assert_eq!(said(&report), three("hit", "baseline", "left"), "{report}");
    assert!(context.run(["cache", "verify"]).status.success());
    // Who asks for it gets it all the same, and then it is over.
    assert!(context.run(["cache", "warm", "app.wasm"]).status.success());
    assert_eq!(said(&context.report(["--tiering", "auto", "app.wasm"])), three("hit", "optimized", "-"));
    assert!(jobs(&context).is_empty(), "what failed is of no interest any more");
}

#[test]
fn many_starts_at_once_compile_each_tier_once() {
    let context = context();
    let started: Vec<_> = (0..8)
        .map(|_| {
            let mut command = context.command(["run", "--tiering", "auto", "--report=json", "app.wasm"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
        })
        .collect();
    let reports: Vec<Value> = started
        .into_iter()
        .map(|child| serde_json::from_slice(&child.wait_with_output().expect("its end").stderr).expect("a report"))
        .collect();
    assert_eq!(reports.iter().filter(|report| report["outcome"] == "miss").count(), 1, "{reports:#?}");
    wait_for_optimized(&context);
    assert_eq!(context.json(["cache", "stats", "--json"])["entries"], 2);
}

#[test]
fn a_killed_job_leaves_a_working_baseline_and_is_begun_again() {
    let context = Context::new();
    context.write("app.wasm", wat::parse_str(large("hello", 4000)).expect("a module"));
    let first = context.report(["--tiering", "auto", "app.wasm"]);
    let pid = first["tiering"]["optimizing"]["pid"].as_u64().expect("a process");
    assert_eq!(wait_for_running(&context), pid);
    // Held, so that it cannot be done before the others have looked at it.
    let stopped = Command::new("kill").args(["-STOP", &pid.to_string()]).status().expect("kill");
    assert!(stopped.success());
    let under_way = context.report(["--tiering", "auto", "app.wasm"]);
    assert_eq!(said(&under_way), three("hit", "baseline", "under-way"), "{under_way}");
    assert_eq!(under_way["tiering"]["optimizing"]["pid"], pid);
    let listed = stdout(&context.run(["cache", "jobs"]));
    assert!(listed.contains("background") && listed.contains(&pid.to_string()), "{listed}");
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(killed.success());
    let begun = Instant::now();
    while jobs(&context).iter().any(|job| job["state"] == "running") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", jobs(&context));
        std::thread::sleep(Duration::from_millis(5));
    }
    let after = jobs(&context);
    assert_eq!((&after[0]["state"], &after[0]["attempts"]), (&"failed".into(), &1.into()), "{after:?}");
    let next = context.report(["--tiering", "wait", "app.wasm"]);
    assert_eq!(said(&next), three("hit", "baseline", "stored"), "{next}");
    assert!(jobs(&context).is_empty());
}

/// The process in the background holds nothing of its starter's: no pipe that somebody reads to the end, no session.
#[test]
fn the_background_lets_go_of_its_starter() {
    let context = Context::new();
    context.write("app.wasm", wat::parse_str(large("hello", 4000)).expect("a module"));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // A shell, because it is how a descriptor beyond the first three is passed on.
    let script = format!("exec 7>&1 8>&1 9>&1; exec {} run --tiering auto app.wasm", env!("CARGO_BIN_EXE_glowplug"));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).env_clear().env("HOME", context.home()).current_dir(context.work());
    command.stdin(Stdio::null()).stdout(writer).process_group(0);
    let status = command.status().expect("a shell");
    drop(command);
    assert!(status.success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut { reader }, &mut said).expect("the end, though the other process runs");
    assert_eq!(said, "hello\n");
    let pid = wait_for_running(&context);
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    // State, parent, group, session, ...; the nice value is the 17th of them.
    assert_eq!((fields[3], fields[16]), (pid.to_string().as_str(), "19"), "{stat}");
    wait_for_optimized(&context);
}

#[test]
fn a_file_that_changed_is_left_alone() {
    let context = context();
    let wasm = fs::read(context.work().join("app.wasm")).expect("a module");
    let first = context.report(["--tiering", "wait", "app.wasm"]);
    let key = &first["key"];
    // What the process in the background is told, with the digest of another module.
    let other = blake3::hash(b"other").to_hex().to_string();
    let engine = context.report(["--tiering", "off", "app.wasm"])["key"]["engine"].as_str().expect("a key").to_owned();
    let key_file = context.home().join(".local/share/glowplug/key");
    let cache = context.home().join(".cache/glowplug");
    let file = context.work().join("app.wasm");
    let mut command = context.command(["cache", "optimize", "--time", "60s", "--memory", "4GiB"]);
    command.arg("--cache-dir").arg(cache).arg("--key-file").arg(key_file);
    command.args(["--module", &other, "--engine", &engine]).arg(file);
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(stderr(&output), "", "it speaks to its log");
    let jobs = jobs(&context);
    let why = jobs[0]["why"].as_str().expect("a reason");
    assert!(why.contains("the wasm is not the one"), "{why}");
    assert_eq!(fs::read(context.work().join("app.wasm")).expect("a module"), wasm);
    assert_eq!(context.json(["cache", "ls", "--json"]).as_array().map(Vec::len), Some(2), "{key}");
}

#[test]
fn nothing_is_listed_where_nothing_is_compiled() {
    let context = Context::new();
    insta::assert_snapshot!(context.seen(["cache", "jobs"]), @"
    exit code: 0
    ----- stdout -----
    nothing is being compiled
    ");
    insta::assert_snapshot!(context.seen(["cache", "jobs", "--cache", "off"]), @"
    exit code: 1
    ----- stderr -----
    error: failed to list the jobs of the cache in [HOME]/.cache/glowplug
      because: there is no store: the cache is switched off (--cache)
    hint: only glowplug's own store can be looked into; choose it with --cache auto or --cache aot
    ");
}

/// Runs `app.wasm` with the call cache; `argument` makes another call of it.
fn called(context: &Context, tiering: &str, argument: &str) -> Value {
    context.report(["--call-cache", "on", "--tiering", tiering, "app.wasm", argument])
}

/// The call cache's code is not that of `run`: what it computes must not hang on the machine.
#[test]
fn a_module_that_is_warm_for_run_is_run_from_baseline_code_by_the_call_cache() {
    let context = context();
    assert_eq!(context.report(["app.wasm"])["outcome"], "miss");
    let first = called(&context, "auto", "1");
    assert_eq!(said(&first), three("miss", "baseline", "started"), "{first}");
    assert_eq!(
        first["call_cache"]["not_kept"],
        Value::Null,
        "baseline code computes the same, so that its result is kept: {first}"
    );
    wait_for_the_end_of_all(&context);
    let second = called(&context, "auto", "2");
    assert_eq!(said(&second), three("hit", "optimized", "-"), "{second}");
    let replayed = called(&context, "auto", "1");
    assert_eq!((&replayed["call_cache"]["outcome"], &replayed["outcome"]), (&"hit".into(), &"bypass".into()));
    // Two for the two engines, and one of baseline code.
    assert_eq!(context.json(["cache", "ls", "--json"]).as_array().map(Vec::len), Some(3));
}

#[test]
fn the_call_cache_waits_for_the_better_code_if_asked_to() {
    let context = context();
    let first = called(&context, "wait", "1");
    assert_eq!(said(&first), three("miss", "baseline", "stored"), "{first}");
    assert_eq!(said(&called(&context, "off", "2")), three("hit", "-", "-"));
}

#[test]
fn the_call_caches_code_can_be_made_ahead() {
    let context = context();
    let why = |more: &[&str]| context.run([&["cache", "why", "app.wasm"], more].concat()).status.code();
    let warmed = context.json(["cache", "warm", "--json", "app.wasm"]);
    assert_eq!((warmed.as_array().map(Vec::len), why(&[]), why(&["--call-cache"])), (Some(1), Some(0), Some(1)));
    let warmed = context.json(["cache", "warm", "--call-cache", "--json", "app.wasm"]);
    let said_of = |at: usize| (warmed[at]["outcome"].clone(), warmed[at]["for"].clone());
    assert_eq!([said_of(0), said_of(1)], [("hit".into(), Value::Null), ("miss".into(), "call-cache".into())]);
    assert_eq!((why(&[]), why(&["--call-cache"])), (Some(0), Some(0)));
    assert_eq!(said(&called(&context, "auto", "1")), three("hit", "optimized", "-"));
}
