//! Baseline code now, optimized code later.

use super::*;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use std::sync::Arc;
use wasmtime::Strategy;

pub(crate) fn baseline() -> LazyEngine<()> {
    LazyEngine::baseline((), |()| {
        let mut config = Config::new();
        config.strategy(Strategy::Winch);
        config
    })
}

/// Loads as a process would that has just begun: with engines of its own.
fn load(cache: &ModuleCache, path: &Path) -> (i32, LoadReport, Option<Pending>) {
    load_from(cache, &Source::file(path), 0)
}

fn load_from(cache: &ModuleCache, source: &Source<'_>, least_bytes: u64) -> (i32, LoadReport, Option<Pending>) {
    let (optimized, baseline) = (lazy(), baseline());
    let tiers = Tiers { optimized: &optimized, baseline: &baseline, least_bytes };
    let Tiered { loaded, pending } = cache.load_tiered(tiers, source).expect("loaded");
    let Code::Module(module) = &loaded.module else { panic!("a module") };
    (answer(module), loaded.report, pending)
}

fn said(report: &LoadReport) -> (Outcome, Tier, Option<CompilerTier>) {
    (report.outcome, report.tier, report.code)
}

const LIMITS: JobLimits = JobLimits { time: Duration::from_secs(60), memory: 1 << 30 };

const COLD: (Outcome, Tier, Option<CompilerTier>) = (Outcome::Miss, Tier::Compiled, Some(CompilerTier::Baseline));
const BASELINE: (Outcome, Tier, Option<CompilerTier>) = (Outcome::Hit, Tier::Local, Some(CompilerTier::Baseline));
const WARM: (Outcome, Tier, Option<CompilerTier>) = (Outcome::Hit, Tier::Local, Some(CompilerTier::Optimized));
const SLOW: (Outcome, Tier, Option<CompilerTier>) = (Outcome::Miss, Tier::Compiled, Some(CompilerTier::Optimized));

fn strategies(cache: &ModuleCache) -> Vec<String> {
    let mut strategies: Vec<String> = cache.entries().expect("listed").into_iter().map(|e| e.strategy).collect();
    strategies.sort();
    strategies
}

#[test]
fn baseline_first_then_optimized_each_under_its_key() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let (value, first, pending) = load(&home.cache(), &path);
    assert_eq!((value, said(&first), &first.reason), (7, COLD, &Some(MissReason::NeverSeen)));
    let pending = pending.expect("something to be made");
    let (value, second, _) = load(&home.cache(), &path);
    assert_eq!((value, said(&second), second.key), (7, BASELINE, first.key), "{second:?}");
    assert_ne!(Some(*pending.key()), first.key);
    assert_eq!(pending.path(), Some(&*path));
    let cache = home.cache();
    let made = pending.compile(&cache, &lazy()).expect("compiled").expect("nobody else is at it");
    assert_eq!((said(&made), &made.reason), (SLOW, &Some(MissReason::NeverSeen)));
    let (value, third, pending) = load(&home.cache(), &path);
    assert_eq!((value, said(&third), third.key, pending.is_none()), (7, WARM, made.key, true));
    assert_eq!(strategies(&cache), ["cranelift", "winch"]);
    // A load that knows nothing of tiers finds the same artifact.
    assert_eq!(load_file(&home.cache(), &lazy(), &path).1.key, made.key);
    let counted = home.cache().stats().expect("counted");
    assert_eq!((counted.misses.values().sum::<u64>(), counted.hits["local"]), (1, 3), "the background is not counted");
}

/// On the way of an optimized hit there is nothing of the other tier.
#[test]
fn a_hit_costs_what_it_costs_without_tiers() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    settle();
    load_file(&home.cache(), &lazy(), &path);
    let operations = |tiered: bool| {
        let mut faulty = None;
        let cache = home.cache().on_disk(|disk| {
            let disk = FaultyDisk::new(disk, Fault::None, 0);
            faulty = Some(Arc::clone(&disk));
            disk
        });
        let report = if tiered { load(&cache, &path).1 } else { load_file(&cache, &lazy(), &path).1 };
        assert_eq!(report.outcome, Outcome::Hit);
        faulty.expect("wrapped").take_log()
    };
    assert_eq!(operations(true), operations(false));
}

#[test]
fn within_a_process_the_optimized_code_takes_over() {
    let home = Home::new();
    let mut settings = home.settings();
    settings.resident_bytes = 1 << 30;
    let cache = ModuleCache::open(settings).expect("opened");
    let (optimized, baseline) = (lazy(), baseline());
    let tiers = Tiers { optimized: &optimized, baseline: &baseline, least_bytes: 0 };
    let source = Source::bytes("app", answering(7));
    let load = || cache.load_tiered(tiers, &source).expect("loaded");
    assert_eq!(said(&load().loaded.report), COLD);
    let resident = load();
    assert_eq!(
        said(&resident.loaded.report),
        (Outcome::Hit, Tier::Resident, Some(CompilerTier::Baseline)),
        "code for the engine with the compiler is found again"
    );
    resident.pending.expect("pending").compile(&cache, &optimized).expect("compiled").expect("made");
    let last = load();
    assert_eq!(said(&last.loaded.report), (Outcome::Hit, Tier::Resident, Some(CompilerTier::Optimized)));
    assert!(last.pending.is_none());
}

#[test]
fn what_is_small_or_unsupported_is_optimized_at_once() {
    let home = Home::new();
    let cache = home.cache();
    let wasm = answering(7);
    let (_, report, pending) = load_from(&cache, &Source::bytes("small", &*wasm), wasm.len() as u64 + 1);
    assert_eq!((said(&report), pending.is_none()), (SLOW, true));
    assert!(
        matches!(report.no_baseline, Some(NoBaseline::TooSmall { wasm_bytes, .. }) if wasm_bytes == wasm.len() as u64)
    );
    for (name, text) in [
        ("tail call", "(func $f (result i32) i32.const 7) (func (export \"answer\") (result i32) return_call $f)"),
        (
            "gc",
            "(type $s (struct (field i32))) (func (export \"answer\") (result i32)
               (struct.get $s 0 (struct.new $s (i32.const 7))))",
        ),
    ] {
        let wasm = wat::parse_str(format!("(module {text})")).expect("sound text");
        let (value, report, pending) = load_from(&cache, &Source::bytes(name, &*wasm), 0);
        assert_eq!((value, said(&report), pending.is_none()), (7, SLOW, true), "{name}");
        let Some(NoBaseline::Unsupported { what }) = &report.no_baseline else { panic!("{name}: {report:?}") };
        assert!(!what.is_empty() && report.phases.baseline.is_some(), "{name}: {report:?}");
        let (_, report, _) = load_from(&cache, &Source::bytes(name, &*wasm), 0);
        assert_eq!((said(&report), &report.no_baseline), (WARM, &None), "{name}: not tried again");
    }
    assert_eq!(strategies(&cache), ["cranelift"; 3]);
}

#[test]
fn errors_are_the_optimizing_compilers() {
    let home = Home::new();
    let broken = wat::parse_str("(module (func (result i32) i64.const 1))").expect("text");
    let (optimized, baseline) = (lazy(), baseline());
    let tiers = Tiers { optimized: &optimized, baseline: &baseline, least_bytes: 0 };
    let tiered = home.cache().load_tiered(tiers, &Source::bytes("broken", &*broken)).expect_err("not sound");
    let plain = home.cache().load(&optimized, &Source::bytes("broken", &*broken)).expect_err("not sound");
    let words = |error: LoadError| format!("{error}: {:#}", anyhow_of(&error));
    assert_eq!(words(tiered), words(plain));
    let missing = home.cache().load_tiered(tiers, &Source::file(home.path().join("missing")));
    assert!(matches!(missing, Err(LoadError::Read { .. })));
}

fn anyhow_of(error: &LoadError) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[test]
fn without_a_store_what_is_compiled_sooner_runs() {
    let none = ModuleCache::disabled("no home");
    let (value, report, pending) = load_from(&none, &Source::bytes("app", answering(7)), 0);
    assert_eq!((value, report.code, pending.is_none()), (7, Some(CompilerTier::Baseline), true));
    assert_eq!((report.outcome, report.bypass.as_deref()), (Outcome::Bypass, Some("no home")));
    let (value, report, _) = load_from(&none, &Source::bytes("app", answering(7)), 1 << 20);
    assert_eq!((value, report.code), (7, Some(CompilerTier::Optimized)));
    assert!(matches!(report.no_baseline, Some(NoBaseline::TooSmall { .. })), "{report:?}");
    assert!(none.jobs().is_err());
}

#[test]
fn wasmtimes_cache_keeps_what_is_compiled_well() {
    let home = Home::new();
    let cache = ModuleCache::open(Settings { backend: Backend::Wasmtime, ..home.settings() }).expect("opened");
    let (value, report, pending) = load_from(&cache, &Source::bytes("app", answering(7)), 0);
    assert_eq!((value, report.code, pending.is_none()), (7, Some(CompilerTier::Optimized), true));
    assert!(matches!(report.no_baseline, Some(NoBaseline::Unwanted { .. })), "{report:?}");
    assert!(cache.jobs().is_err());
}

#[test]
fn a_source_that_changed_is_not_compiled_later() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let cache = home.cache();
    let pending = load(&cache, &path).2.expect("pending");
    let key = *pending.key();
    home.settled_file("app.wasm", &answering(8));
    let error = pending.compile(&cache, &lazy()).expect_err("another module");
    assert!(matches!(error, LoadError::Changed { what: "the wasm", .. }), "{error}");
    // And neither is it for another engine than the one that was asked for.
    let other = LazyEngine::new((), |()| {
        let mut config = Config::new();
        config.consume_fuel(true);
        config
    });
    let error = Pending::of_file(path, key).compile(&cache, &other).expect_err("another engine");
    assert!(matches!(error, LoadError::Changed { what: "the engine", .. }), "{error}");
    assert_eq!(strategies(&cache), ["winch"], "nothing but the first baseline artifact");
}

#[test]
fn a_damaged_artifact_of_either_tier_is_never_executed() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let (_, _, pending) = load(&home.cache(), &path);
    damage(&home.the_stored(".cwasm"));
    let (value, report, _) = load(&home.cache(), &path);
    assert_eq!((value, said(&report)), (7, COLD));
    assert!(matches!(report.reason, Some(MissReason::Corrupt { .. })), "{report:?}");
    assert_eq!(home.stored("quarantine").len(), 2, "what was damaged was moved aside");
    let made = pending.expect("pending").compile(&home.cache(), &lazy()).expect("compiled").expect("made");
    let engine = made.key.expect("a key").engine;
    damage(&home.stored(&format!("artifacts/{engine}/"))[0].with_extension("cwasm"));
    let (value, report, pending) = load(&home.cache(), &path);
    assert_eq!((value, said(&report)), (7, BASELINE));
    assert!(report.notes[0].starts_with("the optimized artifact was not used: corrupt"), "{report:?}");
    let made = pending.expect("pending").compile(&home.cache(), &lazy()).expect("compiled").expect("made");
    assert!(matches!(made.reason, Some(MissReason::Corrupt { .. })), "{made:?}");
    assert_eq!(said(&load(&home.cache(), &path).1), WARM);
}

/// Another byte in the middle, at the same size.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).expect("an artifact");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("damaged");
}

#[test]
fn many_threads_compile_each_tier_once() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &slow_to_compile());
    let cache = home.cache();
    let compiled: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let (value, report, pending) = load(&cache, &path);
                    assert_eq!(value, 42);
                    let made = pending.and_then(|pending| pending.compile(&cache, &lazy()).expect("compiled"));
                    (said(&report) == COLD, made.is_some_and(|made| made.outcome == Outcome::Miss))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let count = |which: fn(&(bool, bool)) -> bool| compiled.iter().filter(|one| which(one)).count();
    assert_eq!((count(|one| one.0), count(|one| one.1)), (1, 1), "{compiled:?}");
    assert_eq!(strategies(&cache), ["cranelift", "winch"]);
}

#[test]
fn what_is_claimed_is_listed_and_not_claimed_again() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let cache = home.cache();
    let pending = load(&cache, &path).2.expect("pending");
    assert_eq!(pending.under_way(&cache), None);
    let key = *pending.key();
    let claim = pending.claim(&cache).expect("nobody else");
    let other = home.cache();
    let again = Pending::of_file(&*path, key);
    assert_eq!(again.under_way(&other), Some(std::process::id()));
    let jobs = other.jobs().expect("listed");
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((job.key, &job.state, job.background), (key, &JobState::Running { pid: std::process::id() }, true));
    assert_eq!(job.source, path.display().to_string());
    assert!(again.claim(&other).is_none(), "the lock of another cache, as in another process");
    assert!(Pending::of_file(&*path, key).claim(&cache).is_none(), "and within one");
    claim.compile(&lazy()).expect("compiled");
    assert!(other.jobs().expect("listed").is_empty());
    let found = Pending::of_file(&*path, key).compile(&cache, &lazy()).expect("found").expect("nobody else");
    assert_eq!(found.outcome, Outcome::Hit, "it is not compiled again");
}

#[test]
fn failed_attempts_are_counted_and_explained_until_one_succeeds() {
    use std::io::Write as _;
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let cache = home.cache();
    let key = *load(&cache, &path).2.expect("pending").key();
    for attempt in 1..=2 {
        let claim = Pending::of_file(&*path, key).claim(&cache).expect("nobody else");
        let mut log = claim.log(LIMITS).expect("a log");
        if attempt == 2 {
            log.write_all(b"first line\nout of \x1b[31mmemory\n\n").expect("written");
        }
        drop(claim);
        assert_eq!(Pending::of_file(&*path, key).attempts(&cache), attempt);
        let jobs = cache.jobs().expect("listed");
        let why = (attempt == 2).then(|| "out of [31mmemory".to_owned());
        assert_eq!(jobs[0].limits, Some(LIMITS));
        assert_eq!(jobs[0].state, JobState::Failed { attempts: attempt, why }, "{jobs:?}");
    }
    assert!(cache.verify().expect("checked").iter().all(|finding| finding.problem.is_none()));
    assert_eq!(said(&load(&home.cache(), &path).1), BASELINE, "and the baseline artifact still serves");
    let claim = Pending::of_file(&*path, key).claim(&cache).expect("nobody else");
    claim.log(LIMITS).expect("a log");
    claim.compile(&lazy()).expect("compiled");
    assert_eq!(home.stored("jobs/"), Vec::<PathBuf>::new());
    assert_eq!(Pending::of_file(&*path, key).attempts(&cache), 0);
}

#[test]
fn job_records_are_cleared_and_swept_up_and_not_forged() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let cache = home.cache();
    let key = *load(&cache, &path).2.expect("pending").key();
    let fail = || {
        let claim = Pending::of_file(&*path, key).claim(&cache).expect("nobody else");
        claim.log(LIMITS).expect("a log");
    };
    fail();
    let record = home.stored("jobs/")[0].with_extension("json");
    let text = std::fs::read_to_string(&record).expect("a record");
    std::fs::write(&record, text.replace("\"attempts\":1", "\"attempts\":9")).expect("forged");
    assert_eq!(Pending::of_file(&*path, key).attempts(&cache), 0);
    assert!(cache.verify().expect("checked").iter().any(|finding| finding.problem.is_some()));
    fail();
    let old = std::time::SystemTime::now() - Duration::from_secs(25 * 3600);
    for file in home.stored("jobs/") {
        std::fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(old)).expect("aged");
    }
    assert!(cache.jobs().expect("listed").is_empty(), "too long ago");
    cache.prune(false).expect("pruned");
    assert_eq!(home.stored("jobs/"), Vec::<PathBuf>::new());
    fail();
    cache.clear().expect("cleared");
    assert_eq!(home.stored("jobs/"), Vec::<PathBuf>::new());
}

#[test]
fn another_engine_has_artifacts_of_its_own() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let (_, first, pending) = load(&home.cache(), &path);
    pending.expect("pending").compile(&home.cache(), &lazy()).expect("compiled");
    fn fuel(strategy: &Strategy) -> Config {
        let mut config = Config::new();
        config.strategy(*strategy).consume_fuel(true);
        config
    }
    let (optimized, baseline) =
        (Engine::new(&fuel(&Strategy::Cranelift)).expect("made"), Engine::new(&fuel(&Strategy::Winch)).expect("made"));
    let tiers = Tiers { optimized: &optimized, baseline: &baseline, least_bytes: 0 };
    let cache = home.cache();
    let other = cache.load_tiered(tiers, &Source::file(&*path)).expect("loaded").loaded;
    assert_eq!(said(&other.report), COLD);
    assert_ne!(other.report.key, first.key);
    let Some(MissReason::EngineChanged { changes }) = &other.report.reason else { panic!("{:?}", other.report) };
    assert!(changes.iter().any(|change| change.field == "consume_fuel"), "{changes:?}");
    assert!(
        changes.iter().all(|change| change.group != "compiler"),
        "the optimized artifacts are compared: {changes:?}"
    );
    assert_eq!(strategies(&cache), ["cranelift", "winch", "winch"]);
}

#[test]
fn a_probe_knows_both_tiers() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let (optimized, baseline) = (lazy(), baseline());
    let tiers = Tiers { optimized: &optimized, baseline: &baseline, least_bytes: 0 };
    let probe = || {
        let probe = home.cache().probe_tiered(tiers, &Source::file(&*path)).expect("probed");
        (probe.outcome, probe.code, probe.reason)
    };
    assert_eq!(probe(), (Outcome::Miss, None, Some(MissReason::NeverSeen)));
    let pending = load(&home.cache(), &path).2.expect("pending");
    assert_eq!(probe(), (Outcome::Hit, Some(CompilerTier::Baseline), Some(MissReason::NeverSeen)));
    pending.compile(&home.cache(), &lazy()).expect("compiled");
    assert_eq!(probe(), (Outcome::Hit, Some(CompilerTier::Optimized), None));
}

/// As for any load: the disk may fail at each operation, and the program runs.
#[test]
fn a_fault_at_any_operation_fails_no_tiered_load() {
    let run = |fault: Fault, at: usize| {
        let home = Home::new();
        let path = home.settled_file("app.wasm", &answering(7));
        let mut faulty = None;
        let cache = home.cache().on_disk(|disk| {
            let disk = FaultyDisk::new(disk, fault, at);
            faulty = Some(Arc::clone(&disk));
            disk
        });
        let (value, _, pending) = load(&cache, &path);
        assert_eq!(value, 7, "{fault:?} at {at}");
        if let Some(pending) = pending
            && let Some(claim) = pending.claim(&cache)
        {
            // Both may fail; what they leave behind must be sound.
            let _ = claim.log(LIMITS);
            claim.compile(&lazy()).expect("compiled, and stored if possible");
        }
        cache.finish();
        let (value, report, _) = load(&home.cache(), &path);
        assert_eq!(value, 7, "{fault:?} at {at}");
        assert!(
            !matches!(report.reason, Some(MissReason::Corrupt { .. } | MissReason::Untrusted { .. })),
            "{fault:?} at {at}: {report:?}"
        );
        faulty.expect("wrapped").count()
    };
    let count = run(Fault::None, 0);
    assert!(count > 30, "only {count} operations");
    for at in 1..=count {
        run(Fault::Once(rustix::io::Errno::IO), at);
        run(Fault::FromThenOn(rustix::io::Errno::NOSPC), at);
    }
}
