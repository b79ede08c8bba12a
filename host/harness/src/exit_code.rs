//! How `glowplug test` ends. The numbers are cargo-nextest's (`NextestExitCode` of the crate nextest-metadata), so that what
//! reads those reads these.

/// Every case that ran passed, or was skipped; or all of them are proven from the cache.
pub const OK: i32 = 0;

/// `--verify-only`: something is not proven from the cache. Not a number of nextest, which has no such question.
pub const NOT_VERIFIED: i32 = 1;

/// There is no case to run: none was found, or the filter leaves none.
pub const NO_TESTS_RUN: i32 = 4;

/// The settings or the arguments are wrong; nothing ran.
pub const SETUP_ERROR: i32 = 96;

/// A case failed, ended with an error or took too long.
pub const TEST_RUN_FAILED: i32 = 100;

/// Cases cannot be found: a path that is not there, a folder that cannot be listed.
pub const TEST_LIST_CREATION_FAILED: i32 = 104;

/// A report or the output could not be written.
pub const WRITE_OUTPUT_ERROR: i32 = 110;
