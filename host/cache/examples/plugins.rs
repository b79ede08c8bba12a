//! A plugin host: loads every module of a folder, in parallel, each compiled at most once on this machine.
//!
//!     cargo run -p glowplug-cache --example plugins -- CACHE-FOLDER PLUGIN-FOLDER
//!
//! A plugin that cannot be loaded is reported, and the others are loaded all the same.
#![allow(clippy::print_stdout)]

use glowplug_cache::{LazyEngine, LoadError, Loaded, ModuleCache, Settings, Source};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;
use wasmtime::{Config, Module};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, plugins] = &arguments[..] else { return Err("usage: plugins CACHE-FOLDER PLUGIN-FOLDER".into()) };
    let folder = std::path::absolute(folder)?;

    let mut paths = Vec::new();
    for entry in std::fs::read_dir(plugins)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat") {
            paths.push(path);
        }
    }
    paths.sort();

    let cache = ModuleCache::open(Settings::new(folder.join("cache"), folder.join("data/key")))?;
    for step in cache.steps_down() {
        println!("note: {step}");
    }
    let start = Instant::now();
    let mut loaded = load_all(&cache, &paths);
    loaded.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, result) in &loaded {
        match result {
            Ok(plugin) => {
                let exports = plugin.module.exports().len();
                let why = plugin.report.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                println!("{}: {exports} exports, {:?}{why}", path.display(), plugin.report.tier);
            }
            Err(error) => println!("{}: {error}", path.display()),
        }
    }
    println!("{} plugins in {:?}", loaded.len(), start.elapsed());
    Ok(())
}

type Plugin = (PathBuf, Result<Loaded<Module>, LoadError>);

/// One engine and one cache, shared by as many threads as there are cores.
fn load_all(cache: &ModuleCache, paths: &[PathBuf]) -> Vec<Plugin> {
    let engine = LazyEngine::new((), |()| Config::new());
    let next = Mutex::new(paths.iter());
    let loaded = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(paths.len()) {
            scope.spawn(|| {
                loop {
                    let Some(path) = next.lock().ok().and_then(|mut next| next.next()) else { return };
                    let result = cache.load(&engine, &Source::file(path.as_path()));
                    if let Ok(mut loaded) = loaded.lock() {
                        loaded.push((path.clone(), result));
                    }
                }
            });
        }
    });
    loaded.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
