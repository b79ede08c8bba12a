//! Paths as POSIX reads them.

use super::{folder, list, namespace, number, read, single};
use crate::{Access, errno::*};

#[test]
fn what_is_no_path_is_refused() {
    let dir = folder(&["a"]);
    let files = single(&dir, Access::ReadWrite);
    assert_eq!(number(files.stat(b"", true)), Err(ENOENT));
    assert_eq!(number(files.stat(b"m/a", true)), Err(EINVAL));
    assert_eq!(number(files.stat(b"/m/a\0b", true)), Err(EINVAL));
    assert_eq!(number(files.stat(format!("/m/{}", "x".repeat(256)).as_bytes(), true)), Err(ENAMETOOLONG));
    assert_eq!(number(files.stat(format!("/{}", "x".repeat(256)).as_bytes(), true)), Err(ENAMETOOLONG));
    assert_eq!(number(files.stat(format!("/m{}", "/x".repeat(2100)).as_bytes(), true)), Err(ENAMETOOLONG));
}

#[test]
fn dots_and_slashes() {
    let dir = folder(&["a", "d/b"]);
    let files = single(&dir, Access::ReadWrite);
    for path in ["/m/a", "//m//a", "/./m/./a", "/m/d/../a", "/../../m/a", "/m/../m/a", "/m/d/.././../m/a"] {
        assert_eq!(read(&files, path), Ok("a".to_owned()), "{path}");
    }
    for path in ["/m/d", "/m/d/", "/m/d/.", "/m/d//", "/m/d/../d/./"] {
        assert_eq!(list(&files, path), Ok(vec!["b".to_owned()]), "{path}");
    }
    for path in ["/m/a/", "/m/a/.", "/m/a/..", "/m/a/../a", "/dev/null/", "/dev/null/..", "/dev/null/x"] {
        assert_eq!(number(files.stat(path.as_bytes(), true)), Err(ENOTDIR), "{path}");
    }
    for path in ["/none", "/none/..", "/m/none/..", "/m/none/../a"] {
        assert_eq!(number(files.stat(path.as_bytes(), true)), Err(ENOENT), "{path}");
    }
}

#[test]
fn above_a_mount_is_the_namespace() {
    let dir = folder(&["d/b"]);
    let files = namespace(vec![super::mount(dir.path(), "/one/two", Access::ReadWrite)]);
    assert_eq!(list(&files, "/one/two/.."), Ok(vec!["two".to_owned()]));
    assert_eq!(list(&files, "/one/two/d/../.."), Ok(vec!["two".to_owned()]));
    assert_eq!(list(&files, "/one/two/d/../../.."), Ok(["dev", "one", "tmp"].map(str::to_owned).to_vec()));
    assert_eq!(list(&files, "/"), Ok(["dev", "one", "tmp"].map(str::to_owned).to_vec()));
    assert_eq!(files.stat(b"/one", true).expect("stat").mode, 0o040755);
}

#[test]
fn links_are_followed_in_the_guests_view() {
    let dir = folder(&[
        "a",
        "d/b",
        "absolute -> /m/d/b",
        "climbing -> ../m/a",
        "far -> ../../../../m/d",
        "d/chain -> ../absolute",
        "slash -> d/",
        "null -> /dev/null",
    ]);
    for access in [Access::ReadOnly, Access::ReadWrite, Access::Overlay] {
        let files = single(&dir, access);
        assert_eq!(read(&files, "/m/absolute"), Ok("d/b".to_owned()));
        assert_eq!(read(&files, "/m/climbing"), Ok("a".to_owned()));
        assert_eq!(read(&files, "/m/far/b"), Ok("d/b".to_owned()));
        assert_eq!(read(&files, "/m/d/chain"), Ok("d/b".to_owned()));
        assert_eq!(read(&files, "/m/slash/b"), Ok("d/b".to_owned()));
        let null = files.open(b"/m/null", &crate::OpenOptions::writing());
        assert!(matches!(null, Ok(crate::Opened::Device(crate::Device::Null))), "{null:?}");
    }
}

#[test]
fn circles_end() {
    let dir = folder(&["x -> y", "y -> x", "self -> self", "abs -> /m/abs", "grow -> grow/x"]);
    for access in [Access::ReadWrite, Access::Overlay] {
        let files = single(&dir, access);
        for path in ["/m/x", "/m/self", "/m/abs", "/m/grow", "/m/x/z"] {
            assert_eq!(number(files.stat(path.as_bytes(), true)), Err(ELOOP), "{path}");
            assert_eq!(number(files.canonical(path.as_bytes())), Err(ELOOP), "{path}");
        }
        assert!(files.stat(b"/m/x", false).is_ok());
    }
}

#[test]
fn forty_links_are_enough() {
    let dir = folder(&["end"]);
    for at in 0..45 {
        let target = if at == 0 { "/m/end".to_owned() } else { format!("/m/l{}", at - 1) };
        std::os::unix::fs::symlink(target, dir.path().join(format!("l{at}"))).expect("link");
    }
    let files = single(&dir, Access::ReadWrite);
    assert_eq!(read(&files, "/m/l39"), Ok("end".to_owned()));
    assert_eq!(read(&files, "/m/l40"), Err(ELOOP));
}
