//! Where the platform wants caches, keys and configuration to be.

use directories::ProjectDirs;
use std::path::PathBuf;

/// The platform's places for this program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Where artifacts are kept.
    pub(crate) cache_folder: Option<PathBuf>,
    /// The key that authenticates them: with the user's data, because caches are shared, restored and thrown away.
    pub(crate) key_file: Option<PathBuf>,
    /// What was typed into the shell.
    pub(crate) history_file: Option<PathBuf>,
    /// The configuration file.
    pub(crate) config_file: Option<PathBuf>,
    /// The user named it, so that it has to be there.
    pub(crate) config_is_named: bool,
}

impl Places {
    /// Looks them up. Without `HOME` there are none: looking a home up in the user database would have a statically linked
    /// program load libraries, and who takes `HOME` away means it.
    pub(crate) fn find() -> Self {
        let named = std::env::var_os("GLOWPLUG_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        // One that is not there is none: nothing is made outside of a home, which root could.
        let home =
            std::env::var_os("HOME").is_some_and(|home| !home.is_empty() && std::path::Path::new(&home).is_dir());
        let platform = if home { ProjectDirs::from("", "", "glowplug") } else { None };
        let platform = platform.as_ref();
        Self {
            cache_folder: platform.map(|folders| folders.cache_dir().to_owned()),
            key_file: platform.map(|folders| folders.data_dir().join("key")),
            history_file: platform.map(|folders| folders.data_dir().join("history")),
            config_is_named: named.is_some(),
            config_file: named.or_else(|| platform.map(|folders| folders.config_dir().join("cache.toml"))),
        }
    }
}
