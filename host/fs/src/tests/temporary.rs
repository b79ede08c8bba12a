//! The private `/tmp`.

use std::fs;

use super::{folder, list, mount, number, read, write};
use crate::{Access, Namespace, Settings, errno::*};

#[test]
fn it_is_made_at_the_first_use_and_removed_at_the_end() {
    let scratch = folder(&[]);
    let settings = Settings { scratch: Some(scratch.path().to_owned()), ..Settings::default() };
    let files = Namespace::new(settings).expect("a namespace");
    let count = || fs::read_dir(scratch.path()).expect("scratch").count();
    assert_eq!(list(&files, "/tmp"), Ok(Vec::new()));
    assert_eq!(number(files.stat(b"/tmp/x", true)), Err(ENOENT));
    assert_eq!(files.stat(b"/tmp", true).expect("stat").mode, 0o041777);
    assert!(matches!(files.open(b"/tmp", &crate::OpenOptions::reading()), Ok(crate::Opened::Directory)));
    assert_eq!(count(), 0, "looking is no use");

    assert_eq!(write(&files, "/tmp/x", "x"), Ok(()));
    assert_eq!(count(), 1);
    assert_eq!(files.stat(b"/tmp", true).expect("stat").mode, 0o041777);
    let other = files.clone();
    assert_eq!(read(&other, "/tmp/x"), Ok("x".to_owned()));
    files.create_dir(b"/tmp/closed", 0o700).expect("mkdir");
    write(&files, "/tmp/closed/y", "y").expect("write");
    files.chmod(b"/tmp/closed", 0).expect("chmod");
    drop(files);
    assert_eq!(count(), 1);
    drop(other);
    assert_eq!(count(), 0);
}

#[test]
fn it_can_be_removed_early() {
    let scratch = folder(&[]);
    let settings = Settings { scratch: Some(scratch.path().to_owned()), ..Settings::default() };
    let files = Namespace::new(settings).expect("a namespace");
    write(&files, "/tmp/x", "x").expect("write");
    files.remove_scratch();
    assert_eq!(fs::read_dir(scratch.path()).expect("scratch").count(), 0);
    assert_eq!(read(&files, "/tmp/x"), Err(ENOENT));
}

#[test]
fn two_namespaces_have_two() {
    let (a, b) = (super::namespace(Vec::new()), super::namespace(Vec::new()));
    write(&a, "/tmp/x", "x").expect("write");
    assert_eq!(read(&b, "/tmp/x"), Err(ENOENT));
}

#[test]
fn a_mount_takes_its_place() {
    let dir = folder(&["mine"]);
    let files = super::namespace(vec![mount(dir.path(), "/tmp", Access::ReadOnly)]);
    assert_eq!(list(&files, "/tmp"), Ok(vec!["mine".to_owned()]));
    let files = super::namespace(vec![mount(dir.path(), "/", Access::ReadOnly)]);
    assert_eq!(list(&files, "/"), Ok(["dev", "mine"].map(str::to_owned).to_vec()));
    let files = super::namespace(vec![mount(dir.path(), "/tmp/in", Access::ReadOnly)]);
    assert_eq!(list(&files, "/tmp"), Ok(vec!["in".to_owned()]));
    assert_eq!(write(&files, "/tmp/x", "x"), Ok(()));
    assert_eq!(list(&files, "/tmp"), Ok(["in", "x"].map(str::to_owned).to_vec()));
    let none = Namespace::new(Settings { private_tmp: false, ..Settings::default() }).expect("a namespace");
    assert_eq!(number(none.stat(b"/tmp", true)), Err(ENOENT));
}
