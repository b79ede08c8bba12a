//! From settings to a cache.

use crate::args::CacheArgs;
use crate::config::Config;
use crate::config::keys::Setting;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use glowplug_cache::{Backend, BackendUsed, Helper, LoadReport, ModuleCache, Observer};
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
    open_with_helper(config, observer, None)
}

/// The same, with somebody who compiles large modules.
pub(crate) fn open_with_helper(
    config: Config,
    observer: Arc<dyn Observer>,
    helper: Option<Arc<dyn Helper>>,
) -> Result<Opened, Failure> {
    if config.backend() == Backend::Off {
        let origin = config.origin(Setting::Backend);
        let cache = ModuleCache::disabled(format!("the cache is switched off ({origin})"));
        return Ok(Opened { cache: Arc::new(cache.with_observer(observer)), config, reason: None });
    }
    let (cache, reason) = match config.settings() {
        Ok(settings) => (ModuleCache::open(settings)?, None),
        Err(reason) => (ModuleCache::disabled(reason.clone()), Some(format!("the cache is not used: {reason}"))),
    };
    let mut cache = cache.with_observer(observer);
    if let Some(helper) = helper {
        cache = cache.with_helper(helper, config.tiering_size());
    }
    Ok(Opened { cache: Arc::new(cache), config, reason })
}

impl Opened {
    /// Says what is wrong with the cache, and with this load; each cause once.
    pub(crate) fn warn(&self, report: Option<&LoadReport>) {
        // Without a subscriber, what the library logs is seen by nobody.
        let first = self.reason.clone().or_else(|| self.cache.steps_down().first().map(ToString::to_string));
        if let Some(first) = first {
            output::warning(&format!("{first} ({})", self.instead()));
        }
        // Those after the first have mostly the same cause, and are of use to nobody who has mended that.
        self.cache.steps_down().iter().skip(1).for_each(|step| tracing::info!("{step}"));
        self.warn_of_load(report);
    }

    /// Says what is wrong with this load, for who has been told of the cache already.
    pub(crate) fn warn_of_load(&self, report: Option<&LoadReport>) {
        report.into_iter().flat_map(|report| &report.notes).for_each(|note| output::warning(note));
    }

    /// What is done instead.
    fn instead(&self) -> String {
        match self.cache.backend() {
            BackendUsed::Wasmtime => self.cache.in_force(),
            _ => "what is compiled is not kept".to_owned(),
        }
    }
}
