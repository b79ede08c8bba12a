//! `glowplug cache calls clear`: results are forgotten.

use crate::commands::cache::print_pruned;
use crate::failure::Failure;
use crate::output;
use crate::text;
use glowplug_calls::CallCache;
use serde_json::json;

/// Removes everything, or what is kept of some calls.
pub(super) fn run(cache: &CallCache, keys: &[String], as_json: bool) -> Result<i32, Failure> {
    if keys.is_empty() {
        let pruned = cache.clear().map_err(|error| super::failed("clear", &error))?;
        print_pruned(&pruned, false, as_json);
        return Ok(0);
    }
    let keys = keys.iter().map(|key| super::key_of(cache, key)).collect::<Result<Vec<_>, _>>()?;
    for key in &keys {
        cache.forget(*key).map_err(|error| super::failed("clear", &error))?;
    }
    if as_json {
        output::print_json(&json!({ "removed": keys }));
    } else {
        output::print(&format!("removed the results of {}\n", text::count(keys.len() as u64, "call")));
    }
    Ok(0)
}
