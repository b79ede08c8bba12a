//! Changes of folders that can be undone, as long as nothing is cleaned up.

use std::{
    fs::File,
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RenameFlags},
    io::Errno,
};

use crate::{FsError, Kind, Stat, errno, plain, remove::remove_contents};

/// Called before each change of the disk.
pub(super) type Step<'s> = &'s mut dyn FnMut(&'static str) -> Result<(), FsError>;

type Real = (u64, u64);

/// A name in a folder.
#[derive(Clone)]
pub(super) struct Spot {
    pub folder: Rc<File>,
    pub name: Vec<u8>,
}

/// One change that was made.
enum Done {
    /// What was at the first is at the second, where nothing was.
    Moved(Spot, Spot),
    /// What was at one is at the other.
    Exchanged(Spot, Spot),
    /// A folder that had these permissions.
    Permissions(File, u32),
}

/// Something that is out of the way.
struct Aside {
    spot: Spot,
    is_folder: bool,
    /// The number of what wanted it out of the way.
    entry: usize,
}

/// What was done so far.
pub(super) struct Work<'s> {
    pub step: Step<'s>,
    /// Made by us, and not in its place yet, or not any more.
    ours: Vec<Spot>,
    /// What was there before, out of the way.
    aside: Vec<Aside>,
    done: Vec<Done>,
}

impl Spot {
    /// What is there, unless there is nothing.
    pub(super) fn look(&self) -> Result<Option<Stat>, FsError> {
        match rustix::fs::statx(&*self.folder, &*self.name, AtFlags::SYMLINK_NOFOLLOW, crate::stat::WANTED) {
            Ok(found) => Ok(Some(Stat::from_statx(&found))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn beside(&self) -> Spot {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".glowplug-{}-{number}", std::process::id()).into_bytes();
        Spot { folder: Rc::clone(&self.folder), name }
    }

    /// Opens the folder that is there.
    pub(super) fn open_folder(&self) -> Result<File, FsError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&*self.folder, &*self.name, flags, Mode::empty())?))
    }

    fn rename(&self, to: &Spot, flags: RenameFlags) -> Result<(), Errno> {
        let (from, to) = ((&*self.folder, &*self.name), (&*to.folder, &*to.name));
        rustix::fs::renameat_with(from.0, from.1, to.0, to.1, flags)
    }

    /// Renames to where nothing is.
    fn move_to(&self, to: &Spot) -> Result<(), FsError> {
        match self.rename(to, RenameFlags::NOREPLACE) {
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS) => match to.look()? {
                Some(_) => Err(FsError::new(errno::EEXIST)),
                None => Ok(rustix::fs::renameat(&*self.folder, &*self.name, &*to.folder, &*to.name)?),
            },
            result => Ok(result?),
        }
    }
}

impl<'s> Work<'s> {
    pub(super) fn new(step: Step<'s>) -> Self {
        Work { step, ours: Vec::new(), aside: Vec::new(), done: Vec::new() }
    }

    /// Makes something beside a place, under a name that is not in use.
    pub(super) fn make_beside<T>(
        &mut self,
        place: &Spot,
        make: impl Fn(&Spot) -> Result<T, Errno>,
    ) -> Result<(Spot, T), FsError> {
        loop {
            (self.step)("make")?;
            let spot = place.beside();
            match make(&spot) {
                Ok(made) => {
                    self.ours.push(spot.clone());
                    return Ok((spot, made));
                }
                // Left by a process of the same number that did not come to an end.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Puts what was made where nothing is, or in the place of `old`.
    pub(super) fn put(&mut self, entry: usize, made: &Spot, place: &Spot, old: Option<&Stat>) -> Result<(), FsError> {
        (self.step)("put")?;
        let Some(old) = old else {
            made.move_to(place)?;
            self.done.push(Done::Moved(made.clone(), place.clone()));
            return Ok(());
        };
        match made.rename(place, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS) => {
                self.remove(entry, place, old)?;
                return self.put(entry, made, place, None);
            }
            result => result?,
        }
        self.done.push(Done::Exchanged(made.clone(), place.clone()));
        // It is not ours any more; if this is undone, it is again.
        self.ours.retain(|ours| ours.name != made.name);
        self.set_aside(entry, made.clone(), old)
    }

    /// Puts what is at a place out of the way.
    pub(super) fn remove(&mut self, entry: usize, place: &Spot, old: &Stat) -> Result<(), FsError> {
        (self.step)("remove")?;
        let aside = loop {
            let aside = place.beside();
            match place.move_to(&aside) {
                Err(error) if error.errno == errno::EEXIST => {}
                result => break result.map(|()| aside)?,
            }
        };
        self.done.push(Done::Moved(place.clone(), aside.clone()));
        self.set_aside(entry, aside, old)
    }

    fn set_aside(&mut self, entry: usize, spot: Spot, old: &Stat) -> Result<(), FsError> {
        let found = spot.look()?.ok_or(FsError::new(errno::ENOENT))?;
        self.aside.push(Aside { spot, is_folder: found.kind == Kind::Directory, entry });
        if real(&found) == real(old) { Ok(()) } else { Err(FsError::new(errno::EBUSY)) }
    }

    /// Gives a folder other permissions.
    pub(super) fn set_permissions(&mut self, folder: File, old: u32, new: u32) -> Result<(), FsError> {
        (self.step)("permit")?;
        plain::chmod_handle(&folder, new)?;
        self.done.push(Done::Permissions(folder, old));
        Ok(())
    }

    /// Fails if a folder that is out of the way holds what nobody removed.
    pub(super) fn check(&self) -> Result<(), (usize, FsError)> {
        for aside in self.aside.iter().filter(|aside| aside.is_folder) {
            let listed = aside.spot.open_folder().and_then(|folder| plain::list(&folder));
            let entries = listed.map_err(|error| (aside.entry, error))?;
            let is_ours = |name: &[u8]| self.aside.iter().any(|aside| aside.spot.name == name);
            if !entries.iter().all(|entry| is_ours(&entry.name)) {
                return Err((aside.entry, FsError::new(errno::ENOTEMPTY)));
            }
        }
        Ok(())
    }

    /// Everything is in its place: removes what was there before. Nobody is told if that fails; it has another name.
    pub(super) fn clean_up(self) {
        // What was in a folder was put out of the way before the folder.
        for Aside { spot, is_folder, .. } in self.aside {
            let flags = if is_folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            let _ = rustix::fs::unlinkat(&*spot.folder, &*spot.name, flags);
        }
    }

    /// Makes everything as it was.
    pub(super) fn undo(mut self) -> Result<(), FsError> {
        let mut result = Ok(());
        for done in self.done.into_iter().rev() {
            let undone = match done {
                Done::Moved(from, to) => to.move_to(&from),
                Done::Exchanged(made, place) => {
                    let undone = made.rename(&place, RenameFlags::EXCHANGE).map_err(FsError::from);
                    self.ours.push(made);
                    undone
                }
                Done::Permissions(folder, old) => plain::chmod_handle(&folder, old).map_err(FsError::from),
            };
            if result.is_ok() {
                result = undone;
            }
        }
        if result.is_ok() {
            self.ours.iter().for_each(remove_all);
        }
        result
    }
}

/// Removes what we made, with everything in it.
fn remove_all(spot: &Spot) {
    if rustix::fs::unlinkat(&*spot.folder, &*spot.name, AtFlags::empty()).is_ok() {
        return;
    }
    let Ok(folder) = spot.open_folder() else { return };
    let _ = plain::chmod_handle(&folder, 0o700);
    let _ = remove_contents(&folder, || Ok(()));
    let _ = rustix::fs::unlinkat(&*spot.folder, &*spot.name, AtFlags::REMOVEDIR);
}

pub(super) fn real(found: &Stat) -> Real {
    (found.dev, found.ino)
}
