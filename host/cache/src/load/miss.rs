//! What is found nowhere is compiled, once, and put into the store.

use super::incremental::Increment;
use super::resolve::{Resolved, read_file};
use super::tiered::Instead;
use super::{Load, LoadResult, Local, explain};
use crate::engine::Engines;
use crate::error::LoadError;
use crate::fingerprint::EngineInputs;
use crate::key::CacheKey;
use crate::native::{self, Code, Compiled};
use crate::observer::Event;
use crate::report::{BackendUsed, MissReason, Outcome, Tier};
use crate::source::{Inner, to_binary};
use crate::store::records::{LockNote, Manifest};
use crate::store::{KeyLock, Lookup, Store};
use crate::tiers::Pending;
use glowplug_store::Digest;
use glowplug_store::identity::Timestamp;
use std::borrow::Cow;
use std::io;
use std::time::{Duration, Instant};

/// An artifact that is to be put into the store.
pub(crate) struct NewArtifact<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) manifest: Manifest,
    pub(crate) inputs: Option<EngineInputs>,
}

impl NewArtifact<'_> {
    pub(crate) fn publish(&self, store: &Store) -> io::Result<native::Checked> {
        store.publish(&self.bytes, &self.manifest, self.inputs.as_ref())
    }
}

/// Taking a free lock takes less; only a longer wait is worth a word.
const NOTABLE_WAIT: Duration = Duration::from_millis(1);

impl<'l, E: Engines> Load<'l, E> {
    /// Compiles, unless somebody else is at it or has just been.
    pub(super) fn miss(&mut self, store: &Store, key: CacheKey, resolved: &mut Resolved<'l>) -> LoadResult {
        let cache = self.cache;
        let name = self.source.name();
        let waiting = || cache.tell(Event::Waiting { source: &name, owner: Some(std::process::id()) });
        let mut start = Instant::now();
        let flight = cache.flights.board(key, self.wait_limit(), waiting);
        let made = self.have_it_made(store, &key, resolved);
        if made.is_some() {
            // That was no wait for others.
            start = Instant::now();
        }
        let lock = self.lock(store, &key, &name, start);
        if start.elapsed() > NOTABLE_WAIT {
            self.phases.wait = Some(start.elapsed());
            cache.tell(Event::Waited { source: &name, took: start.elapsed() });
        }
        let mut result = self.locked_miss(store, key, resolved);
        drop((lock, flight));
        if let (Some((reason, took)), Ok((_, report))) = (made, &mut result)
            && report.outcome == Outcome::Hit
        {
            // It is there because this load had it made.
            (report.outcome, report.tier, report.reason) = (Outcome::Miss, Tier::Compiled, Some(reason));
            (report.saved, report.phases.compile) = (None, Some(took));
        }
        result
    }

    /// Has the cache's helper compile, where there is one and nobody is at it: then why there was nothing, and how long it
    /// took.
    fn have_it_made(
        &mut self,
        store: &Store,
        key: &CacheKey,
        resolved: &mut Resolved<'l>,
    ) -> Option<(MissReason, Duration)> {
        let (helper, least) = self.cache.helper.as_ref()?;
        let waited_for = !self.unhurried && self.instead.is_none() && !self.source.from_guest;
        if !waited_for || resolved.wasm_bytes < *least {
            return None;
        }
        let pending = Pending::new(*key, self.source, resolved.wasm_bytes);
        if pending.path().is_none() || store.compiler_of(key).is_some() {
            return None;
        }
        if resolved.entry.is_none() {
            resolved.entry = store.source(resolved.history).ok().flatten();
        }
        let reason = match store.lookup(key, self.verify()) {
            Lookup::Missing => self.reason(store, key, resolved),
            Lookup::Flawed(flaw) => flaw.into(),
            Lookup::Found(_) | Lookup::Refused(_) => return None,
        };
        let name = self.source.name();
        self.cache.tell(Event::Compiling { source: &name, wasm_bytes: resolved.wasm_bytes, kept: true });
        let start = Instant::now();
        let made = helper.make(&pending);
        self.cache.tell(Event::Compiled { source: &name, took: start.elapsed() });
        made.then(|| (reason, start.elapsed()))
    }

    /// The part of a miss that is done under the key's lock, wherever that can be had.
    pub(super) fn locked_miss(&mut self, store: &Store, key: CacheKey, resolved: &mut Resolved<'l>) -> LoadResult {
        if let Some(hit) = self.resident_hit(&key, resolved)? {
            return Ok(hit);
        }
        // Under the lock nobody is between writing the artifact and its manifest: what is flawed now is flawed.
        let reason = match self.local(store, &key, resolved)? {
            Local::Hit(hit) => return Ok(*hit),
            // Sound, and for another engine: it is replaced, and there is nothing in it to look at.
            Local::Flawed(reason @ MissReason::Refused { .. }) => reason,
            Local::Flawed(reason) => {
                self.note_failure("move the artifact aside", store.quarantine(&key));
                reason
            }
            Local::Refused(what) => MissReason::Untrusted { what },
            Local::Missing => {
                if resolved.entry.is_none() {
                    resolved.entry = store.source(resolved.history).ok().flatten();
                }
                self.reason(store, &key, resolved)
            }
        };
        self.compile_anew(store, key, resolved, reason)
    }

    /// Why there is nothing under `key`. A baseline artifact is only missed because there is no optimized one.
    pub(super) fn reason(&self, store: &Store, key: &CacheKey, resolved: &Resolved<'_>) -> MissReason {
        let (key, engines) = match &self.instead {
            None => (key, self.engines),
            Some(Instead { flaw: Some(flaw), .. }) => return flaw.clone(),
            Some(Instead { key, engines, .. }) => (key, *engines),
        };
        explain(self.cache, store, key, resolved, || EngineInputs::of(engines.compiler().ok()?).ok())
    }

    /// Compiles, and puts the artifact into the store in the place of whatever is there.
    pub(super) fn compile_anew(
        &mut self,
        store: &Store,
        key: CacheKey,
        resolved: &Resolved<'l>,
        reason: MissReason,
    ) -> LoadResult {
        let start = Instant::now();
        let (compiled, increment) = self.compile(store, &key, resolved)?;
        let took = start.elapsed();
        self.phases.compile = Some(took);

        let inputs = EngineInputs::of(self.compiler()?).ok();
        let manifest = self.manifest(
            &key,
            compiled.bytes(),
            Digest::of(compiled.bytes()),
            resolved.wasm_bytes,
            took,
            inputs.as_ref(),
        );
        let artifact = NewArtifact { bytes: Cow::Borrowed(compiled.bytes()), manifest, inputs };
        let code = self.publish_and_map(store, &key, resolved, &artifact, &compiled)?;

        let bytes = compiled.bytes().len() as u64;
        self.cache.resident.put(&key, &code, bytes);
        let mut report = self.report(Outcome::Miss, Tier::Compiled, BackendUsed::Aot, Some(key), resolved);
        report.artifact_bytes = Some(bytes);
        report.reason = Some(reason);
        report.reused = increment.map(|increment| self.keep_functions(store, &key, resolved.history, &increment));
        Ok((code, report))
    }

    /// The lock for compiling, or `None` when it cannot be had in time or at all: then this load compiles by itself.
    pub(super) fn lock(&mut self, store: &Store, key: &CacheKey, name: &str, start: Instant) -> Option<KeyLock> {
        let note = self.lock_note(*key, false);
        let mut pause = Duration::from_millis(1);
        let mut told = false;
        loop {
            match store.try_lock(&note) {
                Ok(Some(lock)) => return Some(lock),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "compiling without a lock");
                    return None;
                }
            }
            if start.elapsed() > self.wait_limit() {
                self.notes.push(format!(
                    "waited {:?} for another process that compiles the same; compiling too",
                    start.elapsed()
                ));
                return None;
            }
            if !told {
                self.cache.tell(Event::Waiting { source: name, owner: store.lock_owner(key) });
                told = true;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// What others may read while `key` is compiled.
    pub(super) fn lock_note(&self, key: CacheKey, background: bool) -> LockNote {
        LockNote { pid: std::process::id(), key, source: self.source.name(), since: Timestamp::now(), background }
    }

    pub(super) fn compile(
        &mut self,
        store: &Store,
        key: &CacheKey,
        resolved: &Resolved<'_>,
    ) -> Result<(Compiled, Option<Increment>), LoadError> {
        let name = &self.source.name();
        let read;
        let wasm: &[u8] = match &resolved.wasm {
            Some(wasm) => wasm,
            None => {
                read = self.read_again(key)?;
                &read
            }
        };
        let wasm = to_binary(name, wasm)?;
        self.cache.tell(Event::Compiling { source: name, wasm_bytes: wasm.len() as u64, kept: true });
        let start = Instant::now();
        let increment = self.increment(store, key, resolved.history, wasm.len());
        let compiled = match &increment {
            Some(increment) => increment.compile(key, &wasm),
            None => native::compile(self.compiler()?, key.kind, &wasm),
        };
        self.cache.tell(Event::Compiled { source: name, took: start.elapsed() });
        let compiled = compiled.map_err(|source| LoadError::Compile { name: name.clone(), source })?;
        Ok((compiled, increment))
    }

    /// Reads the wasm of a file whose digest was known from its identity. It may have changed since we looked: then what
    /// is compiled must not be stored under the old digest.
    pub(super) fn read_again(&self, key: &CacheKey) -> Result<Vec<u8>, LoadError> {
        let (path, file) = match &self.source.inner {
            Inner::File(path) => (path, None),
            Inner::OpenFile { path, file } => (path, Some(*file)),
            _ => unreachable!("bytes are always at hand"),
        };
        let (wasm, _) = read_file(path, file, self.source.most_bytes())?;
        if Digest::of(&wasm) == key.module { Ok(wasm) } else { Err(LoadError::Unstable { path: path.to_path_buf() }) }
    }

    pub(super) fn publish_and_map(
        &mut self,
        store: &Store,
        key: &CacheKey,
        resolved: &Resolved<'_>,
        artifact: &NewArtifact<'_>,
        compiled: &Compiled,
    ) -> Result<Code, LoadError> {
        let start = Instant::now();
        let published = artifact.publish(store);
        let remembered = store.remember_source(resolved.history, &self.source_entry(resolved, *key));
        self.phases.store = Some(start.elapsed());
        let start = Instant::now();
        let mapped = match published {
            Ok(checked) => self.map(key.kind, &checked).ok(),
            Err(error) => {
                self.notes.push(format!("the artifact was not stored: {error}"));
                None
            }
        };
        if let Err(error) = remembered
            && mapped.is_some()
        {
            self.notes.push(format!("the source was not remembered: {error}"));
        }
        let code = match mapped {
            Some(code) => Ok(code),
            None => self.on_engines(|engine| native::load_own(engine, key.kind, compiled)),
        };
        self.phases.deserialize = Some(start.elapsed());
        code.map_err(|source| LoadError::Compile { name: self.source.name(), source })
    }
}
