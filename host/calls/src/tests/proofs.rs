//! Proofs that nothing has to run.

use super::*;
use crate::Evidence;
use glowplug_store::FileIdentity;

fn evidence(bench: &Bench) -> Evidence {
    let mut evidence = Evidence::default();
    let run = bench.run(|files| {
        let _ = files.read_dir(b"/data");
        let _ = files.stat(b"/data/missing", true);
        read(files, "/data/in")
    });
    evidence.add(&run.observed);
    evidence
}

#[test]
fn a_proof_holds_until_something_changes() {
    if !tells_writers("a_proof_holds_until_something_changes") {
        return;
    }
    let bench = Bench::new();
    bench.write("in", "one");
    bench.write("other", "one");
    bench.settle();
    let cache = bench.cache();
    let since = now();
    assert!(cache.prove(&key("all"), evidence(&bench), since, b"summary").expect("written"));
    let proven = cache.proven(&key("all")).expect("nothing changed");
    assert_eq!(proven.summary, b"summary");
    assert!(proven.checked >= 3, "{} checked", proven.checked);
    bench.write("other", "two");
    cache.proven(&key("all")).expect("nobody looked at that");
    bench.write("in", "two");
    let change = cache.proven(&key("all")).expect_err("it changed").expect("and says what");
    assert!(change.what.ends_with("data/in"), "{change}");
}

#[test]
fn what_is_new_or_gone_is_noticed() {
    if !tells_writers("what_is_new_or_gone_is_noticed") {
        return;
    }
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    assert!(cache.prove(&key("all"), evidence(&bench), now(), b"").expect("written"));
    bench.write("missing", "");
    cache.proven(&key("all")).expect_err("there is a file that was missing, and a folder that was listed has changed");
    std::fs::remove_file(bench.data().join("missing")).expect("removed");
    assert!(cache.proven(&key("all")).is_err(), "the folder's time has changed: each case is to be looked at");
    bench.settle();
    assert!(cache.prove(&key("all"), evidence(&bench), now(), b"").expect("written"));
    std::fs::remove_file(bench.data().join("in")).expect("removed");
    cache.proven(&key("all")).expect_err("it is gone");
}

#[test]
fn what_changed_just_now_cannot_be_proven() {
    let bench = Bench::new();
    bench.write("in", "one");
    let cache = bench.cache();
    assert!(!cache.prove(&key("all"), evidence(&bench), now(), b"").expect("looked"));
    assert_eq!(cache.proven(&key("all")), Err(None));
}

#[test]
fn what_changed_while_it_was_proven_cannot_be() {
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let (cache, since) = (bench.cache(), now());
    let evidence = evidence(&bench);
    bench.settle();
    bench.write("in", "two");
    bench.settle();
    assert!(!cache.prove(&key("all"), evidence, since, b"").expect("looked"));
}

#[test]
fn a_proof_belongs_to_its_key_and_is_authenticated() {
    if !tells_writers("a_proof_belongs_to_its_key_and_is_authenticated") {
        return;
    }
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    assert!(cache.prove(&key("all"), evidence(&bench), now(), b"").expect("written"));
    let change = cache.proven(&key("some")).expect_err("another argument").expect("named");
    assert_eq!(change.what, "argument 1");
    let file = only_file(&bench.folder.path().join("cache/calls/v1/proofs"));
    let mut bytes = std::fs::read(&file).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let change = cache.proven(&key("all")).expect_err("touched").expect("named");
    assert!(change.to.contains("untrusted"), "{change}");
    assert_eq!(cache.proven(&key("all")), Err(None), "it was set aside");
}

#[test]
fn paths_of_the_host_can_be_added() {
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let cache = bench.cache();
    let mut evidence = Evidence::default();
    assert!(evidence.is_empty());
    evidence.add_read(&bench.data().join("in"), Some(bench.identity("in")));
    evidence.add_existence(&bench.data().join("not there"));
    assert_eq!(evidence.len(), 2);
    assert!(cache.prove(&key("all"), evidence, now(), b"").expect("written"));
    cache.proven(&key("all")).expect("nothing changed");
    bench.write("not there", "");
    cache.proven(&key("all")).expect_err("now it is");
}

/// T32: a file that somebody had mapped for writing while it was read may change without any sign.
#[test]
fn what_was_read_beside_a_writer_cannot_be_proven() {
    let bench = Bench::new();
    bench.write("in", "one");
    bench.settle();
    let (cache, since) = (bench.cache(), now());
    let writer = std::fs::File::options().write(true).open(bench.data().join("in")).expect("opened");
    let beside = evidence(&bench);
    drop(writer);
    assert!(!cache.prove(&key("all"), beside, since, b"").expect("looked"), "the writer may have written since");
    for identity in [None, Some(FileIdentity { ino: 1, ..bench.identity("in") })] {
        let mut evidence = Evidence::default();
        evidence.add_read(&bench.data().join("in"), identity);
        assert!(!cache.prove(&key("all"), evidence, since, b"").expect("looked"));
    }
}

#[test]
fn of_a_folder_only_some_names_may_count() {
    let bench = Bench::new();
    bench.write("a.t", "");
    let cache = bench.cache();
    let mut evidence = Evidence::default();
    evidence.add_listing(&bench.data(), crate::Names::ending(".t"));
    // Even just after a change: the names are compared, if the identity cannot be trusted.
    assert!(cache.prove(&key("all"), evidence, now(), b"").expect("written"));
    cache.proven(&key("all")).expect("nothing changed");
    bench.write("report.json", "");
    cache.proven(&key("all")).expect("no name that counts");
    bench.write("b.t", "");
    cache.proven(&key("all")).expect_err("a name that counts");
    std::fs::remove_file(bench.data().join("b.t")).expect("removed");
    cache.proven(&key("all")).expect("as it was");
    std::fs::create_dir(bench.data().join("more")).expect("a folder");
    cache.proven(&key("all")).expect_err("a folder counts");
}

#[test]
fn of_a_path_only_its_being_there_may_count() {
    let bench = Bench::new();
    std::fs::create_dir(bench.data().join(".git")).expect("a folder");
    let cache = bench.cache();
    let mut evidence = Evidence::default();
    evidence.add_existence(&bench.data().join(".git"));
    evidence.add_existence(&bench.data().join("none"));
    assert!(cache.prove(&key("all"), evidence, now(), b"").expect("written"));
    bench.write(".git/index", "");
    cache.proven(&key("all")).expect("it is still there");
    bench.write("none", "");
    cache.proven(&key("all")).expect_err("it was not there");
    std::fs::remove_file(bench.data().join("none")).expect("removed");
    std::fs::rename(bench.data().join(".git"), bench.data().join("git")).expect("renamed");
    cache.proven(&key("all")).expect_err("it is gone");
}
