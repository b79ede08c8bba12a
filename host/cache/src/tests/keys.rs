//! One test for each input of the key: change it, miss; change it back, hit.

use super::*;
use wasmtime::{OptLevel, Strategy};

/// A change of an engine, and the words that must be in the reason.
type Change = (&'static str, fn(&mut Config));

const CHANGES: &[Change] = &[
    ("compiler flags changed: opt_level speed -> none", |c| {
        c.cranelift_opt_level(OptLevel::None);
    }),
    ("compiler flags changed: opt_level speed -> speed_and_size", |c| {
        c.cranelift_opt_level(OptLevel::SpeedAndSize);
    }),
    ("compiler changed: cranelift -> winch", |c| {
        c.strategy(Strategy::Winch);
    }),
    ("enable_nan_canonicalization false -> true", |c| {
        c.cranelift_nan_canonicalization(true);
    }),
    ("regalloc_algorithm", |c| {
        c.cranelift_regalloc_algorithm(wasmtime::RegallocAlgorithm::SinglePass);
    }),
    ("unwind_info", |c| {
        c.native_unwind_info(false);
    }),
    ("tunables changed: consume_fuel false -> true", |c| {
        c.consume_fuel(true);
    }),
    ("tunables changed: epoch_interruption false -> true", |c| {
        c.epoch_interruption(true);
    }),
    ("tunables changed: debug_native false -> true", |c| {
        c.debug_info(true);
    }),
    ("tunables changed: memory_reservation", |c| {
        c.memory_reservation(1 << 20);
    }),
    ("tunables changed: memory_guard_size", |c| {
        c.memory_guard_size(1 << 16);
    }),
    ("tunables changed: memory_reservation_for_growth", |c| {
        c.memory_reservation_for_growth(1 << 20);
    }),
    ("tunables changed: memory_may_move", |c| {
        c.memory_may_move(false);
    }),
    ("tunables changed: guard_before_linear_memory", |c| {
        c.guard_before_linear_memory(false);
    }),
    ("tunables changed: table_lazy_init true -> false", |c| {
        c.table_lazy_init(false);
    }),
    ("tunables changed: memory_init_cow true -> false", |c| {
        c.memory_init_cow(false);
    }),
    ("tunables changed: generate_address_map true -> false", |c| {
        c.generate_address_map(false);
    }),
    ("tunables changed: relaxed_simd_deterministic", |c| {
        c.relaxed_simd_deterministic(true);
    }),
    ("tunables changed: signals_based_traps true -> false", |c| {
        c.signals_based_traps(false);
    }),
    ("wasm features changed: simd on -> off", |c| {
        c.wasm_simd(false).wasm_relaxed_simd(false);
    }),
    ("wasm features changed: bulk_memory on -> off", |c| {
        c.wasm_bulk_memory(false).wasm_reference_types(false);
    }),
    ("wasm features changed: memory64 on -> off", |c| {
        c.wasm_memory64(false);
    }),
    ("module version changed: 48 -> mine", |c| {
        c.module_version(wasmtime::ModuleVersionStrategy::Custom("mine".to_owned())).expect("a short version");
    }),
];

#[test]
fn every_input_of_the_engine() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &Engine::default(), &path);
    for (words, change) in CHANGES {
        let mut config = Config::new();
        change(&mut config);
        let changed = Engine::new(&config).expect("a valid configuration");
        let (value, report) = load_file(&home.cache(), &changed, &path);
        assert_eq!((value, report.outcome), (7, Outcome::Miss), "{words}");
        let reason = report.reason.expect("a reason").to_string();
        assert!(reason.contains(words), "{words}: {reason}");
        assert_eq!(load_file(&home.cache(), &changed, &path).1.outcome, Outcome::Hit, "{words}, again");

        let source = Source::file(&*path);
        let back = home.cache().load(&Engine::default(), &source).expect("loaded").report;
        assert_eq!(back.outcome, Outcome::Hit, "{words}, back");
        // So that the next reason is again the difference from the default.
        home.cache().remove(&back.key.expect("a key").module).expect("removed");
        let (_, report) = load_file(&home.cache(), &Engine::default(), &path);
        assert_eq!(report.outcome, Outcome::Miss);
    }
}

#[test]
fn the_target_and_its_features() {
    let fingerprint = |change: fn(&mut Config)| {
        let mut config = Config::new();
        change(&mut config);
        EngineFingerprint::of(&Engine::new(&config).expect("a valid configuration"))
    };
    let native = fingerprint(|_| ());
    assert_eq!(native, fingerprint(|_| ()));
    #[cfg(target_arch = "x86_64")]
    {
        // The same target named, not inferred: without the features of this machine's CPU.
        let plain = fingerprint(|c| {
            c.target("x86_64-unknown-linux-gnu").expect("a target");
        });
        assert_ne!(native, plain);
        #[allow(unsafe_code)]
        // SAFETY: nothing of what this engine compiles is executed.
        let popcnt = fingerprint(|c| unsafe {
            c.target("x86_64-unknown-linux-gnu").expect("a target").cranelift_flag_enable("has_popcnt");
        });
        assert_ne!(plain, popcnt);
    }
}

#[test]
fn the_module() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    std::fs::write(&path, answering(8)).expect("written");
    settle();
    let (value, report) = load_file(&home.cache(), &lazy(), &path);
    assert_eq!(value, 8);
    let (from, to) = (Digest::of(&answering(7)), Digest::of(&answering(8)));
    assert_eq!(report.reason, Some(MissReason::ModuleChanged { from, to }));
    let said = report.reason.expect("a reason").to_string();
    assert_eq!(said, format!("module changed: {}.. -> {}..", &from.to_string()[..4], &to.to_string()[..4]));
    std::fs::write(&path, answering(7)).expect("written");
    let (value, report) = load_file(&home.cache(), &lazy(), &path);
    assert_eq!((value, report.outcome), (7, Outcome::Hit));
}

#[test]
fn the_kind() {
    let home = Home::new();
    let engine = Engine::default();
    home.cache().load(&engine, &Source::bytes("x", &b"(module)"[..])).expect("loaded");
    home.cache().load_component(&engine, &Source::bytes("x", &b"(component)"[..])).expect("loaded");
    let kinds: Vec<Kind> = home.cache().entries().expect("listed").iter().map(|entry| entry.key.kind).collect();
    assert!(kinds.contains(&Kind::Module) && kinds.contains(&Kind::Component), "{kinds:?}");
    let key = home.cache().entries().expect("listed")[0].key;
    let other = |kind| store::layout::artifact(&CacheKey { kind, ..key });
    assert_ne!(other(Kind::Module), other(Kind::Component));
}

#[test]
fn two_functions_of_one_program_do_not_share_a_hint() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let plain = || LazyEngine::new(1_u8, |_| Config::new());
    let fast = || {
        LazyEngine::new(1_u8, |_| {
            let mut config = Config::new();
            config.cranelift_opt_level(OptLevel::None);
            config
        })
    };
    let outcome = |engine: LazyEngine<u8>| load_file(&home.cache(), &engine, &path).1.outcome;
    assert_eq!(outcome(plain()), Outcome::Miss);
    assert_eq!(outcome(fast()), Outcome::Miss);
    assert_eq!(outcome(plain()), Outcome::Hit);
    assert_eq!(outcome(fast()), Outcome::Hit);
}

#[test]
fn two_values_of_one_spec_do_not_share_a_hint() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let engine = |fuel: bool| {
        LazyEngine::new(fuel, |fuel| {
            let mut config = Config::new();
            config.consume_fuel(*fuel);
            config
        })
    };
    let outcome = |fuel| load_file(&home.cache(), &engine(fuel), &path).1.outcome;
    assert_eq!([outcome(false), outcome(true), outcome(false), outcome(true)], {
        use Outcome::{Hit, Miss};
        [Miss, Miss, Hit, Hit]
    });
}

/// A lazy engine and a plain one of the same settings share what they compiled.
#[test]
fn a_lazy_engine_has_the_fingerprint_of_its_compiler() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &Engine::default(), &path);
    assert_eq!(load_file(&home.cache(), &lazy(), &path).1.outcome, Outcome::Hit);
}

#[test]
fn an_upgrade_of_wasmtime_is_the_reason_of_a_miss() {
    let home = Home::new();
    let wasm = answering(7);
    let path = home.settled_file("app.wasm", &wasm);
    let engine = Engine::default();
    // What an older program left: its fingerprint, its inputs, and a source entry that leads to them.
    let old = EngineFingerprint::of_version(&engine, "48.0.0");
    let inputs = EngineInputs { wasmtime: "48.0.0".to_owned(), ..EngineInputs::of(&engine).expect("inputs") };
    let cache = home.cache();
    let store = cache.store.as_ref().expect("a store");
    let source = Source::file(&*path);
    let key = CacheKey::new(Digest::of(&wasm), old, Kind::Module);
    let entry = store::records::SourceEntry {
        name: "app".to_owned(),
        identity: None,
        digest: key.module,
        kind: Kind::Module,
        wasm_bytes: 0,
        last: Some(key),
    };
    store.remember_source(Digest::of(&source.history_name()), &entry).expect("written");
    let manifest = store::records::Manifest {
        key,
        digest: Digest::of(b"code"),
        artifact_bytes: 4,
        wasm_bytes: 0,
        compile_us: 0,
        created: glowplug_store::Timestamp::now(),
        source: String::new(),
        wasmtime: "48.0.0".to_owned(),
        strategy: String::new(),
        stamp: None,
    };
    store.publish(b"code", &manifest, Some(&inputs)).expect("published");

    let reason = cache.load(&engine, &source).expect("loaded").report.reason.expect("a miss");
    assert_eq!(reason.to_string(), format!("wasmtime changed: 48.0.0 -> {WASMTIME_VERSION}"));
    assert_eq!(cache.entries().expect("listed").len(), 2, "the older program's artifact is left alone");
}

#[test]
fn an_upgrade_of_the_schema_is_the_reason_of_a_miss() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    let folder = home.path().join("cache");
    std::fs::rename(folder.join("v1"), folder.join("v0")).expect("renamed");
    let cache = home.cache();
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, &report.reason), (7, &Some(MissReason::SchemaChanged { from: 0, to: 1 })));
    assert!(folder.join("v0").is_dir(), "the older program still finds its store");
    let dry = cache.prune(true).expect("planned");
    assert!(dry.removed.iter().any(|removed| removed.path == "v0") && folder.join("v0").is_dir());
    cache.prune(false).expect("pruned");
    assert!(!folder.join("v0").exists() && folder.join("v1").is_dir());
    assert_eq!(load_file(&cache, &lazy(), &path).1.outcome, Outcome::Hit);
}
