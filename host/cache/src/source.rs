//! Where wasm comes from.

use crate::error::LoadError;
use crate::fingerprint::EngineFingerprint;
use crate::key::Kind;
use crate::load::read_file;
use glowplug_store::Digest;
use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Where wasm comes from: a file, bytes, or the program's own binary. The text format is accepted wherever the binary
/// format is.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    pub(crate) inner: Inner<'a>,
    most_bytes: u64,
    pub(crate) from_guest: bool,
}

/// The most bytes of wasm that are read unless the embedder says less: what engines agree to take
/// (<https://webassembly.github.io/spec/js-api/#limits>).
const MOST_BYTES: u64 = 1 << 30;
/// Text takes many times its size to be parsed, so less of it is: of whatever may be loaded, one in so many bytes.
const TEXT_SHARE: u64 = 16;

#[derive(Clone, Debug)]
pub(crate) enum Inner<'a> {
    File(Cow<'a, Path>),
    OpenFile { path: Cow<'a, Path>, file: &'a File },
    Bytes { name: Cow<'a, str>, bytes: Cow<'a, [u8]> },
    Embedded { name: Cow<'a, str>, bytes: &'static [u8], artifact: Option<EmbeddedArtifact> },
}

/// Native code in the program's own binary, made when the program was built.
/// See [`EmbeddedArtifact::new`].
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedArtifact {
    pub(crate) module: Digest,
    pub(crate) artifact: &'static [u8],
    /// Of the artifact, if the build found it out.
    digest: Option<Digest>,
    /// That it was made with, if the build found it out.
    pub(crate) engine: Option<EngineFingerprint>,
}

impl EmbeddedArtifact {
    pub(crate) const fn from_parts(module: Digest, artifact: &'static [u8]) -> Self {
        Self { module, artifact, digest: None, engine: None }
    }

    /// Says the BLAKE3 digest of the artifact as well, so that its first start need not find it out (4.6 ms for 21 MB). It
    /// authenticates the file that this start leaves in the store; with a wrong one, that file is never used.
    #[must_use]
    pub const fn with_digest(self, digest: [u8; 32]) -> Self {
        Self { digest: Some(Digest::from_bytes(digest)), ..self }
    }

    /// Says the [`EngineFingerprint`] of the engine that made it as well, so that a load need not compare the settings that the
    /// artifact itself names (half a millisecond). It is believed: with a wrong one, the artifact may be kept for an engine
    /// of other settings.
    #[must_use]
    pub const fn with_engine(self, fingerprint: EngineFingerprint) -> Self {
        Self { engine: Some(fingerprint), ..self }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest.unwrap_or_else(|| Digest::of(self.artifact))
    }
}

impl<'a> Source<'a> {
    fn of(inner: Inner<'a>) -> Self {
        Self { inner, most_bytes: MOST_BYTES, from_guest: false }
    }

    /// The same source, of which no more than `bytes` may be loaded: 1 GiB, unless this says less. Text may have a sixteenth.
    ///
    /// ```
    /// use glowplug_cache::{LoadError, ModuleCache, Source};
    ///
    /// let source = Source::bytes("m", &b"\0asm\x01\0\0\0"[..]).at_most(7);
    /// let refused = ModuleCache::disabled("an example").identify(&source);
    /// assert!(matches!(refused, Err(LoadError::TooLarge { most: 7, .. })));
    /// ```
    #[must_use]
    pub fn at_most(self, bytes: u64) -> Self {
        Self { most_bytes: self.most_bytes.min(bytes), ..self }
    }

    /// The same source, which somebody chose whom the user need not trust: a guest, a tenant. Its artifacts are kept apart,
    /// in a small quota ([`Settings::guest_bytes`](crate::Settings::guest_bytes)), and evict none of the user's own.
    #[must_use]
    pub fn from_guest(self) -> Self {
        Self { from_guest: true, ..self }
    }

    pub(crate) fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// Whether what was read may be loaded.
    pub(crate) fn check_size(&self, wasm: &[u8]) -> Result<(), LoadError> {
        let share = if wasm.starts_with(b"\0asm") { 1 } else { TEXT_SHARE };
        let most = self.most_bytes / share;
        if wasm.len() as u64 > most { Err(LoadError::TooLarge { name: self.name(), most }) } else { Ok(()) }
    }

    /// A file. It is not read on a hit: its identity leads to its digest.
    pub fn file(path: impl Into<Cow<'a, Path>>) -> Self {
        Self::of(Inner::File(path.into()))
    }

    /// An open file: what is read and identified is this one, whatever its path leads to meanwhile. The path is what
    /// reports call it, and under which the cache remembers it.
    pub fn open_file(path: impl Into<Cow<'a, Path>>, file: &'a File) -> Self {
        Self::of(Inner::OpenFile { path: path.into(), file })
    }

    /// Bytes in memory. The name is what reports call them, and under which the cache remembers them, to say what
    /// changed; it has no part in the key.
    pub fn bytes(name: impl Into<Cow<'a, str>>, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::of(Inner::Bytes { name: name.into(), bytes: bytes.into() })
    }

    /// Bytes in the program's own binary, with their artifact if there is one.
    pub fn embedded(name: impl Into<Cow<'a, str>>, bytes: &'static [u8], artifact: Option<EmbeddedArtifact>) -> Self {
        Self::of(Inner::Embedded { name: name.into(), bytes, artifact })
    }

    /// Reads the wasm whole, in the binary format whichever was given, and says what it is: for those who want the wasm itself.
    ///
    /// # Errors
    /// When it cannot be read, or is no WebAssembly.
    pub fn read(&self) -> Result<(Kind, Vec<u8>), LoadError> {
        let wasm = match &self.inner {
            Inner::File(path) => Cow::Owned(read_file(path, None, self.most_bytes)?.0),
            Inner::OpenFile { path, file } => Cow::Owned(read_file(path, Some(file), self.most_bytes)?.0),
            Inner::Bytes { bytes, .. } => Cow::Borrowed(&bytes[..]),
            Inner::Embedded { bytes, .. } => Cow::Borrowed(*bytes),
        };
        let name = self.name();
        let kind = kind_of(&name, &wasm)?;
        self.check_size(&wasm)?;
        Ok((kind, to_binary(&name, &wasm)?.into_owned()))
    }

    /// The name in reports.
    pub fn name(&self) -> String {
        match &self.inner {
            Inner::File(path) | Inner::OpenFile { path, .. } => path.display().to_string(),
            Inner::Bytes { name, .. } | Inner::Embedded { name, .. } => name.to_string(),
        }
    }

    /// The same for longer. A file that is open becomes its path: what lies there then is compared before it is used.
    pub(crate) fn to_static(&self) -> Source<'static> {
        let inner = match &self.inner {
            Inner::File(path) | Inner::OpenFile { path, .. } => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
                Inner::File(Cow::Owned(path))
            }
            Inner::Bytes { name, bytes } => Inner::Bytes {
                name: Cow::Owned(name.clone().into_owned()),
                bytes: Cow::Owned(bytes.clone().into_owned()),
            },
            Inner::Embedded { name, bytes, artifact } => {
                Inner::Embedded { name: Cow::Owned(name.clone().into_owned()), bytes, artifact: *artifact }
            }
        };
        Source { inner, most_bytes: self.most_bytes, from_guest: self.from_guest }
    }

    /// What the store files this source's history under: an absolute path, or the name of bytes.
    pub(crate) fn history_name(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt as _;
        match &self.inner {
            Inner::File(path) | Inner::OpenFile { path, .. } => {
                // Not canonical: that would cost a system call for each folder on the way, and the identity decides.
                let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
                [b"file\0", path.as_os_str().as_bytes()].concat()
            }
            Inner::Bytes { name, .. } => [b"bytes\0", name.as_bytes()].concat(),
            Inner::Embedded { name, .. } => [b"embedded\0", name.as_bytes()].concat(),
        }
    }

    pub(crate) fn embedded_artifact(&self) -> Option<EmbeddedArtifact> {
        match self.inner {
            Inner::Embedded { artifact, .. } => artifact,
            _ => None,
        }
    }
}

impl From<PathBuf> for Source<'_> {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl<'a> From<&'a Path> for Source<'a> {
    fn from(path: &'a Path) -> Self {
        Self::file(path)
    }
}

/// What `wasm` is.
///
/// # Errors
/// When it is neither format's beginning.
pub(crate) fn kind_of(name: &str, wasm: &[u8]) -> Result<Kind, LoadError> {
    let not_wasm = |what: &'static str| LoadError::NotWasm { name: name.to_owned(), what };
    match wasm {
        // The version's last two bytes are the layer: 0 is a module, 1 a component.
        [0, b'a', b's', b'm', _, _, 0, 0, ..] => Ok(Kind::Module),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(Kind::Component),
        [0, b'a', b's', b'm', ..] => {
            Err(not_wasm("it begins like WebAssembly, and ends within or has an unknown header"))
        }
        [0x7f, b'E', b'L', b'F', ..] if wasmtime::Engine::detect_precompiled(wasm).is_some() => {
            Err(LoadError::Precompiled { name: name.to_owned() })
        }
        [] => Err(not_wasm("it is empty")),
        _ => match std::str::from_utf8(wasm).ok().and_then(kind_of_text) {
            Some(kind) => Ok(kind),
            None => Err(not_wasm("it begins like neither the binary nor the text format")),
        },
    }
}

/// The binary format, whichever format was given.
pub(crate) fn to_binary<'a>(name: &str, wasm: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    if wasm.starts_with(b"\0asm") {
        return Ok(Cow::Borrowed(wasm));
    }
    wat::parse_bytes(wasm).map_err(|mut error| {
        error.set_path(name);
        LoadError::Text { name: name.to_owned(), source: error }
    })
}

/// A text is a component when its first keyword says so; everything else that begins with a parenthesis is a module,
/// which may leave out its own keyword.
fn kind_of_text(text: &str) -> Option<Kind> {
    let body = skip_blank(text).strip_prefix('(')?;
    let body = skip_blank(body);
    let word = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    match word {
        "component" => Some(Kind::Component),
        "" => None,
        _ => Some(Kind::Module),
    }
}

/// Skips white space, `;; line` and nested `(; block ;)` comments.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\n', '\r']);
        if let Some(line) = text.strip_prefix(";;") {
            text = line.split_once('\n').map_or("", |(_, rest)| rest);
        } else if text.starts_with("(;") {
            text = skip_block(text);
        } else {
            return text;
        }
    }
}

fn skip_block(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"(;" => (depth, at) = (depth + 1, at + 2),
            b";)" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return &text[at..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_without_parsing() {
        let kind = |wasm: &[u8]| kind_of("test", wasm).ok();
        assert_eq!(kind(b"\0asm\x01\0\0\0"), Some(Kind::Module));
        assert_eq!(kind(b"\0asm\x0d\0\x01\0"), Some(Kind::Component));
        assert_eq!(kind(b"\0asm"), None);
        assert_eq!(kind(b""), None);
        assert_eq!(kind(b"#!/bin/sh"), None);
        assert_eq!(kind(b"(module)"), Some(Kind::Module));
        assert_eq!(kind(b"(func)"), Some(Kind::Module));
        assert_eq!(kind(b";; x\n(; (; y ;) (component ;) ( component )"), Some(Kind::Component));
        assert_eq!(kind("(; ü".as_bytes()), None);
        assert_eq!(kind(b"(;)"), None);
        assert_eq!(kind(b"(;;)(module"), Some(Kind::Module));
    }
}
