// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use std::fs::File;
use std::io::{stderr, Write};

use super::{Matcher, MatcherIO, StdoutErrors, WalkEntry};

pub enum PrintDelimiter {
    Newline,
    Null,
}

impl std::fmt::Display for PrintDelimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newline => writeln!(f),
            Self::Null => write!(f, "\0"),
        }
    }
}

/// This matcher just prints the name of the file to stdout.
pub struct Printer {
    delimiter: PrintDelimiter,
    output_file: Option<File>,
    stdout_errors: StdoutErrors,
}

impl Printer {
    pub fn new(delimiter: PrintDelimiter, output_file: Option<File>) -> Self {
        Self {
            delimiter,
            output_file,
            stdout_errors: StdoutErrors::default(),
        }
    }

    pub fn with_stdout_errors(mut self, stdout_errors: StdoutErrors) -> Self {
        self.stdout_errors = stdout_errors;
        self
    }

    fn print(&self, file_info: &WalkEntry, matcher_io: &mut MatcherIO, mut out: impl Write) {
        let result = write!(
            out,
            "{}{}",
            file_info.path().to_string_lossy(),
            self.delimiter
        )
        .and_then(|()| out.flush());
        if let Err(e) = result {
            if self.output_file.is_none() {
                self.stdout_errors.handle(&e, matcher_io);
                return;
            }
            if e.kind() == std::io::ErrorKind::BrokenPipe {
                std::process::exit(0);
            }
            writeln!(
                &mut stderr(),
                "Error writing {:?} for {}",
                file_info.path().to_string_lossy(),
                e
            )
            .unwrap();
            matcher_io.set_exit_code(1);
        }
    }
}

impl Matcher for Printer {
    fn matches(&self, file_info: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        if let Some(file) = &self.output_file {
            self.print(file_info, matcher_io, file);
        } else {
            self.print(
                file_info,
                matcher_io,
                &mut *matcher_io.deps.get_output().borrow_mut(),
            );
        }
        true
    }

    fn has_side_effects(&self) -> bool {
        true
    }
}
