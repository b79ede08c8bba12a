//! What the embedder decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// Which store of native code is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// [`Backend::Aot`]. Where its store cannot be made for want of means, [`Backend::Wasmtime`]; where folder or key are not
    /// to be trusted, none.
    #[default]
    Auto,
    /// This crate's own store.
    Aot,
    /// Wasmtime's disk cache, which executes what it finds without authenticating it, in a folder of its own.
    Wasmtime,
    /// None: every load compiles.
    Off,
}

/// When an artifact's contents are hashed before it is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// Once; afterwards the file's identity, noted under authentication, stands for its contents.
    #[default]
    Stamped,
    /// At every load, and the wasm too.
    Always,
}

/// Whether compilations that nobody waits for keep the code of each function, so that after a change to the wasm only the
/// functions that changed are compiled again ([`ModuleCache::warm`](crate::ModuleCache::warm)).
///
/// It takes about as much room again as the artifact, within the same limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Incremental {
    /// They do, for wasm of 256 KiB and more; what is smaller is compiled whole before anybody notices.
    #[default]
    On,
    /// They compile everything.
    Off,
}

macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }
        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is none of: {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}

words!(Backend { Auto = "auto", Aot = "aot", Wasmtime = "wasmtime", Off = "off" });
words!(Incremental { On = "on", Off = "off" });
words!(Verify { Stamped = "stamped", Always = "always" });

/// How a [`ModuleCache`](crate::ModuleCache) works. Made with [`Settings::new`]; change what you need.
///
/// ```
/// use glowplug_cache::Settings;
/// use std::time::Duration;
///
/// let mut settings = Settings::new("/var/cache/app/wasm", "/var/lib/app/wasm.key");
/// settings.max_age = Duration::from_secs(7 * 24 * 3600);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder that holds everything the cache keeps; made when missing.
    pub folder: PathBuf,
    /// The file with the key that authenticates what lies in the folder; made when missing, readable by the user alone.
    /// It belongs where the user keeps data, not where caches are: whoever can restore or share a cache folder must not
    /// get the key with it.
    pub key_file: PathBuf,
    /// Which store is used.
    pub backend: Backend,
    /// When artifacts are hashed.
    pub verify: Verify,
    /// Whether functions are kept for the next compilation.
    pub incremental: Incremental,
    /// The least bytes of wasm for which they are.
    pub(crate) incremental_from: u64,
    /// The most bytes that artifacts may take before the least recently used are evicted.
    pub max_bytes: u64,
    /// The most artifacts.
    pub max_entries: u64,
    /// The most bytes of artifacts of sources that are [`Source::from_guest`](crate::Source::from_guest), which are kept apart
    /// and are no part of `max_bytes`; 0 keeps none.
    pub guest_bytes: u64,
    /// How long an artifact may lie unused.
    pub max_age: Duration,
    /// The most bytes of artifacts kept in this process for the next load; 0 keeps none.
    pub resident_bytes: u64,
    /// How long a load waits for another process or thread that compiles the same wasm, before it compiles by itself.
    pub wait_limit: Duration,
    /// The least time between two evictions.
    pub maintenance_interval: Duration,
    /// How long one eviction may take.
    pub maintenance_budget: Duration,
}

impl Settings {
    /// Settings with the defaults: `auto`, `stamped`, incremental, 4 GiB, 10,000 artifacts (and 256 MiB of guests'), 30 days, 256 MiB resident, two minutes of
    /// waiting, hourly evictions of at most 100 ms.
    pub fn new(folder: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            key_file: key_file.into(),
            backend: Backend::Auto,
            verify: Verify::Stamped,
            incremental: Incremental::On,
            incremental_from: 256 << 10,
            max_bytes: 4 << 30,
            max_entries: 10_000,
            guest_bytes: 256 << 20,
            max_age: Duration::from_secs(30 * 24 * 3600),
            resident_bytes: 256 << 20,
            wait_limit: Duration::from_secs(120),
            maintenance_interval: Duration::from_secs(3600),
            maintenance_budget: Duration::from_millis(100),
        }
    }

    /// Both folders must be absolute: a relative one would name another place after a change of directory.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        for (name, path) in [("folder", &self.folder), ("key_file", &self.key_file)] {
            if !path.is_absolute() {
                return Err(SettingsError { name, path: path.clone() });
            }
        }
        Ok(())
    }

    pub(crate) fn store_folder(&self, schema: u32) -> PathBuf {
        self.folder.join(format!("v{schema}"))
    }

    /// The folder whose `vN` subfolders are the stores.
    pub(crate) fn base(&self) -> &Path {
        &self.folder
    }
}

/// Settings that contradict themselves.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the setting `{name}` must be an absolute path, and {} is not; join it to a folder first", path.display())]
pub struct SettingsError {
    name: &'static str,
    path: PathBuf,
}
