//! Sizes that guests decide are counted before they are allocated, and what refuses them says its name.

use super::common::{Context, stderr, stdout};
use super::support::{self, ends};
use std::fmt::Write as _;
use std::fs::File;
use std::process::{Command, Output, Stdio};

/// The report that a command wrote to `report.json`.
fn report(context: &Context) -> serde_json::Value {
    let text = std::fs::read(context.work().join("report.json")).expect("a report");
    serde_json::from_slice(&text).expect("JSON")
}

/// The shell with a limit, and a report of it.
fn shell(context: &Context, limits: &[&str], script: &str) -> Command {
    support::shell(context, &[&["--report-file=report.json"], limits].concat(), script)
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
        assert!(stderr(&output).contains("--max-memory (64 MiB) allows less"), "{name}: {output:?}");
        assert_eq!(report(&context)["limit"], "max-memory", "{name}");
        // A peak of the host's, with all that it is itself: those of forty memories were 2.6 GB.
        let peak = report(&context)["peak_memory_bytes"].as_u64();
        assert!(peak.is_none_or(|peak| peak < 512 << 20), "{name}: {peak:?}");
        for calls in ["--call-cache=off", "--call-cache=on"] {
            let args = ["run", calls, "--max-memory=64MiB", "--report-file=report.json", name];
            let output = ends(&mut context.command(args));
            let code = if calls == "--call-cache=on" { 134 } else { *code };
            assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
            assert!(stderr(&output).contains("--max-memory (64 MiB) allows less"), "{name}: {output:?}");
            assert_eq!(report(&context)["limit"], "max-memory", "{name}");
        }
    }
}

#[test]
fn what_the_host_keeps_for_a_process_is_in_its_memory() {
    let context = Context::new();
    let script = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}";
    let output = ends(&mut shell(&context, &["--max-memory=64MiB"], script));
    assert!(stderr(&output).contains("--max-memory (64 MiB) allows less"), "{output:?}");
    assert!(!stdout(&output).contains("200000000"), "{output:?}");
    let report = report(&context);
    assert_eq!(report["limit"], "max-memory");
    let peak = report["peak_memory_bytes"].as_u64();
    assert!(peak.is_none_or(|peak| peak < 512 << 20), "{peak:?}");
}

/// Opens the folder `many` beneath its last preopened one a hundred times, and begins to list it each time. Ends with the first
/// error number.
const LISTS: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $list (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "many")
  (func (export "_start") (local $folder i32) (local $error i32) (local $left i32)
    (local.set $folder (i32.const 3))
    (loop
      (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
      (br_if 0 (i32.eqz (call $prestat (local.get $folder) (i32.const 16)))))
    (local.set $folder (i32.sub (local.get $folder) (i32.const 1)))
    (local.set $left (i32.const 100))
    (loop
      (local.set $error (call $open (local.get $folder) (i32.const 0) (i32.const 0) (i32.const 4)
        (i32.const 2) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 32)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (local.set $error (call $list (i32.load (i32.const 32)) (i32.const 1024) (i32.const 4096) (i64.const 0) (i32.const 64)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if 0 (local.get $left)))))"#;

#[test]
fn listings_are_in_a_process_s_memory() {
    let context = Context::new();
    let folder = context.work().join("many");
    std::fs::create_dir(&folder).expect("a folder");
    for number in 0..5000 {
        File::create(folder.join(format!("{number:0>200}"))).expect("a file");
    }
    context.write("lists.wat", LISTS);
    const ENOMEM: i32 = 48;
    for access in ["ro", "rw", "overlay"] {
        let limits = ["--max-memory=64MiB", &format!("--dir=.:{access}")];
        let output = ends(&mut shell(&context, &limits, "./lists.wat"));
        assert_eq!(output.status.code(), Some(ENOMEM), "{access}: {output:?}");
        assert!(stderr(&output).contains("--max-memory (64 MiB) allows less"), "{access}: {output:?}");
        assert_eq!(report(&context)["limit"], "max-memory", "{access}");
    }
    let limits = ["--call-cache=on", "--max-memory=64MiB", "--report-file=report.json", "--dir=."];
    let output = ends(&mut context.command([&["run"], &limits[..], &["lists.wat"]].concat()));
    assert_eq!(output.status.code(), Some(ENOMEM), "{output:?}");
    assert_eq!(report(&context)["limit"], "max-memory");
}

#[test]
fn arguments_have_a_limit_of_bytes() {
    let context = Context::new();
    let script = "x=$(head -c 3000000 /dev/zero | tr '\\0' a); /usr/bin/env echo $x; echo $?; x= ; echo after";
    let output = ends(&mut shell(&context, &[], script));
    assert!(stderr(&output).contains("Argument list too long"), "{output:?}");
    assert!(stdout(&output).ends_with("after\n") && stdout(&output).len() < 100, "{output:?}");
}

#[test]
fn processes_together_have_a_sum_of_memory() {
    let context = Context::new();
    context.write("sixty.wat", "(module (memory 960) (func (export \"_start\") (loop (br 0))))");
    // Each would go on for ever: one of them has its memory, and the other ends without.
    let script = "./sixty.wat & a=$!; ./sixty.wat & b=$!; wait -n; echo $?; kill -9 $a $b 2> /dev/null; wait";
    let limits = ["--max-memory=64MiB", "--max-memory-total=100MiB", "--timeout=20s"];
    let output = ends(&mut shell(&context, &limits, script));
    assert!(stderr(&output).contains("--max-memory-total (100 MiB) allows less"), "{output:?}");
    assert_eq!(stdout(&output), "134\n", "{output:?}");
    assert_eq!(report(&context)["limit"], "max-memory-total");
}

#[test]
fn a_process_has_a_limit_of_open_files() {
    let context = Context::new();
    let script = "for i in {3..40}; do eval \"exec $i</dev/null\" || break; done; echo $i";
    let output = ends(&mut shell(&context, &["--max-files=16"], script));
    assert!(stderr(&output).contains("--max-files allows more"), "{output:?}");
    assert_eq!(stdout(&output), "16\n");
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
        assert!(stderr(&output).contains("--cpu-time allows (200ms)"), "{output:?}");
        assert_eq!(report(&context)["limit"], "cpu-time");
    }
    let output = ends(&mut context.command(["run", "--call-cache=on", limit, "loop.wat"]));
    ended(&output, 124);
    assert!(stderr(&output).contains("--cpu-time allows (200ms)"), "{output:?}");
    ended(&ends(&mut context.command(["test", limit, "loop.t"])), 100);
}

#[test]
fn a_plain_run_has_the_same_limits() {
    let context = Context::new();
    context.write("loop.wat", "(module (func (export \"_start\") (loop (br 0))))");
    context.write("in", "text");
    let run = |limit: &str, more: &[&str]| {
        ends(&mut context.command([&["run", "--report-file=report.json", "--dir=.", limit], more].concat()))
    };
    let (module, component) = (context.probe(), context.probe_component());
    for spins in [&["loop.wat"][..], &[module, "spin"], &[component, "spin"]] {
        let output = run("--cpu-time=200ms", spins);
        assert_eq!(output.status.code(), Some(124), "{output:?}");
        assert!(stderr(&output).contains("--cpu-time allows (200ms)"), "{output:?}");
        assert_eq!(report(&context)["limit"], "cpu-time");
    }
    for probe in [module, component] {
        assert!(run("--max-memory-total=64MiB", &[probe, "hello"]).status.success());
        let output = run("--max-memory-total=64MiB", &[probe, "grow", "100"]);
        assert_ne!(output.status.code(), Some(0), "{output:?}");
        assert!(stderr(&output).contains("--max-memory-total (64 MiB) allows less"), "{output:?}");
        assert_eq!(report(&context)["limit"], "max-memory-total");
        // The streams and the folder are four.
        assert_eq!(stdout(&run("--max-files=5", &[probe, "cat", "in"])), "text");
        let output = run("--max-files=4", &[probe, "cat", "in"]);
        assert_ne!(output.status.code(), Some(0), "{output:?}");
        assert!(stderr(&output).contains("--max-files allows more"), "{output:?}");
        assert_eq!(report(&context)["limit"], "max-files");
    }
}

/// Writes 10 MiB into a file beneath its first folder, and ends with the first error number.
const FILLS: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 17)
  (data (i32.const 0) "out")
  (data (i32.const 8) "\00\00\00\00\00\00\10\00")
  (func (export "_start") (local $error i32) (local $left i32)
    (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 3)
      (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 32)))
    (if (local.get $error) (then (call $exit (local.get $error))))
    (local.set $left (i32.const 10))
    (loop
      (local.set $error (call $write (i32.load (i32.const 32)) (i32.const 8) (i32.const 1) (i32.const 64)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if 0 (local.get $left)))))"#;

#[test]
fn a_plain_run_has_a_limit_of_disk() {
    let context = Context::new();
    context.write("fills.wat", FILLS);
    let output = ends(&mut context.command(["run", "--dir=.", "--max-disk=20MiB", "fills.wat"]));
    assert!(output.status.success(), "{output:?}");
    let file = context.work().join("out");
    assert_eq!(file.metadata().expect("a file").len(), 10 << 20);
    std::fs::remove_file(&file).expect("removed");
    const ENOSPC: i32 = 51;
    let output = ends(&mut context.command(["run", "--dir=.", "--max-disk=3MiB", "fills.wat"]));
    assert_eq!(output.status.code(), Some(ENOSPC), "{output:?}");
    assert!(stderr(&output).contains("--max-disk SIZE"), "{output:?}");
    assert!(file.metadata().expect("a file").len() <= 3 << 20);
    // Where it cannot be kept, that is said, and why.
    let output = ends(&mut context.command(["run", "--max-disk=3MiB", context.probe_component()]));
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("it is a component"), "{output:?}");
}

#[test]
fn cases_that_run_at_once_stay_within_one_sum() {
    let context = Context::new();
    context.write("sixty.wat", "(module (memory 960) (func (export \"_start\") (loop (br 0))))");
    // Whichever has its memory computes until its time is over; the other is refused at once.
    for case in ["a.t", "b.t"] {
        context.write(case, "#!glowplug: timeout=8s\n  $ ./sixty.wat 2> /dev/null; echo $?\n  134\n");
    }
    let limits = ["--max-memory-total=100MiB", "--test-threads=2", "--no-fail-fast", "--call-cache=off"];
    let output = ends(&mut context.command([&["test"], &limits[..], &["."]].concat()));
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    assert!(stdout(&output).contains("1 passed"), "{output:?}");
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
        assert!(stderr(&output).contains("--max-output allows"), "{script}: {output:?}");
        assert_eq!(file.metadata().expect("the file").len(), 1000, "{script}");
        assert_eq!(report(&context)["limit"], "max-output", "{script}");
        let output = ends(&mut shell(&context, &["--max-output=1000"], script));
        // A pipe has no places.
        assert!(output.stdout.len() <= 1000, "{script}: {}", output.stdout.len());
    }
}

/// A module of 64 MiB that gives a table of so many things to a call, all of them nothing, and ends with its error number.
fn tables(call: &str, args: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "{call}" (func $call (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1024)
  (func (export "_start") (memory.fill (i32.const 0) (i32.const 0) (i32.const 67108864)) (call $exit (call $call {args}))))"#
    )
}

#[test]
fn tables_that_a_guest_hands_over_are_in_its_memory() {
    let context = Context::new();
    const ENOMEM: i32 = 48;
    let ranges = tables("fd_write", "(i32.const 1) (i32.const 1024) (i32.const 8000000) (i32.const 8)");
    let events = tables("poll_oneoff", "(i32.const 1024) (i32.const 1024) (i32.const 1300000) (i32.const 8)");
    for (name, text, code) in [("ranges.wat", ranges, 0), ("events.wat", events, ENOMEM)] {
        context.write(name, text);
        let output = ends(&mut shell(&context, &["--max-memory=80MiB"], &format!("./{name}")));
        assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
        // With a copy of the table it is twice as much.
        let peak = report(&context)["peak_memory_bytes"].as_u64();
        assert!(peak.is_none_or(|peak| peak < 140 << 20), "{name}: {peak:?}");
    }
    assert_eq!(report(&context)["limit"], "max-memory");
}
