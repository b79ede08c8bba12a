//! `glowplug test`: cases in sandboxed shells, what runs again and what does not, reports and exit codes.
#![allow(clippy::print_stderr, reason = "what is skipped is said aloud")]

mod common;

use common::{Context, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// Writes a case below `tests`.
fn case(context: &Context, name: &str, text: &str) {
    let path = context.work().join("tests").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a case");
}

/// Lets what was written grow older than a tick of the file system's clock, so that it can be proven unchanged.
fn settle() {
    std::thread::sleep(Duration::from_millis(45));
}

fn test(context: &Context, args: &[&str]) -> Output {
    context.run([&["test"], args].concat())
}

/// Runs all cases, and gives the report.
fn report(context: &Context, args: &[&str]) -> (Value, Output) {
    let output = test(context, &[&["--report-json", "report.json"], args].concat());
    let text = fs::read_to_string(context.work().join("report.json")).unwrap_or_else(|_| panic!("{output:?}"));
    (serde_json::from_str(&text).expect("JSON"), output)
}

/// `id: verdict, cache` of every case.
fn outcomes(report: &Value) -> Vec<String> {
    let cases = report["cases"].as_array().expect("a list");
    let text = |case: &Value, name: &str| case[name].as_str().expect("a text").to_owned();
    let outcome = |case: &Value| format!("{}: {}, {}", text(case, "id"), text(case, "verdict"), text(case, "cache"));
    cases.iter().map(outcome).collect()
}

/// A project of three cases, one of which reads a file.
fn project() -> Context {
    let context = Context::new();
    case(&context, "a.t", "  $ echo one\n  one\n");
    case(
        &context,
        "b.t",
        "A file beside it:\n\n  $ cat data.txt\n  data\n  $ cat missing.txt\n  cat: missing.txt: * (glob)\n  [1]\n",
    );
    case(&context, "c/c.t", "  $ exit 80\n");
    fs::write(context.work().join("tests/data.txt"), "data\n").expect("a file");
    fs::write(context.work().join("tests/other.txt"), "other\n").expect("a file");
    settle();
    context
}

#[test]
fn nothing_runs_that_cannot_have_changed() {
    if !common::tells_writers("nothing_runs_that_cannot_have_changed") {
        return;
    }
    let context = project();
    let (first, output) = report(&context, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(outcomes(&first), ["tests/a.t: passed, miss", "tests/b.t: passed, miss", "tests/c/c.t: skipped, miss"]);
    assert_eq!(first["verified_from_cache"], false);
    // The zero run: no case is even looked at.
    let (second, output) = report(&context, &["-v"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).starts_with("nothing ran: all 3 cases are proven from the cache"), "{output:?}");
    assert!(stderr(&output).contains("nothing that any case observed has changed"), "{output:?}");
    assert!(!stderr(&output).contains("replayed"), "no case was looked at: {output:?}");
    assert_eq!(second["verified_from_cache"], true);
    assert_eq!(second["run_timestamp"], first["run_timestamp"]);
    assert_eq!(outcomes(&second), ["tests/a.t: passed, hit", "tests/b.t: passed, hit", "tests/c/c.t: skipped, hit"]);
    // The same, looking at each case.
    let (third, output) = report(&context, &["--no-fast-path", "-v"]);
    assert!(stderr(&output).contains("tests/a.t: replayed"), "{output:?}");
    assert_eq!((outcomes(&third), &third["verified_from_cache"]), (outcomes(&second), &Value::Bool(true)));
    // All of them.
    let (forced, _) = report(&context, &["--force"]);
    assert_eq!(forced["cases"][0]["cache_reason"], "--force");
    assert_eq!(outcomes(&forced), outcomes(&first));
    let (bypassed, _) = report(&context, &["--no-call-cache"]);
    assert_eq!(outcomes(&bypassed)[0], "tests/a.t: passed, bypass");
}

#[test]
fn a_zero_run_makes_no_engine_and_starts_no_thread() {
    if !common::tells_writers("a_zero_run_makes_no_engine_and_starts_no_thread") {
        return;
    }
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: there is no strace");
        return;
    }
    let context = project();
    assert!(test(&context, &[]).status.success());
    let mut traced = std::process::Command::new("strace");
    traced.args(["-f", "-o", "trace", env!("CARGO_BIN_EXE_glowplug"), "test"]);
    traced.env_clear().env("HOME", context.home()).current_dir(context.work());
    let output = traced.output().expect("strace starts");
    if !output.status.success() {
        eprintln!("skipped: strace may not trace here: {}", stderr(&output));
        return;
    }
    let trace = fs::read_to_string(context.work().join("trace")).expect("a trace");
    let starts = ["clone(", "clone3(", "fork("].into_iter().find(|call| trace.contains(call));
    assert_eq!(starts, None, "it starts a thread or a process");
    assert!(!trace.contains("a.t\", O_RDONLY"), "it reads a case");
    assert!(!trace.contains("artifacts"), "it looks for native code");
}

#[test]
fn only_what_reads_a_file_runs_when_it_changes() {
    let context = project();
    report(&context, &[]);
    fs::write(context.work().join("tests/other.txt"), "changed\n").expect("a file");
    let (unread, _) = report(&context, &[]);
    assert_eq!(unread["verified_from_cache"], true, "nobody read that file: {unread}");
    fs::write(context.work().join("tests/data.txt"), "changed\n").expect("a file");
    let (changed, output) = report(&context, &[]);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    assert_eq!(outcomes(&changed), ["tests/a.t: passed, hit", "tests/b.t: failed, miss", "tests/c/c.t: skipped, hit"]);
    let reason = changed["cases"][1]["cache_reason"].as_str().expect("a reason");
    assert!(reason.starts_with("content of tests/data.txt changed from"), "{reason}");
    assert!(stdout(&output).contains("-   data") || stdout(&output).contains("-  data"), "{output:?}");
    fs::write(context.work().join("tests/data.txt"), "data\n").expect("a file");
    fs::write(context.work().join("tests/missing.txt"), "").expect("a file");
    let (appeared, _) = report(&context, &[]);
    assert_eq!(outcomes(&appeared)[1], "tests/b.t: failed, miss");
    fs::remove_file(context.work().join("tests/missing.txt")).expect("removed");
    let (back, output) = report(&context, &[]);
    assert_eq!((output.status.code(), outcomes(&back)[1].as_str()), (Some(0), "tests/b.t: passed, hit"));
}

#[test]
fn a_failed_case_is_not_kept_and_ends_the_proof() {
    let context = project();
    report(&context, &[]);
    case(&context, "a.t", "  $ echo one\n  two\n");
    for _ in 0..2 {
        let (failed, output) = report(&context, &[]);
        assert_eq!(output.status.code(), Some(100));
        assert_eq!(outcomes(&failed)[0], "tests/a.t: failed, miss");
        assert_eq!(failed["cases"][0]["cache_reason"], "what is expected has changed");
    }
    case(&context, "a.t", "  $ echo one\n  o?e (glob)\n");
    let (expected, _) = report(&context, &[]);
    assert_eq!(outcomes(&expected)[0], "tests/a.t: passed, hit", "only what is expected was edited: nothing runs");
}

#[test]
fn new_and_removed_cases_are_noticed() {
    let context = project();
    report(&context, &[]);
    settle();
    case(&context, "c/d.t", "  $ echo new\n  new\n");
    let (more, _) = report(&context, &[]);
    assert_eq!(outcomes(&more)[3], "tests/c/d.t: passed, miss");
    settle();
    report(&context, &[]);
    fs::remove_file(context.work().join("tests/c/d.t")).expect("removed");
    assert_eq!(outcomes(&report(&context, &[]).0).len(), 3);
    context.write("glowplug.toml", "[test]\npaths = [\"tests/c\"]\n");
    assert_eq!(outcomes(&report(&context, &[]).0), ["tests/c/c.t: skipped, hit"]);
}

#[test]
fn verify_only_executes_nothing() {
    let context = project();
    let output = test(&context, &["--verify-only"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("tests/a.t: it never ran"), "{output:?}");
    assert!(stdout(&output).ends_with("3 of 3 cases would have to run\n"), "{output:?}");
    test(&context, &[]);
    assert_eq!(test(&context, &["--verify-only"]).status.code(), Some(0));
    assert_eq!(test(&context, &["--verify-only", "--no-fast-path"]).status.code(), Some(0));
    fs::write(context.work().join("tests/data.txt"), "changed\n").expect("a file");
    let (report, output) = report(&context, &["--verify-only"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("tests/b.t: content of tests/data.txt changed from"), "{output:?}");
    assert_eq!(report["verified_from_cache"], false);
}

#[test]
fn update_writes_what_was_observed() {
    let context = project();
    case(&context, "new.t", "A comment.\n\n  $ printf 'a\\nb'\n  $ false\n  $ echo $((1 + 1)) >&2\n  3\n");
    let output = test(&context, &["--update"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("UPDATED tests/new.t"), "{output:?}");
    assert!(stdout(&output).contains("1 case updated"), "{output:?}");
    let text = fs::read_to_string(context.work().join("tests/new.t")).expect("the case");
    assert_eq!(
        text,
        "A comment.\n\n  $ printf 'a\\nb'\n  a\n  b (no-eol)\n  $ false\n  [1]\n  $ echo $((1 + 1)) >&2\n  2\n"
    );
    assert_eq!(test(&context, &[]).status.code(), Some(0));
}

#[test]
fn sessions_see_the_project_and_change_nothing() {
    let context = project();
    case(
        &context,
        "see.t",
        "  $ cat data.txt \"$TESTDIR/data.txt\"\n  data\n  data\n  $ cp \"$TESTDIR/other.txt\" . && cat other.txt\n  other\n  \
         $ echo changed > data.txt; rm other.txt; mkdir new; cat data.txt\n  changed\n  $ ls\n  a.t\n  b.t\n  c\n  data.txt\n  new\n  see.t\n  \
         $ echo x > \"$TESTDIR/x\"\n  * (glob)\n  [1]\n  $ echo $TESTFILE\n  see.t\n  $ echo temporary > $TMPDIR/t && cat /tmp/t\n  temporary\n  \
         $ ls /home /etc\n  ls: * (glob)\n  ls: * (glob)\n  [2]\n  $ env | grep -c SECRET\n  0\n  [1]\n",
    );
    let mut command = context.command(["test", "tests/see.t"]);
    let output = command.env("SECRET", "1").output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(fs::read_to_string(context.work().join("tests/data.txt")).expect("there"), "data\n");
    assert!(context.work().join("tests/other.txt").exists() && !context.work().join("tests/new").exists());
}

#[test]
fn a_case_from_elsewhere_is_a_project_of_its_own() {
    let (context, elsewhere) = (Context::new(), Context::new());
    case(&elsewhere, "a.t", "  $ echo $TESTDIR; ls $TESTDIR\n  /src\n  a.t\n");
    let path = elsewhere.work().join("tests/a.t");
    let output = test(&context, &[path.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn a_program_beside_the_case_is_an_input() {
    let context = Context::new();
    let program = |text: &str| wat::parse_str(common::greeting(text)).expect("a module");
    case(&context, "own.t", "  $ ./own.wasm\n  one\n");
    fs::write(context.work().join("tests/own.wasm"), program("one")).expect("a program");
    settle();
    assert_eq!(test(&context, &[]).status.code(), Some(0), "{:?}", test(&context, &[]));
    assert!(stdout(&test(&context, &[])).starts_with("nothing ran"));
    fs::write(context.work().join("tests/own.wasm"), program("two")).expect("a program");
    let (changed, output) = report(&context, &[]);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    let reason = changed["cases"][0]["cache_reason"].as_str().expect("a reason");
    assert!(reason.contains("content of tests/own.wasm changed from"), "{reason}");
}

#[test]
fn clocks_and_chance_are_the_same_each_time() {
    let context = Context::new();
    case(
        &context,
        "time.t",
        "  $ date -u +%Y-%m-%d\n  2000-01-01\n  $ echo $RANDOM $RANDOM; head -c 4 /dev/urandom | od -An -tx1\n",
    );
    assert_eq!(test(&context, &["--update"]).status.code(), Some(0));
    let text = fs::read_to_string(context.work().join("tests/time.t")).expect("the case");
    assert_eq!(test(&context, &["--force"]).status.code(), Some(0), "again the same: {text}");
    let (report, output) = report(&context, &["--no-deterministic"]);
    assert_eq!(output.status.code(), Some(100));
    let reason = report["cases"][0]["cache_reason"].as_str().expect("a reason");
    assert!(
        reason == "it never ran" || reason.contains("--no-deterministic") || reason.contains("deterministic"),
        "{reason}"
    );
    case(&context, "time.t", "  $ date -u +%Y > /dev/null\n");
    let bypassed = |_| {
        let output = test(&context, &["--no-deterministic", "--report-json", "r.json"]);
        let text = fs::read_to_string(context.work().join("r.json")).expect("a report");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        (output.status.code(), report["cases"][0]["cache"].clone(), report["cases"][0]["cache_reason"].clone())
    };
    for round in 0..2 {
        let (code, cache, reason) = bypassed(round);
        assert_eq!((code, cache), (Some(0), Value::from("bypass")));
        assert!(reason.as_str().is_some_and(|reason| reason.contains("it read the clock")), "{reason}");
    }
}

#[test]
fn a_flaky_case_is_marked_and_never_kept() {
    let context = Context::new();
    // With native programs that are free a case can reach a file outside, which is how one gets flaky.
    let script = context.write("flaky.sh", "#!/bin/sh\nif [ -e \"$(dirname \"$0\")/marker\" ]; then echo good; else touch \"$(dirname \"$0\")/marker\"; echo bad; fi\n");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("chmod");
    let name = &format!("{}=free", script.display());
    case(&context, "flaky.t", "  $ flaky.sh\n  good\n");
    let (report, output) = report(&context, &["--allow-native", name, "--retries", "1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(outcomes(&report), ["tests/flaky.t: flaky, bypass"]);
    assert!(stdout(&output).contains("FLAKY tests/flaky.t"), "{output:?}");
    assert_eq!(report["cases"][0]["attempts"].as_array().map(Vec::len), Some(2));
    let output = test(&context, &["--allow-native", name, "-v"]);
    assert!(!stdout(&output).contains("nothing ran"), "{output:?}");
}

#[test]
fn a_case_that_takes_too_long_is_ended() {
    let context = Context::new();
    case(&context, "slow.t", "  $ echo begun\n  begun\n  $ while :; do :; done\n");
    let (report, output) = report(&context, &["--timeout", "500ms"]);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    assert_eq!(outcomes(&report), ["tests/slow.t: timed-out, miss"]);
    assert!(stdout(&output).contains("the step at line 3 did not end within 500ms"), "{output:?}");
}

#[test]
fn modes_settings_and_directives_decide_what_is_cached() {
    let context = Context::new();
    case(&context, "plain.t", "  $ echo a\n  a\n");
    case(&context, "yes.t", "#!glowplug: cacheable\n  $ echo a\n  a\n");
    case(&context, "no.t", "#!glowplug: not-cacheable\n  $ echo a\n  a\n");
    let cached = |args: &[&str]| {
        report(&context, args);
        let (second, _) = report(&context, args);
        outcomes(&second)
            .into_iter()
            .map(|line| line.split(", ").last().expect("a word").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(cached(&[]), ["bypass", "hit", "hit"]);
    assert_eq!(cached(&["--call-cache", "explicit"]), ["bypass", "bypass", "hit"]);
    assert_eq!(cached(&["--call-cache", "off"]), ["bypass", "bypass", "bypass"]);
    context.write("glowplug.toml", "[test]\ncacheable = false\n");
    assert_eq!(cached(&[]), ["bypass", "bypass", "hit"]);
}

#[test]
fn settings_give_variables_inputs_and_limits() {
    let context = Context::new();
    case(&context, "env.t", "  $ echo $GREETING $PASSED\n  hello passed\n");
    context.write(
        "glowplug.toml",
        "[test]\ninputs = [\"extra/*\"]\npass-env = [\"PASSED\"]\n[test.env]\nGREETING = \"hello\"\n",
    );
    fs::create_dir(context.work().join("extra")).expect("a folder");
    fs::write(context.work().join("extra/in"), "1").expect("a file");
    settle();
    let run = |passed: &str| {
        let mut command = context.command(["test", "--report-json", "report.json"]);
        let output = command.env("PASSED", passed).output().expect("the program starts");
        let text = fs::read_to_string(context.work().join("report.json")).expect("a report");
        (output.status.code(), serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    assert_eq!(run("passed").0, Some(0));
    assert_eq!(run("passed").1["verified_from_cache"], true);
    let (code, changed) = run("other");
    assert_eq!(
        (code, changed["cases"][0]["cache_reason"].as_str()),
        (Some(100), Some("environment PASSED changed from `passed` to `other`"))
    );
    assert_eq!(run("passed").0, Some(0));
    fs::write(context.work().join("extra/in"), "2").expect("a file");
    let (_, changed) = run("passed");
    let reason = changed["cases"][0]["cache_reason"].as_str().expect("a reason").to_owned();
    assert!(reason.starts_with("input extra/in changed"), "{reason}");
}

#[test]
fn a_random_edit_runs_what_a_fresh_run_would_change() {
    // Cases that each read two of eight files; after every edit the cached verdicts must be those of a run without a cache.
    let context = Context::new();
    let name = |number: usize| format!("f{number}.txt");
    for number in 0..8 {
        case(&context, &name(number), "0\n");
    }
    for number in 0..8 {
        let other = (number * 3 + 1) % 8;
        case(&context, &format!("case{number}.t"), &format!("  $ cat f{number}.txt f{other}.txt\n  0\n  0\n"));
    }
    let verdicts = |args: &[&str]| -> Vec<String> {
        let (report, _) = report(&context, &[&["--no-fail-fast"], args].concat());
        outcomes(&report).into_iter().map(|line| line.split(", ").next().expect("a word").to_owned()).collect()
    };
    let mut seed = 7_usize;
    for round in 0..12 {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        case(&context, &name((seed >> 16) % 8), ["0\n", "1\n"][(seed >> 20) % 2]);
        if round % 3 == 0 {
            settle();
        }
        assert_eq!(verdicts(&[]), verdicts(&["--no-call-cache"]), "round {round}");
    }
}

#[test]
fn exit_codes_and_messages() {
    let context = Context::new();
    assert_eq!(test(&context, &[]).status.code(), Some(4), "there is no case");
    let output = test(&context, &["none.t"]);
    assert_eq!(output.status.code(), Some(104), "{output:?}");
    assert!(stderr(&output).contains("none.t"), "{output:?}");
    context.write("glowplug.toml", "[test]\ntimeuot = \"1s\"\n");
    let output = test(&context, &[]);
    assert_eq!(output.status.code(), Some(96), "{output:?}");
    assert!(stderr(&output).contains("glowplug.toml:2:1") && stderr(&output).contains("timeout"), "{output:?}");
    fs::remove_file(context.work().join("glowplug.toml")).expect("removed");
    case(&context, "a.t", "  $ echo a\n  a\n");
    assert_eq!(stdout(&test(&context, &["--list"])), "tests/a.t\n");
    assert_eq!(test(&context, &["-k", "nothing"]).status.code(), Some(4));
    let output = test(&context, &["--report-json", "no/such/folder/report.json"]);
    assert_eq!(output.status.code(), Some(110), "{output:?}");
    assert_eq!(test(&context, &["--update", "--verify-only"]).status.code(), Some(2));
}

#[test]
fn junit_marks_what_came_from_the_cache() {
    let context = project();
    case(&context, "fail.t", "  $ echo a\n  b\n");
    test(&context, &["--junit", "junit.xml", "--no-fail-fast"]);
    test(&context, &["--junit", "junit.xml", "--no-fail-fast"]);
    let xml = fs::read_to_string(context.work().join("junit.xml")).expect("a report");
    assert!(xml.contains("tests/fail.t") && xml.contains("<failure"), "{xml}");
    assert!(xml.contains("glowplug.cache") && xml.contains("hit"), "{xml}");
}

#[test]
fn the_first_failure_stops_the_run_unless_asked_otherwise() {
    let context = Context::new();
    for name in ["a", "b", "c", "d"] {
        case(&context, &format!("{name}.t"), "  $ echo a\n  b\n");
    }
    let failed = |args: &[&str]| report(&context, &[&["-j", "1"], args].concat()).0["counts"]["failed"].clone();
    assert_eq!(failed(&[]), 1);
    assert_eq!(failed(&["--max-fail", "2"]), 2);
    assert_eq!(failed(&["--no-fail-fast"]), 4);
}

#[test]
fn a_store_that_cannot_be_used_is_no_reason_not_to_run() {
    let context = project();
    context.configure("dir = \"/proc/none\"\n");
    let output = test(&context, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stderr(&output).contains("nothing is cached"), "{output:?}");
}

#[test]
fn sample_cases_of_the_harness_pass_in_the_embedded_shell() {
    let context = Context::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("host/harness/tests/cases");
    copy(&samples, &context.work().join("tests"));
    let (report, output) = report(&context, &["--no-fail-fast"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(report["cases"].as_array().is_some_and(|cases| cases.len() >= 20), "{report}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}
