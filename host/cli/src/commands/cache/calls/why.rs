//! `glowplug cache calls why`: what became of the inputs of each result.

use super::ls::summary_json;
use crate::failure::{EXIT_FAILURE, Failure};
use crate::output;
use crate::text;
use glowplug_cache::Digest;
use glowplug_calls::{CallCache, Explanation};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Says it of the calls that are meant, and ends with 0 if a result of each would be replayed.
pub(super) fn run(cache: &CallCache, name: &str, as_json: bool) -> Result<i32, Failure> {
    let keys = super::keys_of(cache, name)?;
    if keys.is_empty() {
        return Ok(if one(cache, super::key_of(cache, name)?, as_json)? { 0 } else { EXIT_FAILURE });
    }
    let mut code = 0;
    for key in keys {
        if !one(cache, key, as_json)? {
            code = EXIT_FAILURE;
        }
    }
    Ok(code)
}

/// Says it of one call; whether one of its results would be replayed.
fn one(cache: &CallCache, key: Digest, as_json: bool) -> Result<bool, Failure> {
    let (parts, explanations) = cache
        .why(key)
        .map_err(|reason| Failure::new(format!("failed to read what is kept of {key}")).because_text(Some(&reason)))?;
    let holds = |one: &Explanation| one.changes.is_empty() && one.damage.is_none();
    if as_json {
        let results = explanations.iter().map(explanation_json).collect();
        output::print_json(&json!({ "key": key, "call": super::command(&parts), "results": Value::Array(results) }));
    } else {
        let now = SystemTime::now();
        let mut lines = output::Text::new();
        lines.line(super::command(&parts));
        for one in &explanations {
            let when = format!("result of {}", text::ago(one.summary.created, now));
            let observed = text::count(one.summary.observed as u64, "observation");
            let stdin = one.stdin.map_or_else(String::new, |bytes| {
                format!(", if standard input begins with the same {}", text::count(bytes, "byte"))
            });
            if holds(one) {
                lines.line(format_args!("  {when}: would be replayed{stdin}: none of {observed} changed"));
                continue;
            }
            lines.line(format_args!("  {when}: not replayed"));
            for why in one.damage.iter().cloned().chain(one.changes.iter().map(ToString::to_string)) {
                lines.line(format_args!("    {why}"));
            }
        }
        output::show(&lines);
    }
    Ok(explanations.iter().any(holds))
}

fn explanation_json(one: &Explanation) -> Value {
    let mut object = summary_json(&one.summary);
    let changes: Vec<Value> =
        one.changes.iter().map(|change| json!({ "what": change.what, "from": change.from, "to": change.to })).collect();
    let fields = object.as_object_mut().expect("made as an object");
    fields.insert("changes".to_owned(), changes.into());
    fields.insert("damage".to_owned(), one.damage.clone().into());
    fields.insert("stdin_bytes".to_owned(), one.stdin.into());
    object
}
