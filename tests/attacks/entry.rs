//! One way into wasm: no path into a guest uses up the host's stack, and no panic takes the host with it.
