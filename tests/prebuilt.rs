//! The guests in `guest/prebuilt` are committed as binaries. These tests tie each to its sources: they fail when a source,
//! a lock file or a prebuilt file changes and `guest/build.sh` was not run after it.
//!
//! The digests are computed here a second time, independently of `guest/pack`, which wrote them.

mod common;

use common::{Context, stdout};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

const ADVICE: &str = "run guest/build.sh, and commit guest/prebuilt";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    guests: BTreeMap<String, Guest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    sources: String,
    toolchain: String,
    licences: BTreeMap<String, String>,
    files: BTreeMap<String, PackedFile>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct PackedFile {
    blake3: String,
    bytes: u64,
}

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guest")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifest() -> Manifest {
    serde_json::from_slice(&read(&guests().join("prebuilt/manifest.json"))).expect("guest/prebuilt/manifest.json")
}

/// Paths of all files below `folder`, relative to `base` and separated by `/` on every platform.
fn files_below(base: &Path, folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder's entry").path();
        if path.is_dir() {
            found.extend(files_below(base, &path));
        } else {
            let parts: Vec<_> = path.strip_prefix(base).expect("below the base").iter().collect();
            let parts: Vec<_> = parts.iter().map(|part| part.to_str().expect("a UTF-8 name")).collect();
            found.insert(parts.join("/"));
        }
    }
    found
}

/// As [`files_below`], without looking into what cargo built, which may be a lot.
fn files_of(base: &Path, folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder's entry").path();
        if path.ends_with("target") {
            continue;
        }
        if path.is_dir() {
            found.extend(files_of(base, &path));
        } else {
            let parts: Vec<_> = path.strip_prefix(base).expect("below the base").iter().collect();
            let parts: Vec<_> = parts.iter().map(|part| part.to_str().expect("a UTF-8 name")).collect();
            found.insert(parts.join("/"));
        }
    }
    found
}

/// For each source file, sorted by path: path, NUL, length as 8 bytes little-endian, contents; all into one hasher. Sources
/// are all files but hidden ones and `target`; what a guest shares with others (`guest/heap`, `guest/sys`, `guest/syntax`)
/// is among them.
fn digest_of_sources(guest: &Path) -> String {
    let kept = |file: &String| file.split('/').all(|part| !part.starts_with('.') && part != "target");
    let mut files: BTreeSet<String> = files_of(guest, guest).into_iter().filter(kept).collect();
    let settings = String::from_utf8(read(&guest.join("Cargo.toml"))).expect("UTF-8");
    for shared in ["heap", "sys", "syntax"] {
        if settings.contains(&format!("\"../{shared}\"")) {
            let folder = guests().join(shared);
            files.extend(files_of(&folder, &folder).into_iter().filter(kept).map(|file| format!("../{shared}/{file}")));
        }
    }
    let mut input = Vec::new();
    for file in files {
        let contents = read(&guest.join(&file));
        input.extend_from_slice(file.as_bytes());
        input.push(0);
        input.extend_from_slice(&u64::try_from(contents.len()).expect("a length").to_le_bytes());
        input.extend_from_slice(&contents);
    }
    blake3::hash(&input).to_hex().to_string()
}

#[test]
fn sources_are_those_that_the_prebuilt_guests_were_built_from() {
    for (name, guest) in manifest().guests {
        let digest = digest_of_sources(&guests().join(&name));
        assert_eq!(digest, guest.sources, "the sources of guest/{name} have changed: {ADVICE}");
    }
}

#[test]
fn prebuilt_files_are_those_that_the_manifest_names() {
    let prebuilt = guests().join("prebuilt");
    let mut named = BTreeSet::from(["manifest.json".to_owned()]);
    for (guest, entry) in manifest().guests {
        for (name, recorded) in entry.files {
            let contents = read(&prebuilt.join(&name));
            let actual = PackedFile {
                blake3: blake3::hash(&contents).to_hex().to_string(),
                bytes: u64::try_from(contents.len()).expect("a length"),
            };
            assert_eq!(actual, recorded, "guest/prebuilt/{name} is not what {guest} was recorded as: {ADVICE}");
            named.insert(name);
        }
    }
    // A file that no guest owns is one whose sources nobody can check.
    assert_eq!(files_below(&prebuilt, &prebuilt), named, "guest/prebuilt and its manifest differ: {ADVICE}");
}

#[test]
fn manifest_says_how_and_under_what_licence() {
    let manifest = manifest();
    assert!(!manifest.guests.is_empty(), "a manifest without guests checks nothing");
    for (name, guest) in manifest.guests {
        assert!(guest.toolchain.starts_with("rustc "), "{name}: {:?} is not a toolchain", guest.toolchain);
        assert!(!guest.files.is_empty(), "{name} has no files");
        assert!(guest.licences.contains_key(&name), "{name} does not state its own licence");
    }
}

/// `guest/build.sh` checks the machine it runs on; this checks what another machine has committed.
#[test]
fn prebuilt_files_name_no_home_folder() {
    for entry in manifest().guests.values() {
        for name in entry.files.keys() {
            let contents = read(&guests().join("prebuilt").join(name));
            for trace in ["/home/", "/Users/", "/root/", ".cargo/registry"] {
                let found = contents.windows(trace.len()).any(|window| window == trace.as_bytes());
                assert!(!found, "guest/prebuilt/{name} contains {trace:?}: {ADVICE}");
            }
        }
    }
}

/// A module's sections: their kinds and what is in them.
fn sections(wasm: &[u8]) -> Vec<(u8, &[u8])> {
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0").expect("a module in the binary format");
    let mut sections = Vec::new();
    while let Some((&kind, after)) = rest.split_first() {
        let (length, after) = number(after);
        let (section, after) = after.split_at(length);
        sections.push((kind, section));
        rest = after;
    }
    sections
}

/// A number of WebAssembly's (LEB128), and what comes after it.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).expect("the number's end");
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, &bytes[length..])
}

/// What is of no use at run time is still read at each start: names, and exports that the linker adds by itself. And what a
/// start executes comes first (adr/0016).
#[test]
fn the_embedded_guests_are_packed_for_a_fast_start() {
    const CUSTOM: u8 = 0;
    const IMPORTS: u8 = 2;
    const EXPORTS: u8 = 7;
    for guest in ["shell", "coreutils"] {
        let wasm = read(&guests().join("prebuilt").join(guest).with_extension("wasm"));
        let sections = sections(&wasm);
        assert!(sections.iter().all(|(kind, _)| *kind != CUSTOM), "{guest} has custom sections: {ADVICE}");
        let (_, exports) = sections.iter().find(|(kind, _)| *kind == EXPORTS).expect("exports");
        let (count, mut rest) = number(exports);
        for _ in 0..count {
            let (length, after) = number(rest);
            let (name, after) = after.split_at(length);
            let name = str::from_utf8(name).expect("UTF-8");
            let ours = matches!(name, "memory" | "_start" | "__stack_pointer") || name.starts_with("glowplug_");
            assert!(ours, "{guest} exports {name}: {ADVICE}");
            let (function, after) = number(&after[1..]);
            if name == "_start" {
                // Everything that these two import is a function, and the first one that a start executes comes next.
                let (_, imports) = sections.iter().find(|(kind, _)| *kind == IMPORTS).expect("imports");
                assert_eq!(function, number(imports).0, "the functions of {guest} are not in order: {ADVICE}");
            }
            rest = after;
        }
    }
}

/// Each growth is a call of the host, a change of protections and a page fault: an ordinary start of the shell has none
/// (adr/0016). A limit below one more page shows it.
#[test]
fn an_ordinary_start_of_the_shell_grows_no_memory() {
    const MEMORY: u8 = 5;
    const PAGE: usize = 64 << 10;
    let wasm = read(&guests().join("prebuilt/shell.wasm"));
    let sections = sections(&wasm);
    let (_, memories) = sections.iter().find(|(kind, _)| *kind == MEMORY).expect("a memory");
    // How many memories there are, and whether this one has a maximum, come before.
    let (pages, _) = number(&memories[2..]);
    let context = Context::new();
    // The limit counts its table as well, which is far smaller than a page.
    let limit = (pages * PAGE + PAGE - 1).to_string();
    let output = context.run(["shell", "--max-memory", &limit, "-c", "x=1; echo $x; for i in 1 2; do echo $i; done"]);
    assert_eq!(stdout(&output), "1\n1\n2\n", "{output:?}");
    let less = ((pages - 1) * PAGE).to_string();
    assert!(!context.run(["shell", "--max-memory", &less, "-c", "exit"]).status.success(), "the limit is none");
}
