//! Sessions of one module, which is written down in the test.
#![allow(dead_code, reason = "each test file uses a part")]

use glowplug_cache::{ModuleCache, Source};
use glowplug_fs::{Namespace, Settings};
use glowplug_runtime::process::{
    Chunk, Face, Input, Natives, Output, OwnProgram, ProgramSet, RunEnd, Seed, Session, SessionEvent, SessionLimits,
    SessionOptions, Start, StartProgram, Stdio, Tape, Use, Witness,
};
use std::sync::{Arc, Mutex};

/// What every module here begins with.
pub const HEAD: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "glowplug_process_v1" "fork" (func $fork (param i32) (result i32)))
  (import "glowplug_process_v1" "spawn" (func $spawn (param i32 i32) (result i32)))
  (import "glowplug_process_v1" "wait" (func $wait (param i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "kill" (func $kill (param i32 i32) (result i32)))
  (import "glowplug_process_v1" "pipe" (func $pipe (param i32 i32) (result i32)))
  (import "glowplug_process_v1" "read" (func $read (param i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "close" (func $close (param i32) (result i32)))
  (import "glowplug_process_v1" "catch" (func $catch (param i64 i64) (result i32)))
  (import "glowplug_process_v1" "info" (func $info (param i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;; what lies below is not in use, and not copied by a fork
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  ;; the exit code of child $pid, waited for
  (func $code (param $pid i32) (result i32)
    (if (i32.ne (call $wait (local.get $pid) (i32.const 0) (i32.const 2048)) (i32.const 1)) (then (unreachable)))
    (i32.load (i32.const 2052)))
"#;

#[derive(Default)]
pub struct Heard {
    pub denied: Mutex<Vec<String>>,
    pub used: Mutex<Vec<Use>>,
}

impl Face for Heard {
    fn event(&self, event: SessionEvent) {
        if let SessionEvent::Denied(rule) = event {
            self.denied.lock().unwrap().push(rule);
        }
    }
}

impl Witness for Heard {
    fn used(&self, what: Use) {
        let mut used = self.used.lock().unwrap();
        if !used.contains(&what) {
            used.push(what);
        }
    }
}

/// A module, and the session that it is to run in as the program `main`.
pub struct Guest {
    pub wasm: Vec<u8>,
    pub env: Vec<Vec<u8>>,
    pub limits: SessionLimits,
    pub seed: Option<Seed>,
    pub input: Input,
    /// Instead of a tape.
    pub stdio: Option<Stdio>,
}

pub struct Ended {
    pub end: RunEnd,
    pub code: i32,
    pub written: Vec<Chunk>,
    pub stdout: String,
    pub stderr: String,
    pub heard: Vec<String>,
    pub used: Vec<Use>,
}

/// What reaches a file descriptor, as bytes.
pub fn of_stream(written: &[Chunk], stream: u8) -> Vec<u8> {
    written.iter().filter(|chunk| chunk.stream == stream).flat_map(|chunk| chunk.bytes.clone()).collect()
}

/// Programs of which `main` is this module.
pub fn programs(wasm: Vec<u8>, max_processes: usize) -> Arc<ProgramSet> {
    let own = vec![OwnProgram { name: "main", names: &["main"], source: Source::bytes("main", wasm) }];
    Arc::new(ProgramSet::new(Arc::new(ModuleCache::disabled("a test")), own, 1 << 30, max_processes))
}

pub fn options(programs: Arc<ProgramSet>) -> SessionOptions {
    let files = vec![glowplug_fs::Program { name: "main".into(), size: 0, bytes: Some(b"") }];
    SessionOptions {
        programs,
        namespace: Namespace::new(Settings { programs: files, ..Settings::default() }).unwrap(),
        natives: Natives::default(),
        limits: SessionLimits::default(),
        commons: None,
        face: Arc::new(Heard::default()),
        determinism: None,
        witness: None,
    }
}

/// A start of `main` with its output on a tape.
pub fn start(tape: &Arc<Tape>) -> Start {
    let output = |stream| Output::Taped { to: None, tape: Arc::clone(tape), stream };
    Start {
        program: StartProgram::Own("main".to_owned()),
        args: vec![b"main".to_vec()],
        env: Vec::new(),
        cwd: b"/".to_vec(),
        stdio: Stdio { input: Input::Null, output: output(1), error: output(2) },
        preopens: None,
        umask: 0o022,
        on_main_thread: false,
        leaving: false,
    }
}

/// The wasm of a module whose body is `body`.
pub fn module(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {HEAD} {body})")).unwrap()
}

impl Guest {
    /// A module that begins with [`HEAD`].
    pub fn new(body: &str) -> Self {
        Self::of(&format!("(module {HEAD} {body})"))
    }

    /// A whole module.
    pub fn of(wat: &str) -> Self {
        Self {
            wasm: wat::parse_str(wat).unwrap(),
            env: Vec::new(),
            limits: SessionLimits::default(),
            seed: None,
            input: Input::Null,
            stdio: None,
        }
    }

    pub fn run(self) -> Ended {
        self.try_run().unwrap()
    }

    pub fn try_run(self) -> Result<Ended, String> {
        let heard = Arc::new(Heard::default());
        let session = Session::new(SessionOptions {
            limits: self.limits,
            face: Arc::clone(&heard) as Arc<dyn Face>,
            determinism: self.seed,
            witness: Some(Arc::clone(&heard) as Arc<dyn Witness>),
            ..options(programs(self.wasm, self.limits.max_processes))
        });
        let tape = Tape::new(1 << 20);
        let mut start = Start { env: self.env, ..start(&tape) };
        start.stdio.input = self.input;
        if let Some(stdio) = self.stdio {
            start.stdio = stdio;
        }
        let end = session.run(start, || ()).map_err(|error| format!("{error:#}"))?;
        let written = tape.take();
        let text = |stream| String::from_utf8_lossy(&of_stream(&written, stream)).into_owned();
        let (stdout, stderr) = (text(1), text(2));
        let denied = heard.denied.lock().unwrap().clone();
        let used = heard.used.lock().unwrap().clone();
        Ok(Ended { end, code: end.exit_code, written, stdout, stderr, heard: denied, used })
    }
}
