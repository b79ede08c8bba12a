//! `xargs`: runs a command with the words of standard input.

use super::{Args, Failure, Outcome, print, quote, report, warn};
use glowplug_unix::{Command, End, bytes, os_string};
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use uucore::error::strip_errno;

const USAGE: &str = "Usage: xargs [-0 | -d CHAR] [-a FILE] [-E WORD] [-n MAX | -L MAX | -I WORD] [-P MAX] [-s MAX] [-prtx] \
                     [COMMAND [ARG]...]\n";

pub fn main(args: Args) -> i32 {
    report("xargs", run, args)
}

struct Job {
    delimiter: Option<u8>,
    end_word: Option<Vec<u8>>,
    file: Option<OsString>,
    replace: Option<Vec<u8>>,
    max_words: usize,
    max_lines: usize,
    max_bytes: usize,
    parallel: usize,
    ask: bool,
    skip_empty: bool,
    trace: bool,
    command: Vec<OsString>,
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut job = Job {
        delimiter: None,
        end_word: None,
        file: None,
        replace: None,
        max_words: usize::MAX,
        max_lines: usize::MAX,
        max_bytes: 128 << 10,
        parallel: 1,
        ask: false,
        skip_empty: false,
        trace: false,
        command: Vec::new(),
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Short('0') | Long("null") => job.delimiter = Some(0),
            Short('d') | Long("delimiter") => job.delimiter = Some(delimiter(&parser.value()?)?),
            Short('a') | Long("arg-file") => job.file = Some(parser.value()?),
            Short('E') => job.end_word = Some(bytes(&parser.value()?).to_vec()),
            Short('e') | Long("eof") => job.end_word = parser.optional_value().map(|word| bytes(&word).to_vec()),
            Short('I') => job.replace = Some(bytes(&parser.value()?).to_vec()),
            Short('i') | Long("replace") => {
                let word = parser.optional_value().unwrap_or_else(|| "{}".into());
                job.replace = Some(bytes(&word).to_vec());
            }
            Short('n') | Long("max-args") => job.max_words = positive('n', &mut parser)?,
            Short('L') => job.max_lines = positive('L', &mut parser)?,
            Short('l') | Long("max-lines") => {
                job.max_lines = parser.optional_value().map_or(Ok(1), |value| value.parse())?;
            }
            Short('s') | Long("max-chars") => job.max_bytes = positive('s', &mut parser)?,
            Short('P') | Long("max-procs") => {
                let number: usize = parser.value()?.parse()?;
                job.parallel = if number == 0 { usize::MAX } else { number };
            }
            Short('p') | Long("interactive") => job.ask = true,
            Short('r') | Long("no-run-if-empty") => job.skip_empty = true,
            Short('t') | Long("verbose") => job.trace = true,
            Short('x' | 'o') | Long("exit" | "open-tty") => {}
            Long("help") => return print(USAGE),
            Value(first) => {
                job.command = super::rest(first, &mut parser)?;
                break;
            }
            _ => return Err(arg.unexpected().into()),
        }
    }
    if job.command.is_empty() {
        job.command.push("echo".into());
    }
    job.run()
}

fn positive(option: char, parser: &mut lexopt::Parser) -> Result<usize, Failure> {
    let text = parser.value()?.string()?;
    let number = text.parse().ok().filter(|&number: &usize| number > 0);
    number.ok_or_else(|| Failure::new(1, format_args!("value {text} for -{option} option should be >= 1")))
}

fn delimiter(text: &OsStr) -> Result<u8, Failure> {
    match bytes(text) {
        [byte] => Ok(*byte),
        b"\\n" => Ok(b'\n'),
        b"\\t" => Ok(b'\t'),
        b"\\0" => Ok(0),
        b"\\\\" => Ok(b'\\'),
        _ => Err(Failure::new(1, format_args!("Invalid input delimiter specification {}", text.display()))),
    }
}

impl Job {
    fn run(&self) -> Outcome {
        let input: Box<dyn Read> = match &self.file {
            Some(file) => Box::new(File::open(file).map_err(|error| {
                Failure::new(1, format_args!("Cannot open input file {}: {}", quote(file), strip_errno(&error)))
            })?),
            None => Box::new(io::stdin()),
        };
        let mut words =
            Words { job: self, input: BufReader::with_capacity(64 << 10, input).bytes(), line_ended: false };
        let mut runner = Runner::new(self);
        if self.replace.is_some() {
            while let Some(word) = words.next()? {
                if !runner.start(vec![os_string(word)])? {
                    break;
                }
            }
            return runner.finish();
        }
        let mut batch: Vec<OsString> = Vec::new();
        let (mut size, mut lines, mut ran) = (0, 0, false);
        while let Some(word) = words.next()? {
            if !batch.is_empty() && size + word.len() + 1 > self.max_bytes {
                ran = true;
                (size, lines) = (0, 0);
                if !runner.start(std::mem::take(&mut batch))? {
                    return runner.finish();
                }
            }
            size += word.len() + 1;
            batch.push(os_string(word));
            lines += usize::from(words.line_ended);
            if batch.len() >= self.max_words || lines >= self.max_lines {
                ran = true;
                (size, lines) = (0, 0);
                if !runner.start(std::mem::take(&mut batch))? {
                    return runner.finish();
                }
            }
        }
        if !batch.is_empty() || (!ran && !self.skip_empty) {
            runner.start(batch)?;
        }
        runner.finish()
    }

    /// The command with these words: in the place of the one to replace, or at the end.
    fn command(&self, words: Vec<OsString>) -> Vec<OsString> {
        let Some(replace) = &self.replace else {
            return self.command.iter().cloned().chain(words).collect();
        };
        let with = words.first().map_or(b"".as_slice(), |word| bytes(word));
        self.command.iter().map(|word| os_string(replaced(bytes(word), replace, with))).collect()
    }
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if !what.is_empty() && text[at..].starts_with(what) {
            out.extend_from_slice(with);
            at += what.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// Cuts the input into words.
struct Words<'a> {
    job: &'a Job,
    input: io::Bytes<BufReader<Box<dyn Read>>>,
    /// Whether the last word was the last of its line.
    line_ended: bool,
}

impl Words<'_> {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let word = match self.job.delimiter {
            Some(delimiter) => self.until(delimiter)?,
            None => self.quoted()?,
        };
        Ok(word.filter(|word| self.job.end_word.as_ref() != Some(word)))
    }

    fn until(&mut self, delimiter: u8) -> Result<Option<Vec<u8>>, Failure> {
        let mut word = Vec::new();
        self.line_ended = true;
        while let Some(byte) = self.input.next().transpose()? {
            if byte == delimiter {
                return Ok(Some(word));
            }
            word.push(byte);
        }
        Ok((!word.is_empty()).then_some(word))
    }

    /// Words end at blanks, with `-I` at the end of a line; quotation marks and backslashes protect.
    fn quoted(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let whole_lines = self.job.replace.is_some();
        let mut word: Option<Vec<u8>> = None;
        let mut quote = None;
        self.line_ended = false;
        while let Some(byte) = self.input.next().transpose()? {
            match (byte, quote) {
                (b'\n', Some(open)) => {
                    let kind = if open == b'"' { "double" } else { "single" };
                    return Err(Failure::new(
                        1,
                        format_args!(
                            "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                        ),
                    ));
                }
                (byte, Some(open)) if byte == open => quote = None,
                (byte, Some(_)) => word.get_or_insert_default().push(byte),
                (b'\'' | b'"', None) => {
                    quote = Some(byte);
                    word.get_or_insert_default();
                }
                (b'\\', None) => {
                    if let Some(escaped) = self.input.next().transpose()? {
                        word.get_or_insert_default().push(escaped);
                    }
                }
                (b'\n', None) if word.is_some() => {
                    self.line_ended = true;
                    return Ok(word);
                }
                (b'\n', None) => {}
                (b' ' | b'\t', None) if !whole_lines && word.is_some() => return Ok(word),
                // Blanks at the beginning of a line do not count.
                (b' ' | b'\t', None) if word.is_none() => {}
                (byte, None) => word.get_or_insert_default().push(byte),
            }
        }
        Ok(word)
    }
}

/// Starts commands, as many at once as asked for, and gathers how they end.
struct Runner<'a> {
    job: &'a Job,
    running: usize,
    code: i32,
    /// Where the commands read from: the input is ours.
    nothing: i32,
}

impl<'a> Runner<'a> {
    fn new(job: &'a Job) -> Self {
        let nothing = glowplug_sys::open(b"/dev/null", glowplug_sys::abi::open::READ, 0);
        // Without a /dev/null they see the end of our input.
        let nothing = if job.file.is_some() { 0 } else { nothing.unwrap_or(0) };
        Runner { job, running: 0, code: 0, nothing }
    }

    /// Starts one; `false` when no more may follow.
    fn start(&mut self, words: Vec<OsString>) -> Result<bool, Failure> {
        let words = self.job.command(words);
        if self.job.trace || self.job.ask {
            let text: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            let end = if self.job.ask { "?..." } else { "\n" };
            let _ = write!(io::stderr(), "{}{end}", text.join(" "));
            if self.job.ask && !confirmed() {
                return Ok(true);
            }
        }
        let command = Command::new(&words).descriptor(0, self.nothing);
        let failed = |error: &io::Error| {
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            Failure::new(code, format_args!("{}: {}", words[0].display(), strip_errno(error)))
        };
        if self.job.parallel == 1 {
            let end = command.run().map_err(|error| failed(&error))?;
            return Ok(self.ended(end, &words[0]));
        }
        if self.running >= self.job.parallel && !self.wait()? {
            return Ok(false);
        }
        command.spawn().map_err(|error| failed(&error))?;
        self.running += 1;
        Ok(true)
    }

    fn wait(&mut self) -> Result<bool, Failure> {
        let (_, end) = Command::wait_any()?;
        self.running -= 1;
        Ok(self.ended(end, &self.job.command[0]))
    }

    fn ended(&mut self, end: End, name: &OsStr) -> bool {
        match end {
            End::Code(0) => true,
            End::Code(255) => {
                warn("xargs", format_args!("{}: exited with status 255; aborting", name.display()));
                self.code = 124;
                false
            }
            End::Code(_) => {
                self.code = 123;
                true
            }
            End::Signal(signal) => {
                warn("xargs", format_args!("{}: terminated by signal {signal}", name.display()));
                self.code = 125;
                false
            }
        }
    }

    fn finish(mut self) -> Outcome {
        while self.running > 0 {
            self.wait()?;
        }
        Ok(self.code)
    }
}

/// Asks at the terminal.
fn confirmed() -> bool {
    let mut answer = [0; 256];
    let Ok(terminal) = glowplug_sys::open(b"/dev/tty", glowplug_sys::abi::open::READ, 0) else {
        return false;
    };
    let count = glowplug_sys::read(terminal, &mut answer).unwrap_or(0);
    let _ = glowplug_sys::close(terminal);
    count > 0 && matches!(answer[0], b'y' | b'Y')
}
