//! `test` and `[`: the rules of POSIX by the number of arguments, and bash's recursive descent beyond four.

use crate::builtins::args::{USAGE, parse_number};
use crate::builtins::{filetest, help, variable};
use crate::shell::{Flow, Shell, Status};
use crate::vars::{Value, is_name};

pub fn test(shell: &mut Shell, args: &[String]) -> Status {
    let Some((name, mut operands)) = args.split_first() else { return Ok(1) };
    if name == "[" {
        if operands.len() == 1 && operands.first().is_some_and(|word| word == "--help") {
            help::print_help(shell, name);
            return Ok(USAGE);
        }
        match operands.split_last() {
            Some((last, rest)) if last == "]" => operands = rest,
            _ => {
                shell.error("[: missing `]'");
                return Ok(USAGE);
            }
        }
    }
    let mut evaluation = Evaluation { shell, words: operands, at: 0 };
    match evaluation.whole() {
        Ok(holds) => Ok(i32::from(!holds)),
        Err(Stop::Message(message)) => {
            shell.error(&format!("{name}: {message}"));
            Ok(USAGE)
        }
        Err(Stop::Flow(Flow::Abandon(_))) => Ok(1),
        Err(Stop::Flow(flow)) => Err(flow),
    }
}

/// Why an evaluation has no result.
enum Stop {
    Message(String),
    Flow(Flow),
}

type Outcome = Result<bool, Stop>;

fn message(text: impl Into<String>) -> Stop {
    Stop::Message(text.into())
}

/// Whether this is an operator between two operands.
fn is_binary(word: &str) -> bool {
    matches!(
        word,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
    )
}

/// The letter of an operator in front of one operand.
fn unary_letter(word: &str) -> Option<char> {
    let mut chars = word.strip_prefix('-')?.chars();
    let letter = chars.next().filter(|letter| "abcdefghknoprstuvwxzGLNORS".contains(*letter))?;
    chars.next().is_none().then_some(letter)
}

struct Evaluation<'a> {
    shell: &'a mut Shell,
    words: &'a [String],
    at: usize,
}

impl<'a> Evaluation<'a> {
    fn word(&self, offset: usize) -> &'a str {
        self.words.get(self.at + offset).map_or("", String::as_str)
    }

    fn left(&self) -> usize {
        self.words.len().saturating_sub(self.at)
    }

    /// All words; an error when some are left.
    fn whole(&mut self) -> Outcome {
        let holds = match self.left() {
            0 => return Ok(false),
            1 => self.one(),
            2 => self.two()?,
            3 => self.three()?,
            4 if self.word(0) == "!" => {
                self.at += 1;
                !self.three()?
            }
            4 if self.word(0) == "(" && self.word(3) == ")" => {
                self.at += 1;
                let holds = self.two()?;
                self.at = self.words.len();
                holds
            }
            _ => self.or()?,
        };
        match self.word(0) {
            _ if self.left() == 0 => Ok(holds),
            word if word.starts_with('-') => Err(message(format!("syntax error: `{word}' unexpected"))),
            _ => Err(message("too many arguments")),
        }
    }

    fn one(&mut self) -> bool {
        let holds = !self.word(0).is_empty();
        self.at += 1;
        holds
    }

    fn two(&mut self) -> Outcome {
        if self.word(0) == "!" {
            self.at += 1;
            return Ok(!self.one());
        }
        match unary_letter(self.word(0)) {
            Some(_) => self.unary(),
            None => Err(message(format!("{}: unary operator expected", self.word(0)))),
        }
    }

    fn three(&mut self) -> Outcome {
        let (first, operator, last) = (self.word(0), self.word(1), self.word(2));
        if is_binary(operator) {
            return self.binary();
        }
        let holds = match operator {
            "-a" => !first.is_empty() && !last.is_empty(),
            "-o" => !first.is_empty() || !last.is_empty(),
            _ if first == "!" => {
                self.at += 1;
                return Ok(!self.two()?);
            }
            _ if first == "(" && last == ")" => !operator.is_empty(),
            _ => return Err(message(format!("{operator}: binary operator expected"))),
        };
        self.at += 3;
        Ok(holds)
    }

    fn or(&mut self) -> Outcome {
        let mut holds = self.and()?;
        while self.left() > 0 && self.word(0) == "-o" {
            self.at += 1;
            holds |= self.and()?;
        }
        Ok(holds)
    }

    fn and(&mut self) -> Outcome {
        let mut holds = self.term()?;
        while self.left() > 0 && self.word(0) == "-a" {
            self.at += 1;
            holds &= self.term()?;
        }
        Ok(holds)
    }

    fn term(&mut self) -> Outcome {
        let mut negated = false;
        while self.left() > 0 && self.word(0) == "!" {
            self.at += 1;
            negated = !negated;
        }
        if self.left() == 0 {
            return Err(message("argument expected"));
        }
        let holds = if self.word(0) == "(" {
            self.at += 1;
            let holds = self.or()?;
            match self.word(0) {
                ")" => self.at += 1,
                _ if self.left() == 0 => return Err(message("`)' expected")),
                word => return Err(message(format!("`)' expected, found {word}"))),
            }
            holds
        } else if self.left() >= 3 && is_binary(self.word(1)) {
            self.binary()?
        } else if self.left() >= 2 && unary_letter(self.word(0)).is_some() {
            self.unary()?
        } else {
            self.one()
        };
        Ok(holds != negated)
    }

    fn unary(&mut self) -> Outcome {
        let (letter, operand) = (unary_letter(self.word(0)).unwrap_or('n'), self.word(1));
        self.at += 2;
        self.shell.unary_test(letter, operand).map_err(Stop::Flow)
    }

    fn binary(&mut self) -> Outcome {
        let (left, operator, right) = (self.word(0), self.word(1), self.word(2));
        self.at += 3;
        Ok(match operator {
            "=" | "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            ">" => left > right,
            "-nt" => filetest::is_newer(self.shell, left, right),
            "-ot" => filetest::is_newer(self.shell, right, left),
            "-ef" => filetest::is_same(self.shell, left, right),
            _ => {
                let number = |text: &str| {
                    parse_number(text).ok_or_else(|| message(format!("{text}: integer expression expected")))
                };
                let (left, right) = (number(left)?, number(right)?);
                match operator {
                    "-eq" => left == right,
                    "-ne" => left != right,
                    "-lt" => left < right,
                    "-le" => left <= right,
                    "-gt" => left > right,
                    _ => left >= right,
                }
            }
        })
    }
}

impl Shell {
    /// `-X operand`, for `test` and `[[`.
    pub fn unary_test(&mut self, letter: char, operand: &str) -> Result<bool, Flow> {
        Ok(match letter {
            'z' => operand.is_empty(),
            'n' => !operand.is_empty(),
            't' => parse_number(operand)
                .and_then(|fd| self.fds.get(i32::try_from(fd).ok()?))
                .is_some_and(glowplug_sys::is_terminal),
            'o' => self.options.get_set(operand).unwrap_or(false),
            'v' => self.is_variable_set(operand)?,
            'R' => self.vars.get_raw(operand).is_some_and(|variable| variable.attributes.nameref && variable.is_set()),
            letter => filetest::holds(self, letter, operand),
        })
    }

    /// `-v`: whether a variable or an element has a value.
    fn is_variable_set(&mut self, target: &str) -> Result<bool, Flow> {
        if target.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(self.parameter(target).is_some());
        }
        let Some((name, subscript)) = variable::split_target(target) else { return Ok(false) };
        let Some(subscript) = subscript else {
            return Ok(self.parameter(name).is_some());
        };
        let Some(variable) = self.vars.get(name) else {
            // Dynamic arrays exist only when they are asked for.
            return Ok(is_name(name) && self.parameter(&format!("{name}[{subscript}]")).is_some());
        };
        let value = variable.value.clone();
        if matches!(subscript, "@" | "*")
            && !matches!(&value, Value::Assoc(elements) if elements.contains_key(subscript))
        {
            return Ok(!value.elements().is_empty());
        }
        match value {
            Value::Assoc(elements) => Ok(elements.contains_key(subscript)),
            Value::Unset => Ok(false),
            Value::Scalar(_) => Ok(self.arith_raw("", subscript)? == 0),
            Value::Indexed(elements) => {
                let mut index = self.arith_raw("", subscript)?;
                if index < 0 {
                    index += elements.last_key_value().map_or(0, |(last, _)| last + 1);
                }
                Ok(elements.contains_key(&index))
            }
        }
    }
}
