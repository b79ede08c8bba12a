//! The call cache: opening it, storing what a run gave.

use crate::key::{CallKey, SCHEMA};
use crate::layout;
use crate::outcome::{Outcome, StoredOutcome};
use crate::records::{Entry, Last, Recorded, Sealed as _};
use glowplug_fs::trace::{Observation, Observed, Prefix};
use glowplug_store::{Folder, Timestamp};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Where the cache is, and how large it may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder that glowplug's caches share; made when missing.
    pub folder: PathBuf,
    /// The file with the key that authenticates what lies in it; made when missing.
    pub key_file: PathBuf,
    /// The most bytes that entries and outputs may take before the least recently used go.
    pub max_bytes: u64,
    /// The most keys.
    pub max_entries: u64,
    /// How long one may lie unused.
    pub max_age: Duration,
    /// The least time between two evictions.
    pub maintenance_interval: Duration,
    /// The folder that paths are said relative to, where they are below it.
    pub base: Option<PathBuf>,
}

impl Settings {
    /// Settings with the defaults: 1 GiB, 100,000 keys, 30 days, hourly evictions.
    pub fn new(folder: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            key_file: key_file.into(),
            max_bytes: 1 << 30,
            max_entries: 100_000,
            max_age: Duration::from_secs(30 * 24 * 3600),
            maintenance_interval: Duration::from_secs(3600),
            base: None,
        }
    }
}

/// Results of runs, under exactly what each observed.
#[derive(Clone, Debug)]
pub struct CallCache {
    pub(crate) folder: Folder,
    pub(crate) settings: Settings,
}

/// A run that went well enough to be kept.
#[derive(Debug)]
pub struct Run {
    /// What it observed of files.
    pub observed: Observed,
    /// Standard input as far as it was read; nothing if it was never read.
    pub stdin: Option<Prefix>,
    /// What it gave.
    pub outcome: Outcome,
    /// How long it took.
    pub cost: Duration,
}

/// Results kept under one key: so many sets of inputs between which somebody may go back and forth.
const MOST_RESULTS: usize = 16;

impl CallCache {
    /// Opens the cache, and makes its folder when it is missing.
    ///
    /// # Errors
    /// In words: why it cannot be used. Then runs are not cached, and nothing else is wrong.
    pub fn open(settings: Settings) -> Result<Self, String> {
        let folder = settings.folder.join(format!("calls/v{SCHEMA}"));
        let folder = Folder::open(&settings.folder, &folder, &settings.key_file)?;
        Ok(Self { folder, settings })
    }

    /// Keeps what a run gave.
    ///
    /// # Errors
    /// What the disk fails with, or the folders when others could change them.
    pub fn store(&self, key: &CallKey, run: Run) -> io::Result<()> {
        self.folder.make_safe_folders(&[layout::ENTRIES, layout::LAST])?;
        let outcome = StoredOutcome::keep(&self.folder, &run.outcome)?;
        let recorded = Recorded {
            observed: run.observed,
            stdin: run.stdin,
            outcome,
            cost_us: u64::try_from(run.cost.as_micros()).unwrap_or(u64::MAX),
            created: Timestamp::now(),
        };
        let path = layout::entry(key.digest());
        // One that is damaged is replaced; two that store at the same time lose one result, which runs again.
        let mut entry: Entry =
            self.folder.read_sealed(&path).ok().flatten().map(|(entry, _)| entry).unwrap_or_default();
        entry.label = Some(key.label());
        entry.parts = key.parts().clone();
        entry.results.retain(|old| !recorded.same_inputs(old));
        entry.results.insert(0, recorded);
        entry.results.truncate(MOST_RESULTS);
        // Nobody waits for a disk: what a power cut takes away or tears is noticed, and runs again.
        let hasty = self.folder.hasty();
        hasty.write_sealed(&path, &entry)?;
        hasty.overwrite_sealed(&layout::last(key.label()), &Last { key: key.digest() })
    }
}

impl Recorded {
    /// Whether two runs saw the same; identities, which say only how to find out fast, do not count.
    fn same_inputs(&self, other: &Self) -> bool {
        let same = |one: &Observation, other: &Observation| {
            one.path == other.path
                && one.seen.len() == other.seen.len()
                && one.seen.iter().zip(&other.seen).all(|(one, other)| one.is_the_same_as(other))
        };
        let (mine, theirs) = (&self.observed, &other.observed);
        self.stdin == other.stdin
            && mine.roots == theirs.roots
            && mine.observations.len() == theirs.observations.len()
            && mine.observations.iter().zip(&theirs.observations).all(|(one, other)| same(one, other))
    }
}
