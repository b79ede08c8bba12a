//! What is said of a start: as text, and as one JSON object.

use crate::args::{ReportArgs, ReportFormat};
use crate::clock::Clock;
use crate::commands::compile::write_atomically;
use crate::failure::Failure;
use crate::optimizing::Optimizing;
use crate::output;
use crate::text;
use glowplug_cache::{CacheKey, LoadReport, MissReason};
use glowplug_runtime::Limit;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether a result was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    /// It was replayed.
    Hit,
    /// The program ran.
    Miss,
    /// The call cache was not asked.
    Bypass,
}

/// What became of the call cache.
#[derive(Debug)]
pub(crate) struct CallReport {
    /// Whether a result was there.
    pub(crate) outcome: CallOutcome,
    /// Why there was none; in words.
    pub(crate) reason: Option<String>,
    /// How long the run took whose result was replayed.
    pub(crate) saved: Option<Duration>,
    /// Why the new result was not kept.
    pub(crate) unkept: Option<String>,
}

impl CallReport {
    /// The call cache was not asked.
    pub(crate) fn bypass(reason: String) -> Self {
        Self { outcome: CallOutcome::Bypass, reason: Some(reason), saved: None, unkept: None }
    }

    fn word(&self) -> &'static str {
        match self.outcome {
            CallOutcome::Hit => "hit",
            CallOutcome::Miss => "miss",
            CallOutcome::Bypass => "bypass",
        }
    }

    fn json(&self) -> Value {
        json!({
            "outcome": self.word(),
            "reason": self.reason,
            "saved_us": self.saved.map(text::microseconds),
            "not_kept": self.unkept,
        })
    }

    fn words(&self) -> String {
        let more = match (&self.reason, self.saved, &self.unkept) {
            (Some(reason), _, Some(unkept)) => format!(": {reason}; not kept: {unkept}"),
            (Some(reason), ..) => format!(": {reason}"),
            (None, Some(saved), _) => format!(", saved {} of running", text::time(saved)),
            (None, None, _) => String::new(),
        };
        self.word().to_owned() + &more
    }
}

/// A start, from the process's beginning to its end.
pub(crate) struct RunReport<'a> {
    /// What the library says; `None` for native code that was given by the user.
    pub(crate) load: Option<&'a LoadReport>,
    /// What became of the call cache; nothing, if it was not asked.
    pub(crate) call: Option<&'a CallReport>,
    /// What was run.
    pub(crate) source: String,
    /// What becomes of the optimized artifact, after baseline code.
    pub(crate) optimizing: Option<&'a Optimizing>,
    /// The parts of the start that are the program's own.
    pub(crate) clock: &'a Clock,
    /// From the process's start to the guest's first instruction; `None` when it came to none.
    pub(crate) startup: Option<Duration>,
    /// How it ended.
    pub(crate) exit_code: i32,
    /// The first limit that it ran into.
    pub(crate) limit: Option<Limit>,
    /// Which cache answered, and whether it is authenticated.
    pub(crate) in_force: String,
}

impl RunReport<'_> {
    /// One object.
    pub(crate) fn json(&self) -> Value {
        let mut object = match self.load {
            Some(load) => load_json(load),
            None => {
                let reason = if self.call.is_some() { CALLED } else { PRECOMPILED };
                json!({ "source": self.source, "outcome": "bypass", "tier": null, "backend": "none",
                        "reason": reason, "reason_code": "bypass", "key": null })
            }
        };
        let mut phases = Map::new();
        for (name, time) in self.phases() {
            phases.insert(name.to_owned(), text::microseconds(time).into());
        }
        let fields = object.as_object_mut().expect("made as an object above");
        fields.insert("phases_us".to_owned(), Value::Object(phases));
        fields.insert("tiering".to_owned(), self.load.and_then(|load| self.tiering_json(load)).into());
        if let Some(call) = self.call {
            fields.insert("call_cache".to_owned(), call.json());
        }
        fields.insert("in_force".to_owned(), self.in_force.as_str().into());
        fields.insert("startup_us".to_owned(), self.startup.map(text::microseconds).into());
        fields.insert("exit_code".to_owned(), self.exit_code.into());
        if let Some(limit) = self.limit {
            fields.insert("limit".to_owned(), limit.name().into());
        }
        fields.insert("peak_memory_bytes".to_owned(), peak_memory().into());
        object
    }

    fn tiering_json(&self, load: &LoadReport) -> Option<Value> {
        let optimizing = self.optimizing?;
        Some(json!({
            "mode": optimizing.mode().name(),
            "code": load.code,
            "no_baseline": load.no_baseline.as_ref().map(ToString::to_string),
            "optimizing": optimizing.json(),
        }))
    }

    /// `baseline: process 7 optimizes it for the next start`
    fn code_words(&self, load: &LoadReport) -> Option<String> {
        let more = self
            .optimizing
            .and_then(Optimizing::words)
            .or_else(|| Some(format!("no baseline: {}", load.no_baseline.as_ref()?)));
        let code = word(&load.code?);
        Some(more.map_or_else(|| code.clone(), |more| format!("{code}; {more}")))
    }

    /// The parts of the start in the order in which they happened.
    fn phases(&self) -> Vec<(&'static str, Duration)> {
        let (before, after): (Vec<_>, Vec<_>) =
            self.clock.phases().partition(|(name, _)| !matches!(*name, "link" | "instantiate"));
        let load = self.load.into_iter().flat_map(|load| load.phases.named());
        before.into_iter().chain(load).chain(after).collect()
    }

    /// Lines for people.
    pub(crate) fn text(&self) -> String {
        let mut lines = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(lines, "{:<14} {}", format!("{name}:"), output::line(&value));
        };
        line("source", self.source.clone());
        if let Some(call) = self.call {
            line("call cache", call.words());
        }
        match self.load {
            Some(load) => {
                line("outcome", outcome_words(load));
                if let Some(reason) = reason_words(load) {
                    line("reason", reason);
                }
                if let Some(code) = self.code_words(load) {
                    line("code", code);
                }
                if let Some(bytes) = load.wasm_bytes {
                    line("wasm", text::size(bytes));
                }
                if let Some(bytes) = load.artifact_bytes {
                    line("artifact", text::size(bytes));
                }
                if let Some(key) = &load.key {
                    line("key", format!("{} {}, engine {}", key.kind, key.module.short(), key.engine.digest().short()));
                }
                if let Some(saved) = load.saved {
                    line("saved", format!("{} of compiling", text::time(saved)));
                }
                if let Some(copied) = &load.copied {
                    line("copied", copied.clone());
                }
                for note in &load.notes {
                    line("note", note.clone());
                }
            }
            None if self.call.is_some() => {}
            None => line("outcome", format!("bypass: {PRECOMPILED}")),
        }
        if let Some(startup) = self.startup {
            line("start-up", text::time(startup));
        }
        for (name, time) in self.phases() {
            line(&format!("  {name}"), text::time(time));
        }
        if let Some(bytes) = peak_memory() {
            line("peak memory", text::size(bytes));
        }
        if let Some(limit) = self.limit {
            line("limit", format!("--{}", limit.name()));
        }
        line("exit code", self.exit_code.to_string());
        lines
    }
}

/// A report that was asked for.
pub(crate) struct Wanted {
    format: ReportFormat,
    file: Option<PathBuf>,
}

impl ReportArgs {
    /// What was asked for, if anything.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let format = match (self.report, &self.report_file) {
            (Some(format), _) => format,
            // Who has it written to a file has a program read it.
            (None, Some(_)) => ReportFormat::Json,
            (None, None) => return None,
        };
        Some(Wanted { format, file: self.report_file.clone() })
    }
}

/// Says it where it was wanted.
pub(crate) fn write_wanted(wanted: &Wanted, report: &RunReport<'_>) -> Result<(), Failure> {
    let text = match wanted.format {
        ReportFormat::Text => report.text(),
        ReportFormat::Json => output::json_line(&report.json()),
    };
    match &wanted.file {
        Some(path) => write_report(path, &text)?,
        None => output::note(&text),
    }
    Ok(())
}

/// Into a pipe or device that is there. A pipe that nobody reads is not waited for.
fn write_into(path: &Path, text: &str) -> std::io::Result<()> {
    use rustix::fs::{CWD, Mode, OFlags};
    use std::io::Write as _;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    rustix::fs::fcntl_setfl(&opened, OFlags::empty())?;
    std::fs::File::from(opened).write_all(text.as_bytes())
}

/// Whole, unless it is no plain file: a pipe or `/dev/stderr` cannot be replaced.
fn write_report(path: &Path, text: &str) -> Result<(), Failure> {
    let plain = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) || !path.exists();
    let written = if plain { write_atomically(path, text.as_bytes()) } else { write_into(path, text) };
    written.map_err(|error| Failure::file("write", path, &error))
}

/// Why no module was loaded: nothing had to run.
const CALLED: &str = "the call cache was asked first";
const PRECOMPILED: &str = "native code was given (--allow-precompiled)";

/// The part of a report that is the library's.
pub(crate) fn load_json(load: &LoadReport) -> Value {
    json!({
        "source": load.source,
        "outcome": load.outcome,
        "tier": load.tier,
        "backend": load.backend,
        "reason": reason_words(load),
        "reason_code": reason_code(load.reason.as_ref(), load.bypass.as_deref()),
        "key": load.key.as_ref().map(key_json),
        "wasm_bytes": load.wasm_bytes,
        "artifact_bytes": load.artifact_bytes,
        "saved_us": load.saved.map(text::microseconds),
        "copied": load.copied,
        "notes": load.notes,
    })
}

/// The phases of a load alone, for commands that run nothing.
pub(crate) fn phases_json(load: &LoadReport) -> Value {
    Value::Object(load.phases.named().map(|(name, time)| (name.to_owned(), text::microseconds(time).into())).collect())
}

/// A key as JSON, by the names of its inputs.
pub(crate) fn key_json(key: &CacheKey) -> Value {
    json!({ "module": key.module, "engine": key.engine, "kind": key.kind, "schema": key.schema })
}

/// The reason as one word, for programs.
pub(crate) fn reason_code(reason: Option<&MissReason>, bypass: Option<&str>) -> Option<&'static str> {
    reason.map(MissReason::code).or(bypass.map(|_| "bypass"))
}

fn reason_words(load: &LoadReport) -> Option<String> {
    load.reason.as_ref().map(ToString::to_string).or_else(|| load.bypass.clone())
}

fn outcome_words(load: &LoadReport) -> String {
    format!("{} ({}, backend {})", word(&load.outcome), word(&load.tier), word(&load.backend))
}

/// An enumeration's value as reports write it.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("an enumeration of words became {other:?}"),
    }
}

/// The most memory that this process has had so far, as the kernel counts it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_memory() {
        assert!(super::peak_memory().is_none_or(|bytes| bytes > 4096));
    }
}
