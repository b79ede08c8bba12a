//! `path_*`: what is done with a name beneath a folder.

use super::fd::{fdflags, filestat, times};
use super::files::Entry;
use super::function;
use crate::account::Limit;
use crate::process::context::Context;
use crate::process::descriptor::{Description, Descriptor, stat_of};
use crate::process::memory::{bytes, bytes_mut, put_u32};
use crate::process::witness::Use;
use glowplug_fs::{Denial, Device, FsError, OpenOptions, Opened};
use glowplug_sys::abi::errno;
use std::sync::Arc;
use wasmtime::Linker;

const FOLLOW: i32 = 1;
const RIGHT_READ: i64 = 1 << 1;
const RIGHT_WRITE: i64 = 1 << 6;

mod oflags {
    pub(super) const CREATE: i32 = 1;
    pub(super) const DIRECTORY: i32 = 2;
    pub(super) const EXCLUSIVE: i32 = 4;
    pub(super) const TRUNCATE: i32 = 8;
}

impl Context {
    /// The path of a name that the guest gave.
    fn named(&self, memory: &[u8], fd: i32, at: i32, len: i32) -> Result<Vec<u8>, i32> {
        self.files.beneath(fd, bytes(memory, at, len)?)
    }

    /// The error's number; if it was the policy that refused, somebody is told by which rule.
    pub(crate) fn refused(&self, error: FsError) -> i32 {
        match &error.denial {
            // A limit is told even if the program's own words go nowhere: what it did next hangs on it.
            Some(denial) if error.errno == errno::ENOSPC => self.session.ran_into(Limit::Disk, || denial.to_string()),
            Some(denial) => self.denied(denial),
            None => {}
        }
        error.errno
    }

    fn denied(&self, denial: &Denial) {
        if self.session.denials.are_heard(self.table.get(2).ok()) {
            self.session.denied_by(denial.rule.as_deref().unwrap_or(&denial.reason), &denial.to_string());
        }
    }

    /// As [`Context::refused`], for what might merely not be mounted. What the arguments do not name, a program looks for on its
    /// own account, and knows what to do without.
    fn missing(&self, path: &[u8], error: FsError) -> i32 {
        if error.errno == errno::ENOENT
            && self.session.denials.are_heard(self.table.get(2).ok())
            && self.is_named(path)
            && let Some(denial) = self.session.namespace.explain(path, &error)
        {
            self.denied(&denial);
        }
        self.refused(error)
    }

    /// Whether an argument is this path, begins with something like `--file=` and is then this path, or is a text that has this path
    /// in it, as `-c` of a shell.
    fn is_named(&self, path: &[u8]) -> bool {
        let wanted = plain(b"", path);
        let is_it = |arg: &[u8]| plain(&self.cwd, arg) == wanted;
        self.args.iter().skip(1).filter(|arg| !arg.is_empty()).any(|arg| {
            let value = arg.iter().position(|byte| *byte == b'=').map(|at| &arg[at + 1..]);
            is_it(arg)
                || value.is_some_and(is_it)
                || arg.len() > path.len() && arg.windows(path.len()).any(|part| part == path)
        })
    }

    /// Opens a path for the import module or for WASI.
    pub(crate) fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Descriptor, i32> {
        let (readable, writable) = (options.read, options.write || options.append);
        match self.session.namespace.open(path, options).map_err(|error| self.missing(path, error))? {
            Opened::File(file, watch, charge) => {
                self.counted(Description::opened(file, watch, charge, readable, writable))
            }
            Opened::Directory if writable => Err(errno::EISDIR),
            Opened::Directory => Ok(Description::directory(path.to_vec())),
            Opened::Device(device) => {
                if device == Device::Terminal {
                    self.process.surroundings.used(|| Use::Terminal);
                }
                Description::device(device, self.session.allowance()).ok_or(errno::ENOENT)
            }
            Opened::Descriptor(number) => self.table.get(number as i32).cloned().map_err(|_| errno::ENOENT),
            Opened::Program(at) => {
                let bytes = self.session.namespace.programs().get(at).and_then(|program| program.bytes);
                bytes.map(Description::bytes).ok_or(errno::EACCES)
            }
        }
    }
}

/// The names of a path, beginning in a folder, without those that lead nowhere.
fn plain<'p>(folder: &'p [u8], path: &'p [u8]) -> Vec<&'p [u8]> {
    let folder = if path.starts_with(b"/") { b"" } else { folder };
    let mut names = Vec::new();
    for name in folder.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    names
}

pub(super) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "path_open" => {
            function!(linker, "path_open", |memory,
                                            context,
                                            fd: i32,
                                            follow: i32,
                                            at: i32,
                                            len: i32,
                                            open: i32,
                                            rights: i64,
                                            _inheriting: i64,
                                            flags: i32,
                                            out: i32| {
                let path = context.named(memory, fd, at, len)?;
                let options = OpenOptions {
                    read: rights & RIGHT_READ != 0,
                    write: rights & RIGHT_WRITE != 0,
                    append: flags as u16 & fdflags::APPEND != 0,
                    create: open & oflags::CREATE != 0,
                    exclusive: open & oflags::EXCLUSIVE != 0,
                    truncate: open & oflags::TRUNCATE != 0,
                    directory: open & oflags::DIRECTORY != 0,
                    follow: follow & FOLLOW != 0,
                    mode: 0o666 & !context.umask,
                };
                // wasi-libc asks for a folder with the right to write beneath it, which is no wish to write.
                let options = if options.directory { OpenOptions { write: false, ..options } } else { options };
                // A name is opened for nothing to look at it; something must be asked of the system.
                let options =
                    if options.write || options.append { options } else { OpenOptions { read: true, ..options } };
                let descriptor = context.open(&path, &options)?;
                let entry = match descriptor.folder() {
                    Some(path) => Entry::Folder { path: path.to_vec(), preopened: None, listing: None },
                    None => Entry::Stream { descriptor: Arc::clone(&descriptor), flags: flags as u16 },
                };
                let number = context.files.add(entry, context.limits.files);
                let number = number.map_err(|errno| context.full(errno))?;
                put_u32(memory, out, number)
            })
        }
        "path_filestat_get" => {
            function!(linker, "path_filestat_get", |memory,
                                                    context,
                                                    fd: i32,
                                                    follow: i32,
                                                    at: i32,
                                                    len: i32,
                                                    out: i32| {
                let path = context.named(memory, fd, at, len)?;
                let stat = context.session.namespace.stat(&path, follow & FOLLOW != 0);
                let stat = stat.map_err(|error| context.missing(&path, error))?;
                filestat(memory, out, &stat_of(&stat))
            })
        }
        "path_filestat_set_times" => function!(
            linker,
            "path_filestat_set_times",
            |memory, context, fd: i32, follow: i32, at: i32, len: i32, atime: i64, mtime: i64, flags: i32| {
                let path = context.named(memory, fd, at, len)?;
                let (atime, mtime) = times(atime, mtime, flags)?;
                let namespace = &context.session.namespace;
                namespace.set_times(&path, follow & FOLLOW != 0, atime, mtime).map_err(|error| context.refused(error))
            }
        ),
        "path_create_directory" => {
            function!(linker, "path_create_directory", |memory, context, fd: i32, at: i32, len: i32| {
                let path = context.named(memory, fd, at, len)?;
                let made = context.session.namespace.create_dir(&path, 0o777 & !context.umask);
                made.map_err(|error| context.refused(error))
            })
        }
        "path_remove_directory" => {
            function!(linker, "path_remove_directory", |memory, context, fd: i32, at: i32, len: i32| {
                let path = context.named(memory, fd, at, len)?;
                context.session.namespace.remove_dir(&path).map_err(|error| context.refused(error))
            })
        }
        "path_unlink_file" => function!(linker, "path_unlink_file", |memory, context, fd: i32, at: i32, len: i32| {
            let path = context.named(memory, fd, at, len)?;
            context.session.namespace.remove_file(&path).map_err(|error| context.refused(error))
        }),
        "path_rename" => {
            function!(linker, "path_rename", |memory,
                                              context,
                                              from_fd: i32,
                                              from: i32,
                                              from_len: i32,
                                              to_fd: i32,
                                              to: i32,
                                              to_len: i32| {
                let from = context.named(memory, from_fd, from, from_len)?;
                let to = context.named(memory, to_fd, to, to_len)?;
                context.session.namespace.rename(&from, &to).map_err(|error| context.refused(error))
            })
        }
        "path_link" => {
            function!(linker, "path_link", |memory,
                                            context,
                                            from_fd: i32,
                                            follow: i32,
                                            from: i32,
                                            from_len: i32,
                                            to_fd: i32,
                                            to: i32,
                                            to_len: i32| {
                let from = context.named(memory, from_fd, from, from_len)?;
                let to = context.named(memory, to_fd, to, to_len)?;
                let linked = context.session.namespace.link(&from, &to, follow & FOLLOW != 0);
                linked.map_err(|error| context.refused(error))
            })
        }
        "path_symlink" => {
            function!(linker, "path_symlink", |memory,
                                               context,
                                               target: i32,
                                               target_len: i32,
                                               fd: i32,
                                               at: i32,
                                               len: i32| {
                let path = context.named(memory, fd, at, len)?;
                let target = bytes(memory, target, target_len)?;
                context.session.namespace.symlink(target, &path).map_err(|error| context.refused(error))
            })
        }
        "path_readlink" => {
            function!(linker, "path_readlink", |memory,
                                                context,
                                                fd: i32,
                                                at: i32,
                                                len: i32,
                                                to: i32,
                                                room: i32,
                                                out: i32| {
                let path = context.named(memory, fd, at, len)?;
                let target = context.session.namespace.read_link(&path).map_err(|error| error.errno)?;
                let place = bytes_mut(memory, to, room)?;
                let count = target.len().min(place.len());
                place[..count].copy_from_slice(&target[..count]);
                put_u32(memory, out, count as u32)
            })
        }
        _ => false,
    })
}
