//! Reading a case.
//!
//! | a line that begins with | is |
//! |---|---|
//! | `  $ ` | a step's command |
//! | `  > ` | its next line; directly below the command |
//! | two spaces, and neither of these | expected output; `[N]` as the last line is the exit status, which is 0 when there is none |
//! | anything else | a comment |
//!
//! A file is bytes, not text. Its lines end in `\n`, or in `\r\n` if its first one does that is no expected output.
//!
//! Before the first step, a comment may say how the case is to be run, in words separated by spaces or commas:
//!
//! ```text
//! #!glowplug: cacheable timeout=90s retries=2
//! ```
//!
//! | word | is |
//! |---|---|
//! | `cacheable`, `not-cacheable` | whether the result may be taken from the cache |
//! | `timeout=TIME` | how long the case may take, such as `500ms`, `30s` or `5m` |
//! | `retries=N` | how many times more it is run when it fails |

use crate::suggest;
use std::ops::Range;
use std::time::Duration;
use thiserror::Error;

/// A larger file is no case. Each of its lines takes some bytes of memory beside its own.
pub const LARGEST: u64 = 8 << 20;

const INDENT: &[u8] = b"  ";
const COMMAND: &[u8] = b"  $ ";
const CONTINUATION: &[u8] = b"  > ";
const DIRECTIVE: &[u8] = b"#!glowplug:";
const DIRECTIVES: &[&str] = &["cacheable", "not-cacheable", "timeout", "retries"];

/// A case: every byte of its file, and what the lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    source: Vec<u8>,
    lines: Vec<Line>,
    steps: Vec<Step>,
    directives: Directives,
    crlf: bool,
}

/// A command of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the command, counted from 1.
    pub line: usize,
    /// What the shell is given: the command and its continuations, joined by newlines.
    pub command: Vec<u8>,
}

/// What a case says of itself in its head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Whether its result may be taken from the cache.
    pub cacheable: Option<bool>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How many times more it is run when it fails.
    pub retries: Option<u32>,
}

/// Why a file is no case. Lines and columns are counted from 1, columns in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CaseError {
    /// The file is larger than [`LARGEST`].
    #[error("it has more than {} MiB, which is too much for a case", LARGEST >> 20)]
    TooLarge,
    /// A `  > ` that does not directly follow a command.
    #[error(
        "line {line}: `  > ` continues a command and must stand directly below one; \
         expected output that begins with `> ` is written `\\x3e ... (esc)`"
    )]
    Continuation {
        /// Where.
        line: usize,
    },
    /// A `#!glowplug:` below the first step.
    #[error("line {line}: `#!glowplug:` must stand above the first command")]
    LateDirective {
        /// Where.
        line: usize,
    },
    /// A word of a `#!glowplug:` that is none.
    #[error("line {line}, column {column}: `{word}` after `#!glowplug:`: {problem}")]
    Directive {
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
        /// The word.
        word: String,
        /// What is wrong, and what would not be.
        problem: String,
    },
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Comment,
    Command,
    Continuation,
    Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    kind: Kind,
    /// Without the line's end. 32 bits are enough: see [`LARGEST`].
    start: u32,
    end: u32,
    /// Where the next line begins.
    next: u32,
}

impl Line {
    fn text(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Kind {
    fn of(line: &[u8]) -> Self {
        if line.starts_with(COMMAND) {
            Kind::Command
        } else if line.starts_with(CONTINUATION) {
            Kind::Continuation
        } else if line.starts_with(INDENT) {
            Kind::Expected
        } else {
            Kind::Comment
        }
    }
}

impl Case {
    /// Reads a file's contents.
    ///
    /// # Errors
    ///
    /// If a continuation stands where no command is, a `#!glowplug:` comment does not say what it can, or it is too large.
    pub fn parse(source: impl Into<Vec<u8>>) -> Result<Self, CaseError> {
        let source = source.into();
        if source.len() as u64 > LARGEST {
            return Err(CaseError::TooLarge);
        }
        let mut case = Self {
            crlf: {
                let mut lines = source.split(|byte| *byte == b'\n');
                lines.find(|line| Kind::of(line) != Kind::Expected).is_some_and(|line| line.ends_with(b"\r"))
            },
            lines: Vec::new(),
            steps: Vec::new(),
            directives: Directives::default(),
            source,
        };
        let mut start = 0;
        while start < case.source.len() {
            let (text, next) = case.line_at(start);
            case.read_line(text, next)?;
            start = next;
        }
        Ok(case)
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What the case says of itself.
    pub fn directives(&self) -> &Directives {
        &self.directives
    }

    /// The file's contents, as they were read.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    pub(crate) fn line_count(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn kind(&self, line: usize) -> Kind {
        self.lines[line].kind
    }

    /// The line without its end; counted from 0.
    pub(crate) fn text(&self, line: usize) -> &[u8] {
        &self.source[self.lines[line].text()]
    }

    /// The line with its end, which the last one of a file may lack.
    pub(crate) fn whole(&self, line: usize) -> &[u8] {
        &self.source[self.lines[line].start as usize..self.lines[line].next as usize]
    }

    /// An expected line without its indentation.
    pub(crate) fn expected(&self, line: usize) -> &[u8] {
        &self.text(line)[INDENT.len()..]
    }

    /// What lines of this file end in.
    pub(crate) fn line_end(&self) -> &'static [u8] {
        if self.crlf { b"\r\n" } else { b"\n" }
    }

    /// The line that begins at `start`, without its end, and where the next one begins.
    fn line_at(&self, start: usize) -> (Range<usize>, usize) {
        let rest = &self.source[start..];
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return (start..self.source.len(), self.source.len());
        };
        let text = &rest[..length];
        let text = if self.crlf { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
        (start..start + text.len(), start + length + 1)
    }

    fn read_line(&mut self, range: Range<usize>, next: usize) -> Result<(), CaseError> {
        let number = self.lines.len() + 1;
        let text = &self.source[range.clone()];
        let kind = Kind::of(text);
        match kind {
            Kind::Command => self.steps.push(Step { line: number, command: text[COMMAND.len()..].to_vec() }),
            Kind::Continuation => {
                let above = self.lines.last().map(|line| line.kind);
                match self.steps.last_mut() {
                    Some(step) if matches!(above, Some(Kind::Command | Kind::Continuation)) => {
                        step.command.push(b'\n');
                        step.command.extend_from_slice(&text[CONTINUATION.len()..]);
                    }
                    _ => return Err(CaseError::Continuation { line: number }),
                }
            }
            Kind::Expected => {}
            Kind::Comment => {
                if let Some(words) = text.strip_prefix(DIRECTIVE) {
                    if !self.steps.is_empty() {
                        return Err(CaseError::LateDirective { line: number });
                    }
                    self.directives.read(words, number)?;
                }
            }
        }
        let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
        self.lines.push(Line { kind, start: place(range.start), end: place(range.end), next: place(next) });
        Ok(())
    }
}

impl Directives {
    /// Reads what stands after `#!glowplug:`.
    fn read(&mut self, words: &[u8], line: usize) -> Result<(), CaseError> {
        let mut column = DIRECTIVE.len() + 1;
        for word in words.split(|byte| matches!(byte, b' ' | b'\t' | b',')) {
            if !word.is_empty() {
                let word = String::from_utf8_lossy(word);
                self.read_word(&word).map_err(|problem| CaseError::Directive {
                    line,
                    column,
                    word: word.clone().into_owned(),
                    problem,
                })?;
            }
            column += word.len() + 1;
        }
        Ok(())
    }

    fn read_word(&mut self, word: &str) -> Result<(), String> {
        match word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value))) {
            ("cacheable", None) => self.cacheable = Some(true),
            ("not-cacheable", None) => self.cacheable = Some(false),
            ("timeout", Some(value)) => self.timeout = Some(read_timeout(value)?),
            ("retries", Some(value)) => {
                self.retries = Some(value.parse().map_err(|_| "the value must be a whole number".to_owned())?);
            }
            (name @ ("timeout" | "retries"), None) => return Err(format!("it needs a value: `{name}=...`")),
            ("cacheable" | "not-cacheable", Some(_)) => return Err("it takes no value".to_owned()),
            (name, _) => return Err(suggest::unknown(name, DIRECTIVES)),
        }
        Ok(())
    }
}

/// Reads how long a case may take.
pub(crate) fn read_timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("a case needs more time than none".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(format!("the value must be a time such as 500ms, 30s or 5m: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> String {
        let case = Case::parse(source).expect("a case");
        (0..case.line_count())
            .map(|line| match case.kind(line) {
                Kind::Comment => '#',
                Kind::Command => '$',
                Kind::Continuation => '>',
                Kind::Expected => '=',
            })
            .collect()
    }

    fn commands(source: &[u8]) -> Vec<Vec<u8>> {
        Case::parse(source).expect("a case").steps().iter().map(|step| step.command.clone()).collect()
    }

    #[test]
    fn a_line_is_what_it_begins_with() {
        assert_eq!(kinds("a\n\n  $ b\n  > c\n  d\n  \n   e\n f\n\t$ g\n"), "##$>===##");
    }

    #[test]
    fn the_sign_needs_its_space() {
        assert_eq!(kinds("  $\n  $x\n  >\n"), "===");
    }

    #[test]
    fn a_command_is_joined_with_its_continuations() {
        assert_eq!(commands(b"  $ a\n  >  b\n  > \n  out\n  $ c"), [b"a\n b\n".to_vec(), b"c".to_vec()]);
    }

    #[test]
    fn steps_know_their_lines() {
        let case = Case::parse("x\n  $ a\n  1\n  $ b\n").expect("a case");
        assert_eq!(case.steps().iter().map(|step| step.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        assert_eq!(commands(b"\xff\n  $ \xfe\x00\n"), [b"\xfe\x00".to_vec()]);
    }

    #[test]
    fn the_first_line_that_always_stays_decides_how_lines_end() {
        assert_eq!(commands(b"x\r\n  $ a\r\n  $ b\n"), [b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(commands(b"x\n  $ a\r\n"), [b"a\r".to_vec()]);
        assert_eq!(commands(b"  expected\n  $ a\r\n"), [b"a".to_vec()]);
    }

    #[test]
    fn a_continuation_needs_a_command_above_it() {
        for (source, line) in [("  > a\n", 1), ("  $ a\n  b\n  > c\n", 3), ("  $ a\n\n  > c\n", 3)] {
            assert_eq!(Case::parse(source), Err(CaseError::Continuation { line }), "{source}");
        }
    }

    #[test]
    fn the_head_says_how_a_case_is_run() {
        let case =
            Case::parse("A title\n#!glowplug: cacheable, timeout=1m\n#!glowplug: retries=2\n  $ a\n").expect("a case");
        let expected = Directives { cacheable: Some(true), timeout: Some(Duration::from_secs(60)), retries: Some(2) };
        assert_eq!(*case.directives(), expected);
        let case = Case::parse("#!glowplug: not-cacheable\n").expect("a case");
        assert_eq!(case.directives().cacheable, Some(false));
    }

    #[test]
    fn what_the_head_cannot_say_is_an_error_that_names_the_place() {
        let message = |source: &str| Case::parse(source).expect_err("an error").to_string();
        insta::assert_snapshot!(
            [
                "\n#!glowplug: timeout=1s chacheable\n",
                "#!glowplug: timeout\n",
                "#!glowplug: timeout=soon\n",
                "#!glowplug: timeout=0s\n",
                "#!glowplug: retries=-1\n",
                "#!glowplug: cacheable=yes\n",
                "  $ a\n#!glowplug: cacheable\n",
                "  > a\n",
            ]
            .map(message)
            .join("\n"),
            @r"
        line 2, column 24: `chacheable` after `#!glowplug:`: unknown; did you mean `cacheable`?
        line 1, column 13: `timeout` after `#!glowplug:`: it needs a value: `timeout=...`
        line 1, column 13: `timeout=soon` after `#!glowplug:`: the value must be a time such as 500ms, 30s or 5m: expected number at 0
        line 1, column 13: `timeout=0s` after `#!glowplug:`: a case needs more time than none
        line 1, column 13: `retries=-1` after `#!glowplug:`: the value must be a whole number
        line 1, column 13: `cacheable=yes` after `#!glowplug:`: it takes no value
        line 2: `#!glowplug:` must stand above the first command
        line 1: `  > ` continues a command and must stand directly below one; expected output that begins with `> ` is written `\x3e ... (esc)`
        "
        );
    }
}
