//! `glowplug cache verify`: hashes everything again.

use crate::failure::{EXIT_FAILURE, Failure};
use crate::opening::Opened;
use crate::output;
use crate::text;
use serde_json::{Value, json};

/// Says what is wrong; ends with 1 if anything is.
pub(super) fn run(opened: &Opened, as_json: bool) -> Result<i32, Failure> {
    let findings = opened.cache.verify().map_err(|error| super::failed(opened, "verify", &error))?;
    let unsound: Vec<_> =
        findings.iter().filter_map(|finding| Some((&finding.path, finding.problem.as_ref()?))).collect();
    let bytes: u64 = findings.iter().map(|finding| finding.bytes).sum();
    if as_json {
        let problems: Vec<Value> =
            unsound.iter().map(|(path, problem)| json!({ "path": path, "problem": problem })).collect();
        output::print_json(&json!({ "files": findings.len(), "hashed_bytes": bytes, "problems": problems }));
    } else {
        let mut lines = output::Text::new();
        for (path, problem) in &unsound {
            lines.line(format_args!("{path}: {problem}"));
        }
        let files = text::count(findings.len() as u64, "file");
        let verdict = match unsound.len() {
            0 => "all sound".to_owned(),
            count => format!("{count} not sound, and never executed"),
        };
        lines.line(format_args!("{files} checked ({} of native code): {verdict}", text::size(bytes)));
        output::show(&lines);
        if !unsound.is_empty() {
            output::hint(
                "an artifact that is not sound is compiled anew when it is next asked for; `glowplug cache clear` removes all",
            );
        }
    }
    Ok(if unsound.is_empty() { 0 } else { EXIT_FAILURE })
}
