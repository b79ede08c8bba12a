//! Compiling only the functions that changed.

use super::Load;
use crate::engine::Engines;
use crate::fingerprint::EngineFingerprint;
use crate::functions::Functions;
use crate::key::CacheKey;
use crate::native::{self, Compiled};
use crate::report::Reused;
use crate::settings::Incremental;
use crate::store::Store;
use glowplug_store::Digest;
use std::sync::Arc;
use wasmtime::Engine;

/// The functions at hand for one compilation, and the engine that asks for them.
pub(super) struct Increment {
    engine: Engine,
    functions: Arc<Functions>,
}

impl Increment {
    pub(super) fn compile(&self, key: &CacheKey, wasm: &[u8]) -> wasmtime::Result<Compiled> {
        native::compile(&self.engine, key.kind, wasm)
    }
}

impl<E: Engines> Load<'_, E> {
    /// What is known of the source's functions, where it is worth while and allowed, and the engine can make use of it.
    pub(super) fn increment(
        &mut self,
        store: &Store,
        key: &CacheKey,
        history: Digest,
        wasm_bytes: usize,
    ) -> Option<Increment> {
        let settings = self.cache.settings.as_ref()?;
        let wanted = self.unhurried && settings.incremental == Incremental::On;
        if !wanted || (wasm_bytes as u64) < settings.incremental_from {
            return None;
        }
        let known = match store.functions(key.engine, history) {
            Ok(pack) => pack.unwrap_or_default(),
            Err(flaw) => {
                self.notes.push(format!("all functions were compiled anew: {}", crate::report::MissReason::from(flaw)));
                self.note_failure("move the functions aside", store.quarantine_functions(key.engine, history));
                Default::default()
            }
        };
        let functions = Arc::new(Functions::new(known));
        let engine = self.engines.incremental(functions.clone())?;
        // Another fingerprint would be another artifact under this key.
        (EngineFingerprint::of(&engine) == key.engine).then_some(Increment { engine, functions })
    }

    /// Keeps the functions of the module that was just compiled.
    pub(super) fn keep_functions(
        &self,
        store: &Store,
        key: &CacheKey,
        history: Digest,
        increment: &Increment,
    ) -> Reused {
        let kept = match increment.functions.repack() {
            Some(pack) => store.keep_functions(key.engine, history, pack),
            None => store.note_use_of_functions(key.engine, history),
        };
        // Without them the next compilation takes longer, and nothing else.
        self.note_failure("keep the functions", kept);
        let (functions, of) = increment.functions.found();
        Reused { functions, of }
    }
}
