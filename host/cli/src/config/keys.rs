//! Every cache setting: its name in `cache.toml`, its variable, and what its value looks like.
//!
//! Included by `build.rs` too, which reads the defaults from `cache.toml.example`; so only the standard library, and the
//! crates that read sizes and times, may be used here.

use std::path::PathBuf;
use std::time::Duration;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An absolute path; empty means the platform's.
    Path,
    /// One of some words.
    Word(&'static [&'static str]),
    /// Bytes.
    Size,
    /// A whole number.
    Count,
    /// A time.
    Time,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// An absolute path, or the platform's.
    Path(Option<PathBuf>),
    /// One of the shape's words.
    Word(&'static str),
    /// Bytes, or a whole number.
    Number(u64),
    /// A time.
    Time(Duration),
}

macro_rules! keys {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal, $variable:literal, $constant:literal, $shape:expr;)+) => {
        /// A cache setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Setting { $($(#[$doc])+ $variant),+ }

        impl Setting {
            /// All of them, in the order of `cache.toml.example`.
            pub(crate) const ALL: &[Setting] = &[$(Setting::$variant),+];

            /// The name in `cache.toml`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Setting::$variant => $name),+ }
            }

            /// The environment variable.
            pub(crate) fn variable(self) -> &'static str {
                match self { $(Setting::$variant => $variable),+ }
            }

            /// The name of the constant that holds the default.
            #[allow(dead_code, reason = "only build.rs asks")]
            pub(crate) fn constant(self) -> &'static str {
                match self { $(Setting::$variant => $constant),+ }
            }

            /// What the value looks like.
            pub(crate) fn shape(self) -> Shape {
                match self { $(Setting::$variant => $shape),+ }
            }
        }
    };
}

keys! {
    /// The cache's folder.
    Dir = "dir", "GLOWPLUG_CACHE_DIR", "DIR", Shape::Path;
    /// The file with the key that authenticates the folder's contents.
    KeyFile = "key-file", "GLOWPLUG_KEY_FILE", "KEY_FILE", Shape::Path;
    /// Which store is used.
    Backend = "backend", "GLOWPLUG_CACHE", "BACKEND", Shape::Word(&["auto", "aot", "wasmtime", "off"]);
    /// When artifacts are hashed.
    Verify = "verify", "GLOWPLUG_VERIFY", "VERIFY", Shape::Word(&["stamped", "always"]);
    /// Whether functions are kept for the next compilation.
    Incremental = "incremental", "GLOWPLUG_INCREMENTAL", "INCREMENTAL", Shape::Word(&["on", "off"]);
    /// The most bytes.
    MaxSize = "max-size", "GLOWPLUG_MAX_SIZE", "MAX_SIZE", Shape::Size;
    /// The most artifacts.
    MaxEntries = "max-entries", "GLOWPLUG_MAX_ENTRIES", "MAX_ENTRIES", Shape::Count;
    /// The longest time unused.
    MaxAge = "max-age", "GLOWPLUG_MAX_AGE", "MAX_AGE", Shape::Time;
    /// The most bytes of what guests bring.
    GuestSize = "guest-size", "GLOWPLUG_GUEST_SIZE", "GUEST_SIZE", Shape::Size;
    /// The most bytes kept in one process.
    ResidentSize = "resident-size", "GLOWPLUG_RESIDENT_SIZE", "RESIDENT_SIZE", Shape::Size;
    /// The longest wait for another process that compiles the same.
    WaitLimit = "wait-limit", "GLOWPLUG_WAIT_LIMIT", "WAIT_LIMIT", Shape::Time;
    /// Whether a miss runs baseline code first.
    Tiering = "tiering", "GLOWPLUG_TIERING", "TIERING", Shape::Word(&["auto", "off", "wait"]);
    /// The least wasm for which that is done.
    TieringSize = "tiering-size", "GLOWPLUG_TIERING_SIZE", "TIERING_SIZE", Shape::Size;
    /// The longest compilation in the background.
    BackgroundTime = "background-time", "GLOWPLUG_BACKGROUND_TIME", "BACKGROUND_TIME", Shape::Time;
    /// The most memory that one may take.
    BackgroundMemory = "background-memory", "GLOWPLUG_BACKGROUND_MEMORY", "BACKGROUND_MEMORY", Shape::Size;
    /// Whether `run` replays what cannot have changed.
    CallCache = "call-cache", "GLOWPLUG_CALL_CACHE", "CALL_CACHE", Shape::Word(&["off", "on", "explicit"]);
    /// The most bytes of results.
    CallMaxSize = "call-max-size", "GLOWPLUG_CALL_MAX_SIZE", "CALL_MAX_SIZE", Shape::Size;
    /// The most calls.
    CallMaxEntries = "call-max-entries", "GLOWPLUG_CALL_MAX_ENTRIES", "CALL_MAX_ENTRIES", Shape::Count;
    /// The least time between two clean-ups.
    MaintenanceInterval =
        "maintenance-interval", "GLOWPLUG_MAINTENANCE_INTERVAL", "MAINTENANCE_INTERVAL", Shape::Time;
    /// The longest clean-up.
    MaintenanceBudget = "maintenance-budget", "GLOWPLUG_MAINTENANCE_BUDGET", "MAINTENANCE_BUDGET", Shape::Time;
}

impl Setting {
    /// The setting of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// All names, for a message.
    pub(crate) fn names() -> String {
        Self::ALL.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ")
    }
}

impl Shape {
    /// Reads a value; the error says what is wrong with it and what would be right.
    pub(crate) fn read(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Path if text.is_empty() => Ok(Value::Path(None)),
            Self::Path => {
                let path = PathBuf::from(text);
                if path.is_absolute() {
                    Ok(Value::Path(Some(path)))
                } else {
                    // A relative one would be another folder for each folder that the program is started in.
                    Err(format!(
                        "{text:?} is not an absolute path; write it from the root, such as \"/var/cache/glowplug\""
                    ))
                }
            }
            Self::Word(words) => match words.iter().find(|word| **word == text) {
                Some(word) => Ok(Value::Word(word)),
                None => Err(format!("{text:?} is none of: {}", words.join(", "))),
            },
            Self::Size => read_size(text).map(Value::Number),
            Self::Count => text
                .parse()
                .map(Value::Number)
                .map_err(|_| format!("{text:?} is not a whole number; write one, such as 10000")),
            Self::Time => read_time(text).map(Value::Time),
        }
    }
}

/// Reads a size: `512MiB`, `4GiB`, or a number of bytes.
pub(crate) fn read_size(text: &str) -> Result<u64, String> {
    text.parse::<bytesize::ByteSize>()
        .map(|size| size.as_u64())
        .map_err(|_| format!("{text:?} is not a size; write a number and a unit, such as 512MiB or 4GiB"))
}

/// Reads a time: `100ms`, `1h 30m`, `30d`, or a number of seconds, as `wasmtime` has it.
pub(crate) fn read_time(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text)
        .map_err(|_| format!("{text:?} is not a time; write a number and a unit, such as 100ms, 2m, 1h or 30d"))
}
