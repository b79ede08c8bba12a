//! The program again and again in one process, which has its code already: what a host that keeps modules pays.

use super::workshop::Sample;
use crate::commands::run::{default_engine, guest_of};
use crate::failure::Failure;
use glowplug_cache::{ModuleCache, Settings, Source};
use glowplug_runtime::{GuestOptions, PreparedGuest};
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

/// A program that is ready to be run.
pub(super) struct Hot {
    prepared: PreparedGuest,
    options: GuestOptions,
}

impl Hot {
    /// Loads the program once.
    pub(super) fn prepare(cache: &Path, key: &Path, file: &Path, args: &[OsString]) -> Result<Self, Failure> {
        let cache = ModuleCache::open(Settings::new(cache, key))?;
        let code = cache.load_any(&default_engine(), &Source::file(file))?.module;
        let name = file.file_name().unwrap_or(file.as_os_str());
        let args = std::iter::once(name).chain(args.iter().map(OsString::as_os_str));
        // Standard streams are empty, as those of the processes are.
        let options = GuestOptions {
            name: file.display().to_string(),
            args: args.map(|arg| arg.to_string_lossy().into_owned()).collect(),
            ..GuestOptions::default()
        };
        let prepared = PreparedGuest::new(&guest_of(code), &options.name)?;
        Ok(Self { prepared, options })
    }

    /// One run: a new instance, from its making to its end.
    pub(super) fn run(&self) -> Result<Sample, Failure> {
        let mut first = None;
        let start = Instant::now();
        let finished = self.prepared.run(&self.options, || first = Some(start.elapsed()))?;
        let (exit_code, instantiate) = (finished.outcome.exit_code(), finished.phases.instantiate);
        drop(finished);
        let phases = vec![("instantiate".to_owned(), instantiate)];
        Ok(Sample { total: start.elapsed(), exit_code, first, phases })
    }
}
