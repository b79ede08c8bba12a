//! A process's descriptors by their numbers.

use super::descriptor::Descriptor;
use glowplug_sys::abi::errno;
use std::collections::BTreeMap;

/// A process's table of descriptors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(BTreeMap<u32, Descriptor>);

impl Table {
    /// The descriptor of that number.
    pub(crate) fn get(&self, handle: i32) -> Result<&Descriptor, i32> {
        u32::try_from(handle).ok().and_then(|handle| self.0.get(&handle)).ok_or(errno::EBADF)
    }

    /// Puts a descriptor at a number.
    pub(crate) fn set(&mut self, number: u32, descriptor: Descriptor) {
        self.0.insert(number, descriptor);
    }

    /// Puts a descriptor at the lowest free number.
    pub(crate) fn add(&mut self, descriptor: Descriptor, limit: usize) -> Result<i32, i32> {
        if self.0.len() >= limit {
            return Err(errno::EMFILE);
        }
        let mut free = 0;
        for &number in self.0.keys() {
            if number != free {
                break;
            }
            free += 1;
        }
        self.0.insert(free, descriptor);
        i32::try_from(free).map_err(|_| errno::EMFILE)
    }

    /// Takes a descriptor out.
    pub(crate) fn remove(&mut self, handle: i32) -> Result<Descriptor, i32> {
        u32::try_from(handle).ok().and_then(|handle| self.0.remove(&handle)).ok_or(errno::EBADF)
    }

    /// The numbers in use.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.keys().copied()
    }

    /// Gives everything up.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
