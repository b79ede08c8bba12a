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
