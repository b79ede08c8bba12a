//! A fault at every single operation on the store, and death at each of them.

use super::*;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use rustix::io::Errno;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;

/// Loads on a disk that fails at operation `at`; returns how many operations there were.
fn load_with(home: &Home, path: &Path, fault: Fault, at: usize) -> (i32, LoadReport, usize) {
    let mut faulty = None;
    let cache = home.cache().on_disk(|disk| {
        let disk = FaultyDisk::new(disk, fault, at);
        faulty = Some(Arc::clone(&disk));
        disk
    });
    let (value, report) = load_file(&cache, &lazy(), path);
    cache.finish();
    (value, report, faulty.expect("wrapped").count())
}

/// What survives must be sound, and the next two loads must work: the second at the latest is a hit.
fn assert_mends(home: &Home, path: &Path, what: &str) {
    let cache = home.cache();
    for finding in cache.verify().expect("listed") {
        // An artifact whose manifest was not reached is not looked at, and is swept up later.
        let stray = finding.problem.as_deref().is_some_and(|problem| problem.contains("does not belong"));
        assert!(finding.problem.is_none() || stray, "{what}: {finding:?}");
    }
    let (value, report) = load_file(&cache, &lazy(), path);
    assert_eq!(value, 7, "{what}");
    assert!(report.notes.is_empty(), "{what}: {:?}", report.notes);
    assert!(!matches!(report.reason, Some(MissReason::Corrupt { .. } | MissReason::Untrusted { .. })), "{what}");
    let (value, report) = load_file(&home.cache(), &lazy(), path);
    assert_eq!((value, report.outcome), (7, Outcome::Hit), "{what}: {:?}", report.reason);
}

/// The operations of a load, by number, on a fresh home or on one that knows the module.
fn operations(warm: bool) -> usize {
    let home = prepared(warm);
    load_with(&home, &home.path().join("app.wasm"), Fault::None, 0).2
}

fn prepared(warm: bool) -> Home {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    if warm {
        load_file(&home.cache(), &lazy(), &path);
        // So that this hit has something to note: that the artifact was hashed.
        settle();
    }
    home
}

#[test]
fn a_fault_at_any_operation_fails_nothing() {
    for warm in [false, true] {
        let count = operations(warm);
        assert!(count > 10, "only {count} operations: does the store go round its disk?");
        for at in 1..=count {
            for fault in [Fault::Once(Errno::IO), Fault::Once(Errno::NOSPC), Fault::FromThenOn(Errno::NOSPC)] {
                let home = prepared(warm);
                let path = home.path().join("app.wasm");
                let what = format!("{fault:?} at operation {at} of {count}, warm: {warm}");
                let (value, _, _) = load_with(&home, &path, fault, at);
                assert_eq!(value, 7, "{what}");
                assert_mends(&home, &path, &what);
            }
        }
    }
}

#[test]
fn death_at_any_operation_leaves_a_sound_store() {
    for warm in [false, true] {
        let count = operations(warm);
        let mut killed = 0;
        for at in 1..=count {
            let home = prepared(warm);
            let path = home.path().join("app.wasm");
            let (status, _) = child::said(child::start(home.path(), &format!("kill-at {at}")));
            killed += usize::from(status.signal() == Some(9));
            assert_mends(&home, &path, &format!("killed at operation {at} of {count}, warm: {warm}"));
        }
        assert_eq!(killed, count, "every one of them must really have been killed");
    }
}

/// Leftovers of the dead are swept up when they are old enough not to belong to the living.
#[test]
fn leftovers_are_swept_up() {
    let home = prepared(true);
    let folder = home.the_stored(".cwasm").parent().expect("a folder").to_owned();
    let leftover = folder.join(".tmp-new-1-2-3");
    std::fs::write(&leftover, b"torn").expect("written");
    home.cache().prune(false).expect("pruned");
    assert!(leftover.exists(), "it may belong to somebody who writes it now");
    let old = std::time::SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::options().write(true).open(&leftover).and_then(|file| file.set_modified(old)).expect("aged");
    home.cache().prune(false).expect("pruned");
    assert!(!leftover.exists());
}
