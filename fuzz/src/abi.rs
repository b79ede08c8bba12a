//! The import ABI: a module that calls functions of preview 1 and of the host's own import module with whatever comes, in a session over
//! temporary folders with small limits. Nothing may panic, hang, be left behind, or be written outside.

use crate::guests::Place;
use arbitrary::{Result, Unstructured};
use std::fmt::Write as _;

const WASI: &str = "wasi_snapshot_preview1";
const OWN: &str = "glowplug_process_v1";

/// An import: its name, what its parameters are, and its result.
///
/// | letter | parameter |
/// |---|---|
/// | `h` | a descriptor |
/// | `s` | a path: place and length |
/// | `v` | a table of ranges: place and count |
/// | `q` | a request: place and length |
/// | `p`, `l` | a place, a length |
/// | `n` | a small number, or flags |
/// | `L` | a number of 64 bits |
type Import = (&'static str, &'static str, &'static str, &'static str);

const IMPORTS: &[Import] = &[
    (WASI, "args_get", "pp", "i32"),
    (WASI, "args_sizes_get", "pp", "i32"),
    (WASI, "environ_get", "pp", "i32"),
    (WASI, "environ_sizes_get", "pp", "i32"),
    (WASI, "clock_res_get", "np", "i32"),
    (WASI, "clock_time_get", "nLp", "i32"),
    (WASI, "fd_advise", "hLLn", "i32"),
    (WASI, "fd_allocate", "hLL", "i32"),
    (WASI, "fd_close", "h", "i32"),
    (WASI, "fd_datasync", "h", "i32"),
    (WASI, "fd_fdstat_get", "hp", "i32"),
    (WASI, "fd_fdstat_set_flags", "hn", "i32"),
    (WASI, "fd_fdstat_set_rights", "hLL", "i32"),
    (WASI, "fd_filestat_get", "hp", "i32"),
    (WASI, "fd_filestat_set_size", "hL", "i32"),
    (WASI, "fd_filestat_set_times", "hLLn", "i32"),
    (WASI, "fd_pread", "hvLp", "i32"),
    (WASI, "fd_prestat_get", "hp", "i32"),
    (WASI, "fd_prestat_dir_name", "hpl", "i32"),
    (WASI, "fd_pwrite", "hvLp", "i32"),
    (WASI, "fd_read", "hvp", "i32"),
    (WASI, "fd_readdir", "hplLp", "i32"),
    (WASI, "fd_renumber", "hh", "i32"),
    (WASI, "fd_seek", "hLnp", "i32"),
    (WASI, "fd_sync", "h", "i32"),
    (WASI, "fd_tell", "hp", "i32"),
    (WASI, "fd_write", "hvp", "i32"),
    (WASI, "path_create_directory", "hs", "i32"),
    (WASI, "path_filestat_get", "hnsp", "i32"),
    (WASI, "path_filestat_set_times", "hnsLLn", "i32"),
    (WASI, "path_link", "hnshs", "i32"),
    (WASI, "path_open", "hnsnLLnp", "i32"),
    (WASI, "path_readlink", "hsplp", "i32"),
    (WASI, "path_remove_directory", "hs", "i32"),
    (WASI, "path_rename", "hshs", "i32"),
    (WASI, "path_symlink", "shs", "i32"),
    (WASI, "path_unlink_file", "hs", "i32"),
    (WASI, "poll_oneoff", "pplp", "i32"),
    (WASI, "proc_exit", "n", ""),
    (WASI, "proc_raise", "n", "i32"),
    (WASI, "random_get", "pl", "i32"),
    (WASI, "sched_yield", "", "i32"),
    (WASI, "sock_accept", "hnp", "i32"),
    (WASI, "sock_recv", "hvnpp", "i32"),
    (WASI, "sock_send", "hvnp", "i32"),
    (WASI, "sock_shutdown", "hn", "i32"),
    (OWN, "open", "snn", "i32"),
    (OWN, "pipe", "np", "i32"),
    (OWN, "dup", "h", "i32"),
    (OWN, "close", "h", "i32"),
    (OWN, "read", "hpl", "i32"),
    (OWN, "write", "hpl", "i32"),
    (OWN, "seek", "hLn", "i64"),
    (OWN, "poll", "hL", "i32"),
    (OWN, "describe", "h", "i32"),
    (OWN, "inherited", "pn", "i32"),
    (OWN, "stat", "snp", "i32"),
    (OWN, "fstat", "hp", "i32"),
    (OWN, "chmod", "sn", "i32"),
    (OWN, "umask", "n", "i32"),
    (OWN, "spawn", "q", "i32"),
    (OWN, "fork", "n", "i32"),
    (OWN, "wait", "nnp", "i32"),
    (OWN, "kill", "nn", "i32"),
    (OWN, "catch", "LL", "i32"),
    (OWN, "pending", "", "i32"),
    (OWN, "pid", "n", "i32"),
    (OWN, "times", "p", "i32"),
    (OWN, "limit", "nnL", "i64"),
    (OWN, "terminal_size", "hp", "i32"),
    (OWN, "info", "npl", "i32"),
    (OWN, "edit", "qpl", "i32"),
];

/// Paths that something lies at, or that lead out.
const PATHS: &[&str] = &[
    "/work/f",
    "f",
    "/work/d",
    "d/../f",
    "/work/new",
    "new",
    "/work/out",
    "out/secret",
    "/work/../outside/secret",
    "../outside/secret",
    "/ro/f",
    "/over/f",
    "/over/new",
    "/tmp/t",
    "tmp",
    "/dev/null",
    "/dev/tty",
    "/dev/stdin",
    "/dev/fd/3",
    "/dev/urandom",
    "/proc/self/exe",
    "/usr/bin/main",
    "/work/self.wasm",
    "/",
    ".",
    "..",
    "",
    "/work/\u{0}x",
    "/work/loop",
    "/work/fifo",
    "/work/deep/deep/deep",
    "/tmp",
    "/work",
];

const PATHS_AT: usize = 1024;
const TABLE_AT: usize = 256;
const REQUESTS_AT: usize = 3072;
const SUBSCRIPTIONS_AT: usize = 4096;
/// Where data of the input lie, to be written or taken for something else.
const DATA_AT: usize = 8192;
const MEMORY: usize = 2 << 16;
/// Results that later calls can take.
const KEPT: usize = 8;
/// Calls of one function; and their repetitions end with the session's time.
const CALLS: usize = 40;

/// Runs a module that is made of the input.
pub fn abi(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(module) = module(&mut input) else { return };
    let wasm = wat::parse_str(&module).unwrap_or_else(|error| panic!("{error}\n{module}"));
    Place::new(&wasm).run(wasm, "_start");
}

fn module(input: &mut Unstructured<'_>) -> Result<String> {
    let mut text = String::from("(module\n");
    for (number, (module, name, params, result)) in IMPORTS.iter().enumerate() {
        let types = |kind| match kind {
            'L' => "i64",
            's' | 'v' | 'q' => "i32 i32",
            _ => "i32",
        };
        let params: Vec<_> = params.chars().map(types).collect();
        let result = if result.is_empty() { String::new() } else { format!("(result {result})") };
        let _ =
            writeln!(text, "(import \"{module}\" \"{name}\" (func $f{number} (param {}) {result}))", params.join(" "));
    }
    let _ = writeln!(
        text,
        "(memory (export \"memory\") 2)\n(global (export \"__stack_pointer\") (mut i32) (i32.const {}))",
        [512, 0, -1, 70_000][input.int_in_range(0..=3)?]
    );
    let paths: String = PATHS.iter().map(|path| escaped(path.as_bytes())).collect();
    let _ = writeln!(text, "(data (i32.const {PATHS_AT}) \"{paths}\")");
    let ranges: Vec<u8> =
        [(DATA_AT, 16), (DATA_AT, 0), (MEMORY - 8, 8), (MEMORY - 8, 9), (DATA_AT, 50_000), (0xffff_fff0, 32)]
            .iter()
            .flat_map(|(at, len)| [*at as u32, *len as u32])
            .flat_map(u32::to_le_bytes)
            .collect();
    let _ = writeln!(text, "(data (i32.const {TABLE_AT}) \"{}\")", escaped(&ranges));
    let _ = writeln!(text, "(data (i32.const {REQUESTS_AT}) \"{}\")", escaped(&request(input)?));
    let _ = writeln!(text, "(data (i32.const {SUBSCRIPTIONS_AT}) \"{}\")", escaped(&subscriptions(input)?));
    let calls = calls(input)?;
    let task = self::calls(input)?;
    let _ = writeln!(text, "(data (i32.const {DATA_AT}) \"{}\")", escaped(input.bytes(input.len().min(256))?));
    let locals: String = (0..KEPT).map(|kept| format!("(local $k{kept} i32)")).collect();
    let _ = writeln!(text, "(func (export \"_start\") {locals}\n{calls})");
    let _ = writeln!(
        text,
        "(func (export \"glowplug_fork_entry\") (param i32) (result i32) {locals}\n{task}(i32.const 3))\n)"
    );
    Ok(text)
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// One for `spawn`, nearly always well formed.
fn request(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut request = Vec::new();
    let text = |request: &mut Vec<u8>, text: &[u8]| {
        request.extend((text.len() as u32).to_le_bytes());
        request.extend(text);
    };
    request.extend(u32::from(input.arbitrary::<bool>()?).to_le_bytes());
    text(
        &mut request,
        input.choose(&["/work/self.wasm", "/usr/bin/main", "/work/f", "/work/script", "/work/sparse"])?.as_bytes(),
    );
    text(&mut request, input.choose(&["/work", "/", "/none"])?.as_bytes());
    for _ in 0..2 {
        let count = input.int_in_range(0..=3_u32)?;
        request.extend(count.to_le_bytes());
        for _ in 0..count {
            text(&mut request, input.choose(&["main", "A=1", "PWD=/x", "", "LD_PRELOAD=/work/f"])?.as_bytes());
        }
    }
    let count = input.int_in_range(0..=4_u32)?;
    request.extend(count.to_le_bytes());
    for _ in 0..count {
        let number = *input.choose(&[0, 1, 2, 3, 7, 1000, u32::MAX])?;
        request.extend(number.to_le_bytes());
        request.extend(input.int_in_range(0..=5_u32)?.to_le_bytes());
    }
    if input.ratio(1, 8)? {
        let at = input.int_in_range(0..=request.len() - 1)?;
        request[at] = input.arbitrary()?;
    }
    Ok(request)
}

/// Four for `poll_oneoff`: clocks that are over soon, and descriptors.
fn subscriptions(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for number in 0..4_u64 {
        bytes.extend(number.to_le_bytes());
        let kind = input.int_in_range(0..=3_u64)?;
        bytes.extend(kind.to_le_bytes());
        let word = if kind == 0 { input.int_in_range(0..=4)? } else { input.int_in_range(0..=6_u64)? };
        bytes.extend(word.to_le_bytes());
        bytes.extend(input.choose(&[0, 1, 1_000_000, u64::MAX, 1 << 63])?.to_le_bytes());
        bytes.extend([0; 16]);
    }
    Ok(bytes)
}

fn calls(input: &mut Unstructured<'_>) -> Result<String> {
    let mut text = String::new();
    let count = input.int_in_range(0..=CALLS)?;
    for at in 0..count {
        if input.is_empty() {
            break;
        }
        let number = input.choose_index(IMPORTS.len())?;
        let (_, name, params, result) = IMPORTS[number];
        // Seldom: what ends the process ends the rest, too.
        if matches!(name, "proc_exit" | "proc_raise" | "kill") && !input.ratio(1, 8)? {
            continue;
        }
        let mut args = String::new();
        for kind in params.chars() {
            args.push_str(&argument(input, kind)?);
        }
        let call = format!("(call $f{number} {args})");
        let _ = match result {
            "i32" => writeln!(text, "(local.set $k{} {call})", at % KEPT),
            "i64" => writeln!(text, "(drop {call})"),
            _ => writeln!(text, "{call}"),
        };
    }
    Ok(text)
}

fn argument(input: &mut Unstructured<'_>, kind: char) -> Result<String> {
    const EDGES: &[i64] =
        &[0, 1, -1, 2, 8, 255, 65_535, 65_536, 131_071, 131_072, 0x7fff_ffff, -0x8000_0000, -16, 1 << 20];
    let number = |number: i64| format!("(i32.const {}) ", number as i32);
    // A pair, as it should be.
    let pair = match kind {
        's' => {
            let chosen = input.choose_index(PATHS.len())?;
            let before: usize = PATHS[..chosen].iter().map(|path| path.len()).sum();
            Some((PATHS_AT + before, PATHS[chosen].len()))
        }
        'v' => Some((TABLE_AT + 8 * input.int_in_range(0..=5)?, input.int_in_range(0..=2)?)),
        'q' => Some((REQUESTS_AT, 400)),
        _ => None,
    };
    if let Some((at, len)) = pair {
        return Ok(match input.int_in_range(0..=15)? {
            0 => number(*input.choose(EDGES)?) + &number(len as i64),
            1 => number(at as i64) + &number(*input.choose(EDGES)?),
            _ => number(at as i64) + &number(len as i64),
        });
    }
    let wild = input.ratio(1, 8)?;
    Ok(match kind {
        'L' => {
            const LONG: &[i64] = &[0, 1, -1, 10, 4096, 1 << 20, 1 << 32, 1 << 40, i64::MAX, i64::MIN, 0x1fff_ffff];
            format!("(i64.const {}) ", if wild { input.arbitrary()? } else { *input.choose(LONG)? })
        }
        _ if wild => number(*input.choose(EDGES)?),
        'h' if input.arbitrary()? => format!("(local.get $k{}) ", input.int_in_range(0..=KEPT - 1)?),
        'h' => number(input.int_in_range(0..=8)?),
        'p' => number(*input.choose(&[
            DATA_AT as i64,
            16_384,
            65_530,
            131_064,
            131_068,
            131_072,
            SUBSCRIPTIONS_AT as i64,
        ])?),
        'l' => number(*input.choose(&[0, 1, 4, 24, 100, 5000, 65_536])?),
        _ => number(input.int_in_range(0..=64)?),
    })
}
