//! Words as bash prints them within commands. When bash reads a word it already replaces `$'...'` and `$"..."`, and it
//! prints the commands of substitutions anew.

use crate::ast::CompoundList;
use crate::builtins::print_function::list_text;
use crate::builtins::quote;
use crate::parse;

/// What a `${...}` that the text is in does with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    /// `${x:-text}` and the like.
    Default,
    /// `${x#pattern}` and the like.
    Pattern,
}

/// The word as it is printed.
pub fn word_text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    if !raw.contains(['$', '<', '>']) {
        out.push_str(raw);
        return out;
    }
    let mut printer = WordPrinter { rest: raw, out: &mut out };
    printer.until(None, false, Within::Nothing);
    out
}

struct WordPrinter<'a, 'o> {
    rest: &'a str,
    out: &'o mut String,
}

impl WordPrinter<'_, '_> {
    /// Copies this many bytes.
    fn copy(&mut self, length: usize) {
        let (done, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.out.push_str(done);
        self.rest = rest;
    }

    /// Copies up to the given end, which is copied, too.
    fn until(&mut self, end: Option<char>, quoted: bool, within: Within) {
        while let Some(c) = self.rest.chars().next() {
            if Some(c) == end {
                return self.copy(c.len_utf8());
            }
            match c {
                '\\' => self.copy(1 + self.rest.chars().nth(1).map_or(0, char::len_utf8)),
                '\'' if !quoted => self
                    .copy(self.rest.get(1..).and_then(|rest| rest.find('\'')).map_or(self.rest.len(), |end| end + 2)),
                '`' => self.copy(quoted_length(self.rest, '`')),
                '"' => {
                    self.copy(1);
                    self.until(Some('"'), true, Within::Nothing);
                }
                '$' => self.dollar(quoted, within),
                '<' | '>' if !quoted && self.rest.get(1..).is_some_and(|rest| rest.starts_with('(')) => self.command(),
                c => self.copy(c.len_utf8()),
            }
        }
    }

    fn dollar(&mut self, quoted: bool, within: Within) {
        let after = self.rest.get(1..).unwrap_or("");
        match after.as_bytes() {
            [b'(', b'(', ..] => match after.get(2..).and_then(crate::expand::scan::arithmetic_end) {
                Some(end) => self.copy(3 + end + 2),
                None => self.command(),
            },
            [b'(', ..] => self.command(),
            [b'{', ..] => self.parameter(quoted),
            [b'\'', ..] if !quoted || within != Within::Nothing => {
                let length = quoted_length(after, '\'');
                let value = crate::expand::ansi_c(after.get(1..length.saturating_sub(1)).unwrap_or(""));
                if quoted && within == Within::Default {
                    self.out.push_str(&value);
                } else {
                    self.out.push_str(&quote::single_quoted(&value));
                }
                self.rest = after.get(length..).unwrap_or("");
            }
            [b'"', ..] if !quoted => self.rest = after,
            // The process's number, and what comes after it is no `$'...'`.
            [b'$', ..] => self.copy(2),
            _ => self.copy(1),
        }
    }

    /// `${...}`: what is behind the operator depends on it.
    fn parameter(&mut self, quoted: bool) {
        let inner = self.rest.get(2..).unwrap_or("");
        let mut length = inner.find(|c: char| !matches!(c, '!' | '#')).unwrap_or(0);
        length += inner.get(length..).unwrap_or("").find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(0);
        if length == 0 && inner.starts_with(['@', '*', '?', '-', '$']) {
            length = 1;
        }
        let behind = inner.get(length..).unwrap_or("");
        if behind.starts_with('[') {
            length += behind.get(1..).and_then(crate::expand::scan::subscript_end).map_or(1, |end| end + 2);
        }
        let within = match inner.get(length..).unwrap_or("").chars().next() {
            Some('#' | '%' | '/' | '^' | ',') => Within::Pattern,
            _ => Within::Default,
        };
        self.copy(2 + length);
        self.until(Some('}'), quoted, within);
    }

    /// `$(...)`, `<(...)`, `>(...)`: its commands are printed anew, when they can be parsed.
    fn command(&mut self) {
        let Some(end) = parse::skip_command(self.rest, 2) else { return self.copy(1) };
        let parsed = self.rest.get(2..end).and_then(parse_commands);
        let Some(lists) = parsed else { return self.copy(end + 1) };
        let lines: Vec<String> = lists.iter().map(list_text).collect();
        let text = lines.join("\n");
        self.copy(2);
        // `((` would begin arithmetic.
        if text.starts_with('(') {
            self.out.push(' ');
        }
        self.out.push_str(&text);
        self.out.push(')');
        self.rest = self.rest.get(end - 1..).unwrap_or("");
    }
}

/// All commands of a text, line by line; `None` when it is no program.
fn parse_commands(text: &str) -> Option<Vec<CompoundList>> {
    let mut reader = parse::Reader::new(text.to_owned(), 1);
    let mut lists = Vec::new();
    loop {
        let (parsed, _) = reader.next(parse::Context { extglob: true, ..parse::Context::default() });
        match parsed {
            Ok(Some(list)) => lists.push(list),
            Ok(None) => return Some(lists),
            Err(_) => return None,
        }
    }
}

/// How long a quoted text is in which backslashes escape; it begins with its quote.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return position + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (raw, printed) in [
            ("a$'\\t'b", "a'\t'b"),
            ("$\"x\"", "\"x\""),
            ("\"$'x'\"", "\"$'x'\""),
            ("\"${v:-$'x'}\"", "\"${v:-x}\""),
            ("\"${v#$'x'}\"", "\"${v#'x'}\""),
            ("$$'x'$$\"y\"", "$$'x'$$\"y\""),
            ("$((1 + 2))", "$((1 + 2))"),
            ("$(a\nb # c\n)", "$(a\nb)"),
            ("$( (a) )", "$( ( a ))"),
            ("<(a|b)", "<(a | b)"),
            ("$(", "$("),
        ] {
            assert_eq!(word_text(raw), printed);
        }
    }
}
