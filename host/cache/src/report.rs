//! What happened in a load, and why.

use crate::fingerprint::FieldChange;
use crate::key::{CacheKey, Kind, ModuleDigest};
use glowplug_store::seal::Flaw;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Whether an artifact was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was found and used.
    Hit,
    /// It was not; the wasm was compiled. [`LoadReport::reason`] says why.
    Miss,
    /// No cache was asked. [`LoadReport::bypass`] says why.
    Bypass,
}

/// Where the artifact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// This process had it.
    Resident,
    /// The program's own binary holds it.
    Embedded,
    /// It lay on the disk.
    Local,
    /// It was found nowhere and compiled now.
    Compiled,
}

/// Which compiler made code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompilerTier {
    /// The one that compiles fast: its code is slower, and is meant for the time until there is better.
    Baseline,
    /// The one that takes its time.
    Optimized,
}

/// Why a miss was not answered with baseline code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBaseline {
    /// Optimizing it takes little time as it is.
    TooSmall {
        /// The wasm's size.
        wasm_bytes: u64,
        /// The least that is worth it.
        least_bytes: u64,
    },
    /// The baseline compiler cannot compile it.
    Unsupported {
        /// Why, in that compiler's words.
        what: String,
    },
    /// The embedder did not ask for it.
    Unwanted {
        /// Why not, in the embedder's words.
        what: String,
    },
}

impl fmt::Display for NoBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSmall { wasm_bytes, least_bytes } => {
                write!(f, "{wasm_bytes} bytes are optimized soon enough; worth it from {least_bytes} bytes on")
            }
            Self::Unsupported { what } => write!(f, "the baseline compiler cannot compile it: {what}"),
            Self::Unwanted { what } => f.write_str(what),
        }
    }
}

/// Which store served the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendUsed {
    /// This crate's own.
    Aot,
    /// Wasmtime's disk cache.
    Wasmtime,
    /// None.
    None,
}

/// Why there was no artifact: the difference from what was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum MissReason {
    /// Nothing is known of this source.
    NeverSeen,
    /// The source held other wasm when it was last compiled.
    ModuleChanged {
        /// What it held.
        from: ModuleDigest,
        /// What it holds.
        to: ModuleDigest,
    },
    /// The same wasm was compiled for another engine.
    EngineChanged {
        /// Each input that differs; empty when the difference has no name.
        changes: Vec<FieldChange>,
    },
    /// The same source is known to a store of another layout.
    SchemaChanged {
        /// That store's version.
        from: u32,
        /// This one's.
        to: u32,
    },
    /// What was there is damaged; it was moved aside.
    Corrupt {
        /// What is wrong with it.
        what: String,
    },
    /// What was there is not from us; it was moved aside.
    Untrusted {
        /// What is wrong with it.
        what: String,
    },
    /// What was there is sound, and Wasmtime does not take it for this engine; it is replaced.
    Refused {
        /// Why not, in Wasmtime's words.
        what: String,
    },
    /// It was there once, and was removed since.
    Evicted,
    /// The backend does not say.
    Unknown,
}

impl MissReason {
    /// The reason as one word, for counting.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NeverSeen => "never-seen",
            Self::ModuleChanged { .. } => "module-changed",
            Self::EngineChanged { .. } => "engine-changed",
            Self::SchemaChanged { .. } => "schema-changed",
            Self::Corrupt { .. } => "corrupt",
            Self::Untrusted { .. } => "untrusted",
            Self::Refused { .. } => "refused",
            Self::Evicted => "evicted",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Flaw> for MissReason {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Corrupt(what) => Self::Corrupt { what },
            Flaw::Untrusted(what) => Self::Untrusted { what },
        }
    }
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverSeen => f.write_str("never seen before"),
            Self::ModuleChanged { from, to } => {
                write!(f, "module changed: {}.. -> {}..", &from.short()[..4], &to.short()[..4])
            }
            Self::EngineChanged { changes } => match changes.split_first() {
                None => f.write_str("engine changed in a setting that Wasmtime does not name"),
                Some((first, [])) => first.fmt(f),
                Some((first, rest)) => {
                    first.fmt(f)?;
                    rest.iter().try_for_each(|change| write!(f, "; {change}"))
                }
            },
            Self::SchemaChanged { from, to } => write!(f, "the store's layout changed: version {from} -> {to}"),
            Self::Corrupt { what } => write!(f, "corrupt: {what}"),
            Self::Untrusted { what } => write!(f, "untrusted: {what}"),
            Self::Refused { what } => write!(f, "refused: Wasmtime does not take the artifact: {what}"),
            Self::Evicted => f.write_str("evicted: it was compiled before and has been removed since"),
            Self::Unknown => f.write_str("unknown: Wasmtime's own cache does not say why"),
        }
    }
}

/// How long each part of a load took; what did not happen is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Working out the engine's fingerprint.
    pub fingerprint: Option<Duration>,
    /// Working out the module's digest: a look at the file, or reading it.
    pub source: Option<Duration>,
    /// Looking for the artifact and reading its manifest.
    pub lookup: Option<Duration>,
    /// Hashing the artifact.
    pub verify: Option<Duration>,
    /// Waiting for another process or thread that compiled the same.
    pub wait: Option<Duration>,
    /// What the baseline compiler took before it gave up.
    pub baseline: Option<Duration>,
    /// Compiling.
    pub compile: Option<Duration>,
    /// Writing the artifact to the store.
    pub store: Option<Duration>,
    /// Making code of the artifact: mapping and checking.
    pub deserialize: Option<Duration>,
    /// Noting what a hit found out: that the artifact was hashed, or a file's new identity.
    pub note: Option<Duration>,
}

impl Phases {
    /// The phases that happened, by name, in the order in which they happen.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        [
            ("fingerprint", self.fingerprint),
            ("source", self.source),
            ("lookup", self.lookup),
            ("verify", self.verify),
            ("wait", self.wait),
            ("baseline", self.baseline),
            ("compile", self.compile),
            ("store", self.store),
            ("deserialize", self.deserialize),
            ("note", self.note),
        ]
        .into_iter()
        .filter_map(|(name, time)| Some((name, time?)))
    }
}

/// What a load did.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// The source, as the embedder named it.
    pub source: String,
    /// Whether an artifact was found.
    pub outcome: Outcome,
    /// Where.
    pub tier: Tier,
    /// Which store was asked.
    pub backend: BackendUsed,
    /// Why it was a miss.
    pub reason: Option<MissReason>,
    /// Why it was a bypass.
    pub bypass: Option<String>,
    /// Under which key; `None` when no cache was asked.
    pub key: Option<CacheKey>,
    /// The wasm's size, where it is known.
    pub wasm_bytes: Option<u64>,
    /// The artifact's size, where it is known.
    pub artifact_bytes: Option<u64>,
    /// How long each part took.
    pub phases: Phases,
    /// What this hit saved: the time that compiling took when the artifact was made.
    pub saved: Option<Duration>,
    /// Which compiler made the code; only of a load that had two to choose from.
    pub code: Option<CompilerTier>,
    /// Why that was not the baseline compiler, where there was no optimized artifact yet.
    pub no_baseline: Option<NoBaseline>,
    /// What this compilation did not have to compile, where it asked.
    pub reused: Option<Reused>,
    /// Why the artifact was copied into memory instead of mapped: it takes longer, and memory of its own.
    pub copied: Option<String>,
    /// What went wrong without harm: an artifact that could not be stored, a record that could not be read.
    pub notes: Vec<String>,
}

/// Functions that were found instead of compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reused {
    /// How many.
    pub functions: u64,
    /// Of how many, trampolines included.
    pub of: u64,
}

/// What [`ModuleCache::identify`](crate::ModuleCache::identify) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The digest of the wasm as shipped.
    pub module: ModuleDigest,
    /// Module or component.
    pub kind: Kind,
    /// The wasm's size.
    pub wasm_bytes: u64,
}

/// Would a load be a hit?
#[derive(Clone, Debug)]
pub struct Probe {
    /// What a load would report.
    pub outcome: Outcome,
    /// Where the artifact would come from.
    pub tier: Tier,
    /// Which store would be asked.
    pub backend: BackendUsed,
    /// Why it would be a miss.
    pub reason: Option<MissReason>,
    /// Why it would be a bypass.
    pub bypass: Option<String>,
    /// Under which key.
    pub key: Option<CacheKey>,
    /// The wasm's size.
    pub wasm_bytes: Option<u64>,
    /// The artifact's size.
    pub artifact_bytes: Option<u64>,
    /// Which compiler made it; only where there were two to choose from. A hit of a baseline artifact has a reason too: why
    /// there is no optimized one.
    pub code: Option<CompilerTier>,
}
