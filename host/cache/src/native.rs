//! From bytes to code that runs with the user's rights. The only module with `unsafe`, and the only one that may call
//! Wasmtime's deserialize functions (`clippy.toml` keeps it so).
//!
//! Everything in here takes what has been checked: [`Checked`] is made from an open file whose contents were hashed, or
//! whose identity under which they were hashed is unchanged, and the same open file is mapped.
#![allow(unsafe_code, clippy::disallowed_methods)]

use crate::key::Kind;
use crate::source::EmbeddedArtifact;
use glowplug_store::Digest;
use std::fs::File;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

/// Code of either kind.
#[derive(Clone)]
pub enum Code {
    /// A core module.
    Module(Module),
    /// A component.
    Component(Component),
}

impl Code {
    /// The engine that it belongs to: stores for it are made with this one.
    pub fn engine(&self) -> &Engine {
        match self {
            Self::Module(module) => module.engine(),
            Self::Component(component) => component.engine(),
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Module(_) => Kind::Module,
            Self::Component(_) => Kind::Component,
        }
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code::{:?}(..)", self.kind())
    }
}

/// An open artifact whose contents are known to be what an authenticated manifest says.
#[derive(Debug)]
pub(crate) struct Checked(File);

impl Checked {
    /// `file` must have been checked by the store, or written by it just now.
    pub(crate) fn new(file: File) -> Self {
        Self(file)
    }

    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

/// Maps a checked artifact.
///
/// # Errors
/// When Wasmtime does not take it: made by another version, for other settings or another CPU.
pub(crate) fn map(engine: &Engine, kind: Kind, Checked(file): &Checked) -> wasmtime::Result<Code> {
    // SAFETY: the contents are what Wasmtime serialized: their digest is authenticated with a key that only the user can
    // read, and was compared on this very open file. Files in the store are never changed in place, only replaced
    // and unlinked, and nobody but the user can write to its folders.
    unsafe {
        Ok(match kind {
            Kind::Module => Code::Module(Module::deserialize_open_file(engine, file.try_clone()?)?),
            Kind::Component => Code::Component(map_component(engine, file)?),
        })
    }
}

/// Wasmtime 48 maps components by name only. This name stands for the open file itself, whatever became of its own name.
///
/// # Safety
/// As [`Component::deserialize_file`].
unsafe fn map_component(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::FileExt as _;
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let path = format!("{folder}/{}", file.as_raw_fd());
    if std::fs::exists(&path).unwrap_or(false) {
        // SAFETY: passed on to the caller.
        return unsafe { Component::deserialize_file(engine, path) };
    }
    // A sandbox without these folders: copied instead of mapped.
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len())?];
    file.read_exact_at(&mut bytes, 0)?;
    // SAFETY: passed on to the caller.
    unsafe { Component::deserialize(engine, bytes) }
}

/// Loads an artifact that this process compiled itself and could not put into the store.
pub(crate) fn load_own(engine: &Engine, kind: Kind, artifact: &Compiled) -> wasmtime::Result<Code> {
    // SAFETY: `Compiled` is made by `compile` only, from what Wasmtime serialized a moment ago in this process.
    unsafe { load(engine, kind, &artifact.0) }
}

/// Loads an artifact of the program's own binary.
pub(crate) fn load_embedded(engine: &Engine, kind: Kind, artifact: &EmbeddedArtifact) -> wasmtime::Result<Code> {
    // SAFETY: whoever made the `EmbeddedArtifact` promised it, see there.
    unsafe { load(engine, kind, artifact.artifact) }
}

/// # Safety
/// `artifact` must be what Wasmtime serialized.
unsafe fn load(engine: &Engine, kind: Kind, artifact: &[u8]) -> wasmtime::Result<Code> {
    // SAFETY: passed on to the caller.
    unsafe {
        Ok(match kind {
            Kind::Module => Code::Module(Module::deserialize(engine, artifact)?),
            Kind::Component => Code::Component(Component::deserialize(engine, artifact)?),
        })
    }
}

/// An artifact that was compiled in this process.
#[derive(Debug)]
pub(crate) struct Compiled(Vec<u8>);

impl Compiled {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Compiles wasm in the binary format.
pub(crate) fn compile(engine: &Engine, kind: Kind, wasm: &[u8]) -> wasmtime::Result<Compiled> {
    Ok(Compiled(match kind {
        Kind::Module => engine.precompile_module(wasm)?,
        Kind::Component => engine.precompile_component(wasm)?,
    }))
}

/// Makes code without an artifact, through whatever cache the engine itself has.
pub(crate) fn make(engine: &Engine, kind: Kind, wasm: &[u8]) -> wasmtime::Result<Code> {
    Ok(match kind {
        Kind::Module => Code::Module(Module::from_binary(engine, wasm)?),
        Kind::Component => Code::Component(Component::from_binary(engine, wasm)?),
    })
}

impl EmbeddedArtifact {
    /// An artifact in the program's own binary: what [`Engine::precompile_module`] (or `precompile_component`) made of
    /// the wasm whose BLAKE3 digest is `module`, usually in a build script, included with `include_bytes!`.
    ///
    /// # Safety
    /// `artifact` must be unchanged from what Wasmtime returned for that very wasm: it is executed without a check of its
    /// contents, as is the rest of the program's binary.
    pub const unsafe fn new(module: [u8; 32], artifact: &'static [u8]) -> Self {
        Self::from_parts(Digest::from_bytes(module), artifact)
    }
}

/// Loads an artifact from a file that is not in the store, as `wasmtime run --allow-precompiled` does.
///
/// # Safety
/// The file must be what Wasmtime serialized, and must not change while the code is in use: it is executed as it is.
///
/// # Errors
/// When the file cannot be read, or Wasmtime does not take it.
pub unsafe fn load_precompiled(engine: &Engine, path: &std::path::Path) -> wasmtime::Result<Code> {
    let file = File::open(path)?;
    let kind = match Engine::detect_precompiled_file(path)? {
        Some(wasmtime::Precompiled::Component) => Kind::Component,
        Some(wasmtime::Precompiled::Module) => Kind::Module,
        None => return Err(wasmtime::Error::msg(format!("{} is not an artifact of Wasmtime", path.display()))),
    };
    map(engine, kind, &Checked(file))
}
