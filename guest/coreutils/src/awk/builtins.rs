//! awk's own functions.

use super::Problem;
use super::parse::Expr;
use super::run::{Machine, RLENGTH, RSTART};
use super::text::{char_count, char_offset};
use super::value::{Text, Value};
use posix_regex::Regex;
use std::time::{SystemTime, UNIX_EPOCH};

type Done<T> = Result<T, Problem>;

impl<'a> Machine<'a> {
    pub fn builtin(&mut self, name: &str, args: &'a [Expr]) -> Done<Value> {
        match name {
            "sub" | "gsub" => return self.substitute(name == "gsub", args),
            "gensub" => return self.gensub(args),
            "match" => return self.find(args),
            "split" => return self.split(args),
            "length" => return self.length(args),
            _ => {}
        }
        let values = self.eval_all(args)?;
        let number = |place: usize| values.get(place).map_or(0.0, Value::to_number);
        let text = |place: usize| values.get(place).map_or_else(|| Text::from([]), |value| self.text(value));
        Ok(match name {
            "substr" => substr(&text(0), number(1), values.get(2).map(Value::to_number)),
            "index" => Value::Number(index(&text(0), &text(1)) as f64),
            "sprintf" => Value::text(super::printf::format(&text(0), values.get(1..).unwrap_or(&[]), &self.convfmt())),
            "tolower" => Value::text(text(0).to_ascii_lowercase()),
            "toupper" => Value::text(text(0).to_ascii_uppercase()),
            "sin" => Value::Number(number(0).sin()),
            "cos" => Value::Number(number(0).cos()),
            "atan2" => Value::Number(number(0).atan2(number(1))),
            "exp" => Value::Number(number(0).exp()),
            "log" => Value::Number(number(0).ln()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "int" => Value::Number(number(0).trunc()),
            "rand" => Value::Number(self.rand()),
            "srand" => {
                let seed = if values.is_empty() { seconds() } else { number(0) as u64 };
                self.random = seed;
                Value::Number(std::mem::replace(&mut self.seed, seed) as f64)
            }
            "system" => {
                let command = text(0);
                Value::Number(f64::from(self.streams.system(&command)?))
            }
            "close" => {
                let name = text(0);
                Value::Number(f64::from(self.streams.close(&name)))
            }
            "fflush" => {
                self.streams.flush()?;
                Value::Number(0.0)
            }
            "systime" => Value::Number(seconds() as f64),
            "strftime" => strftime(&values, &text(0))?,
            _ => return Err(Problem(format!("{name} is no function"))),
        })
    }

    fn length(&mut self, args: &'a [Expr]) -> Done<Value> {
        let length = match args {
            [] => char_count(&self.whole_record()),
            [Expr::Var(var), ..] if self.array(*var).is_ok() => self.array(*var)?.borrow().len(),
            [arg, ..] => {
                let value = self.eval(arg)?;
                char_count(&self.text(&value))
            }
        };
        Ok(Value::Number(length as f64))
    }

    /// A good generator, the same numbers for the same seed.
    fn rand(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn split(&mut self, args: &'a [Expr]) -> Done<Value> {
        let [text, Expr::Var(array), rest @ ..] = args else {
            return Err(Problem("split: second argument is not an array".to_owned()));
        };
        let value = self.eval(text)?;
        let text = self.text(&value);
        let mut parts: Vec<Value> = Vec::new();
        let mut put = |part: &[u8]| parts.push(Value::Input(part.into()));
        match rest.first() {
            Some(Expr::Regex(regex)) => cut_by(regex, &text, &mut put),
            Some(separator) => {
                let separator = self.eval(separator)?;
                let separator = self.text(&separator);
                self.cut(&text, &separator, false, &mut put)?;
            }
            None => {
                let separator = self.field_separator();
                self.cut(&text, &separator, false, &mut put)?;
            }
        }
        let count = parts.len();
        let array = self.array(*array)?;
        let mut array = array.borrow_mut();
        array.clear();
        array.extend(
            parts.into_iter().enumerate().map(|(number, part)| ((number + 1).to_string().into_bytes().into(), part)),
        );
        Ok(Value::Number(count as f64))
    }

    fn find(&mut self, args: &'a [Expr]) -> Done<Value> {
        let [text, pattern, rest @ ..] = args else {
            return Err(Problem("match: two arguments are needed".to_owned()));
        };
        let value = self.eval(text)?;
        let text = self.text(&value);
        let regex = self.pattern(pattern)?;
        let found = regex.find_at(&text, 0);
        let (start, length) = found.map_or((0, -1), |(begin, end)| {
            (char_count(&text[..begin]) as i64 + 1, char_count(&text[begin..end]) as i64)
        });
        self.set_place(RSTART, Value::Number(start as f64));
        self.set_place(RLENGTH, Value::Number(length as f64));
        if let Some(Expr::Var(array)) = rest.first() {
            let array = self.array(*array)?;
            let mut array = array.borrow_mut();
            array.clear();
            for (number, group) in regex.groups_at(&text, 0).into_iter().enumerate() {
                if let Some((begin, end)) = group {
                    array.insert(number.to_string().into_bytes().into(), Value::Input(text[begin..end].into()));
                }
            }
        }
        Ok(Value::Number(start as f64))
    }

    fn substitute(&mut self, all: bool, args: &'a [Expr]) -> Done<Value> {
        let (pattern, with, target) = match args {
            [pattern, with] => (pattern, with, None),
            [pattern, with, target] => (pattern, with, Some(target)),
            _ => return Err(Problem("sub: two or three arguments are needed".to_owned())),
        };
        let regex = self.pattern(pattern)?;
        let with = self.eval(with)?;
        let with = self.text(&with);
        let old = match target {
            Some(target) => {
                let value = self.eval(target)?;
                self.text(&value)
            }
            None => self.whole_record(),
        };
        let which = if all { Which::All } else { Which::Number(1) };
        let (new, count) =
            replace(&regex, &old, which, &mut |out, begin, end| put_replacement(out, &with, &old[begin..end]));
        if count > 0 {
            match target {
                Some(target) => self.assign(target, Value::text(new))?,
                None => self.set_whole_record(new.into()),
            }
        }
        Ok(Value::Number(count as f64))
    }

    fn gensub(&mut self, args: &'a [Expr]) -> Done<Value> {
        let [pattern, with, which, rest @ ..] = args else {
            return Err(Problem("gensub: three arguments are needed".to_owned()));
        };
        let regex = self.pattern(pattern)?;
        let with = self.eval(with)?;
        let with = self.text(&with);
        let which = self.eval(which)?;
        let which = match &*self.text(&which) {
            [b'g' | b'G', ..] => Which::All,
            _ => Which::Number(which.to_number().max(1.0) as usize),
        };
        let text = match rest.first() {
            Some(target) => {
                let value = self.eval(target)?;
                self.text(&value)
            }
            None => self.whole_record(),
        };
        let (new, _) = replace(&regex, &text, which, &mut |out, begin, _| {
            let groups = regex.groups_at(&text, begin);
            let mut bytes = with.iter();
            while let Some(&byte) = bytes.next() {
                let group = match byte {
                    b'&' => 0,
                    b'\\' => match bytes.next() {
                        Some(digit) if digit.is_ascii_digit() => usize::from(digit - b'0'),
                        Some(&other) => {
                            out.push(other);
                            continue;
                        }
                        None => continue,
                    },
                    _ => {
                        out.push(byte);
                        continue;
                    }
                };
                if let Some(Some((begin, end))) = groups.get(group) {
                    out.extend_from_slice(&text[*begin..*end]);
                }
            }
        });
        Ok(Value::text(new))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Which {
    All,
    Number(usize),
}

/// Replaces matches; the new text, and how many were replaced.
fn replace(
    regex: &Regex,
    text: &[u8],
    which: Which,
    put: &mut dyn FnMut(&mut Vec<u8>, usize, usize),
) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut copied, mut seen, mut count) = (0, 0, 0, 0);
    // An empty match right behind another one does not count.
    let mut last_end = None;
    while let Some((begin, end)) = regex.find_at(text, at) {
        if begin == end && last_end == Some(begin) {
            if begin >= text.len() {
                break;
            }
            at = super::text::char_end(text, begin);
            continue;
        }
        last_end = Some(end);
        seen += 1;
        if which == Which::All || which == Which::Number(seen) {
            out.extend_from_slice(&text[copied..begin]);
            put(&mut out, begin, end);
            copied = end;
            count += 1;
            if which != Which::All {
                break;
            }
        }
        at = if end > begin { end } else { super::text::char_end(text, end).max(end + 1) };
        if at > text.len() {
            break;
        }
    }
    out.extend_from_slice(&text[copied..]);
    (out, count)
}

/// `&` is what was matched, `\&` an ampersand.
fn put_replacement(out: &mut Vec<u8>, with: &[u8], matched: &[u8]) {
    let mut bytes = with.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'&' => out.extend_from_slice(matched),
            b'\\' => match bytes.next_if(|next| matches!(next, b'&' | b'\\')) {
                Some(&escaped) => out.push(escaped),
                None => out.push(b'\\'),
            },
            _ => out.push(byte),
        }
    }
}

fn cut_by(regex: &Regex, text: &[u8], put: &mut dyn FnMut(&[u8])) {
    if text.is_empty() {
        return;
    }
    let (mut start, mut at) = (0, 0);
    while let Some((begin, end)) = regex.find_at(text, at) {
        if end == begin {
            at = end + 1;
            continue;
        }
        put(&text[start..begin]);
        (start, at) = (end, end);
    }
    put(&text[start..]);
}

/// From character `start` (from 1), rounded as POSIX says.
fn substr(text: &[u8], start: f64, length: Option<f64>) -> Value {
    let round = |number: f64| if number.is_nan() { 0.0 } else { number.round_ties_even() };
    let first = round(start);
    let end = length.map_or(f64::INFINITY, |length| first + round(length));
    let from = char_offset(text, (first.max(1.0) - 1.0).min(text.len() as f64) as usize);
    let to = char_offset(text, (end.max(1.0) - 1.0).min(text.len() as f64) as usize);
    Value::text(if to > from { &text[from..to] } else { b"" })
}

fn index(text: &[u8], part: &[u8]) -> usize {
    if part.is_empty() {
        return 0;
    }
    let found = text.windows(part.len()).position(|window| window == part);
    found.map_or(0, |at| char_count(&text[..at]) + 1)
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

fn strftime(values: &[Value], format: &[u8]) -> Done<Value> {
    let format = if values.is_empty() { "%a %b %e %H:%M:%S %Z %Y".into() } else { String::from_utf8_lossy(format) };
    let second = values.get(1).map_or(seconds() as i64, |value| value.to_number() as i64);
    let utc = values.get(2).is_some_and(Value::is_true);
    let zone = if utc { jiff::tz::TimeZone::UTC } else { jiff::tz::TimeZone::system() };
    let moment = jiff::Timestamp::from_second(second)?.to_zoned(zone);
    Ok(Value::text(moment.strftime(&*format).to_string()))
}
