//! Where a shell begins and what it sees there: a trial for each row of README's table of `--dir`, and what follows from the rule.

mod common;

use common::{Context, stderr, stdout};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A project in which one is, something beside it, and a link to it.
struct Trial {
    context: Context,
}

impl Trial {
    fn new() -> Self {
        let context = Context::new();
        for folder in ["in", "out", "rootfs/etc"] {
            fs::create_dir_all(context.work().join(folder)).expect("a folder");
        }
        context.write("in/i.txt", "input\n");
        context.write("notes", "not named\n");
        context.write("rootfs/etc/name", "another\n");
        context.write("build.sh", "echo \"$0 $*\"; pwd; cp in/i.txt out/o.txt && cat out/o.txt\n");
        fs::write(context.home().join("data"), "data\n").expect("a file");
        symlink(context.work(), context.home().join("link")).expect("a link");
        Self { context }
    }

    fn work(&self) -> PathBuf {
        self.context.work()
    }

    /// The other name of the project.
    fn link(&self) -> PathBuf {
        self.context.home().join("link")
    }

    /// Runs the shell in a folder that was entered by this name.
    fn run_in(&self, folder: &Path, args: &[&str]) -> Output {
        let mut command = self.context.command([&["shell"], args].concat());
        command.current_dir(folder).env("PWD", folder).output().expect("it starts")
    }

    /// What a script prints with these options. `WORK`, `HOME` and `LINK` stand for folders in all of them.
    fn says(&self, options: &[&str], script: &str) -> String {
        let (options, script) = (self.spelled(options), self.spell(script));
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let output = self.run_in(&self.work(), &[&options[..], &["-c", &script]].concat());
        assert!(output.status.success(), "{options:?} {script}: {output:?}");
        self.hidden(&stdout(&output))
    }

    fn spell(&self, text: &str) -> String {
        let names = [("LINK", self.link()), ("WORK", self.work()), ("HOME", self.context.home())];
        names.iter().fold(text.to_owned(), |text, (name, path)| text.replace(name, &path.display().to_string()))
    }

    fn spelled(&self, options: &[&str]) -> Vec<String> {
        options.iter().map(|option| self.spell(option)).collect()
    }

    fn hidden(&self, text: &str) -> String {
        let names = [("LINK", self.link()), ("WORK", self.work()), ("HOME", self.context.home())];
        names.iter().fold(text.to_owned(), |text, (name, path)| text.replace(&path.display().to_string(), name))
    }
}

/// The first cells of README's table, each with a script and what it prints.
const ROWS: [(&str, &[&str], &str, &str); 9] = [
    (
        "nothing",
        &[],
        "pwd; cat notes; echo new > made && ls",
        "WORK\nnot named\nbuild.sh\nin\nmade\nnotes\nout\nrootfs\n",
    ),
    (
        "`--dir in:ro --dir out`",
        &["--dir", "in:ro", "--dir", "out"],
        "pwd; ls; ls in; cp in/i.txt out/ && cat out/i.txt; cat notes 2>/dev/null || echo none; \
         (echo x > made) 2>/dev/null || echo no; (echo x > in/made) 2>/dev/null || echo no",
        "WORK\nin\nout\ni.txt\ninput\nnone\nno\nno\n",
    ),
    ("`--dir /data`", &["--dir", "HOME"], "pwd; ls; cat HOME/data", "WORK\ndata\n"),
    (
        "`--dir . --dir in:ro`",
        &["--dir", ".", "--dir", "in:ro"],
        "pwd; echo x > made && (echo x > in/made) 2>/dev/null || echo no",
        "WORK\nno\n",
    ),
    ("`--dir ..`", &["--dir", ".."], "pwd; ls ..", "WORK\nhome\nwork\n"),
    ("`--dir .::/src`", &["--dir", ".::/src"], "pwd; ls in; ls WORK 2>/dev/null || echo none", "/src\ni.txt\nnone\n"),
    ("`--dir rootfs::/`", &["--dir", "rootfs::/"], "pwd; cat etc/name", "/\nanother\n"),
    (
        "`--dir LINK`",
        &["--dir", "LINK"],
        "pwd; cat LINK/notes; readlink LINK; cd LINK/in && pwd; pwd -P; (rm LINK) 2>/dev/null || echo stays",
        "WORK\nnot named\nWORK\nLINK/in\nWORK/in\nstays\n",
    ),
    ("`--dir in FILE`", &["--dir", "in"], "pwd", "WORK\n"),
];

#[test]
fn each_row_of_the_table() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let table = readme.lines().skip_while(|line| !line.starts_with("| `--dir`")).skip(2);
    let first: Vec<&str> = table.map_while(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    assert_eq!(first, ROWS.map(|(row, ..)| row), "each row has a trial");
    for (row, options, script, expected) in ROWS {
        assert_eq!(Trial::new().says(options, script), expected, "{row}");
    }
}

#[test]
fn a_script_is_read_whatever_is_mounted() {
    let trial = Trial::new();
    let dirs = ["--dir", "in:ro", "--dir", "out"];
    let run = |script: &str, args: &[&str]| trial.run_in(&trial.work(), &[&dirs[..], &[script], args].concat());
    let work = trial.work();
    let absolute = work.join("build.sh").display().to_string();
    for name in ["build.sh", "./build.sh", "in/../build.sh", &absolute] {
        let output = run(name, &["a", "b"]);
        let expected = format!("{name} a b\n{}\ninput\n", work.display());
        assert_eq!(stdout(&output), expected, "{output:?}");
    }
    // It alone, for reading alone; it can be run again, and read as often as one likes.
    trial.context.write(
        "self.sh",
        "#!/usr/bin/bash\n[ \"$1\" = again ] && { echo again; exit; }\nls\ncat notes\n(echo x >> \"$0\")\nwc -l < \"$0\"\n./self.sh again\n. ./self.sh again\n",
    );
    fs::set_permissions(work.join("self.sh"), fs::Permissions::from_mode(0o755)).expect("it may be run");
    let output = run("self.sh", &[]);
    assert_eq!(stdout(&output), "in\nout\nself.sh\n8\nagain\nagain\n", "{output:?}");
    assert!(stderr(&output).contains("cat: notes: No such file"), "{output:?}");
    // From beside the project, from the real /tmp, and from a pipe.
    fs::write(trial.context.home().join("far.sh"), "echo far\n").expect("a script");
    for name in ["../home/far.sh", &trial.spell("HOME/far.sh")] {
        let output = run(name, &[]);
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("far\n", Some(0)), "{output:?}");
    }
    let mut command = std::process::Command::new("/bin/bash");
    command.args(["-c", "\"$0\" shell --dir in <(echo 'echo from a pipe')", env!("CARGO_BIN_EXE_glowplug")]);
    let output = command.env("HOME", trial.context.home()).current_dir(&work).output().expect("bash");
    assert_eq!(stdout(&output), "from a pipe\n", "{output:?}");
    // With what is wrong said as bash says it.
    for (name, code) in [("none.sh", 127), ("rootfs", 126)] {
        let output = run(name, &[]);
        assert_eq!(output.status.code(), Some(code), "{name}");
        assert!(!stderr(&output).contains("--allow-native") && !stderr(&output).contains("--dir"), "{output:?}");
    }
    // A program, or what a PATH of the user's has, is found as ever.
    fs::write(trial.work().join("in/tool"), "echo tool\n").expect("a script");
    let path = format!("PATH={}", trial.work().join("in").display());
    let output = trial.run_in(&trial.work(), &["--dir", "in", "--env", &path, "tool"]);
    assert_eq!(stdout(&output), "tool\n", "{output:?}");
    // What the shell has under that name stays its own.
    trial.context.write("stdin.sh", "");
    assert_eq!(run("/usr/bin/ls", &[]).status.code(), Some(126));
}

#[test]
fn a_folder_that_was_entered_through_a_link() {
    let trial = Trial::new();
    let says = |options: &[&str], script: &str| {
        let script = trial.spell(script);
        let output = trial.run_in(&trial.link(), &[options, &["-c", &script]].concat());
        trial.hidden(&stdout(&output))
    };
    for (options, script, expected) in [
        (
            &[][..],
            "pwd; pwd -P; cat LINK/notes WORK/notes; echo x > made; cat LINK/made",
            "LINK\nWORK\nnot named\nnot named\nx\n",
        ),
        (
            &["--dir", "in:ro", "--dir", "out"],
            "pwd; ls; cp in/i.txt LINK/out/ && cat WORK/out/i.txt",
            "LINK\nin\nout\ninput\n",
        ),
        (&["--dir", ".::/src"], "pwd", "/src\n"),
        // Something else at that name hides it.
        (&["--dir", "in", "--dir", &format!("rootfs::{}", trial.link().display())], "pwd; ls LINK/etc", "WORK\nname\n"),
    ] {
        assert_eq!(says(options, script), expected, "{options:?}");
    }
    let output = trial.run_in(&trial.link(), &["--dir", "in", "--dir", "out", "build.sh"]);
    assert_eq!(trial.hidden(&stdout(&output)), "build.sh \nLINK\ninput\n", "{output:?}");
    // A PWD that leads elsewhere is not believed.
    let mut command = trial.context.command(["shell", "-c", "pwd"]);
    let output = command.env("PWD", trial.context.home()).output().expect("it starts");
    assert_eq!(trial.hidden(&stdout(&output)), "WORK\n");
}

#[test]
fn native_programs_work_where_one_is() {
    let trial = Trial::new();
    let options = ["--dir", "in:ro", "--dir", "out", "--allow-native", "/bin/sh"];
    let script = "sh -c 'pwd' >/dev/null; /bin/sh -c 'cat in/i.txt; cat notes; echo x > out/x; echo y > y'; cat out/x";
    let output = trial.run_in(&trial.work(), &[&options[..], &["-c", script]].concat());
    assert_eq!(stdout(&output), "input\nx\n", "{output:?}");
    assert!(!trial.work().join("y").exists());
}
