//! What became of a run: for people ([`summary`]), for programs ([`Report::to_json`]) and for what reads JUnit's XML
//! ([`Report::to_junit`]).

mod junit;
mod summary;

use crate::exit_code;
use serde::{Serialize, Serializer};
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use thiserror::Error;

pub use summary::{nothing_ran, summary};

/// The version of the JSON's form. It grows when a field changes its meaning or goes, not when one comes.
pub const SCHEMA: u32 = 1;

/// A run. Its fields are those of the JSON, in this order; times are RFC 3339 in UTC, durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Whether nothing ran because every case is proven from the cache.
    pub verified_from_cache: bool,
    /// When this run had looked at everything.
    #[serde(serialize_with = "timestamp")]
    pub verified_at: SystemTime,
    /// When cases were last run: when this run began, or the one whose results it took if nothing ran.
    #[serde(serialize_with = "timestamp")]
    pub run_timestamp: SystemTime,
    /// How long this run took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// How many cases became what.
    pub counts: Counts,
    /// Which part of the cases came from the cache, from 0 to 1.
    pub hit_rate: f64,
    /// How much longer the cases that came from the cache would have taken, one after another.
    #[serde(rename = "time_saved_ms", serialize_with = "milliseconds")]
    pub time_saved: Duration,
    /// The cases that were looked at, as the caller has ordered them.
    pub cases: Vec<CaseReport>,
}

/// How many cases became what. But for `from_cache`, they add up to the cases that were selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Passed at once.
    pub passed: usize,
    /// Of those, how many came from the cache.
    pub from_cache: usize,
    /// Passed after they had failed.
    pub flaky: usize,
    /// Wrote something else than was expected.
    pub failed: usize,
    /// Took too long.
    pub timed_out: usize,
    /// Could not be run.
    pub errors: usize,
    /// Said that they cannot be run here, or are empty.
    pub skipped: usize,
    /// Were not begun, because others had failed. They are not among the cases of the report.
    pub not_run: usize,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseReport {
    /// Its path relative to the folder of `glowplug.toml`.
    pub id: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How its session ended in the last attempt; none if there was no session, or it was killed.
    pub exit_code: Option<i32>,
    /// Whether the result came from the cache.
    pub cache: Cache,
    /// Why not, or which result it was.
    pub cache_reason: Option<String>,
    /// How long it took, all attempts together; from the cache, how long that took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// How long it takes without the cache: as long as it took, or as long as it took when it last ran.
    #[serde(rename = "cost_ms", serialize_with = "optional_milliseconds")]
    pub cost: Option<Duration>,
    /// Every attempt, in order; one if the result came from the cache.
    pub attempts: Vec<AttemptReport>,
}

/// One attempt at a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptReport {
    /// What became of it; never [`Verdict::Flaky`].
    pub verdict: Verdict,
    /// How the session ended.
    pub exit_code: Option<i32>,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// Why it did not pass, in one line.
    pub message: Option<String>,
    /// The difference between what was expected and what was written, as `diff -u` has it.
    pub difference: Option<String>,
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It wrote what was expected.
    Passed,
    /// It wrote something else.
    Failed,
    /// It failed, and then passed.
    Flaky,
    /// It said that it cannot be run here, or is empty.
    Skipped,
    /// It took longer than it may.
    TimedOut,
    /// It could not be run.
    Error,
}

/// Where a result came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cache {
    /// From the cache; nothing ran.
    Hit,
    /// The case ran, because the cache had no result for what it would read now.
    Miss,
    /// The case ran, because the cache was not asked.
    Bypass,
}

/// A report that could not be written.
#[derive(Debug, Error)]
#[error("{path}: the report could not be written: {source}", path = path.display())]
pub struct WriteError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// When a run was, for [`Report::new`].
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// [`Report::run_timestamp`].
    pub run_timestamp: SystemTime,
    /// [`Report::verified_at`].
    pub verified_at: SystemTime,
    /// [`Report::duration`].
    pub duration: Duration,
}

impl Verdict {
    /// Whether the run fails because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Verdict::Failed | Verdict::TimedOut | Verdict::Error)
    }
}

impl Report {
    /// The report of cases. `not_run` is how many more were selected.
    pub fn new(cases: Vec<CaseReport>, not_run: usize, times: Times) -> Self {
        let counts = Counts::of(&cases, not_run);
        let hits = || cases.iter().filter(|case| case.cache == Cache::Hit);
        #[allow(clippy::cast_precision_loss, reason = "there are not that many cases")]
        let hit_rate = hits().count() as f64 / cases.len().max(1) as f64;
        Self {
            schema: SCHEMA,
            verified_from_cache: !cases.is_empty() && not_run == 0 && hits().count() == cases.len(),
            verified_at: representable(times.verified_at),
            run_timestamp: representable(times.run_timestamp),
            duration: times.duration,
            counts,
            hit_rate,
            time_saved: hits().map(|case| case.cost.unwrap_or_default().saturating_sub(case.duration)).sum(),
            cases,
        }
    }

    /// How the program ends after this run.
    pub fn exit_code(&self) -> i32 {
        if self.cases.iter().any(|case| case.verdict.is_failure()) {
            exit_code::TEST_RUN_FAILED
        } else if self.cases.is_empty() {
            exit_code::NO_TESTS_RUN
        } else {
            exit_code::OK
        }
    }

    /// The report as JSON, with a newline at its end.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("numbers, strings and lists can all be written");
        json.push(b'\n');
        json
    }

    /// The report as JUnit's XML, in the form that cargo-nextest writes. A case that came from the cache has the properties
    /// `glowplug.cache` and `glowplug.cache.reason`.
    pub fn to_junit(&self) -> Vec<u8> {
        junit::xml(self)
    }

    /// Writes [`Report::to_json`].
    ///
    /// # Errors
    ///
    /// If the file cannot be written; then the old one, if there is one, is as it was.
    pub fn write_json(&self, path: &Path) -> Result<(), WriteError> {
        write_whole(path, &self.to_json())
    }

    /// Writes [`Report::to_junit`].
    ///
    /// # Errors
    ///
    /// If the file cannot be written; then the old one, if there is one, is as it was.
    pub fn write_junit(&self, path: &Path) -> Result<(), WriteError> {
        write_whole(path, &self.to_junit())
    }
}

impl Counts {
    fn of(cases: &[CaseReport], not_run: usize) -> Self {
        let mut counts = Self { not_run, ..Self::default() };
        for case in cases {
            let count = match case.verdict {
                Verdict::Passed => &mut counts.passed,
                Verdict::Failed => &mut counts.failed,
                Verdict::Flaky => &mut counts.flaky,
                Verdict::Skipped => &mut counts.skipped,
                Verdict::TimedOut => &mut counts.timed_out,
                Verdict::Error => &mut counts.errors,
            };
            *count += 1;
            counts.from_cache += usize::from(case.verdict == Verdict::Passed && case.cache == Cache::Hit);
        }
        counts
    }
}

/// Writes a file whole or not at all: beside it, then in its place. What is no ordinary file (`/dev/stdout`, a named pipe)
/// cannot be replaced and is written to.
fn write_whole(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    let written = if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        fs::write(path, contents)
    } else {
        replace(path, contents)
    };
    written.map_err(|source| WriteError { path: path.to_owned(), source })
}

fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".glowplug-report-").permissions(readable()).tempfile_in(folder)?;
    file.write_all(contents)?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// What a new file has; the user's mask is applied to it.
fn readable() -> Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    Permissions::from_mode(0o666)
}

/// A clock outside of the years 1970 to 9999 is wrong; a report is no place to fail because of it.
fn representable(time: SystemTime) -> SystemTime {
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    time.clamp(SystemTime::UNIX_EPOCH, latest)
}

fn timestamp<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(representable(*time)))
}

/// Milliseconds with three places.
#[allow(clippy::cast_precision_loss, reason = "microseconds of 285 years are exact")]
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_micros() as f64 / 1000.0)
}

fn optional_milliseconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => milliseconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
