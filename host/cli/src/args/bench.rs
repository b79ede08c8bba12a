//! The command line of `glowplug bench`.

use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// Measure what the cache is worth for a program: real processes, cold and warm, side by side
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug bench app.wasm -- --version
  glowplug bench app.wasm --runs 50 --html bench.html

Each contender runs once in each round, so that a machine that grows busy slows all of them down. The folders are \
private: your own cache is neither used nor changed.")]
pub(crate) struct BenchArgs {
    /// The program
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Its arguments, after --
    #[arg(value_name = "ARGS", last = true)]
    pub(crate) args: Vec<OsString>,
    /// How many rounds are measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// In how many of them those take part that have to compile
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cold_runs: u32,
    /// Write the figures to a file, as JSON
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) json: Option<PathBuf>,
    /// Write a page with a chart to a file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
    /// Keep the private folders in this one, and leave them there
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cache_dir: Option<PathBuf>,
}
