//! The one place that turns errors into text, a hint and an exit code.

use crate::config::{ConfigError, Origin};
use crate::output;
use glowplug_cache::{LoadError, SettingsError};
use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;

/// Something failed.
pub(crate) const EXIT_FAILURE: i32 = 1;
/// The command line is wrong; clap's own code for that.
pub(crate) const EXIT_USAGE: i32 = 2;
/// The guest ran into `--timeout`, as timeout(1) says it.
pub(crate) const EXIT_TIMEOUT: i32 = 124;

/// What the program could not do.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    code: i32,
}

impl Failure {
    /// What failed and what to do about it, for a report that has one line for it.
    pub(crate) fn in_one_line(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.causes).chain(&self.hint);
        parts.map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// A failure that says what was tried, on what.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hint: None, code: EXIT_FAILURE }
    }

    /// The command line asks for something that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: EXIT_USAGE, ..Self::new(message) }
    }

    /// A file could not be used; `what` is the verb: `read`, `write`.
    pub(crate) fn file(what: &str, path: &Path, error: &std::io::Error) -> Self {
        let failure = Self::new(format!("failed to {what} {}", output::path(path))).because(error);
        match file_hint(error.kind()) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// Adds the reason, and the reasons behind it.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            // A source that is printed by what wraps it must not be printed twice.
            let text = error.to_string();
            if self.causes.last().unwrap_or(&self.message) != &text {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds a reason that is known in words alone.
    pub(crate) fn because_text(mut self, reason: Option<&str>) -> Self {
        self.causes.extend(reason.map(str::to_owned));
        self
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends the program with another code.
    pub(crate) fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Says it, and returns the exit code.
    pub(crate) fn report(&self) -> i32 {
        let mut text = self.message.trim_end().replace('\n', "\n    ");
        for cause in &self.causes {
            text.push_str("\n  because: ");
            // What has several lines stays readable beneath its own beginning.
            text.push_str(&cause.trim_end().replace('\n', "\n    "));
        }
        output::error_line(&text);
        if let Some(hint) = &self.hint {
            output::hint(hint);
        }
        self.code
    }
}

fn file_hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "is the path right? Relative paths start in the current folder",
        ErrorKind::PermissionDenied => "who may read or write it? `ls -l` on it and on its folder says so",
        ErrorKind::IsADirectory => "it is a folder; name a file in it",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "there is no space left; `df` says where",
        _ => return None,
    })
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::from(&error)
    }
}

impl From<&LoadError> for Failure {
    fn from(error: &LoadError) -> Self {
        if let LoadError::Read { path, source } = error {
            return Self::file("read", path, source);
        }
        let failure = Self::new(error.to_string());
        let failure = match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        };
        match error {
            LoadError::Precompiled { .. } => failure.hint(
                "native code is executed with your rights, unchecked; if you made it yourself, run it with --allow-precompiled",
            ),
            LoadError::NotWasm { .. } => failure.hint("a module or component is wanted, in the binary (.wasm) or the text (.wat) format"),
            _ => failure,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let at = match &error.at {
            Origin::File(path, line) => format!("{}:{line}", output::path(path)),
            other => other.to_string(),
        };
        let failure = Self::new(format!("{at}: {}", error.problem));
        match error.at {
            Origin::File(..) => {
                failure.hint("`glowplug config --help` says where settings come from, and without this line `glowplug config` prints them all")
            }
            _ => failure,
        }
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        let mut chain = error.chain();
        let failure = Self::new(chain.next().map_or_else(String::new, ToString::to_string));
        match chain.next() {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        let inner = std::io::Error::other("disk on fire");
        let failure = Failure::new("failed to read x").because(&inner);
        assert_eq!(failure.causes, ["disk on fire"]);
        assert_eq!(Failure::new("disk on fire").because(&inner).causes, Vec::<String>::new());
    }
}
