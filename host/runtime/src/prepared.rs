//! A guest that is linked and can be run, as often as one likes.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, Store};

use crate::account::Limit;
use crate::guest::{Guest, GuestOptions};
use crate::host::{self, Host};
use crate::outcome::Outcome;
use crate::{component, module, wasi};

/// A guest whose imports are resolved.
///
/// Keep it to run the same guest again in this process: each run gets its own instance, its own memory, and what its
/// options grant.
pub struct PreparedGuest {
    pre: Pre,
    runtime: Runtime,
    link: Duration,
}

enum Pre {
    Module(wasmtime::InstancePre<Host>),
    Component(wasmtime::component::InstancePre<Host>),
}

/// How long the parts of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Resolving imports. Happens once for a [`PreparedGuest`], and is repeated for each of its runs.
    pub link: Duration,
    /// Making the instance: its memory, its tables, and its start section if there is one.
    pub instantiate: Duration,
    /// From the guest's first instruction to its end.
    pub run: Duration,
}

/// A run that came to an end.
///
/// It still holds the guest's instance and memory, which go away when this is dropped. A program that ends anyway can
/// leave that to the system, which is faster: `std::process::exit` before the drop.
pub struct Finished {
    /// How the guest ended.
    pub outcome: Outcome,
    /// How long it took.
    pub phases: Phases,
    /// The limit that it ran into, if it did, and in words what it asked for and did not get.
    pub limit: Option<(Limit, String)>,
    /// Whether it looked which folders it was given, other than at its very beginning, as a module does that uses a path.
    pub looked_for_folders: bool,
    _remains: Store<Host>,
}

impl PreparedGuest {
    /// Resolves the imports of `guest`; `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// When the guest imports what the host does not provide; the error names it. When the system gives no event queue
    /// (only components ask for one).
    pub fn new(guest: &Guest, name: &str) -> Result<Self> {
        let begun = Instant::now();
        let runtime = runtime(guest).context("cannot start the runtime that WASI needs")?;
        let pre = match guest {
            Guest::Module(module) => Pre::Module(wasi::link_module(module, name)?),
            Guest::Component(component) => Pre::Component(wasi::link_component(component, name)?),
        };
        Ok(Self { pre, runtime, link: begun.elapsed() })
    }

    /// Instantiates the guest and runs it to its end.
    ///
    /// `on_first_instruction` is called when the instance is there and its main function, or the one asked for, is
    /// about to be called. Only a start section, and what a component's modules do while they are instantiated, comes
    /// before; so a start-up time that is measured by it may be longer than the truth, never shorter.
    ///
    /// # Errors
    ///
    /// When the guest could not be started: a folder that cannot be opened, a memory limit that is too low, a function
    /// that is not there. Also when it ended in a way that is neither an exit nor a trap, such as an exception that it
    /// did not catch. Formatted with `{:?}` the error reads as that of `wasmtime run`.
    ///
    /// # Panics
    ///
    /// When called inside a tokio runtime: this one blocks its thread.
    pub fn run(&self, options: &GuestOptions, on_first_instruction: impl FnOnce()) -> Result<Finished> {
        let mut store = host::store(self.engine(), options)?;
        let mut phases = Phases { link: self.link, ..Phases::default() };
        let result = self.runtime.block_on(async {
            match &self.pre {
                Pre::Module(pre) => module::run(pre, &mut store, options, &mut phases, on_first_instruction).await,
                Pre::Component(pre) => {
                    component::run(pre, &mut store, options, &mut phases, on_first_instruction).await
                }
            }
        });
        let outcome = result
            .with_context(|| format!("failed to run main module `{}`", options.name))
            .or_else(Outcome::from_error)?;
        let looked_for_folders = store.data().looked_for_folders;
        Ok(Finished { outcome, phases, limit: host::ran_into(&store), looked_for_folders, _remains: store })
    }

    fn engine(&self) -> &Engine {
        match &self.pre {
            Pre::Module(pre) => pre.module().engine(),
            Pre::Component(pre) => pre.engine(),
        }
    }
}

/// A tokio runtime without a thread of its own. Preview 1 waits for nothing but time; only components have sockets,
/// and only for them is an event queue asked of the system.
fn runtime(guest: &Guest) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_time();
    if let Guest::Component(_) = guest {
        builder.enable_io();
    }
    builder.build()
}
