//! The settings in force: defaults, then `cache.toml`, then variables, then flags; each value knows where it came from.
//!
//! This is on the way of every start, so nothing is parsed that is not there: the defaults are constants that `build.rs`
//! made of `cache.toml.example`.

mod call_cache;
mod file;
pub(crate) mod keys;
mod places;
mod tiering;

use crate::args::CacheArgs;
pub(crate) use call_cache::CallCache;
use glowplug_cache::{Backend, Incremental, Settings, Verify};
use keys::{Setting, Value};
pub(crate) use places::Places;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub(crate) use tiering::{Limits, Tiering};

mod defaults {
    use super::{Backend, CallCache, Duration, Incremental, Tiering, Verify};
    include!(concat!(env!("OUT_DIR"), "/defaults.rs"));
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `cache.toml.example`, when the program was built.
    Default,
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    /// The configuration file is known by its name alone here; messages about errors say its path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => {
                write!(f, "{}:{line}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
            }
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value that nobody can use.
#[derive(Debug)]
pub(crate) struct ConfigError {
    /// Where it stands.
    pub(crate) at: Origin,
    /// What is wrong with it, and what would be right.
    pub(crate) problem: String,
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Config {
    dir: Option<PathBuf>,
    key_file: Option<PathBuf>,
    backend: Backend,
    verify: Verify,
    incremental: Incremental,
    max_size: u64,
    max_entries: u64,
    max_age: Duration,
    guest_size: u64,
    resident_size: u64,
    wait_limit: Duration,
    tiering: Tiering,
    tiering_size: u64,
    background_time: Duration,
    background_memory: u64,
    call_cache: CallCache,
    call_max_size: u64,
    call_max_entries: u64,
    maintenance_interval: Duration,
    maintenance_budget: Duration,
    /// By [`Setting`].
    origins: [Origin; Setting::ALL.len()],
    places: Places,
    /// Why the configuration file could not be read, where it is there.
    unreadable: Option<String>,
}

impl Config {
    /// The settings in force.
    pub(crate) fn load(flags: &CacheArgs) -> Result<Self, ConfigError> {
        let mut config = Self::defaults(Places::find());
        config.add_file()?;
        config.add_variables()?;
        config.add_flags(flags)?;
        Ok(config)
    }

    fn defaults(places: Places) -> Self {
        Self {
            dir: defaults::DIR.map(PathBuf::from),
            key_file: defaults::KEY_FILE.map(PathBuf::from),
            backend: defaults::BACKEND,
            verify: defaults::VERIFY,
            incremental: defaults::INCREMENTAL,
            max_size: defaults::MAX_SIZE,
            max_entries: defaults::MAX_ENTRIES,
            max_age: defaults::MAX_AGE,
            guest_size: defaults::GUEST_SIZE,
            resident_size: defaults::RESIDENT_SIZE,
            wait_limit: defaults::WAIT_LIMIT,
            tiering: defaults::TIERING,
            tiering_size: defaults::TIERING_SIZE,
            background_time: defaults::BACKGROUND_TIME,
            background_memory: defaults::BACKGROUND_MEMORY,
            call_cache: defaults::CALL_CACHE,
            call_max_size: defaults::CALL_MAX_SIZE,
            call_max_entries: defaults::CALL_MAX_ENTRIES,
            maintenance_interval: defaults::MAINTENANCE_INTERVAL,
            maintenance_budget: defaults::MAINTENANCE_BUDGET,
            origins: [const { Origin::Default }; Setting::ALL.len()],
            places,
            unreadable: None,
        }
    }

    fn add_file(&mut self) -> Result<(), ConfigError> {
        let Some(path) = self.places.config_file.clone() else { return Ok(()) };
        let text = match glowplug_store::plain::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.places.config_is_named => return Ok(()),
            Err(error) => {
                // It may hold `backend = "off"`: what cannot be read is not overridden by what it did not say.
                self.unreadable = Some(format!("failed to read {}: {error}", path.display()));
                return Ok(());
            }
        };
        for entry in file::entries(&path, &text)? {
            self.set(entry.key, &entry.text, Origin::File(path.clone(), entry.line))?;
        }
        Ok(())
    }

    fn add_variables(&mut self) -> Result<(), ConfigError> {
        // Wasmtime's names first, so that ours win.
        if let Some(folder) = variable("WASMTIME_CACHE_DIR")? {
            self.set(Setting::Dir, &folder, Origin::Variable("WASMTIME_CACHE_DIR"))?;
        }
        if variable("WASMTIME_CACHE_ENABLED")?.as_deref() == Some("0") {
            self.set(Setting::Backend, "off", Origin::Variable("WASMTIME_CACHE_ENABLED"))?;
        }
        for key in Setting::ALL {
            if let Some(text) = variable(key.variable())? {
                self.set(*key, &text, Origin::Variable(key.variable()))?;
            }
        }
        Ok(())
    }

    fn add_flags(&mut self, flags: &CacheArgs) -> Result<(), ConfigError> {
        if let Some(folder) = &flags.cache_dir {
            // On the command line, a relative path means what it means everywhere on the command line.
            let folder = std::path::absolute(folder)
                .map_err(|error| ConfigError { at: Origin::Flag("--cache-dir"), problem: error.to_string() })?;
            self.put(Setting::Dir, Value::Path(Some(folder)), Origin::Flag("--cache-dir"));
        }
        if let Some(backend) = flags.cache {
            self.backend = backend;
            self.origins[Setting::Backend as usize] = Origin::Flag("--cache");
        }
        Ok(())
    }

    fn set(&mut self, key: Setting, text: &str, at: Origin) -> Result<(), ConfigError> {
        match key.shape().read(text) {
            Ok(value) => {
                self.put(key, value, at);
                Ok(())
            }
            Err(problem) => Err(ConfigError { at, problem: format!("{}: {problem}", key.name()) }),
        }
    }

    fn put(&mut self, key: Setting, value: Value, origin: Origin) {
        match (key, value) {
            (Setting::Dir, Value::Path(path)) => self.dir = path,
            (Setting::KeyFile, Value::Path(path)) => self.key_file = path,
            (Setting::Backend, Value::Word(word)) => {
                self.backend = word.parse().expect("the shape's words are the type's")
            }
            (Setting::Verify, Value::Word(word)) => {
                self.verify = word.parse().expect("the shape's words are the type's")
            }
            (Setting::Incremental, Value::Word(word)) => {
                self.incremental = word.parse().expect("the shape's words are the type's")
            }
            (Setting::MaxSize, Value::Number(bytes)) => self.max_size = bytes,
            (Setting::MaxEntries, Value::Number(count)) => self.max_entries = count,
            (Setting::MaxAge, Value::Time(time)) => self.max_age = time,
            (Setting::GuestSize, Value::Number(bytes)) => self.guest_size = bytes,
            (Setting::ResidentSize, Value::Number(bytes)) => self.resident_size = bytes,
            (Setting::WaitLimit, Value::Time(time)) => self.wait_limit = time,
            (Setting::Tiering, Value::Word(word)) => self.tiering = Tiering::named(word),
            (Setting::TieringSize, Value::Number(bytes)) => self.tiering_size = bytes,
            (Setting::BackgroundTime, Value::Time(time)) => self.background_time = time,
            (Setting::BackgroundMemory, Value::Number(bytes)) => self.background_memory = bytes,
            (Setting::CallCache, Value::Word(word)) => self.call_cache = CallCache::named(word),
            (Setting::CallMaxSize, Value::Number(bytes)) => self.call_max_size = bytes,
            (Setting::CallMaxEntries, Value::Number(count)) => self.call_max_entries = count,
            (Setting::MaintenanceInterval, Value::Time(time)) => self.maintenance_interval = time,
            (Setting::MaintenanceBudget, Value::Time(time)) => self.maintenance_budget = time,
            (key, value) => unreachable!("{} has another shape than {value:?}", key.name()),
        }
        self.origins[key as usize] = origin;
    }

    /// Where the value of `key` came from.
    pub(crate) fn origin(&self, key: Setting) -> &Origin {
        &self.origins[key as usize]
    }

    /// The value of `key`, written as `cache.toml` has it.
    pub(crate) fn value(&self, key: Setting) -> String {
        let path = |path: Option<PathBuf>| path.map_or_else(String::new, |path| path.display().to_string());
        let time = |time: Duration| humantime::format_duration(time).to_string();
        match key {
            Setting::Dir => path(self.folder()),
            Setting::KeyFile => path(self.key_file()),
            Setting::Backend => self.backend.to_string(),
            Setting::Verify => self.verify.to_string(),
            Setting::Incremental => self.incremental.to_string(),
            Setting::MaxSize => crate::text::exact_size(self.max_size),
            Setting::MaxEntries => self.max_entries.to_string(),
            Setting::MaxAge => time(self.max_age),
            Setting::GuestSize => crate::text::exact_size(self.guest_size),
            Setting::ResidentSize => crate::text::exact_size(self.resident_size),
            Setting::WaitLimit => time(self.wait_limit),
            Setting::Tiering => self.tiering.name().to_owned(),
            Setting::TieringSize => crate::text::exact_size(self.tiering_size),
            Setting::BackgroundTime => time(self.background_time),
            Setting::BackgroundMemory => crate::text::exact_size(self.background_memory),
            Setting::CallCache => self.call_cache.name().to_owned(),
            Setting::CallMaxSize => crate::text::exact_size(self.call_max_size),
            Setting::CallMaxEntries => self.call_max_entries.to_string(),
            Setting::MaintenanceInterval => time(self.maintenance_interval),
            Setting::MaintenanceBudget => time(self.maintenance_budget),
        }
    }

    /// Which store is asked for.
    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// Takes what a flag of `run` says.
    pub(crate) fn set_tiering(&mut self, flag: Option<Tiering>) {
        if let Some(tiering) = flag {
            self.put(Setting::Tiering, Value::Word(tiering.name()), Origin::Flag("--tiering"));
        }
    }

    /// What a miss of `run` does.
    pub(crate) fn tiering(&self) -> Tiering {
        self.tiering
    }

    /// The least wasm that is run from baseline code first.
    pub(crate) fn tiering_size(&self) -> u64 {
        self.tiering_size
    }

    /// What a compilation in the background may take.
    pub(crate) fn background_limits(&self) -> Limits {
        Limits { time: self.background_time, memory: self.background_memory }
    }

    /// Which runs the call cache is for.
    pub(crate) fn call_mode(&self) -> CallCache {
        self.call_cache
    }

    /// What the call cache is opened with, or why it cannot be.
    pub(crate) fn call_settings(&self) -> Result<glowplug_calls::Settings, String> {
        let Settings { folder, key_file, max_age, maintenance_interval, .. } = self.settings()?;
        let mut settings = glowplug_calls::Settings::new(folder, key_file);
        settings.max_bytes = self.call_max_size;
        settings.max_entries = self.call_max_entries;
        settings.max_age = max_age;
        settings.maintenance_interval = maintenance_interval;
        Ok(settings)
    }

    /// The cache's folder, where there is one to be had.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.dir.clone().or_else(|| self.places.cache_folder.clone())
    }

    /// The file with the key. It stays in the user's data folder when the cache's folder is moved by a flag.
    pub(crate) fn key_file(&self) -> Option<PathBuf> {
        self.key_file.clone().or_else(|| self.places.key_file.clone())
    }

    /// What guests must not see, whatever is mounted: the cache's folder, and the key with what else is in the user's data folder.
    pub(crate) fn hidden(&self) -> Vec<PathBuf> {
        // A key that was put elsewhere is alone there.
        let data = self.places.key_file.as_ref().and_then(|key| key.parent()).map(Path::to_owned);
        self.folder().into_iter().chain(data).chain(self.key_file.clone()).collect()
    }

    /// The bytes of code that a process keeps, for one that keeps its code by itself: the library then keeps none.
    pub(crate) fn take_resident_size(&mut self) -> u64 {
        std::mem::take(&mut self.resident_size)
    }

    /// Where a shell keeps its history: with the user's data.
    pub(crate) fn history_file(&self) -> Option<PathBuf> {
        self.places.history_file.clone()
    }

    /// The configuration file, whether it is there or not.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.places.config_file.as_deref()
    }

    /// What the library is opened with, or why it cannot be.
    pub(crate) fn settings(&self) -> Result<Settings, String> {
        if let Some(problem) = &self.unreadable {
            return Err(format!("{problem}; make it readable, or remove it"));
        }
        let folder = self
            .folder()
            .ok_or("there is no home folder to keep it in; set HOME to a folder that exists, or give --cache-dir and GLOWPLUG_KEY_FILE")?;
        let key_file = self.key_file().ok_or(
            "there is no home folder to keep its key in; set HOME to a folder that exists, or GLOWPLUG_KEY_FILE to a file outside the cache's folder",
        )?;
        let mut settings = Settings::new(folder, key_file);
        settings.backend = self.backend;
        settings.verify = self.verify;
        settings.incremental = self.incremental;
        settings.max_bytes = self.max_size;
        settings.max_entries = self.max_entries;
        settings.max_age = self.max_age;
        settings.guest_bytes = self.guest_size;
        settings.resident_bytes = self.resident_size;
        settings.wait_limit = self.wait_limit;
        settings.maintenance_interval = self.maintenance_interval;
        settings.maintenance_budget = self.maintenance_budget;
        Ok(settings)
    }
}

/// An environment variable; one that is empty counts as not set.
fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    match std::env::var_os(name) {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        Some(value) => value
            .into_string()
            .map(Some)
            .map_err(|value| ConfigError { at: Origin::Variable(name), problem: format!("{value:?} is not UTF-8") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_says_what_the_library_does() {
        let places = Places {
            cache_folder: Some("/cache".into()),
            key_file: Some("/key".into()),
            config_is_named: false,
            ..Places::default()
        };
        let config = Config::defaults(places);
        assert_eq!(config.settings(), Ok(Settings::new("/cache", "/key")));
        assert_eq!(config.call_settings(), Ok(glowplug_calls::Settings::new("/cache", "/key")));
    }

    #[test]
    fn each_value_is_written_as_it_is_read() {
        let mut config = Config::defaults(Places::default());
        config.put(Setting::Dir, Value::Path(Some("/cache".into())), Origin::Default);
        config.put(Setting::KeyFile, Value::Path(Some("/key".into())), Origin::Default);
        for key in Setting::ALL {
            let text = config.value(*key);
            config.set(*key, &text, Origin::Flag("again")).expect("a value that was just written");
            assert_eq!(config.value(*key), text);
            assert_eq!(*config.origin(*key), Origin::Flag("again"));
        }
    }
}
