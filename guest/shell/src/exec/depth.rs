//! How deep evaluation may nest: recursion that never ends must become an error, not an overflow of the stack.

use crate::shell::{Flow, Shell};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What may be used of the stack. On WebAssembly only the part in linear memory can be seen; the host's part (3 MiB)
/// was measured to be about four times as much.
#[cfg(target_arch = "wasm32")]
const LIMIT: usize = 520 << 10;
#[cfg(not(target_arch = "wasm32"))]
const LIMIT: usize = 6 << 20;

/// A fork goes on where its parent's stack in linear memory was, which must not run out either.
const LOWEST: usize = 256 << 10;

static BASE: AtomicUsize = AtomicUsize::new(0);

/// An address on the stack.
#[inline(never)]
fn here() -> usize {
    let marker = 0_u8;
    std::hint::black_box(&raw const marker) as usize
}

/// Notes where the stack begins; in a fork, again.
pub fn begin_stack() {
    BASE.store(here(), Ordering::Relaxed);
}

impl Shell {
    /// Guards recursion.
    pub(crate) fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Flow>) -> Result<T, Flow> {
        let here = here();
        if BASE.load(Ordering::Relaxed).saturating_sub(here) > LIMIT || here < LOWEST {
            self.error("evaluation is nested too deeply");
            return Err(Flow::Exit(1));
        }
        run(self)
    }
}
