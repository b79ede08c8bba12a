//! What decides which native code belongs to which wasm.

use crate::fingerprint::EngineFingerprint;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The version of the store's layout and formats.
///
/// History, so that a bump is deliberate:
/// 1. the first.
pub const SCHEMA: u32 = 1;

/// A 32-byte BLAKE3 digest, written as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// A digest from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest written as 64 hexadecimal digits, or `None` when `text` is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text)
            .ok()
            .filter(|_| text.bytes().all(|b| !b.is_ascii_uppercase()))
            .map(|hash| Self(*hash.as_bytes()))
    }

    /// The first eight digits: enough to tell two digests apart in a message.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a digest of 64 hexadecimal digits"))
    }
}

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
