//! From a place to the folder and path that an operation works on, and what is to be said of places without one.

use std::{fs::File, os::fd::AsRawFd};

use rustix::{
    fs::{CWD, Mode, OFlags},
    io::Errno,
};

use crate::{
    Access, Denial, DirEntry, FsError, Kind, OpenOptions, Opened, Stat, Wanted,
    assemble::{Backing, MountPoint, Parts},
    beneath::{Attempt, Eye, Start, Stop, split, trim},
    errno,
    overlay::Overlay,
    plain::Room,
    resolve::{Links, Place, Rest},
    see,
    tree::{NodeId, ROOT, What},
};

/// Where to read.
pub(crate) enum Reading<'r> {
    Folder(Start<'r>, &'r [u8]),
    /// The overlay, the path in it, and whether that has to be a folder.
    Overlay(&'r Overlay, Vec<u8>, bool),
}

/// Where to change something.
pub(crate) enum Writing<'r> {
    Folder(Start<'r>, &'r [u8]),
    Overlay(&'r Overlay, Vec<u8>, bool),
}

/// A place with a disk behind it: the mount, the path below it, and whether that was walked.
type Inside<'r> = (&'r MountPoint, &'r [u8], bool);

impl Parts {
    fn inside<'r>(&'r self, place: &'r Place<'_>) -> Option<Inside<'r>> {
        match place {
            Place::Inside { mount, rest, walked } => Some((&self.mounts[*mount], rest.as_ref(), *walked)),
            Place::Node(id) => match self.tree.node(*id).what {
                What::Mount(mount) => Some((&self.mounts[mount], b".", true)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where to read what is at a place; nothing when it is not on any disk.
    pub(crate) fn reading<'r>(&'r self, place: &'r Place<'_>) -> Attempt<Option<Reading<'r>>> {
        let Some((mount, rest, walked)) = self.inside(place) else { return Ok(None) };
        mount.reading(rest, walked)
    }

    /// Where to change what is at a place, if the mount allows it.
    fn writing<'r>(&'r self, (mount, rest, walked): Inside<'r>) -> Attempt<Writing<'r>> {
        match &mount.backing {
            Backing::Folder(dir) => Ok(Writing::Folder(mount.start(dir), rest)),
            Backing::Temporary(made) => Ok(Writing::Folder(mount.start(self.temporary(made)?), rest)),
            Backing::Overlay { .. } if !walked => Err(Stop::Walk),
            Backing::Overlay { layers, base, .. } => {
                let (path, folder) = overlay_path(base, rest);
                Ok(Writing::Overlay(layers, path, folder))
            }
        }
    }

    fn temporary<'r>(&self, made: &'r std::sync::OnceLock<File>) -> Result<&'r File, FsError> {
        if let Some(dir) = made.get() {
            return Ok(dir);
        }
        let dir = self.scratch.folder("tmp", 0o1777)?;
        Ok(made.get_or_init(|| dir))
    }

    /// The private `/tmp`, if guests have one.
    pub(crate) fn temporary_of_guests(&self) -> Option<Result<&File, FsError>> {
        self.mounts.iter().find_map(|mount| match &mount.backing {
            Backing::Temporary(made) => Some(self.temporary(made)),
            _ => None,
        })
    }

    /// To make an entry at a place.
    pub(crate) fn new_entry<'r>(&'r self, place: &'r Place<'_>) -> Attempt<Writing<'r>> {
        match place {
            Place::Node(_) | Place::Descriptor(_) => Err(Errno::EXIST.into()),
            Place::Missing { folder, direct: true, .. } => Err(self.not_a_mount(*folder).into()),
            Place::Missing { .. } => Err(Errno::NOENT.into()),
            Place::Inside { mount, .. } => {
                let point = &self.mounts[*mount];
                if point.access == Access::ReadOnly {
                    // That it exists is said first, as on Linux.
                    return match self.look(place, false) {
                        Ok(_) => Err(Errno::EXIST.into()),
                        Err(Stop::Fail(error)) if error.errno == errno::ENOENT => {
                            self.parent_exists(place)?;
                            Err(self.read_only(point).into())
                        }
                        Err(stop) => Err(stop),
                    };
                }
                self.inside(place).map_or(Err(Errno::NOENT.into()), |inside| self.writing(inside))
            }
        }
    }

    /// To remove or to move what is at a place.
    pub(crate) fn old_entry<'r>(&'r self, place: &'r Place<'_>) -> Attempt<Writing<'r>> {
        match place {
            Place::Node(id) => Err(self.fixed(*id).into()),
            Place::Descriptor(_) => Err(Errno::ROFS.into()),
            Place::Missing { .. } => Err(Errno::NOENT.into()),
            Place::Inside { .. } => self.changed_entry(place, false),
        }
    }

    /// To move something to a place.
    pub(crate) fn moved_entry<'r>(&'r self, place: &'r Place<'_>) -> Attempt<Writing<'r>> {
        match place {
            Place::Missing { .. } => self.new_entry(place),
            Place::Node(id) => Err(self.fixed(*id).into()),
            Place::Descriptor(_) => Err(Errno::ROFS.into()),
            Place::Inside { mount, rest, walked } => {
                let mount = &self.mounts[*mount];
                if mount.access == Access::ReadOnly {
                    Err(self.read_only(mount).into())
                } else {
                    self.writing((mount, rest, *walked))
                }
            }
        }
    }

    /// To change what is at a place, without removing it.
    pub(crate) fn changed_entry<'r>(&'r self, place: &'r Place<'_>, follow: bool) -> Attempt<Writing<'r>> {
        let Some(inside) = self.inside(place) else {
            self.look(place, follow)?;
            return Err(self.unchangeable(place).into());
        };
        if inside.0.access == Access::ReadOnly {
            self.look(place, follow)?;
            return Err(self.read_only(inside.0).into());
        }
        self.writing(inside)
    }

    /// Fails unless there is a folder that an entry at this place would be in.
    fn parent_exists(&self, place: &Place<'_>) -> Attempt<()> {
        let Place::Inside { mount, rest, walked } = place else { return Ok(()) };
        let (folder, _) = split(rest);
        if folder.is_empty() {
            return Ok(());
        }
        let folder = Place::Inside { mount: *mount, rest: Rest::Borrowed(folder), walked: *walked };
        match self.look(&folder, true)? {
            Kind::Directory => Ok(()),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    /// Whether something can be moved between two places at all.
    pub(crate) fn same_mount(&self, from: &Place<'_>, to: &Place<'_>) -> Attempt<()> {
        match (from, to) {
            (Place::Inside { mount: a, .. }, Place::Inside { mount: b, .. })
                if self.mounts[*a].origin != self.mounts[*b].origin =>
            {
                // What does not exist is said first, as on Linux.
                self.look(from, false)?;
                Err(Errno::XDEV.into())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Attempt<Opened> {
        match place {
            Place::Descriptor(number) => opened_device(Opened::Descriptor(*number), options),
            Place::Missing { folder, direct, rest } => {
                let creates = options.create && *direct && !rest.ends_with(b"/");
                Err(if creates { self.not_a_mount(*folder) } else { FsError::new(errno::ENOENT) }.into())
            }
            Place::Node(id) => match self.tree.node(*id).what {
                What::Folder | What::Descriptors => opened_folder(options),
                What::Mount(_) if options.changes() => opened_folder(options),
                What::Mount(_) => self.open_told(place, options),
                What::Device(device) => opened_device(Opened::Device(device), options),
                What::Descriptor(number) => opened_device(Opened::Descriptor(number), options),
                What::Program(number) => self.open_program(number, options),
                What::File(number) => self.open_extra(*id, number, options),
                What::Link(_) => Err(Errno::LOOP.into()),
            },
            Place::Inside { .. } => self.open_told(place, options),
        }
    }

    /// The device that guests are told under a trace: one for each mount. Two mounts of one folder of the host are two, because what is
    /// written to one is not seen in the other.
    fn told_device(&self, place: &Place<'_>) -> Option<u64> {
        self.trace.as_ref()?;
        self.inside(place).map(|(mount, ..)| mount.origin as u64 + 1)
    }

    fn open_told(&self, place: &Place<'_>, options: &OpenOptions) -> Attempt<Opened> {
        Ok(match (self.open_inside(place, options)?, self.told_device(place)) {
            (Opened::File(file, Some(watch), charge), Some(device)) => {
                Opened::File(file, Some(watch.on_device(device)), charge)
            }
            (opened, _) => opened,
        })
    }

    fn open_inside(&self, place: &Place<'_>, options: &OpenOptions) -> Attempt<Opened> {
        let Some(inside) = self.inside(place) else { return Err(Errno::NOENT.into()) };
        if options.changes() {
            if inside.0.access == Access::ReadOnly {
                self.refuse_to_open(place, options, inside.0)?;
                // What is left is `create` for a file that exists, which is to be read.
                let reading = OpenOptions { create: false, ..*options };
                return self.open_inside(place, &reading);
            }
            // No link is followed unseen, so a path that looks resolved may be tried.
            match self.writing((inside.0, inside.1, inside.2 || is_tidy(inside.1)))? {
                Writing::Folder(start, rest) => see::open(start, rest, options),
                Writing::Overlay(layers, path, folder) => layers.open(&path, folder, options),
            }
        } else {
            match inside.0.reading(inside.1, inside.2)? {
                Some(Reading::Folder(start, rest)) => see::open(start, rest, options),
                Some(Reading::Overlay(layers, path, folder)) => layers.open(&path, folder, options),
                None if matches!(place, Place::Node(_)) => Ok(Opened::Directory),
                None => Err(Errno::NOENT.into()),
            }
        }
    }

    /// The errors that Linux gives on a read-only file system, in its order.
    fn refuse_to_open(&self, place: &Place<'_>, options: &OpenOptions, mount: &MountPoint) -> Attempt<()> {
        let found = match self.look(place, options.follow) {
            Ok(found) => found,
            Err(Stop::Fail(error)) if error.errno == errno::ENOENT && options.create => {
                self.parent_exists(place)?;
                return Err(self.read_only(mount).into());
            }
            Err(stop) => return Err(stop),
        };
        let writes = options.write || options.append || options.truncate;
        if options.create && options.exclusive {
            return Err(Errno::EXIST.into());
        }
        match found {
            Kind::Directory => Err(Errno::ISDIR.into()),
            Kind::Symlink => Err(Errno::LOOP.into()),
            _ if writes => Err(self.read_only(mount).into()),
            _ => Ok(()),
        }
    }

    fn open_program(&self, number: usize, options: &OpenOptions) -> Attempt<Opened> {
        let error = match options {
            options if options.directory => Errno::NOTDIR,
            options if options.create && options.exclusive => Errno::EXIST,
            options if options.write || options.append || options.truncate => {
                return Err(self.provided(number, "cannot be changed").into());
            }
            _ if self.programs[number].bytes.is_none() => {
                return Err(self.provided(number, "has no file that could be read").into());
            }
            _ => return Ok(Opened::Program(number)),
        };
        Err(error.into())
    }

    /// A file that is here by itself. Whoever reads it has a position of his own, as far as the system can give one.
    fn open_extra(&self, id: NodeId, number: usize, options: &OpenOptions) -> Attempt<Opened> {
        let file = &self.files[number];
        if options.directory {
            return Err(Errno::NOTDIR.into());
        }
        if options.create && options.exclusive {
            return Err(Errno::EXIST.into());
        }
        if options.write || options.append || options.truncate {
            return Err(self.only_read(id).into());
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let again = rustix::fs::openat(CWD, format!("/proc/self/fd/{}", file.as_raw_fd()), flags, Mode::empty());
        let again = match again {
            Ok(again) => File::from(again),
            Err(_) => file.try_clone().map_err(FsError::from)?,
        };
        Ok(Opened::File(again, None, None))
    }

    /// Where a link leads that is on no disk.
    pub(crate) fn link_target(&self, place: &Place<'_>) -> Option<&[u8]> {
        match place {
            Place::Node(id) => match self.tree.node(*id).what {
                What::Link(link) => Some(self.tree.target(link)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn stat(&self, place: &Place<'_>, follow: bool) -> Attempt<Stat> {
        let on_disk = match self.reading(place)? {
            Some(Reading::Folder(start, rest)) => Some(see::stat(start, rest, follow)?),
            Some(Reading::Overlay(layers, path, folder)) => Some(layers.stat(&path, folder, follow)?),
            None => None,
        };
        if let Some(found) = on_disk {
            return Ok(Stat { dev: self.told_device(place).unwrap_or(found.dev), ..found });
        }
        match place {
            Place::Node(id) => {
                let size = match self.tree.node(*id).what {
                    What::File(number) => return Ok(Stat::of_file(&self.files[number])?),
                    What::Program(number) => self.programs[number].size,
                    _ => 0,
                };
                let mut found = self.tree.stat(*id, size);
                if matches!(self.tree.node(*id).what, What::Mount(_)) {
                    // `/tmp` that nothing was written to.
                    found.mode |= 0o1777;
                }
                Ok(found)
            }
            Place::Descriptor(number) => {
                Ok(Stat::synthetic(Kind::CharDevice, 0o666, 0, u64::from(*number) + (1 << 32)))
            }
            _ => Err(Errno::NOENT.into()),
        }
    }

    /// What kind of entry is at a place, for what depends on no more.
    pub(crate) fn look(&self, place: &Place<'_>, follow: bool) -> Attempt<Kind> {
        match self.reading(place)? {
            Some(Reading::Folder(start, rest)) => Ok(see::look(start, rest, follow)?.kind),
            Some(Reading::Overlay(layers, path, folder)) => layers.look(&path, folder, follow),
            None => Ok(self.stat(place, follow)?.kind),
        }
    }

    /// The inode number that guests are told, for what depends on no more.
    pub(crate) fn inode(&self, place: &Place<'_>, follow: bool) -> Attempt<u64> {
        match self.reading(place)? {
            Some(Reading::Folder(start, rest)) => see::inode(start, rest, follow),
            Some(Reading::Overlay(layers, path, folder)) => layers.inode(&path, folder, follow),
            None => Ok(self.stat(place, follow)?.ino),
        }
    }

    pub(crate) fn read_dir(&self, place: &Place<'_>, room: Room<'_>) -> Attempt<Vec<DirEntry>> {
        let on_disk = match self.reading(place)? {
            Some(Reading::Folder(start, rest)) => Some(see::read_dir(start, rest, room)?),
            Some(Reading::Overlay(layers, path, _)) => Some(layers.read_dir(&path, room)?),
            None => None,
        };
        let id = match (place, on_disk.is_some()) {
            (Place::Node(id), _) => *id,
            (_, true) => return Ok(on_disk.unwrap_or_default()),
            (Place::Descriptor(_), _) => return Err(Errno::NOTDIR.into()),
            _ => return Err(Errno::NOENT.into()),
        };
        let mut entries = on_disk.unwrap_or_default();
        match self.tree.node(id).what {
            What::Mount(_) | What::Folder => {}
            What::Descriptors => {
                let entry = |number: u32| DirEntry {
                    name: number.to_string().into_bytes(),
                    kind: Kind::CharDevice,
                    ino: u64::from(number) + (1 << 32),
                };
                return Ok((0..3).map(entry).collect());
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
        // What is mounted here hides what the folder has under the same name.
        if self.tree.has_children(id) {
            entries.retain(|entry| self.tree.child(id, &entry.name).is_none());
            entries.extend(self.tree.list(id));
            if self.trace.is_some() {
                entries.sort_by(|a, b| a.name.cmp(&b.name));
            }
        }
        Ok(entries)
    }

    pub(crate) fn access(&self, place: &Place<'_>, wanted: Wanted) -> Attempt<()> {
        let Some(inside) = self.inside(place) else {
            let found = self.stat(place, true)?;
            if wanted.write && found.kind != Kind::CharDevice {
                return Err(self.unchangeable(place).into());
            }
            let runs = found.mode & 0o111 != 0;
            return if wanted.execute && !runs { Err(Errno::ACCESS.into()) } else { Ok(()) };
        };
        match self.reading(place)? {
            Some(Reading::Folder(start, rest)) => {
                let overlay = matches!(inside.0.backing, Backing::Overlay { .. });
                let asked = Wanted { write: wanted.write && !overlay && inside.0.access != Access::ReadOnly, ..wanted };
                see::access(start, rest, asked)?;
            }
            Some(Reading::Overlay(layers, path, _)) => layers.access(&path, wanted)?,
            None => self.look(place, true).map(|_| ())?,
        }
        if wanted.write && inside.0.access == Access::ReadOnly {
            return Err(self.read_only(inside.0).into());
        }
        Ok(())
    }

    /// The absolute path of a walked place.
    pub(crate) fn path_of(&self, place: &Place<'_>) -> Vec<u8> {
        let below = |folder: Vec<u8>, rest: &[u8]| {
            let folder = if folder == b"/" { Vec::new() } else { folder };
            [&folder, b"/".as_slice(), trim(rest)].concat()
        };
        match place {
            Place::Node(id) => self.tree.path(*id),
            Place::Inside { mount, rest, .. } => below(self.mounts[*mount].guest.clone(), rest),
            Place::Descriptor(number) => below(b"/dev/fd".to_vec(), number.to_string().as_bytes()),
            Place::Missing { folder, rest, .. } => below(self.tree.path(*folder), rest),
        }
    }

    /// For a new entry in a folder that is on no disk.
    fn not_a_mount(&self, folder: NodeId) -> FsError {
        let path = String::from_utf8_lossy(&self.tree.path(folder)).into_owned();
        let denial = if folder == ROOT || path.starts_with("/dev") {
            let reason = format!("`{path}` is not on any disk; files can be made in mounted folders and in `/tmp`");
            Denial { reason, rule: None, allows: "it" }
        } else {
            Denial {
                reason: format!("`{path}` is not a mounted folder"),
                rule: self.dirs.for_another(&format!("{path}:rw")),
                allows: "it",
            }
        };
        FsError::denied(errno::EROFS, denial)
    }

    /// The error for a change in a mount that may only be read.
    pub(crate) fn read_only(&self, mount: &MountPoint) -> FsError {
        let guest = String::from_utf8_lossy(&mount.guest);
        // Guests may read this, and are not to learn where on the host they are.
        let rule = mount.host.as_ref().and_then(|host| {
            let same = host.as_os_str().as_encoded_bytes() == mount.guest;
            let written = if same { format!("{guest}:rw") } else { format!("FOLDER::{guest}:rw") };
            self.dirs.for_the_same(&written)
        });
        let denial = Denial { reason: format!("`{guest}` is mounted read-only"), rule, allows: "it" };
        FsError::denied(errno::EROFS, denial)
    }

    /// The error for a change of a file that is here by itself.
    fn only_read(&self, id: NodeId) -> FsError {
        let path = String::from_utf8_lossy(&self.tree.path(id)).into_owned();
        let reason = format!("`{path}` is here to be read alone, because the command line names it");
        let folder = path.rfind('/').map_or("/", |at| &path[..at.max(1)]);
        let rule = self.dirs.for_another(&format!("{folder}:rw"));
        FsError::denied(errno::EROFS, Denial { reason, rule, allows: "it" })
    }

    /// For removing or moving what the namespace itself has.
    fn fixed(&self, id: NodeId) -> FsError {
        match self.tree.node(id).what {
            What::Mount(_) => FsError::new(errno::EBUSY),
            What::Program(number) => self.provided(number, "cannot be changed"),
            What::File(_) => self.only_read(id),
            _ => FsError::new(errno::EROFS),
        }
    }

    fn unchangeable(&self, place: &Place<'_>) -> FsError {
        match place {
            Place::Node(id) => match self.tree.node(*id).what {
                What::Program(number) => self.provided(number, "cannot be changed"),
                What::Device(_) | What::Descriptor(_) => FsError::new(errno::EPERM),
                What::File(_) => self.only_read(*id),
                What::Link(_) => FsError::new(errno::EROFS),
                _ => self.not_a_mount(*id),
            },
            _ => FsError::new(errno::EPERM),
        }
    }

    fn provided(&self, number: usize, what: &str) -> FsError {
        let reason = format!("`{}` is built into the host and {what}", self.programs[number].name);
        FsError::denied(errno::EACCES, Denial { reason, rule: None, allows: "it" })
    }
}

impl MountPoint {
    fn start<'r>(&'r self, dir: &'r File) -> Start<'r> {
        let eye = match &self.seen {
            None => Eye::Closed,
            Some((trace, Some(root))) => Eye::Lower(trace, *root),
            Some((trace, None)) => Eye::Own(trace, &self.guest),
        };
        Start { dir, careful: self.careful, eye, account: self.account.as_ref() }
    }

    fn reading<'r>(&'r self, rest: &'r [u8], walked: bool) -> Attempt<Option<Reading<'r>>> {
        match &self.backing {
            Backing::Folder(dir) => Ok(Some(Reading::Folder(self.start(dir), rest))),
            Backing::Temporary(made) => Ok(made.get().map(|dir| Reading::Folder(self.start(dir), rest))),
            Backing::Overlay { layers, lower, .. } if layers.is_clean() => {
                Ok(Some(Reading::Folder(self.start(lower), rest)))
            }
            Backing::Overlay { .. } if !walked && !is_tidy(rest) => Err(Stop::Walk),
            Backing::Overlay { layers, base, .. } => {
                let (path, folder) = overlay_path(base, rest);
                Ok(Some(Reading::Overlay(layers, path, folder)))
            }
        }
    }
}

/// The path in an overlay of what is at `rest` below a folder of it, and whether it has to be a folder.
fn overlay_path(base: &[u8], rest: &[u8]) -> (Vec<u8>, bool) {
    let folder = rest.ends_with(b"/");
    let rest = trim(rest);
    let path = match (base, rest) {
        (base, b".") => base.to_vec(),
        (b"", rest) => rest.to_vec(),
        (base, rest) => [base, b"/", rest].concat(),
    };
    (path, folder)
}

/// Whether a path has neither empty components nor `.` and `..`.
fn is_tidy(rest: &[u8]) -> bool {
    rest.split(|byte| *byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."))
}

fn opened_folder(options: &OpenOptions) -> Attempt<Opened> {
    if options.create && options.exclusive {
        return Err(Errno::EXIST.into());
    }
    if options.changes() { Err(Errno::ISDIR.into()) } else { Ok(Opened::Directory) }
}

fn opened_device(device: Opened, options: &OpenOptions) -> Attempt<Opened> {
    if options.directory {
        return Err(Errno::NOTDIR.into());
    }
    if options.create && options.exclusive { Err(Errno::EXIST.into()) } else { Ok(device) }
}

impl Links for Parts {
    fn target(&self, mount: usize, rest: &[u8]) -> Attempt<Option<Vec<u8>>> {
        let place = Place::Inside { mount, rest: Rest::Borrowed(rest), walked: true };
        let target = match self.reading(&place)? {
            Some(Reading::Folder(start, rest)) => see::read_link(start, rest),
            Some(Reading::Overlay(layers, path, _)) => layers.read_link(&path),
            None => return Ok(None),
        };
        match target {
            Ok(target) => Ok(Some(target)),
            // Not a link, or nothing at all: whoever uses the path will see.
            Err(Stop::Fail(error)) if matches!(error.errno, errno::EINVAL | errno::ENOENT | errno::ENOTDIR) => Ok(None),
            Err(stop) => Err(stop),
        }
    }

    fn must_be_folder(&self, mount: usize, rest: &[u8]) -> Attempt<()> {
        let place = Place::Inside { mount, rest: Rest::Borrowed(rest), walked: true };
        match self.look(&place, false)? {
            Kind::Directory => Ok(()),
            _ => Err(Errno::NOTDIR.into()),
        }
    }
}
