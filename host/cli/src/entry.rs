//! The program's first function, on Linux with glibc.
//!
//! Before `main`, Rust's runtime reads `/proc/self/maps` to learn where the stack ends and installs a handler that says
//! "stack overflow", before Wasmtime installs its own in the same place: the kernel writes and we parse a text, and four more
//! pages are touched, at each start (figures in adr/0017). What else it does is done here. `std::env::args` works all the same: on
//! glibc it is filled before any `main`.
#![allow(unsafe_code, reason = "being called from C, and asking it for what Rust's runtime asks it for")]

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{c_char, c_int};

/// What the C library calls.
// SAFETY: the only function of this name, with the type that C gives it; `no_main` sees to it that Rust makes no other.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    open_standard_descriptors();
    ignore_broken_pipes();
    keep_freed_memory();
    super::main();
    0
}

/// Opens those of the descriptors 0 to 2 that are closed, as Rust's runtime does: otherwise the next file to be opened, say the
/// cache's key, would be somebody's standard output.
fn open_standard_descriptors() {
    for descriptor in [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()] {
        if rustix::io::fcntl_getfd(descriptor) == Err(Errno::BADF) {
            // Takes the lowest number that is free, which is this one. When not even this can be opened, nothing is safe.
            match rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()) {
                Ok(null) => std::mem::forget(null),
                Err(_) => std::process::abort(),
            }
        }
    }
}

/// Writing to a pipe that nobody reads is to be an error, as Rust programs expect it, rather than the end of the process.
fn ignore_broken_pipes() {
    // SAFETY: `SIG_IGN` is no function of ours, so nothing can be called at the wrong time.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Instances come and go, and each takes some hundred kilobytes. By default the C library gives the top of its heap back to
/// the kernel as soon as 128 KiB are free, so that every instance would have its pages made and zeroed anew.
fn keep_freed_memory() {
    // SAFETY: nothing was allocated yet that these could concern, and there is one thread.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20);
        // As much as a start needs, in one call.
        libc::mallopt(libc::M_TOP_PAD, 1 << 20);
    }
}
