//! Loads without our store: through Wasmtime's own cache, or through none.

use super::resolve::{Resolved, read_file};
use super::{Load, LoadResult, check_kind};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::key::{CacheKey, Kind};
use crate::native::{self, Code};
use crate::observer::Event;
use crate::report::{BackendUsed, MissReason, Outcome, Tier};
use crate::source::{Inner, to_binary};
use std::borrow::Cow;
use std::time::{Duration, Instant};

impl<E: Engines> Load<'_, E> {
    /// Wasmtime's own cache keys and stores by itself; we can only look whether its counters moved.
    pub(super) fn through_wasmtime(mut self, wasmtime: &wasmtime::Cache, want: Option<Kind>) -> LoadResult {
        let start = Instant::now();
        let resolved = self.resolver().resolve(None)?;
        check_kind(self.source, resolved.kind, want)?;
        let wasm = self.wasm_of(&resolved)?;
        self.phases.source = Some(start.elapsed());
        let engine = self.engines.cached_by(wasmtime).map_err(|source| LoadError::Engine { source })?;
        let key = CacheKey::new(resolved.digest, self.cache.fingerprints.of(&engine), resolved.kind);
        let before = (wasmtime.cache_hits(), wasmtime.cache_misses());
        let (code, took) = self.make(&engine, &resolved, &wasm)?;
        let hit = wasmtime.cache_hits() > before.0 && wasmtime.cache_misses() == before.1;
        let (outcome, tier) = if hit { (Outcome::Hit, Tier::Local) } else { (Outcome::Miss, Tier::Compiled) };
        *(if hit { &mut self.phases.deserialize } else { &mut self.phases.compile }) = Some(took);
        let mut report = self.report(outcome, tier, BackendUsed::Wasmtime, Some(key), &resolved);
        report.reason = (!hit).then_some(MissReason::Unknown);
        Ok((code, report))
    }

    pub(super) fn through_none(mut self, want: Option<Kind>) -> LoadResult {
        let start = Instant::now();
        let resolved = self.resolver().resolve(None)?;
        check_kind(self.source, resolved.kind, want)?;
        let wasm = self.wasm_of(&resolved)?;
        self.phases.source = Some(start.elapsed());
        let (code, took) = self.make(self.compiler()?, &resolved, &wasm)?;
        self.phases.compile = Some(took);
        let mut report = self.report(Outcome::Bypass, Tier::Compiled, BackendUsed::None, None, &resolved);
        report.bypass = Some(self.cache.bypass.clone());
        Ok((code, report))
    }

    fn make(
        &self,
        engine: &wasmtime::Engine,
        resolved: &Resolved<'_>,
        wasm: &[u8],
    ) -> Result<(Code, Duration), LoadError> {
        let name = self.source.name();
        let start = Instant::now();
        let wasm = to_binary(&name, wasm)?;
        self.cache.tell(Event::Compiling { source: &name, wasm_bytes: wasm.len() as u64 });
        let made = native::make(engine, resolved.kind, &wasm);
        self.cache.tell(Event::Compiled { source: &name, took: start.elapsed() });
        let code = made.map_err(|source| LoadError::Compile { name, source })?;
        Ok((code, start.elapsed()))
    }

    fn wasm_of<'r>(&self, resolved: &'r Resolved<'_>) -> Result<Cow<'r, [u8]>, LoadError> {
        match (&resolved.wasm, &self.source.inner) {
            (Some(wasm), _) => Ok(Cow::Borrowed(&**wasm)),
            (None, Inner::File(path)) => Ok(Cow::Owned(read_file(path, None)?.0)),
            (None, Inner::OpenFile { path, file }) => Ok(Cow::Owned(read_file(path, Some(file))?.0)),
            (None, _) => unreachable!("bytes are always at hand"),
        }
    }
}
