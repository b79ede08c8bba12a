//! The ways in which bash quotes a text so that it can be read back: `printf %q`, `${x@Q}`, `declare -p`, `set -x`, ...
//! Each place uses another one, so all of them are here, and nowhere else.

use crate::text;
use std::borrow::Cow;

/// `'...'`, where an apostrophe becomes `'\''` (and is only escaped when it is the whole text).
pub fn single_quoted(text: &str) -> String {
    if text == "'" {
        return "\\'".to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("'\\''"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// `"..."` with backslashes before what double quotes do not protect.
pub fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '\\' | '"' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Whether a character can be shown as it is. Carried bytes (see `text.rs`) cannot.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        c if c.is_ascii() => false,
        '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' => false,
        c => !c.is_control() && text::to_bytes(c.encode_utf8(&mut [0; 4])).len() > 1,
    }
}

/// Whether bash would use `$'...'`: something in it cannot be shown.
pub fn needs_ansi_c(text: &str) -> bool {
    !text.chars().all(is_printable)
}

/// `$'...'`.
pub fn ansi_c_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push_str("$'");
    for c in text.chars() {
        match c {
            '\x1b' => quoted.push_str("\\E"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0b' => quoted.push_str("\\v"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\x0c' => quoted.push_str("\\f"),
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            c if is_printable(c) => quoted.push(c),
            c => {
                for byte in text::to_bytes(c.encode_utf8(&mut [0; 4])) {
                    quoted.push_str(&format!("\\{byte:03o}"));
                }
            }
        }
    }
    quoted.push('\'');
    quoted
}

/// `printf %q`: backslashes before everything that means something, `''` for nothing, `$'...'` when needed.
pub fn backslash_quoted(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    if needs_ansi_c(text) {
        return ansi_c_quoted(text);
    }
    let mut quoted = String::with_capacity(text.len() + 8);
    let mut previous = None;
    for c in text.chars() {
        let special = match c {
            ' ' | '!' | '"' | '$' | '&' | '\'' | '(' | ')' | '*' | ',' | ';' | '<' | '>' | '?' | '[' | '\\' | ']'
            | '^' | '`' | '{' | '|' | '}' => true,
            '#' => previous.is_none(),
            '~' => matches!(previous, None | Some(':' | '=')),
            _ => false,
        };
        if special {
            quoted.push('\\');
        }
        quoted.push(c);
        previous = Some(c);
    }
    quoted
}

/// `${x@Q}`: always quoted, by apostrophes unless something cannot be shown.
pub fn quote_for_reuse(text: &str) -> String {
    if needs_ansi_c(text) { ansi_c_quoted(text) } else { single_quoted(text) }
}

/// The values in `declare -p`.
pub fn quote_for_declare(text: &str) -> String {
    if needs_ansi_c(text) { ansi_c_quoted(text) } else { double_quoted(text) }
}

/// The keys of associative arrays in `declare -p`: quoted only when needed.
pub fn quote_key(key: &str) -> Cow<'_, str> {
    if needs_ansi_c(key) {
        Cow::Owned(ansi_c_quoted(key))
    } else if key.is_empty() || key == "@" || key == "*" || has_metacharacters(key) {
        Cow::Owned(double_quoted(key))
    } else {
        Cow::Borrowed(key)
    }
}

/// Words in the output of `set -x`, and values in `set`'s list (where nothing stays nothing): quoted only when needed.
pub fn quote_if_needed(text: &str) -> Cow<'_, str> {
    if needs_ansi_c(text) {
        Cow::Owned(ansi_c_quoted(text))
    } else if has_metacharacters(text) {
        Cow::Owned(single_quoted(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// A word in the output of `set -x`.
pub fn quote_for_trace(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        Cow::Borrowed("''")
    } else if has_metacharacters(text) {
        Cow::Owned(single_quoted(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether the text holds something that means something to the shell.
pub fn has_metacharacters(text: &str) -> bool {
    let mut previous = None;
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\n' | '\'' | '"' | '\\' | '|' | '&' | ';' | '(' | ')' | '<' | '>' | '!' | '{' | '}' | '*'
            | '[' | '?' | ']' | '^' | '$' | '`' => return true,
            '~' if matches!(previous, None | Some('=' | ':')) => return true,
            '#' if matches!(previous, None | Some(' ' | '\t')) => return true,
            _ => {}
        }
        previous = Some(c);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apostrophes() {
        assert_eq!(single_quoted(""), "''");
        assert_eq!(single_quoted("it's"), r"'it'\''s'");
        assert_eq!(single_quoted("'"), r"\'");
        assert_eq!(quote_for_reuse("a\nb'"), r"$'a\nb\''");
    }

    #[test]
    fn backslashes() {
        assert_eq!(backslash_quoted(""), "''");
        assert_eq!(backslash_quoted("a b~#"), r"a\ b~#");
        assert_eq!(backslash_quoted("#~=~"), r"\#~=\~");
        assert_eq!(backslash_quoted("\x1b[0m"), r"$'\E[0m'");
        assert_eq!(backslash_quoted(&text::from_bytes(b"\xff")), r"$'\377'");
        assert_eq!(backslash_quoted("é"), "é");
    }

    #[test]
    fn declarations() {
        assert_eq!(quote_for_declare("a\"$`\\"), r#""a\"\$\`\\""#);
        assert_eq!(quote_for_declare("\u{1}"), r"$'\001'");
        assert_eq!(quote_key("a"), "a");
        assert_eq!(quote_key("a b"), "\"a b\"");
        assert_eq!(quote_for_trace("a=~"), "'a=~'");
    }
}
