//! What glowplug runs guests with: engines, linkers, instances, limits.
//!
//! A guest goes through three steps, each of which can be timed by itself:
//!
//! 1. [`config`] turns an [`EngineSpec`] into the settings of an engine; whoever owns the engine compiles the guest or
//!    loads its artifact.
//! 2. [`PreparedGuest::new`] resolves the guest's imports. It can be kept and run again.
//! 3. [`PreparedGuest::run`] instantiates it and runs it to its end, and says how it ended: an [`Outcome`].
//!
//! [`process`] is the other way to run guests: many of them, with pipes between them and a view of files of their own.
//!
//! [`snapshot()`] initialises a guest ahead of time.
//!
//! Nothing here prints, reads the command line, or ends the process. No signal is caught either, so Ctrl-C ends the process
//! as it does a native program; only a session's first process can ask for signals.
//!
//! # One thread
//!
//! WASI's implementation is asynchronous and needs a tokio runtime. Left alone it builds one with a thread for each
//! core, which costs more than starting the guest. So guests run on the caller's thread, inside a runtime that has no
//! thread of its own. They run as futures rather than through WASI's synchronous interface, because only a future lets
//! that runtime drive timers and sockets while the guest waits for them.
//!
//! Two things do start a thread, and only when asked for: a guest that reads the host's standard input, and the first
//! [`Watchdog`].

mod account;
mod component;
mod cpu_watch;
mod enter;
mod guest;
mod host;
mod machine;
mod module;
mod outcome;
mod prepared;
mod preview1;
pub mod process;
mod snapshot;
mod spec;
mod wasi;
mod watchdog;

pub use account::{Limit, Refusal};
pub use cpu_watch::CpuWatch;
pub use guest::{Capture, DirMount, Guest, GuestOptions, Input, Output};
pub use outcome::Outcome;
pub use prepared::{Finished, Phases, PreparedGuest};
pub use snapshot::{SnapshotOptions, snapshot};
pub use spec::{
    Compiler, EngineSpec, OptLevel, PooledSpec, UnknownName, config, pooled_process_config, process_config,
    process_spec,
};
pub use watchdog::Watchdog;

/// A panic in one thread must not take the session from the others: what these locks guard is whole between any two
/// statements.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
