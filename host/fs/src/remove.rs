//! Removing a tree that guests have made, by handles alone.
//!
//! Guests choose its names, its depth and its permissions, and a process of theirs that could not be ended may still be
//! moving things. So no path of more than one name is given to the kernel, no link is followed, and permissions are
//! changed through handles: whatever is at a name by then, nothing outside of the tree is touched.
//!
//! It also works on trees that are deeper than the process may have files open, or than a path may be long: folders
//! that are not empty are moved up to the root of the tree, where they are emptied one after another.

use std::{
    fs::File,
    mem::MaybeUninit,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RawDir, RenameFlags},
    io::Errno,
};

use crate::plain::chmod_handle;

/// What an owner needs to empty a folder.
const OWNER: u32 = 0o700;

/// Whether to go on, asked before each entry. What it fails with ends the removing.
pub(crate) type GoesOn = fn() -> Result<(), Errno>;

/// Removes everything in a folder, which has to be open for reading. What cannot be removed is left, and is the error.
///
/// # Errors
/// The first one that the kernel gave for something that is still there, or what `goes_on` says.
pub(crate) fn remove_contents(root: &File, goes_on: GoesOn) -> Result<(), Errno> {
    let device = rustix::fs::fstat(root)?.st_dev;
    let mut tree = Tree { root, device, goes_on, failed: None };
    // What is moved up comes into the same folder, so it is read until nothing new is in it.
    loop {
        let removed = tree.each(root, |tree, name| tree.remove(name))?;
        if removed == 0 {
            return tree.failed.map_or(Ok(()), Err);
        }
        tree.failed = None;
    }
}

struct Tree<'r> {
    root: &'r File,
    /// Nothing on another file system is touched.
    device: u64,
    goes_on: GoesOn,
    failed: Option<Errno>,
}

impl Tree<'_> {
    /// Calls with each entry of a folder from its beginning: how many of these did something.
    fn each(
        &mut self,
        folder: &File,
        mut with: impl FnMut(&mut Self, &[u8]) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        rustix::fs::seek(folder, rustix::fs::SeekFrom::Start(0))?;
        let mut buffer = [MaybeUninit::uninit(); 32 * 1024];
        let mut listing = RawDir::new(folder, &mut buffer);
        let mut done = 0;
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            (self.goes_on)()?;
            match with(self, name) {
                Ok(()) => done += 1,
                // Somebody else was faster.
                Err(Errno::NOENT) => {}
                Err(error) => self.failed = self.failed.or(Some(error)),
            }
        }
        Ok(done)
    }

    /// Removes an entry of the root.
    fn remove(&mut self, name: &[u8]) -> Result<(), Errno> {
        if self.remove_or_else_open(self.root, name)?.is_none() {
            return Ok(());
        }
        let folder = self.open(name)?;
        loop {
            let emptied = self.each(&folder, |tree, name| tree.remove_or_move_up(&folder, name))?;
            match rustix::fs::unlinkat(self.root, name, AtFlags::REMOVEDIR) {
                // Of a large folder, the kernel may have listed a part.
                Err(Errno::NOTEMPTY | Errno::EXIST) if emptied > 0 => {}
                result => return result,
            }
        }
    }

    /// Removes an entry of a folder if it is a file or an empty folder; a folder that is not empty goes up.
    fn remove_or_move_up(&self, folder: &File, name: &[u8]) -> Result<(), Errno> {
        let Some(_open) = self.remove_or_else_open(folder, name)? else { return Ok(()) };
        loop {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let up = format!("up-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            match rustix::fs::renameat_with(folder, name, self.root, &*up, RenameFlags::NOREPLACE) {
                Err(Errno::EXIST) => {}
                // Not every file system knows the flag. Nothing can be lost by replacing: all of it is to go.
                Err(Errno::INVAL | Errno::NOSYS) => return rustix::fs::renameat(folder, name, self.root, &*up),
                result => return result,
            }
        }
    }

    /// Removes a file or an empty folder. Of one that is not empty, a handle that gives no access, and the rights of
    /// its owner restored, without which it can be neither read nor moved.
    fn remove_or_else_open(&self, folder: &File, name: &[u8]) -> Result<Option<File>, Errno> {
        match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
            // POSIX has EPERM for folders, Linux EISDIR.
            Err(Errno::ISDIR | Errno::PERM) => {}
            result => return result.map(|()| None),
        }
        match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            result => return result.map(|()| None),
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = File::from(rustix::fs::openat(folder, name, flags, Mode::empty())?);
        let found = rustix::fs::fstat(&handle)?;
        if found.st_dev != self.device {
            return Err(Errno::XDEV);
        }
        if found.st_mode & OWNER != OWNER {
            chmod_handle(&handle, OWNER)?;
        }
        Ok(Some(handle))
    }

    fn open(&self, name: &[u8]) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = File::from(rustix::fs::openat(self.root, name, flags, Mode::empty())?);
        // It may be another one by now.
        if rustix::fs::fstat(&folder)?.st_dev == self.device { Ok(folder) } else { Err(Errno::XDEV) }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn open(path: &std::path::Path) -> File {
        File::open(path).expect("a folder")
    }

    #[test]
    fn links_are_removed_and_what_they_lead_to_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let (tree, outside) = (dir.path().join("tree"), dir.path().join("outside"));
        fs::create_dir_all(tree.join("a/b")).expect("made");
        fs::create_dir_all(outside.join("b")).expect("made");
        fs::set_permissions(outside.join("b"), fs::Permissions::from_mode(0o751)).expect("set");
        for at in ["link", "a/link", "a/b/link"] {
            std::os::unix::fs::symlink(&outside, tree.join(at)).expect("a link");
        }
        remove_contents(&open(&tree), || Ok(())).expect("removed");
        assert_eq!(fs::read_dir(&tree).expect("listed").count(), 0);
        let mode = fs::metadata(outside.join("b")).expect("still there").permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
    }

    #[test]
    fn folders_without_permissions_and_names_that_are_taken_are_no_obstacle() {
        let dir = tempfile::tempdir().expect("a folder");
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("x/closed/y/z")).expect("made");
        fs::write(tree.join("x/closed/y/z/file"), "text").expect("written");
        for number in 0..4 {
            fs::create_dir_all(tree.join(format!("up-{}-{number}/in", std::process::id()))).expect("made");
        }
        for at in ["x/closed/y/z", "x/closed/y", "x/closed", "x"] {
            fs::set_permissions(tree.join(at), fs::Permissions::from_mode(0o000)).expect("set");
        }
        remove_contents(&open(&tree), || Ok(())).expect("removed");
        assert_eq!(fs::read_dir(&tree).expect("listed").count(), 0);
    }

    #[test]
    fn a_tree_deeper_than_a_path_is_long_and_one_with_many_entries_are_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut at = open(dir.path());
        for _ in 0..3000 {
            rustix::fs::mkdirat(&at, "deep", Mode::RWXU).expect("made");
            at = File::from(
                rustix::fs::openat(&at, "deep", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).expect("open"),
            );
        }
        fs::create_dir(dir.path().join("wide")).expect("made");
        for number in 0..5000 {
            fs::write(dir.path().join(format!("wide/{number}")), "").expect("written");
        }
        remove_contents(&open(dir.path()), || Ok(())).expect("removed");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
    }

    #[test]
    fn who_wants_it_to_end_is_asked() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(dir.path().join("a/b")).expect("made");
        assert_eq!(remove_contents(&open(dir.path()), || Err(Errno::INTR)), Err(Errno::INTR));
        assert!(dir.path().join("a/b").exists());
    }
}
