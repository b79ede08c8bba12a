//! Engines, with a compiler or without.

use crate::fingerprint::{Blake3Hasher, EngineFingerprint, WASMTIME_VERSION, settings_of};
use crate::native;
use glowplug_store::Digest;
use std::fmt;
use std::hash::{Hash, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use wasmtime::{Config, Engine};

/// What a load needs of engines. Implemented by Wasmtime's [`Engine`] as it is, and by [`LazyEngine`].
///
/// Sealed: an implementation that pairs engines of different settings would lead to wrong hits.
pub trait Engines: sealed::Sealed + Sync {
    #[doc(hidden)]
    fn runtime(&self) -> wasmtime::Result<&Engine>;
    #[doc(hidden)]
    fn compiler(&self) -> wasmtime::Result<&Engine>;
    #[doc(hidden)]
    fn hint(&self) -> Option<Digest>;
    #[doc(hidden)]
    fn known_fingerprint(&self) -> Option<&Mutex<Option<EngineFingerprint>>>;
    #[doc(hidden)]
    fn cached_by(&self, cache: &wasmtime::Cache) -> wasmtime::Result<Engine>;
    /// An engine of the same settings that asks `functions` before it compiles one, where there can be one: an engine that
    /// is made already cannot be given them afterwards, and Winch does not take them.
    #[doc(hidden)]
    fn incremental(&self, functions: Arc<dyn wasmtime::CacheStore>) -> Option<Engine> {
        let _ = functions;
        None
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for wasmtime::Engine {}
    impl<S> Sealed for super::LazyEngine<S> {}
}

impl Engines for Engine {
    fn runtime(&self) -> wasmtime::Result<&Engine> {
        Ok(self)
    }

    fn compiler(&self) -> wasmtime::Result<&Engine> {
        Ok(self)
    }

    fn hint(&self) -> Option<Digest> {
        None
    }

    fn known_fingerprint(&self) -> Option<&Mutex<Option<EngineFingerprint>>> {
        None
    }

    /// An engine cannot be given a cache afterwards: it has one if `ModuleCache::configure` saw its configuration.
    fn cached_by(&self, _: &wasmtime::Cache) -> wasmtime::Result<Engine> {
        Ok(self.clone())
    }
}

/// An engine whose compiler is made only when something has to be compiled.
///
/// An engine without a compiler is made in a quarter of the time of one with it (24 us against 93 us), and a hit needs no
/// compiler. Both are made by one plain function from one value, so that they cannot differ: a closure could capture
/// something that the key does not know.
///
/// ```
/// use glowplug_cache::LazyEngine;
/// use wasmtime::Config;
///
/// let engine = LazyEngine::new(true, |fuel: &bool| {
///     let mut config = Config::new();
///     config.consume_fuel(*fuel);
///     config
/// });
/// ```
///
/// All code that loads return belongs to one and the same of the engines in here, [`LazyEngine::engine`]: stores, linkers
/// and epochs are made with that one, or with `module.engine()`. (With Wasmtime's own cache as the backend it belongs to
/// another, which only `module.engine()` knows.)
pub struct LazyEngine<S> {
    spec: S,
    make: fn(&S) -> Config,
    runtime: OnceLock<Engine>,
    compiler: OnceLock<Engine>,
    /// Whether what was compiled loads into an engine without a compiler.
    loads_without: bool,
    /// Whether `make` is promised to look at nothing but its argument.
    pure: bool,
    fingerprint: Mutex<Option<EngineFingerprint>>,
    /// With Wasmtime's own cache in this folder. Modules of different engines cannot meet in one store, so there is one.
    cached: Mutex<Option<(PathBuf, Engine)>>,
}

impl<S: fmt::Debug> fmt::Debug for LazyEngine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyEngine").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<S: Hash + Sync> LazyEngine<S> {
    /// An engine that `make` configures from `spec`. Nothing is made yet.
    ///
    /// `make` should be a function of its argument alone. One that reads the environment, a clock or a global variable may
    /// be answered differently by the engine with the compiler and the one without. A later start with other settings is a
    /// miss all the same, never a hit of code for the old ones: what `make` returns is compared, and Wasmtime's own check,
    /// which leaves out a good deal (canonical NaNs, optimization level, mitigations), is not relied on. The one thing that
    /// is compared only with a compiler is the name of another target ([`Config::target`]).
    pub fn new(spec: S, make: fn(&S) -> Config) -> Self {
        Self {
            spec,
            make,
            runtime: OnceLock::new(),
            compiler: OnceLock::new(),
            loads_without: true,
            pure: false,
            fingerprint: Mutex::default(),
            cached: Mutex::default(),
        }
    }

    /// The same for a `make` that is promised to be a function of its argument alone, as [`LazyEngine::new`] only hopes: what it
    /// returns is not compared at each start, which saves a tenth of a small program's instructions. If it is not, a hit may
    /// be of code for other settings, which Wasmtime does not always notice.
    pub fn pure(spec: S, make: fn(&S) -> Config) -> Self {
        Self { pure: true, ..Self::new(spec, make) }
    }

    /// The same for a configuration whose compiler is Winch. An engine without a compiler takes Cranelift's artifacts only
    /// (Wasmtime 48 has the calling convention among what must agree, and the compiler decides it), so the one with it
    /// serves hits as well.
    ///
    /// ```
    /// use glowplug_cache::LazyEngine;
    ///
    /// let engine = LazyEngine::baseline((), |()| {
    ///     let mut config = wasmtime::Config::new();
    ///     config.strategy(wasmtime::Strategy::Winch);
    ///     config
    /// });
    /// ```
    pub fn baseline(spec: S, make: fn(&S) -> Config) -> Self {
        Self { loads_without: false, ..Self::new(spec, make) }
    }

    /// What the engine is made from.
    pub fn spec(&self) -> &S {
        &self.spec
    }

    /// The engine that the code of all loads belongs to: made now, if it was not yet. Linkers and stores can be made with it
    /// before anything is loaded, and incrementing its epoch interrupts what runs.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # use glowplug_cache::*;
    /// # let cache = ModuleCache::open(Settings::new(home.path().join("c"), home.path().join("k"))).unwrap();
    /// let engine = LazyEngine::new((), |()| wasmtime::Config::new());
    /// let linker = wasmtime::Linker::<()>::new(engine.engine().unwrap());
    /// let loaded = cache.load(&engine, &Source::bytes("m", &b"(module)"[..])).unwrap();
    /// linker.instantiate_pre(&loaded.module).unwrap();
    /// ```
    pub fn engine(&self) -> wasmtime::Result<&Engine> {
        Engines::runtime(self)
    }

    /// The engine that compiles. It is not always the one that code belongs to: see [`LazyEngine::engine`].
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn compiler(&self) -> wasmtime::Result<&Engine> {
        get_or_try(&self.compiler, || Engine::new(&(self.make)(&self.spec)))
    }
}

fn get_or_try(cell: &OnceLock<Engine>, make: impl FnOnce() -> wasmtime::Result<Engine>) -> wasmtime::Result<&Engine> {
    if let Some(engine) = cell.get() {
        return Ok(engine);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

impl<S: Hash + Sync> Engines for LazyEngine<S> {
    /// The engine with the compiler, if that is made already. Whichever it is when it is first asked for remains the one: two
    /// engines would not share modules.
    fn runtime(&self) -> wasmtime::Result<&Engine> {
        get_or_try(&self.runtime, || {
            if !self.loads_without {
                return LazyEngine::compiler(self).cloned();
            }
            if let Some(compiler) = self.compiler.get() {
                return Ok(compiler.clone());
            }
            let mut config = (self.make)(&self.spec);
            config.enable_compiler(false);
            Engine::new(&config)
        })
    }

    fn compiler(&self) -> wasmtime::Result<&Engine> {
        LazyEngine::compiler(self)
    }

    /// Stands for the fingerprint, which only the engine with the compiler can tell: whatever can change the fingerprint
    /// changes this too. The file that holds the code of `make` stands for what that does, and its place in there tells two
    /// such functions apart, wherever they are loaded; what `make` returned stands for whatever else it looked at.
    fn hint(&self) -> Option<Digest> {
        if !self.loads_without {
            // The engine with the compiler is made in any case, and tells the fingerprint itself.
            return None;
        }
        let object = native::object_of(self.make as *const () as usize)?;
        let mut hasher = Blake3Hasher::new("glowplug engine hint");
        hasher.write(WASMTIME_VERSION.as_bytes());
        object.hash(&mut hasher);
        std::any::type_name::<S>().hash(&mut hasher);
        self.spec.hash(&mut hasher);
        if !self.pure {
            hash_settings(&(self.make)(&self.spec), &mut hasher);
        }
        hash_cpu(&mut hasher);
        Some(hasher.hash().into())
    }

    fn known_fingerprint(&self) -> Option<&Mutex<Option<EngineFingerprint>>> {
        Some(&self.fingerprint)
    }

    fn incremental(&self, functions: Arc<dyn wasmtime::CacheStore>) -> Option<Engine> {
        let mut config = (self.make)(&self.spec);
        let made = config.enable_incremental_compilation(functions).and_then(|config| Engine::new(config));
        made.inspect_err(|error| tracing::debug!(%error, "compiling everything")).ok()
    }

    fn cached_by(&self, cache: &wasmtime::Cache) -> wasmtime::Result<Engine> {
        // Held while the engine is made: two loads at once must get the same one.
        let mut cached = crate::lock(&self.cached);
        if let Some((folder, engine)) = &*cached
            && folder == cache.directory()
        {
            return Ok(engine.clone());
        }
        let mut config = (self.make)(&self.spec);
        config.cache(Some(cache.clone()));
        let engine = Engine::new(&config)?;
        *cached = Some((cache.directory().clone(), engine.clone()));
        Ok(engine)
    }
}

/// What is known of engines, so that each is asked once.
#[derive(Default)]
pub(crate) struct Fingerprints(Mutex<Vec<Fingerprinted>>);

struct Fingerprinted {
    engine: wasmtime::EngineWeak,
    fingerprint: EngineFingerprint,
    /// What it writes into artifacts; nothing for one without a compiler.
    settings: OnceLock<Option<Arc<[u8]>>>,
}

impl Fingerprints {
    pub(crate) fn of(&self, engine: &Engine) -> EngineFingerprint {
        self.with(engine, |known| known.fingerprint)
    }

    /// The settings that the engine writes into what it makes; `None` for one without a compiler.
    pub(crate) fn settings(&self, engine: &Engine) -> Option<Arc<[u8]>> {
        let find = || settings_of(engine).ok().map(Arc::from);
        self.with(engine, |known| known.settings.get_or_init(find).clone())
    }

    fn with<T>(&self, engine: &Engine, ask: impl FnOnce(&Fingerprinted) -> T) -> T {
        let mut known = crate::lock(&self.0);
        known.retain(|known| known.engine.upgrade().is_some());
        let same = |known: &Fingerprinted| known.engine.upgrade().is_some_and(|other| Engine::same(&other, engine));
        let at = known.iter().position(same).unwrap_or_else(|| {
            let fingerprint = EngineFingerprint::of(engine);
            known.push(Fingerprinted { engine: engine.weak(), fingerprint, settings: OnceLock::new() });
            known.len() - 1
        });
        ask(&known[at])
    }
}

/// What a configuration says of itself. Its parts come in no fixed order (the compiler's settings are in a hash map), so they
/// are hashed one by one and added up.
fn hash_settings(config: &Config, hasher: &mut Blake3Hasher) {
    let mut sum = PartsSum::default();
    let told = fmt::Write::write_fmt(&mut sum, format_args!("{config:?}"));
    sum.end_part();
    (told.is_ok(), sum.sum).hash(hasher);
}

/// Adds up the hashes of the parts that are written to it, whatever their order.
#[derive(Default)]
struct PartsSum {
    sum: u64,
    part: Vec<u8>,
}

impl PartsSum {
    fn end_part(&mut self) {
        if !self.part.is_empty() {
            // Compared only with what this very program wrote down, so that any hash will do that tells parts apart.
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write(&self.part);
            self.sum = self.sum.wrapping_add(hasher.finish());
            self.part.clear();
        }
    }
}

impl fmt::Write for PartsSum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if matches!(byte, b',' | b'{' | b'}') { self.end_part() } else { self.part.push(byte) }
        }
        Ok(())
    }
}

macro_rules! detected {
    ($hasher:ident, $macro:ident, $($feature:tt),+ $(,)?) => {
        $((std::arch::$macro!($feature)).hash($hasher);)+
    };
}

/// What Cranelift looks for in the CPU (cranelift-native 0.135, `infer_native_flags`).
fn hash_cpu(hasher: &mut Blake3Hasher) {
    std::env::consts::ARCH.hash(hasher);
    #[cfg(target_arch = "x86_64")]
    detected!(
        hasher,
        is_x86_feature_detected,
        "sse3",
        "ssse3",
        "sse4.1",
        "sse4.2",
        "popcnt",
        "avx",
        "avx2",
        "fma",
        "bmi1",
        "bmi2",
        "avx512bitalg",
        "avx512dq",
        "avx512f",
        "avx512vl",
        "avx512vbmi",
        "lzcnt",
        "cmpxchg16b"
    );
    #[cfg(target_arch = "aarch64")]
    detected!(hasher, is_aarch64_feature_detected, "lse", "paca", "fp16", "dotprod");
}
