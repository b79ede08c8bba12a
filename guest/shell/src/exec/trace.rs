//! `set -x`.

use crate::ast::{BinaryPredicate, ExtendedTestExpr, UnaryPredicate};
use crate::shell::Shell;

impl Shell {
    /// Prints a command that is about to run, after PS4, whose first character is repeated for every level of nesting.
    #[inline(never)]
    pub(crate) fn trace_line(&mut self, text: &str) {
        let prompt = match self.vars.get_scalar("PS4") {
            Some(prompt) => prompt.into_owned(),
            None => return self.trace_raw(&format!("{text}\n")),
        };
        // Commands within PS4 are not traced.
        let (status, substituted) = (self.status, self.substituted);
        self.options.xtrace = false;
        let expanded = self.expand_prompt(&prompt);
        self.options.xtrace = true;
        (self.status, self.substituted) = (status, substituted);
        let mut line = String::new();
        if let Some(first) = expanded.chars().next() {
            for _ in 0..self.trace_level {
                line.push(first);
            }
        }
        line.push_str(&expanded);
        line.push_str(text);
        line.push('\n');
        self.trace_raw(&line);
    }

    fn trace_raw(&self, line: &str) {
        let fd = self.vars.get_scalar("BASH_XTRACEFD").and_then(|fd| fd.parse::<i32>().ok());
        match fd.and_then(|fd| self.fds.get(fd)) {
            Some(handle) => {
                // A trace that cannot be written is no reason to fail.
                let _ = glowplug_sys::write_all(handle, &crate::text::to_bytes(line));
            }
            None => self.err_raw(line),
        }
    }

    #[inline(never)]
    pub(crate) fn trace_command(&mut self, args: &[String]) {
        let words: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
        self.trace_line(&words.join(" "));
    }

    /// A term of `[[`, its operands expanded.
    pub(crate) fn trace_test(&mut self, term: &[&str]) {
        let negated = if std::mem::take(&mut self.trace_negated) { "! " } else { "" };
        let words: Vec<&str> = term.iter().map(|word| if word.is_empty() { "''" } else { word }).collect();
        self.trace_line(&format!("[[ {negated}{} ]]", words.join(" ")));
    }
}

/// A value that is assigned, as traces show it.
pub(crate) fn quoted_value(text: &str) -> String {
    if text.is_empty() { String::new() } else { quoted(text) }
}

/// A word as traces show it: quoted when that is needed to read it back.
pub(crate) fn quoted(text: &str) -> String {
    crate::builtins::quote::quote_for_trace(text).into_owned()
}

/// What is between `[[` and `]]`, as it was written.
pub(crate) fn test_text(expr: &ExtendedTestExpr) -> String {
    match expr {
        ExtendedTestExpr::And(left, right) => format!("{} && {}", test_text(left), test_text(right)),
        ExtendedTestExpr::Or(left, right) => format!("{} || {}", test_text(left), test_text(right)),
        ExtendedTestExpr::Not(inner) => format!("! {}", test_text(inner)),
        ExtendedTestExpr::Parenthesized(inner) => format!("( {} )", test_text(inner)),
        ExtendedTestExpr::UnaryTest(predicate, word) => format!("{} {}", unary_text(*predicate), word.value),
        ExtendedTestExpr::BinaryTest(predicate, left, right) => {
            format!("{} {} {}", left.value, binary_text(*predicate), right.value)
        }
    }
}

pub(crate) fn unary_text(predicate: UnaryPredicate) -> &'static str {
    use UnaryPredicate::*;
    match predicate {
        FileExists => "-e",
        FileExistsAndIsBlockSpecialFile => "-b",
        FileExistsAndIsCharSpecialFile => "-c",
        FileExistsAndIsDir => "-d",
        FileExistsAndIsRegularFile => "-f",
        FileExistsAndIsSetgid => "-g",
        FileExistsAndIsSymlink => "-L",
        FileExistsAndHasStickyBit => "-k",
        FileExistsAndIsFifo => "-p",
        FileExistsAndIsReadable => "-r",
        FileExistsAndIsNotZeroLength => "-s",
        FdIsOpenTerminal => "-t",
        FileExistsAndIsSetuid => "-u",
        FileExistsAndIsWritable => "-w",
        FileExistsAndIsExecutable => "-x",
        FileExistsAndOwnedByEffectiveGroupId => "-G",
        FileExistsAndModifiedSinceLastRead => "-N",
        FileExistsAndOwnedByEffectiveUserId => "-O",
        FileExistsAndIsSocket => "-S",
        ShellOptionEnabled => "-o",
        ShellVariableIsSetAndAssigned => "-v",
        ShellVariableIsSetAndNameRef => "-R",
        StringHasZeroLength => "-z",
        StringHasNonZeroLength => "-n",
    }
}

pub(crate) fn binary_text(predicate: BinaryPredicate) -> &'static str {
    use BinaryPredicate::*;
    match predicate {
        FilesReferToSameDeviceAndInodeNumbers => "-ef",
        LeftFileIsNewerOrExistsWhenRightDoesNot => "-nt",
        LeftFileIsOlderOrDoesNotExistWhenRightDoes => "-ot",
        StringExactlyMatchesPattern => "==",
        StringEqualsPattern => "=",
        StringDoesNotExactlyMatchPattern => "!=",
        StringMatchesRegex => "=~",
        LeftSortsBeforeRight => "<",
        LeftSortsAfterRight => ">",
        ArithmeticEqualTo => "-eq",
        ArithmeticNotEqualTo => "-ne",
        ArithmeticLessThan => "-lt",
        ArithmeticLessThanOrEqualTo => "-le",
        ArithmeticGreaterThan => "-gt",
        ArithmeticGreaterThanOrEqualTo => "-ge",
    }
}
