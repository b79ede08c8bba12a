//! Running a case: the script of its session, and what the session wrote.
//!
//! The program above runs [`Case::script`] in a bash whose standard output and standard error are the same stream, in a
//! folder of the case's own, with [`CLEAN_ENVIRONMENT`]; the script is an argument or a file, not standard input. Then
//! [`Case::observed`] says which part of the stream each step wrote, and with which status it ended.
//!
//! As in cram
//! - there is one shell for all steps, and `$?` is 0 at the beginning of each;
//! - a session that a step ends (`exit`, `exec`, a failure under `set -e`) does not run the rest;
//! - a session that ends with 80 is skipped, whatever it wrote.
//!
//! Unlike cram
//! - standard input is empty rather than the rest of the script;
//! - a syntax error ends its step rather than the session;
//! - the step that ends a session has its status: `exit 3` expects `[3]`, so that a shell that dies in the last step is not
//!   taken for a success;
//! - steps that were not run expect [`UNREACHABLE`] (as dune has it), where cram takes them out of the file;
//! - a carriage return is a character rather than the end of a line;
//! - printable characters beyond ASCII are written as they are (as prysk does);
//! - output that begins with `$ ` or `> ` is written with an escape, since it would be read as a command.
//!
//! `set -x` shows the `eval` that a step is wrapped in.

use crate::case::Case;
use std::io::Write as _;

/// What is expected of a step that was not run because one before it ended the session.
pub const UNREACHABLE: &str = "***** UNREACHABLE *****";

/// The most output of a session that is compared. More of it is as good as wrong, since nobody expects that much.
pub const MOST_OUTPUT: usize = 8 << 20;

/// The status of a session that says its case cannot be run here.
pub const SKIP: i32 = 80;

/// The variables that cram sets for every session, so that output does not depend on who runs it. Beside them it sets
/// `TESTDIR` and `TESTFILE` (the folder and the name of the case), `TESTSHELL`, `CRAMTMP` (the folder above the case's own) and
/// `TMPDIR`, `TEMP` and `TMP`.
pub const CLEAN_ENVIRONMENT: &[(&str, &str)] = &[
    ("LANG", "C"),
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
    ("TZ", "GMT"),
    ("CDPATH", ""),
    ("COLUMNS", "80"),
    ("GREP_OPTIONS", ""),
];

/// What a session wrote, by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// One for each step of the case.
    pub steps: Vec<ObservedStep>,
    /// What was written after the last step had ended: by a job in the background, or by `trap ... EXIT`.
    pub trailing: Vec<u8>,
    /// How the shell ended.
    pub session_exit: i32,
    /// How much was written, if that is more than [`MOST_OUTPUT`]: what was written behind that is not in the steps.
    pub cut: Option<usize>,
}

/// What one step wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedStep {
    /// Standard output and standard error.
    pub output: Vec<u8>,
    /// How it ended.
    pub end: StepEnd,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// With this status.
    Exited(i32),
    /// With the session.
    EndedSession,
    /// It was never begun.
    NotReached,
}

impl Case {
    /// The script that runs all steps in one bash, and says behind each, on standard output, that it ended.
    ///
    /// `salt` is how that is told from what steps write. It must be new for each run and not to be guessed: letters and digits,
    /// at least 16 of them from a generator of random numbers.
    ///
    /// A step is an argument of `eval`, so that whatever is in it (a quote that is not closed, a here-document, a
    /// comment) ends with it, and so that it runs in the shell itself: what it sets is kept.
    pub fn script(&self, salt: &str) -> Vec<u8> {
        let mut script = b"exec </dev/null\n".to_vec();
        for (number, step) in self.steps().iter().enumerate() {
            script.extend_from_slice(b"eval '");
            if step.command.starts_with(b"-") {
                // Or it would be taken for an option.
                script.push(b' ');
            }
            for byte in &step.command {
                match byte {
                    b'\'' => script.extend_from_slice(br"'\''"),
                    byte => script.push(*byte),
                }
            }
            // On the same line, because bash 5.2 does not know `{` in the line after an `eval` in which a quote was not closed.
            // Without standard error, so that `set -x` does not show it.
            writeln!(script, "\n'; {{ builtin printf '%s %d %d\\n' {salt} {number} \"$?\"; }} 2>/dev/null")
                .expect("a vector takes everything");
        }
        script
    }

    /// Which part of a session's output each step wrote.
    ///
    /// `salt` is what [`Case::script`] was given, `session_exit` how the shell ended.
    pub fn observed(&self, output: &[u8], salt: &str, session_exit: i32) -> Observed {
        let cut = (output.len() > MOST_OUTPUT).then_some(output.len());
        let mut rest = &output[..output.len().min(MOST_OUTPUT)];
        let mut ended = false;
        let steps = (0..self.steps().len()).map(|number| {
            if ended {
                return ObservedStep { output: Vec::new(), end: StepEnd::NotReached };
            }
            let Some((output, status, after)) = split_at_end(rest, salt, number) else {
                ended = true;
                return ObservedStep { output: std::mem::take(&mut rest).to_vec(), end: StepEnd::EndedSession };
            };
            rest = after;
            ObservedStep { output: output.to_vec(), end: StepEnd::Exited(status) }
        });
        Observed { steps: steps.collect(), trailing: rest.to_vec(), session_exit, cut }
    }
}

impl Observed {
    /// Whether the case said that it cannot be run here.
    pub fn is_skipped(&self) -> bool {
        self.session_exit == SKIP
    }
}

/// What a step wrote, its status, and what came after it.
fn split_at_end<'o>(output: &'o [u8], salt: &str, number: usize) -> Option<(&'o [u8], i32, &'o [u8])> {
    let mark = format!("{salt} {number} ");
    let mut from = 0;
    while let Some(found) = find(&output[from..], mark.as_bytes()) {
        let at = from + found;
        let after = &output[at + mark.len()..];
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let status = std::str::from_utf8(&after[..digits]).ok().and_then(|status| status.parse().ok());
        if let (Some(status), Some(b'\n')) = (status, after.get(digits)) {
            return Some((&output[..at], status, &after[digits + 1..]));
        }
        from = at + 1;
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "SALT";

    fn observe(source: &str, output: &[u8], exit: i32) -> Observed {
        Case::parse(source).expect("a case").observed(output, SALT, exit)
    }

    fn step(output: &[u8], end: StepEnd) -> ObservedStep {
        ObservedStep { output: output.to_vec(), end }
    }

    #[test]
    fn a_script_is_readable() {
        let case = Case::parse("  $ echo 'a'\n  $ cat <<E\n  > x\n  > E\n  $ -x\n").expect("a case");
        insta::assert_snapshot!(String::from_utf8_lossy(&case.script(SALT)), @r#"
        exec </dev/null
        eval 'echo '\''a'\''
        '; { builtin printf '%s %d %d\n' SALT 0 "$?"; } 2>/dev/null
        eval 'cat <<E
        x
        E
        '; { builtin printf '%s %d %d\n' SALT 1 "$?"; } 2>/dev/null
        eval ' -x
        '; { builtin printf '%s %d %d\n' SALT 2 "$?"; } 2>/dev/null
        "#);
    }

    #[test]
    fn output_is_split_at_the_ends_of_steps() {
        let observed = observe("  $ a\n  $ b\n  $ c\n", b"1\n2\nSALT 0 0\nSALT 1 3\nno-eolSALT 2 127\n", 0);
        let expected =
            [step(b"1\n2\n", StepEnd::Exited(0)), step(b"", StepEnd::Exited(3)), step(b"no-eol", StepEnd::Exited(127))];
        assert_eq!(observed.steps, expected);
        assert_eq!(observed.trailing, b"");
    }

    #[test]
    fn a_step_that_never_ended_has_the_rest() {
        let observed = observe("  $ a\n  $ b\n  $ c\n", b"SALT 0 0\nbye\n", 7);
        let expected =
            [step(b"", StepEnd::Exited(0)), step(b"bye\n", StepEnd::EndedSession), step(b"", StepEnd::NotReached)];
        assert_eq!(observed.steps, expected);
        assert_eq!(observed.session_exit, 7);
    }

    #[test]
    fn what_comes_after_the_last_step_is_kept_apart() {
        assert_eq!(observe("  $ a\n", b"x\nSALT 0 0\nlate\n", 0).trailing, b"late\n");
        assert_eq!(observe("no steps\n", b"late", 0).trailing, b"late");
    }

    #[test]
    fn what_only_looks_like_an_end_is_output() {
        for fake in [
            "SALT",
            "SALT 0",
            "SALT 0 ",
            "SALT 0 x\n",
            "SALT 0 0",
            "SALT 1 0\n",
            "SALT 0 99999999999\n",
            "PEPPER 0 0\n",
        ] {
            let observed = observe("  $ a\n", format!("{fake}.SALT 0 5\n").as_bytes(), 0);
            assert_eq!(observed.steps, [step(format!("{fake}.").as_bytes(), StepEnd::Exited(5))], "{fake}");
        }
    }
}
