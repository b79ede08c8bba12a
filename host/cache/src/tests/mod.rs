//! Tests of the cache as a whole. Each has folders of its own; none touches the user's.

mod basics;
mod child;
mod degrade;
mod faults;
mod hits;
mod incremental;
mod keys;
mod many;
mod tending;
mod tiers;
mod trust;
mod unsound;

use crate::*;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmtime::{Config, Engine};

/// A user with a cache, somewhere temporary.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> Settings {
        settings_in(self.path())
    }

    pub(crate) fn cache(&self) -> ModuleCache {
        let cache = ModuleCache::open(self.settings()).expect("sound settings");
        assert_eq!(cache.steps_down(), []);
        cache
    }

    /// A file beside the cache whose time is old enough for its identity to be remembered.
    pub(crate) fn settled_file(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, contents).expect("written");
        settle();
        path
    }

    /// All files of the store whose path contains `part`.
    pub(crate) fn stored(&self, part: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.path().join("cache"), part, &mut found);
        found.sort();
        found
    }

    /// The only one.
    pub(crate) fn the_stored(&self, part: &str) -> PathBuf {
        let found = self.stored(part);
        assert_eq!(found.len(), 1, "{part}: {found:?}");
        found.into_iter().next().expect("one")
    }
}

pub(crate) fn settings_in(home: &Path) -> Settings {
    let mut settings = Settings::new(home.join("cache"), home.join("data/key"));
    // Each test decides whether it is about the tier within the process.
    settings.resident_bytes = 0;
    settings
}

fn collect(folder: &Path, part: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, part, found);
        } else if path.to_string_lossy().contains(part) {
            found.push(path);
        }
    }
}

/// Longer than two ticks of the file system's clock.
pub(crate) fn settle() {
    std::thread::sleep(Duration::from_millis(45));
}

/// A module that returns `answer`.
pub(crate) fn answering(answer: i32) -> Vec<u8> {
    wat::parse_str(format!("(module (func (export \"answer\") (result i32) i32.const {answer}))")).expect("sound text")
}

/// A module that takes noticeable time to compile.
pub(crate) fn slow_to_compile() -> Vec<u8> {
    let body = "local.get 0 i32.const 3 i32.mul i32.const 5 i32.xor local.set 0 ".repeat(60);
    let mut text = String::from("(module (func (export \"answer\") (result i32) i32.const 42)");
    for _ in 0..400 {
        text.push_str(&format!("(func (param i32) (result i32) {body} local.get 0)"));
    }
    text.push(')');
    wat::parse_str(text).expect("sound text")
}

/// Calls the module: the proof that what was loaded is what was meant.
#[expect(clippy::disallowed_methods, reason = "a test enters on a stack that is empty")]
pub(crate) fn answer(module: &wasmtime::Module) -> i32 {
    let mut store = wasmtime::Store::new(module.engine(), ());
    if module.engine().config_consumes_fuel() {
        store.set_fuel(1_000_000).expect("fuel");
    }
    store.set_epoch_deadline(1);
    let instance = wasmtime::Instance::new(&mut store, module, &[]).expect("instantiated");
    instance.get_typed_func::<(), i32>(&mut store, "answer").expect("exported").call(&mut store, ()).expect("returned")
}

trait Fueled {
    fn config_consumes_fuel(&self) -> bool;
}

impl Fueled for Engine {
    fn config_consumes_fuel(&self) -> bool {
        format!("{:?}", self.config()).contains("consume_fuel: true")
    }
}

/// The engine of programs that care for start-up: made once, without a compiler until one is needed.
pub(crate) fn lazy() -> LazyEngine<()> {
    LazyEngine::new((), |()| Config::new())
}

pub(crate) fn load_file<E: Engines>(cache: &ModuleCache, engine: &E, path: &Path) -> (i32, LoadReport) {
    let loaded = cache.load(engine, &Source::file(path)).expect("a load never fails for the cache's sake");
    (answer(&loaded.module), loaded.report)
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

pub(crate) fn is_root() -> bool {
    glowplug_store::disk::effective_user() == 0
}

#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
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
