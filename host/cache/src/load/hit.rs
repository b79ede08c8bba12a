//! What is found: in this process, in the store, in the program itself.

use super::miss::NewArtifact;
use super::{Load, Local};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::fingerprint::{FieldChange, Fit, fit};
use crate::key::{CacheKey, Kind};
use crate::load::resolve::Resolved;
use crate::native::{self, Code};
use crate::report::{BackendUsed, LoadReport, MissReason, Outcome, Tier};
use crate::source::EmbeddedArtifact;
use crate::store::{Found, Lookup, Store};
use std::borrow::Cow;
use std::time::{Duration, Instant};

impl<E: Engines> Load<'_, E> {
    pub(super) fn resident_hit(
        &mut self,
        key: &CacheKey,
        resolved: &Resolved<'_>,
    ) -> Result<Option<(Code, LoadReport)>, LoadError> {
        let Some((code, bytes)) = self.cache.resident.get(key, self.runtime()?) else { return Ok(None) };
        let mut report = self.report(Outcome::Hit, Tier::Resident, BackendUsed::Aot, Some(*key), resolved);
        report.artifact_bytes = Some(bytes);
        Ok(Some((code, report)))
    }

    /// Asks the store.
    pub(super) fn local(&mut self, store: &Store, key: &CacheKey, resolved: &Resolved<'_>) -> Result<Local, LoadError> {
        let start = Instant::now();
        let found = store.lookup(key, self.verify());
        let elapsed = start.elapsed();
        self.phases.lookup = Some(elapsed);
        let found = match found {
            Lookup::Found(found) => found,
            Lookup::Missing => return Ok(Local::Missing),
            Lookup::Flawed(flaw) => return Ok(Local::Flawed(flaw.into())),
            Lookup::Refused(reason) => return Ok(Local::Refused(reason)),
        };
        self.phases.lookup = Some(elapsed.saturating_sub(found.verified.unwrap_or_default()));
        self.phases.verify = found.verified;
        let start = Instant::now();
        let code = match self.map_or_copy(key.kind, &found.artifact) {
            Ok(code) => code,
            Err(error) => return Ok(Local::Flawed(MissReason::Refused { what: format!("{error:#}") })),
        };
        self.phases.deserialize = Some(start.elapsed());
        self.after_hit(store, key, &found, resolved);
        self.cache.resident.put(key, &code, found.manifest.artifact_bytes);
        let mut report = self.report(Outcome::Hit, Tier::Local, BackendUsed::Aot, Some(*key), resolved);
        report.artifact_bytes = Some(found.manifest.artifact_bytes);
        report.saved = Some(Duration::from_micros(found.manifest.compile_us));
        Ok(Local::Hit(Box::new((code, report))))
    }

    /// Notes what this hit found out. An ordinary hit finds out nothing, and writes nothing.
    pub(super) fn after_hit(&mut self, store: &Store, key: &CacheKey, found: &Found, resolved: &Resolved<'_>) {
        let use_is_new = Store::is_use_worth_noting(found);
        let identity_is_new = resolved.identity.is_some()
            && resolved.entry.as_ref().is_none_or(|entry| entry.identity != resolved.identity);
        if !use_is_new && !identity_is_new {
            return;
        }
        let start = Instant::now();
        // A read-only store serves hits all the same; what could not be noted is found out again at the next.
        if use_is_new {
            self.note_failure("note the use", store.note_use(key, &found.manifest, &found.artifact, found.new_stamp));
        }
        if identity_is_new {
            let entry = self.source_entry(resolved, *key);
            self.note_failure("note the file's identity", store.remember_source(resolved.history, &entry));
        }
        self.phases.note = Some(start.elapsed());
    }

    /// What the artifact in the program's binary is to the engine that would compile in its place.
    pub(super) fn embedded_fit(&self, embedded: &EmbeddedArtifact) -> Result<Fit, LoadError> {
        // Told when the program was built: then nothing needs to be compiled to find out.
        if let Some(made_for) = embedded.engine {
            let known = self.engines.known_fingerprint().and_then(|known| *crate::lock(known));
            let ours = known.map_or_else(|| Ok(self.cache.fingerprints.of(self.compiler()?)), Ok)?;
            if ours == made_for {
                return Ok(Fit::Same);
            }
        }
        let Some(settings) = self.cache.fingerprints.settings(self.compiler()?) else { return Ok(Fit::Runs) };
        Ok(fit(embedded.artifact, &settings))
    }

    /// The artifact in the program's binary, if it was made for this engine.
    pub(super) fn usable_embedded(&self) -> Result<Option<EmbeddedArtifact>, LoadError> {
        let Some(embedded) = self.source.embedded_artifact() else { return Ok(None) };
        Ok((!matches!(self.embedded_fit(&embedded)?, Fit::Other(_))).then_some(embedded))
    }

    /// The artifact in the program's binary, if it was made with the settings of the engine. It is put into the store and
    /// mapped from there: to copy it into memory takes as long, and the next start finds it. Where it is not quite what the
    /// engine would have made, or there is no store, it is mapped from memory.
    pub(super) fn embedded_hit(
        &mut self,
        store: &Store,
        key: &CacheKey,
        resolved: &Resolved<'_>,
    ) -> Result<Option<(Code, LoadReport)>, LoadError> {
        let Some(embedded) = self.source.embedded_artifact() else { return Ok(None) };
        let start = Instant::now();
        match self.embedded_fit(&embedded)? {
            Fit::Same => {}
            Fit::Runs => {
                let code = self.embedded_in_memory(&embedded, resolved.kind, &|load, map| load.on_engines(map));
                self.phases.deserialize = Some(start.elapsed());
                return Ok(
                    code.map(|code| self.embedded_report(code, &embedded, BackendUsed::Aot, Some(*key), resolved))
                );
            }
            Fit::Other(changes) => {
                self.notes.push(made_otherwise(&changes));
                return Ok(None);
            }
        }
        let manifest =
            self.manifest(key, embedded.artifact, embedded.digest(), resolved.wasm_bytes, Duration::ZERO, None);
        let artifact = NewArtifact { bytes: Cow::Borrowed(embedded.artifact), manifest, inputs: None };
        // What a power cut takes away is still in the binary.
        let published = artifact.publish(&store.hasty());
        self.phases.store = Some(start.elapsed());
        let start = Instant::now();
        let mapped = match published {
            Ok(checked) => self.map(key.kind, &checked).ok(),
            Err(error) => {
                tracing::debug!(%error, "the embedded artifact was not stored");
                None
            }
        };
        let code = match mapped {
            Some(code) => code,
            None => match self.embedded_in_memory(&embedded, resolved.kind, &|load, map| load.on_engines(map)) {
                Some(code) => code,
                None => return Ok(None),
            },
        };
        self.phases.deserialize = Some(start.elapsed());
        self.cache.resident.put(key, &code, embedded.artifact.len() as u64);
        Ok(Some(self.embedded_report(code, &embedded, BackendUsed::Aot, Some(*key), resolved)))
    }

    /// The artifact in the program's binary where there is no store to put it into. `on` says on which engine it is loaded.
    pub(super) fn embedded_without_store(
        &mut self,
        backend: BackendUsed,
        resolved: &Resolved<'_>,
        on: OnEngine<'_, Self>,
    ) -> Result<Option<(Code, LoadReport)>, LoadError> {
        let Some(embedded) = self.source.embedded_artifact() else { return Ok(None) };
        if let Fit::Other(changes) = self.embedded_fit(&embedded)? {
            self.notes.push(made_otherwise(&changes));
            return Ok(None);
        }
        let start = Instant::now();
        let Some(code) = self.embedded_in_memory(&embedded, resolved.kind, on) else { return Ok(None) };
        self.phases.deserialize = Some(start.elapsed());
        Ok(Some(self.embedded_report(code, &embedded, backend, None, resolved)))
    }

    /// Maps it from a file of memory, or copies it; where Wasmtime does not take it, that is noted.
    fn embedded_in_memory(&mut self, embedded: &EmbeddedArtifact, kind: Kind, on: OnEngine<'_, Self>) -> Option<Code> {
        let file = self.cache.file_of_memory(embedded);
        let mapped = file.and_then(|file| on(self, &|engine| native::map(engine, kind, &file)).ok());
        let code = match mapped {
            Some(code) => Ok(code),
            None => on(self, &|engine| native::load_embedded(engine, kind, embedded)),
        };
        code.map_err(|error| self.notes.push(format!("the embedded artifact cannot be used here: {error:#}"))).ok()
    }

    fn embedded_report(
        &mut self,
        code: Code,
        embedded: &EmbeddedArtifact,
        backend: BackendUsed,
        key: Option<CacheKey>,
        resolved: &Resolved<'_>,
    ) -> (Code, LoadReport) {
        let mut report = self.report(Outcome::Hit, Tier::Embedded, backend, key, resolved);
        report.artifact_bytes = Some(embedded.artifact.len() as u64);
        (code, report)
    }
}

/// Loads with an engine of `L`'s: how, and with which, is for `L` to say.
pub(super) type OnEngine<'a, L> =
    &'a dyn Fn(&L, &dyn Fn(&wasmtime::Engine) -> wasmtime::Result<Code>) -> wasmtime::Result<Code>;

/// Why the artifact in the program's binary is not used, where Wasmtime might have taken it.
fn made_otherwise(changes: &[FieldChange]) -> String {
    let what = changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let what = if what.is_empty() { "it cannot be read".to_owned() } else { what };
    format!("the embedded artifact is not used: it was made for another engine: {what}")
}
