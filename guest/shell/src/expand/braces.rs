//! Brace expansion: purely textual, before everything else.

use super::scan::skip_protected;

/// More words than this from one are not made.
const MAX_WORDS: usize = 4_000_000;
const MAX_DEPTH: u32 = 100;

/// The words that a raw word stands for.
pub fn expand(text: &str) -> Vec<String> {
    expand_nested(text, 0)
}

fn expand_nested(text: &str, depth: u32) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'{'
            && depth < MAX_DEPTH
            && let Some((end, commas)) = group(text, at)
        {
            let inside = &text[at + 1..end];
            let middle = if commas.is_empty() {
                sequence(inside)
            } else {
                let mut parts = Vec::new();
                let mut start = at + 1;
                for comma in commas.into_iter().chain([end]) {
                    parts.extend(expand_nested(&text[start..comma], depth + 1));
                    start = comma + 1;
                }
                Some(parts)
            };
            if let Some(middle) = middle {
                let before = &text[..at];
                let after = expand_nested(&text[end + 1..], depth);
                if middle.len().saturating_mul(after.len()) > MAX_WORDS {
                    return vec![text.to_owned()];
                }
                return middle
                    .iter()
                    .flat_map(|part| after.iter().map(move |after| format!("{before}{part}{after}")))
                    .collect();
            }
        }
        at = skip_protected(text, at).max(at + 1);
    }
    vec![text.to_owned()]
}

/// The end of the group that begins at `start`, and its own commas; `None` when it is no group: unfinished, or without a
/// comma and no sequence.
fn group(text: &str, start: usize) -> Option<(usize, Vec<usize>)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (start + 1, 0);
    let mut commas = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' => return (!commas.is_empty() || text[start..at].contains("..")).then_some((at, commas)),
            b',' if depth == 0 => commas.push(at),
            _ => {}
        }
        at = skip_protected(text, at).max(at + 1);
    }
    None
}

/// `1..5`, `a..e`, `1..9..2`.
fn sequence(text: &str) -> Option<Vec<String>> {
    let mut parts = text.split("..");
    let (first, last) = (parts.next()?, parts.next()?);
    let step = match parts.next() {
        Some(step) => number(step)?,
        None => 1,
    };
    if parts.next().is_some() {
        return None;
    }
    if let (Some(from), Some(to)) = (number(first), number(last)) {
        let pads = |text: &str| {
            let digits = text.trim_start_matches(['-', '+']);
            digits.len() > 1 && digits.starts_with('0')
        };
        let width = if pads(first) || pads(last) { first.len().max(last.len()) } else { 0 };
        return Some(steps(from, to, step)?.into_iter().map(|value| padded(value, width)).collect());
    }
    let letter = |text: &str| {
        let bytes = text.as_bytes();
        (bytes.len() == 1 && bytes[0].is_ascii_alphabetic()).then(|| i64::from(bytes[0]))
    };
    let (from, to) = (letter(first)?, letter(last)?);
    Some(steps(from, to, step)?.into_iter().map(|value| single(value as u8)).collect())
}

/// A character of a sequence as raw text, in which it must not begin anything.
fn single(byte: u8) -> String {
    match byte {
        b'`' => "\\`".to_owned(),
        // bash takes it for an escape of nothing.
        b'\\' => "''".to_owned(),
        byte => char::from(byte).to_string(),
    }
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn padded(value: i64, width: usize) -> String {
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    let zeros = width.saturating_sub(digits.len() + sign.len());
    format!("{sign}{}{digits}", "0".repeat(zeros))
}

/// From one end to the other; only the size of the step matters.
fn steps(from: i64, to: i64, step: i64) -> Option<Vec<i64>> {
    let step = step.unsigned_abs().max(1);
    let count = from.abs_diff(to) / step;
    if count as usize >= MAX_WORDS {
        return None;
    }
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let signed = if from <= to { step } else { -step };
    Some((0..=count as i64).map(|index| from.wrapping_add(index.wrapping_mul(signed))).collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn joined(text: &str) -> String {
        expand(text).join(" ")
    }

    #[test]
    fn lists() {
        assert_eq!(joined("a{b,c}d"), "abd acd");
        assert_eq!(joined("{a,b}{1,2}"), "a1 a2 b1 b2");
        assert_eq!(joined("{a,{b,c}}"), "a b c");
        assert_eq!(joined("{a{b,c}}"), "{ab} {ac}");
        assert_eq!(joined("{a} {} a{,}"), "{a} {} a {a} {} a");
        assert_eq!(joined("\\{a,b} '{a,b}' ${x-{a,b}"), "\\{a,b} '{a,b}' ${x-{a,b}");
        assert_eq!(joined("{a,b"), "{a,b");
    }

    #[test]
    fn sequences() {
        assert_eq!(joined("{1..3}"), "1 2 3");
        assert_eq!(joined("{3..1}"), "3 2 1");
        assert_eq!(joined("{1..10..4}"), "1 5 9");
        assert_eq!(joined("{08..10}"), "08 09 10");
        assert_eq!(joined("{-1..1}"), "-1 0 1");
        assert_eq!(joined("{a..e..2}"), "a c e");
        assert_eq!(joined("{1..a}"), "{1..a}");
        assert_eq!(joined("{1..99999999999}"), "{1..99999999999}");
    }
}
