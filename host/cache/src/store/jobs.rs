//! Compilations: those under way, and those in the background that have not succeeded.
//!
//! Who compiles holds the lock of its key, whose file says who that is; the lock ends with its process, so nobody dead is
//! taken for somebody who works. Of the background there is a record and a log besides, which are removed when it
//! succeeds.

use super::admin::{JOB_AGE, ignore_missing};
use super::records::{JobRecord, LockNote};
use super::{Store, layout};
use crate::key::CacheKey;
use glowplug_store::identity::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::time::{Duration, SystemTime};

/// A compilation that is under way, or that ended without an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is compiled.
    pub key: CacheKey,
    /// From what.
    pub source: String,
    /// How it stands.
    pub state: JobState,
    /// When it began.
    pub since: SystemTime,
    /// Whether it is one in the background, for later starts, and not one that a start waits for.
    pub background: bool,
    /// What it may take, where it said so.
    pub limits: Option<JobLimits>,
}

/// What a compilation in the background may take. Who runs it sees to it; here it is only noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// How long.
    pub time: Duration,
    /// How many bytes of memory.
    pub memory: u64,
}

/// How a compilation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It is under way.
    Running {
        /// In this process.
        pid: u32,
    },
    /// It ended without an artifact.
    Failed {
        /// How often it was tried.
        attempts: u32,
        /// The last that it said; nothing when it was killed.
        why: Option<String>,
    },
}

impl Store {
    /// The compilations under way, and those in the background that failed in the last day and left nothing.
    pub(crate) fn jobs(&self) -> io::Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for file in self.folder.list(layout::LOCKS)? {
            let path = format!("{}/{}", layout::LOCKS, file.name);
            if let Some(note) = self.running(&path) {
                let LockNote { pid, key, source, since, background } = note;
                let (state, since) = (JobState::Running { pid }, since.as_system_time());
                let record = background.then(|| self.job_at(&layout::job(&key))).flatten();
                let limits = record.map(|record| record.limits);
                jobs.push(Job { key, source, state, since, background, limits });
            }
        }
        for file in self.folder.list(layout::JOBS)? {
            let Some(record) = self.job_at(&format!("{}/{}", layout::JOBS, file.name)) else { continue };
            let is_there = self.folder.disk().stat(&layout::manifest(&record.key)).is_ok();
            if is_there || jobs.iter().any(|job| job.key == record.key) {
                continue;
            }
            let state = JobState::Failed { attempts: record.attempts, why: self.last_words(&record.key) };
            let (since, limits) = (record.begun.as_system_time(), Some(record.limits));
            jobs.push(Job { key: record.key, source: record.source, state, since, background: true, limits });
        }
        Ok(jobs)
    }

    /// Who compiles under the lock at `path` now.
    fn running(&self, path: &str) -> Option<LockNote> {
        self.folder.disk().is_locked(path).is_ok_and(|locked| locked).then(|| self.lock_note(path)).flatten()
    }

    /// Who compiles `key` now.
    pub(crate) fn compiler_of(&self, key: &CacheKey) -> Option<u32> {
        self.running(&layout::lock(key)).map(|note| note.pid)
    }

    /// How often a compilation of `key` in the background has begun in vain, of late.
    pub(crate) fn attempts(&self, key: &CacheKey) -> u32 {
        self.job_at(&layout::job(key)).map_or(0, |record| record.attempts)
    }

    fn job_at(&self, path: &str) -> Option<JobRecord> {
        let (record, meta) = self.folder.read_record::<JobRecord>(path).ok()??;
        let age = SystemTime::now().duration_since(meta.identity.mtime.as_system_time()).unwrap_or_default();
        (age < JOB_AGE).then_some(record)
    }

    /// Notes that one begins, and gives the file for what it has to say. To be called under the key's lock.
    pub(crate) fn begin_job(&self, key: &CacheKey, source: &str, limits: JobLimits) -> io::Result<File> {
        self.folder.disk().mkdir(layout::JOBS)?;
        let attempts = self.attempts(key) + 1;
        let record = JobRecord { key: *key, source: source.to_owned(), attempts, begun: Timestamp::now(), limits };
        self.folder.write_record(&layout::job(key), &record)?;
        let path = layout::job_log(key);
        ignore_missing(self.folder.disk().unlink(&path))?;
        self.folder.disk().create(&path)
    }

    /// Forgets what was noted of `key`: it is there now.
    pub(crate) fn end_job(&self, key: &CacheKey) -> io::Result<()> {
        ignore_missing(self.folder.disk().unlink(&layout::job(key)))?;
        ignore_missing(self.folder.disk().unlink(&layout::job_log(key)))
    }

    /// The last line of a job's log. Somebody may have written anything there: what a terminal would obey is left out.
    fn last_words(&self, key: &CacheKey) -> Option<String> {
        let (bytes, _) = self.folder.disk().read(&layout::job_log(key)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        // The standard library adds a note on backtraces, or on none, to what it says of memory that ran out.
        let is_note = |line: &str| line.starts_with("note: ") || line.starts_with("skipping backtrace ");
        let line = text.lines().rev().find(|line| !line.trim().is_empty() && !is_note(line))?;
        Some(line.chars().filter(|c| !c.is_control()).take(400).collect())
    }
}
