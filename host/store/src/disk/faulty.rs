//! A disk that fails, or kills its process, at the n-th operation.

use super::{Disk, Listed, Meta};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; operations are only counted.
    None,
    /// The operation fails once.
    Once(rustix::io::Errno),
    /// The operation and all that change the disk after it fail.
    FromThenOn(rustix::io::Errno),
    /// The process dies as `kill -9` kills it.
    Kill,
}

/// A disk around another one.
#[derive(Debug)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    fault: Fault,
    /// Counted from 1.
    at: usize,
    operations: AtomicUsize,
    /// The names of the operations so far.
    log: std::sync::Mutex<Vec<&'static str>>,
}

impl FaultyDisk {
    /// A disk whose operation number `at` (from 1) meets the fault.
    pub fn new(inner: Arc<dyn Disk>, fault: Fault, at: usize) -> Arc<Self> {
        Arc::new(Self { inner, fault, at, operations: AtomicUsize::new(0), log: std::sync::Mutex::default() })
    }

    /// How many operations there were.
    pub fn count(&self) -> usize {
        self.operations.load(Ordering::SeqCst)
    }

    /// The names of the operations since the last time.
    ///
    /// # Panics
    /// When another thread panicked in this.
    pub fn take_log(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.log.lock().expect("no panic under this lock"))
    }

    fn step(&self, name: &'static str, changes: bool) -> io::Result<()> {
        self.log.lock().expect("no panic under this lock").push(name);
        let number = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Once(error) if number == self.at => Err(error.into()),
            Fault::FromThenOn(error) if number >= self.at && changes => Err(error.into()),
            Fault::Kill if number == self.at => {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
                unreachable!("SIGKILL cannot be survived")
            }
            _ => Ok(()),
        }
    }
}

impl Disk for FaultyDisk {
    fn stat(&self, path: &str) -> io::Result<Meta> {
        self.step("stat", false)?;
        self.inner.stat(path)
    }
    fn open(&self, path: &str) -> io::Result<(File, Meta)> {
        self.step("open", false)?;
        self.inner.open(path)
    }
    fn read(&self, path: &str) -> io::Result<(Vec<u8>, Meta)> {
        self.step("read", false)?;
        self.inner.read(path)
    }
    fn create(&self, path: &str) -> io::Result<File> {
        self.step("create", true)?;
        self.inner.create(path)
    }
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.fault == Fault::Kill && self.count() + 1 == self.at {
            // The harshest moment: half is written.
            self.inner.write(file, &bytes[..bytes.len() / 2])?;
        }
        if let Err(error) = self.step("write", true) {
            // A disk that fills up takes a part first.
            self.inner.write(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.inner.write(file, bytes)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.step("sync", true)?;
        self.inner.sync(file)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step("rename", true)?;
        self.inner.rename(from, to)
    }
    fn unlink(&self, path: &str) -> io::Result<()> {
        self.step("unlink", true)?;
        self.inner.unlink(path)
    }
    fn rmdir(&self, path: &str) -> io::Result<()> {
        self.step("rmdir", true)?;
        self.inner.rmdir(path)
    }
    fn mkdir(&self, path: &str) -> io::Result<()> {
        self.step("mkdir", true)?;
        self.inner.mkdir(path)
    }
    fn list(&self, path: &str) -> io::Result<Vec<Listed>> {
        self.step("list", false)?;
        self.inner.list(path)
    }
    fn touch(&self, path: &str) -> io::Result<()> {
        self.step("touch", true)?;
        self.inner.touch(path)
    }
    fn try_lock(&self, path: &str) -> io::Result<Option<File>> {
        self.step("lock", true)?;
        self.inner.try_lock(path)
    }
    fn is_locked(&self, path: &str) -> io::Result<bool> {
        self.step("is-locked", false)?;
        self.inner.is_locked(path)
    }
    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.step("append", true)?;
        self.inner.append(path, bytes)
    }
    fn overwrite(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.step("overwrite", true) {
            self.inner.overwrite(path, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.inner.overwrite(path, bytes)
    }
}
