//! From bytes to code that runs with the user's rights. The only module with `unsafe`, and the only one that may call
//! Wasmtime's deserialize functions (`clippy.toml` keeps it so).
//!
//! Everything in here takes what has been checked: [`Checked`] is made from an open file whose contents were hashed, or
//! whose identity under which they were hashed is unchanged, and the same open file is mapped.
#![allow(unsafe_code, clippy::disallowed_methods)]

use crate::key::Kind;
use crate::source::EmbeddedArtifact;
use glowplug_store::disk::executable_identity;
use glowplug_store::room;
use glowplug_store::{Digest, FileIdentity};
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
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

    /// Whether its file system lets nothing be executed from files.
    pub(crate) fn is_noexec(&self) -> bool {
        let flags = rustix::fs::fstatvfs(&self.0).map(|system| system.f_flag);
        flags.is_ok_and(|flags| flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
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
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let path = format!("{folder}/{}", file.as_raw_fd());
    if std::fs::exists(&path).unwrap_or(false) {
        // SAFETY: passed on to the caller.
        return unsafe { Component::deserialize_file(engine, path) };
    }
    // A sandbox without these folders: copied instead of mapped.
    let bytes = contents_of(file)?;
    // SAFETY: passed on to the caller.
    unsafe { Component::deserialize(engine, bytes) }
}

/// Copies a checked artifact into memory, for folders whose files must not be executed (`noexec`): code that may be run from
/// memory is no less checked for having lain there.
///
/// # Errors
/// When it cannot be read, or Wasmtime does not take it.
pub(crate) fn copy(engine: &Engine, kind: Kind, Checked(file): &Checked) -> wasmtime::Result<Code> {
    let bytes = contents_of(file)?;
    // SAFETY: as for `map`: these are the contents of the very open file that was checked.
    unsafe { load(engine, kind, &bytes) }
}

/// Whatever its offset is.
fn contents_of(file: &File) -> io::Result<Vec<u8>> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let bytes = file.metadata()?.len();
    room::read_exactly(&mut file, bytes)
}

/// The artifact of the program's own binary as a file of memory that nobody can change any more, to be mapped: only the
/// pages that are used are then this process's own.
///
/// # Errors
/// When the system has no such files, or no memory.
pub(crate) fn file_of_memory(artifact: &EmbeddedArtifact) -> io::Result<Checked> {
    let file = rustix::fs::memfd_create("glowplug artifact", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut file = File::from(file);
    file.write_all(artifact.artifact)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(Checked(file))
}

/// The file that holds the code at `address`, a function's of this process, and where in it that lies; `None` when nobody
/// says. In a program that is the program's own file; in a shared library, which another program has loaded, it is not.
pub(crate) fn object_of(address: usize) -> Option<(FileIdentity, u64)> {
    match offset_in_program(address) {
        Some(offset) => Some((executable_identity()?, offset)),
        None => mapped_object(&std::fs::read_to_string("/proc/self/maps").ok()?, address as u64),
    }
}

/// How far `address` lies from the program headers of the program that was started; `None` outside of what they load.
#[cfg(target_os = "linux")]
fn offset_in_program(address: usize) -> Option<u64> {
    /// `Elf64_Phdr` of elf(5), and its kinds.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct ProgramHeader {
        kind: u32,
        flags: u32,
        offset: u64,
        virtual_address: u64,
        physical_address: u64,
        file_bytes: u64,
        memory_bytes: u64,
        alignment: u64,
    }
    const LOAD: u32 = 1;
    const HEADERS: u32 = 6;
    /// The size of `Elf64_Ehdr`.
    const FILE_HEADER: u64 = 64;
    // SAFETY: looks up a number that the kernel gave the process.
    let told = |kind| unsafe { libc::getauxval(kind) } as usize;
    let (first, size, count) = (told(libc::AT_PHDR), told(libc::AT_PHENT), told(libc::AT_PHNUM));
    if cfg!(not(target_pointer_width = "64")) || first == 0 || size != size_of::<ProgramHeader>() {
        return None;
    }
    // SAFETY: the kernel told the process where its program headers are (`AT_PHDR`), of which size and how many. They are
    // within the program's first segment, which is readable, never written to, and mapped for as long as the process is.
    let headers = unsafe { std::slice::from_raw_parts(first as *const ProgramHeader, count) };
    // They have an entry of their own, or come after the file's header at the beginning of the first segment.
    let place = headers.iter().find(|header| header.kind == HEADERS).map(|header| header.virtual_address);
    let in_segment = || {
        let header = headers.iter().find(|header| header.kind == LOAD && header.offset == 0)?;
        Some(header.virtual_address.wrapping_add(FILE_HEADER))
    };
    let moved_by = (first as u64).wrapping_sub(place.or_else(in_segment)?);
    let address = address as u64;
    let holds = |header: &ProgramHeader| {
        header.kind == LOAD && address.wrapping_sub(moved_by.wrapping_add(header.virtual_address)) < header.memory_bytes
    };
    headers.iter().any(holds).then(|| address.wrapping_sub(first as u64))
}

#[cfg(not(target_os = "linux"))]
fn offset_in_program(_: usize) -> Option<u64> {
    None
}

/// The file that is mapped at `address`, from the text of `/proc/self/maps`, if it is still what lies under its name.
fn mapped_object(maps: &str, address: u64) -> Option<(FileIdentity, u64)> {
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    maps.lines().find_map(|line| {
        // `7f00-7f80 r-xp 00001000 fd:00 1234    /usr/lib/libx.so`
        let mut words = line.splitn(6, ' ');
        let (begin, end) = words.next()?.split_once('-')?;
        let begin = number(begin)?;
        if !(begin..number(end)?).contains(&address) {
            return None;
        }
        let offset = number(words.nth(1)?)?;
        let inode: u64 = words.nth(1)?.parse().ok()?;
        let metadata = std::fs::metadata(words.next()?.trim_start()).ok()?;
        let identity = glowplug_store::disk::identity_of(&metadata);
        (identity.ino == inode).then(|| (identity, address - begin + offset))
    })
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
    /// contents, as is the rest of the program's binary. It must have been made by this version of Wasmtime
    /// ([`WASMTIME_VERSION`](crate::WASMTIME_VERSION)), of which an artifact tells the first number only.
    ///
    /// For which settings it was made need not be promised: the artifact says so itself. It is used only where they are
    /// those of the engine, or lack nothing but features of the processor; and it is kept in the store only where they are
    /// the same.
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
