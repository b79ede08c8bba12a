//! A folder of authenticated files, each of which is there whole or not at all.

use crate::digest::Digest;
use crate::disk::{self, Disk, FolderDisk, Listed, Meta};
use crate::identity::{FileIdentity, Reading, Timestamp};
use crate::seal::{Flaw, Seal, make_private_folders, unique_name};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

/// Names of files that are being written begin so.
pub const TEMPORARY: &str = ".tmp-";
/// Where damaged files are moved to.
pub const QUARANTINE: &str = "quarantine";
/// The most bytes that lie there.
pub const QUARANTINE_BYTES: u64 = 64 << 20;
/// The most files.
pub const QUARANTINE_FILES: usize = 64;

/// Why a folder is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In words: what is wrong, and what would mend it.
    pub reason: String,
    /// Whether it is a question of trust (a folder or a key that others can reach, a key that is none), and not of means (a
    /// full or read-only disk, a folder that cannot be made). What is refused for want of trust must not be done in another
    /// way that trusts more.
    pub untrusted: bool,
}

impl Refusal {
    /// Somebody else could have been at it.
    pub fn untrusted(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), untrusted: true }
    }

    /// It cannot be had.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), untrusted: false }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        refusal.reason
    }
}

/// An open folder. It has no state of its own but what lies on the disk.
#[derive(Clone, Debug)]
pub struct Folder {
    disk: Arc<dyn Disk>,
    seal: Seal,
    user: u32,
    /// Whether what is written is on the disk before it gets its name.
    sync: bool,
}

impl Folder {
    /// Opens `folder`, and makes it when it is missing, within `base`, which must be the user's as well.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(base: &Path, folder: &Path, key_file: &Path) -> Result<Self, Refusal> {
        let user = disk::effective_user();
        check_outer_folder(base, user)?;
        let opened = match FolderDisk::open(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_store_folder(base, folder).map_err(|error| cannot(folder, "made", &error))?;
                FolderDisk::open(folder)
            }
            other => other,
        };
        let (disk, meta) = opened.map_err(|error| cannot(folder, "opened", &error))?;
        if let Some(reason) = meta.distrust(user) {
            return Err(refusal(folder, &reason));
        }
        let seal = open_key(key_file)?;
        Ok(Self { disk: Arc::new(disk), seal, user, sync: true })
    }

    /// The same folder, for what will soon be replaced by better: a power cut may take away or tear what is written, which is
    /// noticed when it is next read.
    #[must_use]
    pub fn hasty(&self) -> Self {
        Self { sync: false, ..self.clone() }
    }

    /// The same folder on another disk.
    #[cfg(any(test, feature = "faults"))]
    #[must_use]
    pub fn on(&self, wrap: impl FnOnce(Arc<dyn Disk>) -> Arc<dyn Disk>) -> Self {
        Self { disk: wrap(self.disk.clone()), ..self.clone() }
    }

    /// The files themselves.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// What authenticates the records.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// What lies in a folder, by name; nothing when there is no such folder.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let mut listed = match self.disk.list(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// The record at a path, authentic, with what the file is; nothing when there is none.
    ///
    /// # Errors
    /// When it is damaged or not ours.
    pub fn read_record<T: DeserializeOwned>(&self, path: &str) -> Result<Option<(T, Meta)>, Flaw> {
        let (bytes, meta) = match self.disk.read(path) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        self.check_file(path, &meta)?;
        Ok(Some((self.seal.unseal(path, &bytes)?, meta)))
    }

    /// Puts a record at a path, as [`Folder::write_file`] does.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn write_record<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()> {
        self.write_file(path, &self.seal.seal(path, body)?).map(drop)
    }

    /// Writes a file under a name of its own, waits until it is on the disk, and gives it its name: it is there whole or
    /// not at all, and whoever has the old one open keeps it.
    pub fn write_file(&self, path: &str, bytes: &[u8]) -> io::Result<File> {
        self.write_new(path, |file| self.disk.write(file, bytes))
    }

    /// The same of what `fill` writes to an empty file: for what is too large for the memory.
    ///
    /// # Errors
    /// What `fill` and the disk fail with.
    pub fn write_file_with(&self, path: &str, fill: impl FnOnce(&File) -> io::Result<()>) -> io::Result<File> {
        // As an operation of the disk it may fail before it begins.
        self.write_new(path, |file| self.disk.write(file, &[]).and_then(|()| fill(file)))
    }

    fn write_new(&self, path: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
        let (folder, _) = path.rsplit_once('/').unwrap_or((".", path));
        let temporary = format!("{folder}/{}", unique_name("new"));
        let mut file = self.disk.create(&temporary)?;
        let written =
            fill(&mut file).and_then(|()| if self.sync { self.disk.sync(&file) } else { Ok(()) }).and_then(|()| {
                match self.disk.rename(&temporary, path) {
                    // A folder, in the place of one of our files: nothing could be kept there ever again.
                    Err(error) if error.kind() == ErrorKind::IsADirectory => {
                        self.set_aside(path)?;
                        self.disk.rename(&temporary, path)
                    }
                    renamed => renamed,
                }
            });
        if let Err(error) = written {
            // What cannot be removed now is removed by maintenance.
            let _ = self.disk.unlink(&temporary);
            return Err(error);
        }
        Ok(file)
    }

    /// Makes the folders that are missing; an error when others could change one of them.
    pub fn make_safe_folders(&self, paths: &[&str]) -> io::Result<()> {
        for path in paths {
            let meta = match self.disk.stat(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.disk.mkdir(path)?;
                    self.disk.stat(path)?
                }
                other => other?,
            };
            if let Some(reason) = self.folder_distrust(path, &meta) {
                return Err(io::Error::new(ErrorKind::PermissionDenied, reason));
            }
        }
        Ok(())
    }

    /// Whether the folders are there; an error when others could change one of them.
    pub fn check_folders(&self, paths: &[&str]) -> Result<bool, String> {
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

    /// Whether a file is a regular one that only the user could have changed.
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn check_file(&self, path: &str, meta: &Meta) -> Result<(), Flaw> {
        if !meta.is_file {
            return Err(Flaw::Untrusted(format!("{path} is not a regular file")));
        }
        match meta.distrust(self.user) {
            Some(reason) => Err(Flaw::Untrusted(format!("{path} is not safe: {reason}"))),
            None => Ok(()),
        }
    }

    /// Moves a file to the quarantine, where somebody may look at it; one that is gone is no error. The quarantine is for a
    /// look at what was met last: what lay there longest makes room, and what is too large for it is removed.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn set_aside(&self, path: &str) -> io::Result<()> {
        self.disk.mkdir(QUARANTINE)?;
        if !self.make_room_in_quarantine(path).unwrap_or(false) {
            return match self.disk.unlink(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                other => other,
            };
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let aside = format!("{QUARANTINE}/{}", unique_name(name).trim_start_matches('.'));
        let moved = self.disk.rename(path, &aside);
        match moved.or_else(|_| self.disk.unlink(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

impl Folder {
    /// Whether the file at `path` fits into the quarantine, from which the oldest files are removed for it.
    fn make_room_in_quarantine(&self, path: &str) -> io::Result<bool> {
        let size = match self.disk.stat(path) {
            Ok(meta) => meta.identity.size,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        if size > QUARANTINE_BYTES {
            return Ok(false);
        }
        let mut there = self.list(QUARANTINE)?;
        // A rename moves the change time, so this is when each was put there.
        there.sort_by_key(|file| file.meta.identity.ctime);
        let mut bytes = there.iter().fold(size, |sum, file| sum.saturating_add(file.meta.identity.size));
        let mut files = there.len() + 1;
        for file in there {
            if bytes <= QUARANTINE_BYTES && files <= QUARANTINE_FILES {
                break;
            }
            if !file.meta.is_dir {
                let _ = self.disk.unlink(&format!("{QUARANTINE}/{}", file.name));
            }
            bytes = bytes.saturating_sub(file.meta.identity.size);
            files -= 1;
        }
        Ok(true)
    }
}

/// Hashes the open file. `Some` is the identity that stands for its contents from now on.
pub fn check_contents(
    path: &str,
    file: &File,
    before: &FileIdentity,
    digest: Digest,
) -> Result<Option<FileIdentity>, Flaw> {
    // Nobody but this program writes here.
    let reading = Reading::by_times(Timestamp::now(), *before);
    let found = hash_file(file).map_err(|error| unreadable(path, &error))?;
    if found != digest {
        return Err(Flaw::Corrupt(format!(
            "{path} has the digest {}.., its manifest says {}..",
            found.short(),
            digest.short()
        )));
    }
    let after = file.metadata().map(|metadata| disk::identity_of(&metadata));
    Ok(after.ok().filter(|after| reading.settles(after)))
}

/// The digest of what is left to read of a file.
///
/// # Errors
/// What reading fails with.
pub fn hash_file(mut file: &File) -> io::Result<Digest> {
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

/// What a file that cannot be read means.
pub fn unreadable(path: &str, error: &io::Error) -> Flaw {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        Flaw::Untrusted(format!("{path} is a symbolic link"))
    } else {
        Flaw::Corrupt(format!("{path} cannot be read: {error}"))
    }
}

fn refusal(folder: &Path, reason: &str) -> Refusal {
    Refusal::untrusted(format!(
        "the folder {} is not safe to keep anything in: {reason}; give it to yourself alone (chown, chmod 700) or name another",
        folder.display()
    ))
}

fn cannot(folder: &Path, what: &str, error: &io::Error) -> Refusal {
    Refusal::unavailable(format!("the folder {} cannot be {what}: {error}", folder.display()))
}

/// The key that authenticates what a user keeps; made when missing.
///
/// # Errors
/// When it cannot be used. Whatever the reason, that is a question of trust: without the key nothing can be told from what
/// somebody else put there.
pub fn open_key(key_file: &Path) -> Result<Seal, Refusal> {
    Seal::open(key_file)
        .map_err(|error| Refusal::untrusted(format!("the key {} cannot be used: {error}", key_file.display())))
}

/// Whoever can write to the outer folder can put another store in the place of ours.
///
/// # Errors
/// Why it is not safe, or cannot be opened. One that is missing is no error.
pub fn check_outer_folder(folder: &Path, user: u32) -> Result<(), Refusal> {
    match FolderDisk::open(folder) {
        Ok((_, meta)) => meta.distrust(user).map_or(Ok(()), |reason| Err(refusal(folder, &reason))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot(folder, "opened", &error)),
    }
}

/// Backup programs skip a folder with this file (<https://bford.info/cachedir/>).
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This folder is a cache, made by glowplug. Whatever is removed from it is made again.\n";

/// Makes a folder for the user alone, within `base`, which backup programs skip from then on.
///
/// # Errors
/// What the system fails with.
pub fn make_store_folder(base: &Path, folder: &Path) -> io::Result<()> {
    make_private_folders(base)?;
    let tag = base.join("CACHEDIR.TAG");
    if !tag.exists() {
        // A folder without the tag is a cache all the same.
        let _ = std::fs::write(tag, CACHEDIR_TAG);
    }
    make_private_folders(folder)
}
