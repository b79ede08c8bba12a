//! `printf`.

use crate::builtins::args::{Options, USAGE, invalid_name};
use crate::builtins::escapes::{self, Rules};
use crate::builtins::extended::Extended;
use crate::builtins::strftime::{Zone, strftime};
use crate::builtins::{help, quote, variable};
use crate::shell::{Flow, Shell, Status};
use crate::text;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn printf(shell: &mut Shell, args: &[String]) -> Status {
    let mut target = None;
    let mut options = Options::new(args, "v:");
    loop {
        match options.next(shell) {
            Ok(Some(option)) if variable::is_target(option.value) => target = Some(option.value),
            Ok(Some(option)) => {
                invalid_name(shell, "printf", option.value);
                return Ok(USAGE);
            }
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let Some((format, arguments)) = options.operands().split_first() else {
        help::print_usage(shell, "printf");
        return Ok(USAGE);
    };
    let mut run = Run { shell, arguments, out: Vec::new(), flushed: 0, flushes: target.is_none(), failed: false };
    let ended = run.all(format)?;
    let Run { shell, out, failed, .. } = run;
    let mut status = i32::from(failed || ended == Ended::Failed);
    match target {
        Some(target) => {
            if !variable::assign_target(shell, target, &text::from_bytes(&out))? {
                status = 1;
            }
        }
        None if !out.is_empty() => status |= i32::from(!shell.out_bytes(&out)),
        None => {}
    }
    Ok(status)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// At the end of the format.
    Normally,
    /// By `\c` in an argument of `%b`.
    Stopped,
    /// By an error in the format.
    Failed,
}

/// Flags, width and precision of a conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Widths beyond this would only exhaust the memory.
const MAX_WIDTH: usize = 1 << 26;

impl Spec {
    fn set_width(&mut self, width: i64) {
        self.minus |= width < 0;
        self.width = usize::try_from(width.unsigned_abs()).unwrap_or(MAX_WIDTH).min(MAX_WIDTH);
    }

    fn set_precision(&mut self, precision: i64) {
        self.precision = usize::try_from(precision).ok().map(|precision| precision.min(MAX_WIDTH));
    }

    /// Appends a text of bytes, cut and padded.
    pub fn push_bytes(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let bytes = &bytes[..self.precision.map_or(bytes.len(), |precision| precision.min(bytes.len()))];
        self.push_padded(out, "", bytes, false);
    }

    /// Appends a sign or prefix and a body, padded with spaces, or with zeros between the two.
    fn push_padded(&self, out: &mut Vec<u8>, prefix: &str, body: &[u8], zeros: bool) {
        let padding = self.width.saturating_sub(prefix.len() + body.len());
        let pad = |out: &mut Vec<u8>, byte| out.resize(out.len() + padding, byte);
        if !self.minus && !zeros {
            pad(out, b' ');
        }
        out.extend_from_slice(prefix.as_bytes());
        if !self.minus && zeros {
            pad(out, b'0');
        }
        out.extend_from_slice(body);
        if self.minus {
            pad(out, b' ');
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    /// Appends a number for `d`, `i`.
    pub fn push_signed(&self, out: &mut Vec<u8>, value: i64) {
        self.push_digits(out, self.sign(value < 0), value.unsigned_abs().to_string(), value == 0);
    }

    /// Appends a number for `u`, `o`, `x`, `X`.
    pub fn push_unsigned(&self, out: &mut Vec<u8>, value: u64, conversion: char) {
        let (prefix, mut digits) = match conversion {
            'x' => ("0x", format!("{value:x}")),
            'X' => ("0X", format!("{value:X}")),
            'o' => ("", format!("{value:o}")),
            _ => ("", value.to_string()),
        };
        let vanishes = value == 0 && self.precision == Some(0);
        if self.alternate
            && conversion == 'o'
            && (value != 0 || vanishes)
            && self.precision.unwrap_or(0) <= digits.len()
        {
            if vanishes {
                return self.push_padded(out, "", b"0", false);
            }
            digits.insert(0, '0');
        }
        self.push_digits(out, if self.alternate && value != 0 { prefix } else { "" }, digits, value == 0);
    }

    fn push_digits(&self, out: &mut Vec<u8>, prefix: &str, mut digits: String, is_zero: bool) {
        let precision = self.precision.unwrap_or(1);
        if is_zero && precision == 0 {
            digits.clear();
        }
        if digits.len() < precision {
            digits.insert_str(0, &"0".repeat(precision - digits.len()));
        }
        self.push_padded(out, prefix, digits.as_bytes(), self.zero && self.precision.is_none());
    }

    /// Appends a number for `f`, `e`, `g`, `a` and their capitals.
    pub fn push_float(&self, out: &mut Vec<u8>, value: Extended, conversion: char) {
        let precision = self.precision.unwrap_or(6);
        let body = match (value.special(), conversion.to_ascii_lowercase()) {
            (Some(special), _) => special.to_owned(),
            (_, 'f') => value.fixed(precision, self.alternate),
            (_, 'e') => value.exponential(precision, self.alternate),
            (_, 'g') => value.general(precision, self.alternate),
            _ => value.hexadecimal(self.precision, self.alternate),
        };
        let mut prefix = self.sign(value.is_negative()).to_owned();
        // The zeros of padding come behind `0x`, too.
        let body = match body.strip_prefix("0x") {
            Some(rest) => {
                prefix.push_str("0x");
                rest.to_owned()
            }
            None => body,
        };
        let zeros = self.zero && value.special().is_none();
        if conversion.is_ascii_uppercase() {
            self.push_padded(out, &prefix.to_ascii_uppercase(), body.to_ascii_uppercase().as_bytes(), zeros);
        } else {
            self.push_padded(out, &prefix, body.as_bytes(), zeros);
        }
    }
}

struct Run<'a> {
    shell: &'a mut Shell,
    /// Not used yet.
    arguments: &'a [String],
    out: Vec<u8>,
    /// How many bytes were written already.
    flushed: usize,
    /// Whether output is written in front of messages: not when it goes to a variable.
    flushes: bool,
    /// An argument was wrong, which does not end anything.
    failed: bool,
}

impl<'a> Run<'a> {
    /// A message, behind the lines of output so far: bash writes them one by one.
    fn error(&mut self, message: &str) {
        let lines = self.out.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        if self.flushes && lines > 0 {
            self.flushed += lines;
            let rest = self.out.split_off(lines);
            let out = std::mem::replace(&mut self.out, rest);
            self.failed |= !self.shell.out_bytes(&out);
        }
        self.shell.error(&format!("printf: {message}"));
    }

    fn missing_digits(&mut self, letter: char) {
        let kind = if letter == 'x' { "hex" } else { "unicode" };
        self.error(&format!("missing {kind} digit for \\{letter}"));
    }

    /// The format, again and again until the arguments are used up.
    fn all(&mut self, format: &str) -> Result<Ended, Flow> {
        loop {
            let before = self.arguments.len();
            let ended = self.once(format)?;
            if ended != Ended::Normally || self.arguments.is_empty() || self.arguments.len() == before {
                return Ok(ended);
            }
        }
    }

    fn once(&mut self, format: &str) -> Result<Ended, Flow> {
        let mut rest = format;
        while let Some(position) = rest.find(['\\', '%']) {
            text::push_bytes(&mut self.out, &rest[..position]);
            let is_escape = rest[position..].starts_with('\\');
            rest = &rest[position + 1..];
            if is_escape {
                if let escapes::Escape::MissingDigits(letter) =
                    escapes::push_escape(&mut self.out, &mut rest, Rules::Format)
                {
                    self.missing_digits(letter);
                }
            } else if let Some(after) = rest.strip_prefix('%') {
                self.out.push(b'%');
                rest = after;
            } else {
                let ended = self.conversion(&mut rest)?;
                if ended != Ended::Normally {
                    return Ok(ended);
                }
            }
        }
        text::push_bytes(&mut self.out, rest);
        Ok(Ended::Normally)
    }

    /// One conversion; `rest` begins behind its `%`.
    fn conversion<'r>(&mut self, rest: &mut &'r str) -> Result<Ended, Flow> {
        let start = *rest;
        let mut spec = Spec::default();
        while let Some(flag) = rest.chars().next() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                '\'' => {}
                _ => break,
            }
            *rest = &rest[1..];
        }
        if let Some(after) = rest.strip_prefix('*') {
            *rest = after;
            spec.set_width(self.integer());
        } else if rest.starts_with(|c: char| c.is_ascii_digit()) {
            spec.set_width(take_digits(rest));
        }
        if let Some(after) = rest.strip_prefix('.') {
            *rest = after;
            if let Some(after) = rest.strip_prefix('*') {
                *rest = after;
                spec.set_precision(self.integer());
            } else if let Some(after) = rest.strip_prefix('-') {
                *rest = after;
                take_digits(rest);
            } else {
                spec.set_precision(take_digits(rest));
            }
        }
        *rest = rest.trim_start_matches(['h', 'j', 'l', 'L', 't', 'z']);
        let Some(conversion) = rest.chars().next() else {
            self.error(&format!("`%{start}': missing format character"));
            return Ok(Ended::Failed);
        };
        *rest = &rest[conversion.len_utf8()..];
        self.convert(spec, conversion, start, rest)
    }

    fn convert<'r>(&mut self, spec: Spec, conversion: char, start: &'r str, rest: &mut &'r str) -> Result<Ended, Flow> {
        match conversion {
            's' => {
                let bytes = text::to_bytes(self.next().unwrap_or(""));
                spec.push_bytes(&mut self.out, &bytes);
            }
            'c' => {
                // As in C, one byte, which is the final 0 of an empty text.
                let bytes = text::to_bytes(self.next().unwrap_or(""));
                let byte = bytes.first().copied().unwrap_or(0);
                Spec { precision: None, ..spec }.push_bytes(&mut self.out, &[byte]);
            }
            'b' => {
                let mut bytes = Vec::new();
                let source = self.next().unwrap_or("");
                let mut missing = Vec::new();
                let whole = escapes::push_escaped(&mut bytes, source, Rules::Argument, |letter| missing.push(letter));
                missing.into_iter().for_each(|letter| self.missing_digits(letter));
                spec.push_bytes(&mut self.out, &bytes);
                if !whole {
                    return Ok(Ended::Stopped);
                }
            }
            'q' | 'Q' => {
                let mut source = self.next().unwrap_or("").to_owned();
                let mut spec = spec;
                if conversion == 'Q'
                    && let Some(precision) = spec.precision.take()
                {
                    let mut bytes = text::to_bytes(&source);
                    bytes.truncate(precision);
                    source = text::from_bytes(&bytes);
                }
                spec.push_bytes(&mut self.out, &text::to_bytes(&quote::backslash_quoted(&source)));
            }
            'd' | 'i' => {
                let value = self.integer();
                spec.push_signed(&mut self.out, value);
            }
            'o' | 'u' | 'x' | 'X' => {
                let value = self.unsigned();
                spec.push_unsigned(&mut self.out, value, conversion);
            }
            'a' | 'A' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let value = self.float();
                spec.push_float(&mut self.out, value, conversion);
            }
            'n' => {
                let name = self.next().unwrap_or("");
                let written = (self.flushed + self.out.len()).to_string();
                if !name.is_empty() {
                    if !crate::vars::is_name(name) {
                        invalid_name(self.shell, "printf", name);
                        return Ok(Ended::Failed);
                    }
                    self.shell.assign(name, None, &written, false)?;
                }
            }
            '(' => self.time(spec, start, rest),
            other => {
                self.error(&format!("`{other}': invalid format character"));
                return Ok(Ended::Failed);
            }
        }
        Ok(Ended::Normally)
    }

    /// `%(format)T`; `rest` begins behind the parenthesis, `start` behind the `%`.
    fn time<'r>(&mut self, spec: Spec, start: &'r str, rest: &mut &'r str) {
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let found = end.and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)));
        let Some((format, after)) = found.and_then(|(format, after)| Some((format, after.strip_prefix('T')?))) else {
            let after = found.and_then(|(_, after)| after.chars().next()).unwrap_or(' ');
            self.error(&format!("warning: `{after}': invalid time format specification"));
            self.out.push(b'%');
            *rest = start;
            return;
        };
        *rest = after;
        let seconds = if self.arguments.is_empty() { -1 } else { self.integer() };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let seconds = match seconds {
            -1 => now,
            -2 => now - self.shell.started.elapsed().as_secs() as i64,
            seconds => seconds,
        };
        let zone = Zone::parse(self.shell.vars.get_scalar("TZ").as_deref().unwrap_or(""));
        let text = strftime(if format.is_empty() { "%X" } else { format }, seconds, &zone);
        spec.push_bytes(&mut self.out, &text::to_bytes(&text));
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.arguments.split_first()?;
        self.arguments = rest;
        Some(first)
    }

    /// The code of the character behind a quote.
    fn character(argument: &str) -> Option<u64> {
        let quoted = argument.strip_prefix(['\'', '"'])?;
        Some(quoted.chars().next().map_or(0, |c| match text::to_bytes(c.encode_utf8(&mut [0; 4]))[..] {
            [byte] => u64::from(byte),
            _ => u64::from(u32::from(c)),
        }))
    }

    fn integer(&mut self) -> i64 {
        let Some(argument) = self.next() else { return 0 };
        if let Some(code) = Self::character(argument) {
            return code as i64;
        }
        let (negative, magnitude) = self.whole_number(argument);
        // The size is far within the range.
        let value = if negative { -(magnitude as i128) } else { magnitude as i128 };
        match i64::try_from(value) {
            Ok(value) => value,
            Err(_) => {
                self.out_of_range(argument);
                if negative { i64::MIN } else { i64::MAX }
            }
        }
    }

    fn unsigned(&mut self) -> u64 {
        let Some(argument) = self.next() else { return 0 };
        if let Some(code) = Self::character(argument) {
            return code;
        }
        let (negative, magnitude) = self.whole_number(argument);
        match u64::try_from(magnitude) {
            Ok(value) if negative => value.wrapping_neg(),
            Ok(value) => value,
            Err(_) => {
                self.out_of_range(argument);
                u64::MAX
            }
        }
    }

    fn float(&mut self) -> Extended {
        let Some(argument) = self.next() else { return Extended::from_u64(0) };
        if let Some(code) = Self::character(argument) {
            return Extended::from_u64(code);
        }
        let (value, rest) = Extended::parse(argument);
        if !rest.is_empty() {
            self.invalid(argument);
        }
        value
    }

    /// Sign and size, as C's `strtoimax` reads them with base 0; a message when something is left over.
    fn whole_number(&mut self, argument: &str) -> (bool, u128) {
        let (negative, magnitude, rest) = parse_whole(argument);
        if !rest.is_empty() {
            self.invalid(argument);
        }
        (negative, magnitude)
    }

    fn invalid(&mut self, argument: &str) {
        let bytes = argument.as_bytes();
        let kind = match bytes {
            [b'0', digit, ..] if digit.is_ascii_digit() => "invalid octal number",
            [b'0', b'x', ..] => "invalid hex number",
            _ => "invalid number",
        };
        self.error(&format!("{argument}: {kind}"));
        self.failed = true;
    }

    fn out_of_range(&mut self, argument: &str) {
        self.error(&format!("warning: {argument}: Numerical result out of range"));
    }
}

/// Takes the digits at the start; too large a number becomes the largest.
fn take_digits(rest: &mut &str) -> i64 {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(MAX_WIDTH as i64) }
}

/// Sign, size (kept within `i128`, so that what is out of range shows), and what is left over.
fn parse_whole(argument: &str) -> (bool, u128, &str) {
    let trimmed = argument.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (radix, body) = match hexadecimal.filter(|body| body.starts_with(|c: char| c.is_ascii_hexdigit())) {
        Some(body) => (16, body),
        None => (if digits.starts_with('0') { 8 } else { 10 }, digits),
    };
    let end = body.find(|c: char| !c.is_digit(radix)).unwrap_or(body.len());
    if end == 0 {
        // Nothing was read: the whole text is left, unless it was empty.
        return (false, 0, argument);
    }
    let magnitude = body[..end]
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0_u128, |value, digit| (value * u128::from(radix) + u128::from(digit)).min(1 << 70));
    (negative, magnitude, &body[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(spec: Spec, value: i64) -> String {
        let mut out = Vec::new();
        spec.push_signed(&mut out, value);
        text::from_bytes(&out)
    }

    fn unsigned(spec: Spec, value: u64, conversion: char) -> String {
        let mut out = Vec::new();
        spec.push_unsigned(&mut out, value, conversion);
        text::from_bytes(&out)
    }

    #[test]
    fn integers() {
        assert_eq!(signed(Spec { width: 5, precision: Some(2), ..Spec::default() }, 1), "   01");
        assert_eq!(signed(Spec { width: 5, zero: true, ..Spec::default() }, -3), "-0003");
        assert_eq!(signed(Spec { precision: Some(0), ..Spec::default() }, 0), "");
        assert_eq!(signed(Spec { width: 4, minus: true, plus: true, ..Spec::default() }, 3), "+3  ");
        let alternate = Spec { alternate: true, ..Spec::default() };
        assert_eq!(unsigned(alternate, 255, 'X'), "0XFF");
        assert_eq!(unsigned(alternate, 8, 'o'), "010");
        assert_eq!(unsigned(alternate, 0, 'x'), "0");
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(parse_whole(" -0x1fz"), (true, 31, "z"));
        assert_eq!(parse_whole("08"), (false, 0, "8"));
        assert_eq!(parse_whole("abc"), (false, 0, "abc"));
        assert_eq!(parse_whole("0x"), (false, 0, "x"));
        assert_eq!(parse_whole(""), (false, 0, ""));
    }
}
