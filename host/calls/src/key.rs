//! What is known of a run before it runs.

use glowplug_store::Digest;
use serde::{Deserialize, Serialize};

/// The version of the formats here and of what a run may depend on.
///
/// History, so that a bump is deliberate:
/// 1. the first.
pub const SCHEMA: u32 = 1;

/// One thing that decides a run's result, with its name for people: `argument 2`, `environment LANG`, `mount /data`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// Its name; unique within a key.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// The known part of a run's key: the module, the arguments, the environment, the mounts and the policy; everything
/// that need not be observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallKey {
    label: Digest,
    parts: Vec<Part>,
}

impl CallKey {
    /// A key without parts yet. Runs of one `label` are told apart in words when they miss: use what stays the same when
    /// people change something, such as the program's path.
    #[must_use]
    pub fn new(label: &[u8]) -> Self {
        Self { label: Digest::of(label), parts: Vec::new() }
    }

    /// Adds a part. Of two with one name both count.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.parts.push(Part { name: name.into(), value: value.into() });
        self
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn label(&self) -> Digest {
        self.label
    }

    /// The digest of all parts: every name and value with its length, so that no two keys run into each other.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"glowplug call ");
        hasher.update(&SCHEMA.to_le_bytes());
        for text in self.parts.iter().flat_map(|part| [part.name.as_bytes(), &part.value]) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = |parts: &[(&str, &str)]| {
            parts.iter().fold(CallKey::new(b"x"), |key, (name, value)| key.with(*name, *value)).digest()
        };
        let all = [
            key(&[("a", "bc")]),
            key(&[("ab", "c")]),
            key(&[("a", "b"), ("", "c")]),
            key(&[("a", "b"), ("c", "")]),
            key(&[("a", "bc"), ("", "")]),
            key(&[]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "key {at} equals an earlier one");
        }
    }

    #[test]
    fn the_label_is_no_part() {
        assert_eq!(CallKey::new(b"x").with("a", "1").digest(), CallKey::new(b"y").with("a", "1").digest());
    }
}
