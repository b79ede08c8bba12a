//! `glowplug cache stats`: what the cache holds and what it was good for.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use crate::text;
use glowplug_cache::Stats;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Prints the figures.
pub(super) fn run(opened: &Opened, as_json: bool) -> Result<i32, Failure> {
    let stats = opened.cache.stats().map_err(|error| super::failed(opened, "read", &error))?;
    if as_json {
        output::print_json(&json!({
            "entries": stats.entries,
            "bytes": stats.bytes,
            "function_packs": stats.function_packs,
            "function_bytes": stats.function_bytes,
            "quarantined": stats.quarantined,
            "quarantine_bytes": stats.quarantine_bytes,
            "guest_entries": stats.guest_entries,
            "guest_bytes": stats.guest_bytes,
            "hits": stats.hits,
            "misses": stats.misses,
            "bypasses": stats.bypasses,
            "saved_us": text::microseconds(stats.saved),
        }));
    } else {
        output::print(&as_text(&stats));
    }
    Ok(0)
}

fn as_text(stats: &Stats) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(lines, "{:<12} {value}", format!("{name}:"));
    };
    line("entries", format!("{} ({})", stats.entries, text::size(stats.bytes)));
    if stats.function_packs > 0 {
        let packs = text::count(stats.function_packs, "module");
        line("functions", format!("of {packs} ({})", text::size(stats.function_bytes)));
    }
    if stats.guest_entries > 0 {
        line("of guests", format!("{} ({})", stats.guest_entries, text::size(stats.guest_bytes)));
    }
    if stats.quarantined > 0 {
        let files = text::count(stats.quarantined, "file");
        line("quarantine", format!("{files} ({})", text::size(stats.quarantine_bytes)));
    }
    for (name, counts) in [("hits", &stats.hits), ("misses", &stats.misses)] {
        line(name, counted(counts));
    }
    line("bypasses", stats.bypasses.to_string());
    line("time saved", text::time(stats.saved));
    lines
}

/// `5 (3 never-seen, 2 engine-changed)`
fn counted(counts: &BTreeMap<String, u64>) -> String {
    let total: u64 = counts.values().sum();
    let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if parts.is_empty() { total.to_string() } else { format!("{total} ({})", parts.join(", ")) }
}
