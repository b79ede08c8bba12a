//! Reading the file: every key is known, every value has its kind, and an error names the place.

use super::{Config, ConfigError, Override};
use crate::case::read_timeout;
use crate::discover::Selection;
use crate::pattern::Pattern;
use crate::suggest;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const TOP: &[&str] = &["test"];
const TEST: &[&str] = &[
    "paths",
    "exclude",
    "inputs",
    "env",
    "pass-env",
    "allow-native",
    "timeout",
    "retries",
    "jobs",
    "cacheable",
    "deterministic",
    "override",
];
const OVERRIDE: &[&str] = &["filter", "timeout", "retries", "cacheable", "allow-native", "env"];

type Value<'t> = Spanned<DeValue<'t>>;

/// Knows where what it reads stands.
struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
}

/// Reads the whole file.
pub(super) fn config(text: &str, file: &Path) -> Result<Config, ConfigError> {
    let reader = Reader { file, text };
    let document = DeTable::parse(text)
        .map_err(|error| reader.error(error.span().unwrap_or_default(), error.message().to_owned()))?;
    let mut config = Config::defaults(file.parent().unwrap_or(Path::new("")));
    for (name, value) in document.get_ref() {
        match name.get_ref().as_ref() {
            "test" => reader.test(value, &mut config)?,
            unknown => return Err(reader.error(name.span(), unknown_key(unknown, TOP))),
        }
    }
    Ok(config)
}

fn unknown_key(name: &str, known: &[&str]) -> String {
    format!("`{name}`: {}", suggest::unknown(name, known))
}

impl Reader<'_> {
    fn test(&self, value: &Value<'_>, config: &mut Config) -> Result<(), ConfigError> {
        for (name, value) in self.table("test", value)? {
            match name.get_ref().as_ref() {
                "paths" => config.paths = self.selections(value)?,
                "exclude" => config.exclude = self.patterns("exclude", value)?,
                "inputs" => config.inputs = self.patterns("inputs", value)?,
                "env" => config.settings.env = self.env(value)?,
                "pass-env" => config.settings.pass_env = self.names("pass-env", value)?,
                "allow-native" => config.settings.allow_native = self.names("allow-native", value)?,
                "timeout" => config.settings.timeout = Some(self.time("timeout", value)?),
                "retries" => config.settings.retries = self.count("retries", value)?,
                "jobs" => {
                    let jobs = usize::try_from(self.count("jobs", value)?).ok().and_then(NonZeroUsize::new);
                    config.jobs = Some(jobs.ok_or_else(|| self.error(value.span(), "`jobs` must be at least 1"))?);
                }
                "cacheable" => config.settings.cacheable = Some(self.truth("cacheable", value)?),
                "deterministic" => config.settings.deterministic = self.truth("deterministic", value)?,
                "override" => config.overrides = self.overrides(value)?,
                unknown => return Err(self.error(name.span(), unknown_key(unknown, TEST))),
            }
        }
        Ok(())
    }

    fn overrides(&self, value: &Value<'_>) -> Result<Vec<Override>, ConfigError> {
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(
                self.error(value.span(), "`override` must be written `[[test.override]]`, as often as is needed")
            );
        };
        tables.iter().map(|table| self.one_override(table)).collect()
    }

    fn one_override(&self, value: &Value<'_>) -> Result<Override, ConfigError> {
        let mut filter = None;
        let (mut timeout, mut retries, mut cacheable, mut allow_native) = (None, None, None, None);
        let mut env = BTreeMap::new();
        for (name, value) in self.table("override", value)? {
            match name.get_ref().as_ref() {
                "filter" => filter = Some(self.pattern("filter", value)?),
                "timeout" => timeout = Some(self.time("timeout", value)?),
                "retries" => retries = Some(self.count("retries", value)?),
                "cacheable" => cacheable = Some(self.truth("cacheable", value)?),
                "allow-native" => allow_native = Some(self.names("allow-native", value)?),
                "env" => env = self.env(value)?,
                unknown => return Err(self.error(name.span(), unknown_key(unknown, OVERRIDE))),
            }
        }
        let missing =
            || self.error(value.span(), "an override needs a `filter`, a pattern for the cases that it is for");
        Ok(Override { filter: filter.ok_or_else(missing)?, timeout, retries, cacheable, allow_native, env })
    }

    fn table<'v, 't>(&self, key: &str, value: &'v Value<'t>) -> Result<&'v DeTable<'t>, ConfigError> {
        value.get_ref().as_table().ok_or_else(|| self.kind(key, value, "a table"))
    }

    fn string<'v>(&self, key: &str, value: &'v Value<'_>) -> Result<&'v str, ConfigError> {
        value.get_ref().as_str().ok_or_else(|| self.kind(key, value, "a string"))
    }

    fn truth(&self, key: &str, value: &Value<'_>) -> Result<bool, ConfigError> {
        value.get_ref().as_bool().ok_or_else(|| self.kind(key, value, "true or false"))
    }

    fn count(&self, key: &str, value: &Value<'_>) -> Result<u32, ConfigError> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        number.ok_or_else(|| self.kind(key, value, "a whole number from 0 to 4294967295"))
    }

    fn time(&self, key: &str, value: &Value<'_>) -> Result<Duration, ConfigError> {
        let text =
            value.get_ref().as_str().ok_or_else(|| self.kind(key, value, "a time such as \"500ms\" or \"30s\""))?;
        read_timeout(text).map_err(|problem| self.error(value.span(), format!("`{key}`: {problem}")))
    }

    /// The strings of a list, each with its place.
    fn strings<'v, 't>(&self, key: &str, value: &'v Value<'t>) -> Result<Vec<(&'v str, &'v Value<'t>)>, ConfigError> {
        let Some(items) = value.get_ref().as_array() else {
            return Err(self.kind(key, value, "a list of strings"));
        };
        let none =
            |item: &Value<'_>| format!("`{key}` must be a list of strings, and {} is none", described(item.get_ref()));
        let string = |item| Value::get_ref(item).as_str().ok_or_else(|| self.error(item.span(), none(item)));
        items.iter().map(|item| Ok((string(item)?, item))).collect()
    }

    fn names(&self, key: &str, value: &Value<'_>) -> Result<Vec<String>, ConfigError> {
        let names = self.strings(key, value)?.into_iter();
        names
            .map(|(name, item)| match name {
                _ if name.is_empty() || name.contains(['=', '/', '\0']) => {
                    let problem =
                        format!("`{key}`: `{name}` is no name: it is empty, or has a `=`, a `/` or a NUL in it");
                    Err(self.error(item.span(), problem))
                }
                _ => Ok(name.to_owned()),
            })
            .collect()
    }

    fn pattern(&self, key: &str, value: &Value<'_>) -> Result<Pattern, ConfigError> {
        let text = self.string(key, value)?;
        let wrong = |problem| self.error(value.span(), format!("`{key}`: the pattern `{text}`: {problem}"));
        Pattern::new(text).map_err(wrong)
    }

    fn patterns(&self, key: &str, value: &Value<'_>) -> Result<Vec<Pattern>, ConfigError> {
        self.strings(key, value)?.into_iter().map(|(_, item)| self.pattern(key, item)).collect()
    }

    fn selections(&self, value: &Value<'_>) -> Result<Vec<Selection>, ConfigError> {
        let mut selections = Vec::new();
        for pattern in self.patterns("paths", value)? {
            let literal = pattern.is_literal();
            selections.push(if literal { Selection::Path(path(&pattern)) } else { Selection::Pattern(pattern) });
        }
        Ok(selections)
    }

    fn env(&self, value: &Value<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
        let mut env = BTreeMap::new();
        for (name, value) in self.table("env", value)? {
            let variable = name.get_ref();
            if variable.is_empty() || variable.contains(['=', '\0']) {
                return Err(self.error(name.span(), format!("`env`: `{variable}` is no name of a variable")));
            }
            let text = self.string(variable, value)?;
            if text.contains('\0') {
                return Err(self.error(value.span(), format!("`env`: the value of `{variable}` has a NUL in it")));
            }
            env.insert(variable.to_string(), text.to_owned());
        }
        Ok(env)
    }

    fn kind(&self, key: &str, value: &Value<'_>, wanted: &str) -> ConfigError {
        self.error(value.span(), format!("`{key}` must be {wanted}, not {}", described(value.get_ref())))
    }

    fn error(&self, span: Range<usize>, problem: impl Into<String>) -> ConfigError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        ConfigError::Invalid {
            path: self.file.to_owned(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
            problem: problem.into(),
        }
    }
}

/// The folder of the file itself is `.`.
fn path(pattern: &Pattern) -> PathBuf {
    let base = pattern.base();
    if base.as_os_str().is_empty() { PathBuf::from(".") } else { base }
}

/// A value in words, with the value if it is short.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_key_is_read() {
        let problem = |text: &str| config(text, Path::new("glowplug.toml")).expect_err(text).to_string();
        for key in TEST {
            let problem = problem(&format!("[test]\n{key} = 2024-02-29\n"));
            assert!(problem.contains(&format!("`{key}` must be")), "{problem}");
        }
        for key in OVERRIDE {
            let problem = problem(&format!("[[test.override]]\n{key} = 2024-02-29\n"));
            assert!(problem.contains(&format!("`{key}` must be")), "{problem}");
        }
    }
}
