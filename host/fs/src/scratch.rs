//! The folder for what ends with the namespace: `/tmp`, and what is written to overlays.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::FsError;

/// Made at the first use, removed with the last.
#[derive(Debug)]
pub(crate) struct Scratch {
    within: Option<PathBuf>,
    root: OnceLock<TempDir>,
}

impl Scratch {
    pub(crate) fn new(within: Option<PathBuf>) -> Self {
        Scratch { within, root: OnceLock::new() }
    }

    /// A folder of this name in it, which is made when there is none.
    pub(crate) fn folder(&self, name: &str, mode: u32) -> Result<File, FsError> {
        let path = self.root()?.join(name);
        match fs::create_dir(&path) {
            Ok(()) => fs::set_permissions(&path, Permissions::from_mode(mode))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        Ok(File::open(path)?)
    }

    fn root(&self) -> Result<&Path, FsError> {
        if let Some(root) = self.root.get() {
            return Ok(root.path());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("glowplug-").permissions(Permissions::from_mode(0o700));
        let made = match &self.within {
            Some(within) => builder.tempdir_in(within)?,
            None => builder.tempdir()?,
        };
        // Another thread may have been faster; then this one's folder goes.
        Ok(self.root.get_or_init(|| made).path())
    }

    /// Removes it now. What is open stays usable, everything else in it is gone.
    pub(crate) fn remove(&self) {
        if let Some(root) = self.root.get() {
            remove_tree(root.path());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes a tree in which guests may have made folders that their owner cannot write to.
fn remove_tree(path: &Path) {
    if fs::remove_dir_all(path).is_err() {
        open_up(path);
        let _ = fs::remove_dir_all(path);
    }
}

fn open_up(path: &Path) {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    if !is_folder {
        return;
    }
    let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        open_up(&entry.path());
    }
}
