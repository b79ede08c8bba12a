//! Who is measured.

/// A way to start the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contender {
    /// Compiled at each start.
    NoCache,
    /// Wasmtime's cache, empty.
    WasmtimeCold,
    /// Wasmtime's cache, filled.
    WasmtimeWarm,
    /// Our store, empty, and nothing but optimized code.
    OursCold,
    /// Our store, empty, and baseline code for the first start.
    OursBaseline,
    /// Our store, empty, and the artifact in the program itself.
    OursEmbedded,
    /// Our store, filled.
    OursWarm,
    /// In one process that has the code already.
    OursHot,
}

impl Contender {
    /// The order of the table; ratios are to the first.
    pub(super) const ALL: [Self; 8] = [
        Self::NoCache,
        Self::WasmtimeCold,
        Self::WasmtimeWarm,
        Self::OursCold,
        Self::OursBaseline,
        Self::OursEmbedded,
        Self::OursWarm,
        Self::OursHot,
    ];

    /// What people read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NoCache => "no cache",
            Self::WasmtimeCold => "wasmtime's cache, cold",
            Self::WasmtimeWarm => "wasmtime's cache, warm",
            Self::OursCold => "glowplug, cold, optimized first",
            Self::OursBaseline => "glowplug, cold, baseline first",
            Self::OursEmbedded => "glowplug, embedded",
            Self::OursWarm => "glowplug, warm",
            Self::OursHot => "glowplug, hot (in one process)",
        }
    }

    /// What programs read.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::NoCache => "no-cache",
            Self::WasmtimeCold => "wasmtime-cold",
            Self::WasmtimeWarm => "wasmtime-warm",
            Self::OursCold => "glowplug-cold",
            Self::OursBaseline => "glowplug-baseline",
            Self::OursEmbedded => "glowplug-embedded",
            Self::OursWarm => "glowplug-warm",
            Self::OursHot => "glowplug-hot",
        }
    }

    /// Whether each of its starts compiles, and may take minutes.
    pub(super) fn compiles(self) -> bool {
        matches!(self, Self::NoCache | Self::WasmtimeCold | Self::OursCold | Self::OursBaseline)
    }

    /// Whether each of its starts finds an empty store.
    pub(super) fn is_emptied(self) -> bool {
        self.compiles() || self == Self::OursEmbedded
    }

    /// The backend that it starts with.
    pub(super) fn backend(self) -> &'static str {
        match self {
            Self::NoCache => "off",
            Self::WasmtimeCold | Self::WasmtimeWarm => "wasmtime",
            Self::OursCold | Self::OursBaseline | Self::OursEmbedded | Self::OursWarm | Self::OursHot => "aot",
        }
    }

    /// What its start must report, so that a table never says of one thing what was measured of another.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Self::NoCache => "bypass",
            Self::WasmtimeCold | Self::OursCold | Self::OursBaseline => "miss",
            Self::WasmtimeWarm | Self::OursEmbedded | Self::OursWarm | Self::OursHot => "hit",
        }
    }
}
