//! Runs that are traced, kept and replayed: what `run` and `test` have in common.

mod execute;
mod replay;
mod stdin;

use crate::config::Config;
pub(crate) use execute::{Execution, Ran, Unkept};
use glowplug_calls::{CallCache, CallKey};
pub(crate) use replay::{commit, first_written_difference, print};
use rustix::fs::Mode;
use std::sync::OnceLock;
pub(crate) use stdin::{Nothing, StandardInput};

/// What guests are told by this host beside what the key and the trace say: bumped whenever the same program, called in the same
/// way, may see something else of it. (An upgrade of the engine is none: wasm means the same under all of them.)
///
/// History, so that a bump is deliberate:
/// 1. the first.
/// 2. reads of standard input are filled, `poll_oneoff` tells no counts, `fd_allocate` wants a file that may be written to.
const HOST: u32 = 2;

/// Opens the call cache that the settings describe; in words, why there is none.
pub(crate) fn open(config: &Config) -> Result<CallCache, String> {
    if config.backend() == glowplug_cache::Backend::Off {
        return Err("the cache is switched off".to_owned());
    }
    let _ = mask();
    let mut settings = config.call_settings()?;
    settings.base = std::env::current_dir().ok();
    CallCache::open(settings)
}

/// What is done in the end, when nobody waits for output any more; mostly nothing, because it was done within the hour.
pub(crate) fn clean_up(cache: &CallCache) {
    match cache.maintain() {
        Ok(Some(_)) => remove_abandoned(),
        Ok(None) => {}
        Err(error) => tracing::debug!("the call cache could not be cleaned up: {error}"),
    }
}

/// Removes the folders of runs that were killed.
pub(crate) fn remove_abandoned() {
    match glowplug_fs::remove_abandoned(&std::env::temp_dir()) {
        Ok(count) => tracing::debug!("{count} scratch folders of killed runs were removed"),
        Err(error) => tracing::debug!("scratch folders of killed runs could not be looked for: {error}"),
    }
}

/// A key with what every call has.
pub(crate) fn key(label: &[u8]) -> CallKey {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    CallKey::new(label)
        .with("host", HOST.to_string())
        .with("user", format!("{} of group {}", user.as_raw(), group.as_raw()))
        .with("umask", format!("{:03o}", mask().as_raw_mode()))
}

/// The permissions that files which this process makes do not get. The first call changes them for a moment, so it has to come
/// before other threads make files.
pub(crate) fn mask() -> Mode {
    static MASK: OnceLock<Mode> = OnceLock::new();
    *MASK.get_or_init(|| {
        let mask = rustix::process::umask(Mode::empty());
        rustix::process::umask(mask);
        mask
    })
}
