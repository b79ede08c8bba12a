//! `glowplug.toml`: which cases there are, and how they are run.
//!
//! ```toml
//! [test]
//! paths = ["tests", "crates/*/tests"]  # files, folders, patterns; relative to this file
//! exclude = ["tests/broken"]           # patterns; what lies beneath is excluded too
//! inputs = ["data/**"]                 # read by every case, whatever it is seen to read
//! env = { GREETING = "hello" }         # or a table [test.env]
//! pass-env = ["DEPLOY_STAGE"]          # taken from whoever runs the tests
//! allow-native = ["git"]               # native programs that cases ask to run; whoever runs them has to allow it
//! timeout = "30s"                      # for one case
//! retries = 0                          # how many times more a case is run when it fails
//! jobs = 4                             # how many cases run at once; one for each core if it is not said
//! cacheable = true                     # whether results may be taken from the cache
//! deterministic = true                 # whether clock and randomness are virtual
//!
//! [[test.override]]
//! filter = "tests/slow/**"
//! timeout = "5m"                       # and retries, cacheable, allow-native, env
//! ```
//!
//! All of it is optional. For each setting the first override whose filter matches the case and that has it decides, as in
//! cargo-nextest; the variables of all overrides that match are set, those of the first last. What a case says of itself (see
//! [`case`](crate::case)) comes before all of this.

mod ownership;
mod read;

use crate::case::Directives;
use crate::discover::Selection;
use crate::pattern::Pattern;
use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// The name of the file.
pub const FILE_NAME: &str = "glowplug.toml";

/// Where cases are looked for if nothing is said.
const DEFAULT_PATHS: &[&str] = &["tests"];

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder that paths and patterns are relative to: the file's.
    pub root: PathBuf,
    /// Where cases are looked for if none are named.
    pub paths: Vec<Selection>,
    /// Which cases and folders are left out.
    pub exclude: Vec<Pattern>,
    /// Files that belong to what every case reads.
    pub inputs: Vec<Pattern>,
    /// How many cases run at once; one for each core if none.
    pub jobs: Option<NonZeroUsize>,
    /// How cases are run of which nothing else is said.
    pub settings: Settings,
    /// What is said of some of them.
    pub overrides: Vec<Override>,
}

/// How a case is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Variables that are set.
    pub env: BTreeMap<String, String>,
    /// Variables that are passed on, unless [`Settings::env`] has them.
    pub pass_env: Vec<String>,
    /// How long it may take; without end if none.
    pub timeout: Option<Duration>,
    /// How many times more it is run when it fails.
    pub retries: u32,
    /// Whether its result may be taken from the cache; as the cache's mode says if none.
    pub cacheable: Option<bool>,
    /// Native programs that it may run.
    pub allow_native: Vec<String>,
    /// Whether clock and randomness are virtual.
    pub deterministic: bool,
}

/// What is said of some cases only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Which ones, by their id.
    pub filter: Pattern,
    /// Instead of [`Settings::timeout`].
    pub timeout: Option<Duration>,
    /// Instead of [`Settings::retries`].
    pub retries: Option<u32>,
    /// Instead of [`Settings::cacheable`].
    pub cacheable: Option<bool>,
    /// Instead of [`Settings::allow_native`].
    pub allow_native: Option<Vec<String>>,
    /// Beside [`Settings::env`].
    pub env: BTreeMap<String, String>,
}

/// The file's settings, and what was looked at to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the file says, or the defaults for the folder that was begun in.
    pub config: Config,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// What stands in that file.
    pub source: Vec<u8>,
    /// Everything that was looked for, and whether it was there: as long as this holds, the same file is found.
    pub looked_for: Vec<(PathBuf, bool)>,
    /// Files that are there and were not read, because others could have written them; and why.
    pub ignored: Vec<(PathBuf, String)>,
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not say what it can.
    #[error("{path}:{line}:{column}: {problem}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line, in characters, counted from 1.
        column: usize,
        /// What is wrong, and what would not be.
        problem: String,
    },
}

impl Config {
    /// What holds without a file.
    pub fn defaults(root: &Path) -> Self {
        let path = |path: &&str| Selection::Path(PathBuf::from(path));
        Self {
            root: root.to_owned(),
            paths: DEFAULT_PATHS.iter().map(path).collect(),
            exclude: Vec::new(),
            inputs: Vec::new(),
            jobs: None,
            settings: Settings::default(),
            overrides: Vec::new(),
        }
    }

    /// Looks for the file in a folder and above it, up to the first folder with a `.git`, and reads it. One that somebody else
    /// than this user or root could have written is passed over, unless `trusting` says that the next one is the user's choice.
    ///
    /// # Errors
    ///
    /// If it is there, and cannot be read or does not say what it can.
    pub fn find(start: &Path, trusting: bool) -> Result<Found, ConfigError> {
        let (mut looked_for, mut ignored) = (Vec::new(), Vec::new());
        for folder in start.ancestors() {
            let file = folder.join(FILE_NAME);
            match ownership::read(&file, folder, trusting) {
                Ok(Ok(text)) => {
                    looked_for.push((file.clone(), true));
                    let config = Self::parse(&text, &file)?;
                    return Ok(Found { config, file: Some(file), source: text.into_bytes(), looked_for, ignored });
                }
                Ok(Err(foreign)) => {
                    looked_for.push((file.clone(), true));
                    ignored.push((file, foreign));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => looked_for.push((file, false)),
                Err(source) => return Err(ConfigError::Read { path: file, source }),
            }
            let repository = folder.join(".git");
            let is_top = repository.symlink_metadata().is_ok();
            looked_for.push((repository, is_top));
            if is_top {
                break;
            }
        }
        Ok(Found { config: Self::defaults(start), file: None, source: Vec::new(), looked_for, ignored })
    }

    /// Reads what stands in a file.
    ///
    /// # Errors
    ///
    /// If it does not say what it can.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        read::config(text, file)
    }

    /// How a case is run. `id` is its path relative to [`Config::root`].
    pub fn settings_for(&self, id: &str, directives: &Directives) -> Settings {
        let overrides: Vec<&Override> = self.overrides.iter().filter(|one| one.filter.covers(id)).collect();
        let mut settings = self.settings.clone();
        for one in overrides.iter().rev() {
            settings.env.extend(one.env.clone());
            settings.timeout = one.timeout.or(settings.timeout);
            settings.retries = one.retries.unwrap_or(settings.retries);
            settings.cacheable = one.cacheable.or(settings.cacheable);
            if let Some(programs) = &one.allow_native {
                settings.allow_native.clone_from(programs);
            }
        }
        settings.timeout = directives.timeout.or(settings.timeout);
        settings.retries = directives.retries.unwrap_or(settings.retries);
        settings.cacheable = directives.cacheable.or(settings.cacheable);
        settings
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            timeout: None,
            retries: 0,
            cacheable: None,
            allow_native: Vec::new(),
            deterministic: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn config(text: &str) -> Config {
        Config::parse(text, Path::new("/project/glowplug.toml")).expect("a configuration")
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(config(""), Config::defaults(Path::new("/project")));
        assert_eq!(config("[test]\n"), Config::defaults(Path::new("/project")));
    }

    #[test]
    fn the_first_override_that_says_something_decides() {
        let config = config(
            r#"
            [test]
            timeout = "30s"
            retries = 1
            env = { A = "test", B = "test" }
            allow-native = ["git"]
            [[test.override]]
            filter = "slow/*.t"
            timeout = "5m"
            env = { A = "first" }
            [[test.override]]
            filter = "slow"
            timeout = "1m"
            retries = 3
            allow-native = []
            env = { A = "second", C = "second" }
            "#,
        );
        let settings = config.settings_for("slow/a.t", &Directives::default());
        assert_eq!(settings.timeout, Some(Duration::from_secs(300)));
        assert_eq!(settings.retries, 3);
        assert_eq!(settings.allow_native, [""; 0]);
        let env: Vec<(&str, &str)> = settings.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(env, [("A", "first"), ("B", "test"), ("C", "second")]);
        assert_eq!(config.settings_for("fast/a.t", &Directives::default()), config.settings);
    }

    #[test]
    fn what_a_case_says_of_itself_comes_first() {
        let config = config("[test]\ncacheable = true\nretries = 1\n[[test.override]]\nfilter = '**'\nretries = 2\n");
        let directives = Directives { cacheable: Some(false), timeout: Some(Duration::from_secs(1)), retries: Some(0) };
        let settings = config.settings_for("a.t", &directives);
        assert_eq!((settings.cacheable, settings.retries), (Some(false), 0));
        assert_eq!(settings.timeout, Some(Duration::from_secs(1)));
    }

    #[test]
    fn the_file_is_looked_for_up_to_the_repository() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::write(root.join(FILE_NAME), "[test]\nretries = 7\n").expect("a file");
        fs::create_dir_all(root.join("project/sub/deep")).expect("folders");
        let retries = |start: &str| {
            let found = Config::find(&root.join(start), false).expect("settings");
            (found.config.settings.retries, found.looked_for.len())
        };
        assert_eq!(retries("project/sub"), (7, 5));
        fs::create_dir(root.join("project/.git")).expect("a folder");
        assert_eq!(retries("project/sub"), (0, 4));
        fs::write(root.join("project").join(FILE_NAME), "[test]\nretries = 8\n").expect("a file");
        assert_eq!(retries("project/sub/deep"), (8, 5));
        let found = Config::find(&root.join("project/sub"), false).expect("settings");
        assert_eq!(found.config.root, root.join("project"));
        assert_eq!(found.looked_for.last(), Some(&(root.join("project").join(FILE_NAME), true)));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(FILE_NAME)).expect("a folder");
        let error = Config::find(folder.path(), false).expect_err("an error").to_string();
        assert!(error.contains("glowplug.toml: cannot be read"), "{error}");
    }
}
