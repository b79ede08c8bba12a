//! The store: artifacts and what is known of them, on a disk.
//!
//! Every function takes paths from `layout.rs` and records from `records.rs`; nothing in here compiles or executes.

pub(crate) mod admin;
pub(crate) mod counters;
pub(crate) mod functions;
pub(crate) mod jobs;
pub(crate) mod layout;
pub(crate) mod records;

use crate::fingerprint::{EngineFingerprint, EngineInputs};
use crate::key::{CacheKey, SCHEMA};
use crate::native::Checked;
use crate::settings::{Settings, Verify};
use glowplug_store::disk::Disk;
use glowplug_store::folder::{Refusal, check_contents, unreadable};
use glowplug_store::seal::Flaw;
use glowplug_store::{Digest, FileIdentity, Folder};
use records::{LockNote, Manifest, SourceEntry};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A store that is open. It has no state of its own but what lies on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    folder: Folder,
}

/// What was found under a key.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// An artifact that may be executed.
    Found(Box<Found>),
    /// Nothing.
    Missing,
    /// Something that must not be executed.
    Flawed(Flaw),
    /// The folder is not safe, or cannot be read; the whole store is of no use for this key.
    Refused(String),
}

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) artifact: Checked,
    pub(crate) manifest: Manifest,
    /// How long hashing took, if it was hashed.
    pub(crate) verified: Option<Duration>,
    /// The identity to note in the manifest, when it was hashed and can be.
    pub(crate) new_stamp: Option<FileIdentity>,
    /// When the manifest was last touched.
    pub(crate) last_used: SystemTime,
}

/// The last use is noted at most this often: to the hour is exact enough to evict by days.
const TOUCH_INTERVAL: Duration = Duration::from_secs(3600);

impl Store {
    /// Opens the store, and makes its folder when it is missing.
    ///
    /// # Errors
    /// Why this folder cannot be a store.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Refusal> {
        let folder = settings.store_folder(SCHEMA);
        Ok(Self { folder: Folder::open(settings.base(), &folder, &settings.key_file)? })
    }

    /// The same store, for what will soon be replaced by better: a power cut may take it away or tear it, which is noticed
    /// when it is next read, because nothing is trusted before it was hashed. A start of a small module spends a tenth of its
    /// time on waiting for a fast disk (adr/0014), and more on a slow one.
    pub(crate) fn hasty(&self) -> Self {
        Self { folder: self.folder.hasty() }
    }

    /// The same store on another disk.
    #[cfg(test)]
    pub(crate) fn on(&self, wrap: impl FnOnce(Arc<dyn Disk>) -> Arc<dyn Disk>) -> Self {
        Self { folder: self.folder.on(wrap) }
    }

    /// The artifact of `key`, checked.
    pub(crate) fn lookup(&self, key: &CacheKey, verify: Verify) -> Lookup {
        match self.folder.check_folders(&[layout::ARTIFACTS, &layout::artifact_folder(key.engine)]) {
            Ok(true) => {}
            Ok(false) => return Lookup::Missing,
            Err(reason) => return Lookup::Refused(reason),
        }
        match self.find(key, verify) {
            Ok(Some(found)) => Lookup::Found(Box::new(found)),
            Ok(None) => Lookup::Missing,
            Err(flaw) => Lookup::Flawed(flaw),
        }
    }

    fn find(&self, key: &CacheKey, verify: Verify) -> Result<Option<Found>, Flaw> {
        let Some((manifest, meta)) = self.folder.read_record::<Manifest>(&layout::manifest(key))? else {
            return Ok(None);
        };
        if manifest.key != *key {
            return Err(Flaw::Corrupt(format!("{} speaks of another artifact", layout::manifest(key))));
        }
        let path = layout::artifact(key);
        let (file, artifact) = match self.folder.disk().open(&path) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        self.folder.check_file(&path, &artifact)?;
        if artifact.identity.size != manifest.artifact_bytes {
            return Err(Flaw::Corrupt(format!(
                "{path} has {} bytes, its manifest says {}",
                artifact.identity.size, manifest.artifact_bytes
            )));
        }
        let trusted = verify == Verify::Stamped && manifest.stamp == Some(artifact.identity);
        let (mut verified, mut new_stamp) = (None, None);
        if !trusted {
            let start = Instant::now();
            new_stamp = check_contents(&path, &file, &artifact.identity, manifest.digest)?
                .filter(|stamp| manifest.stamp != Some(*stamp));
            verified = Some(start.elapsed());
        }
        let last_used = meta.identity.mtime.as_system_time();
        Ok(Some(Found { artifact: Checked::new(file), manifest, verified, new_stamp, last_used }))
    }

    /// Notes that an artifact was used, and the identity under which it was found sound.
    pub(crate) fn note_use(
        &self,
        key: &CacheKey,
        manifest: &Manifest,
        artifact: &Checked,
        new_stamp: Option<FileIdentity>,
    ) -> io::Result<()> {
        match new_stamp {
            Some(stamp) => {
                // From now on it is not hashed any more: what was hashed must be what is on the disk.
                self.folder.disk().sync(artifact.file())?;
                let stamped = Manifest { stamp: Some(stamp), ..manifest.clone() };
                self.folder.write_record(&layout::manifest(key), &stamped)
            }
            None => self.folder.disk().touch(&layout::manifest(key)),
        }
    }

    /// Whether [`Store::note_use`] has anything to note.
    pub(crate) fn is_use_worth_noting(found: &Found) -> bool {
        let age = SystemTime::now().duration_since(found.last_used);
        found.new_stamp.is_some() || age.is_ok_and(|age| age > TOUCH_INTERVAL)
    }

    /// Puts an artifact into the store and returns it, open and ready to be mapped.
    ///
    /// The artifact comes before its manifest: without one it is not looked at. Folders are not synced: what a power cut
    /// takes away is compiled again.
    pub(crate) fn publish(
        &self,
        artifact: &[u8],
        manifest: &Manifest,
        inputs: Option<&EngineInputs>,
    ) -> io::Result<Checked> {
        let key = &manifest.key;
        let folder = layout::artifact_folder(key.engine);
        self.folder.make_safe_folders(&[layout::ARTIFACTS, &folder])?;
        let file = self.folder.write_file(&layout::artifact(key), artifact)?;
        self.folder.write_record(&layout::manifest(key), manifest)?;
        if let Some(inputs) = inputs {
            self.folder.disk().mkdir(layout::ENGINES)?;
            self.folder.write_record(&layout::engine_inputs(key.engine), inputs)?;
        }
        Ok(Checked::new(file))
    }

    /// Moves an artifact and its manifest aside, where somebody may look at them.
    pub(crate) fn quarantine(&self, key: &CacheKey) -> io::Result<()> {
        self.folder.set_aside(&layout::manifest(key))?;
        self.folder.set_aside(&layout::artifact(key))
    }

    /// What an engine was made of.
    pub(crate) fn engine_inputs(&self, engine: EngineFingerprint) -> Option<EngineInputs> {
        self.folder.read_record(&layout::engine_inputs(engine)).ok().flatten().map(|(inputs, _)| inputs)
    }

    /// The fingerprint that belongs to a hint.
    pub(crate) fn remembered_fingerprint(&self, hint: Digest) -> Option<EngineFingerprint> {
        self.folder.check_folders(&[layout::ENGINES]).ok().filter(|there| *there)?;
        self.folder.read_record(&layout::engine_hint(hint)).ok().flatten().map(|(fingerprint, _)| fingerprint)
    }

    pub(crate) fn remember_fingerprint(&self, hint: Digest, fingerprint: EngineFingerprint) -> io::Result<()> {
        self.folder.disk().mkdir(layout::ENGINES)?;
        // One that is torn is not believed, and found out anew.
        self.folder.hasty().write_record(&layout::engine_hint(hint), &fingerprint)
    }

    /// What is known of a source.
    pub(crate) fn source(&self, history: Digest) -> Result<Option<SourceEntry>, Flaw> {
        match self.folder.check_folders(&[layout::SOURCES]) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(reason) => return Err(Flaw::Untrusted(reason)),
        }
        Ok(self.folder.read_record(&layout::source(history))?.map(|(entry, _)| entry))
    }

    pub(crate) fn remember_source(&self, history: Digest, entry: &SourceEntry) -> io::Result<()> {
        self.folder.disk().mkdir(layout::SOURCES)?;
        self.folder.write_record(&layout::source(history), entry)
    }

    /// Moves what is known of a source aside.
    pub(crate) fn quarantine_source(&self, history: Digest) -> io::Result<()> {
        self.folder.set_aside(&layout::source(history))
    }

    /// Takes the lock for compiling the key of `note`, or says that somebody has it.
    pub(crate) fn try_lock(&self, note: &LockNote) -> io::Result<Option<KeyLock>> {
        let path = layout::lock(&note.key);
        let locked = match self.folder.disk().try_lock(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.folder.disk().mkdir(layout::LOCKS)?;
                self.folder.disk().try_lock(&path)
            }
            other => other,
        };
        Ok(locked?.map(|file| {
            // For whoever waits, to say for whom; that they cannot read it is no reason not to compile.
            use std::io::Write as _;
            let text = serde_json::to_vec(note).unwrap_or_default();
            let _ = file.set_len(0).and_then(|()| (&file).write_all(&text));
            KeyLock { disk: self.folder.disk().clone(), path, _file: file }
        }))
    }

    /// The process that compiles `key` now.
    pub(crate) fn lock_owner(&self, key: &CacheKey) -> Option<u32> {
        self.lock_note(&layout::lock(key)).map(|note| note.pid)
    }

    fn lock_note(&self, path: &str) -> Option<LockNote> {
        let (bytes, _) = self.folder.disk().read(path).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// The lock on one key. The file goes first and the lock after it, so that nobody locks a file that is about to go.
#[derive(Debug)]
pub(crate) struct KeyLock {
    disk: Arc<dyn Disk>,
    path: String,
    _file: File,
}

impl Drop for KeyLock {
    fn drop(&mut self) {
        let _ = self.disk.unlink(&self.path);
    }
}
