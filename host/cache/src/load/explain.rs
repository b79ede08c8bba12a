//! Why is nothing there, and would anything be?

use super::Load;
use super::resolve::{Resolved, Resolver};
use crate::cache::ModuleCache;
use crate::engine::Engines;
use crate::error::LoadError;
use crate::fingerprint::EngineInputs;
use crate::key::{CacheKey, SCHEMA};
use crate::report::{Identified, MissReason, Outcome, Probe, Tier};
use crate::source::Source;
use crate::store::{Lookup, Store, layout};
use glowplug_store::Digest;

/// What a source holds, without an engine.
pub(crate) fn identify(cache: &ModuleCache, source: &Source<'_>) -> Result<Identified, LoadError> {
    let resolved = Resolver { cache, source }.resolve(cache.store_of(source))?;
    Ok(Identified { module: resolved.digest, kind: resolved.kind, wasm_bytes: resolved.wasm_bytes })
}

impl<E: Engines> Load<'_, E> {
    /// What a load would find, without changing anything.
    pub(crate) fn probe(cache: &ModuleCache, engines: &E, source: &Source<'_>) -> Result<Probe, LoadError> {
        let load = Load::new(cache, engines, source);
        let mut resolved = Resolver { cache, source }.resolve(cache.store_of(source))?;
        let mut probe = Probe {
            outcome: Outcome::Bypass,
            tier: Tier::Compiled,
            backend: cache.backend(),
            reason: None,
            bypass: Some(cache.bypass.clone()),
            key: None,
            wasm_bytes: Some(resolved.wasm_bytes),
            artifact_bytes: None,
            code: None,
        };
        let Some(store) = cache.store_of(source) else {
            if cache.wasmtime.is_some() {
                probe.bypass = Some("Wasmtime's own cache cannot be asked without being used".to_owned());
            }
            return Ok(probe);
        };
        let engine = load.compiler()?;
        let key = CacheKey::new(resolved.digest, cache.fingerprints.of(engine), resolved.kind);
        probe.key = Some(key);
        probe.bypass = None;
        let (outcome, tier, bytes, reason) = match (resolved.flaw.take(), store.lookup(&key, load.verify())) {
            (Some(flaw), _) => (Outcome::Miss, Tier::Compiled, None, Some(flaw.into())),
            (None, Lookup::Found(found)) => (Outcome::Hit, Tier::Local, Some(found.manifest.artifact_bytes), None),
            (None, Lookup::Flawed(flaw)) => (Outcome::Miss, Tier::Compiled, None, Some(flaw.into())),
            (None, Lookup::Refused(what)) => {
                (Outcome::Miss, Tier::Compiled, None, Some(MissReason::Untrusted { what }))
            }
            (None, Lookup::Missing) => match load.usable_embedded()? {
                Some(embedded) => (Outcome::Hit, Tier::Embedded, Some(embedded.artifact.len() as u64), None),
                None => {
                    if resolved.entry.is_none() {
                        resolved.entry = store.source(resolved.history).ok().flatten();
                    }
                    let reason = explain(cache, store, &key, &resolved, || EngineInputs::of(engine).ok());
                    (Outcome::Miss, Tier::Compiled, None, Some(reason))
                }
            },
        };
        Ok(Probe { outcome, tier, reason, artifact_bytes: bytes, ..probe })
    }
}

/// Why nothing was found: the difference from what was there.
pub(super) fn explain(
    cache: &ModuleCache,
    store: &Store,
    key: &CacheKey,
    resolved: &Resolved<'_>,
    inputs: impl FnOnce() -> Option<EngineInputs>,
) -> MissReason {
    let Some(entry) = &resolved.entry else { return explain_unknown(cache, resolved.history) };
    if entry.digest != key.module {
        return MissReason::ModuleChanged { from: entry.digest, to: key.module };
    }
    match entry.last {
        None => MissReason::NeverSeen,
        Some(last) if last.engine == key.engine => MissReason::Evicted,
        Some(last) => {
            let changes = store.engine_inputs(last.engine).zip(inputs()).map(|(before, now)| before.changes(&now));
            let changes = changes.unwrap_or_default();
            MissReason::EngineChanged { changes }
        }
    }
}

/// A source of which this store knows nothing may be known to an older program's, or a newer one's. That is not read,
/// only looked at: its formats are not ours.
fn explain_unknown(cache: &ModuleCache, history: Digest) -> MissReason {
    let known = |(name, path): (String, std::path::PathBuf)| {
        let version = name.strip_prefix('v')?.parse().ok()?;
        path.join(layout::source(history)).exists().then_some(version)
    };
    match cache.other_stores().into_iter().rev().find_map(known) {
        Some(from) => MissReason::SchemaChanged { from, to: SCHEMA },
        None => MissReason::NeverSeen,
    }
}
