//! `glowplug cache`: each subcommand, for people and for programs.

mod common;

use common::{Context, files, greeting, stderr, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A home whose cache holds two modules and a component.
fn warmed() -> Context {
    let context = Context::new();
    context.write("a.wat", greeting("a"));
    context.write("b.wat", greeting("b"));
    context.write("c.wat", "(component)");
    let output = context.run(["cache", "warm", "a.wat", "b.wat", "c.wat"]);
    assert!(output.status.success(), "{output:?}");
    context
}

#[test]
fn dir_says_where() {
    let context = Context::new();
    insta::assert_snapshot!(context.seen(["cache", "dir"]), @"
    exit code: 0
    ----- stdout -----
    [HOME]/.cache/glowplug
    ----- stderr -----
    glowplug: in force: nothing yet: the first start makes [HOME]/.cache/glowplug
    ");
    insta::assert_snapshot!("dir_json", context.seen(["cache", "dir", "--json"]));
    insta::assert_snapshot!(context.seen(["cache", "--cache-dir", "elsewhere", "dir"]), @"
    exit code: 0
    ----- stdout -----
    [WORK]/elsewhere
    ----- stderr -----
    glowplug: in force: nothing yet: the first start makes [WORK]/elsewhere
    ");
    assert!(files(&context.home()).is_empty(), "asking must not make anything");
}

#[test]
fn warm_compiles_once() {
    let context = Context::new();
    context.write("a.wat", greeting("a"));
    insta::assert_snapshot!("warm_twice", context.seen(["cache", "warm", "a.wat", "a.wat"]));
    let reports = context.json(["cache", "warm", "--json", "a.wat"]);
    assert_eq!((&reports[0]["outcome"], &reports[0]["tier"]), (&"hit".into(), &"local".into()));
}

#[test]
fn warm_tries_all_and_fails_for_one() {
    let context = Context::new();
    context.write("good.wat", greeting("good"));
    context.write("bad.wat", "(module (func $broken");
    context.write("text.txt", "no module");
    insta::assert_snapshot!(
        "warm_failures",
        context.seen(["cache", "warm", "bad.wat", "missing.wasm", "text.txt", "good.wat"])
    );
    assert_eq!(context.run(["cache", "why", "good.wat"]).status.code(), Some(0));
}

#[test]
fn ls_lists_what_was_compiled() {
    let context = warmed();
    let seen = context.seen(["cache", "ls"]);
    assert_eq!(seen.lines().filter(|line| line.contains(".wat")).count(), 3, "{seen}");
    let entries = context.json(["cache", "ls", "--json"]);
    let mut kinds: Vec<(String, String)> = entries
        .as_array()
        .expect("an array")
        .iter()
        .map(|entry| (entry["source"].to_string(), entry["key"]["kind"].to_string()))
        .collect();
    kinds.sort();
    let expected = [("a.wat", "module"), ("b.wat", "module"), ("c.wat", "component")];
    assert_eq!(kinds.len(), 3);
    for ((source, kind), (name, expected)) in kinds.iter().zip(expected) {
        assert!(source.contains(name) && kind.contains(expected), "{source} {kind}");
    }
    assert!(entries[0]["artifact_bytes"].as_u64() > Some(0) && entries[0]["wasmtime"].is_string());
}

#[test]
fn an_empty_cache_says_so() {
    let context = Context::new();
    insta::assert_snapshot!(context.seen(["cache", "ls"]), @"
    exit code: 0
    ----- stdout -----
    the cache is empty
    ");
    assert_eq!(context.json(["cache", "ls", "--json"]), serde_json::json!([]));
    insta::assert_snapshot!("stats_of_nothing", context.seen(["cache", "stats"]));
    insta::assert_snapshot!("verify_nothing", context.seen(["cache", "verify"]));
    insta::assert_snapshot!("clear_nothing", context.seen(["cache", "clear"]));
}

#[test]
fn stats_counts_hits_and_misses_by_reason() {
    let context = warmed();
    context.run(["cache", "warm", "a.wat"]);
    context.write("a.wat", greeting("changed"));
    context.run(["cache", "warm", "a.wat"]);
    insta::assert_snapshot!("stats", context.seen(["cache", "stats"]));
    let stats = context.json(["cache", "stats", "--json"]);
    assert_eq!(stats["hits"], serde_json::json!({ "local": 1 }));
    assert_eq!(stats["misses"], serde_json::json!({ "never-seen": 3, "module-changed": 1 }));
    assert_eq!(stats["entries"], 4);
    assert!(stats["saved_us"].as_u64() > Some(0));
}

#[test]
fn why_says_what_a_start_would_be() {
    let context = Context::new();
    context.write("a.wat", greeting("a"));
    insta::assert_snapshot!(context.seen(["cache", "why", "a.wat"]), @"
    exit code: 1
    ----- stdout -----
    a.wat: miss: never seen before
    ");
    context.run(["cache", "warm", "a.wat"]);
    insta::assert_snapshot!(context.seen(["cache", "why", "a.wat"]), @"
    exit code: 0
    ----- stdout -----
    a.wat: hit: local artifact, [SIZE]
    ");
    let why = context.json(["cache", "why", "--json", "a.wat"]);
    assert_eq!(
        (&why["outcome"], &why["reason"], &why["key"]["kind"]),
        (&"hit".into(), &None::<u8>.into(), &"module".into())
    );
    context.write("a.wat", greeting("another"));
    let why = context.json(["cache", "why", "--json", "a.wat"]);
    assert_eq!(why["reason_code"], "module-changed");
    assert!(why["reason"].as_str().expect("a reason").starts_with("module changed: "), "{why}");
    insta::assert_snapshot!(context.seen(["cache", "why", "a.wat", "--cache", "off"]), @"
    exit code: 1
    ----- stdout -----
    a.wat: bypass: the cache is switched off (--cache)
    ");
    insta::assert_snapshot!(context.seen(["cache", "why", "missing.wasm"]), @"
    exit code: 1
    ----- stderr -----
    error: failed to read missing.wasm
      because: No such file or directory (os error 2)
    hint: is the path right? Relative paths start in the current folder
    ");
}

#[test]
fn verify_finds_what_was_changed() {
    let context = warmed();
    insta::assert_snapshot!("verify_sound", context.seen(["cache", "verify"]));
    let artifact = files(&context.store())
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .expect("an artifact");
    let mut bytes = fs::read(&artifact).expect("the artifact");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(&artifact, fs::Permissions::from_mode(0o600)).expect("permissions");
    fs::write(&artifact, bytes).expect("a changed artifact");
    let output = context.run(["cache", "verify"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("1 not sound"), "{output:?}");
    let found = context.json(["cache", "verify", "--json"]);
    let problems = found["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "{found}");
    assert!(problems[0]["problem"].as_str().expect("words").starts_with("corrupt"), "{found}");
}

#[test]
fn prune_respects_the_limits_and_can_be_tried_first() {
    let context = warmed();
    context.configure("max-entries = 1");
    insta::assert_snapshot!(context.seen(["cache", "prune", "--dry-run"]).lines().last().expect("a line"), @"would remove 2 files ([SIZE]); 1 entry left ([SIZE])");
    assert_eq!(context.json(["cache", "stats", "--json"])["entries"], 3);
    let pruned = context.json(["cache", "prune", "--json"]);
    assert_eq!((&pruned["dry_run"], &pruned["kept_entries"]), (&false.into(), &1.into()));
    assert_eq!(pruned["removed"].as_array().map(Vec::len), Some(2));
    assert_eq!(context.json(["cache", "stats", "--json"])["entries"], 1);
}

#[test]
fn clear_takes_one_or_all() {
    let context = warmed();
    let cleared = context.json(["cache", "clear", "--json", "a.wat"]);
    assert_eq!(cleared["kept_entries"], 2, "{cleared}");
    insta::assert_snapshot!(context.seen(["cache", "why", "a.wat"]), @"
    exit code: 1
    ----- stdout -----
    a.wat: miss: evicted: it was compiled before and has been removed since
    ");
    assert!(context.run(["cache", "clear"]).status.success());
    assert_eq!(context.json(["cache", "stats", "--json"])["entries"], 0);
}

#[test]
fn without_a_store_there_is_nothing_to_look_into() {
    let context = Context::new();
    context.write("a.wat", greeting("a"));
    insta::assert_snapshot!("ls_off", context.seen(["cache", "ls", "--cache", "off"]));
    insta::assert_snapshot!("stats_wasmtime", context.seen(["cache", "stats", "--cache", "wasmtime"]));
    insta::assert_snapshot!("warm_off", context.seen(["cache", "warm", "a.wat", "--cache", "off"]));
    let mut command = context.command(["cache", "verify"]);
    insta::assert_snapshot!("verify_without_home", context.seen_of(command.env_remove("HOME")));
}

/// Native code from a folder that others can write to would be theirs, run with the user's rights.
#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let context = warmed();
    let folder = context.home().join(".cache/glowplug");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("permissions");
    let output = context.run(["cache", "why", "a.wat", "--cache", "aot"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).starts_with("warning: the cache is not used: "), "{output:?}");
    assert!(stdout(&output).starts_with("a.wat: bypass: "), "{output:?}");
}

/// Warming keeps the functions of a large module, and says what it did not have to compile after a change.
#[test]
fn functions_are_kept_and_counted() {
    let context = Context::new();
    let module = |answer: u32| {
        let body = "local.get 0 i32.const 3 i32.mul i32.const 5 i32.xor local.set 0 ".repeat(80);
        let functions: String = (0..400)
            .map(|n| format!("(func (param i32) (result i32) {body} local.get 0 i32.const {n} i32.add)"))
            .collect();
        let text = format!("(module {functions} (func (export \"_start\") i32.const {answer} drop))");
        wat::parse_str(text).expect("sound text")
    };
    assert!(module(1).len() > 256 << 10, "{} bytes", module(1).len());
    context.write("large.wasm", module(1));
    let first = context.json(["cache", "warm", "large.wasm", "--json"]);
    assert!(first[0]["reused"]["of"].as_u64() > Some(400), "{first}");
    context.write("large.wasm", module(2));
    let second = context.json(["cache", "warm", "large.wasm", "--json"]);
    assert!(second[0]["reused"]["functions"].as_u64() > Some(200), "{second}");
    let listed = context.json(["cache", "ls", "--json"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "{listed}");
    let stats = context.json(["cache", "stats", "--json"]);
    assert_eq!((&stats["entries"], &stats["function_packs"]), (&2.into(), &1.into()));
    assert_eq!(stats["function_bytes"], listed[2]["function_bytes"]);
    assert!(context.seen(["cache", "stats"]).contains("of 1 module"));
    assert!(context.seen(["cache", "ls"]).contains(" functions "));
    assert!(context.seen(["cache", "verify"]).contains("all sound"));
    context.command(["cache", "clear"]).output().expect("the program starts");
    assert_eq!(context.json(["cache", "stats", "--json"])["function_packs"], 0);
    let mut off = context.command(["cache", "warm", "large.wasm", "--json"]);
    let off = off.env("GLOWPLUG_INCREMENTAL", "off").output().expect("the program starts");
    assert!(String::from_utf8_lossy(&off.stdout).contains("\"reused\": null"), "{off:?}");
}
