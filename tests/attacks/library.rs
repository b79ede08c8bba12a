//! Sizes and places of what is loaded: by `run`, and by guests. The library's own trials are in `host/cache/src/tests/unsound.rs`.

use super::common::{Context, greeting, stderr, stdout};
use super::support::ends;
use std::fs::File;
use std::io::Write as _;

/// A file of 8 TiB without contents that begins like a module.
fn huge(context: &Context) {
    let mut file = File::create(context.work().join("huge.wasm")).expect("created");
    file.write_all(b"\0asm\x01\0\0\0").expect("written");
    file.set_len(8 << 40).expect("a sparse file");
}

/// T01: the size of a file is no allocation.
#[test]
fn a_sparse_file_that_begins_like_wasm_is_refused() {
    let context = Context::new();
    huge(&context);
    let output = ends(&mut context.command(["run", "huge.wasm"]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("is larger than the 1073741824 bytes"), "{}", stderr(&output));
    let output = ends(&mut context.command(["shell", "-c", "./huge.wasm; echo $? goes on"]));
    assert_eq!(stdout(&output), "126 goes on\n", "{}", stderr(&output));
}

/// T30: what guests bring is kept apart, and evicts nothing of the user's.
#[test]
fn what_guests_bring_is_kept_apart() {
    let context = Context::new();
    context.write("mine.wat", greeting("mine"));
    context.write("theirs.wasm", wat::parse_str(greeting("theirs")).expect("a module"));
    assert_eq!(stdout(&ends(&mut context.command(["run", "mine.wat"]))), "mine\n");
    let before = context.json(["cache", "stats", "--json"])["entries"].clone();
    for _ in 0..2 {
        let output = ends(&mut context.command(["shell", "-c", "./theirs.wasm"]));
        assert_eq!(stdout(&output), "theirs\n", "{}", stderr(&output));
    }
    let stats = context.json(["cache", "stats", "--json"]);
    assert_eq!(stats["guest_entries"], 1, "{stats}");
    // The shell itself has come to what was there.
    assert_eq!(stats["entries"].as_u64(), before.as_u64().map(|entries| entries + 1), "{stats}");
    assert_eq!(stats["quarantined"], 0, "{stats}");
}

/// T03: what compiling takes is the host's memory, and whoever allows little of it has none compiled that takes much.
#[test]
fn a_module_that_takes_more_memory_to_compile_than_a_process_may_have_is_refused() {
    let context = Context::new();
    let module = wat::parse_str(greeting("hello")).expect("a module");
    // A custom section of 4 MiB: its length in four bytes of seven bits, and an empty name.
    let long = [&module[..], &[0, 0x80, 0x80, 0x80, 0x02, 0], &vec![7; (4 << 20) - 1][..]].concat();
    context.write("long.wasm", long);
    let run = |limit: &[&str]| {
        let args =
            [&["shell", "--report-file", "report.json"], limit, &["-c", "./long.wasm; echo $? goes on"]].concat();
        let output = ends(&mut context.command(args));
        let report = std::fs::read_to_string(context.work().join("report.json")).expect("a report");
        (stdout(&output), stderr(&output), report.contains("\"limit\":\"max-memory\""))
    };
    // Once more when its code is kept: what a guest is refused does not hang on that.
    assert_eq!(run(&[]).0, "hello\n0 goes on\n");
    std::thread::sleep(std::time::Duration::from_millis(60));
    assert_eq!(run(&[]), ("hello\n0 goes on\n".to_owned(), String::new(), false));
    let (out, said, limited) = run(&["--max-memory", "64MiB"]);
    assert_eq!(out, "126 goes on\n", "{said}");
    assert!(said.contains("takes more memory to be compiled than --max-memory allows") && limited, "{said}");
    assert!(said.contains("./long.wasm: cannot be run: it is larger than the 2796202 bytes"), "{said}");
}

/// The user says how much of what guests bring is kept.
#[test]
fn the_guests_quota_can_be_set() {
    let context = Context::new();
    context.configure("guest-size = \"0\"\n");
    context.write("theirs.wasm", wat::parse_str(greeting("theirs")).expect("a module"));
    let output = ends(&mut context.command(["shell", "-c", "./theirs.wasm"]));
    assert_eq!(stdout(&output), "theirs\n", "{}", stderr(&output));
    assert_eq!(context.json(["cache", "stats", "--json"])["guest_entries"], 0);
}
