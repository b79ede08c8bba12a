//! Arithmetic: `$(( ))`, `(( ))`, `let`, subscripts, variables with the integer attribute.

mod parse;

use crate::shell::{Flow, Shell};
use parse::{Node, Op, Parsed, Place, SyntaxError};
use std::cell::RefCell;
use std::rc::Rc;

/// How deep a variable's value may lead to another variable's.
const MAX_DEPTH: u32 = 151;
/// How many trees are kept.
const CACHED: usize = 512;

/// How deep evaluations within evaluations (of subscripts) may go.
const MAX_NESTED: u32 = 30;

thread_local! {
    static NESTED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    static TREES: RefCell<crate::vars::NameMap<Rc<Parsed>>> = RefCell::default();
}

fn tree(text: &str) -> Rc<Parsed> {
    if let Some(parsed) = TREES.with_borrow(|trees| trees.get(text).cloned()) {
        return parsed;
    }
    let parsed = Rc::new(parse::parse(text));
    if text.len() < 1000 {
        TREES.with_borrow_mut(|trees| {
            if trees.len() >= CACHED {
                trees.clear();
            }
            trees.insert(Rc::from(text), Rc::clone(&parsed));
        });
    }
    parsed
}

/// A number's text, faster than through `fmt`.
pub fn decimal(value: i64) -> String {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let mut text = String::with_capacity(digits.len() + 1 - at);
    if value < 0 {
        text.push('-');
    }
    text.extend(digits[at..].iter().map(|&digit| char::from(digit)));
    text
}

/// A plain decimal number, which is what variables hold nearly always.
fn plain(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [] => None,
        [b'0'] => Some(0),
        [b'0', ..] => None,
        _ if digits.len() > 18 => None,
        _ => {
            let mut value: i64 = 0;
            for byte in digits {
                if !byte.is_ascii_digit() {
                    return None;
                }
                value = value * 10 + i64::from(byte - b'0');
            }
            Some(if digits.len() < text.len() { -value } else { value })
        }
    }
}

/// An evaluation of one text.
struct Evaluation<'a> {
    text: &'a str,
    /// The command that messages name: `((`, `let`, ...
    context: &'a str,
    depth: u32,
}

impl Shell {
    /// The value of an expression that has been expanded already.
    pub fn arith(&mut self, expr: &str) -> Result<i64, Flow> {
        self.arith_for("", expr)
    }

    /// The same for a command that error messages name first (`((`, `let`, `[[`, `declare`). An error of the
    /// expression is `Flow::Abandon(1)`.
    pub fn arith_for(&mut self, context: &str, expr: &str) -> Result<i64, Flow> {
        if let Some(value) = plain(expr) {
            return Ok(value);
        }
        // Subscripts lead back here, and may lead to themselves.
        let depth = NESTED.get();
        if depth >= MAX_NESTED {
            self.error(&format!("{expr}: expression recursion level exceeded (error token is \"{expr}\")"));
            return Err(Flow::Abandon(1));
        }
        NESTED.set(depth + 1);
        let result = self.arith_nested(context, expr, 0);
        NESTED.set(depth);
        result
    }

    /// The value of an expression as it was written: its expansions are done first.
    pub fn arith_raw(&mut self, context: &str, expr: &str) -> Result<i64, Flow> {
        if expr.bytes().any(|byte| matches!(byte, b'$' | b'`' | b'"' | b'\\' | b'\'')) {
            let expanded = self.expand_arithmetic(expr)?;
            return self.arith_for(context, &expanded);
        }
        self.arith_for(context, expr)
    }

    /// `(( ))`: as written, and messages say so.
    pub fn arith_command(&mut self, expr: &str) -> Result<i64, Flow> {
        self.arith_raw("((", expr)
    }

    fn arith_nested(&mut self, context: &str, expr: &str, depth: u32) -> Result<i64, Flow> {
        if let Some(value) = plain(expr) {
            return Ok(value);
        }
        let parsed = tree(expr);
        let evaluation = Evaluation { text: expr, context, depth };
        let value = evaluation.eval(self, &parsed.node)?;
        match &parsed.error {
            Some(error) => Err(evaluation.syntax_error(self, error)),
            None => Ok(value),
        }
    }
}

impl Evaluation<'_> {
    fn error(&self, shell: &Shell, message: &str, token: &str) -> Flow {
        self.error_of(shell, self.text, message, token)
    }

    fn error_of(&self, shell: &Shell, text: &str, message: &str, token: &str) -> Flow {
        let context = if self.context.is_empty() { String::new() } else { format!("{}: ", self.context) };
        let text = text.trim_start_matches([' ', '\t']);
        shell.error(&format!("{context}{text}: {message} (error token is \"{token}\")"));
        Flow::Abandon(1)
    }

    fn syntax_error(&self, shell: &Shell, error: &SyntaxError) -> Flow {
        let shown = self.text.get(..error.shown).unwrap_or(self.text);
        self.error_of(shell, shown, error.message, &error.token)
    }

    fn eval(&self, shell: &mut Shell, node: &Node) -> Result<i64, Flow> {
        Ok(match node {
            Node::Number(value) => *value,
            Node::Variable(place) => self.value_of(shell, place)?,
            Node::Plain(node) => self.eval(shell, node)?,
            Node::Negate(node) => self.eval(shell, node)?.wrapping_neg(),
            Node::Not(node) => i64::from(self.eval(shell, node)? == 0),
            Node::Complement(node) => !self.eval(shell, node)?,
            Node::Assign(place, node) => {
                // The one operator that takes the subscript after the value: `a[i++] = i`.
                let value = self.eval(shell, node)?;
                let place = self.settle(shell, place)?;
                self.store(shell, &place, value)?;
                value
            }
            Node::Update(place, op, node, position) => {
                let place = self.settle(shell, place)?;
                let old = self.value_of(shell, &place)?;
                let operand = self.eval(shell, node)?;
                let value = self.apply(shell, *op, old, operand, *position)?;
                self.store(shell, &place, value)?;
                value
            }
            Node::Step { place, by, before } => {
                let place = self.settle(shell, place)?;
                let old = self.value_of(shell, &place)?;
                let new = old.wrapping_add(*by);
                self.store(shell, &place, new)?;
                if *before { new } else { old }
            }
            Node::Chain(first, rest) => {
                let mut value = self.eval(shell, first)?;
                for (op, right, position) in rest {
                    value = match op {
                        Op::And => i64::from(value != 0 && self.eval(shell, right)? != 0),
                        Op::Or => i64::from(value != 0 || self.eval(shell, right)? != 0),
                        op => {
                            let right = self.eval(shell, right)?;
                            self.apply(shell, *op, value, right, *position)?
                        }
                    };
                }
                value
            }
            Node::Condition(condition, yes, no) => {
                let chosen = if self.eval(shell, condition)? != 0 { yes } else { no };
                self.eval(shell, chosen)?
            }
            Node::Error(error) => return Err(self.syntax_error(shell, error)),
        })
    }

    fn apply(&self, shell: &Shell, op: Op, left: i64, right: i64, position: usize) -> Result<i64, Flow> {
        let token = || self.text.get(position..).unwrap_or_default();
        Ok(match op {
            Op::Comma => right,
            Op::Or => i64::from(left != 0 || right != 0),
            Op::And => i64::from(left != 0 && right != 0),
            Op::BitOr => left | right,
            Op::BitXor => left ^ right,
            Op::BitAnd => left & right,
            Op::Equal => i64::from(left == right),
            Op::Unequal => i64::from(left != right),
            Op::Less => i64::from(left < right),
            Op::LessEqual => i64::from(left <= right),
            Op::Greater => i64::from(left > right),
            Op::GreaterEqual => i64::from(left >= right),
            Op::ShiftLeft => left.wrapping_shl(right as u32),
            Op::ShiftRight => left.wrapping_shr(right as u32),
            Op::Add => left.wrapping_add(right),
            Op::Subtract => left.wrapping_sub(right),
            Op::Multiply => left.wrapping_mul(right),
            Op::Divide | Op::Remainder if right == 0 => return Err(self.error(shell, "division by 0", token())),
            Op::Divide => left.wrapping_div(right),
            Op::Remainder => left.wrapping_rem(right),
            Op::Power if right < 0 => return Err(self.error(shell, "exponent less than 0", token())),
            Op::Power => power(left, right),
        })
    }

    fn value_of(&self, shell: &mut Shell, place: &Place) -> Result<i64, Flow> {
        let text = match &place.subscript {
            None => {
                // The common case without a copy of the value.
                if let Some(variable) = shell.vars.get_raw(&place.name)
                    && !variable.dynamic
                    && let crate::vars::Value::Scalar(text) = &variable.value
                    && !variable.attributes.nameref
                    && let Some(value) = plain(text)
                {
                    return Ok(value);
                }
                shell.parameter(&place.name)
            }
            Some(subscript) if subscript.is_empty() => {
                shell.error(&format!("{}[]: bad array subscript", place.name));
                return Ok(0);
            }
            Some(subscript) => shell.element(&place.name, subscript)?,
        };
        let Some(text) = text else {
            // A missing element of an array that is there counts as 0.
            if shell.options.nounset && (place.subscript.is_none() || shell.variable_value(&place.name).is_none()) {
                return Err(shell.unbound(&place.name));
            }
            return Ok(0);
        };
        if let Some(value) = plain(&text) {
            return Ok(value);
        }
        if self.depth >= MAX_DEPTH {
            let name = place.name.to_string();
            return Err(self.error(shell, "expression recursion level exceeded", &name));
        }
        shell.arith_nested(self.context, &text, self.depth + 1)
    }

    /// A place whose subscript is evaluated, so that using it twice has its effects once.
    fn settle(&self, shell: &mut Shell, place: &Place) -> Result<Place, Flow> {
        let Some(subscript) = &place.subscript else { return Ok(place.clone()) };
        if shell.is_assoc(&place.name) {
            return Ok(place.clone());
        }
        let index = shell.arith_raw(self.context, subscript)?;
        Ok(Place { name: Rc::clone(&place.name), subscript: Some(Rc::from(decimal(index))) })
    }

    fn store(&self, shell: &mut Shell, place: &Place, value: i64) -> Result<(), Flow> {
        match &place.subscript {
            None => shell.assign_number(&place.name, value),
            Some(subscript) => shell.assign(&place.name, Some(subscript), &decimal(value), false),
        }
    }
}

fn power(base: i64, mut exponent: i64) -> i64 {
    let (mut result, mut square) = (1_i64, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<i64> {
        // Never dropped: that would close the descriptors of the test.
        let mut shell = std::mem::ManuallyDrop::new(Shell::new());
        shell.arith(text).ok()
    }

    #[test]
    fn operators() {
        assert_eq!(value("1+2*3"), Some(7));
        assert_eq!(value("2**3**2"), Some(512));
        assert_eq!(value("-2**2"), Some(4));
        assert_eq!(value("10-2-3"), Some(5));
        assert_eq!(value("1?2:0?3:4"), Some(2));
        assert_eq!(value("1,2,3"), Some(3));
        assert_eq!(value("~0 & 0xff | 1<<10"), Some(0x4ff));
        assert_eq!(value("!0 && 3 > 2 != 0"), Some(1));
        assert_eq!(value("- -5 - - 5"), Some(10));
        assert_eq!(value(" "), Some(0));
        assert_eq!(value("9223372036854775807+1"), Some(i64::MIN));
    }

    #[test]
    fn constants() {
        assert_eq!(parse::number("0x1F"), Ok(31));
        assert_eq!(parse::number("017"), Ok(15));
        assert_eq!(parse::number("2#101"), Ok(5));
        assert_eq!(parse::number("64#@_"), Ok(62 * 64 + 63));
        assert_eq!(parse::number("36#Z"), Ok(35));
        assert_eq!(parse::number("08"), Err("value too great for base"));
    }

    #[test]
    fn variables() {
        assert_eq!(value("x=5, x++ + ++x"), Some(12));
        assert_eq!(value("x=5, x+=x*=2, x"), Some(15));
        assert_eq!(value("0 && (x=1), x"), Some(0));
        assert_eq!(value("a[2]=7, a[1+1]"), Some(7));
        assert_eq!(value("i=1, a[i++]=i, a[1]*10+i"), Some(12));
        assert_eq!(value("i=1, a[i++]+=i, a[1]*10+i"), Some(22));
        assert_eq!(value("a[0]=-1, a[1]=3, a[++a[0]]"), Some(0));
    }

    #[test]
    fn errors() {
        assert_eq!(value("1+"), None);
        assert_eq!(value("1/0"), None);
        assert_eq!(value("(1"), None);
        assert_eq!(value("1=2"), None);
        assert_eq!(value("0 && (1 +"), None);
        assert_eq!(value(&"(".repeat(100_000)), None);
    }
}
