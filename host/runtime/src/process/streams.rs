//! The standard streams of a session's first process, and a record of what went through them.

use super::descriptor::{errno_of, wait_for_real, write_real};
use super::process::Process;
use crate::lock;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The standard streams that a session's first process begins with. The default is this program's own.
#[derive(Debug, Default)]
pub struct Stdio {
    /// Number 0.
    pub input: Input,
    /// Number 1.
    pub output: Output,
    /// Number 2.
    pub error: Output,
}

/// A standard input.
#[derive(Debug, Default)]
pub enum Input {
    /// This program's own; closed if that is closed.
    #[default]
    Inherited,
    /// Nothing.
    Null,
    /// A file of the host's, as it is.
    File(File),
    /// A file whose reading is recorded. Guests see a pipe, or a terminal if it is one, and nothing else of it: it cannot be
    /// sought, and its metadata are always the same. A native program that reads it is not recorded.
    Traced {
        /// Where the bytes come from.
        file: File,
        /// Bytes that were taken from it already, which guests get first.
        ahead: Vec<u8>,
        /// Keeps what was read.
        reading: Arc<StdinRecord>,
    },
}

/// A standard output or error.
#[derive(Debug, Default)]
pub enum Output {
    /// This program's own; closed if that is closed.
    #[default]
    Inherited,
    /// Whatever is written is gone.
    Null,
    /// A file of the host's, as it is.
    File(File),
    /// An output that is recorded. Guests see a pipe, whatever the file is: it cannot be sought, and its metadata are always the
    /// same. As who reads a pipe, [`Session::run`](super::Session::run) returns only when nobody can write to it any more.
    Taped {
        /// Where the bytes are passed on to, at once.
        to: Option<File>,
        /// Keeps them.
        tape: Arc<Tape>,
        /// What the tape calls it: 1 or 2.
        stream: u8,
    },
}

/// What was read of a standard input so far, by all processes together.
#[derive(Debug, Default)]
pub struct StdinRecord(Mutex<Delivered>);

#[derive(Debug, Default)]
struct Delivered {
    hasher: blake3::Hasher,
    len: u64,
    end: bool,
}

impl StdinRecord {
    /// BLAKE3 of the bytes that were read.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        *lock(&self.0).hasher.finalize().as_bytes()
    }

    /// How many they are.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        lock(&self.0).len
    }

    /// Whether somebody was told that nothing follows.
    #[must_use]
    pub fn ended(&self) -> bool {
        lock(&self.0).end
    }

    fn deliver(&self, bytes: &[u8]) {
        let mut delivered = lock(&self.0);
        delivered.hasher.update(bytes);
        delivered.len += bytes.len() as u64;
        delivered.end |= bytes.is_empty();
    }
}

/// What was written, in the order in which it was.
#[derive(Debug)]
pub struct Tape {
    limit: u64,
    kept: Mutex<Kept>,
}

/// Bytes that were written to one stream, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The stream's number: 1 or 2.
    pub stream: u8,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Kept {
    chunks: Vec<Chunk>,
    bytes: u64,
    overflowed: bool,
    broken: bool,
}

impl Tape {
    /// A tape that keeps the first `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, kept: Mutex::default() })
    }

    /// Takes what was kept since the last time. No two neighbours are of one stream.
    #[must_use]
    pub fn take(&self) -> Vec<Chunk> {
        std::mem::take(&mut lock(&self.kept).chunks)
    }

    /// Whether more was written than it keeps. What it keeps is then the beginning.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        lock(&self.kept).overflowed
    }

    /// Whether something could not be passed on: the guest was told so, and may have done something else therefore.
    #[must_use]
    pub fn broken(&self) -> bool {
        lock(&self.kept).broken
    }
}

impl Kept {
    fn keep(&mut self, stream: u8, bytes: &[u8], limit: u64) {
        let room = usize::try_from(limit - self.bytes).unwrap_or(usize::MAX);
        self.overflowed |= bytes.len() > room;
        let bytes = &bytes[..bytes.len().min(room)];
        if bytes.is_empty() {
            return;
        }
        self.bytes += bytes.len() as u64;
        match self.chunks.last_mut() {
            Some(last) if last.stream == stream => last.bytes.extend_from_slice(bytes),
            _ => self.chunks.push(Chunk { stream, bytes: bytes.to_vec() }),
        }
    }
}

/// What stands behind a descriptor of [`Input::Traced`].
#[derive(Debug)]
pub(crate) struct Traced {
    file: File,
    pub(crate) terminal: bool,
    ahead: Mutex<Ahead>,
    reading: Arc<StdinRecord>,
}

#[derive(Debug)]
struct Ahead {
    bytes: Vec<u8>,
    at: usize,
}

impl Traced {
    pub(crate) fn new(file: File, ahead: Vec<u8>, reading: Arc<StdinRecord>) -> Self {
        let terminal = rustix::termios::isatty(&file);
        Self { file, terminal, ahead: Mutex::new(Ahead { bytes: ahead, at: 0 }), reading }
    }

    /// Reads, and records it in the order in which the bytes are given out.
    pub(crate) fn read(&self, process: &Process, out: &mut [u8]) -> Result<usize, i32> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let mut ahead = lock(&self.ahead);
            let left = &ahead.bytes[ahead.at..];
            if !left.is_empty() {
                let count = left.len().min(out.len());
                out[..count].copy_from_slice(&left[..count]);
                ahead.at += count;
                self.reading.deliver(&out[..count]);
                return Ok(count);
            }
            // Under the lock, which gives the bytes their order; so only what does not wait.
            let mut polled = [PollFd::new(&self.file, PollFlags::IN)];
            match rustix::event::poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => match rustix::io::read(&self.file, &mut *out) {
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(errno_of(error)),
                    Ok(count) => {
                        self.reading.deliver(&out[..count]);
                        return Ok(count);
                    }
                },
                Err(error) => return Err(errno_of(error)),
            }
            drop(ahead);
            wait_for_real(process, &self.file, None)?;
        }
    }

    pub(crate) fn wait_readable(&self, process: &Process, deadline: Option<Instant>) -> Result<bool, i32> {
        if self.ahead() > 0 { Ok(true) } else { wait_for_real(process, &self.file, deadline) }
    }

    /// How many bytes can be read at once.
    pub(crate) fn available(&self) -> u64 {
        match self.ahead() {
            0 => rustix::io::ioctl_fionread(&self.file).unwrap_or(0),
            ahead => ahead as u64,
        }
    }

    /// The file, for somebody whose reading nobody can see, if it holds all that is left.
    pub(crate) fn unseen(&self) -> Option<&File> {
        (self.ahead() == 0).then_some(&self.file)
    }

    fn ahead(&self) -> usize {
        let ahead = lock(&self.ahead);
        ahead.bytes.len() - ahead.at
    }
}

/// What stands behind a descriptor of [`Output::Taped`].
#[derive(Debug)]
pub(crate) struct Taped {
    to: Option<File>,
    tape: Arc<Tape>,
    pub(crate) stream: u8,
}

impl Taped {
    pub(crate) fn new(to: Option<File>, tape: Arc<Tape>, stream: u8) -> Self {
        Self { to, tape, stream }
    }

    /// Writes, and keeps what was written.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<usize, i32> {
        // One lock for both, so that the order kept is the order seen.
        let mut kept = lock(&self.tape.kept);
        let count = match &self.to {
            Some(file) => write_real(file, bytes).inspect_err(|_| kept.broken = true)?,
            None => bytes.len(),
        };
        kept.keep(self.stream, &bytes[..count], self.tape.limit);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(stream: u8, bytes: &str) -> Chunk {
        Chunk { stream, bytes: bytes.as_bytes().to_vec() }
    }

    #[test]
    fn a_tape_keeps_the_order_and_merges_neighbours() {
        let tape = Tape::new(100);
        let [out, err] = [1, 2].map(|stream| Taped::new(None, Arc::clone(&tape), stream));
        for (to, text) in [(&out, "a"), (&out, "b"), (&err, "c"), (&err, ""), (&out, "d")] {
            assert_eq!(to.write(text.as_bytes()), Ok(text.len()));
        }
        assert_eq!(tape.take(), [chunk(1, "ab"), chunk(2, "c"), chunk(1, "d")]);
        assert_eq!(tape.take(), []);
        assert!(!tape.overflowed() && !tape.broken());
    }

    #[test]
    fn a_full_tape_says_so_and_the_guest_does_not_notice() {
        let tape = Tape::new(4);
        let [out, err] = [1, 2].map(|stream| Taped::new(None, Arc::clone(&tape), stream));
        assert_eq!(out.write(b"1234"), Ok(4));
        assert!(!tape.overflowed(), "it holds just as much");
        assert_eq!(err.write(b"56"), Ok(2));
        assert!(tape.overflowed());
        assert_eq!(tape.take(), [chunk(1, "1234")]);
    }

    #[test]
    fn what_is_passed_on_arrives_and_what_cannot_be_is_noted() {
        let tape = Tape::new(100);
        let (reader, writer) = std::io::pipe().unwrap();
        let out = Taped::new(Some(File::from(std::os::fd::OwnedFd::from(writer))), Arc::clone(&tape), 1);
        assert_eq!(out.write(b"seen"), Ok(4));
        let mut seen = [0; 4];
        std::io::Read::read_exact(&mut &reader, &mut seen).unwrap();
        assert_eq!(&seen, b"seen");
        drop(reader);
        assert_eq!(out.write(b"unseen"), Err(glowplug_sys::abi::errno::EPIPE));
        assert!(tape.broken());
        assert_eq!(tape.take(), [chunk(1, "seen")]);
    }
}
