//! Making visible what a terminal would obey, hide or reorder: names, contents and messages come from anywhere.
//!
//! | what | is shown as |
//! |---|---|
//! | line feed, carriage return, tab | `\n`, `\r`, `\t`; a line feed and a tab only where they are not wanted |
//! | any other control character of ASCII, and every byte that is no UTF-8 | `\x1b` |
//! | C1 controls, line separators, what changes the direction of text, what cannot be seen at all | `\u{202e}` |
//!
//! A backslash stays as it is: this is for reading, not for reading back.

use std::fmt::{self, Display, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// What a text may have beside visible characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Nothing: it is a name, or a part of a line.
    Nothing,
    /// Tabs: it is a line of somebody's text.
    Tabs,
    /// Tabs and line feeds, and a carriage return before a line feed: it is text of several lines.
    Lines,
}

/// Shows bytes as they would be read by a person.
#[derive(Clone, Copy)]
pub(crate) struct Visible<'a> {
    bytes: &'a [u8],
    kept: Kept,
}

/// A name, or another text that must not leave its line.
pub(crate) fn name(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Visible<'_> {
    Visible { bytes: bytes.as_ref(), kept: Kept::Nothing }
}

/// A file's path.
pub(crate) fn path(path: &Path) -> Visible<'_> {
    name(path.as_os_str().as_bytes())
}

/// A line of a file or of an output, without its end.
pub(crate) fn line(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Visible<'_> {
    Visible { bytes: bytes.as_ref(), kept: Kept::Tabs }
}

/// Text of several lines.
pub(crate) fn lines(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Visible<'_> {
    Visible { bytes: bytes.as_ref(), kept: Kept::Lines }
}

impl Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.bytes.utf8_chunks() {
            let text = chunk.valid();
            let mut from = 0;
            for (at, character) in text.char_indices() {
                let follows = || text[at + 1..].starts_with('\n');
                if self.kept.keeps(character, follows) {
                    continue;
                }
                f.write_str(&text[from..at])?;
                escape(f, character)?;
                from = at + character.len_utf8();
            }
            f.write_str(&text[from..])?;
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Kept {
    /// Whether a character is shown as it is; `before_line_feed` says what follows it.
    fn keeps(self, character: char, before_line_feed: impl Fn() -> bool) -> bool {
        match character {
            ' '..='~' => true,
            '\t' => self != Self::Nothing,
            '\n' => self == Self::Lines,
            '\r' => self == Self::Lines && before_line_feed(),
            _ => is_visible(character),
        }
    }
}

fn escape(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\0'..='\x7f' => write!(f, "\\x{:02x}", character as u32),
        _ => write!(f, "\\u{{{:x}}}", character as u32),
    }
}

/// Whether a terminal shows the character, and does nothing else. Joiners within words and emoji stay.
pub(crate) fn is_visible(character: char) -> bool {
    !matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Soft hyphen; marks of direction; separators of lines and paragraphs; embedding, overrides and isolates.
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        // Invisible operators, isolates, deprecated formatting.
        | '\u{2060}'..='\u{206f}'
        // The byte order mark, annotations, what stands for no character.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}'
        // Tags, which are text that nobody sees.
        | '\u{e0000}'..='\u{e0fff}'
    ) && character as u32 & 0xfffe != 0xfffe
}

/// Escapes in the way of JSON what JSON lets through and a terminal would obey. Outside of strings JSON has none of it.
pub(crate) fn json(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || is_visible(character) {
            visible.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(visible, "\\u{unit:04x}");
            }
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would be left for a terminal to obey.
    fn obeyed(text: &str, allowed: &[char]) -> Option<char> {
        text.chars().find(|character| !allowed.contains(character) && !is_visible(*character))
    }

    #[test]
    fn every_byte_becomes_visible() {
        for byte in 0..=u8::MAX {
            for bytes in [vec![byte], vec![b'a', byte], vec![byte, b'\n'], vec![0xc2, byte], vec![0xe2, 0x80, byte]] {
                assert_eq!(obeyed(&name(&bytes).to_string(), &[]), None, "{bytes:?}");
                assert_eq!(obeyed(&line(&bytes).to_string(), &['\t']), None, "{bytes:?}");
                let text = lines(&bytes).to_string();
                assert_eq!(obeyed(&text.replace("\r\n", "\n"), &['\t', '\n']), None, "{bytes:?}");
            }
        }
    }

    #[test]
    fn every_character_becomes_visible_or_stays() {
        for character in '\0'..=char::MAX {
            let shown = name(&character.to_string()).to_string();
            assert_eq!(obeyed(&shown, &[]), None, "{shown}");
            assert!(shown.starts_with('\\') || shown == character.to_string(), "{shown}");
            let quoted = json(&serde_json::to_string(&character).expect("JSON"));
            assert_eq!(obeyed(&quoted, &[]), None, "{quoted}");
            assert_eq!(serde_json::from_str::<char>(&quoted).expect("JSON"), character);
        }
    }

    #[test]
    fn what_is_seen_stays_and_the_rest_is_told() {
        let mixed = b"caf\xc3\xa9\t\x1b[2J\x07\x7f\xff\xc2\x9b1m \xe2\x80\xae\r\n\r.\\";
        let rest = r"\x1b[2J\x07\x7f\xff\u{9b}1m \u{202e}";
        assert_eq!(name(mixed).to_string(), format!(r"café\t{rest}\r\n\r.\"));
        assert_eq!(line(mixed).to_string(), format!("café\t{rest}\\r\\n\\r.\\"));
        assert_eq!(lines(mixed).to_string(), format!("café\t{rest}\r\n\\r.\\"));
    }
}
