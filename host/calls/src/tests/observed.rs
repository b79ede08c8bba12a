//! What a run observed decides: changed, it is a miss that says what; changed back, a hit.

use super::*;
use glowplug_fs::trace::Seen;
use glowplug_store::identity::Reading;
use std::os::unix::fs::PermissionsExt as _;

/// Something a run may look at, how it changes, and what is said then.
fn check(prepare: fn(&Path), look: fn(&Namespace) -> String, change: fn(&Path), back: fn(&Path), says: &str) {
    let bench = Bench::new();
    prepare(&bench.data());
    bench.settle();
    let cache = bench.cache();
    cache.store(&key("a"), bench.run(look)).expect("stored");
    let before = printed(&hit(cache.lookup(&key("a"), &mut Input::new(b""))));
    change(&bench.data());
    let reason = miss(cache.lookup(&key("a"), &mut Input::new(b""))).to_string();
    assert!(reason.contains(says), "{reason:?} does not say {says:?}");
    back(&bench.data());
    assert_eq!(printed(&hit(cache.lookup(&key("a"), &mut Input::new(b"")))), before);
}

fn put(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("written");
}

#[test]
fn contents() {
    check(
        |folder| put(folder, "in", "one"),
        |files| read(files, "/data/in"),
        |folder| put(folder, "in", "two"),
        |folder| put(folder, "in", "one"),
        "content of",
    );
}

#[test]
fn a_file_that_was_not_there() {
    check(
        |_| {},
        |files| read(files, "/data/missing"),
        |folder| put(folder, "missing", ""),
        |folder| std::fs::remove_file(folder.join("missing")).expect("removed"),
        "missing",
    );
}

#[test]
fn a_file_that_goes() {
    check(
        |folder| put(folder, "in", "one"),
        |files| read(files, "/data/in"),
        |folder| std::fs::remove_file(folder.join("in")).expect("removed"),
        |folder| put(folder, "in", "one"),
        "in",
    );
}

#[test]
fn a_listing() {
    check(
        |folder| put(folder, "a", ""),
        |files| {
            let mut names: Vec<_> =
                files.read_dir(b"/data").expect("listed").into_iter().map(|entry| entry.name).collect();
            names.sort();
            format!("{names:?}")
        },
        |folder| put(folder, "b", ""),
        |folder| std::fs::remove_file(folder.join("b")).expect("removed"),
        "listing of",
    );
}

#[test]
fn a_size() {
    check(
        |folder| put(folder, "in", "one"),
        |files| files.stat(b"/data/in", true).expect("there").size.to_string(),
        |folder| put(folder, "in", "three"),
        |folder| put(folder, "in", "one"),
        "size of",
    );
}

#[test]
fn permissions() {
    let mode = |folder: &Path, mode| {
        std::fs::set_permissions(folder.join("in"), std::fs::Permissions::from_mode(mode)).expect("chmod");
    };
    let _ = mode;
    check(
        |folder| {
            put(folder, "in", "one");
            std::fs::set_permissions(folder.join("in"), std::fs::Permissions::from_mode(0o644)).expect("chmod");
        },
        |files| format!("{:o}", files.stat(b"/data/in", true).expect("there").mode),
        |folder| std::fs::set_permissions(folder.join("in"), std::fs::Permissions::from_mode(0o755)).expect("chmod"),
        |folder| std::fs::set_permissions(folder.join("in"), std::fs::Permissions::from_mode(0o644)).expect("chmod"),
        "permissions of",
    );
}

#[test]
fn where_a_link_leads() {
    check(
        |folder| std::os::unix::fs::symlink("a", folder.join("link")).expect("a link"),
        |files| String::from_utf8(files.read_link(b"/data/link").expect("a link")).expect("text"),
        |folder| {
            std::fs::remove_file(folder.join("link")).expect("removed");
            std::os::unix::fs::symlink("b", folder.join("link")).expect("a link");
        },
        |folder| {
            std::fs::remove_file(folder.join("link")).expect("removed");
            std::os::unix::fs::symlink("a", folder.join("link")).expect("a link");
        },
        "target of the link",
    );
}

#[test]
fn what_was_not_observed_does_not_count() {
    let bench = Bench::new();
    bench.write("in", "one");
    bench.write("other", "one");
    bench.settle();
    let cache = bench.cache();
    cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    bench.write("other", "two");
    bench.write("third", "two");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
}

#[test]
fn an_edit_in_the_same_tick_is_noticed() {
    let bench = Bench::new();
    let cache = bench.cache();
    for round in 0..50 {
        // Written, read and written again at once: neither size nor time need differ.
        bench.write("in", &format!("{round:04}a"));
        cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
        bench.write("in", &format!("{round:04}b"));
        miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    }
}

/// T32: an input that somebody had mapped for writing is read each time, and so is one on a file system of memory.
#[test]
fn an_input_that_may_change_without_a_sign_is_read_each_time() {
    use std::os::unix::fs::FileExt as _;
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    let writer = std::fs::File::options().write(true).open(bench.data().join("in")).expect("opened");
    let run = bench.run(|files| read(files, "/data/in"));
    let identities = |run: &Run| -> Vec<bool> {
        let seen = run.observed.observations.iter().flat_map(|observation| &observation.seen);
        let known = seen.filter_map(|seen| match seen {
            Seen::Content { identity, .. } => Some(identity.is_some()),
            _ => None,
        });
        known.collect()
    };
    assert_eq!(identities(&run), [false]);
    cache.store(&key("a"), run).expect("stored");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    writer.write_at(b"two", 0).expect("written");
    miss(cache.lookup(&key("a"), &mut Input::new(b"")));
    writer.write_at(b"one", 0).expect("written");
    drop(writer);
    bench.settle();
    // Nobody writes any more: from now on its identity is enough, where the system tells that.
    let file = std::fs::File::open(bench.data().join("in")).expect("opened");
    let tells = Reading::begin(&file, bench.identity("in")).will_show_changes();
    let found = hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert_eq!(found.refreshed, tells);
}

#[test]
fn a_touched_file_with_the_same_contents_is_a_hit_and_is_remembered() {
    if !tells_writers("a_touched_file_with_the_same_contents_is_a_hit_and_is_remembered") {
        return;
    }
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    cache.store(&key("a"), bench.run(|files| read(files, "/data/in"))).expect("stored");
    let entry = only_file(&bench.folder.path().join("cache/calls/v1/entries"));
    let before = std::fs::read(&entry).expect("read");
    bench.write("in", "one");
    bench.settle();
    let found = hit(cache.lookup(&key("a"), &mut Input::new(b"")));
    assert_eq!(std::fs::read(&entry).expect("read"), before, "a lookup writes nothing");
    cache.note_use(&found).expect("noted");
    assert_ne!(std::fs::read(&entry).expect("read"), before, "the new identity is kept");
    hit(cache.lookup(&key("a"), &mut Input::new(b"")));
}
