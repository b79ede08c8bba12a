//! The command line of `glowplug shell`.

use super::run::parse_env;
use super::{CacheArgs, LimitArgs, NativeArgs, ReportArgs};
use crate::config::keys::{read_size, read_time};
use clap::Args;
use glowplug_fs::{Mount, MountError};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The embedded shell: bash's language, every command a WebAssembly instance that sees only what you allow
#[derive(Debug, Args)]
#[command(
    override_usage = "glowplug shell [OPTIONS] [-c SCRIPT [NAME [ARGS]...] | FILE [ARGS]...]",
    after_help = "Examples:
  glowplug                                     an interactive shell that reads and writes this folder, and nothing else
  glowplug shell -c 'ls | wc -l'               one command line
  glowplug shell -euo pipefail build.sh a b    a script, with the shell's own flags as bash takes them
  echo 'seq 10 | sort -rn' | glowplug shell    commands from standard input
  glowplug shell --dir src:ro --dir out FILE   look, but write to out alone
  glowplug shell --dir .:overlay --overlay-diff -c 'sed -i s/a/b/ *.txt'
                                               see what a script would change, and change nothing
  glowplug shell --allow-native git            let one program of this machine run, confined to the same folders

The shell begins in the folder where you are, whatever --dir says, and finds each folder that --dir names where you find it, also \
through a link. With --dir the current folder holds nothing but these, unless it is one of them or in one. Under ::GUEST a folder is \
seen there alone; the shell begins there if you are in it. FILE is read wherever it lies.

Our own options come first, and are long, except for -v. Everything from the shell's first flag or FILE on is the shell's.

Exit codes: the shell's own; 124 when --timeout or --cpu-time ends it; 1 when it cannot be started; 2 when the command line is wrong."
)]
pub(crate) struct ShellArgs {
    /// The shell's own flags; a script, and its arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true, value_hint = clap::ValueHint::FilePath)]
    pub(crate) args: Vec<OsString>,
    /// Let the shell see a folder, under its own name or as GUEST: read only, read and written, or with all writes going to a
    /// copy that is thrown away [default: the current folder, :rw]
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro|:rw|:overlay]", value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<DirArg>,
    /// Set an environment variable for the shell, or pass on your own of that name [default: TERM, LANG, TZ, HOME and a few more]
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    #[command(flatten)]
    pub(crate) native: NativeArgs,
    /// Not there yet: nothing in the shell has a network
    #[arg(long)]
    pub(crate) network: bool,
    /// End everything after this time, such as 500ms, 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) timeout: Option<Duration>,
    /// The most memory that each process may take, such as 512MiB [default: a quarter of the machine's]
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_memory: Option<u64>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// The most processes that may run at once [default: 512]
    #[arg(long, value_name = "N")]
    pub(crate) max_processes: Option<usize>,
    /// The most that all processes together may write to standard output and error, such as 10MiB
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_output: Option<u64>,
    /// The most of the disk that everything takes which is written to /tmp, to layers and to mounted folders, such as 1GiB
    /// [default: 2GiB or half of what is free for /tmp and layers, half of what is free for mounted folders].
    /// Native programs are not counted: no file of theirs can be larger than what is left
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_disk: Option<u64>,
    /// Say at the end, on standard error, what was changed in folders with :overlay
    #[arg(long)]
    pub(crate) overlay_diff: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// What the shell is called by itself: bash, or sh when the program goes by that name.
    #[arg(skip = "bash".to_owned())]
    pub(crate) name: String,
    /// Whether the program was called by its own name, so that there are options of its own.
    #[arg(skip = true)]
    pub(crate) is_ours: bool,
}

/// One `--dir`.
#[derive(Clone, Debug)]
pub(crate) struct DirArg {
    /// What it mounts.
    pub(crate) mount: Mount,
    /// The folder's name as it was written, where guests are to see it under its own.
    pub(crate) written: Option<PathBuf>,
}

impl FromStr for DirArg {
    type Err = MountError;

    fn from_str(text: &str) -> Result<Self, MountError> {
        Mount::with_name(text).map(|(mount, written)| Self { mount, written })
    }
}

impl Default for ShellArgs {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            dirs: Vec::new(),
            env: Vec::new(),
            native: NativeArgs::default(),
            network: false,
            timeout: None,
            max_memory: None,
            limits: LimitArgs::default(),
            max_processes: None,
            max_output: None,
            max_disk: None,
            overlay_diff: false,
            report: ReportArgs::default(),
            cache: CacheArgs::default(),
            name: "bash".to_owned(),
            is_ours: true,
        }
    }
}
