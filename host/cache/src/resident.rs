//! The tier within this process: code that was loaded before.

use crate::key::{CacheKey, Kind};
use crate::native::Code;
use glowplug_store::Digest;
use glowplug_store::identity::FileIdentity;
use std::collections::HashMap;
use std::sync::Mutex;
use wasmtime::Engine;

/// What a source was found to be, while its identity stays the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) identity: FileIdentity,
    pub(crate) module: Digest,
    pub(crate) kind: Kind,
    pub(crate) wasm_bytes: u64,
}

/// Code by key, the least recently used out first when it grows past its bytes.
#[derive(Debug)]
pub(crate) struct Resident {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// More than one engine in a process may have the same fingerprint, and code belongs to one engine.
    code: HashMap<CacheKey, Vec<Slot>>,
    sources: HashMap<Digest, Known>,
    bytes: u64,
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    code: Code,
    bytes: u64,
    used: u64,
}

impl Resident {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, state: Mutex::default() }
    }

    pub(crate) fn source(&self, history: Digest, identity: &FileIdentity) -> Option<Known> {
        if self.limit == 0 {
            return None;
        }
        crate::lock(&self.state).sources.get(&history).filter(|known| known.identity == *identity).copied()
    }

    pub(crate) fn know_source(&self, history: Digest, known: Known) {
        if self.limit > 0 {
            crate::lock(&self.state).sources.insert(history, known);
        }
    }

    pub(crate) fn get(&self, key: &CacheKey, engine: &Engine) -> Option<(Code, u64)> {
        if self.limit == 0 {
            return None;
        }
        let mut state = crate::lock(&self.state);
        state.clock += 1;
        let clock = state.clock;
        let slot = state.code.get_mut(key)?.iter_mut().find(|slot| Engine::same(slot.code.engine(), engine))?;
        slot.used = clock;
        Some((slot.code.clone(), slot.bytes))
    }

    pub(crate) fn put(&self, key: &CacheKey, code: &Code, bytes: u64) {
        if bytes > self.limit {
            return;
        }
        let mut state = crate::lock(&self.state);
        state.clock += 1;
        let slot = Slot { code: code.clone(), bytes, used: state.clock };
        let slots = state.code.entry(*key).or_default();
        if slots.iter().any(|slot| Engine::same(slot.code.engine(), code.engine())) {
            return;
        }
        slots.push(slot);
        state.bytes += bytes;
        while state.bytes > self.limit {
            state.drop_oldest();
        }
    }

    pub(crate) fn clear(&self) {
        *crate::lock(&self.state) = State::default();
    }
}

impl State {
    fn drop_oldest(&mut self) {
        let oldest =
            self.code.iter().flat_map(|(key, slots)| slots.iter().map(|slot| (slot.used, *key))).min_by_key(|s| s.0);
        let Some((used, key)) = oldest else { return };
        let Some(slots) = self.code.get_mut(&key) else { return };
        slots.retain(|slot| {
            let keep = slot.used != used;
            if !keep {
                self.bytes -= slot.bytes;
            }
            keep
        });
        if slots.is_empty() {
            self.code.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::EngineFingerprint;
    use wasmtime::Module;

    fn key(name: &str) -> CacheKey {
        let digest = Digest::of(name.as_bytes());
        CacheKey::new(digest, EngineFingerprint::from(digest), Kind::Module)
    }

    #[test]
    fn the_least_recently_used_goes_first_and_engines_do_not_mix() {
        let (one, two) = (Engine::default(), Engine::default());
        let code = |engine: &Engine| Code::Module(Module::new(engine, b"\0asm\x01\0\0\0").expect("the empty module"));
        let resident = Resident::new(20);
        resident.put(&key("a"), &code(&one), 10);
        resident.put(&key("b"), &code(&one), 10);
        assert!(resident.get(&key("a"), &one).is_some());
        assert!(resident.get(&key("a"), &two).is_none(), "code of another engine");
        resident.put(&key("a"), &code(&two), 10);
        assert!(resident.get(&key("b"), &one).is_none(), "evicted");
        assert!(resident.get(&key("a"), &one).is_some());
        assert!(resident.get(&key("a"), &two).is_some());
        resident.put(&key("huge"), &code(&one), 21);
        assert!(resident.get(&key("huge"), &one).is_none());
        resident.clear();
        assert!(resident.get(&key("a"), &one).is_none());
    }
}
