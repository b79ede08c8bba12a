//! From a source to a module whose imports are resolved.

use super::context::Context;
use super::programs::ProgramError;
use super::{imports, wasi};
use crate::lock;
use glowplug_cache::{LazyEngine, Loaded, ModuleCache, Source};
use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::{Mutex, OnceLock};
use wasmtime::{Engine, InstancePre, Linker, Module};

/// An engine, and the functions that its instances may import.
pub(crate) struct Side<S> {
    engine: LazyEngine<S>,
    /// The one that was made of it, whose instances can be interrupted.
    made: OnceLock<Engine>,
    linkage: Mutex<Linkage>,
}

/// A module whose imports are resolved.
pub(crate) type Linked = (Loaded<Module>, InstancePre<Context>);

#[derive(Default)]
struct Linkage {
    linker: Option<Linker<Context>>,
    defined: BTreeSet<(bool, String)>,
}

impl<S: Hash + Sync> Side<S> {
    pub(crate) fn new(engine: LazyEngine<S>) -> Self {
        Self { engine, made: OnceLock::new(), linkage: Mutex::default() }
    }

    /// Makes every guest that computes look whether it is to end.
    pub(crate) fn interrupt(&self) {
        if let Some(engine) = self.made.get() {
            engine.increment_epoch();
        }
    }

    pub(crate) fn engine(&self) -> &LazyEngine<S> {
        &self.engine
    }

    pub(crate) fn load(&self, cache: &ModuleCache, source: &Source<'_>) -> Result<Linked, ProgramError> {
        let loaded = cache.load(&self.engine, source).map_err(|error| ProgramError::Load(Box::new(error)))?;
        self.take(loaded)
    }

    /// What was loaded with this engine, with its imports resolved.
    pub(crate) fn take(&self, loaded: Loaded<Module>) -> Result<Linked, ProgramError> {
        let pre = self.link(&loaded.module).map_err(ProgramError::Link)?;
        self.made.get_or_init(|| loaded.module.engine().clone());
        Ok((loaded, pre))
    }

    /// Resolves the imports, defining no more functions than are imported.
    fn link(&self, module: &Module) -> wasmtime::Result<InstancePre<Context>> {
        let mut linkage = lock(&self.linkage);
        let Linkage { linker, defined } = &mut *linkage;
        let linker = linker.get_or_insert_with(|| Linker::new(module.engine()));
        for import in module.imports() {
            let own = import.module() == glowplug_sys::abi::MODULE;
            if !own && import.module() != wasi::MODULE {
                wasmtime::bail!(
                    "it imports `{}` from `{}`, and only WASI preview 1 and `{}` are there",
                    import.name(),
                    import.module(),
                    glowplug_sys::abi::MODULE
                );
            }
            if defined.contains(&(own, import.name().to_owned())) {
                continue;
            }
            let found =
                if own { imports::define(linker, import.name())? } else { wasi::define(linker, import.name())? };
            if !found {
                wasmtime::bail!(
                    "it imports `{}` from `{}`, which has no such function",
                    import.name(),
                    import.module()
                );
            }
            defined.insert((own, import.name().to_owned()));
        }
        linker.instantiate_pre(module)
    }
}
