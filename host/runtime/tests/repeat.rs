//! Sessions that can be repeated exactly, and what keeps others from it.

mod common;

use common::{Ended, Guest};
use glowplug_runtime::process::{EPOCH, Seed, Use};

/// Beside the usual imports: clocks, random bytes and sleeping, and functions for them.
const TIME: &str = r#"
  (func $put (param $at i32) (param $len i32)
    (drop (call $write (i32.const 1) (local.get $at) (local.get $len))))
  (func $now (param $clock i32) (result i64)
    (if (call $clock_time_get (local.get $clock) (i64.const 1) (i32.const 3000)) (then (unreachable)))
    (i64.load (i32.const 3000)))
  ;; sleeps for so many nanoseconds, or until then
  (func $sleep (param $clock i32) (param $time i64) (param $absolute i32)
    (memory.fill (i32.const 3100) (i32.const 0) (i32.const 48))
    (i32.store (i32.const 3116) (local.get $clock))
    (i64.store (i32.const 3124) (local.get $time))
    (i32.store16 (i32.const 3140) (local.get $absolute))
    (if (call $poll_oneoff (i32.const 3100) (i32.const 3200) (i32.const 1) (i32.const 3300)) (then (unreachable))))
  (func $random (param $at i32) (param $len i32)
    (if (call $random_get (local.get $at) (local.get $len)) (then (unreachable))))
"#;

const IMPORTS: &str = r#"
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "times" (func $times (param i32) (result i32)))
  (import "glowplug_process_v1" "pid" (func $pid (param i32) (result i32)))
  (import "glowplug_process_v1" "open" (func $open (param i32 i32 i32 i32) (result i32)))
"#;

fn guest(body: &str) -> Guest {
    Guest::of(&format!("(module {IMPORTS} {} {TIME} {body})", common::HEAD))
}

fn with_seed(body: &str) -> Ended {
    Guest { seed: Some(Seed([1; 32])), ..guest(body) }.run()
}

/// The numbers of 64 bits that a guest wrote.
fn numbers(ended: &Ended) -> Vec<u64> {
    let bytes = common::of_stream(&ended.written, 1);
    bytes.as_chunks().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect()
}

const CLOCKS: &str = r#"
  (func (export "_start")
    (i64.store (i32.const 4096) (call $now (i32.const 0)))
    (i64.store (i32.const 4104) (call $now (i32.const 1)))
    (call $sleep (i32.const 1) (i64.const 5000000) (i32.const 0))
    (i64.store (i32.const 4112) (call $now (i32.const 1)))
    (call $sleep (i32.const 1) (i64.const 10000000) (i32.const 1))
    (i64.store (i32.const 4120) (call $now (i32.const 1)))
    ;; a moment that has passed
    (call $sleep (i32.const 1) (i64.const 3) (i32.const 1))
    (i64.store (i32.const 4128) (call $now (i32.const 2)))
    (call $put (i32.const 4096) (i32.const 40)))
"#;

#[test]
fn virtual_clocks_move_by_readings_and_sleeps() {
    let ended = with_seed(CLOCKS);
    let us = 1000;
    let epoch = EPOCH * 1_000_000_000;
    assert_eq!(numbers(&ended), [epoch + us, 2 * us, 5003 * us, 10_001 * us, 10_002 * us]);
    assert_eq!(ended.used, []);
}

#[test]
fn the_calendar_can_begin_elsewhere() {
    let env = vec![b"SOURCE_DATE_EPOCH=1700000000".to_vec()];
    let ended = Guest { env, seed: Some(Seed([1; 32])), ..guest(CLOCKS) }.run();
    assert_eq!(numbers(&ended)[0], 1_700_000_000_000_001_000);
}

#[test]
fn a_parent_that_waits_is_not_earlier_than_its_child() {
    let ended = with_seed(
        r#"(func (export "glowplug_fork_entry") (param $task i32) (result i32)
             (call $sleep (i32.const 1) (i64.mul (i64.extend_i32_u (local.get $task)) (i64.const 1000000)) (i32.const 0))
             (i32.const 0))
           (func (export "_start")
             (local $long i32) (local $short i32)
             (local.set $long (call $fork (i32.const 20)))
             (local.set $short (call $fork (i32.const 3)))
             (drop (call $code (local.get $long)))
             (drop (call $code (local.get $short)))
             (i64.store (i32.const 4096) (call $now (i32.const 1)))
             (drop (call $times (i32.const 4104)))
             (call $put (i32.const 4096) (i32.const 40))
             ;; what `wait` said of processor time
             (call $put (i32.const 2056) (i32.const 8)))"#,
    );
    assert_eq!(numbers(&ended), [20_001_000, 0, 0, 0, 0, 0]);
}

/// Two children side by side, which draw random bytes and start children of their own, and a parent that prints what they drew.
const SIDE_BY_SIDE: &str = r#"
  (func (export "glowplug_fork_entry") (param $task i32) (result i32)
    (local $n i32)
    (if (i32.ge_u (local.get $task) (i32.const 4)) (then
      (call $tell (i32.load (i32.const 8196)))
      (return (i32.const 0))))
    (loop $again
      (drop (call $code (call $fork (i32.add (local.get $task) (i32.const 4)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 3))))
    (call $tell (i32.load (i32.const 8196)))
    (i32.const 0))
  (func $tell (param $to i32)
    (call $random (i32.const 4096) (i32.const 12))
    (i32.store (i32.const 4108) (call $pid (i32.const 0)))
    (drop (call $write (local.get $to) (i32.const 4096) (i32.const 16))))
  (func (export "_start")
    (local $a i32) (local $b i32)
    (drop (call $pipe (i32.const 0) (i32.const 8192)))
    (local.set $a (call $fork (i32.const 0)))
    (local.set $b (call $fork (i32.const 1)))
    (drop (call $code (local.get $a)))
    (drop (call $code (local.get $b)))
    (call $tell (i32.load (i32.const 8196)))
    (call $put (i32.const 4096)
      (call $read (i32.load (i32.const 8192)) (i32.const 4096) (i32.const 1000))))
"#;

#[test]
fn processes_side_by_side_get_what_they_got_before_whoever_is_faster() {
    // In which order they tell is chance; what they tell is not.
    let drawn = |seed: u8| {
        let ended = Guest { seed: Some(Seed([seed; 32])), ..guest(SIDE_BY_SIDE) }.run();
        let mut drawn: Vec<[u8; 16]> = common::of_stream(&ended.written, 1).as_chunks().0.to_vec();
        drawn.sort_unstable();
        drawn
    };
    let first = drawn(1);
    assert_eq!(first.len(), 9);
    for (at, one) in first.iter().enumerate() {
        assert!(first[..at].iter().all(|other| other[..12] != one[..12] && other[12..] != one[12..]));
    }
    for _ in 0..50 {
        assert_eq!(drawn(1), first);
    }
    assert_ne!(drawn(2), first);
}

#[test]
fn devices_of_chance_are_of_the_same_stream() {
    let body = |draw: &str| {
        format!(
            r#"(data (i32.const 5000) "/dev/urandom")
               (func $device (result i32)
                 (call $read (call $open (i32.const 5000) (i32.const 12) (i32.const 1) (i32.const 0))
                   (i32.const 4096) (i32.const 16)))
               (func (export "_start") {draw} (call $put (i32.const 4096) (i32.const 16)))"#
        )
    };
    let device = body("(drop (call $device))");
    let call = body("(call $random (i32.const 4096) (i32.const 16))");
    assert_eq!(with_seed(&device).written, with_seed(&call).written);
    assert_eq!(guest(&device).run().used, [Use::Random]);
    assert_ne!(guest(&call).run().written, with_seed(&call).written);
}

#[test]
fn a_witness_hears_of_time_and_chance_and_nothing_of_a_mere_sleep() {
    let start = |body: &str| guest(&format!("(func (export \"_start\") {body})"));
    for (body, used) in [
        ("(call $sleep (i32.const 1) (i64.const 1000) (i32.const 0))", vec![]),
        ("(call $sleep (i32.const 1) (i64.const 1000) (i32.const 1))", vec![Use::Clock]),
        ("(drop (call $now (i32.const 0)))", vec![Use::Clock]),
        ("(drop (call $now (i32.const 3)))", vec![Use::Clock]),
        ("(drop (call $clock_res_get (i32.const 1) (i32.const 4096)))", vec![Use::Clock]),
        ("(drop (call $times (i32.const 4096)))", vec![Use::Clock]),
        ("(call $random (i32.const 4096) (i32.const 16))", vec![Use::Random]),
        (
            "(call $random (i32.const 4096) (i32.const 8)) (drop (call $now (i32.const 1)))",
            vec![Use::Random, Use::Clock],
        ),
    ] {
        assert_eq!(start(body).run().used, used, "{body}");
        let seeded = Guest { seed: Some(Seed([3; 32])), ..start(body) };
        assert_eq!(seeded.run().used, [], "with a seed: {body}");
    }
    // No clock of that number: nothing was learnt.
    assert_eq!(start("(drop (call $clock_time_get (i32.const 9) (i64.const 0) (i32.const 4096)))").run().used, []);
}

#[test]
fn a_witness_hears_of_children_too() {
    let ended = guest(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (call $random (i32.const 4096) (i32.const 16)) (i32.const 0))
           (func (export "_start") (drop (call $code (call $fork (i32.const 0)))))"#,
    );
    assert_eq!(ended.run().used, [Use::Random]);
}

#[test]
fn a_witness_hears_of_a_terminal_seed_or_no_seed() {
    let body = r#"(data (i32.const 5000) "/dev/tty")
                  (func (export "_start")
                    (drop (call $open (i32.const 5000) (i32.const 8) (i32.const 1) (i32.const 0))))"#;
    assert_eq!(guest(body).run().used, [Use::Terminal]);
    assert_eq!(with_seed(body).used, [Use::Terminal]);
}
