//! Differences as data: the program above decides how they look.

use crate::case::Case;
use crate::compare::{Edit, StepEdits};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::borrow::Cow;
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
    /// How many more bytes it has.
    pub left_out: usize,
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

    fn has_change(&self) -> bool {
        self.lines.iter().any(|line| line.kind != Kind::Context)
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
            if line.left_out > 0 {
                patch.extend_from_slice(format!(" [{} more bytes]", line.left_out).as_bytes());
            }
            patch.push(b'\n');
        }
    }
    patch
}

/// How much of a difference is told. What a step writes may have a million lines.
#[derive(Debug)]
pub(crate) struct Budget {
    lines: usize,
    bytes: usize,
    /// Bytes of one line.
    longest: usize,
}

impl Budget {
    /// As much as a person may read, of all steps of a case.
    pub(crate) fn to_read() -> Self {
        Self { lines: 1_000, bytes: 256 << 10, longest: 8 << 10 }
    }

    /// As much as a report keeps.
    pub(crate) fn to_keep() -> Self {
        Self { lines: 20_000, bytes: 2 << 20, longest: 64 << 10 }
    }

    fn is_used_up(&self) -> bool {
        self.lines == 0
    }

    /// Takes what a line needs; after the first for which there is no room, there is none for any.
    fn take(&mut self, bytes: usize) -> bool {
        if self.lines == 0 || self.bytes < bytes {
            self.lines = 0;
            return false;
        }
        self.lines -= 1;
        self.bytes -= bytes;
        true
    }
}

/// The changes among the edits of a step, and how many more lines change than the budget allows to tell. `position` is where
/// the edits begin, and afterwards where they end.
pub(crate) fn hunks(
    case: &Case,
    step: &StepEdits<'_>,
    position: &mut Position,
    budget: &mut Budget,
) -> (Vec<Hunk>, usize) {
    let mut writer = Writer { position, budget, current: None, hunks: Vec::new(), left_out: 0 };
    let last_change = step.edits.iter().rposition(|edit| !matches!(edit, Edit::Keep(_)));
    for (at, edit) in step.edits.iter().enumerate() {
        match edit {
            Edit::Keep(lines) => {
                let change_follows = last_change.is_some_and(|last| last > at);
                writer.unchanged(lines.clone(), change_follows, |line| case.text(line));
            }
            Edit::Remove(lines) => {
                lines.clone().for_each(|line| writer.line(Kind::Removed, b"", || Cow::Borrowed(case.text(line))));
            }
            Edit::Add(written, lines) => {
                let written = &step.written[*written];
                lines.clone().for_each(|line| writer.line(Kind::Added, b"  ", || written.written(line)));
            }
        }
    }
    writer.finish();
    (writer.hunks, writer.left_out)
}

/// Puts lines into hunks.
struct Writer<'b> {
    position: &'b mut Position,
    budget: &'b mut Budget,
    current: Option<Hunk>,
    hunks: Vec<Hunk>,
    left_out: usize,
}

impl Writer<'_> {
    /// Lines that stay: only those close to a change are told.
    fn unchanged<'c>(&mut self, lines: Range<usize>, change_follows: bool, text: impl Fn(usize) -> &'c [u8]) {
        let after = if self.current.is_some() { CONTEXT } else { 0 };
        let before = if change_follows { CONTEXT } else { 0 };
        let told = |line| Cow::Borrowed(text(line));
        if lines.len() <= after + before {
            lines.for_each(|line| self.line(Kind::Context, b"", || told(line)));
            return;
        }
        let (behind, ahead) = (lines.start + after, lines.end - before);
        (lines.start..behind).for_each(|line| self.line(Kind::Context, b"", || told(line)));
        self.finish();
        self.position.old += ahead - behind;
        self.position.new += ahead - behind;
        (ahead..lines.end).for_each(|line| self.line(Kind::Context, b"", || told(line)));
    }

    fn line<'t>(&mut self, kind: Kind, indent: &[u8], text: impl FnOnce() -> Cow<'t, [u8]>) {
        let begin = *self.position;
        self.position.old += usize::from(kind != Kind::Added);
        self.position.new += usize::from(kind != Kind::Removed);
        if !self.budget.is_used_up() {
            let text = text();
            let shown = &text[..text.len().min(self.budget.longest)];
            if self.budget.take(shown.len()) {
                let line = Line {
                    kind,
                    text: [indent, shown].concat(),
                    left_out: text.len() - shown.len(),
                    old: (kind != Kind::Added).then_some(begin.old),
                    new: (kind != Kind::Removed).then_some(begin.new),
                    emphasis: Vec::new(),
                };
                let new = || Hunk { old_start: begin.old, new_start: begin.new, lines: Vec::new() };
                self.current.get_or_insert_with(new).lines.push(line);
                return;
            }
        }
        self.left_out += usize::from(kind != Kind::Context);
    }

    fn finish(&mut self) {
        // Lines before a change that there was no room for are none.
        if let Some(mut hunk) = self.current.take().filter(Hunk::has_change) {
            emphasise(&mut hunk.lines);
            self.hunks.push(hunk);
        }
    }
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
