//! Sessions of any module, and many sessions with one set of programs.

mod common;

use common::{Heard, module, of_stream, options, programs, start};
use glowplug_cache::Source;
use glowplug_fs::{Access, Mount, Namespace, Settings};
use glowplug_runtime::Limit;
use glowplug_runtime::process::{
    Face, Info, Input, Output, ProgramSet, RunEnd, Seed, Session, SessionEvent, SessionLimits, SessionOptions, Start,
    StartProgram, Stdio, Tape,
};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// No process of the host's own is run here.
fn no_programs() -> Arc<ProgramSet> {
    programs(module("(func (export \"_start\"))"), 16)
}

fn source(wat: &str) -> StartProgram {
    let name = "some.wasm".to_owned();
    StartProgram::Source { source: Source::bytes(name.clone(), wat::parse_str(wat).unwrap()), name }
}

/// Runs a module by itself: how it ended, and what it wrote to both streams.
fn run(wat: &str) -> anyhow::Result<(RunEnd, String, String)> {
    run_with(source(wat), options(no_programs()), None)
}

fn run_with(
    program: StartProgram,
    options: SessionOptions,
    preopens: Option<Vec<(Vec<u8>, Vec<u8>)>>,
) -> anyhow::Result<(RunEnd, String, String)> {
    let tape = Tape::new(1 << 20);
    let env = vec![b"A=1".to_vec()];
    let end = Session::new(options).run(Start { program, preopens, env, ..start(&tape) }, || ())?;
    let written = tape.take();
    let text = |stream| String::from_utf8(of_stream(&written, stream)).unwrap();
    Ok((end, text(1), text(2)))
}

const EXITED: RunEnd =
    RunEnd { exit_code: 0, trapped: false, killed: false, timed_out: false, limit: None, looked_for_folders: false };

/// Functions that say a letter, under the names that `exports` says.
fn says(exports: &str) -> String {
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (data (i32.const 0) "\10\00\00\00\01\00\00\00")
             (func $say (param i32)
               (i32.store (i32.const 16) (local.get 0))
               (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))
             {exports})"#
    )
}

#[test]
fn a_module_is_run_as_run_does_it() {
    let main = r#"(func (export "_start") (call $say (i32.const 77)))"#;
    let unnamed = r#"(func (export "") (call $say (i32.const 78)))"#;
    let initialize = r#"(func (export "_initialize") (call $say (i32.const 73)))"#;
    for (exports, said) in [
        (vec![main], "M"),
        (vec![initialize, main], "IM"),
        (vec![main, unnamed], "N"),
        (vec![initialize], "I"),
        (vec![], ""),
    ] {
        let (end, stdout, _) = run(&says(&exports.concat())).unwrap();
        assert_eq!((end, &stdout[..]), (EXITED, said));
    }
}

#[test]
fn what_cannot_be_run_is_an_error() {
    let error = |wat: &str| run(wat).err().unwrap().to_string();
    assert_eq!(
        error(r#"(module (func (export "_start") (result i32) (i32.const 1)))"#),
        "failed to run main module `some.wasm`: the main function takes arguments or returns values"
    );
    assert_eq!(
        error("(component)"),
        "failed to load `some.wasm`: some.wasm is a component, and a module was asked for"
    );
    let unknown = error(r#"(module (import "env" "f" (func)))"#);
    assert!(unknown.contains("it imports `f` from `env`"), "{unknown}");
}

#[test]
fn a_trap_and_a_signal_are_told_apart_and_from_exit_codes() {
    let end = |body: &str| run(&format!("(module {} {body})", common::HEAD)).unwrap();
    let (trapped, _, stderr) = end(r#"(func (export "_start") (unreachable))"#);
    assert_eq!(trapped, RunEnd { exit_code: 134, trapped: true, ..EXITED });
    assert!(stderr.starts_with("glowplug: some.wasm: aborted: "), "{stderr}");
    let (killed, ..) = end(r#"(func (export "_start") (drop (call $kill (i32.const 2) (i32.const 6))))"#);
    assert_eq!(killed, RunEnd { exit_code: 134, killed: true, ..EXITED });
    let (exited, ..) = end(r#"(func (export "_start") (call $exit (i32.const 134)))"#);
    assert_eq!(exited, RunEnd { exit_code: 134, ..EXITED });
}

/// Prints the names of its preopened folders and its environment, and opens `name` beneath the first: prints a letter for the error
/// number (`!` is 0).
fn looks(name: &str) -> String {
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "path_open"
               (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (data (i32.const 64) "{name}")
             (data (i32.const 200) " ")
             (func $put (param $at i32) (param $len i32)
               (i32.store (i32.const 0) (local.get $at))
               (i32.store (i32.const 4) (local.get $len))
               (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
               (i32.store (i32.const 0) (i32.const 200))
               (i32.store (i32.const 4) (i32.const 1))
               (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))
             (func (export "_start")
               (local $fd i32)
               (local.set $fd (i32.const 3))
               (block $end (loop $next
                 (br_if $end (call $prestat (local.get $fd) (i32.const 8)))
                 (drop (call $name (local.get $fd) (i32.const 300) (i32.load (i32.const 12))))
                 (call $put (i32.const 300) (i32.load (i32.const 12)))
                 (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
                 (br $next)))
               (drop (call $sizes (i32.const 16) (i32.const 20)))
               (drop (call $environ (i32.const 400) (i32.const 500)))
               (call $put (i32.const 500) (i32.sub (i32.load (i32.const 20)) (i32.const 1)))
               (i32.store8 (i32.const 600) (i32.add (i32.const 33)
                 (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const {}) (i32.const 0)
                   (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 604))))
               (call $put (i32.const 600) (i32.const 1))))"#,
        name.len()
    )
}

fn mounted(folder: &Path) -> SessionOptions {
    let mount = Mount { host: folder.to_owned(), guest: b"/0".to_vec(), access: Access::ReadOnly };
    let namespace = Namespace::new(Settings { mounts: vec![mount], ..Settings::default() }).unwrap();
    SessionOptions { namespace, ..options(no_programs()) }
}

#[test]
fn a_module_gets_just_the_folders_that_are_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
    std::fs::write(folder.path().join("a/file"), "").unwrap();
    let look = |name: &str, preopens: &[(&str, &str)]| {
        let preopens = preopens.iter().map(|(path, name)| (path.as_bytes().to_vec(), name.as_bytes().to_vec()));
        let ran = run_with(source(&looks(name)), mounted(folder.path()), Some(preopens.collect())).unwrap();
        assert_eq!(ran.0, EXITED);
        ran.1
    };
    // ENOENT is 44, EPERM 63, EBADF 8.
    let letter = |errno: u8| char::from(b'!' + errno);
    assert_eq!(look("file", &[("/0/a", "/data"), ("/0", ".")]), "/data . A=1 ! ");
    assert_eq!(look("b/../file", &[("/0/a", "x")]), "x A=1 ! ");
    assert_eq!(look("none", &[("/0/a", "x")]), format!("x A=1 {} ", letter(44)));
    for above in ["../a/file", "b/../../a/file", "/0/a/file"] {
        assert_eq!(look(above, &[("/0/a", "x")]), format!("x A=1 {} ", letter(63)), "{above}");
    }
    assert_eq!(look("file", &[]), format!("A=1 {} ", letter(8)));
    // Without, it is given what any process is.
    let usual = run_with(source(&looks("../0/a/file")), mounted(folder.path()), None).unwrap().1;
    assert!(usual.starts_with("/") && usual.contains(" . ") && usual.contains("PWD=/"), "{usual}");
    assert!(usual.ends_with(" ! "), "{usual}");
}

/// Waits for a line of input, or for ever.
const WAITS: &str = r#"
  (func (export "_start")
    (drop (call $pipe (i32.const 0) (i32.const 512)))
    (call $exit (call $read (i32.load (i32.const 512)) (i32.const 600) (i32.const 1))))"#;

#[test]
fn sessions_side_by_side_share_programs_and_nothing_else() {
    // In both a child computes for ever; in one until time runs out.
    let set = programs(
        module(
            r#"(func (export "glowplug_fork_entry") (param i32) (result i32) (loop $l (br $l)) (unreachable))
               (func (export "_start") (drop (call $code (call $fork (i32.const 0)))))"#,
        ),
        16,
    );
    let session = |timeout: Option<Duration>| {
        let limits = SessionLimits { timeout, ..SessionLimits::default() };
        Session::new(SessionOptions { limits, ..options(Arc::clone(&set)) })
    };
    let (running, short) = (session(None), session(Some(Duration::from_millis(50))));
    let (ended, end) = mpsc::channel();
    let thread = std::thread::spawn({
        let running = Arc::clone(&running);
        move || ended.send(running.run(start(&Tape::new(0)), || ()).unwrap())
    });
    let timed_out = short.run(start(&Tape::new(0)), || ()).unwrap();
    assert_eq!(timed_out, RunEnd { exit_code: 124, killed: true, timed_out: true, limit: Some(Limit::Time), ..EXITED });
    assert!(short.end_all(Duration::from_secs(60)), "its child ends with it");
    assert!(end.try_recv().is_err(), "the other one goes on");
    assert_eq!(running.alive(), 2);
    assert!(running.end_all(Duration::from_secs(60)));
    assert_eq!(end.recv().unwrap(), RunEnd { exit_code: 137, killed: true, ..EXITED });
    thread.join().unwrap().unwrap();
}

#[test]
fn what_a_session_leaves_behind_can_be_ended() {
    let body = r#"
      (func (export "glowplug_fork_entry") (param i32) (result i32)
        (drop (call $pipe (i32.const 0) (i32.const 512)))
        (call $read (i32.load (i32.const 512)) (i32.const 600) (i32.const 1)))
      (func (export "_start") (drop (call $fork (i32.const 0))) (drop (call $fork (i32.const 0))))"#;
    let session = Session::new(options(programs(module(body), 16)));
    let stdio = Stdio { input: Input::Null, output: Output::Null, error: Output::Null };
    assert_eq!(session.run(Start { stdio, ..start(&Tape::new(0)) }, || ()).unwrap(), EXITED);
    assert_eq!(session.alive(), 2);
    assert!(session.end_all(Duration::from_secs(60)));
    assert_eq!(session.alive(), 0);
}

#[test]
fn more_processes_than_the_pool_has_places_for_run_without_it() {
    // One after another, so that they are many enough for the pool before the last ones begin.
    let set = programs(module(WAITS), 2);
    let sessions: Vec<_> = (0..60).map(|_| Session::new(options(Arc::clone(&set)))).collect();
    let counted = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for (at, session) in sessions.iter().enumerate() {
        let (session, begun) = (Arc::clone(session), Arc::clone(&counted));
        threads.push(std::thread::spawn(move || {
            session.run(start(&Tape::new(0)), move || _ = begun.fetch_add(1, Ordering::AcqRel)).unwrap()
        }));
        while counted.load(Ordering::Acquire) <= at {
            assert!(threads.iter().all(|thread| !thread.is_finished()), "none of them ends by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for session in &sessions {
        session.signal_all(15);
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), RunEnd { exit_code: 143, killed: true, ..EXITED });
    }
}

#[test]
fn sessions_load_a_program_once() {
    struct Loads(AtomicUsize);
    impl Face for Loads {
        fn event(&self, event: SessionEvent) {
            if matches!(event, SessionEvent::Program(_)) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    let set = programs(module("(func (export \"_start\"))"), 16);
    let loads = Arc::new(Loads(AtomicUsize::new(0)));
    for _ in 0..10 {
        let face = Arc::clone(&loads) as Arc<dyn Face>;
        let session = Session::new(SessionOptions { face, ..options(Arc::clone(&set)) });
        assert_eq!(session.run(start(&Tape::new(0)), || ()).unwrap(), EXITED);
    }
    assert_eq!(loads.0.load(Ordering::Relaxed), 1);
}

#[test]
fn numbers_are_a_session_s_own() {
    let own_pid = r#"(import "glowplug_process_v1" "pid" (func $pid (param i32) (result i32)))"#;
    let wat = format!(
        r#"(module {own_pid} {}
             (func (export "glowplug_fork_entry") (param i32) (result i32) (call $pid (i32.const 0)))
             (func (export "_start")
               (call $exit (i32.add (i32.mul (call $pid (i32.const 0)) (i32.const 16)) (call $code (call $fork (i32.const 0)))))))"#,
        common::HEAD
    );
    let set = programs(wat::parse_str(wat).unwrap(), 16);
    for determinism in [None, None, Some(Seed([0; 32])), Some(Seed([9; 32]))] {
        let heard = Arc::new(Heard::default());
        let session = Session::new(SessionOptions { determinism, face: heard, ..options(Arc::clone(&set)) });
        assert_eq!(session.run(start(&Tape::new(0)), || ()).unwrap().exit_code, 2 * 16 + 3);
    }
}

/// A face that fails when it is asked.
struct Faulty(Heard);

impl Face for Faulty {
    fn info(&self, _: Info) -> Result<String, i32> {
        panic!("injected")
    }

    fn event(&self, event: SessionEvent) {
        self.0.event(event);
    }
}

#[test]
fn a_fault_of_the_host_ends_one_process_alone() {
    let wasm = module(
        r#"(func (export "glowplug_fork_entry") (param i32) (result i32)
             (call $info (i32.const 3) (i32.const 0) (i32.const 0)))
           (func (export "_start")
             ;; twice, so that what the first one held is there for the second: 256 and SIGABRT
             (if (i32.ne (call $code (call $fork (i32.const 0))) (i32.const 262)) (then (unreachable)))
             (if (i32.ne (call $code (call $fork (i32.const 0))) (i32.const 262)) (then (unreachable)))
             (call $exit (i32.const 7)))"#,
    );
    let face = Arc::new(Faulty(Heard::default()));
    let limits = SessionLimits { timeout: Some(Duration::from_secs(60)), ..SessionLimits::default() };
    let session =
        Session::new(SessionOptions { face: Arc::clone(&face) as Arc<dyn Face>, limits, ..options(programs(wasm, 8)) });
    let end = session.run(start(&Tape::new(1 << 20)), || ()).expect("it runs");
    assert_eq!(end.exit_code, 7);
    assert!(session.end_all(Duration::from_secs(60)));
    let heard = face.0.denied.lock().unwrap();
    assert_eq!(heard.len(), 2);
    assert!(
        heard.iter().all(|text| text.contains("fault in glowplug itself") && text.contains("injected")),
        "{heard:?}"
    );
}
