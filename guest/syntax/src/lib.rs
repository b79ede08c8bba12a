//! The shell's language: bash's grammar as a tree ([`ast`]), read one command at a time ([`parse`]). The shell guest runs what
//! it reads; the host's line editor asks whether a line is a whole command.

pub mod ast;
pub mod parse;

/// Whether a text can be a variable's name.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
