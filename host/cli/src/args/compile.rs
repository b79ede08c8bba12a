//! The command lines of what makes files: `glowplug compile` and `glowplug snapshot`.

use super::CacheArgs;
use super::run::{parse_dir, parse_env};
use clap::Args;
use std::path::PathBuf;

/// Compile a module ahead of time, to native code for this machine and this version of Wasmtime
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug compile app.wasm
  glowplug run --allow-precompiled app.cwasm

The cache does this by itself; an artifact of your own is for a machine that must not compile. It is executed unchecked, \
so take one from nobody but yourself.")]
pub(crate) struct CompileArgs {
    /// The module or component
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where the native code goes [default: FILE with the extension .cwasm]
    #[arg(short, long, value_name = "OUT.cwasm", value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Initialize a module or component ahead of time, and write it as it is then
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug snapshot app.wasm -o fast.wasm
  glowplug snapshot --init-func setup --dir data::/data app.wasm -o fast.wasm
  glowplug snapshot --rename-func _start=resume app.wasm -o fast.wasm

FILE exports a function that does what every start would do: read tables, parse settings, build what is looked up later. \
It runs now, and the result begins where it returned. Whatever it sees is frozen into the image: files, variables, and \
random numbers too, such as the seeds of hash tables. So it is given nothing but what you ask for. A component is given \
nothing at all.")]
pub(crate) struct SnapshotArgs {
    /// The module or component
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where the result goes
    #[arg(short, long, value_name = "OUT.wasm", value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// The exported function that initializes it; for a component also a call such as 'setup("a")'
    #[arg(short = 'f', long, value_name = "NAME", default_value = glowplug_runtime::SnapshotOptions::INIT_FUNC)]
    pub(crate) init_func: String,
    /// Leave that function exported [default: a module's is not, afterwards; a component's always is]
    #[arg(long)]
    pub(crate) keep_init_func: bool,
    /// Export the function OLD under the name NEW, in place of what had that name
    #[arg(short, long, value_name = "NEW=OLD", value_parser = parse_rename)]
    pub(crate) rename_func: Vec<(String, String)>,
    /// Let the initialization read a folder; under the name GUEST, or under its own
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = parse_dir, value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<(PathBuf, String)>,
    /// Set an environment variable for the initialization, or pass on your own of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    /// Pass on all of your environment variables
    #[arg(long)]
    pub(crate) inherit_env: bool,
}

fn parse_rename(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((new, old)) if !new.is_empty() && !old.is_empty() => Ok((new.to_owned(), old.to_owned())),
        _ => Err("a function gets a new name so: NEW=OLD".to_owned()),
    }
}
