//! Whose wasm is it? Without reading it, where its identity is known.

use crate::cache::ModuleCache;
use crate::error::LoadError;
use crate::key::Kind;
use crate::resident::Known;
use crate::settings::Verify;
use crate::source::{Inner, Source, kind_of};
use crate::store::Store;
use crate::store::records::SourceEntry;
use glowplug_store::Digest;
use glowplug_store::disk;
use glowplug_store::identity::{FileIdentity, Reading};
use glowplug_store::room;
use glowplug_store::seal::Flaw;
use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

/// What a source turned out to hold.
pub(crate) struct Resolved<'l> {
    pub(crate) history: Digest,
    pub(crate) digest: Digest,
    pub(crate) kind: Kind,
    pub(crate) wasm_bytes: u64,
    /// The wasm, if it had to be read.
    pub(crate) wasm: Option<Cow<'l, [u8]>>,
    /// The identity to remember, if a later change must show in it.
    pub(crate) identity: Option<FileIdentity>,
    /// What the store knew.
    pub(crate) entry: Option<SourceEntry>,
    /// What was wrong with what the store knew.
    pub(crate) flaw: Option<Flaw>,
}

impl Resolved<'_> {
    /// What is known without reading.
    fn unread(history: Digest, known: &Known) -> Self {
        let Known { module: digest, kind, wasm_bytes, .. } = *known;
        Self { history, digest, kind, wasm_bytes, wasm: None, identity: None, entry: None, flaw: None }
    }
}

/// Finds out what sources hold.
pub(crate) struct Resolver<'l> {
    pub(crate) cache: &'l ModuleCache,
    pub(crate) source: &'l Source<'l>,
}

impl<'l> Resolver<'l> {
    /// Finds out what the source holds; without reading it, if its identity is known.
    pub(crate) fn resolve(&self, store: Option<&Store>) -> Result<Resolved<'l>, LoadError> {
        let history = Digest::of(&self.source.history_name());
        match &self.source.inner {
            Inner::File(path) => self.resolve_file(store, history, path, None),
            Inner::OpenFile { path, file } => self.resolve_file(store, history, path, Some(file)),
            Inner::Bytes { name, bytes } => self.resolve_bytes(history, name, bytes, Digest::of(bytes)),
            Inner::Embedded { name, bytes, artifact } => {
                // Who vouches for the artifact vouches for the digest of the wasm beside it.
                let digest = artifact.map_or_else(|| Digest::of(bytes), |embedded| embedded.module);
                self.resolve_bytes(history, name, bytes, digest)
            }
        }
    }

    fn resolve_bytes(
        &self,
        history: Digest,
        name: &str,
        bytes: &'l [u8],
        digest: Digest,
    ) -> Result<Resolved<'l>, LoadError> {
        let kind = kind_of(name, bytes)?;
        self.source.check_size(bytes)?;
        let (wasm_bytes, wasm) = (bytes.len() as u64, Some(Cow::Borrowed(bytes)));
        Ok(Resolved { history, digest, kind, wasm_bytes, wasm, identity: None, entry: None, flaw: None })
    }

    fn resolve_file(
        &self,
        store: Option<&Store>,
        history: Digest,
        path: &Path,
        file: Option<&File>,
    ) -> Result<Resolved<'l>, LoadError> {
        let failed = |source| LoadError::Read { path: path.to_owned(), source };
        let stamped = self.cache.settings.as_ref().is_none_or(|settings| settings.verify == Verify::Stamped);
        let identity = disk::identity_of(&match file {
            Some(file) => file.metadata().map_err(failed)?,
            None => std::fs::metadata(path).map_err(failed)?,
        });
        // Whether it was read before or not: the answer must not hang on what the cache knows.
        if identity.size > self.source.most_bytes() {
            return Err(LoadError::TooLarge { name: self.source.name(), most: self.source.most_bytes() });
        }
        if stamped && let Some(known) = self.cache.resident.source(history, &identity) {
            return Ok(Resolved::unread(history, &known));
        }
        let (entry, flaw) = match store.map(|store| store.source(history)) {
            Some(Ok(entry)) => (entry, None),
            Some(Err(flaw)) => (None, Some(flaw)),
            None => (None, None),
        };
        if let Some(entry) = entry.as_ref().filter(|entry| stamped && entry.identity == Some(identity)) {
            let SourceEntry { digest, kind, wasm_bytes, .. } = *entry;
            let known = Known { identity, module: digest, kind, wasm_bytes };
            self.cache.resident.know_source(history, known);
            let unread = Resolved::unread(history, &known);
            return Ok(Resolved { identity: Some(identity), entry: Some(entry.clone()), ..unread });
        }
        let (wasm, identity) = read_file(path, file, self.source.most_bytes())?;
        let kind = kind_of(&self.source.name(), &wasm)?;
        self.source.check_size(&wasm)?;
        let (digest, wasm_bytes) = (Digest::of(&wasm), wasm.len() as u64);
        if let Some(identity) = identity {
            self.cache.resident.know_source(history, Known { identity, module: digest, kind, wasm_bytes });
        }
        Ok(Resolved { history, digest, kind, wasm_bytes, wasm: Some(Cow::Owned(wasm)), identity, entry, flaw })
    }
}

/// Reads a file of at most `most` bytes whole, and makes sure that it did not change meanwhile. The identity comes with it
/// if a later change must show in it.
pub(crate) fn read_file(
    path: &Path,
    open: Option<&File>,
    most: u64,
) -> Result<(Vec<u8>, Option<FileIdentity>), LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    for _ in 0..3 {
        let mut file = match open {
            Some(file) => file.try_clone().map_err(failed)?,
            None => File::open(path).map_err(failed)?,
        };
        let metadata = file.metadata().map_err(failed)?;
        let before = disk::identity_of(&metadata);
        let reading = Reading::begin(&file, before);
        if open.is_some() && metadata.is_file() {
            // Its offset is shared with whoever opened it, and is not ours to know.
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
        }
        let read = room::read_at_most(&mut file, if metadata.is_file() { before.size } else { 0 }, most);
        let Some(bytes) = read.map_err(failed)? else {
            return Err(LoadError::TooLarge { name: path.display().to_string(), most });
        };
        if !metadata.is_file() {
            // A pipe, as from a shell's `<(...)`: it can be read once, and its identity says nothing of what comes out.
            return Ok((bytes, None));
        }
        let after = disk::identity_of(&file.metadata().map_err(failed)?);
        if before == after {
            return Ok((bytes, reading.settles(&after).then_some(after)));
        }
    }
    Err(LoadError::Unstable { path: path.to_owned() })
}
