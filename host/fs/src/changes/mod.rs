//! What guests wrote to overlays, taken out of them; and written to the host's folders, all of it or nothing.

mod apply;
mod commit;
mod export;

use std::fs::File;

use crate::{FsError, Namespace};

/// How one entry of a mounted folder is to be.
#[derive(Debug)]
pub struct Written {
    /// Where the folder is mounted, as guests have it.
    pub mount: Vec<u8>,
    /// The path below it, without `.`, `..` and empty components; the empty path is the folder itself.
    pub path: Vec<u8>,
    /// What is to be there.
    pub state: State,
}

/// What is to be at a path.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum State {
    /// Nothing.
    Removed,
    /// A folder, whatever is in it.
    Directory { mode: u32 },
    /// A symbolic link.
    Link { target: Vec<u8> },
    /// A file. Its modification time, in nanoseconds since 1970, only if a guest set it.
    File { mode: u32, mtime: Option<i64>, contents: Contents },
}

/// A file's contents.
#[derive(Debug)]
pub enum Contents {
    /// These.
    Bytes(Vec<u8>),
    /// That many bytes from the beginning of an open file.
    File(File, u64),
}

/// What [`Namespace::commit`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Entries that were made, replaced, removed, or given other permissions.
    pub changed: usize,
    /// Entries that were as they should be, and were left alone.
    pub unchanged: usize,
    /// Entries of mounts whose changes are thrown away anyway.
    pub discarded: usize,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The mounts do not allow it. Nothing was tried.
    #[error("cannot write {}: {error}", String::from_utf8_lossy(path))]
    Refused {
        /// The guests' path.
        path: Vec<u8>,
        /// With the rule that would allow it.
        error: FsError,
    },
    /// The host would not. What was done until then was undone.
    #[error("cannot {doing} {}: {error}; nothing was changed", String::from_utf8_lossy(path))]
    Failed {
        /// What was tried: "write", "remove".
        doing: &'static str,
        /// The guests' path.
        path: Vec<u8>,
        /// Why it failed.
        error: FsError,
    },
    /// As `Failed`, and undoing failed, too: the folders are neither as they were nor as they should be.
    #[error(
        "cannot {doing} {}: {error}; and what was done could not be undone: {undoing}; entries named `.glowplug-…` in \
         that folder hold what was there",
        String::from_utf8_lossy(path)
    )]
    Torn {
        /// What was tried.
        doing: &'static str,
        /// The guests' path.
        path: Vec<u8>,
        /// Why it failed.
        error: FsError,
        /// Why undoing failed.
        undoing: FsError,
    },
}

impl Namespace {
    /// What would have to be done to the folders below the overlays to make them like the merged view: removals first, a
    /// folder's entries before the folder, then everything else, folders before their entries. One entry for each path.
    ///
    /// What a guest wrote is there even if it is the same as below, because that was not observed. Two names of one file become two files.
    ///
    /// # Errors
    /// When a layer cannot be read.
    pub fn written(&self) -> Result<Vec<Written>, FsError> {
        let mut written = Vec::new();
        for overlay in &self.0.overlays {
            overlay.written(&mut written)?;
        }
        Ok(written)
    }

    /// Makes the host's folders like that: all of it, or nothing. It is put beside its place first, and then renamed into it; what
    /// was there is kept until all is done. What is as it should be is not touched, nor is its time. What is mounted read-only
    /// refuses everything; what is an overlay in the settings takes nothing and says so.
    ///
    /// It is safe against failures of the disk and against others who change the same folders, but not against the machine
    /// stopping in the middle: nothing is synced, as with any program that writes files.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub fn commit(&self, written: &[Written]) -> Result<Committed, CommitError> {
        commit::commit(&self.0, written, &mut |_| Ok(()))
    }

    /// As `commit`; `step` is called before each change of the disk and may let it fail.
    #[cfg(test)]
    pub(crate) fn commit_with(
        &self,
        written: &[Written],
        step: &mut dyn FnMut(&'static str) -> Result<(), FsError>,
    ) -> Result<Committed, CommitError> {
        commit::commit(&self.0, written, step)
    }
}
