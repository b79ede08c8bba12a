//! Standard streams that are recorded.

mod common;

use common::Guest;
use glowplug_runtime::process::{Chunk, Input, Output, SessionLimits, StdinRecord, Stdio, Tape, Use};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::Arc;

const MORE: &str = r#"
  (import "glowplug_process_v1" "describe" (func $describe (param i32) (result i32)))
  (import "glowplug_process_v1" "fstat" (func $fstat (param i32 i32) (result i32)))
  (import "glowplug_process_v1" "seek" (func $seek (param i32 i64 i32) (result i64)))
  (import "glowplug_process_v1" "dup" (func $dup (param i32) (result i32)))
  (import "glowplug_process_v1" "poll" (func $poll (param i32 i64) (result i32)))
  (import "glowplug_process_v1" "terminal_size" (func $terminal_size (param i32 i32) (result i32)))
"#;

fn guest(body: &str) -> Guest {
    Guest::of(&format!("(module {MORE} {} {body})", common::HEAD))
}

fn chunk(stream: u8, bytes: &str) -> Chunk {
    Chunk { stream, bytes: bytes.as_bytes().to_vec() }
}

/// A file with this text, to be read from its beginning.
fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}

fn traced(file: File, ahead: &str) -> (Input, Arc<StdinRecord>) {
    let reading = Arc::new(StdinRecord::default());
    (Input::Traced { file, ahead: ahead.as_bytes().to_vec(), reading: Arc::clone(&reading) }, reading)
}

const TALK: &str = r#"
  (data (i32.const 4096) "abcdef")
  (func $say (param $to i32) (param $at i32)
    (drop (call $write (local.get $to) (i32.add (i32.const 4096) (local.get $at)) (i32.const 1))))
  (func (export "glowplug_fork_entry") (param i32) (result i32)
    (call $say (i32.const 2) (i32.const 4))
    (i32.const 0))
  (func (export "_start")
    (call $say (i32.const 1) (i32.const 0))
    (call $say (call $dup (i32.const 1)) (i32.const 1))
    (call $say (i32.const 2) (i32.const 2))
    (call $say (i32.const 1) (i32.const 3))
    (drop (call $code (call $fork (i32.const 0))))
    (call $say (i32.const 1) (i32.const 5)))
"#;

#[test]
fn a_tape_has_what_all_processes_wrote_in_its_order() {
    let ended = guest(TALK).run();
    assert_eq!(ended.written, [chunk(1, "ab"), chunk(2, "c"), chunk(1, "d"), chunk(2, "e"), chunk(1, "f")]);
}

#[test]
fn what_is_taped_is_passed_on_in_the_same_order() {
    let mut seen = tempfile::tempfile().unwrap();
    let tape = Tape::new(3);
    let output = |stream| Output::Taped { to: Some(seen.try_clone().unwrap()), tape: Arc::clone(&tape), stream };
    let stdio = Stdio { input: Input::Null, output: output(1), error: output(2) };
    Guest { stdio: Some(stdio), ..guest(TALK) }.run();
    let mut text = String::new();
    seen.rewind().unwrap();
    seen.read_to_string(&mut text).unwrap();
    assert_eq!(text, "abcdef", "more than the tape keeps");
    assert_eq!(tape.take(), [chunk(1, "ab"), chunk(2, "c")]);
    assert!(tape.overflowed());
}

#[test]
fn both_streams_may_be_one() {
    let tape = Tape::new(100);
    let output = || Output::Taped { to: None, tape: Arc::clone(&tape), stream: 1 };
    let stdio = Stdio { input: Input::Null, output: output(), error: output() };
    Guest { stdio: Some(stdio), ..guest(TALK) }.run();
    assert_eq!(tape.take(), [chunk(1, "abcdef")]);
}

#[test]
fn what_a_tape_gets_is_limited_as_any_output() {
    let limits = SessionLimits { max_output: Some(4), ..SessionLimits::default() };
    let ended = Guest { limits, ..guest(TALK) }.run();
    assert_eq!(ended.written, [chunk(1, "ab"), chunk(2, "c"), chunk(1, "d")]);
}

#[test]
fn nothing_of_the_real_files_shows() {
    // `describe` says: a pipe to read (2 + 16), pipes to write (4 + 16). Neither can be sought (ESPIPE is 70), nothing has a size.
    let body = r#"
      (func $all (param $fd i32) (param $at i32)
        (i32.store (local.get $at) (call $describe (local.get $fd)))
        (i64.store offset=4 (local.get $at) (call $seek (local.get $fd) (i64.const 0) (i32.const 1)))
        (i32.store offset=12 (local.get $at) (call $terminal_size (local.get $fd) (i32.const 1100)))
        (drop (call $fstat (local.get $fd) (i32.add (local.get $at) (i32.const 16)))))
      (func (export "_start")
        (call $all (i32.const 0) (i32.const 4096))
        (call $all (i32.const 1) (i32.const 4192))
        (call $all (i32.const 2) (i32.const 4288))
        (drop (call $write (i32.const 1) (i32.const 4096) (i32.const 288))))"#;
    let run = |input: File, output: File| {
        let tape = Tape::new(1000);
        let to = |stream| Output::Taped { to: Some(output.try_clone().unwrap()), tape: Arc::clone(&tape), stream };
        let stdio = Stdio { input: traced(input, "").0, output: to(1), error: to(2) };
        let ended = Guest { stdio: Some(stdio), ..guest(body) }.run();
        assert_eq!(ended.used, []);
        common::of_stream(&tape.take(), 1)
    };
    let (reader, writer) = std::io::pipe().unwrap();
    let [reader, writer] = [OwnedFd::from(reader), OwnedFd::from(writer)].map(File::from);
    let with_pipes = run(reader, writer);
    assert_eq!(run(file("text"), file("")), with_pipes);
    let number = |at: usize| i32::from_le_bytes(with_pipes[at..at + 4].try_into().unwrap());
    assert_eq!([0, 96, 192].map(number), [2 + 16, 4 + 16, 4 + 16]);
    assert_eq!([4, 100, 196].map(number), [-70; 3]);
    assert_eq!([12, 108, 204].map(number), [-59; 3]);
    let inode = |at: usize| number(at + 16 + 8);
    assert_eq!([0, 96, 192].map(inode), [0, 1, 2], "`cat` must not take its input for its output");
}

/// Reads 4 bytes and then, if it is told to, to the end.
fn reader(to_the_end: bool) -> Guest {
    let rest = if to_the_end {
        r#"(loop $more
             (local.set $got (call $read (i32.const 0) (i32.const 4096) (i32.const 3)))
             (drop (call $write (i32.const 1) (i32.const 4096) (local.get $got)))
             (br_if $more (local.get $got)))"#
    } else {
        ""
    };
    guest(&format!(
        r#"(func (export "_start")
             (local $got i32)
             (loop $first
               (local.set $got (i32.add (local.get $got)
                 (call $read (i32.const 0) (i32.add (i32.const 4096) (local.get $got))
                   (i32.sub (i32.const 4) (local.get $got)))))
               (br_if $first (i32.lt_u (local.get $got) (i32.const 4))))
             (drop (call $write (i32.const 1) (i32.const 4096) (i32.const 4)))
             {rest})"#
    ))
}

#[test]
fn the_record_is_of_what_was_read_and_no_more() {
    for (to_the_end, read) in [(false, "0123"), (true, "0123456789")] {
        for ahead in ["", "01", "0123", "0123456789"] {
            let (input, reading) = traced(file(&"0123456789"[ahead.len()..]), ahead);
            let ended = Guest { input, ..reader(to_the_end) }.run();
            assert_eq!(ended.stdout, read, "{ahead} ahead");
            assert_eq!(reading.bytes(), read.len() as u64);
            assert_eq!(reading.digest(), *blake3::hash(read.as_bytes()).as_bytes());
            assert_eq!(reading.ended(), to_the_end);
        }
    }
}

#[test]
fn an_input_that_nobody_reads_is_recorded_as_nothing() {
    let (input, reading) = traced(file("text"), "some");
    Guest { input, ..guest(r#"(func (export "_start"))"#) }.run();
    assert_eq!((reading.bytes(), reading.ended()), (0, false));
    assert_eq!(reading.digest(), *blake3::hash(b"").as_bytes());
}

#[test]
fn two_processes_share_an_input_as_they_share_a_pipe() {
    // Each reads bytes until the end and passes them on; the record is of all, in some order that the bytes were given out in.
    let text: String = ('a'..='z').cycle().take(2000).collect();
    let (pipe, mut writer) = std::io::pipe().unwrap();
    let (input, reading) = traced(File::from(OwnedFd::from(pipe)), "");
    let feeding = std::thread::spawn({
        let text = text.clone();
        move || text.as_bytes().chunks(7).for_each(|bytes| writer.write_all(bytes).unwrap())
    });
    let ended = Guest {
        input,
        ..guest(
            r#"(func $pass
                 (local $got i32)
                 (loop $more
                   (local.set $got (call $read (i32.const 0) (i32.const 4096) (i32.const 1)))
                   (drop (call $write (i32.const 1) (i32.const 4096) (local.get $got)))
                   (br_if $more (local.get $got))))
               (func (export "glowplug_fork_entry") (param i32) (result i32) (call $pass) (i32.const 0))
               (func (export "_start")
                 (local $child i32)
                 (local.set $child (call $fork (i32.const 0)))
                 (call $pass)
                 (drop (call $code (local.get $child)))
                 ;; a poll of the end says that a read would not wait
                 (if (i32.ne (call $poll (i32.const 0) (i64.const -1)) (i32.const 1)) (then (unreachable))))"#,
        )
    }
    .run();
    feeding.join().unwrap();
    assert!(!ended.end.trapped);
    let mut got: Vec<_> = ended.stdout.bytes().collect();
    let mut given = text.clone().into_bytes();
    got.sort_unstable();
    given.sort_unstable();
    assert_eq!(got, given);
    assert_eq!(reading.digest(), *blake3::hash(text.as_bytes()).as_bytes());
    assert!(reading.ended());
}

#[test]
fn a_process_that_waits_for_a_recorded_input_can_be_killed() {
    let (pipe, _writer) = std::io::pipe().unwrap();
    let (input, reading) = traced(File::from(OwnedFd::from(pipe)), "");
    let ended = Guest {
        input,
        ..guest(
            r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
                 (call $read (i32.const 0) (i32.const 4096) (i32.const 1)))
               (func (export "_start")
                 (local $child i32)
                 (local.set $child (call $fork (i32.const 0)))
                 (drop (call $kill (local.get $child) (i32.const 15)))
                 (call $exit (i32.sub (call $code (local.get $child)) (i32.const 256))))"#,
        )
    }
    .run();
    assert_eq!(ended.code, 15);
    assert!(!reading.ended());
}

#[test]
fn a_terminal_is_one_and_a_witness_hears_of_it() {
    let terminal = || {
        let main = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&main).unwrap();
        rustix::pty::unlockpt(&main).unwrap();
        let name = rustix::pty::ptsname(&main, Vec::new()).unwrap();
        let file = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        (main, file)
    };
    let ask = |fd: i32| {
        guest(&format!(
            "(func (export \"_start\") (call $exit (i32.and (i32.const 1) (call $describe (i32.const {fd})))))"
        ))
    };
    let (_main, file) = terminal();
    let ended = Guest { input: traced(file, "").0, ..ask(0) }.run();
    assert_eq!((ended.code, ended.used), (1, vec![Use::Terminal]));
    // An output is not, whatever it is passed on to.
    let (_main, file) = terminal();
    let to = Output::Taped { to: Some(file), tape: Tape::new(10), stream: 1 };
    let stdio = Stdio { input: Input::Null, output: to, error: Output::Null };
    let ended = Guest { stdio: Some(stdio), ..ask(1) }.run();
    assert_eq!((ended.code, ended.used), (0, vec![]));
}
