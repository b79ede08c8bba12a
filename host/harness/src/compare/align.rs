//! Aligning expected lines with lines that were written: as many as can match stay together.
//!
//! A pattern may match several lines that do not match one another, so this is the longest common subsequence with a
//! question rather than an equality, computed in full for what lies between the first and the last difference. Where that would
//! be too much, lines are compared as text first (Myers' algorithm, from `similar`), and patterns only with what that leaves.

use crate::expect::{Expected, Produced};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The most comparisons that are made in full: some ten milliseconds of regular expressions.
const MOST_COMPARISONS: usize = 250_000;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligned {
    /// The expected line matches a line that was written.
    Both(usize),
    /// The expected line was not written.
    Expected(usize),
    /// The written line is not expected.
    Produced(usize),
}

/// Aligns the lines. If they match one by one, nothing but [`Aligned::Both`] comes out.
pub(super) fn align(expected: &[Expected<'_>], produced: &[Produced]) -> Vec<Aligned> {
    let mut aligned = Vec::with_capacity(expected.len().max(produced.len()));
    between(expected, produced, 0, 0, &mut aligned, by_text);
    aligned
}

/// What is used for lines that begin and end with a difference.
type Method = fn(&[Expected<'_>], &[Produced], usize, usize, &mut Vec<Aligned>);

/// Aligns the equal lines at the beginning and the end, and what lies between in full, or by `method` if that would be too much.
/// The slices begin at `expected_at` and `produced_at`.
fn between(
    expected: &[Expected<'_>],
    produced: &[Produced],
    expected_at: usize,
    produced_at: usize,
    aligned: &mut Vec<Aligned>,
    method: Method,
) {
    let before = expected.iter().zip(produced).take_while(|(expected, line)| expected.matches(line)).count();
    let (inner, lines) = (&expected[before..], &produced[before..]);
    let from_the_end = inner.iter().rev().zip(lines.iter().rev());
    let after = from_the_end.take_while(|(expected, line)| expected.matches(line)).count();
    let (inner, lines) = (&inner[..inner.len() - after], &lines[..lines.len() - after]);
    aligned.extend((expected_at..expected_at + before).map(Aligned::Both));
    let few = inner.len().saturating_mul(lines.len()) <= MOST_COMPARISONS;
    let method = if few { in_full } else { method };
    method(inner, lines, expected_at + before, produced_at + before, aligned);
    let end = expected_at + expected.len();
    aligned.extend((end - after..end).map(Aligned::Both));
}

fn by_text(
    expected: &[Expected<'_>],
    produced: &[Produced],
    expected_at: usize,
    produced_at: usize,
    aligned: &mut Vec<Aligned>,
) {
    let texts: Vec<&[u8]> = expected.iter().map(Expected::text).collect();
    let lines: Vec<&[u8]> = produced.iter().map(Produced::written).collect();
    for op in capture_diff_slices(Algorithm::Myers, &texts, &lines) {
        let (old, new) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => aligned.extend(old.map(|line| Aligned::Both(expected_at + line))),
            _ => {
                let (from, to) = (expected_at + old.start, produced_at + new.start);
                between(&expected[old], &produced[new], from, to, aligned, apart);
            }
        }
    }
}

fn apart(
    expected: &[Expected<'_>],
    produced: &[Produced],
    expected_at: usize,
    produced_at: usize,
    aligned: &mut Vec<Aligned>,
) {
    aligned.extend((expected_at..expected_at + expected.len()).map(Aligned::Expected));
    aligned.extend((produced_at..produced_at + produced.len()).map(Aligned::Produced));
}

/// The longest common subsequence, by the table of the lengths for all ends of both.
fn in_full(
    expected: &[Expected<'_>],
    produced: &[Produced],
    expected_at: usize,
    produced_at: usize,
    aligned: &mut Vec<Aligned>,
) {
    let width = produced.len() + 1;
    let mut longest = vec![0_u32; (expected.len() + 1) * width];
    let mut matching = vec![false; expected.len() * produced.len()];
    for (e, line) in expected.iter().enumerate().rev() {
        for (p, written) in produced.iter().enumerate().rev() {
            let skipped = longest[(e + 1) * width + p].max(longest[e * width + p + 1]);
            let matches = line.matches(written);
            matching[e * produced.len() + p] = matches;
            longest[e * width + p] = if matches { skipped.max(longest[(e + 1) * width + p + 1] + 1) } else { skipped };
        }
    }
    let (mut e, mut p) = (0, 0);
    while e < expected.len() && p < produced.len() {
        let together = longest[(e + 1) * width + p + 1] + 1;
        if matching[e * produced.len() + p] && longest[e * width + p] == together {
            aligned.push(Aligned::Both(expected_at + e));
            (e, p) = (e + 1, p + 1);
        } else if longest[(e + 1) * width + p] == longest[e * width + p] {
            aligned.push(Aligned::Expected(expected_at + e));
            e += 1;
        } else {
            aligned.push(Aligned::Produced(produced_at + p));
            p += 1;
        }
    }
    aligned.extend((expected_at + e..expected_at + expected.len()).map(Aligned::Expected));
    aligned.extend((produced_at + p..produced_at + produced.len()).map(Aligned::Produced));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `=` for a line that stays, `-` for one that goes, `+` for one that comes.
    fn marks(expected: &[&str], produced: &[&str]) -> String {
        let expected: Vec<_> = expected.iter().map(|line| Expected::new(line.as_bytes())).collect();
        let produced: Vec<_> = produced.iter().map(|line| Produced::new(line.as_bytes().to_vec())).collect();
        let aligned = align(&expected, &produced);
        let mark = |line: &Aligned| match line {
            Aligned::Both(_) => '=',
            Aligned::Expected(_) => '-',
            Aligned::Produced(_) => '+',
        };
        aligned.iter().map(mark).collect()
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
