//! Limits of disk, and what is copied or hashed of sparse and huge files.

use super::common::Context;
use super::support::ends;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Output};

const GIB: u64 = 1 << 30;

/// A file that is as long as no disk, of which nothing is on it but its first bytes.
fn sparse(context: &Context, name: &str, len: u64) {
    let path = context.write(name, "begin");
    fs::File::options().write(true).open(path).expect("open").set_len(len).expect("so long");
}

fn on_the_disk(context: &Context, name: &str) -> u64 {
    fs::metadata(context.work().join(name)).expect("there").blocks() * 512
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shell(context: &Context, options: &[&str], script: &str) -> Command {
    context.command(["shell"].iter().chain(options).copied().chain(["-c", script]))
}

#[test]
fn an_overlay_copies_a_sparse_file_without_its_holes() {
    let context = Context::new();
    sparse(&context, "big", 2048 * GIB);
    let script = "printf end >> big; stat -c %s big; tail -c 3 big; head -c 5 big";
    let output = ends(&mut shell(&context, &["--dir", ".:overlay", "--max-disk", "10MiB"], script));
    assert_eq!(stdout(&output), format!("{}\nendbegin", 2048 * GIB + 3), "{output:?}");
}

#[test]
fn what_a_run_wrote_is_put_into_the_folder_without_its_holes_and_not_kept() {
    let context = Context::new();
    let probe = context.probe();
    sparse(&context, "big", 2048 * GIB);
    let args = ["run", "--call-cache", "on", "--max-disk", "10MiB", "--dir", ".", "-v", probe, "append", "big", "end"];
    let output = ends(&mut context.command(args));
    assert!(output.status.success() && stderr(&output).contains("not kept"), "{output:?}");
    assert_eq!(fs::metadata(context.work().join("big")).expect("there").len(), 2048 * GIB + 3);
    assert!(on_the_disk(&context, "big") < 1 << 20);
}

/// Ways to take up disk, each of which has to come to an end.
const WAYS: [(&str, &str); 6] = [
    ("a large file", "head -c 20000000 /dev/zero | tr '\\0' x > $D/x"),
    ("appending", "for i in {1..300}; do head -c 20000 /dev/zero >> $D/x || break; done"),
    ("many files", "for i in {1..2000}; do : > $D/$i || break; done"),
    ("many folders", "for i in {1..2000}; do mkdir $D/$i || break; done"),
    ("many links", ": > $D/x; for i in {1..2000}; do ln $D/x $D/$i || break; done"),
    ("many symbolic links", "for i in {1..2000}; do ln -s x $D/$i || break; done"),
];

fn taken(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).expect("listed").flatten();
    entries.map(|entry| 4096 + entry.metadata().expect("there").blocks() * 512).sum()
}

#[test]
fn every_way_to_take_up_disk_comes_to_the_limit() {
    for (way, script) in WAYS {
        let context = Context::new();
        for (place, options) in [("/tmp", &[][..]), ("over", &["--dir", "over:overlay"])] {
            let _ = fs::create_dir(context.work().join("over"));
            let here = context.work().join(place);
            let place = if place == "/tmp" { place } else { here.to_str().expect("text") };
            let script = format!(
                "D={place}; {{ {script}; }} 2>/dev/null; echo $?; rm -rf {place}/*; echo more > {place}/y; cat {place}/y"
            );
            let options: Vec<&str> = options.iter().copied().chain(["--max-disk", "2MiB"]).collect();
            let output = ends(&mut shell(&context, &options, &script));
            assert!(stderr(&output).contains("--max-disk"), "{way} in {place}: {output:?}");
            assert_eq!(stderr(&output).matches("--max-disk").count(), 1, "{way} in {place}: {output:?}");
            assert!(stdout(&output).ends_with("more\n"), "{way} in {place}: what is removed is given back: {output:?}");
        }
        // What is written to a mounted folder counts as well, once somebody has set a limit.
        let _ = fs::create_dir(context.work().join("out"));
        let script = format!("D=out; {{ {script}; }} 2>/dev/null; echo $?");
        let output = ends(&mut shell(&context, &["--max-disk", "2MiB"], &script));
        assert!(stderr(&output).contains("--max-disk"), "{way} in a mounted folder: {output:?}");
        assert!(taken(&context.work().join("out")) < 3 << 20, "{way} in a mounted folder");
    }
}

#[test]
fn what_is_removed_while_it_is_open_still_counts() {
    let context = Context::new();
    let script = "cd /tmp; for i in 4 5 6 7 8 9; do eval \"exec $i<>x\"; head -c 500000 /dev/zero >&$i || break; rm x; done; echo $i";
    let output = ends(&mut shell(&context, &["--max-disk", "2MiB"], script));
    assert_eq!(stdout(&output), "8\n", "{output:?}");
    // And what is written over, or emptied, does not.
    let script = "cd /tmp; for i in {1..20}; do head -c 500000 /dev/zero > x || break; done; echo $?
                  for i in {1..20}; do head -c 500000 /dev/zero > y && mv y x || break; done; echo $?";
    let output = ends(&mut shell(&context, &["--max-disk", "2MiB"], script));
    assert_eq!(stdout(&output), "0\n0\n", "{output:?}");
}

#[test]
fn a_run_that_came_to_the_limit_is_not_replayed() {
    let context = Context::new();
    let probe = context.probe();
    context.write("data", "x".repeat(100_000));
    let run = |disk: &str| {
        let args = ["run", "--call-cache", "on", "--cache-failures", "--max-disk", disk, "--dir", ".", probe];
        ends(&mut context.command(args.into_iter().chain(["append", "data", "more"])))
    };
    let full = run("8KiB");
    assert!(!full.status.success(), "{full:?}");
    assert!(run("10MiB").status.success(), "the result of a full disk is replayed");
}

#[test]
fn a_replayed_file_has_the_permissions_of_the_run() {
    let context = Context::new();
    let probe = context.probe();
    let modes = ["077", "022", "077", "027"].map(|mask| {
        let _ = fs::remove_file(context.work().join("new"));
        let script =
            format!("umask {mask}; exec \"$0\" run --tiering off --call-cache on --dir . {probe} write new text");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_glowplug")]).env_clear();
        command.env("HOME", context.home()).env("PATH", "/usr/bin:/bin").current_dir(context.work());
        assert!(ends(&mut command).status.success());
        fs::metadata(context.work().join("new")).expect("written").mode() & 0o777
    });
    assert_eq!(modes, [0o600, 0o644, 0o600, 0o640]);
}
