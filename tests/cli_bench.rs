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
    assert!(table.starts_with("probe.wasm (93."), "{table}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(context.work().join("out.json")).expect("figures")).expect("JSON");
    let contenders = json["contenders"].as_array().expect("contenders");
    let names: Vec<&str> = contenders.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["no-cache", "wasmtime-cold", "wasmtime-warm", "glowplug-cold", "glowplug-warm", "glowplug-hot"]);
    for (one, runs) in contenders.iter().zip([1, 1, 2, 1, 2, 2]) {
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
