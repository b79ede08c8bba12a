//! What an overlay says of its changes.

use super::{append, folder, put, single, write};
use crate::{Access, ChangeKind, Namespace};

fn changes(files: &Namespace) -> Vec<(String, ChangeKind)> {
    let changes = files.overlay_changes().expect("changes");
    changes.into_iter().map(|change| (String::from_utf8(change.path).expect("text"), change.kind)).collect()
}

fn patch(files: &Namespace) -> String {
    let mut out = Vec::new();
    files.overlay_diff(&mut out).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn changes_are_listed() {
    let dir = folder(&["a", "b", "c", "d/x", "d/y", "e/z", "f/g/h", "same", "l -> a"]);
    let files = single(&dir, Access::Overlay);
    assert_eq!(changes(&files), Vec::new());
    write(&files, "/m/a", "changed").expect("write");
    files.remove_file(b"/m/b").expect("remove");
    files.chmod(b"/m/c", 0o600).expect("chmod");
    files.remove_file(b"/m/d/x").expect("remove");
    files.create_dir(b"/m/new", 0o755).expect("mkdir");
    write(&files, "/m/new/file", "").expect("write");
    files.remove_file(b"/m/e/z").expect("remove");
    files.remove_dir(b"/m/e").expect("rmdir");
    write(&files, "/m/e", "a file now").expect("write");
    append(&files, "/m/same", "").expect("append");
    files.remove_file(b"/m/f/g/h").expect("remove");
    files.remove_dir(b"/m/f/g").expect("rmdir");
    files.create_dir(b"/m/f/g", 0o755).expect("mkdir");
    files.remove_file(b"/m/l").expect("remove");
    files.symlink(b"c", b"/m/l").expect("symlink");
    use ChangeKind::{Added, Modified, Removed};
    let expected = [
        ("/m/a", Modified),
        ("/m/b", Removed),
        ("/m/c", Modified),
        ("/m/d/x", Removed),
        ("/m/e", Removed),
        ("/m/e", Added),
        ("/m/e/z", Removed),
        ("/m/f/g/h", Removed),
        ("/m/l", Modified),
        ("/m/new", Added),
        ("/m/new/file", Added),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(path, kind)| (path.to_owned(), kind)).collect();
    assert_eq!(changes(&files), expected);
}

#[test]
fn a_renamed_folder_is_removed_and_added() {
    let dir = folder(&["d/x", "d/y"]);
    let files = single(&dir, Access::Overlay);
    files.rename(b"/m/d", b"/m/e").expect("rename");
    use ChangeKind::{Added, Removed};
    let expected = [
        ("/m/d", Removed),
        ("/m/d/x", Removed),
        ("/m/d/y", Removed),
        ("/m/e", Added),
        ("/m/e/x", Added),
        ("/m/e/y", Added),
    ];
    assert_eq!(changes(&files), expected.map(|(path, kind)| (path.to_owned(), kind)).to_vec());
    files.rename(b"/m/e", b"/m/d").expect("rename");
    assert_eq!(changes(&files), Vec::new());
}

#[test]
fn the_patch_is_gits() {
    let dir = folder(&[]);
    put(&dir.path().join("a"), b"one\ntwo\nthree\n");
    put(&dir.path().join("gone"), b"last words\n");
    put(&dir.path().join("binary"), b"\0\x01");
    let files = single(&dir, Access::Overlay);
    assert_eq!(patch(&files), "");
    write(&files, "/m/a", "one\n2\nthree\n").expect("write");
    write(&files, "/m/new", "hello\n").expect("write");
    write(&files, "/m/binary", "\0\u{2}").expect("write");
    files.remove_file(b"/m/gone").expect("remove");
    let found = patch(&files);
    for part in [
        "diff --git a/m/a b/m/a\n--- a/m/a\n+++ b/m/a\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n",
        "Binary files a/m/binary and b/m/binary differ\n",
        "deleted file mode 100644\n--- a/m/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-last words\n",
        "new file mode 100666\n--- /dev/null\n+++ b/m/new\n@@ -0,0 +1 @@\n+hello\n",
    ] {
        assert!(found.contains(part), "{part}\nnot in\n{found}");
    }
}

#[test]
fn the_patch_is_bounded() {
    let dir = folder(&["a"]);
    let files = single(&dir, Access::Overlay);
    write(&files, "/m/large", &"x\n".repeat(600_000)).expect("write");
    assert!(patch(&files).contains("Binary files /dev/null and b/m/large differ"));
    for number in 0..40 {
        write(&files, &format!("/m/n{number:02}"), &"y\n".repeat(500)).expect("write");
    }
    let mut out = Vec::new();
    files.0.overlays[0].diff(&mut out, &mut 10_000).expect("written");
    let found = String::from_utf8(out).expect("text");
    assert!(found.len() < 50_000);
    assert!(found.contains("# 30 more changes are not shown"), "{}", &found[found.len() - 200..]);
}
