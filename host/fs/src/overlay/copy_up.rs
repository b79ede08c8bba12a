//! Copying entries from the lower folder to the upper layer, before they are changed.

use std::fs::File;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};

use super::{Entry, Hidden, Layer, Overlay, at, existing, join, split, unfinished};
use crate::{
    Denial, FsError, Kind, Opened, Stat, Trace,
    beneath::{self, Attempt, Start, Stop, parent},
    bulk, errno, interrupt, plain, see,
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
        let unfinished = unfinished(&self.next);
        self.account.room_for_name(work)?;
        let copied = match entry.stat.kind {
            Kind::File => self.copy_file(path, work, &unfinished, &entry.stat, contents),
            Kind::Symlink => self.copy_link(path, work, &unfinished, &entry.stat),
            _ => Err(FsError::denied(
                errno::EACCES,
                Denial {
                    reason: "an overlay keeps files, folders and links only; this is a device, FIFO or socket"
                        .to_owned(),
                    rule: None,
                    allows: "it",
                },
            )
            .into()),
        };
        let appeared = copied.and_then(|()| {
            let (folder, _) = parent(upper, path)?;
            Ok(rustix::fs::renameat(work, &unfinished, &*folder, name)?)
        });
        if appeared.is_err() {
            let _ = plain::remove_file(
                Start { account: Some(&self.account), ..Start::closed(work) },
                unfinished.as_bytes(),
            );
        }
        appeared
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
