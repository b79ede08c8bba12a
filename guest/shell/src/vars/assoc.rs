//! Associative arrays in the order that bash's own hash table gives: scripts see that order, so it is kept.

use std::collections::BTreeMap;

/// What bash begins with.
const BUCKETS: u32 = 1024;

/// One key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    hash: u32,
    key: String,
    value: String,
}

/// A map from text to text. Only buckets in use are kept; each holds its entries oldest first, although bash's chains
/// begin with the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assoc {
    size: u32,
    count: usize,
    buckets: BTreeMap<u32, Vec<Entry>>,
}

impl Default for Assoc {
    fn default() -> Self {
        Self { size: BUCKETS, count: 0, buckets: BTreeMap::new() }
    }
}

/// The FNV-1 hash of bash's `hash_string`, whose characters are signed.
fn hash(key: &str) -> u32 {
    let mut bytes = Vec::new();
    crate::text::push_bytes(&mut bytes, key);
    bytes.iter().fold(2_166_136_261, |hash: u32, &byte| hash.wrapping_mul(16_777_619) ^ (byte as i8 as u32))
}

impl Assoc {
    pub fn get(&self, key: &str) -> Option<&str> {
        let bucket = self.buckets.get(&(hash(key) & (self.size - 1)))?;
        bucket.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn insert(&mut self, key: &str, value: String) {
        let hash = hash(key);
        if let Some(entry) =
            self.buckets.get_mut(&(hash & (self.size - 1))).and_then(|b| b.iter_mut().find(|entry| entry.key == key))
        {
            entry.value = value;
            return;
        }
        if self.count >= self.size as usize * 2 {
            self.grow();
        }
        self.count += 1;
        let entry = Entry { hash, key: key.to_owned(), value };
        self.buckets.entry(hash & (self.size - 1)).or_default().push(entry);
    }

    pub fn remove(&mut self, key: &str) -> Option<String> {
        let index = hash(key) & (self.size - 1);
        let bucket = self.buckets.get_mut(&index)?;
        let position = bucket.iter().position(|entry| entry.key == key)?;
        let entry = bucket.remove(position);
        if bucket.is_empty() {
            self.buckets.remove(&index);
        }
        self.count -= 1;
        Some(entry.value)
    }

    /// Keys and values in bash's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.buckets
            .values()
            .flat_map(|bucket| bucket.iter().rev())
            .map(|entry| (entry.key.as_str(), entry.value.as_str()))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(_, value)| value)
    }

    /// Four times the buckets; as in bash, entries are moved chain by chain, which turns chains around.
    fn grow(&mut self) {
        self.size *= 4;
        for bucket in std::mem::take(&mut self.buckets).into_values() {
            for entry in bucket.into_iter().rev() {
                self.buckets.entry(entry.hash & (self.size - 1)).or_default().push(entry);
            }
        }
    }
}
