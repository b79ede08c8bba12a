//! What the command line says of the call cache.

use super::LimitArgs;
use crate::config::CallCache;
use crate::config::keys::read_size;
use clap::Args;

/// Whether `test` uses the call cache.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct CallModeArgs {
    /// Do not run a case again when nothing that it observed has changed: every case (on), those that say that they are
    /// cacheable (explicit), or none (off) [default: on]
    #[arg(long, value_name = "WHEN", hide_possible_values = true, conflicts_with = "no_call_cache")]
    pub(crate) call_cache: Option<CallCache>,
    /// Run every case, and keep nothing of it
    #[arg(long)]
    pub(crate) no_call_cache: bool,
}

impl CallModeArgs {
    /// What is asked for.
    pub(crate) fn mode(self) -> CallCache {
        if self.no_call_cache { CallCache::Off } else { self.call_cache.unwrap_or(CallCache::On) }
    }
}

/// What `run` does with the call cache.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Call cache")]
pub(crate) struct CallArgs {
    /// Replay a result when nothing that the run observed has changed: for every run (on), for those with --cacheable
    /// (explicit), or for none (off) [default: off, or as `glowplug config` says]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) call_cache: Option<CallCache>,
    /// This run may be replayed: it has no effects but its output, its exit code and what it writes below --dir
    #[arg(long)]
    pub(crate) cacheable: bool,
    /// Run, whatever the settings say, and keep nothing of it
    #[arg(long, conflicts_with_all = ["call_cache", "cacheable"])]
    pub(crate) no_call_cache: bool,
    /// The most of the disk that the program may take with what it writes, such as 1GiB; only for core modules [default: no limit,
    /// with the call cache 2GiB or half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_disk: Option<u64>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Keep results of runs that failed as well
    #[arg(long)]
    pub(crate) cache_failures: bool,
    /// Give the program a clock that stands at the year 2000 and random numbers that are always the same, so that a run that asks
    /// for them can be replayed
    #[arg(long)]
    pub(crate) deterministic: bool,
    /// Execute nothing: end with 0 if there is a result to be replayed, else with 1, and say why not
    #[arg(long, conflicts_with_all = ["no_call_cache", "call_cache_check"])]
    pub(crate) verify_only: bool,
    /// Run although there is a result, compare, and fail with the first difference
    #[arg(long, conflicts_with = "no_call_cache")]
    pub(crate) call_cache_check: bool,
}

impl CallArgs {
    /// The option that a run without the call cache cannot keep, and what is left without it.
    pub(crate) fn needs_session(&self) -> Option<(&'static str, &'static str)> {
        self.deterministic.then_some(("--deterministic", "the program has the real clock and random numbers"))
    }

    /// Whether this run is looked for in the call cache, given what the settings say.
    pub(crate) fn wanted(&self, settings: CallCache) -> bool {
        if self.no_call_cache {
            return false;
        }
        // Who asks for these asks for the cache.
        if self.verify_only || self.call_cache_check {
            return true;
        }
        match self.call_cache.unwrap_or(settings) {
            CallCache::Off => false,
            CallCache::On => true,
            CallCache::Explicit => self.cacheable,
        }
    }
}
