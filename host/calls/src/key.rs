//! What is known of a run before it runs.

use glowplug_store::Digest;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};
use std::io::Write as _;
use std::sync::OnceLock;

/// The version of the formats here and of what a run may depend on.
///
/// History, so that a bump is deliberate:
/// 1. the first.
pub const SCHEMA: u32 = 1;

/// One thing that decides a run's result, with its name for people: `argument 2`, `environment LANG`, `mount /data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name; unique within a key.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// The known part of a run's key: the module, the arguments, the environment, the mounts and the policy; everything
/// that need not be observed.
#[derive(Clone, Debug)]
pub struct CallKey {
    label: Digest,
    parts: Parts,
    digest: OnceLock<Digest>,
}

impl CallKey {
    /// A key without parts yet. Runs of one `label` are told apart in words when they miss: use what stays the same when
    /// people change something, such as the program's path.
    #[must_use]
    pub fn new(label: &[u8]) -> Self {
        Self { label: Digest::of(label), parts: Parts::default(), digest: OnceLock::new() }
    }

    /// Adds a part. Of two with one name both count.
    #[must_use]
    pub fn with(mut self, name: impl Display, value: impl AsRef<[u8]>) -> Self {
        self.parts.push(name, value.as_ref());
        self.digest = OnceLock::new();
        self
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn label(&self) -> Digest {
        self.label
    }

    /// The digest of all parts: every name and value with its length, so that no two keys run into each other.
    #[must_use]
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(b"glowplug call ");
            hasher.update(&SCHEMA.to_le_bytes());
            hasher.update(&self.parts.0);
            hasher.finalize().into()
        })
    }
}

/// Parts as they are digested and kept, one after another: of each the name and the value, before each of which stands its length
/// in eight bytes. A call may have thousands of arguments, and none of them is looked at until somebody asks what changed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts(#[serde(with = "serde_bytes")] Vec<u8>);

/// The length of a length.
const LENGTH: usize = size_of::<u64>();

impl Parts {
    fn push(&mut self, name: impl Display, value: &[u8]) {
        let at = self.0.len();
        self.0.extend([0; LENGTH]);
        // Writing to memory does not fail, and a name that cannot be written is no worse than another one.
        let _ = write!(self.0, "{name}");
        let length = (self.0.len() - at - LENGTH) as u64;
        self.0[at..at + LENGTH].copy_from_slice(&length.to_le_bytes());
        self.0.extend((value.len() as u64).to_le_bytes());
        self.0.extend(value);
    }

    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        fn text<'p>(rest: &mut &'p [u8]) -> Option<&'p [u8]> {
            let (length, after) = rest.split_first_chunk::<LENGTH>()?;
            let (text, after) = after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            *rest = after;
            Some(text)
        }
        let mut rest = &self.0[..];
        std::iter::from_fn(move || Some((text(&mut rest)?, text(&mut rest)?)))
    }

    /// The same for people.
    pub(crate) fn to_vec(&self) -> Vec<Part> {
        let part = |(name, value): (&[u8], &[u8])| Part {
            name: String::from_utf8_lossy(name).into_owned(),
            value: value.to_vec(),
        };
        self.iter().map(part).collect()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.to_vec()).finish()
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
    fn parts_can_be_read_again() {
        let key = CallKey::new(b"x").with("a", "1").with(format_args!("b {}", 2), [0, 255]).with("", "");
        let part = |name: &str, value: &[u8]| Part { name: name.to_owned(), value: value.to_vec() };
        assert_eq!(key.parts().to_vec(), [part("a", b"1"), part("b 2", &[0, 255]), part("", b"")]);
        let cut = Parts(key.parts().0[..30].to_vec());
        assert_eq!(cut.to_vec(), [part("a", b"1")], "what is cut off is no part");
    }

    #[test]
    fn a_part_that_is_added_changes_the_digest() {
        let key = CallKey::new(b"x").with("a", "1");
        let before = key.digest();
        assert_ne!(key.with("b", "2").digest(), before);
    }

    #[test]
    fn the_label_is_no_part() {
        assert_eq!(CallKey::new(b"x").with("a", "1").digest(), CallKey::new(b"y").with("a", "1").digest());
    }
}
