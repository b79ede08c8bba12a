//! Backslash escapes as `echo -e` and `printf` read them, which differ in details.

use crate::text;

/// Whose rules hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// `echo -e`: octal numbers begin with `\0`.
    Echo,
    /// `printf %b`: octal numbers may begin with `\0`.
    Argument,
    /// The format of `printf`: `\c` means nothing, quotes can be escaped.
    Format,
}

/// What one escape gave.
pub enum Escape {
    Done,
    /// `\c`: nothing more is written.
    Stop,
    /// A number was expected: the letter in front of it, for the message.
    MissingDigits(char),
}

/// Appends what the escape at the start of `rest` (behind its backslash) stands for, and moves `rest` behind it.
pub fn push_escape(out: &mut Vec<u8>, rest: &mut &str, rules: Rules) -> Escape {
    let Some(c) = rest.chars().next() else {
        out.push(b'\\');
        return Escape::Done;
    };
    let after = &rest[c.len_utf8()..];
    let simple = match c {
        'a' => Some(7),
        'b' => Some(8),
        'e' | 'E' => Some(0x1b),
        'f' => Some(0x0c),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(0x0b),
        '\\' => Some(b'\\'),
        '\'' | '"' | '?' if rules == Rules::Format => Some(c as u8),
        _ => None,
    };
    if let Some(byte) = simple {
        out.push(byte);
        *rest = after;
        return Escape::Done;
    }
    match c {
        'c' if rules != Rules::Format => {
            *rest = after;
            return Escape::Stop;
        }
        '0'..='7' if rules != Rules::Echo || c == '0' => {
            // A leading 0 is not one of the three digits in an argument.
            let digits = if rules != Rules::Format && c == '0' { 4 } else { 3 };
            let (value, left) = number(rest, 8, digits);
            out.push(value as u8);
            *rest = left;
        }
        'x' | 'u' | 'U' => {
            let (value, left) = number(
                after,
                16,
                if c == 'x' {
                    2
                } else if c == 'u' {
                    4
                } else {
                    8
                },
            );
            if left.len() == after.len() {
                out.push(b'\\');
                return Escape::MissingDigits(c);
            }
            *rest = left;
            if c == 'x' {
                out.push(value as u8);
            } else {
                push_code_point(out, value);
            }
        }
        _ => out.push(b'\\'),
    }
    Escape::Done
}

/// Reads at most `digits` digits.
fn number(text: &str, radix: u32, digits: usize) -> (u32, &str) {
    let mut value = 0_u32;
    let mut rest = text;
    for _ in 0..digits {
        let Some(digit) = rest.chars().next().and_then(|c| c.to_digit(radix)) else { break };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        rest = &rest[1..];
    }
    (value, rest)
}

/// UTF-8, also for numbers that are no characters, as C's libraries do it.
fn push_code_point(out: &mut Vec<u8>, code: u32) {
    if let Some(c) = char::from_u32(code) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else if code < 0x1_0000 {
        out.extend([0xe0 | (code >> 12) as u8, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8]);
    } else if code < 0x20_0000 {
        out.extend([
            0xf0 | (code >> 18) as u8,
            0x80 | (code >> 12 & 0x3f) as u8,
            0x80 | (code >> 6 & 0x3f) as u8,
            0x80 | (code & 0x3f) as u8,
        ]);
    }
}

/// Appends a text with its escapes replaced. False when `\c` ended it; numbers without digits are handed to `missing`.
pub fn push_escaped(out: &mut Vec<u8>, source: &str, rules: Rules, mut missing: impl FnMut(char)) -> bool {
    let mut rest = source;
    while let Some(position) = rest.find('\\') {
        text::push_bytes(out, &rest[..position]);
        rest = &rest[position + 1..];
        match push_escape(out, &mut rest, rules) {
            Escape::Done => {}
            Escape::Stop => return false,
            Escape::MissingDigits(letter) => missing(letter),
        }
    }
    text::push_bytes(out, rest);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(source: &str, rules: Rules) -> Vec<u8> {
        let mut out = Vec::new();
        push_escaped(&mut out, source, rules, |_| {});
        out
    }

    #[test]
    fn differences() {
        assert_eq!(escaped(r"\0101\101\x41\u00e9", Rules::Echo), "A\\101A\u{e9}".as_bytes());
        assert_eq!(escaped(r"\0101\101", Rules::Argument), b"AA");
        assert_eq!(escaped(r"\0101", Rules::Format), b"\x081");
        assert_eq!(escaped(r#"\"\c\"#, Rules::Format), br#""\c\"#);
        assert_eq!(escaped(r"a\cb", Rules::Echo), b"a");
        assert_eq!(escaped(r"\x\q", Rules::Argument), br"\x\q");
    }
}
