//! Preview 1, function by function: a linker that holds what the module imports and nothing else.
//!
//! `wasmtime_wasi::p1::add_to_linker_async` adds all 46 functions, which takes 0.12 ms, a tenth of a warm start. What it
//! does for each is done here for those that are asked for. The functions themselves are wasmtime-wasi's, in a module
//! that it exports but does not promise to keep; the version is therefore pinned exactly, and a test links every function
//! both ways.

use crate::host::Host;
use glowplug_sys::abi::errno;
use wasmtime::{AsContextMut as _, Caller, Extern, Linker, Result, bail};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as p1, WasiSnapshotPreview1 as _};
use wiggle::GuestMemory;

/// The name under which modules import it.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// Splits what a call needs out of its caller: the memory that pointers point into, and WASI's state.
macro_rules! with_memory {
    ($caller:ident, $memory:ident, $wasi:ident => $call:expr) => {{
        let export = $caller.get_export("memory");
        let fuel = $caller.as_context_mut().hostcall_fuel();
        let (mut $memory, $wasi) = match &export {
            Some(Extern::Memory(memory)) => {
                let (bytes, host) = memory.data_and_store_mut(&mut $caller);
                (GuestMemory::Unshared(bytes), &mut host.wasi)
            }
            Some(Extern::SharedMemory(memory)) => (GuestMemory::Shared(memory.data()), &mut $caller.data_mut().wasi),
            _ => bail!("missing required memory export"),
        };
        $wasi.set_hostcall_fuel(fuel);
        $call
    }};
}

/// Defines one function, as wiggle's own integration with Wasmtime does (wiggle-generate 48, `wasmtime.rs`).
macro_rules! define {
    (waits, $linker:ident, $name:ident($($arg:ident: $type:ty),*)) => {
        $linker.func_wrap_async(
            MODULE,
            stringify!($name),
            |mut caller: Caller<'_, Host>, ($($arg,)*): ($($type,)*)| {
                Box::new(async move {
                    with_memory!(caller, memory, wasi => p1::$name(wasi, &mut memory $(, $arg)*).await)
                })
            },
        )
    };
    // Refused where the guest has as many files open as it may.
    (opens, $linker:ident, $name:ident($($arg:ident: $type:ty),*)) => {
        $linker.func_wrap_async(
            MODULE,
            stringify!($name),
            |mut caller: Caller<'_, Host>, ($($arg,)*): ($($type,)*)| {
                Box::new(async move {
                    if !caller.data_mut().admits_file() {
                        return Ok(errno::EMFILE);
                    }
                    with_memory!(caller, memory, wasi => p1::$name(wasi, &mut memory $(, $arg)*).await)
                })
            },
        )
    };
    (noted, $linker:ident, $name:ident($($arg:ident: $type:ty),*)) => {
        $linker.func_wrap(MODULE, stringify!($name), |mut caller: Caller<'_, Host> $(, $arg: $type)*| -> Result<_> {
            caller.data_mut().asks(stringify!($name));
            with_memory!(caller, memory, wasi => p1::$name(wasi, &mut memory $(, $arg)*))
        })
    };
    (at_once, $linker:ident, $name:ident($($arg:ident: $type:ty),*)) => {
        $linker.func_wrap(MODULE, stringify!($name), |mut caller: Caller<'_, Host> $(, $arg: $type)*| -> Result<_> {
            with_memory!(caller, memory, wasi => p1::$name(wasi, &mut memory $(, $arg)*))
        })
    };
}

macro_rules! functions {
    ($($kind:ident $name:ident($($arg:ident: $type:ty),*);)*) => {
        /// Adds the function of this name; `false` when there is none.
        ///
        /// # Errors
        /// When the linker has it already.
        pub(crate) fn add(linker: &mut Linker<Host>, name: &str) -> Result<bool> {
            match name {
                $(stringify!($name) => { define!($kind, linker, $name($($arg: $type),*))?; })*
                _ => return Ok(false),
            }
            Ok(true)
        }

        /// All names.
        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

functions! {
    at_once args_get(a: i32, b: i32);
    noted args_sizes_get(a: i32, b: i32);
    at_once environ_get(a: i32, b: i32);
    at_once environ_sizes_get(a: i32, b: i32);
    at_once clock_res_get(a: i32, b: i32);
    at_once clock_time_get(a: i32, b: i64, c: i32);
    waits fd_advise(a: i32, b: i64, c: i64, d: i32);
    at_once fd_allocate(a: i32, b: i64, c: i64);
    waits fd_close(a: i32);
    waits fd_datasync(a: i32);
    waits fd_fdstat_get(a: i32, b: i32);
    at_once fd_fdstat_set_flags(a: i32, b: i32);
    at_once fd_fdstat_set_rights(a: i32, b: i64, c: i64);
    waits fd_filestat_get(a: i32, b: i32);
    waits fd_filestat_set_size(a: i32, b: i64);
    waits fd_filestat_set_times(a: i32, b: i64, c: i64, d: i32);
    waits fd_pread(a: i32, b: i32, c: i32, d: i64, e: i32);
    noted fd_prestat_get(a: i32, b: i32);
    at_once fd_prestat_dir_name(a: i32, b: i32, c: i32);
    waits fd_pwrite(a: i32, b: i32, c: i32, d: i64, e: i32);
    waits fd_read(a: i32, b: i32, c: i32, d: i32);
    waits fd_readdir(a: i32, b: i32, c: i32, d: i64, e: i32);
    waits fd_renumber(a: i32, b: i32);
    waits fd_seek(a: i32, b: i64, c: i32, d: i32);
    waits fd_sync(a: i32);
    at_once fd_tell(a: i32, b: i32);
    waits fd_write(a: i32, b: i32, c: i32, d: i32);
    waits path_create_directory(a: i32, b: i32, c: i32);
    waits path_filestat_get(a: i32, b: i32, c: i32, d: i32, e: i32);
    waits path_filestat_set_times(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32);
    waits path_link(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32);
    opens path_open(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32);
    waits path_readlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
    waits path_remove_directory(a: i32, b: i32, c: i32);
    waits path_rename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
    waits path_symlink(a: i32, b: i32, c: i32, d: i32, e: i32);
    waits path_unlink_file(a: i32, b: i32, c: i32);
    waits poll_oneoff(a: i32, b: i32, c: i32, d: i32);
    at_once proc_exit(a: i32);
    at_once proc_raise(a: i32);
    at_once sched_yield();
    at_once random_get(a: i32, b: i32);
    at_once sock_accept(a: i32, b: i32, c: i32);
    at_once sock_recv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
    at_once sock_send(a: i32, b: i32, c: i32, d: i32, e: i32);
    at_once sock_shutdown(a: i32, b: i32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Engine, ExternType};

    /// Ours and wasmtime-wasi's have the same functions of the same types.
    #[test]
    fn nothing_is_missing_and_no_type_differs() {
        let engine = Engine::default();
        let mut theirs = Linker::<Host>::new(&engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut theirs, |host: &mut Host| &mut host.wasi).expect("added");
        let mut ours = Linker::<Host>::new(&engine);
        for name in NAMES {
            assert!(add(&mut ours, name).expect("added"));
        }
        assert!(!add(&mut ours, "fd_imaginary").expect("passed over"));

        let host = || crate::host::store(&engine, &crate::GuestOptions::default()).expect("a store");
        let types = |linker: &Linker<Host>| {
            let mut host = host();
            let mut types: Vec<(String, String)> = linker
                .iter(&mut host)
                .map(|(_, name, item)| (name.to_owned(), item))
                .collect::<Vec<_>>()
                .into_iter()
                .map(|(name, item)| match item.ty(&host) {
                    ExternType::Func(ty) => (name, format!("{ty}")),
                    other => panic!("{other:?}"),
                })
                .collect();
            types.sort();
            types
        };
        assert_eq!(types(&ours), types(&theirs));
    }
}
