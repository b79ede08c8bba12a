//! A Wasmtime embedding as most people write it, with its cache on: what `run.sh` compares with.
//!
//!     embedding CACHE_FOLDER MODULE [ARGS...]
#![allow(clippy::disallowed_methods, reason = "an embedding of its own enters its guests itself")]

use wasmtime::{Cache, CacheConfig, Config, Engine, Linker, Module, Result, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut cache = CacheConfig::new();
    cache.with_directory(&args[1]);
    let mut config = Config::new();
    config.cache(Some(Cache::new(cache)?));
    let engine = Engine::new(&config)?;
    let module = Module::from_file(&engine, &args[2])?;
    let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
    add_to_linker_sync(&mut linker, |context| context)?;
    let context = WasiCtxBuilder::new().inherit_stdio().args(&args[2..]).build_p1();
    let mut store = Store::new(&engine, context);
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    match start.call(&mut store, ()) {
        Err(error) if error.is::<I32Exit>() => std::process::exit(error.downcast::<I32Exit>()?.0),
        result => result,
    }
}
