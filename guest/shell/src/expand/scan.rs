//! Finding where things end in raw text.

use crate::parse::skip_command;

/// What is nested deeper than this is not looked into: the recursion is bounded.
const MAX_DEPTH: u32 = 200;

/// The index of the character after the quoted part, substitution or escaped character that begins at `at`; `at` itself
/// when none begins there. An unfinished one ends with the text.
pub fn skip_protected(text: &str, at: usize) -> usize {
    skip(text, at, 0)
}

fn skip(text: &str, at: usize, depth: u32) -> usize {
    if depth > MAX_DEPTH {
        return text.len();
    }
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(b'\\') => at + 1 + text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
        Some(b'\'') => text[at + 1..].find('\'').map_or(text.len(), |end| at + end + 2),
        Some(b'"') => {
            let mut end = at + 1;
            while end < bytes.len() {
                match bytes[end] {
                    b'"' => return end + 1,
                    b'\'' => end += 1,
                    b'\\' | b'`' | b'$' => {
                        let after = skip(text, end, depth + 1);
                        end = if after == end || bytes.get(end + 1) == Some(&b'\'') { end + 1 } else { after };
                    }
                    _ => end += 1,
                }
            }
            text.len()
        }
        Some(b'`') => backquote_end(&text[at + 1..]).map_or(text.len(), |end| at + end + 2),
        Some(b'$') => match bytes.get(at + 1) {
            Some(b'(') => skip_command(text, at + 2).map_or(text.len(), |end| end + 1),
            Some(b'{') => brace_end_nested(text, at + 2, depth + 1).map_or(text.len(), |end| end + 1),
            Some(b'\'') => ansi_c_end(&text[at + 2..]).map_or(text.len(), |end| at + end + 3),
            Some(b'"') => skip(text, at + 1, depth),
            _ => at,
        },
        _ => at,
    }
}

/// The index of the backquote that ends what follows one.
pub fn backquote_end(text: &str) -> Option<usize> {
    unescaped(text, b'`')
}

/// The index of the quote that ends what follows `$'`.
pub fn ansi_c_end(text: &str) -> Option<usize> {
    unescaped(text, b'\'')
}

fn unescaped(text: &str, end: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == end => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// The index of the `}` that closes the expansion whose text begins at `start`, behind its `${`.
pub fn brace_end(text: &str, start: usize) -> Option<usize> {
    brace_end_nested(text, start, 0)
}

fn brace_end_nested(text: &str, start: usize, depth: u32) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() {
        if bytes[at] == b'}' {
            return Some(at);
        }
        at = skip(text, at, depth).max(at + 1);
    }
    None
}

/// The index of the `]` that ends the subscript which begins the text.
pub fn subscript_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'[' => depth += 1,
            b']' if depth == 0 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
        at = skip_protected(text, at).max(at + 1);
    }
    None
}

/// The index of the `))` that ends the arithmetic which begins the text; `None` when it is no arithmetic, but a
/// subshell in a command substitution.
pub fn arithmetic_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' => depth += 1,
            b')' if depth == 0 => return (bytes.get(at + 1) == Some(&b')')).then_some(at),
            b')' => depth -= 1,
            _ => {}
        }
        at = skip_protected(text, at).max(at + 1);
    }
    None
}
