//! The call cache: entries and proofs, changed by somebody. What is not authentic is never replayed; what is, and is none, ends as a miss.

use crate::plant::{Template, Way};
use glowplug_calls::{Ahead, CallCache, CallKey, Chunk, Evidence, Lookup, Outcome, Run, Settings};
use glowplug_fs::trace::Trace;
use glowplug_fs::{Access, Mount, Namespace, OpenOptions, Opened};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

struct NoInput;

impl Ahead for NoInput {
    fn first(&mut self, _len: u64) -> std::io::Result<&[u8]> {
        Ok(&[])
    }
}

fn cache(home: &Path) -> CallCache {
    CallCache::open(Settings::new(home.join("cache"), home.join("data/key"))).expect("a cache")
}

fn key() -> CallKey {
    CallKey::new(b"program").with("module", "1").with("argument 1", "x")
}

/// What a run gave: more than lies within an entry.
fn output() -> Vec<u8> {
    b"0123456789abcdef".repeat(1200)
}

/// A run that reads a file, lists a folder, and misses another file, in `data`, which stays.
fn run(data: &Path) -> Run {
    let trace = Trace::new(true);
    let settings = glowplug_fs::Settings {
        mounts: vec![Mount { host: data.to_owned(), guest: b"/data".to_vec(), access: Access::Overlay }],
        trace: Some(trace.clone()),
        ..glowplug_fs::Settings::default()
    };
    let namespace = Namespace::new(settings).expect("a namespace");
    if let Ok(Opened::File(file, Some(watch), _)) = namespace.open(b"/data/in", &OpenOptions::reading()) {
        let mut buffer = [0; 64];
        let got = rustix::io::pread(&file, &mut buffer, 0).expect("read");
        watch.read(&file, 0, &buffer[..got]);
    }
    let _ = (namespace.stat(b"/data/none", true), namespace.read_dir(b"/data"));
    let observed = trace.finish().expect("nothing changed");
    let output = vec![Chunk { stream: 1, bytes: b"out\n".to_vec() }, Chunk { stream: 2, bytes: output() }];
    let outcome = Outcome { exit_code: 3, output, written: Vec::new() };
    Run { observed, stdin: None, outcome, cost: Duration::from_millis(7) }
}

fn template() -> &'static (Template, tempfile::TempDir) {
    static TEMPLATE: OnceLock<(Template, tempfile::TempDir)> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let home = tempfile::tempdir().expect("a temporary folder");
        let data = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(data.path().join("in"), "input").expect("written");
        std::thread::sleep(Duration::from_millis(60));
        let cache = cache(home.path());
        let since = SystemTime::now();
        let first = run(data.path());
        let mut evidence = Evidence::default();
        evidence.add(&first.observed);
        cache.store(&key(), first).expect("kept");
        cache.prove(&key(), evidence, since, b"summary").expect("looked");
        (Template::of(home.path()), data)
    })
}

/// Changes one file, and asks for everything. The first bytes say which file and how.
pub fn calls(data: &[u8]) {
    let Some((&[which, how], rest)) = data.split_first_chunk() else { return };
    let (template, _data) = template();
    let home = tempfile::tempdir().expect("a temporary folder");
    let files: Vec<PathBuf> = template.files("cache").collect();
    let path = &files[usize::from(which) % files.len()];
    let way = Way::from(how);
    template.put(home.path(), path, way, rest);
    let cache = cache(home.path());
    let forged = matches!(way, Way::Sealed | Way::SealedPatched);
    for _ in 0..2 {
        if let Lookup::Hit(hit) = cache.lookup(&key(), &mut NoInput) {
            let (code, chunks) = (hit.outcome.exit_code, &hit.outcome.output);
            let sound = code == 3 && chunks.len() == 2 && chunks[0].bytes == b"out\n" && chunks[1].bytes == output();
            assert!(sound || forged, "{} {way:?}: something else is replayed: {:?}", path.display(), hit.outcome);
            let _ = (hit.cost(), hit.created(), hit.checked(), cache.note_use(&hit));
        }
        if let Ok(proven) = cache.proven(&key()) {
            assert!(forged || proven.summary == b"summary", "{} {way:?}: something else is proven", path.display());
        }
    }
    if let Ok((listings, _)) = cache.list() {
        listings.iter().for_each(|listing| drop(cache.why(listing.key)));
    }
    let _ = (cache.why(key().digest()), cache.verify(), cache.prune(true), cache.prune(false));
    cache.store(&key(), run(template_data())).expect("kept");
    assert!(
        matches!(cache.lookup(&key(), &mut NoInput), Lookup::Hit(_)),
        "{} {way:?}: nothing can be kept any more",
        path.display()
    );
    let _ = cache.clear();
}

fn template_data() -> &'static Path {
    template().1.path()
}
