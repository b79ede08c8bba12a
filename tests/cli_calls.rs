//! `glowplug run --call-cache`: one test for each kind of input that a run observes and of output that it has; what is never
//! kept; and a random comparison of replayed with fresh runs.

mod common;

use common::{Context, files, stderr, stdout};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// The options of every call here: cached, and given the folder `data`.
const CALL: [&str; 7] = ["run", "--call-cache", "on", "--deterministic", "--report-file", "report.json", "--dir"];

/// A context with a folder `data`, and the probe.
fn context() -> Context {
    let context = Context::new();
    context.probe();
    fs::create_dir(context.work().join("data")).expect("a folder");
    context
}

fn arguments<'a>(probe: &[&'a str]) -> Vec<&'a str> {
    [&CALL[..], &["data", "probe.wasm"], probe].concat()
}

/// Runs the probe, and says what became of the call cache: `hit`, or `miss` with its reason.
fn call_with(context: &Context, command: &mut Command) -> (String, Output) {
    let output = command.output().expect("the program starts");
    (outcome(context), output)
}

/// What the last report says of the call cache.
fn outcome(context: &Context) -> String {
    let report = fs::read_to_string(context.work().join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let call = &report["call_cache"];
    let text = |name: &str| call[name].as_str().map(str::to_owned);
    let outcome = text("outcome").unwrap_or_else(|| panic!("no call cache in {report}"));
    let not_kept = text("not_kept").map_or_else(String::new, |why| format!("; not kept: {why}"));
    outcome + &text("reason").map_or_else(String::new, |reason| format!(": {reason}")) + &not_kept
}

fn call(context: &Context, probe: &[&str]) -> (String, Output) {
    call_with(context, &mut context.command(arguments(probe)))
}

/// What is printed, and everything below `data`, with permissions.
fn effects(context: &Context, output: &Output) -> String {
    let data = context.work().join("data");
    let mut text = format!("{:?} {:?} {:?}\n", output.status.code(), stdout(output), stderr(output));
    for path in files(&data) {
        let found = fs::symlink_metadata(&path).expect("there");
        let contents = fs::read(&path).unwrap_or_default();
        let name = path.strip_prefix(&data).expect("below it").display().to_string();
        text += &format!("{name} {:o} {contents:?}\n", found.permissions().mode());
    }
    text
}

fn data(context: &Context, name: &str) -> std::path::PathBuf {
    context.work().join("data").join(name)
}

/// Lets what was written grow older than a tick of the file system's clock.
fn settle() {
    std::thread::sleep(Duration::from_millis(45));
}

/// A kind of input: as it was it is a hit; changed, a miss that says what; changed back, a hit again.
fn input(prepare: fn(&Path), probe: &[&str], change: fn(&Path), back: fn(&Path), says: &str) {
    let context = context();
    let folder = context.work().join("data");
    prepare(&folder);
    settle();
    let (first, fresh) = call(&context, probe);
    assert_eq!(first, "miss: it never ran", "{fresh:?}");
    let (second, replayed) = call(&context, probe);
    assert_eq!(second, "hit", "{replayed:?}");
    assert_eq!(effects(&context, &replayed), effects(&context, &fresh));
    change(&folder);
    let (third, _) = call(&context, probe);
    assert!(third.starts_with("miss: ") && third.contains(says), "{third:?} does not say {says:?}");
    back(&folder);
    let (fourth, again) = call(&context, probe);
    assert_eq!(fourth, "hit", "{again:?}");
    assert_eq!(stdout(&again), stdout(&fresh));
}

fn put(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("written");
}

fn link(folder: &Path, target: &str) {
    let _ = fs::remove_file(folder.join("link"));
    std::os::unix::fs::symlink(target, folder.join("link")).expect("a link");
}

#[test]
fn input_contents() {
    input(
        |folder| put(folder, "in", "one"),
        &["cat", "data/in"],
        |folder| put(folder, "in", "two"),
        |folder| put(folder, "in", "one"),
        "content of data/in changed from",
    );
}

#[test]
fn input_a_file_that_is_not_there() {
    input(
        |_| {},
        &["stat", "data/in"],
        |folder| put(folder, "in", ""),
        |folder| fs::remove_file(folder.join("in")).expect("removed"),
        "data/in changed from missing",
    );
}

#[test]
fn input_a_listing() {
    input(
        |folder| put(folder, "a", ""),
        &["ls", "data"],
        |folder| put(folder, "b", ""),
        |folder| fs::remove_file(folder.join("b")).expect("removed"),
        "listing of data changed",
    );
}

#[test]
fn input_what_stat_says() {
    input(
        |folder| put(folder, "in", "one"),
        &["stat", "data/in"],
        |folder| put(folder, "in", "three"),
        |folder| put(folder, "in", "one"),
        "size of data/in changed from 3",
    );
}

#[test]
fn input_where_a_link_leads() {
    input(
        |folder| link(folder, "a"),
        &["readlink", "data/link"],
        |folder| link(folder, "b"),
        |folder| link(folder, "a"),
        "target of the link data/link changed from",
    );
}

#[test]
fn input_what_is_behind_a_link() {
    input(
        |folder| {
            put(folder, "a", "one");
            put(folder, "b", "two");
            link(folder, "a");
        },
        &["cat", "data/link"],
        |folder| link(folder, "b"),
        |folder| link(folder, "a"),
        "data/link",
    );
}

#[test]
fn input_what_is_appended_to() {
    let context = context();
    put(&context.work().join("data"), "log", "one,");
    settle();
    let (first, _) = call(&context, &["append", "data/log", "more,"]);
    assert_eq!(first, "miss: it never ran");
    assert_eq!(fs::read_to_string(data(&context, "log")).expect("read"), "one,more,");
    put(&context.work().join("data"), "log", "one,");
    let (second, _) = call(&context, &["append", "data/log", "more,"]);
    assert_eq!(second, "hit");
    assert_eq!(fs::read_to_string(data(&context, "log")).expect("read"), "one,more,");
    // What it appended to is what it observed: it is longer now.
    let (third, _) = call(&context, &["append", "data/log", "more,"]);
    assert!(third.starts_with("miss: "), "{third}");
    assert_eq!(fs::read_to_string(data(&context, "log")).expect("read"), "one,more,more,");
}

#[test]
fn input_standard_input() {
    let context = context();
    let piped = |probe: &[&str], text: &str| {
        let mut child = context
            .command(arguments(probe))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        (outcome(&context), stdout(&output))
    };
    assert_eq!(piped(&["stdin"], "abc"), ("miss: it never ran".to_owned(), "abc".to_owned()));
    assert_eq!(piped(&["stdin"], "abc"), ("hit".to_owned(), "abc".to_owned()));
    let (outcome, said) = piped(&["stdin"], "abcd");
    assert!(outcome.starts_with("miss: standard input changed from"), "{outcome}");
    assert_eq!(said, "abcd");
    assert_eq!(piped(&["stdin"], "abc").0, "hit");
    // What was not read does not count.
    assert_eq!(
        piped(&["take", "2"], "abc"),
        (
            "miss: argument 1 changed from `stdin` to `take`; argument 2 changed from nothing to `2`".to_owned(),
            "ab".to_owned()
        )
    );
    assert_eq!(piped(&["take", "2"], "abX"), ("hit".to_owned(), "ab".to_owned()));
    assert!(piped(&["take", "2"], "aXc").0.starts_with("miss: standard input"));
}

#[test]
fn input_standard_input_is_left_where_the_run_left_it() {
    let context = context();
    let input = context.write("input", "abcdef");
    for expected in ["miss: it never ran", "hit"] {
        let mut file = File::open(&input).expect("opened");
        let own = file.try_clone().expect("another handle of the same open file");
        let (outcome, output) = call_with(&context, context.command(arguments(&["take", "2"])).stdin(own));
        assert_eq!((outcome.as_str(), stdout(&output).as_str()), (expected, "ab"));
        let mut rest = String::new();
        file.read_to_string(&mut rest).expect("read");
        assert_eq!(rest, "cdef", "after a {expected}");
    }
}

#[test]
fn input_arguments_environment_module_folders_and_limits() {
    let context = context();
    let with = |options: &[&str], probe: &[&str]| {
        let args = [&CALL[..6], options, &["probe.wasm"], probe].concat();
        call_with(&context, &mut context.command(args)).0
    };
    let base: &[&str] = &["--env", "LANG=C", "--dir", "data"];
    assert_eq!(with(base, &["args", "a"]), "miss: it never ran");
    assert_eq!(with(base, &["args", "a"]), "hit");
    assert_eq!(with(base, &["args", "b"]), "miss: argument 2 changed from `a` to `b`");
    assert_eq!(with(base, &["args", "a"]), "hit");
    let other = &["--env", "LANG=en", "--dir", "data"];
    assert_eq!(with(other, &["args", "b"]), "miss: environment LANG changed from `C` to `en`");
    let more = &["--env", "LANG=en", "--dir", "data", "--max-memory", "64MiB"];
    assert_eq!(with(more, &["args", "b"]), "miss: --max-memory changed from nothing to `67108864`");
    let none: &[&str] = &["--env", "LANG=C"];
    assert!(with(none, &["args", "a"]).contains("folder data changed"), "a folder less");
    assert_eq!(with(base, &["args", "a"]), "hit");
    // Another module under the same name.
    let mut wasm = fs::read(context.work().join("probe.wasm")).expect("read");
    wasm.extend_from_slice(&[0, 5, 4, b'm', b'o', b'r', b'e']);
    let before = fs::read(context.work().join("probe.wasm")).expect("read");
    context.write("probe.wasm", wasm);
    assert!(with(base, &["args", "a"]).starts_with("miss: module changed from"), "another module");
    context.write("probe.wasm", before);
    assert_eq!(with(base, &["args", "a"]), "hit", "and back");
}

#[test]
fn input_edited_in_the_same_tick() {
    let context = context();
    // The first of all is a compilation, which would give the clock time to tick.
    call(&context, &["cat", "data/none"]);
    for round in 0..10 {
        let name = data(&context, "in");
        fs::write(&name, format!("{round}a")).expect("written");
        let (_, fresh) = call(&context, &["cat", "data/in"]);
        assert_eq!(stdout(&fresh), format!("{round}a"));
        fs::write(&name, format!("{round}b")).expect("written");
        let (_, next) = call(&context, &["cat", "data/in"]);
        assert_eq!(stdout(&next), format!("{round}b"));
    }
}

#[test]
fn input_edited_while_it_is_read() {
    let context = context();
    put(&context.work().join("data"), "in", "before");
    settle();
    call(&context, &["hello"]);
    let probe =
        ["cat", "data/in", "then", "write", "data/began", "", "then", "sleep", "700", "then", "cat", "data/other"];
    put(&context.work().join("data"), "other", "other");
    let child = context.command(arguments(&probe)).stdout(Stdio::piped()).spawn().expect("the program starts");
    std::thread::sleep(Duration::from_millis(350));
    put(&context.work().join("data"), "in", "during");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(stdout(&output), "beforeother");
    let outcome = outcome(&context);
    assert!(outcome.contains("not kept") && outcome.contains("data/in changed while it ran"), "{outcome}");
    let (next, output) = call(&context, &probe);
    assert!(next.starts_with("miss: "), "{next}");
    assert_eq!(stdout(&output), "duringother");
}

/// A kind of output: a replayed run leaves what a fresh one leaves.
fn output(prepare: fn(&Path), probe: &[&str]) -> Context {
    let context = context();
    let folder = context.work().join("data");
    prepare(&folder);
    settle();
    let (first, fresh) = call(&context, probe);
    assert_eq!(first, "miss: it never ran", "{fresh:?}");
    let expected = effects(&context, &fresh);
    fs::remove_dir_all(&folder).expect("removed");
    fs::create_dir(&folder).expect("a folder");
    prepare(&folder);
    let (second, replayed) = call(&context, probe);
    assert_eq!(second, "hit", "{replayed:?}");
    assert_eq!(effects(&context, &replayed), expected);
    context
}

#[test]
fn output_standard_output_and_error_in_their_order() {
    output(|_| {}, &["both"]);
    let context = context();
    let probe = &["both", "then", "both"];
    let joined = || {
        let (read, write) = std::io::pipe().expect("a pipe");
        let mut command = context.command(arguments(probe));
        command.stdout(write.try_clone().expect("a handle")).stderr(write);
        let mut child = command.spawn().expect("the program starts");
        drop(command);
        let mut text = String::new();
        { read }.read_to_string(&mut text).expect("read");
        child.wait().expect("it ends");
        text
    };
    let fresh = joined();
    assert_eq!(fresh.lines().count(), 4);
    assert_eq!((outcome(&context).as_str(), joined()), ("miss: it never ran", fresh));
    assert_eq!(outcome(&context), "hit");
}

#[test]
fn output_an_exit_code() {
    let context = context();
    let failing = |options: &[&str]| {
        let args = [&CALL[..6], options, &["probe.wasm", "exit", "3"]].concat();
        call_with(&context, &mut context.command(args))
    };
    for _ in 0..2 {
        let (outcome, output) = failing(&[]);
        assert!(outcome.contains("not kept: it failed with exit code 3"), "{outcome}");
        assert_eq!(output.status.code(), Some(3));
    }
    failing(&["--cache-failures"]);
    let (outcome, output) = failing(&["--cache-failures"]);
    assert_eq!((outcome.as_str(), output.status.code()), ("hit", Some(3)));
}

#[test]
fn output_a_new_file() {
    output(|_| {}, &["write", "data/out", "text"]);
}

#[test]
fn output_a_replaced_file() {
    output(|folder| put(folder, "out", "before"), &["write", "data/out", "after"]);
}

#[test]
fn output_a_folder_with_files() {
    output(|_| {}, &["mkdir", "data/new", "then", "write", "data/new/a", "1", "then", "write", "data/new/b", "2"]);
}

#[test]
fn output_a_removed_file() {
    output(|folder| put(folder, "in", "x"), &["remove", "data/in"]);
}

#[test]
fn output_a_renamed_file() {
    output(|folder| put(folder, "in", "x"), &["rename", "data/in", "data/out"]);
}

#[test]
fn output_a_large_file() {
    let large = "x".repeat(100_000);
    let context = output(|_| {}, &["write", "data/out", &large]);
    assert_eq!(fs::read_to_string(data(&context, "out")).expect("read").len(), large.len());
}

#[test]
fn output_goes_through_the_policy_again() {
    let context = context();
    let probe = ["write", "data/out", "text"];
    call(&context, &probe);
    // The folder cannot be written to now: neither can a replay, which then is none.
    let folder = context.work().join("data");
    fs::remove_file(folder.join("out")).expect("removed");
    fs::write(folder.join("out.d"), "").expect("written");
    fs::create_dir(folder.join("out")).expect("a folder where a file is to be");
    let (outcome, output) = call(&context, &probe);
    assert!(outcome.starts_with("miss: "), "{outcome}");
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert!(folder.join("out").is_dir());
}

#[test]
fn a_touched_result_is_not_replayed_and_says_so() {
    let context = context();
    let large = "x".repeat(100_000);
    call(&context, &["write", "data/out", &large]);
    let outputs = files(&context.home().join(".cache/glowplug/calls/v1/outputs"));
    assert_eq!(outputs.len(), 1, "{outputs:?}");
    let mut bytes = fs::read(&outputs[0]).expect("read");
    bytes[5] = b'y';
    fs::write(&outputs[0], bytes).expect("written");
    fs::remove_file(data(&context, "out")).expect("removed");
    let (outcome, _) = call(&context, &["write", "data/out", &large]);
    assert!(outcome.contains("was changed since"), "{outcome}");
    assert_eq!(fs::read_to_string(data(&context, "out")).expect("read"), large);
}

#[test]
fn what_used_the_clock_or_chance_is_not_kept() {
    let context = context();
    for (probe, why) in [("time", "it read the clock"), ("random", "random")] {
        let args = ["run", "--call-cache", "on", "--report-file", "report.json", "probe.wasm", probe];
        for _ in 0..2 {
            let (outcome, _) = call_with(&context, &mut context.command(args));
            assert!(outcome.starts_with("miss: ") && outcome.contains(why), "{outcome}");
            assert!(outcome.contains("--deterministic"), "{outcome}");
        }
        let (_, fresh) = call(&context, &[probe]);
        let (outcome, replayed) = call(&context, &[probe]);
        assert_eq!((outcome.as_str(), stdout(&replayed)), ("hit", stdout(&fresh)));
    }
}

#[test]
fn what_trapped_or_ran_out_of_time_is_not_kept() {
    let context = context();
    for _ in 0..2 {
        let (outcome, output) = call(&context, &["trap"]);
        assert!(outcome.contains("not kept: it trapped"), "{outcome}");
        assert_eq!(output.status.code(), Some(134));
    }
    let args =
        [&CALL[..6], &["--timeout", "200ms", "--dir", "data", "probe.wasm", "write", "data/out", "x", "then", "spin"]]
            .concat();
    let (outcome, output) = call_with(&context, &mut context.command(args));
    assert!(outcome.contains("not kept: it was ended by its time limit"), "{outcome}");
    assert_eq!(output.status.code(), Some(124));
    assert!(!data(&context, "out").exists(), "what it wrote before is not left behind");
}

#[test]
fn modes_decide_which_runs_are_looked_for() {
    let context = context();
    let outcome_of = |options: &[&str]| {
        let args = [&["run", "--report-file", "report.json"], options, &["probe.wasm"]].concat();
        let output = context.run(args);
        assert!(output.status.success(), "{output:?}");
        let report = fs::read_to_string(context.work().join("report.json")).expect("a report");
        let report: Value = serde_json::from_str(&report).expect("JSON");
        report["call_cache"]["outcome"].as_str().map(str::to_owned)
    };
    assert_eq!(outcome_of(&[]), None, "off by default");
    assert_eq!(outcome_of(&["--cacheable"]), None);
    assert_eq!(outcome_of(&["--call-cache", "explicit"]), None);
    assert_eq!(outcome_of(&["--call-cache", "explicit", "--cacheable"]).as_deref(), Some("miss"));
    assert_eq!(outcome_of(&["--call-cache", "on"]).as_deref(), Some("hit"), "a mode is no part of the key");
    assert_eq!(outcome_of(&["--no-call-cache"]), None);
    context.configure("call-cache = \"on\"\n");
    assert_eq!(outcome_of(&[]).as_deref(), Some("hit"));
    assert_eq!(outcome_of(&["--no-call-cache"]), None);
    assert_eq!(outcome_of(&["--cache", "off"]).as_deref(), Some("bypass"));
}

#[test]
fn components_and_functions_are_a_bypass_with_the_reason() {
    let context = context();
    let component = context.probe_component();
    let args = ["run", "--call-cache", "on", "--report-file", "report.json", component];
    let (outcome, output) = call_with(&context, &mut context.command(args));
    assert_eq!(
        (outcome.as_str(), stdout(&output).as_str()),
        ("bypass: it is a component, whose calls are not traced", "hello from WebAssembly\n")
    );
    // What cannot be done is not silently left undone.
    let output = context.run(["run", "--call-cache", "on", "--deterministic", component]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("it is a component"), "{output:?}");
    let output = context.run(["run", "--deterministic", "probe.wasm"]);
    assert!(stderr(&output).contains("add --call-cache on"), "{output:?}");
    let args = ["run", "--call-cache", "on", "--report-file", "report.json", "--invoke", "add", "probe.wasm", "1", "2"];
    let (outcome, _) = call_with(&context, &mut context.command(args));
    assert!(outcome.starts_with("bypass: --invoke"), "{outcome}");
}

#[test]
fn verify_only_executes_nothing() {
    let context = context();
    let verify = || {
        context.run(
            [
                &["run", "--verify-only", "--deterministic", "--dir", "data", "probe.wasm"],
                &["write", "data/out", "x"][..],
            ]
            .concat(),
        )
    };
    let output = verify();
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), "probe.wasm: miss: it never ran\n"));
    assert!(!data(&context, "out").exists());
    call(&context, &["write", "data/out", "x"]);
    let output = verify();
    // It looked for what was not there; now that is its own result, written again.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("data/out changed from missing"), "{output:?}");
    fs::remove_file(data(&context, "out")).expect("removed");
    let output = verify();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).starts_with("probe.wasm: hit: it ran"), "{output:?}");
    assert!(!data(&context, "out").exists(), "nothing is replayed either");
}

#[test]
fn a_check_executes_again_and_names_the_first_difference() {
    let context = context();
    put(&context.work().join("data"), "in", "text\n");
    settle();
    call(&context, &["cat", "data/in"]);
    let args = [&["run", "--call-cache-check"], &CALL[3..], &["data", "probe.wasm", "cat", "data/in"]].concat();
    let output = context.run(args);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "text\n"), "{output:?}");
}

#[test]
fn reuse_and_invalidation_are_logged() {
    let context = context();
    put(&context.work().join("data"), "in", "one");
    settle();
    let log = || {
        let args = [&["-v"], &arguments(&["cat", "data/in"])[..]].concat();
        stderr(&context.run(args))
    };
    assert!(log().contains("runs: it never ran"), "{}", log());
    assert!(log().contains("replayed: none of"), "{}", log());
    put(&context.work().join("data"), "in", "two");
    let said = log();
    assert!(said.starts_with("glowplug: probe.wasm: runs: content of data/in changed from"), "{said}");
}

#[test]
fn an_upgrade_of_the_engine_keeps_results() {
    let context = context();
    call(&context, &["hello"]);
    // Every artifact is gone, as after an upgrade; the result is not, and no engine is asked.
    fs::remove_dir_all(context.store().join("artifacts")).expect("removed");
    let (outcome, output) = call(&context, &["hello"]);
    assert_eq!((outcome.as_str(), stdout(&output).as_str()), ("hit", "hello from WebAssembly\n"));
    assert!(!context.store().join("artifacts").exists(), "nothing was compiled");
}

#[test]
fn the_results_can_be_listed_explained_and_removed() {
    let context = context();
    put(&context.work().join("data"), "in", "one");
    settle();
    assert_eq!(stdout(&context.run(["cache", "calls", "ls"])), "no results are kept\n");
    call(&context, &["cat", "data/in"]);
    let listed = context.json(["cache", "calls", "ls", "--json"]);
    assert_eq!(listed[0]["call"], "probe.wasm cat data/in", "{listed}");
    let key = listed[0]["key"].as_str().expect("a key")[..8].to_owned();
    let why = || context.run(["cache", "calls", "why", &key]);
    assert_eq!(why().status.code(), Some(0), "{:?}", why());
    put(&context.work().join("data"), "in", "two");
    let output = why();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("content of data/in changed from"), "{output:?}");
    assert_eq!(context.run(["cache", "calls", "verify"]).status.code(), Some(0));
    let unknown = context.run(["cache", "calls", "why", "ffffffffffff"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("glowplug cache calls ls"), "{unknown:?}");
    assert_eq!(context.run(["cache", "calls", "clear", &key]).status.code(), Some(0));
    assert_eq!(stdout(&context.run(["cache", "calls", "ls"])), "no results are kept\n");
    call(&context, &["cat", "data/in"]);
    assert!(
        context.json(["cache", "calls", "clear", "--json"])["removed"].as_array().is_some_and(|all| !all.is_empty())
    );
    assert_eq!(context.json(["cache", "calls", "prune", "--json"])["kept_entries"], 0);
}

/// A small generator of random numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Random runs on two equal folders, one with the call cache and one without it, with random edits between them: what is printed
/// and left behind is always the same.
#[test]
fn replayed_runs_are_like_fresh_ones() {
    let (cached, fresh) = (context(), context());
    let mut random = Random(20_261_121);
    let names = ["data/a", "data/b", "data/c", "data/d"];
    let mut hits = 0;
    for round in 0..150 {
        // Edits, not all of them followed by a wait.
        for _ in 0..random.below(3) {
            let (name, text) = (random.pick(&names).to_owned(), random.pick(&["1", "2", "22"]).to_owned());
            let remove = random.below(4) == 0;
            for context in [&cached, &fresh] {
                let path = context.work().join(&name);
                if remove {
                    let _ = fs::remove_file(path);
                } else if !path.is_dir() {
                    fs::write(path, &text).expect("written");
                }
            }
        }
        let mut probe: Vec<&str> = Vec::new();
        for step in 0..=random.below(3) {
            if step > 0 {
                probe.push("then");
            }
            let (a, b) = (random.pick(&names), random.pick(&names));
            match random.below(8) {
                0 | 1 => probe.extend(["cat", a]),
                2 => probe.extend(["stat", a]),
                3 => probe.extend(["ls", "data"]),
                4 => probe.extend(["write", a, random.pick(&["1", "2"])]),
                5 => probe.extend(["append", a, "3"]),
                6 => probe.extend(["rename", a, b]),
                _ => probe.extend(["remove", a]),
            }
        }
        let args = [&CALL[..3], &["--cache-failures"], &CALL[3..], &["data", "probe.wasm"], &probe].concat();
        let (outcome, replayed) = call_with(&cached, &mut cached.command(args));
        hits += usize::from(outcome == "hit");
        let expected = fresh.run([&["run", "--dir", "data", "probe.wasm"], &probe[..]].concat());
        assert_eq!(effects(&cached, &replayed), effects(&fresh, &expected), "round {round}: {probe:?} was a {outcome}");
    }
    assert!(hits >= 10, "only {hits} hits: nothing was tested");
}
