//! WASI preview 1 for processes: over their descriptors and their view of files.
//!
//! Not wasmtime-wasi's, because it keeps its table of descriptors to itself: no pipe of ours could be an open file of it, no
//! inherited descriptor, no device and no overlay could have a path, and each call would go through an asynchronous
//! runtime (adr/0010). `glowplug run` goes on using wasmtime-wasi. The functions mean what
//! <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md> says.

mod clock;
mod fd;
mod files;
mod path;
mod poll;

use super::context::{Context, Stop};
use super::memory::{self, split};
use super::process::Ended;
use super::witness::told;
pub(crate) use files::Files;
use glowplug_sys::abi::errno;
use wasmtime::{Caller, Linker};

/// The name under which modules import it.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// What a function gives to the guest: 0 or an error number; or the process ends.
type Answer = wasmtime::Result<i32>;

/// Turns a function's result into the guest's, and ends the process if it was killed meanwhile.
fn answer(caller: &mut Caller<'_, Context>, result: Result<(), i32>) -> Answer {
    caller.data().check()?;
    Ok(match result {
        Ok(()) => 0,
        Err(errno) => told(errno, &caller.data().process.surroundings),
    })
}

/// Defines the function of that name; false if there is none.
pub(crate) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(fd::define(linker, name)?
        || path::define(linker, name)?
        || clock::define(linker, name)?
        || poll::define(linker, name)?
        || define_process(linker, name)?)
}

/// Defines one function: its name, its parameters after the memory and the context, and what it does.
macro_rules! function {
    ($linker:ident, $name:literal, |$memory:ident, $context:ident $(, $arg:ident : $ty:ty)*| $body:expr) => {{
        $linker.func_wrap(
            $crate::process::wasi::MODULE,
            $name,
            |mut caller: wasmtime::Caller<'_, $crate::process::context::Context> $(, $arg: $ty)*| -> wasmtime::Result<i32> {
                let result = $crate::process::memory::split(&mut caller)
                    .and_then(|($memory, $context)| -> Result<(), i32> { $body });
                $crate::process::wasi::answer(&mut caller, result)
            },
        )?;
        true
    }};
}
use function;

fn define_process(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "args_sizes_get" => function!(linker, "args_sizes_get", |memory, context, count: i32, size: i32| {
            context.asked_arguments = true;
            sizes(memory, &context.args, count, size)
        }),
        "args_get" => function!(linker, "args_get", |memory, context, pointers: i32, texts: i32| {
            lay_out(memory, &context.args, pointers, texts)
        }),
        "environ_sizes_get" => function!(linker, "environ_sizes_get", |memory, context, count: i32, size: i32| {
            sizes(memory, &context.env, count, size)
        }),
        "environ_get" => function!(linker, "environ_get", |memory, context, pointers: i32, texts: i32| {
            lay_out(memory, &context.env, pointers, texts)
        }),
        "random_get" => function!(linker, "random_get", |memory, context, at: i32, len: i32| {
            context.process.fill_random(memory::bytes_mut(memory, at, len)?)
        }),
        "sched_yield" => function!(linker, "sched_yield", |_memory, _context| {
            std::thread::yield_now();
            Ok(())
        }),
        "proc_exit" => {
            linker.func_wrap(MODULE, "proc_exit", |_: Caller<'_, Context>, code: i32| -> wasmtime::Result<()> {
                Err(Stop(Ended::Exited(code as u8)).into())
            })?;
            true
        }
        "proc_raise" => {
            linker.func_wrap(MODULE, "proc_raise", |mut caller: Caller<'_, Context>, number: i32| -> Answer {
                let (_, context) = match split(&mut caller) {
                    Ok(split) => split,
                    Err(errno) => return Ok(errno),
                };
                let result = context.session.kill(context.process.pid, number);
                answer(&mut caller, result)
            })?;
            true
        }
        "sock_accept" => function!(linker, "sock_accept", |_memory, _context, _fd: i32, _flags: i32, _out: i32| {
            Err(errno::ENOTSUP)
        }),
        "sock_recv" => {
            function!(linker, "sock_recv", |_memory,
                                            _context,
                                            _fd: i32,
                                            _data: i32,
                                            _len: i32,
                                            _flags: i32,
                                            _out: i32,
                                            _out_flags: i32| {
                Err(errno::ENOTSUP)
            })
        }
        "sock_send" => {
            function!(linker, "sock_send", |_memory,
                                            _context,
                                            _fd: i32,
                                            _data: i32,
                                            _len: i32,
                                            _flags: i32,
                                            _out: i32| Err(errno::ENOTSUP))
        }
        "sock_shutdown" => {
            function!(linker, "sock_shutdown", |_memory, _context, _fd: i32, _how: i32| Err(errno::ENOTSUP))
        }
        _ => false,
    })
}

/// How many texts, and how many bytes they take with a NUL each.
fn sizes(memory: &mut [u8], texts: &[Vec<u8>], count: i32, size: i32) -> Result<(), i32> {
    let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
    memory::put_u32(memory, count, u32::try_from(texts.len()).map_err(|_| errno::E2BIG)?)?;
    memory::put_u32(memory, size, u32::try_from(bytes).map_err(|_| errno::E2BIG)?)
}

/// Writes a table of pointers and the texts that they point to.
fn lay_out(memory: &mut [u8], texts: &[Vec<u8>], pointers: i32, at: i32) -> Result<(), i32> {
    let mut next = at;
    for (index, text) in texts.iter().enumerate() {
        memory::put_u32(memory, memory::offset(pointers, index * 4)?, next as u32)?;
        memory::put(memory, next, text)?;
        let end = memory::offset(next, text.len())?;
        memory::put(memory, end, &[0])?;
        next = memory::offset(end, 1)?;
    }
    Ok(())
}

/// Scatter and gather: a table of pointers and lengths in the guest's memory. It is read where it lies: how long it is is the
/// guest's to say, and as with wasmtime-wasi there may be more of it than Linux would take (`IOV_MAX`).
#[derive(Clone, Copy)]
struct Ranges {
    table: i32,
    count: usize,
}

impl Ranges {
    /// A table that lies in memory, which also bounds the count.
    fn new(memory: &[u8], table: i32, count: i32) -> Result<Self, i32> {
        let count = count as u32 as usize;
        let bytes = count.checked_mul(8).and_then(|bytes| i32::try_from(bytes).ok()).ok_or(errno::EINVAL)?;
        memory::bytes(memory, table, bytes)?;
        Ok(Self { table, count })
    }

    /// Gives each range that is not empty, with how much was done before it, to `one`, until that does less than all of it, wants no
    /// more, or the process is to end; how much was done.
    ///
    /// # Errors
    /// What `one` fails with before anything was done. Afterwards that would lose what was.
    fn each(
        self,
        memory: &mut [u8],
        context: &mut Context,
        mut one: impl FnMut(&mut [u8], &mut Context, u64) -> Result<(usize, Next), i32>,
    ) -> Result<u32, i32> {
        let mut total = 0_usize;
        for index in 0..self.count {
            // Each piece of one range asks by itself.
            if (total > 0 || index % EMPTY == EMPTY - 1) && glowplug_fs::is_interrupted() {
                break;
            }
            let entry = memory::offset(self.table, index * 8)?;
            let (at, len) = (memory::get_u32(memory, entry)?, memory::get_u32(memory, memory::offset(entry, 4)?)?);
            // The sum is told in 32 bits.
            let len = len.min(u32::MAX - total as u32);
            if len == 0 {
                continue;
            }
            let done =
                memory::bytes_mut(memory, at as i32, len as i32).and_then(|place| one(place, context, total as u64));
            match done {
                Ok((done, next)) => {
                    total += done;
                    if done < len as usize || next == Next::Stop {
                        break;
                    }
                }
                Err(errno) if total > 0 => {
                    told(errno, &context.process.surroundings);
                    break;
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(total as u32)
    }
}

/// So many empty ranges are gone through between two looks whether the process is to end.
const EMPTY: usize = 4096;

/// Whether the next range comes after one that was done in full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}
