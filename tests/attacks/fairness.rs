//! What is left of one guest does not slow down or starve the others.

use crate::common::{Context, stdout};
use crate::support::{ends, forking};
use std::process::Output;

fn tests(context: &Context, args: &[&str]) -> Output {
    ends(context.command(["test", "--call-cache", "off", "--no-fail-fast"]).args(args))
}

#[test]
fn comparing_ends_with_the_case_s_time() {
    let context = Context::new();
    // Each expected line is made for taking long, and none matches.
    let hostile = [
        (
            "pairs",
            "for i in {1..400}; do printf 'ab%.0s' {1..2000}; echo; done",
            "  (a|b)*a(a|b){300}c (re)\n".repeat(400),
        ),
        ("one", "printf 'ab%.0s' {1..1000000}", "  (\\w*a\\w*){90}c (re)\n".to_owned()),
        ("words", "printf 'é%.0s' {1..500000}", "  (\\w*\\b\\w*){90}c (re)\n".to_owned()),
        ("glob", "printf 'a%.0s' {1..1000000}", format!("  *{}b (glob)\n", "a".repeat(100_000))),
        ("large", "seq 400", "  \\pL{1000}{1000} (re)\n".repeat(400)),
    ];
    for (name, command, expected) in &hostile {
        context.write(&format!("{name}.t"), format!("#!glowplug: timeout=5s\n  $ {command}\n{expected}"));
    }
    let output = tests(&context, &[]);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    let said = stdout(&output);
    assert!(said.contains(" 0 passed") || said.contains(": 0 passed"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn much_output_takes_little_memory_and_is_told_in_short() {
    let context = Context::new();
    context.write("lines.t", "  $ head -c 8000000 /dev/zero | tr '\\0' '\\n'\n  x\n");
    context.write("more.t", "  $ head -c 9000000 /dev/zero\n");
    context.write("seq.t", "  $ seq 1000000\n");
    context.write("expected.t", format!("  $ :\n{}", "  \n".repeat(2_000_000)));
    let report = context.work().join("report.json");
    let output = tests(&context, &["--report-json", report.to_str().expect("a path"), "--test-threads", "1"]);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
    let said = stdout(&output);
    assert!(said.len() < 2 << 20, "{} bytes", said.len());
    assert!(said.contains("lines more differ"), "{}", &said[..2000]);
    assert!(said.contains("it wrote 8.6 MiB, of which no more than 8.0 MiB are compared"), "{}", &said[..2000]);
    assert!(report.metadata().expect("a report").len() < 32 << 20);
    // The largest of these takes 430 bytes for each line where lines are kept one by one: 3.4 GB.
    let limited = |kib: u64| {
        let mut command = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_glowplug");
        let script = format!("ulimit -d {kib}; exec {program} test --call-cache off --test-threads 1 lines.t");
        command.args(["-c", &script]).current_dir(context.work()).env_clear().env("HOME", context.home());
        ends(&mut command)
    };
    let output = limited(600 << 10);
    assert_eq!(output.status.code(), Some(100), "{output:?}");
}

#[test]
fn a_case_that_is_too_large_is_none() {
    let context = Context::new();
    let file = std::fs::File::create(context.work().join("sparse.t")).expect("a file");
    file.set_len(8 << 40).expect("a sparse file");
    let output = tests(&context, &[]);
    assert_eq!(output.status.code(), Some(104), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("too much for a case"), "{output:?}");
}

#[test]
fn what_a_case_wrote_before_its_time_was_over_is_shown() {
    let context = Context::new();
    context.write("slow.t", "#!glowplug: timeout=1s\n  $ echo early; sleep 100\n");
    let said = stdout(&tests(&context, &[]));
    assert!(said.contains("TIMEOUT") && said.contains("    early\n"), "{said}");
}

/// Forks 20,000 children and waits for none; at the end it says that it is alive.
const CHILDREN: &str = r#"
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const 20000))
    (loop
      (if (i32.gt_s (call $fork (i32.const 0)) (i32.const 0))
        (then (local.set $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if 0 (local.get $left)))
    (call $alive))"#;

#[test]
fn children_that_nobody_waits_for_are_no_burden() {
    let context = Context::new();
    context.write("children.wat", forking(CHILDREN));
    let output = ends(&mut context.command(["shell", "--max-processes=30", "-c", "./children.wat; echo $?"]));
    assert_eq!(stdout(&output), "alive\n0\n", "{output:?}");
    assert!(output.status.success(), "{output:?}");
}
