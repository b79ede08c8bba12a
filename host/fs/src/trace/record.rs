//! Noting what was seen.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, btree_map::Entry},
    path::Path,
    sync::Mutex,
};

use glowplug_store::{Digest, FileIdentity, Timestamp, disk::FileSystem, identity::Reading};

use super::{
    Asked, EPOCH, Impure, Root, Seen, SeenStat, Trace,
    hashing::Hashing,
    numbers::{Numbers, Real},
    slots::Slots,
    watch::Progress,
};
use crate::{DirEntry, FsError, Kind, Stat, errno};

/// What a file of the guests' own is said to have been written at in a deterministic run, in which files of the host are
/// from [`EPOCH`]: later than those, which is what programs that build things look at.
const WRITTEN: i64 = EPOCH + 1_000_000_000;

/// The size that guests are told of any folder. File systems have their own ideas.
const FOLDER_SIZE: u64 = 4096;

/// What was seen of one file: its root and its path come first.
pub(super) type Noted = (u32, Vec<u8>, Vec<Seen>);

/// Everything noted so far.
#[derive(Default)]
pub(super) struct State {
    pub roots: Vec<Root>,
    /// For each root, by path.
    pub seen: Vec<BTreeMap<Vec<u8>, Vec<Seen>>>,
    /// Files that are open.
    pub watches: Slots<Mutex<Progress>>,
    /// Hashers of files that were closed, for the next ones: they are large.
    #[expect(clippy::vec_box, reason = "watches have them boxed, and nothing so large is moved")]
    pub hashers: Vec<Box<blake3::Hasher>>,
    /// Those that were closed and are still to be hashed.
    pub hashing: Hashing,
    /// How many never will be.
    pub unhashed: usize,
    pub impure: Vec<Impure>,
    /// What changed under the eyes of the guest: the root and the path.
    pub changed: Option<(u32, Vec<u8>)>,
    pub finished: bool,
    pub numbers: Numbers,
    /// The modification times that guests set.
    times: HashMap<Real, i64>,
    /// Of each device, what kind of file system it has; nothing if its files are made up by the system when they are read.
    systems: HashMap<u64, Option<FileSystem>>,
}

thread_local! {
    static UNNOTED: Cell<bool> = const { Cell::new(false) };
}

/// Looks at files for the host's own sake: no guest hears of it, so nothing of it is noted.
pub(crate) fn unnoted<T>(look: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            UNNOTED.set(self.0);
        }
    }
    let _before = Before(UNNOTED.replace(true));
    look()
}

impl State {
    /// Notes what a watch has seen.
    pub(super) fn note_watched(&mut self, watched: &mut Progress) {
        let Some((root, path, seen)) = watched.noted() else {
            self.unhashed += 1;
            return;
        };
        self.hashers.extend(watched.hasher.take());
        if self.finished || UNNOTED.get() {
            return;
        }
        let Some(paths) = self.seen.get_mut(root as usize) else { return };
        match paths.entry(path) {
            Entry::Vacant(entry) => {
                entry.insert(seen);
            }
            Entry::Occupied(mut entry) => {
                for seen in seen {
                    if !add(entry.get_mut(), seen) {
                        self.changed = Some((root, entry.key().clone()));
                    }
                }
            }
        }
    }

    pub(super) fn note(&mut self, root: u32, path: &[u8], seen: Seen) {
        if self.finished || UNNOTED.get() {
            return;
        }
        let Some(paths) = self.seen.get_mut(root as usize) else { return };
        let Some(known) = paths.get_mut(path) else {
            paths.insert(path.to_owned(), vec![seen]);
            return;
        };
        if !add(known, seen) {
            self.changed = Some((root, path.to_owned()));
        }
    }
}

/// Adds what was seen to what is known of the same path; false if the two contradict each other.
fn add(known: &mut Vec<Seen>, seen: Seen) -> bool {
    if let Seen::Content { follow, read, identity: Some(identity) } = &seen {
        let same_file = known.iter_mut().find_map(|known| match known {
            Seen::Content { follow: f, read, identity: Some(i) } if f == follow && i == identity => Some(read),
            _ => None,
        });
        if let Some(known) = same_file {
            if known.len == read.len && known.digest != read.digest {
                return false;
            }
            if (known.len, known.end) < (read.len, read.end) {
                *known = *read;
            }
            return true;
        }
    }
    if !known.contains(&seen) {
        // Of most paths there is nothing more to come.
        known.reserve_exact(if known.len() < 4 { 1 } else { known.len() });
        known.push(seen);
    }
    true
}

/// The identity that `stat` tells.
pub(super) fn identity(found: &Stat) -> FileIdentity {
    let time = |ns: i64| Timestamp(ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000) as u32);
    FileIdentity {
        dev: found.dev,
        ino: found.ino,
        size: found.size,
        mtime: time(found.mtime),
        ctime: time(found.ctime),
    }
}

/// The digest of a sorted listing: kinds, names, and which of the entries are one file.
pub(super) fn listing_digest(entries: &[DirEntry]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    let mut first: HashMap<u64, u32> = HashMap::with_capacity(entries.len());
    for (at, entry) in (0_u32..).zip(entries) {
        let same = *first.entry(entry.ino).or_insert(at);
        hasher.update(&entry.kind.mode_bits().to_le_bytes());
        hasher.update(&same.to_le_bytes());
        hasher.update(&(entry.name.len() as u32).to_le_bytes());
        hasher.update(&entry.name);
    }
    hasher.finalize().into()
}

/// What guests are told of an entry's size and links.
pub(super) fn told_size(found: &Stat) -> (u64, u64) {
    if found.kind == Kind::Directory { (FOLDER_SIZE, 1) } else { (found.size, found.nlink) }
}

fn told(found: &Stat, ino: u64, mtime: i64) -> Stat {
    let (size, nlink) = told_size(found);
    let blocks = size.div_ceil(512);
    Stat { dev: 1, ino, size, nlink, blocks, atime: mtime, mtime, ctime: mtime, ..*found }
}

impl Trace {
    /// The number of a folder of the host.
    pub(crate) fn root(&self, host: &Path, careful: bool) -> u32 {
        let root = Root { host: std::path::absolute(host).unwrap_or_else(|_| host.to_owned()), careful };
        let mut state = self.state();
        let at = match state.roots.iter().position(|known| *known == root) {
            Some(at) => at,
            None => {
                state.roots.push(root);
                state.seen.push(BTreeMap::new());
                state.roots.len() - 1
            }
        };
        at as u32
    }

    pub(crate) fn note(&self, root: u32, path: &[u8], seen: Seen) {
        self.state().note(root, path, seen);
    }

    /// Notes that a call failed.
    pub(crate) fn failed(&self, root: u32, path: &[u8], asked: Asked, follow: bool, error: &FsError) {
        // Whatever is asked of what does not exist gives the same.
        let asked = if error.errno == errno::ENOENT { Asked::Stat } else { asked };
        self.note(root, path, Seen::Absent { asked, errno: error.errno, follow });
    }

    /// Notes what `stat` said of an entry of the host; what the guest is told instead.
    pub(crate) fn saw_stat(&self, root: u32, path: &[u8], follow: bool, found: &Stat) -> Stat {
        let (seen, told) = self.told_stat(follow, found);
        self.note(root, path, seen);
        told
    }

    /// What the guest is told of an entry of the host, and what is to be noted of it.
    pub(super) fn told_stat(&self, follow: bool, found: &Stat) -> (Seen, Stat) {
        let ino = self.number((found.dev, found.ino));
        let (size, nlink) = told_size(found);
        let mtime = (!self.0.deterministic).then_some(found.mtime);
        let Stat { kind, uid, gid, .. } = *found;
        let stat = SeenStat { kind, mode: found.mode & 0o7777, size, nlink, uid, gid, mtime, ino };
        (Seen::Stat { follow, stat }, told(found, ino, mtime.unwrap_or(EPOCH)))
    }

    /// A hasher for a file.
    pub(super) fn hasher(&self) -> Box<blake3::Hasher> {
        let known = self.state().hashers.pop();
        let mut hasher = known.unwrap_or_default();
        hasher.reset();
        hasher
    }

    /// Notes that something depended on what kind of entry this is, perhaps also on its permissions.
    pub(crate) fn looked(&self, root: u32, path: &[u8], follow: bool, found: &Stat, mode: bool) {
        let mode = mode.then_some(found.mode & 0o7777);
        self.note(root, path, Seen::Looked { follow, kind: found.kind, mode, ino: None });
    }

    /// Notes that something depended on which file this is; the number that it has for guests.
    pub(crate) fn looked_which(&self, root: u32, path: &[u8], follow: bool, found: &Stat) -> u64 {
        let mut state = self.state();
        let ino = state.numbers.of((found.dev, found.ino));
        state.note(root, path, Seen::Looked { follow, kind: found.kind, mode: None, ino: Some(ino) });
        ino
    }

    /// The number that guests are told for a file.
    pub(crate) fn number(&self, real: Real) -> u64 {
        self.state().numbers.of(real)
    }

    /// Notes a listing of a folder of the host, and sorts it; the numbers become the guests'. `folder` is what the system said of
    /// the folder before it was read.
    pub(crate) fn saw_listing(&self, root: u32, path: &[u8], folder: &Stat, now: Timestamp, entries: &mut [DirEntry]) {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let digest = listing_digest(entries);
        let reading = Reading::by_times(now, identity(folder));
        let identity = reading.will_show_changes().then_some(*reading.before());
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut state = self.state();
        state.note(root, path, Seen::Listing { digest, entries: count, identity });
        for entry in entries {
            entry.ino = state.numbers.of((folder.dev, entry.ino));
        }
    }

    /// The same for a folder of the guests' own, of which nothing is noted.
    pub(crate) fn own_listing(&self, folder: &Stat, entries: &mut [DirEntry]) {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut state = self.state();
        for entry in entries {
            entry.ino = state.numbers.of((folder.dev, entry.ino));
        }
    }

    /// What guests are told of something that they wrote themselves. `number` is the file that its number is of, which is
    /// the lower one for a folder that is in both layers.
    pub(crate) fn own_stat(&self, path: impl FnOnce() -> Vec<u8>, found: &Stat, number: Real) -> Stat {
        let mut state = self.state();
        let ino = state.numbers.of(number);
        let set = state.times.get(&(found.dev, found.ino)).copied().filter(|set| *set == found.mtime);
        let mtime = match set {
            Some(set) => set,
            None if !self.0.deterministic => {
                drop(state);
                self.used(Impure::TimeOfOwnFile(path()));
                found.mtime
            }
            // A copy that was not written since it was made; see `copied_time`.
            None if found.mtime == EPOCH => EPOCH,
            None => WRITTEN,
        };
        told(found, ino, mtime)
    }

    /// The time that a copy of an entry of the host gets.
    pub(crate) fn copied_time(&self) -> Option<i64> {
        self.0.deterministic.then_some(EPOCH)
    }

    /// Remembers which modification time a guest gave to a file of its own; nothing when it is the present.
    pub(crate) fn set_time(&self, found: &Stat, set: bool) {
        let real = (found.dev, found.ino);
        let times = &mut self.state().times;
        if set {
            times.insert(real, found.mtime)
        } else {
            times.remove(&real)
        };
    }

    /// The modification time that a guest gave to this file, if it still has it.
    pub(crate) fn time_set(&self, found: &Stat) -> Option<i64> {
        let set = self.state().times.get(&(found.dev, found.ino)).copied();
        set.filter(|set| *set == found.mtime)
    }

    /// Notes an error that a guest met, if it says more of the machine's state than of the files.
    pub(crate) fn met(&self, number: i32) {
        let of_the_machine = matches!(
            number,
            errno::ENOSPC | errno::EDQUOT | errno::EIO | errno::EMFILE | errno::ENFILE | errno::ENOMEM | errno::EINTR
        );
        if of_the_machine {
            self.used(Impure::Other(format!("was told: {}", crate::error::message(number).to_lowercase())));
        }
    }

    /// Notes the use of an open file whose contents do not only change when its identity does, if it is one. Says what kind of file
    /// system it is on.
    pub(crate) fn check_source(&self, path: &[u8], file: &std::fs::File, kind: Kind, dev: u64) -> FileSystem {
        let why = match kind {
            Kind::File => match *self.state().systems.entry(dev).or_insert_with(|| system_of(file)) {
                Some(system) => return system,
                None => "which the system makes up anew each time",
            },
            _ => "which is no file",
        };
        self.used(Impure::Other(format!("opened {}, {why}", String::from_utf8_lossy(path))));
        FileSystem::Memory
    }
}

/// What kind of file system an open file is on; nothing if that makes its files up.
fn system_of(file: &std::fs::File) -> Option<FileSystem> {
    let found = rustix::fs::fstatfs(file);
    let made_up = found.is_ok_and(|found| MADE_UP.contains(&(found.f_type as u64 & 0xffff_ffff)));
    (!made_up).then(|| FileSystem::of(file))
}

/// File systems whose files tell the state of the system: `f_type` of proc, sysfs, cgroup, cgroup2, debugfs, tracefs, devpts,
/// securityfs, configfs, bpf, pstore, efivarfs (`linux/magic.h`).
const MADE_UP: [u64; 12] = [
    0x9fa0,
    0x6265_6572,
    0x27_e0eb,
    0x6367_7270,
    0x6462_6720,
    0x7472_6163,
    0x1cd1,
    0x7363_6673,
    0x6265_6570,
    0xcafe_4a11,
    0x6165_676c,
    0xde5e_81e4,
];
