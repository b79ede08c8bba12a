//! Hashing what guests have read, beside them.
//!
//! A run that reads many files would spend more time on hashing them than on reading. So from the [`MANY`]th file on only how far
//! it is read is noted, and what is read up to there is hashed by a thread of the trace, from the file itself, after it is closed.
//! That is the same: only files are left to it whose identity shows any change since they were opened, and
//! [`finish`](super::finish) looks at that identity in the end.
//!
//! They are handed over by the dozen, and come back all at once: waking a thread takes longer than hashing a small file.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use super::{Prefix, Seen, Trace, record::State, watch::CHUNK};
use glowplug_store::{Digest, FileIdentity};

/// So many files are hashed as they are read: a thread takes longer to be made.
pub(super) const MANY: usize = 64;

/// So many are handed over at once, and as many may wait. Each is an open file, and the kernel's table of these begins with 64 places:
/// to make it larger, in a process of more than one thread, takes longer than hashing a thousand files (10 ms, `synchronize_rcu`).
const BATCH: usize = 16;
const MOST_WAITING: usize = BATCH;

/// A file that was read, and how far.
pub(super) struct Job {
    pub root: u32,
    pub path: Vec<u8>,
    pub follow: bool,
    pub identity: FileIdentity,
    pub len: u64,
    pub end: bool,
    pub file: File,
}

/// What came of one: where the file is, and what was seen; nothing if it cannot be read any more.
type Done = (u32, Vec<u8>, Option<Seen>);

/// Files that are left to be hashed, and the thread that does it.
#[derive(Default)]
pub(super) struct Hashing {
    batch: Vec<Job>,
    worker: Option<Worker>,
    done: Vec<Done>,
}

struct Worker {
    sender: Sender<Vec<Job>>,
    waiting: Arc<AtomicUsize>,
    thread: JoinHandle<Vec<Done>>,
}

impl Worker {
    fn start() -> io::Result<Self> {
        let (sender, receiver) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        let thread = std::thread::Builder::new().name("hashing".to_owned()).spawn(move || work(&receiver, &counted))?;
        Ok(Self { sender, waiting, thread })
    }
}

fn work(batches: &Receiver<Vec<Job>>, waiting: &AtomicUsize) -> Vec<Done> {
    let (mut all, mut chunk) = (Vec::new(), Vec::new());
    for batch in batches {
        let count = batch.len();
        all.extend(batch.into_iter().map(|job| job.done(&mut chunk)));
        waiting.fetch_sub(count, Ordering::Relaxed);
    }
    all
}

impl Hashing {
    fn add(&mut self, job: Job) {
        self.batch.push(job);
        if self.batch.len() < BATCH {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        if self.worker.is_none() {
            self.worker = Worker::start().ok();
        }
        let left = match &self.worker {
            Some(worker) if worker.waiting.load(Ordering::Relaxed) <= MOST_WAITING => {
                worker.waiting.fetch_add(batch.len(), Ordering::Relaxed);
                worker.sender.send(batch).err().map(|error| error.0)
            }
            _ => Some(batch),
        };
        // There is no thread, or it does not keep up.
        self.hash_here(left.unwrap_or_default());
    }

    fn hash_here(&mut self, jobs: Vec<Job>) {
        let mut chunk = Vec::new();
        self.done.extend(jobs.into_iter().map(|job| job.done(&mut chunk)));
    }

    /// Everything that was left to it, hashed; nothing if the thread did not end well.
    pub fn end(mut self) -> Option<Vec<Done>> {
        let batch = std::mem::take(&mut self.batch);
        let worker = self.worker.take().map(|worker| {
            drop(worker.sender);
            worker.thread
        });
        // Beside what it still has to do.
        self.hash_here(batch);
        if let Some(thread) = worker {
            self.done.extend(thread.join().ok()?);
        }
        Some(self.done)
    }
}

impl Job {
    fn done(self, chunk: &mut Vec<u8>) -> Done {
        let Self { root, path, follow, identity, len, end, file } = self;
        let seen = digest(&file, len, chunk).ok().map(|digest| {
            let read = Prefix { len, digest, end };
            Seen::Content { follow, read, identity: Some(identity) }
        });
        (root, path, seen)
    }
}

impl Trace {
    /// Has a file hashed.
    pub(super) fn hash(&self, job: Job) {
        let mut state = self.state();
        if !state.finished {
            state.hashing.add(job);
        }
    }
}

impl State {
    /// Notes what was hashed; false if some of it is lost.
    pub(super) fn note_hashed(&mut self, hashed: Option<Vec<Done>>) -> bool {
        let Some(hashed) = hashed else { return false };
        for (root, path, seen) in hashed {
            match seen {
                Some(seen) => self.note(root, &path, seen),
                // What could be read once and now cannot is not what it was.
                None => self.changed = Some((root, path)),
            }
        }
        true
    }
}

/// The digest of a file's first `len` bytes.
fn digest(file: &File, len: u64, chunk: &mut Vec<u8>) -> io::Result<Digest> {
    let size = usize::try_from(len).unwrap_or(usize::MAX).clamp(1, CHUNK);
    if chunk.len() < size {
        chunk.resize(size, 0);
    }
    let mut hasher = blake3::Hasher::new();
    let mut at = 0;
    while at < len {
        let room = usize::try_from(len - at).unwrap_or(usize::MAX).min(chunk.len());
        match rustix::io::pread(file, &mut chunk[..room], at) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(got) => {
                hasher.update(&chunk[..got]);
                at += got as u64;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(hasher.finalize().into())
}
