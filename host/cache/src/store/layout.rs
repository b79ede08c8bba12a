//! Where things lie in a store. One place, so that nothing else builds paths.

use crate::fingerprint::EngineFingerprint;
use crate::key::{CacheKey, Kind};
use glowplug_store::Digest;

pub(crate) const ARTIFACTS: &str = "artifacts";
pub(crate) const FUNCTIONS: &str = "functions";
pub(crate) const ENGINES: &str = "engines";
pub(crate) const SOURCES: &str = "sources";
pub(crate) const LOCKS: &str = "locks";
pub(crate) const JOBS: &str = "jobs";
pub(crate) const COUNTERS: &str = "counters";
/// Its modification time says when maintenance last ran; its lock keeps two from running at once.
pub(crate) const MAINTENANCE: &str = "maintenance";

/// The folder of an engine's artifacts.
pub(crate) fn artifact_folder(engine: EngineFingerprint) -> String {
    format!("{ARTIFACTS}/{engine}")
}

/// Module and component never share a file, though the same bytes cannot be both.
fn stem(key: &CacheKey) -> String {
    match key.kind {
        Kind::Module => key.module.to_string(),
        Kind::Component => format!("{}.component", key.module),
    }
}

pub(crate) fn artifact(key: &CacheKey) -> String {
    format!("{}/{}.cwasm", artifact_folder(key.engine), stem(key))
}

pub(crate) fn manifest(key: &CacheKey) -> String {
    format!("{}/{}.json", artifact_folder(key.engine), stem(key))
}

pub(crate) fn lock(key: &CacheKey) -> String {
    format!("{LOCKS}/{}", short_name(key))
}

/// What is kept of compilations in the background, until one succeeds.
pub(crate) fn job(key: &CacheKey) -> String {
    format!("{JOBS}/{}.json", short_name(key))
}

/// What such a compilation says.
pub(crate) fn job_log(key: &CacheKey) -> String {
    format!("{JOBS}/{}.log", short_name(key))
}

fn short_name(key: &CacheKey) -> String {
    format!("{}-{}", &key.engine.to_string()[..16], stem(key))
}

pub(crate) fn engine_inputs(engine: EngineFingerprint) -> String {
    format!("{ENGINES}/{engine}.json")
}

pub(crate) fn engine_hint(hint: Digest) -> String {
    format!("{ENGINES}/{hint}.hint")
}

pub(crate) fn source(history: Digest) -> String {
    format!("{SOURCES}/{history}.json")
}

/// The folder of the functions that an engine compiled.
pub(crate) fn functions_folder(engine: EngineFingerprint) -> String {
    format!("{FUNCTIONS}/{engine}")
}

/// The functions that an engine compiled for a source, whatever the source held at the time.
pub(crate) fn functions(engine: EngineFingerprint, history: Digest) -> String {
    format!("{}/{history}{PACK}", functions_folder(engine))
}

/// How such a file's name ends.
pub(crate) const PACK: &str = ".pack";

/// The key that a file name in an artifact folder belongs to, or `None` for what is not one of ours.
pub(crate) fn key_of(folder: &str, manifest_name: &str) -> Option<CacheKey> {
    let engine = EngineFingerprint::from(Digest::parse(folder)?);
    let stem = manifest_name.strip_suffix(".json")?;
    let (digest, kind) = match stem.strip_suffix(".component") {
        Some(digest) => (digest, Kind::Component),
        None => (stem, Kind::Module),
    };
    Some(CacheKey::new(Digest::parse(digest)?, engine, kind))
}
