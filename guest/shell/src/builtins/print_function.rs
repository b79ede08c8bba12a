//! Prints commands as bash does in `declare -f`, `type` and `jobs`. The layout is bash's, oddities included: what a
//! command looks like depends on whether it is within a function, and here-documents wait until the connector behind
//! their command is printed.

use crate::ast::*;
use crate::builtins::print_word::word_text;
use crate::builtins::quote;
use crate::exec::trace::{binary_text, unary_text};
use crate::parse;

const INDENT: usize = 4;

/// The definition of a function, from its name to the closing brace, without a line end.
pub fn function_text(name: &str, function: &FunctionDefinition, posix: bool) -> String {
    let mut printer = Printer { posix, ..Printer::default() };
    if parse::is_reserved_word(name) {
        printer.push("function ");
    }
    printer.push(name);
    printer.push(" () \n");
    printer.function_body(function);
    printer.text
}

/// A command as `jobs` and BASH_COMMAND show it.
pub fn command_text(command: &Command) -> String {
    let mut printer = Printer::default();
    printer.skip_indent = true;
    printer.command(command);
    printer.flush_documents("");
    printer.text
}

/// A list without its `&`, as `jobs` shows it.
pub fn and_or_text(list: &AndOrList) -> String {
    let mut printer = Printer::default();
    printer.skip_indent = true;
    printer.and_or(list);
    printer.flush_documents("");
    printer.text
}

/// The commands of a substitution.
pub fn list_text(list: &CompoundList) -> String {
    let mut printer = Printer { skip_indent: true, ..Printer::default() };
    printer.list(list);
    printer.flush_documents("");
    printer.text
}

#[derive(Default)]
struct Printer<'a> {
    text: String,
    indentation: usize,
    /// The next command follows on the same line.
    skip_indent: bool,
    in_function: usize,
    /// How many connections (`;`, `|`, `&&`, ...) are being printed: within one, here-documents wait.
    connections: usize,
    waiting: Vec<&'a HereDocument>,
    /// A here-document has just ended the line, so that no `;` may follow.
    after_document: bool,
    /// Functions within are printed without `function`.
    posix: bool,
}

impl<'a> Printer<'a> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n(' ', self.indentation));
    }

    fn newline(&mut self, text: &str) {
        self.push("\n");
        self.indent();
        self.push(text);
    }

    fn semicolon(&mut self) {
        if !self.text.ends_with(['&', '\n']) {
            self.push(";");
        }
    }

    /// What every command begins with.
    fn start(&mut self) {
        if !std::mem::take(&mut self.skip_indent) {
            self.indent();
        }
    }

    /// Prints a connector, and the here-documents that waited for it.
    fn flush_documents(&mut self, connector: &str) {
        self.push(connector);
        if !self.waiting.is_empty() {
            self.document_bodies();
            if !connector.is_empty() {
                self.push(" ");
            }
        }
    }

    fn document_bodies(&mut self) {
        self.push("\n");
        for document in std::mem::take(&mut self.waiting) {
            self.push(document.body.get().map_or("", String::as_str));
            self.push(&parse::unquoted(&document.delimiter.value));
            self.push("\n");
        }
        self.after_document = true;
    }

    /// `{`, the body, `}` and the redirections of a function.
    fn function_body(&mut self, function: &'a FunctionDefinition) {
        self.indent();
        self.push("{ \n");
        self.in_function += 1;
        self.indentation += INDENT;
        match &function.body {
            CompoundCommand::Brace(list) => self.list(list),
            body => self.compound(body, &function.redirects),
        }
        self.flush_documents("");
        self.indentation -= INDENT;
        self.in_function -= 1;
        self.newline("}");
        if matches!(function.body, CompoundCommand::Brace(_)) && !function.redirects.is_empty() {
            self.push(" ");
            self.redirects(&function.redirects);
        }
    }

    fn list(&mut self, list: &'a CompoundList) {
        let [.., last] = &list.0[..] else { return };
        let connected = list.0.len() > 1 || last.background;
        self.connections += usize::from(connected);
        for (index, item) in list.0.iter().enumerate() {
            self.and_or(&item.list);
            let is_last = index + 1 == list.0.len();
            if is_last && !item.background {
                break;
            }
            if index > 0 && !item.background {
                // Connections lean to the left (except those of `&`): the one before has ended here.
                self.flush_documents("");
            }
            if item.background {
                self.flush_documents(" &");
                if !is_last {
                    self.push(" ");
                    self.skip_indent = true;
                }
                continue;
            }
            if !self.waiting.is_empty() {
                self.flush_documents("");
                if self.in_function == 0 {
                    self.after_document = false;
                }
            } else if !std::mem::take(&mut self.after_document) {
                self.push(";");
            }
            if self.in_function > 0 {
                self.push("\n");
            } else {
                self.push(" ");
                self.skip_indent = true;
            }
        }
        if connected {
            self.flush_documents("");
            self.connections -= 1;
        }
    }

    fn and_or(&mut self, list: &'a AndOrList) {
        self.connections += usize::from(!list.rest.is_empty());
        self.pipeline(&list.first);
        for (index, (operator, pipeline)) in list.rest.iter().enumerate() {
            if index > 0 {
                self.flush_documents("");
            }
            self.flush_documents(match operator {
                AndOr::And => " && ",
                AndOr::Or => " || ",
            });
            self.skip_indent = true;
            self.pipeline(pipeline);
        }
        if !list.rest.is_empty() {
            self.flush_documents("");
            self.connections -= 1;
        }
    }

    fn pipeline(&mut self, pipeline: &'a Pipeline) {
        self.start();
        match pipeline.timed {
            Some(Timed::Bash) => self.push("time "),
            Some(Timed::Posix) => self.push("time -p "),
            None => {}
        }
        if pipeline.bang {
            self.push("! ");
        }
        let connected = pipeline.commands.len() > 1;
        self.connections += usize::from(connected);
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.flush_documents(" |");
                self.push(" ");
            }
            self.skip_indent = true;
            self.command(command);
        }
        self.skip_indent = false;
        if connected {
            self.flush_documents("");
            self.connections -= 1;
        }
    }

    fn command(&mut self, command: &'a Command) {
        match command {
            Command::Simple(simple) => {
                self.start();
                self.simple(simple);
            }
            Command::Compound(compound, redirects) => self.compound(compound, redirects),
            Command::Function(function) => {
                self.start();
                self.push(if self.posix { "" } else { "function " });
                self.push(&format!("{} () \n", function.name));
                self.function_body(function);
                self.after_document = false;
            }
        }
    }

    fn simple(&mut self, simple: &'a SimpleCommand) {
        let mut separator = "";
        for assignment in &simple.assignments {
            self.push(separator);
            self.assignment(assignment);
            separator = " ";
        }
        for word in &simple.words {
            self.push(separator);
            match word {
                CommandWord::Word(word) => self.word(word),
                CommandWord::Assignment(assignment) => self.assignment(assignment),
            }
            separator = " ";
        }
        if !simple.redirects.is_empty() {
            self.push(separator);
            self.redirects(&simple.redirects);
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
        self.push(&assignment.name);
        if let Some(subscript) = &assignment.subscript {
            self.push(&format!("[{subscript}]"));
        }
        self.push(if assignment.append { "+=" } else { "=" });
        match &assignment.value {
            AssignmentValue::Scalar(word) => self.word(word),
            AssignmentValue::Array(elements) => {
                self.push("(");
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        self.push(" ");
                    }
                    if let Some(subscript) = &element.subscript {
                        self.push(&format!("[{subscript}]{}", if element.append { "+=" } else { "=" }));
                    }
                    self.word(&element.value);
                }
                self.push(")");
            }
        }
    }

    fn compound(&mut self, compound: &'a CompoundCommand, redirects: &'a [Redirect]) {
        self.start();
        match compound {
            CompoundCommand::Brace(list) => self.group(list),
            CompoundCommand::Subshell(list) => {
                self.push("( ");
                self.skip_indent = true;
                self.list(list);
                self.flush_documents("");
                self.push(" )");
            }
            CompoundCommand::If(clause) => self.if_clause(&clause.branches, clause.otherwise.as_ref()),
            CompoundCommand::While(clause) => {
                self.push(if clause.until { "until " } else { "while " });
                self.skip_indent = true;
                self.list(&clause.condition);
                self.flush_documents("");
                self.semicolon();
                self.push(" do\n");
                self.loop_body(&clause.body);
            }
            CompoundCommand::For(clause) => self.for_clause("for", clause),
            CompoundCommand::Select(clause) => self.for_clause("select", clause),
            CompoundCommand::ArithmeticFor(clause) => {
                self.push("for ((");
                for (index, part) in [&clause.init, &clause.condition, &clause.update].into_iter().enumerate() {
                    if index > 0 {
                        self.push("; ");
                    }
                    let part = part.trim();
                    self.push(if part.is_empty() { "1" } else { part });
                }
                self.push("))");
                self.newline("do\n");
                self.loop_body(&clause.body);
            }
            CompoundCommand::Case(clause) => self.case_clause(clause),
            CompoundCommand::Arithmetic { expr, .. } => self.push(&format!("(({expr}))")),
            CompoundCommand::Test { expr, .. } => {
                self.push("[[ ");
                self.test(expr);
                self.push(" ]]");
            }
            CompoundCommand::Coproc { name, body } => {
                self.push(&format!("coproc {name} "));
                self.skip_indent = true;
                self.command(body);
            }
        }
        if !redirects.is_empty() {
            self.push(" ");
            self.redirects(redirects);
        }
    }

    fn group(&mut self, list: &'a CompoundList) {
        self.push("{ ");
        if self.in_function == 0 {
            self.skip_indent = true;
            self.list(list);
            self.flush_documents("");
            self.semicolon();
            self.push(" }");
            return;
        }
        self.push("\n");
        self.indentation += INDENT;
        self.list(list);
        self.flush_documents("");
        self.indentation -= INDENT;
        self.newline("}");
    }

    fn loop_body(&mut self, body: &'a CompoundList) {
        self.indentation += INDENT;
        self.list(body);
        self.flush_documents("");
        self.semicolon();
        self.indentation -= INDENT;
        self.newline("done");
    }

    fn for_clause(&mut self, keyword: &str, clause: &'a ForClause) {
        self.push(&format!("{keyword} {} in ", clause.name));
        match &clause.words {
            Some(words) => self.words(words, " "),
            None => self.push("\"$@\""),
        }
        self.push(";");
        self.newline("do\n");
        self.loop_body(&clause.body);
    }

    /// An `elif` is an `if` within the `else`.
    fn if_clause(&mut self, branches: &'a [(CompoundList, CompoundList)], otherwise: Option<&'a CompoundList>) {
        let [(condition, body), rest @ ..] = branches else { return };
        self.push("if ");
        self.skip_indent = true;
        self.list(condition);
        self.flush_documents("");
        self.semicolon();
        self.push(" then\n");
        self.indentation += INDENT;
        self.list(body);
        self.flush_documents("");
        self.indentation -= INDENT;
        if !rest.is_empty() || otherwise.is_some() {
            self.semicolon();
            self.newline("else\n");
            self.indentation += INDENT;
            match otherwise {
                Some(otherwise) if rest.is_empty() => self.list(otherwise),
                _ => {
                    self.start();
                    self.if_clause(rest, otherwise);
                }
            }
            self.flush_documents("");
            self.indentation -= INDENT;
        }
        self.semicolon();
        self.newline("fi");
    }

    fn case_clause(&mut self, clause: &'a CaseClause) {
        self.push("case ");
        self.word(&clause.word);
        self.push(" in ");
        self.indentation += INDENT;
        for item in &clause.items {
            self.newline("");
            self.words(&item.patterns, " | ");
            self.push(")\n");
            self.indentation += INDENT;
            self.list(&item.body);
            self.indentation -= INDENT;
            self.flush_documents("");
            self.newline(match item.after {
                CaseAfter::Leave => ";;",
                CaseAfter::RunNext => ";&",
                CaseAfter::TestNext => ";;&",
            });
        }
        self.indentation -= INDENT;
        self.newline("esac");
    }

    fn test(&mut self, expr: &ExtendedTestExpr) {
        match expr {
            ExtendedTestExpr::And(left, right) => {
                self.test(left);
                self.push(" && ");
                self.test(right);
            }
            ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.push(" || ");
                self.test(right);
            }
            ExtendedTestExpr::Not(expr) => {
                self.push("! ");
                self.test(expr);
            }
            ExtendedTestExpr::Parenthesized(expr) => {
                self.push("( ");
                self.test(expr);
                self.push(" )");
            }
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                self.push(unary_text(*predicate));
                self.push(" ");
                self.word(word);
            }
            ExtendedTestExpr::BinaryTest(predicate, left, right) => {
                self.word(left);
                self.push(&format!(" {} ", binary_text(*predicate)));
                self.word(right);
            }
        }
    }

    fn words(&mut self, words: &[Word], separator: &str) {
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            self.word(word);
        }
    }

    fn redirects(&mut self, redirects: &'a [Redirect]) {
        self.after_document = false;
        let mut documents = Vec::new();
        for (index, redirect) in redirects.iter().enumerate() {
            if index > 0 {
                self.push(" ");
            }
            self.redirect(redirect);
            if let RedirectKind::HereDocument(document) = &redirect.kind {
                documents.push(document);
            }
        }
        if !documents.is_empty() {
            self.waiting = documents;
            if self.connections == 0 {
                self.document_bodies();
            }
        }
    }

    /// One redirection; the number is left out where it is the usual one, except where bash always writes it.
    fn redirect(&mut self, redirect: &Redirect) {
        let is_number = |word: &Word| {
            let digits = word.value.strip_suffix('-').unwrap_or(&word.value);
            word.value == "-" || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let (usual, operator, word) = match &redirect.kind {
            RedirectKind::Read(word) => (0, "< ", word),
            RedirectKind::Write(word) => (1, "> ", word),
            RedirectKind::Append(word) => (1, ">> ", word),
            RedirectKind::Clobber(word) => (1, ">| ", word),
            RedirectKind::ReadWrite(word) => (-1, "<> ", word),
            RedirectKind::DupInput(word) if word.value == "-" => (-1, ">&", word),
            RedirectKind::DupInput(word) => (if is_number(word) { -1 } else { 0 }, "<&", word),
            RedirectKind::DupOutput(word) => (if is_number(word) { -1 } else { 1 }, ">&", word),
            RedirectKind::Both(word) => (1, "&> ", word),
            RedirectKind::BothAppend(word) => (1, "&>> ", word),
            RedirectKind::HereString(word) => (0, "<<< ", word),
            RedirectKind::HereDocument(document) => {
                (0, if document.remove_tabs { "<<-" } else { "<<" }, &document.delimiter)
            }
        };
        match &redirect.target {
            RedirectTarget::Fd(fd) if *fd != usual => self.push(&fd.to_string()),
            RedirectTarget::Variable(name) => self.push(&format!("{{{name}}}")),
            RedirectTarget::Default if usual == -1 => self.push(match redirect.kind {
                RedirectKind::DupOutput(_) => "1",
                _ => "0",
            }),
            _ => {}
        }
        self.push(operator);
        match &redirect.kind {
            RedirectKind::HereDocument(document) if !document.expand => {
                self.push(&quote::single_quoted(&parse::unquoted(&word.value)));
            }
            _ => self.word(word),
        }
    }

    fn word(&mut self, word: &Word) {
        self.push(&word_text(&word.value));
    }
}
