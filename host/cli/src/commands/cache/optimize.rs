//! `glowplug cache optimize`: what `run` starts in the background.

use crate::args::OptimizeArgs;
use crate::commands::run::{default_engine, process_engine};
use crate::detach;
use crate::failure::{EXIT_FAILURE, Failure};
use crate::output;
use glowplug_cache::{
    CacheKey, Claim, EngineFingerprint, Incremental, JobLimits, Kind, LoadError, LoadReport, ModuleCache, Pending,
    Settings,
};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Somebody else compiles the same: EX_TEMPFAIL of sysexits.h.
const EXIT_UNDER_WAY: i32 = 75;

/// Compiles one module for the next start, and says what becomes of it in a log in the store.
pub(super) fn run(args: &OptimizeArgs, cache_dir: Option<PathBuf>) -> Result<i32, Failure> {
    detach::detach(args.waited_for.is_some());
    let _watchdog = detach::end_after(args.time)
        .map_err(|error| Failure::new("failed to start the clock for --time").because(&error))?;
    args.waited_for
        .map_or(Ok(()), |starter| detach::when_left(starter, args.time))
        .map_err(|error| Failure::new("failed to start a thread").because(&error))?;
    detach::limit_memory(args.memory);
    let cache = ModuleCache::open(settings(args, cache_dir.unwrap_or_default()))?;
    let kind = if args.component { Kind::Component } else { Kind::Module };
    let pending = Pending::of_file(args.file.clone(), CacheKey::new(args.module, args.engine.into(), kind));
    let Some(claim) = pending.claim(&cache) else { return Ok(EXIT_UNDER_WAY) };
    let limits = JobLimits { time: args.time, memory: args.memory };
    let log = claim.log(limits).map_err(|error| Failure::new("failed to write to the store").because(&error))?;
    // An allocation that fails has its say there too, and so has a panic, which is often the same.
    rustix::stdio::dup2_stderr(&log)
        .map_err(|error| Failure::new("failed to open the log").because(&std::io::Error::from(error)))?;
    match compile(claim, args) {
        Ok(report) if report.notes.is_empty() => Ok(0),
        Ok(report) => Ok(said(&report.notes.join("; "))),
        Err(error) => Ok(said(&chain(&error))),
    }
}

/// With the engine that the key names: that of `run`, or that of the processes of sessions, as which `run --call-cache` runs it.
fn compile(claim: Claim<'_>, args: &OptimizeArgs) -> Result<LoadReport, LoadError> {
    let engine = default_engine();
    let is_it = engine.compiler().is_ok_and(|engine| EngineFingerprint::of(engine).digest() == args.engine);
    if is_it {
        return claim.compile(&engine);
    }
    claim.compile(&process_engine())
}

/// One line, because the log's last one is shown.
fn said(why: &str) -> i32 {
    output::error_line(&why.replace('\n', " "));
    EXIT_FAILURE
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(&format!(": {error}"));
        next = error.source();
    }
    text
}

/// Nothing in here cleans up: what may be evicted is for those to say who know the user's limits.
fn settings(args: &OptimizeArgs, folder: PathBuf) -> Settings {
    let mut settings = Settings::new(folder, args.key_file.clone());
    settings.backend = glowplug_cache::Backend::Aot;
    settings.incremental = if args.incremental { Incremental::On } else { Incremental::Off };
    settings.resident_bytes = 0;
    (settings.max_bytes, settings.max_entries, settings.max_age) = (u64::MAX, u64::MAX, Duration::MAX);
    settings.maintenance_interval = Duration::MAX;
    settings
}
