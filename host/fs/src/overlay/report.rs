//! What an overlay holds that the folder below does not, and the other way round.

use std::fs::File;

use super::{Hidden, Overlay, at, existing, is_hidden, join, plain_result, split};
use crate::{
    Change, ChangeKind, FsError, Kind, OpenOptions, Stat,
    beneath::{Attempt, Start},
    bulk, interrupt,
    plain::{self, Found},
};

/// A difference, with what is on both sides.
pub(crate) struct Difference {
    pub path: Vec<u8>,
    pub before: Option<Stat>,
    pub after: Option<Stat>,
}

/// What to list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What is not as it is below.
    Differences,
    /// Whatever is in the upper layer, be it the same by chance: below it may have been otherwise a moment ago. Only folders
    /// that merely hold what was written are left out.
    Everything,
}

impl Overlay {
    /// All differences, in the order of their paths.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, FsError> {
        let hidden = self.read();
        let differences = plain_result(self.differences(&hidden, Wanted::Differences))?;
        let change = |found: &Difference| {
            let (kind, entry) = match (&found.before, &found.after) {
                (_, None) => (ChangeKind::Removed, found.before.map_or(Kind::File, |stat| stat.kind)),
                (None, Some(after)) => (ChangeKind::Added, after.kind),
                (Some(_), Some(after)) => (ChangeKind::Modified, after.kind),
            };
            Change { mount: self.guest.clone(), path: self.guest_path(&found.path), kind, entry }
        };
        Ok(differences.iter().map(change).collect())
    }

    /// The path as guests write it.
    pub(super) fn guest_path(&self, path: &[u8]) -> Vec<u8> {
        match (self.guest.as_slice(), path) {
            (_, b"") => self.guest.clone(),
            (b"/", _) => [b"/", path].concat(),
            (guest, _) => [guest, b"/", path].concat(),
        }
    }

    pub(crate) fn differences(&self, hidden: &Hidden, wanted: Wanted) -> Attempt<Vec<Difference>> {
        let mut found = Vec::new();
        let Some(upper) = self.upper() else { return Ok(found) };
        self.compare_root(upper, &mut found)?;
        self.compare(hidden, upper, b"", false, wanted, &mut found)?;
        for path in hidden.iter().filter(|path| !split(path).is_some_and(|(folder, _)| is_hidden(hidden, folder))) {
            if existing_anywhere(upper, path)?.is_none() {
                self.removed(path, &mut found)?;
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn compare_root(&self, upper: Start<'_>, found: &mut Vec<Difference>) -> Attempt<()> {
        let before = plain::stat(self.unseen(), b".", false)?;
        let after = plain::stat(upper, b".", false)?;
        if before.mode != after.mode {
            found.push(Difference { path: Vec::new(), before: Some(before), after: Some(after) });
        }
        Ok(())
    }

    /// Compares a folder of the upper layer with the same one below. When it is new in the place of a removed one,
    /// what it lacks was removed.
    fn compare(
        &self,
        hidden: &Hidden,
        upper: Start<'_>,
        folder: &[u8],
        replaced: bool,
        wanted: Wanted,
        found: &mut Vec<Difference>,
    ) -> Attempt<()> {
        let entries = plain::read_dir(upper, at(folder))?;
        for entry in &entries {
            interrupt::check()?;
            let path = join(folder, &entry.name);
            let after = plain::stat(upper, &path, false)?;
            let before = existing_anywhere(self.unseen(), &path)?;
            let replaced = replaced || hidden.contains(&path);
            let both_folders = before.is_some_and(|before| before.kind == after.kind) && after.kind == Kind::Directory;
            if let Some(before) = before.filter(|before| before.kind == Kind::Directory && !both_folders) {
                self.removed_below(&path, found)?;
                found.push(Difference { path: path.clone(), before: Some(before), after: None });
            }
            let before = before.filter(|before| both_folders || before.kind != Kind::Directory);
            let merged = both_folders && !replaced;
            let everything = wanted == Wanted::Everything && !merged;
            if everything || !self.same(upper, &path, before.as_ref(), &after)? {
                found.push(Difference { path: path.clone(), before, after: Some(after) });
            }
            if after.kind == Kind::Directory {
                self.compare(hidden, upper, &path, replaced, wanted, found)?;
            }
        }
        if replaced && existing_anywhere(self.unseen(), folder)?.is_some_and(|stat| stat.kind == Kind::Directory) {
            for entry in plain::read_dir(self.unseen(), at(folder))? {
                if !entries.iter().any(|kept| kept.name == entry.name) {
                    self.removed(&join(folder, &entry.name), found)?;
                }
            }
        }
        Ok(())
    }

    fn removed(&self, path: &[u8], found: &mut Vec<Difference>) -> Attempt<()> {
        interrupt::check()?;
        let Some(before) = existing_anywhere(self.unseen(), path)? else { return Ok(()) };
        found.push(Difference { path: path.to_owned(), before: Some(before), after: None });
        if before.kind == Kind::Directory { self.removed_below(path, found) } else { Ok(()) }
    }

    fn removed_below(&self, path: &[u8], found: &mut Vec<Difference>) -> Attempt<()> {
        for entry in plain::read_dir(self.unseen(), path)? {
            self.removed(&join(path, &entry.name), found)?;
        }
        Ok(())
    }

    fn same(&self, upper: Start<'_>, path: &[u8], before: Option<&Stat>, after: &Stat) -> Attempt<bool> {
        let Some(before) = before else { return Ok(false) };
        if before.mode != after.mode {
            return Ok(false);
        }
        match after.kind {
            Kind::File if before.size != after.size => Ok(false),
            Kind::File => match (file(self.unseen(), path)?, file(upper, path)?) {
                (Some(before), Some(after_file)) => Ok(bulk::equal(&before, &after_file, after.size)?),
                _ => Ok(false),
            },
            Kind::Symlink => Ok(plain::read_link(self.unseen(), path)? == plain::read_link(upper, path)?),
            _ => Ok(true),
        }
    }

    /// The file on one side of a difference.
    pub(super) fn side(&self, path: &[u8], after: bool) -> Attempt<Option<File>> {
        match self.upper() {
            Some(upper) if after => file(upper, path),
            _ => file(self.unseen(), path),
        }
    }

    /// The target of the link on one side of a difference.
    pub(super) fn side_target(&self, path: &[u8], after: bool) -> Attempt<Vec<u8>> {
        match self.upper() {
            Some(upper) if after => plain::read_link(upper, path),
            _ => plain::read_link(self.unseen(), path),
        }
    }
}

/// What is there; nothing when there is nothing, or a file where a folder would have to be.
fn existing_anywhere(start: Start<'_>, path: &[u8]) -> Attempt<Option<Stat>> {
    match existing(plain::stat(start, at(path), false)) {
        Err(crate::beneath::Stop::Fail(error)) if error.errno == crate::errno::ENOTDIR => Ok(None),
        // A link where a folder would have to be.
        Err(crate::beneath::Stop::Walk) => Ok(None),
        other => other,
    }
}

fn file(start: Start<'_>, path: &[u8]) -> Attempt<Option<File>> {
    let options = OpenOptions { follow: false, ..OpenOptions::reading() };
    match plain::open(start, path, &options)? {
        Found::File { file, .. } => Ok(Some(file)),
        Found::Directory => Ok(None),
    }
}
