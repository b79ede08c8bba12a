//! POSIX's extended regular expressions, for `[[ =~ ]]`: leftmost, then longest, and groups as glibc fills them.

use crate::pattern::engine::{Bracket, Class, Node, Positions, Subject, Way, parse_bracket};

/// The most that `{m,n}` may say.
const MAX_REPEAT: u32 = 32767;
const MAX_DEPTH: u32 = 200;

/// A regular expression that was read.
#[derive(Clone, Debug)]
pub struct Regex {
    node: Node,
    groups: usize,
    nocase: bool,
}

impl Regex {
    /// `None` when the expression is not well formed.
    pub fn new(text: &str, nocase: bool) -> Option<Self> {
        let mut parser = Parser { rest: text, groups: 0, depth: 0 };
        let node = parser.alternatives()?;
        parser.rest.is_empty().then_some(Self { node, groups: parser.groups, nocase })
    }

    /// The match and its groups; a group that took no part is `None`.
    pub fn matches(&self, text: &str) -> Option<Vec<Option<String>>> {
        let chars: Vec<char> = text.chars().collect();
        let subject = Subject { chars: &chars, nocase: self.nocase };
        let everywhere = Positions::range(chars.len(), 0, chars.len());
        let start = subject.step(&self.node, &everywhere, Way::Back).first()?;
        let end = subject.step(&self.node, &Positions::only(chars.len(), start), Way::Forward).last()?;
        let mut groups = vec![None; self.groups + 1];
        groups[0] = Some((start, end));
        place(&subject, &self.node, start, end, &mut groups);
        Some(groups.into_iter().map(|group| group.map(|(start, end)| chars[start..end].iter().collect())).collect())
    }
}

/// Finds out what the groups within `node` match, given that it matches from `start` to `end`.
fn place(subject: &Subject<'_>, node: &Node, start: usize, end: usize, groups: &mut Vec<Option<(usize, usize)>>) {
    let len = subject.chars.len();
    match node {
        Node::Group(number, inner) => {
            if let Some(group) = groups.get_mut(*number) {
                *group = Some((start, end));
            }
            place(subject, inner, start, end, groups);
        }
        Node::Alternatives(nodes) => {
            let from = Positions::only(len, start);
            if let Some(node) = nodes.iter().find(|node| subject.step(node, &from, Way::Forward).contains(end)) {
                place(subject, node, start, end, groups);
            }
        }
        Node::Concat(nodes) => {
            // From where the rest of the sequence can still reach the end, for every part.
            let mut reach = vec![Positions::only(len, end)];
            for node in nodes.iter().rev() {
                reach.push(subject.step(node, &reach[reach.len() - 1], Way::Back));
            }
            reach.reverse();
            let mut at = start;
            for (node, reach) in nodes.iter().zip(&reach[1..]) {
                let mut ends = subject.step(node, &Positions::only(len, at), Way::Forward);
                ends.keep(reach);
                let Some(to) = prefer(subject, node, at, &ends) else { return };
                place(subject, node, at, to, groups);
                at = to;
            }
        }
        Node::Repeat { node: inner, min, max } => {
            let mut at = start;
            let mut done: u32 = 0;
            while at < end || done < *min {
                let left = |count: u32| count.saturating_sub(done + 1);
                let rest = Node::Repeat { node: inner.clone(), min: left(*min), max: max.map(left) };
                let mut ends = subject.step(inner, &Positions::only(len, at), Way::Forward);
                ends.keep(&subject.step(&rest, &Positions::only(len, end), Way::Back));
                let Some(to) = prefer(subject, inner, at, &ends) else { return };
                place(subject, inner, at, to, groups);
                if to == at && done >= *min {
                    return;
                }
                at = to;
                done += 1;
            }
        }
        _ => {}
    }
}

/// Which of the possible ends the node takes: the text's ends are POSIX's, but within them glibc prefers the first
/// alternative to the longest.
fn prefer(subject: &Subject<'_>, node: &Node, start: usize, allowed: &Positions) -> Option<usize> {
    let from = Positions::only(subject.chars.len(), start);
    let ends = |node: &Node| {
        let mut ends = subject.step(node, &from, Way::Forward);
        ends.keep(allowed);
        ends
    };
    match node {
        Node::Group(_, inner) => prefer(subject, inner, start, allowed),
        Node::Alternatives(nodes) => nodes.iter().find_map(|node| prefer(subject, node, start, allowed)),
        Node::Concat(nodes) => {
            let mut reach = vec![allowed.clone()];
            for node in nodes.iter().rev() {
                reach.push(subject.step(node, &reach[reach.len() - 1], Way::Back));
            }
            reach.reverse();
            nodes.iter().zip(&reach[1..]).try_fold(start, |at, (node, reach)| prefer(subject, node, at, reach))
        }
        node => ends(node).last(),
    }
}

struct Parser<'a> {
    rest: &'a str,
    groups: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn alternatives(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.peek() == Some('|') {
            self.next();
            nodes.push(self.sequence()?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Alternatives(nodes) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' && self.depth > 0 {
                break;
            }
            let mut node = self.atom(nodes.is_empty())?;
            while let Some((min, max)) = self.repetition()? {
                node = Node::Repeat { node: Box::new(node), min, max };
            }
            nodes.push(node);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Concat(nodes) })
    }

    fn atom(&mut self, first: bool) -> Option<Node> {
        Some(match self.next()? {
            '.' => Node::Any,
            '^' => Node::LineStart,
            '$' => Node::LineEnd,
            '[' => {
                let (bracket, rest) = parse_bracket(self.rest, false)?;
                self.rest = rest;
                // A range that ends before it begins is an error.
                if bracket.ranges.iter().any(|range| range.is_empty()) {
                    return None;
                }
                Node::Set(Box::new(bracket))
            }
            '(' => {
                if self.depth >= MAX_DEPTH {
                    return None;
                }
                self.groups += 1;
                let number = self.groups;
                self.depth += 1;
                let inner = self.alternatives()?;
                self.depth -= 1;
                if self.next() != Some(')') {
                    return None;
                }
                Node::Group(number, Box::new(inner))
            }
            '*' | '+' | '?' if first => return None,
            '{' if first => return None,
            '\\' => self.escaped()?,
            c => Node::Char(c),
        })
    }

    /// After a backslash: glibc knows some classes there.
    fn escaped(&mut self) -> Option<Node> {
        let class = |class: Class, negated: bool| {
            Node::Set(Box::new(Bracket { negated, ranges: Vec::new(), classes: vec![class] }))
        };
        Some(match self.next()? {
            'w' => class(Class::Word, false),
            'W' => class(Class::Word, true),
            's' => class(Class::Space, false),
            'S' => class(Class::Space, true),
            '`' => Node::LineStart,
            '\'' => Node::LineEnd,
            '<' => Node::WordStart,
            '>' => Node::WordEnd,
            'b' => Node::WordEdge(true),
            'B' => Node::WordEdge(false),
            c => Node::Char(c),
        })
    }

    /// `*`, `+`, `?` or `{m,n}`. The outer `None` is an error.
    fn repetition(&mut self) -> Option<Option<(u32, Option<u32>)>> {
        let range = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let (range, after) = braces(&self.rest[1..])?;
                if range.1.is_some_and(|max| max < range.0 || max > MAX_REPEAT) || range.0 > MAX_REPEAT {
                    return None;
                }
                self.rest = after;
                return Some(Some(range));
            }
            _ => return Some(None),
        };
        self.next();
        Some(Some(range))
    }
}

/// `m}`, `m,}`, `,n}` or `m,n}`, and what follows.
fn braces(text: &str) -> Option<((u32, Option<u32>), &str)> {
    let (inside, after) = text.split_once('}')?;
    let number =
        |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(u32::MAX));
    let range = match inside.split_once(',') {
        None if inside.is_empty() => return None,
        None => (number(inside)?, Some(number(inside)?)),
        Some(("", "")) => (0, None),
        Some(("", max)) => (0, Some(number(max)?)),
        Some((min, "")) => (number(min)?, None),
        Some((min, max)) => (number(min)?, Some(number(max)?)),
    };
    Some((range, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(regex: &str, text: &str) -> Vec<String> {
        let found = Regex::new(regex, false).and_then(|regex| regex.matches(text));
        found.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn leftmost_longest() {
        assert_eq!(groups("a|ab|abc", "xabcd"), ["abc"]);
        assert_eq!(groups("(a|ab)(c|bcd)(d*)", "abcd"), ["abcd", "a", "bcd", ""]);
        assert_eq!(groups("^(.*)/([^/]+)$", "a/b/c"), ["a/b/c", "a/b", "c"]);
        assert_eq!(groups("([0-9]+)-([0-9]+)?", "x12-"), ["12-", "12", ""]);
        assert_eq!(groups("(a)|b", "b"), ["b", ""]);
        assert_eq!(groups("(ab){2,3}", "abababab"), ["ababab", "ab"]);
        assert_eq!(groups("x*", "aaa"), [""]);
    }

    #[test]
    fn what_is_an_error() {
        assert!(
            Regex::new("(a", false).is_none() && Regex::new("[a", false).is_none() && Regex::new("*a", false).is_none()
        );
        assert!(
            Regex::new("a{2,1}", false).is_none()
                && Regex::new("", false).is_some()
                && Regex::new("a{x", false).is_none()
        );
    }

    #[test]
    fn never_exponential() {
        assert!(groups("^(a+)+$", &format!("{}b", "a".repeat(500))).is_empty());
    }
}
