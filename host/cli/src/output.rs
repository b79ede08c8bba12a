//! The one place that writes to the terminal. Whatever is said goes through here, and nothing of it but our own colours can
//! make a terminal do anything: see [`visible`]. What guests printed is data, and has a way of its own
//! (`calling/replay.rs`).
//!
//! Colours are left out where they are not wanted (`NO_COLOR`, `CLICOLOR`, a pipe).

mod text;
mod visible;

use anstyle::{AnsiColor, Color, Style};
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use text::Text;
pub(crate) use visible::{is_visible, line, lines, name, path};

const BOLD: Style = Style::new().bold();
/// The word before an error.
pub(crate) const ERROR: Style = BOLD.fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// The word before a warning.
pub(crate) const WARNING: Style = BOLD.fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// The word before a hint, and what is well.
pub(crate) const GOOD: Style = BOLD.fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// Headings.
pub(crate) const HEADING: Style = BOLD.underline();
/// Names of commands and flags.
pub(crate) const LITERAL: Style = BOLD.fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// Nobody reads standard output any more.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Writes text of several lines to standard output. What is no line of ours, such as a name, belongs into a [`Text`], which
/// keeps it within its line.
pub(crate) fn print(text: &str) {
    print_raw(&lines(text).to_string());
}

/// Writes text to standard output.
pub(crate) fn show(text: &Text) {
    print_raw(text.painted());
}

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &serde_json::Value) {
    print_raw(&format!("{}\n", visible::json(&format!("{value:#}"))));
}

/// A value as JSON in one line, which can be written to a terminal.
pub(crate) fn json_line(value: &serde_json::Value) -> String {
    format!("{}\n", visible::json(&value.to_string()))
}

/// Who stopped reading has got what they wanted: the work goes on quietly, since its exit code is asked for, too. Anything
/// else that goes wrong is said.
fn print_raw(text: &str) {
    if UNREAD.load(Ordering::Relaxed) {
        return;
    }
    let mut stream = anstream::stdout().lock();
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => UNREAD.store(true, Ordering::Relaxed),
        Err(error) => {
            error_line(&format!("failed to write to standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// Writes text of several lines to standard error.
pub(crate) fn note(text: &str) {
    note_raw(&lines(text).to_string());
}

/// Writes somebody's text, which may be none, to standard error.
pub(crate) fn note_bytes(bytes: &[u8]) {
    note_raw(&lines(bytes).to_string());
}

/// Nobody is left to tell when that fails.
fn note_raw(text: &str) {
    let mut stream = anstream::stderr().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// A line that begins with `error:`.
pub(crate) fn error_line(text: &str) {
    said("error:", ERROR, text);
}

/// A line that begins with `warning:`.
pub(crate) fn warning(text: &str) {
    said("warning:", WARNING, text);
}

/// A line that begins with `hint:`.
pub(crate) fn hint(text: &str) {
    said("hint:", GOOD, text);
}

/// A line that begins with `glowplug:`, as those do that are said while a guest runs.
pub(crate) fn remark(text: impl Display) {
    note_raw(&format!("glowplug: {}\n", name(&text.to_string())));
}

/// A message: its further lines are set in, so that no text can look like another message.
fn said(word: &str, style: Style, text: &str) {
    let mut message = format!("{style}{word}{style:#} ");
    for (number, part) in text.lines().enumerate() {
        let gap = match (number, part) {
            (0, _) => "",
            (_, part) if part.is_empty() || part.starts_with("  ") => "\n",
            _ => "\n    ",
        };
        let _ = write!(message, "{gap}{}", line(part));
    }
    message.push('\n');
    note_raw(&message);
}

/// Whether somebody watches standard error. A question to the terminal, so not one for the way of a hit.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Where a log is written to: standard error, each of its messages as a line. It never fails, since who logs would say so, on
/// standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        note_raw(&format!("{}\n", line(bytes.strip_suffix(b"\n").unwrap_or(bytes))));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same, with each message as a [`remark`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Write for Words {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        note_raw(&format!("glowplug: {}\n", line(bytes.strip_suffix(b"\n").unwrap_or(bytes).trim_ascii_start())));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
