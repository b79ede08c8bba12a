//! Loading from each kind of source.

use super::*;

#[test]
fn a_file_is_compiled_once() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let (value, report) = load_file(&home.cache(), &Engine::default(), &path);
    assert_eq!((value, report.outcome, report.tier), (7, Outcome::Miss, Tier::Compiled));
    assert_eq!(report.reason, Some(MissReason::NeverSeen));
    assert!(report.phases.compile.is_some());

    let (value, report) = load_file(&home.cache(), &Engine::default(), &path);
    assert_eq!((value, report.outcome, report.tier), (7, Outcome::Hit, Tier::Local));
    assert_eq!((report.reason, report.phases.compile), (None, None));
    assert!(report.saved.is_some() && report.artifact_bytes > Some(0) && report.wasm_bytes > Some(0));
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

#[test]
fn text_is_accepted_where_binary_is() {
    let home = Home::new();
    let path = home.settled_file("app.wat", b"(module (func (export \"answer\") (result i32) i32.const 9))");
    assert_eq!(load_file(&home.cache(), &lazy(), &path).0, 9);
    let (value, report) = load_file(&home.cache(), &lazy(), &path);
    assert_eq!((value, report.outcome), (9, Outcome::Hit));
    let bytes = Source::bytes("text", &b"(component)"[..]);
    assert!(home.cache().load_component(&lazy(), &bytes).is_ok());
}

#[test]
fn a_pipe_is_read_once_and_never_remembered() {
    let home = Home::new();
    let path = home.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    for (value, outcome) in [(4, Outcome::Miss), (4, Outcome::Hit), (5, Outcome::Miss)] {
        let writer = std::thread::spawn({
            let path = path.clone();
            move || std::fs::write(path, answering(value)).expect("written")
        });
        let (found, report) = load_file(&home.cache(), &lazy(), &path);
        assert_eq!((found, report.outcome), (value, outcome));
        writer.join().expect("no panic");
    }
}

#[test]
fn components_are_cached_too() {
    let home = Home::new();
    let path = home.settled_file("c.wat", b";; a component\n(component (core module))");
    let first = home.cache().load_component(&lazy(), &Source::file(&*path)).expect("loaded").report;
    assert_eq!((first.outcome, first.key.expect("key").kind), (Outcome::Miss, Kind::Component));
    let engine = lazy();
    let second = home.cache().load_any(&engine, &Source::file(&*path)).expect("loaded");
    assert_eq!((second.report.outcome, second.module.kind()), (Outcome::Hit, Kind::Component));
}

#[test]
fn the_wrong_kind_is_an_error_that_says_both() {
    let home = Home::new();
    let source = Source::bytes("c", &b"(component)"[..]);
    let error = home.cache().load(&Engine::default(), &source).expect_err("refused").to_string();
    assert_eq!(error, "c is a component, and a module was asked for");
}

#[test]
fn what_is_not_wasm_is_said() {
    let home = Home::new();
    let cache = home.cache();
    let error = |bytes: &'static [u8]| {
        cache.load(&Engine::default(), &Source::bytes("it", bytes)).expect_err("refused").to_string()
    };
    assert_eq!(error(b""), "it is not WebAssembly: it is empty");
    assert_eq!(error(b"#!/bin/sh"), "it is not WebAssembly: it begins like neither the binary nor the text format");
    assert_eq!(error(b"(module (oops))"), "failed to parse the text of it");
    assert_eq!(error(b"\0asm\x01\0\0\0\xff"), "failed to compile it");
    let artifact = Engine::default().precompile_module(&answering(1)).expect("compiled");
    let error = cache.load(&Engine::default(), &Source::bytes("it", artifact)).expect_err("refused").to_string();
    assert!(error.starts_with("it is an artifact: native code"), "{error}");
    let missing = cache.load(&Engine::default(), &Source::file(Path::new("/nowhere/x.wasm"))).expect_err("refused");
    assert_eq!(missing.to_string(), "failed to read /nowhere/x.wasm");
}

#[test]
fn the_same_process_takes_it_from_memory() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let mut settings = home.settings();
    settings.resident_bytes = 1 << 20;
    let cache = ModuleCache::open(settings).expect("opened");
    let engine = lazy();
    assert_eq!(load_file(&cache, &engine, &path).1.tier, Tier::Compiled);
    assert_eq!(load_file(&cache, &engine, &path).1.tier, Tier::Resident);
    // Another engine cannot use that code, and is not given it.
    assert_eq!(load_file(&cache, &lazy(), &path).1.tier, Tier::Local);
    std::fs::write(&path, answering(8)).expect("written");
    let (value, report) = load_file(&cache, &engine, &path);
    assert_eq!((value, report.tier), (8, Tier::Compiled));
}

#[test]
fn an_embedded_artifact_needs_no_compiler_and_leaves_a_file() {
    static WASM: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
    let (wasm, artifact) = WASM.get_or_init(|| {
        let wasm = answering(5);
        let artifact = Engine::default().precompile_module(&wasm).expect("compiled");
        (wasm, artifact)
    });
    #[allow(unsafe_code)]
    // SAFETY: Wasmtime made it of this very wasm two lines above.
    let embedded = unsafe { EmbeddedArtifact::new(*Digest::of(wasm).as_bytes(), artifact) };
    let source = Source::embedded("shell", wasm, Some(embedded));
    let home = Home::new();
    let cache = home.cache();
    let loaded = cache.load(&lazy(), &source).expect("loaded");
    assert_eq!((answer(&loaded.module), loaded.report.tier), (5, Tier::Embedded));
    drop(cache);
    let loaded = home.cache().load(&lazy(), &source).expect("loaded");
    assert_eq!((answer(&loaded.module), loaded.report.tier), (5, Tier::Local));

    // What is said of it does not make anything be executed: the file does not bear it out, and is not used.
    let home = Home::new();
    let misjudged = Source::embedded("shell", wasm, Some(embedded.with_digest([7; 32])));
    for known in [0, 1] {
        let loaded = home.cache().load(&lazy(), &misjudged).expect("loaded");
        assert_eq!((answer(&loaded.module), loaded.report.tier), (5, Tier::Embedded));
        assert_eq!(loaded.report.notes.len(), known, "{:?}", loaded.report.notes);
    }
    let told = Source::embedded("shell", wasm, Some(embedded.with_digest(*Digest::of(artifact).as_bytes())));
    assert_eq!(home.cache().load(&lazy(), &told).expect("loaded").report.tier, Tier::Embedded);
    assert_eq!(home.cache().load(&lazy(), &told).expect("loaded").report.tier, Tier::Local);

    // For other settings it is not used: the reason is said, and the wasm is compiled.
    let engine = LazyEngine::new((), |()| {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config
    });
    let report = home.cache().load(&engine, &source).expect("loaded").report;
    assert_eq!(report.tier, Tier::Compiled);
    assert!(report.notes.iter().any(|note| note.contains("made for another engine")), "{:?}", report.notes);
}

#[test]
fn an_engine_of_winchs_is_served_too() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let engine = || {
        LazyEngine::new((), |()| {
            let mut config = Config::new();
            config.strategy(wasmtime::Strategy::Winch);
            config
        })
    };
    assert_eq!(load_file(&home.cache(), &engine(), &path).1.outcome, Outcome::Miss);
    let (value, report) = load_file(&home.cache(), &engine(), &path);
    assert_eq!((value, report.outcome), (7, Outcome::Hit), "{:?}", report.reason);
}

#[test]
fn wasmtimes_own_cache_is_the_other_backend() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let mut settings = home.settings();
    settings.backend = Backend::Wasmtime;
    let cache = ModuleCache::open(settings.clone()).expect("opened");
    assert_eq!(cache.backend(), BackendUsed::Wasmtime);
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, report.outcome, report.backend), (7, Outcome::Miss, BackendUsed::Wasmtime));
    assert_eq!(report.reason, Some(MissReason::Unknown));
    assert!(report.key.is_some() && report.wasm_bytes.is_some());
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, report.outcome, report.tier), (7, Outcome::Hit, Tier::Local));

    // A plain engine must have been told.
    let (_, report) = load_file(&cache, &Engine::default(), &path);
    assert_eq!(report.outcome, Outcome::Miss);
    let mut config = Config::new();
    cache.configure(&mut config);
    let (_, report) = load_file(&cache, &Engine::new(&config).expect("an engine"), &path);
    assert_eq!(report.outcome, Outcome::Hit);
}

#[test]
fn off_is_off() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let mut settings = home.settings();
    settings.backend = Backend::Off;
    let cache = ModuleCache::open(settings).expect("opened");
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, report.outcome, report.backend), (7, Outcome::Bypass, BackendUsed::None));
    assert_eq!(report.bypass.as_deref(), Some("the cache is switched off"));
    drop(cache);
    assert!(!home.path().join("cache").exists() && !home.path().join("data").exists());
}

#[test]
fn relative_folders_are_refused() {
    let error = ModuleCache::open(Settings::new("cache", "/k")).expect_err("refused").to_string();
    assert!(error.contains("`folder` must be an absolute path"), "{error}");
}

#[test]
fn a_program_without_folders_runs() {
    let cache = ModuleCache::disabled("no home");
    let loaded = cache.load(&Engine::default(), &Source::bytes("m", answering(3))).expect("loaded");
    assert_eq!((answer(&loaded.module), loaded.report.bypass.as_deref()), (3, Some("no home")));
    assert!(cache.entries().is_err_and(|error| error.to_string() == "there is no store: no home"));
}
