//! `glowplug cache`: one file a subcommand.

mod calls;
mod clear;
mod dir;
mod jobs;
mod ls;
mod optimize;
mod prune;
mod stats;
mod verify;
mod warm;
mod why;

use crate::args::{CacheCommand, CacheCommandArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::opening::{self, Opened};
use crate::output;
use crate::text;
use glowplug_cache::{Backend, BackendUsed, Pruned};
use serde_json::{Value, json};

/// Does what the subcommand says.
pub(crate) fn run(args: CacheCommandArgs) -> Result<i32, Failure> {
    // Where it is must be known even where it cannot be opened.
    if let CacheCommand::Dir = args.command {
        return dir::run(&Config::load(&args.cache)?, args.json);
    }
    if let CacheCommand::Warm { files, call_cache } = &args.command {
        return warm::run(Config::load(&args.cache)?, files, *call_cache, args.json);
    }
    if let CacheCommand::Optimize(optimize) = &args.command {
        return optimize::run(optimize, args.cache.cache_dir);
    }
    if let CacheCommand::Calls(calls) = &args.command {
        return calls::run(&Config::load(&args.cache)?, &calls.command, args.json);
    }
    let opened = opening::open(&args.cache)?;
    match args.command {
        CacheCommand::Dir | CacheCommand::Warm { .. } | CacheCommand::Optimize(_) | CacheCommand::Calls(_) => {
            unreachable!("handled above")
        }
        CacheCommand::Ls => ls::run(&opened, args.json),
        CacheCommand::Jobs => jobs::run(&opened, args.json),
        CacheCommand::Stats => stats::run(&opened, args.json),
        CacheCommand::Why { files, call_cache } => why::run(&opened, &files, call_cache, args.json),
        CacheCommand::Verify => verify::run(&opened, args.json),
        CacheCommand::Prune { dry_run } => prune::run(&opened, dry_run, args.json),
        CacheCommand::Clear { files } => clear::run(&opened, &files, args.json),
    }
}

/// What a command says when the store does not answer.
fn failed(opened: &Opened, what: &str, error: &std::io::Error) -> Failure {
    let folder = opened.config.folder();
    let place = folder.map_or_else(|| "the cache".to_owned(), |folder| format!("the cache in {}", folder.display()));
    let failure = Failure::new(format!("failed to {what} {place}"));
    let hint = "only glowplug's own store can be looked into; choose it with --cache auto or --cache aot";
    if opened.cache.backend() == BackendUsed::Wasmtime {
        failure.because_text(Some("Wasmtime's disk cache is in use, which says nothing of what it holds")).hint(hint)
    } else if opened.config.backend() == Backend::Off {
        failure.because(error).hint(hint)
    } else {
        failure.because(error)
    }
}

/// What was removed, or would be, as both formats say it.
fn print_pruned(pruned: &Pruned, dry_run: bool, as_json: bool) {
    let freed: u64 = pruned.removed.iter().map(|removed| removed.bytes).sum();
    if as_json {
        let removed: Vec<Value> = pruned
            .removed
            .iter()
            .map(|removed| json!({ "path": removed.path, "bytes": removed.bytes, "why": removed.why }))
            .collect();
        output::print_json(&json!({
            "dry_run": dry_run,
            "removed": removed,
            "removed_bytes": freed,
            "kept_entries": pruned.kept_entries,
            "kept_bytes": pruned.kept_bytes,
        }));
        return;
    }
    let mut lines = output::Text::new();
    if dry_run {
        for removed in &pruned.removed {
            lines.line(format_args!("{} ({}): {}", removed.path, text::size(removed.bytes), removed.why));
        }
    }
    let verb = if dry_run { "would remove" } else { "removed" };
    lines.line(format_args!(
        "{verb} {} ({}); {} left ({})",
        text::count(pruned.removed.len() as u64, "file"),
        text::size(freed),
        text::count(pruned.kept_entries, "entry"),
        text::size(pruned.kept_bytes),
    ));
    output::show(&lines);
}
