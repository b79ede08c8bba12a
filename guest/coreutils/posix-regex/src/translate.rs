//! From POSIX's languages to the regex crate's.

use crate::{Error, Syntax};
use std::iter::Peekable;
use std::str::Chars;

/// A pattern in the regex crate's language, and what the choice of an engine depends on.
pub struct Translated {
    pub pattern: String,
    /// Whether the first match may not be the longest. Without alternatives and with at most one part of variable
    /// length, a greedy search finds the longest by itself.
    pub ambiguous: bool,
    pub back_references: bool,
}

pub fn translate(pattern: &str, syntax: Syntax) -> Result<Translated, Error> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        syntax,
        out: String::with_capacity(pattern.len() + 8),
        atom: None,
        groups: Vec::new(),
        opened: 0,
        closed: 0,
        variable: 0,
        alternatives: false,
        back_references: false,
    };
    if syntax == Syntax::Fixed {
        pattern.chars().for_each(|c| push_literal(&mut translator.out, c));
    } else {
        translator.run()?;
    }
    Ok(Translated {
        ambiguous: translator.alternatives || translator.variable > 1,
        back_references: translator.back_references,
        pattern: translator.out,
    })
}

/// The last thing that a repetition would apply to.
#[derive(Clone, Copy)]
struct Atom {
    /// Where it begins in the output.
    start: usize,
    /// It has a repetition already: a second one needs a group, as `*?` means something else in the target.
    repeated: bool,
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    syntax: Syntax,
    out: String,
    atom: Option<Atom>,
    /// Each open group: where it begins, and its number.
    groups: Vec<(usize, u32)>,
    /// Groups opened so far, which is what they are numbered by.
    opened: u32,
    /// The first nine of those that are closed, as bits: what a back reference may name.
    closed: u16,
    variable: u32,
    alternatives: bool,
    back_references: bool,
}

fn push_literal(out: &mut String, c: char) {
    if "\\.+*?()|[]{}^$#&-~".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

impl Translator<'_> {
    fn extended(&self) -> bool {
        !matches!(self.syntax, Syntax::Basic | Syntax::Emacs)
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape()?,
                '[' => {
                    let start = self.out.len();
                    self.bracket()?;
                    self.atom = Some(Atom { start, repeated: false });
                }
                '.' => self.piece("."),
                '*' => self.repeat("*")?,
                '^' if self.extended() || self.at_start() => self.anchor("^"),
                '$' if self.extended() || self.at_end() => self.anchor("$"),
                '+' | '?' if self.extended() || self.syntax == Syntax::Emacs => {
                    self.repeat(if c == '+' { "+" } else { "?" })?
                }
                '(' if self.extended() => self.open(),
                ')' if self.extended() => self.close()?,
                '|' if self.extended() => self.alternative(),
                '{' if self.extended() => self.interval()?,
                // Patterns of grep hold alternatives on lines of their own.
                '\n' if self.syntax != Syntax::Awk => self.alternative(),
                _ => self.literal(c),
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err(Error("Unmatched ( or \\(".to_owned())) }
    }

    /// Whether `^` stands where it is an anchor in a basic expression.
    fn at_start(&self) -> bool {
        self.out.is_empty() || (self.atom.is_none() && (self.out.ends_with('(') || self.out.ends_with('|')))
    }

    /// Whether `$` stands where it is an anchor in a basic expression.
    fn at_end(&self) -> bool {
        let mut ahead = self.rest.clone();
        match ahead.next() {
            None | Some('\n') => true,
            Some('\\') => matches!(ahead.next(), Some(')' | '|')),
            Some(_) => false,
        }
    }

    fn literal(&mut self, c: char) {
        let start = self.out.len();
        push_literal(&mut self.out, c);
        self.atom = Some(Atom { start, repeated: false });
    }

    fn piece(&mut self, text: &str) {
        let start = self.out.len();
        self.out.push_str(text);
        self.atom = Some(Atom { start, repeated: false });
    }

    fn anchor(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    fn open(&mut self) {
        self.opened += 1;
        self.groups.push((self.out.len(), self.opened));
        self.out.push('(');
        self.atom = None;
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some((start, number)) = self.groups.pop() else {
            return Err(Error("Unmatched ) or \\)".to_owned()));
        };
        if number <= 9 {
            self.closed |= 1 << number;
        }
        self.out.push(')');
        self.atom = Some(Atom { start, repeated: false });
        Ok(())
    }

    fn alternative(&mut self) {
        self.out.push('|');
        self.alternatives = true;
        self.atom = None;
    }

    fn repeat(&mut self, operator: &str) -> Result<(), Error> {
        let Some(atom) = self.atom else {
            // With nothing before it, a star is itself in a basic expression, and GNU ignores operators elsewhere.
            if !self.extended() {
                operator.chars().for_each(|c| self.literal(c));
            }
            return Ok(());
        };
        // A repeated group repeats what is variable in it.
        self.variable += if self.out[atom.start..].starts_with('(') { 2 } else { 1 };
        if atom.repeated {
            self.out.insert_str(atom.start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(operator);
        self.atom = Some(Atom { start: atom.start, repeated: true });
        Ok(())
    }

    /// After `{` or `\{`. What is no interval is an ordinary brace in an extended expression.
    fn interval(&mut self) -> Result<(), Error> {
        let mut ahead = self.rest.clone();
        let mut body = String::new();
        let complete = loop {
            match ahead.next() {
                Some('}') if self.extended() => break true,
                Some('\\') if !self.extended() => break ahead.next() == Some('}'),
                Some(c) if c.is_ascii_digit() || c == ',' => body.push(c),
                _ => break false,
            }
        };
        let (low, high) = body.split_once(',').map_or((body.as_str(), None), |(low, high)| (low, Some(high)));
        let valid = complete && (!low.is_empty() || high.is_some());
        if !valid {
            if !self.extended() {
                return Err(Error("Invalid content of \\{\\}".to_owned()));
            }
            self.literal('{');
            return Ok(());
        }
        self.rest = ahead;
        let low = if low.is_empty() { "0" } else { low };
        let bounds = match high {
            None => format!("{{{low}}}"),
            Some(high) => format!("{{{low},{high}}}"),
        };
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        if number(low) > 32767 || high.is_some_and(|high| !high.is_empty() && number(high) > 32767) {
            return Err(Error("Regular expression too big".to_owned()));
        }
        if high.is_some_and(|high| !high.is_empty() && number(high) < number(low)) {
            return Err(Error("Invalid content of \\{\\}".to_owned()));
        }
        self.repeat(&bounds)
    }

    fn escape(&mut self) -> Result<(), Error> {
        let Some(c) = self.rest.next() else {
            return Err(Error("Trailing backslash".to_owned()));
        };
        let basic = !self.extended();
        match c {
            '(' if basic => self.open(),
            ')' if basic => self.close()?,
            '{' if basic => self.interval()?,
            '|' if basic => self.alternative(),
            '+' if self.syntax == Syntax::Basic => self.repeat("+")?,
            '?' if self.syntax == Syntax::Basic => self.repeat("?")?,
            '<' => self.anchor(r"\b{start}"),
            '>' => self.anchor(r"\b{end}"),
            '`' => self.anchor(r"\A"),
            '\'' => self.anchor(r"\z"),
            'w' => self.piece(r"\w"),
            'W' => self.piece(r"\W"),
            's' => self.piece(r"\s"),
            'S' => self.piece(r"\S"),
            'B' => self.anchor(r"\B"),
            'b' if self.syntax != Syntax::Awk => self.anchor(r"\b"),
            'y' if self.syntax == Syntax::Awk => self.anchor(r"\b"),
            '1'..='9' if self.syntax != Syntax::Awk => self.back_reference(c)?,
            _ if self.syntax == Syntax::Awk => {
                let c = self.awk_escape(c);
                self.literal(c);
            }
            _ => self.literal(c),
        }
        Ok(())
    }

    fn back_reference(&mut self, digit: char) -> Result<(), Error> {
        if digit.to_digit(10).is_none_or(|number| self.closed & 1 << number == 0) {
            return Err(Error("Invalid back reference".to_owned()));
        }
        self.back_references = true;
        // In a group, so that a digit that follows is not read as part of the number.
        self.piece(&format!("(?:\\{digit})"));
        Ok(())
    }

    /// The character that awk's escape stands for; its first one is read already.
    fn awk_escape(&mut self, first: char) -> char {
        match first {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\x0c',
            'v' => '\x0b',
            'a' => '\x07',
            'b' => '\x08',
            '0'..='7' => {
                let mut value = first.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    self.rest.next();
                }
                char::from_u32(value).unwrap_or('\0')
            }
            other => other,
        }
    }

    /// After `[`.
    fn bracket(&mut self) -> Result<(), Error> {
        let unmatched = || Error("Unmatched [, [^, [:, [., or [=".to_owned());
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.rest.next().ok_or_else(unmatched)?;
            if c == ']' && !first {
                break;
            }
            first = false;
            if c == '[' && self.rest.peek() == Some(&':') {
                self.class().ok_or_else(unmatched)??;
                continue;
            }
            let low = self.member(c).ok_or_else(unmatched)?;
            // A hyphen is a range unless it is the last one.
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.rest.next();
                let c = self.rest.next().ok_or_else(unmatched)?;
                let high = self.member(c).ok_or_else(unmatched)?;
                if high < low {
                    return Err(Error("Invalid range end".to_owned()));
                }
                push_literal(&mut self.out, low);
                self.out.push('-');
                push_literal(&mut self.out, high);
            } else {
                push_literal(&mut self.out, low);
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// One character of a bracket expression: itself, `[.x.]`, `[=x=]`, or awk's escape.
    fn member(&mut self, c: char) -> Option<char> {
        if c == '[' {
            if let Some(delimiter) = self.rest.next_if(|&c| c == '.' || c == '=') {
                let inner = self.rest.next()?;
                return (self.rest.next()? == delimiter && self.rest.next()? == ']').then_some(inner);
            }
        }
        if c == '\\' && self.syntax == Syntax::Awk {
            let escaped = self.rest.next()?;
            return Some(self.awk_escape(escaped));
        }
        Some(c)
    }

    /// `[:alpha:]`, after its first bracket.
    fn class(&mut self) -> Option<Result<(), Error>> {
        self.rest.next();
        let mut name = String::new();
        loop {
            match self.rest.next()? {
                ':' => break,
                c => name.push(c),
            }
        }
        if self.rest.next()? != ']' {
            return None;
        }
        let class = match name.as_str() {
            "alpha" => r"\p{Alphabetic}",
            "digit" => "0-9",
            "alnum" => r"\p{Alphabetic}0-9",
            "upper" => r"\p{Uppercase}",
            "lower" => r"\p{Lowercase}",
            "space" => r"\s",
            "blank" => r" \t",
            "punct" => r"!-/:-@\[-`{-~\p{P}",
            "print" => r"\P{Cc}",
            "graph" => r"!-~",
            "cntrl" => r"\p{Cc}",
            "xdigit" => "0-9A-Fa-f",
            _ => return Some(Err(Error("Invalid character class name".to_owned()))),
        };
        self.out.push_str(class);
        Some(Ok(()))
    }
}
