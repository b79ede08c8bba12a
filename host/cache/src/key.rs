//! What decides which native code belongs to which wasm.

use crate::fingerprint::EngineFingerprint;
use glowplug_store::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the store's layout and formats.
///
/// History, so that a bump is deliberate:
/// 1. the first.
pub const SCHEMA: u32 = 1;

/// The BLAKE3 digest of the wasm bytes, as shipped: of the text, where the text format was shipped.
pub type ModuleDigest = Digest;

/// What the wasm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Module => "module",
            Self::Component => "component",
        })
    }
}

/// Everything that decides an artifact. Two keys that are equal stand for the same native code.
///
/// [`EngineFingerprint`] covers Wasmtime's full version, the target and its CPU features, the compiler strategy, and
/// every compiler flag, tunable and wasm feature; [`EngineInputs`](crate::EngineInputs) says them in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CacheKey {
    /// Which wasm.
    pub module: ModuleDigest,
    /// Which engine.
    pub engine: EngineFingerprint,
    /// Compiled as what.
    pub kind: Kind,
    /// Stored by which layout.
    pub schema: u32,
}

impl CacheKey {
    /// The key of an artifact in a store of this version's layout.
    pub fn new(module: ModuleDigest, engine: EngineFingerprint, kind: Kind) -> Self {
        Self { module, engine, kind, schema: SCHEMA }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_survive_text() {
        let digest = Digest::of(b"wasm");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse(&digest.to_string().to_uppercase()), None);
        assert_eq!(Digest::parse("../../etc/passwd"), None);
    }

    /// Changing the layout without a new version would let two programs misread each other.
    #[test]
    fn schema_is_bumped_deliberately() {
        assert_eq!(SCHEMA, 1, "record the new version in the history above, and keep a fixture of the old store");
    }
}
