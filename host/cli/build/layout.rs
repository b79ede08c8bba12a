//! Has the linker put the functions side by side that a start executes.

use std::env;
use std::path::PathBuf;

const FUNCTIONS: &str = "host/cli/build/startup-functions.txt";

/// Asks for the order, where the linker is known to understand it.
///
/// A start executes 800 KB of a program of many megabytes; spread over it, every 64 KiB touched is a page fault (adr/0017).
/// Rust links with LLD on this one target by itself; other linkers have no such option, and would refuse it. An order
/// only helps the optimised program: what Rust calls its functions differs between profiles.
pub fn order_functions() -> Result<(), String> {
    println!("cargo::rerun-if-changed=host/cli/build/layout.rs");
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let other_linker = env::var_os("RUSTC_LINKER").is_some() || flags.contains("linker") || flags.contains("fuse-ld");
    if !is("TARGET", "x86_64-unknown-linux-gnu") || !is("PROFILE", "release") || other_linker {
        return Ok(());
    }
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo did not set CARGO_MANIFEST_DIR")?);
    println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={}", here.join(FUNCTIONS).display());
    // Functions come and go; the list is recorded anew when it matters.
    println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
    Ok(())
}
