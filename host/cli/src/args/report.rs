//! How a start is reported.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is said of the start afterwards.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct ReportArgs {
    /// Say on standard error, after the program has ended, whether it came from the cache, why, and how long each part took
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub(crate) report: Option<ReportFormat>,
    /// Write the report to a file instead; as JSON, unless --report says otherwise
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) report_file: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}
