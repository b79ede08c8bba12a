//! Small programs of our own: what upstream cannot compile for WASI and scripts need every day.

pub mod chmod;
pub mod diff;
pub mod env;
pub mod hostname;
pub mod install;
pub mod link;
pub mod prefix;
pub mod rev;
pub mod stat;
pub mod sync;
pub mod timeout;
pub mod uname;
pub mod user;
pub mod which;
pub mod xargs;

use std::ffi::{OsStr, OsString};
use std::fmt::{Arguments, Display};
use std::io::{self, Write};
use std::vec::IntoIter;
use uucore::error::strip_errno;

/// A program's arguments, its name first.
pub type Args = IntoIter<OsString>;

/// What ends a program early.
pub struct Failure {
    code: i32,
    message: String,
}

impl Failure {
    pub fn new(code: i32, message: impl Display) -> Self {
        Failure { code, message: message.to_string() }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::new(1, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(1, strip_errno(&error))
    }
}

/// The exit code, or why there is none.
pub type Outcome = Result<i32, Failure>;

/// Runs a program and says what ended it early.
pub fn report(name: &str, run: fn(lexopt::Parser) -> Outcome, args: Args) -> i32 {
    match run(lexopt::Parser::from_iter(args)) {
        Ok(code) => code,
        Err(failure) => {
            warn(name, format_args!("{}", failure.message));
            failure.code
        }
    }
}

/// A message on standard error. When that is closed, nobody is left to hear it.
pub fn warn(name: &str, message: Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{name}: {message}");
}

/// Prints lines at once.
pub fn print(text: impl AsRef<[u8]>) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref())?;
    out.flush()?;
    Ok(0)
}

/// What is left of the arguments, for programs that end their options at the first operand.
pub fn rest(first: OsString, parser: &mut lexopt::Parser) -> Result<Vec<OsString>, Failure> {
    let mut words = vec![first];
    words.extend(parser.raw_args()?);
    Ok(words)
}

/// A name between quotation marks, as GNU prints it.
pub fn quote(name: &OsStr) -> String {
    format!("'{}'", name.to_string_lossy())
}

/// The exit code of a shell when a command did not start, and the message.
pub fn not_started(name: &OsStr, error: &io::Error) -> Failure {
    let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    Failure::new(code, format_args!("{}: {}", quote(name), strip_errno(error)))
}
