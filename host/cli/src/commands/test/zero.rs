//! The zero run: nothing that any case observed has changed since all of them passed, so nothing is even read.

use crate::args::TestArgs;
use crate::calling;
use crate::embedded;
use glowplug_calls::{CallCache, CallKey, Change, Evidence, Proven};
use glowplug_runtime::process::SessionLimits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is remembered of a run in which everything was well.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Green {
    /// How many cases there were.
    pub(super) cases: usize,
    /// What running all of them takes, in microseconds.
    pub(super) cost_us: u64,
    /// When a case last ran, in microseconds since 1970.
    last_run_us: u64,
    /// The variables that were passed on, with their values.
    passed: BTreeMap<String, Option<String>>,
}

/// One case of such a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GreenCase {
    /// Its path below the project's folder.
    pub(super) id: String,
    /// How its session ended.
    pub(super) exit_code: i32,
    /// Whether it said that it cannot be run here.
    pub(super) skipped: bool,
    /// What running it takes, in microseconds.
    pub(super) cost_us: u64,
}

/// A zero run.
pub(super) struct ZeroRun {
    /// In short.
    pub(super) green: Green,
    /// How many files and folders were looked at.
    pub(super) checked: usize,
    summary: Vec<u8>,
}

/// What is asked for, as far as it decides which cases there are and what they give.
pub(crate) fn key(args: &TestArgs, folder: &Path) -> CallKey {
    let text = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
    let mut label = folder.as_os_str().as_encoded_bytes().to_vec();
    for path in &args.paths {
        label.push(0);
        label.extend(text(path));
    }
    for filter in &args.filter {
        label.push(1);
        label.extend_from_slice(filter.as_bytes());
    }
    let mut key = calling::key(&label)
        // Another version may compare in another way.
        .with("glowplug", env!("CARGO_PKG_VERSION"))
        .with("shell and programs", embedded::digest().to_string())
        .with("--no-deterministic", if args.no_deterministic { "on" } else { "off" })
        .with("--call-cache", args.calls.mode().name());
    for (name, value) in &args.env {
        let value = value.clone().or_else(|| std::env::var(name).ok());
        key = key.with(
            format_args!("environment {name}"),
            value.map_or_else(Vec::new, |value| format!("={value}").into_bytes()),
        );
    }
    key = calling::limited(key, &args.limits.over(SessionLimits::default()), args.max_disk);
    for allowed in &args.native.allow_native {
        key = key.with(format_args!("native program {}", allowed.program), "allowed");
    }
    key
}

/// Whether nothing has to run; else the first thing that changed, where there was a proof.
pub(super) fn proven(calls: &CallCache, key: &CallKey) -> Result<ZeroRun, Option<Change>> {
    let Proven { checked, summary, .. } = calls.proven(key)?;
    let (head, _) = split(&summary).ok_or(None)?;
    let green: Green = serde_json::from_slice(head).map_err(|_| None)?;
    for (name, was) in &green.passed {
        let is = std::env::var(name).ok();
        if is != *was {
            let shown =
                |value: &Option<String>| value.as_ref().map_or("nothing".to_owned(), |value| format!("`{value}`"));
            return Err(Some(Change { what: format!("environment {name}"), from: shown(was), to: shown(&is) }));
        }
    }
    Ok(ZeroRun { green, checked, summary })
}

impl ZeroRun {
    /// Each case, for a report.
    pub(super) fn cases(&self) -> Vec<GreenCase> {
        let cases = split(&self.summary).and_then(|(_, cases)| serde_json::from_slice(cases).ok());
        cases.unwrap_or_default()
    }

    /// When a case last ran.
    pub(super) fn last_run(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.green.last_run_us)
    }

    /// What running everything takes.
    pub(super) fn cost(&self) -> Duration {
        Duration::from_micros(self.green.cost_us)
    }
}

/// Remembers that everything is well. `since` is a time before any of it was looked at.
pub(super) fn remember(
    calls: &CallCache,
    key: &CallKey,
    evidence: Evidence,
    since: SystemTime,
    cases: &[GreenCase],
    last_run: SystemTime,
    passed: &BTreeMap<String, Option<String>>,
) {
    let green = Green {
        cases: cases.len(),
        cost_us: cases.iter().map(|case| case.cost_us).sum(),
        last_run_us: u64::try_from(last_run.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros()).unwrap_or(0),
        passed: passed.clone(),
    };
    let summary = serde_json::to_vec(&green).and_then(|mut head| {
        head.push(b'\n');
        head.extend(serde_json::to_vec(cases)?);
        Ok(head)
    });
    let paths = evidence.len();
    let kept = summary.map_err(std::io::Error::other).and_then(|summary| calls.prove(key, evidence, since, &summary));
    match kept {
        Ok(true) => tracing::debug!("the next run without a change looks at {paths} paths alone"),
        Ok(false) => tracing::debug!("something changed just now: the next run looks at each case"),
        Err(error) => tracing::debug!("the proof could not be kept: {error}"),
    }
}

/// Forgets the last run in which everything was well.
pub(super) fn forget(calls: &CallCache, key: &CallKey) {
    if let Err(error) = calls.disprove(key) {
        tracing::debug!("the last proof could not be removed: {error}");
    }
}

/// The head, which is small, and the cases, which are only read for a report.
fn split(summary: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = summary.iter().position(|byte| *byte == b'\n')?;
    Some((&summary[..end], &summary[end + 1..]))
}
