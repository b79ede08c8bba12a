//! `glowplug cache clear`: removes everything, or what was compiled of some modules.

use crate::commands::run::default_engine;
use crate::failure::Failure;
use crate::opening::Opened;
use glowplug_cache::{ModuleDigest, Pruned, Source};
use std::path::{Path, PathBuf};

/// Removes it.
pub(super) fn run(opened: &Opened, files: &[PathBuf], as_json: bool) -> Result<i32, Failure> {
    let failed = |error: &std::io::Error| super::failed(opened, "clear", error);
    if files.is_empty() {
        let pruned = opened.cache.clear().map_err(|error| failed(&error))?;
        super::print_pruned(&pruned, false, as_json);
        return Ok(0);
    }
    let engine = default_engine();
    let mut all = Pruned::default();
    for file in files {
        let module = match of_key(opened, file)? {
            Some(module) => module,
            None => match opened.cache.probe(&engine, &Source::file(file.as_path()))?.key {
                Some(key) => key.module,
                None => continue,
            },
        };
        let pruned = opened.cache.remove(&module).map_err(|error| failed(&error))?;
        all.removed.extend(pruned.removed);
        (all.kept_entries, all.kept_bytes) = (pruned.kept_entries, pruned.kept_bytes);
    }
    super::print_pruned(&all, false, as_json);
    Ok(0)
}

/// The fewest digits that stand for a module.
const DIGITS: usize = 4;

/// The module whose digest begins so, if no file has that name.
fn of_key(opened: &Opened, name: &Path) -> Result<Option<ModuleDigest>, Failure> {
    let digits =
        name.to_str().filter(|name| name.len() >= DIGITS && name.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let Some(digits) = digits.filter(|_| !name.exists()) else { return Ok(None) };
    let entries = opened.cache.entries().map_err(|error| super::failed(opened, "list", &error))?;
    let digits = digits.to_ascii_lowercase();
    let mut found: Vec<ModuleDigest> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key.module.to_string().starts_with(&digits)) {
        if !found.contains(&entry.key.module) {
            found.push(entry.key.module);
        }
    }
    match found[..] {
        [module] => Ok(Some(module)),
        [] => Err(Failure::new(format!(
            "no module in the cache has a key that begins with `{digits}`, and there is no such file"
        ))
        .hint("`glowplug cache ls` lists the keys")),
        _ => Err(Failure::new(format!("more than one module has a key that begins with `{digits}`"))
            .hint("give more digits; `glowplug cache ls --json` prints all of them")),
    }
}
