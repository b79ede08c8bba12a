//! Characters in bytes that may be no UTF-8: a byte that belongs to none counts as one.

/// Where the character that begins here ends.
pub fn char_end(text: &[u8], at: usize) -> usize {
    let length = match text.get(at) {
        None => return at,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        Some(_) => 1,
    };
    match text.get(at..at + length) {
        Some(bytes) if std::str::from_utf8(bytes).is_ok() => at + length,
        _ => at + 1,
    }
}

pub fn char_count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut count = 0;
    let mut at = 0;
    while at < text.len() {
        at = char_end(text, at);
        count += 1;
    }
    count
}

/// Where the character with this number (from 0) begins, or the end.
pub fn char_offset(text: &[u8], number: usize) -> usize {
    if text.is_ascii() {
        return number.min(text.len());
    }
    (0..number).fold(0, |at, _| char_end(text, at))
}
