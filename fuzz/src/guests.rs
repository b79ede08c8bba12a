//! Sessions of the shell that is embedded in the program, compiled once for a process.

#[allow(unused_imports, unreachable_pub, missing_docs, reason = "the runtime's own tests share it, and use all of it")]
#[path = "../../host/runtime/tests/common/mod.rs"]
pub(crate) mod common;

use common::{options, start};
use glowplug_cache::{ModuleCache, Source};
use glowplug_fs::{Access, Mount, Namespace, Settings};
use glowplug_runtime::process::{
    OwnProgram, ProgramSet, Session, SessionLimits, SessionOptions, Start, StartProgram, Tape,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The limit of a session's time: what takes longer was ended by it.
pub(crate) const TIME: Duration = Duration::from_secs(20);

fn programs() -> Arc<ProgramSet> {
    static PROGRAMS: OnceLock<Arc<ProgramSet>> = OnceLock::new();
    let shell = || {
        let wasm = include_bytes!("../../guest/prebuilt/shell.wasm");
        let own = vec![OwnProgram { name: "bash", names: &["bash"], source: Source::bytes("bash", wasm.to_vec()) }];
        Arc::new(ProgramSet::new(Arc::new(cache()), own, 1 << 30, 8))
    };
    Arc::clone(PROGRAMS.get_or_init(shell))
}

/// Beside this program: compiling the shell takes seconds.
fn cache() -> ModuleCache {
    let folder = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("fuzz-cache")));
    let opened =
        folder.map(|folder| ModuleCache::open(glowplug_cache::Settings::new(folder.join("cache"), folder.join("key"))));
    opened.and_then(Result::ok).unwrap_or_else(|| ModuleCache::disabled("there is no folder for it"))
}

/// What the shell prints on standard output when it is given `script` and arguments, and its exit code.
pub(crate) fn bash(script: &str, args: &[&str]) -> (Vec<u8>, i32) {
    let limits = SessionLimits { max_processes: 8, timeout: Some(TIME), ..SessionLimits::default() };
    let files = vec![glowplug_fs::Program { name: "bash".into(), size: 0, bytes: Some(b"") }];
    let namespace = Namespace::new(Settings { programs: files, ..Settings::default() }).expect("a namespace");
    let session = Session::new(SessionOptions { limits, namespace, ..options(programs()) });
    let tape = Tape::new(1 << 20);
    let args = ["bash", "-c", script, "bash"].iter().chain(args).map(|arg| arg.as_bytes().to_vec()).collect();
    let start = Start { program: StartProgram::Own("bash".to_owned()), args, ..start(&tape) };
    let end = session.run(start, || ()).expect("the shell starts");
    assert!(!end.timed_out && !end.trapped, "the shell ended as {end:?}");
    (common::of_stream(&tape.take(), 1), end.exit_code)
}

/// Programs of which none matters, for modules that come as files.
fn no_programs() -> Arc<ProgramSet> {
    static PROGRAMS: OnceLock<Arc<ProgramSet>> = OnceLock::new();
    let nothing = || {
        let wasm = wat::parse_str("(module (func (export \"_start\")))").expect("sound text");
        let own = vec![OwnProgram { name: "main", names: &["main"], source: Source::bytes("main", wasm) }];
        Arc::new(ProgramSet::new(Arc::new(ModuleCache::disabled("a fuzz target")), own, 1 << 20, MOST_PROCESSES))
    };
    Arc::clone(PROGRAMS.get_or_init(nothing))
}

const MOST_PROCESSES: usize = 6;
const MOST_OUTPUT: u64 = 64 << 10;
/// What calls for ever is ended after this.
const SHORT: Duration = Duration::from_millis(150);
/// What does not end then, hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Folders for one session: some that it sees, and one beside them that it must not.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Place {
    /// `wasm` lies in the folder that may be written to.
    pub(crate) fn new(wasm: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        let made = || -> std::io::Result<()> {
            for name in ["work/d", "ro", "over", "outside", "scratch"] {
                std::fs::create_dir_all(root.join(name))?;
            }
            for name in ["work/f", "work/d/g", "ro/f", "over/f", "outside/secret"] {
                std::fs::write(root.join(name), name)?;
            }
            std::fs::write(root.join("work/self.wasm"), wasm)?;
            std::fs::write(root.join("work/script"), "#!/usr/bin/main x\n")?;
            // What begins as a module and is too large for one.
            let sparse = std::fs::File::create(root.join("work/sparse"))?;
            std::os::unix::fs::FileExt::write_all_at(&sparse, b"\0asm\x01\0\0\0", 0)?;
            sparse.set_len(256 << 20)?;
            std::os::unix::fs::symlink("../outside", root.join("work/out"))?;
            std::os::unix::fs::symlink("loop", root.join("work/loop"))?;
            rustix::fs::mknodat(rustix::fs::CWD, root.join("work/fifo"), rustix::fs::FileType::Fifo, 0o644.into(), 0)?;
            for name in ["work/self.wasm", "work/script", "work/sparse"] {
                std::fs::set_permissions(root.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            }
            Ok(())
        };
        made().expect("folders");
        let before = contents(root);
        Self { folder, before }
    }

    /// Runs a module as `glowplug run` does, in a session with small limits, and looks at what is left.
    pub(crate) fn run(&self, wasm: Vec<u8>, what: &str) {
        let root = self.folder.path();
        let mount =
            |name: &str, access| Mount { host: root.join(name), guest: format!("/{name}").into_bytes(), access };
        let mounts =
            vec![mount("work", Access::ReadWrite), mount("ro", Access::ReadOnly), mount("over", Access::Overlay)];
        let programs = vec![glowplug_fs::Program { name: "main".into(), size: 0, bytes: Some(b"") }];
        let settings = Settings { mounts, programs, scratch: Some(root.join("scratch")), ..Settings::default() };
        let limits = SessionLimits {
            max_memory: Some(1 << 20),
            max_processes: MOST_PROCESSES,
            max_output: Some(MOST_OUTPUT),
            max_files: 24,
            timeout: Some(SHORT),
            ..SessionLimits::default()
        };
        let namespace = Namespace::new(settings).expect("a namespace");
        let session = Session::new(SessionOptions { limits, namespace, ..options(no_programs()) });
        let tape = Tape::new(1 << 20);
        let program =
            StartProgram::Source { name: "fuzzed.wasm".to_owned(), source: Source::bytes("fuzzed.wasm", wasm) };
        let start = Start { program, cwd: b"/work".to_vec(), ..start(&tape) };
        // What cannot be loaded is an error, and that is well.
        let _ = session.run(start, || ());
        assert!(session.end_all(PATIENCE), "{what}: processes are left, and do not end");
        let written: usize = tape.take().iter().map(|chunk| chunk.bytes.len()).sum();
        assert!(written as u64 <= MOST_OUTPUT + 4096, "{what}: {written} bytes of output");
        // The last thread lets go of the session a moment after its process is gone.
        let waited = std::time::Instant::now();
        while Arc::strong_count(&session) > 1 && waited.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        drop(session);
        assert_eq!(contents(root), self.before, "{what}: something changed that the guest must not reach");
        let left: Vec<_> = std::fs::read_dir(root.join("scratch")).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{what}: {left:?} is left behind");
    }
}

/// What lies in the folders that a guest must not change.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for name in ["ro", "over", "outside"] {
        for entry in std::fs::read_dir(root.join(name)).expect("it is there").flatten() {
            let mode =
                entry.metadata().map_or(0, |metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()));
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            found.push((entry.path(), [&mode.to_le_bytes(), &bytes[..]].concat()));
        }
    }
    found.sort();
    found
}
