//! Floating-point numbers as bash's `printf` has them: C's `long double` with 64 bits of mantissa, so that the digits
//! are the same (`printf %.20f 0.1` shows them). Only reading and writing is needed, both exact.

use std::cmp::Ordering;

/// An unsigned number of any size, its lowest digit first.
#[derive(Clone, Debug, Default)]
struct Big(Vec<u32>);

impl Big {
    fn from_u64(value: u64) -> Big {
        let mut big = Big(vec![value as u32, (value >> 32) as u32]);
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bits it has.
    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |last| self.0.len() as i64 * 32 - i64::from(last.leading_zeros()))
    }

    fn bit(&self, index: i64) -> bool {
        usize::try_from(index / 32)
            .ok()
            .and_then(|word| self.0.get(word))
            .is_some_and(|word| word >> (index % 32) & 1 == 1)
    }

    fn multiply_add(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for digit in &mut self.0 {
            let value = u64::from(*digit) * u64::from(factor) + carry;
            *digit = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides in place; the remainder.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut remainder = 0;
        for digit in self.0.iter_mut().rev() {
            let value = remainder << 32 | u64::from(*digit);
            *digit = (value / u64::from(divisor)) as u32;
            remainder = value % u64::from(divisor);
        }
        self.trim();
        remainder as u32
    }

    fn multiply_power_of_5(&mut self, mut power: i64) {
        while power > 0 {
            let step = power.min(13);
            self.multiply_add(5_u32.pow(step as u32), 0);
            power -= step;
        }
    }

    /// Whether anything was left over.
    fn divide_power_of_5(&mut self, mut power: i64) -> bool {
        let mut inexact = false;
        while power > 0 {
            let step = power.min(13);
            inexact |= self.divide(5_u32.pow(step as u32)) != 0;
            power -= step;
        }
        inexact
    }

    fn shift_left(&mut self, by: i64) {
        if self.is_zero() || by <= 0 {
            return;
        }
        let (words, bits) = ((by / 32) as usize, by % 32);
        if bits > 0 {
            self.multiply_add(1 << bits, 0);
        }
        self.0.splice(0..0, std::iter::repeat_n(0, words));
    }

    /// Whether a bit that is not 0 was lost.
    fn shift_right(&mut self, by: i64) -> bool {
        let (words, bits) = ((by / 32) as usize, by % 32);
        let lost = self.0.drain(..words.min(self.0.len())).fold(false, |lost, word| lost | (word != 0));
        self.trim();
        if bits == 0 || self.is_zero() { lost } else { (self.divide(1 << bits) != 0) | lost }
    }

    fn to_decimal(&self) -> String {
        let mut groups = Vec::new();
        let mut rest = self.clone();
        while !rest.is_zero() {
            groups.push(rest.divide(1_000_000_000));
        }
        let mut text = groups.pop().unwrap_or(0).to_string();
        for group in groups.iter().rev() {
            text.push_str(&format!("{group:09}"));
        }
        text
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `mantissa * 2^exponent`; the highest bit of the mantissa is set unless the number is 0.
    Finite {
        mantissa: u64,
        exponent: i64,
    },
    Infinite,
    NotANumber,
}

/// The number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    kind: Kind,
}

/// Decimal exponents beyond these give infinity and 0.
const MAX_EXPONENT: i64 = 5_000;

impl Extended {
    /// A whole number.
    pub fn from_u64(value: u64) -> Extended {
        Extended { negative: false, kind: round_to_mantissa(Big::from_u64(value), 0, false) }
    }

    /// What C's `strtold` reads at the start, and the rest. Nothing readable is 0 with everything left.
    pub fn parse(text: &str) -> (Extended, &str) {
        let zero = Extended { negative: false, kind: Kind::Finite { mantissa: 0, exponent: 0 } };
        let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        let (negative, digits) = match trimmed.as_bytes().first() {
            Some(b'-') => (true, &trimmed[1..]),
            Some(b'+') => (false, &trimmed[1..]),
            _ => (false, trimmed),
        };
        let starts = |word: &str| digits.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let named = [("infinity", Kind::Infinite), ("inf", Kind::Infinite), ("nan", Kind::NotANumber)];
        if let Some((word, kind)) = named.into_iter().find(|(word, _)| starts(word)) {
            return (Extended { negative, kind }, &digits[word.len()..]);
        }
        let hexadecimal = starts("0x").then(|| parse_digits(&digits[2..], 16)).flatten();
        let parsed = hexadecimal.map(|(kind, used)| (kind, used + 2)).or_else(|| parse_digits(digits, 10));
        match parsed {
            Some((kind, used)) => (Extended { negative, kind }, &digits[used..]),
            None => (zero, text),
        }
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// `inf` and `nan`, which are padded with spaces even where zeros are asked for.
    pub fn special(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Finite { .. } => None,
            Kind::Infinite => Some("inf"),
            Kind::NotANumber => Some("nan"),
        }
    }

    fn parts(&self) -> (u64, i64) {
        match self.kind {
            Kind::Finite { mantissa, exponent } => (mantissa, exponent),
            _ => (0, 0),
        }
    }

    /// `%f`, without the sign; `alternate` keeps the point.
    pub fn fixed(&self, precision: usize, alternate: bool) -> String {
        let (mantissa, exponent) = self.parts();
        let mut digits = scaled(mantissa, exponent, precision as i64).to_decimal();
        if digits.len() <= precision {
            digits.insert_str(0, &"0".repeat(precision + 1 - digits.len()));
        }
        if precision > 0 || alternate {
            digits.insert(digits.len() - precision, '.');
        }
        digits
    }

    /// `%e`, without the sign.
    pub fn exponential(&self, precision: usize, alternate: bool) -> String {
        let (mut digits, exponent) = self.significant(precision);
        if precision > 0 || alternate {
            digits.insert(1, '.');
        }
        format!("{digits}{}", exponent_text(exponent))
    }

    /// `%g`, without the sign.
    pub fn general(&self, precision: usize, alternate: bool) -> String {
        let precision = precision.max(1);
        let exponent = self.significant(precision - 1).1;
        let fixed = exponent >= -4 && exponent < precision as i64;
        let (mut mantissa, suffix) = if fixed {
            (self.fixed((precision as i64 - 1 - exponent).max(0) as usize, alternate), String::new())
        } else {
            let text = self.exponential(precision - 1, alternate);
            let (mantissa, _) = text.split_once('e').unwrap_or((&text, ""));
            (mantissa.to_owned(), exponent_text(exponent))
        };
        if !alternate && mantissa.contains('.') {
            mantissa.truncate(mantissa.trim_end_matches('0').trim_end_matches('.').len());
        }
        mantissa + &suffix
    }

    /// `%a`, without the sign: the first digit holds 4 bits, as the processor's format has it.
    pub fn hexadecimal(&self, precision: Option<usize>, alternate: bool) -> String {
        let (mantissa, exponent) = self.parts();
        let mut value = u128::from(mantissa);
        let mut exponent = if mantissa == 0 { 0 } else { exponent + 60 };
        if let Some(kept) = precision.filter(|&precision| precision < 15) {
            let dropped = 60 - 4 * kept;
            let (half, rest) = (1_u128 << (dropped - 1), value & ((1 << dropped) - 1));
            value -= rest;
            if rest > half || (rest == half && value >> dropped & 1 == 1) {
                value += 1 << dropped;
            }
        }
        // A carry out of the mantissa begins with 1 again.
        if value >> 64 != 0 {
            value >>= 4;
            exponent += 4;
        }
        let digits = format!("{:015x}", value & ((1 << 60) - 1));
        let digits = match precision {
            Some(precision) => format!("{digits:0<precision$}").chars().take(precision).collect(),
            None => digits.trim_end_matches('0').to_owned(),
        };
        let point = if digits.is_empty() && !alternate { "" } else { "." };
        format!("0x{:x}{point}{digits}p{exponent:+}", value >> 60)
    }

    /// `precision + 1` digits, and the decimal exponent of the first.
    fn significant(&self, precision: usize) -> (String, i64) {
        let (mantissa, exponent) = self.parts();
        if mantissa == 0 {
            return ("0".repeat(precision + 1), 0);
        }
        // A close guess, put right by the number of digits that it gives.
        let mut guess = ((63 + exponent) as f64 * std::f64::consts::LOG10_2).floor() as i64;
        loop {
            let digits = scaled(mantissa, exponent, precision as i64 - guess).to_decimal();
            match digits.len().cmp(&(precision + 1)) {
                Ordering::Equal => return (digits, guess),
                Ordering::Less => guess -= 1,
                Ordering::Greater => guess += 1,
            }
        }
    }
}

fn exponent_text(exponent: i64) -> String {
    format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// `mantissa * 2^exponent * 10^decimal`, rounded to the nearest whole number, halves to even.
fn scaled(mantissa: u64, exponent: i64, decimal: i64) -> Big {
    let mut value = Big::from_u64(mantissa);
    // One bit more than needed tells halves.
    let shift = exponent + decimal + 1;
    value.multiply_power_of_5(decimal.max(0));
    value.shift_left(shift.max(0));
    let mut inexact = value.divide_power_of_5((-decimal).max(0));
    if shift < 0 {
        inexact |= value.shift_right(-shift);
    }
    let half = value.bit(0);
    value.shift_right(1);
    if half && (inexact || value.bit(0)) {
        add_one(&mut value);
    }
    value
}

fn add_one(value: &mut Big) {
    if value.is_zero() {
        value.0.push(1);
    } else {
        value.multiply_add(1, 1);
    }
}

/// `value * 2^exponent` with a mantissa of 64 bits; `inexact` says that there is a little more.
fn round_to_mantissa(mut value: Big, mut exponent: i64, mut inexact: bool) -> Kind {
    if value.is_zero() {
        return Kind::Finite { mantissa: 0, exponent: 0 };
    }
    let surplus = value.bits() - 64;
    if surplus > 0 {
        let half = value.bit(surplus - 1);
        let mut low = value.clone();
        inexact |= low.shift_right(surplus - 1);
        value.shift_right(surplus);
        if half && (inexact || value.bit(0)) {
            add_one(&mut value);
            if value.bits() > 64 {
                value.shift_right(1);
                exponent += 1;
            }
        }
    } else {
        value.shift_left(-surplus);
    }
    exponent += surplus;
    let word = |index: usize| u64::from(value.0.get(index).copied().unwrap_or(0));
    if exponent > 16_383 - 63 {
        return Kind::Infinite;
    }
    Kind::Finite { mantissa: word(1) << 32 | word(0), exponent }
}

/// Digits with a point and an exponent; the number and how many bytes it took.
fn parse_digits(text: &str, radix: u32) -> Option<(Kind, usize)> {
    let bytes = text.as_bytes();
    let mut value = Big::default();
    let (mut at, mut seen_point, mut digits, mut scale) = (0, false, 0, 0_i64);
    while let Some(&byte) = bytes.get(at) {
        match char::from(byte).to_digit(radix) {
            Some(digit) => {
                if value.is_zero() {
                    if digit > 0 {
                        value.0.push(digit);
                    }
                } else {
                    value.multiply_add(radix, digit);
                }
                digits += 1;
                scale -= i64::from(seen_point);
            }
            None if byte == b'.' && !seen_point => seen_point = true,
            None => break,
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    let marker = if radix == 16 { b'p' } else { b'e' };
    let mut exponent = 0_i64;
    if bytes.get(at).is_some_and(|byte| byte.to_ascii_lowercase() == marker) {
        let negative = bytes.get(at + 1) == Some(&b'-');
        let start = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let length = bytes.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
        if length > 0 {
            let number = text.get(start..start + length)?.parse::<i64>().unwrap_or(1 << 40).min(1 << 40);
            exponent = if negative { -number } else { number };
            at = start + length;
        }
    }
    let kind = if radix == 16 {
        round_to_mantissa(value, exponent + 4 * scale, false)
    } else {
        decimal(value, exponent + scale)
    };
    Some((kind, at))
}

/// `value * 10^exponent`.
fn decimal(mut value: Big, exponent: i64) -> Kind {
    if value.is_zero() || exponent < -2 * MAX_EXPONENT {
        return Kind::Finite { mantissa: 0, exponent: 0 };
    }
    if exponent > MAX_EXPONENT {
        return Kind::Infinite;
    }
    if exponent >= 0 {
        value.multiply_power_of_5(exponent);
        return round_to_mantissa(value, exponent, false);
    }
    // Enough bits that the quotient has more than the mantissa.
    let shift = 3 * -exponent + 70;
    value.shift_left(shift);
    let inexact = value.divide_power_of_5(-exponent);
    round_to_mantissa(value, exponent - shift, inexact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Extended {
        let (number, rest) = Extended::parse(text);
        assert_eq!(rest, "", "{text}");
        number
    }

    #[test]
    fn reads_and_writes() {
        assert_eq!(number("0.1").fixed(25, false), "0.1000000000000000000013553");
        assert_eq!(number("12345.678").exponential(6, false), "1.234568e+04");
        assert_eq!(number("9.9999999").exponential(2, false), "1.00e+01");
        assert_eq!(number("0.1").hexadecimal(None, false), "0xc.ccccccccccccccdp-7");
        assert_eq!(number("1").hexadecimal(None, false), "0x8p-3");
        assert_eq!(number("0x1p3").fixed(6, false), "8.000000");
        assert_eq!(number("1e1000").exponential(0, false), "1e+1000");
        assert_eq!(number("2.5").fixed(0, false), "2");
        assert_eq!(number("0").hexadecimal(None, false), "0x0p+0");
        assert_eq!(Extended::parse("1e").1, "e");
        assert_eq!(Extended::parse("abc").1, "abc");
    }

    #[test]
    fn general_form() {
        for (text, expected) in
            [("100000", "100000"), ("1000000", "1e+06"), ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("0", "0")]
        {
            assert_eq!(number(text).general(6, false), expected);
        }
        assert_eq!(number("1").general(6, true), "1.00000");
    }
}
