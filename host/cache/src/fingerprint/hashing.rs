//! What decides native code, in one digest.
//!
//! The program's `build.rs` includes this file, so that it says of what it compiles which engine made it.

use std::hash::{Hash, Hasher};
use wasmtime::Engine;

/// Feeds `impl Hash` to BLAKE3: the standard library's default hasher is neither collision-resistant nor the same in
/// every Rust release.
pub(crate) struct Blake3Hasher(blake3::Hasher);

impl Blake3Hasher {
    pub(crate) fn new(domain: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(domain.as_bytes());
        hasher.update(&[0]);
        Self(hasher)
    }

    pub(crate) fn hash(&self) -> blake3::Hash {
        self.0.finalize()
    }
}

impl Hasher for Blake3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        // With the length in front, no two sequences of writes run together to the same input.
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.hash();
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
    }
}

/// What Wasmtime itself says decides compatibility, and its full version, of which artifacts record the first number only.
pub(crate) fn of_engine(engine: &Engine, wasmtime_version: &str) -> blake3::Hash {
    let mut hasher = Blake3Hasher::new("glowplug engine fingerprint");
    hasher.write(wasmtime_version.as_bytes());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.hash()
}
