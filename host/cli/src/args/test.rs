//! The command line of `glowplug test`.

use super::run::parse_env;
use super::{CacheArgs, CallModeArgs, LimitArgs, NativeArgs};
use crate::config::keys::{read_size, read_time};
use clap::Args;
use glowplug_harness::schedule::MaxFail;
use std::path::PathBuf;
use std::time::Duration;

/// Run cases: files of commands and what they are expected to print, each in a sandboxed shell of its own
#[derive(Debug, Args)]
#[command(after_help = "A case is a file whose name ends in .t, in cram's format:

  Anything that is not indented is a comment.

    $ printf 'b\\na\\n' | sort       a command, indented by two spaces
    a                              what it prints, on standard output and error
    b
    $ cat missing
    cat: missing: * (glob)         (glob), (re), (esc) and (no-eol) end a line that is not meant literally
    [1]                            its exit code, if it is not 0

Examples:
  glowplug test                    every case below this folder, or those that glowplug.toml names
  glowplug test tests/cli.t        one case
  glowplug test --update           write what was printed into the cases
  glowplug test --verify-only      is everything proven by earlier runs? Executes nothing
  glowplug test --force            run everything

A case runs again when something that it observed has changed: a file that it read, one that it looked for and did not \
find, a folder that it listed. When nothing has that any case observed, nothing runs at all.

A case finds the project in /src, to be read, and a copy of its own folder in /case. A native program that it runs, by \
--allow-native or because glowplug.toml asks for it and you trust that, works in the host's folder for /case or /src, and is never \
cached; paths that it is given as arguments are those of the host.

Exit codes, as cargo nextest has them: 0 when all cases passed; 100 when one failed; 4 when there was no case to run; 96 when \
the harness could not do its work; 1 when --verify-only finds that something would have to run; 2 when the command line is wrong.")]
pub(crate) struct TestArgs {
    /// Cases, or folders of them [default: as glowplug.toml says, else this folder]
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only cases whose path has this text in it
    #[arg(short = 'k', long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// Print the cases that would run, and run none
    #[arg(long)]
    pub(crate) list: bool,
    /// Write what was observed into the cases
    #[arg(long, conflicts_with_all = ["interactive", "verify_only"])]
    pub(crate) update: bool,
    /// Show each difference, and ask whether to write it into the case
    #[arg(short, long, conflicts_with = "verify_only")]
    pub(crate) interactive: bool,
    /// How many cases run at once [default: as many as there are processors]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) test_threads: Option<u16>,
    /// How often a case that failed is run again; one that passes then is flaky
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Go on after a case has failed
    #[arg(long, conflicts_with = "max_fail")]
    pub(crate) no_fail_fast: bool,
    /// Stop when so many cases have failed [default: 1]
    #[arg(long, value_name = "N|all")]
    pub(crate) max_fail: Option<MaxFail>,
    /// End a case after this time, such as 500ms, 30s or 5m [default: 60s, or as glowplug.toml says]
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) timeout: Option<Duration>,
    /// The most of the disk that each case may take, such as 100MiB [default: 2GiB, or half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_disk: Option<u64>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Set an environment variable for the cases, or pass on your own of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    #[command(flatten)]
    pub(crate) native: NativeArgs,
    /// Let the native programs run that this project's glowplug.toml asks for, now and until that file changes
    #[arg(long)]
    pub(crate) trust_project: bool,
    /// Give the cases the real clock and real random numbers; those that ask for them are not cached
    #[arg(long)]
    pub(crate) no_deterministic: bool,
    #[command(flatten)]
    pub(crate) calls: CallModeArgs,
    /// Look at each case, even if the last run proved all of them
    #[arg(long)]
    pub(crate) no_fast_path: bool,
    /// Run every case, whatever is known of it
    #[arg(long, conflicts_with = "verify_only")]
    pub(crate) force: bool,
    /// Execute nothing: end with 0 if everything is proven from the cache
    #[arg(long)]
    pub(crate) verify_only: bool,
    /// Run what is known as well, and fail where a fresh run differs
    #[arg(long, conflicts_with_all = ["verify_only", "force"])]
    pub(crate) call_cache_check: bool,
    /// Write a report as JSON
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) report_json: Option<PathBuf>,
    /// Write a report in JUnit's format
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
