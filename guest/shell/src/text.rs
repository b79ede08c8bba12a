//! Texts of the shell are `String`s, although what a shell handles is bytes: a byte that is not UTF-8 is carried as one
//! character of a range that Unicode keeps for private use, and becomes the byte again on the way out (as Python's
//! surrogateescape does it).

/// Byte `b` (0x80 to 0xff) is carried as this plus `b`.
const ESCAPED: u32 = 0x10_fe00;

/// Bytes from outside, as a text.
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|&byte| char::from_u32(ESCAPED + u32::from(byte))));
    }
    text
}

/// A text as the bytes it stands for.
pub fn to_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    push_bytes(&mut bytes, text);
    bytes
}

/// Appends a text as the bytes it stands for.
pub fn push_bytes(bytes: &mut Vec<u8>, text: &str) {
    // Every carried byte begins with this in UTF-8; texts without one are copied whole.
    if !text.as_bytes().contains(&0xf4) {
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    let mut buf = [0; 4];
    for c in text.chars() {
        match u32::from(c).checked_sub(ESCAPED) {
            Some(byte @ 0x80..=0xff) => bytes.push(byte as u8),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut buf).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).chain(*b"\xe2\x82 \xe2\x82\xac").collect();
        assert_eq!(to_bytes(&from_bytes(&bytes)), bytes);
    }
}
