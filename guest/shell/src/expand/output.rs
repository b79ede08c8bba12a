//! Where expanded text goes: into fields, split and perhaps matched against files, or into one text.

use super::escapes_pattern;

/// What the result is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Words of a command.
    Fields,
    /// One text.
    Text,
    /// A here-document, in which bash joins `$*` with blanks.
    Document,
    /// A pattern: quoted characters get backslashes.
    Pattern,
    /// A regular expression: the same, where they are special.
    Regex,
    /// What replaces a match in `${x/pattern/text}`: a quoted `&` gets a backslash.
    Replacement,
}

/// The characters of IFS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ifs {
    pub text: String,
    white: [bool; 3],
    plain: bool,
}

const WHITE: [char; 3] = [' ', '\t', '\n'];

impl Ifs {
    /// `None` is IFS unset.
    pub fn new(text: Option<&str>) -> Self {
        let text = text.unwrap_or(" \t\n");
        let white = WHITE.map(|c| text.contains(c));
        Self { text: text.to_owned(), white, plain: text.chars().all(|c| WHITE.contains(&c)) }
    }

    fn is_white(&self, c: char) -> bool {
        WHITE.iter().zip(self.white).any(|(&white, there)| there && white == c)
    }

    fn is_hard(&self, c: char) -> bool {
        !self.plain && !WHITE.contains(&c) && self.text.contains(c)
    }

    /// What joins `"$*"`.
    pub fn joiner(&self) -> &str {
        self.text.chars().next().map_or("", |first| &self.text[..first.len_utf8()])
    }
}

/// One word, with what is known for matching it against files.
#[derive(Clone, Debug, Default)]
pub struct Field {
    pub text: String,
    /// Parts that quoting protects, in order.
    protected: Vec<(usize, usize)>,
    /// Something in it that is not protected may be special in a pattern.
    special: bool,
}

impl Field {
    /// The pattern that this is, when it may be one.
    pub fn pattern(&self) -> Option<String> {
        if !self.special {
            return None;
        }
        let mut pattern = String::with_capacity(self.text.len() + 8);
        let mut at = 0;
        for &(start, end) in &self.protected {
            pattern.push_str(&self.text[at..start]);
            escapes_pattern(&mut pattern, &self.text[start..end]);
            at = end;
        }
        pattern.push_str(&self.text[at..]);
        Some(pattern)
    }
}

/// What ended the last field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delimiter {
    None,
    /// White space, which a following separator would belong to.
    White,
    Hard,
}

/// What is made of a word's pieces.
#[derive(Debug)]
pub struct Output {
    pub mode: Mode,
    pub fields: Vec<Field>,
    current: Field,
    started: bool,
    delimiter: Delimiter,
    pub ifs: Option<Ifs>,
    /// A quoted `$@` had nothing in it.
    pub empty_list: bool,
}

fn has_special(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'(' | b'\\'))
}

/// Whether a regular expression ends within brackets, where a backslash protects nothing.
fn ends_in_bracket(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['[', '\\']) {
        let after = &rest[at + 1..];
        if rest.as_bytes()[at] == b'\\' {
            rest = after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
            continue;
        }
        match crate::pattern::engine::parse_bracket(after, false) {
            Some((_, after)) => rest = after,
            None => return true,
        }
    }
    false
}

impl Output {
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            fields: Vec::new(),
            current: Field::default(),
            started: false,
            delimiter: Delimiter::None,
            ifs: None,
            empty_list: false,
        }
    }

    /// Whether results of expansions are split.
    pub fn splits(&self) -> bool {
        self.mode == Mode::Fields
    }

    /// Text that quoting protects. It is part of a word even when it is empty.
    pub fn quoted(&mut self, text: &str) {
        self.started = true;
        if text.is_empty() {
            return;
        }
        match self.mode {
            Mode::Fields => {
                let start = self.current.text.len();
                self.current.text.push_str(text);
                let end = self.current.text.len();
                match self.current.protected.last_mut() {
                    Some((_, last)) if *last == start => *last = end,
                    _ => self.current.protected.push((start, end)),
                }
            }
            Mode::Text | Mode::Document => self.current.text.push_str(text),
            Mode::Replacement => {
                for c in text.chars() {
                    if matches!(c, '&' | '\\') {
                        self.current.text.push('\\');
                    }
                    self.current.text.push(c);
                }
            }
            Mode::Pattern => escapes_pattern(&mut self.current.text, text),
            Mode::Regex => {
                let bracket = ends_in_bracket(&self.current.text);
                for c in text.chars() {
                    if !bracket
                        && matches!(
                            c,
                            '.' | '[' | ']' | '\\' | '(' | ')' | '*' | '+' | '?' | '{' | '}' | '|' | '^' | '$'
                        )
                    {
                        self.current.text.push('\\');
                    }
                    self.current.text.push(c);
                }
            }
        }
    }

    /// A character that a backslash protects.
    pub fn escaped(&mut self, c: char) {
        if self.mode == Mode::Regex && c != '/' && !ends_in_bracket(&self.current.text) {
            self.started = true;
            self.current.text.push('\\');
            self.current.text.push(c);
        } else {
            self.quoted(c.encode_utf8(&mut [0; 4]));
        }
    }

    /// Text as it was written, not quoted: never split, but perhaps a pattern.
    pub fn literal(&mut self, text: &str) {
        self.started = true;
        if self.mode == Mode::Fields && !self.current.special {
            self.current.special = has_special(text);
        }
        self.current.text.push_str(text);
    }

    /// The result of an expansion that is not quoted.
    pub fn split(&mut self, text: &str) {
        if self.mode != Mode::Fields {
            if !text.is_empty() {
                self.started = true;
                self.current.text.push_str(text);
            }
            return;
        }
        let Some(ifs) = self.ifs.take() else {
            // Without an IFS that was looked up, nothing is split.
            return self.append(text);
        };
        let mut start = 0;
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            let white = ifs.is_white(c);
            if !white && !ifs.is_hard(c) {
                continue;
            }
            self.append(&text[start..at]);
            start = at + c.len_utf8();
            if self.started {
                self.finish();
                self.delimiter = if white { Delimiter::White } else { Delimiter::Hard };
            } else if !white {
                if self.delimiter != Delimiter::White {
                    self.finish();
                }
                self.delimiter = Delimiter::Hard;
            }
        }
        self.append(&text[start..]);
        self.ifs = Some(ifs);
    }

    fn append(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.current.special {
                self.current.special = has_special(text);
            }
            self.started = true;
            self.current.text.push_str(text);
            self.delimiter = Delimiter::None;
        }
    }

    /// Ends the current field, empty or not.
    fn finish(&mut self) {
        self.fields.push(std::mem::take(&mut self.current));
        self.started = false;
    }

    /// Ends the current field where one has begun.
    pub fn end_field(&mut self) {
        if self.started {
            self.finish();
        }
        self.delimiter = Delimiter::None;
    }

    /// An empty field that has only begun because of empty quotes is none after all.
    pub fn forget_empty(&mut self) {
        if self.current.text.is_empty() {
            self.started = false;
        }
    }

    /// Whether the current field has begun.
    pub fn has_begun(&self) -> bool {
        self.started
    }

    /// What was collected, as one text.
    pub fn into_text(self) -> String {
        self.current.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(ifs: &str, parts: &[&str]) -> Vec<String> {
        let mut output = Output::new(Mode::Fields);
        output.ifs = Some(Ifs::new(Some(ifs)));
        for part in parts {
            match part.strip_prefix('"') {
                Some(quoted) => output.quoted(quoted),
                None => output.split(part),
            }
        }
        output.end_field();
        output.fields.into_iter().map(|field| field.text).collect()
    }

    #[test]
    fn splitting() {
        assert_eq!(split(" \t\n", &["  a  b "]), ["a", "b"]);
        assert_eq!(split(": ", &["a : b::c :"]), ["a", "b", "", "c"]);
        assert_eq!(split(": ", &[" :a"]), ["", "a"]);
        assert_eq!(split(":", &["a:", "\""]), ["a", ""]);
        assert_eq!(split(":", &["a:", "b"]), ["a", "b"]);
        assert_eq!(split(" :", &["a ", ":b"]), ["a", "b"]);
        assert_eq!(split("", &["a b"]), ["a b"]);
        assert_eq!(split(" ", &[" "]), Vec::<String>::new());
        assert_eq!(split(" ", &["\"x", " ", "\"y"]), ["x", "y"]);
    }
}
