//! Renaming in the merged view.

use rustix::io::Errno;

use super::{Entry, Hidden, Layer, Overlay, copy_up::takes_long, split};
use crate::{beneath::Attempt, plain};

/// One side of a renaming: the path, and whether a slash at its end asked for a folder.
pub(crate) type Side<'p> = (&'p [u8], bool);

impl Overlay {
    /// A folder is copied to the upper layer with all that is below it; the lower one cannot be moved.
    pub(crate) fn rename(&self, from: Side<'_>, to: Side<'_>) -> Attempt<()> {
        let mut hidden = self.write();
        let Some(mut entry) = self.to_be_renamed(&hidden, from, to)? else { return Ok(()) };
        if takes_long(&entry) || (entry.is_folder() && !matches!(entry.layer, Layer::Upper)) {
            // It is copied while nobody waits for the lock; then all is looked at again.
            drop(hidden);
            self.copy_tree_ahead(from.0, &entry)?;
            hidden = self.write();
            entry = match self.to_be_renamed(&hidden, from, to)? {
                Some(entry) => entry,
                None => return Ok(()),
            };
        }
        let (from, to) = (from.0, to.0);
        self.copy_up_tree(&hidden, from, &entry)?;
        self.make_parent(&hidden, to)?;
        let (upper, _) = self.made_upper()?;
        plain::rename((upper, from), (upper, to))?;
        self.hide(&mut hidden, from)?;
        if entry.is_folder() {
            // What the lower folder has here is not in the one that came.
            self.hide(&mut hidden, to)?;
        }
        Ok(())
    }

    /// What is to be renamed, if it may be; nothing when there is nothing to do.
    fn to_be_renamed(&self, hidden: &Hidden, from: Side<'_>, to: Side<'_>) -> Attempt<Option<Entry>> {
        self.must_find_parent(hidden, from.0)?;
        self.must_find_parent(hidden, to.0)?;
        let entry = self.must_find(hidden, from.0)?;
        let replaced = self.find(hidden, to.0)?;
        Ok(self.may_rename(hidden, from, &entry, to, replaced.as_ref())?.then_some(entry))
    }

    /// The checks of the kernel, in its order. False when there is nothing to do.
    fn may_rename(
        &self,
        hidden: &Hidden,
        from: Side<'_>,
        entry: &Entry,
        to: Side<'_>,
        replaced: Option<&Entry>,
    ) -> Attempt<bool> {
        if split(from.0).is_none() || split(to.0).is_none() {
            return Err(Errno::BUSY.into());
        }
        if !entry.is_folder() && (from.1 || (to.1 && replaced.is_none_or(|found| !found.is_folder()))) {
            return Err(Errno::NOTDIR.into());
        }
        if is_below(to.0, from.0) {
            return Err(Errno::INVAL.into());
        }
        if is_below(from.0, to.0) {
            return Err(Errno::NOTEMPTY.into());
        }
        let Some(replaced) = replaced else { return Ok(true) };
        let same_inode = (entry.stat.dev, entry.stat.ino) == (replaced.stat.dev, replaced.stat.ino);
        if let (Some((trace, root)), Layer::Lower, Layer::Lower) = (&self.seen, entry.layer, replaced.layer) {
            for (path, entry) in [(from.0, entry), (to.0, replaced)] {
                trace.looked_which(*root, path, false, &entry.stat);
            }
        }
        let same_layer = matches!(
            (entry.layer, replaced.layer),
            (Layer::Lower, Layer::Lower) | (Layer::Upper, Layer::Upper) | (Layer::Merged, Layer::Merged)
        );
        if from.0 == to.0 || (same_inode && same_layer) {
            return Ok(false);
        }
        match (entry.is_folder(), replaced.is_folder()) {
            (true, false) => Err(Errno::NOTDIR.into()),
            (false, true) => Err(Errno::ISDIR.into()),
            (true, true) if !self.list(hidden, to.0)?.is_empty() => Err(Errno::NOTEMPTY.into()),
            _ => Ok(true),
        }
    }
}

/// Whether `path` is in the folder `above`, at any depth.
fn is_below(path: &[u8], above: &[u8]) -> bool {
    path.len() > above.len() && path.starts_with(above) && path[above.len()] == b'/'
}
