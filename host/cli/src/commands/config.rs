//! `glowplug config`: the settings in force, and where each came from.

use crate::args::ConfigArgs;
use crate::config::Config;
use crate::config::keys::Setting;
use crate::failure::Failure;
use crate::output;
use crate::text::{Align, Table};
use glowplug_cache::{Backend, ModuleCache};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Variables that are no cache settings.
const OTHER_VARIABLES: [&str; 2] = ["GLOWPLUG_CONFIG", "GLOWPLUG_LOG"];

/// Prints every setting.
pub(crate) fn run(args: &ConfigArgs) -> Result<i32, Failure> {
    let config = Config::load(&args.cache)?;
    if let Err(reason) = config.settings() {
        output::warning(&format!("the cache is not used: {reason}"));
    }
    for name in unknown_variables() {
        output::warning(&format!("the variable {name} is none of glowplug's, and has no effect"));
    }
    if args.json {
        output::print_json(&as_json(&config));
    } else {
        output::print(&as_text(&config));
    }
    Ok(0)
}

fn as_json(config: &Config) -> Value {
    let settings: Map<String, Value> = Setting::ALL
        .iter()
        .map(|key| {
            let setting = json!({ "value": config.value(*key), "origin": config.origin(*key).to_string() });
            (key.name().to_owned(), setting)
        })
        .collect();
    json!({ "in_force": in_force(config), "file": config.file(), "file_exists": config.file().is_some_and(std::path::Path::exists), "settings": settings })
}

fn as_text(config: &Config) -> String {
    let mut table = Table::new(&[("setting", Align::Left), ("value", Align::Left), ("origin", Align::Left)]);
    for key in Setting::ALL {
        let value = match config.value(*key) {
            empty if empty.is_empty() => "(none)".to_owned(),
            value => value,
        };
        table.row(vec![key.name().to_owned(), value, config.origin(*key).to_string()]);
    }
    let file = match config.file() {
        Some(path) if path.exists() => format!("configuration file: {}", output::path(path)),
        Some(path) => format!("configuration file: {} (not there)", output::path(path)),
        None => "configuration file: none, for want of a home folder".to_owned(),
    };
    format!("{file}\nin force: {}\n\n{}", in_force(config), table.render())
}

/// What loads are answered from. Nothing is made for this question.
pub(super) fn in_force(config: &Config) -> String {
    if config.backend() == Backend::Off {
        return format!("no cache: it is switched off ({})", config.origin(Setting::Backend));
    }
    match config.settings() {
        Err(reason) => format!("no cache: {reason}"),
        Ok(settings) if !settings.folder.exists() || !settings.key_file.exists() => {
            format!("nothing yet: the first start makes {}", settings.folder.display())
        }
        Ok(mut settings) => {
            settings.maintenance_interval = Duration::MAX;
            ModuleCache::open(settings).map_or_else(|error| error.to_string(), |cache| cache.in_force())
        }
    }
}

/// A misspelt variable would have no effect, silently. Looking for them costs a walk through the environment, so only
/// this command does.
fn unknown_variables() -> Vec<String> {
    let known = |name: &str| OTHER_VARIABLES.contains(&name) || Setting::ALL.iter().any(|key| key.variable() == name);
    let mut unknown: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("GLOWPLUG_") && !known(name))
        .collect();
    unknown.sort();
    unknown
}
