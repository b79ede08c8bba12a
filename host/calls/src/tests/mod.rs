//! The call cache against real folders: "runs" are closures that look at files through a traced namespace.

mod basics;
mod faults;
mod observed;
mod proofs;

use crate::{Ahead, CallCache, CallKey, Chunk, Hit, Lookup, MissReason, Outcome, Run, Settings};
use glowplug_fs::trace::Trace;
use glowplug_fs::{Access, Mount, Namespace, OpenOptions, Opened};
use glowplug_store::Digest;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A cache, and a folder that runs look at.
struct Bench {
    folder: tempfile::TempDir,
}

/// Standard input from memory, which says how much was taken from it.
struct Input {
    bytes: Vec<u8>,
    taken: u64,
}

impl Input {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), taken: 0 }
    }
}

impl Ahead for Input {
    fn first(&mut self, len: u64) -> io::Result<&[u8]> {
        let len = len.min(self.bytes.len() as u64);
        self.taken = self.taken.max(len);
        Ok(&self.bytes[..len as usize])
    }
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file, long enough ago that its identity says whether it changes.
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.data().join(name), text).expect("written");
    }

    /// Waits until what was written is older than a tick of the clock.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(45));
    }

    /// What the system says of a file.
    fn identity(&self, name: &str) -> glowplug_store::FileIdentity {
        glowplug_store::disk::identity_of(&std::fs::metadata(self.data().join(name)).expect("there"))
    }

    fn cache(&self) -> CallCache {
        CallCache::open(self.settings()).expect("a cache")
    }

    fn settings(&self) -> Settings {
        Settings::new(self.folder.path().join("cache"), self.folder.path().join("home/key"))
    }

    /// Lets `look` look at the folder as a guest would, and gives what it printed.
    fn run(&self, look: impl FnOnce(&Namespace) -> String) -> Run {
        let trace = Trace::new(true);
        let settings = glowplug_fs::Settings {
            mounts: vec![Mount { host: self.data(), guest: b"/data".to_vec(), access: Access::Overlay }],
            trace: Some(trace.clone()),
            ..glowplug_fs::Settings::default()
        };
        let namespace = Namespace::new(settings).expect("a namespace");
        let printed = look(&namespace);
        let written = namespace.written().expect("what was written");
        let observed = trace.finish().expect("nothing changed meanwhile");
        let output = vec![Chunk { stream: 1, bytes: printed.into_bytes() }];
        let outcome = Outcome { exit_code: 0, output, written };
        Run { observed, stdin: None, outcome, cost: Duration::from_millis(7) }
    }
}

/// Reads a file whole, as a guest does.
fn read(namespace: &Namespace, path: &str) -> String {
    match namespace.open(path.as_bytes(), &OpenOptions::reading()) {
        Ok(Opened::File(file, watch, _)) => {
            let (mut text, mut at, mut buffer) = (Vec::new(), 0, [0; 4096]);
            loop {
                let got = rustix::io::pread(&file, &mut buffer, at).expect("read");
                if let Some(watch) = &watch {
                    watch.read(&file, at, &buffer[..got]);
                }
                if got == 0 {
                    return String::from_utf8(text).expect("text");
                }
                text.extend_from_slice(&buffer[..got]);
                at += got as u64;
            }
        }
        Ok(_) => "something else".to_owned(),
        Err(error) => format!("error {}", error.errno),
    }
}

fn key(name: &str) -> CallKey {
    CallKey::new(b"program").with("module", "1").with("argument 1", name)
}

fn hit(lookup: Lookup) -> Hit {
    match lookup {
        Lookup::Hit(hit) => *hit,
        Lookup::Miss(reason) => panic!("a miss: {reason}"),
    }
}

fn miss(lookup: Lookup) -> MissReason {
    match lookup {
        Lookup::Hit(_) => panic!("a hit"),
        Lookup::Miss(reason) => reason,
    }
}

fn printed(hit: &Hit) -> String {
    hit.outcome.output.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect()
}

/// The only file in a folder of the store.
fn only_file(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let file = files.next().expect("a file");
    assert!(files.next().is_none(), "more than one file in {}", folder.display());
    file
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn now() -> SystemTime {
    SystemTime::now()
}

/// Whether the file system of temporary files says who could be writing to a file: elsewhere (overlayfs, tmpfs) one that was changed
/// within a minute, or at any time, is read each time. Said aloud, because a test of the other does not run then.
#[allow(clippy::print_stderr, reason = "a skipped test has to be heard of")]
fn tells_writers(test: &str) -> bool {
    use glowplug_store::disk::FileSystem;
    let folder = std::fs::File::open(std::env::temp_dir()).expect("a folder for temporary files");
    let tells = FileSystem::of(&folder) == FileSystem::TellsWriters;
    if !tells {
        eprintln!("skipped: {test}: the file system of temporary files does not say who writes to a file");
    }
    tells
}
