//! `cache.toml`. What reads it is a part of the program, which is no library, so it is compiled in as it stands.

use keys::Setting;
use std::path::{Path, PathBuf};

#[allow(dead_code, reason = "it also names variables and defaults")]
#[path = "../../host/cli/src/config/file.rs"]
mod file;
#[allow(dead_code, reason = "it also names variables and defaults")]
#[path = "../../host/cli/src/config/keys.rs"]
mod keys;

/// What `file.rs` expects beside it.
#[allow(dead_code, reason = "nothing here asks")]
#[derive(Debug)]
pub(crate) enum Origin {
    File(PathBuf, usize),
}

/// What `file.rs` expects beside it.
#[derive(Debug)]
pub(crate) struct ConfigError {
    pub(crate) at: Origin,
    pub(crate) problem: String,
}

/// What the file is made of.
pub(crate) const WORDS: &[&str] = &[
    "dir = ",
    "key-file = ",
    "backend = ",
    "verify = ",
    "incremental = ",
    "max-size = ",
    "max-entries = ",
    "max-age = ",
    "resident-size = ",
    "wait-limit = ",
    "tiering = ",
    "call-cache = ",
    "maintenance-budget = ",
    "\"/x\"",
    "\"512MiB\"",
    "\"1.5.5EiB\"",
    "\"99999999999EiB\"",
    "\"30d\"",
    "\"999999999999y 9999M\"",
    "\"auto\"",
    "18446744073709551616",
    "-1",
    "0x7f",
    "1e400",
    "\n",
    "[a]\n",
    "#",
    "\"",
    "'''",
    "é",
    "{a={a=",
    "[[",
];

/// A file of any text: each value is one of its shape, or an error that names the line.
pub fn cache_toml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match file::entries(Path::new("/home/cache.toml"), &text) {
        Ok(entries) => {
            for entry in entries {
                assert!(entry.line >= 1 && entry.line <= 1 + text.matches('\n').count());
                if let Err(problem) = entry.key.shape().read(&entry.text) {
                    assert!(!problem.is_empty());
                }
                assert_eq!(Setting::named(entry.key.name()), Some(entry.key));
            }
        }
        Err(error) => {
            let Origin::File(_, line) = error.at;
            assert!(!error.problem.is_empty() && line >= 1 && line <= 1 + text.matches('\n').count());
        }
    }
    // Variables and flags are read the same way, whole.
    for setting in Setting::ALL {
        let _ = setting.shape().read(&text);
    }
}
