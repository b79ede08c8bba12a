//! `glowplug cache ls`: what the cache holds.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use crate::report::key_json;
use crate::text::{self, Align, Table};
use glowplug_cache::{Entry, FunctionPack};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Prints each entry, the last used first.
pub(super) fn run(opened: &Opened, as_json: bool) -> Result<i32, Failure> {
    let mut entries = opened.cache.entries().map_err(|error| super::failed(opened, "list", &error))?;
    let mut packs = opened.cache.function_packs().map_err(|error| super::failed(opened, "list", &error))?;
    packs.sort_by(|a, b| b.last_used.cmp(&a.last_used).then_with(|| a.source.cmp(&b.source)));
    entries.sort_by(|a, b| b.last_used.cmp(&a.last_used).then_with(|| a.source.cmp(&b.source)));
    if as_json {
        let all = entries.iter().map(entry_json).chain(packs.iter().map(pack_json));
        output::print_json(&Value::Array(all.collect()));
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
    for pack in &packs {
        table.row(vec![
            String::new(),
            pack.engine.digest().short(),
            String::new(),
            "functions".to_owned(),
            String::new(),
            text::size(pack.bytes),
            String::new(),
            text::ago(pack.last_used, now),
            pack.source.clone().unwrap_or_default(),
        ]);
    }
    output::print(&if entries.is_empty() && packs.is_empty() {
        "the cache is empty\n".to_owned()
    } else {
        table.render()
    });
    Ok(0)
}

/// What is kept of a module's functions for its next compilation.
fn pack_json(pack: &FunctionPack) -> Value {
    json!({
        "source": pack.source,
        "engine": pack.engine,
        "function_bytes": pack.bytes,
        "last_used": text::unix_seconds(pack.last_used),
    })
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
