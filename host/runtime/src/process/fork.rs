//! A copy of a running instance: its memory and its stack pointer, with another beginning. The shape is fork's, the use is
//! a call's: the copy never returns into the frames of the original, it enters the guest through an export.

use super::context::{Context, thread_cpu_us};
use super::launch::{Entry, Instantiated, Starting, instantiate, new_store, run_guarded};
use glowplug_sys::abi::{self, errno};
use std::sync::Arc;
use wasmtime::{Caller, Extern, Val};

/// Copies the caller, and runs `task` in the copy on a thread of its own.
pub(crate) fn fork(caller: &mut Caller<'_, Context>, task: i32) -> Result<i32, i32> {
    let pointer = stack_pointer(caller).ok_or(errno::ENOSYS)?;
    let parent = caller.data();
    let session = Arc::clone(&parent.session);
    let program = session.programs.for_copy(&parent.program, &|event| session.tell(event));
    let process = session.child_of(&parent.process)?;
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
    let (Some(theirs), Some(ours)) = (store.data().memory, caller.data().memory) else {
        return Err(give_up(errno::ENOSYS));
    };
    let more = ours.size(&*caller) - theirs.size(&store).min(ours.size(&*caller));
    theirs.grow(&mut store, more).map_err(|_| give_up(errno::ENOMEM))?;
    // What lies below the stack pointer is not in use: the guest's stack comes first in its memory and grows down.
    let from = (pointer as u32 as usize).min(ours.data_size(&*caller));
    copy_changes(&mut theirs.data_mut(&mut store)[from..], &ours.data(&*caller)[from..]);
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
