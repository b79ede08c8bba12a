//! The parser: recursive descent over bytes, one complete command at a time, so that a command may change how the next
//! one is read (aliases, options), and input that nobody needs yet stays where it is.

mod cond;
mod grammar;
mod lex;
mod word;

use crate::ast::CompoundList;
pub use grammar::RESERVED as RESERVED_WORDS;
use lex::Token;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Nested commands deeper than this are refused, because the parser's own stack is bounded.
const MAX_DEPTH: u32 = 400;

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub line: usize,
    pub kind: ErrorKind,
    /// The text ended too early: more of it could make it right.
    pub incomplete: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `syntax error near unexpected token`: the token, and the line it is on.
    Near(String, String),
    EndOfFile,
    /// `unexpected EOF while looking for matching`.
    Matching(char),
    /// Said as it is.
    Message(String),
}

/// What the shell's state decides about parsing.
#[derive(Default)]
pub struct Context<'a> {
    /// `None` when aliases are not expanded.
    pub aliases: Option<&'a BTreeMap<String, String>>,
    pub extglob: bool,
    pub posix: bool,
    /// Gives the next line (with its end) when the text so far is not a whole command.
    pub more: Option<&'a mut dyn FnMut() -> Option<String>>,
}

/// The text of an alias that is being read in place of its name.
#[derive(Clone, Debug)]
struct AliasText {
    name: String,
    text: Rc<str>,
    pos: usize,
    /// The alias ends with a blank: the word after it may be an alias, too.
    opens_next: bool,
}

/// A here-document whose body comes after the end of the line.
struct PendingHereDocument {
    delimiter: String,
    remove_tabs: bool,
    /// Whether a backslash joins lines.
    expand: bool,
    body: Rc<OnceCell<String>>,
    line: usize,
}

pub struct Parser<'a> {
    text: String,
    pos: usize,
    line: usize,
    alias_texts: Vec<AliasText>,
    /// Whether the word that comes next may be an alias although it is no command's name.
    alias_next: bool,
    token: Option<Token>,
    /// The line of the token that was read last.
    token_line: usize,
    pending: Vec<PendingHereDocument>,
    /// What was consumed, kept while someone wants the raw text of a nested command.
    log: Vec<u8>,
    logging: u32,
    depth: u32,
    context: Context<'a>,
    /// Warnings (a here-document that the end of the file ends), with their lines.
    pub warnings: Vec<(usize, String)>,
}

/// Where a parser stood, to come back to.
struct Mark {
    pos: usize,
    line: usize,
    alias_texts: Vec<AliasText>,
    log_len: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Whether any text names BASH_COMMAND: only then commands are printed before they run.
static WANTS_COMMAND_TEXT: AtomicBool = AtomicBool::new(false);

pub fn wants_command_text() -> bool {
    WANTS_COMMAND_TEXT.load(Ordering::Relaxed)
}

/// A text that is parsed command by command.
pub struct Reader {
    text: String,
    pos: usize,
    line: usize,
}

impl Reader {
    /// `line` is the number of the text's first line.
    pub fn new(mut text: String, line: usize) -> Self {
        if text.contains("BASH_COMMAND") {
            WANTS_COMMAND_TEXT.store(true, Ordering::Relaxed);
        }
        // A last line without an end is one all the same.
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text, pos: 0, line }
    }

    /// Adds to the text, dropping what was parsed.
    pub fn refill(&mut self, text: &str) {
        self.text.drain(..self.pos);
        self.pos = 0;
        self.text.push_str(text);
    }

    /// The next complete command; `None` at the end. After an error, the rest of the text is gone.
    pub fn next(&mut self, context: Context<'_>) -> (Parsed<Option<CompoundList>>, Vec<(usize, String)>) {
        let mut parser = Parser::new(std::mem::take(&mut self.text), self.pos, self.line, context);
        let result = parser.complete_command();
        self.text = parser.text;
        self.line = parser.line;
        self.pos = if result.is_ok() { parser.pos } else { self.text.len() };
        (result, parser.warnings)
    }

    /// The text that the last command was parsed from, and before which nothing is left to parse.
    pub fn consumed(&self) -> &str {
        self.text.get(..self.pos).unwrap_or("")
    }

    pub fn is_at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub fn position(&self) -> usize {
        self.pos
    }

    /// After a syntax error at an interactive prompt: forgets what was read.
    pub fn forget(&mut self) {
        self.text.clear();
        self.pos = 0;
    }
}

impl<'a> Parser<'a> {
    fn new(text: String, pos: usize, line: usize, context: Context<'a>) -> Self {
        Self {
            text,
            pos,
            line,
            alias_texts: Vec::new(),
            alias_next: false,
            token: None,
            token_line: line,
            pending: Vec::new(),
            log: Vec::new(),
            logging: 0,
            depth: 0,
            context,
            warnings: Vec::new(),
        }
    }

    /// The byte that comes next; 0 at the end.
    fn byte(&mut self) -> u8 {
        while let Some(top) = self.alias_texts.last() {
            if let Some(&byte) = top.text.as_bytes().get(top.pos) {
                return byte;
            }
            self.alias_next |= top.opens_next;
            self.alias_texts.pop();
        }
        loop {
            if let Some(&byte) = self.text.as_bytes().get(self.pos) {
                return byte;
            }
            let Some(line) = self.context.more.as_mut().and_then(|more| more()) else { return 0 };
            self.text.push_str(&line);
        }
    }

    /// The byte after the one that comes next, if it is there already.
    fn second(&self) -> u8 {
        let mut skip = 1;
        for source in self.alias_texts.iter().rev() {
            let rest = source.text.len() - source.pos;
            if skip < rest {
                return source.text.as_bytes()[source.pos + skip];
            }
            skip -= rest;
        }
        self.text.as_bytes().get(self.pos + skip).copied().unwrap_or(0)
    }

    /// Consumes a byte.
    fn bump(&mut self) -> u8 {
        let byte = self.byte();
        if let Some(top) = self.alias_texts.last_mut() {
            top.pos += 1;
        } else if self.pos < self.text.len() {
            self.pos += 1;
            if byte == b'\n' {
                self.line += 1;
            }
        }
        if self.logging > 0 {
            self.log.push(byte);
        }
        byte
    }

    fn mark(&self) -> Mark {
        Mark { pos: self.pos, line: self.line, alias_texts: self.alias_texts.clone(), log_len: self.log.len() }
    }

    fn reset(&mut self, mark: Mark) {
        self.pos = mark.pos;
        self.line = mark.line;
        self.alias_texts = mark.alias_texts;
        self.log.truncate(mark.log_len);
    }

    /// The line of the text on which the parser stands, for messages.
    fn current_line(&self) -> String {
        // A newline that was just read belongs to the line that it ends.
        let at = if self.pos > 0 && self.text.as_bytes().get(self.pos - 1) == Some(&b'\n') {
            self.pos - 1
        } else {
            self.pos
        };
        let start = self.text.as_bytes()[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |found| found + 1);
        let end = self.text.as_bytes()[at..]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(self.text.len(), |found| at + found);
        self.text.get(start..end).unwrap_or("").to_owned()
    }

    fn error(&self, kind: ErrorKind) -> SyntaxError {
        SyntaxError { line: self.token_line, kind, incomplete: false }
    }

    /// The text ended within something that `close` would end.
    fn missing(&self, close: char, line: usize) -> SyntaxError {
        SyntaxError { line, kind: ErrorKind::Matching(close), incomplete: true }
    }

    /// The line on which the text ends, as bash counts: one more than its last.
    fn end_line(&self) -> usize {
        self.line + usize::from(!self.text.is_empty() && !self.text.ends_with('\n'))
    }

    /// Guards the recursion of `run`.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(ErrorKind::Message(String::from("commands are nested too deeply"))));
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }
}

/// Whether the grammar gives this word a meaning of its own.
pub fn is_reserved_word(word: &str) -> bool {
    grammar::is_reserved(word)
}

/// A here-document's delimiter without its quotes.
pub fn unquoted(text: &str) -> String {
    grammar::unquote(text)
}

/// The index of the `)` that closes the command substitution whose text begins at `start`.
pub fn skip_command(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    // Without anything that can hide a parenthesis, the first one is it.
    let end = rest.find(')')?;
    let simple = &rest[..end];
    if !simple.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'`' | b'(' | b'#' | b'<' | b'{'))
        && !simple.contains("case")
    {
        return Some(start + end);
    }
    let mut parser = Parser::new(rest.to_owned(), 0, 1, Context { extglob: true, ..Context::default() });
    parser.nested_command().ok()?;
    Some(start + parser.pos - 1)
}
