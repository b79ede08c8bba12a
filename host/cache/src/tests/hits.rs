//! What a warm hit does, and what it does not.

use super::*;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use std::sync::Arc;

/// The store's operations of one load in a process that has just started.
fn log_of_a_load(home: &Home, path: &Path) -> (LoadReport, Vec<&'static str>) {
    let mut faulty = None;
    let cache = home.cache().on_disk(|disk| {
        let disk = FaultyDisk::new(disk, Fault::None, 0);
        faulty = Some(Arc::clone(&disk));
        disk
    });
    let (_, report) = load_file(&cache, &lazy(), path);
    (report, faulty.expect("wrapped").take_log())
}

#[test]
fn a_hit_takes_no_lock_and_writes_nothing() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    settle();
    let (first, log) = log_of_a_load(&home, &path);
    assert!(first.phases.verify.is_some(), "the first hit hashes the artifact");
    assert!(log.contains(&"rename"), "and notes that it did: {log:?}");

    let (second, log) = log_of_a_load(&home, &path);
    assert_eq!((second.outcome, second.phases.verify), (Outcome::Hit, None));
    let expected = [
        "stat", "read", // engines, the fingerprint
        "stat", "read", // sources, the identity and digest of the file
        "stat", "stat", "read", "open", // artifacts, the engine's folder, the manifest, the artifact
    ];
    assert_eq!(log, expected);
}

/// The same for every size: nothing on the way depends on it.
#[test]
fn a_hit_does_the_same_for_large_modules() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &slow_to_compile());
    load_file(&home.cache(), &lazy(), &path);
    settle();
    log_of_a_load(&home, &path);
    assert_eq!(log_of_a_load(&home, &path).1.len(), 8);
}

/// The system calls of a hit: by strace, where it may trace.
#[test]
fn a_hit_reads_neither_file_whole_and_starts_no_thread() {
    if !tells_writers("a_hit_reads_neither_file_whole_and_starts_no_thread") {
        return;
    }
    let home = Home::new();
    let path = home.settled_file("app.wasm", &slow_to_compile());
    load_file(&home.cache(), &lazy(), &path);
    settle();
    load_file(&home.cache(), &lazy(), &path);
    let trace = home.path().join("trace");
    let child = child::command(home.path(), "load");
    let mut strace = std::process::Command::new("strace");
    strace.args(["-f", "-y", "-o"]).arg(&trace).arg(child.get_program()).args(child.get_args());
    strace.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Ok(output) = strace.output() else { return skipped("strace is not installed") };
    let text = std::fs::read_to_string(&trace).unwrap_or_default();
    if !output.status.success() || text.is_empty() {
        return skipped("strace may not trace here");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("7 Hit Local") || text.contains("42 Hit Local"));
    // The test harness runs the job on a thread of its own; what the load does comes after it opened the key.
    let after: Vec<&str> = text.lines().skip_while(|line| !line.contains("data/key")).collect();
    let until = after.iter().position(|line| line.contains("CHILD ")).expect("the child's answer");
    let load = &after[..until];
    let calls =
        |name: &str| load.iter().filter(|line| line.contains(&format!(" {name}("))).copied().collect::<Vec<_>>();
    assert!(!load.is_empty() && !calls("openat2").is_empty(), "{load:#?}");
    for forbidden in
        ["clone", "clone3", "flock", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlinkat", "write"]
    {
        assert_eq!(calls(forbidden), Vec::<&str>::new());
    }
    let read: Vec<&str> = [calls("read"), calls("pread64"), calls("readv")].concat();
    let whole = read.iter().filter(|line| line.contains("app.wasm") || line.contains(".cwasm"));
    assert_eq!(whole.collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(calls("mmap").iter().any(|line| line.contains(".cwasm")), "the artifact is mapped");
}

#[test]
fn a_change_of_the_same_size_within_a_tick_is_noticed() {
    let home = Home::new();
    let path = home.path().join("app.wasm");
    let (one, two) = (answering(1), answering(2));
    assert_eq!(one.len(), two.len());
    let cache = home.cache();
    let mut settings = home.settings();
    settings.resident_bytes = 1 << 20;
    let resident = ModuleCache::open(settings).expect("opened");
    let engine = lazy();
    let time = std::time::SystemTime::now();
    for round in 0..60 {
        let (bytes, expected) = if round % 2 == 0 { (&one, 1) } else { (&two, 2) };
        std::fs::write(&path, bytes).expect("written");
        // What rsync and tar do: the old modification time.
        std::fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(time)).expect("set");
        assert_eq!(load_file(&cache, &engine, &path).0, expected, "round {round}");
        assert_eq!(load_file(&resident, &engine, &path).0, expected, "round {round}, resident");
        if round % 7 == 0 {
            settle();
            assert_eq!(load_file(&cache, &engine, &path).0, expected, "round {round}, settled");
            assert_eq!(load_file(&resident, &engine, &path).0, expected, "round {round}, settled and resident");
        }
    }
}

#[test]
fn a_touched_file_is_read_once_more_and_is_a_hit() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    std::fs::write(&path, answering(7)).expect("rewritten");
    settle();
    let (_, log) = log_of_a_load(&home, &path);
    assert!(log.contains(&"rename"), "the new identity is noted: {log:?}");
    settle();
    log_of_a_load(&home, &path);
    let (report, log) = log_of_a_load(&home, &path);
    assert_eq!((report.outcome, log.len()), (Outcome::Hit, 8));
}

#[test]
fn verify_always_hashes_each_time() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    settle();
    let mut settings = home.settings();
    settings.verify = Verify::Always;
    for _ in 0..3 {
        let cache = ModuleCache::open(settings.clone()).expect("opened");
        let (_, report) = load_file(&cache, &lazy(), &path);
        assert_eq!(report.outcome, Outcome::Hit);
        assert!(report.phases.verify.is_some());
    }
}
