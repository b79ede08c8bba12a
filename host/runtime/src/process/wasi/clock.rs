//! Clocks.

use super::function;
use crate::process::context::Context;
use crate::process::memory::put_u64;
use crate::process::surroundings::{READING, Reading};
use glowplug_sys::abi::errno;
use rustix::time::{ClockId, clock_getres, clock_gettime};
use wasmtime::Linker;

/// A clock's time in nanoseconds, as the guest reads it.
fn read(context: &Context, clock: i32) -> Result<u64, i32> {
    known(clock)?;
    let reading = context.process.surroundings.read_clocks();
    Ok(time(context, clock, reading))
}

/// A clock's time in nanoseconds, for the host's own reckoning of a moment that the guest named.
pub(super) fn peek(context: &Context, clock: i32) -> Result<u64, i32> {
    known(clock)?;
    let reading = context.process.surroundings.peek_clocks();
    Ok(time(context, clock, reading))
}

/// Whether there is such a clock: the calendar's, the monotonic one, the process's and the thread's.
pub(super) fn known(clock: i32) -> Result<(), i32> {
    if (0..=3).contains(&clock) { Ok(()) } else { Err(errno::EINVAL) }
}

fn time(context: &Context, clock: i32, reading: Option<Reading>) -> u64 {
    let nanoseconds = |id| {
        let now = clock_gettime(id);
        u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    };
    match (reading, clock) {
        (Some(reading), 0) => reading.realtime,
        (Some(reading), _) => reading.monotonic,
        (None, 0) => nanoseconds(ClockId::Realtime),
        (None, 1) => nanoseconds(ClockId::Monotonic),
        (None, _) => context.cpu_us() * 1000,
    }
}

pub(super) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "clock_time_get" => {
            function!(linker, "clock_time_get", |memory, context, clock: i32, _precision: i64, out: i32| {
                put_u64(memory, out, read(context, clock)?)
            })
        }
        "clock_res_get" => function!(linker, "clock_res_get", |memory, context, clock: i32, out: i32| {
            known(clock)?;
            if context.process.surroundings.peek_clocks().is_some() {
                return put_u64(memory, out, READING);
            }
            let id = match clock {
                0 => ClockId::Realtime,
                1 => ClockId::Monotonic,
                _ => ClockId::ThreadCPUTime,
            };
            put_u64(memory, out, clock_getres(id).tv_nsec.unsigned_abs().max(1))
        }),
        _ => false,
    })
}
