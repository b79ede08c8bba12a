//! The command line of `glowplug cache`.

use super::CacheArgs;
use crate::config::keys::{read_size, read_time};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Look into the cache, explain it, check it, clean it up
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug cache warm *.wasm        compile now what is to start at once later
  glowplug cache why app.wasm       would it be a hit, and if not, why?
  glowplug cache ls --json | jq     what lies there")]
pub(crate) struct CacheCommandArgs {
    /// Print one JSON value on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// One file in `commands/cache/` each.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print where the cache is
    #[command(after_help = "Example:\n  du -sh \"$(glowplug cache dir)\"")]
    Dir,
    /// List what the cache holds, the last used first
    #[command(after_help = "Example:\n  glowplug cache ls --json | jq -r '.[].source'")]
    Ls,
    /// Print how much the cache holds, how often it was hit or missed, why, and the time it saved
    #[command(after_help = "Example:\n  glowplug cache stats")]
    Stats,
    /// List what is being compiled now, and what failed in the background in the last day
    #[command(after_help = "Example:\n  glowplug cache jobs --json | jq -r '.[] | select(.state == \"running\").pid'")]
    Jobs,
    /// Say whether a start would be a hit, and if not, why
    #[command(after_help = "Example:
  glowplug cache why app.wasm || echo 'the next start compiles'

Exit codes: 0 for a hit; 1 when a module would be compiled, or cannot be read.")]
    Why {
        /// The modules and components
        #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// A start with `run --call-cache`, which has code of its own
        #[arg(long)]
        call_cache: bool,
    },
    /// Hash everything again, and say what is wrong
    #[command(after_help = "Example:
  glowplug cache verify || glowplug cache clear

Exit codes: 0 when everything is sound; 1 when something is not. Nothing is removed: a damaged artifact is never \
executed, and is compiled anew when it is next asked for.")]
    Verify,
    /// Look into the results that `run --call-cache` and `test` keep
    Calls(CallsArgs),
    /// Remove what is over the limits, what older versions left, and what nobody can use
    #[command(after_help = "Example:\n  glowplug cache prune --dry-run")]
    Prune {
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove everything, or what was compiled of some modules
    #[command(
        after_help = "Examples:\n  glowplug cache clear\n  glowplug cache clear app.wasm\n  glowplug cache clear 4e8da8ff"
    )]
    Clear {
        /// Only what was compiled of these: files, or modules by the first digits that `glowplug cache ls` prints
        #[arg(value_name = "FILE|KEY", value_hint = clap::ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Compile now, so that the next start is a hit
    #[command(after_help = "Example:
  glowplug cache warm plugins/*.wasm

Exit codes: 0 when all of them are in the cache now; 1 when one is not. The others are tried all the same.")]
    Warm {
        /// The modules and components
        #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// Compile them for `run --call-cache` as well, which has code of its own: what it computes is the same on every machine
        #[arg(long)]
        call_cache: bool,
    },
    /// What `run` starts in the background: compiles one module for the next start.
    #[command(hide = true)]
    Optimize(OptimizeArgs),
}

/// Look into the results that `run --call-cache` and `test` keep
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug cache calls ls
  glowplug cache calls why 3f2a9c01     which of its inputs changed, and from what to what
  glowplug cache calls clear 3f2a9c01   forget the results of one call")]
pub(crate) struct CallsArgs {
    #[command(subcommand)]
    pub(crate) command: CallsCommand,
}

/// One file in `commands/cache/calls/` each.
#[derive(Debug, Subcommand)]
pub(crate) enum CallsCommand {
    /// List the calls whose results are kept, the last used first
    #[command(after_help = "Example:\n  glowplug cache calls ls --json | jq '.[].results | length'")]
    Ls,
    /// Say of each result of a call whether it would be replayed now, and if not, what changed
    #[command(after_help = "Example:
  glowplug cache calls why 3f2a9c01
  glowplug cache calls why tests/04.t

Exit codes: 0 when a result would be replayed; 1 when none would.")]
    Why {
        /// The call's key, or its first digits, as `glowplug cache calls ls` prints it; or a case, or a program that was run
        #[arg(value_name = "KEY|FILE")]
        key: String,
    },
    /// Authenticate every entry, hash every output, and say what is wrong
    #[command(
        after_help = "Exit codes: 0 when everything is sound; 1 when something is not. What is damaged is never replayed."
    )]
    Verify,
    /// Remove what is over the limits, and what nobody can use
    #[command(after_help = "Example:\n  glowplug cache calls prune --dry-run")]
    Prune {
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove everything, or the results of some calls
    #[command(after_help = "Examples:\n  glowplug cache calls clear\n  glowplug cache calls clear 3f2a9c01")]
    Clear {
        /// Only these calls: their keys, or the first digits
        #[arg(value_name = "KEY")]
        keys: Vec<String>,
    },
}

/// Everything that the process in the background has to know: it asks neither environment nor configuration.
#[derive(Debug, Args)]
pub(crate) struct OptimizeArgs {
    /// The module, by its absolute path.
    pub(crate) file: PathBuf,
    /// The key that authenticates the store's contents.
    #[arg(long)]
    pub(crate) key_file: PathBuf,
    /// The digest of the wasm that was run.
    #[arg(long, value_parser = parse_digest)]
    pub(crate) module: glowplug_cache::Digest,
    /// The fingerprint of the engine that is to compile it.
    #[arg(long, value_parser = parse_digest)]
    pub(crate) engine: glowplug_cache::Digest,
    /// It is a component.
    #[arg(long)]
    pub(crate) component: bool,
    /// What is known of its functions may be used, and is to be kept.
    #[arg(long)]
    pub(crate) incremental: bool,
    /// The process that waits for it: as long as that is there, it need not give way to others.
    #[arg(long, value_name = "PID")]
    pub(crate) waited_for: Option<u32>,
    /// How long it may take.
    #[arg(long, value_parser = read_time)]
    pub(crate) time: Duration,
    /// How much memory it may take.
    #[arg(long, value_parser = read_size)]
    pub(crate) memory: u64,
}

pub(super) fn parse_digest(text: &str) -> Result<glowplug_cache::Digest, String> {
    glowplug_cache::Digest::parse(text).ok_or_else(|| format!("{text:?} is no digest of 64 hexadecimal digits"))
}
