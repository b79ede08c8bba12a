//! The records that a store keeps, as they lie on the disk inside their envelope (`seal.rs`).

use crate::key::{CacheKey, Kind, ModuleDigest};
use crate::store::jobs::JobLimits;
use glowplug_store::Digest;
use glowplug_store::identity::{FileIdentity, Timestamp};
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

/// What is known of compilations in the background that have begun and not succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    pub(crate) key: CacheKey,
    /// For people to read.
    pub(crate) source: String,
    /// How often one has begun.
    pub(crate) attempts: u32,
    /// When the last one began.
    pub(crate) begun: Timestamp,
    /// What it may take.
    pub(crate) limits: JobLimits,
}

/// What whoever compiles writes into the lock's file, for others to read: not authenticated, and never more than shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockNote {
    pub(crate) pid: u32,
    pub(crate) key: CacheKey,
    pub(crate) source: String,
    pub(crate) since: Timestamp,
    pub(crate) background: bool,
}
