//! Words taken apart: from raw text to a small tree, which is kept for the next time.

use super::escapes;
use super::scan;
use crate::parse::skip_command;
use std::rc::Rc;

/// A part of a word.
#[derive(Debug)]
pub enum Piece {
    /// Text as it stands; within double quotes it is protected.
    Text(Box<str>),
    /// Text that quotes protect.
    Quoted(Box<str>),
    /// A character that a backslash protects.
    Escaped(char),
    /// `"..."`
    Double(Vec<Piece>),
    /// What follows a `~`, up to the slash.
    Tilde(Box<str>),
    Parameter(Box<Parameter>),
    /// `$(...)`, or a backquoted text without its backslashes.
    Command(Rc<str>),
    /// `$((...))`
    Arithmetic(Rc<str>),
    /// `<(...)` and `>(...)`
    Process {
        write: bool,
        text: Rc<str>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Variable(Rc<str>),
    Positional(usize),
    /// `$@`, `$?` and so on.
    Special(char),
}

impl Name {
    /// As messages name it.
    pub fn text(&self) -> String {
        match self {
            Self::Variable(name) => name.to_string(),
            Self::Positional(number) => number.to_string(),
            Self::Special(c) => c.to_string(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscript {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    Raw(Rc<str>),
}

/// `$x` or `${...}`.
#[derive(Debug)]
pub struct Parameter {
    pub name: Name,
    pub subscript: Option<Subscript>,
    /// `${!name...}`
    pub indirect: bool,
    pub op: Operation,
    /// The whole text, for messages.
    pub raw: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Default,
    Assign,
    Error,
    Alternative,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    First,
    All,
    Prefix,
    Suffix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    Toggle,
}

#[derive(Debug)]
pub enum Operation {
    None,
    Length,
    /// `-`, `=`, `?`, `+`; with the colon, an empty value is missing, too.
    Missing {
        kind: Missing,
        colon: bool,
        word: Vec<Piece>,
    },
    /// `#`, `##`, `%`, `%%`
    Remove {
        suffix: bool,
        longest: bool,
        pattern: Vec<Piece>,
    },
    Substring {
        offset: Rc<str>,
        length: Option<Rc<str>>,
    },
    Replace {
        kind: Replace,
        pattern: Vec<Piece>,
        with: Vec<Piece>,
    },
    Case {
        case: Case,
        all: bool,
        pattern: Vec<Piece>,
    },
    /// `@Q` and so on.
    Transform(char),
    /// `${!prefix*}`, `${!prefix@}`
    Names {
        star: bool,
    },
    /// No expansion at all: an error when it is expanded.
    Bad,
}

/// What surrounds the text that is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// Nothing: a word.
    Word,
    /// `"..."`
    Double,
    /// A here-document.
    Document,
    /// Arithmetic: as in double quotes, which themselves vanish.
    Arithmetic,
    /// The word of `${x-word}`.
    Brace,
    /// The same within double quotes.
    BraceDouble,
    /// Quotes within that: a backslash escapes anything, an apostrophe is one.
    BraceQuotes,
    /// The pattern of `${x/pattern/}`.
    Pattern,
}

impl Around {
    /// Whether backslashes, quotes and so on have the meaning they have within double quotes.
    fn is_double(self) -> bool {
        matches!(self, Self::Double | Self::Document | Self::Arithmetic | Self::BraceDouble | Self::BraceQuotes)
    }
}

/// Nested expansions deeper than this are taken as text: the recursion is bounded.
const MAX_DEPTH: u32 = 100;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Tildes are also expanded after `:`.
    assignment: bool,
    depth: u32,
}

/// A word; with `assignment`, tildes are expanded after `:`, too, as in the value of an assignment.
pub fn parse_word(text: &str, assignment: bool) -> Vec<Piece> {
    Parser { text, at: 0, assignment, depth: 0 }.pieces(Around::Word)
}

/// The body of a here-document, or whatever is expanded as if within double quotes.
pub fn parse_document(text: &str) -> Vec<Piece> {
    Parser { text, at: 0, assignment: false, depth: 0 }.pieces(Around::Document)
}

/// An arithmetic expression.
pub fn parse_arithmetic(text: &str) -> Vec<Piece> {
    Parser { text, at: 0, assignment: false, depth: 0 }.pieces(Around::Arithmetic)
}

/// A name with its subscript, as `${!x}` finds it in a value.
pub fn parse_reference(text: &str) -> Option<(Name, Option<Subscript>)> {
    let mut parser = Parser { text, at: 0, assignment: false, depth: 0 };
    let name = parser.name()?;
    let subscript = parser.subscript(&name);
    (parser.at == text.len()).then_some((name, subscript))
}

impl Parser<'_> {
    fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    fn byte_at(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Moves on to a place in the text.
    fn go(&mut self, at: usize) {
        self.at = at.min(self.text.len());
    }

    /// Pieces up to what ends them here, which is not consumed.
    fn pieces(&mut self, around: Around) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let start = self.at;
        let mut equals = false;
        // In `"${x-'}'}"` apostrophes hide a brace, although they stay.
        let mut apostrophe = false;
        if !around.is_double() {
            self.tilde(&mut pieces, around);
        }
        while self.at < self.text.len() {
            let byte = self.byte();
            match byte {
                b'"' if around == Around::Double => break,
                b'\'' if around == Around::BraceDouble => {
                    apostrophe = !apostrophe && self.rest()[1..].contains('\'');
                    literal.push('\'');
                    self.at += 1;
                }
                b'}' if matches!(around, Around::Brace | Around::BraceDouble | Around::Pattern) && !apostrophe => break,
                b'/' if around == Around::Pattern => break,
                b'\\' => self.backslash(around, &mut literal, &mut pieces),
                b'\'' if !around.is_double() => {
                    flush(&mut literal, &mut pieces);
                    let end = self.rest()[1..].find('\'').map_or(self.text.len(), |end| self.at + 1 + end);
                    pieces.push(Piece::Quoted(self.text[self.at + 1..end].into()));
                    self.go(end + 1);
                }
                b'"' if around == Around::Arithmetic => self.at += 1,
                b'"' if around == Around::BraceDouble => {
                    flush(&mut literal, &mut pieces);
                    let end = scan::skip_protected(self.text, self.at);
                    let inner_end = if end > self.at + 1 && self.text[..end].ends_with('"') { end - 1 } else { end };
                    let mut inner = Parser {
                        text: &self.text[self.at + 1..inner_end],
                        at: 0,
                        assignment: false,
                        depth: self.depth + 1,
                    };
                    pieces.push(Piece::Double(inner.pieces(Around::BraceQuotes)));
                    self.go(end);
                }
                b'"' if around != Around::Document => {
                    flush(&mut literal, &mut pieces);
                    self.double(&mut pieces);
                }
                b'`' => {
                    flush(&mut literal, &mut pieces);
                    let end = scan::backquote_end(&self.rest()[1..]).map_or(self.text.len(), |end| self.at + 1 + end);
                    let text = unescape_backquoted(
                        &self.text[self.at + 1..end],
                        around.is_double() && around != Around::Document,
                    );
                    pieces.push(Piece::Command(text.into()));
                    self.go(end + 1);
                }
                b'$' if self.depth < MAX_DEPTH => {
                    let before = self.at;
                    match self.dollar(around) {
                        Some(piece) => {
                            flush(&mut literal, &mut pieces);
                            pieces.push(piece);
                        }
                        None => {
                            literal.push('$');
                            self.at = before + 1;
                        }
                    }
                }
                b'<' | b'>'
                    if matches!(around, Around::Word | Around::Brace | Around::Pattern) && self.byte_at(1) == b'(' =>
                {
                    match skip_command(self.text, self.at + 2) {
                        Some(end) => {
                            flush(&mut literal, &mut pieces);
                            pieces
                                .push(Piece::Process { write: byte == b'>', text: self.text[self.at + 2..end].into() });
                            self.go(end + 1);
                        }
                        None => {
                            literal.push(char::from(byte));
                            self.at += 1;
                        }
                    }
                }
                b':' if self.assignment && !around.is_double() => {
                    literal.push(':');
                    self.at += 1;
                    flush(&mut literal, &mut pieces);
                    self.tilde(&mut pieces, around);
                }
                b'=' if around == Around::Word && !equals && !self.assignment => {
                    equals = true;
                    literal.push('=');
                    self.at += 1;
                    if is_assignment_start(&self.text[start..self.at - 1]) {
                        self.assignment = true;
                        flush(&mut literal, &mut pieces);
                        self.tilde(&mut pieces, around);
                    }
                }
                _ => {
                    let rest = self.rest();
                    let length = rest
                        .bytes()
                        .skip(1)
                        .position(|byte| {
                            matches!(byte, b'\\' | b'\'' | b'"' | b'`' | b'$' | b'}' | b'/' | b'<' | b'>' | b':' | b'=')
                        })
                        .map_or(rest.len(), |position| position + 1);
                    literal.push_str(&rest[..length]);
                    self.at += length;
                }
            }
        }
        flush(&mut literal, &mut pieces);
        pieces
    }

    fn double(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        pieces.push(Piece::Double(self.pieces(Around::Double)));
        self.at = (self.at + 1).min(self.text.len());
    }

    fn backslash(&mut self, around: Around, literal: &mut String, pieces: &mut Vec<Piece>) {
        let Some(next) = self.rest()[1..].chars().next() else {
            literal.push('\\');
            self.at += 1;
            return;
        };
        let escapes = match around {
            Around::Double | Around::Arithmetic => matches!(next, '$' | '`' | '"' | '\\' | '\n'),
            Around::Document => matches!(next, '$' | '`' | '\\' | '\n'),
            Around::BraceDouble => matches!(next, '$' | '`' | '"' | '\\' | '\n' | '}'),
            _ => true,
        };
        if !escapes {
            literal.push('\\');
            self.at += 1;
            return;
        }
        self.at += 1 + next.len_utf8();
        if next == '\n' {
            return;
        }
        if around.is_double() {
            literal.push(next);
        } else {
            flush(literal, pieces);
            pieces.push(Piece::Escaped(next));
        }
    }

    /// A tilde that may be expanded.
    fn tilde(&mut self, pieces: &mut Vec<Piece>, around: Around) {
        if self.byte() != b'~' {
            return;
        }
        let rest = &self.rest()[1..];
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b'/' | b':') || byte == b'}' && around != Around::Word)
            .unwrap_or(rest.len());
        let name = &rest[..end];
        if name.bytes().any(|byte| matches!(byte, b'\\' | b'\'' | b'"' | b'`' | b'$')) {
            return;
        }
        pieces.push(Piece::Tilde(name.into()));
        self.at += 1 + end;
    }

    /// What a dollar begins; `None` when it is only a dollar.
    fn dollar(&mut self, around: Around) -> Option<Piece> {
        let start = self.at;
        match self.byte_at(1) {
            b'(' => {
                if self.byte_at(2) == b'('
                    && let Some(end) = scan::arithmetic_end(&self.rest()[3..])
                {
                    let text = self.text[start + 3..start + 3 + end].into();
                    self.go(start + end + 5);
                    return Some(Piece::Arithmetic(text));
                }
                let end = skip_command(self.text, start + 2)?;
                self.go(end + 1);
                Some(Piece::Command(self.text[start + 2..end].into()))
            }
            b'[' => {
                let end = scan::subscript_end(&self.rest()[2..])?;
                self.go(start + end + 3);
                Some(Piece::Arithmetic(self.text[start + 2..start + 2 + end].into()))
            }
            b'{' => {
                self.at += 2;
                self.depth += 1;
                let parameter = match scan::brace_end(self.text, self.at).map(|end| &self.text[start..=end]) {
                    // Lines that a backslash continues, perhaps within a name, are joined first.
                    Some(text) if text.contains("\\\n") && !text.contains('\'') => {
                        let joined = text.replace("\\\n", "");
                        let mut inner = Parser { text: &joined, at: 2, assignment: self.assignment, depth: self.depth };
                        let parameter = inner.braced(0, around);
                        self.go(start + text.len());
                        parameter
                    }
                    _ => self.braced(start, around),
                };
                self.depth -= 1;
                Some(Piece::Parameter(Box::new(parameter)))
            }
            b'\'' if !around.is_double() || around == Around::BraceDouble => {
                let end = scan::ansi_c_end(&self.rest()[2..]).map_or(self.text.len(), |end| start + 2 + end);
                let text = escapes::ansi_c(&self.text[start + 2..end]);
                self.go(end + 1);
                Some(Piece::Quoted(text.into()))
            }
            b'"' if !around.is_double() => {
                self.at += 1;
                let mut pieces = Vec::new();
                self.double(&mut pieces);
                pieces.pop()
            }
            byte => {
                self.at += 1;
                let name = match byte {
                    b'0'..=b'9' => {
                        self.at += 1;
                        if byte == b'0' { Name::Special('0') } else { Name::Positional(usize::from(byte - b'0')) }
                    }
                    _ => self.name()?,
                };
                let raw = self.text[start..self.at].into();
                Some(Piece::Parameter(Box::new(Parameter {
                    name,
                    subscript: None,
                    indirect: false,
                    op: Operation::None,
                    raw,
                })))
            }
        }
    }

    /// The name of a parameter; of a positional one all digits.
    fn name(&mut self) -> Option<Name> {
        let rest = self.rest();
        let first = *rest.as_bytes().first()?;
        let length = |test: fn(u8) -> bool| rest.bytes().position(|byte| !test(byte)).unwrap_or(rest.len());
        let (name, length) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = length(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                (Name::Variable(Rc::from(&rest[..length])), length)
            }
            b'0'..=b'9' => {
                let length = length(|byte| byte.is_ascii_digit());
                let name = match rest[..length].parse() {
                    Ok(0) => Name::Special('0'),
                    Ok(number) => Name::Positional(number),
                    Err(_) => Name::Positional(usize::MAX),
                };
                (name, length)
            }
            b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => (Name::Special(char::from(first)), 1),
            _ => return None,
        };
        self.at += length;
        Some(name)
    }

    fn subscript(&mut self, name: &Name) -> Option<Subscript> {
        if self.byte() != b'[' || !matches!(name, Name::Variable(_)) {
            return None;
        }
        let end = scan::subscript_end(&self.rest()[1..])?;
        let raw = &self.rest()[1..=end];
        let subscript = match raw {
            "" => return None,
            "@" => Subscript::At,
            "*" => Subscript::Star,
            raw => Subscript::Raw(raw.into()),
        };
        self.at += end + 2;
        Some(subscript)
    }

    /// What follows `${`; `start` is where the dollar stands.
    fn braced(&mut self, start: usize, around: Around) -> Parameter {
        let inside = self.at;
        if let Some(mut parameter) = self.parameter(around)
            && self.byte() == b'}'
        {
            self.at += 1;
            parameter.raw = self.text[start..self.at].into();
            return parameter;
        }
        let end = scan::brace_end(self.text, inside).map_or(self.text.len(), |end| end + 1);
        self.go(end);
        Parameter {
            name: Name::Special('?'),
            subscript: None,
            indirect: false,
            op: Operation::Bad,
            raw: self.text[start..end].into(),
        }
    }

    fn parameter(&mut self, around: Around) -> Option<Parameter> {
        let plain =
            |name, subscript, indirect, op| Some(Parameter { name, subscript, indirect, op, raw: Box::from("") });
        if self.byte() == b'#' && self.byte_at(1) != b'}' {
            // `${#x}` is a length, but `${#-x}`, `${##x}` and so on are about `$#`.
            let back = self.at;
            self.at += 1;
            if let Some(name) = self.name() {
                let subscript = self.subscript(&name);
                if self.byte() == b'}' {
                    return plain(name, subscript, false, Operation::Length);
                }
            }
            self.at = back;
        }
        let mut indirect = false;
        if self.byte() == b'!'
            && !matches!(self.byte_at(1), b'}' | b'-' | b'+' | b'=' | b':' | b'%' | b'/' | b'^' | b',' | b'~')
        {
            let back = self.at;
            self.at += 1;
            match self.byte() {
                b'?' if self.byte_at(1) != b'}' => self.at = back,
                b'#' | b'@' | b'*' | b'$' | b'!' | b'?'
                    if self.byte_at(1) != b'}' && self.byte() != b'@' && self.byte() != b'*' && self.byte() != b'#' =>
                {
                    self.at = back;
                }
                _ => indirect = true,
            }
        }
        let name = self.name()?;
        if indirect
            && matches!(name, Name::Variable(_))
            && matches!(self.byte(), b'*' | b'@')
            && self.byte_at(1) == b'}'
        {
            let star = self.byte() == b'*';
            self.at += 1;
            return plain(name, None, true, Operation::Names { star });
        }
        let subscript = self.subscript(&name);
        let op = self.operation(around)?;
        plain(name, subscript, indirect, op)
    }

    fn operation(&mut self, around: Around) -> Option<Operation> {
        let word_around = match around {
            Around::Double | Around::BraceDouble | Around::Document | Around::Arithmetic | Around::BraceQuotes => {
                Around::BraceDouble
            }
            _ => Around::Brace,
        };
        let byte = self.byte();
        let second = self.byte_at(1);
        let doubled = second == byte;
        Some(match byte {
            b'}' => Operation::None,
            b':' if matches!(second, b'-' | b'=' | b'?' | b'+') => {
                self.at += 1;
                self.missing(true, word_around)
            }
            b'-' | b'=' | b'?' | b'+' => self.missing(false, word_around),
            b':' => {
                self.at += 1;
                let offset = self.arithmetic_part(true)?;
                let length = if self.byte() == b':' {
                    self.at += 1;
                    Some(self.arithmetic_part(false)?)
                } else {
                    None
                };
                Operation::Substring { offset, length }
            }
            b'#' | b'%' => {
                self.at += 1 + usize::from(doubled);
                Operation::Remove { suffix: byte == b'%', longest: doubled, pattern: self.nested(Around::Brace) }
            }
            b'/' => {
                self.at += 1;
                let kind = match second {
                    b'/' => Replace::All,
                    b'#' => Replace::Prefix,
                    b'%' => Replace::Suffix,
                    _ => Replace::First,
                };
                self.at += usize::from(kind != Replace::First);
                let mut pattern = Vec::new();
                // A slash right at the start belongs to the pattern.
                if self.byte() == b'/' && kind == Replace::All && self.byte_at(1) != b'}' {
                    self.at += 1;
                    pattern.push(Piece::Text("/".into()));
                }
                pattern.extend(self.nested(Around::Pattern));
                let with = if self.byte() == b'/' {
                    self.at += 1;
                    self.nested(Around::Brace)
                } else {
                    Vec::new()
                };
                Operation::Replace { kind, pattern, with }
            }
            b'^' | b',' | b'~' => {
                self.at += 1 + usize::from(doubled);
                let case = match byte {
                    b'^' => Case::Upper,
                    b',' => Case::Lower,
                    _ => Case::Toggle,
                };
                Operation::Case { case, all: doubled, pattern: self.nested(Around::Brace) }
            }
            b'@' if second != b'}' => {
                // Anything may follow: it is an error only when there is a value.
                let end = scan::brace_end(self.text, self.at)?;
                let letter = if end == self.at + 2 { char::from(second) } else { '?' };
                self.at = end;
                Operation::Transform(letter)
            }
            _ => return None,
        })
    }

    fn missing(&mut self, colon: bool, around: Around) -> Operation {
        let kind = match self.byte() {
            b'-' => Missing::Default,
            b'=' => Missing::Assign,
            b'?' => Missing::Error,
            _ => Missing::Alternative,
        };
        self.at += 1;
        Operation::Missing { kind, colon, word: self.nested(around) }
    }

    fn nested(&mut self, around: Around) -> Vec<Piece> {
        self.depth += 1;
        let pieces = self.pieces(around);
        self.depth -= 1;
        pieces
    }

    /// The raw text of an offset or a length: up to a `:` (of no conditional expression) or the `}`.
    fn arithmetic_part(&mut self, to_colon: bool) -> Option<Rc<str>> {
        let start = self.at;
        let (mut parentheses, mut questions) = (0, 0);
        while self.at < self.text.len() {
            match self.byte() {
                b'}' => return Some(self.text[start..self.at].into()),
                b'(' => parentheses += 1,
                b')' => parentheses -= 1,
                b'?' => questions += 1,
                b':' if questions > 0 => questions -= 1,
                b':' if to_colon && parentheses == 0 => return Some(self.text[start..self.at].into()),
                b'[' => {
                    if let Some(end) = scan::subscript_end(&self.rest()[1..]) {
                        self.at += end + 2;
                        continue;
                    }
                }
                _ => {}
            }
            let after = scan::skip_protected(self.text, self.at);
            self.at =
                if after > self.at { after } else { self.at + self.rest().chars().next().map_or(1, char::len_utf8) };
        }
        None
    }
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Text(std::mem::take(literal).into_boxed_str()));
    }
}

/// Whether what stands before a `=` makes the word an assignment: a name, perhaps with a subscript, perhaps with `+`.
fn is_assignment_start(text: &str) -> bool {
    let name = text.strip_suffix('+').unwrap_or(text);
    crate::vars::is_name(name) || crate::vars::split_element(name).is_some()
}

/// Within backquotes a backslash escapes `$`, a backquote and itself; within double quotes also a double quote.
fn unescape_backquoted(text: &str, double: bool) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next)) if matches!(next, '$' | '`' | '\\') || next == '"' && double => {
                unescaped.push(next);
                chars.next();
            }
            _ => unescaped.push(c),
        }
    }
    unescaped
}
