//! Reading `cache.toml`, with the line of each value.

use super::keys::Setting;
use super::{ConfigError, Origin};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// One line of the file.
pub(super) struct Entry {
    pub(super) key: Setting,
    pub(super) text: String,
    pub(super) line: usize,
}

/// What the file says. Values are checked by whoever takes them.
pub(super) fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, ConfigError> {
    let wrong =
        |offset: usize, problem: String| ConfigError { at: Origin::File(path.to_owned(), line(text, offset)), problem };
    let table = DeTable::parse(text)
        .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut entries = Vec::with_capacity(table.get_ref().len());
    for (name, value) in table.get_ref() {
        let key = Setting::named(name.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = Setting::ALL.iter().map(|known| known.name()).collect();
            let problem = match glowplug_harness::nearest(name.get_ref(), &known) {
                Some(near) => format!("`{}` is no setting; did you mean `{near}`?", name.get_ref()),
                None => format!("`{}` is no setting; known are: {}", name.get_ref(), Setting::names()),
            };
            wrong(name.span().start, problem)
        })?;
        let value_text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            _ => {
                let problem = format!("{}: the value must be a string or a whole number", key.name());
                return Err(wrong(value.span().start, problem));
            }
        };
        entries.push(Entry { key, text: value_text, line: line(text, name.span().start) });
    }
    Ok(entries)
}

/// The line that holds the byte at `offset`, counted from 1.
fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
