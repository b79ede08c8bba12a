//! POSIX's regular expressions against a naive matcher: expressions are built as trees, which the matcher tries in all ways, and the
//! engine is given their texts.

use arbitrary::{Result, Unstructured};
use posix_regex::{Options, Regex, Syntax};
use std::collections::BTreeSet;

/// What patterns are made of.
pub(crate) const WORDS: &[&str] = &[
    "\\(",
    "\\)",
    "\\{1,2\\}",
    "{1,2}",
    "{,3}",
    "{2,}",
    "[[:alpha:]]",
    "[[:",
    ":]",
    "[^]",
    "[a-z]",
    "[[.-.]]",
    "[[=a=]]",
    "\\1",
    "\\2",
    "\\<",
    "\\>",
    "\\b",
    "\\B",
    "\\w",
    "\\`",
    "\\'",
    "\\|",
    "|",
    "*",
    "+",
    "?",
    "^",
    "$",
    ".",
    "(",
    ")",
    "(?",
    "(?i)",
    "\\n",
    "\\x{",
    "\\p{",
    "\n",
    "a",
    "b",
    "é",
    "{32768}",
    "{32767}",
];

/// A pattern as it comes, up to the first zero, on the text after it: whatever it is, it ends, and what it finds lies in the text.
pub fn posix_regex_text(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let pattern = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let text = parts.next().unwrap_or(b"aab \xc3\xa9\nba\xff");
    let syntax = [Syntax::Fixed, Syntax::Basic, Syntax::Extended, Syntax::Emacs, Syntax::Awk, Syntax::Perl];
    let syntax = syntax[usize::from(first & 7) % syntax.len()];
    let options = Options { ignore_case: first & 8 != 0, dot_matches_newline: first & 16 != 0 };
    let Ok(regex) = Regex::new(&pattern, syntax, options) else { return };
    for start in 0..=text.len() + 1 {
        let found = regex.find_at(text, start);
        if let Some((begin, end)) = found {
            assert!(
                start <= begin && begin <= end && end <= text.len(),
                "{pattern:?} from {start}: {begin} to {end} of {text:?}"
            );
        }
        if start == 0 {
            assert_eq!(regex.is_match(text), found.is_some(), "{pattern:?} on {text:?}");
            assert_eq!(regex.is_full_match(text), found == Some((0, text.len())), "{pattern:?} on {text:?}");
        }
        if start <= text.len() {
            let whole = regex.groups_at(text, start).first().copied().flatten();
            assert_eq!(
                whole.map(|(begin, _)| begin),
                found.map(|(begin, _)| begin),
                "{pattern:?} from {start} of {text:?}"
            );
        }
    }
}

/// A pattern that is built, in one of four languages, on a text of a few letters.
pub fn posix_regex(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok((syntax, node, text)) = case(&mut input) else { return };
    let mut pattern = String::new();
    node.write(syntax, &mut pattern);
    let mut naive = Naive { text: text.chars().collect(), left: 200_000 };
    let Some(expected) = naive.find(&node) else { return };
    let regex = Regex::new(&pattern, syntax, Options::default());
    let regex = regex.unwrap_or_else(|error| panic!("{pattern:?} is {node:?} as {syntax:?}, but: {error}"));
    let found = regex.find_at(text.as_bytes(), 0);
    // With back references the engine takes the first alternative: where a match begins is the same.
    let (found, expected) = match node.has_back_reference() {
        true => (found.map(|(begin, _)| (begin, 0)), expected.map(|(begin, _)| (begin, 0))),
        false => (found, expected),
    };
    assert_eq!(found, expected, "{pattern:?} as {syntax:?} on {text:?}");
}

fn case(input: &mut Unstructured<'_>) -> Result<(Syntax, Node, String)> {
    let syntax = *input.choose(&[Syntax::Basic, Syntax::Extended, Syntax::Awk, Syntax::Emacs])?;
    let length = input.int_in_range(0..=9)?;
    let text = (0..length).map(|_| input.choose(&['a', 'b', 'c', 'é', '-', ' ']).copied()).collect::<Result<_>>()?;
    let mut groups = 0;
    let mut node = Node::any(input, syntax, 0, &mut groups)?;
    node.number(syntax, &mut 0, &mut Vec::new());
    Ok((syntax, node, text))
}

#[derive(Clone, Debug)]
enum Node {
    Letter(char),
    Any,
    Set {
        negated: bool,
        members: Vec<Member>,
    },
    Start,
    End,
    /// `\<`, `\>`, `\b`.
    Word(char),
    Group(Box<Node>, usize),
    Back(usize),
    Sequence(Vec<Node>),
    /// In a group of its own.
    Either(Vec<Node>, usize),
    Repeat(Box<Node>, u32, Option<u32>),
}

#[derive(Clone, Debug)]
enum Member {
    One(char),
    Range(char, char),
    Class(&'static str),
}

const LETTERS: &[char] = &['a', 'b', 'c', 'é', '-', ' '];

impl Node {
    /// `groups` is how many there are by the time that the node begins; their numbers are given in the end.
    fn any(input: &mut Unstructured<'_>, syntax: Syntax, depth: u32, groups: &mut usize) -> Result<Self> {
        let most = if depth >= 4 { 5 } else { 14 };
        Ok(match input.int_in_range(0..=most)? {
            0..=2 => Self::Letter(*input.choose(LETTERS)?),
            3 => Self::Any,
            4 => {
                let count = input.int_in_range(1..=3)?;
                let members = (0..count).map(|_| Member::any(input)).collect::<Result<_>>()?;
                Self::Set { negated: input.arbitrary()?, members }
            }
            5 => match input.int_in_range(0..=4)? {
                0 if syntax != Syntax::Awk => Self::Word('b'),
                0 | 1 => Self::Word('<'),
                2 => Self::Word('>'),
                3 => Self::Start,
                _ => Self::End,
            },
            6 if syntax != Syntax::Awk && *groups > 0 => Self::Back(input.int_in_range(0..=8)?),
            6 | 7 => {
                let node = Self::any(input, syntax, depth + 1, groups)?;
                *groups += 1;
                Self::Group(Box::new(node), 0)
            }
            8..=10 => {
                let count = input.int_in_range(1..=4)?;
                Self::Sequence((0..count).map(|_| Self::any(input, syntax, depth + 1, groups)).collect::<Result<_>>()?)
            }
            11 => {
                let count = input.int_in_range(2..=3)?;
                let nodes = (0..count).map(|_| Self::any(input, syntax, depth + 1, groups)).collect::<Result<_>>()?;
                *groups += 1;
                Self::Either(nodes, 0)
            }
            _ => {
                // Repeated anchors are refused by some and ignored by others; in a group they mean what they say.
                let node = Self::any(input, syntax, depth + 1, groups)?;
                let node = if matches!(
                    node,
                    Self::Letter(_) | Self::Any | Self::Set { .. } | Self::Group(..) | Self::Either(..)
                ) {
                    node
                } else {
                    *groups += 1;
                    Self::Group(Box::new(node), 0)
                };
                let (least, most) = *input.choose(&[
                    (0, None),
                    (0, None),
                    (1, None),
                    (0, Some(1)),
                    (2, Some(3)),
                    (2, None),
                    (0, Some(2)),
                    (2, Some(2)),
                ])?;
                Self::Repeat(Box::new(node), least, most)
            }
        })
    }

    fn has_back_reference(&self) -> bool {
        match self {
            Self::Back(_) => true,
            Self::Group(node, _) | Self::Repeat(node, ..) => node.has_back_reference(),
            Self::Sequence(nodes) | Self::Either(nodes, _) => nodes.iter().any(Self::has_back_reference),
            _ => false,
        }
    }

    /// Numbers groups by where they open, and has back references name one that is closed before them.
    fn number(&mut self, syntax: Syntax, opened: &mut usize, closed: &mut Vec<usize>) {
        match self {
            Self::Group(node, number) => {
                *opened += 1;
                *number = *opened;
                node.number(syntax, opened, closed);
                closed.push(*number);
            }
            Self::Either(nodes, number) => {
                *opened += 1;
                *number = *opened;
                nodes.iter_mut().for_each(|node| node.number(syntax, opened, closed));
                closed.push(*number);
            }
            // Written in a group: see below.
            Self::Start | Self::End if matches!(syntax, Syntax::Basic | Syntax::Emacs) => *opened += 1,
            Self::Sequence(nodes) => nodes.iter_mut().for_each(|node| node.number(syntax, opened, closed)),
            Self::Repeat(node, ..) => node.number(syntax, opened, closed),
            Self::Back(place) => {
                let named = closed.iter().copied().filter(|number| *number <= 9).nth(*place % closed.len().max(1));
                *self = named.map_or(Self::Letter('a'), Self::Back);
            }
            _ => {}
        }
    }

    /// Its text.
    fn write(&self, syntax: Syntax, out: &mut String) {
        let basic = matches!(syntax, Syntax::Basic | Syntax::Emacs);
        let (open, close, or) = if basic { ("\\(", "\\)", "\\|") } else { ("(", ")", "|") };
        match self {
            Self::Letter(letter) => out.push(*letter),
            Self::Any => out.push('.'),
            Self::Set { negated, members } => {
                out.push_str(if *negated { "[^" } else { "[" });
                // A hyphen stands for itself at the end alone.
                members
                    .iter()
                    .filter(|member| !matches!(member, Member::One('-')))
                    .for_each(|member| member.write(out));
                if members.iter().any(|member| matches!(member, Member::One('-'))) {
                    out.push('-');
                }
                out.push(']');
            }
            // Where a basic expression would take them as they are, they are put where it does not.
            Self::Start if basic => out.push_str(&format!("{open}^{close}")),
            Self::End if basic => out.push_str(&format!("{open}${close}")),
            Self::Start => out.push('^'),
            Self::End => out.push('$'),
            Self::Word(kind) => {
                out.push('\\');
                out.push(*kind);
            }
            Self::Group(node, _) => {
                out.push_str(open);
                node.write(syntax, out);
                out.push_str(close);
            }
            Self::Back(number) => out.push_str(&format!("\\{number}")),
            Self::Sequence(nodes) => nodes.iter().for_each(|node| node.write(syntax, out)),
            Self::Either(nodes, _) => {
                out.push_str(open);
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        out.push_str(or);
                    }
                    node.write(syntax, out);
                }
                out.push_str(close);
            }
            Self::Repeat(node, least, most) => {
                node.write(syntax, out);
                let interval = |text: &str| match syntax {
                    // Emacs has none, but find's translation takes them as a basic expression does.
                    Syntax::Basic | Syntax::Emacs => format!("\\{{{text}\\}}"),
                    _ => format!("{{{text}}}"),
                };
                let sign = |sign: &str| if syntax == Syntax::Basic { format!("\\{sign}") } else { sign.to_owned() };
                out.push_str(&match (least, most) {
                    (0, None) => "*".to_owned(),
                    (1, None) => sign("+"),
                    (0, Some(1)) => sign("?"),
                    (least, None) => interval(&format!("{least},")),
                    (least, Some(most)) if least == most => interval(&least.to_string()),
                    (least, Some(most)) => interval(&format!("{least},{most}")),
                });
            }
        }
    }
}

impl Member {
    fn any(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match input.int_in_range(0..=3)? {
            0 => Self::Range('a', *input.choose(&['a', 'b', 'z'])?),
            1 => Self::Class(input.choose(&["alpha", "digit", "space", "punct"])?),
            _ => Self::One(*input.choose(LETTERS)?),
        })
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::One(letter) => out.push(*letter),
            Self::Range(low, high) => out.push_str(&format!("{low}-{high}")),
            Self::Class(name) => out.push_str(&format!("[:{name}:]")),
        }
    }

    fn has(&self, letter: char) -> bool {
        match self {
            Self::One(own) => *own == letter,
            Self::Range(low, high) => (*low..=*high).contains(&letter),
            Self::Class("alpha") => letter.is_alphabetic(),
            Self::Class("digit") => letter.is_ascii_digit(),
            Self::Class("space") => letter == ' ',
            Self::Class(_) => letter.is_ascii_punctuation(),
        }
    }
}

/// Where a match may stand: the place, and what the groups hold.
type Place = (usize, Vec<Option<(usize, usize)>>);

/// Tries everything.
struct Naive {
    text: Vec<char>,
    /// So many steps, so that an unlucky pattern is given up.
    left: u32,
}

impl Naive {
    /// The leftmost match, and of those the longest, in bytes; the outer nothing when it takes too long.
    fn find(&mut self, node: &Node) -> Option<Option<(usize, usize)>> {
        for begin in 0..=self.text.len() {
            let ends = self.ends(node, &(begin, Vec::new()))?;
            if let Some((end, _)) = ends.last() {
                let bytes = |place: usize| self.text[..place].iter().map(|letter| letter.len_utf8()).sum();
                return Some(Some((bytes(begin), bytes(*end))));
            }
        }
        Some(None)
    }

    fn ends(&mut self, node: &Node, from: &Place) -> Option<BTreeSet<Place>> {
        self.left = self.left.checked_sub(1)?;
        let at = from.0;
        let next = self.text.get(at).copied();
        let step = |matches: bool| matches.then(|| (at + 1, from.1.clone())).into_iter().collect();
        let stay = |matches: bool| matches.then(|| from.clone()).into_iter().collect();
        Some(match node {
            Node::Letter(letter) => step(next == Some(*letter)),
            Node::Any => step(next.is_some()),
            Node::Set { negated, members } => {
                step(next.is_some_and(|next| members.iter().any(|member| member.has(next)) != *negated))
            }
            Node::Start => stay(at == 0),
            Node::End => stay(at == self.text.len()),
            Node::Word(kind) => {
                let word = |place: Option<&char>| place.is_some_and(|letter| letter.is_alphanumeric());
                let (before, after) = (at > 0 && word(self.text.get(at - 1)), word(self.text.get(at)));
                stay(match kind {
                    '<' => !before && after,
                    '>' => before && !after,
                    _ => before != after,
                })
            }
            Node::Group(node, number) => self.closed(std::slice::from_ref(node), *number, from)?,
            Node::Either(nodes, number) => self.closed(nodes, *number, from)?,
            Node::Back(number) => match from.1.get(*number).copied().flatten() {
                Some((begin, end)) => {
                    let length = end - begin;
                    let same = self.text.get(at..at + length) == Some(&self.text[begin..end]);
                    same.then(|| (at + length, from.1.clone())).into_iter().collect()
                }
                None => BTreeSet::new(),
            },
            Node::Sequence(nodes) => {
                let mut places = BTreeSet::from([from.clone()]);
                for node in nodes {
                    places = self.all(node, &places)?;
                }
                places
            }
            Node::Repeat(node, least, most) => {
                let mut places = BTreeSet::from([from.clone()]);
                for _ in 0..*least {
                    places = self.all(node, &places)?;
                }
                let mut reached = places.clone();
                let mut times = *least;
                while most.is_none_or(|most| times < most) && !places.is_empty() {
                    places = self.all(node, &places)?.difference(&reached).cloned().collect();
                    reached.extend(places.iter().cloned());
                    times += 1;
                }
                reached
            }
        })
    }

    fn all(&mut self, node: &Node, places: &BTreeSet<Place>) -> Option<BTreeSet<Place>> {
        let mut reached = BTreeSet::new();
        for place in places {
            reached.extend(self.ends(node, place)?);
        }
        Some(reached)
    }

    fn closed<N: std::borrow::Borrow<Node>>(
        &mut self,
        nodes: &[N],
        number: usize,
        from: &Place,
    ) -> Option<BTreeSet<Place>> {
        let mut reached = BTreeSet::new();
        for node in nodes {
            for (end, mut groups) in self.ends(node.borrow(), from)? {
                if groups.len() <= number {
                    groups.resize(number + 1, None);
                }
                groups[number] = Some((from.0, end));
                reached.insert((end, groups));
            }
        }
        Some(reached)
    }
}
