//! The order of a module's functions. Native code follows it, so functions that a start executes are put side by side: each
//! block of code that they touch is a page fault (adr/0016).

use crate::names::Functions;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, ExportSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, CustomSectionReader, ExportSectionReader, FunctionSectionReader, Parser};

/// The module with the functions of `first` (names, one a line) before all others, and without what is of no use at run
/// time: custom sections (names, producers) and exports that nobody asks for. Names that no function has are passed over, so that a list need not be
/// recorded anew for each change of the sources.
///
/// # Errors
/// When the module is none.
pub fn order(wasm: &[u8], first: &str) -> Result<Vec<u8>> {
    let functions = Functions::of(wasm)?;
    let places: HashMap<&str, u32> =
        functions.names.iter().zip(0..).filter_map(|(name, index)| Some((name.as_deref()?, index))).collect();
    let mut order = Vec::with_capacity(functions.defined as usize);
    let mut taken = vec![false; functions.defined as usize];
    let listed = first.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed = listed.filter_map(|name| places.get(name)?.checked_sub(functions.imported));
    for function in listed.chain(0..functions.defined) {
        if !std::mem::replace(&mut taken[function as usize], true) {
            order.push(function);
        }
    }
    let mut places = vec![0; order.len()];
    for (&function, place) in order.iter().zip(0..) {
        places[function as usize] = place;
    }
    let mut permutation = Permutation { imported: functions.imported, order, places };
    let mut module = Module::new();
    permutation.parse_core_module(&mut module, Parser::new(0), wasm).context("cannot order the functions")?;
    Ok(module.finish())
}

/// Whether anybody asks for the export: the host does for these. The linker exports more, such as C's `malloc`.
fn is_wanted(export: &str) -> bool {
    matches!(export, "memory" | "_start" | "__stack_pointer") || export.starts_with("glowplug_")
}

struct Permutation {
    imported: u32,
    /// The defined functions in their new order, each by its old place.
    order: Vec<u32>,
    /// The other way: the new place of each.
    places: Vec<u32>,
}

impl Permutation {
    /// What was read in the old order, in the new one.
    fn apply<T>(&self, old: Vec<T>) -> Result<Vec<T>, Error<Infallible>> {
        let mut old: Vec<Option<T>> = old.into_iter().map(Some).collect();
        let moved = self.order.iter().filter_map(|&function| old.get_mut(function as usize)?.take());
        let new: Vec<T> = moved.collect();
        if new.len() == old.len() { Ok(new) } else { Err(Error::InvalidCodeSectionSize) }
    }
}

impl Reencode for Permutation {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(match function.checked_sub(self.imported) {
            Some(defined) => self.imported + self.places.get(defined as usize).ok_or(Error::InvalidConstExpr)?,
            None => function,
        })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for ty in self.apply(section.into_iter().collect::<Result<Vec<u32>, _>>()?)? {
            functions.function(self.type_index(ty)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for body in self.apply(section.into_iter().collect::<Result<Vec<_>, _>>()?)? {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for export in section {
            let export = export?;
            if is_wanted(export.name) {
                self.parse_export(exports, export)?;
            }
        }
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}
