//! Trees that guests may change are worked on by handle, never by path.

use super::common::Context;
use super::support::{self, ends, is_root, skipped, with_folder};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A home, and a folder for temporary files that nobody else uses.
struct Trial {
    context: Context,
    temporary: PathBuf,
}

impl Trial {
    fn new() -> Self {
        let (context, temporary) = with_folder("temporary");
        Self { context, temporary }
    }

    fn shell(&self, options: &[&str], script: &str) -> Command {
        let mut command = support::shell(&self.context, options, script);
        command.env("TMPDIR", &self.temporary);
        command
    }

    /// The same with no more than so many files open.
    fn shell_with_few_files(&self, most: u32, output: &str, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let limited = format!("ulimit -n {most}; exec \"$0\" shell -c \"$1\" {output}");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_glowplug"), script]).env_clear();
        command.env("HOME", self.context.home()).env("PATH", "/usr/bin:/bin").env("TMPDIR", &self.temporary);
        command.current_dir(self.context.work()).stdin(Stdio::null());
        command
    }

    fn is_clean(&self) -> bool {
        fs::read_dir(&self.temporary).expect("listed").next().is_none()
    }
}

/// Permissions that nobody gives to a folder by chance.
const ODD: u32 = 0o751;

/// Folders outside of every mount, which have the names that the guest uses inside.
fn outside(folder: &Path) -> PathBuf {
    let target = folder.join("outside");
    for name in ["d", "d/d", "d/d/d", "e"] {
        fs::create_dir_all(target.join(name)).expect("a folder");
        fs::set_permissions(target.join(name), fs::Permissions::from_mode(ODD)).expect("set");
    }
    target
}

fn is_untouched(target: &Path) -> bool {
    let mode = |name: &str| fs::metadata(target.join(name)).expect("still there").permissions().mode() & 0o7777;
    ["d", "d/d", "d/d/d", "e"].iter().all(|name| mode(name) == ODD)
}

#[test]
fn the_clean_up_follows_no_link_that_is_put_in_its_way() {
    let trial = Trial::new();
    let target = outside(&trial.context.home());
    // Deeper than files may be open, so that removing it in the simplest way fails; and swapped all the time.
    let script = format!(
        "cd /tmp; mkdir -p y x/e; printf -v deep 'd/%.0s' {{1..300}}; mkdir -p \"x/$deep\"
         (while :; do mv x z; ln -s '{target}' x; rm x; mv z x; done) &
         (while :; do chmod 0 y; chmod 700 y; done) &
         sleep 0.1",
        target = target.display()
    );
    let output = ends(&mut trial.shell_with_few_files(256, ">/dev/null 2>&1", &script));
    assert!(output.status.success(), "{output:?}");
    assert!(is_untouched(&target));
    assert!(trial.is_clean(), "{:?}", fs::read_dir(&trial.temporary).expect("listed").collect::<Vec<_>>());
}

/// The same as an ordinary user, whom permissions stop: a folder of mode 0 is opened up by the clean-up alone.
#[test]
fn the_clean_up_of_an_ordinary_user_follows_no_link_either() {
    const NOBODY: u32 = 65534;
    let trial = "the clean-up as an ordinary user";
    if !is_root() {
        return skipped(trial, "the tests run as one, and so do the other trials of the clean-up");
    }
    let context = Context::new();
    let all = context.home().parent().expect("a folder").to_owned();
    let temporary = context.home().join("temporary");
    fs::create_dir(&temporary).expect("a folder");
    let target = outside(&all);
    for folder in [all.clone(), context.home(), context.work(), temporary.clone(), target.clone()] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("set");
        std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    for name in ["d", "d/d", "d/d/d", "e"] {
        std::os::unix::fs::chown(target.join(name), Some(NOBODY), Some(NOBODY)).expect("given away");
        fs::set_permissions(target.join(name), fs::Permissions::from_mode(ODD)).expect("set");
    }
    let own = |program: &Path| {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", context.home()).env("TMPDIR", &temporary).env("PATH", "/usr/bin:/bin");
        command.current_dir(context.work()).stdin(Stdio::null()).uid(NOBODY).gid(NOBODY);
        command
    };
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_glowplug"));
    let reaches = |program: &Path| own(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !reaches(&program) {
        let copy = all.join("glowplug");
        fs::copy(&program, &copy).expect("a copy");
        program = copy;
    }
    let script = format!(
        "cd /tmp; mkdir -p y x/e x/d/d/d
         (while :; do chmod 0 x/d/d x/d; mv x z; ln -s '{target}' x; rm x; mv z x; done) &
         (while :; do chmod 0 y; chmod 700 y; done) &
         sleep 0.1",
        target = target.display()
    );
    for _ in 0..3 {
        // What is left in the background holds no pipe that is waited for.
        let unread = "exec \"$0\" shell -c \"$1\" >/dev/null 2>&1";
        let output = ends(own(Path::new("/bin/sh")).args(["-c", unread]).arg(&program).arg(&script));
        assert!(output.status.success(), "{output:?}");
        assert!(is_untouched(&target), "{output:?}");
        let left: Vec<_> = fs::read_dir(&temporary).expect("listed").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_tree_deeper_than_files_may_be_open_and_paths_may_be_long_is_removed() {
    let trial = Trial::new();
    let script = "cd /tmp; printf -v deep 'longname/%.0s' {1..300}; mkdir -p a/$deep b/$deep; echo text > b/$deep/file
                  mv b a/longname/longname/longname; chmod 0 a; echo made";
    let output = ends(&mut trial.shell_with_few_files(128, "", script));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "made\n", "{output:?}");
    assert!(trial.is_clean());
}

#[test]
fn what_a_killed_session_left_is_removed_by_the_next() {
    let trial = Trial::new();
    let mut killed = trial.shell(&[], "cd /tmp; mkdir a; echo text > a/file; echo ready; sleep 100");
    let mut killed = killed.stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut ready = [0; 6];
    std::io::Read::read_exact(killed.stdout.as_mut().expect("a pipe"), &mut ready).expect("it says so");
    // Another one meanwhile leaves alone what is in use.
    assert!(ends(&mut trial.shell(&[], "echo > /tmp/x; sleep 0.1")).status.success());
    let count = || fs::read_dir(&trial.temporary).expect("listed").count();
    assert_eq!(count(), 1);
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    assert_eq!(count(), 1);
    for _ in 0..100 {
        assert!(ends(&mut trial.shell(&[], "echo > /tmp/x; sleep 0.1")).status.success());
        if count() == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it was left");
}

#[test]
fn links_of_the_hosts_processes_are_not_read() {
    let trial = Trial::new();
    let output = ends(&mut trial.shell(&["--dir", "/:ro"], "readlink /proc/self/exe; readlink /proc/1/root; echo $?"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{output:?}");
}
