//! A call cache: what a run of a guest gave, kept under exactly what it observed.
//!
//! A run is found in two steps. What is known before it runs (module, arguments, environment, mounts, policy) is a
//! [`CallKey`]. Under it lie the results of earlier runs, each with everything that run observed of files and of standard input;
//! one whose observations are all as they were is what a run would give now, and is replayed instead.
//!
//! ```no_run
//! use glowplug_calls::{Ahead, CallCache, CallKey, Lookup, Settings};
//! # struct NoInput;
//! # impl Ahead for NoInput { fn first(&mut self, _: u64) -> std::io::Result<&[u8]> { Ok(&[]) } }
//!
//! let cache = CallCache::open(Settings::new("/var/cache/app", "/var/lib/app/key"))?;
//! let key = CallKey::new(b"/usr/lib/app.wasm").with("module", "e1b0..").with("argument 1", "data.csv");
//! match cache.lookup(&key, &mut NoInput) {
//!     Lookup::Hit(hit) => println!("exit code {}", hit.outcome.exit_code),
//!     Lookup::Miss(reason) => println!("it has to run: {reason}"),
//! }
//! # Ok::<(), String>(())
//! ```
//!
//! # What it promises
//! - **Nothing wrong is replayed.** Entries are authenticated with a key that only the user can read, outputs are hashed when they
//!   are replayed, files lie there whole or not at all. A file whose identity may hide a change is read and compared.
//! - **It never makes things worse.** What cannot be read is a miss with a reason.
//!
//! It knows nothing of WebAssembly, prints nothing, reads no environment variable and looks up no home directory. What may be
//! kept at all (a run that used the clock, was killed, changed its own inputs) is decided by `glowplug-fs`'s trace and by the
//! caller.

mod admin;
mod cache;
mod key;
mod layout;
mod lookup;
mod maintain;
mod outcome;
mod proof;
mod records;
#[cfg(test)]
mod tests;

pub use admin::{Explanation, Flawed, Listing, Summary};
pub use cache::{CallCache, Run, Settings};
pub use glowplug_store::evict::{Pruned, Removed};
pub use key::{CallKey, Part, SCHEMA};
pub use lookup::{Ahead, Change, Hit, Lookup, MissReason};
pub use outcome::{Chunk, Outcome};
pub use proof::{Evidence, Proven};
pub use records::Names;
