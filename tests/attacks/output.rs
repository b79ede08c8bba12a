//! What the host prints cannot be told what to do by a name or a text.

use crate::common::{Context, greeting, stderr, stdout};
use crate::support::ends;
use std::fs;
use std::process::{Output, Stdio};

/// What clears a terminal, writes what was not written, and changes the order in which text is read.
const HOSTILE: &str = "\u{1b}[2J\u{7}\u{9b}31m\u{202e}\r";

/// Fails if anything that a terminal obeys came out.
fn is_harmless(what: &str, output: &Output) {
    for text in [stdout(output), stderr(output)] {
        let obeyed = |c: &char| c.is_control() && *c != '\n' && *c != '\t' || matches!(c, '\u{202a}'..='\u{202e}');
        assert_eq!(text.chars().find(obeyed), None, "{what}: {text:?}");
    }
}

#[test]
fn names_of_modules_are_only_shown() {
    let context = Context::new();
    let name = format!("m{HOSTILE}\n.wat");
    context.write(&name, greeting("hi"));
    context.write(&format!("broken{HOSTILE}.wasm"), "no wasm");
    let broken = format!("broken{HOSTILE}.wasm");
    for args in [
        &["cache", "warm", &name][..],
        &["cache", "warm", &broken],
        &["cache", "ls"],
        &["cache", "ls", "--json"],
        &["cache", "why", &name],
        &["cache", "why", "--json", &name],
        &["cache", "verify"],
        &["cache", "prune", "--dry-run"],
        &["run", "--report", &name],
        &["run", "--report=json", &name],
        &["run", "-v", "--call-cache", "on", &name],
        &["run", &broken],
        &["run", &format!("none{HOSTILE}")],
        &["run", "--dir", HOSTILE, &name],
        &["cache", "calls", "ls"],
        &["cache", HOSTILE],
        &["run", "--env", &format!("={HOSTILE}"), &name],
    ] {
        let output = ends(&mut context.command(args));
        is_harmless(&format!("{args:?}"), &output);
    }
    // It was told all the same, in one line.
    let listed = stdout(&context.run(["cache", "ls"]));
    assert!(listed.contains(r"m\x1b[2J\x07\u{9b}31m\u{202e}\r\n.wat"), "{listed}");
}

#[test]
fn texts_of_cases_are_only_shown() {
    let context = Context::new();
    let case = format!("  $ echo 'a{HOSTILE}b'; exit 3\n  b{HOSTILE} expected\n  [(]{HOSTILE} (re)\n");
    context.write(&format!("c{HOSTILE}.t"), case);
    let slow = format!("  $ echo '{HOSTILE}'; sleep 100\n");
    context.write(&format!("d{HOSTILE}.t"), format!("#!glowplug: timeout=1s\n{slow}"));
    for args in [&["test", "--no-fail-fast"][..], &["test", "--list"], &["test", "-vv", "--force"]] {
        is_harmless(&format!("{args:?}"), &ends(&mut context.command(args)));
    }
    context.write("bad.t", format!("#!glowplug: {HOSTILE}\n"));
    is_harmless("a wrong directive", &ends(&mut context.command(["test"])));
    context.write("glowplug.toml", format!("\"{}\" = 1\n", HOSTILE.escape_unicode()));
    is_harmless("wrong settings", &ends(&mut context.command(["test"])));
}

#[test]
fn what_is_said_while_a_guest_runs_is_only_shown() {
    let context = Context::new();
    context.configure(&format!("\"{}\" = 1\n", HOSTILE.escape_unicode()));
    is_harmless("a configuration", &ends(&mut context.command(["config"])));
    context.configure("");
    let script = format!("cat '/nowhere{HOSTILE}/x'; true");
    let output =
        ends(&mut context.command(["shell", "-c", &format!("{script} 2>&1 | tr -d '\\033\\007\\r\\302\\342'")]));
    assert!(output.status.success(), "{output:?}");
    // The guest prints the name as it is; what we say of it begins with our name.
    let output = ends(&mut context.command(["shell", "-c", &script]));
    let ours: String = stderr(&output).lines().filter(|line| line.starts_with("glowplug:")).collect();
    assert!(ours.contains("/nowhere") && !ours.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{output:?}");
    let script = format!("printf 'x\\n\\tx\\033[2J\\302\\233\\r\\n' > 'f{HOSTILE}\n+fake'");
    let output = ends(&mut context.command(["shell", "--dir", ".:overlay", "--overlay-diff", "-c", &script]));
    let diff = stderr(&output).replace("\r\n", "\n");
    assert!(diff.contains(r"+	x\x1b[2J\u{9b}") && !diff.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{diff:?}");
    assert!(!diff.lines().any(|line| line.starts_with("+fake")), "{diff}");
}

/// Both streams are a pipe whose reader has gone.
fn without_a_reader(context: &Context, args: &[&str], only_errors: bool) -> Option<i32> {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = context.command(args);
    command.stderr(writer.try_clone().expect("a pipe"));
    if only_errors {
        command.stdout(Stdio::null())
    } else {
        command.stdout(writer)
    };
    command.status().expect("the program starts").code()
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let context = Context::new();
    context.write("good.t", "  $ echo a\n  a\n");
    context.write("m.wat", greeting("hi"));
    for only_errors in [false, true] {
        assert_eq!(without_a_reader(&context, &["test", "-v"], only_errors), Some(0));
        assert_eq!(without_a_reader(&context, &["cache", "ls", "-v"], only_errors), Some(0));
        assert_eq!(without_a_reader(&context, &["cache", "warm", "none.wasm", "-vv"], only_errors), Some(1));
        assert_eq!(without_a_reader(&context, &["nonsense"], only_errors), Some(2));
        assert_eq!(without_a_reader(&context, &["bench", "--runs", "1", "m.wat"], only_errors), Some(0));
    }
    context.write("bad.t", "  $ echo a\n  b\n");
    assert_eq!(without_a_reader(&context, &["test", "-v"], false), Some(100), "what failed has failed");
}

fn said_by_us(output: &Output) -> Vec<String> {
    stderr(output).lines().filter(|line| line.starts_with("glowplug:")).map(str::to_owned).collect()
}

#[test]
fn what_is_refused_tells_nothing_of_the_host() {
    let context = Context::new();
    let hidden = context.home().join("hidden");
    fs::create_dir(&hidden).expect("a folder");
    fs::write(hidden.join("present"), "x").expect("a file");
    let hidden = hidden.display();
    let mut said = Vec::new();
    for name in ["present", "absent"] {
        for script in [
            format!("cat {hidden}/{name}"),
            format!("ls -l {hidden}/{name}"),
            format!("cat ../home/hidden/{name}"),
            format!("cat < {hidden}/{name}"),
        ] {
            let output = ends(&mut context.command(["shell", "-c", &script]));
            let line = said_by_us(&output);
            assert!(line.len() == 1 && line[0].contains(&format!("--dir {hidden}:ro")), "{script}: {output:?}");
            said.push(line[0].replace(name, "NAME"));
        }
    }
    assert_eq!(said[..4], said[4..], "a file that is there and one that is not");
    // A native program that this machine has, whatever machine it is, and one that no machine has.
    let said = |name: &str| {
        let output = ends(&mut context.command(["shell", "-c", name]));
        stderr(&output).replace(name, "NAME")
    };
    assert_eq!(said("getent"), said("no-such-program"));
    let output = ends(context.command(["shell", "-c", "git"]).env("PATH", "/nowhere"));
    assert!(said_by_us(&output)[0].contains("--allow-native git"), "whether it is there or not: {output:?}");
    // Where a folder is on the host is not said either.
    let outside = context.home().join("outside");
    fs::create_dir(&outside).expect("a folder");
    let mount = format!("{}::/in:ro", outside.display());
    let output =
        ends(&mut context.command(["shell", "--dir", &mount, "-c", "echo x > /in/f; touch /in/g; mv /in /on"]));
    let said = stderr(&output);
    assert!(said.contains("::/in:rw` would allow") && !said.contains("outside"), "{said}");
}

#[test]
fn what_a_program_looks_for_by_itself_is_not_told() {
    let context = Context::new();
    let scripts = [
        "uname -a; uname -n; hostname; id; whoami; echo ~root; date; ls -l; [ -f /etc/profile ]",
        "cat /etc/passwd 2>/dev/null; ls /etc >/dev/null 2>&1; git 2>/dev/null; (cat /etc/x 2>&1) | cat; true",
        "rm -f /tmp/none; cat /tmp/none; ls nothing; perl -e 1 >/dev/null 2>&1; true",
    ];
    for script in scripts {
        // Once as an argument, which names paths, and once from a file.
        context.write("script.sh", script);
        let output = ends(&mut context.command(["shell", "script.sh"]));
        assert_eq!(said_by_us(&output), [""; 0], "{script}: {output:?}");
    }
}

#[test]
fn refusals_are_few_and_short() {
    let context = Context::new();
    let script = "for i in {1..300}; do cat /n$i/$(printf 'x%.0s' {1..2000}); cat /same/$i; done >/dev/null";
    context.write("script.sh", script);
    let output = ends(&mut context.command(["shell", "script.sh"]));
    let said = said_by_us(&output);
    let bytes: usize = said.iter().map(String::len).sum();
    assert!(said.len() <= 21 && bytes < 16 << 10, "{} lines of {bytes} bytes", said.len());
    assert_eq!(said.iter().filter(|line| line.contains("--dir /same:ro")).count(), 1, "{said:?}");
    assert!(said.last().is_some_and(|last| last.contains("times more")), "{said:?}");
}

#[test]
fn a_failing_case_says_what_it_was_refused() {
    let context = Context::new();
    context.write("c.t", "  $ cat /etc/passwd\n  root\n  $ git --version\n  git\n");
    let said = stdout(&ends(&mut context.command(["test"])));
    assert!(said.contains("refused: `/etc/passwd` is not mounted"), "{said}");
    assert!(said.contains("refused: `git` is not among the shell's programs"), "{said}");
}

#[test]
fn nobody_reads_or_empties_the_history_but_who_types() {
    let context = Context::new();
    let history = context.home().join(".local/share/glowplug/history");
    fs::create_dir_all(history.parent().expect("a folder")).expect("a folder");
    fs::write(&history, "mysql -psecret\n").expect("a history");
    let script = "history; history -c; (history); bash -c 'history; history -c'; bash -i <<< history; history | cat";
    context.write("script.sh", script);
    for args in [&["shell", "-c", script][..], &["shell", "script.sh"], &["shell", "-i", "script.sh"], &["shell"]] {
        let mut command = context.command(args);
        command.stdin(fs::File::open(context.work().join("script.sh")).expect("the script"));
        let output = ends(&mut command);
        assert!(!stdout(&output).contains("secret") && !stderr(&output).contains("secret"), "{args:?}: {output:?}");
        assert_eq!(fs::read_to_string(&history).expect("the history"), "mysql -psecret\n", "{args:?}");
    }
}
