//! What a guest of glowplug asks of its host beside WASI: descriptors that children can inherit, and processes.
//! The functions mean what [`abi`] says; this crate makes them safe to call.

pub mod abi;

#[cfg(any(target_arch = "wasm32", feature = "native"))]
mod calls;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod native;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(any(target_arch = "wasm32", feature = "native"))]
pub use calls::*;
