//! Which functions of the host a guest is linked to.

use wasmtime::component::Resource;
use wasmtime::error::Context as _;
use wasmtime::{Module, Result, StoreContextMut};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, Host as _, HostDescriptor as _, OpenFlags, PathFlags,
};

use crate::host::Host;
use crate::preview1::{self, MODULE as PREVIEW_1};

/// The interface of files as wasmtime-wasi adds it, with its version.
const FILESYSTEM: &str = "wasi:filesystem/types@0.2.12";

/// Resolves a module's imports, and makes nothing that it does not import.
///
/// # Errors
///
/// When the module imports something that the host does not have, or has with another type.
pub(crate) fn link_module(module: &Module, name: &str) -> Result<wasmtime::InstancePre<Host>> {
    linker(module)?
        .instantiate_pre(module)
        .with_context(|| explain_imports(module))
        .with_context(|| format!("failed to instantiate {name:?}"))
}

/// The same, but what the host does not have traps when it is called.
///
/// # Errors
///
/// When the module imports something with another type than the host has it.
pub(crate) fn link_module_or_trap(module: &Module) -> Result<wasmtime::InstancePre<Host>> {
    let mut linker = linker(module)?;
    linker.define_unknown_imports_as_traps(module)?;
    linker.instantiate_pre(module)
}

fn linker(module: &Module) -> Result<wasmtime::Linker<Host>> {
    let mut linker = wasmtime::Linker::new(module.engine());
    let mut added: Vec<&str> = Vec::new();
    for import in module.imports().filter(|import| import.module() == PREVIEW_1) {
        // A module may import the same function twice.
        if !added.contains(&import.name()) && preview1::add(&mut linker, import.name())? {
            added.push(import.name());
        }
    }
    Ok(linker)
}

/// Wasmtime names one import; whoever has to provide them wants to know them all.
fn explain_imports(module: &Module) -> String {
    let foreign: Vec<String> = module
        .imports()
        .filter(|import| import.module() != PREVIEW_1)
        .map(|import| format!("`{}::{}`", import.module(), import.name()))
        .collect();
    if foreign.is_empty() {
        format!("the module does not agree with {PREVIEW_1} as this host provides it")
    } else {
        format!(
            "the host provides {PREVIEW_1} and nothing else, and the module imports {} too; \
             build it for wasm32-wasip1",
            foreign.join(", ")
        )
    }
}

/// Resolves a component's imports, against WASI preview 2.
///
/// # Errors
///
/// When the component imports something that the host does not have, or has with another type.
pub(crate) fn link_component(
    component: &wasmtime::component::Component,
    name: &str,
) -> Result<wasmtime::component::InstancePre<Host>> {
    let mut linker = wasmtime::component::Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    limit_files(&mut linker)?;
    linker.instantiate_pre(component).with_context(|| format!("failed to instantiate {name:?}"))
}

/// Puts a function in the place of wasmtime-wasi's `open-at` that is refused where the guest has as many files open as it may.
fn limit_files(linker: &mut wasmtime::component::Linker<Host>) -> Result<()> {
    type Opened = (Result<Resource<Descriptor>, ErrorCode>,);
    linker.allow_shadowing(true);
    linker.instance(FILESYSTEM)?.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store: StoreContextMut<'_, Host>,
         (folder, walk, path, how, flags): (Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags)| {
            Box::new(async move {
                let host = store.data_mut();
                if !host.admits_file() {
                    // WASI has no number for too many open files.
                    return Ok::<Opened, _>((Err(ErrorCode::Quota),));
                }
                let mut files = host.filesystem();
                match files.open_at(folder, walk, path, how, flags).await {
                    Ok(file) => Ok((Ok(file),)),
                    Err(error) => Ok((Err(files.convert_error_code(error)?),)),
                }
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new version of wasmtime-wasi may call it otherwise, and what is put in the place of nothing limits nothing.
    #[test]
    fn the_interface_of_files_is_called_so() {
        let engine = wasmtime::Engine::default();
        let mut linker = wasmtime::component::Linker::<Host>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("added");
        let taken = linker
            .instance(FILESYSTEM)
            .expect("an instance")
            .func_wrap("[method]descriptor.open-at", |_: StoreContextMut<'_, Host>, (): ()| Ok(()));
        assert!(taken.is_err(), "nothing of that name is there");
    }
}
