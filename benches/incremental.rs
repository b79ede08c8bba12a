//! What does incremental compilation save after an edit of one function, in processor time?
//!
//! Everything that a compilation in the background does is measured: looking into the store, compiling, writing the
//! artifact and the functions. Compared alternately in one run, for the same edited module:
//!
//! - `full`: without functions;
//! - `filling`: with an empty store, which is what the first compilation pays;
//! - `edit`: with the functions of the module as it was before the edit;
//! - `bound`: only compiling, with functions that lie in memory: no store can do better.
//!
//! `cargo bench --bench incremental -- [MODULE] [ROUNDS]`; by default the embedded programs, and 7 rounds.

#![allow(clippy::print_stdout, reason = "a program of its own")]

use glowplug_cache::{Incremental, LazyEngine, ModuleCache, Reused, Settings, Source};
use glowplug_runtime::{EngineSpec, config};
use rustix::time::{ClockId, clock_gettime};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wasmtime::{CacheStore, Engine};

mod edit;

/// Functions in memory. Those that are not among the known ones are collected.
#[derive(Debug, Default)]
struct Functions {
    known: HashMap<Vec<u8>, Vec<u8>>,
    new: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.known.get(key).map(|code| Cow::Borrowed(code.as_slice()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        self.new.lock().expect("nobody panicked").push((key.to_vec(), code));
        true
    }
}

/// Of this process: of user and system, of all threads.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("below a second"))
}

/// Processor time and wall time, in seconds.
fn timed<T>(work: impl FnOnce() -> T) -> ((f64, f64), T) {
    let (wall, processor) = (Instant::now(), processor_time());
    let result = work();
    (((processor_time() - processor).as_secs_f64(), wall.elapsed().as_secs_f64()), result)
}

fn compile(wasm: &[u8], functions: &Arc<Functions>) -> Vec<u8> {
    let mut config = config(&EngineSpec::default());
    config.enable_incremental_compilation(functions.clone()).expect("Cranelift takes it");
    Engine::new(&config).and_then(|engine| engine.precompile_module(wasm)).expect("compiled")
}

/// Compiles as the background does, in a process that has just begun.
fn warm(home: &Path, wasm: &[u8], incremental: Incremental) -> Option<Reused> {
    let engine = LazyEngine::new(EngineSpec::default(), config);
    let report = open(home, incremental).warm(&engine, &source(wasm)).expect("compiled");
    assert!(report.phases.compile.is_some() && report.notes.is_empty(), "{report:?}");
    report.reused
}

fn artifact(home: &Path, wasm: &[u8]) -> Vec<u8> {
    let engine = LazyEngine::new(EngineSpec::default(), config);
    let loaded = open(home, Incremental::Off).load(&engine, &source(wasm)).expect("loaded");
    assert!(loaded.report.phases.compile.is_none(), "it was there");
    loaded.module.serialize().expect("serialized")
}

fn open(home: &Path, incremental: Incremental) -> ModuleCache {
    let mut settings = Settings::new(home.join("cache"), home.join("key"));
    settings.incremental = incremental;
    ModuleCache::open(settings).expect("sound settings")
}

/// The same source, whatever it holds.
fn source(wasm: &[u8]) -> Source<'_> {
    Source::bytes("module", wasm)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    // `cargo bench` adds a flag.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let path = arguments.first().map_or("guest/prebuilt/coreutils.wasm", String::as_str);
    let rounds: usize = arguments.get(1).map_or(7, |rounds| rounds.parse().expect("a number of rounds"));
    let original = std::fs::read(path).expect("a module");

    let learnt = Arc::<Functions>::default();
    compile(&original, &learnt);
    let known = learnt.new.lock().expect("nobody panicked").drain(..).collect();
    let known = Arc::new(Functions { known, ..Functions::default() });

    let edits = tempfile::tempdir().expect("a folder");
    warm(edits.path(), &original, Incremental::On);
    let stats = open(edits.path(), Incremental::Off).stats().expect("counted");
    println!(
        "{path}: {} bytes, artifact {} bytes, functions {} bytes",
        original.len(),
        stats.bytes,
        stats.function_bytes
    );

    let mut times: [Vec<(f64, f64)>; 4] = Default::default();
    for round in 0..rounds {
        let wasm = edit::one_function(&original, round);
        let fresh = || tempfile::tempdir().expect("a folder");
        let (whole, filled) = (fresh(), fresh());
        let (full, _) = timed(|| warm(whole.path(), &wasm, Incremental::Off));
        let (filling, _) = timed(|| warm(filled.path(), &wasm, Incremental::On));
        let (edit, reused) = timed(|| warm(edits.path(), &wasm, Incremental::On));
        let (bound, _) = timed(|| compile(&wasm, &known));
        known.new.lock().expect("nobody panicked").clear();
        let reused = reused.expect("functions were asked for");
        println!("round {round}: {} of {} functions found", reused.functions, reused.of);
        assert!(
            artifact(whole.path(), &wasm) == artifact(edits.path(), &wasm),
            "another artifact than without functions"
        );
        times.iter_mut().zip([full, filling, edit, bound]).for_each(|(times, time)| times.push(time));
    }
    // Each against the full compilation of its own round, since other programs make all of a round slower or faster.
    for (name, own) in ["full", "filling", "edit", "bound"].iter().zip(&times) {
        let (processor, wall) = own.iter().copied().unzip();
        let ratio = median(own.iter().zip(&times[0]).map(|(time, full)| time.0 / full.0).collect());
        println!("{name:>8}: processor {:.2} s, {ratio:.3} of full; wall {:.2} s", median(processor), median(wall));
    }
}
