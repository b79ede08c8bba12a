//! Several mounts, some within others.

use super::{folder, list, mount, namespace, number, read, write};
use crate::{Access, DirOption, Extra, Sought, errno::*};

fn names(names: &[&str]) -> Result<Vec<String>, i32> {
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_nested_mount_hides_what_is_below() {
    let outer = folder(&["a", "in/hidden", "in/deep/hidden"]);
    let inner = folder(&["shown"]);
    let files = namespace(vec![
        mount(outer.path(), "/m", Access::ReadWrite),
        mount(inner.path(), "/m/in", Access::ReadOnly),
        mount(inner.path(), "/m/made/up", Access::ReadWrite),
    ]);
    assert_eq!(list(&files, "/m"), names(&["a", "in", "made"]));
    assert_eq!(list(&files, "/m/in"), names(&["shown"]));
    assert_eq!(list(&files, "/m/made"), names(&["up"]));
    assert_eq!(list(&files, "/m/made/up/../../in"), names(&["shown"]));
    assert_eq!(read(&files, "/m/in/hidden"), Err(ENOENT));
    assert_eq!(read(&files, "/m/in/deep/hidden"), Err(ENOENT));
    assert_eq!(write(&files, "/m/in/new", "x"), Err(EROFS));
    assert_eq!(write(&files, "/m/new", "x"), Ok(()));
    assert_eq!(write(&files, "/m/made/new", "x"), Err(EROFS));
    assert_eq!(write(&files, "/m/made/up/new", "x"), Ok(()));
    assert!(inner.path().join("new").exists());
}

#[test]
fn no_way_leads_past_a_nested_mount() {
    let outer = folder(&["keep/secret", "d/", "link -> keep", "d/link -> ../keep", "d/file -> ../keep/secret"]);
    let empty = folder(&[]);
    for access in [Access::ReadWrite, Access::Overlay] {
        let files =
            namespace(vec![mount(outer.path(), "/m", access), mount(empty.path(), "/m/keep", Access::ReadOnly)]);
        if access == Access::Overlay {
            write(&files, "/m/changed", "x").expect("write");
        }
        files.symlink(b"/m/keep", b"/m/absolute").expect("symlink");
        for path in [
            "/m/keep/secret",
            "/m/link/secret",
            "/m/d/link/secret",
            "/m/d/file",
            "/m/d/../keep/secret",
            "/m/d/./../keep/secret",
            "/m/absolute/secret",
        ] {
            assert_eq!(read(&files, path), Err(ENOENT), "{path}");
            assert_eq!(write(&files, path, "x"), Err(EROFS), "{path}");
            assert_eq!(number(files.remove_file(path.as_bytes())).is_ok(), path == "/m/d/file", "{path}");
        }
        assert_eq!(number(files.rename(b"/m/keep", b"/m/moved")), Err(EBUSY));
        assert_eq!(number(files.remove_dir(b"/m/keep")), Err(EBUSY));
        assert_eq!(number(files.rename(b"/m/d", b"/m/keep")), Err(EBUSY));
        assert_eq!(number(files.rename(b"/m/d/../keep", b"/m/moved")), Err(EBUSY));
        super::fill(outer.path(), if access == Access::ReadWrite { &["d/file -> ../keep/secret"] } else { &[] });
        files.remove_file(b"/m/absolute").expect("remove");
    }
    assert_eq!(std::fs::read_to_string(outer.path().join("keep/secret")).expect("secret"), "keep/secret");
}

#[test]
fn folders_between_mounts_show_what_the_outer_one_has() {
    let outer = folder(&["between/own", "between/in/hidden"]);
    let inner = folder(&["shown"]);
    for access in [Access::ReadWrite, Access::Overlay] {
        let files =
            namespace(vec![mount(outer.path(), "/m", access), mount(inner.path(), "/m/between/in", Access::ReadOnly)]);
        assert_eq!(list(&files, "/m/between"), names(&["in", "own"]));
        assert_eq!(list(&files, "/m/between/in"), names(&["shown"]));
        assert_eq!(read(&files, "/m/between/own"), Ok("between/own".to_owned()));
        assert_eq!(write(&files, "/m/between/new", "x"), Ok(()));
        assert_eq!(read(&files, "/m/between/new"), Ok("x".to_owned()));
        // One mount, though seen at two places.
        assert_eq!(number(files.rename(b"/m/between/new", b"/m/new")), Ok(()));
        assert_eq!(number(files.link(b"/m/new", b"/m/between/again", false)), Ok(()));
        assert_eq!(number(files.remove_file(b"/m/between/again")), Ok(()));
        assert_eq!(number(files.remove_file(b"/m/new")), Ok(()));
        assert_eq!(number(files.rename(b"/m/between", b"/m/x")), Err(EBUSY));
        assert_eq!(number(files.remove_dir(b"/m/between")), Err(EBUSY));
    }
}

#[test]
fn links_lead_from_mount_to_mount() {
    let a = folder(&["to-b -> /b/x", "up -> ../b/x"]);
    let b = folder(&["x", "back -> /a/to-b"]);
    let files = namespace(vec![mount(a.path(), "/a", Access::ReadWrite), mount(b.path(), "/b", Access::ReadOnly)]);
    assert_eq!(read(&files, "/a/to-b"), Ok("x".to_owned()));
    assert_eq!(read(&files, "/a/up"), Ok("x".to_owned()));
    assert_eq!(read(&files, "/b/back"), Ok("x".to_owned()));
    assert_eq!(write(&files, "/a/to-b", "no"), Err(EROFS));
    assert_eq!(number(files.canonical(b"/b/back")), Ok(b"/b/x".to_vec()));
}

#[test]
fn nothing_can_be_made_outside_mounts() {
    let dir = folder(&[]);
    let files = namespace(vec![mount(dir.path(), "/a/b", Access::ReadWrite)]);
    let error = files.create_dir(b"/x", 0o755).expect_err("root");
    assert_eq!(error.errno, EROFS);
    assert!(error.denial.is_some());
    let error = files.create_dir(b"/a/x", 0o755).expect_err("between");
    assert_eq!(error.denial.expect("a denial").rule, Some("--dir /a:rw".to_owned()));
    assert_eq!(number(files.create_dir(b"/a/x/y", 0o755)), Err(ENOENT));
    assert_eq!(number(files.remove_dir(b"/a")), Err(EROFS));
    assert_eq!(number(files.remove_dir(b"/a/b")), Err(EBUSY));
    assert_eq!(number(files.chmod(b"/a", 0o700)), Err(EROFS));
}

#[test]
fn what_the_policy_hid_is_explained_on_demand() {
    let dir = folder(&["link -> /etc/passwd"]);
    let files = super::single(&dir, Access::ReadOnly);
    let explain = |path: &str| {
        files.stat(path.as_bytes(), true).expect_err(path);
        files.explain(path.as_bytes(), Sought::default()).map(|denial| denial.to_string())
    };
    let expected = |path: &str, folder: &str| {
        Some(format!("`{path}` is not mounted; `--dir {folder}:ro` would allow reading it, if it is there"))
    };
    assert_eq!(explain("/etc/passwd"), expected("/etc/passwd", "/etc"));
    assert_eq!(explain("/m/link"), expected("/etc/passwd", "/etc"));
    // Nothing tells what the host has from what it has not.
    assert_eq!(explain("/etc/no-such-file-anywhere"), expected("/etc/no-such-file-anywhere", "/etc"));
    assert_eq!(explain("/nowhere"), expected("/nowhere", "/nowhere"));
    assert_eq!(explain("/dev/none"), None);
    assert_eq!(explain("/m/none"), None);
    let written = |dirs, path: &str, sought| {
        let settings = crate::Settings { dirs, ..crate::Settings::default() };
        let files = crate::Namespace::new(settings).expect("a namespace");
        files.explain(path.as_bytes(), sought).expect("a denial").rule
    };
    let writing = Sought { writing: true, folder: false };
    let folder = Sought { writing: false, folder: true };
    assert_eq!(written(DirOption::Given, "/etc/x", writing).as_deref(), Some("--dir /etc:rw"));
    assert_eq!(written(DirOption::Implied, "/var/log", folder).as_deref(), Some("--dir . --dir /var/log:ro"));
    assert_eq!(written(DirOption::Given, "/my files/x", folder).as_deref(), Some("--dir '/my files/x:ro'"));
    assert_eq!(written(DirOption::Absent, "/etc/x", writing), None);
}

#[test]
fn what_is_there_beside_the_mounts() {
    let dir = folder(&["shown/file", "alone", "hidden"]);
    let host = dir.path().canonicalize().expect("a path");
    let alone = std::fs::File::open(host.join("alone")).expect("a file");
    let extras = [
        ("/p", Extra::Folder),
        ("/link", Extra::Link(b"/p/shown".to_vec())),
        // Behind a link, and where something is: these stay away.
        ("/link/other", Extra::Link(b"/p".to_vec())),
        ("/p/shown", Extra::Link(b"/p".to_vec())),
        ("/again", Extra::Link(b"/p".to_vec())),
        ("/again/alone", Extra::File(alone.into())),
    ];
    let extras = extras.map(|(path, extra)| (path.as_bytes().to_vec(), extra)).to_vec();
    let mounts = vec![mount(&host.join("shown"), "/p/shown", Access::ReadWrite)];
    let files = crate::Namespace::new(crate::Settings { mounts, extras, ..Default::default() }).expect("a namespace");
    assert_eq!(list(&files, "/p"), names(&["alone", "shown"]));
    assert_eq!(number(files.create_dir(b"/p/new", 0o755)), Err(EROFS));
    // The link is one to all calls.
    assert_eq!(read(&files, "/link/file").as_deref(), Ok("shown/file"));
    assert_eq!(number(files.read_link(b"/link")).as_deref(), Ok(&b"/p/shown"[..]));
    assert_eq!(number(files.canonical(b"/link/file")).as_deref(), Ok(&b"/p/shown/file"[..]));
    assert_eq!(
        number(files.stat(b"/link", false)).map(|found| (found.kind, found.size)),
        Ok((crate::Kind::Symlink, 8))
    );
    assert_eq!(number(files.stat(b"/link", true)).map(|found| found.kind), Ok(crate::Kind::Directory));
    assert_eq!(number(files.stat(b"/link/", false)).map(|found| found.kind), Ok(crate::Kind::Directory));
    assert_eq!(write(&files, "/link/made", "text"), Ok(()));
    assert_eq!(number(files.rename(b"/link/made", b"/p/shown/moved")), Ok(()));
    assert_eq!(read(&files, "/p/shown/moved").as_deref(), Ok("text"));
    for change in [files.remove_file(b"/link"), files.rename(b"/link", b"/tmp/link"), files.symlink(b"/tmp", b"/link")]
    {
        assert!(matches!(number(change), Err(EROFS | EEXIST | EXDEV)));
    }
    assert_eq!(number(files.remove_dir(b"/link")), Err(ENOTDIR));
    // A file is read from its beginning as often as one likes, and never written.
    for _ in 0..2 {
        assert_eq!(read(&files, "/p/alone").as_deref(), Ok("alone"));
    }
    assert_eq!(write(&files, "/p/alone", "x"), Err(EROFS));
    assert_eq!(number(files.remove_file(b"/p/alone")), Err(EROFS));
    assert_eq!(number(files.access(b"/p/alone", crate::Wanted { write: true, ..Default::default() })), Err(EROFS));
    assert_eq!(read(&files, "/p/alone/x"), Err(ENOTDIR));
    assert_eq!(read(&files, "/p/hidden"), Err(ENOENT));
}
