//! `glowplug cache ls`: what the cache holds.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use crate::report::key_json;
use crate::text::{self, Align, Table};
use glowplug_cache::Entry;
use serde_json::{Value, json};
use std::time::SystemTime;

/// Prints each entry, the last used first.
pub(super) fn run(opened: &Opened, as_json: bool) -> Result<i32, Failure> {
    let mut entries = opened.cache.entries().map_err(|error| super::failed(opened, "list", &error))?;
    entries.sort_by(|a, b| b.last_used.cmp(&a.last_used).then_with(|| a.source.cmp(&b.source)));
    if as_json {
        output::print_json(&Value::Array(entries.iter().map(entry_json).collect()));
        return Ok(0);
    }
    let columns = [
        ("module", Align::Left),
        ("engine", Align::Left),
        ("compiler", Align::Left),
        ("kind", Align::Left),
        ("wasm", Align::Right),
        ("artifact", Align::Right),
        ("compiled in", Align::Right),
        ("last used", Align::Left),
        ("source", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let now = SystemTime::now();
    for entry in &entries {
        table.row(vec![
            entry.key.module.short(),
            entry.key.engine.digest().short(),
            entry.strategy.clone(),
            entry.key.kind.to_string(),
            text::size(entry.wasm_bytes),
            text::size(entry.artifact_bytes),
            text::time(entry.compile_time),
            text::ago(entry.last_used, now),
            entry.source.clone(),
        ]);
    }
    output::print(&if entries.is_empty() { "the cache is empty\n".to_owned() } else { table.render() });
    Ok(0)
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "source": entry.source,
        "key": key_json(&entry.key),
        "wasm_bytes": entry.wasm_bytes,
        "artifact_bytes": entry.artifact_bytes,
        "compile_us": text::microseconds(entry.compile_time),
        "created": text::unix_seconds(entry.created),
        "last_used": text::unix_seconds(entry.last_used),
        "wasmtime": entry.wasmtime,
        "strategy": entry.strategy,
    })
}
