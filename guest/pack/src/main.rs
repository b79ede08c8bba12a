//! Packs a compiled guest for `guest/prebuilt`. `guest/build.sh` runs it, on the host:
//!
//! ```text
//! guest-pack order MODULE FIRST
//!     puts the functions that the file FIRST names before all others, in place, and drops custom sections
//! guest-pack component MODULE COMPONENT
//!     makes a wasi:cli/command component from a WASI preview 1 command
//! guest-pack manifest MANIFEST GUEST SOURCES TOOLCHAIN LICENCES FILE...
//!     records in MANIFEST what GUEST was made from, and what FILEs (they lie beside it) came out;
//!     LICENCES is `part=licence`, separated by semicolons or ends of lines
//! ```
//!
//! and `guest/record.sh`, which makes what FIRST is:
//!
//! ```text
//! guest-pack instrument MODULE COPY
//!     makes a copy that writes down on its standard error which functions it executes
//! guest-pack list MODULE LOG...
//!     prints the names of these functions, out of what such copies wrote
//! ```

mod layout;
mod manifest;
mod names;
mod record;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

const USAGE: &str = "usage: guest-pack order MODULE FIRST
       guest-pack component MODULE COMPONENT
       guest-pack manifest MANIFEST GUEST SOURCES TOOLCHAIN LICENCES FILE...
       guest-pack instrument MODULE COPY
       guest-pack list MODULE LOG...";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["order", module, first] => {
            let first = String::from_utf8(read(first.as_ref())?).with_context(|| format!("{first} is not UTF-8"))?;
            let ordered = layout::order(&read(module.as_ref())?, &first).with_context(|| module.to_string())?;
            write(module.as_ref(), &ordered)
        }
        ["component", module, component] => make_component(module.as_ref(), component.as_ref()),
        ["manifest", manifest, guest, sources, toolchain, licences, files @ ..] if !files.is_empty() => {
            let packed = manifest::describe(manifest.as_ref(), sources.as_ref(), toolchain, licences, files)?;
            manifest::update(manifest.as_ref(), guest, packed)
        }
        ["instrument", module, copy] => {
            let copied = record::instrument(&read(module.as_ref())?).with_context(|| module.to_string())?;
            write(copy.as_ref(), &copied)
        }
        ["list", module, logs @ ..] if !logs.is_empty() => {
            // What else a guest writes to its standard error need not be UTF-8.
            let text = |log: &&str| read(log.as_ref()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let logs = logs.iter().map(text).collect::<Result<Vec<String>>>()?;
            print!("{}", record::list(&read(module.as_ref())?, &logs)?);
            Ok(())
        }
        _ => bail!(USAGE),
    }
}

fn make_component(module: &Path, component: &Path) -> Result<()> {
    let core = read(module)?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&core)
        .and_then(|encoder| {
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)
        })
        .and_then(|mut encoder| encoder.encode())
        .with_context(|| format!("cannot make a component from {}", module.display()))?;
    write(component, &encoded)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
