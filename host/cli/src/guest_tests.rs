//! The embedded guests in sessions that are repeated, and what a session costs.

use crate::embedded;
use glowplug_cache::{ModuleCache, Settings};
use glowplug_fs::Namespace;
use glowplug_runtime::process::{
    Chunk, Face, Input, LAUNCHER_NAME, NativeOptions, Natives, Output, ProgramSet, RunEnd, Seed, Session,
    SessionLimits, SessionOptions, Start, StartProgram, Stdio, Tape, Use, Witness,
};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Nobody;

impl Face for Nobody {}

#[derive(Default)]
struct Heard(Mutex<Vec<Use>>);

impl Witness for Heard {
    fn used(&self, what: Use) {
        let mut used = self.0.lock().unwrap();
        if !used.contains(&what) {
            used.push(what);
        }
    }
}

/// The embedded programs, loaded once for all tests.
fn programs() -> Arc<ProgramSet> {
    static PROGRAMS: OnceLock<(Arc<ProgramSet>, TempDir)> = OnceLock::new();
    let (programs, _) = PROGRAMS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(folder.path().join("cache"), folder.path().join("key"));
        let cache = Arc::new(ModuleCache::open(settings).unwrap());
        (Arc::new(ProgramSet::new(cache, embedded::programs(), 1 << 30, 512)), folder)
    });
    Arc::clone(programs)
}

struct Ran {
    end: RunEnd,
    written: Vec<Chunk>,
    used: Vec<Use>,
}

impl Ran {
    fn text(&self) -> String {
        self.written.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes)).collect()
    }
}

fn bash(script: &str, env: &[&str], seed: Option<Seed>, allow_native: &[&str]) -> Ran {
    let mut files = embedded::program_files();
    let heard = Arc::new(Heard::default());
    let mounts = if allow_native.is_empty() { Vec::new() } else { vec!["/usr::/work:ro".parse().unwrap()] };
    let options = NativeOptions {
        programs: allow_native.iter().map(|program| program.parse().unwrap()).collect(),
        launcher: vec!["/proc/self/exe".into(), "--exact".into(), "guest_tests::launcher".into(), "--nocapture".into()],
        ..NativeOptions::default()
    };
    let natives = Natives::resolve(options, &mounts).unwrap();
    files.extend(crate::natives::files(&natives));
    let cwd = if allow_native.is_empty() { b"/".to_vec() } else { b"/work".to_vec() };
    let session = Session::new(SessionOptions {
        programs: programs(),
        namespace: Namespace::new(glowplug_fs::Settings { mounts, programs: files, ..Default::default() }).unwrap(),
        natives,
        limits: SessionLimits::default(),
        commons: None,
        face: Arc::new(Nobody),
        determinism: seed,
        witness: Some(Arc::clone(&heard) as Arc<dyn Witness>),
    });
    let tape = Tape::new(1 << 20);
    let output = |stream| Output::Taped { to: None, tape: Arc::clone(&tape), stream };
    let env = ["PATH=/usr/bin:/bin", "TZ=UTC"].iter().chain(env);
    let end = session.run(
        Start {
            program: StartProgram::Own(embedded::SHELL_NAME.to_owned()),
            args: [&b"bash"[..], b"-c", script.as_bytes()].map(<[u8]>::to_vec).to_vec(),
            env: env.map(|variable| variable.as_bytes().to_vec()).collect(),
            cwd,
            stdio: Stdio { input: Input::Null, output: output(1), error: output(2) },
            preopens: None,
            umask: 0o022,
            on_main_thread: false,
            leaving: false,
        },
        || (),
    );
    let used = heard.0.lock().unwrap().clone();
    Ran { end: end.unwrap(), written: tape.take(), used }
}

/// No test: what runs when this program is executed anew between a test and a native program.
#[test]
fn launcher() {
    if std::env::args_os().next().is_some_and(|name| name == LAUNCHER_NAME) {
        std::process::exit(glowplug_runtime::process::serve());
    }
}

fn seeded(script: &str) -> String {
    let ran = bash(script, &[], Some(Seed([4; 32])), &[]);
    assert_eq!(ran.used, []);
    assert_eq!(ran.end.exit_code, 0, "{}", ran.text());
    ran.text()
}

#[test]
fn what_a_seeded_shell_says_of_time_and_chance_is_always_the_same() {
    for script in [
        "echo $RANDOM $RANDOM $SRANDOM $(echo $RANDOM) $$ $BASHPID $(echo $BASHPID)",
        "echo $EPOCHREALTIME $EPOCHSECONDS $SECONDS; date; date +%N; printf '%(%F %T)T\\n' -1",
        "sleep 0.03; echo $EPOCHREALTIME",
        "time sleep 0.02; times",
        "shuf -i 1-100 | head -5; mktemp -u; od -An -tx1 -N8 /dev/urandom",
        "for i in 1 2 3; do { echo $RANDOM > /tmp/$i; date +%N >> /tmp/$i; } & done; wait; cat /tmp/[123]",
        "a=$(sleep 0.01; date +%s.%N) b=$(date +%s.%N); echo $a $b; stat -c %i /dev/stdout | cat",
        "awk 'BEGIN { srand(); print rand(), srand() }'",
    ] {
        let first = seeded(script);
        for _ in 0..3 {
            assert_eq!(seeded(script), first, "{script}");
        }
    }
    let with = |seed| bash("shuf -i 1-1000 | head -5", &[], Some(Seed([seed; 32])), &[]).text();
    assert_ne!(with(1), with(2));
    assert_eq!(seeded("date"), "Sat Jan  1 00:00:00 UTC 2000\n");
    assert_eq!(seeded("sleep 0.3; sleep 0.3; sleep 0.3; sleep 0.3; echo $SECONDS"), "1\n");
    assert_eq!(seeded("time sleep 0.02").lines().filter(|line| line.ends_with("0m0.000s")).count(), 2);
}

#[test]
fn the_calendar_begins_where_the_environment_says() {
    let ran = bash("date -u", &["SOURCE_DATE_EPOCH=86400"], Some(Seed([4; 32])), &[]);
    assert_eq!(ran.text(), "Fri Jan  2 00:00:00 UTC 1970\n");
}

#[test]
fn a_native_program_is_noted_and_its_output_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("says");
    std::fs::write(&program, "#!/bin/sh\necho native $1\necho error $1 >&2\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = "for i in 1 2 3 4 5; do echo before $i; says $i; echo after $i; done";
    let ran = bash(script, &[], Some(Seed([4; 32])), &[program.to_str().unwrap()]);
    let text = ran.text();
    let stdout: Vec<_> = text.lines().filter(|line| !line.starts_with("error")).collect();
    let expected: Vec<_> =
        (1..=5).flat_map(|i| [format!("before {i}"), format!("native {i}"), format!("after {i}")]).collect();
    assert_eq!(stdout, expected);
    for (i, part) in (1..).zip(text.split_inclusive("after ").take(5)) {
        assert!(part.contains(&format!("error {i}\n")), "{text}");
    }
    assert_eq!(ran.used, [Use::NativeProgram("says".to_owned())]);
}

/// Not a test: prints what a session costs beside its programs. Run it with
/// `cargo test --bin glowplug -- --ignored --nocapture cost_of_a_session`.
#[test]
#[ignore = "prints figures"]
#[allow(clippy::print_stderr, reason = "that is its purpose")]
fn cost_of_a_session() {
    let script = |script: &'static str| {
        for _ in 0..50 {
            bash(script, &[], Some(Seed([0; 32])), &[]);
        }
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let began = Instant::now();
                bash(script, &[], Some(Seed([0; 32])), &[]);
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        eprintln!("{:>6} us (median of 200 sessions): bash -c {script:?}", times[100].as_micros());
    };
    script("true");
    script("ls /usr/bin");
    script("ls / | cat");
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let began = Instant::now();
            let files = embedded::program_files();
            let settings = glowplug_fs::Settings { programs: files, ..Default::default() };
            drop(Namespace::new(settings).unwrap());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    eprintln!("{:>6} us: the namespace alone", times[100].as_micros());
}
