//! Functions that were compiled before.

use super::*;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use rustix::io::Errno;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;

/// A module of many different functions, of which one says `value`.
fn module(value: i32) -> Vec<u8> {
    let mut text = format!("(module (memory 1) (func (export \"answer\") (result i32) i32.const {value})");
    for number in 0..30 {
        text.push_str(&format!(
            "(func (param i32) (result i32) local.get 0 i32.load offset={number} i32.const {number} i32.add)"
        ));
    }
    wat::parse_str(text + ")").expect("sound text")
}

/// On one thread, because Cranelift's key of a function depends a little on what the same thread compiled before
/// (adr/0015): with several it is chance how many functions of so small a module are found again.
fn one_thread() -> LazyEngine<()> {
    LazyEngine::new((), |()| {
        let mut config = Config::new();
        config.parallel_compilation(false);
        config
    })
}

/// Settings under which the smallest module is worth it.
fn settings(home: &Home) -> Settings {
    let mut settings = home.settings();
    settings.incremental_from = 0;
    settings
}

fn cache(home: &Home) -> ModuleCache {
    ModuleCache::open(settings(home)).expect("sound settings")
}

fn source(value: i32) -> Source<'static> {
    Source::bytes("app", module(value))
}

fn warm(home: &Home, value: i32) -> LoadReport {
    cache(home).warm(&one_thread(), &source(value)).expect("compiled")
}

/// What runs afterwards, and that it is exactly what a compilation of everything makes.
fn assert_right(home: &Home, value: i32) {
    let loaded = cache(home).load(&one_thread(), &source(value)).expect("loaded");
    assert_eq!((answer(&loaded.module), loaded.report.outcome), (value, Outcome::Hit));
    let whole = Engine::default().precompile_module(&module(value)).expect("compiled");
    let stored = std::fs::read(home.the_stored(&format!("{}.cwasm", Digest::of(&module(value))))).expect("stored");
    assert!(stored == whole, "the artifact is another one than without the functions");
}

/// Everything but the function that changed, and a few whose keys did.
fn found_most(report: &LoadReport) -> bool {
    (1..6).contains(&compiled(report))
}

/// How many functions were compiled.
fn compiled(report: &LoadReport) -> u64 {
    let reused = report.reused.expect("asked");
    reused.of - reused.functions
}

#[test]
fn only_what_changed_is_compiled_again() {
    let home = Home::new();
    let first = warm(&home, 1);
    assert!(compiled(&first) > 20, "{first:?}");
    assert_right(&home, 1);
    let second = warm(&home, 2);
    assert!(found_most(&second) && second.notes.is_empty(), "{second:?}");
    assert_right(&home, 2);
    assert_eq!(home.stored(".pack").len(), 1);
}

#[test]
fn a_pack_does_not_grow() {
    let home = Home::new();
    warm(&home, 1);
    let size = |home: &Home| std::fs::metadata(home.the_stored(".pack")).expect("kept").len();
    let first = size(&home);
    for value in 2..20 {
        warm(&home, value);
    }
    assert!(size(&home) < first + first / 10, "{first} bytes, {} after some edits", size(&home));
}

#[test]
fn whoever_waits_for_the_code_does_not_pay_for_the_next_time() {
    let home = Home::new();
    assert_eq!(cache(&home).load(&one_thread(), &source(1)).expect("loaded").report.reused, None);
    let plain = Engine::default();
    assert_eq!(cache(&home).warm(&plain, &source(2)).expect("warmed").reused, None, "this engine was made before");
    let winch = LazyEngine::new((), |()| {
        let mut config = Config::new();
        config.strategy(wasmtime::Strategy::Winch);
        config
    });
    assert_eq!(cache(&home).warm(&winch, &source(3)).expect("warmed").reused, None, "Winch takes none");
    let mut off = settings(&home);
    off.incremental = Incremental::Off;
    let off = ModuleCache::open(off).expect("sound settings");
    assert_eq!(off.warm(&one_thread(), &source(4)).expect("warmed").reused, None);
    assert_eq!(home.cache().warm(&one_thread(), &source(5)).expect("warmed").reused, None, "too small");
    assert_eq!(home.stored(".pack"), Vec::<PathBuf>::new());
}

/// Prepares a home whose pack was changed by `change`, and expects that it is not used, and that it is said.
fn assert_not_used(what: &str, change: impl FnOnce(&Home, &Path)) {
    let home = Home::new();
    warm(&home, 1);
    change(&home, &home.the_stored(".pack"));
    let report = warm(&home, 2);
    assert_eq!(report.notes.len(), 1, "{what}: {:?}", report.notes);
    assert!(compiled(&report) > 20, "{what}: {report:?}");
    assert_right(&home, 2);
    assert!(!home.stored("quarantine/").is_empty(), "{what}: it is kept for a look");
    assert!(found_most(&warm(&home, 3)), "{what}: a sound one is in its place");
}

#[test]
fn a_changed_pack_is_not_used() {
    let home = Home::new();
    warm(&home, 1);
    let size = std::fs::metadata(home.the_stored(".pack")).expect("kept").len() as usize;
    // The whole head, some of the keys and their ends, and all over the code.
    let places = (0..64).chain((64..size).step_by(997)).chain([size - 1]);
    for place in places {
        assert_not_used(&format!("bit in byte {place} of {size}"), |_, path| {
            let mut bytes = std::fs::read(path).expect("read");
            bytes[place] ^= 1 << (place % 8);
            std::fs::write(path, bytes).expect("written");
        });
    }
}

#[test]
fn a_pack_that_is_not_ours_is_not_used() {
    assert_not_used("cut", |_, path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, &bytes[..bytes.len() - 1]).expect("written");
    });
    assert_not_used("empty", |_, path| std::fs::write(path, b"").expect("written"));
    assert_not_used("longer", |_, path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, [&bytes[..], b"x"].concat()).expect("written");
    });
    assert_not_used("others can write to it", |_, path| chmod(path, 0o666));
    assert_not_used("a symbolic link", |home, path| {
        let elsewhere = home.path().join("elsewhere");
        std::fs::rename(path, &elsewhere).expect("moved");
        std::os::unix::fs::symlink(elsewhere, path).expect("linked");
    });
    assert_not_used("of another user", |_, path| {
        let theirs = Home::new();
        warm(&theirs, 1);
        std::fs::copy(theirs.the_stored(".pack"), path).expect("copied");
    });
    assert_not_used("of another source", |home, path| {
        let other = Source::bytes("other", module(7));
        cache(home).warm(&one_thread(), &other).expect("compiled");
        let of_other = home.stored(".pack").into_iter().find(|found| found != path).expect("two");
        std::fs::rename(of_other, path).expect("moved");
    });
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    let home = Home::new();
    warm(&home, 1);
    let folder = home.the_stored(".pack").parent().expect("a folder").to_owned();
    chmod(&folder, 0o777);
    let report = warm(&home, 2);
    assert!(report.notes[0].contains("not safe"), "{:?}", report.notes);
    assert!(compiled(&report) > 20);
    assert_right(&home, 2);
}

#[test]
fn engines_do_not_share_functions() {
    let home = Home::new();
    warm(&home, 1);
    let other = LazyEngine::new((), |()| {
        let mut config = Config::new();
        config.cranelift_opt_level(wasmtime::OptLevel::None);
        config
    });
    assert!(compiled(&cache(&home).warm(&other, &source(2)).expect("compiled")) > 20);
    assert_eq!(home.stored(".pack").len(), 2);
}

#[test]
fn packs_are_tended_like_artifacts() {
    let home = Home::new();
    let key = warm(&home, 1).key.expect("a key");
    let cache = cache(&home);
    let stats = cache.stats().expect("counted");
    let bytes = std::fs::metadata(home.the_stored(".pack")).expect("kept").len();
    assert_eq!((stats.entries, stats.function_packs, stats.function_bytes), (1, 1, bytes));
    let packs = cache.function_packs().expect("listed");
    assert_eq!((packs[0].source.as_deref(), packs[0].engine, packs[0].bytes), (Some("app"), key.engine, bytes));

    let problems = |cache: &ModuleCache| {
        let findings = cache.verify().expect("verified");
        assert!(findings.iter().any(|finding| finding.path.ends_with(".pack")), "{findings:?}");
        findings.iter().filter(|finding| finding.problem.is_some()).count()
    };
    assert_eq!(problems(&cache), 0);
    let sound = std::fs::read(home.the_stored(".pack")).expect("read");
    std::fs::write(home.the_stored(".pack"), b"glowfns").expect("written");
    assert_eq!(problems(&cache), 1);
    std::fs::write(home.the_stored(".pack"), sound).expect("written");

    let mut tight = settings(&home);
    tight.max_entries = 1;
    let pruned = ModuleCache::open(tight).expect("opened").prune(false).expect("pruned");
    assert_eq!((pruned.removed.len(), pruned.kept_entries), (1, 1));
    assert!(pruned.removed[0].path.ends_with(".pack"), "the artifact is worth more: {pruned:?}");

    for remove in
        [|cache: &ModuleCache, _| cache.clear(), |cache: &ModuleCache, key: CacheKey| cache.remove(&key.module)]
    {
        cache.clear().expect("cleared");
        warm(&home, 1);
        assert_eq!(home.stored(".pack").len(), 1);
        let removed = remove(&cache, key).expect("removed");
        assert!(removed.removed.iter().any(|removed| removed.path.ends_with(".pack")), "{removed:?}");
        assert_eq!(home.stored(".pack"), Vec::<PathBuf>::new());
    }
}

/// Compiles the edited module on a disk that fails at operation `at`; returns how many operations there were.
fn warm_with(home: &Home, fault: Fault, at: usize) -> usize {
    let mut faulty = None;
    let cache = cache(home).on_disk(|disk| {
        let disk = FaultyDisk::new(disk, fault, at);
        faulty = Some(Arc::clone(&disk));
        disk
    });
    cache.warm(&one_thread(), &source(2)).expect("a load never fails for the cache's sake");
    cache.finish();
    faulty.expect("wrapped").count()
}

fn prepared() -> Home {
    let home = Home::new();
    warm(&home, 1);
    home
}

/// Whatever happened: nothing that is left is believed and wrong, and the compilation after the next finds its functions.
fn assert_mends(home: &Home, what: &str) {
    for finding in cache(home).verify().expect("listed") {
        let stray = finding.problem.as_deref().is_some_and(|problem| problem.contains("does not belong"));
        assert!(finding.problem.is_none() || stray, "{what}: {finding:?}");
    }
    let report = warm(home, 3);
    assert!(report.notes.is_empty(), "{what}: {:?}", report.notes);
    assert_right(home, 3);
    assert!(found_most(&warm(home, 4)), "{what}");
    assert_right(home, 4);
}

#[test]
fn a_fault_at_any_operation_fails_nothing() {
    let count = warm_with(&prepared(), Fault::None, 0);
    for at in 1..=count {
        for fault in [Fault::Once(Errno::IO), Fault::FromThenOn(Errno::NOSPC)] {
            let home = prepared();
            warm_with(&home, fault, at);
            assert_mends(&home, &format!("{fault:?} at operation {at} of {count}"));
        }
    }
}

#[test]
fn death_at_any_operation_leaves_a_sound_store() {
    let count = warm_with(&prepared(), Fault::None, 0);
    let mut killed = 0;
    for at in 1..=count {
        let home = prepared();
        let (status, _) = child::said(child::start(home.path(), &format!("warm-and-kill-at {at}")));
        killed += usize::from(status.signal() == Some(9));
        assert_mends(&home, &format!("killed at operation {at} of {count}"));
    }
    assert_eq!(killed, count, "every one of them must really have been killed");
}

/// The job of a child, see above.
pub(super) fn warm_and_die(home: &Path, at: usize) {
    let mut settings = settings_in(home);
    settings.incremental_from = 0;
    let cache = ModuleCache::open(settings).expect("opened").on_disk(|disk| FaultyDisk::new(disk, Fault::Kill, at));
    cache.warm(&one_thread(), &source(2)).expect("compiled");
    cache.finish();
}

#[test]
fn many_at_once() {
    let home = prepared();
    std::thread::scope(|scope| {
        for value in 10..14 {
            let home = &home;
            scope.spawn(move || {
                warm(home, value);
                assert_right(home, value);
            });
        }
    });
    assert!(found_most(&warm(&home, 20)));
    assert!(home.stored(".tmp-").is_empty());
}
