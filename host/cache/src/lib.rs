//! A cache of compiled WebAssembly for programs that embed [Wasmtime](wasmtime).
//!
//! One call loads a module: from native code that was compiled before, if that may be used, and by compiling it otherwise.
//! The report says which, and why.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let home = tempfile::tempdir()?;
//! # std::fs::write(home.path().join("app.wat"), "(module)")?;
//! use glowplug_cache::{ModuleCache, Settings, Source};
//!
//! let cache = ModuleCache::open(Settings::new(home.path().join("cache"), home.path().join("data/key")))?;
//! let engine = wasmtime::Engine::default();
//! let loaded = cache.load(&engine, &Source::file(home.path().join("app.wat")))?;
//! println!("{:?} from {:?}", loaded.report.outcome, loaded.report.tier);
//! let instance = wasmtime::Linker::new(&engine).instantiate(&mut wasmtime::Store::new(&engine, ()), &loaded.module)?;
//! # let _ = instance;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **Nothing wrong is executed.** The key covers the wasm and everything in the [`Engine`](wasmtime::Engine) that decides
//!   native code ([`CacheKey`]). Artifacts are authenticated with a key that only the user can read. The same open
//!   file is checked and mapped. Files are never changed in place.
//! - **It never makes things worse.** [`ModuleCache::open`] and every load work without a disk, with a full, read-only or
//!   foreign one, and with a damaged store; what was wrong is in [`ModuleCache::steps_down`] and
//!   [`LoadReport::notes`].
//! - **A hit costs the same whatever the module's size**: the wasm is not read, and the artifact is mapped.
//!
//! It prints nothing, reads no environment variable and looks up no home directory: [`Settings`] say everything.

mod cache;
mod engine;
mod error;
mod fingerprint;
mod flights;
mod functions;
mod key;
mod load;
mod native;
mod observer;
mod report;
mod resident;
mod settings;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod tiers;

pub use cache::{Loaded, ModuleCache, StepDown};
pub use engine::{Engines, LazyEngine};
pub use error::LoadError;
pub use fingerprint::{EngineFingerprint, EngineInputs, FieldChange, WASMTIME_VERSION};
pub use glowplug_store::Digest;
pub use glowplug_store::evict::{Pruned, Removed};
pub use key::{CacheKey, Kind, ModuleDigest, SCHEMA};
pub use native::{Code, load_precompiled};
pub use observer::{Event, Helper, Observer};
pub use report::{
    BackendUsed, CompilerTier, Identified, LoadReport, MissReason, NoBaseline, Outcome, Phases, Probe, Reused, Tier,
};
pub use settings::{Backend, Incremental, Settings, SettingsError, Verify};
pub use source::{EmbeddedArtifact, Source};
pub use store::admin::{Entry, Finding, Stats};
pub use store::functions::FunctionPack;
pub use store::jobs::{Job, JobLimits, JobState};
pub use tiers::{Claim, Pending, Tiered, Tiers};

/// A panic in one thread must not take the cache from the others: what these locks guard is whole between any two
/// statements.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
