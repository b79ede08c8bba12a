//! Text for people, of lines that nothing in them can break.

use super::visible::{line, name};
use anstyle::Style;
use std::fmt::{Display, Write as _};

/// Lines with styles of our own. Whatever is put in is made visible on the way, so that a terminal obeys nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Without a line yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Goes on with the line. A tab is one; whatever else is not visible is shown as what it is.
    pub(crate) fn add(&mut self, text: impl Display) -> &mut Self {
        let _ = write!(self.0, "{}", line(&text.to_string()));
        self
    }

    /// Goes on with the line with bytes that may be no text.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = write!(self.0, "{}", line(bytes));
        self
    }

    /// Goes on with the line, in this style.
    pub(crate) fn styled(&mut self, style: Style, text: impl Display) -> &mut Self {
        let _ = write!(self.0, "{style}{}{style:#}", name(&text.to_string()));
        self
    }

    /// The same with bytes that may be no text.
    pub(crate) fn styled_bytes(&mut self, style: Style, bytes: &[u8]) -> &mut Self {
        let _ = write!(self.0, "{style}{}{style:#}", line(bytes));
        self
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// A whole line.
    pub(crate) fn line(&mut self, text: impl Display) -> &mut Self {
        self.add(text).end()
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With its styles.
    pub(super) fn painted(&self) -> &str {
        &self.0
    }
}

impl<T: Display> FromIterator<T> for Text {
    fn from_iter<I: IntoIterator<Item = T>>(lines: I) -> Self {
        let mut text = Self::new();
        lines.into_iter().for_each(|line| _ = text.line(line));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line_and_its_styles_are_ours() {
        let mut text = Text::new();
        text.add("a\nb\x1b[2J\t").styled(Style::new().bold(), "c\x1b[0m\nd").end();
        text.styled_bytes(Style::new(), b"\xff\x07").line("e\u{9b}");
        assert_eq!(text.painted(), "a\\nb\\x1b[2J\t\u{1b}[1mc\\x1b[0m\\nd\u{1b}[0m\n\\xff\\x07e\\u{9b}\n");
        assert_eq!(["x\ny", "z"].iter().collect::<Text>().painted(), "x\\ny\nz\n");
    }
}
