//! A process's descriptors as WASI knows them.

use crate::process::descriptor::{Descriptor, Table};
use glowplug_fs::{DirEntry, Namespace};
use glowplug_sys::abi::errno;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The first number that wasi-libc looks at for preopened folders.
const FIRST_PREOPENED: u32 = 3;

/// What a WASI descriptor stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Something to read or write.
    Stream { descriptor: Descriptor, flags: u16 },
    /// A folder: its path, the name under which it was preopened, and its listing once somebody began to read it.
    Folder { path: Vec<u8>, preopened: Option<Vec<u8>>, listing: Option<Arc<Vec<DirEntry>>> },
}

/// The table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<u32, Entry>);

impl Files {
    /// The standard streams and the preopened folders: the root; and for a guest that does not know its working folder by
    /// itself, that one as `.`.
    ///
    /// wasi-libc takes the longest preopened name that a path begins with, and cannot tell `/x` from `x`: `.` and `/` are
    /// both empty to it. So such a guest gets `.`, and instead of `/` each folder there.
    pub(crate) fn new(table: &Table, cwd: Option<&[u8]>, namespace: &Namespace) -> Self {
        let mut files = Self::default();
        for number in 0..FIRST_PREOPENED {
            if let Ok(descriptor) = table.get(number as i32) {
                let descriptor = Arc::clone(descriptor);
                files.0.insert(number, Entry::Stream { descriptor, flags: 0 });
            }
        }
        match cwd {
            None => files.preopen(b"/", b"/"),
            Some(cwd) => {
                for folder in namespace.read_dir(b"/").unwrap_or_default() {
                    let path = [b"/", &folder.name[..]].concat();
                    files.preopen(&path, &path);
                }
                files.preopen(cwd, b".");
            }
        }
        files
    }

    /// Adds a folder to the preopened ones.
    pub(crate) fn preopen(&mut self, path: &[u8], name: &[u8]) {
        let number = self.0.keys().next_back().map_or(FIRST_PREOPENED, |last| (last + 1).max(FIRST_PREOPENED));
        let entry = Entry::Folder { path: path.to_vec(), preopened: Some(name.to_vec()), listing: None };
        self.0.insert(number, entry);
    }

    pub(crate) fn get(&self, fd: i32) -> Result<&Entry, i32> {
        self.0.get(&(fd as u32)).ok_or(errno::EBADF)
    }

    pub(crate) fn get_mut(&mut self, fd: i32) -> Result<&mut Entry, i32> {
        self.0.get_mut(&(fd as u32)).ok_or(errno::EBADF)
    }

    /// The stream of that number.
    pub(crate) fn stream(&self, fd: i32) -> Result<&Descriptor, i32> {
        match self.get(fd)? {
            Entry::Stream { descriptor, .. } => Ok(descriptor),
            Entry::Folder { .. } => Err(errno::EISDIR),
        }
    }

    /// The absolute path of a name beneath a folder.
    pub(crate) fn beneath(&self, fd: i32, name: &[u8]) -> Result<Vec<u8>, i32> {
        let Entry::Folder { path, .. } = self.get(fd)? else { return Err(errno::ENOTDIR) };
        if name.contains(&0) {
            return Err(errno::EINVAL);
        }
        if name.starts_with(b"/") {
            // As preview 1 has it: a path is always relative to a folder that was given.
            return Err(errno::EPERM);
        }
        let mut whole = Vec::with_capacity(path.len() + 1 + name.len());
        whole.extend_from_slice(path);
        if !path.ends_with(b"/") {
            whole.push(b'/');
        }
        whole.extend_from_slice(name);
        Ok(whole)
    }

    /// Puts an entry at the lowest free number after the standard ones.
    pub(crate) fn add(&mut self, entry: Entry, limit: usize) -> Result<u32, i32> {
        if self.0.len() >= limit {
            return Err(errno::EMFILE);
        }
        let mut free = FIRST_PREOPENED;
        for (&number, _) in self.0.range(FIRST_PREOPENED..) {
            if number != free {
                break;
            }
            free += 1;
        }
        self.0.insert(free, entry);
        Ok(free)
    }

    pub(crate) fn remove(&mut self, fd: i32) -> Result<Entry, i32> {
        self.0.remove(&(fd as u32)).ok_or(errno::EBADF)
    }

    pub(crate) fn insert(&mut self, fd: i32, entry: Entry) {
        self.0.insert(fd as u32, entry);
    }

    /// Gives everything up.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
