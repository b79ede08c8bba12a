//! The manifest of `guest/prebuilt`, which ties each guest to its sources. `tests/prebuilt.rs` computes the same digests
//! independently, and fails when they differ.

use crate::read;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything in `guest/prebuilt`. Sorted maps, so that an unchanged guest leaves the file unchanged.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    guests: BTreeMap<String, Guest>,
}

/// One guest: what it was made from, and the files that came out.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
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

/// What a guest was made from, and what came out of it.
pub fn describe(manifest: &Path, sources: &Path, toolchain: &str, licences: &str, files: &[&str]) -> Result<Guest> {
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
pub fn update(path: &Path, guest: &str, packed: Guest) -> Result<()> {
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
const SHARED: [&str; 3] = ["../heap", "../sys", "../syntax"];

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
