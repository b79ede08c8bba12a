//! Values: numbers, texts, and texts from outside, which count as numbers when they look like one.

use indexmap::IndexMap;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

pub type Text = Rc<[u8]>;
pub type Array = Rc<RefCell<IndexMap<Text, Value>>>;

#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Unset,
    Number(f64),
    Text(Text),
    /// From the input, the environment or the command line.
    Input(Text),
}

impl Value {
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Value::Text(text.as_ref().into())
    }

    pub fn truth(value: bool) -> Self {
        Value::Number(f64::from(u8::from(value)))
    }

    pub fn to_number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => number(text),
        }
    }

    /// As a text; a number that is no integer takes `format` (`CONVFMT` or `OFMT`).
    pub fn to_text(&self, format: &[u8]) -> Text {
        match self {
            Value::Unset => Text::from([]),
            Value::Number(number) => number_text(*number, format).into(),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) => {
                if looks_numeric(text) {
                    number(text) != 0.0
                } else {
                    !text.is_empty()
                }
            }
        }
    }

    fn counts_as_number(&self) -> bool {
        match self {
            Value::Unset | Value::Number(_) => true,
            Value::Text(_) => false,
            Value::Input(text) => looks_numeric(text),
        }
    }

    /// Numbers compare as numbers, anything else as texts; `None` when one is not a number.
    pub fn compare(&self, other: &Value, format: &[u8]) -> Option<Ordering> {
        if self.counts_as_number() && other.counts_as_number() {
            self.to_number().partial_cmp(&other.to_number())
        } else {
            Some(self.to_text(format).cmp(&other.to_text(format)))
        }
    }
}

pub fn number_text(number: f64, format: &[u8]) -> Vec<u8> {
    if number.is_nan() {
        return if number.is_sign_negative() { b"-nan".to_vec() } else { b"nan".to_vec() };
    }
    if number.is_infinite() {
        return if number < 0.0 { b"-inf".to_vec() } else { b"inf".to_vec() };
    }
    if number == number.trunc() && number.abs() < 1e16 {
        return (number as i64).to_string().into_bytes();
    }
    super::printf::format(format, &[Value::Number(number)], b"%.6g")
}

fn trim_start(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

/// How many bytes at the beginning are a number, without a sign.
pub fn number_length(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    let mut any = length > 0;
    if text.get(length) == Some(&b'.') {
        let fraction = digits(length + 1);
        any |= fraction > 0;
        length += 1 + fraction;
    }
    if !any {
        return 0;
    }
    if let Some(b'e' | b'E') = text.get(length) {
        let sign = usize::from(matches!(text.get(length + 1), Some(b'+' | b'-')));
        let exponent = if length + 1 + sign <= text.len() { digits(length + 1 + sign) } else { 0 };
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// The number that a text begins with.
pub fn number(text: &[u8]) -> f64 {
    let text = trim_start(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    // Most numbers are short and whole.
    if !digits.is_empty() && digits.len() < 16 && digits.iter().all(u8::is_ascii_digit) {
        let value = digits.iter().fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0')) as f64;
        return if negative { -value } else { value };
    }
    let length = number_length(digits);
    let value = std::str::from_utf8(&digits[..length]).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    if negative { -value } else { value }
}

/// Whether the whole text is a number, between blanks.
fn looks_numeric(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let digits = match text {
        [b'-' | b'+', rest @ ..] => rest,
        _ => text,
    };
    !digits.is_empty() && number_length(digits) == digits.len()
}
