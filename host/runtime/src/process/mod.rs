//! Processes whose every program is a WebAssembly instance: a table of them, pipes, signals, limits, and what they see
//! of files. Nothing here knows what a shell is; [`glowplug_sys::abi`] describes what guests may ask for.
//!
//! A process runs on a thread of its own, or in the foreground of its parent on the parent's. It is ended by the engine's
//! epoch when it computes, and woken from every wait.

mod aside;
mod commons;
mod context;
mod cpu;
mod denials;
mod descriptor;
mod face;
mod fork;
mod handles;
mod host_stream;
mod image;
#[allow(unused_braces, reason = "rustfmt puts them around what is given to a macro")]
mod imports;
mod launch;
mod linking;
mod memory;
mod native;
mod observed;
mod pieces;
mod pipe;
#[allow(clippy::module_inception, reason = "it is the process itself")]
mod process;
mod program;
mod programs;
mod refusals;
mod request;
mod session;
mod signals;
mod spawn;
mod start;
mod streams;
mod surroundings;
mod table;
mod threads;
#[allow(unused_braces, reason = "rustfmt puts them around what is given to a macro")]
mod wasi;
mod witness;

pub use commons::Commons;
pub use face::{CommandFacts, EditRequest, Face, Info, OnMachine, SessionEvent};
pub use native::{AllowedNative, LAUNCHER_NAME, NativeError, NativeOptions, Natives, Variable, serve};
pub use programs::{OwnProgram, ProgramEvent, ProgramSet};
pub use session::{GRACE, Session, SessionLimits, SessionOptions};
pub use start::{RunEnd, Start, StartProgram};
pub use streams::{Chunk, Input, Output, StdinRecord, Stdio, Tape};
pub use surroundings::{EPOCH, Seed};
pub use witness::{Use, Witness};
