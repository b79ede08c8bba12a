//! Backslash escapes of `$'...'` and of `${x@E}`.

/// Takes the escapes out.
pub fn ansi_c(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        crate::text::push_bytes(&mut bytes, &rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            bytes.push(b'\\');
            return crate::text::from_bytes(&bytes);
        };
        let after = &rest[c.len_utf8()..];
        let single = match c {
            'a' => 0x07,
            'b' => 0x08,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' | '\'' | '"' | '?' => c as u8,
            '0'..='7' => {
                let (value, length) = digits(rest, 8, 3);
                // A NUL ends the text, as it does in bash's own strings.
                if value & 0xff == 0 {
                    return crate::text::from_bytes(&bytes);
                }
                bytes.push(value as u8);
                rest = &rest[length..];
                continue;
            }
            'x' => {
                let braced = after.starts_with('{');
                let (value, length) = if braced { digits(&after[1..], 16, 8) } else { digits(after, 16, 2) };
                if length == 0 {
                    bytes.extend_from_slice(b"\\x");
                    rest = after;
                    continue;
                }
                if value & 0xff == 0 {
                    return crate::text::from_bytes(&bytes);
                }
                bytes.push(value as u8);
                rest = &after[length + usize::from(braced)..];
                if braced {
                    rest = rest.strip_prefix('}').unwrap_or(rest);
                }
                continue;
            }
            'u' | 'U' => {
                let (value, length) = digits(after, 16, if c == 'u' { 4 } else { 8 });
                if length == 0 {
                    bytes.extend_from_slice(&[b'\\', c as u8]);
                    rest = after;
                    continue;
                }
                match char::from_u32(value) {
                    Some('\0') => return crate::text::from_bytes(&bytes),
                    Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => push_any(&mut bytes, value),
                }
                rest = &after[length..];
                continue;
            }
            'c' => {
                let Some(control) = after.chars().next() else {
                    bytes.extend_from_slice(b"\\c");
                    rest = after;
                    continue;
                };
                rest = &after[control.len_utf8()..];
                if control == '\\' {
                    rest = rest.strip_prefix('\\').unwrap_or(rest);
                }
                match control {
                    '?' => bytes.push(0x7f),
                    control => match (control.to_ascii_uppercase() as u32 as u8) & 0x1f {
                        0 => return crate::text::from_bytes(&bytes),
                        byte => bytes.push(byte),
                    },
                }
                continue;
            }
            c => {
                bytes.push(b'\\');
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after;
                continue;
            }
        };
        bytes.push(single);
        rest = after;
    }
    crate::text::push_bytes(&mut bytes, rest);
    crate::text::from_bytes(&bytes)
}

/// A number of at most so many digits, and how many there were.
fn digits(text: &str, base: u32, most: usize) -> (u32, usize) {
    let mut value: u32 = 0;
    let mut length = 0;
    for digit in text.chars().take(most).map_while(|c| c.to_digit(base)) {
        value = value.wrapping_mul(base).wrapping_add(digit);
        length += 1;
    }
    (value, length)
}

/// What bash makes of a number that is no character: UTF-8's scheme without its limits.
fn push_any(bytes: &mut Vec<u8>, value: u32) {
    let tail = |shift: u32| (value >> shift & 0x3f) as u8 | 0x80;
    match value {
        0..=0xffff => bytes.extend([(value >> 12) as u8 | 0xe0, tail(6), tail(0)]),
        0x1_0000..=0x1f_ffff => bytes.extend([(value >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)]),
        0x20_0000..=0x3ff_ffff => bytes.extend([(value >> 24) as u8 | 0xf8, tail(18), tail(12), tail(6), tail(0)]),
        _ => bytes.extend([(value >> 30) as u8 | 0xfc, tail(24), tail(18), tail(12), tail(6), tail(0)]),
    }
}
