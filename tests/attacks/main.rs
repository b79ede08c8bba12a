//! What was found by attacking the program, one file a kind. Each trial runs the program as a user does, and fails without the
//! mechanism that it is named after.

#[path = "../common/mod.rs"]
mod common;

mod disk;
mod ends;
mod entry;
mod fairness;
mod handles;
mod identity;
mod library;
mod limits;
mod native;
mod output;
mod support;
mod trace;
mod trust;
