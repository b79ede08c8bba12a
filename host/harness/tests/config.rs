//! `glowplug.toml`: samples that are valid and samples that are not, and what is said of them.

use glowplug_harness::Config;
use std::fs;
use std::path::Path;

/// The samples of a folder: name and text.
fn samples(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let entries = fs::read_dir(folder).expect("the samples");
    let mut samples: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("text"))
        })
        .collect();
    samples.sort();
    samples
}

#[test]
fn valid() {
    for (name, text) in samples("valid") {
        let config = Config::parse(&text, Path::new("project/glowplug.toml"));
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        insta::assert_debug_snapshot!(format!("valid-{name}"), config);
    }
}

#[test]
fn invalid() {
    let mut all = String::new();
    for (name, text) in samples("invalid") {
        let error = Config::parse(&text, Path::new("glowplug.toml")).expect_err(&name).to_string();
        all.push_str(&format!("{name}: {}\n", error.replace('\n', "\\n")));
    }
    insta::assert_snapshot!("invalid", all);
}
