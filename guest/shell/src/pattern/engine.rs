//! Matching by sets of positions, for patterns and for regular expressions.
//!
//! Whatever matches takes a set of positions to the set of positions it can end at (or, backwards, begin at). So the
//! time is bounded by the text's length times the expression's size (times the length again for groups under a
//! repetition and for `!(...)`), and nothing is ever exponential.

use std::ops::RangeInclusive;

/// What can match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Char(char),
    /// One character of any kind.
    Any,
    /// Any characters: `*` of patterns.
    AnyMany,
    Set(Box<Bracket>),
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
    },
    /// A group that is remembered, with its number.
    Group(usize, Box<Node>),
    /// Anything but this: `!(...)`.
    Not(Box<Node>),
    LineStart,
    LineEnd,
    /// Between a character of a word and another one: `\\<` (after which the word comes), `\\>`.
    WordStart,
    WordEnd,
    /// `\\b`, or `\\B` when it must not be one.
    WordEdge(bool),
}

/// A bracket expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bracket {
    pub negated: bool,
    pub ranges: Vec<RangeInclusive<char>>,
    pub classes: Vec<Class>,
}

/// A class of characters: `[:alpha:]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Class {
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "alnum" => Self::Alnum,
            "alpha" => Self::Alpha,
            "ascii" => Self::Ascii,
            "blank" => Self::Blank,
            "cntrl" => Self::Cntrl,
            "digit" => Self::Digit,
            "graph" => Self::Graph,
            "lower" => Self::Lower,
            "print" => Self::Print,
            "punct" => Self::Punct,
            "space" => Self::Space,
            "upper" => Self::Upper,
            "word" => Self::Word,
            "xdigit" => Self::Xdigit,
            _ => return None,
        })
    }

    fn contains(self, c: char, nocase: bool) -> bool {
        match self {
            Self::Alnum => c.is_alphanumeric(),
            Self::Alpha => c.is_alphabetic(),
            Self::Ascii => c.is_ascii(),
            Self::Blank => c == ' ' || c == '\t',
            Self::Cntrl => c.is_control(),
            Self::Digit => c.is_ascii_digit(),
            Self::Graph => !c.is_control() && !c.is_whitespace(),
            Self::Lower => c.is_lowercase() || nocase && c.is_uppercase(),
            Self::Print => !c.is_control(),
            Self::Punct => {
                c.is_ascii_punctuation()
                    || !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
            }
            Self::Space => c.is_whitespace(),
            Self::Upper => c.is_uppercase() || nocase && c.is_lowercase(),
            Self::Word => c.is_alphanumeric() || c == '_',
            Self::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}

/// One lower-case character for a comparison without case.
pub fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

fn unfold(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

impl Bracket {
    pub fn contains(&self, c: char, nocase: bool) -> bool {
        let in_ranges = |c: char| self.ranges.iter().any(|range| range.contains(&c));
        let found = in_ranges(c)
            || nocase && (in_ranges(fold(c)) || in_ranges(unfold(c)))
            || self.classes.iter().any(|class| class.contains(c, nocase));
        found != self.negated
    }
}

/// Reads the bracket expression after its `[`; gives it and what follows its `]`. `None`: the `[` is an ordinary
/// character. Patterns have escapes and take `!` for `^`; regular expressions do not.
pub fn parse_bracket(text: &str, escapes: bool) -> Option<(Bracket, &str)> {
    let mut bracket = Bracket::default();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^').or_else(|| rest.strip_prefix('!').filter(|_| escapes)) {
        bracket.negated = true;
        rest = after;
    }
    let mut first = true;
    loop {
        let c = rest.chars().next()?;
        if c == ']' && !first {
            return Some((bracket, &rest[1..]));
        }
        first = false;
        if let Some(after) = rest.strip_prefix("[:")
            && let Some((name, after)) = after.split_once(":]")
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            match Class::from_name(name) {
                Some(class) => bracket.classes.push(class),
                // An unknown class matches nothing.
                None => bracket.ranges.push('b'..='a'),
            }
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("[=")
            && let Some((equivalent, after)) = after.split_once("=]")
            && let Some(c) = single(equivalent)
        {
            bracket.ranges.push(c..=c);
            rest = after;
            continue;
        }
        let (low, after) = bracket_char(rest, escapes)?;
        rest = after;
        match after.strip_prefix('-').filter(|after| !after.starts_with(']')) {
            Some(after) if !after.is_empty() => {
                let (high, after) = bracket_char(after, escapes)?;
                bracket.ranges.push(low..=high);
                rest = after;
            }
            _ => bracket.ranges.push(low..=low),
        }
    }
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// One character of a bracket expression, or the name of one: `[.-.]`.
fn bracket_char(text: &str, escapes: bool) -> Option<(char, &str)> {
    if let Some(after) = text.strip_prefix("[.")
        && let Some((name, after)) = after.split_once(".]")
    {
        return Some((single(name).or_else(|| collating_name(name))?, after));
    }
    let mut chars = text.chars();
    let mut c = chars.next()?;
    if c == '\\' && escapes {
        c = chars.next()?;
    }
    Some((c, chars.as_str()))
}

/// The names of POSIX's portable characters that scripts may use.
fn collating_name(name: &str) -> Option<char> {
    Some(match name {
        "space" => ' ',
        "tab" => '\t',
        "newline" => '\n',
        "hyphen" | "hyphen-minus" => '-',
        "period" | "full-stop" => '.',
        "slash" | "solidus" => '/',
        "backslash" | "reverse-solidus" => '\\',
        "left-square-bracket" => '[',
        "right-square-bracket" => ']',
        "underscore" | "low-line" => '_',
        "asterisk" => '*',
        "question-mark" => '?',
        "exclamation-mark" => '!',
        "circumflex" | "circumflex-accent" => '^',
        "comma" => ',',
        "colon" => ':',
        "semicolon" => ';',
        "equals-sign" => '=',
        "dollar-sign" => '$',
        _ => return None,
    })
}

/// A set of positions between the characters of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions {
    words: Vec<u64>,
}

impl Positions {
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len / 64 + 1] }
    }

    pub fn only(len: usize, position: usize) -> Self {
        let mut set = Self::none(len);
        set.insert(position);
        set
    }

    pub fn range(len: usize, from: usize, to: usize) -> Self {
        let mut set = Self::none(len);
        (from..=to).for_each(|position| set.insert(position));
        set
    }

    pub fn insert(&mut self, position: usize) {
        if let Some(word) = self.words.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }

    pub fn contains(&self, position: usize) -> bool {
        self.words.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    pub fn first(&self) -> Option<usize> {
        let index = self.words.iter().position(|&word| word != 0)?;
        Some(index * 64 + self.words[index].trailing_zeros() as usize)
    }

    pub fn last(&self) -> Option<usize> {
        let index = self.words.iter().rposition(|&word| word != 0)?;
        Some(index * 64 + 63 - self.words[index].leading_zeros() as usize)
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            let mut word = word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(index * 64 + bit)
            })
        })
    }

    fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub fn keep(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    fn remove(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }
}

/// Which way a match is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From beginnings to ends.
    Forward,
    /// From ends to beginnings.
    Back,
}

/// A text to match, and how.
pub struct Subject<'a> {
    pub chars: &'a [char],
    pub nocase: bool,
}

impl Subject<'_> {
    /// Where the node can end (or begin) from these positions.
    pub fn step(&self, node: &Node, from: &Positions, way: Way) -> Positions {
        let len = self.chars.len();
        if from.is_empty() {
            return from.clone();
        }
        match node {
            Node::Char(_) | Node::Any | Node::Set(_) => {
                let mut to = Positions::none(len);
                for position in from.iter() {
                    match way {
                        Way::Forward if position < len && self.matches_one(node, self.chars[position]) => {
                            to.insert(position + 1)
                        }
                        Way::Back if position > 0 && self.matches_one(node, self.chars[position - 1]) => {
                            to.insert(position - 1)
                        }
                        _ => {}
                    }
                }
                to
            }
            Node::AnyMany => match (way, from.first(), from.last()) {
                (Way::Forward, Some(first), _) => Positions::range(len, first, len),
                (Way::Back, _, Some(last)) => Positions::range(len, 0, last),
                _ => Positions::none(len),
            },
            Node::Concat(nodes) => match way {
                Way::Forward => nodes.iter().fold(from.clone(), |set, node| self.step(node, &set, way)),
                Way::Back => nodes.iter().rev().fold(from.clone(), |set, node| self.step(node, &set, way)),
            },
            Node::Alternatives(nodes) => {
                let mut to = Positions::none(len);
                for node in nodes {
                    to.add(&self.step(node, from, way));
                }
                to
            }
            Node::Group(_, node) => self.step(node, from, way),
            Node::Repeat { node, min, max } => self.repeat(node, *min, *max, from, way),
            Node::Not(node) => {
                let mut to = Positions::none(len);
                for position in from.iter() {
                    let mut all = match way {
                        Way::Forward => Positions::range(len, position, len),
                        Way::Back => Positions::range(len, 0, position),
                    };
                    all.remove(&self.step(node, &Positions::only(len, position), way));
                    to.add(&all);
                }
                to
            }
            Node::LineStart => self.kept(from, 0),
            Node::LineEnd => self.kept(from, len),
            Node::WordStart | Node::WordEnd | Node::WordEdge(_) => {
                let mut to = Positions::none(len);
                for position in from.iter() {
                    let is_word = |index: Option<usize>| {
                        index.and_then(|index| self.chars.get(index)).is_some_and(|&c| Class::Word.contains(c, false))
                    };
                    let (before, after) = (is_word(position.checked_sub(1)), is_word(Some(position)));
                    let fits = match node {
                        Node::WordStart => !before && after,
                        Node::WordEnd => before && !after,
                        Node::WordEdge(wanted) => (before != after) == *wanted,
                        _ => false,
                    };
                    if fits {
                        to.insert(position);
                    }
                }
                to
            }
        }
    }

    fn kept(&self, from: &Positions, position: usize) -> Positions {
        let mut to = Positions::none(self.chars.len());
        if from.contains(position) {
            to.insert(position);
        }
        to
    }

    fn repeat(&self, node: &Node, min: u32, max: Option<u32>, from: &Positions, way: Way) -> Positions {
        let len = self.chars.len();
        let mut current = from.clone();
        for _ in 0..min {
            let next = self.step(node, &current, way);
            if next.is_empty() || next == current {
                current = next;
                break;
            }
            current = next;
        }
        if max.is_none() && matches!(node, Node::Char(_) | Node::Any | Node::Set(_)) {
            // One run over the text instead of one round for every character.
            match way {
                Way::Forward => (0..len).for_each(|at| {
                    if current.contains(at) && self.matches_one(node, self.chars[at]) {
                        current.insert(at + 1);
                    }
                }),
                Way::Back => (0..len).rev().for_each(|at| {
                    if current.contains(at + 1) && self.matches_one(node, self.chars[at]) {
                        current.insert(at);
                    }
                }),
            }
            return current;
        }
        let mut all = current.clone();
        let mut rounds = max.map_or(u32::MAX, |max| max.saturating_sub(min));
        while rounds > 0 && !current.is_empty() {
            current = self.step(node, &current, way);
            current.remove(&all);
            all.add(&current);
            rounds -= 1;
        }
        all
    }

    /// Whether a node of one character matches this one.
    pub fn matches_one(&self, node: &Node, c: char) -> bool {
        match node {
            Node::Char(own) => *own == c || self.nocase && fold(*own) == fold(c),
            Node::Any => true,
            Node::Set(bracket) => bracket.contains(c, self.nocase),
            _ => false,
        }
    }
}
