//! A copy of a running instance: its memory and its stack pointer, with another beginning. The shape is fork's, the use is
//! a call's: the copy never returns into the frames of the original, it enters the guest through an export.
//!
//! A small memory is copied. Of a large one, parent and copy share an image (adr/0028).

use super::context::{Context, thread_cpu_us};
use super::image::{ImageError, Making, Pagemap, Shared};
use super::launch::{Entry, Instantiated, Starting, instantiate, new_store, run_guarded};
use super::program::{Allocation, Program};
use glowplug_sys::abi::{self, errno, signal};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wasmtime::{Caller, Extern, Memory, Val};

/// From this many bytes on beyond what a program starts with, a memory is shared instead of copied. Below it, instances from
/// the pool are faster than new mappings (figures in adr/0028).
const LARGE: usize = 1 << 20;

/// What a copy shares with its parent.
struct Sharing {
    with: Shared,
    /// Where the parent's memory is not what the image holds.
    changes: Vec<Range<usize>>,
}

/// Copies the caller, and runs `task` in the copy on a thread of its own.
pub(crate) fn fork(caller: &mut Caller<'_, Context>, task: i32) -> Result<i32, i32> {
    let pointer = stack_pointer(caller).ok_or(errno::ENOSYS)?;
    let ours = caller.data().memory.ok_or(errno::ENOSYS)?;
    // What lies below the stack pointer is not in use: the guest's stack comes first in its memory and grows down.
    let from = (pointer as u32 as usize).min(ours.data_size(&*caller));
    let sharing = share(caller, ours, from)?;
    let parent = caller.data();
    let session = Arc::clone(&parent.session);
    let program = match sharing {
        // A place in the pool has to stay what the pool made it.
        Some(_) => Program::on_demand(&parent.program),
        None => session.programs.for_copy(&parent.program, &|event| session.tell(event)),
    };
    let process = session.child_of(&parent.process)?;
    process.knows_history.store(parent.process.knows_history.load(Ordering::Relaxed), Ordering::Relaxed);
    let pid = process.pid;
    let starting = Starting {
        program,
        process: Arc::clone(&process),
        args: Arc::clone(&parent.args),
        env: Arc::clone(&parent.env),
        cwd: parent.cwd.clone(),
        umask: parent.umask,
        table: parent.table.clone(),
        limits: parent.limits,
        preopens: None,
    };
    let (inherited, files) = (parent.inherited.clone(), parent.files.clone());
    let give_up = |errno| {
        session.never_started(&process);
        errno
    };

    let mut store = new_store(&session, starting, 0);
    store.data_mut().inherited = inherited;
    store.data_mut().files = files;
    store.data_mut().forked = true;
    // Its start function runs now, and may fork again: where there is no room for that here, it runs elsewhere.
    let made = {
        let _shared = parent.process.shares_fate_with(&process);
        session.programs.threads.with_room(move || {
            let instance = instantiate(&mut store);
            (store, instance)
        })
    };
    let (mut store, instance) = made.map_err(|_| give_up(errno::EAGAIN))?;
    let instance = instance.map_err(|_| give_up(errno::ENOMEM))?;
    let theirs = store.data().memory.ok_or_else(|| give_up(errno::ENOSYS))?;
    let more = ours.size(&*caller) - theirs.size(&store).min(ours.size(&*caller));
    theirs.grow(&mut store, more).map_err(|_| give_up(errno::ENOMEM))?;
    let (to, context) = theirs.data_and_store_mut(&mut store);
    match sharing {
        Some(sharing) => {
            context.image = Some(take_over(&sharing, to, ours.data(&*caller)).map_err(|_| give_up(errno::ENOMEM))?);
        }
        None => copy_changes(&mut to[from..], &ours.data(&*caller)[from..]),
    }
    let global = instance.get_global(&mut store, abi::STACK_POINTER).ok_or_else(|| give_up(errno::ENOSYS))?;
    global.set(&mut store, Val::I32(pointer)).map_err(|_| give_up(errno::ENOSYS))?;

    let started = {
        let (session, process) = (Arc::clone(&session), Arc::clone(&process));
        let threads = session.programs.threads.clone();
        threads.run(move || {
            store.data_mut().cpu_began_us = thread_cpu_us();
            let mut instance = Instantiated { store, instance, entry: Entry::Fork(task) };
            run_guarded(&session, &process, move || instance.run_to_end());
        })
    };
    started.map_err(|_| give_up(errno::EAGAIN))?;
    Ok(pid)
}

#[expect(unsafe_code, reason = "a memory is mapped anew, with the same contents")]
/// Makes the caller's memory, if that is large, one that a copy can share, and says where it is not what is shared.
fn share(caller: &mut Caller<'_, Context>, ours: Memory, from: usize) -> Result<Option<Sharing>, i32> {
    let initial = usize::try_from(ours.ty(&*caller).minimum() * ours.page_size(&*caller)).unwrap_or(usize::MAX);
    let (memory, context) = ours.data_and_store_mut(&mut *caller);
    if memory.len().saturating_sub(initial) < LARGE {
        return Ok(None);
    }
    let pagemap = Pagemap::of_self();
    let mut shared = context.image.take();
    if shared.as_ref().is_none_or(Shared::is_stale) {
        let Ok(charge) = context.session.memory.charge(memory.len() as u64) else { return Ok(None) };
        // The pool resets its places in place, to what it believes is mapped there.
        let remap = context.program.allocation == Allocation::OnDemand;
        // SAFETY: it is all of the caller's linear memory, which was made for this instance alone where it is remapped, and is
        // unmapped with it. The caller waits for this function.
        shared = match unsafe { Shared::make(memory, initial, shared.as_ref(), Making { remap, charge }, pagemap) } {
            Ok(shared) => Some(shared),
            Err(ImageError::Refused(error)) => {
                tracing::debug!(%error, "a fork copies its memory instead of sharing it");
                return Ok(None);
            }
            Err(ImageError::Lost(error)) => {
                tracing::debug!(%error, "a process whose memory could not be shared is ended");
                context.process.signal(signal::KILL);
                return Err(errno::EINTR);
            }
        };
    }
    let Some(mut shared) = shared else { return Ok(None) };
    let Ok(changes) = shared.changes(memory, from, pagemap) else { return Ok(None) };
    shared.copied(changes.iter().map(ExactSizeIterator::len).sum());
    context.image = Some(shared.clone());
    Ok(Some(Sharing { with: shared, changes }))
}

#[expect(unsafe_code, reason = "a memory is mapped anew")]
/// Gives a copy what its parent shares, and what the parent changed since.
fn take_over(sharing: &Sharing, to: &mut [u8], from: &[u8]) -> Result<Shared, ImageError> {
    // SAFETY: it is all of a linear memory that was made for one new instance alone, which does not run yet, and is unmapped
    // with it, in whatever state it is by then.
    let shared = unsafe { sharing.with.map_into(to) }?;
    for range in &sharing.changes {
        to[range.clone()].copy_from_slice(&from[range.clone()]);
    }
    Ok(shared)
}

/// Copies page by page, leaving alone what is the same: a page of the image that nobody wrote to stays shared.
fn copy_changes(to: &mut [u8], from: &[u8]) {
    const PAGE: usize = 4096;
    for (to, from) in to.chunks_mut(PAGE).zip(from.chunks(PAGE)) {
        if to != from {
            to.copy_from_slice(from);
        }
    }
}

fn stack_pointer(caller: &mut Caller<'_, Context>) -> Option<i32> {
    match caller.get_export(abi::STACK_POINTER)? {
        Extern::Global(global) => global.get(&mut *caller).i32(),
        _ => None,
    }
}
