//! `glowplug run`: real guests, their exit codes, and what is reported of their start.

mod common;

use common::{Context, greeting, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

/// Runs with something on standard input.
fn run_with_input(context: &Context, args: &[&str], input: &[u8]) -> std::process::Output {
    let mut command = context.command(args);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("written");
    child.wait_with_output().expect("the program ends")
}

#[test]
fn modules_and_components_run_from_either_format() {
    let context = Context::new();
    context.write("text.wat", greeting("hello from text"));
    context.write("binary.wasm", wat::parse_str(greeting("hello from binary")).expect("a module"));
    for (file, said) in [
        (context.probe(), "hello from WebAssembly\n"),
        (context.probe_component(), "hello from WebAssembly\n"),
        ("text.wat", "hello from text\n"),
        ("binary.wasm", "hello from binary\n"),
    ] {
        for outcome in ["miss", "hit"] {
            let output = context.run(["run", "--report=json", file]);
            assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), said), "{file}: {output:?}");
            let report: Value = serde_json::from_slice(&output.stderr).unwrap_or_else(|_| panic!("{output:?}"));
            assert_eq!(report["outcome"], outcome, "{file}: {report}");
        }
    }
}

#[test]
fn arguments_environment_folders_and_streams_reach_the_guest() {
    let context = Context::new();
    let probe = context.probe();
    let said = |args: &[&str]| {
        let output = context.run([&["run"], args].concat());
        assert!(output.status.success(), "{output:?}");
        stdout(&output)
    };
    assert_eq!(said(&[probe, "args", "a", "--dir", "-v", "--", "--help"]), "a\n--dir\n-v\n--\n--help\n");
    assert_eq!(
        said(&["--env", "A=1=2", "--env", "PATH", "--env", "MISSING", probe, "env"]),
        "A=1=2\nPATH=/usr/bin:/bin\n"
    );
    assert_eq!(said(&[probe, "env"]), "", "nothing is passed on by itself");
    fs::create_dir(context.work().join("data")).expect("a folder");
    assert_eq!(said(&["--dir", "data::/in", probe, "write", "/in/file", "text"]), "");
    assert_eq!(fs::read_to_string(context.work().join("data/file")).expect("the guest's file"), "text");
    assert_eq!(said(&["--dir", "data::/in", probe, "ls", "/in"]), "file\n");
    assert_eq!(said(&["--dir", "data", probe, "cat", "data/file"]), "text");
    let both = context.run(["run", probe, "both"]);
    assert_eq!((stdout(&both).as_str(), stderr(&both).as_str()), ("to standard output\n", "to standard error\n"));
    let output = run_with_input(&context, &["run", probe, "stdin"], b"through and through");
    assert_eq!(stdout(&output), "through and through");
}

#[test]
fn the_guest_is_called_by_its_files_name() {
    let context = Context::new();
    // Writes its first argument: a pointer at 0, the text at 64.
    let show_name = r#"(module
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (local $end i32)
        (drop (call $args (i32.const 0) (i32.const 64)))
        (local.set $end (i32.const 64))
        (loop $next
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br_if $next (i32.load8_u (local.get $end))))
        (i32.store (i32.const 32) (i32.const 64))
        (i32.store (i32.const 36) (i32.sub (local.get $end) (i32.const 64)))
        (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 48)))))"#;
    fs::create_dir(context.work().join("sub")).expect("a folder");
    context.write("sub/tool.wat", show_name);
    assert_eq!(stdout(&context.run(["run", "sub/tool.wat", "more"])), "tool.wat");
    assert_eq!(stdout(&context.run(["run", "--argv0", "other", "sub/tool.wat"])), "other");
}

#[test]
fn exit_codes_are_the_guests_own() {
    let context = Context::new();
    let probe = context.probe();
    let component = context.probe_component();
    for (args, code) in [
        (&["run", probe, "exit", "0"][..], 0),
        (&["run", probe, "exit", "7"], 7),
        (&["run", probe, "exit", "1"], 1),
        (&["run", probe, "panic"], 134),
        (&["run", probe, "trap"], 134),
        (&["run", component, "trap"], 134),
        (&["run", "missing.wasm"], 1),
        (&["run"], 2),
        (&["run", "--nonsense", probe], 2),
        (&["run", "--max-memory", "lots", probe], 2),
    ] {
        let output = context.run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    }
}

#[test]
fn a_trap_tells_where() {
    let context = Context::new();
    let output = context.run(["run", context.probe(), "trap"]);
    let said = stderr(&output);
    assert!(said.starts_with("error: failed to run main module `probe.wasm`"), "{said}");
    for part in ["wasm backtrace", "inner_function", "outer_function", "wasm `unreachable` instruction executed"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn what_cannot_run_is_explained() {
    let context = Context::new();
    let probe = context.probe();
    context.write("needs.wat", r#"(module (import "env" "magic" (func)) (func (export "_start")))"#);
    context.write("broken.wasm", b"\0asm\x01\0\0\0\xff");
    context.write("script.sh", "#!/bin/sh\n");
    context.write("empty.wasm", "");
    for (name, args) in [
        ("missing_file", &["missing.wasm"][..]),
        ("folder", &["."]),
        ("empty_file", &["empty.wasm"]),
        ("no_wasm", &["script.sh"]),
        ("unknown_import", &["needs.wat"]),
        ("missing_folder", &["--dir", "nowhere", probe]),
        ("unknown_function", &["--invoke", "nothing", probe]),
    ] {
        insta::assert_snapshot!(format!("cannot_run_{name}"), context.seen([&["run"], args].concat()));
    }
    let broken = context.run(["run", "broken.wasm"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(stderr(&broken).starts_with("error: failed to compile broken.wasm\n  because: "), "{broken:?}");
}

#[test]
fn functions_can_be_called_by_name() {
    let context = Context::new();
    context.write(
        "math.wat",
        r#"(module (func (export "both") (param i64 f32) (result i64 f32) local.get 0 local.get 1))"#,
    );
    assert_eq!(stdout(&context.run(["run", "--invoke", "add", context.probe(), "40", "2"])), "42\n");
    assert_eq!(stdout(&context.run(["run", "--invoke", "both", "math.wat", "-1", "1.5"])), "-1\n1.5\n");
}

#[test]
fn time_and_memory_are_limited() {
    let context = Context::new();
    let probe = context.probe();
    // Compiling is part of the time.
    assert!(context.run(["cache", "warm", probe]).status.success());
    let output = context.run(["run", "--timeout", "100ms", "--report=json", probe, "spin"]);
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    let said = stderr(&output);
    let (line, report) = said.split_once('\n').expect("a line and a report");
    assert_eq!(line, "error: probe.wasm timed out after 100ms (--timeout)");
    assert_eq!(serde_json::from_str::<Value>(report).expect("a report")["exit_code"], 124);
    let output = context.run(["run", "--timeout", "100ms", probe, "sleep", "60000"]);
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    assert!(context.run(["run", "--timeout", "60", probe]).status.success());
    let output = context.run(["run", "--max-memory", "10MiB", probe, "grow", "100"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(context.run(["run", "--max-memory", "400MiB", probe, "grow", "100"]).status.success());
}

#[test]
fn the_report_has_every_field() {
    let context = Context::new();
    let probe = context.probe();
    let cold = context.report([probe, "exit", "3"]);
    let warm = context.report([probe, "exit", "3"]);
    let fields = [
        "artifact_bytes",
        "backend",
        "copied",
        "exit_code",
        "in_force",
        "key",
        "notes",
        "outcome",
        "peak_memory_bytes",
        "phases_us",
        "reason",
        "reason_code",
        "saved_us",
        "source",
        "startup_us",
        "tier",
        "tiering",
        "wasm_bytes",
    ];
    for report in [&cold, &warm] {
        let names: Vec<&str> = report.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, fields);
        assert_eq!(
            (&report["exit_code"], &report["source"], &report["backend"]),
            (&3.into(), &probe.into(), &"aot".into())
        );
        assert_eq!(report["wasm_bytes"], fs::metadata(context.work().join(probe)).expect("the guest").len());
        for name in ["startup_us", "artifact_bytes", "peak_memory_bytes"] {
            assert!(report[name].as_u64() > Some(0), "{name}: {report}");
        }
        assert_eq!(report["key"]["kind"], "module");
        assert_eq!(report["key"]["module"].as_str().map(str::len), Some(64));
        for phase in ["process", "settings", "open", "engine", "link", "instantiate", "source", "lookup"] {
            assert!(report["phases_us"][phase].is_u64(), "{phase}: {report}");
        }
    }
    assert_eq!(
        (&cold["outcome"], &cold["tier"], &cold["reason"]),
        (&"miss".into(), &"compiled".into(), &"never seen before".into())
    );
    assert_eq!((&warm["outcome"], &warm["tier"], &warm["reason"]), (&"hit".into(), &"local".into(), &Value::Null));
    assert!(cold["phases_us"]["compile"].is_u64() && warm["phases_us"]["compile"].is_null());
    assert_eq!(cold["key"], warm["key"]);
}

#[test]
fn the_report_goes_where_it_is_asked_for() {
    let context = Context::new();
    let probe = context.probe();
    for _ in 0..2 {
        assert!(stderr(&context.run(["run", probe])).is_empty(), "nothing is said unasked");
        // Files younger than the clock's tick are looked at once more, which the report would say.
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    let text = context.run(["run", "--report", probe]);
    insta::assert_snapshot!("report_text", context.hide(&stderr(&text)));
    let output = context.run(["run", "--report-file", "report.json", probe]);
    assert!(output.stderr.is_empty(), "{output:?}");
    let report = fs::read(context.work().join("report.json")).expect("a report");
    assert_eq!(serde_json::from_slice::<Value>(&report).expect("JSON")["outcome"], "hit");
    context.run(["run", "--report=text", "--report-file", "report.txt", probe, "exit", "3"]);
    let report = fs::read_to_string(context.work().join("report.txt")).expect("a report");
    assert!(report.starts_with("source:") && report.ends_with("exit code:     3\n"), "{report}");
    let output = context.run(["run", "--report-file", "nowhere/report.json", probe]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: failed to write nowhere/report.json"), "{output:?}");
    assert_eq!(stdout(&output), "hello from WebAssembly\n", "the guest has run all the same");
}

#[test]
fn standard_input_may_be_the_program() {
    let context = Context::new();
    let wasm = greeting("from a pipe");
    for outcome in ["miss", "hit"] {
        let output = run_with_input(&context, &["run", "--report=json", "-"], wasm.as_bytes());
        assert_eq!(stdout(&output), "from a pipe\n", "{output:?}");
        let report: Value = serde_json::from_slice(&output.stderr).expect("a report");
        assert_eq!((&report["outcome"], &report["source"]), (&outcome.into(), &"-".into()));
    }
}

#[test]
fn a_changed_file_is_compiled_again() {
    let context = Context::new();
    context.write("app.wat", greeting("one"));
    context.report(["app.wat"]);
    // The same size, within the clock's granularity.
    context.write("app.wat", greeting("two"));
    let output = context.run(["run", "--report=json", "app.wat"]);
    assert_eq!(stdout(&output), "two\n");
    let report: Value = serde_json::from_slice(&output.stderr).expect("a report");
    assert_eq!(report["reason_code"], "module-changed", "{report}");
}

#[test]
fn each_backend_serves() {
    let context = Context::new();
    let probe = context.probe();
    for (backend, outcomes) in [("wasmtime", ["miss", "hit"]), ("aot", ["miss", "hit"]), ("off", ["bypass", "bypass"])]
    {
        let used = if backend == "off" { "none" } else { backend };
        for outcome in outcomes {
            let report = context.report(["--cache", backend, probe]);
            assert_eq!(
                (&report["outcome"], &report["backend"]),
                (&outcome.into(), &used.into()),
                "{backend}: {report}"
            );
        }
    }
    let mut command = context.command(["run", "--report=json", probe]);
    let output = command.env("WASMTIME_CACHE_ENABLED", "0").output().expect("the program starts");
    assert!(stderr(&output).contains(r#""reason":"the cache is switched off (WASMTIME_CACHE_ENABLED)""#), "{output:?}");
}

#[test]
fn another_cache_folder_keeps_the_key_at_home() {
    let context = Context::new();
    let probe = context.probe();
    context.report(["--cache-dir", "elsewhere", probe]);
    assert!(context.work().join("elsewhere/v1").is_dir());
    assert!(!context.home().join(".cache").exists());
    assert!(context.home().join(".local/share/glowplug/key").is_file());
    assert_eq!(context.report(["--cache-dir", "elsewhere", probe])["outcome"], "hit");
}

/// Whatever is wrong with the cache: the program runs, and one line says why it was slow.
#[test]
fn a_cache_that_fails_never_fails_the_run() {
    let context = Context::new();
    let probe = context.probe();
    let mut command = context.command(["run", probe]);
    insta::assert_snapshot!("run_without_home", context.seen_of(command.env_remove("HOME")));
    let folder = context.home().join(".cache/glowplug");
    fs::create_dir_all(folder.parent().expect("a parent")).expect("folders");
    fs::write(&folder, "a file in its place").expect("a file");
    let output = context.run(["run", probe]);
    assert_eq!(stdout(&output), "hello from WebAssembly\n");
    assert!(stderr(&output).starts_with("warning: the cache is not used: "), "{output:?}");
    fs::remove_file(&folder).expect("removed");
    fs::create_dir(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("permissions");
    let output = context.run(["run", "--cache", "aot", probe]);
    assert_eq!(stdout(&output), "hello from WebAssembly\n");
    assert_eq!(stderr(&output).lines().count(), 1, "{output:?}");
}

#[test]
fn native_code_runs_only_when_the_user_says_so() {
    let context = Context::new();
    let probe = context.probe();
    let component = context.probe_component();
    for file in [probe, component] {
        assert!(context.run(["compile", file, "-o", "app.cwasm"]).status.success());
        let refused = context.run(["run", "app.cwasm"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).starts_with("error: app.cwasm is an artifact"), "{refused:?}");
        let allowed = context.run(["run", "--allow-precompiled", "app.cwasm"]);
        assert_eq!(stdout(&allowed), "hello from WebAssembly\n", "{allowed:?}");
    }
    let report = context.report(["--allow-precompiled", "app.cwasm"]);
    assert_eq!((&report["outcome"], &report["key"]), (&"bypass".into(), &Value::Null));
    // The flag changes nothing for wasm, and does not make code of what is none.
    assert_eq!(context.report(["--allow-precompiled", probe])["outcome"], "hit");
    context.write("other.cwasm", b"\x7fELF and nothing more");
    let output = context.run(["run", "--allow-precompiled", "other.cwasm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: failed to load the native code other.cwasm"), "{output:?}");
}

/// As with any program: what Ctrl-C sends ends it.
#[test]
fn an_interrupt_ends_the_guest() {
    use std::os::unix::process::ExitStatusExt as _;
    // A shell starts its background jobs with the signal ignored, and that is inherited: nothing to test then.
    let status = fs::read_to_string("/proc/self/status").expect("this process's status");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("the ignored signals");
    if u64::from_str_radix(ignored.trim(), 16).expect("a mask") & 0b10 != 0 {
        return;
    }
    let context = Context::new();
    let mut command = context.command(["run", context.probe(), "spin"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("its end").signal(), Some(2));
}
