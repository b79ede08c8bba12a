//! A random comparison of replayed with fresh runs at the level of single imports: modules that call functions of WASI preview 1 and of the
//! process module at random, with arguments that are right, odd or wrong, and print what each call gave and wrote.
//!
//! A run is made and kept; then its surroundings change (files, permissions, how standard input arrives, limits); if it is
//! replayed then, a fresh run in the same surroundings must print, return and leave the same.

mod common;

use common::{Context, files, stderr};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A small generator of random numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Every function, with the kinds of its parameters: `d` a descriptor of WASI, `h` a handle, `o` a place for results, `b` and `n` a buffer and its
/// length, `v` and `c` a table of ranges and their count, `p` a path beneath a folder and its length, `P` an absolute one, `f` flags,
/// `k` a clock, `I` a number of 64 bits, `w` whence, `s` a table of subscriptions, their results' place and count, `q` a request, `m` a mode, `g` a signal.
const IMPORTS: [(&str, &str); 67] = [
    ("args_get", "ob"),
    ("args_sizes_get", "oo"),
    ("clock_res_get", "ko"),
    ("clock_time_get", "kIo"),
    ("environ_get", "ob"),
    ("environ_sizes_get", "oo"),
    ("fd_advise", "dIIf"),
    ("fd_allocate", "dII"),
    ("fd_close", "d"),
    ("fd_datasync", "d"),
    ("fd_fdstat_get", "do"),
    ("fd_fdstat_set_flags", "df"),
    ("fd_fdstat_set_rights", "dII"),
    ("fd_filestat_get", "do"),
    ("fd_filestat_set_size", "dI"),
    ("fd_filestat_set_times", "dIIf"),
    ("fd_pread", "dvcIo"),
    ("fd_prestat_dir_name", "dbn"),
    ("fd_prestat_get", "do"),
    ("fd_pwrite", "dvcIo"),
    ("fd_read", "dvco"),
    ("fd_readdir", "dbnIo"),
    ("fd_renumber", "dd"),
    ("fd_seek", "dIwo"),
    ("fd_sync", "d"),
    ("fd_tell", "do"),
    ("fd_write", "dvco"),
    ("path_create_directory", "dp"),
    ("path_filestat_get", "dfpo"),
    ("path_filestat_set_times", "dfpIIf"),
    ("path_link", "dfpdp"),
    ("path_open", "dfpfIIfo"),
    ("path_readlink", "dpbno"),
    ("path_remove_directory", "dp"),
    ("path_rename", "dpdp"),
    ("path_symlink", "pdp"),
    ("path_unlink_file", "dp"),
    ("poll_oneoff", "so"),
    ("proc_raise", "g"),
    ("random_get", "bn"),
    ("sched_yield", ""),
    ("sock_accept", "dfo"),
    ("sock_recv", "dvcfoo"),
    ("sock_send", "dvcfo"),
    ("sock_shutdown", "df"),
    (".catch", "II"),
    (".chmod", "Pm"),
    (".close", "h"),
    (".describe", "h"),
    (".dup", "h"),
    (".edit", "bnbn"),
    (".fork", "f"),
    (".fstat", "ho"),
    (".info", "fbn"),
    (".inherited", "of"),
    (".kill", "fg"),
    (".limit", "ffI"),
    (".open", "Pfm"),
    (".pending", ""),
    (".pid", "f"),
    (".pipe", "fo"),
    (".poll", "hI"),
    (".read", "hbn"),
    (".seek", "hIw"),
    (".spawn", "q"),
    (".stat", "Pfo"),
    (".umask", "m"),
];

/// The rest, which wait for others or tell what others took.
const MORE: [(&str, &str); 4] = [(".terminal_size", "ho"), (".times", "o"), (".wait", "efo"), (".write", "hbn")];

const RELATIVE: [&str; 14] =
    ["a", "b", "sub", "sub/c", "link", "missing", "loop", "sub/../a", "../a", ".", "", "sub/", "a/x", "new"];
const ABSOLUTE: [&str; 14] = [
    "/0/a",
    "/0/b",
    "/0/sub",
    "/0/link",
    "/0/missing",
    "/dev/null",
    "/dev/full",
    "/dev/zero",
    "/dev/stdin",
    "/dev/fd/1",
    "/dev/urandom",
    "/",
    "/0/new",
    "/tmp/x",
];
const PROGRAMS: [&str; 6] = ["/0/child.wat", "/0/broken.wasm", "/0/wrong.wat", "/0/script", "/0/missing", "/0/a"];

/// Where things are in the memory of a module.
const TEXTS: usize = 1024;
const RANGES: usize = 3072;
const SUBSCRIPTIONS: usize = 3584;
const REQUESTS: usize = 4096;
const BUFFER: usize = 8192;
const OUT: usize = 16384;

/// Constants of the memory, as WebAssembly's text.
fn data() -> String {
    let mut memory = vec![0_u8; BUFFER];
    let mut put = |at: usize, bytes: &[u8]| memory[at..at + bytes.len()].copy_from_slice(bytes);
    for (at, text) in RELATIVE.iter().chain(&ABSOLUTE).enumerate() {
        put(TEXTS + at * 32, text.as_bytes());
    }
    let word = |number: usize| (number as u32).to_le_bytes();
    for (at, (from, len)) in [(BUFFER, 16), (BUFFER + 16, 700), (BUFFER + 800, 0), (1 << 30, 8)].into_iter().enumerate()
    {
        put(RANGES + at * 8, &[word(from), word(len)].concat());
    }
    // Standard input; a millisecond; the descriptor 5; standard output.
    for (at, (kind, fd)) in [(1, 0), (0, 1), (1, 5), (2, 1)].into_iter().enumerate() {
        let place = SUBSCRIPTIONS + at * 48;
        put(place, &[at as u8 + 1]);
        put(place + 8, &[kind]);
        put(place + 16, &word(fd));
        if kind == 0 {
            put(place + 24, &1_000_000_u64.to_le_bytes());
        }
    }
    for (at, program) in PROGRAMS.iter().enumerate() {
        let text = |text: &str| [&word(text.len())[..], text.as_bytes()].concat();
        let descriptors = [word(3), word(0), word(0), word(1), word(1), word(2), word(2)].concat();
        let request = [
            word(1).to_vec(),
            text(program),
            text("/0"),
            word(2).to_vec(),
            text("child"),
            text("x"),
            word(1).to_vec(),
            text("A=1"),
            descriptors,
        ];
        let request = request.concat();
        put(REQUESTS + at * 128, &word(request.len()));
        put(REQUESTS + at * 128 + 4, &request);
    }
    memory.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// Arguments of one kind, as instructions, and their types.
fn argument(kind: char, random: &mut Random) -> (String, &'static str) {
    let i32s = |numbers: &[i64]| numbers.iter().map(|number| format!("(i32.const {number}) ")).collect::<String>();
    let text = |at: usize, text: &str| i32s(&[(TEXTS + at * 32) as i64, text.len() as i64]);
    match kind {
        'd' => (i32s(&[random.pick(&[0, 1, 2, 3, 3, 3, 4, 5, 5, 6, 9, -1])]), "i32"),
        'h' => (i32s(&[random.pick(&[0, 2, 3, 3, 4, 5, 9, -1])]), "i32"),
        'o' => (
            i32s(&[random.pick(&[OUT as i64, OUT as i64, OUT as i64 + 64, OUT as i64 + 64, i64::from(u32::MAX)])]),
            "i32",
        ),
        'b' => (i32s(&[random.pick(&[BUFFER as i64, BUFFER as i64, BUFFER as i64 + 100, 1 << 30])]), "i32"),
        'n' => (i32s(&[random.pick(&[0, 1, 5, 64, 512, 1000])]), "i32"),
        'v' => (i32s(&[(RANGES + 8 * random.below(4)) as i64]), "i32"),
        'c' => (i32s(&[random.pick(&[0, 1, 1, 2])]), "i32"),
        'p' => {
            let at = random.below(RELATIVE.len());
            (text(at, RELATIVE[at]), "i32 i32")
        }
        'P' => {
            let at = random.below(ABSOLUTE.len());
            (text(RELATIVE.len() + at, ABSOLUTE[at]), "i32 i32")
        }
        'f' => (i32s(&[random.pick(&[0, 0, 1, 1, 2, 3, 4, 5, 8, 10, 36])]), "i32"),
        'm' => (i32s(&[random.pick(&[0o644, 0o600, 0o755, 0, 0o22, -1])]), "i32"),
        'g' => (i32s(&[random.pick(&[0, 0, 17, 28, 64])]), "i32"),
        'k' => (i32s(&[random.pick(&[0, 1, 2, 3, 4])]), "i32"),
        'e' => (i32s(&[-1]), "i32"),
        'w' => (i32s(&[random.pick(&[0, 1, 2, 3])]), "i32"),
        'I' => {
            let number: i64 =
                random.pick(&[0, 0, 1, 3, 10, 100, 5000, 1_000_000, -1, i64::MAX, (1 << 30) - 1, 1 << 29]);
            (format!("(i64.const {number}) "), "i64")
        }
        's' => {
            let (from, count) = random.pick(&[(0, 1), (1, 1), (0, 2), (1, 2), (2, 2), (0, 4), (3, 1), (0, 0)]);
            (i32s(&[(SUBSCRIPTIONS + from * 48) as i64, OUT as i64 + 128, count]), "i32 i32 i32")
        }
        'q' => {
            let at = REQUESTS + 128 * random.below(PROGRAMS.len());
            (format!("(i32.const {}) (i32.load (i32.const {at})) ", at + 4), "i32 i32")
        }
        other => unreachable!("{other}"),
    }
}

/// A module that makes random calls.
fn module(random: &mut Random) -> String {
    let (mut imports, mut body) = (String::new(), String::new());
    let all: Vec<_> = IMPORTS.iter().chain(&MORE).copied().collect();
    let mut known: Vec<&str> = Vec::new();
    let calls = 4 + random.below(12);
    for at in 0..calls {
        // Half of them open and read, without which the others find nothing.
        let favoured =
            ["path_open", ".open", "fd_read", ".read", "fd_write", "path_filestat_get", "fd_readdir", ".spawn"];
        let favourite = random.pick(&favoured);
        let (name, kinds) = match random.below(2) {
            0 => all[random.below(all.len())],
            _ => *all.iter().find(|(name, _)| *name == favourite).expect("it is among them"),
        };
        let arguments: Vec<_> = kinds.chars().map(|kind| argument(kind, random)).collect();
        let types: Vec<_> = arguments.iter().map(|(_, types)| *types).collect();
        let long = matches!(name, ".seek" | ".limit");
        if !known.contains(&name) {
            known.push(name);
            let (from, function) = match name.strip_prefix('.') {
                Some(own) => ("glowplug_process_v1", own),
                None => ("wasi_snapshot_preview1", name),
            };
            let result = if long { "i64" } else { "i32" };
            let _ = writeln!(
                imports,
                "(import \"{from}\" \"{function}\" (func ${name} (param {}) (result {result})))",
                types.join(" ")
            );
        }
        let call: String = arguments.iter().map(|(instructions, _)| instructions.as_str()).collect();
        let call = format!("(call ${name} {call})");
        let call = if long { call } else { format!("(i64.extend_i32_s {call})") };
        let _ = writeln!(body, "(call $note (i32.const {at}) {call})");
        if matches!(name, ".fork" | ".spawn") {
            // Whoever goes on beside it would be another thing each time.
            let _ = writeln!(body, "(drop (call $reap (i32.const -1) (i32.const 0) (i32.const {OUT})))");
        }
    }
    format!(
        r#"(module {imports}
  (import "glowplug_process_v1" "write" (func $say (param i32 i32 i32) (result i32)))
  (import "glowplug_process_v1" "wait" (func $reap (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global (export "__stack_pointer") (mut i32) (i32.const 512))
  (data (i32.const 0) "{}")
  (func (export "glowplug_fork_entry") (param i32) (result i32) (local.get 0))
  ;; prints the number of a call, its result, and what it left in memory, as 24 bytes; clears that
  (func $note (param $call i32) (param $result i64) (local $hash i64) (local $at i32)
    (local.set $at (i32.const {BUFFER}))
    (local.set $hash (i64.const 0xcbf29ce484222325))
    (loop $each
      (local.set $hash (i64.mul (i64.const 0x100000001b3) (i64.xor (local.get $hash) (i64.load8_u (local.get $at)))))
      (br_if $each (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const {end}))))
    (memory.fill (i32.const {OUT}) (i32.const 0) (i32.const 512))
    (i64.store (i32.const 560) (i64.extend_i32_u (local.get $call)))
    (i64.store (i32.const 568) (local.get $result))
    (i64.store (i32.const 576) (local.get $hash))
    (drop (call $say (i32.const 1) (i32.const 560) (i32.const 24))))
  (func (export "_start") {body}))"#,
        data(),
        end = OUT + 512,
    )
}

/// The folder of a run.
fn fill(folder: &Path, random: &mut Random) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("sub")).expect("a folder");
    let mode =
        |name: &str, mode| fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).expect("set");
    for name in ["a", "b", "sub/c"] {
        fs::write(folder.join(name), random.pick(&["", "1", "22", "some more text than that"])).expect("written");
        mode(name, random.pick(&[0o644, 0o644, 0o755, 0o600]));
    }
    std::os::unix::fs::symlink(random.pick(&["a", "sub", "missing"]), folder.join("link")).expect("a link");
    std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link");
    let child =
        "(module (import \"wasi_snapshot_preview1\" \"fd_read\" (func $read (param i32 i32 i32 i32) (result i32)))
        (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
        (memory (export \"memory\") 1) (data (i32.const 0) \"\\20\\00\\00\\00\\03\\00\\00\\00\")
        (func (export \"_start\") (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $exit (i32.load8_u (i32.const 32)))))";
    for (name, bytes) in [
        ("child.wat", child.as_bytes()),
        ("broken.wasm", b"\0asm\x01\0\0\0\x07\x01"),
        ("wrong.wat", b"(module (func (wrong)))"),
        ("script", b"#!/0/child.wat\n"),
    ] {
        fs::write(folder.join(name), bytes).expect("written");
        mode(name, 0o755);
    }
}

/// How standard input comes.
#[derive(Clone, Copy, Debug)]
enum Input {
    File,
    Whole,
    Pieces,
    Nothing,
    Closed,
}

const INPUTS: [Input; 5] = [Input::File, Input::Whole, Input::Pieces, Input::Nothing, Input::Closed];

/// One run, which may wait for itself until its time is over, as one that reads a pipe of its own: everything by which it is noticed outside, and what the report says of the call cache.
fn run(context: &Context, home: &str, input: Input, text: &str, before: &str) -> (String, String) {
    // A home that is not there is not made.
    fs::create_dir_all(context.home().join(home)).expect("a home");
    let script = format!(
        "{before} exec \"$0\" run --call-cache on --cache-failures --deterministic --timeout 5s --report-file report.json --dir data m.wat x{}",
        if matches!(input, Input::Closed) { " <&-" } else { "" }
    );
    let mut command = Command::new("sh");
    // A copy may be named, so that an hour of this does not keep others from building.
    let program = std::env::var("GLOWPLUG_RANDOM_PROGRAM");
    let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_glowplug").to_owned());
    command.args(["-c", &script, &program]).current_dir(context.work());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", context.home().join(home));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut left = None;
    match input {
        Input::File => {
            let file = File::open(context.write("input", text)).expect("opened");
            left = Some(file.try_clone().expect("a handle"));
            command.stdin(file);
        }
        Input::Whole | Input::Pieces => _ = command.stdin(Stdio::piped()),
        Input::Nothing | Input::Closed => {}
    }
    let mut child = command.spawn().expect("the program starts");
    if let Some(mut stdin) = child.stdin.take() {
        let size = if matches!(input, Input::Pieces) { 7 } else { text.len().max(1) };
        for piece in text.as_bytes().chunks(size) {
            let _ = stdin.write_all(piece);
            if matches!(input, Input::Pieces) {
                std::thread::sleep(Duration::from_millis(3));
            }
        }
    }
    let output = child.wait_with_output().expect("it ends");
    let data = context.work().join("data");
    let hex = |bytes: &[u8]| -> String {
        let line = |chunk: &[u8]| chunk.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
        bytes.chunks(8).map(line).collect()
    };
    let mut seen = format!("{:?}\n{}", output.status.code(), hex(&output.stdout));
    // What the host itself says is said when something runs.
    seen.extend(stderr(&output).lines().filter(|line| !line.starts_with("glowplug: ")).map(|line| format!("{line}\n")));
    for path in files(&data) {
        let found = fs::symlink_metadata(&path).expect("there");
        let contents = fs::read(&path).unwrap_or_default();
        let _ = writeln!(seen, "{} {:o} {contents:?}", path.display(), found.permissions().mode());
    }
    if let Some(mut left) = left {
        let _ = writeln!(seen, "standard input is at {:?}", left.stream_position());
    }
    let report = fs::read_to_string(context.work().join("report.json")).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap_or_default();
    let text = |name: &str| report["call_cache"][name].as_str().unwrap_or_default().to_owned();
    let _ = fs::remove_file(context.work().join("report.json"));
    (seen, format!("{} {}{}", text("outcome"), text("reason"), text("not_kept")))
}

/// Rounds until `enough`; how many were replayed, and how many calls were kept.
fn compare(seed: u64, mut enough: impl FnMut(usize) -> bool) -> (usize, usize) {
    let (mut replayed, mut kept, mut round) = (0, 0, 0);
    while !enough(round) {
        let context = Context::new();
        for _ in 0..50 {
            if enough(round) {
                break;
            }
            let this = seed.wrapping_add(round as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut random = Random(this);
            round += 1;
            context.write("m.wat", module(&mut random));
            let (folder, files) = (context.work().join("data"), random.0);
            fill(&folder, &mut Random(files));
            std::thread::sleep(Duration::from_millis(25));
            let text = random.pick(&["", "abc", "a longer text, of which not everybody reads all that there is of it"]);
            let (one, other) = (random.pick(&INPUTS), random.pick(&INPUTS));
            // Limits under which what is kept must be what it is without them.
            let before = random.pick(&["", "", "", "ulimit -n 24;", "ulimit -f 0;", "umask 077;"]);
            let umask = if before.starts_with("umask") { before } else { "" };
            let (_, first) = run(&context, "one", one, text, before);
            // The same files, or others; the same input, or another.
            let files = if random.below(3) == 0 { random.0 } else { files };
            let text = if random.below(4) == 0 { "abX" } else { text };
            fill(&folder, &mut Random(files));
            let (seen, second) = run(&context, "one", other, text, umask);
            kept += usize::from(!first.contains("it "));
            if !second.starts_with("hit") {
                continue;
            }
            replayed += 1;
            fill(&folder, &mut Random(files));
            let _ = fs::remove_dir_all(context.home().join("two/.cache/glowplug/calls"));
            let (fresh, third) = run(&context, "two", other, text, umask);
            assert!(third.starts_with("miss"), "{third}");
            assert_eq!(
                seen,
                fresh,
                "seed {seed}, round {}: {one:?} {before}, then {other:?} on {text:?}\n{}",
                round - 1,
                fs::read_to_string(context.work().join("m.wat"))
                    .expect("read")
                    .split("(data")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
                    + fs::read_to_string(context.work().join("m.wat"))
                        .expect("read")
                        .rsplit("_start")
                        .next()
                        .unwrap_or_default()
            );
        }
    }
    (replayed, kept)
}

#[test]
fn replayed_imports_are_like_fresh_ones() {
    let (replayed, _) = compare(7, |round| round >= 40);
    assert!(replayed >= 5, "only {replayed} were replayed: nothing was tested");
}

/// For an hour, or as many seconds as `GLOWPLUG_RANDOM_SECONDS` says; `GLOWPLUG_RANDOM_SEED` repeats one.
#[test]
#[ignore = "it takes an hour"]
#[allow(clippy::print_stderr, reason = "how far it came is what somebody waits for")]
fn replayed_imports_are_like_fresh_ones_for_an_hour() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let end = Instant::now() + Duration::from_secs(number("GLOWPLUG_RANDOM_SECONDS").unwrap_or(3600));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let mut rounds = 0;
    let (replayed, kept) = compare(number("GLOWPLUG_RANDOM_SEED").unwrap_or(now), |round| {
        rounds = round;
        Instant::now() >= end
    });
    eprintln!("{rounds} rounds, {kept} kept, {replayed} replayed");
    assert!(replayed > 0);
}

#[test]
fn every_import_is_among_them() {
    let abi = include_str!("../guest/sys/src/abi.rs");
    let documented = abi.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('(').next());
    for function in documented {
        let name = format!(".{function}");
        assert!(IMPORTS.iter().chain(&MORE).any(|(known, _)| *known == name), "{function} is not tried");
    }
}
