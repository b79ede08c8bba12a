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

/// Is told of [`Event`]s, on the thread that loads.
pub trait Observer: Send + Sync {
    /// Something has begun or ended. Must return quickly: the load waits for it.
    fn event(&self, event: Event<'_>);
}
