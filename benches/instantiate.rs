//! What does it cost to instantiate a module that is loaded: for the first time in a process, and again?
#![allow(clippy::disallowed_methods, reason = "what is measured is Wasmtime's own way in")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use wasmtime::{Engine, Linker, Module, Store};

mod wasm;

fn instantiate(c: &mut Criterion) {
    let engine = Engine::default();
    for (size, functions) in wasm::SIZES {
        let module = Module::new(&engine, wasm::module(functions)).expect("compiled");
        let prepared = Linker::new(&engine).instantiate_pre(&module).expect("no imports");
        let mut group = c.benchmark_group(format!("instantiate/{size}"));
        group.bench_function("again", |b| {
            b.iter_batched(
                || Store::new(&engine, ()),
                |mut store| {
                    prepared.instantiate(&mut store).expect("instantiated");
                    store
                },
                BatchSize::PerIteration,
            );
        });
        let artifact = module.serialize().expect("serialized");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), artifact).expect("written");
        group.bench_function("mapped anew", |b| {
            b.iter_batched(
                || {
                    #[allow(unsafe_code, clippy::disallowed_methods)]
                    // SAFETY: serialized three lines above, into a file that only this process knows.
                    unsafe {
                        Module::deserialize_file(&engine, file.path()).expect("mapped")
                    }
                },
                |module| {
                    let mut store = Store::new(&engine, ());
                    Linker::new(&engine).instantiate(&mut store, &module).expect("instantiated");
                    (store, module)
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, instantiate);
criterion_main!(benches);
