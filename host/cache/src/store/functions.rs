//! Packs of functions in a store: one for each engine and source.

use super::admin::{Stray, ignore_missing};
use super::records::SourceEntry;
use super::{Store, layout};
use crate::fingerprint::EngineFingerprint;
use crate::functions::pack::{self, Pack};
use crate::key::ModuleDigest;
use glowplug_store::Digest;
use glowplug_store::folder::unreadable;
use glowplug_store::room;
use glowplug_store::seal::Flaw;
use std::io::{self, ErrorKind};
use std::time::SystemTime;

/// What the MAC of packs is made for, so that no record can pass as one.
const KIND: &str = "functions";

/// What is kept of a source's functions, so that only those that changed are compiled again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPack {
    /// The engine that compiled them.
    pub engine: EngineFingerprint,
    /// The source, if it is still known.
    pub source: Option<String>,
    /// The file's size.
    pub bytes: u64,
    /// When the source was last compiled with it.
    pub last_used: SystemTime,
}

/// A pack as listed, before anything is read.
pub(super) struct StoredPack {
    pub(super) engine: EngineFingerprint,
    pub(super) history: Digest,
    pub(super) bytes: u64,
    pub(super) last_used: SystemTime,
}

impl StoredPack {
    pub(super) fn path(&self) -> String {
        layout::functions(self.engine, self.history)
    }
}

impl Store {
    /// The functions that `engine` compiled for a source, authenticated.
    pub(crate) fn functions(&self, engine: EngineFingerprint, history: Digest) -> Result<Option<Pack>, Flaw> {
        match self.folder.check_folders(&[layout::FUNCTIONS, &layout::functions_folder(engine)]) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(reason) => return Err(Flaw::Untrusted(reason)),
        }
        self.read_pack(&layout::functions(engine, history))
    }

    /// Reads a pack into memory, so that nobody can change it after it was checked.
    fn read_pack(&self, path: &str) -> Result<Option<Pack>, Flaw> {
        let (mut file, meta) = match self.folder.disk().open(path) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        self.folder.check_file(path, &meta)?;
        if meta.identity.size > pack::MAX_BYTES as u64 {
            return Err(Flaw::Corrupt(format!("{path} is larger than any that is written")));
        }
        let bytes = room::read_exactly(&mut file, meta.identity.size).map_err(|error| unreadable(path, &error))?;
        let (mac, body) =
            pack::mac(&bytes).ok_or_else(|| Flaw::Corrupt(format!("{path} is not a pack of functions")))?;
        // blake3's own type compares in constant time.
        if self.folder.seal().mac_of_file(KIND, path, body) != blake3::Hash::from_bytes(*mac) {
            return Err(Flaw::Untrusted(format!("{path} was not written with this user's key, or was changed since")));
        }
        let pack = Pack::decode(bytes).ok_or_else(|| Flaw::Corrupt(format!("{path} was written in another format")))?;
        Ok(Some(pack))
    }

    /// Puts a pack in the place of the one before it.
    pub(crate) fn keep_functions(
        &self,
        engine: EngineFingerprint,
        history: Digest,
        mut pack: Vec<u8>,
    ) -> io::Result<()> {
        let (folder, path) = (layout::functions_folder(engine), layout::functions(engine, history));
        self.folder.make_safe_folders(&[layout::FUNCTIONS, &folder])?;
        let body = pack::mac(&pack).ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?.1;
        let mac = self.folder.seal().mac_of_file(KIND, &path, body);
        pack::set_mac(&mut pack, mac.as_bytes());
        self.folder.write_file(&path, &pack).map(drop)
    }

    /// Notes that a pack was of use and needed no change.
    pub(crate) fn note_use_of_functions(&self, engine: EngineFingerprint, history: Digest) -> io::Result<()> {
        ignore_missing(self.folder.disk().touch(&layout::functions(engine, history)))
    }

    /// Moves a pack aside.
    pub(crate) fn quarantine_functions(&self, engine: EngineFingerprint, history: Digest) -> io::Result<()> {
        self.folder.set_aside(&layout::functions(engine, history))
    }

    /// All packs, and what lies beside them.
    pub(super) fn walk_functions(&self) -> io::Result<(Vec<StoredPack>, Vec<Stray>)> {
        let (mut packs, mut strays) = (Vec::new(), Vec::new());
        for folder in self.folder.list(layout::FUNCTIONS)? {
            let path = format!("{}/{}", layout::FUNCTIONS, folder.name);
            let files = if folder.meta.is_dir { self.folder.list(&path)? } else { Vec::new() };
            if files.is_empty() {
                strays.push((path, folder));
                continue;
            }
            let engine = Digest::parse(&folder.name).map(EngineFingerprint::from);
            for file in files {
                let history = file.name.strip_suffix(layout::PACK).and_then(Digest::parse);
                match engine.zip(history) {
                    Some((engine, history)) => {
                        let (bytes, last_used) = (file.meta.identity.size, file.meta.identity.mtime.as_system_time());
                        packs.push(StoredPack { engine, history, bytes, last_used });
                    }
                    None => strays.push((format!("{path}/{}", file.name), file)),
                }
            }
        }
        Ok((packs, strays))
    }

    /// All packs, for people to look at.
    pub(crate) fn function_packs(&self) -> io::Result<Vec<FunctionPack>> {
        let packs = self.walk_functions()?.0.into_iter().map(|pack| FunctionPack {
            engine: pack.engine,
            source: self.source(pack.history).ok().flatten().map(|entry| entry.name),
            bytes: pack.bytes,
            last_used: pack.last_used,
        });
        Ok(packs.collect())
    }

    /// What is wrong with a pack; the outer `None` when it was removed while we looked.
    pub(super) fn check_pack(&self, pack: &StoredPack) -> Option<Option<Flaw>> {
        match self.functions(pack.engine, pack.history) {
            Ok(Some(_)) => Some(None),
            Ok(None) => None,
            Err(flaw) => Some(Some(flaw)),
        }
    }

    /// The packs of the sources that last held `module`.
    pub(super) fn packs_of_module(&self, module: &ModuleDigest) -> io::Result<Vec<StoredPack>> {
        let holds = |pack: &StoredPack| {
            let entry: Option<SourceEntry> = self.source(pack.history).ok().flatten();
            entry.is_some_and(|entry| entry.digest == *module)
        };
        Ok(self.walk_functions()?.0.into_iter().filter(holds).collect())
    }
}
