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
use glowplug_harness::{Case, case, schedule};
use glowplug_runtime::process::AllowedNative;
use glowplug_store::disk::identity_of;
use glowplug_store::identity::Reading;
use glowplug_store::{Digest, FileIdentity};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
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
    /// What stands for the contents of the settings' file, as they were read; as of each case ([`Job::read`]).
    pub(super) settings_read: Option<FileIdentity>,
    /// The folders that were listed to find the cases.
    pub(super) listed: Vec<PathBuf>,
    /// Inputs of every case, and the folders that were listed to find them.
    pub(super) inputs: discover::Inputs,
    /// What stands for the contents of each of those.
    pub(super) inputs_read: Vec<Option<FileIdentity>>,
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
        let (digests, inputs_read) = digests(&config.root, &inputs.files)?;
        let settings_read = found.file.as_ref().and_then(|file| {
            let (now, identity) = read(file, u64::MAX).ok()?;
            identity.filter(|_| now == found.source)
        });
        let mut plan = Self {
            jobs: Vec::with_capacity(discovered.cases.len()),
            threads: config.jobs,
            deterministic: config.settings.deterministic && !args.no_deterministic,
            looked_for: found.looked_for,
            settings_read,
            listed: discovered.listed,
            inputs,
            inputs_read,
            passed: BTreeMap::new(),
            root: config.root.clone(),
            all_read: found.ignored.is_empty(),
            settings: UserSettings::read()?,
        };
        let mut asked = BTreeSet::new();
        for file in discovered.cases {
            // Of one that is too large to be a case, enough to see that.
            let (source, read) = read(&file.path, case::LARGEST + 1)
                .map_err(|error| Failure::file("read", &file.path, &error).code(TEST_LIST_CREATION_FAILED))?;
            let case = Case::parse(source)
                .map_err(|error| Failure::new(format!("{}: {error}", file.id)).code(TEST_LIST_CREATION_FAILED))?;
            let settings = config.settings_for(&file.id, case.directives());
            let retries = args.retries.unwrap_or(settings.retries);
            asked.extend(settings.allow_native.iter().cloned());
            let job = plan.job(args, file.id, file.path, case, settings, &digests);
            let case = Job { read, ..job };
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
            read: None,
            case,
            env: env.into_iter().collect(),
            timeout: args.timeout.or(settings.timeout).unwrap_or(TIMEOUT),
            allow_native,
            cacheable,
            inputs: Arc::clone(inputs),
        }
    }
}

/// The first bytes of a file, `most` of them, and the identity that stands for them, if there is one.
fn read(path: &Path, most: u64) -> std::io::Result<(Vec<u8>, Option<FileIdentity>)> {
    let mut bytes = Vec::new();
    let file = glowplug_store::plain::open(path)?;
    let reading = Reading::begin(&file, identity_of(&file.metadata()?));
    (&file).take(most).read_to_end(&mut bytes)?;
    let after = identity_of(&file.metadata()?);
    Ok((bytes, reading.settles(&after).then_some(after)))
}

/// Names and digests of files that belong to every case.
type Digests = Arc<Vec<(String, Digest)>>;

/// The digests of files that belong to every case, and what stands for each.
fn digests(root: &Path, files: &[PathBuf]) -> Result<(Digests, Vec<Option<FileIdentity>>), Failure> {
    let digest = |path: &PathBuf| {
        let (bytes, identity) = read(path, u64::MAX).map_err(|error| setup(Failure::file("read", path, &error)))?;
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        Ok(((name, Digest::of(&bytes)), identity))
    };
    let read = files.iter().map(digest).collect::<Result<Vec<_>, Failure>>()?;
    let (digests, identities) = read.into_iter().unzip();
    Ok((Arc::new(digests), identities))
}
