//! Sizes that guests decide are counted before they are allocated, and what refuses them says its name.

use super::common::Context;
use super::support::ends;
use std::fmt::Write as _;
use std::fs::File;
use std::process::{Command, Output, Stdio};

/// What was said on standard error.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The report that a command wrote to `report.json`.
fn report(context: &Context) -> serde_json::Value {
    let text = std::fs::read(context.work().join("report.json")).expect("a report");
    serde_json::from_slice(&text).expect("JSON")
}

/// The shell with a limit, and a report of it.
fn shell(context: &Context, limits: &[&str], script: &str) -> Command {
    let args = [&["shell", "--report-file=report.json"], limits, &["-c", script]].concat();
    context.command(args)
}

/// A module of forty such items, which are of no use but to take memory. None of its functions fails by itself.
fn forty(item: &str) -> String {
    format!("(module {} (func (export \"_start\")))", item.repeat(40))
}

/// Forty memories that are small at first, and then grown one after the other.
fn growing() -> String {
    let mut text = format!("(module {} (func (export \"_start\")", "(memory 1)".repeat(40));
    for memory in 0..40 {
        let _ = write!(text, "(br_if 0 (i32.ne (memory.grow {memory} (i32.const 1023)) (i32.const -1))) (unreachable)");
    }
    // Each block is left when its memory has grown.
    text = text.replace("(br_if 0 ", "(block (br_if 0 ").replace("(unreachable)", "(unreachable))");
    text + "))"
}

#[test]
fn all_memories_and_tables_of_a_process_are_one_sum() {
    let context = Context::new();
    let hostile = [
        ("memories.wat", forty("(memory 1024)"), 1),
        ("tables.wat", forty("(table 10000000 funcref)"), 1),
        ("growing.wat", growing(), 134),
    ];
    for (name, text, code) in &hostile {
        context.write(name, text);
        let output = ends(&mut shell(&context, &["--max-memory=64MiB"], &format!("./{name}")));
        assert_eq!(output.status.code(), Some(134), "{name}: {output:?}");
        assert!(said(&output).contains("--max-memory (64 MiB) allows less"), "{name}: {output:?}");
        assert_eq!(report(&context)["limit"], "max-memory", "{name}");
        // A peak of the host's, with all that it is itself: those of forty memories were 2.6 GB.
        let peak = report(&context)["peak_memory_bytes"].as_u64();
        assert!(peak.is_none_or(|peak| peak < 512 << 20), "{name}: {peak:?}");
        for calls in ["--call-cache=off", "--call-cache=on"] {
            let args = ["run", calls, "--max-memory=64MiB", "--report-file=report.json", name];
            let output = ends(&mut context.command(args));
            let code = if calls == "--call-cache=on" { 134 } else { *code };
            assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
            assert!(said(&output).contains("--max-memory (64 MiB) allows less"), "{name}: {output:?}");
            assert_eq!(report(&context)["limit"], "max-memory", "{name}");
        }
    }
}

#[test]
fn what_the_host_keeps_for_a_process_is_in_its_memory() {
    let context = Context::new();
    let script = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}";
    let output = ends(&mut shell(&context, &["--max-memory=64MiB"], script));
    assert!(said(&output).contains("--max-memory (64 MiB) allows less"), "{output:?}");
    assert!(!printed(&output).contains("200000000"), "{output:?}");
    let report = report(&context);
    assert_eq!(report["limit"], "max-memory");
    let peak = report["peak_memory_bytes"].as_u64();
    assert!(peak.is_none_or(|peak| peak < 512 << 20), "{peak:?}");
}

#[test]
fn arguments_have_a_limit_of_bytes() {
    let context = Context::new();
    let script = "x=$(head -c 3000000 /dev/zero | tr '\\0' a); /usr/bin/env echo $x; echo $?; x= ; echo after";
    let output = ends(&mut shell(&context, &[], script));
    assert!(said(&output).contains("Argument list too long"), "{output:?}");
    assert!(printed(&output).ends_with("after\n") && printed(&output).len() < 100, "{output:?}");
}

#[test]
fn processes_together_have_a_sum_of_memory() {
    let context = Context::new();
    context.write("sixty.wat", "(module (memory 960) (func (export \"_start\") (loop (br 0))))");
    // Each would go on for ever: one of them has its memory, and the other ends without.
    let script = "./sixty.wat & a=$!; ./sixty.wat & b=$!; wait -n; echo $?; kill -9 $a $b 2> /dev/null; wait";
    let limits = ["--max-memory=64MiB", "--max-memory-total=100MiB", "--timeout=20s"];
    let output = ends(&mut shell(&context, &limits, script));
    assert!(said(&output).contains("--max-memory-total (100 MiB) allows less"), "{output:?}");
    assert_eq!(printed(&output), "134\n", "{output:?}");
    assert_eq!(report(&context)["limit"], "max-memory-total");
}

#[test]
fn a_process_has_a_limit_of_open_files() {
    let context = Context::new();
    let script = "for i in {3..40}; do eval \"exec $i</dev/null\" || break; done; echo $i";
    let output = ends(&mut shell(&context, &["--max-files=16"], script));
    assert!(said(&output).contains("--max-files allows more"), "{output:?}");
    assert_eq!(printed(&output), "16\n");
    assert_eq!(report(&context)["limit"], "max-files");
}

#[test]
fn processor_time_ends_what_computes() {
    let context = Context::new();
    context.write("loop.wat", "(module (func (export \"_start\") (loop (br 0))))");
    context.write("loop.t", "  $ while :; do :; done\n");
    let ended = |output: &Output, code| {
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    };
    let limit = "--cpu-time=200ms";
    for script in ["while :; do :; done", "./loop.wat & ./loop.wat & wait", "while :; do (./loop.wat); done"] {
        let output = ends(&mut shell(&context, &[limit], script));
        ended(&output, 124);
        assert!(said(&output).contains("--cpu-time allows (200ms)"), "{output:?}");
        assert_eq!(report(&context)["limit"], "cpu-time");
    }
    let output = ends(&mut context.command(["run", "--call-cache=on", limit, "loop.wat"]));
    ended(&output, 124);
    assert!(said(&output).contains("--cpu-time allows (200ms)"), "{output:?}");
    ended(&ends(&mut context.command(["test", limit, "loop.t"])), 100);
    // Without a session there is nobody to count, and nothing that would look as if somebody did.
    let output = ends(&mut context.command(["run", limit, "loop.wat"]));
    ended(&output, 2);
    assert!(said(&output).contains("--call-cache on"), "{output:?}");
}

/// Writes 100 MiB to its standard output, each at its place.
const PLACES: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 17)
  (data (i32.const 0) "\10\00\00\00\00\00\10\00")
  (func (export "_start") (local $at i64) (local $error i32)
    (loop
      (local.set $error (call $pwrite (i32.const 1) (i32.const 0) (i32.const 1) (local.get $at) (i32.const 8)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (local.set $at (i64.add (local.get $at) (i64.const 1048576)))
      (br_if 0 (i64.lt_u (local.get $at) (i64.const 104857600))))))"#;

#[test]
fn output_has_a_limit_wherever_it_goes() {
    let context = Context::new();
    context.write("places.wat", PLACES);
    let file = context.work().join("output");
    for script in ["./places.wat", "head -c 100000000 /dev/zero", "head -c 100000000 /dev/zero | cat"] {
        let mut command = shell(&context, &["--max-output=1000"], script);
        let to = File::create(&file).expect("a file");
        // Not by `ends`, whose standard output is a pipe.
        let child = command.stdout(to).stderr(Stdio::piped()).spawn().expect("the program starts");
        let output = child.wait_with_output().expect("it ends");
        assert!(!output.status.success(), "{script}: {output:?}");
        assert!(said(&output).contains("--max-output allows"), "{script}: {output:?}");
        assert_eq!(file.metadata().expect("the file").len(), 1000, "{script}");
        assert_eq!(report(&context)["limit"], "max-output", "{script}");
        let output = ends(&mut shell(&context, &["--max-output=1000"], script));
        // A pipe has no places.
        assert!(output.stdout.len() <= 1000, "{script}: {}", output.stdout.len());
    }
}
