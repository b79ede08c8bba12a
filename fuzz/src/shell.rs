//! Printing a function (`declare -f`): what the shell prints is the same function when it is read again, or else what bash prints, whose
//! own printing has its gaps.

use crate::guests::bash;
use crate::syntax::read;
use glowplug_syntax::ast::{AndOrList, Command};
use std::process::Stdio;

/// Makes a function of the text, has the shell print it, reads that, and has it printed again.
pub fn print(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace('\0', "");
    let text = format!("f() {{\n{text}\n}}\n");
    if !is_one_function(&text) {
        return;
    }
    let (printed, code) = bash("eval \"$1\" || exit 3; declare -f f", &[&text]);
    let printed = String::from_utf8_lossy(&printed);
    assert_eq!(code, 0, "{text:?} is no function when it is run");
    if is_one_function(&printed) && bash("eval \"$1\"; declare -f f", &[&printed]).0 == printed.as_bytes() {
        return;
    }
    let theirs = printed_by_bash(&text);
    assert!(
        theirs.as_ref().is_none_or(|theirs| *theirs == printed),
        "{text:?} is printed as\n{printed}\nand by bash as\n{theirs:?}"
    );
}

/// Whether the text is the definition of `f` and nothing else; running anything else would do what it says.
fn is_one_function(text: &str) -> bool {
    let read = read(text, 1, false);
    let [command] = &read.commands[..] else { return false };
    let [item] = &command.list.0[..] else { return false };
    let AndOrList { first, rest } = &item.list;
    let alone = !read.failed && rest.is_empty() && !item.background && first.timed.is_none() && !first.bang;
    alone && matches!(&first.commands[..], [Command::Function(function)] if function.name == "f")
}

/// Nothing without bash, or when it takes the text for something else. Restricted, and without programs: it may read more than a function.
fn printed_by_bash(text: &str) -> Option<String> {
    let mut command = std::process::Command::new("/bin/bash");
    command.args(["--norc", "--noprofile", "-r", "-c", "eval \"$1\" && declare -f f", "bash", text]);
    let command = command.env_clear().env("PATH", "/nonexistent").env("LC_ALL", "C.UTF-8").current_dir("/");
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
