//! What was written gets to the host's folders whole, or not at all.

use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Command};

use super::{
    append, folder, mount, namespace, put,
    trace::{read_all, traced},
    tree, write,
};
use crate::{Access, CommitError, Committed, Contents, FsError, Namespace, NewTime, State, Trace, Written, errno};

const LOWER: [&str; 7] = ["a", "b/c", "b/d/e", "gone/x/y", "gone/z", "turns/f", "l -> a"];

/// Does something of everything.
fn work(files: &Namespace) {
    write(files, "/m/a", "changed").expect("written");
    append(files, "/m/b/c", "more").expect("written");
    files.create_dir(b"/m/new", 0o750).expect("made");
    files.create_dir(b"/m/new/deep", 0o500).expect("made");
    write(files, "/m/new/deep/f", "f").expect("written");
    files.symlink(b"deep/f", b"/m/new/l").expect("linked");
    for path in ["gone/x/y", "gone/z", "turns/f", "l"] {
        files.remove_file(format!("/m/{path}").as_bytes()).expect("removed");
    }
    for path in ["gone/x", "gone", "turns"] {
        files.remove_dir(format!("/m/{path}").as_bytes()).expect("removed");
    }
    write(files, "/m/turns", "now a file").expect("written");
    files.create_dir(b"/m/l", 0o755).expect("made");
    write(files, "/m/l/was", "a link").expect("written");
    files.chmod(b"/m/b/d/e", 0o755).expect("chmod");
    files.chmod(b"/m/b/d", 0o711).expect("chmod");
    write(files, "/m/large", &"large ".repeat(30_000)).expect("written");
}

fn as_guests_see(files: &Namespace) -> Vec<String> {
    let mut found = Vec::new();
    super::differential::seen(files, "/m", &mut found);
    found
}

/// The tree, and every inode number with its change.
fn exactly(dir: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let left = tree(dir);
    assert!(left.iter().all(|(path, ..)| !path.contains(".glowplug")), "{left:?}");
    left
}

fn rw(dir: &Path) -> Namespace {
    namespace(vec![mount(dir, "/m", Access::ReadWrite)])
}

#[test]
fn a_commit_makes_the_folder_like_the_merged_view() {
    let dir = folder(&LOWER);
    let files = traced(&Trace::new(true), dir.path(), Access::ReadWrite);
    work(&files);
    let before = tree(dir.path());
    let written = files.written().expect("written");
    assert_eq!(tree(dir.path()), before);
    let committed = rw(dir.path()).commit(&written).expect("committed");
    assert_eq!((committed.unchanged, committed.discarded), (0, 0));
    assert_eq!(as_guests_see(&rw(dir.path())), as_guests_see(&files));
    exactly(dir.path());
    // Once more, and nothing is touched.
    let times = |path: &str| fs::metadata(dir.path().join(path)).map(|found| (found.ino(), found.ctime_nsec()));
    let then = times("a").expect("there");
    let again = rw(dir.path()).commit(&written).expect("committed");
    assert_eq!(again, Committed { changed: 0, unchanged: committed.changed, discarded: 0 });
    assert_eq!(times("a").expect("there"), then);
    // The namespace that it was written in will do, too.
    put(&dir.path().join("a"), b"changed again");
    assert_eq!(files.commit(&written).expect("committed").changed, 1);
}

#[test]
fn random_changes_get_to_the_folder_as_they_are() {
    for seed in 1..=25 {
        let dir = folder(&[]);
        let lower = super::differential::lower(dir.path());
        let copy = dir.path().join("copy");
        assert!(Command::new("cp").arg("-a").arg(&lower).arg(&copy).status().expect("cp").success());
        let files = traced(&Trace::new(true), &lower, Access::Overlay);
        let mut random = super::differential::Random::new(seed);
        for _ in 0..60 {
            super::differential::run(&files, &super::differential::operation(&mut random));
        }
        let written = files.written().expect("written");
        rw(&copy).commit(&written).unwrap_or_else(|error| panic!("{error}, seed {seed}, {written:#?}"));
        assert_eq!(as_guests_see(&rw(&copy)), as_guests_see(&files), "seed {seed}");
        exactly(&copy);
    }
}

#[test]
fn whatever_fails_leaves_everything_as_it_was() {
    let dir = folder(&LOWER);
    let files = traced(&Trace::new(true), dir.path(), Access::ReadWrite);
    work(&files);
    let written = files.written().expect("written");
    let before = tree(dir.path());
    let mut steps = 0;
    loop {
        let mut left = steps;
        let result = rw(dir.path()).commit_with(&written, &mut |_| {
            if left == 0 {
                return Err(FsError::new(errno::ENOSPC));
            }
            left -= 1;
            Ok(())
        });
        let Err(error) = result else { break };
        let CommitError::Failed { error: why, .. } = &error else { panic!("{error:?}") };
        assert_eq!(why.errno, errno::ENOSPC);
        assert_eq!(exactly(dir.path()), before, "step {steps}: {error}");
        steps += 1;
    }
    assert!(steps > 20, "only {steps} steps");
    assert_eq!(as_guests_see(&rw(dir.path())), as_guests_see(&files));
}

fn file(path: &str, text: &str) -> Written {
    let contents = Contents::Bytes(text.as_bytes().to_vec());
    let state = State::File { mode: 0o644, mtime: None, contents };
    Written { mount: b"/m".to_vec(), path: path.as_bytes().to_vec(), state }
}

fn removed(path: &str) -> Written {
    Written { mount: b"/m".to_vec(), path: path.as_bytes().to_vec(), state: State::Removed }
}

#[test]
fn what_others_put_in_the_way_is_not_lost() {
    let dir = folder(&["a", "f/theirs", "d/mine", "d/theirs"]);
    let before = tree(dir.path());
    let commit = |written: &[Written]| rw(dir.path()).commit(written);
    // A file is to be where somebody made a folder with something in it.
    let error = commit(&[file("a", "new"), file("f", "new")]).expect_err("refused");
    assert_eq!(error.to_string(), "cannot write /m/f: Directory not empty; nothing was changed");
    assert_eq!(exactly(dir.path()), before);
    // A folder is to go in which there is more than its guest removed.
    let error = commit(&[removed("d/mine"), removed("d"), file("new", "new")]).expect_err("refused");
    assert_eq!(error.to_string(), "cannot remove /m/d: Directory not empty; nothing was changed");
    assert_eq!(exactly(dir.path()), before);
    // The folder that something is to be put in is now a file, or is not there.
    for path in ["a/b", "none/b"] {
        let error = commit(&[file("new", "new"), file(path, "new")]).expect_err("refused");
        assert!(error.to_string().ends_with("nothing was changed"), "{error}");
        assert_eq!(exactly(dir.path()), before);
    }
    // What is to be removed is gone already.
    let done = commit(&[removed("none/b"), removed("none"), removed("a")]).expect("committed");
    assert_eq!(done, Committed { changed: 1, unchanged: 2, discarded: 0 });
}

#[test]
fn a_file_that_appears_in_the_middle_is_not_overwritten() {
    let dir = folder(&["a"]);
    let theirs = dir.path().join("b");
    let error = rw(dir.path()).commit_with(&[file("a", "new"), file("b", "new")], &mut |step| {
        if step == "put" {
            put(&theirs, b"theirs");
        }
        Ok(())
    });
    assert_eq!(error.expect_err("refused").to_string(), "cannot write /m/b: File exists; nothing was changed");
    assert_eq!(
        (fs::read(&theirs).expect("theirs"), fs::read(dir.path().join("a")).expect("a")),
        (b"theirs".to_vec(), b"a".to_vec())
    );
    // And one that was replaced in the middle is put back.
    let ours = dir.path().join("a");
    let error = rw(dir.path()).commit_with(&[file("a", "new")], &mut |step| {
        if step == "put" {
            put(&dir.path().join("other"), b"replaced");
            fs::rename(dir.path().join("other"), &ours).expect("renamed");
        }
        Ok(())
    });
    assert_eq!(
        error.expect_err("refused").to_string(),
        "cannot write /m/a: Device or resource busy; nothing was changed"
    );
    assert_eq!(fs::read(&ours).expect("theirs"), b"replaced");
    exactly(dir.path());
}

#[test]
fn the_policy_is_asked_first() {
    let (dir, other) = (folder(&["a"]), folder(&["a"]));
    let mounts = vec![mount(dir.path(), "/m", Access::ReadWrite), mount(other.path(), "/ro", Access::ReadOnly)];
    let denied = Written { mount: b"/ro".to_vec(), ..file("a", "new") };
    let error = namespace(mounts).commit(&[file("a", "new"), denied]).expect_err("refused");
    assert!(matches!(error, CommitError::Refused { .. }), "{error:?}");
    assert!(error.to_string().starts_with("cannot write /ro/a: "), "{error}");
    assert!(error.to_string().contains(":rw` would allow it"), "{error}");
    assert_eq!(fs::read(dir.path().join("a")).expect("a"), b"a");
    let overlay = namespace(vec![mount(dir.path(), "/m", Access::Overlay)]);
    assert_eq!(overlay.commit(&[file("a", "new")]).expect("discarded").discarded, 1);
    assert_eq!(fs::read(dir.path().join("a")).expect("a"), b"a");
}

#[test]
fn nothing_leads_out_of_the_mount() {
    let outside = folder(&["secret"]);
    let dir = folder(&["a"]);
    std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).expect("linked");
    let before = (tree(dir.path()), tree(outside.path()));
    for path in ["../x", "/x", "out/x", "a/../x", "", "./x", "x/", "x\0y"] {
        let error = rw(dir.path()).commit(&[file(path, "new")]);
        assert!(error.is_err(), "{path:?}: {error:?}");
        assert_eq!((tree(dir.path()), tree(outside.path())), before, "{path:?}");
    }
    // The link itself may be replaced.
    rw(dir.path()).commit(&[file("out", "new")]).expect("committed");
    assert_eq!((fs::read(dir.path().join("out")).expect("out"), tree(outside.path())), (b"new".to_vec(), before.1));
}

#[test]
fn a_time_that_a_guest_set_is_kept() {
    let dir = folder(&["a", "b"]);
    let files = traced(&Trace::new(true), dir.path(), Access::ReadWrite);
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for path in [b"/m/a", b"/m/b"] {
        files.set_times(path, true, None, Some(NewTime::At(at))).expect("set");
    }
    append(&files, "/m/b", "!").expect("written");
    assert_eq!(read_all(&files, "/m/b"), b"b!");
    rw(dir.path()).commit(&files.written().expect("written")).expect("committed");
    let time = |name: &str| fs::metadata(dir.path().join(name)).and_then(|found| found.modified()).expect("a time");
    assert_eq!(time("a"), at);
    assert!(time("b") > at);
}

#[test]
fn a_full_disk_changes_nothing() {
    let dir = folder(&["small/"]);
    let small = dir.path().join("small");
    let mount =
        |args: &[&str]| Command::new(args[0]).args(&args[1..]).arg(&small).output().is_ok_and(|o| o.status.success());
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs"]) {
        super::skipped("no tmpfs can be mounted here");
        return;
    }
    put(&small.join("a"), b"a");
    let before = tree(&small);
    let error = rw(&small).commit(&[file("b", "b"), file("a", &"x".repeat(100_000))]).expect_err("no room");
    let after = exactly(&small);
    assert!(mount(&["umount"]));
    assert_eq!(error.to_string(), "cannot write /m/a: No space left on device; nothing was changed");
    assert_eq!(after, before);
}
