//! Differences as data: the program above decides how they look.

use crate::case::Case;
use crate::compare::Edit;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// How many unchanged lines are shown before and after a change.
const CONTEXT: usize = 3;

/// Two lines of which less than this part is the same are different lines, in which no words are marked.
const LEAST_IN_COMMON: f64 = 0.4;

/// Longer lines are not compared word by word.
const LONGEST_COMPARED: usize = 2_000;

/// Changes that lie close to one another, with the lines around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The number in the case's file of the first line, counted from 1.
    pub old_start: usize,
    /// Its number in the updated file.
    pub new_start: usize,
    /// At least one is a change.
    pub lines: Vec<Line>,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub kind: Kind,
    /// The line without its end.
    pub text: Vec<u8>,
    /// Its number in the case's file, counted from 1; none for an added line.
    pub old: Option<usize>,
    /// Its number in the updated file, counted from 1; none for a removed line.
    pub new: Option<usize>,
    /// Which bytes of [`Line::text`] differ, if the line was replaced by one that is like it.
    pub emphasis: Vec<Range<usize>>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It stays.
    Context,
    /// It was expected and not written.
    Removed,
    /// It was written and not expected.
    Added,
}

/// The numbers of the next line in both files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    old: usize,
    new: usize,
}

impl Default for Position {
    fn default() -> Self {
        Self { old: 1, new: 1 }
    }
}

impl Hunk {
    /// The number in the case's file of the first line that changes, or of the one that it comes before.
    pub fn first_change(&self) -> usize {
        let unchanged = self.lines.iter().take_while(|line| line.kind == Kind::Context).count();
        self.old_start + unchanged
    }

    /// `@@ -3,4 +3,5 @@`, as `diff -u` has it.
    pub fn header(&self) -> String {
        let range =
            |start: usize, numbers: fn(&Line) -> Option<usize>| match self.lines.iter().filter_map(numbers).count() {
                0 => format!("{},0", start - 1),
                1 => start.to_string(),
                length => format!("{start},{length}"),
            };
        format!("@@ -{} +{} @@", range(self.old_start, |line| line.old), range(self.new_start, |line| line.new))
    }
}

impl Kind {
    /// The sign before the line in a unified difference.
    pub fn sign(self) -> char {
        match self {
            Kind::Context => ' ',
            Kind::Removed => '-',
            Kind::Added => '+',
        }
    }
}

/// A unified difference that `patch` understands.
pub fn patch(name: &str, hunks: &[Hunk]) -> Vec<u8> {
    let mut patch = format!("--- {name}\n+++ {name}\n").into_bytes();
    for hunk in hunks {
        patch.extend_from_slice(hunk.header().as_bytes());
        patch.push(b'\n');
        for line in &hunk.lines {
            patch.push(line.kind.sign() as u8);
            patch.extend_from_slice(&line.text);
            patch.push(b'\n');
        }
    }
    patch
}

/// The changes among edits of a case. `position` is where they begin, and afterwards where they end.
pub(crate) fn hunks(case: &Case, edits: &[Edit], position: &mut Position) -> Vec<Hunk> {
    let begin = *position;
    let lines: Vec<Line> = edits.iter().map(|edit| line(case, edit, position)).collect();
    let mut hunks = Vec::new();
    let mut from = 0;
    while let Some(first) = (from..lines.len()).find(|at| lines[*at].kind != Kind::Context) {
        let start = first.saturating_sub(CONTEXT).max(from);
        let end = end_of_hunk(&lines, first);
        let before = &lines[..start];
        let mut hunk = Hunk {
            old_start: begin.old + before.iter().filter(|line| line.old.is_some()).count(),
            new_start: begin.new + before.iter().filter(|line| line.new.is_some()).count(),
            lines: lines[start..end].to_vec(),
        };
        emphasise(&mut hunk.lines);
        hunks.push(hunk);
        from = end;
    }
    hunks
}

fn line(case: &Case, edit: &Edit, position: &mut Position) -> Line {
    let (kind, text) = match edit {
        Edit::Keep(line) => (Kind::Context, case.text(*line).to_vec()),
        Edit::Remove(line) => (Kind::Removed, case.text(*line).to_vec()),
        Edit::Add(text) => (Kind::Added, [b"  ", text.as_slice()].concat()),
    };
    let next = |counter: &mut usize| {
        let number = *counter;
        *counter += 1;
        number
    };
    let old = (kind != Kind::Added).then(|| next(&mut position.old));
    let new = (kind != Kind::Removed).then(|| next(&mut position.new));
    Line { kind, text, old, new, emphasis: Vec::new() }
}

/// Where the hunk whose first change is at `first` ends: the next change is too far away to share the lines between.
fn end_of_hunk(lines: &[Line], first: usize) -> usize {
    let mut last = first;
    while let Some(next) = (last + 1..lines.len()).take(2 * CONTEXT + 1).find(|at| lines[*at].kind != Kind::Context) {
        last = next;
    }
    lines.len().min(last + 1 + CONTEXT)
}

/// Marks what differs where removed lines are followed by as many added ones.
fn emphasise(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        let count = |from: usize, kind: Kind| lines[from..].iter().take_while(|line| line.kind == kind).count();
        let removed = count(at, Kind::Removed);
        let added = count(at + removed, Kind::Added);
        if removed == added {
            for pair in at..at + removed {
                let (old, new) = differing(&lines[pair].text, &lines[pair + removed].text);
                lines[pair].emphasis = old;
                lines[pair + removed].emphasis = new;
            }
        }
        at += (removed + added).max(1);
    }
}

/// The bytes of either expected line that the other one does not have; nothing if they have little in common but their
/// indentation.
fn differing(old: &[u8], new: &[u8]) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if old.len().max(new.len()) > LONGEST_COMPARED {
        return (Vec::new(), Vec::new());
    }
    let (old_words, new_words) = (words(old), words(new));
    let text = |line: &'_ [u8], words: &[Range<usize>]| -> Vec<Vec<u8>> {
        words.iter().map(|word| line[word.clone()].to_vec()).collect()
    };
    let ops = capture_diff_slices(Algorithm::Myers, &text(old, &old_words), &text(new, &new_words));
    let (mut old_ranges, mut new_ranges) = (Vec::new(), Vec::new());
    let mut same = 0;
    for op in ops {
        if let DiffOp::Equal { old_index, len, .. } = op {
            let texts = old_words[old_index..old_index + len].iter();
            same += texts.filter(|word| word.start > 0).map(ExactSizeIterator::len).sum::<usize>();
            continue;
        }
        for (words, range, ranges) in
            [(&old_words, op.old_range(), &mut old_ranges), (&new_words, op.new_range(), &mut new_ranges)]
        {
            if let (Some(first), Some(last)) = (words[range.clone()].first(), words[range].last()) {
                ranges.push(first.start..last.end);
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "lines are short")]
    let common = same as f64 / old.len().max(new.len()).max(1) as f64;
    if common < LEAST_IN_COMMON { (Vec::new(), Vec::new()) } else { (old_ranges, new_ranges) }
}

/// Runs of letters and digits, runs of spaces, and every other byte by itself; a character beyond ASCII counts as a letter, so
/// that none is cut.
fn words(line: &[u8]) -> Vec<Range<usize>> {
    let class = |byte: u8| match byte {
        b' ' | b'\t' => 0,
        _ if byte.is_ascii_alphanumeric() || !byte.is_ascii() => 1,
        _ => 2,
    };
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, byte) in line.iter().enumerate() {
        match words.last_mut() {
            Some(word) if class(*byte) != 2 && class(line[word.start]) == class(*byte) => word.end = at + 1,
            _ => words.push(at..at + 1),
        }
    }
    words
}
