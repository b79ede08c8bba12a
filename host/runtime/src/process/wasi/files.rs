//! A process's descriptors as WASI knows them.

use crate::account::{Charge, Refusal};
use crate::process::descriptor::Descriptor;
use crate::process::table::Table;
use glowplug_fs::{DirEntry, FsError, Namespace};
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
    Folder { path: Vec<u8>, preopened: Option<Vec<u8>>, listing: Option<Arc<Listing>> },
}

/// What a folder held when somebody began to read it; forks share it.
#[derive(Debug)]
pub(crate) struct Listing {
    entries: Vec<DirEntry>,
    _charge: Charge,
}

impl Listing {
    /// Lists a folder, at the expense of `charge`.
    ///
    /// # Errors
    /// What the namespace says; `ENOMEM`, with what refused it, when the account has not that much left.
    pub(crate) fn of(
        namespace: &Namespace,
        path: &[u8],
        mut charge: Charge,
    ) -> Result<Arc<Self>, (i32, Option<Refusal>)> {
        let mut refused = None;
        let listed = namespace.read_dir_within(path, &mut |bytes| {
            charge.grow(bytes).map_err(|refusal| {
                refused = Some(refusal);
                FsError::new(errno::ENOMEM)
            })
        });
        match listed {
            Ok(entries) => Ok(Arc::new(Self { entries, _charge: charge })),
            Err(error) => Err((error.errno, refused)),
        }
    }

    /// The entries, without `.` and `..`.
    pub(crate) fn entries(&self) -> &[DirEntry] {
        &self.entries
    }
}

/// The table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    entries: BTreeMap<u32, Entry>,
    /// Names must not lead above the folder that they are said to be beneath. Other guests see the whole namespace anyway.
    confined: bool,
}

impl Files {
    /// The standard streams and the preopened folders: the root; and for a guest that does not know its working folder by
    /// itself, that one as `.`.
    ///
    /// wasi-libc takes the longest preopened name that a path begins with, and cannot tell `/x` from `x`: `.` and `/` are
    /// both empty to it. So such a guest gets `.`, and instead of `/` each folder there.
    pub(crate) fn new(table: &Table, cwd: Option<&[u8]>, namespace: &Namespace) -> Self {
        let mut files = Self::standard(table);
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

    /// The standard streams, and just these folders, each under the name that follows its path.
    pub(crate) fn confined(table: &Table, folders: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let mut files = Self::standard(table);
        files.confined = true;
        for (path, name) in folders {
            files.preopen(path, name);
        }
        files
    }

    fn standard(table: &Table) -> Self {
        let mut files = Self::default();
        for number in 0..FIRST_PREOPENED {
            if let Ok(descriptor) = table.get(number as i32) {
                let descriptor = Arc::clone(descriptor);
                files.entries.insert(number, Entry::Stream { descriptor, flags: 0 });
            }
        }
        files
    }

    /// Adds a folder to the preopened ones.
    fn preopen(&mut self, path: &[u8], name: &[u8]) {
        let number = self.entries.keys().next_back().map_or(FIRST_PREOPENED, |last| (last + 1).max(FIRST_PREOPENED));
        let entry = Entry::Folder { path: path.to_vec(), preopened: Some(name.to_vec()), listing: None };
        self.entries.insert(number, entry);
    }

    pub(crate) fn get(&self, fd: i32) -> Result<&Entry, i32> {
        self.entries.get(&(fd as u32)).ok_or(errno::EBADF)
    }

    pub(crate) fn get_mut(&mut self, fd: i32) -> Result<&mut Entry, i32> {
        self.entries.get_mut(&(fd as u32)).ok_or(errno::EBADF)
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
        if name.starts_with(b"/") || (self.confined && leads_above(name)) {
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
        if self.entries.len() >= limit {
            return Err(errno::EMFILE);
        }
        let mut free = FIRST_PREOPENED;
        for (&number, _) in self.entries.range(FIRST_PREOPENED..) {
            if number != free {
                break;
            }
            free += 1;
        }
        self.entries.insert(free, entry);
        Ok(free)
    }

    pub(crate) fn remove(&mut self, fd: i32) -> Result<Entry, i32> {
        self.entries.remove(&(fd as u32)).ok_or(errno::EBADF)
    }

    pub(crate) fn insert(&mut self, fd: i32, entry: Entry) {
        self.entries.insert(fd as u32, entry);
    }

    /// Lets go of a standard stream, if it is this one.
    pub(crate) fn let_go(&mut self, fd: i32, closed: &Descriptor) {
        if (0..FIRST_PREOPENED as i32).contains(&fd) && self.stream(fd).is_ok_and(|own| Arc::ptr_eq(own, closed)) {
            self.entries.remove(&(fd as u32));
        }
    }

    /// Gives everything up.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Whether a relative name goes above where it begins. What symbolic links do is not looked at.
fn leads_above(name: &[u8]) -> bool {
    let mut depth = 0_usize;
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_above_their_folder() {
        for (name, above) in
            [("..", true), ("a/../..", true), ("./../a", true), ("a/..", false), ("a/./b/../..", false), ("...", false)]
        {
            assert_eq!(leads_above(name.as_bytes()), above, "{name}");
        }
    }
}
