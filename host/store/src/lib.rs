//! A folder of authenticated, atomic files: what glowplug's caches are kept in.
//!
//! The folder belongs to one user, who alone can write to it; otherwise it is refused. A record is authenticated with a key that
//! only the user can read, and bound to its place. A file is written under a name of its own, synced and renamed, and never
//! changed in place. What was damaged is set aside, not executed, not replayed. Nothing here knows what is kept.

pub mod digest;
pub mod disk;
pub mod evict;
pub mod folder;
pub mod identity;
pub mod plain;
pub mod room;
pub mod seal;

pub use digest::Digest;
pub use folder::Folder;
pub use identity::{FileIdentity, Timestamp};
