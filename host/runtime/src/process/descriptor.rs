//! What a descriptor stands for: a real file or terminal, an end of a pipe, or a device that needs none.

use super::handles::Handle;
use super::host_stream::HostStream;
use super::observed::Observed;
use super::pieces::in_pieces;
use super::pipe::{End, Pipe};
use super::process::Process;
use super::streams::{Taped, Traced};
use super::witness::{Use, foreseen, told};
use crate::lock;
use glowplug_fs::{Charge, Watch};
use glowplug_sys::abi::{Stat, describe, errno};
use rustix::event::PollFlags;
use rustix::fs::OFlags;
use rustix::io::ReadWriteFlags;
use std::fs::File;
use std::io::SeekFrom;
use std::os::unix::fs::FileTypeExt as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

/// An open description; descriptors that share it share its offset.
pub(crate) type Descriptor = Arc<Description>;

/// An open description.
#[derive(Debug)]
pub(crate) struct Description {
    /// What the file's growth is charged to; let go of before the file is closed, as it wants it.
    charge: Option<Charge>,
    kind: Kind,
    readable: bool,
    writable: bool,
    /// Bytes that may still be written, shared by all of a session's ways out.
    allowance: Option<Arc<AtomicU64>>,
    /// What must stay as it was, if whoever started this program has it open as well.
    given: Option<Given>,
    /// Its place among the host's descriptors, where it is one that a guest opened.
    handle: OnceLock<Handle>,
}

/// A regular file that is somebody else's output, too: what is in it, and how the others write to it, is not the guest's to change.
#[derive(Debug)]
struct Given {
    /// Where this program's own part begins.
    begin: u64,
    /// Whether a guest wants to append. The open file's own flag is shared, so each write says it.
    append: AtomicBool,
}

impl Given {
    /// Of a file that is about to be written to.
    fn of(file: &File) -> Option<Self> {
        let begin = rustix::fs::seek(file, rustix::fs::SeekFrom::Current(0)).ok()?;
        Some(Self { begin, append: AtomicBool::new(false) })
    }
}

#[derive(Debug)]
enum Kind {
    /// A regular file: never waits. Under a trace with what guests are told of it.
    File(File, Option<Watch>),
    /// A file of the host under a trace, open for reading.
    Observed(Observed),
    /// A terminal, a real pipe, a socket: may wait.
    Stream {
        stream: HostStream,
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
    Kind::Stream { stream: HostStream::new(file), terminal }
}

/// `EAGAIN` and its like, in preview 1's numbers.
pub(crate) fn errno_of(error: rustix::io::Errno) -> i32 {
    glowplug_fs::number(error)
}

impl Description {
    fn new(kind: Kind, readable: bool, writable: bool) -> Descriptor {
        Arc::new(Self { charge: None, kind, readable, writable, allowance: None, given: None, handle: OnceLock::new() })
    }

    /// Holds on to its place among the host's descriptors for as long as it is open.
    pub(crate) fn holds(&self, handle: Handle) {
        let _ = self.handle.set(handle);
    }

    /// A file of the host's, opened for what is said.
    pub(crate) fn host(file: File, readable: bool, writable: bool) -> Descriptor {
        Self::new(kind_of(file), readable, writable)
    }

    /// A file that the namespace opened for what is said, perhaps under a trace.
    pub(crate) fn opened(
        file: File,
        watch: Option<Watch>,
        charge: Option<Charge>,
        readable: bool,
        writable: bool,
    ) -> Descriptor {
        let kind = match watch {
            Some(watch) if watch.is_lower_file() => Kind::Observed(Observed::new(file, watch)),
            watch => match (kind_of(file), watch) {
                (Kind::File(file, _), Some(watch)) if watch.is_lower() => Kind::Observed(Observed::new(file, watch)),
                (Kind::File(file, _), watch) => Kind::File(file, watch),
                (other, _) => other,
            },
        };
        Arc::new(Self { charge, kind, readable, writable, allowance: None, given: None, handle: OnceLock::new() })
    }

    /// The same of a file under a trace.
    #[cfg(test)]
    pub(crate) fn traced(file: File, watch: Watch, readable: bool, writable: bool) -> Descriptor {
        Self::opened(file, Some(watch), None, readable, writable)
    }

    /// The host's own output, of which no more than `allowance` bytes are written.
    pub(crate) fn output(file: File, allowance: Option<Arc<AtomicU64>>) -> Descriptor {
        // A terminal can be read through any of its descriptors.
        let readable = rustix::termios::isatty(&file);
        let kind = kind_of(file);
        let given = match &kind {
            Kind::File(file, _) => Given::of(file),
            _ => None,
        };
        Arc::new(Self { charge: None, kind, readable, writable: true, allowance, given, handle: OnceLock::new() })
    }

    /// A standard input whose reading is recorded.
    pub(crate) fn recorded_input(input: Traced) -> Descriptor {
        Self::new(Kind::Traced(input), true, false)
    }

    /// A standard output that is recorded, of which no more than `allowance` bytes are written.
    pub(crate) fn recorded_output(output: Taped, allowance: Option<Arc<AtomicU64>>) -> Descriptor {
        Arc::new(Self {
            charge: None,
            kind: Kind::Taped(output),
            readable: false,
            writable: true,
            allowance,
            given: None,
            handle: OnceLock::new(),
        })
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

    /// A device; of what is written to the terminal no more than `allowance` bytes are.
    pub(crate) fn device(device: glowplug_fs::Device, allowance: Option<&Arc<AtomicU64>>) -> Option<Descriptor> {
        use glowplug_fs::Device;
        Some(match device {
            Device::Null => Self::new(Kind::Null, true, true),
            Device::Zero => Self::new(Kind::Zero, true, true),
            Device::Full => Self::new(Kind::Full, true, true),
            Device::Random => Self::new(Kind::Random, true, true),
            Device::Terminal => {
                let file = File::options().read(true).write(true).open("/dev/tty").ok()?;
                let (kind, allowance) = (kind_of(file), allowance.cloned());
                Arc::new(Self {
                    charge: None,
                    kind,
                    readable: true,
                    writable: true,
                    allowance,
                    given: None,
                    handle: OnceLock::new(),
                })
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
            Kind::File(file, _) => Some(file),
            Kind::Stream { stream, .. } => Some(stream.file()),
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
            Kind::Stream { stream, .. } => {
                let kind = stream.file().metadata().map(|metadata| metadata.file_type());
                kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
            }
            Kind::Taped(_) => true,
            _ => false,
        }
    }

    /// Whether what is written to it is counted, because there is a limit of that.
    pub(crate) fn is_counted(&self) -> bool {
        self.allowance.is_some()
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
            Kind::File(file, _) => in_pieces(
                out.len(),
                |errno| _ = told(errno, &process.surroundings),
                |part| rustix::io::read(file, &mut out[part]).map_err(errno_of),
            ),
            Kind::Observed(observed) => observed.read(out),
            Kind::Stream { stream, .. } => stream.read(process, out),
            Kind::Pipe(pipe, _) => pipe.read(process, out),
            Kind::Traced(input) => input.read(process, out),
            Kind::Taped(_) => Err(errno::EBADF),
            Kind::Null => Ok(0),
            Kind::Zero | Kind::Full => in_pieces(
                out.len(),
                |_| (),
                |part| {
                    out[part.clone()].fill(0);
                    Ok(part.len())
                },
            ),
            Kind::Random => process.fill_random(out).map(|()| out.len()),
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
        self.within_allowance(bytes, |bytes| match &self.kind {
            Kind::File(file, _) => in_pieces(
                bytes.len(),
                |errno| _ = told(errno, &process.surroundings),
                |part| {
                    let bytes = &bytes[part];
                    self.write_file(file, bytes).inspect(|count| short(process, *count, bytes))
                },
            ),
            Kind::Stream { stream, .. } => stream.write(process, bytes),
            Kind::Pipe(pipe, _) => pipe.write(process, bytes),
            Kind::Taped(output) => in_pieces(
                bytes.len(),
                |errno| _ = told(errno, &process.surroundings),
                |part| output.write(process, &bytes[part]),
            ),
            Kind::Null | Kind::Zero | Kind::Random => Ok(bytes.len()),
            Kind::Full => Err(foreseen(errno::ENOSPC)),
            Kind::Observed(_) | Kind::Bytes(..) | Kind::Directory(_) | Kind::Traced(_) => Err(errno::EBADF),
        })
    }

    fn write_file(&self, file: &File, bytes: &[u8]) -> Result<usize, i32> {
        if self.given.as_ref().is_some_and(|given| given.append.load(Ordering::Relaxed)) {
            // At the file's end, and the offset after it, as with the flag.
            let bytes = [std::io::IoSlice::new(bytes)];
            return rustix::io::pwritev2(file, &bytes, u64::MAX, ReadWriteFlags::APPEND).map_err(errno_of);
        }
        match &self.charge {
            Some(charge) => charge.write(file, bytes),
            None => rustix::io::write(file, bytes),
        }
        .map_err(errno_of)
    }

    /// Writes as much as may still be written. What was not written after all may be written later.
    fn within_allowance(&self, bytes: &[u8], write: impl FnOnce(&[u8]) -> Result<usize, i32>) -> Result<usize, i32> {
        let Some(allowance) = &self.allowance else { return write(bytes) };
        let mut left = allowance.load(Ordering::Relaxed);
        let granted = loop {
            let count = left.min(bytes.len() as u64);
            if count == 0 && !bytes.is_empty() {
                return Err(errno::EFBIG);
            }
            match allowance.compare_exchange_weak(left, left - count, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break &bytes[..count as usize],
                Err(now) => left = now,
            }
        };
        let result = write(granted);
        let written = result.unwrap_or(0).min(granted.len());
        allowance.fetch_add((granted.len() - written) as u64, Ordering::Relaxed);
        result
    }

    /// Reads elsewhere than at the offset.
    pub(crate) fn read_at(&self, process: &Process, out: &mut [u8], offset: u64) -> Result<usize, i32> {
        match &self.kind {
            _ if !self.readable => Err(errno::EBADF),
            Kind::File(file, _) => in_pieces(
                out.len(),
                |errno| _ = told(errno, &process.surroundings),
                |part| {
                    let at = after(offset, part.start)?;
                    rustix::io::pread(file, &mut out[part], at).map_err(errno_of)
                },
            ),
            Kind::Observed(observed) => observed.read_at(out, offset),
            Kind::Bytes(bytes, _) => Ok(read_at(bytes, offset, out)),
            _ => Err(errno::ESPIPE),
        }
    }

    /// Writes elsewhere than at the offset.
    pub(crate) fn write_at(&self, process: &Process, bytes: &[u8], offset: u64) -> Result<usize, i32> {
        match &self.kind {
            _ if !self.writable => Err(errno::EBADF),
            Kind::File(..) if self.given.as_ref().is_some_and(|given| offset < given.begin) => Err(errno::EPERM),
            Kind::File(file, _) => self.within_allowance(bytes, |bytes| {
                in_pieces(
                    bytes.len(),
                    |errno| _ = told(errno, &process.surroundings),
                    |part| {
                        let (at, bytes) = (after(offset, part.start)?, &bytes[part]);
                        let written = match &self.charge {
                            Some(charge) => charge.write_at(file, bytes, at),
                            None => rustix::io::pwrite(file, bytes, at),
                        };
                        written.map_err(errno_of).inspect(|count| short(process, *count, bytes))
                    },
                )
            }),
            _ => Err(errno::ESPIPE),
        }
    }

    /// Makes the file that long.
    ///
    /// # Errors
    /// `EPERM` for an output that whoever started this program has open as well: how much of it there is is not the guest's to say.
    pub(crate) fn set_size(&self, size: u64) -> Result<(), i32> {
        let file = self.resizable()?;
        match &self.charge {
            Some(charge) => charge.set_len(file, size),
            None => rustix::fs::ftruncate(file, size),
        }
        .map_err(errno_of)
    }

    /// Makes the file at least that long.
    ///
    /// # Errors
    /// As [`Description::set_size`].
    pub(crate) fn allocate(&self, end: u64) -> Result<(), i32> {
        // A file that may only be read is refused before anything is compared with its size, which would tell it to the guest.
        let file = self.resizable()?;
        let size = file.metadata().map_err(|_| errno::EIO)?.len();
        if end > size { self.set_size(end) } else { Ok(()) }
    }

    fn resizable(&self) -> Result<&File, i32> {
        match &self.kind {
            _ if !self.writable => Err(errno::EINVAL),
            Kind::File(..) if self.given.is_some() => Err(errno::EPERM),
            Kind::File(file, _) => Ok(file),
            _ => Err(errno::EINVAL),
        }
    }

    /// Whether each write appends.
    pub(crate) fn set_append(&self, append: bool) -> Result<(), i32> {
        match (&self.kind, &self.given) {
            (_, Some(given)) => given.append.store(append, Ordering::Relaxed),
            // Files that only this session has open: here the flag is the open file's own.
            (Kind::File(file, _), None) if self.writable => {
                let flags = rustix::fs::fcntl_getfl(file).map_err(errno_of)?;
                let wanted = if append { flags | OFlags::APPEND } else { flags - OFlags::APPEND };
                rustix::fs::fcntl_setfl(file, wanted).map_err(errno_of)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Moves the offset.
    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64, i32> {
        match &self.kind {
            Kind::Observed(observed) => observed.seek(to),
            Kind::File(file, _) => match (&self.given, to) {
                (Some(_), SeekFrom::Current(0)) | (None, _) => seek_file(file, to),
                (Some(given), to) => given.seek(file, to),
            },
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
            Kind::Stream { stream, .. } => stream.wait(process, PollFlags::IN, deadline),
            Kind::Pipe(pipe, End::Read) => pipe.wait_readable(process, deadline),
            Kind::Traced(input) => input.wait_readable(process, deadline),
            _ => Ok(true),
        }
    }

    /// Whether it hangs on others, and on how fast they are, when it can be read.
    pub(crate) fn is_readable_by_chance(&self) -> bool {
        matches!(self.kind, Kind::Pipe(..) | Kind::Traced(_) | Kind::Stream { .. })
    }

    /// How many bytes can be read at once, as far as that is known. Where it must not hang on how fast somebody writes, only that it is some.
    pub(crate) fn available(&self, process: &Process) -> u64 {
        match &self.kind {
            _ if process.surroundings.is_watched() => 1,
            Kind::Pipe(pipe, _) => pipe.len() as u64,
            Kind::Stream { stream, .. } => rustix::io::ioctl_fionread(stream.file()).unwrap_or(0),
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
            Kind::File(file, None) => stat_of(&glowplug_fs::Stat::of_file(file).map_err(|error| error.errno)?),
            Kind::Stream { stream, .. } => {
                stat_of(&glowplug_fs::Stat::of_file(stream.file()).map_err(|error| error.errno)?)
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

/// The place so many bytes after `offset`.
pub(super) fn after(offset: u64, by: usize) -> Result<u64, i32> {
    offset.checked_add(by as u64).ok_or(errno::EINVAL)
}

fn read_at(bytes: &[u8], offset: u64, out: &mut [u8]) -> usize {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let count = out.len().min(bytes.len() - from);
    out[..count].copy_from_slice(&bytes[from..from + count]);
    count
}

impl Given {
    /// Moves the offset, but not to before where this program's own part begins.
    fn seek(&self, file: &File, to: SeekFrom) -> Result<u64, i32> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (0, i64::try_from(at).map_err(|_| errno::EINVAL)?),
            SeekFrom::Current(by) => (seek_file(file, SeekFrom::Current(0))?, by),
            SeekFrom::End(by) => (file.metadata().map_err(|_| errno::EIO)?.len(), by),
        };
        let at = base.checked_add_signed(by).filter(|at| *at >= self.begin).ok_or(errno::EINVAL)?;
        seek_file(file, SeekFrom::Start(at))
    }
}

fn seek_file(file: &File, to: SeekFrom) -> Result<u64, i32> {
    let to = match to {
        SeekFrom::Start(at) => rustix::fs::SeekFrom::Start(at),
        SeekFrom::Current(by) => rustix::fs::SeekFrom::Current(by),
        SeekFrom::End(by) => rustix::fs::SeekFrom::End(by),
    };
    rustix::fs::seek(file, to).map_err(errno_of)
}

/// A file that takes less than it was given is one whose disk or limit is full: nothing that another run would meet, too.
fn short(process: &Process, count: usize, bytes: &[u8]) {
    if count < bytes.len() {
        process.surroundings.used(|| Use::Other("could not write all of a file".to_owned()));
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
