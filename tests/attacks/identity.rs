//! What is run, or replayed, is what is there now.

use super::common::{Context, greeting, stderr, stdout};
use super::support::ends;
use rustix::fs::{Timespec, Timestamps};
use std::fs::{self, File};
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

/// The same bytes and another greeting, without another size.
fn greets(name: char) -> Vec<u8> {
    wat::parse_str(greeting(&name.to_string().repeat(8))).expect("a module")
}

/// Gives a file a change time without nanoseconds, as a file system of whole seconds does, as nearly as that can be done here: its
/// modification time has none. (Nobody can set a change time.)
fn coarsen(file: &File) {
    let whole = Timespec { tv_sec: rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec, tv_nsec: 0 };
    let times = Timestamps { last_access: whole, last_modification: whole };
    rustix::fs::futimens(file, &times).expect("times");
}

/// What is executed is what the file holds, however often it is rewritten in place within a tick of the clock.
fn rewritten(context: &Context, coarse: bool) {
    let script = "while read -r name; do cp $name.wasm x.wasm; [ -n \"$coarse\" ] && touch -m -d @1700000000 x.wasm; ./x.wasm; done";
    for name in ['A', 'B'] {
        context.write(&format!("{name}.wasm"), greets(name));
    }
    let mut command = context.command(["shell", "--env", if coarse { "coarse=1" } else { "coarse=" }, "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let names: String = (0..40).map(|at| if at % 2 == 0 { "A\n" } else { "B\n" }).collect();
    child.stdin.take().expect("a pipe").write_all(names.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let expected: String = names.lines().map(|name| format!("{}\n", name.repeat(8))).collect();
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
}

#[test]
fn a_module_that_is_rewritten_at_once_is_executed_as_it_is() {
    let context = Context::new();
    rewritten(&context, false);
    rewritten(&context, true);
}

#[test]
fn a_file_system_of_whole_seconds_is_not_believed_for_two() {
    let Some(folder) = coarse_file_system() else { return };
    let context = Context::new();
    let mount = folder.path().join("mount");
    for name in ['A', 'B'] {
        context.write(&format!("{name}.wasm"), greets(name));
    }
    let script = "for name in A B A B A B; do cat $name.wasm > /coarse/x.wasm; /coarse/x.wasm; sleep 0.1; done";
    let shown = format!("{}::/coarse:rw", mount.display());
    let output = ends(&mut context.command(["shell", "--dir", ".:ro", "--dir", &shown, "-c", script]));
    let expected: String = "ABABAB".chars().map(|name| format!("{}\n", name.to_string().repeat(8))).collect();
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
}

/// A mounted file system that keeps whole seconds; said aloud when there can be none.
struct Coarse(tempfile::TempDir);

impl Coarse {
    fn path(&self) -> &std::path::Path {
        self.0.path()
    }
}

impl Drop for Coarse {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.path().join("mount")).status();
    }
}

fn coarse_file_system() -> Option<Coarse> {
    let skip = |why: &str| {
        super::support::skipped("a_file_system_of_whole_seconds_is_not_believed_for_two", why);
        None
    };
    if !super::support::is_root() {
        return skip("only root mounts");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (image, mount) = (folder.path().join("image"), folder.path().join("mount"));
    fs::create_dir(&mount).expect("a folder");
    File::create(&image).and_then(|file| file.set_len(16 << 20)).expect("an image");
    let quietly = |command: &mut std::process::Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let mut made = std::process::Command::new("mkfs.ext4");
    if !quietly(made.args(["-q", "-F", "-I", "128"]).arg(&image)) {
        return skip("there is no mkfs.ext4");
    }
    if !quietly(std::process::Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&mount)) {
        return skip("no loop device can be mounted");
    }
    Some(Coarse(folder))
}

#[test]
fn a_module_that_is_replaced_while_standard_input_is_looked_at_is_not_kept_under_the_old_ones_name() {
    let context = Context::new();
    let probe =
        fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/prebuilt/probe.wasm")).expect("read");
    // The same program, but for a custom section: what the key says of it differs.
    let (old, new) = (probe.clone(), [&probe[..], &[0, 5, 4, b'm', b'o', b'r', b'e']].concat());
    context.write("probe.wasm", &old);
    let args = ["run", "--call-cache", "on", "--report-file", "report.json", "probe.wasm", "stdin"];
    let run = |input: &str, replace: bool| {
        let mut command = context.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        if replace {
            // It waits for standard input, to compare it with that of the last run.
            std::thread::sleep(Duration::from_millis(400));
            fs::write(context.work().join("next"), &new).expect("written");
            fs::rename(context.work().join("next"), context.work().join("probe.wasm")).expect("renamed");
        }
        stdin.write_all(input.as_bytes()).expect("written");
        drop(stdin);
        assert_eq!(stdout(&child.wait_with_output().expect("it ends")), input);
        fs::read_to_string(context.work().join("report.json")).expect("a report")
    };
    assert!(run("abc", false).contains("never ran"));
    let report = run("abd", true);
    assert!(report.contains("may not be the one that was looked for"), "{report}");
}

#[test]
fn an_input_that_was_changed_in_its_tick_is_read_again() {
    let context = Context::new();
    let probe = context.probe();
    let args = ["run", "--call-cache", "on", "--dir", ".", probe, "cat", "in"];
    for round in 0..6 {
        let text = format!("{}", round % 2);
        let path = context.write("in", &text);
        coarsen(&File::options().write(true).open(path).expect("opened"));
        assert_eq!(stdout(&ends(&mut context.command(args))), text);
    }
}
