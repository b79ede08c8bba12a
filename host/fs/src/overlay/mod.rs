//! A folder of the host with a layer above it that takes all changes.
//!
//! The upper layer is a folder in the namespace's scratch folder, made at the first change; until then reading goes
//! straight to the lower one. What was removed is kept in memory: a set of paths whose lower entry, with everything
//! below it, is hidden. A path that is both hidden and in the upper layer is new there, and a folder among them is what
//! overlayfs calls opaque.
//!
//! All paths here are relative to the mount, in bytes, without links, `.` or `..`: whoever calls has resolved them in
//! the merged view, which no kernel could do. The folder itself is the empty path. What only reads or opens may also be
//! tried with a path that nobody resolved: no link is followed in either layer, so a link on the way ends the attempt
//! with [`Stop::Walk`].

mod change;
mod copy_up;
mod diff;
mod rename;
mod report;

pub(crate) use diff::MAX_PATCH;
pub(crate) use report::Wanted as Listed;

use std::{
    collections::HashSet,
    fs::File,
    sync::{
        Arc, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    DirEntry, FsError, Kind, OpenOptions, Opened, Stat, Trace, Wanted,
    beneath::{Attempt, Eye, Start, Stop},
    errno,
    plain::{self, Room},
    quota::Account,
    scratch::Scratch,
    see,
};

/// Paths whose lower entries are not to be seen.
type Hidden = HashSet<Vec<u8>>;

/// Both layers.
#[derive(Debug)]
pub(crate) struct Overlay {
    /// Where it is mounted.
    pub guest: Vec<u8>,
    lower: File,
    /// Who notes what is read of the lower folder, and its number there.
    seen: Option<(Trace, u32)>,
    upper: OnceLock<Upper>,
    hidden: RwLock<Hidden>,
    scratch: Arc<Scratch>,
    /// What is in the upper layer is charged to.
    account: Account,
    /// Tells this overlay's folders in the scratch folder from another's.
    number: usize,
    /// Tells one unfinished copy from another.
    next: AtomicU64,
}

#[derive(Debug)]
struct Upper {
    files: File,
    /// Where copies are made before they appear, on the same file system.
    work: File,
}

/// Where an entry of the merged view is.
#[derive(Clone, Copy, Debug)]
enum Layer {
    Upper,
    Lower,
    /// A folder in both.
    Merged,
}

/// An entry of the merged view.
#[derive(Clone, Copy, Debug)]
struct Entry {
    layer: Layer,
    /// A folder in both layers has the lower one's inode.
    stat: Stat,
    /// The inode of what the rest of `stat` is from.
    own: (u64, u64),
}

impl Entry {
    fn is_folder(&self) -> bool {
        self.stat.kind == Kind::Directory
    }
}

impl Overlay {
    pub(crate) fn new(
        guest: Vec<u8>,
        lower: File,
        seen: Option<(Trace, u32)>,
        scratch: Arc<Scratch>,
        account: Account,
        number: usize,
    ) -> Self {
        Overlay {
            guest,
            lower,
            seen,
            upper: OnceLock::new(),
            hidden: RwLock::default(),
            scratch,
            account,
            number,
            next: AtomicU64::new(0),
        }
    }

    /// Whether nothing was ever changed, so that the lower folder is all there is.
    pub(crate) fn is_clean(&self) -> bool {
        self.upper.get().is_none()
    }

    /// The lower folder, for what guests see of it.
    fn lower(&self) -> Start<'_> {
        let eye = self.seen.as_ref().map_or(Eye::Closed, |(trace, root)| Eye::Lower(trace, *root));
        Start { eye, ..self.unseen() }
    }

    /// The lower folder, for what no guest hears of.
    fn unseen(&self) -> Start<'_> {
        Start::closed(&self.lower)
    }

    /// The modification time that a guest gave to an upper entry.
    pub(crate) fn time_set(&self, found: &Stat) -> Option<i64> {
        self.trace()?.time_set(found)
    }

    fn trace(&self) -> Option<&Trace> {
        self.seen.as_ref().map(|(trace, _)| trace)
    }

    /// The upper layer, if there is one.
    pub(crate) fn upper(&self) -> Option<Start<'_>> {
        self.upper.get().map(|upper| self.upper_start(upper))
    }

    fn upper_start<'o>(&'o self, upper: &'o Upper) -> Start<'o> {
        let eye = self.trace().map_or(Eye::Closed, |trace| Eye::Own(trace, &self.guest));
        Start { dir: &upper.files, careful: true, eye, account: Some(&self.account) }
    }

    /// Notes that the permissions of a lower entry matter.
    fn mode_matters(&self, path: &[u8], found: &Stat) {
        if let Some((trace, root)) = &self.seen {
            trace.looked(*root, at(path), false, found, true);
        }
    }

    /// The upper layer, made if need be. Only called with the lock held for writing.
    fn made_upper(&self) -> Result<(Start<'_>, &File), FsError> {
        if self.upper.get().is_none() {
            let lower = plain_result(plain::stat(self.unseen(), b".", false))?;
            self.mode_matters(b"", &lower);
            let mode = lower.mode & 0o7777;
            let files = self.scratch.folder(&format!("overlay-{}", self.number), mode | 0o700)?;
            let work = self.scratch.folder(&format!("work-{}", self.number), 0o700)?;
            let _ = self.upper.set(Upper { files, work });
        }
        match self.upper.get() {
            Some(upper) => Ok((self.upper_start(upper), &upper.work)),
            None => Err(FsError::new(errno::EIO)),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Hidden> {
        self.hidden.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Hidden> {
        self.hidden.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The lower entry, unless it or something above it is hidden.
    fn find_lower(&self, hidden: &Hidden, path: &[u8]) -> Attempt<Option<Stat>> {
        if is_hidden(hidden, path) { Ok(None) } else { existing(see::look(self.lower(), at(path), false)) }
    }

    /// The entry of the merged view; nothing when there is none.
    fn find(&self, hidden: &Hidden, path: &[u8]) -> Attempt<Option<Entry>> {
        let upper = match self.upper() {
            Some(upper) => existing(plain::stat(upper, at(path), false))?,
            None => None,
        };
        let Some(mut found) = upper else {
            let lower = self.find_lower(hidden, path)?;
            return Ok(lower.map(|stat| Entry { layer: Layer::Lower, stat, own: (stat.dev, stat.ino) }));
        };
        let own = (found.dev, found.ino);
        if found.kind != Kind::Directory {
            return Ok(Some(Entry { layer: Layer::Upper, stat: found, own }));
        }
        match self.find_lower(hidden, path) {
            Ok(Some(lower)) if lower.kind == Kind::Directory => {
                // A folder stays the same one when something is written below it.
                (found.dev, found.ino) = (lower.dev, lower.ino);
                Ok(Some(Entry { layer: Layer::Merged, stat: found, own }))
            }
            _ => Ok(Some(Entry { layer: Layer::Upper, stat: found, own })),
        }
    }

    fn must_find(&self, hidden: &Hidden, path: &[u8]) -> Attempt<Entry> {
        self.find(hidden, path)?.ok_or(Stop::Fail(FsError::new(errno::ENOENT)))
    }

    /// Like `must_find`, and a folder if the caller's path ended in a slash.
    fn must_find_as(&self, hidden: &Hidden, path: &[u8], folder: bool) -> Attempt<Entry> {
        let entry = self.must_find(hidden, path)?;
        if folder && !entry.is_folder() {
            return Err(FsError::new(errno::ENOTDIR).into());
        }
        Ok(entry)
    }

    /// The folder of the host that an entry is read from.
    fn layer(&self, layer: Layer) -> Attempt<Start<'_>> {
        match layer {
            Layer::Lower => Ok(self.lower()),
            Layer::Upper | Layer::Merged => self.upper().ok_or(Stop::Fail(FsError::new(errno::EIO))),
        }
    }

    pub(crate) fn stat(&self, path: &[u8], folder: bool, follow: bool) -> Attempt<Stat> {
        let entry = self.final_entry(path, folder, follow)?;
        let found = entry.stat;
        Ok(match (&self.seen, entry.layer) {
            (None, _) => found,
            (Some((trace, root)), Layer::Lower) => trace.saw_stat(*root, at(path), false, &found),
            (Some((trace, _)), _) => {
                let own = Stat { dev: entry.own.0, ino: entry.own.1, ..found };
                trace.own_stat(|| self.guest_path(path), &own, (found.dev, found.ino))
            }
        })
    }

    /// The entry, unless a link is to be followed.
    fn final_entry(&self, path: &[u8], folder: bool, follow: bool) -> Attempt<Entry> {
        let found = self.must_find_as(&self.read(), path, folder)?;
        if follow && found.stat.kind == Kind::Symlink { Err(Stop::Walk) } else { Ok(found) }
    }

    /// Like `stat`, for what depends on no more than the kind.
    pub(crate) fn look(&self, path: &[u8], folder: bool, follow: bool) -> Attempt<Kind> {
        Ok(self.final_entry(path, folder, follow)?.stat.kind)
    }

    /// Like `stat`, for what depends on no more than which file it is.
    pub(crate) fn inode(&self, path: &[u8], folder: bool, follow: bool) -> Attempt<u64> {
        let entry = self.final_entry(path, folder, follow)?;
        Ok(match (&self.seen, entry.layer) {
            (None, _) => entry.stat.ino,
            (Some((trace, root)), Layer::Lower) => trace.looked_which(*root, at(path), false, &entry.stat),
            (Some((trace, _)), _) => trace.number((entry.stat.dev, entry.stat.ino)),
        })
    }

    pub(crate) fn read_link(&self, path: &[u8]) -> Attempt<Vec<u8>> {
        let hidden = self.read();
        let entry = self.must_find(&hidden, path)?;
        if entry.stat.kind != Kind::Symlink {
            return Err(FsError::new(errno::EINVAL).into());
        }
        see::read_link(self.layer(entry.layer)?, at(path))
    }

    pub(crate) fn access(&self, path: &[u8], wanted: Wanted) -> Attempt<()> {
        let hidden = self.read();
        let entry = self.must_find(&hidden, path)?;
        let reading = Wanted { write: false, ..wanted };
        see::access(self.layer(entry.layer)?, at(path), reading)?;
        if wanted.write && matches!(entry.layer, Layer::Lower) {
            self.mode_matters(path, &entry.stat);
        }
        // A copy in the upper layer belongs to this user, and has the permissions of the original.
        let writable = rustix::process::geteuid().is_root() || entry.stat.mode & 0o200 != 0;
        if wanted.write && !writable { Err(FsError::new(errno::EACCES).into()) } else { Ok(()) }
    }

    pub(crate) fn read_dir(&self, path: &[u8], room: Room<'_>) -> Attempt<Vec<DirEntry>> {
        let hidden = self.read();
        if self.must_find(&hidden, path)?.stat.kind == Kind::Symlink {
            return Err(Stop::Walk);
        }
        let mut entries = self.list_within(&hidden, path, room)?;
        if self.seen.is_some() {
            entries.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(entries)
    }

    fn list(&self, hidden: &Hidden, path: &[u8]) -> Attempt<Vec<DirEntry>> {
        self.list_within(hidden, path, &mut |_| Ok(()))
    }

    fn list_within(&self, hidden: &Hidden, path: &[u8], room: Room<'_>) -> Attempt<Vec<DirEntry>> {
        let entry = self.must_find_as(hidden, path, true)?;
        let mut entries = match entry.layer {
            Layer::Lower => Vec::new(),
            Layer::Upper | Layer::Merged => see::read_dir(self.layer(entry.layer)?, at(path), room)?,
        };
        if matches!(entry.layer, Layer::Upper) {
            return Ok(entries);
        }
        let above: HashSet<Vec<u8>> = entries.iter().map(|entry| entry.name.clone()).collect();
        let below = see::read_dir(self.lower(), at(path), room)?;
        let seen = |entry: &DirEntry| !above.contains(&entry.name) && !hidden.contains(&join(path, &entry.name));
        entries.extend(below.into_iter().filter(seen));
        Ok(entries)
    }

    /// Opens what exists for reading, or what `options` ask for.
    pub(crate) fn open(&self, path: &[u8], folder: bool, options: &OpenOptions) -> Attempt<Opened> {
        if options.changes() {
            return self.open_to_change(path, folder, options);
        }
        let hidden = self.read();
        let entry = self.must_find_as(&hidden, path, folder)?;
        if options.follow && entry.stat.kind == Kind::Symlink {
            return Err(Stop::Walk);
        }
        see::open(self.layer(entry.layer)?, at(path), &OpenOptions { follow: false, ..*options })
    }
}

/// What to give to an operation on a folder's handle.
fn at(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"." } else { path }
}

/// The path of an entry.
fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_owned() } else { [folder, b"/", name].concat() }
}

/// The folder and the name of an entry; nothing for the overlay itself.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.is_empty() { None } else { Some(crate::beneath::split(path)) }
}

fn is_hidden(hidden: &Hidden, path: &[u8]) -> bool {
    if hidden.is_empty() {
        return false;
    }
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).any(|end| hidden.contains(&path[..end]))
}

/// Nothing instead of an error when there is no such entry.
fn existing(found: Attempt<Stat>) -> Attempt<Option<Stat>> {
    match found {
        Ok(stat) => Ok(Some(stat)),
        Err(Stop::Fail(error)) if error.errno == errno::ENOENT => Ok(None),
        Err(stop) => Err(stop),
    }
}

/// For paths that cannot lead elsewhere.
pub(crate) fn plain_result<T>(attempt: Attempt<T>) -> Result<T, FsError> {
    attempt.map_err(|stop| match stop {
        Stop::Fail(error) => error,
        Stop::Walk => FsError::new(errno::ELOOP),
    })
}

/// A name that is not in use, for a copy that is not finished.
fn unfinished(next: &AtomicU64) -> String {
    next.fetch_add(1, Ordering::Relaxed).to_string()
}
