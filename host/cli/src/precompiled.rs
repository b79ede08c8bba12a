//! Native code that the user gave us.
#![allow(unsafe_code)]

use crate::failure::Failure;
use glowplug_cache::{Code, Digest, EmbeddedArtifact, Source, load_precompiled};
use rustix::mm::{MapFlags, ProtFlags};
use std::fs::File;
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

/// A program and its artifact as if both lay in this binary: mapped, and there for as long as the process is. For
/// `--allow-precompiled` alone.
pub(crate) fn as_embedded(file: &Path, artifact: &Path, digest: &Digest) -> Result<Source<'static>, Failure> {
    let map = |path: &Path| map_whole(path).map_err(|error| Failure::file("read", path, &error));
    let name = file.to_string_lossy().into_owned();
    // SAFETY: as above; besides, whoever names a digest vouches for it.
    let embedded = unsafe { EmbeddedArtifact::new(*digest.as_bytes(), map(artifact)?) };
    Ok(Source::embedded(name, map(file)?, Some(embedded)))
}

fn map_whole(path: &Path) -> std::io::Result<&'static [u8]> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: a new mapping, readable and as long as the file, which is never unmapped. That nobody shortens the file meanwhile
    // is for the user to see to, as it is for native code that is run from a file.
    Ok(unsafe {
        let address = rustix::mm::mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, &file, 0)?;
        std::slice::from_raw_parts(address.cast::<u8>(), length)
    })
}
