//! Reads the cache's default settings from `cache.toml.example`, so that the example cannot say anything else than
//! what the program does; embeds the guests; and says in which order the program's functions lie.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

#[path = "host/cli/build/guests.rs"]
mod guests;
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "host/cli/src/config/keys.rs"]
mod keys;
#[path = "host/cli/build/layout.rs"]
mod layout;

use keys::{Setting, Value};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

const EXAMPLE: &str = "cache.toml.example";

fn main() {
    println!("cargo::rerun-if-changed={EXAMPLE}");
    println!("cargo::rerun-if-changed=host/cli/src/config/keys.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let defaults = write_defaults().map_err(|problem| format!("{EXAMPLE}: {problem}"));
    if let Err(problem) = defaults.and_then(|()| layout::order_functions()).and_then(|()| guests::embed()) {
        println!("cargo::error={problem}");
        process::exit(1);
    }
}

/// A constant for each setting, which `config/mod.rs` includes.
fn write_defaults() -> Result<(), String> {
    let text = fs::read_to_string(EXAMPLE).map_err(|error| format!("cannot be read: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("is not TOML: {error}"))?;
    if let Some(unknown) = table.keys().find(|name| Setting::named(name).is_none()) {
        return Err(format!("`{unknown}` is no setting; known are: {}", Setting::names()));
    }
    let mut constants = String::new();
    for key in Setting::ALL {
        let value = table.get(key.name()).ok_or_else(|| format!("`{}` and its default are missing", key.name()))?;
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            other => {
                return Err(format!("`{}` must be a string or a whole number, not a {}", key.name(), other.type_str()));
            }
        };
        let value = key.shape().read(&text).map_err(|problem| format!("`{}`: {problem}", key.name()))?;
        let (kind, value) = constant(*key, value);
        writeln!(constants, "pub(super) const {}: {kind} = {value};", key.constant()).expect("writing to a string");
    }
    let folder = env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    let file = Path::new(&folder).join("defaults.rs");
    fs::write(&file, constants).map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

/// The type and the value, as Rust writes them.
fn constant(key: Setting, value: Value) -> (String, String) {
    match value {
        Value::Path(path) => ("Option<&str>".to_owned(), format!("{path:?}")),
        // The words are those of an enumeration that is named like the setting: `Backend::Auto`.
        Value::Word(word) => {
            let kind = capitalized(key.name());
            let variant = capitalized(word);
            (kind.clone(), format!("{kind}::{variant}"))
        }
        Value::Number(number) => ("u64".to_owned(), number.to_string()),
        Value::Time(time) => {
            ("Duration".to_owned(), format!("Duration::new({}, {})", time.as_secs(), time.subsec_nanos()))
        }
    }
}

/// `call-cache` as the name of a type.
fn capitalized(words: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    words.split('-').map(capital).collect()
}
