//! The guests in this binary.
#![allow(unsafe_code, reason = "vouching for the artifacts that our own build script made")]

use std::borrow::Cow;

use glowplug_cache::{Digest, EmbeddedArtifact, EngineFingerprint, Source};
use glowplug_runtime::process::OwnProgram;

/// A guest as `build.rs` writes it down.
struct Guest {
    name: &'static str,
    wasm: &'static [u8],
    digest: [u8; 32],
    /// Nothing when the program was built on another kind of machine.
    artifact: Option<Artifact>,
}

/// What it compiles to.
struct Artifact {
    bytes: &'static [u8],
    digest: [u8; 32],
    /// The fingerprint of the engine that made it. Code for other settings than the engine's that loads it is not executed.
    engine: [u8; 32],
}

impl Artifact {
    fn fingerprint(&self) -> EngineFingerprint {
        Digest::from_bytes(self.engine).into()
    }
}

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The name of the shell among the programs.
pub(crate) const SHELL_NAME: &str = "bash";
/// The names under which the shell itself is found as a command.
static SHELL_NAMES: &[&str] = &[SHELL_NAME, "glowplug", "sh"];

impl Guest {
    fn source(&self) -> Source<'static> {
        let artifact = self.artifact.as_ref().map(|artifact| {
            // SAFETY: `build.rs` wrote both from the same wasm, with this very version of Wasmtime.
            unsafe { EmbeddedArtifact::new(self.digest, artifact.bytes) }
                .with_digest(artifact.digest)
                .with_engine(artifact.fingerprint())
        });
        Source::embedded(self.name, self.wasm, artifact)
    }
}

/// The programs that every session has.
pub(crate) fn programs() -> Vec<OwnProgram> {
    vec![
        OwnProgram { name: SHELL.name, names: SHELL_NAMES, source: SHELL.source() },
        OwnProgram { name: COREUTILS.name, names: COREUTILS_NAMES, source: COREUTILS.source() },
    ]
}

/// The programs as files: their names and bytes, in the order of [`programs`].
pub(crate) fn program_files() -> Vec<glowplug_fs::Program> {
    let named = |(names, guest): (&'static [&'static str], &'static Guest)| {
        names.iter().map(|name| glowplug_fs::Program {
            name: Cow::Borrowed(*name),
            size: guest.wasm.len() as u64,
            bytes: Some(guest.wasm),
        })
    };
    let mut files = Vec::with_capacity(SHELL_NAMES.len() + COREUTILS_NAMES.len());
    files.extend([(SHELL_NAMES, &SHELL), (COREUTILS_NAMES, &COREUTILS)].into_iter().flat_map(named));
    files
}

/// What tells one set of them from another, whatever they were compiled to.
pub(crate) fn digest() -> Digest {
    Digest::of(&[SHELL.digest, COREUTILS.digest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::run::{default_engine, process_engine};

    /// F1: the build says of which engine each artifact is. It is that of the processes that run it, and of no other.
    #[test]
    fn artifacts_are_of_the_engine_that_runs_them() {
        let of = |engine: &wasmtime::Engine| EngineFingerprint::of(engine);
        let (processes, run) = (process_engine(), default_engine());
        let (processes, run) = (of(processes.compiler().expect("an engine")), of(run.compiler().expect("an engine")));
        for artifact in [&SHELL, &COREUTILS].into_iter().filter_map(|guest| guest.artifact.as_ref()) {
            assert_eq!(artifact.fingerprint(), processes);
            assert_ne!(artifact.fingerprint(), run);
        }
    }
}
