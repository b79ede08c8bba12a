//! `glowplug shell`: what the host does for it. The language is compared with bash's in `shell_differential.rs`.

mod common;

use common::{Context, greeting, stderr, stdout};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

fn shell(context: &Context, options: &[&str], script: &str) -> Output {
    context.run([&["shell"], options, &["-c", script]].concat())
}

/// What a script prints, which must end well.
fn says(context: &Context, options: &[&str], script: &str) -> String {
    let output = shell(context, options, script);
    assert!(output.status.success(), "{script}: {output:?}");
    stdout(&output)
}

#[test]
fn scripts_come_from_everywhere() {
    let context = Context::new();
    context.write("script.sh", "echo \"$0 $# $2\"\n");
    assert_eq!(says(&context, &[], "echo $((6 * 7))"), "42\n");
    assert_eq!(stdout(&context.run(["shell", "-c", "echo $0 $1", "name", "one"])), "name one\n");
    assert_eq!(stdout(&context.run(["shell", "script.sh", "a", "b c"])), "script.sh 2 b c\n");
    assert_eq!(stdout(&context.run(["shell", "-eu", "-o", "pipefail", "-c", "false | true; echo no"])), "");
    for args in [&["shell"][..], &["shell", "-s"], &[]] {
        let mut command = context.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        std::io::Write::write_all(
            &mut child.stdin.take().expect("a pipe"),
            b"echo first\nread x\nline\necho $x; exit 3\n",
        )
        .expect("written");
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("first\nline\n", Some(3)), "{args:?}");
    }
}

#[test]
fn exit_codes_are_the_shell_s() {
    let context = Context::new();
    for (script, code) in
        [("exit 7", 7), ("false", 1), ("nosuch", 127), ("./nosuch", 127), ("kill -TERM $$", 143), ("if", 2)]
    {
        assert_eq!(shell(&context, &[], script).status.code().unwrap_or(143), code, "{script}");
    }
    context.write("plain.txt", "echo");
    let output = shell(&context, &[], "./plain.txt");
    assert_eq!(output.status.code(), Some(126), "{output:?}");
}

#[test]
fn the_first_start_compiles_nothing_and_needs_no_disk() {
    let context = Context::new();
    let report = |options: &[&str]| {
        let output = shell(&context, &[options, &["--report=json"]].concat(), "true");
        serde_json::from_slice::<serde_json::Value>(&output.stderr)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"))
    };
    assert_eq!(report(&["--cache", "off"])["exit_code"], 0);
    let first = report(&[]);
    assert_eq!((&first["outcome"], &first["tier"]), (&"hit".into(), &"embedded".into()), "{first}");
    let second = report(&[]);
    assert_eq!((&second["outcome"], &second["tier"]), (&"hit".into(), &"local".into()), "{second}");
}

#[test]
fn a_file_of_wasm_is_a_command_and_a_changed_one_is_noticed() {
    let context = Context::new();
    context.write("hello.wat", greeting("one"));
    context.write("other.wasm", wat::parse_str(greeting("other")).expect("a module"));
    fs::create_dir(context.work().join("bin")).expect("a folder");
    let on_path = context.work().join("bin/tool.wasm");
    fs::copy(context.work().join("other.wasm"), &on_path).expect("copied");
    context.write("two.wasm", wat::parse_str(greeting("two")).expect("a module"));
    // A file that is younger than the clock can tell apart is not trusted to stay as it is.
    let script = "sleep 0.1; ./other.wasm; ./hello.wat; ./other.wasm; PATH=$PWD/bin:$PATH; tool.wasm; tool.wasm; cp two.wasm bin/tool.wasm; tool.wasm; cache";
    let output = context.run(["shell", "-v", "-c", script]);
    let out = stdout(&output);
    assert!(out.starts_with("other\none\nother\nother\nother\ntwo\n"), "{output:?}");
    assert!(out.contains("other.wasm") && out.contains("bytes"), "{out}");
    assert!(stderr(&output).contains("has changed and is loaded again"), "{output:?}");
    assert!(says(&context, &[], "true; cache clear; cache").contains("0 of"), "cache clear");
}

#[test]
fn a_trap_in_a_command_is_not_the_shell_s_end() {
    let context = Context::new();
    context.write("trap.wat", "(module (memory (export \"memory\") 1) (func (export \"_start\") (unreachable)))");
    let output = shell(&context, &[], "./trap.wat; echo $?; ./trap.wat | true; echo ${PIPESTATUS[@]}");
    assert_eq!(stdout(&output), "134\n134 0\n", "{output:?}");
    assert!(stderr(&output).contains("unreachable"), "{output:?}");
}

#[test]
fn pipelines_end_when_they_should_and_hold_little() {
    let context = Context::new();
    let began = Instant::now();
    assert_eq!(says(&context, &[], "yes | head -1"), "y\n");
    assert_eq!(says(&context, &["--max-memory", "64MiB"], "seq 1000000 | wc -l"), "1000000\n");
    assert_eq!(says(&context, &[], "yes | head -2 | wc -l; echo ${PIPESTATUS[1]}"), "2\n0\n");
    assert!(began.elapsed() < Duration::from_secs(60), "it took too long");
}

#[test]
fn nothing_leads_out_of_the_folders() {
    let context = Context::new();
    let secret = context.home().join("secret");
    fs::write(&secret, "SECRET").expect("a file");
    symlink(&secret, context.work().join("link")).expect("a link");
    symlink(context.home(), context.work().join("folder")).expect("a link");
    let secret = secret.display().to_string();
    for script in [
        format!("cat {secret}"),
        "cat link".to_owned(),
        "cat folder/secret".to_owned(),
        "cat ../home/secret".to_owned(),
        "cd ..; cat home/secret".to_owned(),
        "cd ../home && cat secret".to_owned(),
        "read -r x < link; echo $x".to_owned(),
        "ln -s ../home/secret own; cat own; cat < own".to_owned(),
        "ln ../home/secret hard; cat hard".to_owned(),
        "mv ../home/secret here; cat here".to_owned(),
        "cp -r ../home copy; cat copy/secret".to_owned(),
        "mkdir d; ln -s ../../home d/x; cat d/x/secret; find -L . -name secret -exec cat {} +".to_owned(),
        "cat /proc/self/environ /etc/passwd /proc/1/root/etc/passwd".to_owned(),
        ". ./link; source ../home/secret".to_owned(),
        format!("echo x > {secret}; echo x > link; echo x > folder/new; touch ../home/new; rm -rf ../home/* folder/*"),
    ] {
        let output = shell(&context, &[], &script);
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains("SECRET") && !said.contains("root:"), "{script}: {output:?}");
    }
    assert_eq!(fs::read_to_string(context.home().join("secret")).expect("still there"), "SECRET");
    assert!(!context.home().join("new").exists());
}

#[test]
fn folders_are_read_only_or_overlaid_as_asked() {
    let context = Context::new();
    context.write("file", "old\n");
    let output = shell(&context, &["--dir", ".:ro"], "cat file; echo new > file; rm file; mkdir d; echo $?");
    assert_eq!(stdout(&output), "old\n1\n", "{output:?}");
    assert!(stderr(&output).contains(":rw` would allow"), "the rule is named: {output:?}");

    let output = shell(
        &context,
        &["--dir", ".:overlay", "--overlay-diff"],
        "echo new > file; echo more > added; mkdir d; cat file added; ls",
    );
    assert_eq!(stdout(&output), "new\nmore\nadded\nd\nfile\n", "{output:?}");
    let diff = stderr(&output);
    assert!(diff.contains("-old") && diff.contains("+new") && diff.contains("added"), "{diff}");
    assert_eq!(fs::read_to_string(context.work().join("file")).expect("a file"), "old\n");
    assert!(!context.work().join("added").exists());

    fs::create_dir(context.work().join("sub")).expect("a folder");
    assert_eq!(says(&context, &["--dir", "sub::/data"], "cd /data && echo x > y && pwd"), "/data\n");
    assert!(context.work().join("sub/y").exists());
}

#[test]
fn the_environment_is_what_was_allowed() {
    let context = Context::new();
    let mut command =
        context.command(["shell", "--env", "GIVEN=1", "--env", "PASSED", "-c", "env | sort; echo $SECRET"]);
    let output = command.env("SECRET", "s").env("PASSED", "p").env("LANG", "C").output().expect("the program starts");
    let said = stdout(&output);
    assert!(said.contains("GIVEN=1\n") && said.contains("PASSED=p\n") && said.contains("LANG=C\n"), "{said}");
    assert!(!said.contains("SECRET=") && said.contains("PATH=/usr/bin:/bin\n"), "{said}");
}

#[test]
fn native_programs_run_only_where_they_are_named() {
    let context = Context::new();
    // Beside what is mounted: what guests can write to is not executed.
    let native = context.home().join("native");
    fs::write(&native, "#!/bin/sh\ncat; echo native $1; exit 5\n").expect("a file");
    fs::set_permissions(&native, fs::Permissions::from_mode(0o755)).expect("executable");
    fs::copy("/bin/true", context.work().join("elf")).expect("a native program");
    let output = shell(&context, &[], "./elf");
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert!(stderr(&output).contains("--allow-native"), "{output:?}");

    let native = native.display().to_string();
    let script = "echo in | native arg | cat; echo ${PIPESTATUS[@]}";
    let output = shell(&context, &["--allow-native", &native], script);
    assert_eq!(stdout(&output), "in\nnative arg\n0 5 0\n", "{output:?}");
}

#[test]
fn limits_end_what_goes_too_far() {
    let context = Context::new();
    let began = Instant::now();
    for script in ["while :; do :; done", "sleep 100", "cat <(sleep 100)", "yes > /dev/null", "read x < <(sleep 100)"] {
        let output = shell(&context, &["--timeout", "200ms"], script);
        assert_eq!(output.status.code(), Some(124), "{script}: {output:?}");
        assert!(stderr(&output).contains("--timeout"), "{output:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "it took too long");
    let output = shell(&context, &["--max-output", "100"], "yes; true");
    assert_eq!(output.stdout.len(), 100, "{output:?}");
    let output = shell(&context, &["--max-processes", "8"], "f() { f | f; }; f 2>/dev/null; echo survived");
    assert!(stdout(&output).contains("survived"), "{output:?}");
    assert!(stderr(&output).contains("--max-processes"), "{output:?}");
    let output = shell(&context, &["--network"], "true");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn subshells_keep_to_themselves() {
    let context = Context::new();
    let script =
        "x=1; (x=2; cd /; f() { :; }); echo $x; [ \"$PWD\" != / ] && echo here; type f 2>/dev/null || echo none
        echo a | read v; echo \"[$v]\"; { x=3; } & wait; echo $x; y=$(x=4; echo $x); echo $x $y";
    assert_eq!(says(&context, &[], script), "1\nhere\nnone\n[]\n1\n1 4\n");
}

#[test]
fn background_processes_are_waited_for_by_whoever_reads_the_output() {
    let context = Context::new();
    assert_eq!(says(&context, &[], "(sleep 0.1; echo late) & echo soon"), "soon\nlate\n");
    // One that has let go of the output is nothing that anybody could wait for: this ends long before it.
    let script = "{ while :; do sleep 600; done & sleep 600 & } >/dev/null 2>&1; echo soon";
    assert_eq!(says(&context, &["--timeout", "60s"], script), "soon\n");
}

/// Prints a byte of its data and one of its own growth, both after adding one: `B1` whenever its memory is its own.
fn counting(more: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) {more}
  (data (i32.const 16) "A\0a")
  (func (export "_start")
    (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))
    (drop (memory.grow (i32.const 1)))
    (i32.store8 (i32.const 70000) (i32.add (i32.load8_u (i32.const 70000)) (i32.const 1)))
    (i32.store8 (i32.const 17) (i32.add (i32.load8_u (i32.const 70000)) (i32.const 48)))
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 2))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    )
}

/// After some runs instances come from a pool, and what fits into none goes on without.
#[test]
fn every_instance_begins_with_its_own_memory() {
    let context = Context::new();
    context.write("plain.wat", counting(""));
    context.write("two.wat", counting("(memory 1) (memory 1) (memory 1) (memory 1) (memory 1)"));
    context.write("table.wat", counting("(table 300000 funcref)"));
    for program in ["plain", "two", "table"] {
        let script = format!("for ((i = 0; i < 40; i++)); do ./{program}.wat; done; ./{program}.wat | cat");
        assert_eq!(says(&context, &[], &script), "B1".repeat(41), "{program}");
    }
    let script = "for ((i = 0; i < 40; i++)); do echo $i | sed s/^/x/ | tail -n 1; done";
    assert_eq!(says(&context, &[], script), (0..40).map(|i| format!("x{i}\n")).collect::<String>());
    // The shell counts, and nobody knows whether `echo` is over when the last one begins.
    assert_eq!(says(&context, &["--max-processes", "3"], "echo a | cat"), "a\n");
    assert_eq!(says(&context, &["--max-processes", "4"], "echo a | cat | cat"), "a\n");
}

/// The last program of a pipeline runs on the shell's own thread; what is before it must not wait for it for ever.
#[test]
fn pipelines_end_from_either_side() {
    let context = Context::new();
    assert_eq!(says(&context, &[], "yes | head -n 1"), "y\n");
    assert_eq!(says(&context, &[], "yes | true; echo ${PIPESTATUS[1]}"), "0\n");
    assert_eq!(says(&context, &[], "seq 100000 | sort -n | tail -n 1; echo $?"), "100000\n0\n");
    assert_eq!(says(&context, &[], "false | cat; echo ${PIPESTATUS[@]}"), "1 0\n");
    assert_eq!(says(&context, &[], "true | nosuch 2>/dev/null; echo $?"), "127\n");
}

/// The subshell has lent its thread to `cat`, which ends first; it must not go on with what `cat` left it, not even to report it.
#[test]
fn a_killed_process_does_nothing_more() {
    let context = Context::new();
    let script = r#"coproc cat
        echo line >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"
        pid=$COPROC_PID; kill $pid; wait $pid; echo $?"#;
    // It went wrong once in eight times.
    for _ in 0..60 {
        let output = shell(&context, &[], script);
        assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("143\n", ""));
    }
}

#[test]
fn a_large_shell_and_its_forks_share_nothing_but_the_past() {
    let context = Context::new();
    // Above what is copied, so that memory is shared; what each job sees is what was there when it began.
    let script = "x=$(head -c 5000000 /dev/zero | tr '\\0' a); sum() { printf %s \"$x\" | md5sum; }
        before=$(sum)
        for i in {1..40}; do
            y=$i; a[i]=$i
            { z=$y; x=${x}b; a[0]=$z; echo $z ${#x} ${#a[@]}; } > $i &
        done
        wait
        for i in {1..40}; do read z len count < $i; [[ $z == $i && $len == 5000001 && $count == $((i + 1)) ]] || echo $i: $z $len $count; done
        [[ $(sum) == \"$before\" && ${#a[@]} == 40 && -z ${a[0]} ]] && echo same
        # A fork of a fork, after both have changed, and a memory that has grown in between.
        { x=$x$x; echo ${#x}; { x=c$x; echo ${#x}; { echo ${x:0:2} ${#x}; } | cat; } | cat; echo ${#x}; } | cat
        x=$x$x$x; { echo ${#x}; } | cat
        [[ $(x=; sum) != \"$before\" ]] && echo ${#x}";
    let said = says(&context, &[], script);
    assert_eq!(said, "same\n10000000\n10000001\nca 10000001\n10000000\n15000000\n15000000\n");
}
