//! Running a core module: its main function, or one that it exports.

use std::time::Instant;

use wasmtime::error::Context as _;
use wasmtime::{Func, Instance, InstancePre, Result, Store, Val, ValType, bail, ensure, format_err};

use crate::enter;
use crate::guest::GuestOptions;
use crate::host::{Host, explain_instantiation};
use crate::outcome::Outcome;
use crate::prepared::Phases;

/// Instantiates the module and runs it, as `wasmtime run` does: a reactor's `_initialize` first, then the function that
/// was asked for, or the main one.
pub(crate) async fn run(
    pre: &InstancePre<Host>,
    store: &mut Store<Host>,
    options: &GuestOptions,
    phases: &mut Phases,
    on_first_instruction: impl FnOnce(),
) -> Result<Outcome> {
    let begun = Instant::now();
    let instance = enter::instantiate_async(pre, store).await;
    phases.instantiate = begun.elapsed();
    let instance = instance.map_err(|e| explain_instantiation(store, &options.name, e))?;

    on_first_instruction();
    let begun = Instant::now();
    let result = call(&instance, store, options).await;
    phases.run = begun.elapsed();
    result
}

async fn call(instance: &Instance, store: &mut Store<Host>, options: &GuestOptions) -> Result<Outcome> {
    if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
        initialize.typed::<(), ()>(&*store)?;
        enter::call_async(initialize, store, &[], &mut []).await.context("failed to run `_initialize`")?;
    }

    if let Some(name) = &options.invoke {
        let func = instance.get_func(&mut *store, name).ok_or_else(|| {
            format_err!("no func export named `{name}` found; the module exports {}", exports(instance, store))
        })?;
        let results = invoke(func, store, name, options).await?;
        return Ok(Outcome::Returned(results));
    }

    let main = instance.get_func(&mut *store, "").or_else(|| instance.get_func(&mut *store, "_start"));
    let Some(main) = main else {
        // A reactor: it was initialized, and nobody asked for more.
        return Ok(Outcome::Returned(Vec::new()));
    };
    main.typed::<(), ()>(&*store).context("the main function takes arguments or returns values")?;
    enter::call_async(main, store, &[], &mut []).await.context("failed to invoke command default")?;
    Ok(Outcome::Exited(0))
}

/// The names of the exported functions, for a message.
fn exports(instance: &Instance, store: &mut Store<Host>) -> String {
    let names: Vec<String> = instance
        .exports(&mut *store)
        .filter_map(|export| {
            let name = format!("`{}`", export.name());
            export.into_func().map(|_| name)
        })
        .collect();
    if names.is_empty() { "no function".to_owned() } else { names.join(", ") }
}

async fn invoke(func: Func, store: &mut Store<Host>, name: &str, options: &GuestOptions) -> Result<Vec<String>> {
    let ty = func.ty(&*store);
    let given = options.args.get(1..).unwrap_or_default();
    // More arguments than parameters are left alone: they are the guest's command line too.
    ensure!(
        given.len() >= ty.params().len(),
        "not enough arguments for `{name}`: it takes {}, and {} were given",
        ty.params().len(),
        given.len()
    );
    let params = ty
        .params()
        .zip(given)
        .map(|(ty, text)| parse(&ty, text).with_context(|| format!("cannot pass `{text}` to `{name}` as {ty}")))
        .collect::<Result<Vec<Val>>>()?;

    let mut results = vec![Val::null_func_ref(); ty.results().len()];
    enter::call_async(func, store, &params, &mut results)
        .await
        .with_context(|| format!("failed to invoke `{name}`"))?;
    Ok(results.iter().map(print).collect())
}

/// Reads an argument as `wasmtime run` does: integers in decimal, or in hexadecimal after `0x`.
fn parse(ty: &ValType, text: &str) -> Result<Val> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    Ok(match ty {
        ValType::I32 => Val::I32(match hexadecimal {
            Some(digits) => i32::from_str_radix(digits, 16)?,
            None => text.parse()?,
        }),
        ValType::I64 => Val::I64(match hexadecimal {
            Some(digits) => i64::from_str_radix(digits, 16)?,
            None => text.parse()?,
        }),
        ValType::F32 => Val::F32(text.parse::<f32>()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>()?.to_bits()),
        other => bail!("unsupported argument type {other}: only numbers can be given on a command line"),
    })
}

/// Writes a result as `wasmtime run` does.
fn print(value: &Val) -> String {
    match value {
        Val::I32(i) => i.to_string(),
        Val::I64(i) => i.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(v) => v.as_u128().to_string(),
        Val::FuncRef(r) => reference("funcref", r.is_none()),
        Val::ExternRef(r) => reference("externref", r.is_none()),
        Val::AnyRef(r) => reference("anyref", r.is_none()),
        Val::ExnRef(r) => reference("exnref", r.is_none()),
        Val::ContRef(r) => reference("contref", r.is_none()),
    }
}

fn reference(kind: &str, null: bool) -> String {
    if null { format!("<null {kind}>") } else { format!("<{kind}>") }
}
