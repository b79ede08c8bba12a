//! The guests in this binary.
#![allow(unsafe_code, reason = "vouching for the artifacts that our own build script made")]

use std::borrow::Cow;

use glowplug_cache::{EmbeddedArtifact, Source};
use glowplug_runtime::process::OwnProgram;

/// A guest as `build.rs` writes it down.
struct Guest {
    name: &'static str,
    wasm: &'static [u8],
    digest: [u8; 32],
    /// With its digest. Nothing when the program was built on another kind of machine.
    artifact: Option<(&'static [u8], [u8; 32])>,
}

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The name of the shell among the programs.
pub(crate) const SHELL_NAME: &str = "bash";
/// The names under which the shell itself is found as a command.
static SHELL_NAMES: &[&str] = &[SHELL_NAME, "glowplug", "sh"];

impl Guest {
    fn source(&self) -> Source<'static> {
        // SAFETY: `build.rs` wrote both from the same wasm, with this very version of Wasmtime.
        let artifact = self
            .artifact
            .map(|(artifact, digest)| unsafe { EmbeddedArtifact::new(self.digest, artifact) }.with_digest(digest));
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
pub(crate) fn digest() -> glowplug_cache::Digest {
    glowplug_cache::Digest::of(&[SHELL.digest, COREUTILS.digest].concat())
}
