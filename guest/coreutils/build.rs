//! Checks that `programs.txt`, which the host embeds, names the programs of `src/table.rs`, and asks for a larger stack.

use std::fs;

/// Calls in awk's and jq's programs are calls of ours; Rust's one megabyte is soon full. What is not used costs nothing.
const STACK_BYTES: usize = 4 << 20;

/// What small programs allocate, without a call of the host that grows the memory (adr/0016).
const HEAP_BYTES: usize = 256 << 10;

fn main() {
    println!("cargo:rustc-link-arg-bins=-zstack-size={STACK_BYTES}");
    println!("cargo:rustc-link-arg-bins=--initial-heap={HEAP_BYTES}");
    println!("cargo:rerun-if-changed=programs.txt");
    println!("cargo:rerun-if-changed=src/table.rs");
    let table = fs::read_to_string("src/table.rs").expect("the table of programs");
    let listed = fs::read_to_string("programs.txt").expect("the list of programs");
    let rows = table.lines().filter_map(|line| line.strip_prefix("    (\"")?.split_once('"'));
    let names: Vec<&str> = rows.map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "src/table.rs is not sorted by name, so that programs would not be found");
    assert_eq!(names, listed.lines().collect::<Vec<_>>(), "programs.txt does not name what src/table.rs does");
}
