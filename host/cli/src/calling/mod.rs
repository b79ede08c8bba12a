//! Runs that are traced, kept and replayed: what `run` and `test` have in common.

mod execute;
mod identity;
mod replay;
mod stdin;

use crate::config::Config;
pub(crate) use execute::{Execution, Ran, Unkept};
use glowplug_calls::{CallCache, CallKey};
use glowplug_runtime::process::SessionLimits;
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
    key_of(label, identity::identity())
}

fn key_of(label: &[u8], who: &str) -> CallKey {
    CallKey::new(label)
        .with("host", HOST.to_string())
        .with("user", who)
        .with("umask", format!("{:03o}", mask().as_raw_mode()))
}

/// The same key for a run that has these limits: a guest sees what they refuse it.
///
/// Each field is named here, so that none is forgotten. Only what is not the default counts: a default that hangs on the machine
/// is no part of a result, because a run that meets it is not kept.
pub(crate) fn limited(key: CallKey, limits: &SessionLimits, max_disk: Option<u64>) -> CallKey {
    // Who is ended by its time is not kept either, and sees nothing of it before.
    let SessionLimits { max_memory, max_memory_total, max_processes, max_output, max_files, timeout: _, cpu_time } =
        *limits;
    let defaults = SessionLimits::default();
    let other = |number: usize, default: usize| (number != default).then_some(number as u64);
    let numbers = [
        ("--max-memory", max_memory),
        ("--max-memory-total", max_memory_total),
        ("--max-processes", other(max_processes, defaults.max_processes)),
        ("--max-output", max_output),
        ("--max-files", other(max_files, defaults.max_files)),
        ("--max-disk", max_disk),
    ];
    let said = numbers.into_iter().filter_map(|(option, number)| Some((option, number?.to_string())));
    let cpu_time = cpu_time.map(|time| ("--cpu-time", format!("{time:?}")));
    said.chain(cpu_time).fold(key, |key, (option, value)| key.with(option, value))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{RunArgs, TestArgs};
    use clap::{Args, Command, FromArgMatches};

    /// Options of `run` and `test` by which nothing is refused that a guest asks for.
    const NO_LIMITS: &[&str] = &[
        // What they change is in the key, or makes it another command.
        "dir",
        "env",
        "argv0",
        "deterministic",
        "no-deterministic",
        "allow-native",
        "native-env",
        "native-dir",
        "trust-project",
        // Runs with these are not kept, or nothing of them is looked for.
        "invoke",
        "allow-precompiled",
        "embedded-artifact",
        "embedded-digest",
        // They end a run, whose result is not kept then.
        "timeout",
        // When and how it runs, and what is said of it.
        "tiering",
        "call-cache",
        "cacheable",
        "no-call-cache",
        "cache-failures",
        "verify-only",
        "call-cache-check",
        "report",
        "report-file",
        "cache",
        "cache-dir",
        "list",
        "filter",
        "interactive",
        "update",
        "test-threads",
        "retries",
        "no-fail-fast",
        "max-fail",
        "no-fast-path",
        "force",
        "report-json",
        "junit",
        "verbose",
    ];

    fn parsed<A: Args + FromArgMatches>(line: &[String]) -> A {
        let command = A::augment_args(Command::new("glowplug").no_binary_name(true));
        A::from_arg_matches(&command.try_get_matches_from(line).expect("a command line")).expect("arguments")
    }

    /// Goes through all options of a command: each is a limit, and then in the key, or known to be none.
    fn check<A: Args + FromArgMatches>(key_of: impl Fn(&A) -> CallKey) -> Vec<String> {
        let mut limits = Vec::new();
        let plain = key_of(&parsed(&["x".to_owned()])).digest();
        for option in A::augment_args(Command::new("glowplug")).get_arguments() {
            let Some(name) = option.get_long().filter(|name| !NO_LIMITS.contains(name)) else { continue };
            let digest = |value: u32| key_of(&parsed(&[format!("--{name}={value}"), "x".to_owned()])).digest();
            assert!(digest(7) != plain && digest(7) != digest(8), "--{name} is not in the key of a call");
            limits.push(name.to_owned());
        }
        limits
    }

    #[test]
    fn every_limit_that_a_guest_can_observe_is_in_the_key() {
        let limits = check(|args: &RunArgs| limited(key(b"x"), &args.session_limits(), args.calls.max_disk));
        let expected = ["max-memory", "max-disk", "max-memory-total", "max-files", "cpu-time"];
        assert!(expected.iter().all(|name| limits.iter().any(|limit| limit == name)), "{limits:?}");
        let folder = std::path::Path::new("/");
        let limits = check(|args: &TestArgs| crate::commands::test::zero_key(args, folder));
        assert!(expected[1..].iter().all(|name| limits.iter().any(|limit| limit == name)), "{limits:?}");
    }
}
