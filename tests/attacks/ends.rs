//! Every wait and every loop of the host ends.

use super::common::{Context, stderr, stdout};
use super::support::{end_of, ends, is_gone, is_root, skipped, until};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// What is said when a session had to be left behind. Where that is, something did not listen.
const LEFT: &str = "is left as it is";

/// Runs `command`, whose standard output nobody reads; how it ended, and what it said.
fn unread(command: &mut Command) -> (ExitStatus, String) {
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    // As when somebody else has it, too: its flags are shared, and stay.
    let other = File::from(OwnedFd::from(writer.try_clone().expect("a handle")));
    let before = rustix::fs::fcntl_getfl(&other).expect("flags");
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut errors = child.stderr.take().expect("a pipe");
    let status = end_of(child);
    assert_eq!(rustix::fs::fcntl_getfl(&other).expect("flags"), before);
    let mut said = String::new();
    errors.read_to_string(&mut said).expect("read");
    (status, said)
}

#[test]
fn a_write_that_nobody_reads_ends_with_the_time() {
    let context = Context::new();
    let shell = ["shell", "--timeout", "1s", "-c", "head -c 10000000 /dev/zero"];
    let (status, said) = unread(&mut context.command(shell));
    assert_eq!(status.code(), Some(124), "{said}");
    assert!(!said.contains(LEFT), "{said}");
    let probe = context.probe();
    context.write("large", vec![b'x'; 1 << 20]);
    let run = ["run", "--call-cache", "on", "--timeout", "1s", "--dir", ".", probe, "cat", "large"];
    let (status, said) = unread(&mut context.command(run));
    assert_eq!(status.code(), Some(124), "{said}");
    assert!(!said.contains(LEFT), "{said}");
}

#[test]
fn a_write_that_nobody_reads_ends_with_its_process() {
    let context = Context::new();
    let script = "head -c 10000000 /dev/zero & p=$!; sleep 0.3; kill -9 $p; wait $p; echo $? >&2";
    let (_, said) = unread(&mut context.command(["shell", "-c", script]));
    assert_eq!(said, "137\n");
}

#[test]
fn a_fifo_that_nobody_reads_ends_with_the_time() {
    let context = Context::new();
    let fifo = context.work().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a FIFO");
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let _reader = File::options().read(true).custom_flags(nonblocking).open(&fifo).expect("opened");
    let output = ends(&mut context.command(["shell", "--timeout", "1s", "-c", "head -c 10000000 /dev/zero > fifo"]));
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    assert!(!stderr(&output).contains(LEFT), "{output:?}");
}

#[test]
fn a_terminal_that_is_stopped_ends_with_the_time() {
    let context = Context::new();
    let Ok(host) = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY) else {
        return skipped("a_terminal_that_is_stopped_ends_with_the_time", "no pseudoterminals here");
    };
    rustix::pty::grantpt(&host).and_then(|()| rustix::pty::unlockpt(&host)).expect("a pseudoterminal");
    let name = rustix::pty::ptsname(&host, Vec::new()).expect("its name").into_string().expect("UTF-8");
    // Nobody reads `host`, so the terminal is full soon, as one that Ctrl-S stopped.
    let terminal = File::options().read(true).write(true).open(name).expect("the terminal");
    let shell = ["shell", "--timeout", "1s", "-c", "head -c 10000000 /dev/zero"];
    let mut child = context.command(shell);
    let mut child = child.stdout(terminal).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut errors = child.stderr.take().expect("a pipe");
    assert_eq!(end_of(child).code(), Some(124));
    let mut said = String::new();
    errors.read_to_string(&mut said).expect("read");
    assert!(!said.contains(LEFT), "{said}");
}

/// A module whose one function is loops in loops, which takes the compiler more than linear time.
fn nested_loops(depth: usize) -> Vec<u8> {
    fn number(mut number: usize, out: &mut Vec<u8>) {
        while number >= 0x80 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }
    let mut body = vec![0];
    body.extend([0x03, 0x40].repeat(depth));
    body.extend(vec![0x0b; depth + 1]);
    let mut code = vec![1];
    number(body.len(), &mut code);
    code.extend(body);
    let mut wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x0a\x01\x06_start\0\0\x0a".to_vec();
    number(code.len(), &mut wasm);
    wasm.extend(code);
    wasm
}

#[test]
fn compiling_ends_with_the_time() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(60_000));
    for args in [
        &["shell", "--timeout", "1s", "-c", "./loops.wasm"][..],
        &["run", "--timeout", "1s", "loops.wasm"],
        &["run", "--call-cache", "on", "--timeout", "1s", "loops.wasm"],
    ] {
        let output = ends(&mut context.command(args));
        assert_eq!(output.status.code(), Some(124), "{args:?}: {output:?}");
        assert!(!stderr(&output).contains(LEFT), "{args:?}: {output:?}");
    }
}

#[test]
fn compiling_ends_with_the_process_that_waits() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(60_000));
    let script = "(./loops.wasm; echo no) & p=$!; sleep 0.3; kill -9 $p; wait $p; echo $?";
    let output = ends(&mut context.command(["shell", "-c", script]));
    assert_eq!(stdout(&output), "137\n", "{output:?}");
}

#[test]
fn compiling_ends_with_a_signal_that_the_shell_catches() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(60_000));
    let script = "trap 'echo caught; exit 3' INT; echo began; ./loops.wasm; echo went on";
    let mut command = context.command(["shell", "-c", script]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut out = child.stdout.take().expect("a pipe");
    let mut began = [0; 6];
    out.read_exact(&mut began).expect("it begins");
    std::thread::sleep(Duration::from_millis(300));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    assert_eq!(end_of(child).code(), Some(3));
    let mut said = String::new();
    out.read_to_string(&mut said).expect("read");
    assert_eq!(said, "caught\n");
}

#[test]
fn reading_a_long_text_ends_with_the_time() {
    let context = Context::new();
    let text = format!("(module {})", "(func (result i32) i32.const 1)\n".repeat(250_000));
    context.write("long.wat", text);
    let output = ends(&mut context.command(["shell", "--timeout", "1s", "-c", "./long.wat"]));
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    assert!(!stderr(&output).contains(LEFT), "{output:?}");
}

#[test]
fn a_case_that_compiles_is_given_up_and_the_others_go_on() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(60_000));
    fs::create_dir(context.work().join("tests")).expect("a folder");
    context.write("tests/hangs.t", "  $ /src/loops.wasm\n");
    context.write("tests/well.t", "  $ echo well\n  well\n");
    let args = ["test", "--timeout", "1s", "--no-fail-fast", "--report-json", "report.json"];
    let output = ends(&mut context.command(args));
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    let report = fs::read_to_string(context.work().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let text = |at: usize, name: &str| report["cases"][at][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((text(1, "id"), text(1, "verdict")), ("tests/well.t".to_owned(), "passed".to_owned()), "{report}");
    assert_ne!(text(0, "verdict"), "passed", "{report}");
}

#[test]
fn a_guest_that_fills_its_memory_with_chance_ends() {
    if !is_root() && rustix::process::getrlimit(rustix::process::Resource::As).current.is_some() {
        return skipped("a_guest_that_fills_its_memory_with_chance_ends", "addresses are limited");
    }
    let context = Context::new();
    context.write(
        "chance.wat",
        r#"(module
          (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
          (memory (export "memory") 2048)
          (func (export "_start")
            (loop $again (drop (call $random (i32.const 0) (i32.const 0x8000000)))
              (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x8000000)) (br $again))))"#,
    );
    let output = ends(&mut context.command(["shell", "--timeout", "1s", "-c", "./chance.wat"]));
    assert_eq!(output.status.code(), Some(124), "{output:?}");
}

#[test]
fn a_module_in_the_background_is_there_before_it_is_compiled() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(60_000));
    // Compiling takes longer than this session may.
    let script = "./loops.wasm & p=$!; kill -0 $p && echo there; kill -9 $p; wait $p; echo $?";
    let output = ends(&mut context.command(["shell", "--timeout", "10s", "-c", script]));
    assert_eq!(stdout(&output), "there\n137\n", "{output:?}");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_module_in_the_background_that_cannot_be_run_ends_as_in_the_foreground() {
    let context = Context::new();
    context.write("broken.wasm", b"\0asm\x01\0\0\0 and no more");
    let output =
        ends(&mut context.command(["shell", "-c", "./broken.wasm & wait $!; echo $?; ./broken.wasm; echo $?"]));
    assert_eq!(stdout(&output), "126\n126\n", "{output:?}");
    assert_eq!(stderr(&output).matches("./broken.wasm: cannot be run: ").count(), 2, "{output:?}");
}

/// The niceness of each thread of a process.
fn niceness(pid: u32) -> Vec<i32> {
    let of = |thread: fs::DirEntry| {
        let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
        // After the name, which may hold anything.
        stat.rsplit_once(')')?.1.split_whitespace().nth(16)?.parse().ok()
    };
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    threads.flatten().filter_map(of).collect()
}

#[test]
fn a_compilation_that_nobody_waits_for_gives_way() {
    let context = Context::new();
    context.write("loops.wasm", nested_loops(100_000));
    let mut command = context.command(["run", "loops.wasm"]);
    let mut starter = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    until("a process that compiles", || !context.compilations().is_empty());
    let pid = context.compilations()[0];
    assert!(niceness(pid).iter().all(|nice| *nice < 19), "{:?}", niceness(pid));
    starter.kill().expect("killed");
    starter.wait().expect("it ended");
    until("it gives way", || niceness(pid).iter().all(|nice| *nice == 19));
    // And no test leaves one behind.
    drop(context);
    until("it is gone", || is_gone(&pid.to_string()));
}

#[test]
fn settings_that_are_pipes_are_not_waited_for() {
    let context = Context::new();
    let pipe = |path: &std::path::Path| {
        let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
        assert!(made.success());
    };
    let project = context.work().join("project");
    fs::create_dir(&project).expect("a folder");
    pipe(&context.work().join("glowplug.toml"));
    context.write("project/case.t", "  $ echo hello\n  hello\n");
    pipe(&context.work().join("pipe"));
    fs::create_dir(context.work().join("fine")).expect("a folder");
    context.write("fine/glowplug.toml", "");
    pipe(&context.work().join("fine/pipe.t"));
    let pipe = context.work().join("pipe").display().to_string();
    // In the folder itself, and in one above.
    for folder in [context.work(), project] {
        let output = ends(context.command(["test"]).current_dir(&folder));
        assert!(!output.status.success() && stderr(&output).contains("no regular file"), "{output:?}");
    }
    let output = ends(context.command(["test", "pipe.t"]).current_dir(context.work().join("fine")));
    assert!(!output.status.success(), "{output:?}");
    let output = ends(context.command(["shell", "-c", "echo said"]).env("GLOWPLUG_CONFIG", &pipe));
    assert!(stderr(&output).contains("no regular file"), "{output:?}");
    let output = ends(&mut context.command(["shell", "--report-file", &pipe, "-c", "echo said"]));
    assert!(stderr(&output).contains("failed to write"), "{output:?}");
}

/// Reads a thousand ranges of 250 MB out of a file of holes, in one call.
const READS: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 4096)
  (data (i32.const 100) "holes")
  (func (export "_start") (local $folder i32) (local $at i32)
    (local.set $folder (i32.const 2))
    (loop $next
      (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
      (if (i32.eq (local.get $folder) (i32.const 20)) (then (unreachable)))
      (br_if $next (call $open (local.get $folder) (i32.const 0) (i32.const 100) (i32.const 5) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 48))))
    (local.set $at (i32.const 1024))
    (loop $fill
      (i32.store (local.get $at) (i32.const 16384))
      (i32.store offset=4 (local.get $at) (i32.const 250000000))
      (br_if $fill (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 9024))))
    (drop (call $pread (i32.load (i32.const 48)) (i32.const 1024) (i32.const 1000) (i64.const 0) (i32.const 60)))))"#;

/// Such a module, and the file; not where no file may be that long.
fn reads(trial: &str) -> Option<Context> {
    let context = Context::new();
    context.write("reads.wat", READS);
    let file = File::create(context.work().join("holes")).expect("a file");
    if let Err(error) = file.set_len(4 << 40) {
        skipped(trial, &format!("no file may have 4 TiB here: {error}"));
        return None;
    }
    Some(context)
}

#[test]
fn one_call_of_many_ranges_ends_with_the_processor_time() {
    let Some(context) = reads("one_call_of_many_ranges_ends_with_the_processor_time") else { return };
    let limit = "--cpu-time=300ms";
    for args in [&["shell", limit, "-c", "./reads.wat"][..], &["run", "--call-cache=on", "--dir=.", limit, "reads.wat"]]
    {
        let output = ends(&mut context.command(args));
        assert_eq!(output.status.code(), Some(124), "{output:?}");
        assert!(stderr(&output).contains("--cpu-time allows (300ms)"), "{output:?}");
        assert!(!stderr(&output).contains(LEFT), "{output:?}");
    }
}

#[test]
fn one_call_of_many_ranges_ends_with_its_process_and_with_the_time() {
    let Some(context) = reads("one_call_of_many_ranges_ends_with_its_process_and_with_the_time") else { return };
    let script = "./reads.wat & p=$!; sleep 0.3; kill -9 $p; wait $p; echo $?";
    let output = ends(&mut context.command(["shell", "-c", script]));
    assert_eq!(stdout(&output), "137\n", "{output:?}");
    let output = ends(&mut context.command(["shell", "--timeout=500ms", "-c", "./reads.wat"]));
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    assert!(!stderr(&output).contains(LEFT), "{output:?}");
}
