//! What decides native code beside the wasm: the engine.
//!
//! The decision and its explanation are kept apart. [`EngineFingerprint`] decides; it digests what Wasmtime itself says
//! decides compatibility ([`Engine::precompile_compatibility_hash`]), and Wasmtime's full version, because artifacts
//! record only the major one. [`EngineInputs`] explains; it is read from the settings that an artifact carries, and
//! costs a compilation of the empty module, so it is made on a miss only.

mod hashing;

use glowplug_store::Digest;
pub(crate) use hashing::Blake3Hasher;
use object::{Object as _, ObjectSection as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use wasmtime::Engine;
use wasmtime_environ::{FlagValue, Tunables};

/// Wasmtime's full version, for example `48.0.8`.
pub const WASMTIME_VERSION: &str = wasmtime_environ::VERSION;

/// A digest of everything but the wasm that decides native code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineFingerprint(Digest);

impl EngineFingerprint {
    /// The fingerprint of `engine`. Without its compiler, Wasmtime leaves the target and the compiler's flags out of its
    /// compatibility hash: such an engine has a fingerprint of its own, under which nothing is ever stored, because
    /// nothing can be compiled. [`LazyEngine`](crate::LazyEngine) is how to have hits without a compiler.
    pub fn of(engine: &Engine) -> Self {
        Self::of_version(engine, WASMTIME_VERSION)
    }

    pub(crate) fn of_version(engine: &Engine, wasmtime_version: &str) -> Self {
        Self(hashing::of_engine(engine, wasmtime_version).into())
    }

    /// The digest itself.
    pub fn digest(&self) -> Digest {
        self.0
    }
}

impl From<Digest> for EngineFingerprint {
    fn from(digest: Digest) -> Self {
        Self(digest)
    }
}

impl fmt::Display for EngineFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an engine fingerprint is made of, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInputs {
    /// Wasmtime's full version.
    pub wasmtime: String,
    /// The version that Wasmtime writes into artifacts, or what the embedder put in its place.
    pub module_version: String,
    /// The target triple.
    pub target: String,
    /// `cranelift` (optimized) or `winch` (baseline).
    pub strategy: String,
    /// What the target's CPU offers, as the compiler saw it.
    pub cpu: BTreeMap<String, String>,
    /// The compiler's own flags.
    pub flags: BTreeMap<String, String>,
    /// Wasmtime's tunables.
    pub tunables: BTreeMap<String, String>,
    /// The wasm features that are on.
    pub features: Vec<String>,
}

/// One input that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which group it belongs to, as a reader would name it: `wasmtime`, `target`, `CPU features`, `compiler flags`, ...
    pub group: String,
    /// Which one; empty when the group has only one.
    pub field: String,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, field, from, to } = self;
        let space = if field.is_empty() { "" } else { " " };
        write!(f, "{group} changed:{space}{field} {from} -> {to}")
    }
}

impl EngineInputs {
    /// Reads the inputs off the artifact that `engine` makes of the empty module (a fraction of a millisecond).
    ///
    /// # Errors
    /// When the engine has no compiler, or its artifact cannot be read.
    pub fn of(engine: &Engine) -> wasmtime::Result<Self> {
        Self::of_settings(&settings_of(engine)?, enabled_features(engine))
            .ok_or_else(|| wasmtime::Error::msg("the settings in an artifact could not be read"))
    }

    /// The section holds a version byte, a length byte, a version string of that length, and [`Metadata`] in postcard
    /// (Wasmtime 48, `engine/serialization.rs`).
    fn of_settings(section: &[u8], features: Vec<String>) -> Option<Self> {
        let (_, rest) = section.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (version, rest) = rest.split_at_checked(usize::from(*length))?;
        let metadata: Metadata<'_> = postcard::from_bytes(rest).ok()?;
        // Bits without names, where nobody knows the names.
        let features = if features.is_empty() { vec![format!("{:#x}", metadata.features)] } else { features };
        let tunables = words_of(&metadata.tunables)?;
        Some(Self {
            wasmtime: WASMTIME_VERSION.to_owned(),
            module_version: String::from_utf8_lossy(version).into_owned(),
            target: metadata.target.to_owned(),
            strategy: if metadata.tunables.winch_callable { "winch" } else { "cranelift" }.to_owned(),
            cpu: flags_of(&metadata.isa_flags),
            flags: flags_of(&metadata.shared_flags),
            tunables,
            features,
        })
    }

    /// What changed from `self` to `to`, most telling first; empty when the two are equal.
    pub fn changes(&self, to: &Self) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        let mut single = |group: &str, from: &str, to: &str| {
            if from != to {
                changes.push(change(group, "", from, to));
            }
        };
        single("wasmtime", &self.wasmtime, &to.wasmtime);
        single("module version", &self.module_version, &to.module_version);
        single("target", &self.target, &to.target);
        single("compiler", &self.strategy, &to.strategy);
        maps(CPU, &self.cpu, &to.cpu, &mut changes);
        maps("compiler flags", &self.flags, &to.flags, &mut changes);
        maps("tunables", &self.tunables, &to.tunables, &mut changes);
        let on = |features: &[String]| features.iter().map(|f| (f.clone(), "on".to_owned())).collect();
        maps("wasm features", &on(&self.features), &on(&to.features), &mut changes);
        changes
    }
}

fn change(group: &str, field: &str, from: &str, to: &str) -> FieldChange {
    FieldChange { group: group.to_owned(), field: field.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

fn maps(group: &str, from: &BTreeMap<String, String>, to: &BTreeMap<String, String>, changes: &mut Vec<FieldChange>) {
    let names: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let (old, new) = (from.get(name), to.get(name));
        if old != new {
            let word = |value: Option<&String>| value.map_or("off", String::as_str).to_owned();
            changes.push(change(group, name, &word(old), &word(new)));
        }
    }
}

/// Wasmtime's own record in an artifact, field for field (`engine/serialization.rs`); postcard has no names, so the
/// order matters. The test below notices when a new Wasmtime changes it.
#[derive(Deserialize)]
struct Metadata<'a> {
    target: &'a str,
    #[serde(borrow)]
    shared_flags: Vec<(&'a str, FlagValue<'a>)>,
    #[serde(borrow)]
    isa_flags: Vec<(&'a str, FlagValue<'a>)>,
    tunables: Tunables,
    features: u64,
}

/// The settings that `engine` makes artifacts with, as Wasmtime writes them into one: of the empty module, which is compiled
/// for it in a fraction of a millisecond.
///
/// # Errors
/// When the engine has no compiler.
pub(crate) fn settings_of(engine: &Engine) -> wasmtime::Result<Vec<u8>> {
    let artifact = engine.precompile_module(b"\0asm\x01\0\0\0")?;
    let settings = settings_in(&artifact).map(<[u8]>::to_vec);
    settings.ok_or_else(|| wasmtime::Error::msg("the settings in an artifact could not be read"))
}

/// The settings that `artifact` was made with, as Wasmtime wrote them into it: target, flags of the compiler and of the
/// processor, tunables, features, version. Two artifacts of equal ones come from engines that compile alike.
fn settings_in(artifact: &[u8]) -> Option<&[u8]> {
    let file = object::read::elf::ElfFile64::<object::Endianness, _>::parse(artifact).ok()?;
    file.section_by_name(wasmtime_environ::obj::ELF_WASM_ENGINE)?.data().ok()
}

/// What an artifact from elsewhere is to an engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is what the engine itself would have made.
    Same,
    /// It does what the engine's own would do, with less of the processor; or the engine, having no compiler, makes none.
    /// It may be used, and is none of those that are kept for this engine.
    Runs,
    /// It was made with other settings, or cannot be read.
    Other(Vec<FieldChange>),
}

/// What an artifact is to the engine that makes artifacts with the settings `ours`.
pub(crate) fn fit(artifact: &[u8], ours: &[u8]) -> Fit {
    match settings_in(artifact) {
        Some(theirs) if theirs == ours => Fit::Same,
        Some(theirs) => match (inputs(theirs), inputs(ours)) {
            (Some(theirs), Some(ours)) => fit_of_inputs(&theirs, &ours),
            _ => Fit::Other(Vec::new()),
        },
        None => Fit::Other(Vec::new()),
    }
}

fn inputs(settings: &[u8]) -> Option<EngineInputs> {
    EngineInputs::of_settings(settings, Vec::new())
}

fn fit_of_inputs(theirs: &EngineInputs, ours: &EngineInputs) -> Fit {
    let changes = theirs.changes(ours);
    // The same section in other bytes is one that is read wrongly.
    let less = |change: &FieldChange| change.group == CPU && change.from == "false" && change.to == "true";
    if !changes.is_empty() && changes.iter().all(less) { Fit::Runs } else { Fit::Other(changes) }
}

const CPU: &str = "CPU features";

fn flags_of(flags: &[(&str, FlagValue<'_>)]) -> BTreeMap<String, String> {
    flags.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
}

fn words_of(tunables: &Tunables) -> Option<BTreeMap<String, String>> {
    let serde_json::Value::Object(fields) = serde_json::to_value(tunables).ok()? else { return None };
    let word = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    Some(fields.into_iter().map(|(name, value)| (name, word(value))).collect())
}

/// The artifact holds the wasm features as bits without names; the configuration's `Debug` has the names.
fn enabled_features(engine: &Engine) -> Vec<String> {
    let text = format!("{:?}", engine.config());
    let mut features: Vec<String> = text
        .split([',', '{', '}'])
        .filter_map(|field| field.trim().strip_prefix("wasm_")?.strip_suffix(": true"))
        .map(str::to_owned)
        .collect();
    features.sort();
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Config, OptLevel};

    fn engine(change: impl FnOnce(&mut Config)) -> Engine {
        let mut config = Config::new();
        change(&mut config);
        Engine::new(&config).expect("a valid configuration")
    }

    #[test]
    fn words_are_read_from_an_artifact() {
        let inputs = EngineInputs::of(&engine(|_| ())).expect("inputs");
        assert_eq!(inputs.wasmtime, WASMTIME_VERSION);
        assert_eq!(inputs.flags["opt_level"], "speed");
        assert_eq!(inputs.tunables["epoch_interruption"], "false");
        assert_eq!(inputs.strategy, "cranelift");
        assert!(inputs.features.iter().any(|f| f == "simd"), "{:?}", inputs.features);
        assert!(!inputs.cpu.is_empty() || cfg!(not(target_arch = "x86_64")));
        assert!(inputs.target.contains(std::env::consts::ARCH));
    }

    #[test]
    fn a_change_is_named() {
        let before = EngineInputs::of(&engine(|_| ())).expect("inputs");
        let after = EngineInputs::of(&engine(|c| {
            c.cranelift_opt_level(OptLevel::None).wasm_simd(false).wasm_relaxed_simd(false);
        }))
        .expect("inputs");
        let said: Vec<String> = before.changes(&after).iter().map(ToString::to_string).collect();
        assert!(said.contains(&"compiler flags changed: opt_level speed -> none".to_owned()), "{said:?}");
        assert!(said.contains(&"wasm features changed: simd on -> off".to_owned()), "{said:?}");
        assert!(before.changes(&before).is_empty());
    }

    #[test]
    fn an_artifact_fits_engines_of_its_own_settings_alone() {
        let plain = engine(|_| ());
        let artifact = plain.precompile_module(b"\0asm\x01\0\0\0").expect("compiled");
        let ours = settings_of(&engine(|_| ())).expect("settings");
        assert_eq!(fit(&artifact, &ours), Fit::Same);
        assert_eq!(fit(b"no artifact", &ours), Fit::Other(Vec::new()));
        // The first five are those that Wasmtime does not compare.
        let others: [fn(&mut Config); 7] = [
            |c| _ = c.cranelift_nan_canonicalization(true),
            |c| _ = c.cranelift_opt_level(OptLevel::None),
            |c| _ = c.native_unwind_info(false),
            |c| _ = c.cranelift_regalloc_algorithm(wasmtime::RegallocAlgorithm::SinglePass),
            |c| _ = c.cranelift_opt_level(OptLevel::SpeedAndSize),
            |c| _ = c.consume_fuel(true),
            |c| _ = c.wasm_simd(false).wasm_relaxed_simd(false),
        ];
        for (number, other) in others.into_iter().enumerate() {
            let ours = settings_of(&engine(other)).expect("settings");
            let fit = fit(&artifact, &ours);
            assert!(matches!(&fit, Fit::Other(changes) if !changes.is_empty()), "{number}: {fit:?}");
        }
    }

    #[test]
    fn an_artifact_for_less_of_the_processor_runs() {
        let with = |avx: &str| {
            let mut inputs = EngineInputs::of(&engine(|_| ())).expect("inputs");
            inputs.cpu.insert("has_avx".to_owned(), avx.to_owned());
            inputs
        };
        assert_eq!(fit_of_inputs(&with("false"), &with("true")), Fit::Runs);
        assert!(matches!(fit_of_inputs(&with("true"), &with("false")), Fit::Other(_)));
    }

    #[test]
    fn fingerprints_depend_on_the_full_version() {
        let engine = engine(|_| ());
        assert_ne!(EngineFingerprint::of(&engine), EngineFingerprint::of_version(&engine, "48.0.0"));
        assert_eq!(EngineFingerprint::of(&engine), EngineFingerprint::of_version(&engine, WASMTIME_VERSION));
    }
}
