//! From settings to a cache.

use crate::args::CacheArgs;
use crate::config::Config;
use crate::config::keys::Setting;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use glowplug_cache::{Backend, LoadReport, ModuleCache, Observer};
use std::sync::Arc;

/// A cache, and what has to be said about it.
pub(crate) struct Opened {
    /// The settings it was opened with.
    pub(crate) config: Config,
    /// The cache; one that caches nothing, if there is no other.
    pub(crate) cache: Arc<ModuleCache>,
    /// Why it caches nothing, where nobody asked for that.
    reason: Option<String>,
}

/// Opens the cache that the settings describe. One that cannot be used is no failure.
pub(crate) fn open(flags: &CacheArgs) -> Result<Opened, Failure> {
    open_with(Config::load(flags)?, Arc::new(Progress::default()))
}

/// Opens the cache of these settings; `observer` is told what takes time.
pub(crate) fn open_with(config: Config, observer: Arc<dyn Observer>) -> Result<Opened, Failure> {
    if config.backend() == Backend::Off {
        let origin = config.origin(Setting::Backend);
        let cache = ModuleCache::disabled(format!("the cache is switched off ({origin})"));
        return Ok(Opened { cache: Arc::new(cache.with_observer(observer)), config, reason: None });
    }
    let (cache, reason) = match config.settings() {
        Ok(settings) => (ModuleCache::open(settings)?, None),
        Err(reason) => (ModuleCache::disabled(reason.clone()), Some(format!("the cache is not used: {reason}"))),
    };
    Ok(Opened { cache: Arc::new(cache.with_observer(observer)), config, reason })
}

impl Opened {
    /// Says once what is wrong with the cache, and with this load. Without a subscriber, what the library logs is seen
    /// by nobody.
    pub(crate) fn warn(&self, report: Option<&LoadReport>) {
        let steps = self.cache.steps_down().iter().map(ToString::to_string);
        let notes = report.into_iter().flat_map(|report| report.notes.iter().cloned());
        let mut said: Vec<String> = Vec::new();
        for warning in self.reason.iter().cloned().chain(steps).chain(notes) {
            if !said.contains(&warning) {
                output::warning(&warning);
                said.push(warning);
            }
        }
    }
}
