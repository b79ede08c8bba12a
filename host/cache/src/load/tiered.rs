//! Loads that may answer a miss with baseline code.

use super::resolve::Resolved;
use super::{Load, LoadResult, Local, Sought};
use crate::cache::{Loaded, ModuleCache};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::key::CacheKey;
use crate::native::Code;
use crate::report::{BackendUsed, CompilerTier, LoadReport, MissReason, NoBaseline, Outcome, Probe, Tier};
use crate::source::Source;
use crate::store::{Lookup, Store};
use crate::tiers::{Pending, Tiered, Tiers};
use std::time::Instant;

/// The optimized artifact that a baseline one stands in for.
pub(super) struct Instead<'l, E> {
    pub(super) key: CacheKey,
    pub(super) engines: &'l E,
    /// What is wrong with the one that is there.
    pub(super) flaw: Option<MissReason>,
}

impl<'l, E: Engines> Load<'l, E> {
    /// Loads, and counts what happened.
    pub(crate) fn run_tiered(
        cache: &'l ModuleCache,
        tiers: Tiers<'l, E>,
        source: &'l Source<'l>,
    ) -> Result<Tiered, LoadError> {
        let load = Load::new(cache, tiers.optimized, source);
        let tiered = match (cache.store_of(source), &cache.wasmtime) {
            (Some(store), _) => load.tiered(store, tiers)?,
            // That one keeps what is compiled well, and keeps it under keys of its own.
            (None, Some(wasmtime)) => {
                let what = "Wasmtime's own cache is in use, which has one artifact of each module".to_owned();
                optimized(load.through_wasmtime(wasmtime, None)?, Some(NoBaseline::Unwanted { what }))
            }
            (None, None) => load.tiered_without_store(tiers)?,
        };
        tiered.loaded.report.record(cache);
        Ok(tiered)
    }

    /// The optimized artifact, or the baseline one, or what is compiled sooner.
    fn tiered(mut self, store: &Store, tiers: Tiers<'l, E>) -> Result<Tiered, LoadError> {
        let (key, mut resolved, flaw) = match self.seek_confirmed(store, None)? {
            Sought::Hit(hit) => return Ok(optimized(*hit, None)),
            Sought::Missing(key, resolved, flaw) => (key, resolved, flaw),
            Sought::Refused(_, _, reason) => {
                let again =
                    Load { notes: std::mem::take(&mut self.notes), ..Load::new(self.cache, self.engines, self.source) };
                let mut tiered = again.tiered_without_store(tiers)?;
                let report = &mut tiered.loaded.report;
                if report.outcome == Outcome::Bypass {
                    (report.outcome, report.bypass, report.reason) = (Outcome::Miss, None, Some(reason));
                }
                return Ok(tiered);
            }
        };
        if resolved.wasm_bytes < tiers.least_bytes {
            let why = NoBaseline::TooSmall { wasm_bytes: resolved.wasm_bytes, least_bytes: tiers.least_bytes };
            return Ok(optimized(self.miss(store, key, &mut resolved)?, Some(why)));
        }
        let mut baseline = Load {
            phases: self.phases,
            notes: std::mem::take(&mut self.notes),
            instead: Some(Instead { key, engines: self.engines, flaw }),
            ..Load::new(self.cache, tiers.baseline, self.source)
        };
        let start = Instant::now();
        let error = match baseline.baseline(&store.hasty(), &mut resolved) {
            Ok((module, mut report)) => {
                report.code = Some(CompilerTier::Baseline);
                let pending = Pending::new(key, self.source, resolved.wasm_bytes);
                return Ok(Tiered { loaded: Loaded { module, report }, pending: Some(pending) });
            }
            Err(LoadError::Compile { source, .. } | LoadError::Engine { source }) => source,
            // No compiler would fare better.
            Err(error) => return Err(error),
        };
        self.notes = baseline.notes;
        self.phases.baseline = Some(start.elapsed());
        let why = NoBaseline::Unsupported { what: format!("{error:#}") };
        Ok(optimized(self.miss(store, key, &mut resolved)?, Some(why)))
    }

    /// With nothing to keep anything in: what is compiled sooner, each time.
    fn tiered_without_store(mut self, tiers: Tiers<'l, E>) -> Result<Tiered, LoadError> {
        let start = Instant::now();
        let resolved = self.resolver().resolve(None)?;
        self.phases.source = Some(start.elapsed());
        if let Some(hit) =
            self.embedded_without_store(BackendUsed::None, &resolved, &|load, map| load.on_engines(map))?
        {
            return Ok(optimized(hit, None));
        }
        let why = if resolved.wasm_bytes < tiers.least_bytes {
            NoBaseline::TooSmall { wasm_bytes: resolved.wasm_bytes, least_bytes: tiers.least_bytes }
        } else {
            let start = Instant::now();
            let mut baseline = Load { phases: self.phases, ..Load::new(self.cache, tiers.baseline, self.source) };
            match baseline.compile_for_now(&resolved) {
                Ok(code) => {
                    let mut report = baseline.bypass_report(&resolved);
                    report.code = Some(CompilerTier::Baseline);
                    report.notes.append(&mut self.notes);
                    return Ok(Tiered { loaded: Loaded { module: code, report }, pending: None });
                }
                Err(LoadError::Compile { source, .. } | LoadError::Engine { source }) => {
                    self.phases.baseline = Some(start.elapsed());
                    NoBaseline::Unsupported { what: format!("{source:#}") }
                }
                // No compiler would fare better.
                Err(error) => return Err(error),
            }
        };
        let code = self.compile_for_now(&resolved)?;
        Ok(optimized((code, self.bypass_report(&resolved)), Some(why)))
    }

    /// The baseline artifact, found or compiled.
    fn baseline(&mut self, store: &Store, resolved: &mut Resolved<'l>) -> LoadResult {
        let key = CacheKey::new(resolved.digest, self.fingerprint(store)?, resolved.kind);
        if let Some(hit) = self.resident_hit(&key, resolved)? {
            return Ok(self.stands_in(hit));
        }
        match self.local(store, &key, resolved)? {
            Local::Hit(hit) => Ok(self.stands_in(*hit)),
            Local::Refused(what) => {
                self.notes.push(what.clone());
                self.compile_anew(store, key, resolved, MissReason::Untrusted { what })
            }
            Local::Missing | Local::Flawed(_) => self.miss(store, key, resolved),
        }
    }

    /// A hit that says why it is not one of the optimized artifact, where something is wrong with that.
    fn stands_in(&self, (code, mut report): (Code, LoadReport)) -> (Code, LoadReport) {
        if let Some(flaw) = self.instead.as_ref().and_then(|instead| instead.flaw.as_ref()) {
            report.notes.push(format!("the optimized artifact was not used: {flaw}"));
        }
        (code, report)
    }

    /// What a tiered load would find, without changing anything.
    pub(crate) fn probe_tiered(
        cache: &'l ModuleCache,
        tiers: Tiers<'l, E>,
        source: &'l Source<'l>,
    ) -> Result<Probe, LoadError> {
        let mut probe = Self::probe(cache, tiers.optimized, source)?;
        match (probe.outcome, &cache.store, probe.key, tiers.baseline.compiler()) {
            (Outcome::Hit, ..) => probe.code = Some(CompilerTier::Optimized),
            (_, Some(store), Some(key), Ok(engine)) => {
                let key = CacheKey::new(key.module, cache.fingerprints.of(engine), key.kind);
                let verify = Load::new(cache, tiers.baseline, source).verify();
                if let Lookup::Found(found) = store.lookup(&key, verify) {
                    probe.code = Some(CompilerTier::Baseline);
                    (probe.outcome, probe.tier, probe.key) = (Outcome::Hit, Tier::Local, Some(key));
                    probe.artifact_bytes = Some(found.manifest.artifact_bytes);
                }
            }
            _ => {}
        }
        Ok(probe)
    }
}

fn optimized((module, mut report): (Code, LoadReport), why: Option<NoBaseline>) -> Tiered {
    report.code = Some(CompilerTier::Optimized);
    report.no_baseline = why;
    Tiered { loaded: Loaded { module, report }, pending: None }
}

/// Compiles the artifact of `key` for later. To be called under the lock of that key.
///
/// # Errors
/// As any load; and when the source or the engine is not that of the key.
pub(crate) fn claimed<E: Engines>(
    cache: &ModuleCache,
    engines: &E,
    source: &Source<'_>,
    key: &CacheKey,
) -> Result<LoadReport, LoadError> {
    let mut load = Load { unhurried: true, ..Load::new(cache, engines, source) };
    let changed = |what| LoadError::Changed { name: source.name(), what };
    let Some(store) = cache.store_of(source) else { return Err(changed("the cache")) };
    let remembered = load.fingerprint(store)?;
    if load.confirmed(store, remembered)? != key.engine {
        return Err(changed("the engine"));
    }
    let mut resolved = load.resolver().resolve(Some(store))?;
    if (resolved.digest, resolved.kind) != (key.module, key.kind) {
        return Err(changed("the wasm"));
    }
    let (_, mut report) = load.locked_miss(store, *key, &mut resolved)?;
    report.code = Some(CompilerTier::Optimized);
    Ok(report)
}
