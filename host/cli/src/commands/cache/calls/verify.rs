//! `glowplug cache calls verify`: is everything that is kept what it was?

use crate::failure::{EXIT_FAILURE, Failure};
use crate::output;
use crate::text;
use glowplug_calls::CallCache;
use serde_json::{Value, json};

/// Says what is wrong, and ends with 1 if anything is.
pub(super) fn run(cache: &CallCache, as_json: bool) -> Result<i32, Failure> {
    let findings = cache.verify().map_err(|error| super::failed("check", &error))?;
    let wrong = findings.iter().filter(|(_, problem)| problem.is_some()).count();
    if as_json {
        let all = findings.iter().map(|(path, problem)| json!({ "path": path, "problem": problem }));
        output::print_json(&Value::Array(all.collect()));
    } else {
        let mut lines = output::Text::new();
        for (path, problem) in &findings {
            if let Some(problem) = problem {
                lines.line(format_args!("{path}: {problem}"));
            }
        }
        lines.line(format_args!("{} checked, {wrong} wrong", text::count(findings.len() as u64, "file")));
        output::show(&lines);
    }
    Ok(if wrong == 0 { 0 } else { EXIT_FAILURE })
}
