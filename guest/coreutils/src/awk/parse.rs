//! From words to a tree. Names are resolved here: a name is an array everywhere when it is used as one anywhere.

use super::Problem;
use super::lex::Token;
use posix_regex::{Options, Regex, Syntax};
use std::collections::HashMap;
use std::rc::Rc;

pub const KEYWORDS: [&str; 19] = [
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile",
    "exit", "return", "delete", "in", "getline", "print",
];
pub const BUILTINS: [&str; 26] = [
    "length", "substr", "index", "split", "sub", "gsub", "gensub", "match", "sprintf", "sin", "cos", "atan2", "exp",
    "log", "sqrt", "int", "rand", "srand", "tolower", "toupper", "system", "close", "fflush", "systime", "strftime",
    "printf",
];
/// Variables with a meaning, in the places that the interpreter knows them by.
pub const SPECIAL: [&str; 17] = [
    "NF", "NR", "FNR", "FS", "OFS", "ORS", "RS", "FILENAME", "SUBSEP", "RSTART", "RLENGTH", "CONVFMT", "OFMT",
    "ENVIRON", "ARGC", "ARGV", "RT",
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Var {
    Global(usize),
    Local(usize),
}

pub enum Expr {
    Number(f64),
    Text(Rc<[u8]>),
    /// A pattern by itself, which is compared with the record.
    Regex(Rc<Regex>),
    Var(Var),
    Field(Box<Expr>),
    Element(Var, Vec<Expr>),
    Assign(Box<Expr>, Option<&'static str>, Box<Expr>),
    /// Before or behind the variable; what is added.
    Step {
        target: Box<Expr>,
        before: bool,
        by: f64,
    },
    Condition(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    In(Vec<Expr>, Var),
    Match(Box<Expr>, Box<Expr>, bool),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    /// Expressions between parentheses, for `in` and `print`.
    Group(Vec<Expr>),
    Call(usize, Vec<Expr>),
    Builtin(&'static str, Vec<Expr>),
    Getline {
        target: Option<Box<Expr>>,
        source: Source,
    },
}

pub enum Source {
    Main,
    File(Box<Expr>),
    Command(Box<Expr>),
}

pub enum Output {
    Standard,
    Write(Expr),
    Append(Expr),
    Pipe(Expr),
}

pub enum Stmt {
    Expr(Expr),
    Print { values: Vec<Expr>, formatted: bool, to: Output },
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    Do(Box<Stmt>, Expr),
    For(Option<Box<Stmt>>, Option<Expr>, Option<Box<Stmt>>, Box<Stmt>),
    ForIn(Expr, Var, Box<Stmt>),
    Block(Vec<Stmt>),
    Break,
    Continue,
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Delete(Var, Option<Vec<Expr>>),
}

pub enum Pattern {
    Always,
    When(Expr),
    /// From one to the other; the number is the place where it is kept whether the range is open.
    Range(Expr, Expr, usize),
}

#[derive(Default)]
pub struct Function {
    /// Parameters, and whether each is an array.
    pub arrays: Vec<bool>,
    pub body: Vec<Stmt>,
    name: String,
    params: Vec<String>,
    defined: bool,
}

#[derive(Default)]
pub struct Program {
    pub begin: Vec<Vec<Stmt>>,
    pub end: Vec<Vec<Stmt>>,
    /// `None` prints the record.
    pub rules: Vec<(Pattern, Option<Vec<Stmt>>)>,
    pub ranges: usize,
    pub functions: Vec<Function>,
    /// Names of the global variables, and whether each is an array.
    pub globals: Vec<(String, bool)>,
}

pub struct Parser {
    tokens: Vec<Token>,
    at: usize,
    program: Program,
    places: HashMap<String, usize>,
    /// The function that is being read.
    inside: Option<usize>,
    /// A bare name given to a function: an array when the parameter is one.
    passed: Vec<(usize, usize, Option<usize>, Var)>,
    /// `>` means something else in `print`.
    no_greater: bool,
}

type Parsed<T> = Result<T, Problem>;

impl Parser {
    pub fn new(tokens: Vec<Token>) -> Self {
        let mut parser = Parser {
            tokens,
            at: 0,
            program: Program::default(),
            places: HashMap::new(),
            inside: None,
            passed: Vec::new(),
            no_greater: false,
        };
        for name in SPECIAL {
            parser.global(name);
        }
        for array in ["ENVIRON", "ARGV"] {
            let place = parser.global(array);
            parser.program.globals[place].1 = true;
        }
        parser
    }

    /// The place of a global variable.
    pub fn global(&mut self, name: &str) -> usize {
        let globals = &mut self.program.globals;
        *self.places.entry(name.to_owned()).or_insert_with(|| {
            globals.push((name.to_owned(), false));
            globals.len() - 1
        })
    }

    pub fn program(mut self) -> Parsed<Program> {
        loop {
            self.skip_ends();
            if self.peek() == &Token::End {
                break;
            }
            self.item()?;
        }
        if let Some(missing) = self.program.functions.iter().find(|function| !function.defined) {
            return Err(Problem(format!("function `{}' not defined", missing.name)));
        }
        // What is passed on from function to function shows only step by step.
        loop {
            let mut changed = false;
            for &(function, param, inside, var) in &self.passed {
                if !self.program.functions[function].arrays.get(param).copied().unwrap_or(false) {
                    continue;
                }
                let known = match (var, inside) {
                    (Var::Global(place), _) => &mut self.program.globals[place].1,
                    (Var::Local(place), Some(inside)) => &mut self.program.functions[inside].arrays[place],
                    (Var::Local(_), None) => continue,
                };
                changed |= !*known;
                *known = true;
            }
            if !changed {
                return Ok(self.program);
            }
        }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(known) if *known == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if name == word)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    fn unexpected(&self, wanted: &str) -> Problem {
        let line =
            1 + self.tokens[..self.at.min(self.tokens.len())].iter().filter(|token| **token == Token::Newline).count();
        let found = match self.peek() {
            Token::Newline => "newline".to_owned(),
            Token::End => "end of the program".to_owned(),
            Token::Sign(sign) => format!("'{sign}'"),
            Token::Name(name) | Token::Call(name) => format!("'{name}'"),
            Token::Number(_) => "a number".to_owned(),
            Token::Text(_) => "a string".to_owned(),
            Token::Regex(_) => "a regular expression".to_owned(),
        };
        Problem(format!("line {line}: syntax error: {found} where {wanted} should be"))
    }

    fn skip_newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn skip_ends(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn item(&mut self) -> Parsed<()> {
        if self.take_word("function") || self.take_word("func") {
            return self.function();
        }
        if self.take_word("BEGIN") {
            let body = self.block()?;
            self.program.begin.push(body);
            return Ok(());
        }
        if self.take_word("END") {
            let body = self.block()?;
            self.program.end.push(body);
            return Ok(());
        }
        let pattern = if self.is("{") {
            Pattern::Always
        } else {
            let first = self.expr()?;
            if self.take(",") {
                self.skip_newlines();
                let last = self.expr()?;
                self.program.ranges += 1;
                Pattern::Range(first, last, self.program.ranges - 1)
            } else {
                Pattern::When(first)
            }
        };
        let body = if self.is("{") { Some(self.block()?) } else { None };
        self.program.rules.push((pattern, body));
        Ok(())
    }

    fn function_place(&mut self, name: &str) -> usize {
        let functions = &mut self.program.functions;
        functions.iter().position(|function| function.name == name).unwrap_or_else(|| {
            functions.push(Function { name: name.to_owned(), ..Function::default() });
            functions.len() - 1
        })
    }

    fn function(&mut self) -> Parsed<()> {
        let name = match self.next() {
            Token::Name(name) | Token::Call(name) => name,
            _ => return Err(self.unexpected("the name of a function")),
        };
        self.expect("(")?;
        let mut params = Vec::new();
        while !self.take(")") {
            match self.next() {
                Token::Name(param) => params.push(param),
                _ => return Err(self.unexpected("a parameter")),
            }
            self.take(",");
            self.skip_newlines();
        }
        let place = self.function_place(&name);
        let function = &mut self.program.functions[place];
        if function.defined {
            return Err(Problem(format!("function name `{name}' previously defined")));
        }
        function.defined = true;
        function.arrays = vec![false; params.len()];
        function.params = params;
        self.inside = Some(place);
        self.skip_newlines();
        let body = self.block()?;
        self.inside = None;
        self.program.functions[place].body = body;
        Ok(())
    }

    fn block(&mut self) -> Parsed<Vec<Stmt>> {
        self.expect("{")?;
        let mut body = Vec::new();
        loop {
            self.skip_ends();
            if self.take("}") {
                return Ok(body);
            }
            body.push(self.statement()?);
        }
    }

    /// The body of a loop or a condition, on the next line too.
    fn body(&mut self) -> Parsed<Box<Stmt>> {
        self.skip_newlines();
        if self.take(";") {
            return Ok(Box::new(Stmt::Block(Vec::new())));
        }
        self.statement().map(Box::new)
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        if self.is("{") {
            return self.block().map(Stmt::Block);
        }
        if self.take_word("if") {
            self.expect("(")?;
            let condition = self.full_expr()?;
            self.expect(")")?;
            let then = self.body()?;
            let back = self.at;
            self.skip_ends();
            if self.take_word("else") {
                return Ok(Stmt::If(condition, then, Some(self.body()?)));
            }
            self.at = back;
            return Ok(Stmt::If(condition, then, None));
        }
        if self.take_word("while") {
            self.expect("(")?;
            let condition = self.full_expr()?;
            self.expect(")")?;
            return Ok(Stmt::While(condition, self.body()?));
        }
        if self.take_word("do") {
            let body = self.body()?;
            self.skip_ends();
            if !self.take_word("while") {
                return Err(self.unexpected("'while'"));
            }
            self.expect("(")?;
            let condition = self.full_expr()?;
            self.expect(")")?;
            self.end_of_statement()?;
            return Ok(Stmt::Do(body, condition));
        }
        if self.take_word("for") {
            return self.for_loop();
        }
        let statement = self.simple()?;
        self.end_of_statement()?;
        Ok(statement)
    }

    fn end_of_statement(&mut self) -> Parsed<()> {
        if self.is("}") {
            return Ok(());
        }
        if *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected("the end of the statement"))
    }

    fn for_loop(&mut self) -> Parsed<Stmt> {
        self.expect("(")?;
        if let (Token::Name(name), Some(Token::Name(word)), Some(Token::Name(array)), Some(Token::Sign(")"))) = (
            self.peek().clone(),
            self.tokens.get(self.at + 1),
            self.tokens.get(self.at + 2),
            self.tokens.get(self.at + 3),
        ) {
            if word == "in" {
                let array = array.clone();
                self.at += 4;
                let key = Expr::Var(self.variable(&name));
                let array = self.array(&array);
                return Ok(Stmt::ForIn(key, array, self.body()?));
            }
        }
        let start = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.skip_newlines();
        let condition = if self.is(";") { None } else { Some(self.full_expr()?) };
        self.expect(";")?;
        self.skip_newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Stmt::For(start, condition, step, self.body()?))
    }

    fn simple(&mut self) -> Parsed<Stmt> {
        if self.take_word("print") {
            return self.print(false);
        }
        if matches!(self.peek(), Token::Name(name) | Token::Call(name) if name == "printf") {
            self.at += 1;
            return self.print(true);
        }
        for (word, statement) in
            [("break", Stmt::Break), ("continue", Stmt::Continue), ("next", Stmt::Next), ("nextfile", Stmt::NextFile)]
        {
            if self.take_word(word) {
                return Ok(statement);
            }
        }
        for (word, exit) in [("exit", true), ("return", false)] {
            if self.take_word(word) {
                let at_end = *self.peek() == Token::Newline || self.is(";") || self.is("}");
                let value = if at_end { None } else { Some(self.full_expr()?) };
                return Ok(if exit { Stmt::Exit(value) } else { Stmt::Return(value) });
            }
        }
        if self.take_word("delete") {
            let Token::Name(name) = self.next() else { return Err(self.unexpected("the name of an array")) };
            let array = self.array(&name);
            let key = if self.take("[") { Some(self.list("]")?) } else { None };
            return Ok(Stmt::Delete(array, key));
        }
        self.full_expr().map(Stmt::Expr)
    }

    fn print(&mut self, formatted: bool) -> Parsed<Stmt> {
        let outer = std::mem::replace(&mut self.no_greater, true);
        let mut values = Vec::new();
        let ends = |parser: &Self| {
            *parser.peek() == Token::Newline || [";", "}", ">", ">>", "|"].iter().any(|sign| parser.is(sign))
        };
        if !ends(self) {
            loop {
                values.push(self.expr()?);
                if !self.take(",") {
                    break;
                }
                self.skip_newlines();
            }
        }
        // `print (a, b)` is the same as without parentheses.
        if values.len() == 1 {
            if let Some(Expr::Group(inner)) = values.pop_if(|value| matches!(value, Expr::Group(_))) {
                values = inner;
            }
        }
        let to = if self.take(">") {
            Output::Write(self.concat()?)
        } else if self.take(">>") {
            Output::Append(self.concat()?)
        } else if self.take("|") {
            Output::Pipe(self.concat()?)
        } else {
            Output::Standard
        };
        self.no_greater = outer;
        Ok(Stmt::Print { values, formatted, to })
    }

    /// Inside of parentheses, `>` means what it always does.
    fn full_expr(&mut self) -> Parsed<Expr> {
        let outer = std::mem::take(&mut self.no_greater);
        let expr = self.expr();
        self.no_greater = outer;
        expr
    }

    fn list(&mut self, end: &str) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        self.skip_newlines();
        while !self.take(end) {
            list.push(self.full_expr()?);
            self.skip_newlines();
            if !self.is(end) {
                self.expect(",")?;
                self.skip_newlines();
            }
        }
        Ok(list)
    }

    fn variable(&mut self, name: &str) -> Var {
        let local =
            self.inside.and_then(|place| self.program.functions[place].params.iter().position(|param| param == name));
        local.map_or_else(|| Var::Global(self.global(name)), Var::Local)
    }

    fn array(&mut self, name: &str) -> Var {
        let var = self.variable(name);
        match (var, self.inside) {
            (Var::Local(place), Some(inside)) => self.program.functions[inside].arrays[place] = true,
            (Var::Global(place), _) => self.program.globals[place].1 = true,
            (Var::Local(_), None) => {}
        }
        var
    }

    fn expr(&mut self) -> Parsed<Expr> {
        let left = self.ternary()?;
        self.assigned(left)
    }

    /// An assignment, when that is what follows. It may also stand where the grammar has no place for it but nothing
    /// else can be meant: `a && b = c`, `!b = c`.
    fn assigned(&mut self, left: Expr) -> Parsed<Expr> {
        if !matches!(left, Expr::Var(_) | Expr::Field(_) | Expr::Element(..)) {
            return Ok(left);
        }
        for (sign, operator) in [
            ("=", None),
            ("+=", Some("+")),
            ("-=", Some("-")),
            ("*=", Some("*")),
            ("/=", Some("/")),
            ("%=", Some("%")),
            ("^=", Some("^")),
        ] {
            if self.take(sign) {
                self.skip_newlines();
                return Ok(Expr::Assign(Box::new(left), operator, Box::new(self.expr()?)));
            }
        }
        Ok(left)
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let condition = self.or()?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.skip_newlines();
        let yes = self.expr()?;
        self.skip_newlines();
        self.expect(":")?;
        self.skip_newlines();
        Ok(Expr::Condition(Box::new(condition), Box::new(yes), Box::new(self.expr()?)))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.take("||") {
            self.skip_newlines();
            let right = self.and()?;
            left = Expr::Or(Box::new(left), Box::new(self.assigned(right)?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.membership()?;
        while self.take("&&") {
            self.skip_newlines();
            let right = self.membership()?;
            left = Expr::And(Box::new(left), Box::new(self.assigned(right)?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while self.take_word("in") {
            let Token::Name(name) = self.next() else { return Err(self.unexpected("the name of an array")) };
            let array = self.array(&name);
            let keys = match left {
                Expr::Group(keys) => keys,
                other => vec![other],
            };
            left = Expr::In(keys, array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let wanted = if self.take("~") {
                true
            } else if self.take("!~") {
                false
            } else {
                return Ok(left);
            };
            left = Expr::Match(Box::new(left), Box::new(self.comparison()?), wanted);
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.concat()?;
        loop {
            let signs = ["<", "<=", "==", "!=", ">=", ">"];
            let sign = signs.into_iter().find(|sign| self.is(sign) && !(self.no_greater && *sign == ">"));
            if let Some(sign) = sign {
                self.at += 1;
                left = Expr::Compare(sign, Box::new(left), Box::new(self.concat()?));
            } else if self.is("|")
                && matches!(self.tokens.get(self.at + 1), Some(Token::Name(name)) if name == "getline")
            {
                self.at += 2;
                let target = self.getline_target()?;
                left = Expr::Getline { target, source: Source::Command(Box::new(left)) };
            } else {
                return Ok(left);
            }
        }
    }

    fn concat(&mut self) -> Parsed<Expr> {
        let mut left = self.additive()?;
        while self.begins_operand() {
            left = Expr::Concat(Box::new(left), Box::new(self.additive()?));
        }
        Ok(left)
    }

    /// Whether an operand follows without an operator. A sign would have been read as a sum.
    fn begins_operand(&self) -> bool {
        match self.peek() {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Call(_) => true,
            Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
            Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            Token::Newline | Token::End => false,
        }
    }

    fn additive(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        while let Some(sign) = ["+", "-"].into_iter().find(|sign| self.is(sign)) {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        while let Some(sign) = ["*", "/", "%"].into_iter().find(|sign| self.is(sign)) {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.take("!") {
            let operand = self.unary()?;
            return Ok(Expr::Not(Box::new(self.assigned(operand)?)));
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.unary()?)));
        }
        if self.take("+") {
            return Ok(Expr::Positive(Box::new(self.unary()?)));
        }
        let base = self.postfix()?;
        if self.take("^") {
            // To the right, and a sign may stand before the exponent.
            return Ok(Expr::Binary("^", Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let operand = self.primary()?;
        if matches!(operand, Expr::Var(_) | Expr::Field(_) | Expr::Element(..)) {
            for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                if self.take(sign) {
                    return Ok(Expr::Step { target: Box::new(operand), before: false, by });
                }
            }
        }
        Ok(operand)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.next() {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text.into())),
            Token::Regex(pattern) => {
                let regex =
                    Regex::new(&pattern, Syntax::Awk, Options { dot_matches_newline: true, ..Options::default() });
                regex.map(|regex| Expr::Regex(Rc::new(regex))).map_err(|error| Problem(format!("/{pattern}/: {error}")))
            }
            Token::Sign("$") => {
                for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                    if self.take(sign) {
                        let target = Box::new(self.primary()?);
                        return Ok(Expr::Field(Box::new(Expr::Step { target, before: true, by })));
                    }
                }
                if self.take("-") {
                    return Ok(Expr::Field(Box::new(Expr::Negative(Box::new(self.primary()?)))));
                }
                Ok(Expr::Field(Box::new(self.primary()?)))
            }
            Token::Sign(sign @ ("++" | "--")) => {
                let target = Box::new(self.primary()?);
                Ok(Expr::Step { target, before: true, by: if sign == "++" { 1.0 } else { -1.0 } })
            }
            Token::Sign("(") => {
                let mut inner = self.list(")")?;
                match inner.len() {
                    0 => Err(self.unexpected("an expression")),
                    // A variable between parentheses cannot be assigned to, but `in` and `print` look into a group.
                    1 => Ok(inner.pop().map_or(Expr::Number(0.0), |inner| Expr::Group(vec![inner]))),
                    _ => Ok(Expr::Group(inner)),
                }
            }
            Token::Name(name) if name == "getline" => {
                let target = self.getline_target()?;
                if self.take("<") {
                    let file = self.postfix()?;
                    return Ok(Expr::Getline { target, source: Source::File(Box::new(file)) });
                }
                Ok(Expr::Getline { target, source: Source::Main })
            }
            Token::Name(name) | Token::Call(name) if BUILTINS.contains(&name.as_str()) => self.builtin(&name),
            Token::Call(name) => {
                self.at += 1;
                let place = self.function_place(&name);
                let args = self.list(")")?;
                for (param, arg) in args.iter().enumerate() {
                    if let Expr::Var(var) = arg {
                        self.passed.push((place, param, self.inside, *var));
                    }
                }
                Ok(Expr::Call(place, args))
            }
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                if self.take("[") {
                    let array = self.array(&name);
                    return Ok(Expr::Element(array, self.list("]")?));
                }
                Ok(Expr::Var(self.variable(&name)))
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected("an expression"))
            }
        }
    }

    fn getline_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        let is_target = self.is("$") || matches!(self.peek(), Token::Name(name) if !KEYWORDS.contains(&name.as_str()));
        if is_target { self.primary().map(|target| Some(Box::new(target))) } else { Ok(None) }
    }

    fn builtin(&mut self, name: &str) -> Parsed<Expr> {
        let known = BUILTINS.into_iter().find(|known| *known == name).unwrap_or("length");
        let args = if self.take("(") { self.list(")")? } else { Vec::new() };
        let array = match (known, args.as_slice()) {
            ("split", [_, Expr::Var(var), ..]) => Some(*var),
            ("match", [_, _, Expr::Var(var)]) => Some(*var),
            _ => None,
        };
        match (array, self.inside) {
            (Some(Var::Global(place)), _) => self.program.globals[place].1 = true,
            (Some(Var::Local(place)), Some(inside)) => self.program.functions[inside].arrays[place] = true,
            _ => {}
        }
        if args.is_empty() && !matches!(known, "length" | "rand" | "srand" | "fflush" | "systime" | "strftime") {
            return Err(self.unexpected(&format!("an argument of {known}")));
        }
        Ok(Expr::Builtin(known, args))
    }
}
