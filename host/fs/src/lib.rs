//! What guests see of files: folders of the host, overlays above them, a private `/tmp`, devices and programs, in one
//! namespace that nothing leads out of.
//!
//! ```no_run
//! use glowplug_fs::{Namespace, OpenOptions, Opened, Settings};
//!
//! let settings = Settings { mounts: vec!["/data:ro".parse()?, ".::/work:overlay".parse()?], ..Settings::default() };
//! let files = Namespace::new(settings)?;
//! if let Opened::File(file, ..) = files.open(b"/data/figures.csv", &OpenOptions::reading())? {
//!     // an ordinary `std::fs::File`
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Namespace`] knows nothing of WebAssembly, of processes or of shells. Paths are bytes, absolute in the guests'
//! view, and resolved anew on each call; whoever has working folders joins them first. It prints nothing and reads no
//! environment variable; only a scratch folder's default place is the platform's.
//!
//! # Containment
//! Every access to a mounted folder starts at that folder's open handle and goes through `cap-primitives`, which is
//! `openat2` with `RESOLVE_BENEATH` on Linux. Neither `..`, nor a symbolic link, nor a rename at the wrong moment leads
//! out. Links that point out of a mount are followed in the guests' namespace, as a guest would expect.
//!
//! # Errors
//! Guests are told numbers of preview 1 ([`errno`]). When it was the policy that refused, the error also holds a
//! [`Denial`] that names the rule which would allow it.

mod assemble;
mod beneath;
mod bulk;
mod changes;
mod error;
mod explain;
mod interrupt;
mod mount;
mod namespace;
mod options;
mod overlay;
mod plain;
mod quota;
mod reach;
mod remove;
mod resolve;
mod scratch;
mod see;
mod stat;
pub mod trace;
mod tree;

#[cfg(test)]
mod tests;

pub use bulk::{copy_contents, hash_contents, same_contents};
pub use changes::{CommitError, Committed, Contents, State, Written};
pub use error::{Denial, FsError, errno, number};
pub use explain::Sought;
pub use interrupt::{Deadline, Interrupt, Interruptible, interruptible, is_interrupted};
pub use mount::{Access, Mount, MountError};
pub use namespace::Namespace;
pub use options::{
    Change, ChangeKind, Device, DirOption, Extra, NewTime, OpenOptions, Opened, Program, Settings, Wanted, quoted,
};
pub use quota::{Charge, CommonDisk};
pub use scratch::{Workspace, remove_abandoned};
pub use stat::{DirEntry, Kind, Stat};
pub use trace::{Impure, Observed, Trace, Unusable, Watch};
