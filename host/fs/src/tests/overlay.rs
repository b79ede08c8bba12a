//! What is particular to overlays.

use std::{
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
    time::Duration,
};

use super::{append, folder, list, mount, namespace, number, read, single, tree, write};
use crate::{Access, Deadline, FsError, Interrupt, Namespace, OpenOptions, Opened, Settings, errno::*, interruptible};

fn names(names: &[&str]) -> Result<Vec<String>, i32> {
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn the_lower_folder_is_never_changed() {
    let dir = folder(&["a", "b", "d/x", "d/e/y", "gone/z", "l -> a"]);
    let before = tree(dir.path());
    let files = single(&dir, Access::Overlay);
    write(&files, "/m/a", "new").expect("write");
    append(&files, "/m/b", "more").expect("append");
    files.chmod(b"/m/d/x", 0o600).expect("chmod");
    files.rename(b"/m/d", b"/m/moved").expect("rename");
    files.remove_file(b"/m/gone/z").expect("remove");
    files.remove_dir(b"/m/gone").expect("rmdir");
    files.link(b"/m/l", b"/m/k", false).expect("link");
    files.set_times(b"/m/moved/e/y", true, None, Some(crate::NewTime::Now)).expect("times");
    assert_eq!(list(&files, "/m"), names(&["a", "b", "k", "l", "moved"]));
    assert_eq!(read(&files, "/m/b"), Ok("bmore".to_owned()));
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn nothing_is_written_for_reading() {
    let dir = folder(&["a"]);
    let scratch = folder(&[]);
    let mounts = vec![mount(dir.path(), "/m", Access::Overlay)];
    let settings = Settings { mounts, scratch: Some(scratch.path().to_owned()), ..Default::default() };
    let files = Namespace::new(settings).expect("a namespace");
    read(&files, "/m/a").expect("read");
    list(&files, "/m").expect("list");
    assert_eq!(write(&files, "/m/none/x", ""), Err(ENOENT));
    assert_eq!(fs::read_dir(scratch.path()).expect("scratch").count(), 0);
    write(&files, "/m/a", "").expect("write");
    assert_eq!(fs::read_dir(scratch.path()).expect("scratch").count(), 1);
    drop(files);
    assert_eq!(fs::read_dir(scratch.path()).expect("scratch").count(), 0);
}

#[test]
fn what_was_removed_stays_removed() {
    let dir = folder(&["d/a", "d/b"]);
    let files = single(&dir, Access::Overlay);
    files.remove_file(b"/m/d/a").expect("remove");
    assert_eq!(read(&files, "/m/d/a"), Err(ENOENT));
    assert_eq!(list(&files, "/m/d"), names(&["b"]));
    assert_eq!(number(files.remove_dir(b"/m/d")), Err(ENOTEMPTY));
    files.remove_file(b"/m/d/b").expect("remove");
    files.remove_dir(b"/m/d").expect("rmdir");
    assert_eq!(number(files.stat(b"/m/d/a", true)), Err(ENOENT));
    // A new folder in its place is empty.
    files.create_dir(b"/m/d", 0o755).expect("mkdir");
    assert_eq!(list(&files, "/m/d"), Ok(Vec::new()));
    assert_eq!(read(&files, "/m/d/a"), Err(ENOENT));
    write(&files, "/m/d/a", "new").expect("write");
    files.remove_file(b"/m/d/a").expect("remove");
    assert_eq!(read(&files, "/m/d/a"), Err(ENOENT));
    files.remove_dir(b"/m/d").expect("rmdir");
    write(&files, "/m/d", "a file").expect("write");
    assert_eq!(read(&files, "/m/d"), Ok("a file".to_owned()));
    assert_eq!(read(&files, "/m/d/a"), Err(ENOTDIR));
}

#[test]
fn a_copy_keeps_permissions_and_times() {
    let dir = folder(&["d/run"]);
    let path = dir.path().join("d/run");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o750)).expect("chmod");
    let before = fs::metadata(&path).expect("stat");
    let files = single(&dir, Access::Overlay);
    files.chmod(b"/m/d/run", 0o755).expect("chmod");
    let after = files.stat(b"/m/d/run", true).expect("stat");
    assert_eq!(after.mode, 0o100755);
    assert_eq!(after.mtime, before.mtime() * 1_000_000_000 + before.mtime_nsec());
    append(&files, "/m/d/run", "+").expect("append");
    assert_eq!(files.stat(b"/m/d/run", true).expect("stat").mode, 0o100755);
}

#[test]
fn what_was_open_stays_readable() {
    let dir = folder(&["a"]);
    let files = single(&dir, Access::Overlay);
    let Ok(Opened::File(mut file, ..)) = files.open(b"/m/a", &OpenOptions::reading()) else { panic!("no file") };
    write(&files, "/m/a", "new").expect("write");
    files.remove_file(b"/m/a").expect("remove");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("text");
    assert_eq!(text, "a");
}

#[test]
fn links_cross_the_layers() {
    let dir = folder(&["target/a", "low -> target"]);
    let files = single(&dir, Access::Overlay);
    // A link below to a folder above, and the other way round.
    write(&files, "/m/target/b", "above").expect("write");
    assert_eq!(read(&files, "/m/low/b"), Ok("above".to_owned()));
    files.symlink(b"target/a", b"/m/high").expect("symlink");
    assert_eq!(read(&files, "/m/high"), Ok("target/a".to_owned()));
    files.rename(b"/m/target", b"/m/other").expect("rename");
    assert_eq!(read(&files, "/m/low/b"), Err(ENOENT));
    files.remove_file(b"/m/low").expect("remove");
    files.symlink(b"other", b"/m/low").expect("symlink");
    assert_eq!(read(&files, "/m/low/a"), Ok("target/a".to_owned()));
}

#[test]
fn one_folder_twice_has_two_layers() {
    let dir = folder(&["a"]);
    let files = namespace(vec![mount(dir.path(), "/x", Access::Overlay), mount(dir.path(), "/y", Access::Overlay)]);
    write(&files, "/x/a", "x").expect("write");
    assert_eq!(read(&files, "/y/a"), Ok("a".to_owned()));
    assert_eq!(number(files.rename(b"/x/a", b"/y/b")), Err(EXDEV));
}

#[test]
fn threads_do_not_lose_each_others_files() {
    let dir = folder(&["d/"]);
    let files = single(&dir, Access::Overlay);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let files = &files;
            scope.spawn(move || {
                for file in 0..50 {
                    let path = format!("/m/d/{thread}-{file}");
                    write(files, &path, "x").expect("write");
                    files.rename(path.as_bytes(), format!("{path}-moved").as_bytes()).expect("rename");
                }
            });
        }
    });
    assert_eq!(list(&files, "/m/d").expect("list").len(), 200);
}

#[test]
fn holes_are_kept_by_copies_and_by_what_is_put_into_the_folder() {
    const LEN: u64 = 1 << 42;
    let dir = folder(&["big"]);
    fs::File::options().write(true).open(dir.path().join("big")).expect("open").set_len(LEN).expect("so long");
    let trace = crate::Trace::new(true);
    let settings = Settings {
        mounts: vec![mount(dir.path(), "/m", Access::ReadWrite)],
        trace: Some(trace.clone()),
        ..Settings::default()
    };
    let files = Namespace::new(settings).expect("a namespace");
    files.chmod(b"/m/big", 0o600).expect("copied");
    let written = files.written().expect("written");
    let direct =
        Namespace::new(Settings { mounts: vec![mount(dir.path(), "/m", Access::ReadWrite)], ..Settings::default() });
    direct.expect("a namespace").commit(&written).expect("committed");
    let found = fs::metadata(dir.path().join("big")).expect("there");
    assert_eq!((found.len(), found.mode() & 0o777), (LEN, 0o600));
    assert!(found.blocks() * 512 < 1 << 20);
    // Nobody waits until all of it is hashed.
    assert!(matches!(trace.finish(), Err(crate::Unusable::Impure(_))));
}

#[test]
fn a_copy_that_is_not_wanted_any_more_leaves_nothing() {
    let dir = folder(&["a"]);
    let files = namespace(vec![mount(dir.path(), "/m", Access::Overlay)]);
    let now = Deadline::after(Duration::ZERO).expect("now");
    let ended = interruptible(Arc::new(now));
    assert_eq!(number(files.chmod(b"/m/a", 0o600)), Err(EINTR));
    drop(ended);
    assert_eq!(files.overlay_changes(), Ok(Vec::new()));
    assert_eq!(number(files.chmod(b"/m/a", 0o600)), Ok(()));
}

/// Looks, whenever it is asked whether the work is to end, whether somebody else can change the overlay meanwhile.
struct Others {
    files: Namespace,
    let_in: AtomicUsize,
    kept_out: AtomicUsize,
}

impl Interrupt for Others {
    fn is_wanted(&self) -> bool {
        let (sender, receiver) = channel();
        let files = self.files.clone();
        let other = std::thread::spawn(move || sender.send(write(&files, "/m/other", "text")));
        match receiver.recv_timeout(Duration::from_secs(10)) {
            Ok(written) => {
                written.expect("written");
                other.join().expect("no panic").expect("sent");
                self.let_in.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => _ = self.kept_out.fetch_add(1, Ordering::Relaxed),
        }
        false
    }
}

#[test]
fn nobody_waits_for_a_large_file_to_be_copied() {
    let large = "x".repeat(3 << 20);
    type Changes = fn(&Namespace) -> Result<(), FsError>;
    let changes: [(&str, Changes); 5] = [
        ("open", |files| files.open(b"/m/d/large", &OpenOptions { write: true, ..OpenOptions::reading() }).map(drop)),
        ("chmod", |files| files.chmod(b"/m/d/large", 0o600)),
        ("times", |files| files.set_times(b"/m/d/large", true, None, Some(crate::NewTime::Now))),
        ("link", |files| files.link(b"/m/d/large", b"/m/name", false)),
        ("rename", |files| files.rename(b"/m/d/large", b"/m/moved")),
    ];
    for (name, change) in changes {
        let dir = folder(&["d/small", "other"]);
        super::put(&dir.path().join("d/large"), large.as_bytes());
        let files = single(&dir, Access::Overlay);
        let others = Others { files: files.clone(), let_in: AtomicUsize::new(0), kept_out: AtomicUsize::new(0) };
        let others = Arc::new(others);
        {
            let _behalf = interruptible(Arc::clone(&others) as Arc<dyn Interrupt>);
            change(&files).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(others.kept_out.load(Ordering::Relaxed), 0, "{name}");
        assert!(others.let_in.load(Ordering::Relaxed) > 0, "{name}");
        let at = if name == "rename" { "/m/moved" } else { "/m/d/large" };
        assert!(read(&files, at).is_ok_and(|text| text == large), "{name}");
    }
}

#[test]
fn nobody_waits_for_a_folder_to_be_copied() {
    let dir = folder(&["d/e/small", "d/link -> e", "other"]);
    super::put(&dir.path().join("d/large"), "x".repeat(3 << 20).as_bytes());
    let before = tree(dir.path());
    let files = single(&dir, Access::Overlay);
    let others = Others { files: files.clone(), let_in: AtomicUsize::new(0), kept_out: AtomicUsize::new(0) };
    let others = Arc::new(others);
    {
        let _behalf = interruptible(Arc::clone(&others) as Arc<dyn Interrupt>);
        files.rename(b"/m/d", b"/m/moved").expect("renamed");
    }
    assert_eq!(others.kept_out.load(Ordering::Relaxed), 0);
    assert!(others.let_in.load(Ordering::Relaxed) > 1);
    assert_eq!(list(&files, "/m/moved"), names(&["e", "large", "link"]));
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn a_file_that_is_removed_while_it_is_copied_stays_removed() {
    struct Removes(Namespace, AtomicUsize);
    impl Interrupt for Removes {
        fn is_wanted(&self) -> bool {
            if self.1.fetch_add(1, Ordering::Relaxed) == 0 {
                self.0.remove_file(b"/m/large").expect("removed");
            }
            false
        }
    }
    let dir = folder(&[]);
    super::put(&dir.path().join("large"), "x".repeat(3 << 20).as_bytes());
    let files = single(&dir, Access::Overlay);
    let removes = Arc::new(Removes(files.clone(), AtomicUsize::new(0)));
    let changed = {
        let _behalf = interruptible(removes as Arc<dyn Interrupt>);
        files.chmod(b"/m/large", 0o600)
    };
    assert_eq!(number(changed), Err(ENOENT));
    assert_eq!(list(&files, "/m"), names(&[]));
}

#[test]
fn a_listing_ends_when_it_is_to_end_and_asks_for_its_room() {
    let dir = folder(&[]);
    for number in 0..1000 {
        fs::write(dir.path().join(format!("{number:0>200}")), "").expect("written");
    }
    for access in [Access::ReadOnly, Access::Overlay] {
        let files = single(&dir, access);
        let mut asked = 0;
        let listed = files.read_dir_within(b"/m", &mut |bytes| {
            asked += bytes;
            Ok(())
        });
        assert_eq!(listed.expect("listed").len(), 1000);
        assert!((200_000..400_000).contains(&asked), "{asked}");
        let refused = files.read_dir_within(b"/m", &mut |_| Err(FsError::new(ENOMEM)));
        assert_eq!(number(refused.map(drop)), Err(ENOMEM));
        let _over = interruptible(Arc::new(Deadline::after(Duration::ZERO).expect("now")));
        assert_eq!(number(files.read_dir(b"/m").map(drop)), Err(EINTR));
    }
}
