//! One way into wasm: no path into a guest uses up the host's stack, and no panic takes the host with it.

use super::common::Context;
use super::support::{ends, forking};

/// Its start function goes deep and forks; in the copy it does the same, before the fork returns. Were all of that on one
/// native stack, a few levels would be more than it has. At the end it says that it is alive.
const DEEP: &str = r#"
  (func $deep (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))
      (else (call $fork (i32.const 0)))))
  (func $begin (drop (call $deep (i32.const 40000))))
  (start $begin)
  (func (export "_start") (call $alive))"#;

/// Runs the program; it must say that the guest is alive, and not end by a signal.
fn lives(context: &Context, args: &[&str], expected: &str) {
    let output = ends(&mut context.command(args));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains(expected), "{args:?}: {output:?}");
}

#[test]
fn forks_from_start_functions_do_not_use_up_the_stack() {
    let context = Context::new();
    context.write("deep.wat", forking(DEEP));
    let few = "--max-processes=30";
    lives(&context, &["shell", few, "-c", "./deep.wat; echo after"], "alive\nafter");
    // On a thread of a background process, and in the foreground of a process there.
    lives(&context, &["shell", few, "-c", "./deep.wat & wait; echo after"], "alive\nafter");
    lives(&context, &["shell", few, "-c", "(./deep.wat; echo after) & wait"], "alive\nafter");
    lives(&context, &["run", "--call-cache=on", "deep.wat"], "alive");
}

#[test]
fn a_case_that_forks_from_start_functions_leaves_the_others_alone() {
    let context = Context::new();
    context.write("deep.wat", forking(DEEP));
    context.write("deep.t", "  $ ./deep.wat 2> /dev/null\n  alive\n");
    context.write("other.t", "  $ echo other\n  other\n");
    lives(&context, &["test", "."], "2 passed");
}
