//! `glowplug cache why`: would that start be a hit, and if not, why?

use crate::commands::run::default_engine;
use crate::failure::{EXIT_FAILURE, Failure};
use crate::opening::Opened;
use crate::output;
use crate::report::{key_json, reason_code, word};
use crate::text;
use glowplug_cache::{Outcome, Probe, Source};
use serde_json::json;
use std::path::Path;

/// Says it, and ends with 0 for a hit alone, so that a script can ask.
pub(super) fn run(opened: &Opened, file: &Path, as_json: bool) -> Result<i32, Failure> {
    opened.warn(None);
    let engine = default_engine();
    let probe = opened.cache.probe(&engine, &Source::file(file))?;
    let reason = probe.reason.as_ref().map(ToString::to_string).or_else(|| probe.bypass.clone());
    if as_json {
        output::print_json(&json!({
            "source": file.display().to_string(),
            "outcome": probe.outcome,
            "tier": probe.tier,
            "backend": probe.backend,
            "reason": reason,
            "reason_code": reason_code(probe.reason.as_ref(), probe.bypass.as_deref()),
            "key": probe.key.as_ref().map(key_json),
            "wasm_bytes": probe.wasm_bytes,
            "artifact_bytes": probe.artifact_bytes,
        }));
    } else {
        output::print(&format!("{}\n", as_text(file, &probe, reason.as_deref())));
    }
    Ok(if probe.outcome == Outcome::Hit { 0 } else { EXIT_FAILURE })
}

fn as_text(file: &Path, probe: &Probe, reason: Option<&str>) -> String {
    let outcome = word(&probe.outcome);
    let detail = match (probe.outcome, reason) {
        (Outcome::Hit, _) => {
            let size = probe.artifact_bytes.map_or_else(String::new, |bytes| format!(", {}", text::size(bytes)));
            format!("{} artifact{size}", word(&probe.tier))
        }
        (_, Some(reason)) => reason.to_owned(),
        (_, None) => "no reason is known".to_owned(),
    };
    format!("{}: {outcome}: {detail}", file.display())
}
