//! The one place that writes to the terminal; colours are left out where they are not wanted (`NO_COLOR`, `CLICOLOR`, a pipe).

use anstyle::{AnsiColor, Color, Style};
use std::io::{self, IsTerminal as _, Write as _};

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

/// Writes to standard output. Whoever stopped reading has got what they wanted, so that a broken pipe ends the program
/// quietly; anything else that goes wrong is said.
pub(crate) fn print(text: &str) {
    let mut stream = anstream::stdout().lock();
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            error_line(&format!("failed to write to standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &serde_json::Value) {
    print(&format!("{value:#}\n"));
}

/// Writes to standard error. Nobody is left to tell when that fails.
pub(crate) fn note(text: &str) {
    let mut stream = anstream::stderr().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// A line that begins with `error:`.
pub(crate) fn error_line(text: &str) {
    note(&format!("{ERROR}error:{ERROR:#} {text}\n"));
}

/// A line that begins with `warning:`.
pub(crate) fn warning(text: &str) {
    note(&format!("{WARNING}warning:{WARNING:#} {text}\n"));
}

/// A line that begins with `hint:`.
pub(crate) fn hint(text: &str) {
    note(&format!("{GOOD}hint:{GOOD:#} {text}\n"));
}

/// Whether somebody watches standard error. A question to the terminal, so not one for the way of a hit.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}
