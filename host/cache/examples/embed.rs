//! The shortest honest use: load a module through the cache, say what happened, call a function.
//!
//!     cargo run -p glowplug-cache --example embed -- FOLDER FILE.wasm FUNCTION
//!
//! Run it twice: the first start compiles, the second does not.
#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "an embedding of its own enters its guests itself")]

use glowplug_cache::{LazyEngine, ModuleCache, Settings, Source};
use std::error::Error;
use std::path::Path;
use wasmtime::{Config, Instance, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, function] = &arguments[..] else {
        return Err("usage: embed FOLDER FILE.wasm FUNCTION".into());
    };
    let folder = std::path::absolute(folder)?;

    // The compiler is made only if something has to be compiled.
    let engine = LazyEngine::new((), |()| Config::new());
    let cache = ModuleCache::open(Settings::new(folder.join("cache"), folder.join("data/key")))?;
    let loaded = cache.load(&engine, &Source::file(Path::new(file)))?;

    let report = &loaded.report;
    println!("{:?} from the {:?} tier", report.outcome, report.tier);
    if let Some(reason) = &report.reason {
        println!("because: {reason}");
    }

    let mut store = Store::new(loaded.module.engine(), ());
    let instance = Instance::new(&mut store, &loaded.module, &[])?;
    let result = instance.get_typed_func::<(), i32>(&mut store, function)?.call(&mut store, ())?;
    println!("{function}() = {result}");
    Ok(())
}
