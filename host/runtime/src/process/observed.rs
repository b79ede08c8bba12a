//! A file of the host that is read under a trace: everything read of it is told to its watch.

use super::descriptor::errno_of;
use crate::lock;
use glowplug_fs::{Stat, Watch};
use glowplug_sys::abi::errno;
use std::fs::File;
use std::io::SeekFrom;
use std::sync::Mutex;

/// An open file, and where it is read next.
#[derive(Debug)]
pub(crate) struct Observed {
    file: File,
    watch: Watch,
    at: Mutex<Offset>,
}

/// Reads are told with their place, so the place is kept here, where asking for it costs nothing.
#[derive(Clone, Copy, Debug)]
enum Offset {
    Ours(u64),
    /// Somebody else reads the file, too, and moves the kernel's offset.
    Kernels,
}

impl Observed {
    pub(crate) fn new(file: File, watch: Watch) -> Self {
        Self { file, watch, at: Mutex::new(Offset::Ours(0)) }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Reads at the offset; 0 is the end.
    pub(crate) fn read(&self, out: &mut [u8]) -> Result<usize, i32> {
        let mut at = lock(&self.at);
        match &mut *at {
            Offset::Ours(offset) => {
                let got = self.read_at(out, *offset)?;
                *offset += got as u64;
                Ok(got)
            }
            // All of it counts already.
            Offset::Kernels => rustix::io::read(&self.file, out).map_err(errno_of),
        }
    }

    /// Reads elsewhere.
    pub(crate) fn read_at(&self, out: &mut [u8], offset: u64) -> Result<usize, i32> {
        let got = rustix::io::pread(&self.file, &mut *out, offset).map_err(errno_of)?;
        if !out.is_empty() {
            self.watch.read(&self.file, offset, &out[..got]);
        }
        Ok(got)
    }

    /// Moves the offset.
    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64, i32> {
        let mut at = lock(&self.at);
        let place = |to| rustix::fs::seek(&self.file, to).map_err(errno_of);
        match (&mut *at, to) {
            (Offset::Ours(offset), SeekFrom::Current(by)) => {
                *offset = offset.checked_add_signed(by).filter(|to| i64::try_from(*to).is_ok()).ok_or(errno::EINVAL)?;
                Ok(*offset)
            }
            (Offset::Ours(offset), SeekFrom::Start(to)) => {
                *offset = i64::try_from(to).map(|_| to).map_err(|_| errno::EINVAL)?;
                Ok(*offset)
            }
            // Where the end is tells how long the file is.
            (Offset::Ours(offset), SeekFrom::End(by)) => {
                let size = self.stat()?.size;
                *offset = size.checked_add_signed(by).filter(|to| i64::try_from(*to).is_ok()).ok_or(errno::EINVAL)?;
                Ok(*offset)
            }
            (Offset::Kernels, SeekFrom::Start(to)) => place(rustix::fs::SeekFrom::Start(to)),
            (Offset::Kernels, SeekFrom::Current(by)) => place(rustix::fs::SeekFrom::Current(by)),
            (Offset::Kernels, SeekFrom::End(by)) => place(rustix::fs::SeekFrom::End(by)),
        }
    }

    /// What guests are told of it.
    pub(crate) fn stat(&self) -> Result<Stat, i32> {
        self.watch.stat(&self.file).map_err(|error| error.errno)
    }

    /// Lets somebody read the file itself, who will not tell what.
    pub(crate) fn hand_out(&self) -> Result<(), i32> {
        let mut at = lock(&self.at);
        self.watch.whole(&self.file).map_err(|_| errno::EIO)?;
        if let Offset::Ours(offset) = *at {
            rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Start(offset)).map_err(errno_of)?;
            *at = Offset::Kernels;
        }
        Ok(())
    }
}
