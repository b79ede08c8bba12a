//! How mounts are written.

use super::folder;
use crate::{Access, Mount, MountError};

fn parse(text: &str) -> Result<Mount, MountError> {
    text.parse()
}

#[test]
fn all_forms() {
    let dir = folder(&["sub/"]);
    let host = dir.path().canonicalize().expect("canonical");
    let text = host.to_str().expect("text");
    let own = text.as_bytes().to_vec();
    for (suffix, guest, access) in [
        ("", own.clone(), Access::ReadWrite),
        (":rw", own.clone(), Access::ReadWrite),
        (":ro", own.clone(), Access::ReadOnly),
        (":overlay", own.clone(), Access::Overlay),
        ("::/data", b"/data".to_vec(), Access::ReadWrite),
        ("::/data:ro", b"/data".to_vec(), Access::ReadOnly),
        ("::/a//b/./:overlay", b"/a/b".to_vec(), Access::Overlay),
        ("::/", b"/".to_vec(), Access::ReadWrite),
    ] {
        let found = parse(&format!("{text}{suffix}")).expect(suffix);
        assert_eq!(found, Mount { host: host.clone(), guest, access }, "{suffix}");
        assert_eq!(parse(&found.to_string()).expect("its own text"), found);
    }
    let up = parse(&format!("{text}/sub/..")).expect("canonical");
    assert_eq!(up.guest, own);
}

#[test]
fn errors_teach() {
    let dir = folder(&["file"]);
    let text = dir.path().to_str().expect("text");
    for (given, words) in [
        ("".to_owned(), "HOST[::GUEST]"),
        ("::/x".to_owned(), "names no folder"),
        (format!("{text}::data"), "::/data"),
        (format!("{text}::/a/../b"), "`..`"),
        (format!("{text}:r"), "ro, rw, overlay"),
        (format!("{text}::/data:readonly"), "ro, rw, overlay"),
        (format!("{text}/none"), "cannot mount"),
        (format!("{text}/file"), "not a folder"),
    ] {
        let error = parse(&given).expect_err(&given).to_string();
        assert!(error.contains(words), "{given}: {error}");
    }
}

#[test]
fn colons_in_names_are_possible() {
    let dir = folder(&["a:b/", "c:ro/"]);
    let text = dir.path().to_str().expect("text");
    assert_eq!(parse(&format!("{text}/a:b")).expect("mount").access, Access::ReadWrite);
    assert_eq!(parse(&format!("{text}/c:ro:rw")).expect("mount").access, Access::ReadWrite);
}

#[test]
fn one_place_takes_one_mount() {
    let dir = folder(&[]);
    let mounts =
        vec![super::mount(dir.path(), "/a", Access::ReadOnly), super::mount(dir.path(), "/a/.", Access::Overlay)];
    let error = crate::Namespace::new(crate::Settings { mounts, ..Default::default() }).expect_err("twice");
    assert!(matches!(error, MountError::Twice { .. }), "{error}");
}
