//! What functions are called, in a way that survives a new compilation.

use anyhow::{Context, Result};
use std::collections::HashMap;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The functions of a module by their place in it, imports first.
pub struct Functions {
    /// How many of them are imported.
    pub imported: u32,
    /// How many there are besides.
    pub defined: u32,
    /// Where the import is with which a module writes to a descriptor.
    pub fd_write: Option<u32>,
    /// Each function's name: without hashes and disambiguators, and numbered where several have the same.
    pub names: Vec<Option<String>>,
}

impl Functions {
    /// Reads the module's imports and its name section.
    ///
    /// # Errors
    /// When the module is none.
    pub fn of(wasm: &[u8]) -> Result<Self> {
        let (mut imported, mut defined, mut fd_write) = (0, 0, None);
        let mut raw: Vec<(u32, &str)> = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        if let wasmparser::TypeRef::Func(_) = import.ty {
                            if (import.module, import.name) == ("wasi_snapshot_preview1", "fd_write") {
                                fd_write = Some(imported);
                            }
                            imported += 1;
                        }
                    }
                }
                Payload::FunctionSection(section) => defined = section.count(),
                Payload::CustomSection(section) => {
                    let KnownCustom::Name(names) = section.as_known() else { continue };
                    for subsection in names {
                        if let Name::Function(map) = subsection? {
                            for naming in map {
                                let naming = naming?;
                                raw.push((naming.index, naming.name));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let mut functions = Self { imported, defined, fd_write, names: vec![None; (imported + defined) as usize] };
        functions.name(&raw).context("the name section names functions that are not there")?;
        Ok(functions)
    }

    fn name(&mut self, raw: &[(u32, &str)]) -> Option<()> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for (index, name) in raw {
            let name = format!("{:#}", rustc_demangle::demangle(name));
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            let numbered = if *count == 1 { name } else { format!("{name} #{count}") };
            *self.names.get_mut(*index as usize)? = Some(numbered);
        }
        Some(())
    }
}
