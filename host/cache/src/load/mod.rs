//! How a load goes: whose wasm, which key, where the artifact is; and when it is nowhere, compiling it once.

mod explain;
mod hit;
mod incremental;
mod miss;
mod plain;
mod resolve;
pub(crate) use explain::identify;
mod tiered;

use crate::cache::ModuleCache;
use crate::engine::Engines;
use crate::error::LoadError;
use crate::fingerprint::{EngineFingerprint, EngineInputs, WASMTIME_VERSION};
use crate::key::{CacheKey, Kind};
use crate::native::{self, Code};
use crate::report::{BackendUsed, LoadReport, MissReason, Outcome, Phases, Tier};
use crate::settings::Verify;
use crate::source::Source;
use crate::store::records::{Manifest, SourceEntry};
use crate::store::{Store, counters};
use explain::explain;
use glowplug_store::Digest;
use glowplug_store::identity::Timestamp;
pub(crate) use resolve::read_file;
use resolve::{Resolved, Resolver};
use std::io;
use std::time::{Duration, Instant};
use tiered::Instead;
pub(crate) use tiered::claimed;

/// One load under way.
pub(crate) struct Load<'l, E> {
    cache: &'l ModuleCache,
    engines: &'l E,
    source: &'l Source<'l>,
    phases: Phases,
    notes: Vec<String>,
    /// Why code was copied instead of mapped.
    copied: Option<String>,
    /// Nobody waits for the code: compiling may prepare for the next time.
    unhurried: bool,
    /// This is the load of a baseline artifact.
    instead: Option<Instead<'l, E>>,
}

/// What was found, looking everywhere.
enum Sought<'l> {
    Hit(Box<(Code, LoadReport)>),
    /// Nothing, or something flawed.
    Missing(CacheKey, Box<Resolved<'l>>, Option<MissReason>),
    /// What the store says is not to be believed: compiled without asking it again.
    Refused(CacheKey, Box<Resolved<'l>>, MissReason),
}

/// What the store has.
enum Local {
    Hit(Box<(Code, LoadReport)>),
    Missing,
    /// Something that must go.
    Flawed(MissReason),
    /// The store itself is not to be used for this key, nor touched.
    Refused(String),
}

type LoadResult = Result<(Code, LoadReport), LoadError>;

impl<'l, E: Engines> Load<'l, E> {
    /// Loads, and counts what happened.
    pub(crate) fn run(cache: &ModuleCache, engines: &E, source: &Source<'_>, want: Option<Kind>) -> LoadResult {
        Load::new(cache, engines, source).go(want)
    }

    /// The same where nobody waits for the code.
    pub(crate) fn run_unhurried(cache: &ModuleCache, engines: &E, source: &Source<'_>) -> LoadResult {
        Load { unhurried: true, ..Load::new(cache, engines, source) }.go(None)
    }

    fn go(self, want: Option<Kind>) -> LoadResult {
        let cache = self.cache;
        let from_guest = self.source.from_guest;
        let (code, report) = match (cache.store_of(self.source), &cache.wasmtime) {
            (Some(store), _) => self.through_store(store, want)?,
            // It has no quota, so what guests bring is not put there.
            (None, Some(wasmtime)) if !from_guest => self.through_wasmtime(wasmtime, want)?,
            (None, _) => self.through_none(want)?,
        };
        if from_guest && report.outcome == Outcome::Miss {
            cache.keep_guests_small();
        }
        report.record(cache);
        Ok((code, report))
    }

    fn new(cache: &'l ModuleCache, engines: &'l E, source: &'l Source<'l>) -> Self {
        Load {
            cache,
            engines,
            source,
            phases: Phases::default(),
            notes: Vec::new(),
            copied: None,
            unhurried: false,
            instead: None,
        }
    }

    fn through_store(mut self, store: &Store, want: Option<Kind>) -> LoadResult {
        match self.seek_confirmed(store, want)? {
            Sought::Hit(hit) => Ok(*hit),
            Sought::Refused(key, resolved, reason) => self.compile_anew(store, key, &resolved, reason),
            Sought::Missing(key, mut resolved, _) => self.miss(store, key, &mut resolved),
        }
    }

    /// Looks everywhere. What is not found is for the engine that is going to compile it, and not for the one that was
    /// remembered: nothing is published under the key of another.
    fn seek_confirmed(&mut self, store: &Store, want: Option<Kind>) -> Result<Sought<'l>, LoadError> {
        let sought = self.seek(store, want)?;
        match &sought {
            Sought::Missing(key, ..) | Sought::Refused(key, ..) if self.confirmed(store, key.engine)? != key.engine => {
                self.seek(store, want)
            }
            _ => Ok(sought),
        }
    }

    fn seek(&mut self, store: &Store, want: Option<Kind>) -> Result<Sought<'l>, LoadError> {
        let start = Instant::now();
        let fingerprint = self.fingerprint(store)?;
        self.phases.fingerprint = Some(start.elapsed());

        let start = Instant::now();
        let resolved = self.resolver().resolve(Some(store))?;
        self.phases.source = Some(start.elapsed());
        check_kind(self.source, resolved.kind, want)?;
        let key = CacheKey::new(resolved.digest, fingerprint, resolved.kind);

        if let Some(flaw) = &resolved.flaw {
            // Somebody or something has been at the store: nothing that it says of this source is believed.
            let reason = flaw.clone().into();
            self.note_failure("move the source entry aside", store.quarantine_source(resolved.history));
            return Ok(Sought::Refused(key, Box::new(resolved), reason));
        }
        if let Some(hit) = self.resident_hit(&key, &resolved)? {
            return Ok(Sought::Hit(Box::new(hit)));
        }
        let flaw = match self.local(store, &key, &resolved)? {
            Local::Hit(hit) => return Ok(Sought::Hit(hit)),
            Local::Refused(what) => {
                self.notes.push(what.clone());
                return Ok(Sought::Refused(key, Box::new(resolved), MissReason::Untrusted { what }));
            }
            Local::Flawed(reason) => Some(reason),
            Local::Missing => None,
        };
        if let Some(reason) = &flaw
            && self.source.embedded_artifact().is_some()
        {
            // Replaced when the embedded one is stored; said now, because there is no miss to say it.
            self.notes.push(format!("the artifact in the store was not used: {reason}"));
        }
        Ok(match self.embedded_hit(store, &key, &resolved)? {
            Some(hit) => Sought::Hit(Box::new(hit)),
            None => Sought::Missing(key, Box::new(resolved), flaw),
        })
    }

    /// The fingerprint of the engine: remembered, where the compiler has not been made yet.
    fn fingerprint(&self, store: &Store) -> Result<EngineFingerprint, LoadError> {
        let known = self.engines.known_fingerprint();
        if let Some(fingerprint) = known.and_then(|known| *crate::lock(known)) {
            return Ok(fingerprint);
        }
        let hint = self.engines.hint();
        let remembered = hint.and_then(|hint| store.remembered_fingerprint(hint));
        let fingerprint = match remembered {
            Some(fingerprint) => fingerprint,
            None => self.cache.fingerprints.of(self.compiler()?),
        };
        if let (Some(hint), None) = (hint, remembered) {
            self.note_failure("remember the engine", store.remember_fingerprint(hint, fingerprint));
        }
        if let Some(known) = known {
            *crate::lock(known) = Some(fingerprint);
        }
        Ok(fingerprint)
    }

    /// The fingerprint that was remembered, compared with the engine that is about to compile for it. When they differ, the
    /// right one is remembered from now on.
    fn confirmed(&self, store: &Store, remembered: EngineFingerprint) -> Result<EngineFingerprint, LoadError> {
        let fingerprint = self.cache.fingerprints.of(self.compiler()?);
        if fingerprint != remembered {
            if let Some(known) = self.engines.known_fingerprint() {
                *crate::lock(known) = Some(fingerprint);
            }
            if let Some(hint) = self.engines.hint() {
                self.note_failure("remember the engine", store.remember_fingerprint(hint, fingerprint));
            }
        }
        Ok(fingerprint)
    }

    fn compiler(&self) -> Result<&'l wasmtime::Engine, LoadError> {
        self.engines.compiler().map_err(|source| LoadError::Engine { source })
    }

    fn runtime(&self) -> Result<&'l wasmtime::Engine, LoadError> {
        self.engines.runtime().map_err(|source| LoadError::Engine { source })
    }

    fn map(&self, kind: Kind, checked: &native::Checked) -> wasmtime::Result<Code> {
        self.on_engines(|engine| native::map(engine, kind, checked))
    }

    /// Maps a file of the store; where it may be read and not executed, copies it.
    fn map_or_copy(&mut self, kind: Kind, checked: &native::Checked) -> wasmtime::Result<Code> {
        self.map(kind, checked).or_else(|error| {
            let code = self.on_engines(|engine| native::copy(engine, kind, checked));
            if code.is_ok() {
                let what = format!("{error:#}");
                tracing::debug!("the artifact is copied instead of mapped: {what}");
                self.copied = Some(if checked.is_noexec() {
                    "the cache's folder is on a file system that is mounted noexec".to_owned()
                } else {
                    what
                });
            }
            // Whatever kept it from being mapped is the better reason, if it cannot be copied either.
            code.map_err(|_| error)
        })
    }

    /// An engine without a compiler takes everything but baseline artifacts; those need the one with it.
    fn on_engines(&self, load: impl Fn(&wasmtime::Engine) -> wasmtime::Result<Code>) -> wasmtime::Result<Code> {
        let runtime = self.engines.runtime()?;
        load(runtime).or_else(|error| {
            let compiler = self.engines.compiler()?;
            if wasmtime::Engine::same(runtime, compiler) { Err(error) } else { load(compiler) }
        })
    }

    fn report(
        &mut self,
        outcome: Outcome,
        tier: Tier,
        backend: BackendUsed,
        key: Option<CacheKey>,
        resolved: &Resolved<'_>,
    ) -> LoadReport {
        LoadReport {
            source: self.source.name(),
            outcome,
            tier,
            backend,
            reason: None,
            bypass: None,
            key,
            wasm_bytes: Some(resolved.wasm_bytes),
            artifact_bytes: None,
            phases: self.phases,
            saved: None,
            code: None,
            no_baseline: None,
            reused: None,
            copied: self.copied.take(),
            notes: std::mem::take(&mut self.notes),
        }
    }

    fn manifest(
        &self,
        key: &CacheKey,
        artifact: &[u8],
        digest: Digest,
        wasm_bytes: u64,
        compile: Duration,
        inputs: Option<&EngineInputs>,
    ) -> Manifest {
        Manifest {
            key: *key,
            digest,
            artifact_bytes: artifact.len() as u64,
            wasm_bytes,
            compile_us: u64::try_from(compile.as_micros()).unwrap_or(u64::MAX),
            created: Timestamp::now(),
            source: self.source.name(),
            wasmtime: WASMTIME_VERSION.to_owned(),
            strategy: inputs.map_or_else(String::new, |inputs| inputs.strategy.clone()),
            // It is hashed when it is first loaded: what we wrote is one thing, what arrived is another.
            stamp: None,
        }
    }

    fn source_entry(&self, resolved: &Resolved<'_>, key: CacheKey) -> SourceEntry {
        SourceEntry {
            name: self.source.name(),
            identity: resolved.identity,
            digest: resolved.digest,
            kind: resolved.kind,
            wasm_bytes: resolved.wasm_bytes,
            last: match &self.instead {
                None => Some(key),
                // It stands for the optimized artifact, which was not made now.
                Some(_) => resolved.entry.as_ref().filter(|entry| entry.digest == key.module).and_then(|e| e.last),
            },
        }
    }

    fn note_failure(&self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::debug!(%error, "could not {what}");
        }
    }

    fn resolver(&self) -> Resolver<'l> {
        Resolver { cache: self.cache, source: self.source }
    }

    fn verify(&self) -> Verify {
        self.cache.settings.as_ref().map_or(Verify::Stamped, |settings| settings.verify)
    }

    fn wait_limit(&self) -> Duration {
        self.cache.settings.as_ref().map_or(Duration::ZERO, |settings| settings.wait_limit)
    }
}

impl LoadReport {
    fn record(&self, cache: &ModuleCache) {
        self.count(cache);
        tracing::debug!(
            source = self.source,
            outcome = ?self.outcome,
            tier = ?self.tier,
            code = ?self.code,
            reason = self.reason.as_ref().map(tracing::field::display),
            "loaded"
        );
        for note in &self.notes {
            tracing::warn!(source = self.source, "{note}");
        }
    }

    fn count(&self, cache: &ModuleCache) {
        let mut all = crate::lock(&cache.counters);
        let saved = self.saved.map_or(0, |saved| u64::try_from(saved.as_micros()).unwrap_or(u64::MAX));
        match self.outcome {
            Outcome::Hit => {
                let tier = match self.tier {
                    Tier::Resident => "resident",
                    Tier::Embedded => "embedded",
                    Tier::Local | Tier::Compiled => "local",
                };
                counters::add(&mut all, "hit", tier, 1, saved);
            }
            Outcome::Miss => counters::add(&mut all, "miss", self.reason.as_ref().map_or("", MissReason::code), 1, 0),
            Outcome::Bypass => counters::add(&mut all, "bypass", "", 1, 0),
        }
    }
}

fn check_kind(source: &Source<'_>, found: Kind, want: Option<Kind>) -> Result<(), LoadError> {
    match want {
        Some(wanted) if wanted != found => Err(LoadError::Kind { name: source.name(), found, wanted }),
        _ => Ok(()),
    }
}
