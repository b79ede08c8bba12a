//! Changes, all of which end up in the upper layer. Each holds the lock from looking to having changed, but for copying what is large:
//! then it looks again.

use rustix::io::Errno;

use super::{Hidden, Layer, Overlay, at, copy_up::Contents, split};
use crate::{
    Kind, NewTime, OpenOptions, Opened,
    beneath::{Attempt, Stop},
    plain, see,
};

impl Overlay {
    pub(super) fn open_to_change(&self, path: &[u8], folder: bool, options: &OpenOptions) -> Attempt<Opened> {
        let hidden = self.write();
        let follow = options.follow;
        let options = OpenOptions { follow: false, ..*options };
        if options.create && folder {
            // The kernel does not look at what is there.
            self.must_find_parent(&hidden, path)?;
            return Err(Errno::ISDIR.into());
        }
        let Some(entry) = self.find(&hidden, path)? else {
            if !options.create {
                return Err(Errno::NOENT.into());
            }
            self.make_parent(&hidden, path)?;
            return see::open(self.made_upper()?.0, path, &options);
        };
        if options.create && options.exclusive {
            return Err(Errno::EXIST.into());
        }
        if follow && entry.stat.kind == Kind::Symlink {
            return Err(Stop::Walk);
        }
        let writes = options.write || options.append || options.truncate;
        if folder && !entry.is_folder() {
            return Err(Errno::NOTDIR.into());
        }
        if entry.is_folder() && (writes || options.create) {
            return Err(Errno::ISDIR.into());
        }
        let existing = OpenOptions { create: false, exclusive: false, ..options };
        if !writes {
            return see::open(self.layer(entry.layer)?, at(path), &existing);
        }
        if entry.stat.kind == Kind::Symlink {
            return Err(Errno::LOOP.into());
        }
        let contents = if options.truncate { Contents::Left } else { Contents::Copied };
        let _hidden = self.copied_up(hidden, path, &entry, contents)?;
        see::open(self.made_upper()?.0, path, &existing)
    }

    pub(crate) fn create_dir(&self, path: &[u8], mode: u32) -> Attempt<()> {
        let hidden = self.write();
        self.must_be_free(&hidden, path)?;
        self.make_parent(&hidden, path)?;
        plain::create_dir(self.made_upper()?.0, path, mode)
    }

    pub(crate) fn remove_dir(&self, path: &[u8]) -> Attempt<()> {
        let mut hidden = self.write();
        let entry = self.must_find_as(&hidden, path, true)?;
        if split(path).is_none() {
            return Err(Errno::BUSY.into());
        }
        if !self.list(&hidden, path)?.is_empty() {
            return Err(Errno::NOTEMPTY.into());
        }
        if !matches!(entry.layer, Layer::Lower) {
            plain::remove_dir(self.layer(entry.layer)?, path)?;
        }
        self.hide(&mut hidden, path)
    }

    pub(crate) fn remove_file(&self, path: &[u8], folder: bool) -> Attempt<()> {
        let mut hidden = self.write();
        let entry = self.must_find_as(&hidden, path, folder)?;
        if entry.is_folder() {
            return Err(Errno::ISDIR.into());
        }
        if !matches!(entry.layer, Layer::Lower) {
            plain::remove_file(self.layer(entry.layer)?, path)?;
        }
        self.hide(&mut hidden, path)
    }

    /// Hides the lower entry, if there is one to be seen.
    pub(super) fn hide(&self, hidden: &mut Hidden, path: &[u8]) -> Attempt<()> {
        // From now on the lower folder is not all there is.
        self.made_upper()?;
        if !matches!(self.find_lower(hidden, path), Ok(None)) {
            hidden.insert(path.to_owned());
        }
        Ok(())
    }

    pub(crate) fn link(&self, from: &[u8], from_folder: bool, to: &[u8], to_folder: bool) -> Attempt<()> {
        let hidden = self.write();
        let entry = self.must_find_as(&hidden, from, from_folder)?;
        self.must_be_free(&hidden, to)?;
        if to_folder {
            return Err(Errno::NOENT.into());
        }
        self.must_find_parent(&hidden, to)?;
        if entry.is_folder() {
            return Err(Errno::PERM.into());
        }
        let hidden = self.copied_up(hidden, from, &entry, Contents::Copied)?;
        self.make_parent(&hidden, to)?;
        let (upper, _) = self.made_upper()?;
        plain::link((upper, from), (upper, to), false)
    }

    pub(crate) fn symlink(&self, target: &[u8], path: &[u8], folder: bool) -> Attempt<()> {
        let hidden = self.write();
        self.must_be_free(&hidden, path)?;
        if folder {
            return Err(Errno::NOENT.into());
        }
        self.make_parent(&hidden, path)?;
        plain::symlink(target, self.made_upper()?.0, path)
    }

    pub(crate) fn chmod(&self, path: &[u8], folder: bool, mode: u32) -> Attempt<()> {
        let hidden = self.write();
        let entry = self.must_find_as(&hidden, path, folder)?;
        let _hidden = self.copied_up(hidden, path, &entry, Contents::Copied)?;
        plain::chmod(self.made_upper()?.0, at(path), mode)
    }

    pub(crate) fn set_times(
        &self,
        path: &[u8],
        folder: bool,
        atime: Option<NewTime>,
        mtime: Option<NewTime>,
    ) -> Attempt<()> {
        let hidden = self.write();
        let entry = self.must_find_as(&hidden, path, folder)?;
        let _hidden = self.copied_up(hidden, path, &entry, Contents::Copied)?;
        see::set_times(self.made_upper()?.0, at(path), false, atime, mtime)
    }

    pub(super) fn must_be_free(&self, hidden: &Hidden, path: &[u8]) -> Attempt<()> {
        match self.find(hidden, path)? {
            Some(_) => Err(Errno::EXIST.into()),
            None => Ok(()),
        }
    }

    pub(super) fn must_find_parent(&self, hidden: &Hidden, path: &[u8]) -> Attempt<()> {
        match split(path) {
            Some((folder, _)) => self.must_find_as(hidden, folder, true).map(|_| ()),
            None => Ok(()),
        }
    }
}
