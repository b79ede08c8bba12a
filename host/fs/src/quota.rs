//! How much of the disk guests may take: `--max-disk`.
//!
//! What counts is what the file system says that it keeps, its blocks, and a flat cost for each name; so a hole costs
//! nothing, what is written into it does, and a million empty files are not free. It is looked up after each change of a
//! file, on the open file, never computed from what was asked for: whatever way a file grew, its next look shows it.
//! What is removed is given back when the last name is gone and nobody has it open.
//!
//! There are two accounts. The session's own files, in `/tmp` and in the layers of overlays, begin at nothing. In
//! folders that are mounted for writing only growth counts: a file costs what it has more than when it was first opened
//! for writing. With a limit that somebody set, both draw on that; without one, each has a default that leaves the disk
//! usable.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs::File,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rustc_hash::FxBuildHasher;
use rustix::{
    fs::{FileType, OFlags, Stat},
    io::Errno,
};

use crate::{Denial, FsError, Impure, Trace, errno};

/// What a name costs: the folder's entry, and the inode that it mostly comes with.
const NAME: u64 = 4096;
/// The most that the session's own files take unless somebody says otherwise, and never more than half of what is free.
const OWN_DEFAULT: u64 = 2 << 30;

/// Both accounts of a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub own: Account,
    pub mounted: Account,
}

/// One account: what is charged to it, and its limit.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    shared: Arc<Shared>,
    pot: Arc<Pot>,
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Mounted,
}

#[derive(Debug)]
struct Pot {
    used: AtomicU64,
    /// Found out at the first use, if nobody has set one.
    limit: OnceLock<u64>,
    whose: Whose,
    chosen: bool,
    /// What others take as well.
    common: Option<Arc<CommonDisk>>,
}

/// What the guests of several namespaces may take of the disk together: half of what is free when the first of them takes some, or what
/// one of them alone may, if that is more.
#[derive(Debug)]
pub struct CommonDisk {
    used: AtomicU64,
    limit: OnceLock<u64>,
    least: u64,
}

impl CommonDisk {
    /// Nothing is taken yet. `each` is what one namespace alone may take, if somebody said that.
    #[must_use]
    pub fn new(each: Option<u64>) -> Self {
        CommonDisk { used: AtomicU64::new(0), limit: OnceLock::new(), least: each.unwrap_or(0) }
    }

    fn left(&self, near: &File) -> u64 {
        let limit = *self.limit.get_or_init(|| default_limit(Whose::Mounted, near).max(self.least));
        limit.saturating_sub(self.used.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Shared {
    files: Mutex<HashMap<Inode, Known, FxBuildHasher>>,
    trace: Option<Trace>,
    /// Something was refused, and nobody has asked yet.
    refused: AtomicBool,
    denial: Mutex<Option<Denial>>,
}

type Inode = (u64, u64);

/// An inode that costs something, or may soon.
#[derive(Debug)]
struct Known {
    pot: Arc<Pot>,
    /// What it cost before the guests came.
    base: u64,
    charged: u64,
    /// How many have it open.
    opened: u32,
    /// Its last name was removed.
    gone: bool,
}

/// A file that is open, as far as it is charged to an account. Whatever makes the file grow goes through it. It has to
/// be dropped before the file is closed, because nobody else may have its inode until then.
#[derive(Debug)]
pub struct Charge {
    account: Account,
    inode: Inode,
}

impl Quota {
    pub(crate) fn new(limit: Option<u64>, trace: Option<Trace>, common: Option<Arc<CommonDisk>>) -> Self {
        let pot = |whose| {
            let chosen = limit.is_some();
            Arc::new(Pot {
                used: AtomicU64::new(0),
                limit: limit.map_or_else(OnceLock::new, OnceLock::from),
                whose,
                chosen,
                common: common.clone(),
            })
        };
        let shared = Arc::new(Shared {
            files: Mutex::default(),
            trace,
            refused: AtomicBool::new(false),
            denial: Mutex::new(None),
        });
        let own = pot(Whose::Own);
        let mounted = if limit.is_some() { Arc::clone(&own) } else { pot(Whose::Mounted) };
        Quota {
            own: Account { shared: Arc::clone(&shared), pot: own, whose: Whose::Own },
            mounted: Account { shared, pot: mounted, whose: Whose::Mounted },
        }
    }

    /// What the larger of both accounts has left, on the file system that a file is on.
    pub(crate) fn left(&self, near: &File) -> u64 {
        self.own.pot.left(near).max(self.mounted.pot.left(near))
    }

    /// Which limit was come to, if one was since this was last asked.
    pub(crate) fn take_refusal(&self) -> Option<Denial> {
        let shared = &self.own.shared;
        if !shared.refused.swap(false, Ordering::AcqRel) {
            return None;
        }
        lock(&shared.denial).take()
    }
}

impl Pot {
    /// What is left, on the file system that a file is on.
    fn left(&self, near: &File) -> u64 {
        let common = self.common.as_ref().map_or(u64::MAX, |common| common.left(near));
        self.own_left(near).min(common)
    }

    fn own_left(&self, near: &File) -> u64 {
        let limit = *self.limit.get_or_init(|| default_limit(self.whose, near));
        limit.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    /// Takes as much of `wanted` as there is, before it is on the disk.
    fn take(&self, near: &File, wanted: u64) -> u64 {
        loop {
            let used = self.used.load(Ordering::Relaxed);
            let taken = self.left(near).min(wanted);
            let taking = self.used.compare_exchange_weak(used, used + taken, Ordering::Relaxed, Ordering::Relaxed);
            if taking.is_ok() {
                if let Some(common) = &self.common {
                    common.used.fetch_add(taken, Ordering::Relaxed);
                }
                return taken;
            }
        }
    }

    fn change(&self, from: u64, to: u64) {
        let change = |used: &AtomicU64| match to >= from {
            true => used.fetch_add(to - from, Ordering::Relaxed),
            false => used.fetch_sub(from - to, Ordering::Relaxed),
        };
        change(&self.used);
        if let Some(common) = &self.common {
            change(&common.used);
        }
    }
}

impl Drop for Pot {
    fn drop(&mut self) {
        if let Some(common) = &self.common {
            common.used.fetch_sub(*self.used.get_mut(), Ordering::Relaxed);
        }
    }
}

fn default_limit(whose: Whose, near: &File) -> u64 {
    let most = if whose == Whose::Own { OWN_DEFAULT } else { u64::MAX };
    match rustix::fs::fstatvfs(near) {
        // Some file systems do not know their size.
        Ok(found) if found.f_blocks > 0 => most.min(found.f_bavail.saturating_mul(found.f_frsize) / 2),
        _ => most,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn inode(found: &Stat) -> Inode {
    (found.st_dev, found.st_ino)
}

fn blocks(found: &Stat) -> u64 {
    u64::try_from(found.st_blocks).unwrap_or(0).saturating_mul(512)
}

/// What an inode costs that still has a name.
fn cost(found: &Stat) -> u64 {
    // A folder's other links are its own and its folders'.
    let is_folder = FileType::from_raw_mode(found.st_mode) == FileType::Directory;
    let names = if is_folder { 1 } else { found.st_nlink };
    names.saturating_mul(NAME).saturating_add(blocks(found))
}

impl Account {
    /// Fails with `ENOSPC` unless there is room for another name in a folder.
    pub(crate) fn room_for_name(&self, folder: &File) -> Result<(), FsError> {
        self.room(folder, NAME)
    }

    /// Fails with `ENOSPC` unless there is room for so much more.
    pub(crate) fn room(&self, near: &File, bytes: u64) -> Result<(), FsError> {
        if self.pot.left(near) >= bytes { Ok(()) } else { Err(self.refusal()) }
    }

    /// As `room`, and first charges what a file has taken already.
    pub(crate) fn room_to_fill(&self, file: &File, bytes: u64) -> Result<(), Errno> {
        self.settle(file);
        self.room(file, bytes).map_err(|_| Errno::NOSPC)
    }

    /// Charges a file for what it costs now. One that was not known yet is new, and was nothing before.
    pub(crate) fn settle(&self, file: &File) {
        let mut files = lock(&self.shared.files);
        // Looked at with the lock held, so that no older look follows a newer one.
        let Ok(found) = rustix::fs::fstat(file) else { return };
        self.settle_at(&mut files, &found, 0);
    }

    /// Says that a file is about to be changed that may have been there before.
    pub(crate) fn note(&self, file: &File) {
        let mut files = lock(&self.shared.files);
        let Ok(found) = rustix::fs::fstat(file) else { return };
        self.known(&mut files, &found, self.base(&found));
    }

    /// A name of it was removed. In mounted folders, what was never charged is nothing to give back.
    pub(crate) fn unlinked(&self, file: &File) {
        let mut files = lock(&self.shared.files);
        let Ok(found) = rustix::fs::fstat(file) else { return };
        if files.contains_key(&inode(&found)) {
            self.settle_at(&mut files, &found, 0);
        }
    }

    /// A file was opened. Nothing if nothing of it can be charged.
    pub(crate) fn opened(&self, found: &Stat, new: bool, writes: bool) -> Option<Charge> {
        let mut files = lock(&self.shared.files);
        let key = inode(found);
        if !new && !writes && self.whose == Whose::Mounted && !files.contains_key(&key) {
            return None;
        }
        let base = if new { 0 } else { self.base(found) };
        self.known(&mut files, found, base).opened += 1;
        if new {
            self.settle_at(&mut files, found, 0);
        }
        Some(Charge { account: self.clone(), inode: key })
    }

    /// What a file costs that was there before the guests came.
    fn base(&self, found: &Stat) -> u64 {
        if self.whose == Whose::Own { 0 } else { cost(found) }
    }

    fn known<'f>(&self, files: &'f mut HashMap<Inode, Known, FxBuildHasher>, found: &Stat, base: u64) -> &'f mut Known {
        let new = || Known { pot: Arc::clone(&self.pot), base, charged: 0, opened: 0, gone: false };
        files.entry(inode(found)).or_insert_with(new)
    }

    fn settle_at(&self, files: &mut HashMap<Inode, Known, FxBuildHasher>, found: &Stat, base: u64) {
        let known = self.known(files, found, base);
        known.gone = found.st_nlink == 0;
        let costs = match known.gone {
            true if known.opened == 0 => 0,
            true => blocks(found),
            false => cost(found),
        };
        let charged = costs.saturating_sub(known.base);
        known.pot.change(known.charged, charged);
        known.charged = charged;
        self.forget(files, inode(found));
    }

    /// Forgets what nobody has open, and what costs nothing any more.
    fn forget(&self, files: &mut HashMap<Inode, Known, FxBuildHasher>, inode: Inode) {
        let Entry::Occupied(known) = files.entry(inode) else { return };
        let Known { opened, gone, charged, .. } = *known.get();
        if opened == 0 && (gone || (charged == 0 && self.whose == Whose::Mounted)) {
            known.get().pot.change(charged, 0);
            known.remove();
        }
    }

    /// The error for what does not fit. The run depends on what else is on the disk then.
    fn refusal(&self) -> FsError {
        let pot = &self.pot;
        let (own, used) = (pot.limit.get().copied().unwrap_or(0), pot.used.load(Ordering::Relaxed));
        let common = pot.common.as_ref().and_then(|common| Some((common, *common.limit.get()?)));
        let common = common.filter(|(common, limit)| {
            limit.saturating_sub(common.used.load(Ordering::Relaxed)) < own.saturating_sub(used)
        });
        let limit = size(common.map_or(own, |(_, limit)| limit));
        let reason = match (pot.chosen, self.whose) {
            _ if common.is_some() => format!(
                "what all that run at once write takes {limit} of the disk, and no more of what was free is for them; fewer at once leave \
                 more for each"
            ),
            (true, _) => format!("what this session writes takes {limit} of the disk, which is its limit"),
            (false, Whose::Own) => {
                format!("what this session keeps in `/tmp` and in layers takes {limit} of the disk, which is its limit")
            }
            (false, Whose::Mounted) => {
                format!("what this session writes to mounted folders takes {limit}, half of what was free on the disk")
            }
        };
        let rule = common.is_none().then(|| "--max-disk SIZE".to_owned());
        let denial = Denial { reason, rule, allows: "more" };
        if let Some(trace) = &self.shared.trace {
            trace.used(Impure::Other("came to the limit of disk (--max-disk)".to_owned()));
        }
        *lock(&self.shared.denial) = Some(denial.clone());
        self.shared.refused.store(true, Ordering::Release);
        FsError::denied(errno::ENOSPC, denial)
    }
}

/// In the largest unit of which there is a whole one.
fn size(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let at = (0..units.len()).rev().find(|at| bytes >> (10 * at) > 0).unwrap_or(0);
    let unit = 1_u64 << (10 * at);
    if bytes.is_multiple_of(unit) {
        format!("{} {}", bytes / unit, units[at])
    } else {
        format!("{:.1} {}", bytes as f64 / unit as f64, units[at])
    }
}

impl Charge {
    /// Writes at the file's offset: how much of it. Less than all of it where the limit is near.
    ///
    /// # Errors
    /// `ENOSPC` when nothing more fits, and what the host's call fails with.
    pub fn write(&self, file: &File, bytes: &[u8]) -> Result<usize, Errno> {
        self.charged(file, None, bytes, |bytes| rustix::io::write(file, bytes))
    }

    /// The same elsewhere than at the offset.
    ///
    /// # Errors
    /// As for `write`.
    pub fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
        self.charged(file, Some(offset), bytes, |bytes| rustix::io::pwrite(file, bytes, offset))
    }

    /// Makes the file so long. What is added is a hole, and costs nothing yet.
    ///
    /// # Errors
    /// What the host's call fails with.
    pub fn set_len(&self, file: &File, len: u64) -> Result<(), Errno> {
        rustix::fs::ftruncate(file, len)?;
        self.account.settle(file);
        Ok(())
    }

    fn charged(
        &self,
        file: &File,
        offset: Option<u64>,
        bytes: &[u8],
        write: impl FnOnce(&[u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let wanted = bytes.len() as u64;
        let taken = self.account.pot.take(file, wanted);
        let fits = taken == wanted || self.overwrites(file, offset, wanted);
        let written = match taken {
            0 if !fits => {
                self.account.refusal();
                Err(Errno::NOSPC)
            }
            _ if fits => write(bytes),
            taken => write(&bytes[..usize::try_from(taken).unwrap_or(bytes.len())]),
        };
        match (written, &self.account.shared.trace) {
            (Ok(_), _) => self.account.settle(file),
            (Err(error), Some(trace)) => trace.met(crate::number(error)),
            (Err(_), None) => {}
        }
        self.account.pot.change(taken, 0);
        written
    }

    /// Whether so much goes where data is already.
    fn overwrites(&self, file: &File, offset: Option<u64>, len: u64) -> bool {
        let Ok(found) = rustix::fs::fstat(file) else { return false };
        let appends = rustix::fs::fcntl_getfl(file).is_ok_and(|flags| flags.contains(OFlags::APPEND));
        let at = match offset {
            _ if appends => return false,
            Some(at) => at,
            None => rustix::fs::tell(file).unwrap_or(u64::MAX),
        };
        let size = u64::try_from(found.st_size).unwrap_or(0);
        at.checked_add(len).is_some_and(|end| end <= size) && blocks(&found) >= size
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut files = lock(&self.account.shared.files);
        if let Some(known) = files.get_mut(&self.inode) {
            known.opened = known.opened.saturating_sub(1);
        }
        self.account.forget(&mut files, self.inode);
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::FileExt, path::Path};

    use super::*;

    fn used(quota: &Quota) -> u64 {
        quota.own.pot.used.load(Ordering::Relaxed)
    }

    fn file(dir: &Path, name: &str) -> File {
        File::options().read(true).write(true).create(true).truncate(false).open(dir.join(name)).expect("a file")
    }

    fn charge(account: &Account, file: &File, new: bool) -> Charge {
        account.opened(&rustix::fs::fstat(file).expect("there"), new, true).expect("it is charged")
    }

    #[test]
    fn what_is_written_is_charged_and_what_is_removed_given_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let quota = Quota::new(Some(1 << 20), None, None);
        let open = file(dir.path(), "x");
        let first = charge(&quota.own, &open, true);
        assert_eq!(used(&quota), NAME);
        first.set_len(&open, 1 << 40).expect("a hole costs nothing");
        assert_eq!(used(&quota), NAME);
        assert_eq!(first.write_at(&open, &[1; 100_000], 1 << 30), Ok(100_000));
        assert!((NAME + 100_000..NAME + 120_000).contains(&used(&quota)), "{}", used(&quota));
        // As much as fits is written, then nothing more.
        let fits = first.write_at(&open, &vec![1; 2 << 20], 0).expect("a part");
        assert!(fits < 1 << 20);
        assert_eq!(first.write_at(&open, &[1; 10_000], 1 << 35), Err(Errno::NOSPC));
        assert!(quota.take_refusal().is_some() && quota.take_refusal().is_none());
        first.set_len(&open, 0).expect("emptied");
        assert_eq!(used(&quota), NAME);
        assert_eq!(first.write(&open, &[1; 50_000]), Ok(50_000));
        let second = charge(&quota.own, &open, false);
        std::fs::remove_file(dir.path().join("x")).expect("removed");
        quota.own.unlinked(&open);
        assert!(used(&quota) >= 50_000, "it is still open");
        drop(second);
        assert!(used(&quota) >= 50_000, "it is still open");
        drop(first);
        assert_eq!(used(&quota), 0);
    }

    #[test]
    fn what_is_there_already_may_be_written_over_when_nothing_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let quota = Quota::new(Some(100_000), None, None);
        let open = file(dir.path(), "x");
        open.write_all_at(&vec![1; 200_000], 0).expect("written");
        let charge = charge(&quota.own, &open, true);
        assert_eq!(charge.write_at(&open, &[2; 200_000], 0), Ok(200_000));
        assert_eq!(charge.write_at(&open, &[2; 2], 199_999), Err(Errno::NOSPC));
    }

    #[test]
    fn only_growth_counts_of_what_was_there_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let quota = Quota::new(Some(1 << 20), None, None);
        let open = file(dir.path(), "x");
        open.write_all_at(&vec![1; 3 << 20], 0).expect("written");
        let charge = charge(&quota.mounted, &open, false);
        assert_eq!(used(&quota), 0);
        assert_eq!(charge.write_at(&open, &[2; 65_536], 3 << 20), Ok(65_536));
        assert_eq!(used(&quota), 65_536);
        charge.set_len(&open, 0).expect("emptied");
        assert_eq!(used(&quota), 0);
        drop(charge);
        assert!(lock(&quota.own.shared.files).is_empty(), "what costs nothing is forgotten");
        let reading = quota.mounted.opened(&rustix::fs::fstat(&open).expect("there"), false, false);
        assert!(reading.is_none());
    }

    #[test]
    fn sizes_are_said_shortly() {
        for (bytes, said) in [(0, "0 bytes"), (2 << 30, "2 GiB"), (1536 << 10, "1.5 MiB"), (8192, "8 KiB")] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn who_shares_a_disk_gets_what_the_others_leave() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str| File::create(dir.path().join(name)).expect("a file");
        let (a, b) = (file("a"), file("b"));
        let common = Arc::new(CommonDisk { used: AtomicU64::new(0), limit: OnceLock::from(100_000), least: 0 });
        let quota = || Quota::new(Some(80_000), None, Some(Arc::clone(&common)));
        let (one, other) = (quota(), quota());
        assert_eq!((one.own.pot.take(&a, 90_000), other.own.pot.take(&b, 90_000)), (80_000, 20_000));
        let refused = other.own.room(&b, 1).expect_err("nothing is left").denial.expect("in words").to_string();
        assert!(refused.contains("all that run at once"), "{refused}");
        let refused = one.own.room(&a, 1).expect_err("its own limit").denial.expect("in words").to_string();
        assert!(refused.contains("--max-disk"), "{refused}");
        drop(one);
        assert_eq!(other.own.pot.take(&b, 90_000), 60_000);
        drop(other);
        assert_eq!(common.used.load(Ordering::Relaxed), 0);
    }
}
