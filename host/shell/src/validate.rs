//! Whether a line is a whole command, or goes on in the next line.

use glowplug_syntax::parse::{Context, Reader};
use reedline::{ValidationResult, Validator};

use crate::scan::{AtEnd, scan};

/// What is longer is taken as it is: the guest asks for more lines itself.
const MAX_LENGTH: usize = 64 << 10;

/// Asks the shell's own parser whether it missed something at the end.
pub(crate) struct ShellValidator;

impl Validator for ShellValidator {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_unfinished(line) { ValidationResult::Incomplete } else { ValidationResult::Complete }
    }
}

/// Whether more lines could make a command of this. A syntax error is finished: the shell reports it.
pub(crate) fn is_unfinished(line: &str) -> bool {
    if line.trim().is_empty() || line.len() > MAX_LENGTH {
        return false;
    }
    if ends_with_backslash(line) {
        return true;
    }
    let mut reader = Reader::new(line.to_owned(), 1);
    loop {
        let (command, warnings) = reader.next(Context { extglob: true, ..Context::default() });
        match command {
            // A here-document that the end of the text ended is no error in a script, but here there is more to come.
            _ if !warnings.is_empty() => return true,
            Err(error) => return error.incomplete,
            Ok(None) => return false,
            Ok(Some(_)) => {}
        }
    }
}

/// A backslash at the end of the line, which none before it escapes, and which no quote or comment makes ordinary.
fn ends_with_backslash(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 0 {
        return false;
    }
    match scan(line).at_end {
        AtEnd::Word(typing) => !matches!(typing.quote, Some(('\'', _))),
        AtEnd::Variable { .. } => true,
        AtEnd::Nothing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_lines_go_on() {
        let lines = [
            "if true",
            "if true; then",
            "if true; then echo",
            "while x; do",
            "for x in a b",
            "for x in a; do echo",
            "case x in",
            "case x in a)",
            "case x in a) echo ;;",
            "f() {",
            "f()",
            "{ echo",
            "(echo",
            "((1 + ",
            "[[ -f x",
            "[[ -f x &&",
            "echo $(ls",
            "echo $((1 +",
            "echo ${x",
            "echo \"a",
            "echo 'a",
            "echo `ls",
            "ls |",
            "ls &&",
            "ls ||",
            "ls | \n",
            "echo \\",
            "echo a \\",
            "cat <<EOF",
            "cat <<EOF\ntext",
            "cat <<'E' <<F\n1\nE\n2",
            "cat <<-EOF\n\ttext\n",
            "echo $'a",
            "x=(1 2",
            "echo \"a\\",
            "if true\nthen\n  echo",
            "a=\"$(echo '",
            "time {",
            "until false; do :",
            "select x in a; do",
            "function f {",
        ];
        for line in lines {
            assert!(is_unfinished(line), "{line}");
        }
    }

    #[test]
    fn finished_lines_and_errors_do_not() {
        let lines = [
            "",
            " ",
            "ls",
            "if true; then echo; fi",
            "for x in a b; do echo $x; done",
            "case x in a) echo ;; esac",
            "f() { echo; }",
            "(echo)",
            "((1 + 2))",
            "[[ -f x ]]",
            "echo $(ls)",
            "echo \"a\" 'b' `c`",
            "ls | wc",
            "ls &",
            "ls;",
            "echo a\\\\",
            "echo 'a\\'",
            "# it's",
            "echo a # if (",
            "cat <<EOF\ntext\nEOF",
            "cat <<-EOF\n\ttext\n\tEOF",
            "fi",
            "echo )",
            "ls | | wc",
            ";;",
            "if then",
            "echo a\nif true; then echo; fi",
            "a=b",
            "x=(1 2)",
            "echo {a,b}",
            "# \\",
            "done",
            "}",
            "echo !",
        ];
        for line in lines {
            assert!(!is_unfinished(line), "{line}");
        }
    }

    #[test]
    fn what_is_deep_or_long_takes_no_time() {
        assert!(is_unfinished(&"(".repeat(100)));
        assert!(!is_unfinished(&format!("{}{}", "(".repeat(100), ")".repeat(100))));
        assert!(!is_unfinished(&"echo 'a ".repeat(100_000)));
        let start = std::time::Instant::now();
        for opening in ["(", "((", "$(", "{ ", "${", "[[ ", "[", "$((", "case x in a) ", "case x in (a) ", "f() "] {
            for count in [3, 4, 8, 9, 30, 60] {
                is_unfinished(&format!("echo; {}", opening.repeat(count)));
            }
        }
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
