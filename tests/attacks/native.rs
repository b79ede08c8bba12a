//! Native programs: which, with what, and confined to what.

use super::common::{Context, stderr, stdout};
use super::support::{self, HANGS, ends, is_root, skipped, with_folder};
use std::ffi::OsStr;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A place for native programs beside what is mounted.
struct Tools {
    context: Context,
    safe: PathBuf,
}

impl Tools {
    fn new() -> Self {
        let (context, safe) = with_folder("bin");
        Self { context, safe }
    }

    /// A program that guests cannot write to.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        script(&self.safe.join(name), text)
    }

    /// The system's bash under another name: an ELF program that does what it is told.
    fn shell(&self, name: &str) -> PathBuf {
        let place = self.safe.join(name);
        fs::copy("/bin/bash", &place).expect("a copy");
        place
    }

    /// `glowplug shell` with these options, where `PATH` has the programs.
    fn command(&self, options: &[&str], line: &str) -> Command {
        let mut command = support::shell(&self.context, options, line);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.safe.display()));
        command
    }

    fn run(&self, options: &[&str], line: &str) -> Output {
        ends(&mut self.command(options, line))
    }
}

fn script(path: &Path, text: &str) -> PathBuf {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
    path.to_owned()
}

/// Whether a process is gone within the time that nothing takes.
fn is_gone(pid: &str) -> bool {
    let began = Instant::now();
    while !support::is_gone(pid) {
        if began.elapsed() > HANGS {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn a_guest_does_not_choose_the_file_by_its_folder() {
    let tools = Tools::new();
    script(&tools.context.work().join("tools/fmt"), "#!/bin/sh\necho ours\n");
    fs::create_dir(tools.context.work().join("out")).expect("a folder");
    let options = ["--dir", "tools:ro", "--dir", "out", "--allow-native", "./tools/fmt"];
    let line = "cd \"$(dirname \"$PWD\")/out\"; mkdir tools; printf '#!/bin/sh\necho theirs\n' > tools/fmt; chmod +x tools/fmt; fmt";
    let line = line.replace("$(dirname \"$PWD\")", &tools.context.work().display().to_string());
    // The embedded program of that name comes first, so it goes by its path as well.
    let path = tools.context.work().join("tools/fmt");
    let output = tools.run(&options, &line.replace("; fmt", &format!("; {}", path.display())));
    assert_eq!(stdout(&output), "ours\n", "{output:?}");
}

#[test]
fn a_guest_does_not_choose_the_file_by_the_path() {
    let tools = Tools::new();
    tools.script("hello", "#!/bin/sh\necho safe\n");
    let theirs = tools.context.work().join("bin");
    fs::create_dir(&theirs).expect("a folder");
    let line = "printf '#!/bin/sh\necho theirs\n' > bin/hello; chmod +x bin/hello; hello";
    let mut command = tools.command(&["--allow-native", "hello"], line);
    command.env("PATH", format!("{}:bin:{}:/usr/bin:/bin", theirs.display(), tools.safe.display()));
    let output = ends(&mut command);
    assert_eq!(stdout(&output), "safe\n", "{output:?}");
}

#[test]
fn a_program_where_guests_may_write_is_refused() {
    let tools = Tools::new();
    let place = script(&tools.context.work().join("n"), "#!/bin/sh\necho ran\n");
    let place = place.to_str().expect("text");
    let output = tools.run(&["--allow-native", place], "n");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("guests may write to"), "{output:?}");
    // A link does not hide it, and neither does an interpreter.
    std::os::unix::fs::symlink(place, tools.safe.join("link")).expect("a link");
    assert_eq!(tools.run(&["--allow-native", "link"], "link").status.code(), Some(1));
    tools.script("through", &format!("#!{place}\n"));
    assert_eq!(tools.run(&["--allow-native", "through"], "through").status.code(), Some(1));
    let output = tools.run(&["--dir", ".:ro", "--allow-native", place], "./n; n");
    assert_eq!(stdout(&output), "ran\nran\n", "{output:?}");
}

#[test]
fn a_guest_does_not_choose_code_by_variables() {
    let tools = Tools::new();
    tools.script("shown", "#!/bin/bash\nenv\n");
    tools.context.write("evil.sh", "echo evil\n");
    let line = "export BASH_ENV=$PWD/evil.sh ENV=$PWD/evil.sh LD_PRELOAD=$PWD/x.so LD_LIBRARY_PATH=. PYTHONPATH=. \
                NODE_OPTIONS=x GIT_SSH=x MINE=1 LANG=C.UTF-8; shown";
    for program in ["shown", "shown=free"] {
        let output = tools.run(&["--allow-native", program, "--native-env", "MINE", "--native-env", "SET=2"], line);
        let said = stdout(&output);
        assert!(said.contains("MINE=1\n") && said.contains("SET=2\n") && said.contains("LANG=C.UTF-8\n"), "{output:?}");
        for theirs in ["evil", "LD_", "BASH_ENV", "PYTHON", "NODE_", "GIT_"] {
            assert!(!said.contains(theirs), "{theirs}: {said}");
        }
    }
    let output = tools.run(&["--allow-native", "shown", "--native-env", "LD_PRELOAD"], "true");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_program_of_many_names_has_the_allowed_one() {
    let tools = Tools::new();
    tools.shell("tool");
    let output = tools.run(&["--allow-native", "tool"], "(exec -a other tool -c 'echo $0')");
    assert_eq!(stdout(&output), "tool\n", "{output:?}");
}

#[test]
fn a_project_gets_no_native_program_without_consent() {
    let tools = Tools::new();
    tools.script("tool", "#!/bin/sh\necho ran\n");
    let settings = tools.context.write("glowplug.toml", "[test]\nallow-native = [\"tool\"]\n");
    fs::create_dir(tools.context.work().join("tests")).expect("a folder");
    tools.context.write("tests/a.t", "  $ tool\n  ran\n");
    let test = |options: &[&str]| {
        let mut command = tools.context.command([&["test"], options].concat());
        command.env("PATH", format!("{}:/usr/bin:/bin", tools.safe.display()));
        ends(&mut command)
    };
    let refused = test(&[]);
    assert_eq!(refused.status.code(), Some(96), "{refused:?}");
    assert!(stderr(&refused).contains("--trust-project"), "{refused:?}");
    for options in [&["--allow-native", "tool"][..], &["--trust-project"], &[]] {
        let output = test(options);
        assert_eq!(output.status.code(), Some(0), "{options:?}: {output:?}");
    }
    // Another file is another question.
    fs::write(&settings, "[test]\nallow-native = [\"tool\", \"sh\"]\n").expect("a file");
    assert_eq!(test(&[]).status.code(), Some(96));
    // The user's own settings are an answer.
    let own = tools.context.home().join(".config/glowplug");
    fs::create_dir_all(&own).expect("a folder");
    fs::write(own.join("native.toml"), "allow = [\"tool\", \"sh\"]\n").expect("a file");
    assert_eq!(test(&[]).status.code(), Some(0));
}

#[test]
fn settings_that_others_could_have_written_are_not_read() {
    let tools = Tools::new();
    fs::create_dir_all(tools.context.work().join("own/tests")).expect("folders");
    tools.context.write("own/tests/a.t", "  $ echo one\n  one\n");
    let settings = tools.context.write("glowplug.toml", "[test]\npaths = [\"nowhere\"]\n");
    let test = || {
        let mut command = tools.context.command(["test"]);
        ends(command.current_dir(tools.context.work().join("own")))
    };
    assert_ne!(test().status.code(), Some(0), "it is read");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o666)).expect("chmod");
    let output = test();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stderr(&output).contains("may be written to by others"), "{output:?}");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).expect("chmod");
    fs::set_permissions(tools.context.work(), fs::Permissions::from_mode(0o1777)).expect("chmod");
    assert!(stderr(&test()).contains("the folder that it lies in"));
    fs::set_permissions(tools.context.work(), fs::Permissions::from_mode(0o755)).expect("chmod");
    if !is_root() {
        return skipped("settings of another user", "only root can make a file of somebody else");
    }
    std::os::unix::fs::chown(&settings, Some(65534), Some(65534)).expect("chown");
    let output = test();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stderr(&output).contains("belongs to another user"), "{output:?}");
}

#[test]
fn what_native_programs_leave_behind_ends_with_the_session() {
    let tools = Tools::new();
    tools.shell("tool");
    let line = "tool -c 'setsid sleep 1000 & echo $! > one; sleep 1000 & echo $! > two; trap \"\" TERM; echo $$ > three; \
                sleep 1000' & while ! [ -s three ]; do sleep 0.01; done";
    let pids =
        || ["one", "two", "three"].map(|name| fs::read_to_string(tools.context.work().join(name)).expect("a number"));
    // Whoever holds a pipe of the session's is waited for, so there is none.
    let quiet = |options: &[&str], line: &str| {
        let mut command = tools.command(options, line);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("waited for") {
                return status.code();
            }
            assert!(began.elapsed() < HANGS, "it hangs");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    assert_eq!(quiet(&["--allow-native", "tool"], line), Some(0));
    assert!(pids().iter().all(|pid| is_gone(pid)), "one goes on");
    // A time limit, and a host that is killed, end them too.
    let wait = line.replace("done", "done; echo ready; sleep 1000");
    assert_eq!(quiet(&["--allow-native", "tool", "--timeout", "3s"], &wait), Some(124));
    assert!(pids().iter().all(|pid| is_gone(pid)), "one goes on after --timeout");
    fs::remove_file(tools.context.work().join("three")).expect("removed");
    let mut command = tools.command(&["--allow-native", "tool"], &wait);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let began = Instant::now();
    while !fs::read(tools.context.work().join("three")).is_ok_and(|pid| pid.ends_with(b"\n")) {
        assert!(began.elapsed() < HANGS, "it hangs");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("waited for");
    assert!(pids().iter().all(|pid| is_gone(pid)), "one goes on after the host was killed");
}

#[test]
fn a_native_program_reaches_what_is_mounted_and_nothing_else() {
    let tools = Tools::new();
    tools.shell("tool");
    let secret = tools.context.home().join("secret");
    fs::write(&secret, "secret\n").expect("a file");
    fs::create_dir(tools.context.work().join("ro")).expect("a folder");
    tools.context.write("ro/data", "data\n");
    let folder = tools.context.work();
    fs::create_dir(folder.join("rw")).expect("a folder");
    let secret_path = secret.display();
    let line = format!(
        "cd rw; tool -c 'cat {secret_path}; echo x > {secret_path}; echo x > {home}/new; cat ../ro/data; echo x > ../ro/data; \
         echo fine > mine; cat mine; echo $HOME $TMPDIR; echo t > $TMPDIR/t; echo h > $HOME/h; ln -s {secret_path} link; cat link; \
         kill -0 $PPID && echo signalled'; cat /tmp/t",
        home = tools.context.home().display()
    );
    let output = tools.run(&["--dir", "rw", "--dir", "ro:ro", "--allow-native", "tool"], &line);
    let said = stdout(&output);
    assert!(said.starts_with("data\nfine\n") && said.ends_with("\nt\n"), "{output:?}");
    assert!(!said.contains("secret\n") && !said.contains("signalled"), "{output:?}");
    assert_eq!(fs::read_to_string(&secret).expect("there"), "secret\n");
    assert_eq!(fs::read_to_string(folder.join("ro/data")).expect("there"), "data\n");
    assert!(!tools.context.home().join("new").exists());
    // Free is free.
    let output = tools.run(&["--allow-native", "tool=free"], &format!("tool -c 'cat {secret_path}'"));
    assert_eq!(stdout(&output), "secret\n", "{output:?}");
}

#[test]
fn a_native_program_has_no_network() {
    let tools = Tools::new();
    if !Path::new("/usr/bin/perl").exists() {
        return skipped("no network", "there is no /usr/bin/perl");
    }
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let place = tools.context.work().join("socket");
    let _unix = UnixListener::bind(&place).expect("a socket");
    let program = format!(
        "use Socket; my ($t, $u, $x, $d, $e, $a, $b); \
         socket($t, PF_INET, SOCK_STREAM, 0) && connect($t, pack_sockaddr_in({}, inet_aton(\"127.0.0.1\"))) && print \"tcp\\n\"; \
         socket($u, PF_INET, SOCK_DGRAM, 0) && send($u, \"x\", 0, pack_sockaddr_in({}, inet_aton(\"127.0.0.1\"))) && print \"udp\\n\"; \
         socket($x, PF_UNIX, SOCK_STREAM, 0) && connect($x, pack_sockaddr_un(\"{}\")) && print \"unix\\n\"; \
         socketpair($d, $e, PF_UNIX, SOCK_DGRAM, 0) && print \"datagrams\\n\"; \
         socketpair($a, $b, PF_UNIX, SOCK_STREAM, 0) && print \"pair\\n\";",
        tcp.local_addr().expect("an address").port(),
        udp.local_addr().expect("an address").port(),
        place.display()
    );
    tools.context.write("net.pl", program);
    let output = tools.run(&["--allow-native", "perl"], "perl net.pl");
    assert_eq!(stdout(&output), "pair\n", "{output:?}");
    let output = tools.run(&["--allow-native", "perl=free"], "perl net.pl");
    assert_eq!(stdout(&output), "tcp\nudp\nunix\ndatagrams\npair\n", "the trial itself works: {output:?}");
}

#[test]
fn what_cannot_be_confined_is_refused() {
    let tools = Tools::new();
    tools.shell("tool");
    fs::create_dir_all(tools.context.work().join("rw/ro")).expect("folders");
    let nested = ["--dir", "rw", "--dir", "rw/ro:ro", "--allow-native", "tool"];
    let output = tools.run(&nested, "true");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("tool=free"), "{output:?}");
}

/// Runs a command as on a kernel without Landlock: it is told that there are no such calls.
fn without_landlock(mut command: Command) -> Output {
    use seccompiler::{SeccompAction, SeccompFilter, TargetArch};
    let calls = [libc::SYS_landlock_create_ruleset, libc::SYS_landlock_add_rule, libc::SYS_landlock_restrict_self];
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH).expect("a known processor");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).expect("a filter");
    let program: seccompiler::BpfProgram = filter.try_into().expect("a program");
    // A filter is of a thread, and of what it starts.
    let ended = std::thread::spawn(move || {
        seccompiler::apply_filter(&program).expect("applied");
        ends(&mut command)
    });
    ended.join().expect("it ends")
}

#[test]
fn a_kernel_that_cannot_confine_runs_only_what_is_free() {
    let tools = Tools::new();
    tools.shell("tool");
    let output = without_landlock(tools.command(&["--allow-native", "tool"], "tool -c 'echo ran'"));
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()), "{output:?}");
    let said = stderr(&output);
    assert!(said.contains("`tool` cannot be confined") && said.contains("`--allow-native tool=free`"), "{said}");
    let output = without_landlock(tools.command(&["--allow-native", "tool=free"], "tool -c 'echo ran'"));
    assert_eq!(stdout(&output), "ran\n", "{output:?}");
    // Guests need no Landlock.
    assert_eq!(stdout(&without_landlock(tools.command(&[], "echo fine | cat"))), "fine\n");
}

#[test]
fn what_is_said_of_native_programs_is_true() {
    let tools = Tools::new();
    tools.shell("tool");
    let overlay = tools.run(&["--dir", ".:overlay", "--allow-native", "tool"], "tool -c 'echo ran'");
    assert_eq!(overlay.status.code(), Some(126), "{overlay:?}");
    assert!(stderr(&overlay).contains("is an :overlay"), "{overlay:?}");
    let own = tools.run(&["--allow-native", "tool"], "cd /tmp && tool -c 'echo $PWD > here; echo ran' && cat here");
    assert!(stdout(&own).starts_with("ran\n"), "{own:?}");
    let missing = tools.run(&["--allow-native", "not-there"], "not-there");
    assert_eq!(missing.status.code(), Some(127), "{missing:?}");
    assert!(stderr(&missing).contains("command not found"), "{missing:?}");
    for list in ["tar,gzip", "*", "git=all"] {
        assert_eq!(tools.run(&["--allow-native", list], "true").status.code(), Some(2), "{list}");
    }
    // Whether the host has a program is not for guests to learn.
    tools.script("only-here", "#!/bin/sh\n");
    let said = |name: &str| stderr(&tools.run(&[], name)).replace(name, "NAME");
    assert_eq!(said("only-here"), said("nowhere-at-all"));
}

/// The host's `PATH`, where a program is in it.
fn real(tools: &Tools, name: &str, options: &[&str], line: &str) -> Option<Output> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = |folder: PathBuf| folder.join(name).is_file();
    if !std::env::split_paths(&path).any(there) {
        skipped(name, "it is not installed");
        return None;
    }
    let mut command: Command = tools.context.command([&["shell"], options, &["-c", line]].concat());
    Some(ends(command.env("PATH", AsRef::<OsStr>::as_ref(&path))))
}

#[test]
fn git_works_in_a_mounted_project() {
    let tools = Tools::new();
    tools.context.write("file", "text\n");
    let line = "git init -q . && git add file && git -c user.name=a -c user.email=a@b commit -qm first && echo more >> file \
                && git status --short && git log --format=%s && git diff --stat | cat";
    let Some(output) = real(&tools, "git", &["--allow-native", "git"], line) else { return };
    assert!(stdout(&output).starts_with(" M file\nfirst\n"), "{output:?}");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn cargo_builds_a_mounted_project() {
    let tools = Tools::new();
    fs::create_dir(tools.context.work().join("src")).expect("a folder");
    tools.context.write("src/main.rs", "fn main() { println!(\"built\"); }\n");
    tools
        .context
        .write("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n");
    let Some(output) = real(&tools, "cargo", &["--allow-native", "cargo"], "cargo run -q --offline") else { return };
    assert_eq!(stdout(&output), "built\n", "{output:?}");
}

#[test]
fn npm_runs_a_script_of_a_mounted_project() {
    let tools = Tools::new();
    let line = "npm init -y >/dev/null && npm pkg set scripts.hello='echo from npm' && npm run hello --silent";
    let Some(output) = real(&tools, "npm", &["--allow-native", "npm"], line) else { return };
    assert_eq!(stdout(&output), "from npm\n", "{output:?}");
}

#[test]
fn python_imports_from_a_mounted_project() {
    let tools = Tools::new();
    tools.context.write("mine.py", "WORD = 'imported'\n");
    let line = "python3 -c 'import json, subprocess, mine; print(mine.WORD); print(subprocess.run([\"echo\", \"sub\"], \
                capture_output=True).stdout)'";
    let Some(output) = real(&tools, "python3", &["--allow-native", "python3"], line) else { return };
    assert_eq!(stdout(&output), "imported\nb'sub\\n'\n", "{output:?}");
}

#[test]
fn what_native_programs_write_counts() {
    let tools = Tools::new();
    tools.script("talks", "#!/bin/sh\nhead -c 100000 /dev/zero\nhead -c 100000 /dev/zero >&2\n");
    tools.script("hears", "#!/bin/sh\ncat\n");
    let file = tools.context.work().join("output");
    let options = ["--allow-native=talks=free", "--allow-native=hears=free"];
    for script in ["talks", "talks | hears", "talks & wait", "echo from here; talks"] {
        let limits = [&options[..], &["--max-output=1000", "--report-file=report.json"]].concat();
        let to = fs::File::create(&file).expect("a file");
        // Not by `ends`, whose standard output is a pipe.
        let child = tools
            .command(&[&limits[..], &["--timeout=100s"]].concat(), script)
            .stdout(to)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.and_then(std::process::Child::wait_with_output).expect("it runs");
        assert_ne!(output.status.code(), Some(124), "{script}: {output:?}");
        let written = fs::read(&file).expect("the file").len();
        let heard = output.stderr.iter().filter(|byte| **byte == 0).count();
        assert!((900..=1000).contains(&(written + heard)), "{script}: {written} and {heard}");
        assert!(stderr(&output).contains("--max-output allows"), "{script}: {}", stderr(&output).replace('\0', ""));
        let report = fs::read(tools.context.work().join("report.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["limit"], "max-output", "{script}");
    }
    // Within the limit everything arrives, and standard input does as well.
    let mut command = tools.command(&[&options[..], &["--max-output=1000"]].concat(), "hears; echo after");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"said\n").expect("written");
    assert_eq!(stdout(&child.wait_with_output().expect("it ends")), "said\nafter\n");
}

#[test]
fn a_native_program_hears_that_nobody_reads_it_any_more() {
    let tools = Tools::new();
    tools.script("endless", "#!/bin/sh\nwhile echo y 2> /dev/null; do :; done\n");
    let output = tools.run(&["--allow-native=endless=free", "--timeout=100s"], "endless | head -n 1; echo after");
    assert_eq!(stdout(&output), "y\nafter\n", "{output:?}");
}

/// Everything about a file that can be changed without writing to it.
fn about(file: &Path) -> impl PartialEq + std::fmt::Debug {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(file).expect("it is there");
    let mut names = [0; 4096];
    let len = rustix::fs::llistxattr(file, &mut names[..]).unwrap_or(0);
    (found.mode(), found.uid(), found.gid(), found.mtime_nsec(), found.mtime(), names[..len].to_vec())
}

#[test]
fn a_native_program_changes_no_modes_owners_and_times_outside() {
    let tools = Tools::new();
    tools.shell("tool");
    for folder in ["rw", "ro"] {
        fs::create_dir(tools.context.work().join(folder)).expect("a folder");
    }
    tools.context.write("ro/data", "data\n");
    let outside = tools.context.home().join("victim");
    fs::write(&outside, "text\n").expect("a file");
    let folder = tools.context.home().join("folder");
    fs::create_dir(&folder).expect("a folder");
    let read_only = tools.context.work().join("ro/data");
    std::os::unix::fs::symlink(&outside, tools.context.work().join("rw/link")).expect("a link");
    let files = [&outside, &folder, &read_only, &tools.context.work().join("ro")];
    let before: Vec<_> = files.iter().map(|file| about(file)).collect();
    let paths = files.map(|file| file.display().to_string()).join(" ");
    let line = format!(
        "cd rw; tool -c 'for file in {paths} link /proc/self/cwd/link; do \
           chmod 4777 $file && echo changed $file; touch -d 2001-01-01 $file && echo touched $file; \
           touch -a $file && echo touched $file; chown 0:12345 $file && echo given $file; \
           if command -v setfattr >/dev/null; then setfattr -n user.evil -v x $file && echo marked $file; fi; done; \
           touch -h -d 2001-01-01 {victim} && echo touched; \
           if command -v perl >/dev/null; then perl -e \"open(F, q(<), q({data})) or die; chmod(0777, *F) and print 1; \
           utime(1, 1, *F) and print 2; chown(1, 1, *F) and print 3; chmod(0777, q({victim})) and print 4; \
           utime(1, 1, q({victim})) and print 5\"; fi; \
           if command -v python3 >/dev/null; then python3 -c \"
import os
for change in [lambda p: os.chmod(p, 0o777), lambda p: os.utime(p, (1, 1)), lambda p: os.setxattr(p, b\\\"user.evil\\\", b\\\"x\\\"),
               lambda p: os.lchown(p, 1, 1)]:
    for path in [\\\"{victim}\\\", \\\"{data}\\\", os.open(\\\"{data}\\\", os.O_RDONLY)]:
        try:
            change(path)
            print(\\\"python\\\", path)
        except OSError as error:
            pass
\"; fi; exec 3< {data}; chmod 777 /proc/self/fd/3 && echo by descriptor; chmod 777 /dev/fd/3 && echo by descriptor'",
        victim = outside.display(),
        data = read_only.display()
    );
    let output = tools.run(&["--dir", "rw", "--dir", "ro:ro", "--allow-native", "tool"], &line);
    assert_eq!(stdout(&output), "", "{output:?}");
    assert!(stderr(&output).contains("Operation not permitted"), "{output:?}");
    let after: Vec<_> = files.iter().map(|file| about(file)).collect();
    assert_eq!(before, after);
}

#[test]
fn a_native_program_changes_modes_and_times_of_what_is_mounted() {
    use std::os::unix::fs::MetadataExt as _;
    let tools = Tools::new();
    tools.shell("tool");
    let line = "tool -c 'set -e; echo x > file; chmod 750 file; touch -d @1000000000 file; ln -s file link; \
                touch -h -d @1000000001 link; mkdir folder; chmod 711 folder; cd folder; chmod 600 ../file; exec 3< ../file; \
                chmod 640 /proc/self/fd/3; chmod 644 /dev/fd/3; cp -p ../file copy; touch -d @1000000002 .; echo h > $HOME/h; chmod 600 $HOME/h; \
                if command -v python3 >/dev/null; then python3 -c \"import os
f = os.open(\\\"copy\\\", os.O_RDONLY)
os.fchmod(f, 0o604)
os.utime(f, (1000000003, 1000000003))
os.chown(\\\"copy\\\", os.getuid(), -1)
os.sched_setaffinity(os.getpid(), os.sched_getaffinity(0))
\"; else chmod 604 copy; touch -d @1000000003 copy; fi; echo all'";
    let output = tools.run(&["--allow-native", "tool"], line);
    assert_eq!(stdout(&output), "all\n", "{output:?}");
    let found = |name: &str| {
        let found = fs::symlink_metadata(tools.context.work().join(name)).expect("it is there");
        (found.mode() & 0o7777, found.mtime())
    };
    assert_eq!(found("file"), (0o644, 1_000_000_000));
    assert_eq!(found("link").1, 1_000_000_001);
    assert_eq!(found("folder"), (0o711, 1_000_000_002));
    assert_eq!(found("folder/copy"), (0o604, 1_000_000_003));
}

#[test]
fn a_native_program_reaches_no_other_processes() {
    let tools = Tools::new();
    if !Path::new("/usr/bin/python3").exists() {
        return skipped("other processes", "there is no /usr/bin/python3");
    }
    let mut other = Command::new("sleep").arg("1000").spawn().expect("it starts");
    let program = format!(
        "import ctypes, os, resource\n\
         libc = ctypes.CDLL(None, use_errno=True)\n\
         libc.shmat.restype = ctypes.c_void_p\n\
         pid = {pid}\n\
         buffer = ctypes.create_string_buffer(256)\n\
         buffer[0] = 1\n\
         def reaches(name, *args):\n    \
             if getattr(libc, name)(*args) != -1: print(name, args)\n\
         reaches('shmget', 4321, 4096, 0o1600)\n\
         reaches('semget', 4321, 1, 0o1600)\n\
         reaches('msgget', 4321, 0o1600)\n\
         reaches('inotify_init')\n\
         reaches('inotify_init1', 0)\n\
         reaches('setpriority', 0, pid, 19)\n\
         reaches('setpriority', 2, 0, 19)\n\
         reaches('setpriority', 1, os.getpgid(pid), 19)\n\
         reaches('prlimit', pid, 7, None, buffer)\n\
         reaches('sched_setaffinity', pid, 128, buffer)\n\
         reaches('sched_setscheduler', pid, 3, ctypes.create_string_buffer(8))\n\
         reaches('mq_open', b'/glowplug', 0o102, 0o600, None)\n\
         reaches('process_vm_readv', pid, None, 0, None, 0, 0)\n\
         for number in [251, 253, 272 + 166, 434, 440, 312, 321, 298, 323, 248, 249, 250, 300, 256, 279, 425]:\n    \
             if libc.syscall(number, pid, pid, 0, 0, 0, 0) != -1: print(number)\n    \
             elif ctypes.get_errno() not in (1, 13, 38): print(number, os.strerror(ctypes.get_errno()))\n\
         resource.prlimit(0, resource.RLIMIT_NOFILE, (64, 64))\n\
         resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE, (60, 60))\n\
         os.setpriority(os.PRIO_PROCESS, 0, 5)\n\
         os.sched_setaffinity(0, os.sched_getaffinity(0))\n\
         print('own')\n",
        pid = other.id()
    );
    tools.context.write("reach.py", program);
    let output = tools.run(&["--allow-native", "python3"], "python3 reach.py");
    other.kill().and_then(|()| other.wait()).expect("it ends");
    // The numbers are those of one processor.
    if cfg!(target_arch = "x86_64") {
        assert_eq!(stdout(&output), "own\n", "{output:?}");
    }
}

#[test]
fn a_native_program_writes_no_file_larger_than_what_is_left_of_the_disk() {
    let tools = Tools::new();
    tools.shell("tool");
    let line = "tool -c 'head -c 3000000 /dev/zero > big; head -c 3000000 /dev/zero > $TMPDIR/big; \
                head -c 3000000 /dev/zero > $HOME/big; head -c 100000 /dev/zero > small; wc -c < $TMPDIR/big; wc -c < $HOME/big'";
    let output = tools.run(&["--max-disk=1MB", "--allow-native", "tool"], line);
    let lens: Vec<u64> = stdout(&output).lines().map(|line| line.trim().parse().expect("a number")).collect();
    assert!(lens.len() == 2 && lens.iter().all(|len| *len <= 1_000_000), "{output:?}");
    let len = |name: &str| fs::metadata(tools.context.work().join(name)).expect("it is there").len();
    assert!(len("big") <= 1_000_000, "{output:?}");
    assert_eq!(len("small"), 100_000);
}
