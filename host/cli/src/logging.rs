//! Logging, set up only when it is asked for: a subscriber takes time at each start, and most starts have nothing to say.

use crate::args::LoggingArgs;
use crate::failure::Failure;
use crate::output::{Log, Words};
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "GLOWPLUG_LOG";

/// Sets logging up, if it was asked for. The variable wins over `-v`: it says more.
pub(crate) fn init(args: &LoggingArgs) -> Result<(), Failure> {
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    if args.verbose == 0 && variable.is_none() {
        return Ok(());
    }
    let variable_is_unset = variable.is_none();
    let filter = match variable {
        Some(value) => value.to_string_lossy().into_owned(),
        None => {
            let level = match args.verbose {
                1 => "info",
                2 => "debug",
                _ => "trace",
            };
            format!("warn,glowplug={level},glowplug_cache={level},glowplug_runtime={level}")
        }
    };
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        Failure::usage(format!("{VARIABLE}: {filter:?} is no filter"))
            .because(&error)
            .hint("write a level, such as debug, or targets and levels, such as glowplug_cache=trace,wasmtime=info")
    })?;
    if args.verbose == 1 && variable_is_unset {
        // For people: what was done, as a program says it, and neither when nor where in our code.
        let words = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Words).with_ansi(false);
        words.without_time().with_level(false).with_target(false).init();
        return Ok(());
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        // What is logged has names in it, and goes where nothing passes that a terminal would obey.
        .with_ansi(false)
        .init();
    Ok(())
}
