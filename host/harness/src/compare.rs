//! Whether a session wrote what its case expects, and the case with what it wrote.
//!
//! Both come from one list of edits that leads from the file to what the session wrote: comments and commands stay, each step's
//! expected lines are aligned with its output. A step's output is expected directly below its command; what is expected
//! elsewhere (below a comment) is what was written after the last step, if it is at the end of the file, and otherwise nothing.

mod align;

use crate::case::{Case, Kind};
use crate::diff::{self, Hunk};
use crate::expect::{Expected, Produced, shown};
use crate::session::{Observed, ObservedStep, StepEnd, UNREACHABLE};
use align::Aligned;
use std::ops::Range;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The session wrote what was expected.
    Passed,
    /// The case said that it cannot be run here, or is an empty file.
    Skipped,
    /// It did not; the steps that differ, in order.
    Failed(Vec<StepDifference>),
}

impl Verdict {
    /// Whether there is nothing to complain of.
    pub fn is_well(&self) -> bool {
        matches!(self, Verdict::Passed | Verdict::Skipped)
    }
}

/// Where a step differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDifference {
    /// Which step, counted from 0; none if what differs stands above the first.
    pub step: Option<usize>,
    /// The line of its command, counted from 1, or the first line that differs if there is no step.
    pub line: usize,
    /// The differences, with the lines around them.
    pub hunks: Vec<Hunk>,
    /// What is wrong with the case itself.
    pub problems: Vec<Problem>,
}

/// An expected line that cannot match anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its line in the file, counted from 1.
    pub line: usize,
    /// The place in the line, in bytes, counted from 1.
    pub column: usize,
    /// The line, and what is wrong with it.
    pub message: String,
}

/// What happens to a line on the way from the file to what the session wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The line of the file, counted from 0, stays.
    Keep(usize),
    /// The line of the file, counted from 0, goes.
    Remove(usize),
    /// This comes; an expected line without its indentation.
    Add(Vec<u8>),
}

/// The edits that belong to a step: from its command to the next one.
struct StepEdits {
    step: Option<usize>,
    edits: Vec<Edit>,
}

/// Compares what a case expects with what its session wrote.
pub fn compare(case: &Case, observed: &Observed) -> Verdict {
    if is_skipped(case, observed) {
        return Verdict::Skipped;
    }
    let mut position = diff::Position::default();
    let mut differences = Vec::new();
    for StepEdits { step, edits } in edits(case, observed) {
        let hunks = diff::hunks(case, &edits, &mut position);
        if let Some(first) = hunks.first() {
            let line = step.map_or_else(|| first.first_change(), |step| case.steps()[step].line);
            differences.push(StepDifference { step, line, problems: problems(case, &edits), hunks });
        }
    }
    if differences.is_empty() { Verdict::Passed } else { Verdict::Failed(differences) }
}

/// The case's file with what its session wrote: expected lines that match stay as they are, and so does every byte that is
/// not expected output.
pub fn updated(case: &Case, observed: &Observed) -> Vec<u8> {
    if is_skipped(case, observed) {
        return case.source().to_vec();
    }
    let mut file: Vec<u8> = Vec::with_capacity(case.source().len());
    for edit in edits(case, observed).into_iter().flat_map(|step| step.edits) {
        let line = match edit {
            Edit::Remove(_) => continue,
            Edit::Keep(line) => case.whole(line).to_vec(),
            Edit::Add(text) => [b"  ", text.as_slice(), case.line_end()].concat(),
        };
        if !file.is_empty() && !file.ends_with(b"\n") {
            file.extend_from_slice(case.line_end());
        }
        file.extend_from_slice(&line);
    }
    file
}

/// The differences of the whole file, as `diff -u` has them.
pub fn unified(case: &Case, observed: &Observed) -> Vec<Hunk> {
    if is_skipped(case, observed) {
        return Vec::new();
    }
    let edits: Vec<Edit> = edits(case, observed).into_iter().flat_map(|step| step.edits).collect();
    diff::hunks(case, &edits, &mut diff::Position::default())
}

fn is_skipped(case: &Case, observed: &Observed) -> bool {
    observed.is_skipped() || case.source().is_empty()
}

/// How the file becomes what the session wrote, by step.
fn edits(case: &Case, observed: &Observed) -> Vec<StepEdits> {
    let mut trailing = Produced::lines(&observed.trailing).collect::<Vec<_>>();
    let mut steps = Vec::new();
    let mut current = StepEdits { step: None, edits: Vec::new() };
    let mut line = 0;
    while line < case.line_count() {
        let mut written = Vec::new();
        match case.kind(line) {
            Kind::Comment => {
                current.edits.push(Edit::Keep(line));
                line += 1;
                continue;
            }
            Kind::Command => {
                let step = Some(current.step.map_or(0, |step| step + 1));
                steps.push(std::mem::replace(&mut current, StepEdits { step, edits: Vec::new() }));
                let below = end_of(case, line + 1, Kind::Continuation);
                current.edits.extend((line..below).map(Edit::Keep));
                line = below;
                written = step
                    .and_then(|step| observed.steps.get(step))
                    .map_or_else(Vec::new, |step| produced(step, observed));
            }
            Kind::Continuation | Kind::Expected => {}
        }
        let end = end_of(case, line, Kind::Expected);
        if end == case.line_count() {
            written.append(&mut trailing);
        }
        align(case, line..end, &written, &mut current.edits);
        line = end;
    }
    current.edits.extend(trailing.iter().map(|line| Edit::Add(line.written().to_vec())));
    steps.push(current);
    steps
}

/// Where the lines of a kind that begin at `line`, if there are any, end.
fn end_of(case: &Case, line: usize, kind: Kind) -> usize {
    (line..case.line_count()).find(|next| case.kind(*next) != kind).unwrap_or(case.line_count())
}

/// What a step wrote, as it would be expected.
fn produced(step: &ObservedStep, observed: &Observed) -> Vec<Produced> {
    let mut lines: Vec<Produced> = Produced::lines(&step.output).collect();
    let status = match step.end {
        StepEnd::Exited(status) => status,
        StepEnd::EndedSession => observed.session_exit,
        StepEnd::NotReached => {
            lines.push(Produced::new(UNREACHABLE.as_bytes().to_vec()));
            0
        }
    };
    if status != 0 {
        lines.push(Produced::new(format!("[{status}]").into_bytes()));
    }
    lines
}

/// Aligns expected lines with what was written.
fn align(case: &Case, lines: Range<usize>, produced: &[Produced], edits: &mut Vec<Edit>) {
    let expected: Vec<Expected<'_>> = lines.clone().map(|line| Expected::new(case.expected(line))).collect();
    for aligned in align::align(&expected, produced) {
        edits.push(match aligned {
            Aligned::Both(line) => Edit::Keep(lines.start + line),
            Aligned::Expected(line) => Edit::Remove(lines.start + line),
            Aligned::Produced(line) => Edit::Add(produced[line].written().to_vec()),
        });
    }
}

/// What is wrong with the expected lines that go.
fn problems(case: &Case, edits: &[Edit]) -> Vec<Problem> {
    let removed = edits.iter().filter_map(|edit| match edit {
        Edit::Remove(line) => Some(*line),
        _ => None,
    });
    removed
        .filter_map(|line| {
            let text = case.expected(line);
            let expected = Expected::new(text);
            let wrong = expected.wrong_pattern()?;
            let message = format!("`{}` is no regular expression: {}", shown(text), wrong.problem);
            Some(Problem { line: line + 1, column: 3 + wrong.offset, message })
        })
        .collect()
}

#[cfg(test)]
mod tests;
