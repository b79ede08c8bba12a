//! From the text of an arithmetic expression to its tree.
//!
//! bash evaluates while it reads, so what stands before a syntax error has had its effects when the error is found.
//! Here the tree ends with the error at that place, and evaluation runs into it.

use crate::expand::scan::subscript_end;
use std::rc::Rc;

/// How deep parentheses and unary operators may be nested.
const MAX_DEPTH: u32 = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Comma,
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// How tightly a binary operator binds.
fn precedence(op: Op) -> u8 {
    match op {
        Op::Comma => 0,
        Op::Or => 1,
        Op::And => 2,
        Op::BitOr => 3,
        Op::BitXor => 4,
        Op::BitAnd => 5,
        Op::Equal | Op::Unequal => 6,
        Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => 7,
        Op::ShiftLeft | Op::ShiftRight => 8,
        Op::Add | Op::Subtract => 9,
        Op::Multiply | Op::Divide | Op::Remainder => 10,
        Op::Power => 11,
    }
}

/// What is wrong, and the text from the token where it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: &'static str,
    pub token: String,
    /// How much of the expression bash shows: up to a constant that is wrong, otherwise all.
    pub shown: usize,
}

/// A variable, or an element of one with its raw subscript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub name: Rc<str>,
    pub subscript: Option<Rc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Number(i64),
    Variable(Place),
    Assign(Place, Box<Node>),
    /// `+=` and so on; the position is for the error of a division.
    Update(Place, Op, Box<Node>, usize),
    /// `++x`, `x--`: what is added, and whether the new value is the result.
    Step {
        place: Place,
        by: i64,
        before: bool,
    },
    Negate(Box<Node>),
    Not(Box<Node>),
    Complement(Box<Node>),
    /// Parentheses and `+`: the value, which nothing can be assigned to.
    Plain(Box<Node>),
    /// Operators applied from left to right, each with its right side: flat, so that a long sum is not a deep tree. The
    /// positions are where an error's token begins.
    Chain(Box<Node>, Vec<(Op, Node, usize)>),
    Condition(Box<Node>, Box<Node>, Box<Node>),
    Error(Rc<SyntaxError>),
}

/// A tree, and the first error in it: parts that are not evaluated must be well formed as well.
#[derive(Debug)]
pub struct Parsed {
    pub node: Node,
    pub error: Option<Rc<SyntaxError>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    End,
    Number(i64),
    Place(Place),
    Binary(Op),
    Assign,
    Update(Op),
    Question,
    Colon,
    Open,
    Close,
    Not,
    Tilde,
    /// What `++x` leaves: as after a number, but another `++` is an error of its own.
    Stepped,
    /// `++` or `--` before a name.
    Before(i64),
    /// `++` or `--` after a name.
    After(i64),
}

struct Parser<'a> {
    text: &'a str,
    /// Behind the current token.
    at: usize,
    /// Where the current token begins; at the end, where the last one does.
    start: usize,
    token: Token,
    error: Option<Rc<SyntaxError>>,
    depth: u32,
}

pub fn parse(text: &str) -> Parsed {
    let mut parser = Parser { text, at: 0, start: 0, token: Token::End, error: None, depth: 0 };
    parser.advance();
    if parser.error.is_none() && parser.token == Token::End {
        return Parsed { node: Node::Number(0), error: None };
    }
    let mut node = parser.comma();
    if parser.error.is_none() && parser.token != Token::End {
        let error = parser.fail("syntax error in expression");
        node = then(node, error);
    }
    Parsed { node, error: parser.error }
}

impl Parser<'_> {
    fn fail_at(&mut self, message: &'static str, token: &str) -> Node {
        let shown = self.text.len();
        self.fail_showing(message, token, shown)
    }

    fn fail_showing(&mut self, message: &'static str, token: &str, shown: usize) -> Node {
        let error = self.error.get_or_insert_with(|| Rc::new(SyntaxError { message, token: token.to_owned(), shown }));
        let error = Rc::clone(error);
        self.token = Token::End;
        self.at = self.text.len();
        Node::Error(error)
    }

    fn fail(&mut self, message: &'static str) -> Node {
        let token = self.text.get(self.start..).unwrap_or_default();
        self.fail_at(message, token)
    }

    fn failed(&self) -> Option<Node> {
        self.error.clone().map(Node::Error)
    }

    /// Reads the next token; an error in it is kept in `error`.
    fn advance(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let Some(&first) = bytes.get(self.at) else {
            self.token = Token::End;
            return;
        };
        self.start = self.at;
        if first.is_ascii_alphabetic() || first == b'_' {
            return self.name();
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        let second = bytes.get(self.at + 1).copied().unwrap_or(0);
        let third = bytes.get(self.at + 2).copied().unwrap_or(0);
        let (length, token) = match (first, second, third) {
            (b'<', b'<', b'=') => (3, Token::Update(Op::ShiftLeft)),
            (b'>', b'>', b'=') => (3, Token::Update(Op::ShiftRight)),
            (b'=', b'=', _) => (2, Token::Binary(Op::Equal)),
            (b'!', b'=', _) => (2, Token::Binary(Op::Unequal)),
            (b'<', b'=', _) => (2, Token::Binary(Op::LessEqual)),
            (b'>', b'=', _) => (2, Token::Binary(Op::GreaterEqual)),
            (b'<', b'<', _) => (2, Token::Binary(Op::ShiftLeft)),
            (b'>', b'>', _) => (2, Token::Binary(Op::ShiftRight)),
            (b'&', b'&', _) => (2, Token::Binary(Op::And)),
            (b'|', b'|', _) => (2, Token::Binary(Op::Or)),
            (b'*', b'*', _) => (2, Token::Binary(Op::Power)),
            (b'+' | b'-', sign, _) if sign == first => return self.step(first),
            (b'*', b'=', _) => (2, Token::Update(Op::Multiply)),
            (b'/', b'=', _) => (2, Token::Update(Op::Divide)),
            (b'%', b'=', _) => (2, Token::Update(Op::Remainder)),
            (b'+', b'=', _) => (2, Token::Update(Op::Add)),
            (b'-', b'=', _) => (2, Token::Update(Op::Subtract)),
            (b'&', b'=', _) => (2, Token::Update(Op::BitAnd)),
            (b'^', b'=', _) => (2, Token::Update(Op::BitXor)),
            (b'|', b'=', _) => (2, Token::Update(Op::BitOr)),
            (b'=', ..) => (1, Token::Assign),
            (b'<', ..) => (1, Token::Binary(Op::Less)),
            (b'>', ..) => (1, Token::Binary(Op::Greater)),
            (b'+', ..) => (1, Token::Binary(Op::Add)),
            (b'-', ..) => (1, Token::Binary(Op::Subtract)),
            (b'*', ..) => (1, Token::Binary(Op::Multiply)),
            (b'/', ..) => (1, Token::Binary(Op::Divide)),
            (b'%', ..) => (1, Token::Binary(Op::Remainder)),
            (b'&', ..) => (1, Token::Binary(Op::BitAnd)),
            (b'|', ..) => (1, Token::Binary(Op::BitOr)),
            (b'^', ..) => (1, Token::Binary(Op::BitXor)),
            (b',', ..) => (1, Token::Binary(Op::Comma)),
            (b'!', ..) => (1, Token::Not),
            (b'~', ..) => (1, Token::Tilde),
            (b'(', ..) => (1, Token::Open),
            (b')', ..) => (1, Token::Close),
            (b'?', ..) => (1, Token::Question),
            (b':', ..) => (1, Token::Colon),
            _ => {
                let operand = matches!(
                    self.token,
                    Token::Number(_) | Token::Stepped | Token::Place(_) | Token::Close | Token::After(_)
                );
                self.fail(match operand {
                    true => "syntax error: invalid arithmetic operator",
                    false => "syntax error: operand expected",
                });
                return;
            }
        };
        self.at += length;
        self.token = token;
    }

    /// `++` and `--`: after a name, before one, or two signs.
    fn step(&mut self, sign: u8) {
        let by = if sign == b'+' { 1 } else { -1 };
        if matches!(self.token, Token::Place(_)) {
            self.at += 2;
            self.token = Token::After(by);
            return;
        }
        if self.token == Token::Stepped {
            self.fail(if by == 1 { "++: assignment requires lvalue" } else { "--: assignment requires lvalue" });
            return;
        }
        let ahead = self.text[self.at + 2..].trim_start_matches([' ', '\t', '\n', '\r']);
        if ahead.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            self.at += 2;
            self.token = Token::Before(by);
        } else {
            self.at += 1;
            self.token = Token::Binary(if by == 1 { Op::Add } else { Op::Subtract });
        }
    }

    fn name(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(rest.len());
        let name = Rc::from(&rest[..length]);
        self.at += length;
        let mut subscript = None;
        if rest[length..].starts_with('[') {
            match subscript_end(&rest[length + 1..]) {
                Some(end) => {
                    subscript = Some(Rc::from(&rest[length + 1..length + 1 + end]));
                    self.at += end + 2;
                }
                None => {
                    self.fail("bad array subscript");
                    return;
                }
            }
        }
        self.token = Token::Place(Place { name, subscript });
    }

    fn number(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'#' | b'@' | b'_'))
            .unwrap_or(rest.len());
        let digits = &rest[..length];
        match number(digits) {
            Ok(value) => {
                self.at += length;
                self.token = Token::Number(value);
            }
            Err(message) => drop(self.fail_showing(message, digits, self.at + length)),
        }
    }

    fn comma(&mut self) -> Node {
        let first = self.assignment();
        let mut rest = Vec::new();
        while self.error.is_none() && self.token == Token::Binary(Op::Comma) {
            self.advance();
            rest.push((Op::Comma, self.assignment(), 0));
        }
        chain(first, rest)
    }

    fn assignment(&mut self) -> Node {
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        self.depth += 1;
        let node = self.condition();
        let node = match (&self.token, node) {
            (_, node) if self.error.is_some() => node,
            (Token::Assign, Node::Variable(place)) => {
                self.advance();
                Node::Assign(place, Box::new(self.assignment()))
            }
            (&Token::Update(op), Node::Variable(place)) => {
                self.advance();
                let value = self.assignment();
                Node::Update(place, op, Box::new(value), self.start)
            }
            (Token::Assign | Token::Update(_), node) => {
                let error = self.fail("attempted assignment to non-variable");
                then(node, error)
            }
            (_, node) => node,
        };
        self.depth -= 1;
        node
    }

    fn condition(&mut self) -> Node {
        let condition = self.binary(1);
        if self.error.is_some() || self.token != Token::Question {
            return condition;
        }
        self.advance();
        let yes = match (self.failed(), &self.token) {
            (Some(error), _) => error,
            (None, Token::End | Token::Colon) => self.fail("expression expected"),
            _ => self.comma(),
        };
        let no = if let Some(error) = self.failed() {
            error
        } else if self.token != Token::Colon {
            self.fail("`:' expected for conditional expression")
        } else {
            self.advance();
            match (self.failed(), &self.token) {
                (Some(error), _) => error,
                (None, Token::End) => self.fail("expression expected"),
                _ if self.depth > MAX_DEPTH => self.fail("expression recursion level exceeded"),
                _ => {
                    self.depth += 1;
                    let no = self.condition();
                    self.depth -= 1;
                    no
                }
            }
        };
        Node::Condition(Box::new(condition), Box::new(yes), Box::new(no))
    }

    /// Binary operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Node {
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        self.depth += 1;
        let first = self.unary();
        let mut rest = Vec::new();
        while let (None, &Token::Binary(op)) = (&self.error, &self.token) {
            let own = precedence(op);
            if own < least {
                break;
            }
            let after = self.at + self.text[self.at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            self.advance();
            let right = match self.failed() {
                Some(error) => error,
                // To the right of itself.
                None if op == Op::Power => self.binary(own),
                None => self.binary(own + 1),
            };
            let position = if op == Op::Power { self.start } else { after };
            rest.push((op, right, position));
        }
        self.depth -= 1;
        chain(first, rest)
    }

    fn unary(&mut self) -> Node {
        if let Some(error) = self.failed() {
            return error;
        }
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        let wrap: fn(Box<Node>) -> Node = match self.token {
            Token::Not => Node::Not,
            Token::Tilde => Node::Complement,
            Token::Binary(Op::Subtract) => Node::Negate,
            Token::Binary(Op::Add) => Node::Plain,
            _ => return self.operand(),
        };
        self.advance();
        self.depth += 1;
        let node = self.unary();
        self.depth -= 1;
        wrap(Box::new(node))
    }

    fn operand(&mut self) -> Node {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Number(value) => {
                self.token = Token::Number(value);
                self.advance();
                Node::Number(value)
            }
            Token::Before(by) => {
                self.advance();
                match std::mem::replace(&mut self.token, Token::End) {
                    Token::Place(place) => {
                        self.token = Token::Stepped;
                        self.advance();
                        Node::Step { place, by, before: true }
                    }
                    _ => self.fail("identifier expected after pre-increment or pre-decrement"),
                }
            }
            Token::Open => {
                self.token = Token::Open;
                self.advance();
                let node = match self.failed() {
                    Some(error) => error,
                    None => self.comma(),
                };
                if self.error.is_some() {
                    return node;
                }
                if self.token != Token::Close {
                    let error = self.fail("missing `)'");
                    return then(node, error);
                }
                self.advance();
                Node::Plain(Box::new(node))
            }
            Token::Place(place) => {
                self.token = Token::Place(place.clone());
                self.advance();
                match self.token {
                    Token::After(by) => {
                        self.advance();
                        Node::Step { place, by, before: false }
                    }
                    _ => Node::Variable(place),
                }
            }
            _ => self.fail("syntax error: operand expected"),
        }
    }
}

fn chain(first: Node, rest: Vec<(Op, Node, usize)>) -> Node {
    if rest.is_empty() { first } else { Node::Chain(Box::new(first), rest) }
}

/// What was read before an error, and the error.
fn then(node: Node, error: Node) -> Node {
    Node::Chain(Box::new(node), vec![(Op::Comma, error, 0)])
}

/// A constant: decimal, `0` octal, `0x` hexadecimal, `base#digits`.
pub fn number(text: &str) -> Result<i64, &'static str> {
    let (mut base, mut found, mut digits): (i64, bool, &[u8]) = match text.as_bytes() {
        [b'0'] => return Ok(0),
        [b'0', b'x' | b'X', rest @ ..] => (16, true, rest),
        [b'0', rest @ ..] => (8, true, rest),
        all => (10, false, all),
    };
    let mut value: i64 = 0;
    while let [byte, rest @ ..] = digits {
        digits = rest;
        let digit = match byte {
            b'#' => {
                if found {
                    return Err("invalid number");
                }
                if !(2..=64).contains(&value) {
                    return Err("invalid arithmetic base");
                }
                base = value;
                value = 0;
                found = true;
                if !rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'_')) {
                    return Err("invalid integer constant");
                }
                continue;
            }
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            b'@' => 62,
            _ => 63,
        };
        if i64::from(digit) >= base {
            return Err("value too great for base");
        }
        value = value.wrapping_mul(base).wrapping_add(i64::from(digit));
    }
    Ok(value)
}
