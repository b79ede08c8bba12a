//! The folder for what ends with the namespace: `/tmp`, and what is written to overlays.
//!
//! It is locked as long as its process lives, however that ends: a folder without a lock is left over, and the next
//! process that makes one removes it.

use std::{
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    mem::MaybeUninit,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, RawDir},
    io::Errno,
};

use crate::{
    FsError,
    interrupt::{self, Deadline, interruptible},
    plain::chmod_handle,
    remove::remove_contents,
};

/// Made at the first use, removed with the last.
#[derive(Debug)]
pub(crate) struct Scratch {
    within: Option<PathBuf>,
    root: OnceLock<Root>,
    /// Somebody may still be changing it, so it is left to the next process.
    left: AtomicBool,
}

#[derive(Debug)]
struct Root {
    /// The folder that it is in, and its name there.
    parent: File,
    name: String,
    /// The folder itself, locked. Without a lock, if the file system knows none.
    folder: File,
}

/// What the names begin with, of folders whose process has had the lock.
const PREFIX: &str = "glowplug-scratch-";
/// The same while they are being made.
const UNLOCKED: &str = "glowplug-scratch.new-";
/// For so long a folder may be in the making.
const YOUNG: Duration = Duration::from_secs(3600);
/// So many entries of the folder for temporary files are looked at in passing, for what others left.
const MOST_LOOKED_AT: usize = 10_000;

/// So long removing one may take for whoever is to end.
const CLEAN_UP: Duration = Duration::from_secs(10);

impl Scratch {
    pub(crate) fn new(within: Option<PathBuf>) -> Self {
        Scratch { within, root: OnceLock::new(), left: AtomicBool::new(false) }
    }

    /// A folder of this name in it, which is made when there is none.
    pub(crate) fn folder(&self, name: &str, mode: u32) -> Result<File, FsError> {
        let root = &self.root()?.folder;
        match rustix::fs::mkdirat(root, name, Mode::RWXU) {
            Ok(()) => chmod_handle(&open_folder(root, name)?, mode)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(open_folder(root, name)?)
    }

    /// The folder itself, made if need be.
    fn root(&self) -> Result<&Root, FsError> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let within = self.within.clone().unwrap_or_else(std::env::temp_dir);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let parent = File::from(rustix::fs::openat(CWD, &within, flags, Mode::empty())?);
        let made = Root::make(parent)?;
        sweep_in_passing(&within);
        if let Err(late) = self.root.set(made) {
            // Another thread was faster.
            late.remove();
        }
        self.root.get().ok_or(FsError::new(crate::errno::EIO))
    }

    /// Whether there is anything to be removed.
    pub(crate) fn is_made(&self) -> bool {
        self.root.get().is_some()
    }

    /// Says that somebody may still be changing it, so that [`remove`](Self::remove) leaves it.
    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Removes it now. What is open stays usable, everything else in it is gone.
    pub(crate) fn remove(&self) {
        if let Some(root) = self.root.get().filter(|_| !self.left.load(Ordering::Relaxed)) {
            root.remove();
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left who could change it.
        self.left.store(false, Ordering::Relaxed);
        self.remove();
    }
}

impl Root {
    /// Makes a folder that nobody else can enter, and takes its lock before it has a name that others look for.
    fn make(parent: File) -> Result<Self, Errno> {
        loop {
            let unique = format!("{:x}-{:012x}", std::process::id(), random() >> 16);
            let (unlocked, name) = (format!("{UNLOCKED}{unique}"), format!("{PREFIX}{unique}"));
            match rustix::fs::mkdirat(&parent, &*unlocked, Mode::RWXU) {
                Err(Errno::EXIST) => continue,
                made => made?,
            }
            let finished = open_folder(&parent, &unlocked).and_then(|folder| {
                // Not every file system knows locks. Then nobody else gets one either.
                let _ = rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive);
                rustix::fs::renameat(&parent, &*unlocked, &parent, &*name)?;
                Ok(folder)
            });
            return match finished {
                Ok(folder) => Ok(Root { parent, name, folder }),
                Err(error) => {
                    let _ = rustix::fs::unlinkat(&parent, &*unlocked, AtFlags::REMOVEDIR);
                    Err(error)
                }
            };
        }
    }

    fn remove(&self) {
        // Whoever has no time for anything else has some for this. What is left is removed by whoever comes next.
        let deadline = interrupt::current().and_then(|_| Deadline::after(CLEAN_UP));
        let _in_time = deadline.map(|deadline| interruptible(Arc::new(deadline)));
        let _ = remove_contents(&self.folder, interrupt::check);
        let _ = rustix::fs::unlinkat(&self.parent, &*self.name, AtFlags::REMOVEDIR);
    }
}

/// A temporary folder that guests, or native programs, may change as they like: it is removed with this, whatever is in
/// it by then, and by the next process if this one is killed.
#[derive(Debug)]
pub struct Workspace {
    root: Root,
    path: PathBuf,
}

impl Workspace {
    /// A new, empty one in the platform's folder for temporary files.
    ///
    /// # Errors
    /// What the host says.
    pub fn new() -> io::Result<Self> {
        let within = std::path::absolute(std::env::temp_dir())?;
        let parent =
            rustix::fs::openat(CWD, &within, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let root = Root::make(File::from(parent))?;
        let path = within.join(&root.name);
        Ok(Workspace { root, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.root.remove();
    }
}

/// A number that nobody can foresee.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn open_folder(parent: &File, name: &str) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(parent, name, flags, Mode::empty())?))
}

/// Removes what killed processes left, once for each process, on a thread of its own if there is anything.
fn sweep_in_passing(within: &Path) {
    static SWEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    {
        let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.iter().any(|known| known == within) {
            return;
        }
        swept.push(within.to_owned());
    }
    let Ok(abandoned) = abandoned(within, MOST_LOOKED_AT) else { return };
    if !abandoned.is_empty() {
        let sweep = move || abandoned.iter().for_each(Root::remove);
        let _ = std::thread::Builder::new().name("sweeping".to_owned()).spawn(sweep);
    }
}

/// Removes the scratch folders of this user in a folder whose processes were killed: how many.
///
/// # Errors
/// When the folder cannot be listed.
pub fn remove_abandoned(within: &Path) -> io::Result<usize> {
    let abandoned = abandoned(within, usize::MAX)?;
    abandoned.iter().for_each(Root::remove);
    Ok(abandoned.len())
}

/// Those of this user whose processes are gone, with their locks taken.
fn abandoned(within: &Path, most: usize) -> io::Result<Vec<Root>> {
    let parent = rustix::fs::openat(CWD, within, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let parent = File::from(parent);
    let mut buffer = [MaybeUninit::uninit(); 32 * 1024];
    let mut listing = RawDir::new(&parent, &mut buffer);
    let mut abandoned = Vec::new();
    for _ in 0..most {
        let Some(entry) = listing.next() else { break };
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let ready = name.starts_with(PREFIX);
        if !ready && !name.starts_with(UNLOCKED) {
            continue;
        }
        let Ok(folder) = open_folder(&parent, name) else { continue };
        if is_ours(&folder, if ready { Duration::ZERO } else { YOUNG })
            && rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let name = name.to_owned();
            abandoned.push(Root { parent: parent.try_clone()?, name, folder });
        }
    }
    Ok(abandoned)
}

/// Whether a folder is this user's alone, and at least so old.
fn is_ours(folder: &File, age: Duration) -> bool {
    let Ok(found) = rustix::fs::fstat(folder) else { return false };
    let made = UNIX_EPOCH + Duration::from_secs(u64::try_from(found.st_mtime).unwrap_or(0));
    found.st_uid == rustix::process::geteuid().as_raw()
        && found.st_mode & 0o777 == 0o700
        && (age.is_zero() || SystemTime::now().duration_since(made).is_ok_and(|is| is > age))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let make = |name: &str, mode: u32, age: Duration| {
            let path = dir.path().join(name);
            fs::create_dir(&path).expect("made");
            fs::write(path.join("file"), "text").expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
            File::open(&path).expect("open").set_modified(SystemTime::now() - age).expect("set");
            path
        };
        let gone = [
            make("glowplug-scratch-abandoned", 0o700, Duration::ZERO),
            make("glowplug-scratch.new-old", 0o700, 2 * YOUNG),
        ];
        let others = [
            make("glowplug-scratch-shared", 0o755, Duration::ZERO),
            make("glowplug-scratch.new-young", 0o700, Duration::ZERO),
            make("glowplug-other", 0o700, 2 * YOUNG),
        ];
        std::os::unix::fs::symlink(&others[2], dir.path().join("glowplug-scratch-link")).expect("a link");
        // Made by another process, which lives.
        let used = Root::make(File::open(dir.path()).expect("open")).expect("made");
        assert_eq!(remove_abandoned(dir.path()).expect("listed"), 2);
        assert!(gone.iter().all(|path| !path.exists()) && others.iter().all(|path| path.join("file").exists()));
        assert!(dir.path().join(&used.name).exists());
        used.remove();
        assert!(!dir.path().join(&used.name).exists());
    }

    #[test]
    fn a_folder_that_is_made_removes_what_others_left_and_itself_at_the_end() {
        let dir = tempfile::tempdir().expect("a folder");
        let left = dir.path().join("glowplug-scratch-left");
        fs::create_dir(&left).expect("made");
        fs::set_permissions(&left, fs::Permissions::from_mode(0o700)).expect("set");
        let scratch = Scratch::new(Some(dir.path().to_owned()));
        scratch.folder("tmp", 0o1777).expect("a folder");
        let own = dir.path().join(&scratch.root().expect("a folder").name);
        assert_eq!(fs::metadata(own.join("tmp")).expect("there").permissions().mode() & 0o7777, 0o1777);
        while left.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        scratch.leave();
        scratch.remove();
        assert!(own.join("tmp").exists(), "somebody is still in it");
        drop(scratch);
        assert!(!own.exists());
    }
}
