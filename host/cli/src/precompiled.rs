//! Native code that the user gave us. The only `unsafe` in the program.
#![allow(unsafe_code)]

use crate::failure::Failure;
use glowplug_cache::{Code, load_precompiled};
use std::path::Path;
use wasmtime::Engine;

/// Loads the artifact at `path`, for `--allow-precompiled` alone.
pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Code, Failure> {
    // SAFETY: cannot be known from here: an artifact carries no proof of where it came from. The user vouched for this
    // one with `--allow-precompiled`, whose help says that it is executed with their rights, unchecked.
    unsafe { load_precompiled(engine, path) }.map_err(|error| {
        Failure::new(format!("failed to load the native code {}", path.display())).because(error.as_ref()).hint(
            "it must have been compiled by this version of glowplug, on a machine like this one; compile it again",
        )
    })
}
