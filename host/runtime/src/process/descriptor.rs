//! What a descriptor stands for: a real file or terminal, an end of a pipe, or a device that needs none.

use super::observed::Observed;
use super::pipe::{End, Pipe};
use super::process::{Attention, Process};
use super::streams::{Taped, Traced};
use crate::lock;
use glowplug_fs::Watch;
use glowplug_sys::abi::{Stat, describe, errno};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::fs::File;
use std::io::SeekFrom;
use std::os::unix::fs::FileTypeExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// An open description; descriptors that share it share its offset.
pub(crate) type Descriptor = Arc<Description>;

/// An open description.
#[derive(Debug)]
pub(crate) struct Description {
    kind: Kind,
    readable: bool,
    writable: bool,
    /// Bytes that may still be written, shared by all of a session's ways out.
    allowance: Option<Arc<AtomicU64>>,
}

#[derive(Debug)]
enum Kind {
    /// A regular file: never waits. Under a trace with what guests are told of it.
    File(File, Option<Watch>),
    /// A file of the host under a trace, open for reading.
    Observed(Observed),
    /// A terminal, a real pipe, a socket: may wait.
    Stream {
        file: File,
        terminal: bool,
    },
    Pipe(Arc<Pipe>, End),
    /// A standard input whose reading is recorded.
    Traced(Traced),
    /// A standard output that is recorded.
    Taped(Taped),
    Null,
    Zero,
    Full,
    Random,
    /// The bytes of a program of the host's own.
    Bytes(&'static [u8], Mutex<u64>),
    /// An open folder; only its metadata can be asked for.
    Directory(Vec<u8>),
}

/// What [`Description::host`] makes of a real descriptor.
fn kind_of(file: File) -> Kind {
    let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if regular {
        return Kind::File(file, None);
    }
    let terminal = rustix::termios::isatty(&file);
    Kind::Stream { file, terminal }
}

/// `EAGAIN` and its like, in preview 1's numbers.
pub(crate) fn errno_of(error: rustix::io::Errno) -> i32 {
    glowplug_fs::number(error)
}

impl Description {
    fn new(kind: Kind, readable: bool, writable: bool) -> Descriptor {
        Arc::new(Self { kind, readable, writable, allowance: None })
    }

    /// A file of the host's or beneath a mount, opened for what is said.
    pub(crate) fn host(file: File, readable: bool, writable: bool) -> Descriptor {
        Self::new(kind_of(file), readable, writable)
    }

    /// A file beneath a mount, which was opened under a trace.
    pub(crate) fn traced(file: File, watch: Watch, readable: bool, writable: bool) -> Descriptor {
        if watch.is_lower_file() {
            return Self::new(Kind::Observed(Observed::new(file, watch)), readable, writable);
        }
        let kind = match kind_of(file) {
            Kind::File(file, _) if watch.is_lower() => Kind::Observed(Observed::new(file, watch)),
            Kind::File(file, _) => Kind::File(file, Some(watch)),
            other => other,
        };
        Self::new(kind, readable, writable)
    }

    /// The host's own output, of which no more than `allowance` bytes are written.
    pub(crate) fn output(file: File, allowance: Option<Arc<AtomicU64>>) -> Descriptor {
        // A terminal can be read through any of its descriptors.
        let readable = rustix::termios::isatty(&file);
        Arc::new(Self { kind: kind_of(file), readable, writable: true, allowance })
    }

    /// A standard input whose reading is recorded.
    pub(crate) fn recorded_input(input: Traced) -> Descriptor {
        Self::new(Kind::Traced(input), true, false)
    }

    /// A standard output that is recorded, of which no more than `allowance` bytes are written.
    pub(crate) fn recorded_output(output: Taped, allowance: Option<Arc<AtomicU64>>) -> Descriptor {
        Arc::new(Self { kind: Kind::Taped(output), readable: false, writable: true, allowance })
    }

    /// Both ends of a new pipe.
    pub(crate) fn pipe(pipe: &Arc<Pipe>) -> (Descriptor, Descriptor) {
        let read = Self::new(Kind::Pipe(Arc::clone(pipe), End::Read), true, false);
        (read, Self::new(Kind::Pipe(Arc::clone(pipe), End::Write), false, true))
    }

    /// A folder.
    pub(crate) fn directory(path: Vec<u8>) -> Descriptor {
        Self::new(Kind::Directory(path), true, false)
    }

    /// The bytes of a program of the host's own.
    pub(crate) fn bytes(bytes: &'static [u8]) -> Descriptor {
        Self::new(Kind::Bytes(bytes, Mutex::new(0)), true, false)
    }

    /// A device.
    pub(crate) fn device(device: glowplug_fs::Device) -> Option<Descriptor> {
        use glowplug_fs::Device;
        Some(match device {
            Device::Null => Self::new(Kind::Null, true, true),
            Device::Zero => Self::new(Kind::Zero, true, true),
            Device::Full => Self::new(Kind::Full, true, true),
            Device::Random => Self::new(Kind::Random, true, true),
            Device::Terminal => {
                let file = File::options().read(true).write(true).open("/dev/tty").ok()?;
                Self::new(kind_of(file), true, true)
            }
        })
    }

    /// Nothing to read, and everything may be written.
    pub(crate) fn null() -> Descriptor {
        Self::new(Kind::Null, true, true)
    }

    /// The bits of [`describe`].
    pub(crate) fn describe(&self) -> i32 {
        let mut bits = match &self.kind {
            Kind::Stream { terminal: true, .. } | Kind::Traced(Traced { terminal: true, .. }) => describe::TERMINAL,
            Kind::File(..) | Kind::Observed(_) | Kind::Bytes(..) => describe::SEEKABLE,
            Kind::Pipe(..) | Kind::Traced(_) | Kind::Taped(_) => describe::PIPE,
            Kind::Directory(_) => describe::DIRECTORY,
            _ => 0,
        };
        if self.readable {
            bits |= describe::READABLE;
        }
        if self.writable {
            bits |= describe::WRITABLE;
        }
        bits
    }

    /// The real file, where there is one.
    pub(crate) fn real(&self) -> Option<&File> {
        match &self.kind {
            Kind::File(file, _) | Kind::Stream { file, .. } => Some(file),
            Kind::Observed(observed) => Some(observed.file()),
            _ => None,
        }
    }

    /// Sets the times of an open file that may be written.
    pub(crate) fn set_times(&self, times: &rustix::fs::Timestamps) -> Result<(), i32> {
        // Files that may only be read are not the guest's to change, though the host would let their owner.
        let file = self.real().filter(|_| self.writable).ok_or(errno::EPERM)?;
        rustix::fs::futimens(file, times).map_err(errno_of)?;
        if let Kind::File(file, Some(watch)) = &self.kind
            && times.last_modification.tv_nsec != rustix::fs::UTIME_OMIT
        {
            let exactly = times.last_modification.tv_nsec != rustix::fs::UTIME_NOW;
            watch.time_was_set(file, exactly).map_err(|error| error.errno)?;
        }
        Ok(())
    }

    /// Whether it is a terminal, which a run should not hang on.
    pub(crate) fn is_terminal(&self) -> bool {
        self.describe() & describe::TERMINAL != 0
    }

    /// Whether somebody outside may be reading until it is closed.
    pub(crate) fn is_read_to_its_end(&self) -> bool {
        match &self.kind {
            Kind::Stream { file, .. } => {
                let kind = file.metadata().map(|metadata| metadata.file_type());
                kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
            }
            Kind::Taped(_) => true,
            _ => false,
        }
    }

    /// Which end of something that a native program can only be given through a real pipe, if it has to be.
    pub(crate) fn carried(&self) -> Option<End> {
        match &self.kind {
            Kind::Pipe(_, end) => Some(*end),
            Kind::Traced(_) => Some(End::Read),
            Kind::Taped(_) => Some(End::Write),
            _ => None,
        }
    }

    /// The real file, for somebody who reads it without telling us.
    pub(crate) fn hand_out(&self) -> Result<Option<&File>, i32> {
        match &self.kind {
            Kind::Traced(input) => Ok(input.unseen()),
            Kind::Observed(observed) => {
                observed.hand_out()?;
                Ok(self.real())
            }
            _ => Ok(self.real()),
        }
    }

    /// The folder that it stands for.
    pub(crate) fn folder(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// Reads at the offset; 0 is the end.
    pub(crate) fn read(&self, process: &Process, out: &mut [u8]) -> Result<usize, i32> {
        if !self.readable {
            return Err(errno::EBADF);
        }
        match &self.kind {
            Kind::File(file, _) => rustix::io::read(file, out).map_err(errno_of),
            Kind::Observed(observed) => observed.read(out),
            Kind::Stream { file, .. } => loop {
                wait_for_real(process, file, None)?;
                match rustix::io::read(file, &mut *out) {
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    result => return result.map_err(errno_of),
                }
            },
            Kind::Pipe(pipe, _) => pipe.read(process, out),
            Kind::Traced(input) => input.read(process, out),
            Kind::Taped(_) => Err(errno::EBADF),
            Kind::Null => Ok(0),
            Kind::Zero | Kind::Full => {
                out.fill(0);
                Ok(out.len())
            }
            Kind::Random => process.surroundings.fill_random(out).map(|()| out.len()),
            Kind::Bytes(bytes, offset) => {
                let mut offset = lock(offset);
                let count = read_at(bytes, *offset, out);
                *offset += count as u64;
                Ok(count)
            }
            Kind::Directory(_) => Err(errno::EISDIR),
        }
    }

    /// Writes at the offset.
    pub(crate) fn write(&self, process: &Process, bytes: &[u8]) -> Result<usize, i32> {
        if !self.writable {
            return Err(errno::EBADF);
        }
        let bytes = self.within_allowance(bytes)?;
        match &self.kind {
            Kind::File(file, _) => rustix::io::write(file, bytes).map_err(errno_of),
            Kind::Stream { file, .. } => write_real(file, bytes),
            Kind::Pipe(pipe, _) => pipe.write(process, bytes),
            Kind::Taped(output) => output.write(bytes),
            Kind::Null | Kind::Zero | Kind::Random => Ok(bytes.len()),
            Kind::Full => Err(errno::ENOSPC),
            Kind::Observed(_) | Kind::Bytes(..) | Kind::Directory(_) | Kind::Traced(_) => Err(errno::EBADF),
        }
    }

    /// As much as may still be written.
    fn within_allowance<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8], i32> {
        let Some(allowance) = &self.allowance else { return Ok(bytes) };
        let mut left = allowance.load(Ordering::Relaxed);
        loop {
            let count = left.min(bytes.len() as u64);
            if count == 0 && !bytes.is_empty() {
                return Err(errno::EFBIG);
            }
            match allowance.compare_exchange_weak(left, left - count, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(&bytes[..count as usize]),
                Err(now) => left = now,
            }
        }
    }

    /// Reads elsewhere than at the offset.
    pub(crate) fn read_at(&self, out: &mut [u8], offset: u64) -> Result<usize, i32> {
        match &self.kind {
            _ if !self.readable => Err(errno::EBADF),
            Kind::File(file, _) => rustix::io::pread(file, out, offset).map_err(errno_of),
            Kind::Observed(observed) => observed.read_at(out, offset),
            Kind::Bytes(bytes, _) => Ok(read_at(bytes, offset, out)),
            _ => Err(errno::ESPIPE),
        }
    }

    /// Writes elsewhere than at the offset.
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, i32> {
        match &self.kind {
            _ if !self.writable => Err(errno::EBADF),
            Kind::File(file, _) => rustix::io::pwrite(file, bytes, offset).map_err(errno_of),
            _ => Err(errno::ESPIPE),
        }
    }

    /// Moves the offset.
    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64, i32> {
        match &self.kind {
            Kind::Observed(observed) => observed.seek(to),
            Kind::File(file, _) => {
                let to = match to {
                    SeekFrom::Start(at) => rustix::fs::SeekFrom::Start(at),
                    SeekFrom::Current(by) => rustix::fs::SeekFrom::Current(by),
                    SeekFrom::End(by) => rustix::fs::SeekFrom::End(by),
                };
                rustix::fs::seek(file, to).map_err(errno_of)
            }
            Kind::Bytes(bytes, offset) => {
                let mut offset = lock(offset);
                let (base, by) = match to {
                    SeekFrom::Start(at) => (0, i64::try_from(at).map_err(|_| errno::EINVAL)?),
                    SeekFrom::Current(by) => (*offset, by),
                    SeekFrom::End(by) => (bytes.len() as u64, by),
                };
                *offset = base.checked_add_signed(by).ok_or(errno::EINVAL)?;
                Ok(*offset)
            }
            Kind::Directory(_) => Err(errno::EBADF),
            _ => Err(errno::ESPIPE),
        }
    }

    /// Whether a read would not wait, at the latest at `deadline`.
    pub(crate) fn wait_readable(&self, process: &Process, deadline: Option<Instant>) -> Result<bool, i32> {
        match &self.kind {
            Kind::Stream { file, .. } => wait_for_real(process, file, deadline),
            Kind::Pipe(pipe, End::Read) => pipe.wait_readable(process, deadline),
            Kind::Traced(input) => input.wait_readable(process, deadline),
            _ => Ok(true),
        }
    }

    /// How many bytes can be read at once, as far as that is known.
    pub(crate) fn available(&self) -> u64 {
        match &self.kind {
            Kind::Pipe(pipe, _) => pipe.len() as u64,
            Kind::Stream { file, .. } => rustix::io::ioctl_fionread(file).unwrap_or(0),
            Kind::Traced(input) => input.available(),
            _ => 1,
        }
    }

    /// What is known of it.
    pub(crate) fn stat(&self) -> Result<Stat, i32> {
        const PIPE: u32 = 0o010_600;
        const DEVICE: u32 = 0o020_666;
        const FILE: u32 = 0o100_755;
        const FOLDER: u32 = 0o040_755;
        let of = |mode, size| Stat { mode, size, nlink: 1, ..Stat::default() };
        Ok(match &self.kind {
            Kind::Observed(observed) => stat_of(&observed.stat()?),
            Kind::File(file, Some(watch)) => stat_of(&watch.stat(file).map_err(|error| error.errno)?),
            Kind::File(file, None) | Kind::Stream { file, .. } => {
                stat_of(&glowplug_fs::Stat::of_file(file).map_err(|error| error.errno)?)
            }
            Kind::Pipe(pipe, _) => Stat { ino: pipe.number, ..of(PIPE, 0) },
            // Their numbers among the standard streams, which no pipe has.
            Kind::Traced(_) => of(PIPE, 0),
            Kind::Taped(output) => Stat { ino: output.stream.into(), ..of(PIPE, 0) },
            Kind::Null | Kind::Zero | Kind::Full | Kind::Random => of(DEVICE, 0),
            Kind::Bytes(bytes, _) => of(FILE, bytes.len() as u64),
            Kind::Directory(_) => of(FOLDER, 0),
        })
    }
}

impl Drop for Description {
    fn drop(&mut self) {
        if let Kind::Pipe(pipe, end) = &self.kind {
            pipe.close(*end);
        }
    }
}

fn read_at(bytes: &[u8], offset: u64, out: &mut [u8]) -> usize {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let count = out.len().min(bytes.len() - from);
    out[..count].copy_from_slice(&bytes[from..from + count]);
    count
}

/// Writes to a real descriptor that may have to be waited for.
pub(crate) fn write_real(file: &File, bytes: &[u8]) -> Result<usize, i32> {
    loop {
        match rustix::io::write(file, bytes) {
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                let mut polled = [PollFd::new(file, PollFlags::OUT)];
                rustix::event::poll(&mut polled, None).map_err(errno_of)?;
            }
            result => return result.map_err(errno_of),
        }
    }
}

/// Waits until a real descriptor can be read, a signal comes (`EINTR`), or it is `deadline` (false).
pub(crate) fn wait_for_real(process: &Process, file: &File, deadline: Option<Instant>) -> Result<bool, i32> {
    let wakeup = process.wakeup().map_err(errno_of)?;
    loop {
        if process.attention() != Attention::None {
            return Err(errno::EINTR);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
        let mut polled = [PollFd::new(file, PollFlags::IN), PollFd::from_borrowed_fd(wakeup, PollFlags::IN)];
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) if !polled[0].revents().is_empty() => return Ok(true),
            Ok(_) => process.drain_wakeup(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(errno_of(error)),
        }
    }
}

/// What guests are told of an entry.
pub(crate) fn stat_of(stat: &glowplug_fs::Stat) -> Stat {
    Stat {
        dev: stat.dev,
        ino: stat.ino,
        size: stat.size,
        nlink: stat.nlink,
        mtime: stat.mtime,
        atime: stat.atime,
        ctime: stat.ctime,
        mode: stat.mode,
        uid: stat.uid,
        gid: stat.gid,
        blocks: u32::try_from(stat.blocks).unwrap_or(u32::MAX),
    }
}
