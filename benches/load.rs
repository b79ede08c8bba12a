//! What does a load cost, by tier and by the module's size?
//!
//! Engines and folders are made outside the timed loop; each load opens the cache anew, as a process that starts does,
//! except where the tier lives in the process.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glowplug_cache::{Backend, LazyEngine, ModuleCache, Settings, Source, Tier};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmtime::Config;

mod wasm;

fn settings(home: &Path, backend: Backend, resident_bytes: u64) -> Settings {
    let mut settings = Settings::new(home.join("cache"), home.join("data/key"));
    settings.backend = backend;
    settings.resident_bytes = resident_bytes;
    settings
}

fn load(settings: &Settings, path: &Path) -> Tier {
    let engine = LazyEngine::new((), |()| Config::new());
    let cache = ModuleCache::open(settings.clone()).expect("sound settings");
    cache.load(&engine, &Source::file(path)).expect("loaded").report.tier
}

/// A file whose identity is old enough to be remembered, loaded once and stamped.
fn prepared(home: &Path, functions: usize, settings: &Settings) -> PathBuf {
    let path = home.join("app.wasm");
    std::fs::write(&path, wasm::module(functions)).expect("written");
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(50));
        load(settings, &path);
    }
    path
}

fn by_tier(c: &mut Criterion) {
    for (size, functions) in wasm::SIZES {
        let mut group = c.benchmark_group(format!("load/{size}"));
        group.sample_size(20);
        let home = tempfile::tempdir().expect("a folder");

        let local = settings(home.path(), Backend::Aot, 0);
        let path = prepared(home.path(), functions, &local);
        group.bench_function("local", |b| b.iter(|| assert_eq!(load(&local, &path), Tier::Local)));

        let wasmtime = settings(home.path(), Backend::Wasmtime, 0);
        load(&wasmtime, &path);
        group.bench_function("wasmtime's cache", |b| b.iter(|| assert_eq!(load(&wasmtime, &path), Tier::Local)));

        let engine = LazyEngine::new((), |()| Config::new());
        let cache = ModuleCache::open(settings(home.path(), Backend::Aot, 1 << 30)).expect("sound settings");
        let source = Source::file(path.as_path());
        cache.load(&engine, &source).expect("loaded");
        group.bench_function("resident", |b| {
            b.iter(|| assert_eq!(cache.load(&engine, &source).expect("loaded").report.tier, Tier::Resident));
        });

        let off = settings(home.path(), Backend::Off, 0);
        group.sample_size(10);
        group.bench_with_input(BenchmarkId::from_parameter("compiled"), &path, |b, path| b.iter(|| load(&off, path)));
        group.finish();
    }
}

criterion_group!(benches, by_tier);
criterion_main!(benches);
