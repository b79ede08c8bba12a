//! Guests' pointers: checked before anything is done with them.

use super::context::Context;
use glowplug_sys::abi::errno;
use wasmtime::Caller;

/// A guest's memory and its context, side by side.
pub(crate) fn split<'c>(caller: &'c mut Caller<'_, Context>) -> Result<(&'c mut [u8], &'c mut Context), i32> {
    let memory = caller.data().memory.ok_or(errno::EFAULT)?;
    Ok(memory.data_and_store_mut(caller))
}

/// The bytes of a range.
pub(crate) fn bytes(memory: &[u8], at: i32, len: i32) -> Result<&[u8], i32> {
    let (at, len) = (at as u32 as usize, len as u32 as usize);
    memory.get(at..).and_then(|rest| rest.get(..len)).ok_or(errno::EFAULT)
}

/// The bytes of a range, to be changed.
pub(crate) fn bytes_mut(memory: &mut [u8], at: i32, len: i32) -> Result<&mut [u8], i32> {
    let (at, len) = (at as u32 as usize, len as u32 as usize);
    memory.get_mut(at..).and_then(|rest| rest.get_mut(..len)).ok_or(errno::EFAULT)
}

/// Writes bytes.
pub(crate) fn put(memory: &mut [u8], at: i32, bytes: &[u8]) -> Result<(), i32> {
    bytes_mut(memory, at, i32::try_from(bytes.len()).map_err(|_| errno::EFAULT)?)?.copy_from_slice(bytes);
    Ok(())
}

/// Writes a number.
pub(crate) fn put_u32(memory: &mut [u8], at: i32, number: u32) -> Result<(), i32> {
    put(memory, at, &number.to_le_bytes())
}

/// Writes a number.
pub(crate) fn put_u64(memory: &mut [u8], at: i32, number: u64) -> Result<(), i32> {
    put(memory, at, &number.to_le_bytes())
}

/// Reads a number.
pub(crate) fn get_u32(memory: &[u8], at: i32) -> Result<u32, i32> {
    let bytes = bytes(memory, at, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// A pointer's successor.
pub(crate) fn offset(at: i32, by: usize) -> Result<i32, i32> {
    u32::try_from(by).ok().and_then(|by| (at as u32).checked_add(by)).map(|at| at as i32).ok_or(errno::EFAULT)
}
