//! Whether `run` replays what cannot have changed.

use clap::ValueEnum;

/// Which runs are looked for in the call cache, and kept there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallCache {
    /// None.
    Off,
    /// All.
    On,
    /// Those that say they may be.
    Explicit,
}

impl CallCache {
    /// Its name in settings and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Explicit => "explicit",
        }
    }

    /// The one of that name, which was looked at before.
    pub(super) fn named(name: &str) -> Self {
        Self::from_str(name, false).expect("the shape's words are the type's")
    }
}
