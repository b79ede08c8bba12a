//! What the user is told of refusals: once for each rule, truly, with an option that helps; and nothing of what a program can do
//! without, or of what its script sent elsewhere.

mod common;

use common::{Context, stderr, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

/// A script in whose text `OUT` stands for a folder that is not mounted.
struct Row {
    script: &'static str,
    /// What is said of it.
    hints: &'static [&'static str],
    /// What it prints once it is run with the options that the hints name. Nothing if no option is named.
    then: Option<&'static str>,
}

const fn row(script: &'static str, hints: &'static [&'static str], then: Option<&'static str>) -> Row {
    Row { script, hints, then }
}

const READ_FILE: &str = "`OUT/file` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there";

const ROWS: &[Row] = &[
    // Whichever call meets it.
    row("cat OUT/file", &[READ_FILE], Some("text\n")),
    row("head -1 OUT/file", &[READ_FILE], Some("text\n")),
    row("wc -c < OUT/file", &[READ_FILE], Some("5\n")),
    row("read line < OUT/file && echo $line", &[READ_FILE], Some("text\n")),
    row("stat -c %s OUT/file", &[READ_FILE], Some("5\n")),
    row("ls OUT/file | wc -l", &[READ_FILE], Some("1\n")),
    row("cp OUT/file copy && cat copy && rm copy", &[READ_FILE], Some("text\n")),
    row("grep -c text OUT/file", &[READ_FILE], Some("1\n")),
    row("cd sub && cat ../../home/out/file", &[READ_FILE], Some("text\n")),
    row("cat link", &[READ_FILE], Some("text\n")),
    row("(cat OUT/file)", &[READ_FILE], Some("text\n")),
    row("f=fi; f+=le; cat OUT/$f", &[READ_FILE], Some("text\n")),
    row(
        "cat OUT/*le",
        &["`OUT/*le` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there"],
        Some("text\n"),
    ),
    row(
        ". OUT/lib.sh",
        &["`OUT/lib.sh` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there"],
        Some("sourced\n"),
    ),
    row(
        "cd OUT/d && basename $PWD",
        &["`OUT/d` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there"],
        Some("d\n"),
    ),
    row(
        "find OUT/d -name inner | wc -l",
        &["`OUT/d` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there"],
        Some("1\n"),
    ),
    row(
        "OUT/lib.sh",
        &["`OUT/lib.sh` is not mounted; `--dir . --dir OUT:ro` would let it run if it is a script or WebAssembly, \
           `--allow-native OUT/lib.sh` if it is a native program"],
        Some("sourced\n"),
    ),
    // Writing needs another rule than reading.
    row(
        "echo x > OUT/new && cat OUT/new",
        &["`OUT/new` is not mounted; `--dir . --dir OUT:rw` would allow writing it"],
        Some("x\n"),
    ),
    row(
        "touch OUT/new && ls OUT/new | wc -l",
        &["`OUT/new` is not mounted; `--dir . --dir OUT:rw` would allow writing it"],
        Some("1\n"),
    ),
    row(
        "mkdir OUT/made && rmdir OUT/made && echo made",
        &["`OUT/made` is not mounted; `--dir . --dir OUT:rw` would allow writing it"],
        Some("made\n"),
    ),
    row(
        "echo y > OUT/one; echo z > OUT/two; cat OUT/two",
        &[
            "`OUT/one` is not mounted; `--dir . --dir OUT:rw` would allow writing it",
            "`OUT/two` is not mounted; `--dir . --dir OUT:ro` would allow reading it, if it is there",
        ],
        Some("z\n"),
    ),
    // Once.
    row("cat OUT/file; cat OUT/file; cat OUT/other; (cat OUT/file); true", &[READ_FILE], None),
    // What a program looks for, and what was sent elsewhere.
    row(
        "cat OUT/file 2>/dev/null; cat 2>/dev/null < OUT/file; cd OUT 2>/dev/null; . OUT/lib.sh 2>/dev/null; true",
        &[],
        None,
    ),
    row("{ cat OUT/file; cd OUT; echo x > OUT/new; git; OUT/lib.sh; } 2>/dev/null; true", &[], None),
    row("cat OUT/file > log 2>&1; cat OUT/file 2>&1 | cat; x=$(cat OUT/file 2>&1); rm log", &[], None),
    row("exec 2>/dev/null; cat OUT/file; git; cd OUT", &[], None),
    row(
        "[ -f OUT/file ]; test -d OUT; [[ -e OUT/file ]]; env test -e OUT/file; for f in OUT/*; do :; done; true",
        &[],
        None,
    ),
    row("[ -f OUT/file ] && . OUT/file; echo 'something else' >&2; false", &[], None),
    row("uname -n; hostname; echo ~root; id; date; whoami; true", &[], None),
    row("PATH=OUT:$PATH; true; command -v git; type git 2>/dev/null; hash git 2>/dev/null; true", &[], None),
    row("rm -f OUT/file; mkdir -p sub; cat none; ls nothing; cat /tmp/none; true", &[], None),
    // Commands.
    row(
        "git --version",
        &["`git` is not among the shell's programs; `--allow-native git` would run this machine's, if it has one"],
        None,
    ),
    row(
        "gerp x file; env gerp",
        &[
            "`gerp` is not among the shell's programs; did you mean `grep`? `--allow-native gerp` would run this machine's, \
           if it has one",
        ],
        None,
    ),
    row(
        "tool-of-the-host",
        &["`tool-of-the-host` is not among the shell's programs; `--allow-native tool-of-the-host` would run this \
           machine's, if it has one"],
        Some("native\n"),
    ),
    row(
        "env tool-of-the-host; tool-of-the-host; xargs tool-of-the-host < /dev/null",
        &["`tool-of-the-host` is not among the shell's programs; `--allow-native tool-of-the-host` would run this \
           machine's, if it has one"],
        Some("native\nnative\nnative\n"),
    ),
    row(
        "./interpreted",
        &["`tool-of-the-host` is not among the shell's programs; `--allow-native tool-of-the-host` would run this \
           machine's, if it has one"],
        Some("native\n"),
    ),
    row("'a,b'", &["`a,b` is not among the shell's programs; `ls /usr/bin` lists them"], None),
];

/// A folder that is mounted by default, and one beside it that is not.
struct Trial {
    context: Context,
    out: String,
}

impl Trial {
    fn new() -> Self {
        let context = Context::new();
        let out = context.home().join("out");
        for folder in [out.join("d"), out.join("bin"), context.work().join("sub")] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let executable = |name: &str, text: &str| {
            let path = context.home().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        };
        fs::write(out.join("file"), "text\n").expect("a file");
        fs::write(out.join("d/inner"), "").expect("a file");
        executable("out/lib.sh", "echo sourced\n");
        executable("out/bin/tool-of-the-host", "#!/bin/sh\necho native\n");
        executable("../work/interpreted", "#!/usr/bin/tool-of-the-host\n");
        std::os::unix::fs::symlink(out.join("file"), context.work().join("link")).expect("a link");
        let out = out.display().to_string();
        Self { context, out }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.context.command(args);
        command.env("PATH", format!("{}/bin:/usr/bin:/bin", self.out));
        command
    }

    /// `glowplug shell` with a script: as an argument, from a file, and from standard input.
    fn runs(&self, options: &[&str], script: &str) -> [Output; 3] {
        let file = self.context.write("script.sh", script);
        let with = |rest: &[&str]| self.command(&[&["shell"], options, rest].concat());
        let mut piped = with(&[]);
        piped.stdin(fs::File::open(&file).expect("the script"));
        [with(&["-c", script]), with(&["script.sh"]), piped].map(|mut command| command.output().expect("it starts"))
    }

    fn shown(&self, output: &Output) -> Vec<String> {
        let said = stderr(output).replace(&self.out, "OUT");
        said.lines().filter_map(|line| line.strip_prefix("glowplug: ")).map(str::to_owned).collect()
    }
}

/// The options that a hint names.
fn options(hint: &str) -> Vec<String> {
    let named = hint.split('`').skip(1).step_by(2).filter(|part| part.starts_with("--"));
    named.take(1).flat_map(|part| part.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn each_refusal_is_told_once_and_its_option_helps() {
    let trial = Trial::new();
    for Row { script, hints, then } in ROWS {
        let script = script.replace("OUT", &trial.out);
        for output in trial.runs(&[], &script) {
            assert_eq!(trial.shown(&output), *hints, "{script}: {output:?}");
        }
        let Some(then) = then else { continue };
        let options: Vec<String> = hints
            .last()
            .into_iter()
            .flat_map(|hint| options(hint))
            .map(|word| word.replace("OUT", &trial.out))
            .collect();
        // What has to be written has to be allowed first of all.
        let options = match hints.first().filter(|_| hints.len() > 1) {
            Some(first) => self::options(first).iter().map(|word| word.replace("OUT", &trial.out)).collect(),
            None => options,
        };
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        for made in ["new", "one", "two"] {
            let made = format!("{}/{made}", trial.out);
            let _ = fs::remove_file(&made);
        }
        for (at, output) in trial.runs(&options, &script).iter().enumerate() {
            assert_eq!(stdout(output), *then, "{options:?} {at} {script}: {output:?}");
            assert_eq!(trial.shown(output), [""; 0], "{options:?} {at} {script}: {output:?}");
        }
    }
}

#[test]
fn a_message_comes_before_its_hint() {
    let trial = Trial::new();
    for (script, code) in [("git", 127), ("env git", 127), ("cat /etc/passwd", 1), ("cd /etc", 1)] {
        let output = trial.command(&["shell", "-c", script]).output().expect("it starts");
        let said = stderr(&output);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{script}: {said}");
        assert!(!lines[0].starts_with("glowplug:") && lines[1].starts_with("glowplug:"), "{script}: {said}");
        assert_eq!(output.status.code(), Some(code), "{script}: {output:?}");
    }
}

#[test]
fn a_rule_that_was_given_is_named_to_be_given_otherwise() {
    let trial = Trial::new();
    let work = trial.context.work().display().to_string();
    for (line, name) in [("echo x > sub/f", "f"), ("touch sub/g", "g"), ("mkdir sub/h", "h"), ("ln -s file sub/i", "i")]
    {
        let line = format!("cd '{work}'; {line}");
        let mount = format!("{work}/sub");
        let run = |sub: &str| {
            let args = ["shell", "--dir", ".", "--dir", sub, "-c", &line];
            trial.command(&args).output().expect("it starts")
        };
        let output = run("sub:ro");
        let expected = format!("`{mount}` is mounted read-only; `--dir {mount}:rw` would allow it");
        assert_eq!(trial.shown(&output), [expected], "{line}: {output:?}");
        assert_eq!(trial.shown(&run(&format!("{mount}:rw"))), [""; 0], "{line}");
        assert!(fs::symlink_metadata(format!("{mount}/{name}")).is_ok(), "{line}");
    }
}

#[test]
fn a_native_program_by_its_path() {
    let trial = Trial::new();
    let tool = format!("{}/bin/tool", trial.out);
    fs::copy("/bin/sh", &tool).expect("a copy");
    fs::copy("/bin/sh", trial.context.work().join("sub/tool")).expect("a copy");
    let work = trial.context.work().display().to_string();
    // Where nothing is mounted.
    let line = format!("{tool} -c 'echo ran'");
    let output = trial.command(&["shell", "--allow-native", &tool, "-c", &line]).output().expect("it starts");
    assert_eq!(stdout(&output), "ran\n", "{output:?}");
    // By its name, as well.
    let output = trial.command(&["shell", "--allow-native", &tool, "-c", "tool -c 'echo ran'"]).output();
    assert_eq!(stdout(&output.expect("it starts")), "ran\n");
    // In a mounted folder.
    let line = "./sub/tool -c 'echo ran'";
    let output = trial.command(&["shell", "-c", line]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    let hint = trial.shown(&output);
    assert_eq!(
        hint,
        [format!(
            "`{work}/sub/tool` is a native program, which does not run here; `--dir {work}:ro --allow-native \
             {work}/sub/tool` would let it run, where guests cannot write to it"
        )]
    );
    let options = options(&hint[0]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let output = trial.command(&[&["shell"], &options[..], &["-c", line]].concat()).output().expect("it starts");
    assert_eq!(stdout(&output), "ran\n", "{output:?}");
    let output = trial.command(&["shell", "--dir", ".:ro", "-c", line]).output().expect("it starts");
    let hint = trial.shown(&output);
    assert_eq!(hint.len(), 1, "{hint:?}");
    assert!(hint[0].ends_with(&format!("`--allow-native {work}/sub/tool` would let it run")), "{hint:?}");
    // Relative to where the program was started.
    let output = trial
        .command(&["shell", "--dir", ".:ro", "--allow-native", "./sub/tool", "-c", line])
        .output()
        .expect("it starts");
    assert_eq!(stdout(&output), "ran\n", "{output:?}");
    // Not past a redirection.
    let output = trial.command(&["shell", "-c", &format!("{line} 2>/dev/null")]).output().expect("it starts");
    assert_eq!(trial.shown(&output), [""; 0], "{output:?}");
}

#[test]
fn a_path_of_guests_is_none_for_a_native_program() {
    let trial = Trial::new();
    let out = &trial.out;
    let mount = format!("{out}::/elsewhere");
    let tool = format!("{out}/../tool2");
    fs::write(&tool, "#!/bin/sh\nexec cat \"$@\"\n").expect("a file");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("executable");
    let with = |line: &str| {
        let args = ["shell", "--dir", &mount, "--dir", ".", "--allow-native", &tool, "-c", line];
        trial.command(&args).output().expect("it starts")
    };
    let output = with("tool2 /elsewhere/file");
    let hint = trial.shown(&output);
    assert_eq!(hint.len(), 1, "{output:?}");
    assert!(hint[0].starts_with("`tool2` runs on this machine itself, where `/elsewhere/file` is not"), "{hint:?}");
    let output = with("cd /elsewhere && tool2 file");
    assert_eq!(stdout(&output), "text\n", "{output:?}");
    assert_eq!(trial.shown(&with("tool2 /elsewhere/file 2>/dev/null")), [""; 0]);
}

/// A module that looks for its folders when its work has begun, as newer wasi-libc does when a path is used, and fails.
const LOOKS: &str = r#"(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $args (i32.const 0) (i32.const 8)))
    (drop (call $prestat (i32.const 3) (i32.const 16)))
    (call $exit (i32.const 1))))
"#;

/// What plain runs, those with the call cache, and components say.
#[test]
fn a_program_that_is_given_no_folder() {
    let context = Context::new();
    context.write("in.txt", "text\n");
    fs::create_dir(context.work().join("sub")).expect("a folder");
    context.write("sub/in.txt", "text\n");
    let (module, component) = (context.probe(), context.probe_component());
    context.write("looks.wat", LOOKS);
    let cannot = |path: &str, why: &str, dir: &str| {
        vec![format!("glowplug: the program cannot see `{path}`, because {why}; `--dir {dir}` would let it")]
    };
    let nothing = "nothing is mounted";
    let elsewhere = "it lies in no mounted folder";
    let rows: [(&[&str], &[&str], Vec<String>); 7] = [
        (&[], &["cat", "in.txt"], cannot("in.txt", nothing, ".")),
        (&[], &["cat", "sub/in.txt"], cannot("sub/in.txt", nothing, "sub")),
        (&["--dir", "sub"], &["cat", "in.txt"], cannot("in.txt", elsewhere, ".")),
        (&["--dir", "sub"], &["cat", "sub/in.txt"], vec![]),
        (&["--dir", "."], &["cat", "none.txt"], vec![]),
        (&[], &["exit", "3"], vec![]),
        (&[], &["args", "in.txt"], vec![]),
    ];
    let said = |options: &[&str], program: &str, args: &[&str]| {
        let output = context.run([&["run"], options, &[program], args].concat());
        let said: Vec<String> =
            stderr(&output).lines().filter(|line| line.starts_with("glowplug:")).map(str::to_owned).collect();
        (said, output)
    };
    let ways: [&[&str]; 2] = [&[], &["--call-cache", "on"]];
    for way in ways {
        for program in [module, component] {
            for (options, args, hints) in &rows {
                let options = [way, *options].concat();
                let (found, output) = said(&options, program, args);
                assert_eq!(found, *hints, "{options:?} {program} {args:?}: {output:?}");
                for hint in hints {
                    let dir = self::options(hint);
                    let options: Vec<&str> = options.iter().copied().chain(dir.iter().map(String::as_str)).collect();
                    let (found, output) = said(&options, program, args);
                    assert_eq!((found, stdout(&output)), (vec![], "text\n".to_owned()), "{options:?} {output:?}");
                }
            }
        }
        // No argument names a file that is there, but it looked which folders it has.
        let (found, output) = said(way, "looks.wat", &["none.txt"]);
        assert!(found.len() == 1 && found[0].contains("the program finds no files"), "{found:?} {output:?}");
        let (found, output) = said(&[way, &["--dir", "."]].concat(), "looks.wat", &["none.txt"]);
        assert_eq!(found, [""; 0], "{output:?}");
    }
}
