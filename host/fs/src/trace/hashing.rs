//! Hashing large files that guests have read, beside them.
//!
//! A run that reads much would spend more time on hashing than on reading. So of a file of [`LARGE`] and more only how far it is
//! read is noted, and what is read up to there is hashed by a thread of the trace, from the file itself, after it is closed. That
//! is the same: only files are left to it whose identity shows any change since they were opened, and
//! [`finish`](super::finish) looks at that identity in the end. Smaller ones are hashed as they are read: waking a thread takes
//! longer (a thousand files of 1 KiB: 15.5 ms instead of 11.6 with the thread, in a virtual machine).

use std::{
    fs::File,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use super::{Prefix, Seen, Trace, record::State, watch::CHUNK};
use crate::{Interrupt, interrupt};
use glowplug_store::{Digest, FileIdentity};
use rustix::io::Errno;

/// Of files from this size on hashing takes longer than waking a thread.
pub(super) const LARGE: u64 = 128 << 10;

/// So many may wait. Each is an open file, and the kernel's table of these begins with 64 places: to make it larger, in a process of
/// more than one thread, takes 10 ms (`synchronize_rcu`).
const MOST_WAITING: usize = 16;

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
    worker: Option<Worker>,
    done: Vec<Done>,
}

struct Worker {
    sender: Sender<Job>,
    waiting: Arc<AtomicUsize>,
    /// Who waits for it in the end, and may not want to any longer.
    behalf: Arc<OnceLock<Arc<dyn Interrupt>>>,
    thread: JoinHandle<Vec<Done>>,
}

impl Worker {
    fn start() -> io::Result<Self> {
        let (sender, receiver) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let behalf = Arc::new(OnceLock::new());
        let (counted, waits) = (Arc::clone(&waiting), Arc::clone(&behalf));
        let work = move || work(&receiver, &counted, &waits);
        let thread = std::thread::Builder::new().name("hashing".to_owned()).spawn(work)?;
        Ok(Self { sender, waiting, behalf, thread })
    }
}

fn work(jobs: &Receiver<Job>, waiting: &AtomicUsize, behalf: &OnceLock<Arc<dyn Interrupt>>) -> Vec<Done> {
    let (mut all, mut chunk) = (Vec::new(), Vec::new());
    let go_on = || match behalf.get() {
        Some(behalf) if behalf.is_wanted() => Err(Errno::INTR),
        _ => Ok(()),
    };
    for job in jobs {
        all.push(job.done(&mut chunk, go_on));
        waiting.fetch_sub(1, Ordering::Relaxed);
    }
    all
}

impl Hashing {
    fn add(&mut self, job: Job) {
        if self.worker.is_none() {
            self.worker = Worker::start().ok();
        }
        let left = match &self.worker {
            Some(worker) if worker.waiting.load(Ordering::Relaxed) < MOST_WAITING => {
                worker.waiting.fetch_add(1, Ordering::Relaxed);
                worker.sender.send(job).err().map(|error| error.0)
            }
            _ => Some(job),
        };
        // There is no thread, or it does not keep up.
        if let Some(job) = left {
            self.done.push(job.done(&mut Vec::new(), interrupt::check));
        }
    }

    /// Everything that was left to it, hashed; nothing if the thread did not end well.
    pub fn end(mut self) -> Option<Vec<Done>> {
        if let Some(worker) = self.worker.take() {
            drop(worker.sender);
            if let Some(behalf) = interrupt::current() {
                let _ = worker.behalf.set(behalf);
            }
            self.done.extend(worker.thread.join().ok()?);
        }
        Some(self.done)
    }
}

impl Job {
    fn done(self, chunk: &mut Vec<u8>, go_on: impl Fn() -> Result<(), Errno>) -> Done {
        let Self { root, path, follow, identity, len, end, file } = self;
        let seen = digest(&file, len, chunk, go_on).ok().map(|digest| {
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
fn digest(file: &File, len: u64, chunk: &mut Vec<u8>, go_on: impl Fn() -> Result<(), Errno>) -> io::Result<Digest> {
    let size = usize::try_from(len).unwrap_or(usize::MAX).clamp(1, CHUNK);
    if chunk.len() < size {
        chunk.resize(size, 0);
    }
    let mut hasher = blake3::Hasher::new();
    let mut at = 0;
    while at < len {
        go_on()?;
        let room = usize::try_from(len - at).unwrap_or(usize::MAX).min(chunk.len());
        match rustix::io::pread(file, &mut chunk[..room], at) {
            Err(Errno::INTR) => {}
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
