//! The import module: what [`glowplug_sys::abi`] describes, function by function.

use super::context::Context;
use super::descriptor::{Description, stat_of};
use super::face::{EditRequest, Info};
use super::memory::{bytes, bytes_mut, offset, put, put_u32, split};
use super::pipe::Pipe;
use super::process::Pid;
use super::refusals::WRITING;
use super::request::{MAX_PATH, Reader, SpawnRequest};
use super::witness::{Use, told};
use super::{fork, signals, spawn};
use glowplug_fs::{OpenOptions, Sought};
use glowplug_sys::abi::{self, MODULE, Stat, errno};
use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use wasmtime::{Caller, Linker};

/// The guest's result, or the end of the process if it was killed meanwhile.
fn answer(caller: &mut Caller<'_, Context>, result: Result<i32, i32>) -> wasmtime::Result<i32> {
    caller.data().check()?;
    Ok(result.unwrap_or_else(|errno| -told(errno, &caller.data().process.surroundings)))
}

macro_rules! function {
    ($linker:ident, $name:literal, |$memory:ident, $context:ident $(, $arg:ident : $ty:ty)*| $body:expr) => {{
        $linker.func_wrap(
            MODULE,
            $name,
            |mut caller: Caller<'_, Context> $(, $arg: $ty)*| -> wasmtime::Result<i32> {
                let result =
                    split(&mut caller).and_then(|($memory, $context)| -> Result<i32, i32> { $body });
                answer(&mut caller, result)
            },
        )?;
        true
    }};
}

/// Defines the function of that name; false if there is none.
pub(crate) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(define_descriptors(linker, name)?
        || define_files(linker, name)?
        || define_processes(linker, name)?
        || define_session(linker, name)?)
}

fn define_descriptors(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "pipe" => function!(linker, "pipe", |memory, context, kind: i32, out: i32| {
            let pipe = match kind {
                abi::pipe::BOUNDED => Pipe::bounded(context.process.number_of_pipe(), &context.process.account),
                abi::pipe::BUFFER => Pipe::buffer(context.process.number_of_pipe(), &context.process.account),
                _ => return Err(errno::EINVAL),
            };
            // Before the descriptors exist, so that a wrong pointer leaves none behind.
            bytes_mut(memory, out, 8)?;
            let (read, write) = Description::pipe(&pipe);
            let limit = context.limits.files;
            let read = context.table.add(read, limit).map_err(|errno| context.full(errno))?;
            let write = match context.table.add(write, limit) {
                Ok(write) => write,
                Err(errno) => {
                    context.table.remove(read)?;
                    return Err(context.full(errno));
                }
            };
            put_u32(memory, out, read as u32)?;
            put_u32(memory, offset(out, 4)?, write as u32)?;
            Ok(0)
        }),
        "dup" => function!(linker, "dup", |_memory, context, handle: i32| {
            let descriptor = context.descriptor(handle)?;
            context.table.add(descriptor, context.limits.files).map_err(|errno| context.full(errno))
        }),
        "close" => function!(linker, "close", |_memory, context, handle: i32| {
            let closed = context.table.remove(handle)?;
            if context.forked {
                context.files.let_go(handle, &closed);
            }
            Ok(0)
        }),
        "read" => function!(linker, "read", |memory, context, handle: i32, at: i32, len: i32| {
            let place = bytes_mut(memory, at, len.clamp(0, i32::MAX))?;
            context.table.get(handle)?.read(&context.process, place).map(|count| count as i32)
        }),
        "write" => function!(linker, "write", |memory, context, handle: i32, at: i32, len: i32| {
            let place = bytes(memory, at, len.clamp(0, i32::MAX))?;
            let descriptor = context.table.get(handle)?;
            let put = context.written(descriptor.write(&context.process, place))?;
            context.spoke(descriptor, &place[..put]);
            Ok(put as i32)
        }),
        "seek" => {
            linker.func_wrap(
                MODULE,
                "seek",
                |caller: Caller<'_, Context>, handle: i32, by: i64, whence: i32| -> i64 {
                    let to = match whence {
                        0 if by >= 0 => SeekFrom::Start(by as u64),
                        1 => SeekFrom::Current(by),
                        2 => SeekFrom::End(by),
                        _ => return -i64::from(errno::EINVAL),
                    };
                    match caller.data().table.get(handle).and_then(|descriptor| descriptor.seek(to)) {
                        Ok(at) => at as i64,
                        Err(errno) => -i64::from(told(errno, &caller.data().process.surroundings)),
                    }
                },
            )?;
            true
        }
        "poll" => function!(linker, "poll", |_memory, context, handle: i32, timeout_us: i64| {
            let timeout = u64::try_from(timeout_us).ok().map(Duration::from_micros);
            let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let descriptor = context.table.get(handle)?;
            let readable = descriptor.wait_readable(&context.process, deadline)?;
            if !readable && descriptor.is_readable_by_chance() {
                context.witness_not_readable();
            }
            if let (false, Some(timeout)) = (readable, timeout) {
                context.process.surroundings.slept(timeout);
            }
            Ok(i32::from(readable))
        }),
        "describe" => {
            function!(linker, "describe", |_memory, context, handle: i32| {
                let descriptor = context.table.get(handle)?;
                context.witness_terminal(descriptor);
                Ok(descriptor.describe())
            })
        }
        "inherited" => function!(linker, "inherited", |memory, context, at: i32, count: i32| {
            for (index, number) in context.inherited.iter().enumerate().take(count.max(0) as usize) {
                put_u32(memory, offset(at, index * 4)?, *number)?;
            }
            Ok(context.inherited.len() as i32)
        }),
        "fstat" => function!(linker, "fstat", |memory, context, handle: i32, out: i32| {
            let descriptor = context.table.get(handle)?;
            context.witness_terminal(descriptor);
            put_stat(memory, out, &descriptor.stat()?)
        }),
        "terminal_size" => function!(linker, "terminal_size", |memory, context, handle: i32, out: i32| {
            let descriptor = context.table.get(handle)?;
            context.witness_terminal(descriptor);
            let file = descriptor.real().ok_or(errno::ENOTTY)?;
            let size = rustix::termios::tcgetwinsize(file).map_err(|_| errno::ENOTTY)?;
            put_u32(memory, out, size.ws_col.into())?;
            put_u32(memory, offset(out, 4)?, size.ws_row.into())?;
            Ok(0)
        }),
        _ => false,
    })
}

fn define_files(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "open" => function!(linker, "open", |memory, context, at: i32, len: i32, flags: i32, mode: i32| {
            let path = path(memory, at, len)?;
            let has = |flag| flags & flag != 0;
            let options = OpenOptions {
                read: has(abi::open::READ),
                write: has(abi::open::WRITE),
                append: has(abi::open::APPEND),
                create: has(abi::open::CREATE),
                exclusive: has(abi::open::EXCLUSIVE),
                truncate: has(abi::open::TRUNCATE),
                directory: has(abi::open::DIRECTORY),
                follow: true,
                mode: mode as u32 & 0o777 & !context.umask,
            };
            let descriptor = context.open(&path, &options)?;
            context.table.add(descriptor, context.limits.files).map_err(|errno| context.full(errno))
        }),
        "stat" => function!(linker, "stat", |memory, context, at: i32, len: i32, follow: i32, out: i32| {
            let path = path(memory, at, len)?;
            let stat = context.session.namespace.stat(&path, follow != 0);
            let stat = stat.map_err(|error| context.refused(&path, Sought::default(), error))?;
            put_stat(memory, out, &stat_of(&stat))
        }),
        "chmod" => function!(linker, "chmod", |memory, context, at: i32, len: i32, mode: i32| {
            let path = path(memory, at, len)?;
            let changed = context.session.namespace.chmod(&path, mode as u32 & 0o7777);
            changed.map(|()| 0).map_err(|error| context.refused(&path, WRITING, error))
        }),
        "umask" => function!(linker, "umask", |_memory, context, mask: i32| {
            let old = context.umask;
            if mask >= 0 {
                context.umask = mask as u32 & 0o777;
            }
            Ok(old as i32)
        }),
        _ => false,
    })
}

fn define_processes(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "spawn" => function!(linker, "spawn", |memory, context, at: i32, len: i32| {
            let request = SpawnRequest::read(bytes(memory, at, len)?)?;
            spawn::spawn(context, request)
        }),
        "fork" => {
            linker.func_wrap(MODULE, "fork", |mut caller: Caller<'_, Context>, task: i32| {
                let result = fork::fork(&mut caller, task);
                answer(&mut caller, result)
            })?;
            true
        }
        "wait" => function!(linker, "wait", |memory, context, pid: i32, flags: i32, out: i32| {
            bytes_mut(memory, out, size_of::<abi::Waited>() as i32)?;
            let pid = (pid != -1).then_some(pid);
            let nohang = flags & abi::wait::NOHANG != 0;
            let Some(reaped) = context.process.wait(pid, nohang)? else { return Ok(0) };
            put_u32(memory, out, reaped.pid as u32)?;
            put_u32(memory, offset(out, 4)?, reaped.ended.status())?;
            put(memory, offset(out, 8)?, &reaped.cpu_us.to_le_bytes())?;
            Ok(1)
        }),
        "kill" => function!(linker, "kill", |_memory, context, pid: i32, number: i32| {
            let result = kill(context, pid, number);
            // A process may end itself; `EINTR` makes the answer look.
            if context.process.killed().is_some() { Err(errno::EINTR) } else { result }
        }),
        "catch" => function!(linker, "catch", |_memory, context, caught: i64, ignored: i64| {
            context.process.catch(caught as u64, ignored as u64);
            if context.process.parent == 0 && context.session.hears_signals.load(Ordering::Relaxed) {
                signals::forward(&context.session, context.process.pid, caught as u64 | ignored as u64);
            }
            Ok(0)
        }),
        "pending" => function!(linker, "pending", |_memory, context| {
            match context.process.take_pending() {
                Some(number) => Ok(number),
                None if context.process.killed().is_some() => Err(errno::EINTR),
                None => Ok(0),
            }
        }),
        "pid" => function!(linker, "pid", |_memory, context, which: i32| {
            Ok(if which == 0 { context.process.pid } else { context.process.parent })
        }),
        "times" => function!(linker, "times", |memory, context, out: i32| {
            let own = context.cpu_us();
            let children = context.process.children_cpu_us.load(Ordering::Relaxed);
            if !context.process.surroundings.hides_cpu_time() {
                context.process.surroundings.used(|| Use::Clock);
            }
            for (index, time) in [own, 0, children, 0].into_iter().enumerate() {
                put(memory, offset(out, index * 8)?, &u64::to_le_bytes(time))?;
            }
            Ok(0)
        }),
        _ => false,
    })
}

fn define_session(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "limit" => {
            linker.func_wrap(
                MODULE,
                "limit",
                |mut caller: Caller<'_, Context>, resource: i32, set: i32, value: i64| -> i64 {
                    match limit(caller.data_mut(), resource, (set != 0).then_some(value)) {
                        Ok(value) => value.map_or(-1, |value| i64::try_from(value).unwrap_or(i64::MAX)),
                        Err(errno) => -i64::from(errno),
                    }
                },
            )?;
            true
        }
        "info" => function!(linker, "info", |memory, context, topic: i32, at: i32, len: i32| {
            let place = bytes_mut(memory, at, len)?;
            let text = info(context, topic)?;
            let count = text.len().min(place.len());
            place[..count].copy_from_slice(&text.as_bytes()[..count]);
            i32::try_from(text.len()).map_err(|_| errno::E2BIG)
        }),
        "edit" => function!(linker, "edit", |memory, context, at: i32, len: i32, to: i32, room: i32| {
            let mut reader = Reader::new(bytes(memory, at, len)?);
            let request = EditRequest { prompt: reader.kept()?, continuation: reader.kept()?, names: reader.texts()? };
            let place = bytes_mut(memory, to, room)?;
            context.process.surroundings.used(|| Use::Terminal);
            may_ask(context).map_err(|_| errno::ENOTTY)?;
            // The next command is another matter.
            context.refusals.forget();
            let line = context.session.face.edit(&request, &context.session.namespace)?;
            if line.len() > place.len() {
                return Err(errno::E2BIG);
            }
            place[..line.len()].copy_from_slice(&line);
            Ok(line.len() as i32)
        }),
        _ => false,
    })
}

fn path(memory: &[u8], at: i32, len: i32) -> Result<Vec<u8>, i32> {
    let path = bytes(memory, at, len)?;
    if path.is_empty() {
        return Err(errno::ENOENT);
    }
    if path.len() > MAX_PATH {
        return Err(errno::ENAMETOOLONG);
    }
    if !path.starts_with(b"/") || path.contains(&0) {
        return Err(errno::EINVAL);
    }
    Ok(path.to_vec())
}

fn put_stat(memory: &mut [u8], out: i32, stat: &Stat) -> Result<i32, i32> {
    let place = bytes_mut(memory, out, size_of::<Stat>() as i32)?;
    let long = [stat.dev, stat.ino, stat.size, stat.nlink, stat.mtime as u64, stat.atime as u64, stat.ctime as u64];
    let short = [stat.mode, stat.uid, stat.gid, stat.blocks];
    let (first, second) = place.split_at_mut(size_of_val(&long));
    for (place, number) in first.chunks_exact_mut(8).zip(long) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    for (place, number) in second.chunks_exact_mut(4).zip(short) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    Ok(0)
}

fn kill(context: &Context, pid: Pid, number: i32) -> Result<i32, i32> {
    context.session.kill(pid, number).map(|()| 0)
}

/// Asks for a limit, or lowers it. Raising is refused: limits are the host's.
fn limit(context: &mut Context, resource: i32, set: Option<i64>) -> Result<Option<u64>, i32> {
    let session = Arc::clone(&context.session);
    let now = match resource {
        abi::limit::MEMORY => context.process.account.asked_for(),
        abi::limit::FILES => Some(context.limits.files as u64),
        abi::limit::PROCESSES => Some(session.max_processes.load(Ordering::Relaxed) as u64),
        abi::limit::OUTPUT => session.output_left(),
        abi::limit::FILE_SIZE | abi::limit::CPU => None,
        _ => return Err(errno::EINVAL),
    };
    let Some(wanted) = set else { return Ok(now) };
    let wanted = u64::try_from(wanted).ok();
    if wanted.is_none_or(|wanted| now.is_some_and(|now| wanted > now)) && wanted != now {
        return Err(errno::EPERM);
    }
    let Some(wanted) = wanted else { return Ok(None) };
    let number = usize::try_from(wanted).unwrap_or(usize::MAX);
    match resource {
        abi::limit::MEMORY => context.process.account.lower(wanted),
        abi::limit::FILES => context.limits.files = number,
        abi::limit::PROCESSES => session.max_processes.store(number, Ordering::Relaxed),
        _ => return Err(errno::ENOTSUP),
    }
    Ok(Some(wanted))
}

/// Whether a process may ask the user, and change what is the user's: the host's own shell, as the first process of its session.
fn may_ask(context: &Context) -> Result<(), i32> {
    if context.process.speaks_for_user.load(Ordering::Relaxed) { Ok(()) } else { Err(errno::EPERM) }
}

fn info(context: &Context, topic: i32) -> Result<String, i32> {
    let session = &context.session;
    let face = |info| session.face.info(info);
    match topic {
        abi::info::PROGRAMS => {
            let names = session.namespace.programs().iter().map(|program| format!("{}\n", program.name));
            Ok(names.collect())
        }
        abi::info::CACHE => {
            context.process.surroundings.used(|| Use::Other("looked at the resident modules".to_owned()));
            Ok(session.programs.table())
        }
        abi::info::CACHE_CLEAR => {
            context.process.surroundings.used(|| Use::Other("dropped the resident modules".to_owned()));
            may_ask(context).map(|()| format!("{} modules dropped\n", session.programs.clear()))
        }
        abi::info::VERSION => face(Info::Version),
        abi::info::GREETING => face(Info::Greeting),
        abi::info::HISTORY => {
            context.process.surroundings.used(|| Use::Other("read the history of the terminal".to_owned()));
            if !context.process.knows_history.load(Ordering::Relaxed) {
                return Err(errno::EPERM);
            }
            face(Info::History)
        }
        abi::info::HISTORY_CLEAR => {
            may_ask(context)?;
            face(Info::HistoryClear)
        }
        _ => Err(errno::EINVAL),
    }
}
