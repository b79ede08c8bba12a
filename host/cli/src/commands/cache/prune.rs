//! `glowplug cache prune`: removes what is over the limits, and what nobody can use; also the folders of runs that were killed.

use crate::failure::Failure;
use crate::opening::Opened;

/// Removes it, or says what would be removed.
pub(super) fn run(opened: &Opened, dry_run: bool, as_json: bool) -> Result<i32, Failure> {
    let pruned = opened.cache.prune(dry_run).map_err(|error| super::failed(opened, "prune", &error))?;
    if !dry_run {
        crate::calling::remove_abandoned();
    }
    super::print_pruned(&pruned, dry_run, as_json);
    Ok(0)
}
