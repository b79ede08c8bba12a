//! Commands.

use super::lex::{Mode, Token, WordToken};
use super::{ErrorKind, Parsed, Parser, PendingHereDocument, SyntaxError};
use crate::ast::*;
use std::rc::Rc;

pub const RESERVED: &[&str] = &[
    "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "time", "until", "while", "{", "}",
];

/// Reserved words that begin no command.
const CLOSERS: &[&str] = &["do", "done", "elif", "else", "esac", "fi", "then", "}"];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Builtins whose arguments keep the shape of assignments.
fn is_declaration(word: &str) -> bool {
    matches!(word, "declare" | "typeset" | "local" | "export" | "readonly")
}

impl Parser<'_> {
    /// The commands up to the end of a line; `None` at the end of the text.
    pub(super) fn complete_command(&mut self) -> Parsed<Option<CompoundList>> {
        self.token = None;
        // Blank lines; more input is asked for by whoever wants a command.
        loop {
            let token = self.peek(Mode::Command)?;
            if *token == Token::End {
                return Ok(None);
            }
            if !token.is_op("\n") {
                break;
            }
            self.take();
            if self.context.more.is_some() && self.pos >= self.text.len() {
                return Ok(Some(CompoundList::default()));
            }
        }
        let mut items = Vec::new();
        loop {
            let list = self.and_or()?;
            let separator = self.peek(Mode::Command)?;
            if separator.is_op("&") || separator.is_op(";") {
                let background = self.take().is_op("&");
                items.push(CompoundListItem { list, background });
                let after = self.peek(Mode::Command)?;
                if *after != Token::End && !after.is_op("\n") {
                    continue;
                }
            } else {
                items.push(CompoundListItem { list, background: false });
            }
            break;
        }
        let end = self.next_token(Mode::Command)?;
        match end {
            Token::End => self.read_here_documents(),
            Token::Op("\n") => {}
            token => return Err(self.unexpected(&token)),
        }
        Ok(Some(CompoundList(items)))
    }

    fn skip_newlines(&mut self, mode: Mode) -> Parsed<()> {
        while self.peek(mode)?.is_op("\n") {
            self.next_token(mode)?;
        }
        Ok(())
    }

    /// Commands up to a token that ends them, which is left in place. `empty` allows there to be none.
    pub(super) fn list_until(&mut self, empty: bool, ends: impl Fn(&Token) -> bool) -> Parsed<CompoundList> {
        let mut items = Vec::new();
        self.skip_newlines(Mode::Command)?;
        loop {
            if ends(self.peek(Mode::Command)?) && (empty || !items.is_empty()) {
                return Ok(CompoundList(items));
            }
            let list = self.and_or()?;
            let separator = self.peek(Mode::Command)?;
            let background = separator.is_op("&");
            if background || separator.is_op(";") || separator.is_op("\n") {
                self.next_token(Mode::Command)?;
                items.push(CompoundListItem { list, background });
                self.skip_newlines(Mode::Command)?;
                continue;
            }
            let ended = ends(separator);
            items.push(CompoundListItem { list, background: false });
            if !ended {
                let token = self.take();
                return Err(self.unexpected(&token));
            }
        }
    }

    fn and_or(&mut self) -> Parsed<AndOrList> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let token = self.peek(Mode::Command)?;
            let kind = if token.is_op("&&") {
                AndOr::And
            } else if token.is_op("||") {
                AndOr::Or
            } else {
                return Ok(AndOrList { first, rest });
            };
            self.take();
            self.skip_newlines(Mode::Command)?;
            rest.push((kind, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline { timed: None, bang: false, commands: Vec::new() };
        let mut bare = false;
        loop {
            let token = self.peek(Mode::Command)?;
            if token.is_word("!") {
                self.take();
                pipeline.bang = !pipeline.bang;
                bare = true;
            } else if token.is_word("time") && !bare_time_is_command(self) {
                self.take();
                pipeline.timed = Some(Timed::Bash);
                bare = true;
                if self.peek(Mode::Command)?.is_word("-p") {
                    self.take();
                    pipeline.timed = Some(Timed::Posix);
                    if self.peek(Mode::Command)?.is_word("--") {
                        self.take();
                    }
                }
            } else {
                break;
            }
        }
        if bare {
            let token = self.peek(Mode::Command)?;
            if *token == Token::End || [";", "\n", "&", ")", "&&", "||"].iter().any(|op| token.is_op(op)) {
                // `!` and `time` alone.
                return Ok(pipeline);
            }
        }
        loop {
            let mut command = self.nested(Self::command)?;
            let token = self.peek(Mode::Command)?;
            let both = token.is_op("|&");
            if !both && !token.is_op("|") {
                pipeline.commands.push(command);
                return Ok(pipeline);
            }
            let line = self.token_line;
            self.take();
            if both {
                let redirect =
                    Redirect { target: RedirectTarget::Fd(2), kind: RedirectKind::DupOutput(Word::new("1")), line };
                match &mut command {
                    Command::Simple(simple) => simple.redirects.push(redirect),
                    Command::Compound(_, redirects) => redirects.push(redirect),
                    Command::Function(_) => {}
                }
            }
            pipeline.commands.push(command);
            self.skip_newlines(Mode::Command)?;
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let token = self.peek(Mode::Command)?;
        match token {
            Token::Op("(") => {
                let compound = self.parenthesized()?;
                self.with_redirects(compound)
            }
            Token::Word(word) if !word.quoted && word.array.is_none() && is_reserved(&word.text) => {
                let text = word.text.clone();
                self.reserved_command(&text)
            }
            Token::Word(_) | Token::IoNumber(_) | Token::IoVariable(_) => self.simple_command(),
            Token::Op("<" | ">" | ">>" | ">|" | "<>" | "<&" | ">&" | "<<" | "<<-" | "<<<" | "&>" | "&>>") => {
                self.simple_command()
            }
            _ => {
                let token = self.take();
                Err(self.unexpected(&token))
            }
        }
    }

    fn reserved_command(&mut self, word: &str) -> Parsed<Command> {
        if CLOSERS.contains(&word) {
            let token = self.take();
            return Err(self.unexpected(&token));
        }
        match word {
            "function" => return self.function_keyword(),
            "coproc" => return self.coproc(),
            "in" | "]]" | "!" | "time" => return self.simple_command(),
            _ => {}
        }
        let compound = self.compound(word)?;
        self.with_redirects(compound)
    }

    /// A compound command that begins with the reserved word that was peeked.
    fn compound(&mut self, word: &str) -> Parsed<CompoundCommand> {
        let line = self.token_line;
        self.take();
        Ok(match word {
            "{" => {
                let body = self.list_until(false, |token| token.is_word("}"))?;
                self.take();
                CompoundCommand::Brace(body)
            }
            "if" => CompoundCommand::If(self.if_clause()?),
            "while" | "until" => {
                let condition = self.list_until(false, |token| token.is_word("do"))?;
                CompoundCommand::While(WhileClause { until: word == "until", condition, body: self.do_group()? })
            }
            "for" => self.for_clause(line)?,
            "select" => CompoundCommand::Select(self.words_clause(line)?),
            "case" => CompoundCommand::Case(self.case_clause(line)?),
            "[[" => CompoundCommand::Test { line, expr: self.extended_test()? },
            _ => {
                let token = Token::Word(WordToken { text: word.to_owned(), ..WordToken::default() });
                return Err(self.unexpected(&token));
            }
        })
    }

    /// A function's body, or another place where only a compound command fits.
    fn compound_only(&mut self) -> Parsed<CompoundCommand> {
        let token = self.peek(Mode::Command)?;
        match token {
            Token::Op("(") => self.parenthesized(),
            Token::Word(word) if !word.quoted && begins_compound(&word.text) => {
                let text = word.text.clone();
                self.nested(|parser| parser.compound(&text))
            }
            _ => {
                let token = self.take();
                Err(self.unexpected(&token))
            }
        }
    }

    /// `( )` or `(( ))`, whose first parenthesis was peeked.
    fn parenthesized(&mut self) -> Parsed<CompoundCommand> {
        let arithmetic = self.byte() == b'(';
        let line = self.token_line;
        self.take();
        if arithmetic && let Some(expr) = self.arithmetic_command()? {
            return Ok(CompoundCommand::Arithmetic { line, expr });
        }
        let body = self.list_until(false, |token| token.is_op(")"))?;
        self.take();
        Ok(CompoundCommand::Subshell(body))
    }

    /// What is between `((` and `))`, the first parenthesis of which is consumed; `None` when it is no arithmetic.
    fn arithmetic_command(&mut self) -> Parsed<Option<String>> {
        let mark = self.mark();
        self.bump();
        let mut out = Vec::new();
        match self.copy_arithmetic(&mut out) {
            Ok(true) => {
                out.truncate(out.len() - 2);
                Ok(Some(super::word::into_text(out)))
            }
            Ok(false) => {
                self.reset(mark);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn with_redirects(&mut self, compound: CompoundCommand) -> Parsed<Command> {
        Ok(Command::Compound(compound, self.redirects()?))
    }

    fn redirects(&mut self) -> Parsed<Vec<Redirect>> {
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect(Mode::Command)? {
            redirects.push(redirect);
        }
        Ok(redirects)
    }

    fn if_clause(&mut self) -> Parsed<IfClause> {
        let mut clause = IfClause { branches: Vec::new(), otherwise: None };
        loop {
            let condition = self.list_until(false, |token| token.is_word("then"))?;
            self.take();
            let body =
                self.list_until(false, |token| token.is_word("elif") || token.is_word("else") || token.is_word("fi"))?;
            clause.branches.push((condition, body));
            let end = self.take();
            if end.is_word("elif") {
                continue;
            }
            if end.is_word("else") {
                clause.otherwise = Some(self.list_until(false, |token| token.is_word("fi"))?);
                self.take();
            }
            return Ok(clause);
        }
    }

    /// `do ... done`, or `{ ... }` as bash allows it for `for`.
    fn do_group(&mut self) -> Parsed<CompoundList> {
        let token = self.next_token(Mode::Command)?;
        let close = if token.is_word("do") {
            "done"
        } else if token.is_word("{") {
            "}"
        } else {
            return Err(self.unexpected(&token));
        };
        let body = self.list_until(false, |token| token.is_word(close))?;
        self.take();
        Ok(body)
    }

    fn for_clause(&mut self, line: usize) -> Parsed<CompoundCommand> {
        if self.peek(Mode::Argument)?.is_op("(") && self.byte() == b'(' {
            self.take();
            return self.arithmetic_for(line);
        }
        Ok(CompoundCommand::For(self.words_clause(line)?))
    }

    /// `name [in words]; do ... done`.
    fn words_clause(&mut self, line: usize) -> Parsed<ForClause> {
        let name = match self.next_token(Mode::Argument)? {
            Token::Word(word) => word.text,
            token => return Err(self.unexpected(&token)),
        };
        let mut words = None;
        if self.peek(Mode::Command)?.is_op(";") {
            self.take();
            self.skip_newlines(Mode::Command)?;
        } else {
            self.skip_newlines(Mode::Command)?;
            if self.peek(Mode::Command)?.is_word("in") {
                self.take();
                let mut list = Vec::new();
                loop {
                    match self.next_token(Mode::Argument)? {
                        Token::Word(word) => list.push(Word::new(word.text)),
                        Token::Op(";" | "\n") => break,
                        token => return Err(self.unexpected(&token)),
                    }
                }
                words = Some(list);
                self.skip_newlines(Mode::Command)?;
            }
        }
        Ok(ForClause { line, name, words, body: self.do_group()? })
    }

    fn arithmetic_for(&mut self, line: usize) -> Parsed<CompoundCommand> {
        let Some(text) = self.arithmetic_command()? else {
            let token = self.next_token(Mode::Argument)?;
            return Err(self.unexpected(&token));
        };
        let mut parts = split_arithmetic(&text);
        if parts.len() != 3 {
            let message = if parts.len() > 3 {
                "syntax error: `;' unexpected"
            } else {
                "syntax error: arithmetic expression required"
            };
            return Err(self.error(ErrorKind::Message(message.to_owned())));
        }
        let mut part = || parts.remove(0);
        let (init, condition, update) = (part(), part(), part());
        if self.peek(Mode::Command)?.is_op(";") {
            self.take();
        }
        self.skip_newlines(Mode::Command)?;
        Ok(CompoundCommand::ArithmeticFor(ArithmeticFor { line, init, condition, update, body: self.do_group()? }))
    }

    fn case_clause(&mut self, line: usize) -> Parsed<CaseClause> {
        let word = match self.next_token(Mode::Argument)? {
            Token::Word(word) => Word::new(word.text),
            token => return Err(self.unexpected(&token)),
        };
        self.skip_newlines(Mode::Pattern)?;
        let token = self.next_token(Mode::Pattern)?;
        if !token.is_word("in") {
            return Err(self.unexpected(&token));
        }
        let mut items = Vec::new();
        loop {
            self.skip_newlines(Mode::Pattern)?;
            if self.peek(Mode::Pattern)?.is_word("esac") {
                self.take();
                return Ok(CaseClause { line, word, items });
            }
            items.push(self.case_item()?);
        }
    }

    fn case_item(&mut self) -> Parsed<CaseItem> {
        if self.peek(Mode::Pattern)?.is_op("(") {
            self.take();
        }
        let mut patterns = Vec::new();
        loop {
            match self.next_token(Mode::Pattern)? {
                Token::Word(word) => patterns.push(Word::new(word.text)),
                token => return Err(self.unexpected(&token)),
            }
            match self.next_token(Mode::Pattern)? {
                Token::Op("|") => {}
                Token::Op(")") => break,
                token => return Err(self.unexpected(&token)),
            }
        }
        let body = self.list_until(true, |token| {
            token.is_op(";;") || token.is_op(";&") || token.is_op(";;&") || token.is_word("esac")
        })?;
        let after = match self.peek(Mode::Command)? {
            Token::Op(";&") => CaseAfter::RunNext,
            Token::Op(";;&") => CaseAfter::TestNext,
            // `esac` is left for the caller.
            Token::Word(_) => return Ok(CaseItem { patterns, body, after: CaseAfter::Leave }),
            _ => CaseAfter::Leave,
        };
        self.take();
        Ok(CaseItem { patterns, body, after })
    }

    fn function_keyword(&mut self) -> Parsed<Command> {
        let line = self.token_line;
        self.take();
        let name = match self.next_token(Mode::Argument)? {
            Token::Word(word) => word.text,
            token => return Err(self.unexpected(&token)),
        };
        if self.peek(Mode::Command)?.is_op("(") && self.byte() != b'(' {
            self.take();
            let close = self.next_token(Mode::Command)?;
            if !close.is_op(")") {
                return Err(self.unexpected(&close));
            }
        }
        self.function_body(line, name)
    }

    fn function_body(&mut self, line: usize, name: String) -> Parsed<Command> {
        self.skip_newlines(Mode::Command)?;
        let body = self.compound_only()?;
        let redirects = self.redirects()?;
        Ok(Command::Function(Rc::new(FunctionDefinition { line, name, body, redirects })))
    }

    fn coproc(&mut self) -> Parsed<Command> {
        self.take();
        let mut name = String::from("COPROC");
        let token = self.peek(Mode::Command)?;
        if let Token::Word(word) = token {
            let begins = !word.quoted && begins_compound(&word.text);
            if !begins && crate::is_name(&word.text) {
                // A name only when a compound command follows; otherwise it is the command.
                let (word, line) = (word.clone(), self.token_line);
                self.take();
                let after = self.peek(Mode::Command)?;
                let compound = match after {
                    Token::Op("(") => true,
                    Token::Word(word) => !word.quoted && begins_compound(&word.text),
                    _ => false,
                };
                if compound {
                    name = word.text;
                } else {
                    let command = self.simple_command_from(Some(word), line)?;
                    return self.with_redirects(CompoundCommand::Coproc { name, body: Box::new(command) });
                }
            }
        }
        let body = Box::new(self.nested(Self::command)?);
        self.with_redirects(CompoundCommand::Coproc { name, body })
    }

    fn simple_command(&mut self) -> Parsed<Command> {
        let line = self.token_line;
        self.simple_command_from(None, line)
    }

    /// A simple command, whose first word may have been read already.
    fn simple_command_from(&mut self, first: Option<WordToken>, line: usize) -> Parsed<Command> {
        let mut command = SimpleCommand { line, ..SimpleCommand::default() };
        let mut mode = Mode::Command;
        if let Some(word) = first {
            mode = mode_after(&word.text);
            command.words.push(CommandWord::Word(Word::new(word.text)));
        }
        loop {
            if let Some(redirect) = self.redirect(mode)? {
                command.redirects.push(redirect);
                if mode == Mode::Command {
                    mode = Mode::Prefix;
                }
                continue;
            }
            match self.peek(mode)? {
                Token::Word(_) => {}
                Token::Op("(") => {
                    let name = match (&command.words[..], command.assignments.is_empty(), command.redirects.is_empty())
                    {
                        ([CommandWord::Word(word)], true, true) => word.value.clone(),
                        _ => {
                            let token = self.take();
                            return Err(self.unexpected(&token));
                        }
                    };
                    self.take();
                    let close = self.next_token(Mode::Command)?;
                    if !close.is_op(")") {
                        return Err(self.unexpected(&close));
                    }
                    return self.function_body(command.line, name);
                }
                _ => return Ok(Command::Simple(command)),
            }
            let Token::Word(word) = self.take() else { continue };
            // As bash counts: where the second word ends, when there is one.
            if command.words.len() + command.assignments.len() < 2 {
                command.line = self.line;
            }
            let before_name = matches!(mode, Mode::Command | Mode::Prefix);
            if before_name || mode == Mode::Declaration {
                match assignment(&word) {
                    Some(assignment) if before_name => {
                        command.assignments.push(assignment);
                        mode = Mode::Prefix;
                        continue;
                    }
                    Some(assignment) => {
                        command.words.push(CommandWord::Assignment(assignment));
                        continue;
                    }
                    None => {}
                }
            }
            if before_name || (mode == Mode::Argument && transparent(&command.words)) {
                mode = mode_after(&word.text);
            }
            command.words.push(CommandWord::Word(Word::new(word.text)));
        }
    }

    /// A redirection, when one comes next.
    fn redirect(&mut self, mode: Mode) -> Parsed<Option<Redirect>> {
        let line = self.token_line;
        let target = match self.peek(mode)? {
            Token::IoNumber(number) => RedirectTarget::Fd(*number),
            Token::IoVariable(name) => RedirectTarget::Variable(name.clone()),
            _ => RedirectTarget::Default,
        };
        if target != RedirectTarget::Default {
            self.take();
        }
        let op = match self.peek(mode)? {
            Token::Op(op @ ("<" | ">" | ">>" | ">|" | "<>" | "<&" | ">&" | "<<" | "<<-" | "<<<" | "&>" | "&>>")) => *op,
            _ => return Ok(None),
        };
        self.take();
        let word = match self.next_token(Mode::Argument)? {
            Token::Word(word) => word,
            // `> 1<x`: the digits are the file's name.
            Token::IoNumber(number) => WordToken { text: number.to_string(), ..WordToken::default() },
            Token::IoVariable(name) => WordToken { text: format!("{{{name}}}"), ..WordToken::default() },
            token => return Err(self.unexpected(&token)),
        };
        let text = Word::new(word.text);
        let kind = match op {
            "<" => RedirectKind::Read(text),
            ">" => RedirectKind::Write(text),
            ">>" => RedirectKind::Append(text),
            ">|" => RedirectKind::Clobber(text),
            "<>" => RedirectKind::ReadWrite(text),
            "<&" => RedirectKind::DupInput(text),
            ">&" => RedirectKind::DupOutput(text),
            "&>" => RedirectKind::Both(text),
            "&>>" => RedirectKind::BothAppend(text),
            "<<<" => RedirectKind::HereString(text),
            _ => self.here_document(text, op == "<<-"),
        };
        Ok(Some(Redirect { target, kind, line }))
    }

    fn here_document(&mut self, delimiter: Word, remove_tabs: bool) -> RedirectKind {
        let plain = unquote(&delimiter.value);
        let body = Rc::default();
        let line = self.line;
        let expand = !delimiter.value.contains(['\'', '"', '\\']);
        self.expect_here_document(PendingHereDocument {
            delimiter: plain,
            remove_tabs,
            expand,
            body: Rc::clone(&body),
            line,
        });
        RedirectKind::HereDocument(HereDocument { remove_tabs, delimiter, expand, body })
    }

    /// An error for a message that is said as it is.
    pub(super) fn message(&self, text: impl Into<String>) -> SyntaxError {
        self.error(ErrorKind::Message(text.into()))
    }
}

/// `time` before an option that is not its own is a command.
fn bare_time_is_command(parser: &mut Parser<'_>) -> bool {
    let mark = parser.mark();
    let alias_next = parser.alias_next;
    let mut blank = false;
    while matches!(parser.byte(), b' ' | b'\t') {
        parser.bump();
        blank = true;
    }
    let option = parser.byte() == b'-' && blank && !matches!(parser.second(), b'p' | b'-');
    parser.reset(mark);
    parser.alias_next = alias_next;
    option
}

/// How arguments are read after a command's name.
fn mode_after(name: &str) -> Mode {
    if is_declaration(name) { Mode::Declaration } else { Mode::Argument }
}

/// Whether all words so far only pass the command on.
fn transparent(words: &[CommandWord]) -> bool {
    words
        .iter()
        .all(|word| matches!(word, CommandWord::Word(word) if word.value == "command" || word.value == "builtin"))
}

fn begins_compound(word: &str) -> bool {
    matches!(word, "{" | "if" | "while" | "until" | "for" | "select" | "case" | "[[")
}

/// A word as an assignment, when it has the shape of one.
fn assignment(word: &WordToken) -> Option<Assignment> {
    let text = &word.text;
    let name_len = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = &text[..name_len];
    if !crate::is_name(name) {
        return None;
    }
    let mut rest = &text[name_len..];
    let mut subscript = None;
    if rest.starts_with('[') {
        let close = closing_bracket(rest)?;
        subscript = Some(rest[1..close].to_owned());
        rest = &rest[close + 1..];
    }
    let append = rest.starts_with("+=");
    let value = rest.strip_prefix(if append { "+=" } else { "=" })?;
    let value = match &word.array {
        Some(elements) => AssignmentValue::Array(elements.clone()),
        None => AssignmentValue::Scalar(Word::new(value)),
    };
    Some(Assignment { name: name.to_owned(), subscript, append, value })
}

/// The index of the `]` that matches the first `[`, skipping quotes.
fn closing_bracket(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_u32, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'\\' => at += 1,
            quote @ (b'\'' | b'"') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(quote == b'"' && bytes[at] == b'\\');
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The parts of `for ((a; b; c))`.
fn split_arithmetic(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (0_u32, None);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('(' | '{', None) => depth += 1,
            (')' | '}', None) => depth = depth.saturating_sub(1),
            (';', None) if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut()
            && !(part.is_empty() && c.is_whitespace())
        {
            part.push(c);
        }
    }
    parts
}

/// A here-document's delimiter without its quotes.
pub(super) fn unquote(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('$', None) if matches!(chars.peek(), Some('\'' | '"')) => {}
            ('\\', None) => plain.extend(chars.next()),
            ('\\', Some('"')) if matches!(chars.peek(), Some('$' | '`' | '"' | '\\')) => plain.extend(chars.next()),
            _ => plain.push(c),
        }
    }
    plain
}
