//! What an embedder may want to tell people while they wait.

use std::time::Duration;

/// Something that takes time has begun or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Compilation begins.
    Compiling {
        /// The source's name.
        source: &'a str,
        /// The wasm's size: time goes with it.
        wasm_bytes: u64,
        /// Whether the next load finds what is compiled now.
        kept: bool,
    },
    /// Compilation ended.
    Compiled {
        /// The source's name.
        source: &'a str,
        /// How long it took.
        took: Duration,
    },
    /// Another process or thread compiles the same; this load waits for it.
    Waiting {
        /// The source's name.
        source: &'a str,
        /// The other process, where it is known.
        owner: Option<u32>,
    },
    /// The wait is over.
    Waited {
        /// The source's name.
        source: &'a str,
        /// How long it took.
        took: Duration,
    },
}

/// Somebody else who compiles what a load waits for, such as another process: what is compiled there is not lost when
/// whoever waits is ended.
pub trait Helper: Send + Sync {
    /// Has `pending` made (with [`Pending::claim`](crate::Pending::claim), by whoever does it) and waits until that has ended.
    /// `false` when it could not be made there; then the load compiles by itself.
    fn make(&self, pending: &crate::Pending) -> bool;
}

/// Is told of [`Event`]s, on the thread that loads.
pub trait Observer: Send + Sync {
    /// Something has begun or ended. Must return quickly: the load waits for it.
    fn event(&self, event: Event<'_>);
}
