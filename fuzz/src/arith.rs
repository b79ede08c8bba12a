//! The shell's arithmetic against a naive one: expressions are built as trees, whose values are computed from the trees, and the shell
//! is given their texts.

use crate::guests::bash;
use arbitrary::{Result, Unstructured};
use std::fmt::Write as _;

/// Expressions of one session.
const AT_ONCE: usize = 40;

/// Gives the shell expressions, and compares what they are and what they did to variables.
pub fn arith(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut script = String::from("v=(0 0 0 0)\n");
    let (mut state, mut expected, mut texts) = (State::default(), String::new(), Vec::new());
    while !input.is_empty() && texts.len() < AT_ONCE {
        let Ok(expr) = Expr::any(&mut input, 0) else { break };
        let text = expr.text(Rank::Comma);
        let value = expr.value(&mut state);
        // What is wrong with an expression ends the line that it is on.
        let _ = writeln!(script, "r=E; {{ r=$(( {text} )); }} 2>/dev/null\necho $r $a $b $c ${{v[*]}}");
        let value = value.map_or("E".to_owned(), |value| value.to_string());
        let [a, b, c] = state.names;
        let [v, w, x, y] = state.elements;
        let _ = writeln!(expected, "{value} {a} {b} {c} {v} {w} {x} {y}");
        texts.push(text);
    }
    let (printed, _) = bash(&format!("a=0 b=0 c=0\n{script}"), &[]);
    let printed = String::from_utf8_lossy(&printed);
    for (at, text) in texts.iter().enumerate() {
        let of = |text: &str, at: usize| text.lines().nth(at).unwrap_or_default().to_owned();
        let before = at.checked_sub(1).map(|at| of(&expected, at));
        assert_eq!(of(&printed, at), of(&expected, at), "value, variables and array of {text} after {before:?}");
    }
}

/// What variables hold.
#[derive(Default)]
struct State {
    names: [i64; 3],
    elements: [i64; 4],
}

#[derive(Debug)]
enum Place {
    Name(usize),
    /// `v[(index) & 3]`
    Element(Box<Expr>),
}

#[derive(Debug)]
enum Expr {
    Number(i64, u8),
    Read(Place),
    Assign(Place, Box<Expr>),
    Update(Place, Binary, Box<Expr>),
    Step { place: Place, by: i64, before: bool },
    Unary(char, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Condition(Box<Expr>, Box<Expr>, Box<Expr>),
    Comma(Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
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

/// How tightly something binds, as bash's manual lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Comma,
    Assignment,
    Condition,
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equality,
    Comparison,
    Shift,
    Sum,
    Product,
    Power,
    Unary,
    Step,
}

const BINARY: &[(Binary, &str, Rank)] = &[
    (Binary::BitOr, "|", Rank::BitOr),
    (Binary::BitXor, "^", Rank::BitXor),
    (Binary::BitAnd, "&", Rank::BitAnd),
    (Binary::Equal, "==", Rank::Equality),
    (Binary::Unequal, "!=", Rank::Equality),
    (Binary::Less, "<", Rank::Comparison),
    (Binary::LessEqual, "<=", Rank::Comparison),
    (Binary::Greater, ">", Rank::Comparison),
    (Binary::GreaterEqual, ">=", Rank::Comparison),
    (Binary::ShiftLeft, "<<", Rank::Shift),
    (Binary::ShiftRight, ">>", Rank::Shift),
    (Binary::Add, "+", Rank::Sum),
    (Binary::Subtract, "-", Rank::Sum),
    (Binary::Multiply, "*", Rank::Product),
    (Binary::Divide, "/", Rank::Product),
    (Binary::Remainder, "%", Rank::Product),
    (Binary::Power, "**", Rank::Power),
];

/// Those that may stand before `=`.
const UPDATES: &[Binary] = &[
    Binary::Multiply,
    Binary::Divide,
    Binary::Remainder,
    Binary::Add,
    Binary::Subtract,
    Binary::ShiftLeft,
    Binary::ShiftRight,
    Binary::BitAnd,
    Binary::BitXor,
    Binary::BitOr,
];

const NUMBERS: &[i64] = &[0, 1, 2, 3, 7, 8, 10, 63, 64, 65, 255, 1 << 31, 1 << 32, i64::MAX - 1, i64::MAX];

impl Binary {
    fn written(self) -> (&'static str, Rank) {
        BINARY.iter().find(|(op, ..)| *op == self).map_or(("", Rank::Comma), |(_, text, rank)| (text, *rank))
    }

    /// Nothing where bash has an error.
    fn apply(self, left: i64, right: i64) -> Option<i64> {
        Some(match self {
            Self::BitOr => left | right,
            Self::BitXor => left ^ right,
            Self::BitAnd => left & right,
            Self::Equal => (left == right).into(),
            Self::Unequal => (left != right).into(),
            Self::Less => (left < right).into(),
            Self::LessEqual => (left <= right).into(),
            Self::Greater => (left > right).into(),
            Self::GreaterEqual => (left >= right).into(),
            // As the machine shifts: by the last six bits.
            Self::ShiftLeft => left << (right & 63),
            Self::ShiftRight => left >> (right & 63),
            Self::Add => (i128::from(left) + i128::from(right)) as i64,
            Self::Subtract => (i128::from(left) - i128::from(right)) as i64,
            Self::Multiply => (i128::from(left) * i128::from(right)) as i64,
            Self::Divide => i128::from(left).checked_div(right.into())? as i64,
            Self::Remainder => i128::from(left).checked_rem(right.into())? as i64,
            Self::Power if right < 0 => return None,
            Self::Power => {
                // By the square of the half: one factor after the other would take for ever.
                let mut value = 1_i64;
                for bit in (0..64).rev() {
                    value = value.wrapping_mul(value);
                    if right >> bit & 1 == 1 {
                        value = value.wrapping_mul(left);
                    }
                }
                value
            }
        })
    }
}

impl Place {
    fn any(input: &mut Unstructured<'_>, depth: u32) -> Result<Self> {
        Ok(match input.int_in_range(0..=3)? {
            3 if depth < 4 => Self::Element(Expr::any(input, depth + 1)?),
            name => Self::Name(name % 3),
        })
    }

    fn text(&self) -> String {
        match self {
            Self::Name(name) => ["a", "b", "c"][*name].to_owned(),
            Self::Element(index) => format!("v[({}) & 3]", index.text(Rank::Comma)),
        }
    }

    /// Where it is, after its subscript has had its effects.
    fn settle(&self, state: &mut State) -> Option<Settled> {
        Some(match self {
            Self::Name(name) => Settled::Name(*name),
            Self::Element(index) => Settled::Element((index.value(state)? & 3) as usize),
        })
    }
}

#[derive(Clone, Copy)]
enum Settled {
    Name(usize),
    Element(usize),
}

impl State {
    fn at(&mut self, place: Settled) -> &mut i64 {
        match place {
            Settled::Name(name) => &mut self.names[name],
            Settled::Element(index) => &mut self.elements[index],
        }
    }
}

impl Expr {
    fn any(input: &mut Unstructured<'_>, depth: u32) -> Result<Box<Self>> {
        let kind = if depth >= 6 { input.int_in_range(0..=1)? } else { input.int_in_range(0..=15)? };
        let one = |input: &mut Unstructured<'_>| Self::any(input, depth + 1);
        Ok(Box::new(match kind {
            0 => {
                let number = if input.arbitrary()? { *input.choose(NUMBERS)? } else { input.int_in_range(0..=20)? };
                Self::Number(number, input.int_in_range(0..=4)?)
            }
            1 => Self::Read(Place::any(input, depth)?),
            2 => Self::Assign(Place::any(input, depth)?, one(input)?),
            3 => Self::Update(Place::any(input, depth)?, *input.choose(UPDATES)?, one(input)?),
            4 => Self::Step {
                place: Place::any(input, depth)?,
                by: if input.arbitrary()? { 1 } else { -1 },
                before: input.arbitrary()?,
            },
            5 | 6 => Self::Unary(*input.choose(&['-', '+', '!', '~'])?, one(input)?),
            7 => Self::And(one(input)?, one(input)?),
            8 => Self::Or(one(input)?, one(input)?),
            9 => Self::Condition(one(input)?, one(input)?, one(input)?),
            10 => Self::Comma(one(input)?, one(input)?),
            _ => Self::Binary(input.choose(BINARY)?.0, one(input)?, one(input)?),
        }))
    }

    /// Its text where something of at least `least` may stand.
    fn text(&self, least: Rank) -> String {
        let (rank, text) = match self {
            Self::Number(number, form) => (Rank::Step, number_text(*number, *form)),
            Self::Read(place) => (Rank::Step, place.text()),
            Self::Assign(place, value) => {
                (Rank::Assignment, format!("{} = {}", place.text(), value.text(Rank::Assignment)))
            }
            Self::Update(place, op, value) => {
                (Rank::Assignment, format!("{} {}= {}", place.text(), op.written().0, value.text(Rank::Assignment)))
            }
            Self::Step { place, by, before } => {
                let sign = if *by > 0 { "++" } else { "--" };
                (
                    Rank::Step,
                    if *before { format!("{sign}{}", place.text()) } else { format!("{}{sign}", place.text()) },
                )
            }
            // With a blank: two signs would be one operator.
            Self::Unary(sign, value) => (Rank::Unary, format!("{sign} {}", value.text(Rank::Unary))),
            Self::Binary(Binary::Power, left, right) => {
                (Rank::Power, format!("{} ** {}", left.text(Rank::Unary), right.text(Rank::Power)))
            }
            Self::Binary(op, left, right) => {
                let (sign, rank) = op.written();
                (rank, format!("{} {sign} {}", left.text(rank), right.text(above(rank))))
            }
            Self::And(left, right) => (Rank::And, format!("{} && {}", left.text(Rank::And), right.text(Rank::BitOr))),
            Self::Or(left, right) => (Rank::Or, format!("{} || {}", left.text(Rank::Or), right.text(Rank::And))),
            Self::Condition(condition, yes, no) => {
                let (condition, yes) = (condition.text(Rank::Or), yes.text(Rank::Comma));
                (Rank::Condition, format!("{condition} ? {yes} : {}", no.text(Rank::Condition)))
            }
            Self::Comma(left, right) => {
                (Rank::Comma, format!("{} , {}", left.text(Rank::Comma), right.text(Rank::Assignment)))
            }
        };
        if rank < least { format!("({text})") } else { text }
    }

    /// Its value; nothing if it is an error, which leaves what was done before.
    fn value(&self, state: &mut State) -> Option<i64> {
        Some(match self {
            Self::Number(number, _) => *number,
            Self::Read(place) => {
                let place = place.settle(state)?;
                *state.at(place)
            }
            Self::Assign(place, value) => {
                // Unlike all others, `=` takes the subscript after the value.
                let value = value.value(state)?;
                let place = place.settle(state)?;
                *state.at(place) = value;
                value
            }
            Self::Update(place, op, value) => {
                let place = place.settle(state)?;
                let old = *state.at(place);
                let value = op.apply(old, value.value(state)?)?;
                *state.at(place) = value;
                value
            }
            Self::Step { place, by, before } => {
                let place = place.settle(state)?;
                let old = *state.at(place);
                *state.at(place) = old.wrapping_add(*by);
                if *before { old.wrapping_add(*by) } else { old }
            }
            Self::Unary(sign, value) => {
                let value = value.value(state)?;
                match sign {
                    '-' => value.wrapping_neg(),
                    '!' => (value == 0).into(),
                    '~' => !value,
                    _ => value,
                }
            }
            Self::Binary(op, left, right) => {
                let left = left.value(state)?;
                op.apply(left, right.value(state)?)?
            }
            Self::And(left, right) => (left.value(state)? != 0 && right.value(state)? != 0).into(),
            Self::Or(left, right) => (left.value(state)? != 0 || right.value(state)? != 0).into(),
            Self::Condition(condition, yes, no) => {
                if condition.value(state)? != 0 {
                    yes.value(state)?
                } else {
                    no.value(state)?
                }
            }
            Self::Comma(left, right) => {
                left.value(state)?;
                right.value(state)?
            }
        })
    }
}

/// The next tighter rank.
fn above(rank: Rank) -> Rank {
    match rank {
        Rank::BitOr => Rank::BitXor,
        Rank::BitXor => Rank::BitAnd,
        Rank::BitAnd => Rank::Equality,
        Rank::Equality => Rank::Comparison,
        Rank::Comparison => Rank::Shift,
        Rank::Shift => Rank::Sum,
        Rank::Sum => Rank::Product,
        _ => Rank::Power,
    }
}

/// A constant in one of the ways that bash knows.
fn number_text(number: i64, form: u8) -> String {
    match form {
        0 => format!("0x{number:X}"),
        1 => format!("0{number:o}"),
        2 => format!("2#{number:b}"),
        3 => format!("16#{number:x}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutate::Random;

    /// The oracle is only worth something if bash agrees with it.
    #[test]
    #[allow(clippy::print_stderr, reason = "a skipped test has to be heard of")]
    fn bash_computes_what_the_oracle_says() {
        let mut random = Random::new(7);
        let (mut script, mut expected) = (String::from("a=0 b=0 c=0 v=(0 0 0 0)\n"), String::new());
        let mut state = State::default();
        for _ in 0..400 {
            let data = random.chunk(120);
            let Ok(expr) = Expr::any(&mut Unstructured::new(&data), 0) else { continue };
            let text = expr.text(Rank::Comma);
            // bash 5.2 puts a backslash before each `~` within a subscript, and then does not know it.
            if text.contains('~') && text.contains("v[") {
                continue;
            }
            let value = expr.value(&mut state).map_or("E".to_owned(), |value| value.to_string());
            let _ =
                writeln!(script, "r=E; {{ r=$(( {text} )); }} 2>/dev/null\necho \"$r $a $b $c ${{v[*]}} of {text}\"");
            let ([a, b, c], [v, w, x, y]) = (state.names, state.elements);
            let _ = writeln!(expected, "{value} {a} {b} {c} {v} {w} {x} {y} of {text}");
        }
        // From a file: what is wrong within a subscript ends all of what `-c` was given.
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &script).expect("written");
        let Ok(output) = std::process::Command::new("bash").arg(file.path()).output() else {
            eprintln!("skipped: there is no bash to compare with");
            return;
        };
        let printed = String::from_utf8_lossy(&output.stdout);
        printed.lines().zip(expected.lines()).for_each(|(printed, expected)| assert_eq!(printed, expected));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(printed.lines().count(), expected.lines().count(), "{script}\n{errors}");
    }
}
