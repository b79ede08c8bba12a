//! What the host keeps for a running guest: its WASI state and its limits.

use wasmtime::error::Context as _;
use wasmtime::{Engine, Error, ResourceLimiter, Result, Store, StoreLimits, StoreLimitsBuilder, Trap};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::guest::{GuestOptions, Input, Output};

/// Far enough away never to be reached, and small enough to be added to the engine's current epoch.
const NO_DEADLINE: u64 = u64::MAX / 2;

/// The data of a guest's store. One type for modules and components: preview 1 is a layer over preview 2.
pub(crate) struct Host {
    pub(crate) wasi: WasiP1Ctx,
    limits: Limits,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

/// A store for one run, with everything in it that `options` grant.
///
/// # Errors
///
/// When a folder cannot be opened.
pub(crate) fn store(engine: &Engine, options: &GuestOptions) -> Result<Store<Host>> {
    let host = Host { wasi: wasi(options)?, limits: Limits::new(options.max_memory) };
    let mut store = Store::new(engine, host);
    if options.max_memory.is_some() {
        store.limiter(|host| &mut host.limits);
    }
    // Code made for interruption traps at once in a store that says nothing, so say it: nobody interrupts. For other
    // code this does nothing.
    store.set_epoch_deadline(NO_DEADLINE);
    Ok(store)
}

fn wasi(options: &GuestOptions) -> Result<WasiP1Ctx> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.args(&options.args);
    wasi.envs(&options.env);
    // Files are read and written on this thread. Otherwise each operation would be handed to another one.
    wasi.allow_blocking_current_thread(true);
    match &options.stdin {
        Input::Empty => {}
        Input::Inherit => {
            wasi.inherit_stdin();
        }
        Input::Bytes(bytes) => {
            wasi.stdin(wasmtime_wasi::p2::pipe::MemoryInputPipe::new(bytes.clone()));
        }
    }
    match &options.stdout {
        Output::Discard => {}
        Output::Inherit => {
            wasi.inherit_stdout();
        }
        Output::Capture(capture) => {
            wasi.stdout(capture.pipe.clone());
        }
    }
    match &options.stderr {
        Output::Discard => {}
        Output::Inherit => {
            wasi.inherit_stderr();
        }
        Output::Capture(capture) => {
            wasi.stderr(capture.pipe.clone());
        }
    }
    for dir in &options.dirs {
        let perms = if dir.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(&dir.host, &dir.guest, perms).with_context(|| {
            format!("cannot open the folder `{}` to give it to the guest as `{}`", dir.host.display(), dir.guest)
        })?;
    }
    Ok(wasi.build_p1())
}

/// Wasmtime's own limits, which also remember what they refused: its message for a guest that does not start says
/// neither how much was needed nor how much was allowed.
struct Limits {
    inner: StoreLimits,
    max_memory: Option<u64>,
    refused: Option<u64>,
}

impl Limits {
    fn new(max_memory: Option<u64>) -> Self {
        let mut limits = StoreLimitsBuilder::new();
        if let Some(bytes) = max_memory {
            // More than this machine could address is no limit.
            limits = limits.memory_size(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        Self { inner: limits.build(), max_memory, refused: None }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let granted = self.inner.memory_growing(current, desired, maximum)?;
        if !granted {
            self.refused = u64::try_from(desired).ok();
        }
        Ok(granted)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.inner.memory_grow_failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.inner.table_growing(current, desired, maximum)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.inner.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.inner.instances()
    }

    fn tables(&self) -> usize {
        self.inner.tables()
    }

    fn memories(&self) -> usize {
        self.inner.memories()
    }
}

/// Says what kept a guest from being instantiated: its name, and the memory limit when that was the reason.
pub(crate) fn explain_instantiation(store: &Store<Host>, name: &str, error: Error) -> Error {
    let Limits { max_memory, refused, .. } = store.data().limits;
    let error = match (max_memory, refused) {
        // A trap has its own reason, even if the guest was refused memory on its way there.
        (Some(limit), Some(need)) if !error.is::<Trap>() => error.context(format!(
            "a memory of {need} bytes is needed and the limit is {limit} bytes; raise the memory limit"
        )),
        _ => error,
    };
    error.context(format!("failed to instantiate {name:?}"))
}
