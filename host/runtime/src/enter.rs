//! The one way into WebAssembly: whatever runs a guest's code begins it here, where the native stack that is left is known.
//!
//! A guest's code runs on the stack of the thread that enters it, and may use as much of it as its engine says, counted from
//! where it was entered. A host function that enters another guest does so on top of what the first one has used, so each entry
//! asks whether there is room for one more. `clippy.toml` forbids Wasmtime's own ways in everywhere else.
//!
//! Instantiation is such an entry, too: a module's start function runs in it.

use crate::spec::MAX_WASM_STACK;
use std::cell::Cell;
use std::fmt;
use wasmtime::{AsContextMut, Func, Instance, InstancePre, Result, Store, TypedFunc, Val, WasmParams, WasmResults};

/// The least that a guest may be started with: its own stack, and what the host needs beside it.
pub(crate) const NEEDED: usize = MAX_WASM_STACK + (1 << 20);

thread_local! {
    /// Where this thread's stack began, and how large it is; 0 when nobody knows.
    static STACK_OF_THREAD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// There is no room for another guest on the calling thread's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host's stack has no room for another program")
    }
}

impl std::error::Error for NoRoom {}

/// An address near the top of the stack as it is now.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    std::hint::black_box(&raw const local) as usize
}

/// Says how large the calling thread's stack is, which must have hardly been used yet.
pub(crate) fn stack_is(size: usize) {
    STACK_OF_THREAD.set((here(), size));
}

/// Whether another guest fits on the calling thread's stack. A thread of which nothing is known has no room.
pub(crate) fn has_room() -> bool {
    let (base, size) = STACK_OF_THREAD.get();
    size.saturating_sub(base.saturating_sub(here())) > NEEDED
}

/// Refuses to go on where there is no room.
fn check() -> Result<()> {
    if has_room() { Ok(()) } else { Err(NoRoom.into()) }
}

/// Makes an instance, which runs its start function, on the calling thread's stack.
///
/// # Errors
/// [`NoRoom`]; and what Wasmtime says.
#[expect(clippy::disallowed_methods, reason = "this is the way in")]
pub(crate) fn instantiate<T: 'static>(pre: &InstancePre<T>, store: &mut Store<T>) -> Result<Instance> {
    check()?;
    pre.instantiate(store)
}

/// Calls a function on the calling thread's stack.
///
/// # Errors
/// [`NoRoom`]; and what Wasmtime says.
#[expect(clippy::disallowed_methods, reason = "this is the way in")]
pub(crate) fn call<P: WasmParams, R: WasmResults>(
    function: &TypedFunc<P, R>,
    store: impl AsContextMut<Data: 'static>,
    params: P,
) -> Result<R> {
    check()?;
    function.call(store, params)
}

/// Makes an instance, which runs its start function, on a stack of its own that Wasmtime allocates and guards.
///
/// # Errors
/// What Wasmtime says.
#[expect(clippy::disallowed_methods, reason = "this is the way in")]
pub(crate) async fn instantiate_async<T: Send + 'static>(
    pre: &InstancePre<T>,
    store: &mut Store<T>,
) -> Result<Instance> {
    pre.instantiate_async(store).await
}

/// Calls a function on a stack of its own.
///
/// # Errors
/// What Wasmtime says.
#[expect(clippy::disallowed_methods, reason = "this is the way in")]
pub(crate) async fn call_async<T: Send + 'static>(
    function: Func,
    store: &mut Store<T>,
    params: &[Val],
    results: &mut [Val],
) -> Result<()> {
    function.call_async(store, params, results).await
}

/// The same for components.
pub(crate) mod component {
    use wasmtime::component::{Func, Instance, InstancePre, Val};
    use wasmtime::{Result, Store};
    use wasmtime_wasi::p2::bindings::Command;

    /// Makes an instance, on a stack of its own.
    ///
    /// # Errors
    /// What Wasmtime says.
    #[expect(clippy::disallowed_methods, reason = "this is the way in")]
    pub(crate) async fn instantiate_async<T: Send + 'static>(
        pre: &InstancePre<T>,
        store: &mut Store<T>,
    ) -> Result<Instance> {
        pre.instantiate_async(store).await
    }

    /// Calls a function, on a stack of its own.
    ///
    /// # Errors
    /// What Wasmtime says.
    #[expect(clippy::disallowed_methods, reason = "this is the way in")]
    pub(crate) async fn call_async<T: Send + 'static>(
        function: Func,
        store: &mut Store<T>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        function.call_async(store, params, results).await
    }

    /// Calls `wasi:cli/run`, on a stack of its own; whether the command says that it succeeded.
    ///
    /// # Errors
    /// What Wasmtime says.
    pub(crate) async fn run<T: Send + 'static>(command: &Command, store: &mut Store<T>) -> Result<Result<(), ()>> {
        command.wasi_cli_run().call_run(store).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_stack<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::Builder::new().stack_size(size).spawn(move || {
            stack_is(size);
            work()
        });
        thread.expect("a thread").join().expect("no panic")
    }

    #[test]
    fn a_thread_that_nobody_knows_has_no_room() {
        assert!(!std::thread::spawn(has_room).join().expect("no panic"));
    }

    #[test]
    fn room_is_what_is_left() {
        assert!(on_stack(NEEDED + (1 << 20), has_room));
        assert!(!on_stack(NEEDED / 2, has_room));
        // What has been used is not there any more.
        let deep = || {
            let used = std::hint::black_box([0_u8; 2 << 20]);
            let room = has_room();
            std::hint::black_box(&used);
            room
        };
        assert!(!on_stack(NEEDED + (1 << 20), deep));
    }

    #[test]
    fn without_room_nothing_is_entered() {
        let engine = wasmtime::Engine::default();
        let wasm = r#"(module (func $f (export "f")) (start $f))"#;
        let module = wasmtime::Module::new(&engine, wat::parse_str(wasm).expect("text")).expect("a module");
        let refused = std::thread::spawn(move || {
            let pre = wasmtime::Linker::<()>::new(&engine).instantiate_pre(&module).expect("linked");
            let mut store = Store::new(&engine, ());
            instantiate(&pre, &mut store).expect_err("no room").is::<NoRoom>()
        });
        assert!(refused.join().expect("no panic"));
    }
}
