//! `glowplug cache calls ls`: whose results are kept.

use crate::failure::Failure;
use crate::output;
use crate::text::{self, Align, Table};
use glowplug_calls::{CallCache, Flawed, Listing, Summary};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Prints each call, the last used first.
pub(super) fn run(cache: &CallCache, as_json: bool) -> Result<i32, Failure> {
    let (listings, flawed) = cache.list().map_err(|error| super::failed("list", &error))?;
    if as_json {
        output::print_json(&Value::Array(listings.iter().map(listing_json).collect()));
        return Ok(0);
    }
    for Flawed { path, why } in flawed {
        output::warning(&format!("{path}: {why}"));
    }
    let columns = [
        ("key", Align::Left),
        ("results", Align::Right),
        ("size", Align::Right),
        ("ran in", Align::Right),
        ("last used", Align::Left),
        ("call", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let now = SystemTime::now();
    for listing in &listings {
        table.row(vec![
            listing.key.short(),
            listing.results.len().to_string(),
            text::size(listing.bytes),
            listing.results.first().map_or_else(String::new, |newest| text::time(newest.cost)),
            text::ago(listing.last_used, now),
            super::command(&listing.parts),
        ]);
    }
    output::print(&if listings.is_empty() { "no results are kept\n".to_owned() } else { table.render() });
    Ok(0)
}

fn listing_json(listing: &Listing) -> Value {
    let parts = listing.parts.iter().map(|part| (part.name.clone(), String::from_utf8_lossy(&part.value).into()));
    json!({
        "key": listing.key,
        "call": super::command(&listing.parts),
        "parts": Value::Object(parts.collect()),
        "bytes": listing.bytes,
        "last_used": text::unix_seconds(listing.last_used),
        "results": listing.results.iter().map(summary_json).collect::<Vec<_>>(),
    })
}

pub(super) fn summary_json(result: &Summary) -> Value {
    json!({
        "exit_code": result.exit_code,
        "output_bytes": result.output_bytes,
        "written": result.written,
        "observations": result.observed,
        "cost_us": text::microseconds(result.cost),
        "created": text::unix_seconds(result.created),
    })
}
