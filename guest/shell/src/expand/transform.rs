//! What `${...}` does to values.

use super::word::{Case, Replace};
use crate::builtins::quote;
use crate::pattern::Pattern;
use crate::vars::Value;

/// `${x#pattern}` and its relatives.
pub fn remove(mut value: String, pattern: &Pattern, suffix: bool, longest: bool) -> String {
    if suffix {
        if let Some(start) = pattern.match_suffix(&value, longest) {
            value.truncate(start);
        }
    } else if let Some(end) = pattern.match_prefix(&value, longest) {
        value.drain(..end);
    }
    value
}

/// What replaces a match: parts between which the match itself is put (`&`).
pub struct Replacement(Vec<String>);

impl Replacement {
    /// Where `&` is special, a backslash protects it and itself.
    pub fn new(text: &str, ampersand: bool) -> Self {
        if !ampersand {
            return Self(vec![text.to_owned()]);
        }
        let mut parts = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let c = match c {
                '&' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => chars.next_if(|next| matches!(next, '&' | '\\')).unwrap_or('\\'),
                c => c,
            };
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        }
        Self(parts)
    }

    fn push(&self, result: &mut String, matched: &str) {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                result.push_str(matched);
            }
            result.push_str(part);
        }
    }
}

/// `${x/pattern/with}`
pub fn replace(value: &str, pattern: &Pattern, pattern_is_empty: bool, with: &Replacement, kind: Replace) -> String {
    if pattern_is_empty && matches!(kind, Replace::First | Replace::All) {
        return value.to_owned();
    }
    let ranges = match kind {
        Replace::First => pattern.find(value, 0).into_iter().collect(),
        Replace::All => pattern.find_all(value),
        Replace::Prefix => pattern.match_prefix(value, true).map(|end| 0..end).into_iter().collect(),
        Replace::Suffix => {
            pattern.match_suffix(value, true).map(|start| start..value.len()).into_iter().collect::<Vec<_>>()
        }
    };
    let ranges = match ranges.is_empty() && value.is_empty() && pattern.matches("") {
        // An empty value can be replaced as a whole.
        #[allow(clippy::single_range_in_vec_init)]
        true => vec![0..0],
        false => ranges,
    };
    let mut result = String::with_capacity(value.len());
    let mut at = 0;
    for range in ranges {
        result.push_str(&value[at..range.start]);
        with.push(&mut result, &value[range.clone()]);
        at = range.end;
    }
    result.push_str(&value[at..]);
    result
}

/// `${x^pattern}` and its relatives.
pub fn change_case(value: &str, case: Case, all: bool, pattern: Option<&Pattern>) -> String {
    let mut result = String::with_capacity(value.len());
    for (index, c) in value.chars().enumerate() {
        let chosen = (all || index == 0) && pattern.is_none_or(|pattern| pattern.matches(c.encode_utf8(&mut [0; 4])));
        let upper = match case {
            _ if !chosen => None,
            Case::Upper => Some(true),
            Case::Lower => Some(false),
            Case::Toggle => Some(!c.is_uppercase()),
        };
        match upper {
            None => result.push(c),
            Some(true) => push_single(&mut result, c, c.to_uppercase()),
            Some(false) => push_single(&mut result, c, c.to_lowercase()),
        }
    }
    result
}

/// Case is changed character by character: one that would become several stays.
fn push_single(result: &mut String, c: char, mut changed: impl Iterator<Item = char>) {
    match (changed.next(), changed.next()) {
        (Some(single), None) => result.push(single),
        _ => result.push(c),
    }
}

/// `@u`
pub fn capitalize(value: &str) -> String {
    change_case(value, Case::Upper, false, None)
}

/// Part of a text, counted in characters; `None` when it would end before it begins.
pub fn substring(value: &str, offset: i64, length: Option<i64>) -> Option<String> {
    let count = value.chars().count() as i64;
    let start = if offset < 0 { count + offset } else { offset };
    if start < 0 || start > count {
        return Some(String::new());
    }
    let end = match length {
        None => count,
        Some(length) if length < 0 => count + length,
        Some(length) => start.saturating_add(length).min(count),
    };
    if end < start {
        return None;
    }
    Some(value.chars().skip(start as usize).take((end - start) as usize).collect())
}

/// The elements from an offset on: of an indexed array those whose subscripts are not below it.
pub fn elements_from(value: &Value, items: Vec<String>, offset: i64) -> Vec<String> {
    let start = match value {
        Value::Indexed(elements) => {
            let end = elements.last_key_value().map_or(0, |(last, _)| last + 1);
            let from = if offset < 0 { end + offset } else { offset };
            if from < 0 {
                return Vec::new();
            }
            elements.range(..from).count()
        }
        _ => {
            let count = items.len() as i64;
            match value {
                // bash counts the elements of an associative array from 1.
                Value::Assoc(_) if offset > 0 => offset as usize - 1,
                _ if offset < 0 => match usize::try_from(count + offset) {
                    Ok(start) => start,
                    Err(_) => return Vec::new(),
                },
                _ => offset as usize,
            }
        }
    };
    items.into_iter().skip(start).collect()
}

/// `@A` of a scalar.
pub fn assignment(name: &str, letters: &str, value: &str) -> String {
    let value = quote::quote_for_reuse(value);
    match letters {
        "" => format!("{name}={value}"),
        letters => format!("declare -{letters} {name}={value}"),
    }
}

/// `@A` of a whole array.
pub fn array_assignment(name: &str, letters: &str, value: &Value) -> String {
    let elements: Vec<String> = match value {
        Value::Assoc(elements) => elements
            .iter()
            .map(|(key, value)| format!("[{}]={} ", quote::quote_key(key), quote::quote_for_declare(value)))
            .collect(),
        value => {
            let last = value.elements().len();
            let texts = value.keys().into_iter().zip(value.elements()).enumerate();
            texts
                .map(|(index, (key, value))| {
                    format!("[{key}]={}{}", quote::quote_for_declare(value), if index + 1 < last { " " } else { "" })
                })
                .collect()
        }
    };
    format!("declare -{letters} {name}=({})", elements.concat())
}

/// `@A` of the positional parameters.
pub(super) fn positional_assignment(items: Vec<String>) -> super::parameter::Found {
    let quoted: Vec<String> = items.iter().map(|item| quote::quote_for_reuse(item)).collect();
    super::parameter::Found::One(format!("set -- {}", quoted.join(" ")))
}

/// `@K` of a whole array.
pub fn key_values(value: &Value) -> String {
    let mut text = String::new();
    let assoc = matches!(value, Value::Assoc(_));
    for (key, value) in value.keys().iter().zip(value.elements()) {
        if !text.is_empty() && !assoc {
            text.push(' ');
        }
        text.push_str(&if assoc { quote::quote_key(key).into_owned() } else { key.clone() });
        text.push(' ');
        text.push_str(&quote::quote_for_declare(value));
        if assoc {
            text.push(' ');
        }
    }
    text
}
