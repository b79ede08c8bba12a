//! Aligning expected lines with lines that were written: as many as can match stay together.
//!
//! Whether all lines match is decided by comparing them one by one, which is all that a verdict needs. What follows is for
//! people: a pattern may match several lines that do not match one another, so what stays together is the longest common
//! subsequence with a question rather than an equality, computed in full for what lies between the first and the last
//! difference. Where that would be too much, lines are compared as text first (Myers' algorithm, from `similar`), and patterns
//! only with what that leaves; and where even that would be, what lies between is not aligned.

use crate::effort::{Effort, Exhausted};
use crate::expect::Expected;
use crate::lines::Lines;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The most comparisons that are made in full.
const MOST_COMPARISONS: usize = 250_000;
/// The steps that aligning may take, beyond finding the first difference: about a second.
const MOST_STEPS: u64 = 1 << 29;
/// More lines than that are not aligned as text.
const MOST_LINES: usize = 100_000;
/// How long aligning as text may take; then it gets coarser.
const TEXT_TIME: Duration = Duration::from_millis(500);

/// What becomes of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligned {
    /// The expected lines match lines that were written.
    Both,
    /// The expected lines were not written.
    Expected,
    /// The written lines are not expected.
    Produced,
}

/// What becomes of how many lines that follow one another.
pub(super) type Run = (Aligned, usize);

/// Aligns the lines. If they match one by one, nothing but [`Aligned::Both`] comes out.
///
/// # Errors
/// When nothing is left of the effort before it is known whether they do.
pub(super) fn align(
    expected: &mut Expected<'_>,
    produced: &Lines<'_>,
    effort: &mut Effort,
) -> Result<Vec<Run>, Exhausted> {
    let (e, p) = (0..expected.len(), 0..produced.len());
    let mut before = 0;
    while before < e.len().min(p.len()) && expected.matches(before, produced.raw(before), effort)? {
        before += 1;
    }
    let mut aligner = Aligner { expected, produced, effort, runs: Vec::new() };
    aligner.add(Aligned::Both, before);
    if before < e.len().max(p.len()) {
        aligner.effort.leave(MOST_STEPS);
        aligner.after_a_difference(before..e.end, before..p.end, Method::ByText);
    }
    Ok(aligner.runs)
}

/// What is done where comparing everything with everything is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    ByText,
    Apart,
}

struct Aligner<'a, 'e, 'o> {
    expected: &'a mut Expected<'e>,
    produced: &'a Lines<'o>,
    effort: &'a mut Effort,
    runs: Vec<Run>,
}

impl Aligner<'_, '_, '_> {
    fn add(&mut self, what: Aligned, count: usize) {
        match self.runs.last_mut() {
            _ if count == 0 => {}
            Some((last, length)) if *last == what => *length += count,
            _ => self.runs.push((what, count)),
        }
    }

    /// Nothing matches that cannot be found out.
    fn matches(&mut self, e: usize, p: usize) -> bool {
        self.expected.matches(e, self.produced.raw(p), self.effort).unwrap_or(false)
    }

    /// Aligns the lines at the beginning that match, and what follows.
    fn between(&mut self, e: Range<usize>, p: Range<usize>, method: Method) {
        let mut before = 0;
        while before < e.len().min(p.len()) && self.matches(e.start + before, p.start + before) {
            before += 1;
        }
        self.add(Aligned::Both, before);
        self.after_a_difference(e.start + before..e.end, p.start + before..p.end, method);
    }

    /// Aligns the lines at the end that match, and what lies before in full, or by `method` if that would be too much.
    fn after_a_difference(&mut self, e: Range<usize>, p: Range<usize>, method: Method) {
        let mut after = 0;
        while after < e.len().min(p.len()) && self.matches(e.end - 1 - after, p.end - 1 - after) {
            after += 1;
        }
        let (e, p) = (e.start..e.end - after, p.start..p.end - after);
        if e.len().saturating_mul(p.len()) <= MOST_COMPARISONS {
            self.in_full(e, p);
        } else if method == Method::ByText && e.len().max(p.len()) <= MOST_LINES {
            self.by_text(e, p);
        } else {
            self.apart(e.len(), p.len());
        }
        self.add(Aligned::Both, after);
    }

    fn apart(&mut self, expected: usize, produced: usize) {
        self.add(Aligned::Expected, expected);
        self.add(Aligned::Produced, produced);
    }

    fn by_text(&mut self, e: Range<usize>, p: Range<usize>) {
        let produced = self.produced;
        let texts: Vec<Cow<'_, [u8]>> = e.clone().map(|line| Cow::Borrowed(self.expected.text(line))).collect();
        let lines: Vec<Cow<'_, [u8]>> = p.clone().map(|line| produced.written(line)).collect();
        let soon = Instant::now() + TEXT_TIME;
        let deadline = self.effort.deadline().map_or(soon, |deadline| deadline.min(soon));
        for op in capture_diff_slices_deadline(Algorithm::Myers, &texts, &lines, Some(deadline)) {
            let (old, new) = (op.old_range(), op.new_range());
            match op {
                DiffOp::Equal { .. } => self.add(Aligned::Both, old.len()),
                _ => {
                    let old = e.start + old.start..e.start + old.end;
                    self.between(old, p.start + new.start..p.start + new.end, Method::Apart);
                }
            }
        }
    }

    /// The longest common subsequence, by the table of the lengths for all ends of both.
    fn in_full(&mut self, e: Range<usize>, p: Range<usize>) {
        let (rows, columns) = (e.len(), p.len());
        let width = columns + 1;
        let mut longest = vec![0_u32; (rows + 1) * width];
        let mut matching = vec![false; rows * columns];
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                let skipped = longest[(row + 1) * width + column].max(longest[row * width + column + 1]);
                let matches = self.matches(e.start + row, p.start + column);
                matching[row * columns + column] = matches;
                longest[row * width + column] =
                    if matches { skipped.max(longest[(row + 1) * width + column + 1] + 1) } else { skipped };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows && column < columns {
            let together = longest[(row + 1) * width + column + 1] + 1;
            if matching[row * columns + column] && longest[row * width + column] == together {
                self.add(Aligned::Both, 1);
                (row, column) = (row + 1, column + 1);
            } else if longest[(row + 1) * width + column] == longest[row * width + column] {
                self.add(Aligned::Expected, 1);
                row += 1;
            } else {
                self.add(Aligned::Produced, 1);
                column += 1;
            }
        }
        self.apart(rows - row, columns - column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `=` for a line that stays, `-` for one that goes, `+` for one that comes.
    fn marks(expected: &[&str], produced: &[&str]) -> String {
        let mut expected = Expected::new(expected.iter().map(|line| line.as_bytes()).collect());
        let output: String = produced.iter().map(|line| format!("{line}\n")).collect();
        let runs = align(&mut expected, &Lines::of(output.as_bytes()), &mut Effort::until(None)).expect("it ends");
        let mark = |(what, count): &Run| match what {
            Aligned::Both => "=".repeat(*count),
            Aligned::Expected => "-".repeat(*count),
            Aligned::Produced => "+".repeat(*count),
        };
        runs.iter().map(mark).collect()
    }

    #[test]
    fn small() {
        for (expected, produced, marked) in [
            (&[][..], &[][..], ""),
            (&["a"], &[], "-"),
            (&[], &["a"], "+"),
            (&["a", "b"], &["a", "b"], "=="),
            (&["a", "x", "c"], &["a", "y", "c"], "=-+="),
            (&["b", "c", "d"], &["a", "b", "c"], "+==-"),
            (&["* (glob)", "b"], &["a", "x", "b"], "=+="),
            (&["x", "a* (glob)", "y"], &["ab", "z"], "-=-+"),
        ] {
            assert_eq!(marks(expected, produced), marked, "{expected:?} {produced:?}");
        }
    }

    #[test]
    fn an_expected_line_is_found_once() {
        assert_eq!(marks(&["a"], &["a", "a"]), "=+");
        assert_eq!(marks(&["* (glob)", "* (glob)"], &["a"]), "=-");
    }

    #[test]
    fn much_output_is_aligned_by_text_first() {
        let mut expected: Vec<String> = (0..2000).map(|line| line.to_string()).collect();
        let produced = expected.clone();
        expected[0] = "other".to_owned();
        expected[1999] = "others".to_owned();
        expected[1000] = "100? (glob)".to_owned();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        let produced: Vec<&str> = produced.iter().map(String::as_str).collect();
        let marks = marks(&expected, &produced);
        assert_eq!(marks, format!("-+{}-+", "=".repeat(1998)));
    }

    #[test]
    fn far_too_much_difference_is_no_alignment() {
        let expected: Vec<String> = (0..600).map(|line| format!("e{line}")).collect();
        let produced: Vec<String> = (0..600).map(|line| format!("p{line}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        let produced: Vec<&str> = produced.iter().map(String::as_str).collect();
        assert_eq!(marks(&expected, &produced), format!("{}{}", "-".repeat(600), "+".repeat(600)));
    }
}
