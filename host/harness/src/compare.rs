//! Whether a session wrote what its case expects, and the case with what it wrote.
//!
//! Both come from one list of edits that leads from the file to what the session wrote: comments and commands stay, each step's
//! expected lines are aligned with its output. A step's output is expected directly below its command; what is expected
//! elsewhere (below a comment) is what was written after the last step, if it is at the end of the file, and otherwise nothing.

mod align;

use crate::case::{Case, Kind};
use crate::diff::{self, Budget, Hunk};
use crate::effort::{Effort, Exhausted};
use crate::expect::{Expected, shown, wrong_pattern};
use crate::lines::Lines;
use crate::session::{Observed, ObservedStep, StepEnd, UNREACHABLE};
use align::Aligned;
use std::ops::Range;
use std::time::Instant;

/// How many wrong regular expressions are told of a step.
const MOST_PROBLEMS: usize = 20;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The session wrote what was expected.
    Passed,
    /// The case said that it cannot be run here, or is an empty file.
    Skipped,
    /// It did not; the steps that differ, in order.
    Failed(Vec<StepDifference>),
    /// It is not known, because comparing took too long; the line of the step's command, counted from 1.
    Unfinished(usize),
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
    /// The differences, with the lines around them, as far as anybody would read them.
    pub hunks: Vec<Hunk>,
    /// How many more lines differ.
    pub left_out: usize,
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

/// What happens to lines that follow one another, on the way from the file to what the session wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The lines of the file, counted from 0, stay.
    Keep(Range<usize>),
    /// The lines of the file, counted from 0, go.
    Remove(Range<usize>),
    /// Lines come: those of [`StepEdits::written`] with this number.
    Add(usize, Range<usize>),
}

/// The edits that belong to a step: from its command to the next one.
pub(crate) struct StepEdits<'o> {
    step: Option<usize>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) written: Vec<Lines<'o>>,
}

impl<'o> StepEdits<'o> {
    fn of(step: Option<usize>) -> Self {
        Self { step, edits: Vec::new(), written: Vec::new() }
    }

    fn keep(&mut self, lines: Range<usize>) {
        match self.edits.last_mut() {
            _ if lines.is_empty() => {}
            Some(Edit::Keep(last)) if last.end == lines.start => last.end = lines.end,
            _ => self.edits.push(Edit::Keep(lines)),
        }
    }

    /// Goes on with the edits of the next step.
    fn append(&mut self, next: StepEdits<'o>) {
        let written = self.written.len();
        self.written.extend(next.written);
        for edit in next.edits {
            match edit {
                Edit::Keep(lines) => self.keep(lines),
                Edit::Remove(lines) => self.edits.push(Edit::Remove(lines)),
                Edit::Add(of, lines) => self.edits.push(Edit::Add(written + of, lines)),
            }
        }
    }
}

/// Compares what a case expects with what its session wrote. Without a deadline this may take long: a case's regular
/// expressions and globs may be made for it.
pub fn compare(case: &Case, observed: &Observed, deadline: Option<Instant>) -> Verdict {
    if is_skipped(case, observed) {
        return Verdict::Skipped;
    }
    let mut position = diff::Position::default();
    let mut budget = Budget::to_read();
    let mut differences = Vec::new();
    let compared = edits(case, observed, deadline, |one| {
        if let Some(difference) = one.difference(case, &mut position, &mut budget) {
            differences.push(difference);
        }
    });
    match compared {
        Err(line) => Verdict::Unfinished(line),
        Ok(()) if differences.is_empty() && observed.cut.is_none() => Verdict::Passed,
        Ok(()) => Verdict::Failed(differences),
    }
}

impl StepEdits<'_> {
    fn difference(&self, case: &Case, position: &mut diff::Position, budget: &mut Budget) -> Option<StepDifference> {
        let (hunks, left_out) = diff::hunks(case, self, position, budget);
        if hunks.is_empty() && left_out == 0 {
            return None;
        }
        let first = hunks.first().map_or(1, Hunk::first_change);
        let line = self.step.map_or(first, |step| case.steps()[step].line);
        Some(StepDifference { step: self.step, line, problems: self.problems(case), hunks, left_out })
    }

    /// What is wrong with the expected lines that go.
    fn problems(&self, case: &Case) -> Vec<Problem> {
        let removed = self.edits.iter().filter_map(|edit| match edit {
            Edit::Remove(lines) => Some(lines.clone()),
            _ => None,
        });
        let problem = |line| {
            let text = case.expected(line);
            let wrong = wrong_pattern(text)?;
            let message = format!("`{}` is no regular expression: {}", shown(text), wrong.problem);
            Some(Problem { line: line + 1, column: 3 + wrong.offset, message })
        };
        // Of very many, the first are looked at.
        removed.flatten().take(1000).filter_map(problem).take(MOST_PROBLEMS).collect()
    }
}

/// The case's file with what its session wrote: expected lines that match stay as they are, and so does every byte that is
/// not expected output. Nothing if comparing takes too long.
pub fn updated(case: &Case, observed: &Observed, deadline: Option<Instant>) -> Option<Vec<u8>> {
    if is_skipped(case, observed) {
        return Some(case.source().to_vec());
    }
    let mut file: Vec<u8> = Vec::with_capacity(case.source().len());
    let mut add = |parts: &[&[u8]]| {
        if !file.is_empty() && !file.ends_with(b"\n") {
            file.extend_from_slice(case.line_end());
        }
        parts.iter().for_each(|part| file.extend_from_slice(part));
    };
    let compared = edits(case, observed, deadline, |one| {
        for edit in &one.edits {
            match edit {
                Edit::Remove(_) => {}
                Edit::Keep(lines) => lines.clone().for_each(|line| add(&[case.whole(line)])),
                Edit::Add(written, lines) => {
                    lines.clone().for_each(|line| add(&[b"  ", &one.written[*written].written(line), case.line_end()]));
                }
            }
        }
    });
    compared.ok().map(|()| file)
}

/// The differences of the whole file, as `diff -u` has them, and how many more lines differ: of a very large difference the
/// beginning is enough. Nothing if comparing takes too long.
pub fn unified(case: &Case, observed: &Observed, deadline: Option<Instant>) -> Option<(Vec<Hunk>, usize)> {
    if is_skipped(case, observed) {
        return Some((Vec::new(), 0));
    }
    let mut all = StepEdits::of(None);
    edits(case, observed, deadline, |one| all.append(one)).ok()?;
    Some(diff::hunks(case, &all, &mut diff::Position::default(), &mut Budget::to_keep()))
}

fn is_skipped(case: &Case, observed: &Observed) -> bool {
    observed.is_skipped() || case.source().is_empty()
}

/// How the file becomes what the session wrote, step by step, each of which is handed to `each`.
///
/// # Errors
/// The line of the step at which the deadline was over, counted from 1.
fn edits<'o>(
    case: &Case,
    observed: &'o Observed,
    deadline: Option<Instant>,
    mut each: impl FnMut(StepEdits<'o>),
) -> Result<(), usize> {
    let mut effort = Effort::until(deadline);
    let mut trailing = Some(Lines::of(&observed.trailing));
    let mut current = StepEdits::of(None);
    let mut line = 0;
    while line < case.line_count() {
        let mut written = Lines::default();
        match case.kind(line) {
            Kind::Comment => {
                current.keep(line..line + 1);
                line += 1;
                continue;
            }
            Kind::Command => {
                let step = Some(current.step.map_or(0, |step| step + 1));
                each(std::mem::replace(&mut current, StepEdits::of(step)));
                let below = end_of(case, line + 1, Kind::Continuation);
                current.keep(line..below);
                line = below;
                written = step
                    .and_then(|step| observed.steps.get(step))
                    .map_or_else(Lines::default, |step| produced(step, observed));
            }
            Kind::Continuation | Kind::Expected => {}
        }
        let end = end_of(case, line, Kind::Expected);
        if end == case.line_count()
            && let Some(trailing) = trailing.take()
        {
            written.append(trailing);
        }
        align(case, line..end, written, &mut current, &mut effort)
            .map_err(|Exhausted| current.step.map_or(line + 1, |step| case.steps()[step].line))?;
        line = end;
    }
    if let Some(trailing) = trailing {
        current.edits.push(Edit::Add(current.written.len(), 0..trailing.len()));
        current.written.push(trailing);
    }
    each(current);
    Ok(())
}

/// Where the lines of a kind that begin at `line`, if there are any, end.
fn end_of(case: &Case, line: usize, kind: Kind) -> usize {
    (line..case.line_count()).find(|next| case.kind(*next) != kind).unwrap_or(case.line_count())
}

/// What a step wrote, as it would be expected.
fn produced<'o>(step: &'o ObservedStep, observed: &Observed) -> Lines<'o> {
    let mut lines = Lines::of(&step.output);
    let status = match step.end {
        StepEnd::Exited(status) => status,
        StepEnd::EndedSession => observed.session_exit,
        StepEnd::NotReached => {
            lines.push(UNREACHABLE.as_bytes().to_vec());
            0
        }
    };
    if status != 0 {
        lines.push(format!("[{status}]").into_bytes());
    }
    lines
}

/// Aligns expected lines with what was written.
fn align<'o>(
    case: &Case,
    lines: Range<usize>,
    written: Lines<'o>,
    into: &mut StepEdits<'o>,
    effort: &mut Effort,
) -> Result<(), Exhausted> {
    let mut expected = Expected::new(lines.clone().map(|line| case.expected(line)).collect());
    let (mut old, mut new) = (lines.start, 0);
    for (what, count) in align::align(&mut expected, &written, effort)? {
        match what {
            Aligned::Both => into.keep(old..old + count),
            Aligned::Expected => into.edits.push(Edit::Remove(old..old + count)),
            Aligned::Produced => into.edits.push(Edit::Add(into.written.len(), new..new + count)),
        }
        old += if what == Aligned::Produced { 0 } else { count };
        new += if what == Aligned::Expected { 0 } else { count };
    }
    into.written.push(written);
    Ok(())
}

#[cfg(test)]
mod tests;
