//! Random bytes for guests.

use glowplug_sys::abi::errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// Fills `out` from the kernel's generator. The call alone: the usual crate opens `/dev/random` first, to wait for kernels that
/// have just booted without any entropy, and `getrandom` waits for that by itself.
///
/// # Errors
/// `EIO` when the kernel has no generator.
pub(crate) fn fill(mut out: &mut [u8]) -> Result<(), i32> {
    while !out.is_empty() {
        match getrandom(&mut *out, GetRandomFlags::empty()) {
            Ok(count) => out = &mut out[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(errno::EIO),
        }
    }
    Ok(())
}
