//! Everything that a guest sees is noted, nothing that it wrote itself; and what was noted is found changed exactly when
//! it changed.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

use super::{append, folder, list, mount, put, write};
use crate::{
    Access, Impure, Kind, Namespace, NewTime, Observed, OpenOptions, Opened, Settings, Trace, Unusable, Wanted, Watch,
    trace::{Check, EPOCH, OpenRoot, Seen, recheck},
};

pub(super) fn traced(trace: &Trace, dir: &Path, access: Access) -> Namespace {
    let mounts = vec![mount(dir, "/m", access)];
    Namespace::new(Settings { mounts, trace: Some(trace.clone()), ..Settings::default() }).expect("a namespace")
}

pub(super) fn open(files: &Namespace, path: &str) -> (File, Watch) {
    match files.open(path.as_bytes(), &OpenOptions::reading()) {
        Ok(Opened::File(file, Some(watch), _)) => (file, watch),
        other => panic!("{path} is {other:?}"),
    }
}

/// Reads as a guest does: what was read is told.
fn read_at(file: &File, watch: &Watch, offset: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    let got = file.read_at(&mut bytes, offset).expect("read");
    watch.read(file, offset, &bytes[..got]);
    bytes.truncate(got);
    bytes
}

pub(super) fn read_all(files: &Namespace, path: &str) -> Vec<u8> {
    let (file, watch) = open(files, path);
    let mut bytes = Vec::new();
    loop {
        let got = read_at(&file, &watch, bytes.len() as u64, 7);
        if got.is_empty() {
            return bytes;
        }
        bytes.extend(got);
    }
}

/// So that later changes show in what the system says of a file.
fn settle() {
    std::thread::sleep(Duration::from_millis(40));
}

/// What is not as it was, in words.
pub(super) fn differences(observed: &Observed) -> Vec<String> {
    let open = |root| OpenRoot::open(root).expect("a root").shown_as("".into());
    let roots: Vec<OpenRoot> = observed.roots.iter().map(open).collect();
    let checks = recheck(&roots, &observed.observations, usize::MAX).into_iter();
    let changed = checks.filter_map(|differing| match differing.check {
        Check::Same | Check::SameContentNewIdentity(_) => None,
        Check::Changed { what, from, to } => Some(format!("{what}: {from} -> {to}")),
        Check::Failed(why) => panic!("{why}"),
    });
    changed.collect()
}

/// Looks at a folder in a deterministic run, changes it and changes it back.
#[track_caller]
fn observe(files: &[&str], look: impl Fn(&Namespace), change: impl Fn(&Path), expected: &[&str], back: impl Fn(&Path)) {
    // Clean, an overlay is read like a plain mount; with something in it, by itself.
    for (access, dirty) in [(Access::ReadOnly, false), (Access::Overlay, false), (Access::ReadWrite, true)] {
        for settled in [false, true] {
            let dir = folder(files);
            if settled {
                settle();
            }
            let trace = Trace::new(true);
            let namespace = traced(&trace, dir.path(), access);
            if dirty {
                write(&namespace, "/m/own", "own").expect("written");
            }
            look(&namespace);
            let observed = trace.finish().expect("observed");
            assert_eq!(differences(&observed), [""; 0], "{access:?} {settled}");
            change(dir.path());
            let found = differences(&observed);
            let about_own = |line: &String| line.contains(" own:") || line.contains(" own/");
            let found: Vec<_> = found.into_iter().filter(|line| !about_own(line)).collect();
            assert_eq!(found, expected, "{access:?} {settled} {observed:#?}");
            back(dir.path());
            assert_eq!(differences(&observed), [""; 0], "{access:?} {settled}");
        }
    }
}

#[test]
fn contents() {
    observe(
        &["a"],
        |files| assert_eq!(read_all(files, "/m/a"), b"a"),
        |dir| put(&dir.join("a"), b"b"),
        &["content of a: 17762fdd -> 10e5cf3d"],
        |dir| put(&dir.join("a"), b"a"),
    );
    observe(
        &["a"],
        |files| assert_eq!(read_all(files, "/m/a"), b"a"),
        |dir| put(&dir.join("a"), b"aa"),
        &["content of a: 1 byte -> 2 bytes"],
        |dir| put(&dir.join("a"), b"a"),
    );
    observe(
        &["a"],
        |files| assert_eq!(read_all(files, "/m/a"), b"a"),
        |dir| fs::remove_file(dir.join("a")).expect("removed"),
        &["file a: present -> missing"],
        |dir| put(&dir.join("a"), b"a"),
    );
}

#[test]
fn a_prefix_is_all_that_counts_of_a_file_that_was_read_in_part() {
    let prefix = |files: &Namespace| {
        let (file, watch) = open(files, "/m/name");
        assert_eq!(read_at(&file, &watch, 0, 2), b"na");
    };
    let name = |dir: &Path| dir.join("name");
    observe(&["name"], prefix, |dir| put(&name(dir), b"nail"), &[], |dir| put(&name(dir), b"name"));
    observe(&["name"], prefix, |dir| put(&name(dir), b"na"), &[], |dir| put(&name(dir), b"name"));
    let expected = &["content of name: at least 2 bytes -> 1 byte"];
    observe(&["name"], prefix, |dir| put(&name(dir), b"n"), expected, |dir| put(&name(dir), b"name"));
    let opened = |files: &Namespace| drop(open(files, "/m/name"));
    observe(&["name"], opened, |dir| put(&name(dir), b"other"), &[], |dir| put(&name(dir), b"name"));
    let removed = |dir: &Path| fs::remove_file(name(dir)).expect("removed");
    observe(&["name"], opened, removed, &["file name: present -> missing"], |dir| put(&name(dir), b"name"));
    // A read elsewhere makes all of it count.
    let gap = |files: &Namespace| {
        let (file, watch) = open(files, "/m/name");
        assert_eq!(read_at(&file, &watch, 3, 1), b"e");
    };
    let expected = &["content of name: 54fefed3 -> 1799f309"];
    observe(&["name"], gap, |dir| put(&name(dir), b"lame"), expected, |dir| put(&name(dir), b"name"));
}

#[test]
fn parts_that_were_read_in_any_order_are_one_beginning() {
    if !super::tells_writers("parts_that_were_read_in_any_order_are_one_beginning") {
        return;
    }
    let dir = folder(&["0123456789"]);
    settle();
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    let (file, watch) = open(&files, "/m/0123456789");
    read_at(&file, &watch, 0, 4);
    read_at(&file, &watch, 2, 4);
    read_at(&file, &watch, 1, 2);
    let (again, second) = open(&files, "/m/0123456789");
    read_at(&again, &second, 0, 3);
    drop((watch, second));
    let observed = trace.finish().expect("observed");
    let [Seen::Content { read, identity: Some(_), .. }] =
        observed.observations.iter().flat_map(|o| o.seen.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{observed:#?}")
    };
    assert_eq!((read.len, read.end, read.digest), (6, false, glowplug_store::Digest::of(b"012345")));
}

#[test]
fn what_somebody_else_reads_counts_as_a_whole() {
    let dir = folder(&["abc"]);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    let (file, watch) = open(&files, "/m/abc");
    watch.whole(&file).expect("read");
    settle();
    let (file, second) = open(&files, "/m/abc");
    second.loaded(&file, Some(glowplug_store::Digest::of(b"abc"))).expect("known");
    let observed = trace.finish().expect("observed");
    let whole = |seen: &Seen| {
        matches!(seen, Seen::Content { read, .. }
            if read.len == 3 && read.end && read.digest == glowplug_store::Digest::of(b"abc"))
    };
    assert!(observed.observations.iter().all(|observation| observation.seen.iter().all(whole)), "{observed:#?}");
}

/// What runs is what is noted: a module that was rewritten while it was loaded makes a run that nobody keeps.
#[test]
fn what_was_loaded_is_compared_with_what_is_noted() {
    if !super::tells_writers("what_was_loaded_is_compared_with_what_is_noted") {
        return;
    }
    let digest = |bytes: &[u8]| Some(glowplug_store::Digest::of(bytes));
    for (settled, loaded, kept) in [
        (false, digest(b"abc"), true),
        (false, digest(b"abd"), false),
        // Nobody knows what was loaded, and a change might not show.
        (false, None, false),
        (true, digest(b"abc"), true),
        (true, digest(b"abd"), false),
        (true, None, true),
    ] {
        let dir = folder(&["abc"]);
        if settled {
            settle();
        }
        let trace = Trace::new(true);
        let files = traced(&trace, dir.path(), Access::ReadOnly);
        let (file, watch) = open(&files, "/m/abc");
        watch.loaded(&file, loaded).expect("read");
        drop(watch);
        if settled && loaded == digest(b"abd") {
            // Found out when its identity has to be looked at again.
            put(&dir.path().join("abc"), b"abc");
        }
        assert_eq!(trace.finish().is_ok(), kept, "{settled} {loaded:?}");
    }
}

#[test]
fn what_is_not_there() {
    let look = |files: &Namespace| {
        assert!(files.open(b"/m/a", &OpenOptions::reading()).is_err());
        assert!(files.stat(b"/m/a", true).is_err() && files.read_dir(b"/m/a").is_err());
    };
    let remove = |dir: &Path| fs::remove_file(dir.join("a")).expect("removed");
    observe(&["b"], look, |dir| put(&dir.join("a"), b"a"), &["file a: missing -> present"], remove);
    observe(
        &["a"],
        |files| assert!(files.stat(b"/m/a/b", false).is_err()),
        |dir| {
            fs::remove_file(dir.join("a")).expect("removed");
            fs::create_dir(dir.join("a")).expect("made");
        },
        &["file a/b: not a directory -> missing"],
        |dir| {
            fs::remove_dir(dir.join("a")).expect("removed");
            put(&dir.join("a"), b"a");
        },
    );
}

#[test]
fn listings() {
    observe(
        &["d/a", "d/b"],
        |files| assert_eq!(list(files, "/m/d").expect("listed"), ["a", "b"]),
        |dir| put(&dir.join("d/c"), b"c"),
        &["listing of d: 2 entries -> 3 entries"],
        |dir| fs::remove_file(dir.join("d/c")).expect("removed"),
    );
    observe(
        &["d/a"],
        |files| assert_eq!(list(files, "/m/d").expect("listed"), ["a"]),
        |dir| put(&dir.join("d/a"), b"other contents"),
        &[],
        |_| {},
    );
    observe(
        &["d/a"],
        |files| assert_eq!(list(files, "/m/d").expect("listed"), ["a"]),
        |dir| {
            fs::remove_file(dir.join("d/a")).expect("removed");
            fs::create_dir(dir.join("d/a")).expect("made");
        },
        &["listing of d: fb8a752f -> 9a0c3a98"],
        |dir| {
            fs::remove_dir(dir.join("d/a")).expect("removed");
            put(&dir.join("d/a"), b"d/a");
        },
    );
}

#[test]
fn what_stat_says() {
    let stat = |files: &Namespace| {
        files.stat(b"/m/a", true).expect("stat");
    };
    observe(&["a"], stat, |dir| put(&dir.join("a"), b"aa"), &["size of a: 1 -> 2"], |dir| put(&dir.join("a"), b"a"));
    // A deterministic run is told no times.
    observe(&["a"], stat, |dir| put(&dir.join("a"), b"b"), &[], |_| {});
    let mode =
        |mode| move |dir: &Path| fs::set_permissions(dir.join("a"), PermissionsExt::from_mode(mode)).expect("chmod");
    observe(&["a"], stat, mode(0o755), &["permissions of a: 0644 -> 0755"], mode(0o644));
    observe(
        &["a"],
        stat,
        |dir| fs::hard_link(dir.join("a"), dir.join("b")).expect("linked"),
        &["number of links to a: 1 -> 2"],
        |dir| fs::remove_file(dir.join("b")).expect("removed"),
    );
    observe(
        &["a"],
        stat,
        |dir| {
            fs::remove_file(dir.join("a")).expect("removed");
            fs::create_dir(dir.join("a")).expect("made");
        },
        &["kind of a: file -> folder"],
        |dir| {
            fs::remove_dir(dir.join("a")).expect("removed");
            put(&dir.join("a"), b"a");
        },
    );
}

#[test]
fn times_in_a_run_that_is_told_them() {
    let dir = folder(&["a"]);
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let set = |seconds| File::open(dir.path().join("a")).and_then(|file| file.set_modified(at(seconds))).expect("set");
    set(1_000_000_000);
    let trace = Trace::new(false);
    let files = traced(&trace, dir.path(), Access::Overlay);
    let found = files.stat(b"/m/a", true).expect("stat");
    assert_eq!((found.mtime, found.ctime, found.atime), (1_000_000_000_000_000_000, found.mtime, found.mtime));
    let observed = trace.finish().expect("observed");
    set(1_000_000_001);
    assert_eq!(differences(&observed), ["modification time of a: 2001-09-09T01:46:40Z -> 2001-09-09T01:46:41Z"]);
    set(1_000_000_000);
    assert_eq!(differences(&observed), [""; 0]);
}

#[test]
fn links() {
    let retarget = |to: &'static str| {
        move |dir: &Path| {
            fs::remove_file(dir.join("l")).expect("removed");
            std::os::unix::fs::symlink(to, dir.join("l")).expect("linked");
        }
    };
    let read_link = |files: &Namespace| assert_eq!(files.read_link(b"/m/l").expect("a link"), b"a");
    observe(&["a", "b", "l -> a"], read_link, retarget("b"), &["target of the link l: a -> b"], retarget("a"));
    // Behind a link that leads elsewhere but to the same contents, a plain mount gives the same; an overlay resolves it itself.
    for (access, expected) in [(Access::ReadOnly, 0), (Access::ReadWrite, 1)] {
        let dir = folder(&["a", "l -> a"]);
        put(&dir.path().join("b"), b"a");
        let trace = Trace::new(true);
        let files = traced(&trace, dir.path(), access);
        if expected == 1 {
            write(&files, "/m/own", "own").expect("written");
        }
        assert_eq!(read_all(&files, "/m/l"), b"a");
        let observed = trace.finish().expect("observed");
        retarget("b")(dir.path());
        assert_eq!(differences(&observed).len(), expected);
        put(&dir.path().join("b"), b"other");
        put(&dir.path().join("a"), b"other");
        assert!(!differences(&observed).is_empty());
    }
}

#[test]
fn access_rights() {
    // Root may read and write anything, but not execute it.
    let execute = Wanted { execute: true, ..Wanted::default() };
    let mode =
        |mode| move |dir: &Path| fs::set_permissions(dir.join("a"), PermissionsExt::from_mode(mode)).expect("chmod");
    observe(
        &["a"],
        |files| assert_eq!(files.access(b"/m/a", execute).map_err(|error| error.errno), Err(crate::errno::EACCES)),
        mode(0o755),
        &["access to a: permission denied -> allowed"],
        mode(0o644),
    );
}

#[test]
fn hard_links_stay_one_file_and_copies_two() {
    let names = |files: &Namespace| {
        let ino = |path: &[u8]| files.stat(path, false).expect("stat").ino;
        assert_eq!((ino(b"/m/a") == ino(b"/m/b"), ino(b"/m/a") == ino(b"/m/c")), (true, false));
    };
    for access in [Access::ReadOnly, Access::Overlay] {
        let dir = folder(&["a", "c"]);
        let path = |name: &str| dir.path().join(name);
        fs::hard_link(path("a"), path("b")).expect("linked");
        fs::hard_link(path("c"), path("d")).expect("linked");
        let trace = Trace::new(true);
        names(&traced(&trace, dir.path(), access));
        let observed = trace.finish().expect("observed");
        // Of another file, each name has as many links as before.
        put(&path("new"), b"a");
        fs::hard_link(path("new"), path("new2")).expect("linked");
        fs::hard_link(path("a"), path("old")).expect("linked");
        fs::rename(path("new"), path("a")).expect("renamed");
        assert_eq!(differences(&observed), ["links to b: one set of names -> another"]);
        fs::rename(path("new2"), path("b")).expect("renamed");
        assert_eq!(differences(&observed), [""; 0]);
    }
}

#[test]
fn what_a_guest_writes_is_no_observation() {
    for access in [Access::ReadWrite, Access::Overlay] {
        let dir = folder(&["d/a"]);
        let trace = Trace::new(true);
        let files = traced(&trace, dir.path(), access);
        write(&files, "/m/d/new", "new").expect("written");
        append(&files, "/m/d/new", "er").expect("written");
        write(&files, "/tmp/t", "t").expect("written");
        let (file, watch) = open(&files, "/m/d/new");
        assert!(!watch.is_lower());
        assert_eq!(read_at(&file, &watch, 0, 9), b"newer");
        assert_eq!(files.stat(b"/m/d/new", true).expect("stat").size, 5);
        assert_eq!(list(&files, "/m/d").expect("listed"), ["a", "new"]);
        files.remove_file(b"/m/d/new").expect("removed");
        let observed = trace.finish().expect("observed");
        let seen: Vec<String> = observed
            .observations
            .iter()
            .flat_map(|o| o.seen.iter().map(|seen| format!("{} {seen:?}", String::from_utf8_lossy(&o.path))))
            .collect();
        assert_eq!(seen.len(), 4, "{seen:#?}");
        assert!(seen[0].starts_with(". Looked") && seen[1].starts_with("d Looked"), "{seen:#?}");
        assert!(seen[2].starts_with("d Listing") && seen[2].contains("entries: 1"), "{seen:#?}");
        assert!(seen[3].starts_with("d/new Absent"), "{seen:#?}");
        assert_eq!(super::tree(dir.path()).len(), 2, "the folder itself was changed");
    }
}

#[test]
fn to_append_is_to_read_and_to_truncate_is_not() {
    let contents = |action: &dyn Fn(&Namespace)| {
        let dir = folder(&["a"]);
        let trace = Trace::new(true);
        action(&traced(&trace, dir.path(), Access::Overlay));
        let observed = trace.finish().expect("observed");
        put(&dir.path().join("a"), b"other");
        differences(&observed)
    };
    assert_eq!(contents(&|files| append(files, "/m/a", "more").expect("written")), ["content of a: 1 byte -> 5 bytes"]);
    assert_eq!(contents(&|files| files.chmod(b"/m/a", 0o600).expect("chmod")), ["content of a: 1 byte -> 5 bytes"]);
    assert_eq!(contents(&|files| write(files, "/m/a", "new").expect("written")), [""; 0]);
}

#[test]
fn an_edit_in_the_same_tick_is_found() {
    // Of the same size, at once after it was opened: nothing that the system says of the file may differ.
    for _ in 0..50 {
        let dir = folder(&["a"]);
        let trace = Trace::new(true);
        let files = traced(&trace, dir.path(), Access::ReadOnly);
        assert_eq!(read_all(&files, "/m/a"), b"a");
        let observed = trace.finish().expect("observed");
        File::options()
            .write(true)
            .open(dir.path().join("a"))
            .and_then(|file| file.write_all_at(b"b", 0))
            .expect("written");
        assert_eq!(differences(&observed).len(), 1);
    }
}

#[test]
fn an_edit_during_the_run_is_found() {
    type Edit = fn(&Path);
    let edits: [(&str, Edit); 4] = [
        ("content of", |dir| put(&dir.join("a"), b"b")),
        ("file", |dir| fs::remove_file(dir.join("a")).expect("removed")),
        ("listing of", |dir| put(&dir.join("b"), b"b")),
        ("file", |dir| put(&dir.join("missing"), b"b")),
    ];
    for settled in [false, true] {
        for (word, edit) in edits {
            let dir = folder(&["a"]);
            if settled {
                settle();
            }
            let trace = Trace::new(true);
            let files = traced(&trace, dir.path(), Access::ReadOnly);
            let (file, watch) = open(&files, "/m/a");
            assert_eq!(read_at(&file, &watch, 0, 1), b"a");
            assert_eq!(list(&files, "/m").expect("listed"), ["a"]);
            assert!(files.stat(b"/m/missing", true).is_err());
            edit(dir.path());
            match trace.finish() {
                // With an entry more or less, the listing is the first to say so.
                Err(Unusable::Changed(_, what)) => {
                    assert!(what.starts_with(word) || what.starts_with("listing of"), "{what}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_cannot_be_observed_is_said() {
    let dir = folder(&["a"]);
    let trace = Trace::new(false);
    let files = traced(&trace, dir.path(), Access::ReadWrite);
    trace.used(Impure::Clock);
    trace.used(Impure::Clock);
    write(&files, "/m/new", "new").expect("written");
    files.stat(b"/m/new", true).expect("stat");
    let Err(unusable) = trace.finish() else { panic!("usable") };
    assert_eq!(unusable, Unusable::Impure(vec![Impure::Clock, Impure::TimeOfOwnFile(b"/m/new".to_vec())]));
    assert_eq!(
        unusable.to_string(),
        "it read the clock, and it asked when /m/new was changed, which it had written itself"
    );
}

#[test]
fn times_of_a_deterministic_run_do_not_tell_when_it_was() {
    let dir = folder(&["lower", "copied"]);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadWrite);
    let time = |path: &str| files.stat(path.as_bytes(), true).expect("stat").mtime - EPOCH;
    files.chmod(b"/m/copied", 0o600).expect("chmod");
    write(&files, "/m/new", "new").expect("written");
    let second = 1_000_000_000;
    assert_eq!((time("/m/lower"), time("/m/copied"), time("/m/new")), (0, 0, second));
    append(&files, "/m/copied", "more").expect("written");
    assert_eq!(time("/m/copied"), second);
    let at = SystemTime::now() - Duration::from_secs(5);
    files.set_times(b"/m/new", true, None, Some(NewTime::At(at))).expect("set");
    let set = at.duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
    assert_eq!(time("/m/new") + EPOCH, set);
    let (file, watch) = open(&files, "/m/new");
    assert_eq!(watch.stat(&file).expect("stat").mtime, set);
    files.set_times(b"/m/new", true, None, Some(NewTime::Now)).expect("set");
    assert_eq!(time("/m/new"), second);
    let (file, watch) = open(&files, "/m/lower");
    let found = watch.stat(&file).expect("stat");
    assert_eq!((found.dev, found.mtime, found.blocks), (1, EPOCH, 1));
    assert_eq!(found, files.stat(b"/m/lower", true).expect("stat"));
}

#[test]
fn folders_are_said_to_be_of_one_size() {
    let dir = folder(&["d/a", "d/b/"]);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadWrite);
    let found = files.stat(b"/m/d", true).expect("stat");
    assert_eq!((found.kind, found.size, found.nlink, found.blocks), (Kind::Directory, 4096, 1, 8));
    write(&files, "/m/d/c", "c").expect("written");
    let after = files.stat(b"/m/d", true).expect("stat");
    assert_eq!((after.size, after.nlink, after.ino), (4096, 1, found.ino));
    let listed = files.read_dir(b"/m/d").expect("listed");
    let names: Vec<&[u8]> = listed.iter().map(|entry| &entry.name[..]).collect();
    assert_eq!(names, [b"a", b"b", b"c"]);
    for entry in &listed {
        let path = [b"/m/d/", &entry.name[..]].concat();
        assert_eq!(files.stat(&path, false).expect("stat").ino, entry.ino);
    }
    assert_eq!(files.inode(b"/m/d").expect("inode"), found.ino);
}

#[test]
fn what_is_nested_in_a_mount_hides_what_is_below() {
    let (outer, inner) = (folder(&["a", "x/hidden", "y/z/deep"]), folder(&["b"]));
    let trace = Trace::new(true);
    let mounts = vec![
        mount(outer.path(), "/m", Access::Overlay),
        mount(inner.path(), "/m/x", Access::ReadOnly),
        mount(inner.path(), "/m/y/n", Access::ReadOnly),
    ];
    let settings = Settings { mounts, trace: Some(trace.clone()), ..Settings::default() };
    let files = Namespace::new(settings).expect("a namespace");
    assert_eq!(read_all(&files, "/m/x/b"), b"b");
    assert_eq!(read_all(&files, "/m/y/z/deep"), b"y/z/deep");
    assert_eq!(read_all(&files, "/m/y/../a"), b"a");
    files.remove_file(b"/m/a").expect("removed");
    assert!(files.stat(b"/m/a", true).is_err());
    let observed = trace.finish().expect("observed");
    assert_eq!(differences(&observed), [""; 0]);
    put(&outer.path().join("x/hidden"), b"other");
    put(&outer.path().join("x/more"), b"other");
    assert_eq!(differences(&observed), [""; 0]);
    put(&inner.path().join("b"), b"c");
    put(&outer.path().join("y/z/deep"), b"z/y/deep");
    let found = differences(&observed);
    assert!(found.iter().any(|line| line.starts_with("content of b:")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("content of z/deep:")), "{found:?}");
    // Where a folder was seen through, it is missed.
    fs::remove_dir_all(outer.path().join("y")).expect("removed");
    let roots: Result<Vec<_>, _> = observed.roots.iter().map(OpenRoot::open).collect();
    assert!(roots.is_err(), "what was below y is a root of its own");
}

#[test]
fn what_is_explained_to_people_is_no_observation() {
    let dir = folder(&["d/", "l -> d"]);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    let error = files.stat(b"/m/l/none", true).expect_err("missing");
    let noted = trace.finish().expect("observed").count();
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    assert_eq!(files.stat(b"/m/l/none", true), Err(error.clone()));
    files.explain(b"/m/l/none", crate::Sought::default());
    assert_eq!(trace.finish().expect("observed").count(), noted);
}

#[test]
fn a_fifo_cannot_be_observed() {
    let dir = folder(&[]);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("p"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a FIFO");
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    assert!(matches!(files.open(b"/m/p", &OpenOptions::reading()), Ok(Opened::File(..))));
    assert_eq!(trace.finish().expect_err("unusable").to_string(), "it opened p, which is no file");
}

#[test]
fn a_trace_can_be_stored() {
    let dir: TempDir = folder(&["a", "d/b", "l -> a"]);
    let trace = Trace::new(false);
    let files = traced(&trace, dir.path(), Access::Overlay);
    read_all(&files, "/m/a");
    files.read_link(b"/m/l").expect("a link");
    files.stat(b"/m/d", true).expect("stat");
    list(&files, "/m/d").expect("listed");
    let _ = files.stat(b"/m/\xff\\", true);
    let observed = trace.finish().expect("observed");
    let text = serde_json::to_string(&observed).expect("written");
    assert_eq!(serde_json::from_str::<Observed>(&text).expect("read"), observed);
    assert!(text.contains(r#""path":"d""#) && text.contains(r"\\xff\\\\"), "{text}");
    assert_eq!(fs::metadata(dir.path().join("a")).expect("metadata").nlink(), 1);
}

/// Opens many files, reads them whole, and gives them back to be hashed.
fn read_many(files: &Namespace, count: usize, brought_back: bool) {
    for number in 0..count {
        let (file, watch) = open(files, &format!("/m/{number}"));
        watch.will_be_closed();
        let mut at = 0;
        loop {
            let got = read_at(&file, &watch, at, 70_000);
            if got.is_empty() {
                break;
            }
            at += got.len() as u64;
        }
        if brought_back {
            watch.close(file);
        }
    }
}

/// A folder of files of different sizes, every second of them large.
fn many_files(count: usize) -> TempDir {
    let dir = folder(&[]);
    for number in 0..count {
        let size = if number % 2 == 1 { 200_000 + number } else { number };
        let text: Vec<u8> = (0..size).map(|at| (at * 7 + number) as u8).collect();
        put(&dir.path().join(number.to_string()), &text);
    }
    settle();
    dir
}

#[test]
fn large_files_are_hashed_beside_the_run_and_give_the_same() {
    let dir = many_files(200);
    let observed = |count| {
        let trace = Trace::new(true);
        read_many(&traced(&trace, dir.path(), Access::ReadOnly), count, true);
        trace.finish().expect("nothing changed")
    };
    let many = observed(200);
    for observation in &many.observations {
        let [Seen::Content { read, .. }] = &observation.seen[..] else { panic!("{observation:?}") };
        let name = std::str::from_utf8(&observation.path).expect("a name");
        let contents = fs::read(dir.path().join(name)).expect("read");
        assert_eq!((read.len, read.end), (contents.len() as u64, true), "{name}");
        assert_eq!(read.digest, glowplug_store::Digest::of(&contents), "{name}");
    }
    assert_eq!(many.observations.len(), 200);
    assert!(differences(&many).is_empty());
    put(&dir.path().join("150"), b"changed");
    assert_eq!(differences(&many).len(), 1);
}

#[test]
fn threads_lose_nothing_that_another_has_seen() {
    let dir = many_files(40);
    let observed = |threads: usize| {
        let trace = Trace::new(true);
        let files = traced(&trace, dir.path(), Access::ReadOnly);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| read_many(&files, 40, true));
            }
        });
        trace.finish().expect("nothing changed")
    };
    let alone = observed(1);
    for _ in 0..20 {
        assert_eq!(observed(4), alone);
    }
}

#[test]
fn a_file_that_is_hashed_later_must_not_have_changed() {
    let dir = many_files(100);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    read_many(&files, 20, true);
    let (file, watch) = open(&files, "/m/95");
    watch.will_be_closed();
    read_at(&file, &watch, 0, 1000);
    put(&dir.path().join("95"), b"something else");
    watch.close(file);
    assert!(matches!(trace.finish(), Err(Unusable::Changed(..))));
}

#[test]
fn a_file_that_was_never_brought_back_is_not_guessed_at() {
    if !super::tells_writers("a_file_that_was_never_brought_back_is_not_guessed_at") {
        return;
    }
    let dir = many_files(100);
    let trace = Trace::new(true);
    read_many(&traced(&trace, dir.path(), Access::ReadOnly), 100, false);
    assert!(matches!(trace.finish(), Err(Unusable::Io(..))));
}

#[test]
fn a_leap_in_a_file_that_is_hashed_later_counts_all_of_it() {
    let dir = many_files(100);
    let trace = Trace::new(true);
    let files = traced(&trace, dir.path(), Access::ReadOnly);
    read_many(&files, 20, true);
    let (file, watch) = open(&files, "/m/99");
    watch.will_be_closed();
    read_at(&file, &watch, 0, 10);
    read_at(&file, &watch, 150_000, 10);
    watch.close(file);
    let observed = trace.finish().expect("nothing changed");
    let last = observed.observations.iter().find(|one| one.path == b"99").expect("noted");
    let [Seen::Content { read, .. }] = &last.seen[..] else { panic!("{last:?}") };
    assert_eq!((read.len, read.end), (200_099, true));
    assert_eq!(read.digest, glowplug_store::Digest::of(&fs::read(dir.path().join("99")).expect("read")));
}
