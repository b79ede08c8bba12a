//! Ordinary work in one mount, whatever its access.

use std::{
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{append, folder, list, number, read, single, write};
use crate::{Access, Kind, Namespace, NewTime, OpenOptions, Opened, Stat, Wanted, errno::*};

/// A namespace for each access that changes can be made with.
fn both(files: &[&str], test: impl Fn(&Namespace)) {
    for access in [Access::ReadWrite, Access::Overlay] {
        let dir = folder(files);
        let before = super::tree(dir.path());
        test(&single(&dir, access));
        if access == Access::Overlay {
            assert_eq!(super::tree(dir.path()), before, "the lower folder was changed");
        }
    }
}

#[test]
fn files_are_written_and_read() {
    both(&["a", "d/b"], |files| {
        assert_eq!(read(files, "/m/a"), Ok("a".to_owned()));
        assert_eq!(read(files, "/m/d/b"), Ok("d/b".to_owned()));
        assert_eq!(write(files, "/m/a", "new"), Ok(()));
        assert_eq!(read(files, "/m/a"), Ok("new".to_owned()));
        assert_eq!(append(files, "/m/d/b", "+"), Ok(()));
        assert_eq!(read(files, "/m/d/b"), Ok("d/b+".to_owned()));
        assert_eq!(write(files, "/m/d/c", "c"), Ok(()));
        assert_eq!(list(files, "/m/d"), Ok(vec!["b".to_owned(), "c".to_owned()]));
        assert_eq!(list(files, "/m"), Ok(vec!["a".to_owned(), "d".to_owned()]));
    });
}

#[test]
fn opening_fails_as_it_should() {
    both(&["a", "d/", "l -> a", "dangling -> gone"], |files| {
        let open = |path: &str, options: OpenOptions| number(files.open(path.as_bytes(), &options)).map(|_| ());
        let exclusive = OpenOptions { exclusive: true, ..OpenOptions::writing() };
        assert_eq!(open("/m/none", OpenOptions::reading()), Err(ENOENT));
        assert_eq!(open("/m/none/x", OpenOptions::writing()), Err(ENOENT));
        assert_eq!(open("/m/a/x", OpenOptions::reading()), Err(ENOTDIR));
        assert_eq!(open("/m/a/", OpenOptions::reading()), Err(ENOTDIR));
        assert_eq!(open("/m/d", OpenOptions::writing()), Err(EISDIR));
        assert_eq!(open("/m", OpenOptions::writing()), Err(EISDIR));
        assert_eq!(open("/m/new/", OpenOptions::writing()), Err(EISDIR));
        assert_eq!(open("/m/a", exclusive), Err(EEXIST));
        assert_eq!(open("/m/dangling", exclusive), Err(EEXIST));
        assert_eq!(open("/m/l", OpenOptions { follow: false, ..OpenOptions::reading() }), Err(ELOOP));
        assert_eq!(open("/m/a", OpenOptions { directory: true, ..OpenOptions::reading() }), Err(ENOTDIR));
        assert!(matches!(files.open(b"/m/d", &OpenOptions::reading()), Ok(Opened::Directory)));
        assert_eq!(open("/m/dangling", OpenOptions::writing()), Ok(()));
        assert!(files.stat(b"/m/gone", false).is_ok());
    });
}

#[test]
fn modes_are_those_asked_for_whatever_the_hosts_mask() {
    both(&[], |files| {
        let mode = |path: &str| files.stat(path.as_bytes(), true).expect("stat").mode;
        for wanted in [0o666, 0o600, 0o777, 0o644, 0o222] {
            let path = format!("/m/f{wanted:o}");
            files.open(path.as_bytes(), &OpenOptions { mode: wanted, ..OpenOptions::writing() }).expect("open");
            assert_eq!(mode(&path), 0o100000 | wanted);
            // Opening it again is no reason to change it.
            files.open(path.as_bytes(), &OpenOptions { mode: 0o777, ..OpenOptions::writing() }).expect("open");
            assert_eq!(mode(&path), 0o100000 | wanted);
            let path = format!("/m/d{wanted:o}");
            files.create_dir(path.as_bytes(), wanted).expect("mkdir");
            assert_eq!(mode(&path), 0o040000 | wanted);
        }
    });
}

#[test]
fn permissions_and_times_are_set() {
    both(&["a", "d/b", "l -> a"], |files| {
        let at = |seconds| NewTime::At(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(number(files.chmod(b"/m/l", 0o640)), Ok(()));
        assert_eq!(files.stat(b"/m/a", true).expect("stat").mode, 0o100640);
        assert_eq!(number(files.chmod(b"/m/d", 0o1770)), Ok(()));
        assert_eq!(files.stat(b"/m/d", true).expect("stat").mode, 0o041770);
        assert_eq!(number(files.chmod(b"/m/none", 0o640)), Err(ENOENT));

        files.set_times(b"/m/a", true, Some(at(5)), Some(at(7))).expect("set");
        files.set_times(b"/m/l", false, None, Some(at(9))).expect("set");
        files.set_times(b"/m/a", true, None, None).expect("set");
        let found: Stat = files.stat(b"/m/l", true).expect("stat");
        assert_eq!((found.atime, found.mtime), (5_000_000_000, 7_000_000_000));
        assert_eq!(files.stat(b"/m/l", false).expect("stat").mtime, 9_000_000_000);
        let early = UNIX_EPOCH - Duration::from_millis(1500);
        files.set_times(b"/m/d/b", true, Some(NewTime::Now), Some(NewTime::At(early))).expect("set");
        let found = files.stat(b"/m/d/b", true).expect("stat");
        assert_eq!(found.mtime, -1_500_000_000);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
        assert!((now - found.atime).abs() < 60_000_000_000);
    });
}

#[test]
fn set_id_bits_are_refused_with_a_reason() {
    both(&["a", "d/"], |files| {
        let error = files.chmod(b"/m/a", 0o4755).expect_err("set-user-ID");
        assert_eq!(error.errno, EPERM);
        assert!(error.denial.is_some());
        files.chmod(b"/m/d", 0o2755).expect("set-group-ID on a folder");
        let made = OpenOptions { mode: 0o4755, ..OpenOptions::writing() };
        files.open(b"/m/new", &made).expect("open");
        assert_eq!(files.stat(b"/m/new", true).expect("stat").mode & 0o7000, 0);
    });
}

#[test]
fn folders_are_made_and_removed() {
    both(&["a", "d/b", "l -> d"], |files| {
        assert_eq!(number(files.create_dir(b"/m/n/", 0o755)), Ok(()));
        assert_eq!(number(files.create_dir(b"/m/n", 0o755)), Err(EEXIST));
        assert_eq!(number(files.create_dir(b"/m/a", 0o755)), Err(EEXIST));
        assert_eq!(number(files.create_dir(b"/m/l", 0o755)), Err(EEXIST));
        assert_eq!(number(files.create_dir(b"/m/x/y", 0o755)), Err(ENOENT));
        assert_eq!(number(files.create_dir(b"/m/a/y", 0o755)), Err(ENOTDIR));
        assert_eq!(number(files.remove_dir(b"/m/d")), Err(ENOTEMPTY));
        assert_eq!(number(files.remove_dir(b"/m/a")), Err(ENOTDIR));
        assert_eq!(number(files.remove_dir(b"/m/l/")), Err(ENOTDIR));
        assert_eq!(number(files.remove_dir(b"/m/n/.")), Err(EINVAL));
        assert_eq!(number(files.remove_dir(b"/m/n/")), Ok(()));
        assert_eq!(number(files.remove_dir(b"/m/n")), Err(ENOENT));
        assert_eq!(number(files.remove_file(b"/m/d")), Err(EISDIR));
        assert_eq!(number(files.remove_file(b"/m/d/b")), Ok(()));
        assert_eq!(number(files.remove_file(b"/m/d/b")), Err(ENOENT));
        assert_eq!(number(files.remove_file(b"/m/a/")), Err(ENOTDIR));
        assert_eq!(number(files.remove_dir(b"/m/d")), Ok(()));
        assert_eq!(number(files.stat(b"/m/l/", true)), Err(ENOENT));
        assert_eq!(number(files.remove_file(b"/m/l")), Ok(()));
        assert_eq!(list(files, "/m"), Ok(vec!["a".to_owned()]));
    });
}

#[test]
fn entries_are_renamed() {
    both(&["a", "b", "d/x", "e/y", "empty/", "l -> a"], |files| {
        let rename = |from: &str, to: &str| number(files.rename(from.as_bytes(), to.as_bytes()));
        assert_eq!(rename("/m/a", "/m/b"), Ok(()));
        assert_eq!(read(files, "/m/b"), Ok("a".to_owned()));
        assert_eq!(rename("/m/none", "/m/b"), Err(ENOENT));
        assert_eq!(rename("/m/b", "/m/d"), Err(EISDIR));
        assert_eq!(rename("/m/d", "/m/b"), Err(ENOTDIR));
        assert_eq!(rename("/m/d", "/m/e"), Err(ENOTEMPTY));
        assert_eq!(rename("/m/d", "/m/d/x/y"), Err(ENOTDIR));
        assert_eq!(rename("/m/d", "/m/d/z"), Err(EINVAL));
        assert_eq!(rename("/m/d/x", "/m/d"), Err(ENOTEMPTY));
        assert_eq!(rename("/m/b", "/m/c/"), Err(ENOTDIR));
        assert_eq!(rename("/m/d", "/m/empty"), Ok(()));
        assert_eq!(list(files, "/m/empty"), Ok(vec!["x".to_owned()]));
        assert_eq!(rename("/m/e/", "/m/f/"), Ok(()));
        assert_eq!(read(files, "/m/f/y"), Ok("e/y".to_owned()));
        assert_eq!(rename("/m/l", "/m/k"), Ok(()));
        assert_eq!(number(files.read_link(b"/m/k")), Ok(b"a".to_vec()));
        assert_eq!(rename("/m/f", "/m"), Err(EBUSY));
        assert_eq!(rename("/m", "/n"), Err(EBUSY));
        assert_eq!(list(files, "/m"), Ok(["b", "empty", "f", "k"].map(str::to_owned).to_vec()));
    });
}

#[test]
fn links_of_both_sorts() {
    both(&["a", "d/", "l -> a"], |files| {
        assert_eq!(number(files.link(b"/m/a", b"/m/d/b", false)), Ok(()));
        assert_eq!(write(files, "/m/d/b", "shared"), Ok(()));
        assert_eq!(read(files, "/m/a"), Ok("shared".to_owned()));
        assert_eq!(files.stat(b"/m/a", false).expect("stat").nlink, 2);
        assert_eq!(number(files.link(b"/m/a", b"/m/d/b", false)), Err(EEXIST));
        assert_eq!(number(files.link(b"/m/d", b"/m/e", false)), Err(EPERM));
        assert_eq!(number(files.link(b"/m/none", b"/m/e", false)), Err(ENOENT));
        assert_eq!(number(files.link(b"/m/l", b"/m/kept", false)), Ok(()));
        assert_eq!(files.stat(b"/m/kept", false).expect("stat").kind, Kind::Symlink);
        assert_eq!(number(files.link(b"/m/l", b"/m/followed", true)), Ok(()));
        assert_eq!(files.stat(b"/m/followed", false).expect("stat").kind, Kind::File);

        assert_eq!(number(files.symlink(b"../d/b", b"/m/d/s")), Ok(()));
        assert_eq!(read(files, "/m/d/s"), Ok("shared".to_owned()));
        assert_eq!(number(files.read_link(b"/m/d/s")), Ok(b"../d/b".to_vec()));
        assert_eq!(number(files.read_link(b"/m/a")), Err(EINVAL));
        assert_eq!(number(files.read_link(b"/m/none")), Err(ENOENT));
        assert_eq!(number(files.symlink(b"x", b"/m/a")), Err(EEXIST));
        assert_eq!(number(files.symlink(b"", b"/m/z")), Err(ENOENT));
        assert_eq!(number(files.symlink(b"a\0b", b"/m/z")), Err(EINVAL));
    });
}

#[test]
fn canonical_paths_are_the_guests() {
    both(&["a", "d/b", "d/up -> ../a", "abs -> /m/d"], |files| {
        assert_eq!(number(files.canonical(b"/m/./d/../d//up")), Ok(b"/m/a".to_vec()));
        assert_eq!(number(files.canonical(b"/m/abs/b")), Ok(b"/m/d/b".to_vec()));
        assert_eq!(number(files.canonical(b"/m/abs/../../..")), Ok(b"/".to_vec()));
        assert_eq!(number(files.canonical(b"/m/none")), Err(ENOENT));
        assert_eq!(number(files.canonical(b"/m/a/..")), Err(ENOTDIR));
    });
}

#[test]
fn access_says_what_is_allowed() {
    let dir = folder(&["a", "run"]);
    std::fs::set_permissions(dir.path().join("run"), std::fs::Permissions::from_mode(0o755)).expect("chmod");
    let write = Wanted { write: true, ..Wanted::default() };
    let run = Wanted { execute: true, read: true, ..Wanted::default() };
    for access in [Access::ReadOnly, Access::ReadWrite, Access::Overlay] {
        let files = single(&dir, access);
        let expected = if access == Access::ReadOnly { Err(EROFS) } else { Ok(()) };
        assert_eq!(number(files.access(b"/m/a", write)), expected);
        assert_eq!(number(files.access(b"/m/a", run)), Err(EACCES));
        assert_eq!(number(files.access(b"/m/run", run)), Ok(()));
        assert_eq!(number(files.access(b"/m", run)), Ok(()));
        assert_eq!(number(files.access(b"/m/none", Wanted::default())), Err(ENOENT));
    }
}

#[test]
fn names_are_bytes() {
    both(&[], |files| {
        let name = b"/m/caf\xe9 \n\xff";
        files.open(name, &OpenOptions::writing()).expect("open");
        assert_eq!(files.read_dir(b"/m").expect("list")[0].name, b"caf\xe9 \n\xff");
        files.rename(name, b"/m/\xfe").expect("rename");
        files.remove_file(b"/m/\xfe").expect("remove");
    });
}
