//! An open file that somebody watches: what is read of it is noted as it is read, without reading it twice.

use std::{
    fmt,
    fs::File,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use glowplug_store::{Digest, FileIdentity, disk::identity_of, identity::Reading};

use super::{
    Impure, Prefix, Seen, Trace,
    hashing::{Job, LARGE},
    record::Noted,
};
use crate::{FsError, Kind, Stat, interrupt};

/// The most that is hashed of a file though no guest has read it: guests make files of terabytes with one call, and go to
/// their end with another.
const MOST_UNREAD: u64 = 1 << 30;

/// What is hashed at a time when nobody reads it anyway.
pub(super) const CHUNK: usize = 128 * 1024;

/// Comes with each file that is opened under a trace.
///
/// For a file of the host: whoever reads it says so, and at the latest when this is dropped the contents are an observation, as
/// far as they were read. For a file of the guests' own: it only knows what they are to be told of it.
pub struct Watch {
    trace: Trace,
    what: What,
    /// The number of the device that guests are told.
    device: u64,
    regular: bool,
    /// What the system said when it was opened: the answer to a guest that asks at once, as most do that read a file.
    opened: Mutex<Option<Stat>>,
}

enum What {
    /// With the place among the trace's open files.
    Lower(Arc<Mutex<Progress>>, usize),
    /// Its path, as guests have it.
    Own(Vec<u8>),
}

/// How far a file was read.
pub(super) struct Progress {
    root: u32,
    path: Vec<u8>,
    follow: bool,
    identity: FileIdentity,
    settled: bool,
    /// What the guest was told of it.
    stat: Option<Seen>,
    /// What was read so far; nothing at first, because a hasher is large and many files are never read.
    pub(super) hasher: Option<Box<blake3::Hasher>>,
    /// How far it was read.
    at: u64,
    end: bool,
    /// Whether only that is noted, because somebody will hash the file up to there.
    counted: bool,
    /// Its digest, if somebody else knew it.
    known: Option<Digest>,
    /// It is too large to be hashed, and the run is of no use.
    given_up: bool,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("lower", &self.is_lower()).finish_non_exhaustive()
    }
}

impl Watch {
    /// Of a file of the host, of which nothing was read yet, and what the system said of it when it was opened.
    pub(crate) fn lower(trace: &Trace, root: u32, path: &[u8], follow: bool, reading: &Reading, opened: Stat) -> Self {
        let (path, identity, settled) = (path.to_owned(), *reading.before(), reading.will_show_changes());
        let progress = Progress {
            root,
            path,
            follow,
            identity,
            settled,
            stat: None,
            hasher: None,
            at: 0,
            end: false,
            counted: false,
            known: None,
            given_up: false,
        };
        let progress = Arc::new(Mutex::new(progress));
        let slot = trace.state().watches.insert(Arc::clone(&progress));
        Watch {
            trace: trace.clone(),
            what: What::Lower(progress, slot),
            device: 1,
            regular: opened.kind == Kind::File,
            opened: Mutex::new(Some(opened)),
        }
    }

    /// Of a file that a guest wrote.
    pub(crate) fn own(trace: &Trace, path: Vec<u8>) -> Self {
        Watch { trace: trace.clone(), what: What::Own(path), device: 1, regular: false, opened: Mutex::new(None) }
    }

    /// Tells guests this number of the device that the file is on.
    pub(crate) fn on_device(mut self, device: u64) -> Self {
        self.device = device;
        self
    }

    /// Whether the file is the host's, so that reading it has to be told to [`read`](Self::read).
    pub fn is_lower(&self) -> bool {
        matches!(self.what, What::Lower(..))
    }

    /// Whether it is a regular file of the host, as opposed to a FIFO, and to files of the guests' own.
    pub fn is_lower_file(&self) -> bool {
        self.is_lower() && self.regular
    }

    /// How large the file was when it was opened; 0 for files of the guests' own.
    pub fn size_at_opening(&self) -> u64 {
        self.progress().map_or(0, |progress| progress.identity.size)
    }

    /// Says that the file comes back with [`close`](Self::close), so that it need not be hashed before.
    pub fn will_be_closed(&self) {
        if let Some(mut progress) = self.progress() {
            progress.counted =
                progress.identity.size >= LARGE && progress.settled && progress.at == 0 && progress.hasher.is_none();
        }
    }

    /// Nothing more is read.
    pub fn close(self, file: File) {
        let What::Lower(progress, slot) = &self.what else { return };
        let (job, stat) = {
            let progress = lock(progress);
            let Progress { root, follow, identity, at, end, .. } = *progress;
            if !progress.counted || at == 0 || progress.known.is_some() {
                return;
            }
            (Job { root, path: progress.path.clone(), follow, identity, len: at, end, file }, progress.stat.clone())
        };
        let mut state = self.trace.state();
        state.watches.remove(*slot, progress);
        if let Some(stat) = stat {
            state.note(job.root, &job.path, stat);
        }
        drop(state);
        self.trace.hash(job);
    }

    fn progress(&self) -> Option<MutexGuard<'_, Progress>> {
        match &self.what {
            What::Lower(progress, _) => Some(lock(progress)),
            What::Own(_) => None,
        }
    }

    /// These bytes were read at `offset`; none says that the end was seen there.
    pub fn read(&self, file: &File, offset: u64, bytes: &[u8]) {
        let Some(mut progress) = self.progress() else { return };
        let read = if offset > progress.at {
            progress.rest(&self.trace, file)
        } else {
            progress.add(&self.trace, offset, bytes);
            Ok(())
        };
        drop(progress);
        self.must(read);
    }

    /// It will be read in ways that nobody sees, so all of it counts.
    ///
    /// # Errors
    /// What reading it fails with.
    pub fn whole(&self, file: &File) -> io::Result<()> {
        match self.progress() {
            Some(mut progress) => progress.rest(&self.trace, file),
            None => Ok(()),
        }
    }

    /// It was loaded by somebody who has read this very file since it was opened, or before that, and may know the BLAKE3 digest of
    /// what was read. What was loaded and what is noted are the same then: where that cannot be told, the run is of no use.
    ///
    /// # Errors
    /// What reading it fails with.
    pub fn loaded(&self, file: &File, digest: Option<Digest>) -> io::Result<()> {
        let Some(mut progress) = self.progress() else { return Ok(()) };
        if let (Some(digest), true) = (digest, progress.settled) {
            // A change since it was opened shows at the end, and then it is read again and compared with this.
            progress.known = Some(digest);
            return Ok(());
        }
        progress.rest(&self.trace, file)?;
        let same = match digest {
            Some(digest) => progress.is(digest),
            None => progress.settled && identity_of(&file.metadata()?) == progress.identity,
        };
        if !same {
            let path = String::from_utf8_lossy(&progress.path).into_owned();
            drop(progress);
            self.trace.used(Impure::Other(format!("loaded {path}, which may have changed meanwhile")));
        }
        Ok(())
    }

    /// What guests are to be told of the open file.
    ///
    /// # Errors
    /// What the host's `fstat` fails with.
    pub fn stat(&self, file: &File) -> Result<Stat, FsError> {
        let found = match self.opened.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
            Some(opened) => opened,
            None => Stat::of_file(file)?,
        };
        let told = match &self.what {
            What::Own(path) => self.trace.own_stat(|| path.clone(), &found, (found.dev, found.ino)),
            What::Lower(progress, _) => {
                let mut progress = lock(progress);
                let (stat, told) = self.trace.told_stat(progress.follow, &found);
                match &progress.stat {
                    // Noted with everything else.
                    None => progress.stat = Some(stat),
                    Some(known) if *known == stat => {}
                    Some(_) => self.trace.note(progress.root, &progress.path, stat),
                }
                told
            }
        };
        Ok(Stat { dev: self.device, ..told })
    }

    /// What becomes of it depends on its permissions, of which the guest is told nothing else.
    ///
    /// # Errors
    /// What the host's `fstat` fails with.
    pub fn mode_matters(&self, file: &File) -> Result<(), FsError> {
        let Some(progress) = self.progress() else { return Ok(()) };
        self.trace.looked(progress.root, &progress.path, progress.follow, &Stat::of_file(file)?, true);
        Ok(())
    }

    /// The open file's modification time was set; `exactly` if it was not to the present. Only for the guests' own files.
    ///
    /// # Errors
    /// What the host's `fstat` fails with.
    pub fn time_was_set(&self, file: &File, exactly: bool) -> Result<(), FsError> {
        self.trace.set_time(&Stat::of_file(file)?, exactly);
        Ok(())
    }

    /// A file that could be read once and now cannot is not what it was.
    fn must(&self, read: io::Result<()>) {
        if read.is_err()
            && let Some(progress) = self.progress()
        {
            self.trace.state().changed = Some((progress.root, progress.path.clone()));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let What::Lower(progress, slot) = &self.what else { return };
        let mut state = self.trace.state();
        // Else whoever finished the trace has noted it.
        if state.watches.remove(*slot, progress) {
            // Nobody else has it any more, so it can be locked while the state is.
            state.note_watched(&mut lock(progress));
        }
    }
}

impl Progress {
    /// All that was seen of the file, for the last time.
    ///
    /// Nothing if it was left to be hashed, and nobody brought the file.
    pub(super) fn noted(&mut self) -> Option<Noted> {
        if self.counted && self.at > 0 && self.known.is_none() && !self.given_up {
            return None;
        }
        let follow = self.follow;
        let content = |read| Seen::Content { follow, read, identity: self.settled.then_some(self.identity) };
        let seen = match (self.known, &self.hasher) {
            (Some(digest), _) => content(Prefix { len: self.identity.size, digest, end: true }),
            (None, None) if !self.end => Seen::Opened { follow, kind: Kind::File },
            (None, None) => content(Prefix { len: 0, digest: Digest::of(b""), end: true }),
            (None, Some(hasher)) => content(Prefix { len: self.at, digest: hasher.finalize().into(), end: self.end }),
        };
        let seen = match self.stat.take() {
            Some(stat) => vec![stat, seen],
            None => vec![seen],
        };
        Some((self.root, std::mem::take(&mut self.path), seen))
    }

    /// Takes in what was read at or before the position.
    fn add(&mut self, trace: &Trace, offset: u64, bytes: &[u8]) {
        if self.given_up {
            return;
        }
        if bytes.is_empty() {
            if offset < self.at {
                // It was longer a moment ago. What was read before is no longer there, which checking it will find.
                self.settled = false;
            }
            self.end |= offset == self.at;
            return;
        }
        let known = usize::try_from(self.at - offset).unwrap_or(usize::MAX);
        if let Some(new) = bytes.get(known..).filter(|new| !new.is_empty()) {
            if !self.counted {
                self.hasher.get_or_insert_with(|| trace.hasher()).update(new);
            }
            self.at += new.len() as u64;
            self.end = false;
        }
    }

    /// Whether this is the digest of the whole file, as far as that was read.
    fn is(&self, digest: Digest) -> bool {
        let read = match (self.known, &self.hasher) {
            (Some(known), _) => known,
            (None, Some(hasher)) => hasher.finalize().into(),
            (None, None) => Digest::of(b""),
        };
        self.end && !self.given_up && read == digest
    }

    /// Hashes what was not read yet, unless that is more than anybody should wait for.
    fn rest(&mut self, trace: &Trace, file: &File) -> io::Result<()> {
        if self.known.is_some() || self.given_up || (self.end && !self.counted) {
            return Ok(());
        }
        if std::mem::take(&mut self.counted) {
            // From the beginning, then.
            (self.at, self.end) = (0, false);
        }
        let size = file.metadata()?.len();
        if size.saturating_sub(self.at) > MOST_UNREAD {
            let path = String::from_utf8_lossy(&self.path);
            let why = format!(
                "used {path} without reading it from its beginning, which is larger than {} MiB",
                MOST_UNREAD >> 20
            );
            trace.used(Impure::Other(why));
            self.given_up = true;
            return Ok(());
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            interrupt::check()?;
            let got = match rustix::io::pread(file, &mut chunk, self.at) {
                Err(rustix::io::Errno::INTR) => continue,
                got => got?,
            };
            let at = self.at;
            self.add(trace, at, &chunk[..got]);
            if got == 0 {
                return Ok(());
            }
        }
    }
}

pub(super) fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
