//! What is found: in this process, in the store, in the program itself.

use super::miss::NewArtifact;
use super::{Load, Local};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::key::CacheKey;
use crate::load::resolve::Resolved;
use crate::native::{self, Code};
use crate::report::{BackendUsed, LoadReport, MissReason, Outcome, Tier};
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
        let code = match self.map(key.kind, &found.artifact) {
            Ok(code) => code,
            Err(error) => {
                let what = format!("Wasmtime does not take the artifact: {error:#}");
                return Ok(Local::Flawed(MissReason::Corrupt { what }));
            }
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

    /// The artifact in the program's binary. It is put into the store and mapped from there: to copy it into memory takes as
    /// long, and the next start finds it.
    pub(super) fn embedded_hit(
        &mut self,
        store: &Store,
        key: &CacheKey,
        resolved: &Resolved<'_>,
    ) -> Result<Option<(Code, LoadReport)>, LoadError> {
        let Some(embedded) = self.source.embedded_artifact() else { return Ok(None) };
        let start = Instant::now();
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
            None => match native::load_embedded(self.runtime()?, key.kind, &embedded) {
                Ok(code) => code,
                Err(error) => {
                    self.notes.push(format!("the embedded artifact cannot be used here: {error:#}"));
                    return Ok(None);
                }
            },
        };
        self.phases.deserialize = Some(start.elapsed());
        let bytes = embedded.artifact.len() as u64;
        self.cache.resident.put(key, &code, bytes);
        let mut report = self.report(Outcome::Hit, Tier::Embedded, BackendUsed::Aot, Some(*key), resolved);
        report.artifact_bytes = Some(bytes);
        Ok(Some((code, report)))
    }
}
