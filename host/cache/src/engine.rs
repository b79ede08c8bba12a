//! Engines, with a compiler or without.

use crate::fingerprint::{Blake3Hasher, EngineFingerprint, WASMTIME_VERSION};
use glowplug_store::Digest;
use glowplug_store::disk;
use std::hash::{Hash, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
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
    fn known_fingerprint(&self) -> Option<&OnceLock<EngineFingerprint>>;
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

    fn known_fingerprint(&self) -> Option<&OnceLock<EngineFingerprint>> {
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
/// The code that a load returns belongs to one of the engines in here: make stores with `module.engine()`.
pub struct LazyEngine<S> {
    spec: S,
    make: fn(&S) -> Config,
    runtime: OnceLock<Engine>,
    compiler: OnceLock<Engine>,
    /// Whether what was compiled loads into an engine without a compiler.
    loads_without: bool,
    fingerprint: OnceLock<EngineFingerprint>,
    /// With Wasmtime's own cache in this folder.
    cached: OnceLock<(PathBuf, Engine)>,
}

impl<S: std::fmt::Debug> std::fmt::Debug for LazyEngine<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyEngine").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<S: Hash + Sync> LazyEngine<S> {
    /// An engine that `make` configures from `spec`. Nothing is made yet.
    ///
    /// `make` must be a function of its argument alone: one that reads the environment, a clock or a global variable can
    /// lead to a miss at every start, though never to code for other settings (Wasmtime checks those again).
    pub fn new(spec: S, make: fn(&S) -> Config) -> Self {
        Self {
            spec,
            make,
            runtime: OnceLock::new(),
            compiler: OnceLock::new(),
            loads_without: true,
            fingerprint: OnceLock::new(),
            cached: OnceLock::new(),
        }
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

    /// The engine that compiles.
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
    /// The engine with the compiler, if that is made already: two engines would not share modules.
    fn runtime(&self) -> wasmtime::Result<&Engine> {
        if !self.loads_without {
            return LazyEngine::compiler(self);
        }
        if let Some(compiler) = self.compiler.get()
            && self.runtime.get().is_none()
        {
            return Ok(compiler);
        }
        get_or_try(&self.runtime, || {
            let mut config = (self.make)(&self.spec);
            config.enable_compiler(false);
            Engine::new(&config)
        })
    }

    fn compiler(&self) -> wasmtime::Result<&Engine> {
        LazyEngine::compiler(self)
    }

    /// Stands for the fingerprint, which only the engine with the compiler can tell: whatever can change the fingerprint
    /// changes this too. The program's file covers the code of `make`; the distance between two of its functions tells
    /// two such functions apart wherever the program is loaded.
    fn hint(&self) -> Option<Digest> {
        if !self.loads_without {
            // The engine with the compiler is made in any case, and tells the fingerprint itself.
            return None;
        }
        let program = disk::executable_identity()?;
        let mut hasher = Blake3Hasher::new("glowplug engine hint");
        hasher.write(WASMTIME_VERSION.as_bytes());
        program.hash(&mut hasher);
        let anchor = hash_cpu as *const () as usize;
        (self.make as *const () as usize).wrapping_sub(anchor).hash(&mut hasher);
        std::any::type_name::<S>().hash(&mut hasher);
        self.spec.hash(&mut hasher);
        hash_cpu(&mut hasher);
        Some(hasher.digest())
    }

    fn known_fingerprint(&self) -> Option<&OnceLock<EngineFingerprint>> {
        Some(&self.fingerprint)
    }

    fn incremental(&self, functions: Arc<dyn wasmtime::CacheStore>) -> Option<Engine> {
        let mut config = (self.make)(&self.spec);
        let made = config.enable_incremental_compilation(functions).and_then(|config| Engine::new(config));
        made.inspect_err(|error| tracing::debug!(%error, "compiling everything")).ok()
    }

    fn cached_by(&self, cache: &wasmtime::Cache) -> wasmtime::Result<Engine> {
        if let Some((folder, engine)) = self.cached.get()
            && folder == cache.directory()
        {
            return Ok(engine.clone());
        }
        let mut config = (self.make)(&self.spec);
        config.cache(Some(cache.clone()));
        let engine = Engine::new(&config)?;
        // Modules of different engines cannot meet in one store, so the first engine is kept for the next load.
        let _ = self.cached.set((cache.directory().clone(), engine.clone()));
        Ok(engine)
    }
}

/// The remembered fingerprint of one engine, so that the same engine is fingerprinted once.
#[derive(Default)]
pub(crate) struct Fingerprints(std::sync::Mutex<Vec<(wasmtime::EngineWeak, EngineFingerprint)>>);

impl Fingerprints {
    pub(crate) fn of(&self, engine: &Engine) -> EngineFingerprint {
        let mut known = crate::lock(&self.0);
        known.retain(|(weak, _)| weak.upgrade().is_some());
        let same = |weak: &wasmtime::EngineWeak| weak.upgrade().is_some_and(|other| Engine::same(&other, engine));
        if let Some((_, fingerprint)) = known.iter().find(|(weak, _)| same(weak)) {
            return *fingerprint;
        }
        let fingerprint = EngineFingerprint::of(engine);
        known.push((engine.weak(), fingerprint));
        fingerprint
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
