//! A scanner for lines that are still being typed: it never fails, and says what each part is as far as can be told.
//!
//! The guest's parser decides what a line means. This one only has to be quick and seldom wrong, for colours, for
//! completion and for history expansion.

mod words;

pub(crate) use words::Word;

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An argument, and everything else without a name.
    Plain,
    Command,
    Keyword,
    /// `NAME=` and what follows it, before a command.
    Assignment,
    Quoted,
    Variable,
    Operator,
    Comment,
}

/// A part of a line; what lies between parts are blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

/// The word at the end of a line, to be completed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typing {
    /// What was typed of it, without quotes; of an assignment or an option only what comes after the `=`.
    pub text: String,
    /// Where the last component of that path begins: in the line, and in `text`.
    pub component: usize,
    pub component_text: usize,
    /// The quote that is open, and where it was opened.
    pub quote: Option<(char, usize)>,
    /// Whether it names a command.
    pub is_command: bool,
    /// Whether it has parts that only the shell can expand.
    pub expands: bool,
    /// Whether its beginning was quoted, so that a `~` is only a `~`.
    pub quoted_start: bool,
}

/// What can be completed at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    Word(Typing),
    /// A variable's name, which begins here; `${` needs a `}`.
    Variable {
        start: usize,
        braced: bool,
    },
    /// Nothing: a comment, or an expression.
    Nothing,
}

/// A scanned line.
pub(crate) struct Scan {
    pub pieces: Vec<Piece>,
    /// In the order in which they end.
    pub words: Vec<Word>,
    pub at_end: AtEnd,
}

/// Scans a line.
pub(crate) fn scan(line: &str) -> Scan {
    let mut scanner = Scanner {
        line,
        at: 0,
        segment: 0,
        frames: vec![Frame::Code(Code::new(Close::Never))],
        pieces: Vec::new(),
        words: Vec::new(),
        variable: None,
        in_comment: false,
    };
    scanner.run();
    scanner.finish()
}

/// What ends a stretch of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    Never,
    /// A subshell, or the brackets of a function.
    Paren,
    /// `$(`, `<(`.
    Substitution,
    /// The words of an array.
    Array,
    Backquote,
}

/// Commands.
struct Code {
    close: Close,
    /// The next word is a command.
    command: bool,
    /// That was so before a word like `command`, which options may follow.
    prefixed: bool,
    /// The next word is a redirection's target.
    target: bool,
    /// Words after `for` and `case` until `in`: 1 before the name, 2 after it.
    header: u8,
    header_is_case: bool,
    cases: u32,
    /// Where a pattern of `case` is expected.
    pattern: bool,
    /// Between `[[` and `]]`.
    test: bool,
    /// The next word ends a here-document; whether tabs are removed.
    tag: Option<bool>,
    tags: Vec<(String, bool)>,
    word: Option<words::Open>,
}

impl Code {
    fn new(close: Close) -> Self {
        Code {
            close,
            command: close != Close::Array,
            prefixed: false,
            target: false,
            header: 0,
            header_is_case: false,
            cases: 0,
            pattern: false,
            test: false,
            tag: None,
            tags: Vec::new(),
            word: None,
        }
    }

    fn expects_command(&self) -> bool {
        self.command && !self.target && !self.pattern && !self.test && self.header == 0 && self.tag.is_none()
    }
}

enum Frame {
    Code(Code),
    /// Between double quotes, which were opened here.
    Double(usize),
    /// `${`, which is here.
    Parameter(usize),
    /// `((`, with so many more open.
    Arithmetic(u32),
}

struct Scanner<'a> {
    line: &'a str,
    at: usize,
    /// Where the part begins that has not become a piece yet.
    segment: usize,
    frames: Vec<Frame>,
    pieces: Vec<Piece>,
    words: Vec<Word>,
    /// `$NAME` that ends where the scanner is.
    variable: Option<(usize, usize)>,
    in_comment: bool,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match self.frames.last() {
                Some(Frame::Double(_)) => self.in_double(c),
                Some(Frame::Parameter(_)) => self.in_parameter(c),
                Some(Frame::Arithmetic(_)) => self.in_arithmetic(c),
                _ => self.in_code(c),
            }
        }
    }

    fn peek(&self, skip: usize) -> Option<char> {
        self.line[self.at..].chars().nth(skip)
    }

    fn rest(&self) -> &str {
        &self.line[self.at..]
    }

    /// Makes a piece of what was read since the last one.
    fn flush(&mut self, kind: Kind) {
        if self.segment < self.at {
            let piece = Piece { start: self.segment, end: self.at, kind };
            let index = self.pieces.len();
            self.pieces.push(piece);
            if kind == Kind::Plain
                && let Some(Frame::Code(Code { word: Some(word), .. })) = self.frames.last_mut()
            {
                word.own.push(index);
            }
        }
        self.segment = self.at;
    }

    /// The innermost commands.
    fn code(&mut self) -> &mut Code {
        let found = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Code(code) => Some(code),
            _ => None,
        });
        found.expect("the outermost commands never end")
    }

    fn in_double(&mut self, c: char) {
        match c {
            '"' => {
                self.at += 1;
                self.flush(Kind::Quoted);
                self.frames.pop();
            }
            '\\' => self.escaped(|next| matches!(next, '"' | '\\' | '$' | '`')),
            '$' | '`' => {
                self.flush(Kind::Quoted);
                self.expansion(c, Kind::Quoted);
            }
            _ => self.text(c),
        }
    }

    fn in_parameter(&mut self, c: char) {
        match c {
            '}' => {
                self.at += 1;
                self.flush(Kind::Variable);
                self.frames.pop();
            }
            '\\' => self.escaped(|_| true),
            '"' => {
                self.flush(Kind::Variable);
                self.frames.push(Frame::Double(self.at));
                self.at += 1;
            }
            '$' | '`' => {
                self.flush(Kind::Variable);
                self.expansion(c, Kind::Variable);
            }
            _ => self.at += c.len_utf8(),
        }
    }

    fn in_arithmetic(&mut self, c: char) {
        match c {
            '(' => {
                self.at += 1;
                if let Some(Frame::Arithmetic(open)) = self.frames.last_mut() {
                    *open += 1;
                }
            }
            ')' => {
                if let Some(Frame::Arithmetic(open @ 1..)) = self.frames.last_mut() {
                    *open -= 1;
                    self.at += 1;
                    return;
                }
                self.flush(Kind::Plain);
                self.at += if self.rest().starts_with("))") { 2 } else { 1 };
                self.flush(Kind::Operator);
                self.frames.pop();
            }
            '$' | '`' => {
                self.flush(Kind::Plain);
                self.expansion(c, Kind::Plain);
            }
            _ => self.at += c.len_utf8(),
        }
    }

    /// A backslash within quotes: it goes if what follows is special there.
    fn escaped(&mut self, special: impl Fn(char) -> bool) {
        self.at += 1;
        let Some(next) = self.peek(0) else { return };
        if !special(next) {
            self.push_text('\\');
        }
        if next != '\n' {
            self.text(next);
        } else {
            self.at += 1;
        }
    }

    /// A character that means itself.
    fn text(&mut self, c: char) {
        self.at += c.len_utf8();
        self.push_text(c);
    }

    fn push_text(&mut self, c: char) {
        let at = self.at;
        if let Some(word) = &mut self.code().word {
            word.push(c, at);
        }
    }

    /// `$` or a backquote. What was read before it is a piece already; `around` is the kind of a `$` that is only one.
    fn expansion(&mut self, c: char, around: Kind) {
        let start = self.at;
        let expands = |scanner: &mut Self| {
            if let Some(word) = &mut scanner.code().word {
                word.plain = false;
            }
        };
        if c == '`' {
            self.at += 1;
            if matches!(self.frames.last(), Some(Frame::Code(Code { close: Close::Backquote, .. }))) {
                self.close_code();
            } else {
                expands(self);
                self.flush(Kind::Operator);
                self.frames.push(Frame::Code(Code::new(Close::Backquote)));
            }
            return;
        }
        if self.rest().starts_with("$((") {
            expands(self);
            self.at += 3;
            self.flush(Kind::Operator);
            self.frames.push(Frame::Arithmetic(0));
        } else if self.rest().starts_with("$(") {
            expands(self);
            self.at += 2;
            self.flush(Kind::Operator);
            self.frames.push(Frame::Code(Code::new(Close::Substitution)));
        } else if self.rest().starts_with("${") {
            expands(self);
            self.at += 2;
            self.frames.push(Frame::Parameter(start));
        } else {
            self.at += 1;
            let name: usize = match self.peek(0) {
                Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                    self.rest().bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count()
                }
                Some('0'..='9' | '?' | '#' | '@' | '*' | '!' | '$' | '-') => 1,
                _ => 0,
            };
            self.at += name;
            self.variable = Some((start + 1, self.at));
            if name > 0 {
                expands(self);
                self.flush(Kind::Variable);
            } else {
                self.push_text('$');
                if around != Kind::Quoted {
                    self.flush(around);
                }
            }
        }
    }

    fn finish(mut self) -> Scan {
        let at_end = self.at_end();
        let kind = match self.frames.last() {
            _ if self.in_comment => Kind::Comment,
            Some(Frame::Double(_)) => Kind::Quoted,
            Some(Frame::Parameter(_)) => Kind::Variable,
            _ => Kind::Plain,
        };
        self.flush(kind);
        while let Some(frame) = self.frames.last() {
            if matches!(frame, Frame::Code(_)) {
                self.end_word();
            }
            self.frames.pop();
        }
        Scan { pieces: self.pieces, words: self.words, at_end }
    }

    fn at_end(&self) -> AtEnd {
        let end = self.line.len();
        if self.in_comment {
            return AtEnd::Nothing;
        }
        if let Some(&Frame::Parameter(start)) = self.frames.last() {
            let is_name = self.line[start + 2..].bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
            return if is_name { AtEnd::Variable { start: start + 2, braced: true } } else { AtEnd::Nothing };
        }
        if let Some((start, name_end)) = self.variable
            && name_end == end
        {
            return AtEnd::Variable { start, braced: false };
        }
        let (code, double) = match self.frames.as_slice() {
            [.., Frame::Code(code)] => (code, None),
            [.., Frame::Code(code), Frame::Double(start)] => (code, Some(*start)),
            _ => return AtEnd::Nothing,
        };
        let is_command = code.expects_command();
        AtEnd::Word(match &code.word {
            None => Typing { component: end, is_command, ..Typing::default() },
            Some(word) => word.typing(is_command, double.map(|start| ('"', start))),
        })
    }
}
