//! `poll_oneoff`: waiting for time, and for streams.

use super::{clock, function};
use crate::account::Charge;
use crate::process::context::Context;
use crate::process::descriptor::Descriptor;
use crate::process::memory::{bytes, bytes_mut, offset, put_u32};
use glowplug_sys::abi::errno;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Linker;

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;
/// Between two looks at several streams at once; rare enough not to deserve better.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

struct Subscription {
    userdata: [u8; 8],
    kind: u8,
    wants: Wants,
}

enum Wants {
    /// The moment, and how far off it was.
    Time(Instant, Duration),
    Read(Descriptor),
    /// Writing is always tried: it waits by itself.
    Write,
    Bad(i32),
}

/// Something that happened.
struct Event {
    userdata: [u8; 8],
    kind: u8,
    error: i32,
    bytes: u64,
}

pub(super) fn define(linker: &mut Linker<Context>, name: &str) -> wasmtime::Result<bool> {
    Ok(match name {
        "poll_oneoff" => {
            function!(linker, "poll_oneoff", |memory, context, from: i32, to: i32, count: i32, out: i32| {
                let (subscriptions, mut events, _charge) = read(memory, context, from, count)?;
                wait(context, &subscriptions, &mut events)?;
                for (index, event) in events.iter().enumerate() {
                    let place = bytes_mut(memory, offset(to, index * EVENT)?, EVENT as i32)?;
                    place.fill(0);
                    place[0..8].copy_from_slice(&event.userdata);
                    place[8..10].copy_from_slice(&(event.error as u16).to_le_bytes());
                    place[10] = event.kind;
                    place[16..24].copy_from_slice(&event.bytes.to_le_bytes());
                }
                put_u32(memory, out, events.len() as u32)
            })
        }
        _ => false,
    })
}

/// What is subscribed to, and room for as many events, at the expense of the process.
fn read(
    memory: &[u8],
    context: &mut Context,
    from: i32,
    count: i32,
) -> Result<(Vec<Subscription>, Vec<Event>, Charge), i32> {
    let size = (count as u32 as usize).checked_mul(SUBSCRIPTION).and_then(|size| i32::try_from(size).ok());
    let table = bytes(memory, from, size.ok_or(errno::EINVAL)?)?;
    if table.is_empty() {
        return Err(errno::EINVAL);
    }
    let count = table.len() / SUBSCRIPTION;
    let bytes = count * (size_of::<Subscription>() + size_of::<Event>());
    let charge = context.process.account.charge(bytes as u64).map_err(|refusal| context.over(refusal))?;
    let (mut subscriptions, mut events) = (Vec::new(), Vec::new());
    subscriptions.try_reserve_exact(count).map_err(|_| errno::ENOMEM)?;
    events.try_reserve_exact(count).map_err(|_| errno::ENOMEM)?;
    for (index, bytes) in table.chunks_exact(SUBSCRIPTION).enumerate() {
        goes_on(index)?;
        subscriptions.push(subscription(bytes, context)?);
    }
    Ok((subscriptions, events, charge))
}

/// So many subscriptions are gone through between two looks whether the process is to end.
const BETWEEN: usize = 1024;

/// Asked at each of as many subscriptions as the guest likes.
///
/// # Errors
/// `EINTR` when the process is to end.
fn goes_on(index: usize) -> Result<(), i32> {
    if index % BETWEEN == BETWEEN - 1 && glowplug_fs::is_interrupted() { Err(errno::EINTR) } else { Ok(()) }
}

fn subscription(bytes: &[u8], context: &Context) -> Result<Subscription, i32> {
    let number = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(eight)
    };
    let userdata = number(0).to_le_bytes();
    let kind = bytes[8];
    let descriptor = || context.files.stream(number(16) as u32 as i32);
    let wants = match kind {
        0 => {
            let (clock, timeout, absolute) = (number(16) as u32 as i32, number(24), bytes[40] & 1 != 0);
            let left = match absolute {
                true => clock::peek(context, clock).map(|now| timeout.saturating_sub(now)),
                false => clock::known(clock).map(|()| timeout),
            };
            let far = Duration::from_secs(1 << 32);
            match left.map(Duration::from_nanos) {
                Ok(left) => Wants::Time(Instant::now() + left.min(far), left),
                Err(errno) => Wants::Bad(errno),
            }
        }
        1 => descriptor().map_or_else(Wants::Bad, |descriptor| Wants::Read(Arc::clone(descriptor))),
        2 => descriptor().map_or_else(Wants::Bad, |_| Wants::Write),
        _ => return Err(errno::EINVAL),
    };
    Ok(Subscription { userdata, kind, wants })
}

fn wait(context: &Context, subscriptions: &[Subscription], events: &mut Vec<Event>) -> Result<(), i32> {
    let deadline = subscriptions.iter().filter_map(|one| match one.wants {
        Wants::Time(at, _) => Some(at),
        _ => None,
    });
    let deadline = deadline.min();
    let mut streams = subscriptions.iter().filter_map(|one| match &one.wants {
        Wants::Read(descriptor) => Some(descriptor),
        _ => None,
    });
    let (first, more) = (streams.next(), streams.next().is_some());
    loop {
        let is_missing = happened(context, subscriptions, events)?;
        if !events.is_empty() {
            if is_missing {
                context.witness_not_readable();
            }
            return Ok(());
        }
        match first {
            None => context.process.sleep_until(deadline)?,
            Some(descriptor) if !more => {
                descriptor.wait_readable(&context.process, deadline)?;
            }
            Some(descriptor) => {
                let soon = Instant::now() + BETWEEN_LOOKS;
                let until = deadline.map_or(soon, |deadline| deadline.min(soon));
                descriptor.wait_readable(&context.process, Some(until))?;
            }
        }
    }
}

/// Adds what has happened; whether somebody who writes might have made an event of something else by now.
fn happened(context: &Context, subscriptions: &[Subscription], events: &mut Vec<Event>) -> Result<bool, i32> {
    let now = Instant::now();
    let mut is_missing = false;
    let mut slept = Duration::ZERO;
    for (index, Subscription { userdata, kind, wants }) in subscriptions.iter().enumerate() {
        goes_on(index)?;
        let (error, bytes) = match wants {
            Wants::Time(at, left) if *at <= now => {
                slept = slept.max(*left);
                (0, 0)
            }
            Wants::Time(..) => continue,
            Wants::Read(descriptor) => {
                if !descriptor.wait_readable(&context.process, Some(now))? {
                    is_missing |= descriptor.is_readable_by_chance();
                    continue;
                }
                (0, descriptor.available(&context.process))
            }
            Wants::Write => (0, 1 << 16),
            Wants::Bad(errno) => (*errno, 0),
        };
        events.push(Event { userdata: *userdata, kind: *kind, error, bytes });
    }
    context.process.surroundings.slept(slept);
    Ok(is_missing)
}
