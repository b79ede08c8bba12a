//! The folder for what ends with the namespace: `/tmp`, and what is written to overlays.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use tempfile::TempDir;

use crate::FsError;

/// Made at the first use, removed with the last.
#[derive(Debug)]
pub(crate) struct Scratch {
    within: Option<PathBuf>,
    root: OnceLock<Root>,
}

#[derive(Debug)]
struct Root {
    folder: TempDir,
    /// The folder itself, locked as long as this process lives, however it ends. Without, if the file system knows no locks.
    _lock: Option<File>,
}

/// What the names begin with.
const PREFIX: &str = "glowplug-scratch-";
/// For so long a folder may not be locked yet.
const YOUNG: Duration = Duration::from_secs(3600);

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
            return Ok(root.folder.path());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).permissions(Permissions::from_mode(0o700));
        let made = match &self.within {
            Some(within) => builder.tempdir_in(within)?,
            None => builder.tempdir()?,
        };
        let made = Root { _lock: locked(made.path()), folder: made };
        // Another thread may have been faster; then this one's folder goes.
        Ok(self.root.get_or_init(|| made).folder.path())
    }

    /// Removes it now. What is open stays usable, everything else in it is gone.
    pub(crate) fn remove(&self) {
        if let Some(root) = self.root.get() {
            remove_tree(root.folder.path());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Opens a folder and takes its lock; nothing if somebody has it.
fn locked(folder: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = File::from(rustix::fs::openat(CWD, folder, flags, Mode::empty()).ok()?);
    rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(folder)
}

/// Removes the scratch folders of this user in a folder whose processes were killed: how many.
///
/// # Errors
/// When the folder cannot be listed.
pub fn remove_abandoned(within: &Path) -> io::Result<usize> {
    let user = rustix::process::geteuid().as_raw();
    let mut removed = 0;
    for entry in fs::read_dir(within)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            continue;
        }
        let Ok(found) = entry.metadata() else { continue };
        let age = found.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        let ours = found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700;
        if ours
            && age.is_some_and(|age| age > YOUNG)
            && let Some(_lock) = locked(&entry.path())
        {
            remove_tree(&entry.path());
            removed += 1;
        }
    }
    Ok(removed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let old = SystemTime::now() - 2 * YOUNG;
        let make = |name: &str, mode: u32| {
            let path = dir.path().join(name);
            fs::create_dir(&path).expect("made");
            fs::write(path.join("file"), "text").expect("written");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            File::open(&path).expect("open").set_modified(old).expect("set");
            path
        };
        let abandoned = make("glowplug-scratch-abandoned", 0o700);
        let others = [make("glowplug-scratch-shared", 0o755), make("glowplug-other", 0o700)];
        let scratch = Scratch::new(Some(dir.path().to_owned()));
        scratch.folder("tmp", 0o1777).expect("a folder");
        let used = scratch.root().expect("a folder").to_owned();
        File::open(&used).expect("open").set_modified(old).expect("set");
        std::os::unix::fs::symlink(&others[1], dir.path().join("glowplug-scratch-link")).expect("a link");
        assert_eq!(remove_abandoned(dir.path()).expect("listed"), 1);
        assert!(
            !abandoned.exists() && used.join("tmp").exists() && others.iter().all(|path| path.join("file").exists())
        );
        drop(scratch);
        assert!(!used.exists());
    }
}
