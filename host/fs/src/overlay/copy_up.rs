//! Copying entries from the lower folder to the upper layer, before they are changed.

use std::{fs::File, sync::RwLockWriteGuard};

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};

use super::{Entry, Hidden, Layer, Overlay, at, existing, join, split, unfinished};
use crate::{
    Denial, FsError, Kind, Opened, Stat, Trace,
    beneath::{self, Attempt, Start, Stop, parent},
    bulk, errno, interrupt, plain,
    quota::Account,
    see,
};

/// Whether a copy is about to be emptied anyway.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    Copied,
    Left,
}

impl Overlay {
    /// Makes the folder that holds `path` exist in the upper layer. It has to be one in the merged view.
    pub(super) fn make_parent(&self, hidden: &Hidden, path: &[u8]) -> Attempt<()> {
        let Some((folder, _)) = split(path) else { return Ok(()) };
        self.must_find_as(hidden, folder, true)?;
        self.make_folder(folder)
    }

    /// Makes a folder of the lower layer exist in the upper one, and all above it.
    fn make_folder(&self, path: &[u8]) -> Attempt<()> {
        let (upper, _) = self.made_upper()?;
        if existing(plain::stat(upper, at(path), false))?.is_some() {
            return Ok(());
        }
        let Some((folder, name)) = split(path) else { return Ok(()) };
        self.make_folder(folder)?;
        let original = plain::stat(self.unseen(), path, false)?;
        self.mode_matters(path, &original);
        let (parent, _) = parent(upper, path)?;
        self.account.room_for_name(&parent)?;
        rustix::fs::mkdirat(&*parent, name, Mode::from_raw_mode(0o700))?;
        let made = beneath::open(upper, path, OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
        self.account.settle(&made);
        finish(&made, &self.dated(&original), own_bits())
    }

    /// Makes sure that an entry is in the upper layer.
    pub(super) fn copy_up(&self, hidden: &Hidden, path: &[u8], entry: &Entry, contents: Contents) -> Attempt<()> {
        if !matches!(entry.layer, Layer::Lower) {
            return Ok(());
        }
        interrupt::check()?;
        if entry.is_folder() {
            return self.make_folder(path);
        }
        let Some((_, name)) = split(path) else { return Ok(()) };
        self.mode_matters(path, &entry.stat);
        self.make_parent(hidden, path)?;
        let (upper, work) = self.made_upper()?;
        let copy = self.copy(path, work, entry, contents)?;
        self.appears(upper, copy, path, name)
    }

    /// Copies what takes long before the lock is held in which it is changed, and gives the lock back with the entry in the upper layer.
    /// What is there by then may be another entry than it was.
    pub(super) fn copied_up<'o>(
        &'o self,
        mut hidden: RwLockWriteGuard<'o, Hidden>,
        path: &[u8],
        entry: &Entry,
        contents: Contents,
    ) -> Attempt<RwLockWriteGuard<'o, Hidden>> {
        let mut entry = *entry;
        if contents == Contents::Copied && takes_long(&entry) {
            drop(hidden);
            self.copy_ahead(path, &entry)?;
            hidden = self.write();
            entry = self.must_find(&hidden, path)?;
        }
        self.copy_up(&hidden, path, &entry, contents)?;
        Ok(hidden)
    }

    /// Copies a file or a link while nobody waits for the lock. It appears, unless somebody has changed it meanwhile.
    fn copy_ahead(&self, path: &[u8], entry: &Entry) -> Attempt<()> {
        let Some((_, name)) = split(path) else { return Ok(()) };
        self.mode_matters(path, &entry.stat);
        let (upper, work) = {
            let _locked = self.write();
            self.made_upper()?
        };
        let copy = self.copy(path, work, entry, Contents::Copied)?;
        let hidden = self.write();
        let now = self.find(&hidden, path)?;
        if now.is_some_and(|now| matches!(now.layer, Layer::Lower) && now.own == entry.own) {
            self.make_parent(&hidden, path)?;
            self.appears(upper, copy, path, name)?;
        }
        Ok(())
    }

    /// The same for an entry and all files below it, so that [`copy_up_tree`](Self::copy_up_tree) finds little to do.
    pub(super) fn copy_tree_ahead(&self, path: &[u8], entry: &Entry) -> Attempt<()> {
        interrupt::check()?;
        match (entry.layer, entry.stat.kind) {
            (Layer::Lower, Kind::File | Kind::Symlink) => self.copy_ahead(path, entry),
            (Layer::Lower | Layer::Merged, Kind::Directory) => {
                let listed = self.list(&self.read(), path)?;
                for found in listed {
                    let path = join(path, &found.name);
                    let entry = self.find(&self.read(), &path)?;
                    if let Some(entry) = entry {
                        self.copy_tree_ahead(&path, &entry)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A copy that nobody sees yet.
    fn copy<'o>(&'o self, path: &[u8], work: &'o File, entry: &Entry, contents: Contents) -> Attempt<Unfinished<'o>> {
        self.account.room_for_name(work)?;
        let copy = Unfinished { account: &self.account, work, name: unfinished(&self.next), appeared: false };
        match entry.stat.kind {
            Kind::File => self.copy_file(path, work, &copy.name, &entry.stat, contents)?,
            Kind::Symlink => self.copy_link(path, work, &copy.name, &entry.stat)?,
            _ => {
                return Err(FsError::denied(
                    errno::EACCES,
                    Denial {
                        reason: "an overlay keeps files, folders and links only; this is a device, FIFO or socket"
                            .to_owned(),
                        rule: None,
                        allows: "it",
                    },
                )
                .into());
            }
        }
        Ok(copy)
    }

    /// Puts a copy in its place, whose folder has to be there.
    fn appears(&self, upper: Start<'_>, mut copy: Unfinished<'_>, path: &[u8], name: &[u8]) -> Attempt<()> {
        let (folder, _) = parent(upper, path)?;
        rustix::fs::renameat(copy.work, &copy.name, &*folder, name)?;
        copy.appeared = true;
        Ok(())
    }

    fn copy_file(&self, path: &[u8], work: &File, name: &str, original: &Stat, contents: Contents) -> Attempt<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let copy = File::from(rustix::fs::openat(work, name, flags, Mode::from_raw_mode(0o600))?);
        self.account.settle(&copy);
        if contents == Contents::Copied {
            let options = crate::OpenOptions { follow: false, ..crate::OpenOptions::reading() };
            match see::open(self.lower(), path, &options)? {
                Opened::File(from, watch, _) => {
                    let len = from.metadata()?.len();
                    bulk::copy(&from, &copy, len, &mut |bytes| self.account.room_to_fill(&copy, bytes))?;
                    self.account.settle(&copy);
                    if let Some(watch) = watch {
                        watch.whole(&from)?;
                    }
                }
                _ => return Err(Stop::Walk),
            }
        }
        finish(&copy, &self.dated(original), 0)
    }

    fn copy_link(&self, path: &[u8], work: &File, name: &str, original: &Stat) -> Attempt<()> {
        let target = see::read_link(self.lower(), path)?;
        plain::symlink(&target, Start { account: Some(&self.account), ..Start::closed(work) }, name.as_bytes())?;
        Ok(rustix::fs::utimensat(work, name, &times(&self.dated(original)), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Makes sure that an entry and everything below it are in the upper layer.
    pub(super) fn copy_up_tree(&self, hidden: &Hidden, path: &[u8], entry: &Entry) -> Attempt<()> {
        self.copy_up(hidden, path, entry, Contents::Copied)?;
        if !entry.is_folder() || matches!(entry.layer, Layer::Upper) {
            return Ok(());
        }
        for found in self.list(hidden, path)? {
            let path = join(path, &found.name);
            let entry = self.must_find(hidden, &path)?;
            self.copy_up_tree(hidden, &path, &entry)?;
        }
        let (upper, _) = self.made_upper()?;
        restore_times(upper, path, &self.dated(&entry.stat))
    }

    /// The original, with the times that a copy of it gets.
    fn dated(&self, original: &Stat) -> Stat {
        match self.trace().and_then(Trace::copied_time) {
            Some(time) => Stat { atime: time, mtime: time, ..*original },
            None => *original,
        }
    }
}

/// A copy in the folder for those, which is removed if it is not put in its place.
struct Unfinished<'o> {
    account: &'o Account,
    work: &'o File,
    name: String,
    appeared: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.appeared {
            let start = Start { account: Some(self.account), ..Start::closed(self.work) };
            let _ = plain::remove_file(start, self.name.as_bytes());
        }
    }
}

/// Whether others should not wait for a copy of it.
pub(super) fn takes_long(entry: &Entry) -> bool {
    const SHORT: u64 = 1 << 20;
    matches!(entry.layer, Layer::Lower) && entry.stat.kind == Kind::File && entry.stat.size > SHORT
}

/// Gives a copy the original's permissions and times.
fn finish(copy: &File, original: &Stat, more: u32) -> Attempt<()> {
    // The copy belongs to this user, so the bits that lend an owner's rights would lend other ones.
    let mode = match original.kind {
        Kind::Directory => original.mode & 0o7777,
        _ => original.mode & 0o1777,
    };
    rustix::fs::fchmod(copy, Mode::from_raw_mode(mode | more))?;
    Ok(rustix::fs::futimens(copy, &times(original))?)
}

/// A copied folder is this user's, who has to be able to write into it even if it says otherwise. Root is anyway.
fn own_bits() -> u32 {
    if rustix::process::geteuid().is_root() { 0 } else { 0o700 }
}

/// Copying into a folder changed its time.
fn restore_times(upper: Start<'_>, path: &[u8], original: &Stat) -> Attempt<()> {
    let made = beneath::open(upper, at(path), OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
    Ok(rustix::fs::futimens(&made, &times(original))?)
}

fn times(original: &Stat) -> Timestamps {
    let timespec = |nanoseconds: i64| Timespec {
        tv_sec: nanoseconds.div_euclid(1_000_000_000),
        tv_nsec: nanoseconds.rem_euclid(1_000_000_000) as _,
    };
    Timestamps { last_access: timespec(original.atime), last_modification: timespec(original.mtime) }
}
