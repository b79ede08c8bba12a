//! First steps: what somebody types who has read little, and what `-v` tells of it.

mod common;

use common::{Context, stderr, stdout};
use std::fs;
use std::process::Output;

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn help_is_a_command_too() {
    let context = Context::new();
    for (short, long) in [
        (&["help"][..], &["--help"][..]),
        (&["help", "run"], &["run", "--help"]),
        (&["help", "cache", "why"], &["cache", "why", "--help"]),
    ] {
        let output = context.run(short);
        assert_eq!((code(&output), stdout(&output)), (Some(0), stdout(&context.run(long))), "{short:?}");
    }
}

#[test]
fn a_program_or_a_command_line_needs_no_command() {
    let context = Context::new();
    let probe = context.probe();
    context.write("in.txt", "text\n");
    context.write("mod.wat", "(module (func (export \"_start\")))");
    for args in [&[probe, "cat", "in.txt"][..], &["--dir", ".", probe, "cat", "in.txt"], &["mod.wat"]] {
        let mut command = context.command(args);
        let output = command.env("GLOWPLUG_TIERING", "off").output().expect("it starts");
        let mut run = vec!["run"];
        run.extend(args);
        let expected = context.run(run);
        assert_eq!((code(&output), stdout(&output)), (code(&expected), stdout(&expected)), "{args:?} {output:?}");
    }
    let output = context.run(["-c", "echo $0 $1", "name", "one"]);
    assert_eq!(stdout(&output), "name one\n", "{output:?}");
    let output = context.run(["-ec", "false; echo no"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (Some(1), ""), "{output:?}");
}

#[test]
fn slips_are_told() {
    let context = Context::new();
    context.write("script.sh", "echo x\n");
    for (args, told) in [
        (&["rnu", "app.wasm"][..], "did you mean `run`?"),
        (&["help", "rnu"], "did you mean `run`?"),
        (&["script.sh"], "`glowplug shell script.sh` runs it as a script"),
        (&["quux"], "commands are: shell, run, test"),
        (&["shell", "--tiemout", "5", "-c", "ls"], "did you mean `--timeout`?"),
        (&["shell", "-e", "--timeout", "5", "-c", "ls"], "write `--timeout` in front of `-e`"),
        (&["shell", "--nonsense-at-all", "-c", "ls"], "`glowplug shell --help` lists"),
        (&["run", "--timeuot", "5", "app.wasm"], "'--timeout'"),
    ] {
        let output = context.run(args);
        assert_eq!(code(&output), Some(2), "{args:?} {output:?}");
        assert!(stderr(&output).contains(told), "{args:?} {output:?}");
        assert!(!stderr(&output).contains("as a value, use '--"), "{args:?} {output:?}");
    }
    // Bash's own stay the shell's, and what follows FILE or -c a script's.
    for args in
        [&["shell", "--posix", "-c", "echo $1", "x", "--tiemout"][..], &["shell", "--norc", "script.sh", "--tiemout"]]
    {
        assert_eq!(code(&context.run(args)), Some(0), "{args:?}");
    }
    context.configure("max-sise = \"1GiB\"\n");
    let output = context.run(["config"]);
    assert!(stderr(&output).contains("`max-sise` is no setting; did you mean `max-size`?"), "{output:?}");
}

#[test]
fn options_of_wasmtime_are_read_or_told() {
    let context = Context::new();
    let probe = context.probe();
    context.write("in.txt", "text\n");
    let run = |options: &[&str], args: &[&str]| context.run([&["run"], options, &[probe], args].concat());
    let output = run(&["--mapdir", "/x::."], &["cat", "/x/in.txt"]);
    assert_eq!(stdout(&output), "text\n", "{output:?}");
    let output = run(&["-W", "timeout=200ms,simd", "-S", "cli", "-C", "cache=y"], &["spin"]);
    assert_eq!(code(&output), Some(124), "{output:?}");
    assert_eq!(stderr(&output).lines().count(), 1, "{output:?}");
    let mut command = context.command(["run", "-S", "inherit-env", probe, "env"]);
    let output = command.env("OF_MINE", "seen").output().expect("it starts");
    assert!(stdout(&output).contains("seen"), "{output:?}");
    let output = run(&["-O", "opt-level=0"], &["exit", "3"]);
    assert_eq!((code(&output), stderr(&output).lines().count()), (Some(3), 1), "{output:?}");
    for (options, instead) in [
        (["-S", "http"], "programs have no network"),
        (["-W", "fuel=10"], "--cpu-time"),
        (["-D", "coredump=x"], "backtrace"),
        (["--preload", "a=b"], "link the modules"),
    ] {
        let output = run(&options, &["exit", "0"]);
        assert!(code(&output) == Some(2) && stderr(&output).contains(instead), "{options:?} {output:?}");
    }
    // Behind FILE they are the program's.
    assert_eq!(code(&run(&[], &["args", "-W", "x"])), Some(0));
}

#[test]
fn verbose_says_what_was_done() {
    let context = Context::new();
    let probe = context.probe();
    let said = || stderr(&context.run(["run", "-v", probe, "exit", "0"]));
    let first = said();
    assert!(first.starts_with("glowplug: probe.wasm: compiled in ") && first.contains("never seen before"), "{first}");
    let second = said();
    assert!(second.starts_with("glowplug: probe.wasm: its native code was in the cache"), "{second}");
    let mut spoilt = 0;
    for file in common::files(&context.store()) {
        let path = context.store().join(&file);
        if fs::metadata(&path).is_ok_and(|found| found.len() > 10_000) {
            let mut bytes = fs::read(&path).expect("an artifact");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::remove_file(&path).expect("removed");
            fs::write(&path, bytes).expect("written");
            spoilt += 1;
        }
    }
    assert!(spoilt > 0);
    let third = said();
    assert!(third.contains("compiled in ") && third.contains("is not used"), "{third}");
    assert_eq!(stderr(&context.run(["run", probe, "exit", "0"])), "");
}

#[test]
fn several_are_asked_about_at_once() {
    let context = Context::new();
    context.write("a.wat", "(module)");
    context.write("b.wat", "(module (memory 1))");
    assert_eq!(code(&context.run(["cache", "warm", "a.wat"])), Some(0));
    let output = context.run(["cache", "why", "a.wat", "b.wat", "none.wat"]);
    assert_eq!(code(&output), Some(1));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with("a.wat: hit") && lines[1].starts_with("b.wat: miss"),
        "{output:?}"
    );
    assert!(stderr(&output).contains("none.wat"), "{output:?}");
    // What `ls` prints can be given to `clear`.
    let key = context.json(["cache", "ls", "--json"])[0]["key"]["module"].as_str().expect("a digest").to_owned();
    let output = context.run(["cache", "clear", &key[..8]]);
    assert_eq!(code(&output), Some(0), "{output:?}");
    assert_eq!(code(&context.run(["cache", "why", "a.wat"])), Some(1));
    let output = context.run(["cache", "clear", "00000000"]);
    assert!(code(&output) == Some(1) && stderr(&output).contains("`glowplug cache ls` lists"), "{output:?}");
}

#[test]
fn a_call_is_asked_about_by_its_program() {
    let context = Context::new();
    let probe = context.probe();
    assert_eq!(code(&context.run(["run", "--call-cache", "on", probe, "exit", "0"])), Some(0));
    for name in [probe, &format!("./{probe}")] {
        let output = context.run(["cache", "calls", "why", name]);
        assert!(code(&output) == Some(0) && stdout(&output).contains("would be replayed"), "{output:?}");
    }
    assert_eq!(code(&context.run(["cache", "calls", "why", "other.wasm"])), Some(1));
    let output = context.run(["run", "--cacheable", probe, "exit", "0"]);
    assert!(stderr(&output).contains("add `--call-cache explicit`"), "{output:?}");
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let context = Context::new();
    let text = "(module (func (export \"wizer-initialize\")))";
    context.write("init.wat", text);
    for output in ["init.wat", "./init.wat"] {
        let output = context.run(["snapshot", "init.wat", "-o", output]);
        assert!(code(&output) == Some(2) && stderr(&output).contains("would replace init.wat itself"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(context.work().join("init.wat")).expect("there"), text);
}

#[test]
fn bench_says_things_once_and_early() {
    let context = Context::new();
    context.write("trap.wat", "(module (func (export \"_start\") unreachable))");
    let output = context.run(["bench", "trap.wat", "--runs", "1", "--cold-runs", "1"]);
    assert_eq!(stderr(&output).matches("wasm trap").count(), 1, "{output:?}");
    for page in ["none/x.html", "."] {
        let output = context.run(["bench", "trap.wat", "--html", page]);
        assert!(code(&output) == Some(1) && !stderr(&output).contains("wasm trap"), "{output:?}");
    }
}

#[test]
fn no_home_is_made() {
    let context = Context::new();
    let (probe, nowhere) = (context.probe(), context.home().join("nowhere"));
    for args in [&["run", probe, "exit", "0"][..], &["run", "-v", probe, "exit", "0"], &["shell", "-c", "true"]] {
        let output = context.command(args).env("HOME", &nowhere).output().expect("it starts");
        assert_eq!(stderr(&output).matches("warning:").count(), 1, "{output:?}");
        assert!(!nowhere.exists());
    }
}
