//! What decides the native code that our engines make.

use std::fmt;
use std::str::FromStr;

use wasmtime::{Config, Strategy, WasmBacktraceDetails};

/// Everything about an engine that decides the native code it makes or accepts.
///
/// Plain data, so that it can be part of a cache key. The default is what `wasmtime run` uses: Cranelift, optimizing
/// for speed, and every proposal that Wasmtime turns on by itself (garbage collection, exceptions, tail calls,
/// memory64, threads, SIMD and relaxed SIMD, multiple memories, components).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EngineSpec {
    /// Which compiler makes the code.
    pub compiler: Compiler,
    /// How hard Cranelift tries. Winch has no such choice and ignores it.
    pub opt_level: OptLevel,
    /// Code that checks at each function and loop whether the host wants to interrupt it; a few percent slower.
    pub epoch_interruption: bool,
    /// DWARF for native debuggers. Winch cannot make it: the engine's construction fails.
    pub debug_info: bool,
    /// Keep the guest's own DWARF, so that backtraces name files and lines. Makes artifacts larger.
    pub backtrace_details: bool,
    /// Numbers of 128 bits (the wide-arithmetic proposal), off by default in Wasmtime.
    pub wide_arithmetic: bool,
    /// Memory pages other than 64 KiB (the custom-page-sizes proposal), off by default in Wasmtime.
    pub custom_page_sizes: bool,
    /// The same results on every machine: a NaN has one pattern of bits, and relaxed SIMD one meaning. WebAssembly itself leaves
    /// both to the machine. Code that computes with floats is a little slower for it.
    pub canonical_numbers: bool,
}

/// Which compiler turns WebAssembly into native code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// Compiles slowly, runs fast: the optimized tier.
    #[default]
    Cranelift,
    /// Compiles fast, runs slower: the baseline tier. Knows no garbage collection, function references, tail calls,
    /// exceptions or relaxed SIMD, and its artifacts load only into an engine that has Winch switched on.
    Winch,
}

/// How hard Cranelift tries to make the code good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Compile quickly.
    None,
    /// Make fast code.
    #[default]
    Speed,
    /// Make fast code, and small where that costs little.
    SpeedAndSize,
}

/// A name that is none of an option's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: &'static [&'static str],
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, known } = self;
        write!(f, "`{name}` is no {what}; choose one of {}", known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

impl Compiler {
    /// Every compiler's name, as [`FromStr`] reads them.
    pub const NAMES: &[&str] = &["cranelift", "winch"];

    /// The compiler's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cranelift => "cranelift",
            Self::Winch => "winch",
        }
    }
}

impl OptLevel {
    /// Every level's name, as [`FromStr`] reads them.
    pub const NAMES: &[&str] = &["none", "speed", "speed_and_size"];

    /// The level's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Speed => "speed",
            Self::SpeedAndSize => "speed_and_size",
        }
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Compiler {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::Cranelift, Self::Winch].into_iter().find(|compiler| compiler.name() == name).ok_or_else(|| UnknownName {
            what: "compiler",
            name: name.to_owned(),
            known: Self::NAMES,
        })
    }
}

impl FromStr for OptLevel {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::None, Self::Speed, Self::SpeedAndSize]
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| UnknownName { what: "optimization level", name: name.to_owned(), known: Self::NAMES })
    }
}

/// The engine settings that `spec` asks for.
///
/// Depends on nothing but `spec`: not on the environment, which `wasmtime::Config` by itself reads. So two calls with
/// equal specs give engines that load each other's artifacts.
///
/// The caller may switch the compiler off afterwards (`Config::enable_compiler(false)`), which takes the compiler's own
/// settings with it. Such an engine loads what Cranelift made with the same spec, at any optimization level, but
/// nothing that Winch made: the calling convention is part of what Wasmtime checks.
#[must_use]
pub fn config(spec: &EngineSpec) -> Config {
    let mut config = Config::new();
    match spec.compiler {
        Compiler::Cranelift => {
            config.strategy(Strategy::Cranelift);
            config.cranelift_opt_level(match spec.opt_level {
                OptLevel::None => wasmtime::OptLevel::None,
                OptLevel::Speed => wasmtime::OptLevel::Speed,
                OptLevel::SpeedAndSize => wasmtime::OptLevel::SpeedAndSize,
            });
        }
        Compiler::Winch => {
            config.strategy(Strategy::Winch);
        }
    }
    config.epoch_interruption(spec.epoch_interruption);
    config.debug_info(spec.debug_info);
    // Always said, because the default looks at WASMTIME_BACKTRACE_DETAILS, and artifacts made with and without it
    // refuse each other.
    config.wasm_backtrace_details(if spec.backtrace_details {
        WasmBacktraceDetails::Enable
    } else {
        WasmBacktraceDetails::Disable
    });
    // For unwinders from outside, such as a native debugger's: Wasmtime itself follows frame pointers. Without it artifacts are
    // smaller, and nothing is registered when one is loaded.
    config.native_unwind_info(cfg!(windows) || spec.debug_info);
    // Only ever switched on: saying "off" for what is off already would be harmless, saying it for a proposal that
    // Wasmtime turns on some day would not.
    if spec.wide_arithmetic {
        config.wasm_wide_arithmetic(true);
    }
    if spec.custom_page_sizes {
        config.wasm_custom_page_sizes(true);
    }
    if spec.canonical_numbers {
        config.cranelift_nan_canonicalization(true);
        config.relaxed_simd_deterministic(true);
    }
    config
}

/// How much stack a process's guest may use. Guests are nested when one runs in the foreground of another.
pub(crate) const MAX_WASM_STACK: usize = 3 << 20;

/// What the engine of processes is made from: they can be interrupted, and what they compute hangs on no machine.
#[must_use]
pub fn process_spec() -> EngineSpec {
    EngineSpec { epoch_interruption: true, canonical_numbers: true, ..EngineSpec::default() }
}

/// The settings of the engine of processes.
#[must_use]
pub fn process_config(spec: &EngineSpec) -> Config {
    let mut config = config(spec);
    // A process that traps says why, not where. Besides, `exit` is an error to Wasmtime, which would look up where it was
    // called from in a large table, at the end of each process.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config.max_wasm_stack(MAX_WASM_STACK);
    // Nothing of it is asynchronous; Wasmtime only wants the one to be larger than the other.
    config.async_stack_size(MAX_WASM_STACK + (1 << 20));
    config
}

/// What the engine of a session's many short-lived processes is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PooledSpec {
    /// What decides the code.
    pub engine: EngineSpec,
    /// How many instances there may be at once.
    pub instances: u32,
}

/// What a program may have to fit into the pool.
pub(crate) const POOLED_MEMORIES: u32 = 4;
pub(crate) const POOLED_TABLES: u32 = 4;
pub(crate) const POOLED_ELEMENTS: usize = 1 << 18;
/// What may stay of an ended instance's memory for the next one: as much as its pages are counted, so that only those it
/// touched are restored, where the kernel can count them (`PAGEMAP_SCAN`, Linux 6.7); otherwise all of it is written anew.
const KEPT: usize = 2 << 20;
const KEPT_UNCOUNTED: usize = 64 << 10;
/// Slots whose memory is kept while nobody uses them.
const WARM_SLOTS: u32 = 16;

/// The settings of the engine of short-lived processes: it loads what [`process_config`]'s makes.
///
/// Making and removing the memory of an instance on demand takes 43 us when it touches a dozen pages, taking it from a pool
/// 9 us. Setting up the pool takes 140 us, so the first processes of a session have none (figures in adr/0018).
#[must_use]
pub fn pooled_process_config(spec: &PooledSpec) -> Config {
    let mut pool = wasmtime::PoolingAllocationConfig::new();
    pool.total_core_instances(spec.instances)
        .total_memories(spec.instances)
        .total_tables(spec.instances)
        .total_gc_heaps(spec.instances)
        .total_component_instances(0)
        .total_stacks(0)
        .max_memories_per_module(POOLED_MEMORIES)
        .max_tables_per_module(POOLED_TABLES)
        .table_elements(POOLED_ELEMENTS)
        .max_core_instance_size(64 << 20)
        .max_unused_warm_slots(WARM_SLOTS)
        .pagemap_scan(wasmtime::Enabled::Auto);
    let counted = wasmtime::PoolingAllocationConfig::is_pagemap_scan_available();
    pool.linear_memory_keep_resident(if counted { KEPT } else { KEPT_UNCOUNTED }).table_keep_resident(KEPT_UNCOUNTED);
    let mut config = process_config(&spec.engine);
    config.allocation_strategy(wasmtime::InstanceAllocationStrategy::Pooling(pool));
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Engine, Module};

    fn engine(spec: &EngineSpec) -> Engine {
        Engine::new(&config(spec)).unwrap()
    }

    #[test]
    fn names_read_back() {
        for name in Compiler::NAMES {
            assert_eq!(name.parse::<Compiler>().unwrap().to_string(), *name);
        }
        for name in OptLevel::NAMES {
            assert_eq!(name.parse::<OptLevel>().unwrap().to_string(), *name);
        }
        assert_eq!(
            "gcc".parse::<Compiler>().unwrap_err().to_string(),
            "`gcc` is no compiler; choose one of cranelift, winch"
        );
    }

    #[test]
    fn an_engine_without_a_compiler_accepts_what_the_same_spec_made() {
        for opt_level in [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize] {
            for flag in [false, true] {
                let spec = EngineSpec {
                    opt_level,
                    epoch_interruption: flag,
                    debug_info: flag,
                    backtrace_details: flag,
                    wide_arithmetic: flag,
                    custom_page_sizes: flag,
                    canonical_numbers: flag,
                    ..EngineSpec::default()
                };
                let artifact = engine(&spec).precompile_module(b"\0asm\x01\0\0\0").unwrap();
                let mut hit = config(&spec);
                hit.enable_compiler(false);
                let hit = Engine::new(&hit).unwrap();
                load(&hit, &artifact).unwrap();
            }
        }
    }

    #[test]
    fn the_pool_loads_what_the_engine_of_processes_makes() {
        let spec = process_spec();
        let compiler = Engine::new(&process_config(&spec)).unwrap();
        let pooled = PooledSpec { engine: spec, instances: 8 };
        let mut config = pooled_process_config(&pooled);
        config.enable_compiler(false);
        let pool = Engine::new(&config).unwrap();
        let artifact = compiler.precompile_module(b"\0asm\x01\0\0\0").unwrap();
        load(&pool, &artifact).unwrap();
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test enters on a stack that is empty")]
    fn canonical_numbers_are_the_same_from_every_compiler() {
        // The sign and payload that a machine gives to 0/0 are its own; x86-64's has the sign bit, which is not canonical.
        let wasm = wat::parse_str(
            r#"(module (func (export "nan") (param f64) (result i64)
                 (i64.reinterpret_f64 (f64.div (local.get 0) (local.get 0)))))"#,
        );
        let wasm = wasm.unwrap();
        for compiler in [Compiler::Cranelift, Compiler::Winch] {
            let engine = engine(&EngineSpec { compiler, canonical_numbers: true, ..EngineSpec::default() });
            let mut store = wasmtime::Store::new(&engine, ());
            let module = Module::new(&engine, &wasm).unwrap();
            let instance = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
            let nan = instance.get_typed_func::<f64, i64>(&mut store, "nan").unwrap();
            assert_eq!(nan.call(&mut store, 0.0).unwrap() as u64, 0x7ff8_0000_0000_0000, "{compiler}");
        }
    }

    #[test]
    fn engines_that_differ_in_checked_settings_refuse_each_other() {
        let plain = engine(&EngineSpec::default());
        let artifact = plain.precompile_module(b"\0asm\x01\0\0\0").unwrap();
        for other in [
            EngineSpec { compiler: Compiler::Winch, ..EngineSpec::default() },
            EngineSpec { epoch_interruption: true, ..EngineSpec::default() },
            EngineSpec { debug_info: true, ..EngineSpec::default() },
            EngineSpec { backtrace_details: true, ..EngineSpec::default() },
            EngineSpec { canonical_numbers: true, ..EngineSpec::default() },
        ] {
            assert!(load(&engine(&other), &artifact).is_err(), "{other:?}");
        }
    }

    #[expect(
        unsafe_code,
        clippy::disallowed_methods,
        reason = "Wasmtime's loader trusts its bytes, and these were compiled a line above"
    )]
    fn load(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Module> {
        // SAFETY: the bytes come from `precompile_module` in the same test.
        unsafe { Module::deserialize(engine, artifact) }
    }

    #[test]
    fn proposals_are_those_of_wasmtime_run() {
        let engine = engine(&EngineSpec::default());
        for (proposal, wat) in [
            ("gc", "(module (type (struct (field i32))))"),
            ("exceptions", "(module (tag $t) (func (throw $t)))"),
            ("tail calls", "(module (func $f (return_call $f)))"),
            ("memory64", "(module (memory i64 1))"),
            ("multi-memory", "(module (memory 1) (memory 1))"),
            ("threads", "(module (memory 1 1 shared))"),
            ("simd", "(module (func (result v128) (v128.const i64x2 1 2)))"),
            (
                "relaxed simd",
                "(module (func (param v128 v128) (result v128)
                    (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))",
            ),
            ("extended const", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"),
        ] {
            let wasm = wat::parse_str(wat).unwrap();
            Module::validate(&engine, &wasm).unwrap_or_else(|e| panic!("{proposal}: {e:?}"));
        }
    }

    #[test]
    fn optional_proposals_can_be_switched_on() {
        let wide = wat::parse_str(
            "(module (func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1))))",
        )
        .unwrap();
        let pages = wat::parse_str("(module (memory 1 (pagesize 1)))").unwrap();
        let plain = engine(&EngineSpec::default());
        let more = engine(&EngineSpec { wide_arithmetic: true, custom_page_sizes: true, ..EngineSpec::default() });
        for wasm in [&wide, &pages] {
            assert!(Module::validate(&plain, wasm).is_err());
            Module::validate(&more, wasm).unwrap();
        }
    }
}
