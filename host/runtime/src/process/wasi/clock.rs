//! Clocks.

use super::function;
use crate::process::context::{Context, thread_cpu_us};
use crate::process::memory::put_u64;
use glowplug_sys::abi::errno;
use rustix::time::{ClockId, clock_getres, clock_gettime};
use wasmtime::Linker;

/// A clock's time in nanoseconds.
pub(super) fn now(context: &Context, clock: i32) -> Result<u64, i32> {
    let nanoseconds = |id| {
        let now = clock_gettime(id);
        u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    };
    match clock {
        0 => Ok(nanoseconds(ClockId::Realtime)),
        1 => Ok(nanoseconds(ClockId::Monotonic)),
        2 | 3 => Ok(thread_cpu_us().saturating_sub(context.cpu_began_us) * 1000),
        _ => Err(errno::EINVAL),
    }
}

pub(super) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "clock_time_get" => {
            function!(linker, "clock_time_get", |memory, context, clock: i32, _precision: i64, out: i32| {
                put_u64(memory, out, now(context, clock)?)
            })
        }
        "clock_res_get" => function!(linker, "clock_res_get", |memory, _context, clock: i32, out: i32| {
            let id = match clock {
                0 => ClockId::Realtime,
                1 => ClockId::Monotonic,
                2 | 3 => ClockId::ThreadCPUTime,
                _ => return Err(errno::EINVAL),
            };
            put_u64(memory, out, clock_getres(id).tv_nsec.unsigned_abs().max(1))
        }),
        _ => false,
    })
}
