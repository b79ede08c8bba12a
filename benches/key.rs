//! What does a key cost: the module's digest, the engine's fingerprint, and making the engine itself?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glowplug_cache::{Digest, EngineFingerprint, EngineInputs};
use wasmtime::{Config, Engine};

mod wasm;

fn digests(c: &mut Criterion) {
    for (size, functions) in wasm::SIZES {
        let module = wasm::module(functions);
        let mut group = c.benchmark_group("digest");
        group.throughput(Throughput::Bytes(module.len() as u64));
        group.bench_function(size, |b| b.iter(|| Digest::of(&module)));
        group.finish();
    }
}

fn engines(c: &mut Criterion) {
    let engine = Engine::default();
    c.bench_function("fingerprint", |b| b.iter(|| EngineFingerprint::of(&engine)));
    c.bench_function("inputs in words", |b| b.iter(|| EngineInputs::of(&engine).expect("inputs")));
    c.bench_function("engine with a compiler", |b| b.iter(|| Engine::new(&Config::new()).expect("an engine")));
    c.bench_function("engine without a compiler", |b| {
        b.iter(|| Engine::new(Config::new().enable_compiler(false)).expect("an engine"));
    });
}

criterion_group!(benches, digests, engines);
criterion_main!(benches);
