//! Words and operators: what stands where a command, a keyword or an argument is expected.

use super::{Close, Code, Frame, Kind, Scanner, Typing};

/// A word that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub start: usize,
    pub end: usize,
    /// Without quotes.
    pub text: String,
    /// Nothing in it is expanded.
    pub plain: bool,
    pub kind: Kind,
}

/// A word that is being read.
pub(super) struct Open {
    start: usize,
    text: String,
    pub plain: bool,
    quoted: bool,
    /// The single quote that is open.
    quote: Option<usize>,
    /// Its pieces that are not quoted.
    pub own: Vec<usize>,
    /// Where what is completed begins: in the line, and in the text.
    base: (usize, usize),
    base_quoted: bool,
    component: (usize, usize),
    assigns: bool,
}

impl Open {
    fn new(start: usize) -> Self {
        Open {
            start,
            text: String::new(),
            plain: true,
            quoted: false,
            quote: None,
            own: Vec::new(),
            base: (start, 0),
            base_quoted: false,
            component: (start, 0),
            assigns: false,
        }
    }

    /// Adds a character, after which the line goes on at `next`.
    pub fn push(&mut self, c: char, next: usize) {
        self.text.push(c);
        if c == '/' {
            self.component = (next, self.text.len());
        }
    }

    /// After an unquoted `=`, or a `:` after one.
    fn rebase(&mut self, next: usize) {
        self.base = (next, self.text.len());
        self.component = self.base;
        self.base_quoted = false;
        self.assigns = true;
    }

    fn quote_begins(&mut self, at: usize) {
        self.quoted = true;
        if self.base.0 == at {
            self.base_quoted = true;
        }
    }

    pub fn typing(&self, is_command: bool, double: Option<(char, usize)>) -> Typing {
        Typing {
            text: self.text[self.base.1..].to_owned(),
            component: self.component.0,
            component_text: self.component.1 - self.base.1,
            quote: double.or(self.quote.map(|start| ('\'', start))),
            is_command: is_command && !self.assigns,
            expands: !self.plain,
            quoted_start: self.base_quoted,
        }
    }
}

/// Words after which a command follows.
const BEFORE_COMMANDS: [&str; 13] =
    ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc", "fi", "done"];
/// Programs and builtins that run the command that is their argument.
const PREFIXES: [&str; 8] = ["command", "exec", "builtin", "env", "nohup", "xargs", "sudo", "eval"];

impl Scanner<'_> {
    pub(super) fn in_code(&mut self, c: char) {
        match c {
            '\n' => {
                self.end_word();
                self.at += 1;
                self.segment = self.at;
                self.new_line();
            }
            c if c.is_whitespace() => {
                self.end_word();
                self.at += c.len_utf8();
                self.segment = self.at;
            }
            '#' if self.code().word.is_none() => {
                let end = self.rest().find('\n');
                self.at += end.unwrap_or(self.rest().len());
                if end.is_none() {
                    self.in_comment = true;
                }
                self.flush(Kind::Comment);
            }
            '\\' if self.rest().starts_with("\\\n") => {
                self.flush(Kind::Plain);
                self.at += 2;
                self.segment = self.at;
            }
            '\\' => {
                self.begin_word();
                self.at += 1;
                if let Some(next) = self.peek(0) {
                    self.text(next);
                }
            }
            '\'' => self.single_quotes(1),
            '$' if self.rest().starts_with("$'") => self.single_quotes(2),
            '"' => {
                self.begin_word();
                self.flush(Kind::Plain);
                let at = self.at;
                self.code().word.as_mut().expect("a word has begun").quote_begins(at);
                self.frames.push(Frame::Double(at));
                self.at += 1;
            }
            '`' if self.code().close == Close::Backquote => {
                self.end_word();
                self.expansion(c, Kind::Plain);
            }
            '$' | '`' => {
                self.begin_word();
                self.flush(Kind::Plain);
                self.expansion(c, Kind::Plain);
            }
            '(' | ')' | ';' | '&' | '|' | '<' | '>' => self.operator(c),
            _ => {
                self.begin_word();
                self.text(c);
                let at = self.at;
                if let Some(word) = &mut self.code().word
                    && (c == '=' || c == ':' && word.assigns)
                {
                    word.rebase(at);
                }
            }
        }
    }

    fn begin_word(&mut self) {
        let at = self.at;
        self.code().word.get_or_insert_with(|| Open::new(at));
    }

    /// From `'` or `$'` on, whose length is given.
    fn single_quotes(&mut self, opening: usize) {
        self.begin_word();
        self.flush(Kind::Plain);
        let start = self.at;
        self.at += opening;
        self.code().word.as_mut().expect("a word has begun").quote_begins(start);
        while let Some(c) = self.peek(0) {
            if c == '\'' {
                self.at += 1;
                self.flush(Kind::Quoted);
                return;
            }
            if c == '\\' && opening == 2 {
                self.escaped(|next| matches!(next, '\'' | '\\'));
            } else {
                self.text(c);
            }
        }
        self.flush(Kind::Quoted);
        self.code().word.as_mut().expect("a word has begun").quote = Some(start);
    }

    pub(super) fn end_word(&mut self) {
        self.flush(Kind::Plain);
        let end = self.at;
        let code = self.code();
        let Some(word) = code.word.take() else { return };
        let kind = code.classify(&word);
        for &index in &word.own {
            self.pieces[index].kind = kind;
        }
        self.words.push(Word { start: word.start, end, text: word.text, plain: word.plain, kind });
    }

    /// After the end of a line: the bodies of here-documents.
    fn new_line(&mut self) {
        let code = self.code();
        code.command_follows();
        for (tag, tabs) in std::mem::take(&mut code.tags) {
            loop {
                let rest = self.rest();
                let line = rest.split('\n').next().unwrap_or_default();
                let is_end = if tabs { line.trim_start_matches('\t') == tag } else { line == tag };
                let is_last = line.len() == rest.len();
                self.at += line.len();
                self.flush(if is_end { Kind::Operator } else { Kind::Quoted });
                if is_last {
                    // What is typed here is text: nothing of it is to be completed.
                    self.in_comment = !is_end;
                    return;
                }
                self.at += 1;
                self.segment = self.at;
                if is_end {
                    break;
                }
            }
        }
    }

    fn operator(&mut self, c: char) {
        if c == '(' && self.pattern_group() {
            return;
        }
        // The number of a descriptor belongs to its redirection.
        let at = self.at;
        let rest = self.rest();
        let is_array = c == '(' && self.line[..at].ends_with('=');
        let length =
            ["<<<", "<<-", "&>>", ";;&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "&&", "||", "|&", ";;", ";&"]
                .iter()
                .find(|operator| rest.starts_with(**operator))
                .map_or(1, |operator| operator.len());
        let operator = rest[..length].to_owned();
        let code = self.code();
        let is_number =
            |word: &Open| !word.quoted && !word.text.is_empty() && word.text.bytes().all(|b| b.is_ascii_digit());
        if matches!(c, '<' | '>') && code.word.as_ref().is_some_and(is_number) {
            code.word = None;
        } else {
            self.end_word();
        }
        if matches!(c, '<' | '>') && self.rest()[1..].starts_with('(') {
            self.at += 2;
            self.flush(Kind::Operator);
            self.begin_word();
            self.code().word.as_mut().expect("a word has begun").plain = false;
            self.frames.push(Frame::Code(Code::new(Close::Substitution)));
            return;
        }
        let code = self.code();
        if !is_array && (code.expects_command() || code.header == 1) && self.rest().starts_with("((") {
            self.at += 2;
            self.flush(Kind::Operator);
            let code = self.code();
            (code.command, code.header) = (false, 0);
            self.frames.push(Frame::Arithmetic(0));
            return;
        }
        self.at += length;
        if c == ')' {
            self.close_paren();
            return;
        }
        self.flush(Kind::Operator);
        let code = self.code();
        match operator.as_str() {
            "(" if is_array => self.frames.push(Frame::Code(Code::new(Close::Array))),
            "(" if !code.pattern && !code.test => self.frames.push(Frame::Code(Code::new(Close::Paren))),
            "<<" | "<<-" => code.tag = Some(operator == "<<-"),
            ";;" | ";&" | ";;&" => {
                code.command_follows();
                code.pattern = code.cases > 0;
            }
            _ if operator.contains(['<', '>']) => code.target = !code.test,
            _ => code.command_follows(),
        }
    }

    /// `@(a|b)` and its like: a part of the word before it.
    fn pattern_group(&mut self) -> bool {
        if self.code().word.is_none() || !self.line[..self.at].ends_with(['?', '*', '+', '@', '!']) {
            return false;
        }
        let mut open = 0;
        while let Some(c) = self.peek(0) {
            self.text(c);
            match c {
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
        true
    }

    /// At a closing bracket, which was read.
    fn close_paren(&mut self) {
        let code = self.code();
        if code.pattern {
            code.pattern = false;
            code.command_follows();
            self.flush(Kind::Operator);
        } else if matches!(code.close, Close::Paren | Close::Substitution | Close::Array) {
            self.close_code();
        } else {
            self.flush(Kind::Operator);
            code_after(self.code());
        }
    }

    /// Ends the innermost commands, whose end was read.
    pub(super) fn close_code(&mut self) {
        let end = self.at;
        self.at = self.segment;
        self.end_word();
        self.at = end;
        self.flush(Kind::Operator);
        let Some(Frame::Code(code)) = self.frames.pop() else { return };
        if code.close == Close::Paren {
            code_after(self.code());
        }
    }
}

/// After a subshell, or after the brackets of a function: what follows is no argument.
fn code_after(code: &mut Code) {
    code.command = true;
}

impl Code {
    fn command_follows(&mut self) {
        self.command = self.close != Close::Array;
        self.target = false;
        self.prefixed = false;
        self.header = 0;
    }

    /// Says what a word is, and what that makes of the next one.
    fn classify(&mut self, word: &Open) -> Kind {
        let text = word.text.as_str();
        let bare = word.plain && !word.quoted;
        if let Some(tabs) = self.tag.take() {
            self.tags.push((text.to_owned(), tabs));
            return Kind::Operator;
        }
        if std::mem::take(&mut self.target) {
            return Kind::Plain;
        }
        if self.test {
            self.test = !(bare && text == "]]");
            return if self.test { Kind::Plain } else { Kind::Keyword };
        }
        if self.header > 0 {
            if self.header == 2 && bare && (text == "in" || text == "do") {
                self.pattern = self.header_is_case;
                self.cases += u32::from(self.header_is_case);
                self.command = text == "do";
                self.header = 0;
                return Kind::Keyword;
            }
            self.header = 2;
            return Kind::Plain;
        }
        if bare && text == "esac" && self.cases > 0 && (self.pattern || self.command) {
            self.cases -= 1;
            self.pattern = false;
            self.command = true;
            return Kind::Keyword;
        }
        if self.pattern || !self.command {
            return Kind::Plain;
        }
        if bare && !self.prefixed {
            match text {
                "for" | "select" | "case" => {
                    (self.header, self.header_is_case, self.command) = (1, text == "case", false);
                    return Kind::Keyword;
                }
                "function" | "}" | "esac" => {
                    self.command = text != "function";
                    return Kind::Keyword;
                }
                "[[" => {
                    (self.test, self.command) = (true, false);
                    return Kind::Keyword;
                }
                _ if BEFORE_COMMANDS.contains(&text) => return Kind::Keyword,
                _ => {}
            }
        }
        if is_assignment(text) {
            return Kind::Assignment;
        }
        if self.prefixed && text.starts_with('-') {
            return Kind::Plain;
        }
        self.prefixed = bare && PREFIXES.contains(&text);
        self.command = self.prefixed;
        Kind::Command
    }
}

/// `NAME=`, `NAME+=`, `NAME[index]=`.
fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split_once('[').filter(|(_, index)| index.ends_with(']')).map_or(name, |(name, _)| name);
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}
