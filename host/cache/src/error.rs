//! Why a load failed. A cache that fails is no error: it is a note in the report.

use std::io;
use std::path::PathBuf;

/// Why there is no code to run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file kept changing while it was read.
    #[error("{} changed while it was being read, three times in a row; try again when whatever writes it is done", path.display())]
    Unstable {
        /// Which file.
        path: PathBuf,
    },
    /// It is larger than may be loaded.
    #[error("{name} is larger than the {most} bytes that may be loaded")]
    TooLarge {
        /// Which source.
        name: String,
        /// The most bytes that it may have.
        most: u64,
    },
    /// It is not what was to be compiled for later.
    #[error("{name} was not compiled: {what} is not the one that it was to be compiled from")]
    Changed {
        /// Which source.
        name: String,
        /// What changed: the wasm, or the engine.
        what: &'static str,
    },
    /// It is no WebAssembly.
    #[error("{name} is not WebAssembly: {what}")]
    NotWasm {
        /// Which source.
        name: String,
        /// How that was seen.
        what: &'static str,
    },
    /// It is native code already.
    #[error(
        "{name} is an artifact: native code that was compiled before; the cache takes only wasm, which can be checked"
    )]
    Precompiled {
        /// Which source.
        name: String,
    },
    /// The text format could not be parsed.
    #[error("failed to parse the text of {name}")]
    Text {
        /// Which source.
        name: String,
        /// Where and why.
        source: wat::Error,
    },
    /// A module was asked for, and this is a component, or the other way round.
    #[error("{name} is a {found}, and a {wanted} was asked for")]
    Kind {
        /// Which source.
        name: String,
        /// What it is.
        found: crate::Kind,
        /// What was wanted.
        wanted: crate::Kind,
    },
    /// The engine could not be made, or cannot compile.
    #[error("the engine cannot be used")]
    Engine {
        /// Why.
        source: wasmtime::Error,
    },
    /// It could not be compiled.
    #[error("failed to compile {name}")]
    Compile {
        /// Which source.
        name: String,
        /// Why, in Wasmtime's words.
        source: wasmtime::Error,
    },
}
