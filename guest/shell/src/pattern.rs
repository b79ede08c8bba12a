//! Patterns: `case`, `[[ == ]]`, `${x#pattern}`, and one component of a path.

pub mod engine;

use engine::{Node, Positions, Subject, Way, parse_bracket};
use std::ops::Range;

/// How deep `@(...)` may be nested.
const MAX_DEPTH: u32 = 100;

/// A pattern that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    nodes: Vec<Node>,
    nocase: bool,
    /// Only single characters and `*`: needs no sets of positions.
    simple: bool,
}

impl Pattern {
    pub fn new(text: &str, extglob: bool, nocase: bool) -> Self {
        let nodes = parse(text, extglob, 0);
        let simple = nodes.iter().all(|node| matches!(node, Node::Char(_) | Node::Any | Node::AnyMany | Node::Set(_)));
        Self { nodes, nocase, simple }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        if self.simple {
            return self.matches_simple(text);
        }
        let chars: Vec<char> = text.chars().collect();
        self.ends(&chars, 0).contains(chars.len())
    }

    /// The text this pattern is when nothing in it is special.
    pub fn literal(&self) -> Option<String> {
        self.nodes
            .iter()
            .map(|node| match node {
                Node::Char(c) if !self.nocase => Some(*c),
                _ => None,
            })
            .collect()
    }

    /// The usual walk with one point to return to: the last `*`.
    fn matches_simple(&self, text: &str) -> bool {
        let subject = Subject { chars: &[], nocase: self.nocase };
        let (mut node, mut rest) = (0, text.chars());
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if let Some(Node::AnyMany) = self.nodes.get(node) {
                node += 1;
                if node == self.nodes.len() {
                    return true;
                }
                retry = Some((node, rest.clone()));
                continue;
            }
            let mut after = rest.clone();
            match (self.nodes.get(node), after.next()) {
                (Some(own), Some(c)) if subject.matches_one(own, c) => {
                    node += 1;
                    rest = after;
                }
                (None, None) => return true,
                _ => match &mut retry {
                    None => return false,
                    Some((from, chars)) => {
                        if chars.next().is_none() {
                            return false;
                        }
                        node = *from;
                        rest = chars.clone();
                    }
                },
            }
        }
    }

    /// The end of the longest or shortest prefix that matches.
    pub fn match_prefix(&self, text: &str, longest: bool) -> Option<usize> {
        if let Some(literal) = self.literal() {
            return text.starts_with(&literal).then_some(literal.len());
        }
        let chars: Vec<char> = text.chars().collect();
        let ends = self.ends(&chars, 0);
        let end = if longest { ends.last() } else { ends.first() }?;
        Some(bytes_of(&chars[..end]))
    }

    /// The start of the longest or shortest suffix that matches.
    pub fn match_suffix(&self, text: &str, longest: bool) -> Option<usize> {
        if let Some(literal) = self.literal() {
            return text.ends_with(&literal).then(|| text.len() - literal.len());
        }
        let chars: Vec<char> = text.chars().collect();
        let subject = Subject { chars: &chars, nocase: self.nocase };
        let mut starts = Positions::only(chars.len(), chars.len());
        for node in self.nodes.iter().rev() {
            starts = subject.step(node, &starts, Way::Back);
        }
        let start = if longest { starts.first() } else { starts.last() }?;
        Some(bytes_of(&chars[..start]))
    }

    /// The leftmost match at or after byte `from`, as long as possible.
    pub fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let tail = text.get(from..)?;
        if let Some(literal) = self.literal() {
            let start = from + tail.find(&literal)?;
            return Some(start..start + literal.len());
        }
        let chars: Vec<char> = tail.chars().collect();
        let subject = Subject { chars: &chars, nocase: self.nocase };
        // Where a match can begin: backwards from everywhere.
        let mut starts = Positions::range(chars.len(), 0, chars.len());
        for node in self.nodes.iter().rev() {
            starts = subject.step(node, &starts, Way::Back);
        }
        let start = starts.first()?;
        let end = self.ends(&chars, start).last()?;
        let start_byte = from + bytes_of(&chars[..start]);
        Some(start_byte..start_byte + bytes_of(&chars[start..end]))
    }

    /// Every match, one after the other (`${x//pattern/...}`); empty ones are left out.
    pub fn find_all(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if let Some(literal) = self.literal() {
            if !literal.is_empty() {
                found.extend(text.match_indices(&literal).map(|(start, part)| start..start + part.len()));
            }
            return found;
        }
        let chars: Vec<char> = text.chars().collect();
        let subject = Subject { chars: &chars, nocase: self.nocase };
        let mut starts = Positions::range(chars.len(), 0, chars.len());
        for node in self.nodes.iter().rev() {
            starts = subject.step(node, &starts, Way::Back);
        }
        let (mut at, mut byte) = (0, 0);
        while at < chars.len() {
            let end = if starts.contains(at) { self.ends(&chars, at).last() } else { None };
            match end.filter(|&end| end > at) {
                Some(end) => {
                    let length = bytes_of(&chars[at..end]);
                    found.push(byte..byte + length);
                    byte += length;
                    at = end;
                }
                None => {
                    byte += chars[at].len_utf8();
                    at += 1;
                }
            }
        }
        found
    }

    fn ends(&self, chars: &[char], start: usize) -> Positions {
        // A single character, classes and so on at a fixed place need only what lies ahead.
        let subject = Subject { chars, nocase: self.nocase };
        if self.simple && !self.nodes.contains(&Node::AnyMany) {
            let fits = chars.len() - start >= self.nodes.len()
                && self.nodes.iter().zip(&chars[start..]).all(|(node, &c)| subject.matches_one(node, c));
            return match fits {
                true => Positions::only(chars.len(), start + self.nodes.len()),
                false => Positions::none(chars.len()),
            };
        }
        let mut ends = Positions::only(chars.len(), start);
        for node in &self.nodes {
            ends = subject.step(node, &ends, Way::Forward);
        }
        ends
    }

    /// Whether a name that begins with a dot may match: the pattern begins with one (`glob`).
    pub fn begins_with_dot(&self) -> bool {
        fn first(node: &Node) -> bool {
            match node {
                Node::Char(c) => *c == '.',
                Node::Concat(nodes) => nodes.first().is_some_and(first),
                Node::Alternatives(nodes) => nodes.iter().any(first),
                Node::Repeat { node, .. } => first(node),
                _ => false,
            }
        }
        self.nodes.first().is_some_and(first)
    }
}

fn bytes_of(chars: &[char]) -> usize {
    chars.iter().map(|c| c.len_utf8()).sum()
}

/// Whether a text has anything special as a pattern.
pub fn is_special(text: &str, extglob: bool) -> bool {
    let mut chars = text.chars().peekable();
    let mut open = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '*' | '?' => return true,
            '[' => open = true,
            ']' if open => return true,
            '+' | '@' | '!' if extglob && chars.peek() == Some(&'(') => return true,
            _ => {}
        }
    }
    false
}

/// Appends a character that is not special in a pattern.
pub fn push_escaped(pattern: &mut String, c: char) {
    if matches!(
        c,
        '*' | '?' | '[' | ']' | '\\' | '(' | ')' | '|' | '+' | '@' | '!' | '-' | '^' | ':' | '=' | '.' | '#' | '%'
    ) {
        pattern.push('\\');
    }
    pattern.push(c);
}

fn parse(text: &str, extglob: bool, depth: u32) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if extglob
            && depth < MAX_DEPTH
            && matches!(c, '?' | '*' | '+' | '@' | '!')
            && let Some(inside) = after.strip_prefix('(')
            && let Some((parts, after)) = alternatives(inside)
        {
            let choice =
                Node::Alternatives(parts.iter().map(|part| Node::Concat(parse(part, extglob, depth + 1))).collect());
            nodes.push(match c {
                '?' => Node::Repeat { node: Box::new(choice), min: 0, max: Some(1) },
                '*' => Node::Repeat { node: Box::new(choice), min: 0, max: None },
                '+' => Node::Repeat { node: Box::new(choice), min: 1, max: None },
                '@' => choice,
                _ => Node::Not(Box::new(choice)),
            });
            rest = after;
            continue;
        }
        rest = after;
        nodes.push(match c {
            '*' => {
                if nodes.last() == Some(&Node::AnyMany) {
                    continue;
                }
                Node::AnyMany
            }
            '?' => Node::Any,
            '[' => match parse_bracket(after, true) {
                Some((bracket, after)) => {
                    rest = after;
                    Node::Set(Box::new(bracket))
                }
                None => Node::Char('['),
            },
            '\\' => match after.chars().next() {
                Some(escaped) => {
                    rest = &after[escaped.len_utf8()..];
                    Node::Char(escaped)
                }
                None => Node::Char('\\'),
            },
            c => Node::Char(c),
        });
    }
    nodes
}

/// Splits what follows `@(` at its `|`, up to the closing parenthesis; gives also what follows that.
fn alternatives(text: &str) -> Option<(Vec<&str>, &str)> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\\' => at += text[at + 1..].chars().next().map_or(0, char::len_utf8),
            '[' => {
                if let Some((_, after)) = parse_bracket(&text[at + 1..], true) {
                    at = text.len() - after.len();
                    continue;
                }
            }
            '(' => depth += 1,
            ')' if depth == 0 => {
                parts.push(&text[start..at]);
                return Some((parts, &text[at + 1..]));
            }
            ')' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, true, false).matches(text)
    }

    #[test]
    fn simple_patterns() {
        assert!(matches("a*c", "abbc") && !matches("a*c", "abbd") && matches("*", "") && matches("**a", "a"));
        assert!(matches("[a-c]x", "bx") && matches("[!a-c]x", "dx") && matches("[]]", "]") && matches("[^]]", "a"));
        assert!(matches("[[:alpha:]_]", "q") && matches("[", "[") && matches("[a", "[a") && matches("\\*", "*"));
        assert!(matches("[\\]]", "]") && matches("[a\\-z]", "-") && !matches("[a\\-z]", "c") && matches("?", "ä"));
        assert!(matches("a[[.-.]]z", "a-z") && matches("[[=a=]]", "a"));
    }

    #[test]
    fn extended_patterns() {
        assert!(matches("@(a|b)c", "bc") && matches("!(a|b)", "c") && !matches("!(a|b)", "a") && matches("!(a)", "aa"));
        assert!(
            matches("+([0-9])", "123")
                && !matches("+([0-9])", "")
                && matches("*(ab|c)", "abcab")
                && matches("?(x)y", "y")
        );
        assert!(matches("*.!(c|h)", "a.o") && !matches("*.!(c|h)", "a.c") && matches("@(a@(b|c)|d)", "ac"));
    }

    #[test]
    fn parts() {
        let pattern = Pattern::new("*/", false, false);
        assert_eq!(pattern.match_prefix("a/b/c", false), Some(2));
        assert_eq!(pattern.match_prefix("a/b/c", true), Some(4));
        assert_eq!(Pattern::new(".*", false, false).match_suffix("a.b.c", true), Some(1));
        assert_eq!(Pattern::new("[bc]", false, false).find("abc", 0), Some(1..2));
        assert_eq!(Pattern::new("b*", false, false).find_all("abcb"), vec![1..4]);
    }

    #[test]
    fn never_exponential() {
        let text = "a".repeat(3000);
        assert!(!matches("*a*a*a*a*a*a*a*a*b", &text));
        assert!(!matches("*(*(a)|b)c", &"a".repeat(200)));
    }
}
