//! `path_*`: what is done with a name beneath a folder.

use super::fd::{fdflags, filestat, times};
use super::files::Entry;
use super::function;
use crate::process::context::Context;
use crate::process::descriptor::{Description, Descriptor, stat_of};
use crate::process::memory::{bytes, bytes_mut, put_u32};
use crate::process::refusals::WRITING;
use crate::process::witness::Use;
use glowplug_fs::{Device, FsError, OpenOptions, Opened, Sought};
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

    /// As [`Context::refused`], where either of two paths may be the reason.
    fn refused_of_two(&self, from: &[u8], to: &[u8], error: FsError) -> i32 {
        self.refused(from, WRITING, error.clone());
        self.refused(to, WRITING, error)
    }

    /// Opens a path for the import module or for WASI.
    pub(crate) fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Descriptor, i32> {
        let (readable, writable) = (options.read, options.write || options.append);
        let sought = Sought { writing: options.changes(), folder: options.directory };
        match self.session.namespace.open(path, options).map_err(|error| self.refused(path, sought, error))? {
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
                let stat = stat.map_err(|error| context.refused(&path, Sought::default(), error))?;
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
                let set = namespace.set_times(&path, follow & FOLLOW != 0, atime, mtime);
                set.map_err(|error| context.refused(&path, WRITING, error))
            }
        ),
        "path_create_directory" => {
            function!(linker, "path_create_directory", |memory, context, fd: i32, at: i32, len: i32| {
                let path = context.named(memory, fd, at, len)?;
                let made = context.session.namespace.create_dir(&path, 0o777 & !context.umask);
                made.map_err(|error| context.refused(&path, WRITING, error))
            })
        }
        "path_remove_directory" => {
            function!(linker, "path_remove_directory", |memory, context, fd: i32, at: i32, len: i32| {
                let path = context.named(memory, fd, at, len)?;
                let removed = context.session.namespace.remove_dir(&path);
                removed.map_err(|error| context.refused(&path, WRITING, error))
            })
        }
        "path_unlink_file" => function!(linker, "path_unlink_file", |memory, context, fd: i32, at: i32, len: i32| {
            let path = context.named(memory, fd, at, len)?;
            let removed = context.session.namespace.remove_file(&path);
            removed.map_err(|error| context.refused(&path, WRITING, error))
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
                let renamed = context.session.namespace.rename(&from, &to);
                renamed.map_err(|error| context.refused_of_two(&from, &to, error))
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
                linked.map_err(|error| context.refused_of_two(&from, &to, error))
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
                let made = context.session.namespace.symlink(target, &path);
                made.map_err(|error| context.refused(&path, WRITING, error))
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
                let target = context.session.namespace.read_link(&path);
                let target = target.map_err(|error| context.refused(&path, Sought::default(), error))?;
                let place = bytes_mut(memory, to, room)?;
                let count = target.len().min(place.len());
                place[..count].copy_from_slice(&target[..count]);
                put_u32(memory, out, count as u32)
            })
        }
        _ => false,
    })
}
