//! `glowplug cache jobs`: what is being compiled.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use crate::report::key_json;
use crate::text::{self, Align, Table};
use glowplug_cache::{Job, JobState};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::SystemTime;

/// Prints each compilation, those that run first.
pub(super) fn run(opened: &Opened, as_json: bool) -> Result<i32, Failure> {
    let mut jobs = opened.cache.jobs().map_err(|error| super::failed(opened, "list the jobs of", &error))?;
    jobs.sort_by_key(|job| (matches!(job.state, JobState::Failed { .. }), job.since));
    if as_json {
        output::print_json(&Value::Array(jobs.iter().map(job_json).collect()));
        return Ok(0);
    }
    output::print(&if jobs.is_empty() { "nothing is being compiled\n".to_owned() } else { as_text(&jobs) });
    Ok(0)
}

fn as_text(jobs: &[Job]) -> String {
    let columns = [
        ("module", Align::Left),
        ("engine", Align::Left),
        ("state", Align::Left),
        ("process", Align::Right),
        ("begun", Align::Left),
        ("limits", Align::Left),
        ("source", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let now = SystemTime::now();
    for job in jobs {
        let (state, pid) = match &job.state {
            JobState::Running { pid } => (by(job).to_owned(), pid.to_string()),
            JobState::Failed { .. } => ("failed".to_owned(), "-".to_owned()),
        };
        let limits = job
            .limits
            .map(|limits| format!("{}, {}", humantime::format_duration(limits.time), text::exact_size(limits.memory)));
        table.row(vec![
            job.key.module.short(),
            job.key.engine.digest().short(),
            state,
            pid,
            text::ago(job.since, now),
            limits.unwrap_or_else(|| "-".to_owned()),
            job.source.clone(),
        ]);
    }
    let mut lines = table.render();
    for job in jobs {
        if let JobState::Failed { attempts, why } = &job.state {
            let why = why.as_deref().unwrap_or(KILLED);
            let attempts = text::count(u64::from(*attempts), "attempt");
            let _ = writeln!(lines, "{} failed ({attempts}): {}", output::name(&job.source), output::name(why));
        }
    }
    lines
}

const KILLED: &str = "it ended without a word; was it killed?";

fn by(job: &Job) -> &'static str {
    if job.background { "background" } else { "foreground" }
}

fn job_json(job: &Job) -> Value {
    let (state, pid, attempts, why) = match &job.state {
        JobState::Running { pid } => ("running", Some(*pid), None, None),
        JobState::Failed { attempts, why } => ("failed", None, Some(*attempts), why.as_deref().or(Some(KILLED))),
    };
    json!({
        "source": job.source,
        "key": key_json(&job.key),
        "state": state,
        "by": by(job),
        "pid": pid,
        "since": text::unix_seconds(job.since),
        "attempts": attempts,
        "why": why,
        "limits": job.limits.map(|limits| json!({
            "time_us": text::microseconds(limits.time),
            "memory_bytes": limits.memory,
        })),
    })
}
