//! How a load goes: whose wasm, which key, where the artifact is; and when it is nowhere, compiling it once.

mod explain;
mod incremental;
mod plain;
mod resolve;
mod tiered;

use crate::cache::ModuleCache;
use crate::engine::Engines;
use crate::error::LoadError;
use crate::fingerprint::{EngineFingerprint, EngineInputs, WASMTIME_VERSION};
use crate::identity::Timestamp;
use crate::key::{CacheKey, Digest, Kind};
use crate::native::{self, Code, Compiled};
use crate::observer::Event;
use crate::report::{BackendUsed, LoadReport, MissReason, Outcome, Phases, Tier};
use crate::settings::Verify;
use crate::source::{Inner, Source, to_binary};
use crate::store::records::{LockNote, Manifest, SourceEntry};
use crate::store::{Found, KeyLock, Lookup, Store, counters};
use explain::explain;
use incremental::Increment;
use resolve::Resolved;
pub(crate) use resolve::read_file;
use std::borrow::Cow;
use std::io;
use std::sync::OnceLock;
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
        let (code, report) = match (&cache.store, &cache.wasmtime) {
            (Some(store), _) => self.through_store(store, want)?,
            (None, Some(wasmtime)) => self.through_wasmtime(wasmtime, want)?,
            (None, None) => self.through_none(want)?,
        };
        report.record(cache);
        Ok((code, report))
    }

    fn new(cache: &'l ModuleCache, engines: &'l E, source: &'l Source<'l>) -> Self {
        Load { cache, engines, source, phases: Phases::default(), notes: Vec::new(), unhurried: false, instead: None }
    }

    fn through_store(mut self, store: &Store, want: Option<Kind>) -> LoadResult {
        match self.seek(store, want)? {
            Sought::Hit(hit) => Ok(*hit),
            Sought::Refused(key, resolved, reason) => self.compile_anew(store, key, &resolved, reason),
            Sought::Missing(key, mut resolved, _) => self.miss(store, key, &mut resolved),
        }
    }

    fn seek(&mut self, store: &Store, want: Option<Kind>) -> Result<Sought<'l>, LoadError> {
        let start = Instant::now();
        let fingerprint = self.fingerprint(store)?;
        self.phases.fingerprint = Some(start.elapsed());

        let start = Instant::now();
        let resolved = self.resolve(Some(store))?;
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
        if let Some(fingerprint) = known.and_then(OnceLock::get) {
            return Ok(*fingerprint);
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
            let _ = known.set(fingerprint);
        }
        Ok(fingerprint)
    }

    fn compiler(&self) -> Result<&'l wasmtime::Engine, LoadError> {
        self.engines.compiler().map_err(|source| LoadError::Engine { source })
    }

    fn runtime(&self) -> Result<&'l wasmtime::Engine, LoadError> {
        self.engines.runtime().map_err(|source| LoadError::Engine { source })
    }

    fn resident_hit(
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
    fn local(&mut self, store: &Store, key: &CacheKey, resolved: &Resolved<'_>) -> Result<Local, LoadError> {
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
    fn after_hit(&mut self, store: &Store, key: &CacheKey, found: &Found, resolved: &Resolved<'_>) {
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
    fn embedded_hit(
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

    /// Compiles, unless somebody else is at it or has just been.
    fn miss(&mut self, store: &Store, key: CacheKey, resolved: &mut Resolved<'l>) -> LoadResult {
        let cache = self.cache;
        let name = self.source.name();
        let start = Instant::now();
        let waiting = || cache.tell(Event::Waiting { source: &name, owner: Some(std::process::id()) });
        let flight = cache.flights.board(key, self.wait_limit(), waiting);
        let lock = self.lock(store, &key, &name, start);
        if start.elapsed() > NOTABLE_WAIT {
            self.phases.wait = Some(start.elapsed());
            cache.tell(Event::Waited { source: &name, took: start.elapsed() });
        }
        let result = self.locked_miss(store, key, resolved);
        drop((lock, flight));
        result
    }

    /// The part of a miss that is done under the key's lock, wherever that can be had.
    fn locked_miss(&mut self, store: &Store, key: CacheKey, resolved: &mut Resolved<'l>) -> LoadResult {
        if let Some(hit) = self.resident_hit(&key, resolved)? {
            return Ok(hit);
        }
        // Under the lock nobody is between writing the artifact and its manifest: what is flawed now is flawed.
        let reason = match self.local(store, &key, resolved)? {
            Local::Hit(hit) => return Ok(*hit),
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
    fn reason(&self, store: &Store, key: &CacheKey, resolved: &Resolved<'_>) -> MissReason {
        let (key, engines) = match &self.instead {
            None => (key, self.engines),
            Some(Instead { flaw: Some(flaw), .. }) => return flaw.clone(),
            Some(Instead { key, engines, .. }) => (key, *engines),
        };
        explain(self.cache, store, key, resolved, || EngineInputs::of(engines.compiler().ok()?).ok())
    }

    /// Compiles, and puts the artifact into the store in the place of whatever is there.
    fn compile_anew(
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
    fn lock(&mut self, store: &Store, key: &CacheKey, name: &str, start: Instant) -> Option<KeyLock> {
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
    fn lock_note(&self, key: CacheKey, background: bool) -> LockNote {
        LockNote { pid: std::process::id(), key, source: self.source.name(), since: Timestamp::now(), background }
    }

    fn compile(
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
        self.cache.tell(Event::Compiling { source: name, wasm_bytes: wasm.len() as u64 });
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
    fn read_again(&self, key: &CacheKey) -> Result<Vec<u8>, LoadError> {
        let (path, file) = match &self.source.inner {
            Inner::File(path) => (path, None),
            Inner::OpenFile { path, file } => (path, Some(*file)),
            _ => unreachable!("bytes are always at hand"),
        };
        let (wasm, _) = read_file(path, file)?;
        if Digest::of(&wasm) == key.module { Ok(wasm) } else { Err(LoadError::Unstable { path: path.to_path_buf() }) }
    }

    fn publish_and_map(
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

    fn map(&self, kind: Kind, checked: &native::Checked) -> wasmtime::Result<Code> {
        self.on_engines(|engine| native::map(engine, kind, checked))
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
