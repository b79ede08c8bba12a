//! The command line of `glowplug run`.

use super::cache::parse_digest;
use super::{CacheArgs, CallArgs, ReportArgs};
use crate::config::Tiering;
use crate::config::keys::{read_size, read_time};
use clap::Args;
use glowplug_runtime::process::SessionLimits;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Run a WebAssembly program: a core module or a component, in the binary or the text format
#[derive(Debug, Default, Args)]
#[command(
    override_usage = "glowplug run [OPTIONS] FILE [ARGS]...",
    after_help = "Examples:
  glowplug run app.wasm in.txt              what follows FILE is the program's own
  glowplug run --dir . app.wasm in.txt      the program sees this folder
  glowplug run --dir data::/in app.wasm     the program sees data as /in
  glowplug run --invoke add math.wasm 1 2   call one exported function
  curl -s https://.../app.wasm | glowplug run -
  glowplug run --report app.wasm            say afterwards what the start was made of
  glowplug run --tiering wait app.wasm      leave no process behind, as in a container or in CI
  glowplug run --call-cache on --deterministic --dir . app.wasm in.txt
                                            do not run again until something that it read has changed

A large module that is not in the cache is compiled fast and run at once; a process in the background makes better code for \
the next start (`glowplug cache jobs` shows it). --tiering wait ends when that is done, --tiering off makes the better code \
first.

Exit codes: the program's own; 134 when it traps; 124 when --timeout or --cpu-time ends it; 1 when it cannot be run; 2 when the command \
line is wrong."
)]
pub(crate) struct RunArgs {
    /// The program, or - for standard input; and its own arguments
    #[arg(value_names = ["FILE", "ARGS"], required = true, trailing_var_arg = true, value_hint = clap::ValueHint::FilePath)]
    pub(crate) file_and_args: Vec<OsString>,
    /// Let the program see a folder; under the name GUEST, or under its own
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = parse_dir, value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<(PathBuf, String)>,
    /// Set an environment variable for the program, or pass on your own of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    /// Call this exported function with ARGS, and print its results; for a component a call such as 'add(1, 2)'
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) invoke: Option<String>,
    /// What the program sees as its own name, instead of the name of FILE
    #[arg(long, value_name = "NAME")]
    pub(crate) argv0: Option<String>,
    /// End the program after this time, such as 500ms, 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) timeout: Option<Duration>,
    /// The most memory that the program may take, such as 512MiB [default: half of the machine's, with the call cache a quarter]
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_memory: Option<u64>,
    /// Run FILE though it is native code that was compiled before, which is executed with your rights, unchecked
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    /// Start as if FILE and this artifact of it were part of this program, to measure what that is worth (`glowplug bench`)
    #[arg(long, value_name = "OUT.cwasm", hide = true, requires_all = ["allow_precompiled", "embedded_digest"])]
    pub(crate) embedded_artifact: Option<PathBuf>,
    /// FILE's digest, which a program knows of what is embedded in it
    #[arg(long, value_name = "DIGEST", hide = true, value_parser = parse_digest)]
    pub(crate) embedded_digest: Option<glowplug_cache::Digest>,
    /// What to do with a module that is not compiled yet: run fast-made code first and have better made in the background
    /// (auto), or before the end (wait), or make the better code first (off) [default: auto, or as `glowplug config` says]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) tiering: Option<Tiering>,
    #[command(flatten)]
    pub(crate) calls: CallArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl RunArgs {
    /// The limits of a run as a session.
    pub(crate) fn session_limits(&self) -> SessionLimits {
        self.calls.limits.over(SessionLimits {
            max_memory: self.max_memory,
            timeout: self.timeout,
            ..SessionLimits::default()
        })
    }
}

pub(super) fn parse_dir(text: &str) -> Result<(PathBuf, String), String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("a folder needs a name: HOST, or HOST::GUEST".to_owned());
    }
    Ok((PathBuf::from(host), guest.to_owned()))
}

pub(super) fn parse_env(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
    if name.is_empty() {
        return Err("a variable needs a name: NAME, or NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_variables_are_split_once() {
        assert_eq!(parse_dir("a::/b::c"), Ok(("a".into(), "/b::c".to_owned())));
        assert_eq!(parse_dir("a"), Ok(("a".into(), "a".to_owned())));
        assert!(parse_dir("::x").is_err());
        assert_eq!(parse_env("A=b=c"), Ok(("A".to_owned(), Some("b=c".to_owned()))));
        assert_eq!(parse_env("A"), Ok(("A".to_owned(), None)));
        assert!(parse_env("=x").is_err());
    }
}
