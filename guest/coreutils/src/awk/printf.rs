//! `printf`'s formats.

use super::value::{Value, number_text};

/// Fills in a format; `convfmt` is for numbers that are printed as texts.
pub fn format(format: &[u8], values: &[Value], convfmt: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(format.len() + 16);
    let mut values = values.iter();
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' {
            let end = format[at..].iter().position(|&byte| byte == b'%').map_or(format.len(), |found| at + found);
            out.extend_from_slice(&format[at..end]);
            at = end;
            continue;
        }
        let start = at;
        at += 1;
        let mut spec = Spec::default();
        while let Some(flag) = format.get(at).filter(|flag| b"-+ #0'".contains(flag)) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                _ => {}
            }
            at += 1;
        }
        let width = amount(format, &mut at, &mut values);
        spec.left |= width.is_some_and(|width| width < 0);
        spec.width = width.map_or(0, |width| width.unsigned_abs() as usize);
        if format.get(at) == Some(&b'.') {
            at += 1;
            spec.precision = Some(amount(format, &mut at, &mut values).map_or(0, |amount| amount.max(0) as usize));
        }
        while matches!(format.get(at), Some(b'l' | b'h' | b'L' | b'q')) {
            at += 1;
        }
        let Some(&letter) = format.get(at) else {
            out.extend_from_slice(&format[start..]);
            break;
        };
        at += 1;
        if letter == b'%' {
            out.push(b'%');
            continue;
        }
        if !b"cdiouxXeEfFgGs".contains(&letter) {
            out.extend_from_slice(&format[start..at]);
            continue;
        }
        spec.put(letter, &values.next().cloned().unwrap_or_default(), convfmt, &mut out);
    }
    out
}

/// A number of the format, or `*`, which takes it from the values.
fn amount<'a>(format: &[u8], at: &mut usize, values: &mut impl Iterator<Item = &'a Value>) -> Option<i64> {
    if format.get(*at) == Some(&b'*') {
        *at += 1;
        return Some(values.next().map_or(0, |value| value.to_number() as i64));
    }
    let digits = format[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&format[*at..*at + digits]).ok()?;
    *at += digits;
    text.parse().ok()
}

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn put(&self, letter: u8, value: &Value, convfmt: &[u8], out: &mut Vec<u8>) {
        match letter {
            b'c' => {
                let text = match value {
                    Value::Number(number) => {
                        char::from_u32(*number as u32).map_or(Vec::new(), |c| c.to_string().into_bytes())
                    }
                    _ => {
                        let text = value.to_text(convfmt);
                        let first = super::text::char_end(&text, 0);
                        text[..first].to_vec()
                    }
                };
                self.pad("", &text, false, out);
            }
            b's' => {
                let text = value.to_text(convfmt);
                let end = self.precision.map_or(text.len(), |chars| super::text::char_offset(&text, chars));
                self.pad("", &text[..end], false, out);
            }
            _ => self.number(letter, value.to_number(), out),
        }
    }

    fn number(&self, letter: u8, number: f64, out: &mut Vec<u8>) {
        if !number.is_finite() {
            let text = number_text(number.abs(), b"");
            return self.pad(self.sign(number.is_sign_negative()), &text, false, out);
        }
        if b"diouxX".contains(&letter) {
            let whole = number.trunc();
            let negative = whole < 0.0;
            let magnitude = whole.abs() as u128;
            let (prefix, mut digits) = match letter {
                b'o' => (if self.alternate { "0" } else { "" }, format!("{magnitude:o}")),
                b'x' => (if self.alternate { "0x" } else { "" }, format!("{magnitude:x}")),
                b'X' => (if self.alternate { "0X" } else { "" }, format!("{magnitude:X}")),
                _ => ("", magnitude.to_string()),
            };
            if let Some(precision) = self.precision {
                digits = format!("{digits:0>precision$}");
            }
            let sign = if matches!(letter, b'd' | b'i') || negative { self.sign(negative) } else { prefix };
            return self.pad(sign, digits.as_bytes(), self.precision.is_none(), out);
        }
        let precision = self.precision.unwrap_or(6);
        let magnitude = number.abs();
        let text = match letter {
            b'f' | b'F' => format!("{magnitude:.precision$}"),
            b'e' | b'E' => exponent(magnitude, precision),
            _ => self.general(magnitude, precision.max(1)),
        };
        let text = if letter.is_ascii_uppercase() { text.to_uppercase() } else { text };
        self.pad(self.sign(number.is_sign_negative()), text.as_bytes(), true, out);
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        }
    }

    /// `%g`: the shorter of the two notations, without zeros at the end.
    fn general(&self, number: f64, precision: usize) -> String {
        let scientific = exponent(number, precision - 1);
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i32 = power.parse().unwrap_or(0);
        let strip = |text: &str| {
            if self.alternate || !text.contains('.') {
                return text.to_owned();
            }
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        if power < -4 || power >= precision as i32 {
            let sign = if power < 0 { '-' } else { '+' };
            return format!("{}e{sign}{:02}", strip(mantissa), power.abs());
        }
        let decimals = (precision as i32 - 1 - power).max(0) as usize;
        strip(&format!("{number:.decimals$}"))
    }

    fn pad(&self, sign: &str, text: &[u8], zeros: bool, out: &mut Vec<u8>) {
        let length = sign.len() + super::text::char_count(text);
        let missing = self.width.saturating_sub(length);
        let zeros = zeros && self.zero && !self.left;
        if !self.left && !zeros {
            out.extend(std::iter::repeat_n(b' ', missing));
        }
        out.extend_from_slice(sign.as_bytes());
        if zeros {
            out.extend(std::iter::repeat_n(b'0', missing));
        }
        out.extend_from_slice(text);
        if self.left {
            out.extend(std::iter::repeat_n(b' ', missing));
        }
    }
}

/// `1.5e+02`: C has a sign and two digits at least in the exponent, Rust does not.
fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}
