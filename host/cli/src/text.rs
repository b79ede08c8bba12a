//! Sizes, times and tables as people read them.

use crate::output::name;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

/// A size as a person reads it: `10.1 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    // What would be printed as 1024.0 belongs to the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// What is said of something that `--timeout` ended.
pub(crate) fn timed_out(what: &str, limit: Duration) -> String {
    format!("{what} timed out after {} (--timeout)", humantime::format_duration(limit))
}

/// A size that reads back as the same number: `4GiB`, or the bytes.
pub(crate) fn exact_size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    UNITS
        .iter()
        .find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit))
        .map_or_else(|| bytes.to_string(), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// A time with three digits: `812 us`, `1.24 ms`, `3.96 s`.
pub(crate) fn time(time: Duration) -> String {
    let microseconds = time.as_secs_f64() * 1e6;
    let (value, unit) = match microseconds {
        below if below < 999.5 => return format!("{below:.0} us"),
        below if below < 999_500.0 => (below / 1e3, "ms"),
        // Minutes are easier to grasp than thousands of seconds.
        below if below >= 600e6 => return humantime::format_duration(Duration::from_secs(time.as_secs())).to_string(),
        other => (other / 1e6, "s"),
    };
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {unit}")
}

/// How long ago that was, in its largest unit: `3 days ago`.
pub(crate) fn ago(then: SystemTime, now: SystemTime) -> String {
    const UNITS: [(&str, u64); 5] =
        [("year", 365 * 86_400), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    let seconds = now.duration_since(then).unwrap_or_default().as_secs();
    match UNITS.iter().find(|(_, length)| seconds >= *length) {
        Some((name, length)) => format!("{} ago", count(seconds / length, name)),
        None => "just now".to_owned(),
    }
}

/// `1 entry`, `2 entries`: a number and a word in the right form.
pub(crate) fn count(number: u64, word: &str) -> String {
    match (number, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {word}s"),
    }
}

/// Seconds since 1970, for JSON.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Whole microseconds, for JSON.
pub(crate) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Lines of cells in aligned columns, with a heading.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, which has as many cells as there are columns. Nothing in a cell can leave it.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells.iter().map(|cell| name(cell).to_string()).collect());
    }

    /// The text, with a line end after each line and no blanks before it.
    pub(crate) fn render(&self) -> String {
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| self.rows.iter().map(|row| width(&row[at])).chain([width(self.columns[at].0)]).max().unwrap_or(0))
            .collect();
        let heading: Vec<String> = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, width), (_, align)) in row.iter().zip(&widths).zip(&self.columns) {
                let _ = match align {
                    Align::Left => write!(line, "{cell:<width$}  "),
                    Align::Right => write!(line, "{cell:>width$}  "),
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        let said = [0, 1023, 1024, 1_048_575, 10_600_000, u64::MAX].map(size);
        assert_eq!(said, ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "10.1 MiB", "16.0 EiB"]);
    }

    #[test]
    fn exact_sizes_read_back() {
        for bytes in [0, 1, 1000, 1 << 10, 5 << 20, 4 << 30, 3 << 40, (4 << 30) + 1] {
            assert_eq!(crate::config::keys::read_size(&exact_size(bytes)), Ok(bytes));
        }
        assert_eq!(exact_size(4 << 30), "4GiB");
    }

    #[test]
    fn times_have_three_digits() {
        let said = [0, 812, 1240, 12_400, 124_000, 3_960_000, 39_600_000, 999_700, 7_200_000_000]
            .map(|microseconds| time(Duration::from_micros(microseconds)));
        assert_eq!(said, ["0 us", "812 us", "1.24 ms", "12.4 ms", "124 ms", "3.96 s", "39.6 s", "1.00 s", "2h"]);
    }

    #[test]
    fn ages_take_their_largest_unit() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let said = [0, 1, 119, 7200, 86_400 * 3].map(|seconds| ago(now - Duration::from_secs(seconds), now));
        assert_eq!(said, ["just now", "1 second ago", "1 minute ago", "2 hours ago", "3 days ago"]);
        assert_eq!(ago(now + Duration::from_secs(9), now), "just now");
    }

    #[test]
    fn words_follow_their_number() {
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(0, "entry"), "0 entries");
        assert_eq!(count(2, "day"), "2 days");
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&[("name", Align::Left), ("size", Align::Right), ("source", Align::Left)]);
        table.row(vec!["a".into(), "1.0 KiB".into(), "x".into()]);
        table.row(vec!["longer".into(), "7 B".into(), String::new()]);
        assert_eq!(table.render(), "name       size  source\na       1.0 KiB  x\nlonger      7 B\n");
    }

    #[test]
    fn a_cell_is_left_by_nothing() {
        let mut table = Table::new(&[("name", Align::Left), ("size", Align::Right)]);
        table.row(vec!["a\nb\x1b[m".into(), "1".into()]);
        let text = table.render();
        assert!(text.lines().count() == 2 && text.contains(r"a\nb\x1b[m"), "{text}");
    }
}
