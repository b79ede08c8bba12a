//! Listing, counting, checking, evicting.

use super::*;
use std::time::SystemTime;

fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    std::fs::File::options().append(true).open(path).and_then(|file| file.set_modified(then)).expect("aged");
}

fn manifest(home: &Home, answer: i32) -> PathBuf {
    home.the_stored(&format!("{}.json", Digest::of(&answering(answer))))
}

fn load_answer(cache: &ModuleCache, value: i32) -> LoadReport {
    let loaded = cache.load(&lazy(), &Source::bytes(format!("m{value}"), answering(value))).expect("loaded");
    assert_eq!(answer(&loaded.module), value);
    loaded.report
}

#[test]
fn entries_say_what_is_there() {
    let home = Home::new();
    let cache = home.cache();
    let report = load_answer(&cache, 1);
    let entries = cache.entries().expect("listed");
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].source.as_str(), Some(entries[0].key)), ("m1", report.key));
    assert_eq!(Some(entries[0].artifact_bytes), report.artifact_bytes);
    assert_eq!((entries[0].wasmtime.as_str(), entries[0].strategy.as_str()), (WASMTIME_VERSION, "cranelift"));
    assert!(entries[0].compile_time > Duration::ZERO);
}

#[test]
fn loads_are_counted_by_reason() {
    let home = Home::new();
    for value in [1, 1, 1, 2] {
        load_answer(&home.cache(), value);
    }
    let stats = home.cache().stats().expect("counted");
    assert_eq!((stats.entries, stats.hits["local"], stats.misses["never-seen"]), (2, 2, 2));
    assert!(stats.bytes > 0 && stats.saved > Duration::ZERO);
}

#[test]
fn an_evicted_artifact_is_a_miss_with_that_reason() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(1));
    load_file(&home.cache(), &lazy(), &path);
    let mut settings = home.settings();
    settings.max_age = Duration::from_secs(24 * 3600);
    age(&manifest(&home, 1), 25);
    let cache = ModuleCache::open(settings).expect("opened");
    let dry = cache.prune(true).expect("planned");
    assert_eq!((dry.removed.len(), dry.removed[0].why.as_str(), dry.kept_entries), (1, "unused for too long", 0));
    assert_eq!(cache.entries().expect("listed").len(), 1, "a dry run removes nothing");
    assert_eq!(cache.prune(false).expect("pruned"), dry);
    let (_, report) = load_file(&cache, &lazy(), &path);
    assert_eq!(report.reason, Some(MissReason::Evicted));
}

#[test]
fn the_least_recently_used_goes_when_there_are_too_many() {
    let home = Home::new();
    for value in 1..=4 {
        load_answer(&home.cache(), value);
    }
    for (value, hours) in [(1, 5), (2, 9), (3, 3), (4, 7)] {
        age(&manifest(&home, value), hours);
    }
    // A use moves it to the end of the queue.
    load_answer(&home.cache(), 2);
    let mut settings = home.settings();
    settings.max_entries = 2;
    ModuleCache::open(settings).expect("opened").prune(false).expect("pruned");
    let mut left: Vec<String> = home.cache().entries().expect("listed").into_iter().map(|entry| entry.source).collect();
    left.sort();
    assert_eq!(left, ["m2", "m3"]);
}

#[test]
fn maintenance_runs_by_itself_and_not_often() {
    let home = Home::new();
    let mut settings = home.settings();
    settings.max_entries = 1;
    let open = || ModuleCache::open(settings.clone()).expect("opened");
    load_answer(&open(), 1);
    load_answer(&open(), 2);
    assert_eq!(open().entries().expect("listed").len(), 2, "it ran less than an hour ago");
    age(&home.the_stored("maintenance"), 2);
    open().finish();
    assert_eq!(open().entries().expect("listed").len(), 1);
}

#[test]
fn clear_and_remove() {
    let home = Home::new();
    let cache = home.cache();
    let report = load_answer(&cache, 1);
    load_answer(&cache, 2);
    let removed = cache.remove(&report.key.expect("a key").module).expect("removed");
    assert_eq!((removed.removed.len(), removed.kept_entries), (1, 1));
    assert_eq!(cache.entries().expect("listed").len(), 1);
    cache.clear().expect("cleared");
    assert_eq!(cache.entries().expect("listed").len(), 0);
    assert_eq!(cache.stats().expect("counted"), Stats::default());
    assert_eq!(load_answer(&cache, 2).reason, Some(MissReason::NeverSeen));
}

#[test]
fn verify_finds_what_is_wrong_and_changes_nothing() {
    let home = Home::new();
    let cache = home.cache();
    load_answer(&cache, 1);
    load_answer(&cache, 2);
    assert!(cache.verify().expect("verified").iter().all(|finding| finding.problem.is_none()));
    let path = home.the_stored(&format!("{}.cwasm", Digest::of(&answering(1))));
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    std::fs::write(path.with_file_name("stranger"), b"?").expect("written");
    let problems: Vec<String> =
        cache.verify().expect("verified").into_iter().filter_map(|finding| finding.problem).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("corrupt: ") && problems[1].contains("does not belong"), "{problems:?}");
    assert_eq!(std::fs::read(&path).expect("still there"), bytes);
}

#[test]
fn the_folder_is_tagged_as_a_cache() {
    let home = Home::new();
    load_answer(&home.cache(), 1);
    let tag = std::fs::read_to_string(home.path().join("cache/CACHEDIR.TAG")).expect("tagged");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
}

#[test]
fn probing_says_why_without_changing_anything() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(1));
    let probe = |engine: &Engine| home.cache().probe(engine, &Source::file(&*path)).expect("probed");
    assert_eq!(probe(&Engine::default()).reason, Some(MissReason::NeverSeen));
    load_file(&home.cache(), &lazy(), &path);
    let before = home.stored("v1/");
    assert_eq!((probe(&Engine::default()).outcome, probe(&Engine::default()).tier), (Outcome::Hit, Tier::Local));
    let fuel = Engine::new(Config::new().consume_fuel(true)).expect("an engine");
    let reason = probe(&fuel).reason.expect("a miss").to_string();
    assert_eq!(reason, "tunables changed: consume_fuel false -> true");
    assert_eq!(home.stored("v1/"), before);
}

#[test]
fn what_explains_an_engine_stays_as_long_as_its_artifacts() {
    let home = Home::new();
    load_answer(&home.cache(), 1);
    let engines = home.stored("engines/");
    assert_eq!(engines.len(), 2, "the inputs and a hint: {engines:?}");
    engines.iter().for_each(|path| age(path, 24 * 60));
    home.cache().prune(false).expect("pruned");
    let left = home.the_stored("engines/");
    assert!(left.to_string_lossy().ends_with(".json"), "the hint goes, it is made again: {left:?}");

    age(&manifest(&home, 1), 24 * 60);
    age(&left, 24 * 60);
    let folder = manifest(&home, 1).parent().expect("a folder").to_owned();
    home.cache().prune(false).expect("pruned");
    assert_eq!(home.cache().entries().expect("listed").len(), 0);
    home.cache().prune(false).expect("pruned");
    assert_eq!(home.stored("engines/"), Vec::<PathBuf>::new());
    assert!(folder.is_dir(), "somebody may be about to write to it");
    let old = SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::open(&folder).and_then(|folder| folder.set_modified(old)).expect("aged");
    home.cache().prune(false).expect("pruned");
    assert!(!folder.exists());
}
