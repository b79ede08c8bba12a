//! Records in, lines out: files, commands and the standard ones.

use super::Problem;
use glowplug_sys::Handle;
use glowplug_unix::Command;
use posix_regex::Regex;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::rc::Rc;

const BUFFER: usize = 64 << 10;

/// What ends a record.
#[derive(Clone)]
pub enum Separator {
    Byte(u8),
    /// Blank lines.
    Paragraph,
    Pattern(Rc<Regex>),
}

/// Reads records.
pub struct Records {
    source: Box<dyn Read>,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
}

impl Records {
    pub fn new(source: Box<dyn Read>) -> Self {
        Records { source, buffer: Vec::new(), start: 0, ended: false }
    }

    /// The next record and what ended it.
    pub fn next(&mut self, separator: &Separator) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let mut searched = 0;
        loop {
            if matches!(separator, Separator::Paragraph) {
                while self.buffer.get(self.start) == Some(&b'\n') {
                    self.start += 1;
                }
            }
            let text = &self.buffer[self.start..];
            let found = match separator {
                Separator::Byte(byte) => {
                    let found = text[searched..].iter().position(|known| known == byte);
                    found.map(|at| (searched + at, searched + at + 1))
                }
                Separator::Paragraph => {
                    let found = text.windows(2).position(|pair| pair == b"\n\n");
                    found.map(|at| (at, at + text[at..].iter().take_while(|&&byte| byte == b'\n').count()))
                }
                Separator::Pattern(regex) => regex.find_at(text, 0).filter(|(start, end)| end > start),
            };
            // A match that reaches the end of the buffer may go on in what comes.
            let certain = match separator {
                Separator::Byte(_) => true,
                _ => self.ended || found.is_some_and(|(_, end)| end < text.len()),
            };
            if let Some((end, next)) = found.filter(|_| certain) {
                let record = text[..end].to_vec();
                let terminator = text[end..next].to_vec();
                self.start += next;
                return Ok(Some((record, terminator)));
            }
            if self.ended {
                let mut record = self.buffer.split_off(self.start);
                self.buffer.clear();
                self.start = 0;
                if record.is_empty() {
                    return Ok(None);
                }
                let mut terminator = Vec::new();
                if !matches!(separator, Separator::Byte(_)) && record.ends_with(b"\n") {
                    terminator.extend(record.pop());
                }
                return Ok(Some((record, terminator)));
            }
            searched = text.len();
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + BUFFER, 0);
        let count = loop {
            match self.source.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.buffer.truncate(length + count);
        self.ended = count == 0;
        Ok(())
    }
}

/// A handle of the host's, read or written as a file.
struct Pipe(Handle);

fn io_error(error: glowplug_sys::Errno) -> io::Error {
    io::Error::from_raw_os_error(error.0)
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        glowplug_sys::read(self.0, buf).map_err(io_error)
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        glowplug_sys::write(self.0, buf).map_err(io_error)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // It was open; there is nothing to do about anything else.
        let _ = glowplug_sys::close(self.0);
    }
}

fn shell(command: &[u8]) -> Command {
    Command::new([std::ffi::OsString::from("sh"), "-c".into(), glowplug_unix::os_string(command.to_vec())])
}

struct Output {
    writer: BufWriter<Box<dyn Write>>,
    /// The command behind it.
    pid: Option<glowplug_sys::Pid>,
}

/// Everything that is open, by its name.
pub struct Streams {
    standard: BufWriter<io::Stdout>,
    at_terminal: bool,
    outputs: HashMap<Vec<u8>, Output>,
    inputs: HashMap<Vec<u8>, (Records, Option<glowplug_sys::Pid>)>,
}

/// Where a line goes.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Write,
    Append,
    Pipe,
}

impl Streams {
    pub fn new() -> Self {
        Streams {
            standard: BufWriter::with_capacity(BUFFER, io::stdout()),
            at_terminal: io::stdout().is_terminal(),
            outputs: HashMap::new(),
            inputs: HashMap::new(),
        }
    }

    pub fn print(&mut self, text: &[u8]) -> io::Result<()> {
        self.standard.write_all(text)?;
        if self.at_terminal { self.flush_standard() } else { Ok(()) }
    }

    fn flush_standard(&mut self) -> io::Result<()> {
        self.standard.flush()?;
        self.standard.get_mut().flush()
    }

    pub fn print_to(&mut self, kind: Kind, name: &[u8], text: &[u8]) -> Result<(), Problem> {
        if kind != Kind::Pipe {
            match name {
                b"/dev/stdout" | b"-" => return Ok(self.print(text)?),
                b"/dev/stderr" => {
                    self.flush_standard()?;
                    return Ok(io::stderr().write_all(text)?);
                }
                _ => {}
            }
        }
        if !self.outputs.contains_key(name) {
            if kind == Kind::Pipe {
                self.flush_standard()?;
            }
            let output = open_output(kind, name).map_err(|error| {
                let error = uucore::error::strip_errno(&error);
                Problem(format!("can't redirect to {}: {error}", String::from_utf8_lossy(name)))
            })?;
            self.outputs.insert(name.to_vec(), output);
        }
        if let Some(output) = self.outputs.get_mut(name) {
            output.writer.write_all(text)?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.flush_standard()?;
        self.outputs.values_mut().try_for_each(|output| output.writer.flush())
    }

    /// The next record of a file or of a command's output; an error when it cannot be opened or read.
    pub fn read(
        &mut self,
        command: bool,
        name: &[u8],
        separator: &Separator,
    ) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        if !self.inputs.contains_key(name) {
            let input = if command {
                self.flush()?;
                let (ours, theirs) = glowplug_sys::pipe(glowplug_sys::abi::pipe::BOUNDED).map_err(io_error)?;
                let (ours, theirs) = (Pipe(ours), Pipe(theirs));
                let pid = shell(name).descriptor(1, theirs.0).spawn()?;
                (Records::new(Box::new(ours)), Some(pid))
            } else {
                (Records::new(open_input(name)?), None)
            };
            self.inputs.insert(name.to_vec(), input);
        }
        match self.inputs.get_mut(name) {
            Some((records, _)) => records.next(separator),
            None => Ok(None),
        }
    }

    /// Closes a stream; the exit code of its command, or -1 when there is no such stream.
    pub fn close(&mut self, name: &[u8]) -> i32 {
        let mut code = -1;
        if let Some(mut output) = self.outputs.remove(name) {
            code = i32::from(output.writer.flush().is_err());
            let pid = output.pid;
            // The command sees the end of its input.
            drop(output);
            code = pid.map_or(code, ended);
        }
        if let Some((records, pid)) = self.inputs.remove(name) {
            drop(records);
            code = pid.map_or(0, ended);
        }
        code
    }

    pub fn close_all(&mut self) -> io::Result<()> {
        let result = self.flush_standard();
        let names: Vec<Vec<u8>> = self.outputs.keys().chain(self.inputs.keys()).cloned().collect();
        for name in &names {
            self.close(name);
        }
        result
    }

    pub fn system(&mut self, command: &[u8]) -> Result<i32, Problem> {
        self.flush()?;
        Ok(shell(command).run()?.code())
    }
}

fn ended(pid: glowplug_sys::Pid) -> i32 {
    match Command::wait_for(pid, std::time::Duration::MAX) {
        Ok(Some(end)) => end.code(),
        _ => -1,
    }
}

fn open_output(kind: Kind, name: &[u8]) -> io::Result<Output> {
    let path = glowplug_unix::os_string(name.to_vec());
    let (writer, pid): (Box<dyn Write>, _) = match kind {
        Kind::Write => (Box::new(File::create(path)?), None),
        Kind::Append => (Box::new(OpenOptions::new().append(true).create(true).open(path)?), None),
        Kind::Pipe => {
            let (theirs, ours) = glowplug_sys::pipe(glowplug_sys::abi::pipe::BOUNDED).map_err(io_error)?;
            let (theirs, ours) = (Pipe(theirs), Pipe(ours));
            let pid = shell(name).descriptor(0, theirs.0).spawn()?;
            (Box::new(ours), Some(pid))
        }
    };
    Ok(Output { writer: BufWriter::with_capacity(BUFFER, writer), pid })
}

pub fn open_input(name: &[u8]) -> io::Result<Box<dyn Read>> {
    if name == b"-" || name == b"/dev/stdin" {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(glowplug_unix::os_string(name.to_vec()))?))
}
