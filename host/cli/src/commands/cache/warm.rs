//! `glowplug cache warm`: compiles now what is to start at once later.

use crate::commands::run::{default_engine, process_engine};
use crate::config::Config;
use crate::failure::{EXIT_FAILURE, Failure};
use crate::opening;
use crate::output;
use crate::progress::Steps;
use crate::report::{load_json, phases_json};
use crate::text;
use glowplug_cache::{BackendUsed, Kind, LazyEngine, LoadError, LoadReport, Observer, Outcome, Source};
use glowplug_runtime::EngineSpec;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Warms each file. One that fails does not keep the others from being tried.
///
/// With `calls`, for `run --call-cache` as well.
pub(super) fn run(config: Config, files: &[PathBuf], calls: bool, as_json: bool) -> Result<i32, Failure> {
    let steps = Arc::new(Steps::new(files.len() * if calls { 2 } else { 1 }, "warming"));
    let opened = opening::open_with(config, Arc::clone(&steps) as Arc<dyn Observer>)?;
    opened.warn(None);
    if opened.cache.backend() == BackendUsed::None {
        return Err(
            Failure::new("there is no cache to warm").hint("`glowplug config` says which cache is in force, and why")
        );
    }
    let engines: Vec<(LazyEngine<EngineSpec>, bool)> = match calls {
        false => vec![(default_engine(), false)],
        true => vec![(default_engine(), false), (process_engine(), true)],
    };
    let (mut code, mut reports) = (0, Vec::new());
    for (file, (engine, for_calls)) in files.iter().flat_map(|file| engines.iter().map(move |engine| (file, engine))) {
        steps.say(file.display().to_string());
        let source = Source::file(file.as_path());
        let is_component = || opened.cache.identify(&source).is_ok_and(|found| found.kind == Kind::Component);
        if *for_calls && is_component() {
            // Its calls are not traced, so there is nothing to prepare.
            steps.advance();
            continue;
        }
        let warmed = opened.cache.warm(engine, &source);
        if !steps.above(|| is_warm(file, &warmed, *for_calls, as_json)) {
            code = EXIT_FAILURE;
        }
        let mut object = match &warmed {
            Ok(report) => as_object(report),
            Err(error) => {
                json!({ "source": file.display().to_string(), "outcome": "failed", "reason": error.to_string() })
            }
        };
        if *for_calls {
            object["for"] = "call-cache".into();
        }
        reports.push(object);
        steps.advance();
    }
    steps.end();
    if as_json {
        output::print_json(&Value::Array(reports));
    }
    opened.cache.finish();
    Ok(code)
}

/// Says what became of one file, and whether its next start is a hit: compiled and not stored is not warm.
fn is_warm(file: &Path, warmed: &Result<LoadReport, LoadError>, for_calls: bool, as_json: bool) -> bool {
    match warmed {
        Ok(report) => {
            report.notes.iter().for_each(|note| output::warning(&format!("{}: {note}", output::path(file))));
            if !as_json {
                output::show(output::Text::new().line(as_line(file, report, for_calls)));
            }
            report.notes.is_empty()
        }
        Err(error) => {
            Failure::from(error).report();
            false
        }
    }
}

fn as_object(report: &LoadReport) -> Value {
    let mut object = load_json(report);
    object["phases_us"] = phases_json(report);
    object["reused"] = report.reused.map(|reused| json!({ "functions": reused.functions, "of": reused.of })).into();
    object
}

fn as_line(file: &Path, report: &LoadReport, for_calls: bool) -> String {
    let file = format!("{}{}", output::path(file), if for_calls { " for --call-cache" } else { "" });
    let size = report.artifact_bytes.map_or_else(String::new, |bytes| format!(", {}", text::size(bytes)));
    match (report.outcome, report.phases.compile) {
        (Outcome::Hit, _) => format!("{file}: was warm{size}"),
        (_, Some(time)) => {
            let reused = report.reused.filter(|reused| reused.functions > 0).map_or_else(String::new, |reused| {
                format!(", {} of {} functions as they were", reused.functions, reused.of)
            });
            format!("{file}: compiled in {}{size}{reused}", text::time(time))
        }
        (_, None) => format!("{file}: warmed{size}"),
    }
}
