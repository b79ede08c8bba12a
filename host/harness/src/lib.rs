//! Test cases in cram's format: reading, comparing, updating, scheduling and reporting.
//!
//! A *case* is one `.t` file, its *steps* are its commands:
//!
//! ```text
//! Anything that is not indented is a comment.
//!
//!   $ echo one; echo two
//!   one
//!   t?o (glob)
//!   $ for word in a b; do
//!   >   echo $word
//!   > done; false
//!   [ab] (re)
//!   [ab] (re)
//!   [1]
//! ```
//!
//! All steps of a case are run by one shell, one after another, so that variables, functions and the folder are kept. Standard
//! error is compared together with standard output, and standard input is empty. See [`case`] for the format, [`expect`] for
//! what an expected line may be, and [`session`] for how a case is run and where that differs from
//! [cram](https://bitheap.org/cram/).
//!
//! Nothing in here runs a shell, knows WebAssembly or keeps a cache: the program above hands in what a session wrote
//! ([`Observed`]) and gets back a [`Verdict`].

pub mod case;
pub mod compare;
pub mod config;
pub mod diff;
pub mod discover;
mod effort;
pub mod exit_code;
pub mod expect;
mod lines;
pub mod pattern;
pub mod report;
pub mod schedule;
pub mod session;
mod suggest;

pub use case::{Case, CaseError, Step};
pub use compare::{StepDifference, Verdict, compare, unified, updated};
pub use config::Config;
pub use session::Observed;
pub use suggest::nearest;
