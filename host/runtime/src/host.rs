//! What the host keeps for a running guest: its WASI state and its limits.

use std::sync::Arc;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Error, ResourceLimiter, Result, Store, Trap};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::account::{Account, Bound, Charge, Limit, Refusal};
use crate::guest::{GuestOptions, Input, Output};

/// Far enough away never to be reached, and small enough to be added to the engine's current epoch.
const NO_DEADLINE: u64 = u64::MAX / 2;

/// The data of a guest's store. One type for modules and components: preview 1 is a layer over preview 2.
pub(crate) struct Host {
    pub(crate) wasi: WasiP1Ctx,
    limits: Limits,
    files: Files,
    asked_arguments: bool,
    /// Whether it asked for the folders that it was given after it had asked for its arguments: wasi-libc does that when a path is
    /// used for the first time, and older ones before anything else, which says nothing.
    pub(crate) looked_for_folders: bool,
}

impl Host {
    /// Notes what a module asks for.
    pub(crate) fn asks(&mut self, function: &str) {
        match function {
            "fd_prestat_get" => self.looked_for_folders |= self.asked_arguments,
            _ => self.asked_arguments = true,
        }
    }
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
    let limits = Limits::new(options.max_memory, options.max_memory_total);
    let files = Files { most: options.max_files, refused: false };
    let host = Host { wasi: wasi(options)?, limits, files, asked_arguments: false, looked_for_folders: false };
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.limits);
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

/// What the guest's memories and tables take together, and what it was refused.
struct Limits {
    taken: Charge,
    refused: Option<Refusal>,
}

impl Limits {
    fn new(max_memory: Option<u64>, total: Option<u64>) -> Self {
        let bound = Bound::or_part(max_memory, 2);
        let account = match total {
            None => Account::new(Limit::Memory, bound),
            Some(total) => {
                let total = Arc::new(Account::new(Limit::MemoryTotal, Bound::Bytes(total)));
                Account::beneath(&total, Limit::Memory, bound)
            }
        };
        Self { taken: Charge::none(&Arc::new(account)), refused: None }
    }

    /// Charges what a memory or table grows by.
    fn grows(&mut self, current: usize, desired: usize, maximum: Option<usize>, unit: usize) -> bool {
        // Wasmtime asks before it looks at what the guest itself declared, and would refuse that afterwards.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let more = desired.saturating_sub(current).saturating_mul(unit);
        let granted = self.taken.grow(more as u64);
        self.refused = granted.err().or(self.refused);
        granted.is_ok()
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(self.grows(current, desired, maximum, 1))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        // An element is a pointer at most.
        Ok(self.grows(current, desired, maximum, size_of::<usize>()))
    }
}

/// How many descriptors the guest may have.
struct Files {
    most: Option<usize>,
    /// It wanted more.
    refused: bool,
}

/// The standard streams.
const STREAMS: usize = 3;

impl Host {
    /// Whether the guest may open another file. Asked only where there is a limit, so the table is looked through.
    pub(crate) fn admits_file(&mut self) -> bool {
        let Some(most) = self.files.most else { return true };
        let table = self.wasi.ctx().table;
        let open = table.iter_mut().filter(|entry| entry.is::<wasmtime_wasi::filesystem::Descriptor>()).count();
        let admits = open + STREAMS < most;
        self.files.refused |= !admits;
        admits
    }
}

/// The limit that the guest ran into, in words; of several, that of memory, which ends more often what runs into it.
pub(crate) fn ran_into(store: &Store<Host>) -> Option<(Limit, String)> {
    let Host { limits, files, .. } = store.data();
    let of_files = |most| format!("it wanted more than {most} files open at once; --max-files allows more");
    let memory = limits.refused.map(|refusal| (refusal.limit, refusal.to_string()));
    memory.or_else(|| files.most.filter(|_| files.refused).map(|most| (Limit::Files, of_files(most))))
}

/// The last memory that the guest was refused.
fn refused(store: &Store<Host>) -> Option<Refusal> {
    store.data().limits.refused
}

/// Says what kept a guest from being instantiated: its name, and the memory limit when that was the reason.
pub(crate) fn explain_instantiation(store: &Store<Host>, name: &str, error: Error) -> Error {
    let error = match refused(store) {
        // A trap has its own reason, even if the guest was refused memory on its way there.
        Some(refusal) if !error.is::<Trap>() => error.context(refusal),
        _ => error,
    };
    error.context(format!("failed to instantiate {name:?}"))
}
