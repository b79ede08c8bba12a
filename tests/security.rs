//! SECURITY.md names a trial for each promise: they exist, and run.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether the file has a test of that name which is not ignored.
fn has_test(path: &Path, name: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let Some(at) = text.find(&format!("fn {name}()")) else { return false };
    // Attributes stand directly above.
    let above =
        text[..at].lines().rev().take_while(|line| line.trim_start().starts_with(['#', '/']) || line.trim() == "pub");
    let above: Vec<&str> = above.collect();
    above.iter().any(|line| line.trim() == "#[test]") && !above.iter().any(|line| line.contains("ignore"))
}

#[test]
fn each_promise_names_what_holds_it() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).expect("the page");
    let promises = text.split("## Promised").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the promises");
    let rows: Vec<&str> = promises.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 5, "{rows:?}");
    for row in rows {
        let holders: Vec<&str> = quoted(row.split('|').nth(2).expect("a second column")).collect();
        assert!(!holders.is_empty(), "nothing holds this: {row}");
        for holder in holders {
            let there = match holder.split_once("::") {
                Some((file, name)) => has_test(&root().join(format!("tests/attacks/{file}.rs")), name),
                None if holder.contains('/') => root().join(holder).exists(),
                None => root().join(format!("fuzz/fuzz_targets/{holder}.rs")).exists(),
            };
            assert!(there, "`{holder}` is no test that runs: {row}");
        }
    }
}
