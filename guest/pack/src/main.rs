//! Packs a compiled guest for `guest/prebuilt`. `guest/build.sh` runs it, on the host:
//!
//! ```text
//! guest-pack component MODULE COMPONENT
//!     makes a wasi:cli/command component from a WASI preview 1 command
//! guest-pack manifest MANIFEST GUEST SOURCES TOOLCHAIN LICENCES FILE...
//!     records in MANIFEST what GUEST was made from, and what FILEs (they lie beside it) came out;
//!     LICENCES is `part=licence`, separated by semicolons or ends of lines
//! ```
//!
//! `tests/prebuilt.rs` computes the same digests independently, and fails when they differ from the manifest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

/// Everything in `guest/prebuilt`. Sorted maps, so that an unchanged guest leaves the file unchanged.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    guests: BTreeMap<String, Guest>,
}

/// One guest: what it was made from, and the files that came out.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    /// BLAKE3 of the sources: see [`digest_of_sources`].
    sources: String,
    /// What `rustc --version` says.
    toolchain: String,
    /// Each part that is in the files, and its licence as an SPDX expression.
    licences: BTreeMap<String, String>,
    files: BTreeMap<String, PackedFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PackedFile {
    blake3: String,
    bytes: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["component", module, component] => make_component(module.as_ref(), component.as_ref()),
        ["manifest", manifest, guest, sources, toolchain, licences, files @ ..] if !files.is_empty() => {
            let packed = describe(manifest.as_ref(), sources.as_ref(), toolchain, licences, files)?;
            update_manifest(manifest.as_ref(), guest, packed)
        }
        _ => bail!(
            "usage: guest-pack component MODULE COMPONENT\n       \
             guest-pack manifest MANIFEST GUEST SOURCES TOOLCHAIN LICENCES FILE..."
        ),
    }
}

fn make_component(module: &Path, component: &Path) -> Result<()> {
    let core = read(module)?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&core)
        .and_then(|encoder| {
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)
        })
        .and_then(|mut encoder| encoder.encode())
        .with_context(|| format!("cannot make a component from {}", module.display()))?;
    fs::write(component, encoded).with_context(|| format!("cannot write {}", component.display()))
}

fn describe(manifest: &Path, sources: &Path, toolchain: &str, licences: &str, files: &[&str]) -> Result<Guest> {
    let folder = manifest.parent().context("the manifest has no folder")?;
    let mut packed = BTreeMap::new();
    for &name in files {
        let contents = read(&folder.join(name))?;
        let entry = PackedFile { blake3: blake3::hash(&contents).to_hex().to_string(), bytes: contents.len() as u64 };
        packed.insert(name.to_owned(), entry);
    }
    Ok(Guest {
        sources: digest_of_sources(sources)?,
        toolchain: toolchain.to_owned(),
        licences: parse_licences(licences)?,
        files: packed,
    })
}

/// Replaces one guest's entry and keeps the others: each guest is built by itself.
fn update_manifest(path: &Path, guest: &str, packed: Guest) -> Result<()> {
    let mut manifest = if path.exists() {
        serde_json::from_slice(&read(path)?).with_context(|| format!("{} is not a manifest", path.display()))?
    } else {
        Manifest::default()
    };
    manifest.guests.insert(guest.to_owned(), packed);
    let mut text = serde_json::to_string_pretty(&manifest)?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The digest that says whether a guest was built from these sources: BLAKE3 over, for each file of the guest's folder but
/// `target` and hidden ones, sorted by path: the path (relative to the guest, separated by `/`), a NUL, the length as 8
/// bytes, little-endian, and the contents. A guest whose `Cargo.toml` names `../sys`
/// or `../syntax` is also made from that folder's files.
fn digest_of_sources(guest: &Path) -> Result<String> {
    let mut paths = Vec::new();
    list_files(guest, "", &mut paths)?;
    let settings = String::from_utf8(read(&guest.join("Cargo.toml"))?)?;
    for shared in SHARED {
        if settings.contains(&format!("\"{shared}\"")) {
            list_files(guest, &format!("{shared}/"), &mut paths)?;
        }
    }
    paths.sort();
    let mut hasher = blake3::Hasher::new();
    for path in paths {
        let contents = read(&guest.join(&path))?;
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&(contents.len() as u64).to_le_bytes());
        hasher.update(&contents);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The crates that guests share, as their `Cargo.toml` names them.
const SHARED: [&str; 2] = ["../sys", "../syntax"];

/// Adds the files below `folder`, which is empty or ends with `/`.
fn list_files(guest: &Path, folder: &str, paths: &mut Vec<String>) -> Result<()> {
    let place: PathBuf = guest.join(folder);
    for entry in fs::read_dir(&place).with_context(|| format!("cannot list {}", place.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().with_context(|| format!("{} is not UTF-8", entry.path().display()))?;
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let path = format!("{folder}{name}");
        if entry.file_type()?.is_dir() {
            list_files(guest, &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn parse_licences(text: &str) -> Result<BTreeMap<String, String>> {
    let mut licences = BTreeMap::new();
    for entry in text.split([';', '\n']).filter(|entry| !entry.is_empty()) {
        let (part, licence) = entry.split_once('=').with_context(|| format!("{entry:?} is not part=licence"))?;
        ensure!(!part.is_empty() && !licence.is_empty(), "{entry:?} is not part=licence");
        licences.insert(part.to_owned(), licence.to_owned());
    }
    Ok(licences)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
