//! What a miss of `run` does.

use clap::ValueEnum;
use std::time::Duration;

/// What `run` does with a module that is not compiled yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tiering {
    /// Compiles it fast and runs that, while a process in the background makes better code for the next start.
    Auto,
    /// Makes the better code first.
    Off,
    /// As auto, but does not end before the better code is stored.
    Wait,
}

impl Tiering {
    /// Its name in settings and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
            Self::Wait => "wait",
        }
    }

    /// The one of that name, which was looked at before.
    pub(super) fn named(name: &str) -> Self {
        Self::from_str(name, false).expect("the shape's words are the type's")
    }
}

/// What a compilation in the background may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How long.
    pub(crate) time: Duration,
    /// How many bytes.
    pub(crate) memory: u64,
}
