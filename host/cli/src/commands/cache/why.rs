//! `glowplug cache why`: would that start be a hit, and if not, why?

use crate::commands::run::{baseline_engine, baseline_process_engine, default_engine, process_engine};
use crate::config::Tiering;
use crate::failure::{EXIT_FAILURE, Failure};
use crate::opening::Opened;
use crate::output;
use crate::report::{key_json, reason_code, word};
use crate::text;
use glowplug_cache::{CompilerTier, Outcome, Probe, Source, Tiers};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Says it of each, and ends with 0 for hits alone, so that a script can ask. One that cannot be read does not keep the others from
/// being asked about.
pub(super) fn run(opened: &Opened, files: &[PathBuf], calls: bool, as_json: bool) -> Result<i32, Failure> {
    opened.warn(None);
    let (mut code, mut all) = (0, Vec::new());
    for file in files {
        match one(opened, file, calls) {
            Ok(probe) => {
                let reason = probe.reason.as_ref().map(ToString::to_string).or_else(|| probe.bypass.clone());
                if as_json {
                    all.push(as_object(file, &probe, reason.as_deref()));
                } else {
                    output::show(output::Text::new().line(as_text(file, &probe, reason.as_deref())));
                }
                if probe.outcome != Outcome::Hit {
                    code = EXIT_FAILURE;
                }
            }
            Err(failure) if files.len() == 1 => return Err(failure),
            Err(failure) => code = failure.report(),
        }
    }
    match (as_json, &mut all[..]) {
        (false, _) => {}
        (true, [one]) if files.len() == 1 => output::print_json(one),
        (true, all) => output::print_json(&Value::Array(all.iter_mut().map(Value::take).collect())),
    }
    Ok(code)
}

fn one(opened: &Opened, file: &Path, calls: bool) -> Result<Probe, Failure> {
    let (engine, baseline) = match calls {
        false => (default_engine(), baseline_engine()),
        true => (process_engine(), baseline_process_engine()),
    };
    let tiers = Tiers { optimized: &engine, baseline: &baseline, least_bytes: opened.config.tiering_size() };
    // Who wants no baseline code has no hit of it.
    Ok(match opened.config.tiering() {
        Tiering::Off => opened.cache.probe(&engine, &Source::file(file))?,
        Tiering::Auto | Tiering::Wait => opened.cache.probe_tiered(tiers, &Source::file(file))?,
    })
}

fn as_object(file: &Path, probe: &Probe, reason: Option<&str>) -> Value {
    json!({
        "source": file.display().to_string(),
        "outcome": probe.outcome,
        "tier": probe.tier,
        "backend": probe.backend,
        "reason": reason,
        "reason_code": reason_code(probe.reason.as_ref(), probe.bypass.as_deref()),
        "key": probe.key.as_ref().map(key_json),
        "wasm_bytes": probe.wasm_bytes,
        "artifact_bytes": probe.artifact_bytes,
        "code": code(probe),
    })
}

/// Which compiler made what there is.
fn code(probe: &Probe) -> Option<CompilerTier> {
    probe.code.or((probe.outcome == Outcome::Hit).then_some(CompilerTier::Optimized))
}

fn as_text(file: &Path, probe: &Probe, reason: Option<&str>) -> String {
    let outcome = word(&probe.outcome);
    let detail = match (probe.outcome, reason) {
        (Outcome::Hit, _) => {
            let size = probe.artifact_bytes.map_or_else(String::new, |bytes| format!(", {}", text::size(bytes)));
            match (code(probe), reason) {
                (Some(CompilerTier::Baseline), Some(reason)) => {
                    format!("{} baseline artifact{size}; no optimized one: {reason}", word(&probe.tier))
                }
                _ => format!("{} artifact{size}", word(&probe.tier)),
            }
        }
        (_, Some(reason)) => reason.to_owned(),
        (_, None) => "no reason is known".to_owned(),
    };
    format!("{}: {outcome}: {detail}", output::path(file))
}
