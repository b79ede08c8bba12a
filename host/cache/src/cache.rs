//! The cache as embedders see it. How a load goes is in `load.rs`.

use crate::engine::{Engines, Fingerprints};
use crate::error::LoadError;
use crate::flights::Flights;
use crate::key::{Kind, ModuleDigest, SCHEMA};
use crate::load::{self, Load};
use crate::native::{self, Checked, Code};
use crate::observer::{Event, Helper, Observer};
use crate::report::{BackendUsed, Identified, LoadReport, Probe};
use crate::resident::Resident;
use crate::settings::{Backend, Settings, SettingsError};
use crate::source::{EmbeddedArtifact, Source};
use crate::store::Store;
use crate::store::admin::{Entry, Finding, Stats};
use crate::store::counters::Counters;
use crate::store::functions::FunctionPack;
use glowplug_store::disk;
use glowplug_store::evict::{Limits, Pruned};
use glowplug_store::folder::{Refusal, check_outer_folder, make_store_folder, open_key};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use wasmtime::component::Component;
use wasmtime::{Config, Module};

/// Code, and how it was come by.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// Ready to be instantiated, in a `Store` of its own engine (`module.engine()`).
    pub module: T,
    /// What happened.
    pub report: LoadReport,
}

/// A backend that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDown {
    /// Which one.
    pub from: Backend,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for StepDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = match self.from {
            Backend::Wasmtime => "Wasmtime's cache",
            _ => "the cache",
        };
        write!(f, "{backend} is not used: {}", self.reason)
    }
}

/// Files in memory, by where in this program lies what they hold, and how long it is.
type FilesOfMemory = Vec<((usize, usize), Arc<Checked>)>;

/// A cache of compiled modules and components.
///
/// Cheap to open, made to be shared between threads: by reference or in an [`Arc`]. What it learnt is written when it is
/// dropped, or by [`ModuleCache::finish`].
pub struct ModuleCache {
    pub(crate) settings: Option<Settings>,
    pub(crate) store: Option<Store>,
    pub(crate) wasmtime: Option<wasmtime::Cache>,
    pub(crate) steps_down: Vec<StepDown>,
    /// Why no backend is in use.
    pub(crate) bypass: String,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// Who compiles files of at least so many bytes of wasm.
    pub(crate) helper: Option<(Arc<dyn Helper>, u64)>,
    pub(crate) resident: Resident,
    pub(crate) flights: Flights,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) counters: Mutex<Counters>,
    /// Where artifacts of guests' modules are, once one was asked for.
    guests: OnceLock<Option<Store>>,
    /// The artifacts of the program's own binary that are mapped from memory, by where and how long they are.
    files_of_memory: Mutex<FilesOfMemory>,
}

impl fmt::Debug for ModuleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleCache")
            .field("backend", &self.backend())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ModuleCache {
    /// Opens the cache. A folder that cannot be used is no error: the cache works without it, and
    /// [`ModuleCache::steps_down`] says so.
    ///
    /// # Errors
    /// When the settings contradict themselves.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// use glowplug_cache::{BackendUsed, ModuleCache, Settings};
    ///
    /// let cache = ModuleCache::open(Settings::new(home.path().join("cache"), home.path().join("data/key"))).unwrap();
    /// assert_eq!(cache.backend(), BackendUsed::Aot);
    /// for step in cache.steps_down() {
    ///     eprintln!("{step}"); // never reached here: nothing was wrong
    /// }
    /// ```
    pub fn open(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let mut cache = Self::disabled("the cache is switched off");
        cache.resident = Resident::new(settings.resident_bytes);
        let mut wasmtime = settings.backend == Backend::Wasmtime;
        if matches!(settings.backend, Backend::Auto | Backend::Aot) {
            match Store::open(&settings) {
                Ok(store) => cache.store = Some(store),
                Err(refusal) => {
                    // What is not to be trusted does not become so by not being checked.
                    wasmtime = settings.backend == Backend::Auto && !refusal.untrusted;
                    cache.step_down(Backend::Aot, refusal.reason);
                }
            }
        }
        if wasmtime {
            match open_wasmtime(&settings) {
                Ok(wasmtime) => cache.wasmtime = Some(wasmtime),
                Err(refusal) => cache.step_down(Backend::Wasmtime, refusal.reason),
            }
        }
        cache.settings = Some(settings);
        Ok(cache)
    }

    /// A cache that caches nothing, for the reason given, which reports repeat. For programs that know no folder.
    ///
    /// ```
    /// use glowplug_cache::{ModuleCache, Outcome, Source};
    ///
    /// let cache = ModuleCache::disabled("this machine has no home folder");
    /// let report = cache.load(&wasmtime::Engine::default(), &Source::bytes("m", &b"(module)"[..])).unwrap().report;
    /// assert_eq!((report.outcome, report.bypass.unwrap()), (Outcome::Bypass, "this machine has no home folder".into()));
    /// ```
    pub fn disabled(reason: impl Into<String>) -> Self {
        Self {
            settings: None,
            store: None,
            wasmtime: None,
            steps_down: Vec::new(),
            bypass: reason.into(),
            observer: None,
            helper: None,
            resident: Resident::new(0),
            flights: Flights::default(),
            fingerprints: Fingerprints::default(),
            counters: Mutex::default(),
            guests: OnceLock::new(),
            files_of_memory: Mutex::default(),
        }
    }

    /// The store that a source's artifacts are kept in.
    pub(crate) fn store_of(&self, source: &Source<'_>) -> Option<&Store> {
        if source.from_guest { self.guests(true) } else { self.store.as_ref() }
    }

    /// The store of guests' modules: opened when it is first needed, which most programs never do. Looking at it does not `make`
    /// it.
    fn guests(&self, make: bool) -> Option<&Store> {
        let (Some(_), Some(settings)) = (&self.store, &self.settings) else { return None };
        let folder = settings.folder.join(GUESTS);
        if settings.guest_bytes == 0 || (!make && self.guests.get().is_none() && !folder.is_dir()) {
            return None;
        }
        let open = || {
            let settings = Settings { folder, ..settings.clone() };
            Store::open(&settings).inspect_err(|error| tracing::warn!("nothing of guests is kept: {error}")).ok()
        };
        self.guests.get_or_init(open).as_ref()
    }

    /// After something was put there: guests decide how often that is, so that it cannot wait for maintenance.
    pub(crate) fn keep_guests_small(&self) {
        let (Some(store), Some(settings)) = (self.guests(false), &self.settings) else { return };
        let limits = Limits { bytes: settings.guest_bytes, entries: GUEST_ENTRIES, age: settings.max_age };
        if let Err(error) = store.prune(limits, None, false) {
            tracing::debug!(%error, "the artifacts of guests could not be pruned");
        }
    }

    /// An artifact of the program's binary as a file of memory, which all engines of this process share.
    pub(crate) fn file_of_memory(&self, embedded: &EmbeddedArtifact) -> Option<Arc<Checked>> {
        let mut files = crate::lock(&self.files_of_memory);
        let place = (embedded.artifact.as_ptr() as usize, embedded.artifact.len());
        if let Some((_, file)) = files.iter().find(|(known, _)| *known == place) {
            return Some(Arc::clone(file));
        }
        let made = native::file_of_memory(embedded);
        let file = Arc::new(made.inspect_err(|error| tracing::debug!(%error, "copying the embedded artifact")).ok()?);
        files.push((place, Arc::clone(&file)));
        Some(file)
    }

    /// The same cache, telling `observer` what takes time.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The same cache, whose loads have `helper` compile what is missing, where that is a file of at least `least_bytes` of
    /// wasm and somebody waits for optimized code.
    pub fn with_helper(mut self, helper: Arc<dyn Helper>, least_bytes: u64) -> Self {
        self.helper = Some((helper, least_bytes));
        self
    }

    /// The same cache on another disk, for tests that make it fail.
    #[cfg(test)]
    pub(crate) fn on_disk(mut self, wrap: impl FnOnce(Arc<dyn disk::Disk>) -> Arc<dyn disk::Disk>) -> Self {
        self.store = self.store.take().map(|store| store.on(wrap));
        self
    }

    fn step_down(&mut self, from: Backend, reason: String) {
        let step = StepDown { from, reason };
        tracing::warn!("{step}");
        self.bypass.clone_from(&step.reason);
        self.steps_down.push(step);
    }

    pub(crate) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.event(event);
        }
    }

    /// The backend in use.
    pub fn backend(&self) -> BackendUsed {
        match (&self.store, &self.wasmtime) {
            (Some(_), _) => BackendUsed::Aot,
            (None, Some(_)) => BackendUsed::Wasmtime,
            (None, None) => BackendUsed::None,
        }
    }

    /// In one line, what loads are answered from: where it is, whether it is authenticated, or why there is none.
    ///
    /// ```
    /// use glowplug_cache::ModuleCache;
    ///
    /// assert_eq!(ModuleCache::disabled("it is an example").in_force(), "no cache: it is an example");
    /// ```
    pub fn in_force(&self) -> String {
        let folder = |folder: Option<&Settings>| {
            folder.map_or_else(String::new, |settings| format!(" in {}", settings.folder.display()))
        };
        match (&self.store, &self.wasmtime) {
            (Some(_), _) => format!("glowplug's own store{}, authenticated", folder(self.settings.as_ref())),
            (None, Some(wasmtime)) => {
                format!("Wasmtime's disk cache in {}, which is not authenticated", wasmtime.directory().display())
            }
            (None, None) => format!("no cache: {}", self.bypass),
        }
    }

    /// The backends that could not be used, in the order in which they were tried.
    pub fn steps_down(&self) -> &[StepDown] {
        &self.steps_down
    }

    /// Prepares the configuration of an engine that is going to be used with this cache: when Wasmtime's own cache is the
    /// backend, a plain engine must have been told before it was made. [`LazyEngine`](crate::LazyEngine) needs no telling.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let mut config = wasmtime::Config::new();
    /// cache.configure(&mut config);
    /// let engine = wasmtime::Engine::new(&config).unwrap();
    /// cache.load(&engine, &Source::bytes("m", &b"(module)"[..])).unwrap();
    /// ```
    pub fn configure(&self, config: &mut Config) {
        if let Some(cache) = &self.wasmtime {
            config.cache(Some(cache.clone()));
        }
    }

    /// Loads a core module.
    ///
    /// # Errors
    /// When the source cannot be read, is no core module, or does not compile. A cache that fails is no error.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let engine = wasmtime::Engine::default();
    /// let source = Source::bytes("add", &b"(module (func (export \"one\") (result i32) i32.const 1))"[..]);
    /// assert_eq!(cache.load(&engine, &source).unwrap().report.outcome, Outcome::Miss);
    /// assert_eq!(cache.load(&engine, &source).unwrap().report.tier, Tier::Resident);
    /// ```
    pub fn load<E: Engines>(&self, engine: &E, source: &Source<'_>) -> Result<Loaded<Module>, LoadError> {
        let (code, report) = Load::run(self, engine, source, Some(Kind::Module))?;
        match code {
            Code::Module(module) => Ok(Loaded { module, report }),
            Code::Component(_) => unreachable!("a load of a module yields a module"),
        }
    }

    /// Loads a component.
    ///
    /// # Errors
    /// When the source cannot be read, is no component, or does not compile. A cache that fails is no error.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let engine = wasmtime::Engine::default();
    /// let loaded = cache.load_component(&engine, &Source::bytes("empty", &b"(component)"[..])).unwrap();
    /// assert_eq!(loaded.report.reason, Some(MissReason::NeverSeen));
    /// ```
    pub fn load_component<E: Engines>(&self, engine: &E, source: &Source<'_>) -> Result<Loaded<Component>, LoadError> {
        let (code, report) = Load::run(self, engine, source, Some(Kind::Component))?;
        match code {
            Code::Component(module) => Ok(Loaded { module, report }),
            Code::Module(_) => unreachable!("a load of a component yields a component"),
        }
    }

    /// Loads a core module or a component, whichever it is.
    ///
    /// # Errors
    /// When the source cannot be read or does not compile. A cache that fails is no error.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let engine = wasmtime::Engine::default();
    /// for (text, kind) in [("(module)", Kind::Module), ("(component)", Kind::Component)] {
    ///     let loaded = cache.load_any(&engine, &Source::bytes("it", text.as_bytes())).unwrap();
    ///     assert_eq!(loaded.module.kind(), kind);
    /// }
    /// ```
    pub fn load_any<E: Engines>(&self, engine: &E, source: &Source<'_>) -> Result<Loaded<Code>, LoadError> {
        let (module, report) = Load::run(self, engine, source, None)?;
        Ok(Loaded { module, report })
    }

    /// Would [`ModuleCache::load_any`] be a hit, and if not, why? Compiles nothing and changes nothing.
    ///
    /// # Errors
    /// When the source cannot be read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let (engine, source) = (wasmtime::Engine::default(), Source::bytes("m", &b"(module)"[..]));
    /// assert_eq!(cache.probe(&engine, &source).unwrap().reason, Some(MissReason::NeverSeen));
    /// cache.warm(&engine, &source).unwrap();
    /// assert_eq!(cache.probe(&engine, &source).unwrap().outcome, Outcome::Hit);
    /// ```
    pub fn probe<E: Engines>(&self, engine: &E, source: &Source<'_>) -> Result<Probe, LoadError> {
        Load::probe(self, engine, source)
    }

    /// What a source holds: its digest and kind, without reading it where its identity is known. Makes no engine.
    ///
    /// # Errors
    /// When the source cannot be read, or is no WebAssembly.
    ///
    /// ```
    /// # use glowplug_cache::*;
    /// let identified = ModuleCache::disabled("an example").identify(&Source::bytes("m", &b"(module)"[..])).unwrap();
    /// assert_eq!(identified.module, Digest::of(b"(module)"));
    /// ```
    pub fn identify(&self, source: &Source<'_>) -> Result<Identified, LoadError> {
        load::identify(self, source)
    }

    /// Makes sure that the next load is a hit, and drops the code. Nobody waits for it, so functions are kept for the next
    /// compilation, and those that did not change since the last one are not compiled again ([`Settings::incremental`]).
    ///
    /// # Errors
    /// When the source cannot be read or does not compile.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let (engine, source) = (wasmtime::Engine::default(), Source::bytes("m", &b"(module)"[..]));
    /// assert_eq!(cache.warm(&engine, &source).unwrap().outcome, Outcome::Miss);
    /// assert_eq!(cache.load(&engine, &source).unwrap().report.outcome, Outcome::Hit);
    /// ```
    pub fn warm<E: Engines>(&self, engine: &E, source: &Source<'_>) -> Result<LoadReport, LoadError> {
        Load::run_unhurried(self, engine, source).map(|(_, report)| report)
    }

    /// Every artifact in the store.
    ///
    /// # Errors
    /// When there is no store, or it cannot be read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// assert_eq!(cache.entries().unwrap()[0].source, "mine");
    /// ```
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = self.opened()?.entries()?;
        if let Some(guests) = self.guests(false) {
            entries.extend(guests.entries()?);
        }
        Ok(entries)
    }

    /// The functions that are kept for the next compilation of their source.
    ///
    /// # Errors
    /// When there is no store, or it cannot be read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&LazyEngine::new((), |()| wasmtime::Config::new()), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// assert_eq!(cache.function_packs().unwrap(), [], "nothing is kept of what is compiled in no time");
    /// ```
    pub fn function_packs(&self) -> io::Result<Vec<FunctionPack>> {
        self.opened()?.function_packs()
    }

    /// Figures about the store, and about all loads so far that it knows of.
    ///
    /// # Errors
    /// When there is no store, or it cannot be read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// assert_eq!(cache.stats().unwrap().misses["never-seen"], 1);
    /// ```
    pub fn stats(&self) -> io::Result<Stats> {
        self.flush_counters();
        let mut stats = self.opened()?.stats()?;
        if let Some(guests) = self.guests(false) {
            let theirs = guests.stats()?;
            (stats.guest_entries, stats.guest_bytes) = (theirs.entries, theirs.bytes);
        }
        Ok(stats)
    }

    /// Hashes every artifact and authenticates every record. Changes nothing: what is unsound is moved aside when a load
    /// meets it, or removed by [`ModuleCache::remove`].
    ///
    /// # Errors
    /// When there is no store, or it cannot be listed.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// assert!(cache.verify().unwrap().iter().all(|finding| finding.problem.is_none()));
    /// ```
    pub fn verify(&self) -> io::Result<Vec<Finding>> {
        let mut findings = self.opened()?.verify()?;
        if let Some(guests) = self.guests(false) {
            let apart = |finding: Finding| Finding { path: format!("{GUESTS}/{}", finding.path), ..finding };
            findings.extend(guests.verify()?.into_iter().map(apart));
        }
        Ok(findings)
    }

    /// Evicts what the settings do not allow, sweeps up after killed processes, and removes the stores of other versions'
    /// layouts. With `dry_run` it only says what would go.
    ///
    /// # Errors
    /// When there is no store, or something cannot be removed.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// assert_eq!(cache.prune(true).unwrap().kept_entries, 1);
    /// ```
    pub fn prune(&self, dry_run: bool) -> io::Result<Pruned> {
        let store = self.opened()?;
        let mut pruned = store.prune(self.limits(), None, dry_run)?;
        if !dry_run {
            self.keep_guests_small();
        }
        for (name, path) in self.other_stores() {
            pruned.remove(name, folder_bytes(&path), "a store of another version");
            if !dry_run {
                std::fs::remove_dir_all(path)?;
            }
        }
        Ok(pruned)
    }

    /// Removes every artifact and everything that is known of sources and engines.
    ///
    /// # Errors
    /// When there is no store, or something cannot be removed.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// cache.clear().unwrap();
    /// assert!(cache.entries().unwrap().is_empty());
    /// ```
    pub fn clear(&self) -> io::Result<Pruned> {
        self.resident.clear();
        crate::lock(&self.counters).clear();
        let mut pruned = self.opened()?.clear()?;
        if let Some(guests) = self.guests(false) {
            pruned.removed.extend(guests.clear()?.removed);
        }
        for (name, folder) in self.folders_beside(|name| name == WASMTIME || name.starts_with(WASMTIME_OF_KEY)) {
            pruned.remove(name, folder_bytes(&folder), "asked for");
            std::fs::remove_dir_all(folder)?;
        }
        Ok(pruned)
    }

    /// Removes the artifacts of one module, for every engine.
    ///
    /// # Errors
    /// When there is no store, or something cannot be removed.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let report = cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// cache.remove(&report.key.unwrap().module).unwrap();
    /// assert!(cache.entries().unwrap().is_empty());
    /// ```
    pub fn remove(&self, module: &ModuleDigest) -> io::Result<Pruned> {
        self.resident.clear();
        let mut pruned = self.opened()?.remove_module(module)?;
        if let Some(guests) = self.guests(false) {
            pruned.removed.extend(guests.remove_module(module)?.removed);
        }
        Ok(pruned)
    }

    /// Writes what was learnt, and at most once an hour evicts what the settings do not allow. Called when the program's
    /// work is done, so that none of it is on the way to the guest. Nothing here can fail the program.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// cache.warm(&wasmtime::Engine::default(), &Source::bytes("mine", &b"(module)"[..])).unwrap();
    /// // ... the program does its work ...
    /// cache.finish();
    /// ```
    pub fn finish(&self) {
        self.flush_counters();
        let Some(store) = &self.store else { return };
        let Some(settings) = &self.settings else { return };
        match store.maintain(settings.maintenance_interval, settings.maintenance_budget, self.limits()) {
            Ok(Some(pruned)) if !pruned.removed.is_empty() => tracing::info!(removed = pruned.removed.len(), "evicted"),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "maintenance did not run"),
        }
    }

    fn flush_counters(&self) {
        let counters = std::mem::take(&mut *crate::lock(&self.counters));
        if let Some(store) = &self.store
            && !counters.is_empty()
            && let Err(error) = store.count(&counters)
        {
            tracing::debug!(%error, "the loads were not counted");
        }
    }

    pub(crate) fn opened(&self) -> io::Result<&Store> {
        self.store.as_ref().ok_or_else(|| {
            let why = if self.wasmtime.is_some() {
                "Wasmtime's own cache is in use, which cannot be listed"
            } else {
                &self.bypass
            };
            io::Error::other(format!("there is no store: {why}"))
        })
    }

    fn limits(&self) -> Limits {
        match &self.settings {
            Some(settings) => {
                Limits { bytes: settings.max_bytes, entries: settings.max_entries, age: settings.max_age }
            }
            None => Limits { bytes: u64::MAX, entries: u64::MAX, age: std::time::Duration::MAX },
        }
    }

    /// The stores of other layouts beside ours.
    pub(crate) fn other_stores(&self) -> Vec<(String, std::path::PathBuf)> {
        self.folders_beside(|name| {
            name.strip_prefix('v').and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number != SCHEMA)
        })
    }

    /// The folders beside our store whose names are `wanted`.
    fn folders_beside(&self, wanted: impl Fn(&str) -> bool) -> Vec<(String, std::path::PathBuf)> {
        let Some(settings) = &self.settings else { return Vec::new() };
        let Ok(folders) = std::fs::read_dir(settings.base()) else { return Vec::new() };
        let mut others: Vec<_> = folders
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
            .filter(|(name, _)| wanted(name))
            .collect();
        others.sort();
        others
    }
}

impl Drop for ModuleCache {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The folder of what guests brought.
const GUESTS: &str = "guests";
/// The most artifacts there.
const GUEST_ENTRIES: u64 = 1000;

/// What Wasmtime's folder was called when it was the same for every key.
const WASMTIME: &str = "wasmtime";
/// How its folder's name begins.
const WASMTIME_OF_KEY: &str = "wasmtime-";

/// Wasmtime's cache executes what it finds unchecked, so its folder must be the user's alone; and it has a name that only
/// who has the user's key can know, so that a cache folder that was copied or restored from elsewhere holds none for it.
fn open_wasmtime(settings: &Settings) -> Result<wasmtime::Cache, Refusal> {
    let user = disk::effective_user();
    check_outer_folder(settings.base(), user)?;
    let name = open_key(&settings.key_file)?.mac_of_file("folder", WASMTIME, b"").to_hex();
    let folder = settings.base().join(format!("{WASMTIME_OF_KEY}{}", &name[..32]));
    make_store_folder(settings.base(), &folder)
        .map_err(|error| Refusal::unavailable(format!("the folder {} cannot be made: {error}", folder.display())))?;
    check_outer_folder(&folder, user)?;
    let mut config = wasmtime::CacheConfig::new();
    config.with_directory(&folder);
    wasmtime::Cache::new(config).map_err(|error| Refusal::unavailable(format!("{error:#}")))
}

fn folder_bytes(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
