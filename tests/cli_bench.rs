//! `glowplug bench`: the shape of what it measures, never the times.

mod common;

use common::{Context, files, stderr, stdout};
use std::fs;

#[test]
fn all_contenders_are_measured_and_the_users_cache_is_left_alone() {
    let context = Context::new();
    let probe = context.probe();
    let args = ["bench", probe, "--runs", "2", "--cold-runs", "1", "--json", "out.json", "--html", "out.html"];
    let output = context.run(args);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let table = stdout(&output);
    assert!(table.starts_with("probe.wasm ("), "{table}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(context.work().join("out.json")).expect("figures")).expect("JSON");
    let contenders = json["contenders"].as_array().expect("contenders");
    let names: Vec<&str> = contenders.iter().filter_map(|one| one["name"].as_str()).collect();
    let ours = ["cold", "baseline", "embedded", "warm", "hot"].map(|name| format!("glowplug-{name}"));
    let theirs = ["no-cache", "wasmtime-cold", "wasmtime-warm"];
    assert_eq!(names, theirs.into_iter().chain(ours.iter().map(String::as_str)).collect::<Vec<_>>());
    for (one, runs) in contenders.iter().zip([1, 1, 2, 1, 1, 2, 2, 2]) {
        assert!(one["first_instruction_us"].is_u64() && one["left_out"].is_null(), "{one}");
        assert!(one["parts_us"].as_object().is_some_and(|parts| parts.len() > 1), "{one}");
        let name = one["name"].as_str().unwrap_or_default();
        match name {
            "no-cache" | "glowplug-cold" | "glowplug-baseline" => assert!(one["parts_us"]["compile"].is_u64(), "{one}"),
            "glowplug-embedded" | "glowplug-warm" => assert!(one["parts_us"]["compile"].is_null(), "{one}"),
            _ => {}
        }
        assert_eq!(one["times_us"].as_array().map(Vec::len), Some(runs), "{one}");
        assert_eq!(one["exit_codes"], serde_json::json!([0]));
        assert_eq!(one["peak_memory_bytes"].is_null(), one["name"] == "glowplug-hot");
    }
    let page = fs::read_to_string(context.work().join("out.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme"), "{page}");
    assert!(files(&context.home()).is_empty(), "{:?}", files(&context.home()));
}

#[test]
fn a_guest_that_fails_is_reported() {
    let context = Context::new();
    let output = context.run(["bench", context.probe(), "--runs", "1", "--", "exit", "3"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        stderr(&output),
        "warning: the program ended with exit code 3 each time; is that what you want to measure?\n"
    );
    let output = context.run(["bench", "missing.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: failed to read missing.wasm"), "{output:?}");
    context.write("text.txt", "no module");
    let output = context.run(["bench", "text.txt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("text.txt could not be run (exit code 1)"), "{output:?}");
}

#[test]
fn what_the_baseline_compiler_cannot_compile_is_left_out_with_the_reason() {
    let context = Context::new();
    context.write("tail.wat", "(module (func $f (return_call $g)) (func $g) (func (export \"_start\") (call $f)))");
    let output = context.run(["bench", "tail.wat", "--runs", "1", "--json", "out.json"]);
    assert!(output.status.success(), "{output:?}");
    assert!(stdout(&output).contains("glowplug, cold, baseline first was not measured: "), "{output:?}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(context.work().join("out.json")).expect("figures")).expect("JSON");
    assert_eq!(json["contenders"][4]["times_us"], serde_json::json!([]));
}
