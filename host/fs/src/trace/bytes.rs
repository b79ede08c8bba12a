//! Paths in formats for people: text, in which `\` is `\\` and a byte that is no UTF-8 is `\xNN`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return serde_bytes::serialize(bytes, serializer);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\\') => serializer.serialize_str(text),
        _ => serializer.serialize_str(&escaped(bytes)),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    if !deserializer.is_human_readable() {
        return serde_bytes::deserialize(deserializer);
    }
    let text = String::deserialize(deserializer)?;
    if !text.contains('\\') {
        return Ok(text.into_bytes());
    }
    unescaped(&text).ok_or_else(|| D::Error::custom("`\\` is not followed by `\\` or by `x` and two digits"))
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                after
            }
            (b'\\', [b'x', digits @ ..]) => {
                let (digits, after) = digits.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                after
            }
            (b'\\', _) => return None,
            _ => {
                bytes.push(byte);
                after
            }
        };
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back() {
        for bytes in [&b"a/b"[..], b"", b"back\\slash", b"\xff\xfe\\x41", "ä\u{1f600}".as_bytes(), b"tail\\"] {
            let text = escaped(bytes);
            assert_eq!(unescaped(&text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(unescaped("\\q"), None);
        assert_eq!(unescaped("\\x4"), None);
    }
}
