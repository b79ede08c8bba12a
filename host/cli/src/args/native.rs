//! What the command line says of native programs.

use clap::Args;
use glowplug_runtime::process::{AllowedNative, Variable};
use std::path::PathBuf;

/// Which native programs run, and with what.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Native programs")]
pub(crate) struct NativeArgs {
    /// Let this program of your machine run. It sees the folders that the shell sees, those of the system, and no network; with
    /// =free it has all of your rights [default: none]
    #[arg(long, value_name = "NAME|PATH[=free]")]
    pub(crate) allow_native: Vec<AllowedNative>,
    /// Pass a variable of the shell on to native programs, or set it for them [default: TERM, LANG, TZ and a few more]
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) native_env: Vec<Variable>,
    /// Let native programs read and execute what is in this folder of your machine, or this file
    #[arg(long, value_name = "PATH[:ro]", value_parser = readable, value_hint = clap::ValueHint::AnyPath)]
    pub(crate) native_dir: Vec<PathBuf>,
}

fn readable(text: &str) -> Result<PathBuf, String> {
    let path = text.strip_suffix(":ro").unwrap_or(text);
    if path.ends_with(":rw") {
        return Err("what native programs may write to is what the shell may: use --dir".to_owned());
    }
    std::fs::canonicalize(path).map_err(|error| error.to_string())
}
