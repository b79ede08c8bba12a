//! Which cases there are, and how each is run.

use super::consent::Consent;
use super::session::Job;
use super::setup;
use crate::args::TestArgs;
use crate::config::CallCache as Mode;
use crate::failure::Failure;
use crate::natives::UserSettings;
use crate::output;
use glowplug_harness::config::{Config, Settings};
use glowplug_harness::discover::{self, Selection};
use glowplug_harness::exit_code::TEST_LIST_CREATION_FAILED;
use glowplug_harness::{Case, schedule};
use glowplug_runtime::process::AllowedNative;
use glowplug_store::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a case may take of which nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What is to be done.
pub(super) struct Plan {
    /// The project's folder.
    pub(super) root: PathBuf,
    /// The cases.
    pub(super) jobs: Vec<schedule::Job<Job>>,
    /// How many run at once, if the settings say.
    pub(super) threads: Option<NonZeroUsize>,
    /// Whether clocks and randomness are virtual.
    pub(super) deterministic: bool,
    /// What was looked for to find the settings, and whether it was there.
    pub(super) looked_for: Vec<(PathBuf, bool)>,
    /// The folders that were listed to find the cases.
    pub(super) listed: Vec<PathBuf>,
    /// Inputs of every case, and the folders that were listed to find them.
    pub(super) inputs: discover::Inputs,
    /// Whether no file was passed over that would have said how.
    pub(super) all_read: bool,
    /// What the user says of native programs.
    pub(super) settings: UserSettings,
    /// The variables that were passed on, with their values.
    pub(super) passed: BTreeMap<String, Option<String>>,
}

impl Plan {
    /// Reads the settings and all cases.
    pub(super) fn make(args: &TestArgs, folder: &Path) -> Result<Self, Failure> {
        let found = Config::find(folder, args.trust_project).map_err(|error| {
            setup(Failure::new(error.to_string()).hint("`glowplug test --help` shows the settings' form"))
        })?;
        for (file, why) in &found.ignored {
            output::warning(&format!(
                "{} is not read: {why}; with --trust-project it is, as it is now",
                file.display()
            ));
        }
        let consent = Consent::new(args, &found)?;
        let config = found.config;
        let selections: Vec<Selection> = match (args.paths.is_empty(), &found.file) {
            // Relative to where the user is, not to the file.
            (false, _) => args.paths.iter().map(|path| Selection::Path(folder.join(path))).collect(),
            (true, Some(_)) => config.paths.clone(),
            (true, None) => vec![Selection::Path(folder.to_owned())],
        };
        let list = |error: discover::DiscoverError| Failure::new(error.to_string()).code(TEST_LIST_CREATION_FAILED);
        let mut discovered = discover::discover(&config.root, &selections, &config.exclude).map_err(list)?;
        discover::filter(&mut discovered.cases, &args.filter);
        let inputs = discover::inputs(&config.root, &config.inputs).map_err(list)?;
        let digests = digests(&config.root, &inputs.files)?;
        let mut plan = Self {
            jobs: Vec::with_capacity(discovered.cases.len()),
            threads: config.jobs,
            deterministic: config.settings.deterministic && !args.no_deterministic,
            looked_for: found.looked_for,
            listed: discovered.listed,
            inputs,
            passed: BTreeMap::new(),
            root: config.root.clone(),
            all_read: found.ignored.is_empty(),
            settings: UserSettings::read()?,
        };
        let mut asked = BTreeSet::new();
        for file in discovered.cases {
            let source = std::fs::read(&file.path)
                .map_err(|error| Failure::file("read", &file.path, &error).code(TEST_LIST_CREATION_FAILED))?;
            let case = Case::parse(source)
                .map_err(|error| Failure::new(format!("{}: {error}", file.id)).code(TEST_LIST_CREATION_FAILED))?;
            let settings = config.settings_for(&file.id, case.directives());
            let retries = args.retries.unwrap_or(settings.retries);
            asked.extend(settings.allow_native.iter().cloned());
            let case = plan.job(args, file.id, file.path, case, settings, &digests);
            plan.jobs.push(schedule::Job { case, cost: None, retries });
        }
        if !args.list && !args.verify_only {
            consent.ask(&asked, args, &plan.settings)?;
        }
        Ok(plan)
    }

    fn job(
        &mut self,
        args: &TestArgs,
        id: String,
        path: PathBuf,
        case: Case,
        settings: Settings,
        inputs: &Arc<Vec<(String, Digest)>>,
    ) -> Job {
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        for name in settings.pass_env {
            let value = std::env::var(&name).ok();
            if let Some(value) = &value {
                env.insert(name.clone(), value.clone());
            }
            self.passed.insert(name, value);
        }
        env.extend(settings.env);
        for (name, value) in &args.env {
            match value.clone().or_else(|| std::env::var(name).ok()) {
                Some(value) => env.insert(name.clone(), value),
                None => env.remove(name),
            };
        }
        // By flag comes last, and may set one free.
        let confined = |program| AllowedNative { program, free: false };
        let mut allow_native: Vec<AllowedNative> = settings.allow_native.into_iter().map(confined).collect();
        allow_native.extend(args.native.allow_native.iter().cloned());
        let cacheable = match (args.calls.mode(), settings.cacheable) {
            (Mode::Off, _) => Err("the call cache is switched off".to_owned()),
            (_, Some(false)) => Err("it is said not to be cacheable".to_owned()),
            (Mode::Explicit, None) => Err("it does not say that it is cacheable".to_owned()),
            _ if !allow_native.is_empty() => Err("it may run native programs, which nothing traces".to_owned()),
            _ => Ok(()),
        };
        Job {
            id,
            path,
            case,
            env: env.into_iter().collect(),
            timeout: args.timeout.or(settings.timeout).unwrap_or(TIMEOUT),
            allow_native,
            cacheable,
            inputs: Arc::clone(inputs),
        }
    }
}

/// The digests of files that belong to every case.
fn digests(root: &Path, files: &[PathBuf]) -> Result<Arc<Vec<(String, Digest)>>, Failure> {
    let digest = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|error| setup(Failure::file("read", path, &error)))?;
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        Ok((name, Digest::of(&bytes)))
    };
    files.iter().map(digest).collect::<Result<Vec<_>, Failure>>().map(Arc::new)
}
