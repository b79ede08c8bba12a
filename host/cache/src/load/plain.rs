//! Loads without our store: through Wasmtime's own cache, or through none.

use super::resolve::{Resolved, read_file};
use super::{Load, LoadResult, check_kind};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::key::{CacheKey, Kind};
use crate::native::{self, Code};
use crate::observer::Event;
use crate::report::{BackendUsed, LoadReport, MissReason, Outcome, Tier};
use crate::source::{Inner, to_binary};
use std::borrow::Cow;
use std::time::{Duration, Instant};

impl<E: Engines> Load<'_, E> {
    /// Wasmtime's own cache keys and stores by itself; we can only look whether its counters moved.
    pub(super) fn through_wasmtime(mut self, wasmtime: &wasmtime::Cache, want: Option<Kind>) -> LoadResult {
        let start = Instant::now();
        let resolved = self.resolver().resolve(None)?;
        check_kind(self.source, resolved.kind, want)?;
        let engine = self.engines.cached_by(wasmtime).map_err(|source| LoadError::Engine { source })?;
        if let Some(hit) = self.embedded_without_store(BackendUsed::Wasmtime, &resolved, &|_, map| map(&engine))? {
            return Ok(hit);
        }
        let wasm = self.wasm_of(&resolved)?;
        self.phases.source = Some(start.elapsed());
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
        self.phases.source = Some(start.elapsed());
        if let Some(hit) =
            self.embedded_without_store(BackendUsed::None, &resolved, &|load, map| load.on_engines(map))?
        {
            return Ok(hit);
        }
        let code = self.compile_for_now(&resolved)?;
        Ok((code, self.bypass_report(&resolved)))
    }

    /// Compiles, and keeps nothing. The code belongs to the engine that found code belongs to, too.
    pub(super) fn compile_for_now(&mut self, resolved: &Resolved<'_>) -> Result<Code, LoadError> {
        let wasm = self.wasm_of(resolved)?;
        let name = self.source.name();
        let wasm = to_binary(&name, &wasm)?;
        let engine = self.compiler()?;
        self.cache.tell(Event::Compiling { source: &name, wasm_bytes: wasm.len() as u64, kept: false });
        let start = Instant::now();
        let compiled = native::compile(engine, resolved.kind, &wasm);
        self.cache.tell(Event::Compiled { source: &name, took: start.elapsed() });
        self.phases.compile = Some(start.elapsed());
        let start = Instant::now();
        let loaded = compiled.and_then(|own| self.on_engines(|engine| native::load_own(engine, resolved.kind, &own)));
        self.phases.deserialize = Some(start.elapsed());
        loaded.map_err(|source| LoadError::Compile { name, source })
    }

    pub(super) fn bypass_report(&mut self, resolved: &Resolved<'_>) -> LoadReport {
        let mut report = self.report(Outcome::Bypass, Tier::Compiled, BackendUsed::None, None, resolved);
        report.bypass = Some(self.cache.bypass.clone());
        report
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
        self.cache.tell(Event::Compiling { source: &name, wasm_bytes: wasm.len() as u64, kept: true });
        let made = native::make(engine, resolved.kind, &wasm);
        self.cache.tell(Event::Compiled { source: &name, took: start.elapsed() });
        let code = made.map_err(|source| LoadError::Compile { name, source })?;
        Ok((code, start.elapsed()))
    }

    fn wasm_of<'r>(&self, resolved: &'r Resolved<'_>) -> Result<Cow<'r, [u8]>, LoadError> {
        match (&resolved.wasm, &self.source.inner) {
            (Some(wasm), _) => Ok(Cow::Borrowed(&**wasm)),
            (None, Inner::File(path)) => Ok(Cow::Owned(read_file(path, None, self.source.most_bytes())?.0)),
            (None, Inner::OpenFile { path, file }) => {
                Ok(Cow::Owned(read_file(path, Some(file), self.source.most_bytes())?.0))
            }
            (None, _) => unreachable!("bytes are always at hand"),
        }
    }
}
