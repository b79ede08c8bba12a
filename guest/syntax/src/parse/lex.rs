//! Tokens.

use super::{AliasText, ErrorKind, Parsed, Parser, PendingHereDocument};
use crate::ast::ArrayElement;
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(WordToken),
    /// Operators, newline among them.
    Op(&'static str),
    /// Digits directly before `<` or `>`.
    IoNumber(i32),
    /// `{name}` directly before `<` or `>`.
    IoVariable(String),
    End,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WordToken {
    pub text: String,
    /// Has quotes, so it is neither a reserved word nor an alias.
    pub quoted: bool,
    /// `name=(...)`: `text` is `name=` or `name+=`.
    pub array: Option<Vec<ArrayElement>>,
}

/// What a word may be where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A command's name, a reserved word or an assignment.
    Command,
    /// After assignments or redirections: a name, or an assignment, but no reserved word.
    Prefix,
    /// An argument.
    Argument,
    /// An argument of a declaration builtin.
    Declaration,
    /// In `case` and `[[`: extended patterns are read whatever the option says.
    Pattern,
    /// After `=~`.
    Regex,
}

impl Token {
    /// As messages name it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Word(word) => word.text.clone(),
            Self::Op("\n") => String::from("newline"),
            Self::Op(op) => (*op).to_owned(),
            Self::IoNumber(number) => number.to_string(),
            Self::IoVariable(name) => format!("{{{name}}}"),
            Self::End => String::from("end of file"),
        }
    }

    /// Whether it is this reserved word.
    pub(super) fn is_word(&self, text: &str) -> bool {
        matches!(self, Self::Word(word) if !word.quoted && word.array.is_none() && word.text == text)
    }

    pub(super) fn is_op(&self, text: &str) -> bool {
        matches!(self, Self::Op(op) if *op == text)
    }
}

const OPERATORS: &[&str] = &[
    ";;&", "&>>", "<<<", "<<-", "&&", "||", ";;", ";&", "|&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "\n", ";", "&",
    "|", "(", ")", "<", ">",
];

fn operator(text: &[u8]) -> Option<&'static str> {
    OPERATORS.iter().copied().find(|op| op.as_bytes() == text)
}

impl Parser<'_> {
    /// Skips blanks, line continuations and a comment.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.byte() {
                b' ' | b'\t' => {
                    self.bump();
                }
                b'\\' if self.second() == b'\n' => {
                    self.bump();
                    self.bump();
                }
                b'#' => {
                    while !matches!(self.byte(), 0 | b'\n') {
                        self.bump();
                    }
                }
                _ => return,
            }
        }
    }

    /// The next token, left in place. The mode counts only when it was not read before.
    pub(super) fn peek(&mut self, mode: Mode) -> Parsed<&Token> {
        if self.token.is_none() {
            let token = self.read_token(mode)?;
            self.token = Some(token);
        }
        Ok(self.token.as_ref().unwrap_or(&Token::End))
    }

    /// Consumes the token that was peeked.
    pub(super) fn take(&mut self) -> Token {
        self.token.take().unwrap_or(Token::End)
    }

    pub(super) fn next_token(&mut self, mode: Mode) -> Parsed<Token> {
        self.peek(mode)?;
        let token = self.take();
        if token.is_op("\n") {
            self.read_here_documents();
        }
        Ok(token)
    }

    fn read_token(&mut self, mode: Mode) -> Parsed<Token> {
        loop {
            self.skip_blanks();
            self.token_line = self.line;
            let byte = self.byte();
            if byte == 0 {
                return Ok(Token::End);
            }
            if matches!(byte, b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') {
                let substitution = matches!(byte, b'<' | b'>') && self.second() == b'(';
                let regex = mode == Mode::Regex && matches!(byte, b'(' | b'|');
                if !substitution && !regex {
                    return Ok(Token::Op(self.read_operator()));
                }
            }
            let word = self.read_word(mode)?;
            if self.alias_applies(mode, &word) {
                self.begin_alias(&word.text);
                continue;
            }
            if !word.quoted && matches!(self.byte(), b'<' | b'>') && !matches!(mode, Mode::Pattern | Mode::Regex) {
                if let Ok(number) = word.text.parse() {
                    if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
                        return Ok(Token::IoNumber(number));
                    }
                }
                if let Some(name) = word.text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    let plain = name.split('[').next().unwrap_or(name);
                    if crate::is_name(plain) {
                        return Ok(Token::IoVariable(name.to_owned()));
                    }
                }
            }
            return Ok(Token::Word(word));
        }
    }

    /// Skips `\` and a line's end.
    pub(super) fn skip_continuation(&mut self) {
        while self.byte() == b'\\' && self.second() == b'\n' {
            self.bump();
            self.bump();
        }
    }

    /// The longest operator; every beginning of one is one, too.
    fn read_operator(&mut self) -> &'static str {
        let mut text = [0; 3];
        text[0] = self.bump();
        let mut op = operator(&text[..1]).unwrap_or("\n");
        for len in 2..=3 {
            if op == "\n" {
                break;
            }
            self.skip_continuation();
            text[len - 1] = self.byte();
            let Some(longer) = operator(&text[..len]) else { break };
            self.bump();
            op = longer;
        }
        op
    }

    fn alias_applies(&mut self, mode: Mode, word: &WordToken) -> bool {
        let next = std::mem::take(&mut self.alias_next);
        let Some(aliases) = self.context.aliases else { return false };
        let here = matches!(mode, Mode::Command | Mode::Prefix)
            || (next && matches!(mode, Mode::Argument | Mode::Declaration));
        here && !word.quoted
            && word.array.is_none()
            && !(self.context.posix && super::grammar::is_reserved(&word.text))
            && aliases.contains_key(&word.text)
            && !self.alias_texts.iter().any(|active| active.name == word.text)
    }

    fn begin_alias(&mut self, name: &str) {
        let Some(value) = self.context.aliases.and_then(|aliases| aliases.get(name)) else { return };
        let opens_next = value.ends_with([' ', '\t']);
        // The blank ends a last word within the alias, while its name is still known to be in use.
        let text: Rc<str> = if opens_next { Rc::from(value.as_str()) } else { Rc::from(format!("{value} ")) };
        self.alias_texts.push(AliasText { name: name.to_owned(), text, pos: 0, opens_next });
    }

    pub(super) fn expect_here_document(&mut self, pending: PendingHereDocument) {
        self.pending.push(pending);
    }

    /// Reads the bodies that begin after the line's end.
    pub(super) fn read_here_documents(&mut self) {
        for document in std::mem::take(&mut self.pending) {
            let mut body: Vec<u8> = Vec::new();
            let mut ended = false;
            while self.byte() != 0 {
                let mut line: Vec<u8> = Vec::new();
                loop {
                    match self.byte() {
                        0 => break,
                        b'\\' if document.expand => {
                            self.bump();
                            if self.byte() == b'\n' {
                                self.bump();
                                continue;
                            }
                            line.push(b'\\');
                            if !matches!(self.byte(), 0 | b'\n') {
                                line.push(self.bump());
                            }
                        }
                        b'\n' => {
                            self.bump();
                            line.push(b'\n');
                            break;
                        }
                        _ => line.push(self.bump()),
                    }
                }
                let mut content = line.as_slice();
                if document.remove_tabs {
                    let tabs = content.iter().take_while(|&&byte| byte == b'\t').count();
                    content = &content[tabs..];
                }
                if content.strip_suffix(b"\n").unwrap_or(content) == document.delimiter.as_bytes() {
                    ended = true;
                    break;
                }
                body.extend_from_slice(content);
            }
            if !ended {
                let message = format!(
                    "here-document at line {} delimited by end-of-file (wanted `{}')",
                    document.line, document.delimiter
                );
                self.warnings.push((self.line.saturating_sub(1), message));
            }
            // Set once: only this list knows the cell.
            let _ = document.body.set(String::from_utf8_lossy(&body).into_owned());
        }
    }

    /// The error for a token that does not fit.
    pub(super) fn unexpected(&self, token: &Token) -> super::SyntaxError {
        if *token == Token::End {
            return super::SyntaxError { line: self.end_line(), kind: ErrorKind::EndOfFile, incomplete: true };
        }
        self.error(ErrorKind::Near(token.name(), self.current_line()))
    }
}
