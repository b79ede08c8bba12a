//! `glowplug cache clear`: removes everything, or what was compiled of some modules.

use crate::commands::run::default_engine;
use crate::failure::Failure;
use crate::opening::Opened;
use glowplug_cache::{Pruned, Source};
use std::path::PathBuf;

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
        let Some(key) = opened.cache.probe(&engine, &Source::file(file.as_path()))?.key else { continue };
        let pruned = opened.cache.remove(&key.module).map_err(|error| failed(&error))?;
        all.removed.extend(pruned.removed);
        (all.kept_entries, all.kept_bytes) = (pruned.kept_entries, pruned.kept_bytes);
    }
    super::print_pruned(&all, false, as_json);
    Ok(0)
}
