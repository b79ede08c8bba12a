//! Baseline code now, optimized code later.
//!
//! On a miss, [`ModuleCache::load_tiered`] compiles with the engine that compiles fast, and gives a handle with which the
//! embedder has the optimized artifact made: on a thread, in another process, or not at all. Nothing is started here.

use crate::cache::{Loaded, ModuleCache};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::flights::Flight;
use crate::key::CacheKey;
use crate::load::{Load, claimed};
use crate::native::Code;
use crate::report::{LoadReport, Probe};
use crate::source::{Inner, Source};
use crate::store::jobs::{Job, JobLimits};
use crate::store::records::LockNote;
use crate::store::{KeyLock, Store};
use glowplug_store::identity::Timestamp;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Two engines for the same modules, and when the second is worth it.
#[derive(Debug)]
pub struct Tiers<'e, E> {
    /// Its artifacts are wanted.
    pub optimized: &'e E,
    /// Its artifacts are taken as long as there are no optimized ones: usually one with [`wasmtime::Strategy::Winch`], in
    /// [`LazyEngine::baseline`](crate::LazyEngine::baseline).
    pub baseline: &'e E,
    /// Wasm of fewer bytes is optimized at once.
    pub least_bytes: u64,
}

impl<E> Clone for Tiers<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Tiers<'_, E> {}

/// Code of either compiler.
#[derive(Debug)]
pub struct Tiered {
    /// The code, and how it was come by; [`LoadReport::code`] says which compiler made it.
    pub loaded: Loaded<Code>,
    /// With baseline code: how to have the optimized artifact made.
    pub pending: Option<Pending>,
}

impl ModuleCache {
    /// Loads a core module or a component: the optimized artifact if there is one; else the baseline one; else whatever is
    /// compiled sooner. A hit of the optimized artifact costs what it costs [`ModuleCache::load_any`].
    ///
    /// Both artifacts are kept, each under its own key. What the baseline compiler cannot compile is optimized at once,
    /// and so is everything where there is no store to keep an optimized artifact for the next start;
    /// [`LoadReport::no_baseline`] says so.
    ///
    /// # Errors
    /// When the source cannot be read or does not compile: then the error is the optimizing compiler's.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # use std::sync::Arc;
    /// # use wasmtime::{Config, Strategy};
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let cache = Arc::new(cache);
    /// let optimized = Arc::new(LazyEngine::new((), |()| Config::new()));
    /// let baseline = LazyEngine::baseline((), |()| {
    ///     let mut config = Config::new();
    ///     config.strategy(Strategy::Winch);
    ///     config
    /// });
    /// let source = Source::bytes("app", &b"(module (func (export \"run\")))"[..]);
    /// let tiers = Tiers { optimized: &*optimized, baseline: &baseline, least_bytes: 0 };
    ///
    /// let first = cache.load_tiered(tiers, &source).unwrap();
    /// assert_eq!(first.loaded.report.code, Some(CompilerTier::Baseline));
    /// // While the baseline code runs, a thread makes better code.
    /// let pending = first.pending.unwrap();
    /// let thread = std::thread::spawn({
    ///     let (cache, optimized) = (Arc::clone(&cache), Arc::clone(&optimized));
    ///     move || pending.compile(&cache, &*optimized)
    /// });
    /// thread.join().unwrap().unwrap();
    ///
    /// let second = cache.load_tiered(tiers, &source).unwrap();
    /// assert_eq!(second.loaded.report.code, Some(CompilerTier::Optimized));
    /// assert_eq!(second.loaded.report.outcome, Outcome::Hit);
    /// ```
    pub fn load_tiered<E: Engines>(&self, tiers: Tiers<'_, E>, source: &Source<'_>) -> Result<Tiered, LoadError> {
        Load::run_tiered(self, tiers, source)
    }

    /// Would [`ModuleCache::load_tiered`] be a hit, and if not, why? Compiles nothing and changes nothing.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn probe_tiered<E: Engines>(&self, tiers: Tiers<'_, E>, source: &Source<'_>) -> Result<Probe, LoadError> {
        Load::probe_tiered(self, tiers, source)
    }

    /// What is being compiled now, by any process, and what failed in the background in the last day.
    ///
    /// # Errors
    /// When there is no store, or it cannot be read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// assert!(cache.jobs().unwrap().is_empty());
    /// ```
    pub fn jobs(&self) -> io::Result<Vec<Job>> {
        self.opened()?.jobs()
    }
}

/// An optimized artifact that is not there yet.
#[derive(Clone, Debug)]
pub struct Pending {
    key: CacheKey,
    source: Source<'static>,
    wasm_bytes: Option<u64>,
}

impl Pending {
    pub(crate) fn new(key: CacheKey, source: &Source<'_>, wasm_bytes: u64) -> Self {
        Self { key, source: source.to_static(), wasm_bytes: Some(wasm_bytes) }
    }

    /// The artifact of `key`, to be made of the file at `path`: for a process that was told of both by another one. If file
    /// or engine turn out to be others than those of the key, nothing is compiled.
    pub fn of_file(path: impl Into<PathBuf>, key: CacheKey) -> Self {
        Self { key, source: Source::file(path.into()), wasm_bytes: None }
    }

    /// The key under which it will be found.
    pub fn key(&self) -> &CacheKey {
        &self.key
    }

    /// What it is to be made of.
    pub fn source(&self) -> &Source<'static> {
        &self.source
    }

    /// The source's name in reports.
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// The file that it is to be made of, by an absolute path; `None` for bytes that are nowhere but in this process.
    pub fn path(&self) -> Option<&Path> {
        match &self.source.inner {
            Inner::File(path) => Some(path),
            _ => None,
        }
    }

    /// The wasm's size, where it is known.
    pub fn wasm_bytes(&self) -> Option<u64> {
        self.wasm_bytes
    }

    /// The process that compiles it already.
    pub fn under_way(&self, cache: &ModuleCache) -> Option<u32> {
        cache.store.as_ref().and_then(|store| store.compiler_of(&self.key))
    }

    /// How often a [`Claim`] with a log has begun in the last day and come to nothing. Whoever starts processes for this
    /// should stop at some number.
    pub fn attempts(&self, cache: &ModuleCache) -> u32 {
        cache.store.as_ref().map_or(0, |store| store.attempts(&self.key))
    }

    /// Compiles it on this thread, and puts it into the store; `None` when somebody else is at it.
    ///
    /// # Errors
    /// As for any load; and when the source no longer holds the wasm that was loaded.
    pub fn compile<E: Engines>(self, cache: &ModuleCache, engine: &E) -> Result<Option<LoadReport>, LoadError> {
        match self.claim(cache) {
            Some(claim) => claim.compile(engine).map(Some),
            None => Ok(None),
        }
    }

    /// Makes sure that nobody else compiles it; `None` when somebody else does already. For whoever wants to do something
    /// between this and [`Claim::compile`], such as to open the log.
    pub fn claim(self, cache: &ModuleCache) -> Option<Claim<'_>> {
        let flight = cache.flights.board(self.key, Duration::ZERO, || ())?;
        let note = LockNote {
            pid: std::process::id(),
            key: self.key,
            source: self.source.name(),
            since: Timestamp::now(),
            background: true,
        };
        let lock = match patient_lock(cache.store.as_ref()?, &note) {
            Ok(None) => return None,
            // A lock that cannot be had at all keeps nobody from compiling, as with any other load.
            other => other.ok().flatten(),
        };
        Some(Claim { pending: self, cache, _lock: lock, _flight: flight })
    }
}

/// Takes the lock unless somebody compiles. Whoever only looks whether it is taken has it for that moment.
fn patient_lock(store: &Store, note: &LockNote) -> io::Result<Option<KeyLock>> {
    for _ in 0..TRIES {
        if let Some(lock) = store.try_lock(note)? {
            return Ok(Some(lock));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(2);

/// The right to compile a [`Pending`] artifact: nobody else does while this lives.
#[derive(Debug)]
pub struct Claim<'c> {
    pending: Pending,
    cache: &'c ModuleCache,
    _lock: Option<KeyLock>,
    _flight: Flight<'c>,
}

impl Claim<'_> {
    /// Counts the attempt, and gives a new file in the store for what there is to say of it. Its last line is shown by
    /// [`ModuleCache::jobs`] if the attempt comes to nothing; when it succeeds, both are removed.
    ///
    /// # Errors
    /// When the store cannot be written to: then the artifact cannot be stored either.
    pub fn log(&self, limits: JobLimits) -> io::Result<File> {
        self.cache.opened()?.begin_job(&self.pending.key, &self.pending.name(), limits)
    }

    /// Compiles, and puts the artifact into the store. If it is there by now, nothing is compiled, and the report says that
    /// it was a hit.
    ///
    /// # Errors
    /// As for any load; and when the source no longer holds the wasm that was loaded, or the engine is not that of the key.
    pub fn compile<E: Engines>(self, engine: &E) -> Result<LoadReport, LoadError> {
        let Self { pending, cache, .. } = &self;
        let report = claimed(cache, engine, &pending.source, &pending.key)?;
        // What could not be stored is no success for those who come later.
        if let Some(store) = &cache.store
            && report.notes.is_empty()
            && let Err(error) = store.end_job(&pending.key)
        {
            tracing::debug!(%error, "could not remove the job's record");
        }
        Ok(report)
    }
}
