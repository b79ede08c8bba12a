//! `glowplug cache dir`: where the cache is.

use crate::commands::config::in_force;
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use serde_json::json;

/// Prints the folder, whether it is there or not; and on standard error what is in force, which may be something else.
pub(super) fn run(config: &Config, as_json: bool) -> Result<i32, Failure> {
    let Some(folder) = config.folder() else {
        return Err(Failure::new("there is no folder for the cache: no home folder is known")
            .hint("set HOME or GLOWPLUG_CACHE_DIR, or give --cache-dir"));
    };
    if as_json {
        output::print_json(&json!({
            "dir": folder,
            "key_file": config.key_file(),
            "config_file": config.file(),
            "in_force": in_force(config),
        }));
    } else {
        output::show(output::Text::new().line(output::path(&folder)));
        // Not between those who use the folder's name (`du -sh "$(glowplug cache dir)"`).
        output::remark(format_args!("in force: {}", in_force(config)));
    }
    Ok(0)
}
