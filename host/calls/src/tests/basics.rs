//! Keys, outcomes, standard input, eviction.

use super::*;
use crate::Change;
use glowplug_fs::trace::Prefix;

#[test]
fn a_result_comes_back() {
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    assert_eq!(miss(cache.lookup(&key("a"), &mut Input::new(b""))), MissReason::NeverRun);
    cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    let hit = hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert_eq!((printed(&hit).as_str(), hit.cost(), hit.outcome.exit_code), ("one", Duration::from_millis(7), 0));
    cache.note_use(&hit).expect("noted");
}

#[test]
fn every_part_of_a_key_counts_and_is_named() {
    let bench = Bench::new();
    let cache = bench.cache();
    let base = || CallKey::new(b"p").with("module", "m").with("argument 1", "x").with("environment LANG", "C");
    cache.store(&base(), bench.run(|_| String::new())).expect("stored");
    for (changed, what, from, to) in [
        (
            CallKey::new(b"p").with("module", "n").with("argument 1", "x").with("environment LANG", "C"),
            "module",
            "`m`",
            "`n`",
        ),
        (
            CallKey::new(b"p").with("module", "m").with("argument 1", "y").with("environment LANG", "C"),
            "argument 1",
            "`x`",
            "`y`",
        ),
        (CallKey::new(b"p").with("module", "m").with("argument 1", "x"), "environment LANG", "`C`", "nothing"),
        (base().with("argument 2", "z"), "argument 2", "nothing", "`z`"),
    ] {
        let expected = Change { what: what.to_owned(), from: from.to_owned(), to: to.to_owned() };
        assert_eq!(miss(cache.lookup(&changed, &mut Input::new(b""))), MissReason::Called(vec![expected]));
        hit(cache.lookup(&base(), &mut Input::new(b"")));
    }
}

#[test]
fn results_of_one_key_stand_side_by_side() {
    let bench = Bench::new();
    let cache = bench.cache();
    for text in ["one", "two", "three"] {
        bench.write("in", text);
        cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    }
    for text in ["two", "one", "three", "one"] {
        bench.write("in", text);
        assert_eq!(printed(&hit(cache.lookup(&key("a"), &mut Input::new(b"")))), text);
    }
    let (listings, flawed) = cache.list().expect("listed");
    assert_eq!((listings.len(), listings[0].results.len(), flawed.len()), (1, 3, 0));
}

#[test]
fn the_same_inputs_replace_their_result() {
    let bench = Bench::new();
    bench.write("in", "one");
    let cache = bench.cache();
    for _ in 0..3 {
        cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    }
    assert_eq!(cache.list().expect("listed").0[0].results.len(), 1);
}

#[test]
fn the_number_of_results_is_bounded() {
    let bench = Bench::new();
    let cache = bench.cache();
    for number in 0..20 {
        bench.write("in", &number.to_string());
        cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    }
    assert_eq!(cache.list().expect("listed").0[0].results.len(), 16);
}

#[test]
fn standard_input_counts_as_far_as_it_was_read() {
    let bench = Bench::new();
    let cache = bench.cache();
    let stored = |name: &str, read: &str, end: bool| {
        let stdin = Some(Prefix { len: read.len() as u64, digest: digest(read), end });
        cache.store(&key(name), Run { stdin, ..bench.run(|_| String::new()) }).expect("stored");
    };
    stored("begin", "abc", false);
    stored("all", "abc", true);
    stored("nothing", "", true);
    for (name, input, expected) in [
        ("begin", "abc", true),
        ("begin", "abcd", true),
        ("begin", "ab", false),
        ("begin", "abd", false),
        ("all", "abc", true),
        ("all", "abcd", false),
        ("all", "ab", false),
        ("nothing", "", true),
        ("nothing", "x", false),
    ] {
        let mut stdin = Input::new(input.as_bytes());
        let found = matches!(cache.lookup(&key(name), &mut stdin), Lookup::Hit(_));
        assert_eq!(found, expected, "{name} with {input:?}");
    }
}

#[test]
fn no_more_of_standard_input_is_taken_than_the_run_took() {
    let bench = Bench::new();
    let cache = bench.cache();
    for read in ["abc", "a", "abcdef"] {
        let stdin = Some(Prefix { len: read.len() as u64, digest: digest(read), end: false });
        cache.store(&key("x"), Run { stdin, ..bench.run(|_| read.to_owned()) }).expect("stored");
    }
    // A run reads what it needs; the results say that "a" was enough.
    let mut stdin = Input::new(b"abcdefgh");
    assert_eq!(printed(&hit(cache.lookup(&key("x"), &mut stdin))), "a");
    assert_eq!(stdin.taken, 1);
    let mut unread = Input::new(b"zzz");
    let reason = miss(cache.lookup(&key("x"), &mut unread)).to_string();
    assert!(reason.starts_with("standard input changed from"), "{reason}");
}

#[test]
fn large_outputs_lie_apart_and_come_back() {
    let bench = Bench::new();
    let cache = bench.cache();
    let large = "large\n".repeat(100_000);
    let run = bench.run(|files| {
        write(files, "/data/out", &large);
        large.clone()
    });
    cache.store(&key("a"), run).expect("stored");
    let hit = hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert_eq!(printed(&hit), large);
    let out = bench.folder.path().join("elsewhere");
    std::fs::create_dir(&out).expect("a folder");
    let mounts = vec![Mount { host: out.clone(), guest: b"/data".to_vec(), access: Access::ReadWrite }];
    let settings = glowplug_fs::Settings { mounts, ..glowplug_fs::Settings::default() };
    Namespace::new(settings).expect("a namespace").commit(&hit.outcome.written).expect("written");
    assert_eq!(std::fs::read_to_string(out.join("out")).expect("read"), large);
    // Both are the same bytes: one file.
    only_file(&bench.folder.path().join("cache/calls/v1/outputs"));
}

#[test]
fn what_is_over_the_limits_goes() {
    let bench = Bench::new();
    let cache = bench.cache();
    let large = "x".repeat(20 << 10);
    for number in 0..5 {
        let text = format!("{large}{number}");
        cache.store(&key(&number.to_string()), bench.run(|_| text)).expect("stored");
        std::thread::sleep(Duration::from_millis(2));
    }
    let limited = CallCache::open(Settings { max_entries: 2, ..bench.settings() }).expect("a cache");
    let pruned = limited.prune(true).expect("looked");
    assert_eq!((pruned.kept_entries, cache.list().expect("listed").0.len()), (2, 5), "a dry run removes nothing");
    limited.prune(false).expect("pruned");
    let left: Vec<bool> = (0..5)
        .map(|number| matches!(cache.lookup(&key(&number.to_string()), &mut Input::new(b"")), Lookup::Hit(_)))
        .collect();
    assert_eq!(left, [false, false, false, true, true]);
    assert_eq!(std::fs::read_dir(bench.folder.path().join("cache/calls/v1/outputs")).expect("listed").count(), 2);
    cache.clear().expect("cleared");
    assert!(cache.list().expect("listed").0.is_empty());
    assert!(matches!(cache.lookup(&key("4"), &mut Input::new(b"")), Lookup::Miss(_)));
}

#[test]
fn maintenance_removes_only_what_has_to_go() {
    let bench = Bench::new();
    let hourly = Settings { maintenance_interval: Duration::ZERO, ..bench.settings() };
    let cache = CallCache::open(hourly.clone()).expect("a cache");
    for number in 0..3 {
        cache.store(&key(&number.to_string()), bench.run(|_| number.to_string())).expect("stored");
    }
    let pruned = cache.maintain().expect("looked").expect("it was never done");
    assert_eq!((pruned.removed.len(), pruned.kept_entries), (0, 3));
    let limited = CallCache::open(Settings { max_entries: 1, ..hourly }).expect("a cache");
    assert_eq!(limited.maintain().expect("cleaned up").map(|pruned| pruned.removed.len()), Some(2));
    let later = CallCache::open(Settings {
        maintenance_interval: Duration::from_secs(3600),
        max_entries: 0,
        ..bench.settings()
    });
    assert_eq!(later.expect("a cache").maintain().expect("looked"), None, "it was just done");
}

#[test]
fn outputs_go_with_their_entries_and_as_late() {
    let bench = Bench::new();
    let always = Settings { maintenance_interval: Duration::ZERO, ..bench.settings() };
    let cache = CallCache::open(always.clone()).expect("a cache");
    for number in 0..3 {
        cache.store(&key(&number.to_string()), bench.run(|_| format!("{number}").repeat(20 << 10))).expect("stored");
        std::thread::sleep(Duration::from_millis(2));
    }
    let limited = CallCache::open(Settings { max_bytes: 50 << 10, ..always.clone() }).expect("a cache");
    let pruned = limited.maintain().expect("cleaned up").expect("something went");
    assert_eq!((pruned.removed.len(), pruned.kept_entries), (2, 2));
    // Everything grows old; what is used grows young again, with its output.
    let old = SystemTime::now() - Duration::from_secs(29 * 24 * 3600);
    for folder in ["entries", "outputs", "last"] {
        let folder = bench.folder.path().join("cache/calls/v1").join(folder);
        for file in std::fs::read_dir(folder).expect("listed") {
            let file = std::fs::File::options().append(true).open(file.expect("an entry").path()).expect("open");
            file.set_modified(old).expect("set");
        }
    }
    cache.note_use(&hit(cache.lookup(&key("2"), &mut Input::new(b"")))).expect("noted");
    let strict = Settings { max_age: Duration::from_secs(28 * 24 * 3600), ..always };
    let pruned = CallCache::open(strict).expect("a cache").maintain().expect("cleaned up").expect("something went");
    assert_eq!(pruned.kept_entries, 1);
    hit(cache.lookup(&key("2"), &mut Input::new(b"")));
    assert_eq!(std::fs::read_dir(bench.folder.path().join("cache/calls/v1/outputs")).expect("listed").count(), 1);
}

fn write(files: &Namespace, path: &str, text: &str) {
    use std::io::Write as _;
    let Ok(Opened::File(mut file, ..)) = files.open(path.as_bytes(), &OpenOptions::writing()) else {
        panic!("no file")
    };
    file.write_all(text.as_bytes()).expect("written");
}
