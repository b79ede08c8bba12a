//! `glowplug compile`: artifacts of one's own.

mod common;

use common::{Context, files, greeting, stderr};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_artifact_lies_beside_its_module_or_where_it_is_wanted() {
    let context = Context::new();
    context.write("app.wat", greeting("hello"));
    insta::assert_snapshot!(context.seen(["compile", "app.wat"]), @"exit code: 0");
    insta::assert_snapshot!(context.seen(["compile", "app.wat", "-o", "other.bin"]), @"exit code: 0");
    let artifact = fs::read(context.work().join("app.cwasm")).expect("the artifact");
    assert!(artifact.starts_with(b"\x7fELF"));
    assert_eq!(artifact, fs::read(context.work().join("other.bin")).expect("the other one"));
    let mode = fs::metadata(context.work().join("app.cwasm")).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o400, 0o400);
    assert_eq!(files(&context.work()).len(), 3, "no temporary file is left");
}

/// What was compiled before is not compiled again.
#[test]
fn the_cache_is_used_and_filled() {
    let context = Context::new();
    context.write("app.wat", greeting("hello"));
    context.run(["compile", "app.wat"]);
    assert_eq!(context.run(["cache", "why", "app.wat"]).status.code(), Some(0));
    context.run(["compile", "app.wat"]);
    let stats = context.json(["cache", "stats", "--json"]);
    assert_eq!((&stats["hits"]["local"], &stats["misses"]["never-seen"]), (&1.into(), &1.into()));
}

#[test]
fn what_cannot_be_done_is_said() {
    let context = Context::new();
    context.write("app.wat", greeting("hello"));
    context.write("app.cwasm", greeting("hello"));
    insta::assert_snapshot!("compile_onto_itself", context.seen(["compile", "app.cwasm"]));
    insta::assert_snapshot!("compile_into_nowhere", context.seen(["compile", "app.wat", "-o", "nowhere/app.cwasm"]));
    let output = context.run(["compile", "missing.wasm"]);
    assert!(stderr(&output).starts_with("error: failed to read missing.wasm"), "{output:?}");
}
