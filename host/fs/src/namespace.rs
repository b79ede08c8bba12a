//! The namespace: every operation, by path.

use std::{io, sync::Arc};

use rustix::io::Errno;

use crate::{
    Change, DirEntry, FsError, MountError, NewTime, OpenOptions, Opened, Program, Settings, Stat, Wanted,
    assemble::{Parts, assemble},
    beneath::{Attempt, Stop},
    errno,
    reach::{Reading, Writing},
    resolve::{Last, MAX_WALKS, Place, by_text, walk},
    tree::What,
};

/// The guests' view of files. Cloning shares it; `/tmp` and the overlays' layers go with the last clone.
#[derive(Clone, Debug)]
pub struct Namespace(pub(crate) Arc<Parts>);

/// Every operation takes absolute paths of the guests' view, and each may fail with what POSIX says, in the numbers of
/// [`errno`]: `ENOENT`, `ENOTDIR`, `ELOOP`, `ENAMETOOLONG`, `EINVAL` for a path that is relative or has a NUL, `EROFS`
/// with a denial where nothing may be changed, `EBUSY` for a mount point, and what the host's own calls fail with.
impl Namespace {
    /// Opens every mounted folder.
    ///
    /// # Errors
    /// When a folder cannot be opened, or two mounts are at one place.
    pub fn new(settings: Settings) -> Result<Self, MountError> {
        assemble(settings).map(|parts| Namespace(Arc::new(parts)))
    }

    /// The host's programs, as they were given.
    pub fn programs(&self) -> &[Program] {
        &self.0.programs
    }

    /// A folder of this name in the scratch folder, which is made if there is none: `tmp` is the guests' private `/tmp`. For who
    /// starts programs that are no guests, and goes with the namespace.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn own_folder(&self, name: &str) -> Result<std::fs::File, FsError> {
        if name == "tmp"
            && let Some(made) = self.0.temporary_of_guests()
        {
            return Ok(made?.try_clone()?);
        }
        self.0.scratch.folder(name, 0o700)
    }

    /// How many bytes of the disk may still be taken, at the most: for who starts programs that are no guests, and are not counted.
    ///
    /// # Errors
    /// When the session's own folder cannot be made.
    pub fn disk_left(&self) -> Result<u64, FsError> {
        Ok(self.0.quota.left(&self.own_folder("tmp")?))
    }

    /// Opens what is at a path, or creates it.
    ///
    /// # Errors
    /// Also `EACCES` with a denial for devices of the host, and for a program whose bytes were not given.
    pub fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, FsError> {
        // POSIX: a new file is never made behind a link.
        let follow = options.follow && !(options.create && options.exclusive);
        let options = OpenOptions { follow, ..*options };
        self.at(path, Last::follow(follow), |place| self.0.open(place, &options))
    }

    /// What is at a path.
    ///
    /// # Errors
    /// As for all operations.
    pub fn stat(&self, path: &[u8], follow: bool) -> Result<Stat, FsError> {
        self.at(path, Last::follow(follow), |place| self.0.stat(place, follow))
    }

    /// The inode number that [`stat`](Self::stat) says, for whoever needs no more. Follows symbolic links.
    ///
    /// # Errors
    /// As for all operations.
    pub fn inode(&self, path: &[u8]) -> Result<u64, FsError> {
        self.at(path, Last::Follow, |place| self.0.inode(place, true))
    }

    /// The entries of a folder, without `.` and `..`, in no particular order; under a trace in that of
    /// their names.
    ///
    /// # Errors
    /// As for all operations.
    pub fn read_dir(&self, path: &[u8]) -> Result<Vec<DirEntry>, FsError> {
        self.read_dir_within(path, &mut |_| Ok(()))
    }

    /// The same, as long as `room` says that what the listing takes may be kept: it is told of more bytes, piece by piece.
    ///
    /// # Errors
    /// What `room` fails with, `EINTR` when the work on this thread is to end, and as for all operations.
    pub fn read_dir_within(
        &self,
        path: &[u8],
        room: &mut dyn FnMut(u64) -> Result<(), FsError>,
    ) -> Result<Vec<DirEntry>, FsError> {
        self.at(path, Last::Follow, |place| self.0.read_dir(place, room))
    }

    /// Makes a folder. `mode` is masked already.
    ///
    /// # Errors
    /// As for all operations.
    pub fn create_dir(&self, path: &[u8], mode: u32) -> Result<(), FsError> {
        refuse_dots(path, errno::EEXIST, errno::EEXIST)?;
        let path = without_slashes(path);
        self.at(path, Last::Keep, |place| match self.0.new_entry(place)? {
            Writing::Folder(start, rest) => crate::plain::create_dir(start, rest, mode),
            Writing::Overlay(layers, path, _) => layers.create_dir(&path, mode),
        })
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// As for all operations.
    pub fn remove_dir(&self, path: &[u8]) -> Result<(), FsError> {
        refuse_dots(path, errno::EINVAL, errno::ENOTEMPTY)?;
        // A slash asks for a folder, which it has to be anyway, and never for what a link leads to.
        let path = without_slashes(path);
        self.at(path, Last::Keep, |place| {
            if let Place::Node(id) = place
                && !self.0.tree.node(*id).what.is_folder()
            {
                return Err(Errno::NOTDIR.into());
            }
            match self.0.old_entry(place)? {
                Writing::Folder(start, rest) => crate::plain::remove_dir(start, rest),
                Writing::Overlay(layers, path, _) => layers.remove_dir(&path),
            }
        })
    }

    /// Removes anything but a folder.
    ///
    /// # Errors
    /// `EISDIR` for a folder, and as for all operations.
    pub fn remove_file(&self, path: &[u8]) -> Result<(), FsError> {
        refuse_dots(path, errno::EISDIR, errno::EISDIR)?;
        self.at(path, Last::Bare, |place| {
            if let Place::Node(id) = place
                && self.0.tree.node(*id).what.is_folder()
            {
                return Err(Errno::ISDIR.into());
            }
            match self.0.old_entry(place)? {
                Writing::Folder(start, rest) => crate::plain::remove_file(start, rest),
                Writing::Overlay(layers, path, folder) => layers.remove_file(&path, folder),
            }
        })
    }

    /// Moves an entry, over what is at the new path if that may be replaced.
    ///
    /// # Errors
    /// `EXDEV` from one mount to another, and as for all operations.
    pub fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FsError> {
        refuse_dots(from, errno::EBUSY, errno::EBUSY)?;
        refuse_dots(to, errno::EBUSY, errno::EBUSY)?;
        let places = |from: &Place<'_>, to: &Place<'_>| {
            self.0.same_mount(from, to)?;
            match (self.0.old_entry(from)?, self.0.moved_entry(to)?) {
                (Writing::Folder(a, from), Writing::Folder(b, to)) => crate::plain::rename((a, from), (b, to)),
                (Writing::Overlay(layers, from, from_folder), Writing::Overlay(_, to, to_folder)) => {
                    layers.rename((&from, from_folder), (&to, to_folder))
                }
                _ => Err(Errno::XDEV.into()),
            }
        };
        self.at_both((from, Last::Bare), (to, Last::Bare), places)
    }

    /// Makes another name for a file. `follow` says whether a symbolic link at `from` is followed or gets the name
    /// itself.
    ///
    /// # Errors
    /// `EXDEV` from one mount to another, `EPERM` for a folder, and as for all operations.
    pub fn link(&self, from: &[u8], to: &[u8], follow: bool) -> Result<(), FsError> {
        refuse_dots(to, errno::EEXIST, errno::EEXIST)?;
        self.at_both((from, Last::follow(follow)), (to, Last::Bare), |from, to| {
            let to_new = self.0.new_entry(to)?;
            if let Place::Node(id) = from
                && self.0.tree.node(*id).what.is_folder()
            {
                return Err(Errno::PERM.into());
            }
            self.0.same_mount(from, to)?;
            match (self.0.old_entry(from)?, to_new) {
                (Writing::Folder(a, from), Writing::Folder(b, to)) => crate::plain::link((a, from), (b, to), follow),
                (Writing::Overlay(layers, from, from_folder), Writing::Overlay(_, to, to_folder)) => {
                    layers.link(&from, from_folder, &to, to_folder)
                }
                _ => Err(Errno::XDEV.into()),
            }
        })
    }

    /// Makes a symbolic link. The target is stored as it is, and followed in the guests' view.
    ///
    /// # Errors
    /// As for all operations.
    pub fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), FsError> {
        if target.is_empty() {
            return Err(FsError::new(errno::ENOENT));
        }
        if target.contains(&0) {
            return Err(FsError::new(errno::EINVAL));
        }
        refuse_dots(path, errno::EEXIST, errno::EEXIST)?;
        self.at(path, Last::Bare, |place| match self.0.new_entry(place)? {
            Writing::Folder(start, rest) => crate::plain::symlink(target, start, rest),
            Writing::Overlay(layers, path, folder) => layers.symlink(target, &path, folder),
        })
    }

    /// The target of a symbolic link, as it was stored.
    ///
    /// # Errors
    /// `EINVAL` for anything else, and as for all operations.
    pub fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, FsError> {
        self.at(path, Last::Keep, |place| match self.0.reading(place)? {
            Some(Reading::Folder(start, rest)) => crate::see::read_link(start, rest),
            Some(Reading::Overlay(layers, path, true)) => layers.look(&path, true, false).and(Err(Errno::INVAL.into())),
            Some(Reading::Overlay(layers, path, false)) => layers.read_link(&path),
            None => match self.0.link_target(place) {
                Some(target) => Ok(target.to_vec()),
                None => self.0.look(place, false).and(Err(Errno::INVAL.into())),
            },
        })
    }

    /// Sets times; nothing leaves one as it is.
    ///
    /// # Errors
    /// As for all operations.
    pub fn set_times(
        &self,
        path: &[u8],
        follow: bool,
        atime: Option<NewTime>,
        mtime: Option<NewTime>,
    ) -> Result<(), FsError> {
        self.at(path, Last::follow(follow), |place| {
            let device = match place {
                Place::Node(id) => matches!(self.0.tree.node(*id).what, What::Device(_) | What::Descriptor(_)),
                Place::Descriptor(_) => true,
                _ => false,
            };
            if device {
                return Ok(());
            }
            match self.0.changed_entry(place, follow)? {
                Writing::Folder(start, rest) => crate::see::set_times(start, rest, follow, atime, mtime),
                Writing::Overlay(layers, path, folder) => layers.set_times(&path, folder, atime, mtime),
            }
        })
    }

    /// Sets permissions. Follows symbolic links.
    ///
    /// # Errors
    /// `EPERM` with a denial for a file's set-user-ID and set-group-ID bits, and as for all operations.
    pub fn chmod(&self, path: &[u8], mode: u32) -> Result<(), FsError> {
        self.at(path, Last::Follow, |place| match self.0.changed_entry(place, true)? {
            Writing::Folder(start, rest) => crate::plain::chmod(start, rest, mode),
            Writing::Overlay(layers, path, folder) => layers.chmod(&path, folder, mode),
        })
    }

    /// The path without symbolic links, `.` and `..`. All of it has to exist.
    ///
    /// # Errors
    /// As for all operations.
    pub fn canonical(&self, path: &[u8]) -> Result<Vec<u8>, FsError> {
        self.walked(path, Last::Follow, |place| {
            self.0.look(place, false)?;
            Ok(self.0.path_of(place))
        })
    }

    /// Fails with `EACCES` or `EROFS` unless what is asked for would be allowed.
    ///
    /// # Errors
    /// As for all operations.
    pub fn access(&self, path: &[u8], wanted: Wanted) -> Result<(), FsError> {
        self.at(path, Last::Follow, |place| self.0.access(place, wanted))
    }

    /// The number of the caller's descriptor that a path names: `/dev/stdin` or an entry of `/dev/fd`, also through a
    /// link. What [`stat`](Self::stat) says of these is only that they are devices; the caller knows more.
    pub fn descriptor(&self, path: &[u8]) -> Option<u32> {
        let number = self.walked(path, Last::Follow, |place| {
            Ok(match place {
                Place::Descriptor(number) => Some(*number),
                Place::Node(id) => match self.0.tree.node(*id).what {
                    What::Descriptor(number) => Some(number),
                    _ => None,
                },
                _ => None,
            })
        });
        number.ok().flatten()
    }

    /// How the overlays differ from the folders below them, in the order of the mounts and of the paths. Nothing is
    /// listed for a file that was changed back.
    ///
    /// # Errors
    /// When a layer cannot be read.
    pub fn overlay_changes(&self) -> Result<Vec<Change>, FsError> {
        let mut changes = Vec::new();
        for overlay in &self.0.overlays {
            changes.extend(overlay.changes()?);
        }
        Ok(changes)
    }

    /// Writes the same as a patch, in git's format. Binary files and files above a mebibyte are only said to differ,
    /// and a patch of more than 32 MiB is cut.
    ///
    /// # Errors
    /// What `out` fails with, or a layer that cannot be read.
    pub fn overlay_diff(&self, out: &mut impl io::Write) -> io::Result<()> {
        let mut budget = crate::overlay::MAX_PATCH;
        self.0.overlays.iter().try_for_each(|overlay| overlay.diff(out, &mut budget))
    }

    /// Removes `/tmp` and the overlays' layers now: for a program that ends without dropping its namespace. Nobody may
    /// use it any more.
    pub fn remove_scratch(&self) {
        self.0.scratch.remove();
    }

    /// Which limit of disk was come to by writing to an open file, if one was since this was last asked.
    pub fn disk_refusal(&self) -> Option<crate::Denial> {
        self.0.quota.take_refusal()
    }

    /// Whether there is anything for [`remove_scratch`](Self::remove_scratch) to remove.
    pub fn has_scratch(&self) -> bool {
        self.0.scratch.is_made()
    }

    /// Says that somebody uses it who could not be ended, so that nothing is removed as long as this process lives: the
    /// next process that makes such a folder removes this one's.
    pub fn leave_scratch(&self) {
        self.0.scratch.leave();
    }

    /// Tries where the text of the path leads, and only then what a walk says.
    fn at<T>(&self, path: &[u8], last: Last, mut attempt: impl FnMut(&Place<'_>) -> Attempt<T>) -> Result<T, FsError> {
        if let Some(place) = self.by_text(path)? {
            match attempt(&place) {
                Ok(done) => return Ok(done),
                Err(Stop::Fail(error)) => return Err(self.told(error)),
                Err(Stop::Walk) => {}
            }
        }
        self.walked(path, last, attempt)
    }

    fn by_text<'p>(&self, path: &'p [u8]) -> Result<Option<Place<'p>>, FsError> {
        by_text(&self.0.tree, |mount| self.0.mounts[mount].careful, path)
    }

    /// Tries where a walk leads; again when somebody moved something on the way since.
    fn walked<T>(
        &self,
        path: &[u8],
        last: Last,
        mut attempt: impl FnMut(&Place<'_>) -> Attempt<T>,
    ) -> Result<T, FsError> {
        for _ in 0..MAX_WALKS {
            let tried = self.walk(path, last).and_then(|place| attempt(&place));
            match tried {
                Ok(done) => return Ok(done),
                Err(Stop::Fail(error)) => return Err(self.told(error)),
                Err(Stop::Walk) => {}
            }
        }
        Err(FsError::new(errno::ELOOP))
    }

    /// An error as guests are told it: with the limit that was come to, and noted if it says more of the machine than of
    /// the files.
    fn told(&self, mut error: FsError) -> FsError {
        if error.errno == errno::ENOSPC && error.denial.is_none() {
            error.denial = self.0.quota.take_refusal().map(Box::new);
        }
        if let Some(trace) = &self.0.trace {
            trace.met(error.errno);
        }
        error
    }

    fn walk(&self, path: &[u8], last: Last) -> Attempt<Place<'static>> {
        if last != Last::Bare {
            return walk(&self.0.tree, &*self.0, path, last);
        }
        // The slash does not make the last link be followed, but still says that there has to be a folder.
        let bare = without_slashes(path);
        let mut place = walk(&self.0.tree, &*self.0, bare, Last::Keep)?;
        if bare.len() != path.len()
            && let Place::Inside { rest, .. } = &mut place
        {
            rest.to_mut().push(b'/');
        }
        Ok(place)
    }

    /// `at` for two paths.
    fn at_both<T>(
        &self,
        a: (&[u8], Last),
        b: (&[u8], Last),
        mut attempt: impl FnMut(&Place<'_>, &Place<'_>) -> Attempt<T>,
    ) -> Result<T, FsError> {
        if let (Some(a), Some(b)) = (self.by_text(a.0)?, self.by_text(b.0)?) {
            match attempt(&a, &b) {
                Ok(done) => return Ok(done),
                Err(Stop::Fail(error)) => return Err(self.told(error)),
                Err(Stop::Walk) => {}
            }
        }
        for _ in 0..MAX_WALKS {
            let tried = self.walk(a.0, a.1).and_then(|from| attempt(&from, &self.walk(b.0, b.1)?));
            match tried {
                Ok(done) => return Ok(done),
                Err(Stop::Fail(error)) => return Err(self.told(error)),
                Err(Stop::Walk) => {}
            }
        }
        Err(FsError::new(errno::ELOOP))
    }
}

/// Refuses `.` and `..` as a last component, which no entry can be made as or removed by.
fn refuse_dots(path: &[u8], dot: i32, dots: i32) -> Result<(), FsError> {
    let (_, name) = crate::beneath::split(path);
    match crate::beneath::trim(name) {
        b"." => Err(FsError::new(dot)),
        b".." => Err(FsError::new(dots)),
        _ => Ok(()),
    }
}

/// Without slashes at the end; the root stays.
fn without_slashes(path: &[u8]) -> &[u8] {
    match crate::beneath::trim(path) {
        b"" if !path.is_empty() => b"/",
        trimmed => trimmed,
    }
}
