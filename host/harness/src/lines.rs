//! The lines that a step wrote, as places in its output: whoever writes a million line ends costs four bytes for each.

use crate::expect::escape::escaped;
use std::borrow::Cow;

const NO_EOL: &[u8] = b" (no-eol)";

/// Lines, without their ends.
#[derive(Debug, Default)]
pub(crate) struct Lines<'o> {
    parts: Vec<Part<'o>>,
    count: usize,
}

#[derive(Debug)]
enum Part<'o> {
    /// Lines of an output, and where each ends.
    Output(&'o [u8], Vec<u32>),
    /// A line that is in no output as it is.
    Made(Vec<u8>),
}

impl<'o> Lines<'o> {
    /// The lines of a step's output. The last one is marked if its end is missing.
    pub(crate) fn of(output: &'o [u8]) -> Self {
        let mut lines = Self::default();
        // Beyond what 32 bits can count is one line.
        let counted = &output[..output.len().min(u32::MAX as usize)];
        let ends: Vec<u32> =
            counted.iter().zip(0_u32..).filter(|(byte, _)| **byte == b'\n').map(|(_, at)| at).collect();
        let rest = &output[ends.last().map_or(0, |end| *end as usize + 1)..];
        lines.count = ends.len();
        if !ends.is_empty() {
            lines.parts.push(Part::Output(output, ends));
        }
        if !rest.is_empty() {
            lines.push([rest, NO_EOL].concat());
        }
        lines
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: Vec<u8>) {
        self.parts.push(Part::Made(line));
        self.count += 1;
    }

    /// Adds the lines of another output.
    pub(crate) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.parts.extend(other.parts);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// A line as it was written, counted from 0.
    ///
    /// # Panics
    /// When there is no such line.
    pub(crate) fn raw(&self, at: usize) -> &[u8] {
        let mut at = at;
        for part in &self.parts {
            match part {
                Part::Output(output, ends) if at < ends.len() => {
                    let start = if at == 0 { 0 } else { ends[at - 1] as usize + 1 };
                    return &output[start..ends[at] as usize];
                }
                Part::Made(line) if at == 0 => return line,
                Part::Output(_, ends) => at -= ends.len(),
                Part::Made(_) => at -= 1,
            }
        }
        panic!("there are {} lines", self.count)
    }

    /// How a line is written in a case.
    pub(crate) fn written(&self, at: usize) -> Cow<'_, [u8]> {
        written(self.raw(at))
    }
}

/// How a line is written in a case: as it is, unless that would not be read back or not be seen.
pub(crate) fn written(raw: &[u8]) -> Cow<'_, [u8]> {
    escaped(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &Lines<'_>) -> Vec<String> {
        (0..lines.len()).map(|at| String::from_utf8_lossy(&lines.written(at)).into_owned()).collect()
    }

    #[test]
    fn lines_of_an_output() {
        let written = |output: &[u8]| all(&Lines::of(output));
        assert_eq!(written(b""), [""; 0]);
        assert_eq!(written(b"\n"), [""]);
        assert_eq!(written(b"a\n\nb"), ["a", "", "b (no-eol)"]);
        assert_eq!(written(b"a\rb\r\n"), [r"a\rb\r (esc)"]);
        assert_eq!(written(b"\0"), [r"\x00 (no-eol) (esc)"]);
    }

    #[test]
    fn several_outputs_are_one_list() {
        let mut lines = Lines::of(b"a\nb\nc");
        lines.push(b"[1]".to_vec());
        lines.append(Lines::of(b"\nd\n"));
        assert_eq!(all(&lines), ["a", "b", "c (no-eol)", "[1]", "", "d"]);
    }
}
