//! What is run, or replayed, is what is there now.

use super::common::{Context, greeting, stderr, stdout};
use super::support::{ends, is_root, skipped};
use rustix::fs::{Timespec, Timestamps};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
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
    let Some(folder) = coarse_file_system("a_file_system_of_whole_seconds_is_not_believed_for_two") else { return };
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

/// A mounted file system; said aloud when there can be none.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path().join("mount")).status();
    }
}

/// One that keeps whole seconds.
fn coarse_file_system(trial: &str) -> Option<Mounted> {
    let skip = |why: &str| {
        skipped(trial, why);
        None
    };
    if !is_root() {
        return skip("only root mounts");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (image, mount) = (folder.path().join("image"), folder.path().join("mount"));
    fs::create_dir(&mount).expect("a folder");
    File::create(&image).and_then(|file| file.set_len(16 << 20)).expect("an image");
    let quietly = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let mut made = Command::new("mkfs.ext4");
    if !quietly(made.args(["-q", "-F", "-I", "128"]).arg(&image)) {
        return skip("there is no mkfs.ext4");
    }
    if !quietly(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&mount)) {
        return skip("no loop device can be mounted");
    }
    Some(Mounted(folder))
}

#[test]
fn a_module_that_is_replaced_while_standard_input_is_looked_at_is_not_kept_under_the_old_ones_name() {
    let context = Context::new();
    let probe = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/prebuilt/probe.wasm")).expect("read");
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

/// A file that this process has mapped for writing, though it is not open any more: what is written to it leaves no trace in its times
/// until the kernel has written it back.
struct Mapped {
    at: *mut u8,
    len: usize,
}

impl Mapped {
    #[expect(unsafe_code, reason = "a mapping is what is tried")]
    fn of(path: &Path) -> Self {
        use rustix::mm::{MapFlags, ProtFlags, mmap};
        let file = File::options().read(true).write(true).open(path).expect("opened");
        let len = usize::try_from(file.metadata().expect("metadata").len()).expect("a length");
        // SAFETY: a new mapping, of a file that stays as long as it is.
        let at =
            unsafe { mmap(std::ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0) };
        let mapped = Self { at: at.expect("mapped").cast(), len };
        // The first write moves the times; those that follow do not.
        mapped.set(mapped.get());
        mapped
    }

    #[expect(unsafe_code, reason = "a mapping is what is tried")]
    fn get(&self) -> Vec<u8> {
        // SAFETY: mapped for as long as this lives, and nobody makes the file shorter.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }.to_vec()
    }

    #[expect(unsafe_code, reason = "a mapping is what is tried")]
    fn set(&self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        assert_eq!(bytes.len(), self.len);
        // SAFETY: as above, and writable; the program reads the file, and not this.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, bytes.len()) };
    }
}

impl Drop for Mapped {
    #[expect(unsafe_code, reason = "a mapping is what is tried")]
    fn drop(&mut self) {
        // SAFETY: nothing refers to it any more.
        let _ = unsafe { rustix::mm::munmap(self.at.cast(), self.len) };
    }
}

/// Longer than a tick of the clock.
fn settle() {
    std::thread::sleep(Duration::from_millis(60));
}

/// T32: nothing of what is read in `folder` is believed to be what it was, while somebody could change it without a sign.
fn inputs_that_are_mapped(context: &Context, folder: &Path) {
    let probe = context.probe();
    let input = folder.join("in");
    let shown = format!("{}::data", folder.display());
    let run = |text: &str| {
        let mut command = context.command(["run", "--call-cache", "on", "--dir", &shown, probe, "cat", "data/in"]);
        assert_eq!(stdout(&ends(&mut command)), text);
    };
    fs::write(&input, "AAAA").expect("written");
    let mapped = Mapped::of(&input);
    settle();
    for text in ["AAAA", "BBBB", "AAAA", "CCCC"] {
        mapped.set(text);
        run(text);
    }
    // The same for a whole run of cases, which would not even be looked at.
    fs::create_dir_all(folder.join("project/tests")).expect("folders");
    fs::write(folder.join("project/glowplug.toml"), "[test]\ninputs = ['in']\n").expect("written");
    let case = "  $ cat in.txt\n  AAAA\n";
    fs::write(folder.join("project/tests/a.t"), case).expect("written");
    for name in ["in", "tests/in.txt"] {
        fs::write(folder.join("project").join(name), "AAAA\n").expect("written");
    }
    let mapped = Mapped::of(&folder.join("project/tests/in.txt"));
    let case_mapped = Mapped::of(&folder.join("project/tests/a.t"));
    settle();
    let passes = |passes: bool| {
        let mut command = context.command(["test"]);
        let output = ends(command.current_dir(folder.join("project")));
        assert_eq!(output.status.success(), passes, "{}{}", stdout(&output), stderr(&output));
    };
    for _ in 0..2 {
        mapped.set("AAAA\n");
        case_mapped.set(case);
        passes(true);
        passes(true);
        mapped.set("BBBB\n");
        passes(false);
        mapped.set("AAAA\n");
        passes(true);
        case_mapped.set(case.replace("AAAA", "BBBB"));
        passes(false);
    }
}

#[test]
fn an_input_that_somebody_has_mapped_is_read_each_time() {
    let context = Context::new();
    let folder = tempfile::tempdir().expect("a folder");
    inputs_that_are_mapped(&context, folder.path());
}

#[test]
fn an_input_on_a_file_system_of_memory_is_read_each_time() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        return skipped("an_input_on_a_file_system_of_memory_is_read_each_time", "there is no /dev/shm");
    };
    inputs_that_are_mapped(&Context::new(), folder.path());
}

/// Containers are on such a file system. There the kernel grants a read lease though the file is mapped for writing.
#[test]
fn an_input_on_an_overlay_of_the_kernels_is_read_each_time() {
    let trial = "an_input_on_an_overlay_of_the_kernels_is_read_each_time";
    if !is_root() {
        return skipped(trial, "only root mounts");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    ["lower", "upper", "scratch", "mount"].iter().for_each(|name| fs::create_dir(path(name)).expect("a folder"));
    let layers = format!("lowerdir={},upperdir={},workdir={}", path("lower"), path("upper"), path("scratch"));
    let mut mount = Command::new("mount");
    mount.args(["-t", "overlay", "overlay", "-o", &layers, &path("mount")]).stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        return skipped(trial, "no overlay can be mounted here");
    }
    let mounted = Mounted(folder);
    inputs_that_are_mapped(&Context::new(), &mounted.path().join("mount"));
}

/// The results of a run are kept under the digest of what ran, and of what it had run.
#[test]
fn a_module_that_a_run_has_run_is_kept_as_what_was_loaded() {
    let context = Context::new();
    fs::create_dir(context.work().join("tests")).expect("a folder");
    let place = context.work().join("tests/x.wasm");
    fs::write(context.work().join("tests/a.t"), "  $ cp x.wasm y.wasm; ./x.wasm\n  AAAAAAAA\n").expect("written");
    for round in 0..6 {
        // Fresh each time, and changed back and forth within a tick.
        fs::write(&place, greets(if round % 2 == 0 { 'A' } else { 'B' })).expect("written");
        let output = ends(&mut context.command(["test"]));
        assert_eq!(output.status.success(), round % 2 == 0, "{}{}", stdout(&output), stderr(&output));
    }
}

/// A command as root whom modes stop, in these groups; what it prints and says.
fn stopped_by_modes(context: &Context, groups: &str, args: &[&str]) -> Output {
    let inner = context.command(args);
    let mut command = Command::new("setpriv");
    command.env_clear().stdin(Stdio::null()).args([groups, "--bounding-set=-dac_override,-dac_read_search"]);
    command.arg(inner.get_program()).args(inner.get_args());
    inner.get_envs().for_each(|(name, value)| match value {
        Some(value) => _ = command.env(name, value),
        None => _ = command.env_remove(name),
    });
    ends(command.current_dir(context.work()))
}

#[test]
fn who_may_not_read_an_input_is_told_nothing_that_somebody_else_read() {
    let trial = "who_may_not_read_an_input_is_told_nothing_that_somebody_else_read";
    if !is_root() || !Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skipped(trial, "only root with setpriv can take groups and capabilities away");
    }
    let context = Context::new();
    let (in_group, outside) = ("--groups=4242", "--clear-groups");
    let secret = context.write("secret", "secret\n");
    std::os::unix::fs::chown(&secret, Some(65534), Some(4242)).expect("given away");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).expect("its mode");
    settle();
    let run = ["run", "--call-cache=on", "--cache-failures", "--dir=.", context.probe(), "cat", "secret"];
    assert_eq!(stdout(&stopped_by_modes(&context, in_group, &run)), "secret\n");
    assert_eq!(stdout(&stopped_by_modes(&context, outside, &run)), "");
    assert_eq!(stdout(&stopped_by_modes(&context, in_group, &run)), "secret\n");
    // By its capabilities alone.
    assert_eq!(stdout(&ends(&mut context.command(run))), "secret\n");
    assert_eq!(stdout(&stopped_by_modes(&context, outside, &run)), "");
    context.write("denied.t", "  $ cat secret\n  cat: secret: Permission denied\n  [1]\n");
    settle();
    let code = |groups| stopped_by_modes(&context, groups, &["test", "denied.t"]).status.code();
    let codes = [outside, outside, in_group, outside].map(code);
    assert_eq!(codes, [Some(0), Some(0), Some(100), Some(0)]);
}
