//! Proofs that nothing has to run: what many runs observed, joined into one list that is checked with one system call a path.
//!
//! An observation says what a run was told; a proof only says that a path is still what it was when all of them were found
//! true. Identities decide (inode, size, times): while they are the same, so are contents, listings and everything that stat
//! tells. That is for `glowplug_store::identity::Reading` to say, for contents to whoever has read them; what may change unseen
//! cannot be proven this way, and there is no proof then.

use crate::cache::CallCache;
use crate::key::{CallKey, Parts};
use crate::layout;
use crate::lookup::{Change, differences};
use crate::records::{Expected, ExpectedState, Names, Sealed as _, StoredProof};
use glowplug_fs::trace::{Observed, Root, Seen};
use glowplug_store::disk::{identity_at, identity_of};
use glowplug_store::identity::Reading;
use glowplug_store::{Digest, FileIdentity, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A proof that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// When everything was last looked at.
    pub at: SystemTime,
    /// How many paths were checked.
    pub checked: usize,
    /// What whoever made the proof wants to know again.
    pub summary: Vec<u8>,
}

/// What a proof is made of.
#[derive(Debug, Default)]
pub struct Evidence {
    roots: Vec<Root>,
    numbers: HashMap<PathBuf, u32>,
    asked: BTreeMap<(u32, Vec<u8>, bool), Stands>,
    /// Of which only the entries count, or only that they are there.
    listed: BTreeSet<(PathBuf, Names)>,
    exist: BTreeSet<PathBuf>,
}

/// Which identity of a path stands for what was found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// What it has now, if that is old enough: its contents were not read.
    ByTimes,
    /// What it had when its contents were read.
    Read(FileIdentity),
    /// None: its contents may change unseen.
    Never,
}

impl Stands {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::ByTimes, other) | (other, Self::ByTimes) => other,
            (one, other) if one == other => one,
            _ => Self::Never,
        }
    }
}

impl Evidence {
    /// Adds what a run observed. It must have been found true just now, by running or by a hit.
    pub fn add(&mut self, observed: &Observed) {
        let numbers: Vec<u32> = observed.roots.iter().map(|root| self.root(root)).collect();
        for observation in &observed.observations {
            let Some(root) = numbers.get(observation.root as usize) else { continue };
            for seen in &observation.seen {
                let (follow, stands) = match seen {
                    Seen::Absent { follow, .. }
                    | Seen::Looked { follow, .. }
                    | Seen::Stat { follow, .. }
                    | Seen::Opened { follow, .. } => (*follow, Stands::ByTimes),
                    Seen::Content { follow, identity, .. } => (*follow, identity.map_or(Stands::Never, Stands::Read)),
                    Seen::Link { .. } => (false, Stands::ByTimes),
                    Seen::Listing { .. } | Seen::Access { .. } => (true, Stands::ByTimes),
                };
                self.ask(*root, &observation.path, follow, stands);
            }
        }
    }

    fn ask(&mut self, root: u32, path: &[u8], follow: bool, stands: Stands) {
        let known = self.asked.entry((root, path.to_vec(), follow)).or_insert(stands);
        *known = known.and(stands);
    }

    /// Adds a file by its path on the host. It was read, and has the identity that stands for what was read; without one there will
    /// be no proof.
    pub fn add_read(&mut self, path: &Path, identity: Option<FileIdentity>) {
        use std::os::unix::ffi::OsStrExt as _;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        let root = self.root(&Root { host: folder.to_owned(), careful: false });
        self.ask(root, name.as_bytes(), true, identity.map_or(Stands::Never, Stands::Read));
    }

    /// Adds a folder of which only the names and kinds of some entries count.
    pub fn add_listing(&mut self, path: &Path, names: Names) {
        self.listed.insert((path.to_owned(), names));
    }

    /// Adds a path of which only counts whether something is there.
    pub fn add_existence(&mut self, path: &Path) {
        self.exist.insert(path.to_owned());
    }

    fn root(&mut self, root: &Root) -> u32 {
        let next = self.roots.len() as u32;
        let number = *self.numbers.entry(root.host.clone()).or_insert(next);
        if number == next {
            self.roots.push(root.clone());
        }
        number
    }

    /// How many paths it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.asked.len() + self.listed.len() + self.exist.len()
    }

    /// Whether nothing was observed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What each path is now; nothing if one of them may change without being noticed.
    ///
    /// `since` is a time before all of it was found true.
    fn expected(&mut self, since: Timestamp) -> Option<Vec<Expected>> {
        let mut folders = Folders::default();
        let mut expected = Vec::with_capacity(self.len());
        for path in std::mem::take(&mut self.exist) {
            let state = match std::fs::symlink_metadata(&path) {
                Ok(_) => ExpectedState::Exists,
                Err(error) => ExpectedState::Fails(error.raw_os_error()?),
            };
            let root = self.root(&Root { host: path, careful: false });
            expected.push(Expected { root, path: b".".to_vec(), follow: false, state });
        }
        for (path, names) in std::mem::take(&mut self.listed) {
            let (digest, identity) = listing(&path, names).ok()?;
            let identity = identity.filter(|identity| Reading::by_times(since, *identity).will_show_changes());
            let root = self.root(&Root { host: path, careful: false });
            let state = ExpectedState::Lists { names, digest, identity };
            expected.push(Expected { root, path: b".".to_vec(), follow: true, state });
        }
        for ((root, path, follow), stands) in std::mem::take(&mut self.asked) {
            let folder = folders.open(&self.roots.get(root as usize)?.host)?;
            let state = match identity_at(folder, &path, follow) {
                // A change since it was found true is in the identity, and a change from now on will be.
                Ok(now) => match stands {
                    Stands::ByTimes if Reading::by_times(since, now).will_show_changes() => ExpectedState::Is(now),
                    Stands::Read(then) if then == now => ExpectedState::Is(now),
                    _ => return None,
                },
                Err(error) if stands == Stands::ByTimes => ExpectedState::Fails(error.raw_os_error()?),
                Err(_) => return None,
            };
            expected.push(Expected { root, path, follow, state });
        }
        Some(expected)
    }
}

impl CallCache {
    /// Keeps a proof under the key's label. `since` is a time before all of the evidence was found true. Says whether it could
    /// be made: what changed so lately that a further change might not be noticed cannot be proven.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn prove(&self, key: &CallKey, mut evidence: Evidence, since: SystemTime, summary: &[u8]) -> io::Result<bool> {
        let Some(expected) = evidence.expected(Timestamp::from(since)) else {
            self.disprove(key)?;
            return Ok(false);
        };
        self.folder.make_safe_folders(&[layout::PROOFS])?;
        let proof = StoredProof {
            parts: key.parts().clone(),
            roots: evidence.roots,
            expected,
            proven_at: Timestamp::now(),
            summary: summary.to_vec(),
        };
        self.folder.hasty().write_sealed(&layout::proof(key.label()), &proof)?;
        Ok(true)
    }

    /// Removes the proof.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn disprove(&self, key: &CallKey) -> io::Result<()> {
        match self.folder.disk().unlink(&layout::proof(key.label())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Whether nothing that was observed has changed; else the first thing that has, or nothing if there is no proof.
    ///
    /// # Errors
    /// The first change.
    pub fn proven(&self, key: &CallKey) -> Result<Proven, Option<Change>> {
        match self.folder.check_folders(&[layout::PROOFS]) {
            Ok(true) => {}
            _ => return Err(None),
        }
        let path = layout::proof(key.label());
        let proof = match self.folder.read_sealed::<StoredProof>(&path) {
            Ok(Some((proof, _))) => proof,
            Ok(None) => return Err(None),
            Err(flaw) => {
                let _ = self.folder.set_aside(&path);
                return Err(Some(Change {
                    what: "the last green run's record".to_owned(),
                    from: "what it was".to_owned(),
                    to: flaw.to_string(),
                }));
            }
        };
        proof.check(key.parts())?;
        Ok(Proven { at: proof.proven_at.as_system_time(), checked: proof.expected.len(), summary: proof.summary })
    }
}

impl StoredProof {
    fn check(&self, parts: &Parts) -> Result<(), Option<Change>> {
        if self.parts != *parts {
            return Err(differences(&self.parts, parts).into_iter().next());
        }
        let mut folders = Folders::default();
        for expected in &self.expected {
            let host = self.roots.get(expected.root as usize).map(|root| root.host.as_path()).ok_or(None)?;
            expected.check(host, &mut folders).map_err(Some)?;
        }
        Ok(())
    }
}

impl Expected {
    fn check(&self, host: &Path, folders: &mut Folders) -> Result<(), Change> {
        use std::os::unix::ffi::OsStrExt as _;
        let changed = |from: String, to: String| {
            let path =
                if self.path == b"." { host.to_owned() } else { host.join(std::ffi::OsStr::from_bytes(&self.path)) };
            Err(Change { what: path.display().to_string(), from, to })
        };
        match &self.state {
            ExpectedState::Exists => match std::fs::symlink_metadata(host) {
                Ok(_) => Ok(()),
                Err(error) => changed("present".to_owned(), error.to_string()),
            },
            ExpectedState::Fails(was) if self.path == b"." => match std::fs::symlink_metadata(host) {
                Err(error) if error.raw_os_error() == Some(*was) => Ok(()),
                Ok(_) => changed("missing".to_owned(), "present".to_owned()),
                Err(error) => changed("missing".to_owned(), error.to_string()),
            },
            ExpectedState::Lists { names, digest, identity } => {
                let now = std::fs::metadata(host).ok().map(|metadata| identity_of(&metadata));
                if identity.is_some() && *identity == now {
                    return Ok(());
                }
                match listing(host, *names) {
                    Ok((now, _)) if now == *digest => Ok(()),
                    Ok(_) => changed("the entries it had".to_owned(), "others".to_owned()),
                    Err(error) => changed("a folder".to_owned(), error.to_string()),
                }
            }
            ExpectedState::Is(was) => {
                let Some(folder) = folders.open(host) else {
                    return changed("a folder".to_owned(), "missing".to_owned());
                };
                match identity_at(folder, &self.path, self.follow) {
                    Ok(is) if *was == is => Ok(()),
                    Ok(is) => changed(words(was), words(&is)),
                    Err(error) => changed(words(was), error.to_string()),
                }
            }
            ExpectedState::Fails(was) => {
                let Some(folder) = folders.open(host) else {
                    return changed("a folder".to_owned(), "missing".to_owned());
                };
                match identity_at(folder, &self.path, self.follow) {
                    Err(error) if error.raw_os_error() == Some(*was) => Ok(()),
                    Err(error) => changed(io::Error::from_raw_os_error(*was).to_string(), error.to_string()),
                    Ok(is) => changed(io::Error::from_raw_os_error(*was).to_string(), words(&is)),
                }
            }
        }
    }
}

/// The digest of the entries that count, and what the folder was while they were listed.
fn listing(path: &Path, names: Names) -> io::Result<(Digest, Option<FileIdentity>)> {
    use std::os::unix::ffi::OsStrExt as _;
    let before = std::fs::metadata(path).map(|metadata| identity_of(&metadata))?;
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if names.count(name.as_bytes(), kind.is_dir()) {
            let kind = if kind.is_dir() {
                b'/'
            } else if kind.is_symlink() {
                b'@'
            } else {
                b'\0'
            };
            entries.push([name.as_bytes(), &[kind, 0]].concat());
        }
    }
    entries.sort_unstable();
    let after = std::fs::metadata(path).map(|metadata| identity_of(&metadata))?;
    Ok((Digest::of(&entries.concat()), (before == after).then_some(after)))
}

impl Names {
    /// Folders, and files whose names end so.
    ///
    /// # Panics
    /// When the ending is longer than eight bytes.
    #[must_use]
    pub fn ending(ending: &str) -> Self {
        let mut padded = [0; 8];
        padded[..ending.len()].copy_from_slice(ending.as_bytes());
        Self::Ending(padded)
    }

    fn count(self, name: &[u8], is_folder: bool) -> bool {
        match self {
            Self::All => true,
            Self::Ending(padded) => {
                let length = padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len());
                is_folder || name.ends_with(&padded[..length])
            }
        }
    }
}

/// Folders that are open while paths in them are looked at.
#[derive(Default)]
struct Folders(HashMap<PathBuf, Option<std::fs::File>>);

impl Folders {
    fn open(&mut self, path: &Path) -> Option<&std::fs::File> {
        if !self.0.contains_key(path) {
            self.0.insert(path.to_owned(), std::fs::File::open(path).ok());
        }
        self.0.get(path)?.as_ref()
    }
}

fn words(identity: &FileIdentity) -> String {
    format!("{} bytes of {}.{:09}", identity.size, identity.mtime.0, identity.mtime.1)
}
