//! Putting changes into the host's folders: first everything is made beside its place, then everything is put there.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    rc::Rc,
};

use rustix::fs::{Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid};

use super::{
    CommitError, Committed, Contents, State, Written,
    apply::{Spot, Step, Work},
};
use crate::{
    Access, FsError, Kind, OpenOptions, Stat,
    assemble::{Backing, Parts},
    beneath::{self, Start, Stop, split},
    bulk, errno, interrupt,
    overlay::plain_result,
    plain::{self, Found},
    see::own_path,
};

pub(super) fn commit(parts: &Parts, written: &[Written], step: Step<'_>) -> Result<Committed, CommitError> {
    let mut committed = Committed::default();
    let mut wanted = Vec::with_capacity(written.len());
    for entry in written {
        let refused = |error| CommitError::Refused { path: own_path(&entry.mount, &entry.path), error };
        match target(parts, entry).map_err(refused)? {
            Some(dir) => wanted.push((entry, dir)),
            None => committed.discarded += 1,
        }
    }
    let mut staging =
        Staging { work: Work::new(step), folders: HashMap::new(), plan: Vec::new(), modes: Vec::new(), changed: 0 };
    match staging.run(&wanted) {
        Ok(()) => {
            committed.changed = staging.changed;
            committed.unchanged = wanted.len() - committed.changed;
            staging.work.clean_up();
            Ok(committed)
        }
        Err((at, error)) => {
            let entry = wanted.get(at).map(|(entry, _)| *entry);
            let path = entry.map_or_else(Vec::new, |entry| own_path(&entry.mount, &entry.path));
            let removes = entry.is_some_and(|entry| matches!(entry.state, State::Removed));
            let doing = if removes { "remove" } else { "write" };
            Err(match staging.work.undo() {
                Ok(()) => CommitError::Failed { doing, path, error },
                Err(undoing) => CommitError::Torn { doing, path, error, undoing },
            })
        }
    }
}

/// The folder that an entry belongs to; nothing when its changes are thrown away.
fn target<'p>(parts: &'p Parts, entry: &Written) -> Result<Option<&'p File>, FsError> {
    let odd = |name: &[u8]| matches!(name, b"" | b"." | b"..") || name.contains(&0) || name.len() > 255;
    if !entry.path.is_empty() && entry.path.split(|byte| *byte == b'/').any(odd) {
        return Err(FsError::new(errno::EINVAL));
    }
    let mount = parts.mounts.iter().find(|mount| mount.guest == entry.mount && mount.host.is_some());
    let mount = mount.ok_or(FsError::new(errno::ENOENT))?;
    match (mount.access, &mount.backing) {
        (Access::ReadOnly, _) => Err(parts.read_only(mount)),
        (Access::ReadWrite, Backing::Folder(dir) | Backing::Overlay { lower: dir, .. }) => Ok(Some(dir)),
        _ => Ok(None),
    }
}

/// What is to be put in its place.
struct Planned {
    /// Which of the entries it is for.
    entry: usize,
    place: Spot,
    /// Nothing when something is only to be removed.
    made: Option<Spot>,
    old: Option<Stat>,
}

struct Staging<'s, 'w> {
    work: Work<'s>,
    /// Folders that are open, by mount and path; of the new ones, what is to be put there.
    folders: HashMap<(&'w [u8], &'w [u8]), Folder>,
    plan: Vec<Planned>,
    /// Folders that get their permissions when all is in them: the entry, the folder, the permissions they have and get.
    modes: Vec<(usize, File, u32, u32)>,
    /// Entries that are not as they should be.
    changed: usize,
}

#[derive(Clone)]
struct Folder {
    open: Rc<File>,
    /// It is not in its place yet, so what is in it need not be put beside its own.
    new: bool,
}

/// A failure, and the entry that it happened at.
type Failure = (usize, FsError);

impl<'w> Staging<'_, 'w> {
    fn run(&mut self, wanted: &[(&'w Written, &File)]) -> Result<(), Failure> {
        for (at, (entry, dir)) in wanted.iter().enumerate() {
            self.stage(at, entry, dir).map_err(|error| (at, error))?;
        }
        let modes = std::mem::take(&mut self.modes);
        // New folders are not in their place yet; the others get theirs when nothing is to be put into them any more.
        let (new, old): (Vec<_>, Vec<_>) = modes.into_iter().partition(|(.., has, _)| *has == NEW);
        for (at, folder, _, mode) in new.into_iter().rev() {
            plain::chmod_handle(&folder, mode).map_err(|error| (at, error.into()))?;
        }
        for planned in &self.plan {
            let Planned { entry, place, made, old, .. } = planned;
            let done = match (made, old) {
                (Some(made), old) => self.work.put(*entry, made, place, old.as_ref()),
                (None, Some(old)) => self.work.remove(*entry, place, old),
                (None, None) => Ok(()),
            };
            done.map_err(|error| (*entry, error))?;
        }
        for (at, folder, has, mode) in old.into_iter().rev() {
            self.work.set_permissions(folder, has, mode).map_err(|error| (at, error))?;
        }
        self.work.check()
    }

    fn stage(&mut self, at: usize, entry: &'w Written, dir: &File) -> Result<(), FsError> {
        interrupt::check()?;
        if entry.path.is_empty() {
            return self.root(at, entry, dir);
        }
        let (folder, name) = split(&entry.path);
        let folder = match self.folder(&entry.mount, folder, dir) {
            // What is in a folder that is gone is gone, too.
            Err(error) if entry.state.is_removal() && matches!(error.errno, errno::ENOENT | errno::ENOTDIR) => {
                return Ok(());
            }
            folder => folder?,
        };
        let place = Spot { folder: Rc::clone(&folder.open), name: name.to_vec() };
        if folder.new {
            self.changed += usize::from(!entry.state.is_removal());
            return self.make(at, entry, &place, true, None).map(drop);
        }
        let old = place.look()?;
        if is_as_wanted(entry, &place, old.as_ref())? {
            return Ok(());
        }
        if let (State::Directory { mode }, Some(found)) = (&entry.state, &old)
            && found.kind == Kind::Directory
        {
            return self.permit(at, place.open_folder()?, found.mode & 0o7777, *mode);
        }
        let made = self.make(at, entry, &place, false, old.as_ref())?;
        self.plan.push(Planned { entry: at, place, made, old });
        self.changed += 1;
        Ok(())
    }

    /// The mounted folder itself, of which only the permissions can be changed.
    fn root(&mut self, at: usize, entry: &Written, dir: &File) -> Result<(), FsError> {
        let State::Directory { mode } = entry.state else { return Err(FsError::new(errno::EBUSY)) };
        let start = Start::closed(dir);
        let open = plain_result(beneath::open(start, b".", OFlags::RDONLY | OFlags::DIRECTORY, 0))?;
        let has = Stat::of_file(&open)?.mode & 0o7777;
        self.permit(at, open, has, mode)
    }

    fn permit(&mut self, at: usize, folder: File, has: u32, wanted: u32) -> Result<(), FsError> {
        // Nobody is lent rights that they did not have.
        let wanted = wanted & 0o1777 | has & wanted & 0o6000;
        let owner = 0o700;
        if has == wanted {
            return Ok(());
        }
        self.changed += 1;
        if wanted & owner & !has != 0 {
            // Something may have to be put into it.
            return self.work.set_permissions(folder, has, wanted);
        }
        self.modes.push((at, folder, has, wanted));
        Ok(())
    }

    /// The folder at a path, open; it is new, or in the mounted folder, in which no link is followed.
    fn folder(&mut self, mount: &'w [u8], path: &'w [u8], dir: &File) -> Result<Folder, FsError> {
        if let Some(known) = self.folders.get(&(mount, path)) {
            return Ok(known.clone());
        }
        let start = Start::closed(dir);
        let at = if path.is_empty() { b"." } else { path };
        let open = match beneath::open(start, at, OFlags::PATH | OFlags::DIRECTORY, 0) {
            // A link where a folder was.
            Err(Stop::Walk) => return Err(FsError::new(errno::ENOTDIR)),
            open => plain_result(open)?,
        };
        let folder = Folder { open: Rc::new(open), new: false };
        self.folders.insert((mount, path), folder.clone());
        Ok(folder)
    }

    /// Makes what is to be at a place: beside it, or at once if the folder that it is in is not in its place either. Gives
    /// what is beside its place.
    fn make(
        &mut self,
        at: usize,
        entry: &'w Written,
        place: &Spot,
        new: bool,
        old: Option<&Stat>,
    ) -> Result<Option<Spot>, FsError> {
        match &entry.state {
            State::Removed => Ok(None),
            State::Directory { mode } => {
                let make = |spot: &Spot| rustix::fs::mkdirat(&*spot.folder, &*spot.name, Mode::from_raw_mode(0o700));
                let (spot, ()) = self.made(place, new, make)?;
                let open = spot.open_folder()?;
                let inherited = Stat::of_file(&open)?.mode & 0o6000;
                self.modes.push((at, open.try_clone()?, NEW, mode & 0o1777 | inherited));
                self.folders.insert((&entry.mount, &entry.path), Folder { open: Rc::new(open), new: true });
                Ok((!new).then_some(spot))
            }
            State::Link { target } => {
                let make = |spot: &Spot| rustix::fs::symlinkat(target.as_slice(), &*spot.folder, &*spot.name);
                let (spot, ()) = self.made(place, new, make)?;
                Ok((!new).then_some(spot))
            }
            State::File { mode, mtime, contents } => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let make =
                    |spot: &Spot| rustix::fs::openat(&*spot.folder, &*spot.name, flags, Mode::from_raw_mode(0o600));
                let (spot, file) = self.made(place, new, make)?;
                let file = File::from(file);
                (self.work.step)("fill")?;
                contents.put_into(&file)?;
                if let Some(old) = old.filter(|old| old.kind == Kind::File) {
                    // Only who may give files away can; for all others it was theirs, or becomes so as with any editor.
                    let (user, group) = (Uid::from_raw(old.uid), Gid::from_raw(old.gid));
                    let _ = rustix::fs::fchown(&file, Some(user), Some(group));
                }
                plain::chmod_handle(&file, mode & 0o1777)?;
                if let Some(mtime) = mtime {
                    rustix::fs::futimens(&file, &only(*mtime))?;
                }
                Ok((!new).then_some(spot))
            }
        }
    }

    fn made<T>(
        &mut self,
        place: &Spot,
        new: bool,
        make: impl Fn(&Spot) -> rustix::io::Result<T>,
    ) -> Result<(Spot, T), FsError> {
        if !new {
            return self.work.make_beside(place, make);
        }
        (self.work.step)("make")?;
        Ok((place.clone(), make(place)?))
    }
}

/// In the place of the permissions that a folder has: it is one of ours.
const NEW: u32 = u32::MAX;

impl State {
    fn is_removal(&self) -> bool {
        matches!(self, State::Removed)
    }
}

impl Contents {
    /// How many bytes they are.
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> u64 {
        match self {
            Contents::Bytes(bytes) => bytes.len() as u64,
            Contents::File(_, len) => *len,
        }
    }

    /// Writes all of it to an empty file, from file to file as the kernel can do it best.
    fn put_into(&self, mut to: &File) -> io::Result<()> {
        match self {
            Contents::Bytes(bytes) => to.write_all(bytes),
            Contents::File(from, len) => bulk::copy(from, to, *len, &mut |_| Ok(())),
        }
    }

    /// Whether a file has just these contents.
    fn are_of(&self, file: &File) -> io::Result<bool> {
        match self {
            Contents::Bytes(bytes) => {
                let mut there = Vec::new();
                file.take(bytes.len() as u64 + 1).read_to_end(&mut there)?;
                Ok(there == *bytes)
            }
            Contents::File(from, len) => bulk::equal(from, file, *len),
        }
    }
}

/// Whether an entry is as it should be already.
fn is_as_wanted(entry: &Written, place: &Spot, found: Option<&Stat>) -> Result<bool, FsError> {
    let (found, start) = match (found, &entry.state) {
        (None, state) => return Ok(state.is_removal()),
        (Some(found), _) => (found, Start::closed(&place.folder)),
    };
    Ok(match &entry.state {
        State::Removed => false,
        State::Directory { mode } => found.kind == Kind::Directory && found.mode & 0o7777 == *mode,
        State::Link { target } => {
            found.kind == Kind::Symlink && plain_result(plain::read_link(start, &place.name))? == *target
        }
        State::File { mode, mtime, contents } => {
            found.kind == Kind::File
                && found.mode & 0o7777 == mode & 0o1777
                && found.size == contents.len()
                && mtime.is_none_or(|mtime| mtime == found.mtime)
                && has(start, &place.name, contents)?
        }
    })
}

/// Whether a file has these contents. One that cannot be read is written anew.
fn has(start: Start<'_>, name: &[u8], contents: &Contents) -> Result<bool, FsError> {
    let options = OpenOptions { follow: false, ..OpenOptions::reading() };
    let Ok(Found::File { file, .. }) = plain::open(start, name, &options) else { return Ok(false) };
    match contents.are_of(&file) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error.into()),
        same => Ok(same.unwrap_or(false)),
    }
}

fn only(mtime: i64) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec {
            tv_sec: mtime.div_euclid(1_000_000_000),
            tv_nsec: mtime.rem_euclid(1_000_000_000) as _,
        },
    }
}
