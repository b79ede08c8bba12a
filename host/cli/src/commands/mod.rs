//! One file a command.

pub(crate) mod bench;
pub(crate) mod cache;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod snapshot;
pub(crate) mod test;
