//! `glowplug snapshot`: a guest that is initialised already.

use crate::args::SnapshotArgs;
use crate::commands::compile::{keep_source, write_atomically};
use crate::failure::Failure;
use glowplug_cache::{Kind, Source};
use glowplug_runtime::{DirMount, GuestOptions, Output, SnapshotOptions, snapshot};

/// Runs the initialisation, and writes what comes of it.
pub(crate) fn run(args: &SnapshotArgs) -> Result<i32, Failure> {
    let (kind, wasm) = Source::file(args.file.as_path()).read()?;
    keep_source(&args.file, &args.output)?;
    if kind == Kind::Component && !(args.dirs.is_empty() && args.env.is_empty() && !args.inherit_env) {
        return Err(Failure::usage("the initialization of a component can be given neither folders nor variables")
            .hint("leave out --dir, --env and --inherit-env: what it imports traps when it is called"));
    }
    let options = SnapshotOptions {
        init_func: args.init_func.clone(),
        keep_init_func: args.keep_init_func,
        renames: args.rename_func.clone(),
        guest: guest_options(args),
    };
    let image = snapshot(&wasm, &options)?;
    write_atomically(&args.output, &image).map_err(|error| Failure::file("write", &args.output, &error))?;
    Ok(0)
}

fn guest_options(args: &SnapshotArgs) -> GuestOptions {
    let mut env: Vec<(String, String)> = Vec::new();
    if args.inherit_env {
        // Variables that are not UTF-8 cannot be passed on, here as in `run`.
        env.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
    }
    for (name, value) in &args.env {
        env.retain(|(known, _)| known != name);
        env.extend(value.clone().or_else(|| std::env::var(name).ok()).map(|value| (name.clone(), value)));
    }
    GuestOptions {
        name: args.file.display().to_string(),
        env,
        dirs: args
            .dirs
            .iter()
            .map(|(host, guest)| DirMount { host: host.clone(), guest: guest.clone(), read_only: true })
            .collect(),
        // What it says goes where a user looks; a panic, for one.
        stdout: Output::Inherit,
        stderr: Output::Inherit,
        ..GuestOptions::default()
    }
}
