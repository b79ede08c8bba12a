//! `glowplug cache calls prune`: what is over the limits goes.

use crate::commands::cache::print_pruned;
use crate::failure::Failure;
use glowplug_calls::CallCache;

/// Removes it, or says what would be removed.
pub(super) fn run(cache: &CallCache, dry_run: bool, as_json: bool) -> Result<i32, Failure> {
    let pruned = cache.prune(dry_run).map_err(|error| super::failed("clean up", &error))?;
    print_pruned(&pruned, dry_run, as_json);
    Ok(0)
}
