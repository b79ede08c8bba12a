//! Words, kept raw: only where they end is found out.

use super::lex::{Mode, Token, WordToken};
use super::{Parsed, Parser};
use crate::ast::{ArrayElement, Word};

fn is_meta(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
}

/// `name` or `name[...]`.
fn is_target(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| match text.split_once('[') {
        Some((name, rest)) => crate::is_name(name) && rest.ends_with(']'),
        None => crate::is_name(text),
    })
}

impl Parser<'_> {
    pub(super) fn read_word(&mut self, mode: Mode) -> Parsed<WordToken> {
        let mut out: Vec<u8> = Vec::new();
        let mut quoted = false;
        let mut array = None;
        let assigns = matches!(mode, Mode::Command | Mode::Prefix | Mode::Declaration);
        loop {
            let byte = self.byte();
            match byte {
                b'\\' => {
                    if self.second() == b'\n' {
                        self.bump();
                        self.bump();
                        continue;
                    }
                    quoted = true;
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                b'\'' | b'"' | b'`' => {
                    quoted = true;
                    self.copy_quoted(&mut out)?;
                }
                b'$' => {
                    quoted |= matches!(self.second(), b'\'' | b'"');
                    self.copy_dollar(&mut out, false)?;
                }
                b'<' | b'>' if self.second() == b'(' && mode != Mode::Regex => {
                    out.push(self.bump());
                    out.push(self.bump());
                    self.copy_command(&mut out)?;
                }
                b'?' | b'*' | b'+' | b'@' | b'!'
                    if self.second() == b'(' && (self.context.extglob || mode == Mode::Pattern) =>
                {
                    out.push(self.bump());
                    out.push(self.bump());
                    self.copy_group(&mut out)?;
                }
                b'(' if mode == Mode::Regex => {
                    out.push(self.bump());
                    self.copy_group(&mut out)?;
                }
                b'|' if mode == Mode::Regex => out.push(self.bump()),
                b'[' if assigns && crate::is_name(std::str::from_utf8(&out).unwrap_or("")) => {
                    self.copy_subscript(&mut out)?;
                }
                b'(' if assigns && array.is_none() && out.last() == Some(&b'=') => {
                    let target = &out[..out.len() - 1];
                    if !is_target(target.strip_suffix(b"+").unwrap_or(target)) {
                        break;
                    }
                    self.bump();
                    array = Some(self.array_elements()?);
                    break;
                }
                byte if is_meta(byte) => break,
                _ => out.push(self.bump()),
            }
        }
        Ok(WordToken { text: into_text(out), quoted, array })
    }

    /// The elements of `name=(...)`, after the parenthesis.
    fn array_elements(&mut self) -> Parsed<Vec<ArrayElement>> {
        let line = self.line;
        let mut elements = Vec::new();
        loop {
            self.skip_blanks();
            match self.byte() {
                0 => return Err(self.missing(')', line)),
                b'\n' => {
                    self.bump();
                }
                b')' => {
                    self.bump();
                    return Ok(elements);
                }
                b'<' | b'>' if self.second() == b'(' => elements.push(self.array_element()?),
                b';' | b'&' | b'|' | b'(' | b'<' | b'>' => {
                    self.token_line = self.line;
                    let token = Token::Op(match self.bump() {
                        b';' => ";",
                        b'&' => "&",
                        b'|' => "|",
                        b'(' => "(",
                        b'<' => "<",
                        _ => ">",
                    });
                    return Err(self.unexpected(&token));
                }
                _ => elements.push(self.array_element()?),
            }
        }
    }

    fn array_element(&mut self) -> Parsed<ArrayElement> {
        let mut subscript = None;
        let mut append = false;
        let mut value = String::new();
        if self.byte() == b'[' {
            let mark = self.mark();
            let mut out = Vec::new();
            let assigned = self.copy_subscript(&mut out).is_ok() && {
                append = self.byte() == b'+' && self.second() == b'=';
                append || self.byte() == b'='
            };
            if assigned {
                self.bump();
                if append {
                    self.bump();
                }
                let inner = into_text(out);
                subscript = Some(inner[1..inner.len() - 1].to_owned());
                if is_meta(self.byte()) && !matches!(self.byte(), b'<' | b'>') {
                    return Ok(ArrayElement { subscript, append, value: Word::default() });
                }
            } else {
                append = false;
                self.reset(mark);
            }
        }
        value.push_str(&self.read_word(Mode::Argument)?.text);
        Ok(ArrayElement { subscript, append, value: Word::new(value) })
    }

    /// `[...]`, with the brackets.
    fn copy_subscript(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        self.copy_balanced(out, b'[', b']', 0)
    }

    /// Up to and with the `close` that belongs to the outermost `open`; `depth` of them were consumed before.
    fn copy_balanced(&mut self, out: &mut Vec<u8>, open: u8, close: u8, mut depth: u32) -> Parsed<()> {
        let line = self.line;
        loop {
            match self.byte() {
                0 => return Err(self.missing(char::from(close), line)),
                byte if byte == open => {
                    depth += 1;
                    out.push(self.bump());
                }
                byte if byte == close => {
                    depth -= 1;
                    out.push(self.bump());
                    if depth == 0 {
                        return Ok(());
                    }
                }
                b'\'' | b'"' | b'`' => self.copy_quoted(out)?,
                b'$' => self.copy_dollar(out, false)?,
                b'\\' => {
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                _ => out.push(self.bump()),
            }
        }
    }

    /// What is quoted, from its first quote to its last.
    fn copy_quoted(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        match self.byte() {
            b'\'' => self.copy_single(out),
            b'"' => self.copy_double(out),
            _ => self.copy_backquoted(out),
        }
    }

    fn copy_single(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        let line = self.line;
        out.push(self.bump());
        loop {
            match self.byte() {
                0 => return Err(self.missing('\'', line)),
                b'\'' => {
                    out.push(self.bump());
                    return Ok(());
                }
                _ => out.push(self.bump()),
            }
        }
    }

    fn copy_double(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        let line = self.line;
        out.push(self.bump());
        loop {
            match self.byte() {
                0 => return Err(self.missing('"', line)),
                b'"' => {
                    out.push(self.bump());
                    return Ok(());
                }
                b'\\' if self.second() == b'\n' => self.skip_continuation(),
                b'\\' => {
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                b'`' => self.copy_backquoted(out)?,
                b'$' => self.copy_dollar(out, true)?,
                _ => out.push(self.bump()),
            }
        }
    }

    fn copy_backquoted(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        let line = self.line;
        out.push(self.bump());
        loop {
            match self.byte() {
                0 => return Err(self.missing('`', line)),
                b'`' => {
                    out.push(self.bump());
                    return Ok(());
                }
                b'\\' => {
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                _ => out.push(self.bump()),
            }
        }
    }

    /// `$` and what belongs to it.
    fn copy_dollar(&mut self, out: &mut Vec<u8>, double_quoted: bool) -> Parsed<()> {
        out.push(self.bump());
        self.skip_continuation();
        match self.byte() {
            b'{' => self.nested(|parser| parser.copy_braced(out, double_quoted)),
            b'(' => {
                out.push(self.bump());
                if self.byte() == b'(' {
                    let (mark, len) = (self.mark(), out.len());
                    out.push(self.bump());
                    if self.nested(|parser| parser.copy_arithmetic(out))? {
                        return Ok(());
                    }
                    self.reset(mark);
                    out.truncate(len);
                }
                self.copy_command(out)
            }
            b'[' => self.copy_subscript(out),
            b'\'' if !double_quoted => {
                let line = self.line;
                out.push(self.bump());
                loop {
                    match self.byte() {
                        0 => return Err(self.missing('\'', line)),
                        b'\'' => {
                            out.push(self.bump());
                            return Ok(());
                        }
                        b'\\' => {
                            out.push(self.bump());
                            if self.byte() != 0 {
                                out.push(self.bump());
                            }
                        }
                        _ => out.push(self.bump()),
                    }
                }
            }
            b'"' if !double_quoted => self.copy_double(out),
            // So that `$$` before a quote or a brace is one thing.
            b'$' => {
                out.push(self.bump());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `{...}` after `$`.
    fn copy_braced(&mut self, out: &mut Vec<u8>, double_quoted: bool) -> Parsed<()> {
        let line = self.line;
        out.push(self.bump());
        let start = out.len();
        loop {
            match self.byte() {
                0 => return Err(self.missing('}', line)),
                b'}' => {
                    out.push(self.bump());
                    return Ok(());
                }
                b'\\' if self.second() == b'\n' => self.skip_continuation(),
                b'\\' => {
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                b'\'' if double_quoted && self.context.posix && !quotes_pattern(&out[start..]) => out.push(self.bump()),
                b'\'' | b'"' | b'`' => self.copy_quoted(out)?,
                b'$' => self.copy_dollar(out, double_quoted)?,
                _ => out.push(self.bump()),
            }
        }
    }

    /// `...))` of an arithmetic expansion; false when it turns out to be two subshells.
    pub(super) fn copy_arithmetic(&mut self, out: &mut Vec<u8>) -> Parsed<bool> {
        let line = self.line;
        let mut depth = 0_u32;
        loop {
            match self.byte() {
                0 => return Err(self.missing(')', line)),
                b'(' => {
                    depth += 1;
                    out.push(self.bump());
                }
                b')' if depth > 0 => {
                    depth -= 1;
                    out.push(self.bump());
                }
                b')' => {
                    if self.second() != b')' {
                        return Ok(false);
                    }
                    out.push(self.bump());
                    out.push(self.bump());
                    return Ok(true);
                }
                b'\'' | b'"' | b'`' => {
                    if self.copy_quoted(out).is_err() {
                        return Ok(false);
                    }
                }
                b'$' => self.copy_dollar(out, false)?,
                b'\\' if self.second() == b'\n' => self.skip_continuation(),
                b'\\' => {
                    out.push(self.bump());
                    if self.byte() != 0 {
                        out.push(self.bump());
                    }
                }
                _ => out.push(self.bump()),
            }
        }
    }

    /// The rest of a pattern group or a regular expression's group, with its `)`.
    fn copy_group(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        self.copy_balanced(out, b'(', b')', 1)
    }

    /// The command of a substitution, with its `)`. It is parsed here only to find its end: what it means is decided
    /// when it runs.
    fn copy_command(&mut self, out: &mut Vec<u8>) -> Parsed<()> {
        let from = self.log.len();
        self.logging += 1;
        let result = self.nested_command();
        self.logging -= 1;
        out.extend_from_slice(&self.log[from..]);
        if self.logging == 0 {
            self.log.clear();
        }
        result
    }

    /// Parses up to the `)` that ends a substitution, and consumes that.
    pub(super) fn nested_command(&mut self) -> Parsed<()> {
        let (token, pending) = (self.token.take(), std::mem::take(&mut self.pending));
        let (aliases, alias_next) = (self.context.aliases.take(), self.alias_next);
        let token_line = self.token_line;
        let result = self.nested(|parser| {
            parser.list_until(true, |token| token.is_op(")"))?;
            let end = parser.next_token(Mode::Command)?;
            if end == Token::End {
                return Err(parser.missing(')', parser.end_line()));
            }
            if !end.is_op(")") {
                return Err(parser.unexpected(&end));
            }
            Ok(())
        });
        self.token = token;
        self.pending.splice(0..0, pending);
        self.context.aliases = aliases;
        self.alias_next = alias_next;
        if result.is_ok() {
            self.token_line = token_line;
        }
        match result {
            // What is missing is the parenthesis, whatever else is.
            Err(mut error) if error.kind == super::ErrorKind::EndOfFile => {
                error.kind = super::ErrorKind::Matching(')');
                Err(error)
            }
            result => result,
        }
    }
}

/// Whether what was read of `${name...` ends in a pattern, where single quotes quote even within double quotes.
fn quotes_pattern(text: &[u8]) -> bool {
    let name = text
        .iter()
        .skip(usize::from(text.first() == Some(&b'!')))
        .take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_')
        .count();
    let mut rest = &text[name.min(text.len())..];
    if name == 0 && !rest.is_empty() {
        rest = &rest[1..];
    }
    if rest.first() == Some(&b'[') {
        let close = rest.iter().position(|&byte| byte == b']').map_or(rest.len(), |found| found + 1);
        rest = &rest[close..];
    }
    matches!(rest.first(), Some(b'#' | b'%' | b'/' | b'^' | b','))
}

pub(super) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
