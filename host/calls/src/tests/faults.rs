//! What is damaged, touched or unreadable is never replayed, and never more than a miss.

use super::*;
use crate::cache::CallCache;
use glowplug_store::disk::faulty::{Fault, FaultyDisk};
use rustix::io::Errno;
use std::os::unix::fs::PermissionsExt as _;

fn stored(bench: &Bench) -> CallCache {
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    let large = "large\n".repeat(10_000);
    cache.store(&key("a"), bench.run(|files| read(files, "/data/in") + &large)).expect("stored");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    cache
}

#[test]
fn a_touched_output_is_invalid_and_says_so() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let output = only_file(&bench.folder.path().join("cache/calls/v1/outputs"));
    let mut bytes = std::fs::read(&output).expect("read");
    bytes[7] ^= 1;
    std::fs::write(&output, &bytes).expect("written");
    let reason = miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert!(matches!(&reason, MissReason::Invalid(why) if why.contains("was changed since")), "{reason}");
    let problems = cache.verify().expect("looked").into_iter().filter(|(_, problem)| problem.is_some()).count();
    assert_eq!(problems, 1);
    // The next run puts it right.
    let large = "large\n".repeat(10_000);
    cache.store(&key("a"), bench.run(|files| read(files, "/data/in") + &large)).expect("stored");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
}

#[test]
fn a_missing_output_is_invalid() {
    let bench = Bench::new();
    let cache = stored(&bench);
    std::fs::remove_file(only_file(&bench.folder.path().join("cache/calls/v1/outputs"))).expect("removed");
    let reason = miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert!(matches!(&reason, MissReason::Invalid(why) if why.contains("is gone")), "{reason}");
}

#[test]
fn no_byte_of_an_entry_can_change_unnoticed() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let entry = only_file(&bench.folder.path().join("cache/calls/v1/entries"));
    let sound = std::fs::read(&entry).expect("read");
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&entry, &bytes).expect("written");
        let reason = miss(cache.lookup(&key("a"), &mut Input::new(b"")));
        assert!(matches!(reason, MissReason::Invalid(_)), "byte {at}: {reason}");
        std::fs::write(&entry, &sound[..at]).expect("written");
        miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    }
    std::fs::write(&entry, &sound).expect("written");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
}

#[test]
fn an_entry_is_bound_to_its_key() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let entries = bench.folder.path().join("cache/calls/v1/entries");
    let entry = only_file(&entries);
    std::fs::copy(&entry, entries.join(key("b").digest().to_string())).expect("copied");
    assert!(matches!(miss(cache.lookup(&key("b"), &mut Input::new(b""))), MissReason::Invalid(_)));
}

#[test]
fn an_entry_that_others_can_write_to_is_not_believed() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let entry = only_file(&bench.folder.path().join("cache/calls/v1/entries"));
    std::fs::set_permissions(&entry, std::fs::Permissions::from_mode(0o666)).expect("chmod");
    let reason = miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert!(reason.to_string().contains("others can write to it"), "{reason}");
}

#[test]
fn a_folder_or_a_link_in_the_place_of_a_file_is_set_aside() {
    let bench = Bench::new();
    let stored = |folder: &str| only_file(&bench.folder.path().join("cache/calls/v1").join(folder));
    for folder in ["entries", "last"] {
        for link in [false, true] {
            bench.cache().store(&key("x"), bench.run(|_| "one".to_owned())).expect("stored");
            let path = stored(folder);
            std::fs::remove_file(&path).expect("removed");
            if link {
                std::os::unix::fs::symlink("/dev/null", &path).expect("linked");
            } else {
                std::fs::create_dir(&path).expect("a folder");
            }
            bench.cache().store(&key("x"), bench.run(|_| "two".to_owned())).expect("stored again");
            assert_eq!(printed(&hit(bench.cache().lookup(&key("x"), &mut Input::new(b"")))), "two", "{folder} {link}");
            assert!(stored(folder).symlink_metadata().expect("it is there").is_file(), "{folder} {link}");
        }
    }
}

#[test]
fn a_folder_that_others_can_write_to_is_not_believed() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let entries = bench.folder.path().join("cache/calls/v1/entries");
    std::fs::set_permissions(&entries, std::fs::Permissions::from_mode(0o777)).expect("chmod");
    assert!(matches!(miss(cache.lookup(&key("a"), &mut Input::new(b""))), MissReason::Unavailable(_)));
    assert!(cache.store(&key("a"), bench.run(|_| String::new())).is_err());
}

#[test]
fn another_users_key_opens_nothing() {
    let bench = Bench::new();
    stored(&bench);
    let other = Settings { key_file: bench.folder.path().join("other/key"), ..bench.settings() };
    let cache = CallCache::open(other).expect("a cache");
    assert!(matches!(miss(cache.lookup(&key("a"), &mut Input::new(b""))), MissReason::Invalid(_)));
}

/// The cache on a disk that meets a fault at operation `at`, and how many operations there were.
fn with_fault(cache: &CallCache, fault: Fault, at: usize, act: impl FnOnce(&CallCache)) -> usize {
    let mut faulty = None;
    let folder = cache.folder.on(|inner| {
        let disk = FaultyDisk::new(inner, fault, at);
        faulty = Some(std::sync::Arc::clone(&disk));
        disk
    });
    act(&CallCache { folder, settings: cache.settings.clone() });
    faulty.expect("wrapped").count()
}

#[test]
fn a_fault_at_any_operation_leaves_whole_entries() {
    let large = "large\n".repeat(10_000);
    let operations = {
        let bench = Bench::new();
        with_fault(&bench.cache(), Fault::None, 0, |cache| {
            cache.store(&key("a"), bench.run(|_| large.clone())).expect("stored")
        })
    };
    assert!(operations > 8, "{operations} operations");
    for fault in [Fault::Once(Errno::IO), Fault::Once(Errno::NOSPC), Fault::FromThenOn(Errno::NOSPC)] {
        for at in 1..=operations {
            let bench = Bench::new();
            with_fault(&bench.cache(), fault, at, |cache| {
                let _ = cache.store(&key("a"), bench.run(|_| large.clone()));
            });
            let cache = bench.cache();
            match cache.lookup(&key("a"), &mut Input::new(b"")) {
                Lookup::Hit(hit) => assert_eq!(printed(&hit), large, "{fault:?} at {at}"),
                Lookup::Miss(reason) => {
                    assert!(!matches!(reason, MissReason::Invalid(_)), "{fault:?} at {at}: {reason}");
                }
            }
            cache.store(&key("a"), bench.run(|_| large.clone())).expect("stored");
            assert_eq!(printed(&hit(cache.lookup(&key("a"), &mut Input::new(b"")))), large);
        }
    }
}

#[test]
fn a_fault_while_looking_is_a_miss() {
    let bench = Bench::new();
    let cache = stored(&bench);
    let operations = with_fault(&cache, Fault::None, 0, |cache| {
        hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    });
    for at in 1..=operations {
        with_fault(&cache, Fault::Once(Errno::IO), at, |cache| {
            miss(cache.lookup(&key("a"), &mut Input::new(b"")));
        });
        // What could not be read was set aside; it is made anew.
        let large = "large\n".repeat(10_000);
        cache.store(&key("a"), bench.run(|files| read(files, "/data/in") + &large)).expect("stored");
    }
}
