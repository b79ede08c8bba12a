//! The standard streams of a session's first process, and a record of what went through them.

use super::descriptor::errno_of;
use super::host_stream::HostStream;
use super::process::Process;
use super::witness::Use;
use crate::lock;
use glowplug_sys::abi::errno;
use rustix::event::PollFlags;
use rustix::io::Errno;
use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a read of a recorded standard input waits for the rest of what it was asked for, once there is a part of it.
///
/// The sizes of reads would tell how whoever writes to it cuts it into pieces, which no record of the bytes tells. So reads are filled, as far as there is
/// input. But who writes may wait for an answer to what was written so far: after this time the guest gets what there is, and
/// the run is not kept.
const PATIENCE: Duration = Duration::from_millis(100);
/// So much of it is read between two looks whether the process is to end.
const MOST_AT_ONCE: usize = 4 << 20;

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
    /// sought, its metadata are always the same, and each read gets as much as it asks for, however the bytes arrive, unless
    /// they end or whoever writes them takes a break. A native program that reads it is not recorded.
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
    stream: HostStream,
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
        let stream = HostStream::new(file);
        Self { stream, terminal, ahead: Mutex::new(Ahead { bytes: ahead, at: 0 }), reading }
    }

    /// Reads as much as there is room for, or up to the end, and records it in the order in which the bytes are given out.
    pub(crate) fn read(&self, process: &Process, out: &mut [u8]) -> Result<usize, i32> {
        let mut filled = 0;
        while filled < out.len() {
            // A file of any size may be standard input.
            if process.killed().is_some() {
                return if filled > 0 { Ok(filled) } else { Err(errno::EINTR) };
            }
            let some = out.len().min(filled + MOST_AT_ONCE);
            match self.read_some(&mut out[filled..some]) {
                Ok(0) => break,
                // Who types sends lines.
                Ok(count) if self.terminal => return Ok(count),
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if filled == 0 => _ = self.stream.wait(process, PollFlags::IN, None)?,
                Err(Errno::AGAIN) => {
                    let deadline = Instant::now() + PATIENCE;
                    if self.stream.wait(process, PollFlags::IN, Some(deadline)) != Ok(true) {
                        let how = "read standard input in the pieces in which that came";
                        process.surroundings.used(|| Use::Other(how.to_owned()));
                        break;
                    }
                }
                Err(error) => {
                    process.surroundings.used(|| Use::Other("could not read standard input".to_owned()));
                    return if filled > 0 { Ok(filled) } else { Err(errno_of(error)) };
                }
            }
        }
        Ok(filled)
    }

    /// Reads what there is. Under the lock, which gives the bytes their order; so nothing here waits.
    fn read_some(&self, out: &mut [u8]) -> Result<usize, Errno> {
        let mut ahead = lock(&self.ahead);
        let left = &ahead.bytes[ahead.at..];
        let count = left.len().min(out.len());
        if count > 0 {
            out[..count].copy_from_slice(&left[..count]);
            ahead.at += count;
        }
        let count = if count > 0 { count } else { self.stream.try_read(out)? };
        self.reading.deliver(&out[..count]);
        Ok(count)
    }

    pub(crate) fn wait_readable(&self, process: &Process, deadline: Option<Instant>) -> Result<bool, i32> {
        if self.ahead() > 0 { Ok(true) } else { self.stream.wait(process, PollFlags::IN, deadline) }
    }

    /// The file, for somebody whose reading nobody can see, if it holds all that is left.
    pub(crate) fn unseen(&self) -> Option<&File> {
        (self.ahead() == 0).then_some(self.stream.file())
    }

    fn ahead(&self) -> usize {
        let ahead = lock(&self.ahead);
        ahead.bytes.len() - ahead.at
    }
}

/// What stands behind a descriptor of [`Output::Taped`].
#[derive(Debug)]
pub(crate) struct Taped {
    to: Option<HostStream>,
    tape: Arc<Tape>,
    pub(crate) stream: u8,
}

impl Taped {
    pub(crate) fn new(to: Option<File>, tape: Arc<Tape>, stream: u8) -> Self {
        Self { to: to.map(HostStream::new), tape, stream }
    }

    /// Writes, and keeps what was written.
    pub(crate) fn write(&self, process: &Process, bytes: &[u8]) -> Result<usize, i32> {
        let mut written = 0;
        loop {
            let failed = match self.write_some(&bytes[written..]) {
                Ok(count) => {
                    written += count;
                    None
                }
                Err(Errno::INTR) => None,
                // Without the lock: others may write what the reader has room for.
                Err(Errno::AGAIN) => self.to.as_ref().and_then(|to| to.wait(process, PollFlags::OUT, None).err()),
                Err(error) => Some(errno_of(error)),
            };
            if let Some(errno) = failed {
                lock(&self.tape.kept).broken = true;
                return if written > 0 { Ok(written) } else { Err(errno) };
            }
            if written == bytes.len() {
                return Ok(written);
            }
        }
    }

    /// Writes what is taken at once. One lock for both, so that the order kept is the order seen; nothing waits under it.
    fn write_some(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let mut kept = lock(&self.tape.kept);
        let count = match &self.to {
            Some(to) => to.try_write(bytes)?,
            None => bytes.len(),
        };
        kept.keep(self.stream, &bytes[..count], self.tape.limit);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process::alone()
    }

    fn chunk(stream: u8, bytes: &str) -> Chunk {
        Chunk { stream, bytes: bytes.as_bytes().to_vec() }
    }

    #[test]
    fn a_tape_keeps_the_order_and_merges_neighbours() {
        let tape = Tape::new(100);
        let [out, err] = [1, 2].map(|stream| Taped::new(None, Arc::clone(&tape), stream));
        for (to, text) in [(&out, "a"), (&out, "b"), (&err, "c"), (&err, ""), (&out, "d")] {
            assert_eq!(to.write(&process(), text.as_bytes()), Ok(text.len()));
        }
        assert_eq!(tape.take(), [chunk(1, "ab"), chunk(2, "c"), chunk(1, "d")]);
        assert_eq!(tape.take(), []);
        assert!(!tape.overflowed() && !tape.broken());
    }

    #[test]
    fn a_full_tape_says_so_and_the_guest_does_not_notice() {
        let tape = Tape::new(4);
        let [out, err] = [1, 2].map(|stream| Taped::new(None, Arc::clone(&tape), stream));
        assert_eq!(out.write(&process(), b"1234"), Ok(4));
        assert!(!tape.overflowed(), "it holds just as much");
        assert_eq!(err.write(&process(), b"56"), Ok(2));
        assert!(tape.overflowed());
        assert_eq!(tape.take(), [chunk(1, "1234")]);
    }

    #[test]
    fn what_is_passed_on_arrives_and_what_cannot_be_is_noted() {
        let tape = Tape::new(100);
        let (reader, writer) = std::io::pipe().unwrap();
        let out = Taped::new(Some(File::from(std::os::fd::OwnedFd::from(writer))), Arc::clone(&tape), 1);
        assert_eq!(out.write(&process(), b"seen"), Ok(4));
        let mut seen = [0; 4];
        std::io::Read::read_exact(&mut &reader, &mut seen).unwrap();
        assert_eq!(&seen, b"seen");
        drop(reader);
        assert_eq!(out.write(&process(), b"unseen"), Err(errno::EPIPE));
        assert!(tape.broken());
        assert_eq!(tape.take(), [chunk(1, "seen")]);
    }

    fn traced(ahead: &[u8]) -> (Traced, std::io::PipeWriter, Arc<StdinRecord>) {
        let (reader, writer) = std::io::pipe().unwrap();
        let record = Arc::new(StdinRecord::default());
        let reader = File::from(std::os::fd::OwnedFd::from(reader));
        (Traced::new(reader, ahead.to_vec(), Arc::clone(&record)), writer, record)
    }

    #[test]
    fn a_read_is_filled_however_the_bytes_arrive() {
        use std::io::Write as _;
        let (input, mut writer, record) = traced(b"ab");
        let pieces = std::thread::spawn(move || {
            for piece in ["cd", "e", "fgh", "i"] {
                writer.write_all(piece.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let (process, mut place) = (process(), [0; 4]);
        let mut sizes = Vec::new();
        loop {
            match input.read(&process, &mut place).unwrap() {
                0 => break,
                count => sizes.push(count),
            }
        }
        pieces.join().unwrap();
        assert_eq!((sizes, record.bytes(), record.ended()), (vec![4, 4, 1], 9, true));
    }

    #[test]
    fn who_waits_for_an_answer_is_not_waited_for() {
        use std::io::Write as _;
        let (input, mut writer, record) = traced(b"");
        writer.write_all(b"question").unwrap();
        assert_eq!(input.read(&process(), &mut [0; 100]), Ok(8));
        assert!(!record.ended());
    }
}
