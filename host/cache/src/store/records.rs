//! The records that a store keeps, as they lie on the disk inside their envelope (`seal.rs`).

use crate::identity::{FileIdentity, Timestamp};
use crate::key::{CacheKey, Digest, Kind, ModuleDigest};
use serde::{Deserialize, Serialize};

/// What is known of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) key: CacheKey,
    /// BLAKE3 of the artifact.
    pub(crate) digest: Digest,
    pub(crate) artifact_bytes: u64,
    pub(crate) wasm_bytes: u64,
    pub(crate) compile_us: u64,
    pub(crate) created: Timestamp,
    /// The source that it was first compiled for, for people to read.
    pub(crate) source: String,
    pub(crate) wasmtime: String,
    pub(crate) strategy: String,
    /// The identity under which the artifact was last found to have its digest.
    pub(crate) stamp: Option<FileIdentity>,
}

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceEntry {
    /// For people to read, and for a note of what has been there.
    pub(crate) name: String,
    /// The file's identity when it was read, if a later change must show in it.
    pub(crate) identity: Option<FileIdentity>,
    pub(crate) digest: ModuleDigest,
    pub(crate) kind: Kind,
    pub(crate) wasm_bytes: u64,
    /// The key under which it was last compiled, to explain a miss.
    pub(crate) last: Option<CacheKey>,
}
