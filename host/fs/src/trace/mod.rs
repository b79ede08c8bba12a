//! What guests observed of the host's folders, and whether that is still so.
//!
//! A [`Trace`] in the [`Settings`](crate::Settings) of a namespace notes everything that is read from a folder of the host: what
//! was looked for and not found, what `stat` said, contents as far as they were read, listings, links. What the guests
//! themselves wrote is no observation; under a trace all of that goes to an overlay's upper layer, so that the folders below
//! stay as they were. When the run is over, [`Trace::finish`] says what was observed, or why a later run might still differ;
//! [`recheck`] tells whether an observation would come out the same today.
//!
//! # What is not observed
//! That two entries of *different* listings are one file (hard links) is only noted for entries that `stat` was asked of.
//! Extended attributes, access control lists and locks: guests cannot ask for them.

mod bytes;
mod check;
mod finish;
mod hashing;
mod numbers;
mod record;
mod slots;
mod watch;
mod words;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use glowplug_store::{Digest, FileIdentity};
use serde::{Deserialize, Serialize};

use crate::Kind;
pub use check::{Check, Differing, OpenRoot, recheck};
use record::State;
pub(crate) use record::unnoted;
pub use watch::Watch;

/// The time that a deterministic run sees files of the host at: 2000-01-01T00:00:00Z, in nanoseconds since 1970.
pub const EPOCH: i64 = 946_684_800_000_000_000;

/// What a guest saw at one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The folder, by its number in [`Observed::roots`].
    pub root: u32,
    /// The path below that folder, as it was asked of the kernel; `.` is the folder itself.
    #[serde(with = "bytes")]
    pub path: Vec<u8>,
    /// What was seen there; none of it follows from the rest.
    pub seen: Vec<Seen>,
}

/// One thing that was seen at a path. `follow` says whether a symbolic link in the last component was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Seen {
    /// The call failed with this number of preview 1. What does not exist at all (`ENOENT`) is always noted as asked by `Stat`.
    Absent { asked: Asked, errno: i32, follow: bool },
    /// Something depended on what kind of entry it is, and on no more than is here.
    Looked {
        follow: bool,
        kind: Kind,
        /// Its permissions.
        mode: Option<u32>,
        /// The inode number that the guest was told.
        ino: Option<u64>,
    },
    /// What `stat` said.
    Stat { follow: bool, stat: SeenStat },
    /// It could be opened for reading, and was a file or a folder.
    Opened { follow: bool, kind: Kind },
    /// What was read of a file, and what the system said of the file then; nothing if the file had changed so recently that a
    /// later change might not show in that.
    Content { follow: bool, read: Prefix, identity: Option<FileIdentity> },
    /// Names and kinds of a folder's entries. The identity is the folder's, as for contents.
    Listing { digest: Digest, entries: u32, identity: Option<FileIdentity> },
    /// Where a symbolic link leads.
    Link {
        #[serde(with = "bytes")]
        target: Vec<u8>,
    },
    /// Whether `access` would allow it: 0, or a number of preview 1.
    Access { read: bool, write: bool, execute: bool, errno: i32 },
}

impl Seen {
    /// Says what the system says of the file or folder from now on, if this is about its contents or its listing.
    pub fn set_identity(&mut self, new: Option<FileIdentity>) {
        if let Seen::Content { identity, .. } | Seen::Listing { identity, .. } = self {
            *identity = new;
        }
    }

    /// Whether it is the same as another one; identities, which only say how to find out fast, do not count.
    pub fn is_the_same_as(&self, other: &Seen) -> bool {
        let plain = |seen: &Seen| {
            let mut seen = seen.clone();
            seen.set_identity(None);
            seen
        };
        plain(self) == plain(other)
    }
}

/// Which call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Asked {
    Stat,
    /// Opening for reading.
    Open {
        directory: bool,
    },
    /// Reading a symbolic link.
    Link,
}

/// What `stat` said, as far as the guest was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SeenStat {
    pub kind: Kind,
    /// Permissions, without the bits of the kind.
    pub mode: u32,
    pub size: u64,
    pub nlink: u64,
    pub uid: u32,
    pub gid: u32,
    /// Nanoseconds since 1970; nothing in a deterministic run, which is told [`EPOCH`].
    pub mtime: Option<i64>,
    /// The number that the guest was told.
    pub ino: u64,
}

/// The beginning of a file, as far as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    /// So many bytes.
    pub len: u64,
    /// Their digest.
    pub digest: Digest,
    /// Whether the end was seen behind them.
    pub end: bool,
}

/// A folder of the host that observations were made in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Its absolute path.
    pub host: PathBuf,
    /// Whether links on the way were resolved by hand rather than by the kernel, see `Start`.
    pub careful: bool,
}

/// All that was observed in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The folders that something was observed in.
    pub roots: Vec<Root>,
    /// One for each path, in the order of roots and paths.
    pub observations: Vec<Observation>,
}

impl Observed {
    /// How many things were seen.
    pub fn count(&self) -> usize {
        self.observations.iter().map(|observation| observation.seen.len()).sum()
    }
}

/// Why what a run gave may come out differently though everything that it observed is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Impure {
    /// It read a clock.
    Clock,
    /// It drew random bytes.
    Random,
    /// It asked for the time of a file that it had written itself; the guests' path.
    TimeOfOwnFile(#[serde(with = "bytes")] Vec<u8>),
    /// It ran a native program, which may look at anything.
    NativeProgram(String),
    /// It used a terminal.
    Terminal,
    /// Something else: the end of a sentence that begins with "it".
    Other(String),
}

/// Why a run's observations are of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It also depended on what cannot be observed.
    Impure(Vec<Impure>),
    /// Something changed while the run went on: the path on the host, and what.
    Changed(Vec<u8>, String),
    /// A folder could not be looked at again: the path on the host, and why.
    Io(Vec<u8>, String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Impure(reasons) => {
                for (at, reason) in reasons.iter().enumerate() {
                    write!(f, "{}{reason}", if at == 0 { "" } else { ", and " })?;
                }
                Ok(())
            }
            Unusable::Changed(_, what) => write!(f, "{what} changed while it ran"),
            Unusable::Io(path, why) => write!(f, "{} cannot be looked at again: {why}", String::from_utf8_lossy(path)),
        }
    }
}

/// Notes what is observed. Clones share it.
#[derive(Clone)]
pub struct Trace(Arc<Shared>);

struct Shared {
    deterministic: bool,
    state: Mutex<State>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("deterministic", &self.0.deterministic).finish_non_exhaustive()
    }
}

impl Trace {
    /// Notes nothing yet. In a deterministic run guests are told constant times of files.
    pub fn new(deterministic: bool) -> Self {
        Trace(Arc::new(Shared { deterministic, state: Mutex::default() }))
    }

    /// Whether guests are told constant times of files.
    pub fn is_deterministic(&self) -> bool {
        self.0.deterministic
    }

    /// Notes that the run depends on what cannot be observed; each thing once, in the order of the first time.
    pub fn used(&self, what: Impure) {
        let mut state = self.state();
        if !state.impure.contains(&what) {
            state.impure.push(what);
        }
    }

    /// Everything that was observed, checked against the folders as they are now. What is read afterwards is not noted.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn finish(&self) -> Result<Observed, Unusable> {
        finish::finish(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with the lock held had noted all or nothing.
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
