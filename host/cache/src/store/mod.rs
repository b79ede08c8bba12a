//! The store: artifacts and what is known of them, on a disk.
//!
//! Every function takes paths from `layout.rs` and records from `records.rs`; nothing in here compiles or executes.

pub(crate) mod admin;
pub(crate) mod counters;
pub(crate) mod functions;
pub(crate) mod jobs;
pub(crate) mod layout;
pub(crate) mod records;

use crate::disk::{self, Disk, FolderDisk, Meta};
use crate::fingerprint::{EngineFingerprint, EngineInputs};
use crate::identity::{FileIdentity, Timestamp};
use crate::key::{CacheKey, Digest, SCHEMA};
use crate::native::Checked;
use crate::seal::{Flaw, Seal, make_private_folders, unique_name};
use crate::settings::{Settings, Verify};
use records::{LockNote, Manifest, SourceEntry};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A store that is open. It has no state of its own but what lies on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    disk: Arc<dyn Disk>,
    seal: Seal,
    user: u32,
    /// Whether what is written is on the disk before it gets its name.
    sync: bool,
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
    /// In words: why this folder cannot be a store.
    pub(crate) fn open(settings: &Settings) -> Result<Self, String> {
        let folder = settings.store_folder(SCHEMA);
        let user = disk::effective_user();
        check_outer_folder(settings.base(), user)?;
        let (disk, meta) = match FolderDisk::open(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_store_folder(settings.base(), &folder)
                    .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
                FolderDisk::open(&folder)
            }
            other => other,
        }
        .map_err(|error| format!("the folder {} cannot be opened: {error}", folder.display()))?;
        if let Some(reason) = meta.distrust(user) {
            return Err(refusal(&folder, &reason));
        }
        let seal = Seal::open(&settings.key_file)
            .map_err(|error| format!("the key {} cannot be used: {error}", settings.key_file.display()))?;
        Ok(Self { disk: Arc::new(disk), seal, user, sync: true })
    }

    /// The same store, for what will soon be replaced by better: a power cut may take it away or tear it, which is noticed
    /// when it is next read, because nothing is trusted before it was hashed. A start of a small module spends a tenth of its
    /// time on waiting for a fast disk (adr/0014), and more on a slow one.
    pub(crate) fn hasty(&self) -> Self {
        Self { sync: false, ..self.clone() }
    }

    /// The same store on another disk.
    #[cfg(test)]
    pub(crate) fn on(&self, wrap: impl FnOnce(Arc<dyn Disk>) -> Arc<dyn Disk>) -> Self {
        Self { disk: wrap(self.disk.clone()), ..self.clone() }
    }

    /// The artifact of `key`, checked.
    pub(crate) fn lookup(&self, key: &CacheKey, verify: Verify) -> Lookup {
        match self.check_folders(&[layout::ARTIFACTS, &layout::artifact_folder(key.engine)]) {
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
        let Some((manifest, meta)) = self.read_record::<Manifest>(&layout::manifest(key))? else { return Ok(None) };
        if manifest.key != *key {
            return Err(Flaw::Corrupt(format!("{} speaks of another artifact", layout::manifest(key))));
        }
        let path = layout::artifact(key);
        let (file, artifact) = match self.disk.open(&path) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        self.check_file(&path, &artifact)?;
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
                self.disk.sync(artifact.file())?;
                let stamped = Manifest { stamp: Some(stamp), ..manifest.clone() };
                self.write_record(&layout::manifest(key), &stamped)
            }
            None => self.disk.touch(&layout::manifest(key)),
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
        self.make_safe_folders(&[layout::ARTIFACTS, &folder])?;
        let file = self.write_file(&layout::artifact(key), artifact)?;
        self.write_record(&layout::manifest(key), manifest)?;
        if let Some(inputs) = inputs {
            self.disk.mkdir(layout::ENGINES)?;
            self.write_record(&layout::engine_inputs(key.engine), inputs)?;
        }
        Ok(Checked::new(file))
    }

    /// Moves an artifact and its manifest aside, where somebody may look at them.
    pub(crate) fn quarantine(&self, key: &CacheKey) -> io::Result<()> {
        self.set_aside(&layout::manifest(key))?;
        self.set_aside(&layout::artifact(key))
    }

    fn set_aside(&self, path: &str) -> io::Result<()> {
        self.disk.mkdir(layout::QUARANTINE)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let aside = format!("{}/{}", layout::QUARANTINE, unique_name(name).trim_start_matches('.'));
        let moved = self.disk.rename(path, &aside);
        match moved.or_else(|_| self.disk.unlink(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// What an engine was made of.
    pub(crate) fn engine_inputs(&self, engine: EngineFingerprint) -> Option<EngineInputs> {
        self.read_record(&layout::engine_inputs(engine)).ok().flatten().map(|(inputs, _)| inputs)
    }

    /// The fingerprint that belongs to a hint.
    pub(crate) fn remembered_fingerprint(&self, hint: Digest) -> Option<EngineFingerprint> {
        self.check_folders(&[layout::ENGINES]).ok().filter(|there| *there)?;
        self.read_record(&layout::engine_hint(hint)).ok().flatten().map(|(fingerprint, _)| fingerprint)
    }

    pub(crate) fn remember_fingerprint(&self, hint: Digest, fingerprint: EngineFingerprint) -> io::Result<()> {
        self.disk.mkdir(layout::ENGINES)?;
        // One that is torn is not believed, and found out anew.
        self.hasty().write_record(&layout::engine_hint(hint), &fingerprint)
    }

    /// What is known of a source.
    pub(crate) fn source(&self, history: Digest) -> Result<Option<SourceEntry>, Flaw> {
        match self.check_folders(&[layout::SOURCES]) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(reason) => return Err(Flaw::Untrusted(reason)),
        }
        Ok(self.read_record(&layout::source(history))?.map(|(entry, _)| entry))
    }

    pub(crate) fn remember_source(&self, history: Digest, entry: &SourceEntry) -> io::Result<()> {
        self.disk.mkdir(layout::SOURCES)?;
        self.write_record(&layout::source(history), entry)
    }

    /// Moves what is known of a source aside.
    pub(crate) fn quarantine_source(&self, history: Digest) -> io::Result<()> {
        self.set_aside(&layout::source(history))
    }

    /// Takes the lock for compiling the key of `note`, or says that somebody has it.
    pub(crate) fn try_lock(&self, note: &LockNote) -> io::Result<Option<KeyLock>> {
        let path = layout::lock(&note.key);
        let locked = match self.disk.try_lock(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.disk.mkdir(layout::LOCKS)?;
                self.disk.try_lock(&path)
            }
            other => other,
        };
        Ok(locked?.map(|file| {
            // For whoever waits, to say for whom; that they cannot read it is no reason not to compile.
            use std::io::Write as _;
            let text = serde_json::to_vec(note).unwrap_or_default();
            let _ = file.set_len(0).and_then(|()| (&file).write_all(&text));
            KeyLock { disk: self.disk.clone(), path, _file: file }
        }))
    }

    /// The process that compiles `key` now.
    pub(crate) fn lock_owner(&self, key: &CacheKey) -> Option<u32> {
        self.lock_note(&layout::lock(key)).map(|note| note.pid)
    }

    fn lock_note(&self, path: &str) -> Option<LockNote> {
        let (bytes, _) = self.disk.read(path).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn read_record<T: DeserializeOwned>(&self, path: &str) -> Result<Option<(T, Meta)>, Flaw> {
        let (bytes, meta) = match self.disk.read(path) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        self.check_file(path, &meta)?;
        Ok(Some((self.seal.unseal(path, &bytes)?, meta)))
    }

    fn write_record<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()> {
        self.write_file(path, &self.seal.seal(path, body)?).map(drop)
    }

    /// Writes a file under a name of its own, waits until it is on the disk, and gives it its name: it is there whole or
    /// not at all, and whoever has the old one open keeps it.
    fn write_file(&self, path: &str, bytes: &[u8]) -> io::Result<File> {
        let (folder, _) = path.rsplit_once('/').unwrap_or((".", path));
        let temporary = format!("{folder}/{}", unique_name("new"));
        let mut file = self.disk.create(&temporary)?;
        let written = self
            .disk
            .write(&mut file, bytes)
            .and_then(|()| if self.sync { self.disk.sync(&file) } else { Ok(()) })
            .and_then(|()| self.disk.rename(&temporary, path));
        if let Err(error) = written {
            // What cannot be removed now is removed by maintenance.
            let _ = self.disk.unlink(&temporary);
            return Err(error);
        }
        Ok(file)
    }

    /// Makes the folders that are missing; an error when others could change one of them.
    fn make_safe_folders(&self, paths: &[&str]) -> io::Result<()> {
        paths.iter().try_for_each(|path| self.disk.mkdir(path))?;
        for path in paths {
            if let Some(reason) = self.folder_distrust(path, &self.disk.stat(path)?) {
                return Err(io::Error::new(ErrorKind::PermissionDenied, reason));
            }
        }
        Ok(())
    }

    /// Whether the folders are there; an error when others could change one of them.
    fn check_folders(&self, paths: &[&str]) -> Result<bool, String> {
        for path in paths {
            match self.disk.stat(path) {
                Ok(meta) => match self.folder_distrust(path, &meta) {
                    None => {}
                    Some(reason) => return Err(reason),
                },
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(format!("the folder {path} in the store cannot be read: {error}")),
            }
        }
        Ok(true)
    }

    fn folder_distrust(&self, path: &str, meta: &Meta) -> Option<String> {
        if !meta.is_dir {
            return Some(format!("{path} in the store is no folder, or a symbolic link to one"));
        }
        let reason = meta.distrust(self.user)?;
        Some(format!("the folder {path} in the store is not safe: {reason}"))
    }

    fn check_file(&self, path: &str, meta: &Meta) -> Result<(), Flaw> {
        if !meta.is_file {
            return Err(Flaw::Untrusted(format!("{path} is not a regular file")));
        }
        match meta.distrust(self.user) {
            Some(reason) => Err(Flaw::Untrusted(format!("{path} is not safe: {reason}"))),
            None => Ok(()),
        }
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

/// Hashes the open file. `Some` is the identity that stands for its contents from now on.
fn check_contents(
    path: &str,
    file: &File,
    before: &FileIdentity,
    digest: Digest,
) -> Result<Option<FileIdentity>, Flaw> {
    let read_at = Timestamp::now();
    let found = hash_file(file).map_err(|error| unreadable(path, &error))?;
    if found != digest {
        return Err(Flaw::Corrupt(format!(
            "{path} has the digest {}.., its manifest says {}..",
            found.short(),
            digest.short()
        )));
    }
    let after = file.metadata().map(|metadata| disk::identity_of(&metadata));
    Ok(after.ok().filter(|after| after == before && after.is_settled_at(read_at)))
}

fn hash_file(mut file: &File) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(count) => {
                hasher.update(&buffer[..count]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn unreadable(path: &str, error: &io::Error) -> Flaw {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        Flaw::Untrusted(format!("{path} is a symbolic link"))
    } else {
        Flaw::Corrupt(format!("{path} cannot be read: {error}"))
    }
}

fn refusal(folder: &Path, reason: &str) -> String {
    format!(
        "the folder {} is not safe to execute code from: {reason}; give it to yourself alone (chown, chmod 700) or name another",
        folder.display()
    )
}

/// Whoever can write to the outer folder can put another store in the place of ours.
pub(crate) fn check_outer_folder(folder: &Path, user: u32) -> Result<(), String> {
    match FolderDisk::open(folder) {
        Ok((_, meta)) => meta.distrust(user).map_or(Ok(()), |reason| Err(refusal(folder, &reason))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("the folder {} cannot be opened: {error}", folder.display())),
    }
}

/// Backup programs skip a folder with this file (<https://bford.info/cachedir/>).
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This folder is a cache of native code, made by glowplug. Whatever is removed from it is compiled again.\n";

pub(crate) fn make_store_folder(base: &Path, folder: &Path) -> io::Result<()> {
    make_private_folders(base)?;
    let tag = base.join("CACHEDIR.TAG");
    if !tag.exists() {
        // A folder without the tag is a cache all the same.
        let _ = std::fs::write(tag, CACHEDIR_TAG);
    }
    make_private_folders(folder)
}
