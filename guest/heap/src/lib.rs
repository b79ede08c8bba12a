//! The guests' allocator: one heap for Rust and C, and at first in memory that is there from the start.
//!
//! A C library's own may be anything. The one that our toolchain brings takes a page of WebAssembly's (64 KiB) for each size
//! class as soon as a block of it is wanted: a start took eight, each a call of the host, a change of the memory's protection
//! and a page fault, and each was compared page by page when the shell forked. This one puts blocks side by side, behind the
//! guest's data: first in what is left of its last page, and in what its `build.rs` asks for with `--initial-heap` (adr/0016).
//!
//! A guest links it by naming it: `use glowplug_heap as _;`. Elsewhere than in WebAssembly it is empty.

#![no_std]

#[cfg(target_arch = "wasm32")]
mod wasm;
