//! Running a component: `wasi:cli/run`, or a function that it exports.

use std::time::Instant;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::wasm_wave::wasm::{DisplayFuncResults, WasmFunc};
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre, Val};
use wasmtime::error::Context as _;
use wasmtime::{Error, Result, Store, bail};
use wasmtime_wasi::p2::bindings::Command;

use crate::enter;
use crate::guest::GuestOptions;
use crate::host::{Host, explain_instantiation};
use crate::outcome::Outcome;
use crate::prepared::Phases;

/// Instantiates the component and runs it: the call that was asked for, or `wasi:cli/run`.
pub(crate) async fn run(
    pre: &InstancePre<Host>,
    store: &mut Store<Host>,
    options: &GuestOptions,
    phases: &mut Phases,
    on_first_instruction: impl FnOnce(),
) -> Result<Outcome> {
    // Before instantiation, so that a misspelt call says so before the guest has done anything.
    let call = options.invoke.as_deref().map(|text| Call::parse(text, pre.component())).transpose()?;

    let begun = Instant::now();
    let instance = enter::component::instantiate_async(pre, store).await;
    phases.instantiate = begun.elapsed();
    let instance = instance.map_err(|e| explain_instantiation(store, &options.name, e))?;

    on_first_instruction();
    let begun = Instant::now();
    let result = match call {
        Some(call) => call.run(&instance, store).await.map(|text| Outcome::Returned(vec![text])),
        None => run_command(&instance, store).await,
    };
    phases.run = begun.elapsed();
    result
}

async fn run_command(instance: &Instance, store: &mut Store<Host>) -> Result<Outcome> {
    let command = Command::new(&mut *store, instance)
        .context("the component is no command; call one of its functions by name instead")?;
    let result = enter::component::run(&command, store).await.context("failed to invoke `run` function")?;
    Ok(Outcome::Exited(match result {
        Ok(()) => 0,
        Err(()) => 1,
    }))
}

/// A call in WAVE's notation, with its function found and its arguments checked.
pub(crate) struct Call {
    text: String,
    func: ComponentExportIndex,
    params: Vec<Val>,
    results: usize,
}

impl Call {
    /// Reads the call, and finds its function.
    ///
    /// # Errors
    ///
    /// When it is none, or the component has no such function, or one with other parameters.
    pub(crate) fn parse(text: &str, component: &Component) -> Result<Self> {
        let call = UntypedFuncCall::parse(text).with_context(|| {
            format!("cannot read `{text}` as a call; write a function's name and its arguments, like `f(1, \"two\")`")
        })?;
        let item = call.item_name().map_err(|e| {
            Error::from_anyhow(e).context(format!("cannot read `{}` as a function's name", call.name()))
        })?;
        let (func, ty) = find(component, item.instance_name().as_deref(), &item.name, call.name())?;
        let types: Vec<_> = WasmFunc::params(&ty).collect();
        let params = call.to_wasm_params(&types).with_context(|| format!("cannot read the arguments in `{text}`"))?;
        Ok(Self { text: text.to_owned(), func, params, results: ty.results().len() })
    }

    /// Calls it; the results in WAVE's notation.
    ///
    /// # Errors
    ///
    /// When the guest fails.
    pub(crate) async fn run(&self, instance: &Instance, store: &mut Store<Host>) -> Result<String> {
        let Some(func) = instance.get_func(&mut *store, self.func) else {
            bail!("the component changed between finding `{}` and calling it", self.text);
        };
        let mut results = vec![Val::Bool(false); self.results];
        enter::component::call_async(func, store, &self.params, &mut results)
            .await
            .with_context(|| format!("failed to invoke `{}`", self.text))?;
        Ok(DisplayFuncResults(&results).to_string())
    }
}

/// Finds an exported function: at the component's root, in the interface that was named, or, when none was, in the only
/// one that has it.
fn find(
    component: &Component,
    interface: Option<&str>,
    name: &str,
    written: &str,
) -> Result<(ComponentExportIndex, ComponentFunc)> {
    if let Some(interface) = interface {
        return function(component, Some(interface), name)
            .ok_or_else(|| Error::msg(format!("No exported func named `{written}` in component.")));
    }
    if let Some(found) = function(component, None, name) {
        return Ok(found);
    }
    let ty = component.component_type();
    let interfaces: Vec<&str> = ty
        .exports(component.engine())
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
        .map(|(interface, _)| interface)
        .filter(|interface| function(component, Some(interface), name).is_some())
        .collect();
    match interfaces[..] {
        [] => bail!("No exported func named `{written}` in component."),
        [only] => find(component, Some(only), name, written),
        _ => bail!(
            "Multiple instances contained funcs named `{written}`, retry with a more specific name, from one of: {}",
            interfaces.join(", ")
        ),
    }
}

fn function(
    component: &Component,
    interface: Option<&str>,
    name: &str,
) -> Option<(ComponentExportIndex, ComponentFunc)> {
    let instance = match interface {
        Some(interface) => Some(component.get_export(None, interface)?.1),
        None => None,
    };
    match component.get_export(instance.as_ref(), name)? {
        (ComponentItem::ComponentFunc(ty), index) => Some((index, ty)),
        _ => None,
    }
}
