//! Initialising a guest ahead of time: it is run up to a point, and what its memory holds then becomes part of its wasm.
//!
//! The work is wasmtime-wizer's. Here is what it is run with: an engine whose results are the same on every machine, and a host
//! that gives nothing but what was asked for, because all that the guest sees of it is frozen into the image.

use tokio::runtime::Builder;
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Error, Extern, ExternType, Instance, Module, Result, Store, bail, ensure, format_err};
use wasmtime_wasi::I32Exit;
use wasmtime_wizer::{WasmtimeWizer, WasmtimeWizerComponent, Wizer};

use crate::component::Call;
use crate::enter;
use crate::guest::GuestOptions;
use crate::host::{self, Host};
use crate::spec::{EngineSpec, OptLevel, config};
use crate::wasi;

/// How a guest is initialised.
#[derive(Clone, Debug)]
pub struct SnapshotOptions {
    /// The exported function that initialises it. A component's may be an interface's (`ns:package/interface.function`), or a
    /// whole call in WAVE's notation.
    pub init_func: String,
    /// Whether that function is still exported afterwards. A component's always is.
    pub keep_init_func: bool,
    /// Exports that go by another name afterwards: the new name, and the old one. Not for components.
    pub renames: Vec<(String, String)>,
    /// What the guest is given meanwhile. A component is given nothing: whatever it imports traps when it is called.
    pub guest: GuestOptions,
}

impl SnapshotOptions {
    /// The name under which tools look for the function when nothing else is said.
    pub const INIT_FUNC: &str = "wizer-initialize";
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            init_func: Self::INIT_FUNC.to_owned(),
            keep_init_func: false,
            renames: Vec::new(),
            guest: GuestOptions::default(),
        }
    }
}

/// Initialises a module or component in the binary format, and gives it back as it is then.
///
/// Equal inputs give equal bytes, as long as the initialisation asks for neither time nor random numbers.
///
/// # Errors
///
/// When wizer cannot keep the state of such a guest (imported memories, code that changes tables), when there is no such
/// function or it has parameters, when a folder cannot be opened, and when the initialisation traps, exits, or calls what the
/// host does not provide.
///
/// # Panics
///
/// When called inside a tokio runtime: this one blocks its thread.
pub fn snapshot(wasm: &[u8], options: &SnapshotOptions) -> Result<Vec<u8>> {
    let mut wizer = Wizer::new();
    // Of a component wizer would drop the function of that name from the modules within, and leave what refers to it.
    wizer.init_func(&options.init_func).keep_init_func(options.keep_init_func || is_component(wasm));
    for (new, old) in &options.renames {
        wizer.func_rename(new, old);
    }
    let engine = engine()?;
    let runtime =
        Builder::new_current_thread().enable_all().build().context("cannot start the runtime that WASI needs")?;
    let mut store = host::store(&engine, &options.guest)?;
    let result = runtime.block_on(async {
        if is_component(wasm) {
            ensure!(options.renames.is_empty(), "functions of components cannot be renamed");
            component(&wizer, &mut store, wasm, options).await
        } else {
            module(&wizer, &mut store, wasm, options).await
        }
    });
    result.with_context(|| format!("failed to make a snapshot of {:?}", options.guest.name))
}

/// An engine that computes the same on every machine: what it computes is kept. Compiling takes longer than what is run once.
fn engine() -> Result<Engine> {
    let spec = EngineSpec { opt_level: OptLevel::None, canonical_numbers: true, ..EngineSpec::default() };
    Engine::new(&config(&spec))
}

/// The header's last two bytes are the layer: 0 is a module, 1 a component.
fn is_component(wasm: &[u8]) -> bool {
    wasm.get(6..8) == Some(&[1, 0])
}

async fn module(wizer: &Wizer, store: &mut Store<Host>, wasm: &[u8], options: &SnapshotOptions) -> Result<Vec<u8>> {
    let (context, instrumented) = wizer.instrument(wasm)?;
    let module = Module::new(store.engine(), &instrumented)?;
    check_init_func(&module, &options.init_func)?;
    check_renames(&module, &options.renames)?;
    let pre = wasi::link_module_or_trap(&module)?;
    let instance = enter::instantiate_async(&pre, store).await;
    let instance = instance.map_err(|error| host::explain_instantiation(store, &options.guest.name, error))?;
    initialize(store, &instance, &options.init_func).await?;
    wizer.snapshot(&context, &mut WasmtimeWizer { store, instance }).await
}

/// Calls a reactor's `_initialize`, and then the function that was asked for, unless it is the same.
async fn initialize(store: &mut Store<Host>, instance: &Instance, init_func: &str) -> Result<()> {
    for name in ["_initialize", init_func] {
        if name == "_initialize" && init_func == name {
            continue;
        }
        let Some(Extern::Func(function)) = instance.get_export(&mut *store, name) else { continue };
        function.typed::<(), ()>(&*store)?;
        enter::call_async(function, store, &[], &mut [])
            .await
            .map_err(explain_end)
            .with_context(|| format!("failed to run `{name}`"))?;
    }
    Ok(())
}

/// Exiting is an end like any other elsewhere; here it leaves nothing to be kept.
fn explain_end(error: Error) -> Error {
    match error.downcast_ref::<I32Exit>() {
        Some(exit) => format_err!("it ended the program (exit code {}), and has to return instead", exit.0),
        None => error,
    }
}

fn check_init_func(module: &Module, name: &str) -> Result<()> {
    match module.get_export(name) {
        Some(ExternType::Func(ty)) if ty.params().len() == 0 && ty.results().len() == 0 => Ok(()),
        Some(ExternType::Func(_)) => bail!("the function `{name}` must have no parameters and no results"),
        Some(_) => bail!("the export `{name}` is no function"),
        None => bail!(
            "the module exports no function `{name}`; it exports {}. Name the one that initializes it, which must have no \
             parameters and no results",
            functions(module)
        ),
    }
}

/// Wizer passes over renames of what is not there.
fn check_renames(module: &Module, renames: &[(String, String)]) -> Result<()> {
    for (new, old) in renames {
        ensure!(
            matches!(module.get_export(old), Some(ExternType::Func(_))),
            "there is no function `{old}` that could be renamed to `{new}`; the module exports {}",
            functions(module)
        );
    }
    Ok(())
}

/// The names of the exported functions, for a message. Those that wizer adds are not functions.
fn functions(module: &Module) -> String {
    let is_function = |ty: &ExternType| matches!(ty, ExternType::Func(_));
    let names: Vec<String> = module
        .exports()
        .filter(|export| is_function(&export.ty()))
        .map(|export| format!("`{}`", export.name()))
        .collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn component(wizer: &Wizer, store: &mut Store<Host>, wasm: &[u8], options: &SnapshotOptions) -> Result<Vec<u8>> {
    let (context, instrumented) = wizer.instrument_component(wasm)?;
    let component = Component::new(store.engine(), &instrumented)?;
    let name = &options.init_func;
    let call = if name.contains('(') { name.clone() } else { format!("{name}()") };
    let call = Call::parse(&call, &component)?;
    let mut linker = wasmtime::component::Linker::new(component.engine());
    linker.define_unknown_imports_as_traps(&component)?;
    let pre = linker.instantiate_pre(&component)?;
    let instance = enter::component::instantiate_async(&pre, store).await;
    let instance = instance.map_err(|error| host::explain_instantiation(store, &options.guest.name, error))?;
    call.run(&instance, store).await?;
    wizer.snapshot_component(&context, &mut WasmtimeWizerComponent { store, instance }).await
}
