//! Processes: what they may do to each other and to the host, through modules that do nothing but that.

mod common;

use common::{Ended, Guest};
use glowplug_runtime::process::{Output, SessionLimits, Stdio};
use std::time::{Duration, Instant};

fn run(body: &str, limits: SessionLimits) -> Ended {
    Guest { limits, ..Guest::new(body) }.run()
}

fn run_freely(body: &str) -> Ended {
    Guest::new(body).run()
}

#[test]
fn a_fork_has_the_memory_as_it_was_and_its_own_from_then_on() {
    // The child sees 7, adds what it was given, and changes only its own; the parent still has 7.
    let ended = run_freely(
        r#"(func (export "glowplug_fork_entry") (param $task i32) (result i32)
             (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (local.get $task)))
             (i32.load (i32.const 4096)))
           (func (export "_start")
             (i32.store (i32.const 4096) (i32.const 7))
             (call $exit (i32.add (call $code (call $fork (i32.const 30))) (i32.load (i32.const 4096)))))"#,
    );
    assert_eq!(ended.code, 44);
}

#[test]
fn a_fork_carries_grown_memory_and_the_stack_pointer() {
    let ended = run_freely(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (i32.add (i32.load (i32.const 400000)) (memory.size)))
           (func (export "_start")
             (drop (memory.grow (i32.const 8)))
             (i32.store (i32.const 400000) (i32.const 5))
             (call $exit (call $code (call $fork (i32.const 0)))))"#,
    );
    assert_eq!(ended.code, 15);
}

#[test]
fn pointers_outside_of_memory_are_errors() {
    // EFAULT is 21; each call adds 1 when it gives just that.
    let ended = run_freely(
        r#"(func $is (param i32) (result i32) (i32.eq (local.get 0) (i32.const -21)))
           (func (export "_start")
             (local $n i32)
             (local.set $n (i32.add (local.get $n) (call $is (call $spawn (i32.const 131000) (i32.const 1000)))))
             (local.set $n (i32.add (local.get $n) (call $is (call $spawn (i32.const -4) (i32.const 8)))))
             (local.set $n (i32.add (local.get $n) (call $is (call $pipe (i32.const 0) (i32.const 131070)))))
             (local.set $n (i32.add (local.get $n) (call $is (call $write (i32.const 1) (i32.const 131071) (i32.const 2)))))
             (local.set $n (i32.add (local.get $n) (call $is (call $read (i32.const 0) (i32.const 0) (i32.const 2147483647)))))
             (local.set $n (i32.add (local.get $n) (call $is (call $wait (i32.const -1) (i32.const 0) (i32.const 131068)))))
             (local.set $n (i32.add (local.get $n)
               (i32.eq (call $fd_write (i32.const 1) (i32.const 131064) (i32.const 2) (i32.const 0)) (i32.const 21))))
             (local.set $n (i32.add (local.get $n)
               (i32.ne (call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0)) (i32.const 0))))
             (call $exit (local.get $n)))"#,
    );
    assert_eq!(ended.code, 8);
}

#[test]
fn a_process_that_never_stops_is_killed() {
    // The child computes for ever; SIGKILL is 9, and a status of 256 + 9 is cut to 9 by `exit`.
    let ended = run_freely(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32) (loop $l (br $l)) (unreachable))
           (func (export "_start")
             (local $pid i32)
             (local.set $pid (call $fork (i32.const 0)))
             (drop (call $kill (local.get $pid) (i32.const 9)))
             (call $exit (i32.sub (call $code (local.get $pid)) (i32.const 256))))"#,
    );
    assert_eq!(ended.code, 9);
}

#[test]
fn a_process_that_waits_for_a_pipe_is_killed() {
    let ended = run_freely(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (drop (call $pipe (i32.const 0) (i32.const 512)))
             (call $read (i32.load (i32.const 512)) (i32.const 600) (i32.const 1)))
           (func (export "_start")
             (local $pid i32)
             (local.set $pid (call $fork (i32.const 0)))
             (drop (call $kill (local.get $pid) (i32.const 15)))
             (call $exit (i32.sub (call $code (local.get $pid)) (i32.const 256))))"#,
    );
    assert_eq!(ended.code, 15);
}

#[test]
fn time_runs_out_for_everybody() {
    let began = Instant::now();
    let limits = SessionLimits { timeout: Some(Duration::from_millis(100)), ..SessionLimits::default() };
    let ended = run(r#"(func (export "_start") (loop $l (br $l)))"#, limits);
    assert_eq!(ended.code, 124);
    assert!(began.elapsed() < Duration::from_secs(60), "the limit did not end it");
}

#[test]
fn a_trap_is_the_process_s_end_and_nobody_else_s() {
    let ended = run_freely(
        r#"(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))
           (func (export "glowplug_fork_entry") (param $how i32) (result i32)
             (if (local.get $how) (then (unreachable)))
             (call $deep (i32.const 0)))
           (func (export "_start")
             (call $exit (i32.add
               (i32.sub (call $code (call $fork (i32.const 0))) (i32.const 256))
               (i32.sub (call $code (call $fork (i32.const 1))) (i32.const 256)))))"#,
    );
    assert_eq!(ended.code, 12, "SIGABRT twice");
    assert!(ended.stderr.contains("its stack is full"), "{}", ended.stderr);
    assert!(ended.stderr.contains("unreachable"), "{}", ended.stderr);
}

#[test]
fn processes_are_limited() {
    // Forks until it is refused (EAGAIN is 6); the children wait for ever, and end with the session.
    let limits = SessionLimits { max_processes: 5, timeout: Some(Duration::from_secs(60)), ..SessionLimits::default() };
    let guest = Guest::new(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (drop (call $pipe (i32.const 0) (i32.const 512)))
             (call $read (i32.load (i32.const 512)) (i32.const 600) (i32.const 1)))
           (func (export "_start")
             (local $n i32) (local $r i32)
             (loop $again
               (local.set $r (call $fork (i32.const 0)))
               (if (i32.gt_s (local.get $r) (i32.const 0)) (then
                 (local.set $n (i32.add (local.get $n) (i32.const 1)))
                 (br $again))))
             (call $exit (i32.sub (local.get $n) (local.get $r))))"#,
    );
    // Nobody waits for those who could still write to it.
    let stdio = Stdio { output: Output::Null, error: Output::Null, ..Stdio::default() };
    let ended = Guest { limits, stdio: Some(stdio), ..guest }.run();
    assert_eq!(ended.code, 4 + 6);
    assert_eq!(ended.heard, ["no more than 5 processes may run at once; --max-processes allows more"]);
}

#[test]
fn output_is_limited() {
    let limits = SessionLimits { max_output: Some(10), ..SessionLimits::default() };
    // EFBIG is 22.
    let ended = run(
        r#"(data (i32.const 0) "0123456789abcdef")
           (func (export "_start")
             (drop (call $write (i32.const 1) (i32.const 0) (i32.const 6)))
             (drop (call $write (i32.const 1) (i32.const 0) (i32.const 6)))
             (call $exit (i32.sub (i32.const 0) (call $write (i32.const 2) (i32.const 0) (i32.const 1)))))"#,
        limits,
    );
    assert_eq!((ended.code, &ended.stdout[..]), (22, "0123450123"));
}

#[test]
fn memory_is_limited() {
    let limits = SessionLimits { max_memory: Some(4 << 16), ..SessionLimits::default() };
    let ended = run(
        r#"(func (export "_start")
             (if (i32.ne (memory.grow (i32.const 2)) (i32.const 2)) (then (unreachable)))
             (call $exit (i32.eq (memory.grow (i32.const 1)) (i32.const -1))))"#,
        limits,
    );
    assert_eq!(ended.code, 1);
}

#[test]
fn a_pipe_ends_when_its_last_writer_is_gone_and_breaks_when_its_last_reader_is() {
    let ended = run_freely(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (call $write (i32.load (i32.const 8196)) (i32.const 0) (i32.const 3)))
           (func (export "_start")
             (local $n i32) (local $pid i32)
             (drop (call $pipe (i32.const 0) (i32.const 8192)))
             (local.set $pid (call $fork (i32.const 0)))
             (drop (call $close (i32.load (i32.const 8196))))
             (local.set $n (call $read (i32.load (i32.const 8192)) (i32.const 600) (i32.const 100)))
             (if (call $read (i32.load (i32.const 8192)) (i32.const 600) (i32.const 100)) (then (unreachable)))
             (drop (call $code (local.get $pid)))
             (drop (call $pipe (i32.const 0) (i32.const 8192)))
             (drop (call $close (i32.load (i32.const 8192))))
             ;; with SIGPIPE (13) ignored; EPIPE is 64
             (drop (call $catch (i64.const 0) (i64.const 8192)))
             (call $exit (i32.sub (local.get $n)
               (call $write (i32.load (i32.const 8196)) (i32.const 0) (i32.const 1)))))"#,
    );
    assert_eq!(ended.code, 3 + 64);
}

#[test]
fn writing_to_a_broken_pipe_is_a_signal() {
    let ended = run_freely(
        r#"(func (export "_start")
             (drop (call $pipe (i32.const 0) (i32.const 8192)))
             (drop (call $close (i32.load (i32.const 8192))))
             (drop (call $write (i32.load (i32.const 8196)) (i32.const 0) (i32.const 1))))"#,
    );
    assert_eq!(ended.code, 128 + 13);
}

#[test]
fn a_module_that_imports_something_else_is_refused() {
    let error =
        Guest::of(r#"(module (import "env" "system" (func)) (func (export "_start")))"#).try_run().err().unwrap();
    assert!(error.contains("`system` from `env`"), "{error}");
}
