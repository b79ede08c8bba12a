//! A stream of the host's that may have to be waited for: a terminal, a pipe, a socket, a FIFO of a mount.
//!
//! No call on it waits in the kernel, where neither a signal nor a time limit would end it: a wait is always one for the stream or for
//! the process's wakeup, whichever comes first. The open file may be shared with whoever started this program, so its flags
//! stay as they are (`O_NONBLOCK` would be seen by all who have it). What asks for no waiting is each call (`RWF_NOWAIT`), or a second open file
//! of this program's own on the same pipe or terminal.

use super::descriptor::errno_of;
use super::process::{Attention, Process};
use glowplug_sys::abi::errno;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsRawFd as _;
use std::sync::OnceLock;
use std::time::Instant;

/// What a pipe takes at once when `poll` says that it takes anything.
const PIPE_BUF: usize = 4096;
/// The same of a terminal.
const TERMINAL_BUF: usize = 256;
/// For `preadv2` and `pwritev2`: at the open file's own offset.
const HERE: u64 = u64::MAX;

/// A stream of the host's.
#[derive(Debug)]
pub(crate) struct HostStream {
    file: File,
    way: OnceLock<Way>,
}

/// How a call is kept from waiting.
#[derive(Debug)]
enum Way {
    /// It does not wait anyway: a regular file, or an open file that does not wait by its own flags.
    Plain,
    /// Each call says so. Pipes and sockets know this since Linux 6.4.
    Asked,
    /// By an open file of our own.
    Own(File),
    /// None of these can be had: only as much is asked for as `poll` promises. Should somebody else take that meanwhile, this waits.
    Promised { at_once: usize },
}

impl HostStream {
    /// A stream. Regular files may be given, too, and never wait.
    pub(crate) fn new(file: File) -> Self {
        Self { file, way: OnceLock::new() }
    }

    /// One of which is known that it is no regular file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Reads something; 0 is the end.
    ///
    /// # Errors
    /// `EINTR` when the process has to look at a signal first.
    pub(crate) fn read(&self, process: &Process, out: &mut [u8]) -> Result<usize, i32> {
        loop {
            if process.attention() != Attention::None {
                return Err(errno::EINTR);
            }
            match self.try_read(out) {
                Err(Errno::AGAIN) => _ = self.wait(process, PollFlags::IN, None)?,
                Err(Errno::INTR) => {}
                result => return result.map_err(errno_of),
            }
        }
    }

    /// Writes all of it, or what was taken before the process had to look at a signal.
    ///
    /// # Errors
    /// `EINTR` when that was nothing.
    pub(crate) fn write(&self, process: &Process, bytes: &[u8]) -> Result<usize, i32> {
        let mut written = 0;
        loop {
            match self.try_write(&bytes[written..]) {
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match self.wait(process, PollFlags::OUT, None) {
                    Ok(_) => {}
                    Err(_) if written > 0 => return Ok(written),
                    Err(errno) => return Err(errno),
                },
                // What was taken has been taken; the next call meets the error again.
                Err(_) if written > 0 => return Ok(written),
                Err(error) => return Err(errno_of(error)),
            }
            // A reader that is as fast as the guest lets nobody wait.
            if written == bytes.len() || process.killed().is_some() {
                return Ok(written);
            }
        }
    }

    /// Reads what is there; `EAGAIN` when nothing is.
    pub(crate) fn try_read(&self, out: &mut [u8]) -> Result<usize, Errno> {
        match self.way() {
            Some(Way::Plain) => rustix::io::read(&self.file, out),
            Some(Way::Own(own)) => rustix::io::read(own, out),
            Some(Way::Promised { .. }) if !self.is_ready(PollFlags::IN)? => Err(Errno::AGAIN),
            Some(Way::Promised { .. }) => rustix::io::read(&self.file, out),
            Some(Way::Asked) | None => {
                let asked = rustix::io::preadv2(&self.file, &mut [IoSliceMut::new(out)], HERE, ReadWriteFlags::NOWAIT);
                if self.is_known(&asked) { asked } else { self.try_read(out) }
            }
        }
    }

    /// Writes what is taken at once; `EAGAIN` when nothing is.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        match self.way() {
            Some(Way::Plain) => rustix::io::write(&self.file, bytes),
            Some(Way::Own(own)) => rustix::io::write(own, bytes),
            Some(Way::Promised { .. }) if !self.is_ready(PollFlags::OUT)? => Err(Errno::AGAIN),
            Some(Way::Promised { at_once }) => rustix::io::write(&self.file, &bytes[..bytes.len().min(*at_once)]),
            Some(Way::Asked) | None => {
                let asked = rustix::io::pwritev2(&self.file, &[IoSlice::new(bytes)], HERE, ReadWriteFlags::NOWAIT);
                if self.is_known(&asked) { asked } else { self.try_write(bytes) }
            }
        }
    }

    /// How, if that was found out already; nothing when the next call has to ask and see.
    fn way(&self) -> Option<&Way> {
        if let Some(way) = self.way.get() {
            return Some(way);
        }
        let plain = self.file.metadata().is_ok_and(|metadata| metadata.is_file())
            || rustix::fs::fcntl_getfl(&self.file).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK));
        if plain { Some(self.way.get_or_init(|| Way::Plain)) } else { None }
    }

    /// Whether the kernel knew what the first call asked for; notes how to go on.
    fn is_known(&self, asked: &Result<usize, Errno>) -> bool {
        let known = !matches!(asked, Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL));
        let way = self.way.get_or_init(|| if known { Way::Asked } else { self.other_way() });
        // Another thread may have found out meanwhile; and an error that was meant is met again without asking.
        known || matches!(way, Way::Asked)
    }

    fn other_way(&self) -> Way {
        let terminal = rustix::termios::isatty(&self.file);
        let own = rustix::fs::fcntl_getfl(&self.file).and_then(|flags| {
            let flags = flags & (OFlags::ACCMODE | OFlags::APPEND);
            let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            rustix::fs::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()), flags, Mode::empty())
        });
        match own {
            Ok(own) => Way::Own(own.into()),
            // A socket, a terminal of somebody else's, a FIFO that nobody reads.
            Err(_) => Way::Promised { at_once: if terminal { TERMINAL_BUF } else { PIPE_BUF } },
        }
    }

    fn is_ready(&self, wanted: PollFlags) -> Result<bool, Errno> {
        let mut polled = [PollFd::new(&self.file, wanted)];
        rustix::event::poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).map(|ready| ready > 0)
    }

    /// Waits until the stream can be read or written, a signal comes (`EINTR`), or it is `deadline` (false).
    pub(crate) fn wait(&self, process: &Process, wanted: PollFlags, deadline: Option<Instant>) -> Result<bool, i32> {
        let wakeup = process.wakeup().map_err(errno_of)?;
        loop {
            if process.attention() != Attention::None {
                return Err(errno::EINTR);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout =
                left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
            let mut polled = [PollFd::new(&self.file, wanted), PollFd::from_borrowed_fd(wakeup, PollFlags::IN)];
            match rustix::event::poll(&mut polled, timeout.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) if !polled[0].revents().is_empty() => return Ok(true),
                Ok(_) => process.drain_wakeup(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(errno_of(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug_sys::abi::signal;
    use std::os::fd::OwnedFd;
    use std::sync::Arc;

    fn process() -> Arc<Process> {
        Arc::new(Process::alone())
    }

    fn pipe() -> (File, File) {
        let (reader, writer) = std::io::pipe().unwrap();
        (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
    }

    fn flags(file: &File) -> OFlags {
        rustix::fs::fcntl_getfl(file).unwrap()
    }

    /// Kills `process` when whoever runs the test has begun to wait.
    fn killed_soon(process: &Arc<Process>) -> std::thread::JoinHandle<()> {
        let process = Arc::clone(process);
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(30));
            process.signal(signal::KILL);
        })
    }

    #[test]
    fn a_write_to_a_full_pipe_ends_with_its_process_and_leaves_the_flags() {
        let (_reader, writer) = pipe();
        let before = flags(&writer);
        let other = writer.try_clone().unwrap();
        let stream = HostStream::new(writer);
        let process = process();
        let killer = killed_soon(&process);
        let written = stream.write(&process, &vec![b'x'; 1 << 20]).unwrap();
        assert!((1..1 << 20).contains(&written), "{written}");
        assert_eq!(stream.write(&process, b"x"), Err(errno::EINTR));
        assert_eq!(flags(&other), before);
        killer.join().unwrap();
    }

    #[test]
    fn a_read_that_waits_ends_with_its_process() {
        let (reader, _writer) = pipe();
        let stream = HostStream::new(reader);
        let process = process();
        let killer = killed_soon(&process);
        assert_eq!(stream.read(&process, &mut [0; 8]), Err(errno::EINTR));
        killer.join().unwrap();
    }

    #[test]
    fn every_way_reads_and_writes_and_waits_for_nothing() {
        let ways: [fn(&HostStream) -> Way; 3] =
            [|_| Way::Asked, HostStream::other_way, |_| Way::Promised { at_once: PIPE_BUF }];
        for way in ways {
            let (reader, writer) = pipe();
            let [reader, writer] = [reader, writer].map(|file| {
                let stream = HostStream::new(file);
                stream.way.set(way(&stream)).unwrap();
                stream
            });
            let process = process();
            let mut place = [0; 8];
            assert_eq!(reader.try_read(&mut place), Err(Errno::AGAIN), "{reader:?}");
            assert_eq!(writer.write(&process, b"four"), Ok(4));
            assert_eq!((reader.read(&process, &mut place), &place[..4]), (Ok(4), &b"four"[..]));
            while writer.try_write(&[0; 4096]).is_ok() {}
            assert_eq!(writer.try_write(b"x"), Err(Errno::AGAIN), "{writer:?}");
            drop(reader);
            assert_eq!(writer.write(&process, b"x"), Err(errno::EPIPE));
        }
    }
}
