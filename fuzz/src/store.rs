//! The library's store: manifests, source entries, packs of functions and the rest, changed by somebody. Whatever lies there, a load gives
//! the module that was asked for.

use crate::plant::{Template, Way};
use glowplug_cache::{Engines, LazyEngine, ModuleCache, Settings, Source};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use wasmtime::{Config, Instance, Store};

/// What records are made of.
pub(crate) const WORDS: &[&str] = &[
    "{\"mac\":\"",
    "\",\"body\":",
    "}\n",
    "null",
    "[",
    "{",
    "\"stamp\":",
    "\"digest\":",
    "\"created\":[9223372036854775807,4294967295]",
    "\"artifact_bytes\":18446744073709551615",
    "-1",
    "1e999",
    "\\u0000",
    "glowfns\u{1}",
    "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
];

fn settings(home: &Path) -> Settings {
    let mut settings = Settings::new(home.join("cache"), home.join("data/key"));
    settings.resident_bytes = 0;
    settings.wait_limit = Duration::from_millis(50);
    settings
}

/// Large enough that its functions are kept.
fn module(answer: i32) -> Vec<u8> {
    let padding = "x".repeat(260 << 10);
    let text = format!(
        "(module (func (export \"answer\") (result i32) i32.const {answer}) (func (result i32) i32.const 7) (memory 8) (data (i32.const 0) \"{padding}\"))"
    );
    wat::parse_str(text).expect("sound text")
}

struct Kept {
    template: Template,
    wasm: [Vec<u8>; 2],
    engine: LazyEngine<()>,
}

fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let home = tempfile::tempdir().expect("a temporary folder");
        let wasm = [module(1), module(2)];
        let engine = LazyEngine::new((), |()| Config::new());
        let path = home.path().join("app.wasm");
        std::fs::write(&path, &wasm[0]).expect("written");
        std::thread::sleep(Duration::from_millis(60));
        let cache = ModuleCache::open(settings(home.path())).expect("sound settings");
        assert_eq!(answer(&cache, &engine, &path), 1);
        cache.finish();
        Kept { template: Template::of(home.path()), wasm, engine }
    })
}

#[expect(clippy::disallowed_methods, reason = "the modules are this target's own, and small")]
fn answer<E: Engines>(cache: &ModuleCache, engine: &E, path: &Path) -> i32 {
    let loaded = cache.load(engine, &Source::file(path)).expect("a load never fails for the cache's sake");
    let mut store = Store::new(loaded.module.engine(), ());
    let instance = Instance::new(&mut store, &loaded.module, &[]).expect("an instance");
    instance
        .get_typed_func::<(), i32>(&mut store, "answer")
        .expect("exported")
        .call(&mut store, ())
        .expect("it returns")
}

/// Changes one file of a store, and then loads, looks, repairs and loads again. The first bytes say which file and how.
pub fn store(data: &[u8]) {
    let Some((&[which, how], rest)) = data.split_first_chunk() else { return };
    let kept = kept();
    let home = tempfile::tempdir().expect("a temporary folder");
    let files: Vec<PathBuf> = kept.template.files("cache").collect();
    let path = &files[usize::from(which) % files.len()];
    kept.template.put(home.path(), path, Way::from(how), rest);
    let module = home.path().join("app.wasm");
    let cache = ModuleCache::open(settings(home.path())).expect("sound settings");
    let what = || format!("{} {:?}", path.display(), Way::from(how));
    assert_eq!(answer(&cache, &kept.engine, &module), 1, "{}", what());
    let _ = (cache.entries(), cache.function_packs(), cache.stats(), cache.probe(&kept.engine, &Source::file(&module)));
    let _ = (cache.verify(), cache.prune(true));
    assert_eq!(answer(&cache, &kept.engine, &module), 1, "{}", what());
    // The source has changed: functions of the last compilation are looked for.
    std::fs::write(&module, &kept.wasm[1]).expect("written");
    assert_eq!(answer(&cache, &kept.engine, &module), 2, "{}", what());
    let _ = (cache.prune(false), cache.clear());
    cache.finish();
    assert_eq!(answer(&cache, &kept.engine, &module), 2, "{}", what());
}
