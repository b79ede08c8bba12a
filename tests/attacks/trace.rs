//! Whatever a guest can observe is in the trace, or the run is not kept; and what the user has open stays as it is.

use super::common::{Context, stderr, stdout};
use super::support::{ends, is_root, skipped};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const CALL: [&str; 6] = ["run", "--call-cache", "on", "--deterministic", "--report-file", "report.json"];

/// What a module begins with that prints the numbers that it is told.
const HEAD: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  ;; prints a number of up to ten digits, and a line's end
  (func $print (param $number i32) (local $at i32)
    (local.set $at (i32.const 74))
    (i32.store8 (i32.const 74) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $digit (local.get $number)))
    (i32.store (i32.const 80) (local.get $at))
    (i32.store (i32.const 84) (i32.sub (i32.const 75) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 88))))
  ;; reads up to so many bytes of standard input; how many
  (func $read (param $len i32) (result i32)
    (i32.store (i32.const 80) (i32.const 1024))
    (i32.store (i32.const 84) (local.get $len))
    (if (call $fd_read (i32.const 0) (i32.const 80) (i32.const 1) (i32.const 88)) (then (unreachable)))
    (i32.load (i32.const 88)))
"#;

fn module(context: &Context, body: &str) {
    context.write("m.wat", format!("(module {HEAD} (func (export \"_start\") {body}))"));
}

/// What the last report says of the call cache.
fn outcome(context: &Context) -> String {
    let report = fs::read_to_string(context.work().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let text = |name: &str| report["call_cache"][name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("outcome"), text("not_kept"))
}

/// Runs `command` on these pieces of standard input, with a break after each.
fn fed(command: &mut Command, pieces: &[&[u8]], pause: Duration) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    for piece in pieces {
        let _ = stdin.write_all(piece);
        std::thread::sleep(pause);
    }
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn call(context: &Context, options: &[&str], input: &[&[u8]]) -> Output {
    fed(&mut context.command([&CALL[..], options, &["m.wat"]].concat()), input, Duration::from_millis(5))
}

/// A subscription to standard input at 128.
const POLL: &str = "(i32.store8 (i32.const 136) (i32.const 1))
    (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300)))
    (call $print (i32.load (i32.const 272)))";

#[test]
fn how_many_bytes_wait_is_not_told() {
    let context = Context::new();
    module(&context, POLL);
    let few = call(&context, &[], &[&[b'x'; 111]]);
    let many = call(&context, &[], &[&[b'x'; 222]]);
    assert_eq!(stdout(&few), stdout(&many), "the second was a {}", outcome(&context));
    assert_eq!(stdout(&few), "1\n");
}

#[test]
fn who_is_told_that_nothing_is_there_yet_is_not_kept() {
    let context = Context::new();
    // Standard input, or a millisecond.
    module(
        &context,
        "(i32.store8 (i32.const 136) (i32.const 1))
         (i32.store (i32.const 192) (i32.const 1)) (i64.store (i32.const 200) (i64.const 1000000))
         (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 2) (i32.const 400)))
         (call $print (i32.load8_u (i32.const 266)))",
    );
    let mut command = context.command([&CALL[..], &["m.wat"]].concat());
    let late = fed(&mut command, &[], Duration::ZERO);
    drop(late);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let output = context.command([&CALL[..], &["m.wat"]].concat()).stdin(reader).output().expect("it starts");
    drop(writer);
    if outcome(&context).starts_with("miss") {
        assert_eq!(stdout(&output), "0\n");
        assert!(outcome(&context).contains("not yet"), "{}", outcome(&context));
    }
}

/// Prints the size of each read of 100 bytes.
const SIZES: &str = "(local $got i32)
    (loop $again (local.set $got (call $read (i32.const 100))) (call $print (local.get $got)) (br_if $again (local.get $got)))";

#[test]
fn the_sizes_of_reads_do_not_tell_how_input_arrives() {
    let context = Context::new();
    module(&context, SIZES);
    let [one, other] = [[70, 80, 72], [222, 0, 0]].map(|sizes| sizes.map(|size| vec![b'x'; size]));
    let pieces = |of: &[Vec<u8>; 3]| {
        let pieces: Vec<&[u8]> = of.iter().map(Vec::as_slice).collect();
        stdout(&call(&context, &[], &pieces))
    };
    assert_eq!(pieces(&one), "100\n100\n22\n0\n");
    assert!(outcome(&context).starts_with("miss"));
    assert_eq!(pieces(&other), "100\n100\n22\n0\n");
    assert!(outcome(&context).starts_with("hit"));
}

#[test]
fn who_writes_and_waits_for_an_answer_gets_one_and_is_not_kept() {
    let context = Context::new();
    module(&context, SIZES);
    let mut command = context.command([&CALL[..], &["m.wat"]].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let (mut to, mut from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    to.write_all(b"question").expect("written");
    let mut answer = [0; 2];
    from.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"8\n");
    drop(to);
    child.wait().expect("it ends");
    assert!(outcome(&context).contains("in the pieces in which that came"), "{}", outcome(&context));
}

#[test]
fn allocating_in_a_file_that_may_only_be_read_tells_nothing_of_its_size() {
    let context = Context::new();
    fs::create_dir(context.work().join("data")).expect("a folder");
    // Whether ten bytes can be had of a file that is open for reading.
    module(
        &context,
        "(i32.store8 (i32.const 500) (i32.const 105)) ;; `i`
         (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 500) (i32.const 1) (i32.const 0) (i64.const 2)
               (i64.const 0) (i32.const 0) (i32.const 504)) (then (unreachable)))
         (call $print (call $fd_allocate (i32.load (i32.const 504)) (i64.const 0) (i64.const 10)))",
    );
    let answers = ["longer than ten", "short"].map(|text| {
        fs::write(context.work().join("data/i"), text).expect("written");
        stdout(&call(&context, &["--dir", "data"], &[]))
    });
    assert_eq!(answers[0], answers[1], "the second was a {}", outcome(&context));
}

/// A small file system of its own, on which `what` is done; said aloud when there can be none.
fn on_a_small_disk(trial: &str, what: impl FnOnce(&std::path::Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
    if !is_root() || !mount.status().is_ok_and(|status| status.success()) {
        return skipped(trial, "only root mounts a small file system");
    }
    what(folder.path());
    let _ = Command::new("umount").arg(folder.path()).status();
}

#[test]
fn a_full_disk_is_not_kept() {
    on_a_small_disk("a_full_disk_is_not_kept", |disk| {
        let context = Context::new();
        let probe = context.probe();
        fs::create_dir(context.work().join("data")).expect("a folder");
        let text = "x".repeat(100_000);
        let write = |name: &str| ["write".to_owned(), format!("data/{name}"), text.clone()];
        let steps = [write("a"), write("b"), write("c")].join(&"then".to_owned());
        let run = |temporary: Option<&std::path::Path>| {
            let mut command = context.command([&CALL[..], &["--cache-failures", "--dir", "data", probe]].concat());
            command.args(&steps);
            if let Some(folder) = temporary {
                command.env("TMPDIR", folder);
            }
            ends(&mut command)
        };
        let full = run(Some(disk));
        assert_ne!(full.status.code(), Some(0), "{full:?}");
        assert!(outcome(&context).contains("the end of a disk"), "{}", outcome(&context));
        let _ = fs::remove_dir_all(context.work().join("data"));
        fs::create_dir(context.work().join("data")).expect("a folder");
        let fresh = run(None);
        assert_eq!(fresh.status.code(), Some(0), "{fresh:?}");
        assert_eq!(fs::metadata(context.work().join("data/c")).expect("there").len(), 100_000);
    });
}

#[test]
fn a_limit_of_open_files_is_not_kept() {
    let context = Context::new();
    let probe = context.probe();
    context.write("in", "text");
    let script = format!(
        "ulimit -n 12; exec {} run --call-cache on --cache-failures --report-file report.json --dir . {probe} cat in in",
        env!("CARGO_BIN_EXE_glowplug")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(context.work()).env("HOME", context.home());
    let limited = ends(&mut command);
    let again = ["run", "--call-cache", "on", "--cache-failures", "--dir", ".", probe, "cat", "in", "in"];
    let output = ends(&mut context.command(again));
    assert_eq!(stdout(&output), "texttext", "{limited:?} {output:?}");
}

#[test]
fn a_new_file_gets_the_permissions_of_whoever_replays_it() {
    let context = Context::new();
    let probe = context.probe();
    fs::create_dir(context.work().join("data")).expect("a folder");
    let mode = |mask: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let _ = fs::remove_file(context.work().join("data/new"));
        let program = env!("CARGO_BIN_EXE_glowplug");
        let script = format!("umask {mask}; exec {program} run --call-cache on --dir data {probe} write data/new x");
        let mut command = Command::new("sh");
        let output = ends(command.args(["-c", &script]).current_dir(context.work()).env("HOME", context.home()));
        assert!(output.status.success(), "{output:?}");
        fs::metadata(context.work().join("data/new")).expect("there").permissions().mode() & 0o777
    };
    assert_eq!((mode("077"), mode("022"), mode("077")), (0o600, 0o644, 0o600));
}

#[test]
fn standard_input_is_left_for_whoever_reads_on() {
    let context = Context::new();
    let probe = context.probe();
    let input = context.write("input", "abcdef");
    // A miss after a look ahead: the last run read more than this one will.
    let rest = |args: &[&str]| {
        let mut file = File::open(&input).expect("opened");
        let own = file.try_clone().expect("another handle of the same open file");
        let output = context.command([&CALL[..], &[probe], args].concat()).stdin(own).output().expect("it starts");
        let mut rest = String::new();
        file.read_to_string(&mut rest).expect("read");
        (outcome(&context).trim().to_owned(), stdout(&output), rest)
    };
    let told = |how: &str, out: &str, rest: &str| (how.to_owned(), out.to_owned(), rest.to_owned());
    assert_eq!(rest(&["take", "4"]), told("miss", "abcd", "ef"));
    assert_eq!(rest(&["take", "4"]), told("hit", "abcd", "ef"));
    fs::write(&input, "aXcdef").expect("written");
    assert_eq!(rest(&["take", "4"]), told("miss", "aXcd", "ef"));
    // Two runs and another program share one open file.
    let mut file = File::open(&input).expect("opened");
    for expected in ["aX", "cd"] {
        let own = file.try_clone().expect("a handle");
        let output =
            context.command([&CALL[..], &[probe, "take", "2"]].concat()).stdin(own).output().expect("it starts");
        assert_eq!(stdout(&output), expected);
    }
    assert_eq!(file.stream_position().expect("a position"), 4);
}

#[test]
fn messages_to_guests_name_no_path_of_the_host_and_are_always_the_same() {
    let context = Context::new();
    for (name, bytes) in [("broken.wasm", &b"\0asm\x01\0\0\0\x07\x01"[..]), ("wrong.wat", b"(module (func (wrong)))")] {
        context.write(name, bytes);
        let script = format!("cp /w/{name} /tmp/x-{name}; chmod +x /tmp/x-{name}; /tmp/x-{name}; /w/{name}");
        let shown = format!("{}::/w:ro", context.work().display());
        let said = [0, 1].map(|_| stderr(&ends(&mut context.command(["shell", "--dir", &shown, "-c", &script]))));
        assert_eq!(said[0], said[1]);
        assert!(said[0].contains("cannot be run"), "{}", said[0]);
        for secret in ["glowplug-", context.work().to_str().expect("UTF-8")] {
            assert!(!said[0].contains(secret), "{}", said[0]);
        }
    }
}

/// A log of the caller's, opened as `>>` and `>` do.
fn log(context: &Context, append: bool) -> File {
    let path = context.write("log", "before\n");
    let mut file = File::options().append(append).write(true).open(path).expect("opened");
    if !append {
        file.seek(std::io::SeekFrom::End(0)).expect("sought");
    }
    file
}

#[test]
fn what_was_in_the_callers_log_stays() {
    let context = Context::new();
    context.write("k", "b 2\na 10\n");
    fs::create_dir(context.work().join("data")).expect("a folder");
    // Takes the flag off, goes to the beginning, writes there, and empties the file.
    context.write(
        "evil.wat",
        r#"(module
          (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $size (param i32 i64) (result i32)))
          (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\05\00\00\00")
          (data (i32.const 16) "evil\n")
          (func (export "_start")
            (drop (call $flags (i32.const 1) (i32.const 1)))
            (drop (call $flags (i32.const 1) (i32.const 0)))
            (drop (call $seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 8)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (drop (call $size (i32.const 1) (i64.const 0)))
            (drop (call $allocate (i32.const 1) (i64.const 0) (i64.const 100)))))"#,
    );
    for append in [true, false] {
        for script in ["./evil.wat", "echo a; dd if=k bs=2 count=2 2>/dev/null; echo after"] {
            let mut file = log(&context, append);
            let other = file.try_clone().expect("a handle");
            let before = rustix::fs::fcntl_getfl(&other).expect("flags");
            let output = context.command(["shell", "-c", script]).stdout(other).output().expect("it starts");
            assert_eq!(rustix::fs::fcntl_getfl(&file).expect("flags"), before, "{output:?}");
            // The caller goes on where it was, or at the end.
            file.write_all(b"caller\n").expect("written");
            let text = fs::read_to_string(context.work().join("log")).expect("read");
            let expected = if script == "./evil.wat" { "evil\n" } else { "a\nb 2\nafter\n" };
            assert_eq!(text, format!("before\n{expected}caller\n"), "{script}, append {append}: {output:?}");
        }
    }
}
