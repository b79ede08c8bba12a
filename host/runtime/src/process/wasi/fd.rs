//! `fd_*`: what is done with an open descriptor.

use super::files::{Entry, Listing};
use super::{Next, Ranges, function};
use crate::account::Charge;
use crate::process::context::Context;
use crate::process::descriptor::{Descriptor, stat_of};
use crate::process::memory::{bytes_mut, offset, put, put_u32, put_u64};
use crate::process::refusals::WRITING;
use glowplug_fs::{Kind, NewTime};
use glowplug_sys::abi::{Stat, describe, errno};
use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};
use wasmtime::Linker;

/// Preview 1's kinds of files.
pub(super) mod filetype {
    pub(crate) const UNKNOWN: u8 = 0;
    pub(crate) const BLOCK_DEVICE: u8 = 1;
    pub(crate) const CHARACTER_DEVICE: u8 = 2;
    pub(crate) const DIRECTORY: u8 = 3;
    pub(crate) const REGULAR_FILE: u8 = 4;
    pub(crate) const SOCKET_STREAM: u8 = 6;
    pub(crate) const SYMBOLIC_LINK: u8 = 7;
}

/// Preview 1's rights. Nothing here depends on them, but wasi-libc asks: a terminal is a character device that can neither
/// be sought nor told.
mod rights {
    pub(super) const FD_SEEK: u64 = 1 << 2;
    pub(super) const FD_TELL: u64 = 1 << 5;
    pub(super) const FD_READ: u64 = 1 << 1;
    pub(super) const FD_WRITE: u64 = 1 << 6;
    pub(super) const ALL: u64 = (1 << 30) - 1;
}

/// Preview 1's flags of an open file.
pub(super) mod fdflags {
    pub(crate) const APPEND: u16 = 1;
}

pub(super) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "fd_read" => function!(linker, "fd_read", |memory, context, fd: i32, table: i32, count: i32, out: i32| {
            let descriptor = Arc::clone(context.files.stream(fd)?);
            let read = Ranges::new(memory, table, count)?.each(memory, context, |place, context, _| {
                // A second read might wait.
                let next = if descriptor.real().is_some() { Next::Go } else { Next::Stop };
                Ok((descriptor.read(&context.process, place)?, next))
            })?;
            put_u32(memory, out, read)
        }),
        "fd_write" => function!(linker, "fd_write", |memory, context, fd: i32, table: i32, count: i32, out: i32| {
            let descriptor = Arc::clone(context.files.stream(fd)?);
            let written = Ranges::new(memory, table, count)?.each(memory, context, |place, context, _| {
                let put = context.written(descriptor.write(&context.process, place))?;
                context.spoke(&descriptor, &place[..put]);
                Ok((put, Next::Go))
            })?;
            put_u32(memory, out, written)
        }),
        "fd_pread" => {
            function!(linker, "fd_pread", |memory, context, fd: i32, table: i32, count: i32, from: i64, out: i32| {
                let descriptor = Arc::clone(context.files.stream(fd)?);
                let read = Ranges::new(memory, table, count)?.each(memory, context, |place, context, done| {
                    let from = (from as u64).checked_add(done).ok_or(errno::EINVAL)?;
                    Ok((descriptor.read_at(&context.process, place, from)?, Next::Go))
                })?;
                put_u32(memory, out, read)
            })
        }
        "fd_pwrite" => {
            function!(linker, "fd_pwrite", |memory, context, fd: i32, table: i32, count: i32, from: i64, out: i32| {
                let descriptor = Arc::clone(context.files.stream(fd)?);
                let written = Ranges::new(memory, table, count)?.each(memory, context, |place, context, done| {
                    let from = (from as u64).checked_add(done).ok_or(errno::EINVAL)?;
                    Ok((context.written(descriptor.write_at(&context.process, place, from))?, Next::Go))
                })?;
                put_u32(memory, out, written)
            })
        }
        "fd_seek" => function!(linker, "fd_seek", |memory, context, fd: i32, by: i64, whence: i32, out: i32| {
            let to = match whence {
                0 => SeekFrom::Start(u64::try_from(by).map_err(|_| errno::EINVAL)?),
                1 => SeekFrom::Current(by),
                2 => SeekFrom::End(by),
                _ => return Err(errno::EINVAL),
            };
            put_u64(memory, out, context.files.stream(fd)?.seek(to)?)
        }),
        "fd_tell" => function!(linker, "fd_tell", |memory, context, fd: i32, out: i32| {
            put_u64(memory, out, context.files.stream(fd)?.seek(SeekFrom::Current(0))?)
        }),
        "fd_close" => function!(linker, "fd_close", |_memory, context, fd: i32| { context.files.remove(fd).map(drop) }),
        "fd_renumber" => function!(linker, "fd_renumber", |_memory, context, from: i32, to: i32| {
            context.files.get(to)?;
            let entry = context.files.remove(from)?;
            context.files.insert(to, entry);
            Ok(())
        }),
        "fd_fdstat_get" => function!(linker, "fd_fdstat_get", |memory, context, fd: i32, out: i32| {
            fdstat(memory, context, fd, out)
        }),
        "fd_fdstat_set_flags" => function!(linker, "fd_fdstat_set_flags", |_memory, context, fd: i32, flags: i32| {
            match context.files.get_mut(fd)? {
                Entry::Stream { flags: old, descriptor } => {
                    // Whether a guest wants to wait changes nothing for it here.
                    if (*old ^ flags as u16) & fdflags::APPEND != 0 {
                        descriptor.set_append(flags as u16 & fdflags::APPEND != 0)?;
                    }
                    *old = flags as u16;
                    Ok(())
                }
                Entry::Folder { .. } => Ok(()),
            }
        }),
        "fd_fdstat_set_rights" => {
            function!(linker, "fd_fdstat_set_rights", |_memory, context, fd: i32, _base: i64, _inheriting: i64| context
                .files
                .get(fd)
                .map(drop))
        }
        "fd_filestat_get" => function!(linker, "fd_filestat_get", |memory, context, fd: i32, out: i32| {
            let stat = match context.files.get(fd)? {
                Entry::Stream { descriptor, .. } => {
                    context.witness_terminal(descriptor);
                    descriptor.stat()?
                }
                Entry::Folder { path, .. } => {
                    stat_of(&context.session.namespace.stat(path, true).map_err(|error| error.errno)?)
                }
            };
            filestat(memory, out, &stat)
        }),
        "fd_filestat_set_size" => function!(linker, "fd_filestat_set_size", |_memory, context, fd: i32, size: i64| {
            let size = u64::try_from(size).map_err(|_| errno::EINVAL)?;
            context.files.stream(fd)?.set_size(size)
        }),
        "fd_filestat_set_times" => function!(
            linker,
            "fd_filestat_set_times",
            |_memory, context, fd: i32, atime: i64, mtime: i64, flags: i32| {
                let (atime, mtime) = times(atime, mtime, flags)?;
                match context.files.get(fd)? {
                    Entry::Folder { path, .. } => {
                        let namespace = &context.session.namespace;
                        namespace
                            .set_times(path, true, atime, mtime)
                            .map_err(|error| context.refused(path, WRITING, error))
                    }
                    Entry::Stream { descriptor, .. } => {
                        let times = [&atime, &mtime].map(|time| match time {
                            None => rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
                            Some(NewTime::Now) => rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
                            Some(NewTime::At(at)) => {
                                let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
                                rustix::fs::Timespec {
                                    tv_sec: since.as_secs() as i64,
                                    tv_nsec: since.subsec_nanos().into(),
                                }
                            }
                        });
                        let [last_access, last_modification] = times;
                        descriptor.set_times(&rustix::fs::Timestamps { last_access, last_modification })
                    }
                }
            }
        ),
        "fd_advise" => {
            function!(linker, "fd_advise", |_memory, context, fd: i32, _from: i64, _len: i64, _advice: i32| context
                .files
                .get(fd)
                .map(drop))
        }
        "fd_allocate" => function!(linker, "fd_allocate", |_memory, context, fd: i32, from: i64, len: i64| {
            let end = from.checked_add(len).filter(|_| from >= 0 && len > 0);
            let end = end.and_then(|end| u64::try_from(end).ok()).ok_or(errno::EINVAL)?;
            context.files.stream(fd)?.allocate(end)
        }),
        "fd_sync" | "fd_datasync" => {
            let both = ["fd_sync", "fd_datasync"];
            let at = usize::from(name == both[1]);
            linker.func_wrap(
                super::MODULE,
                both[at],
                |mut caller: wasmtime::Caller<'_, Context>, fd: i32| -> super::Answer {
                    let result = match caller.data().files.get(fd) {
                        Ok(Entry::Stream { descriptor, .. }) => match descriptor.real() {
                            Some(file) if descriptor.describe() & describe::SEEKABLE != 0 => {
                                rustix::fs::fsync(file).map_err(glowplug_fs::number)
                            }
                            _ => Err(errno::EINVAL),
                        },
                        Ok(Entry::Folder { .. }) => Ok(()),
                        Err(errno) => Err(errno),
                    };
                    super::answer(&mut caller, result)
                },
            )?;
            true
        }
        "fd_prestat_get" => function!(linker, "fd_prestat_get", |memory, context, fd: i32, out: i32| {
            if context.asked_arguments {
                context.session.looked_for_folders.store(true, Ordering::Relaxed);
            }
            let Entry::Folder { preopened: Some(name), .. } = context.files.get(fd)? else { return Err(errno::EBADF) };
            put_u32(memory, out, 0)?;
            put_u32(memory, offset(out, 4)?, name.len() as u32)
        }),
        "fd_prestat_dir_name" => {
            function!(linker, "fd_prestat_dir_name", |memory, context, fd: i32, at: i32, len: i32| {
                let Entry::Folder { preopened: Some(name), .. } = context.files.get(fd)? else {
                    return Err(errno::EBADF);
                };
                if (len as u32 as usize) < name.len() {
                    return Err(errno::ENAMETOOLONG);
                }
                put(memory, at, name)
            })
        }
        "fd_readdir" => {
            function!(linker, "fd_readdir", |memory, context, fd: i32, at: i32, len: i32, cookie: i64, out: i32| {
                let written = read_dir(context, fd, bytes_mut(memory, at, len)?, cookie as u64)?;
                put_u32(memory, out, written as u32)
            })
        }
        _ => false,
    })
}

fn fdstat(memory: &mut [u8], context: &Context, fd: i32, out: i32) -> Result<(), i32> {
    let (kind, flags, granted) = match context.files.get(fd)? {
        Entry::Folder { .. } => (filetype::DIRECTORY, 0, rights::ALL),
        Entry::Stream { descriptor, flags } => {
            context.witness_terminal(descriptor);
            let bits = descriptor.describe();
            let mut granted = rights::ALL;
            if bits & describe::SEEKABLE == 0 {
                granted &= !(rights::FD_SEEK | rights::FD_TELL);
            }
            if bits & describe::READABLE == 0 {
                granted &= !rights::FD_READ;
            }
            if bits & describe::WRITABLE == 0 {
                granted &= !rights::FD_WRITE;
            }
            (stream_type(descriptor, bits), *flags, granted)
        }
    };
    let place = bytes_mut(memory, out, 24)?;
    place.fill(0);
    place[0] = kind;
    place[2..4].copy_from_slice(&flags.to_le_bytes());
    place[8..16].copy_from_slice(&granted.to_le_bytes());
    place[16..24].copy_from_slice(&rights::ALL.to_le_bytes());
    Ok(())
}

/// A pipe is of no kind that preview 1 knows, and must not look like a terminal.
fn stream_type(descriptor: &Descriptor, bits: i32) -> u8 {
    if bits & describe::TERMINAL != 0 {
        filetype::CHARACTER_DEVICE
    } else if bits & describe::PIPE != 0 {
        filetype::UNKNOWN
    } else {
        descriptor.stat().map_or(filetype::UNKNOWN, |stat| match type_of_mode(stat.mode) {
            // Devices that are no terminal: wasi-libc would take them for one.
            filetype::CHARACTER_DEVICE => filetype::UNKNOWN,
            kind => kind,
        })
    }
}

/// The kind that a mode's type bits say.
fn type_of_mode(mode: u32) -> u8 {
    type_of(Kind::from_mode(mode))
}

pub(super) fn type_of(kind: Kind) -> u8 {
    match kind {
        Kind::File => filetype::REGULAR_FILE,
        Kind::Directory => filetype::DIRECTORY,
        Kind::Symlink => filetype::SYMBOLIC_LINK,
        Kind::Socket => filetype::SOCKET_STREAM,
        Kind::CharDevice => filetype::CHARACTER_DEVICE,
        Kind::BlockDevice => filetype::BLOCK_DEVICE,
        Kind::Fifo => filetype::UNKNOWN,
    }
}

/// Writes a `filestat`.
pub(super) fn filestat(memory: &mut [u8], out: i32, stat: &Stat) -> Result<(), i32> {
    let place = bytes_mut(memory, out, 64)?;
    place.fill(0);
    let nanoseconds = |time: i64| u64::try_from(time).unwrap_or(0).to_le_bytes();
    place[0..8].copy_from_slice(&stat.dev.to_le_bytes());
    place[8..16].copy_from_slice(&stat.ino.to_le_bytes());
    place[16] = type_of_mode(stat.mode);
    place[24..32].copy_from_slice(&stat.nlink.to_le_bytes());
    place[32..40].copy_from_slice(&stat.size.to_le_bytes());
    place[40..48].copy_from_slice(&nanoseconds(stat.atime));
    place[48..56].copy_from_slice(&nanoseconds(stat.mtime));
    place[56..64].copy_from_slice(&nanoseconds(stat.ctime));
    Ok(())
}

/// What preview 1's flags say of the times to set.
pub(super) fn times(atime: i64, mtime: i64, flags: i32) -> Result<(Option<NewTime>, Option<NewTime>), i32> {
    let one = |time: i64, set: i32, now: i32| match (flags & set != 0, flags & now != 0) {
        (true, true) => Err(errno::EINVAL),
        (true, false) => Ok(Some(NewTime::At(UNIX_EPOCH + Duration::from_nanos(time as u64)))),
        (false, true) => Ok(Some(NewTime::Now)),
        (false, false) => Ok(None),
    };
    Ok((one(atime, 1, 2)?, one(mtime, 4, 8)?))
}

/// Writes entries from `cookie` on, the last one cut off where the place ends, as preview 1 has it.
fn read_dir(context: &mut Context, fd: i32, place: &mut [u8], cookie: u64) -> Result<usize, i32> {
    let namespace = context.session.namespace.clone();
    let charge = Charge::none(&context.process.account);
    let Entry::Folder { path, listing, .. } = context.files.get_mut(fd)? else { return Err(errno::ENOTDIR) };
    if cookie == 0 || listing.is_none() {
        // The one before goes first: they are not held at once.
        *listing = None;
        match Listing::of(&namespace, path, charge) {
            Ok(listed) => *listing = Some(listed),
            Err((_, Some(refusal))) => return Err(context.over(refusal)),
            Err((errno, None)) => return Err(errno),
        }
    }
    let Some(listing) = listing else { return Err(errno::EIO) };
    let own = [(&b"."[..], namespace.inode(path).unwrap_or(0), Kind::Directory), (b"..", 0, Kind::Directory)];
    // A large folder is read in many calls, none of which goes through what was read before.
    let skip = usize::try_from(cookie).unwrap_or(usize::MAX);
    let (own, rest) = (own.get(skip..).unwrap_or_default(), skip.saturating_sub(own.len()));
    let rest = listing.entries().get(rest..).unwrap_or_default();
    let entries = own.iter().copied().chain(rest.iter().map(|entry| (&entry.name[..], entry.ino, entry.kind)));
    let mut written = 0;
    // Entries first: where there are none, no number after the highest one is asked for.
    for ((name, ino, kind), next) in entries.zip(cookie.saturating_add(1)..) {
        let mut head = [0_u8; 24];
        head[0..8].copy_from_slice(&next.to_le_bytes());
        head[8..16].copy_from_slice(&ino.to_le_bytes());
        head[16..20].copy_from_slice(&(name.len() as u32).to_le_bytes());
        head[20] = type_of(kind);
        for part in [&head[..], name] {
            let room = place.len() - written;
            let count = part.len().min(room);
            place[written..written + count].copy_from_slice(&part[..count]);
            written += count;
        }
        if written == place.len() {
            break;
        }
    }
    Ok(written)
}
