//! The cache as embedders see it. How a load goes is in `load.rs`.

use crate::engine::{Engines, Fingerprints};
use crate::error::LoadError;
use crate::flights::Flights;
use crate::key::{Kind, ModuleDigest, SCHEMA};
use crate::load::{self, Load};
use crate::native::Code;
use crate::observer::{Event, Observer};
use crate::report::{BackendUsed, Identified, LoadReport, Probe};
use crate::resident::Resident;
use crate::settings::{Backend, Settings, SettingsError};
use crate::source::Source;
use crate::store::Store;
use crate::store::admin::{Entry, Finding, Stats};
use crate::store::counters::Counters;
use crate::store::functions::FunctionPack;
use glowplug_store::disk;
use glowplug_store::evict::{Limits, Pruned};
use glowplug_store::folder::{check_outer_folder, make_store_folder};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
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
    pub(crate) resident: Resident,
    pub(crate) flights: Flights,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) counters: Mutex<Counters>,
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
        if matches!(settings.backend, Backend::Auto | Backend::Aot) {
            match Store::open(&settings) {
                Ok(store) => cache.store = Some(store),
                Err(reason) => cache.step_down(Backend::Aot, reason),
            }
        }
        let wanted = settings.backend == Backend::Wasmtime;
        if wanted || (settings.backend == Backend::Auto && cache.store.is_none()) {
            match open_wasmtime(&settings) {
                Ok(wasmtime) => cache.wasmtime = Some(wasmtime),
                Err(reason) => cache.step_down(Backend::Wasmtime, reason),
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
            resident: Resident::new(0),
            flights: Flights::default(),
            fingerprints: Fingerprints::default(),
            counters: Mutex::default(),
        }
    }

    /// The same cache, telling `observer` what takes time.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
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
        self.opened()?.entries()
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
        self.opened()?.stats()
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
        self.opened()?.verify()
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
        if let Some(settings) = &self.settings {
            let folder = settings.wasmtime_folder();
            if folder.is_dir() {
                pruned.remove("wasmtime", folder_bytes(&folder), "asked for");
                std::fs::remove_dir_all(folder)?;
            }
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
        self.opened()?.remove_module(module)
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
        let Some(settings) = &self.settings else { return Vec::new() };
        let Ok(folders) = std::fs::read_dir(settings.base()) else { return Vec::new() };
        let is_other = |name: &str| {
            name.strip_prefix('v').and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number != SCHEMA)
        };
        let mut others: Vec<_> = folders
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
            .filter(|(name, _)| is_other(name))
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

/// Wasmtime's cache executes what it finds unchecked, so its folder must be the user's alone.
fn open_wasmtime(settings: &Settings) -> Result<wasmtime::Cache, String> {
    let user = disk::effective_user();
    let folder = settings.wasmtime_folder();
    check_outer_folder(settings.base(), user)?;
    make_store_folder(settings.base(), &folder)
        .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
    check_outer_folder(&folder, user)?;
    let mut config = wasmtime::CacheConfig::new();
    config.with_directory(&folder);
    wasmtime::Cache::new(config).map_err(|error| format!("{error:#}"))
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
