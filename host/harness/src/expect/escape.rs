//! Output as `... (esc)`, and back.

/// What marks a line that is escaped.
pub(super) const ESC: &[u8] = b" (esc)";

/// The line as `... (esc)`, or nothing if it can be written as it is: every character of it is visible, and it does not
/// begin like a command. A backslash alone is no reason, as in cram.
pub(crate) fn escaped(raw: &[u8]) -> Option<Vec<u8>> {
    let like_a_command = raw.starts_with(b"$ ") || raw.starts_with(b"> ");
    if !like_a_command && std::str::from_utf8(raw).is_ok_and(|text| text.chars().all(is_visible)) {
        return None;
    }
    let mut line = Vec::with_capacity(raw.len() * 2 + ESC.len());
    for chunk in raw.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => line.extend_from_slice(br"\\"),
                '\r' => line.extend_from_slice(br"\r"),
                '\t' => line.extend_from_slice(br"\t"),
                '$' | '>' if like_a_command && line.is_empty() => push_hex(&mut line, character as u8),
                _ if is_visible(character) => {
                    line.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_hex(&mut line, byte)),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_hex(&mut line, *byte));
    }
    line.extend_from_slice(ESC);
    Some(line)
}

fn push_hex(line: &mut Vec<u8>, byte: u8) {
    line.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
}

/// Whether a character is seen for what it is. What the standard library would print as `\u{...}` is not; a mark that
/// combines with the character before it is, and so it is asked for behind one.
fn is_visible(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{a0}' => false,
        _ => !['a', character].iter().collect::<String>().escape_debug().any(|shown| shown == '\\'),
    }
}

/// The bytes that the escapes of a Python bytes literal stand for. What is no escape stays as it is.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let (byte, used) = if *first == b'\\' { escape(after).unwrap_or((b'\\', 0)) } else { (*first, 0) };
        bytes.push(byte);
        rest = &after[used..];
    }
    bytes
}

/// The byte that an escape stands for, and how many bytes it has after its backslash.
fn escape(after: &[u8]) -> Option<(u8, usize)> {
    let byte = match after.first()? {
        byte @ (b'\\' | b'\'' | b'"') => *byte,
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'x' => return digits(after.get(1..3)?, 16).map(|byte| (byte, 3)),
        b'0'..=b'7' => {
            let length = after.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
            return digits(&after[..length], 8).map(|byte| (byte, length));
        }
        _ => return None,
    };
    Some((byte, 1))
}

/// The byte that digits stand for; of a larger number the lowest eight bits, as in Python.
fn digits(text: &[u8], radix: u32) -> Option<u8> {
    text.iter().try_fold(0_u32, |value, digit| Some(value * radix + char::from(*digit).to_digit(radix)?)).map(|value| {
        #[allow(clippy::cast_possible_truncation, reason = "said above")]
        let byte = value as u8;
        byte
    })
}
