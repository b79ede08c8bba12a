//! One case: its result is known, or its session runs.

use crate::args::{LimitArgs, NativeArgs};
use crate::calling::{self, Execution, Nothing, Ran};
use crate::embedded;
use crate::natives::{self, UserSettings};
use glowplug_calls::{CallCache, CallKey, Chunk, Hit, Lookup};
use glowplug_fs::trace::Observed as Traced;
use glowplug_fs::{Access, Deadline, Mount, Workspace, copy_contents, interruptible, is_interrupted};
use glowplug_harness::session::CLEAN_ENVIRONMENT;
use glowplug_harness::{Case, Observed, Verdict, compare};
use glowplug_runtime::process::{AllowedNative, Commons, Face, ProgramSet, SessionEvent, SessionLimits, StartProgram};
use glowplug_store::{Digest, FileIdentity};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Where a session finds the project, to be read.
const PROJECT: &[u8] = b"/src";
/// Where it finds the files beside its case, and works.
const WORK: &[u8] = b"/case";

/// What the sessions of a run of cases have in common.
pub(super) struct Sessions {
    /// What is resident.
    pub(super) programs: Arc<ProgramSet>,
    /// The call cache, if there is one.
    pub(super) calls: Result<CallCache, String>,
    /// The project's folder.
    pub(super) root: PathBuf,
    /// Whether clocks and randomness are virtual.
    pub(super) deterministic: bool,
    /// Look for no result, but keep what there is.
    pub(super) force: bool,
    /// Run what is known, too, and compare.
    pub(super) check: bool,
    /// What cases see nothing of.
    pub(super) hidden: Vec<PathBuf>,
    /// Run nothing.
    pub(super) verify_only: bool,
    /// The most of the disk that a case may take, unless that is the default.
    pub(super) max_disk: Option<u64>,
    /// Limits of each case.
    pub(super) limits: LimitArgs,
    /// What the cases that run at once may take together.
    pub(super) commons: Arc<Commons>,
    /// What native programs are given.
    pub(super) native: NativeArgs,
    /// What the user says of them.
    pub(super) settings: UserSettings,
}

/// A case, and how it is to be run.
pub(super) struct Job {
    /// Its path below the project's folder, for people.
    pub(super) id: String,
    /// The file.
    pub(super) path: PathBuf,
    /// The identity that stands for what is in it, if there is one.
    pub(super) read: Option<FileIdentity>,
    /// What is in it.
    pub(super) case: Case,
    /// Variables beside cram's.
    pub(super) env: Vec<(String, String)>,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// Native programs that may be run.
    pub(super) allow_native: Vec<AllowedNative>,
    /// Whether it is looked for in the call cache; else why not.
    pub(super) cacheable: Result<(), String>,
    /// Inputs that the user says it has.
    pub(super) inputs: Arc<Vec<(String, Digest)>>,
}

/// What became of the call cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The result was there.
    Hit,
    /// It was not, for this reason.
    Miss(String),
    /// It was not asked, for this reason.
    Bypass(String),
}

/// What came out.
pub(super) struct Tried {
    /// Passed or not.
    pub(super) verdict: Verdict,
    /// What each step wrote.
    pub(super) observed: Observed,
    /// Whether its time ran out.
    pub(super) timed_out: bool,
    /// Whether its result was known.
    pub(super) known: Known,
    /// How long it took, or would have taken.
    pub(super) cost: Duration,
    /// When it ran.
    pub(super) ran_at: SystemTime,
    /// What it observed, if that is all there is to know.
    pub(super) traced: Option<Traced>,
    /// Why it will run again next time.
    pub(super) unkept: Option<String>,
    /// What its session was refused, and by which rules.
    pub(super) refused: Vec<String>,
}

/// Why a case could not be tried.
pub(super) enum Untried {
    /// It would have to run, and must not.
    MustRun(String),
    /// Something is wrong with the machine.
    Failed(String),
}

impl Sessions {
    /// The key of a case: everything but what it observes. What it is expected to print is none of it, so that only comparing is
    /// done again when that is edited.
    fn key(&self, job: &Job) -> CallKey {
        let mut key = calling::key(job.path.as_os_str().as_bytes())
            .with("case", job.id.as_bytes())
            .with("commands", job.case.script("").as_slice())
            .with("shell and programs", embedded::digest().to_string())
            .with("project", self.project_of(job).as_os_str().as_bytes())
            .with("deterministic", if self.deterministic { "on" } else { "off" });
        for (name, value) in &job.env {
            key = key.with(format_args!("environment {name}"), value.as_bytes());
        }
        for allowed in &job.allow_native {
            key = key.with(format_args!("native program {}", allowed.program), "allowed");
        }
        key = calling::limited(key, &self.limits_of(job), self.max_disk);
        for (name, digest) in job.inputs.iter() {
            key = key.with(format_args!("input {name}"), digest.to_string());
        }
        key
    }

    fn limits_of(&self, job: &Job) -> SessionLimits {
        self.limits.over(SessionLimits { timeout: Some(job.timeout), ..SessionLimits::default() })
    }

    /// The folder that a case's session sees as the project: a case from elsewhere is a project of its own.
    fn project_of<'j>(&'j self, job: &'j Job) -> &'j Path {
        if job.path.starts_with(&self.root) { &self.root } else { job.path.parent().unwrap_or(&self.root) }
    }

    /// Finds the case's result, or runs it. The first attempt alone may be found.
    pub(super) fn attempt(&self, job: &Job, attempt: u32) -> Result<Tried, Untried> {
        // What is copied and hashed for it before and after it runs ends, too; twice its time, so that it runs out first.
        let _deadline = Deadline::after(job.timeout * 2).map(|deadline| interruptible(Arc::new(deadline)));
        let begin = Instant::now();
        let key = self.key(job);
        let (calls, reason) = match (&job.cacheable, &self.calls) {
            (Err(reason), _) | (Ok(()), Err(reason)) => (None, Known::Bypass(reason.clone())),
            (Ok(()), Ok(calls)) if self.force || attempt > 1 => {
                let why = if attempt > 1 { "it failed" } else { "--force" };
                (Some(calls), Known::Miss(why.to_owned()))
            }
            (Ok(()), Ok(calls)) => match calls.lookup(&key, &mut Nothing) {
                Lookup::Hit(hit) => {
                    let known = self.known(job, &key, calls, &hit, deadline(job, begin));
                    if known.verdict.is_well() {
                        return if self.check { self.compare(job, &key, &hit, known) } else { Ok(known) };
                    }
                    (Some(calls), Known::Miss("what is expected has changed".to_owned()))
                }
                Lookup::Miss(reason) => {
                    reason.texts().iter().for_each(|text| tracing::info!("{}: runs: {text}", job.id));
                    (Some(calls), Known::Miss(reason.to_string()))
                }
            },
        };
        if self.verify_only {
            let (Known::Miss(reason) | Known::Bypass(reason)) = reason else { unreachable!("hits have returned") };
            return Err(Untried::MustRun(reason));
        }
        let face = Arc::new(Listener { id: job.id.clone(), denied: Mutex::default() });
        let ran = self.run(job, &key, Arc::clone(&face))?;
        let mut tried = self.judge(job, &key, calls, ran, reason, (attempt, deadline(job, begin)));
        tried.refused = std::mem::take(&mut *face.denied.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(tried)
    }

    /// What a result from the call cache says.
    fn known(&self, job: &Job, key: &CallKey, calls: &CallCache, hit: &Hit, deadline: Option<Instant>) -> Tried {
        tracing::info!("{}: replayed: none of {} observations changed", job.id, hit.checked());
        if let Err(error) = calls.note_use(hit) {
            tracing::debug!("{}: the use could not be noted: {error}", job.id);
        }
        let (salt, exit_code) = (salt(key), hit.outcome.exit_code);
        let observed = job.case.observed(&joined(&hit.outcome.output), &salt, exit_code);
        Tried {
            verdict: compare(&job.case, &observed, deadline),
            observed,
            timed_out: false,
            known: Known::Hit,
            cost: hit.cost(),
            ran_at: hit.created(),
            traced: Some(hit.observed().clone()),
            unkept: None,
            refused: Vec::new(),
        }
    }

    /// Runs what is known, and compares.
    fn compare(&self, job: &Job, key: &CallKey, hit: &Hit, known: Tried) -> Result<Tried, Untried> {
        let face = Arc::new(Listener { id: job.id.clone(), denied: Mutex::default() });
        let ran = self.run(job, key, face)?;
        let fresh = job.case.observed(&joined(&ran.output), &salt(key), ran.end.exit_code);
        let kept = job.case.observed(&joined(&hit.outcome.output), &salt(key), hit.outcome.exit_code);
        ran.remove_scratch();
        if fresh == kept {
            return Ok(known);
        }
        let differs = fresh.steps.iter().zip(&kept.steps).position(|(a, b)| a != b);
        let line = differs.map_or_else(|| "the end".to_owned(), |step| format!("line {}", job.case.steps()[step].line));
        Err(Untried::Failed(format!("a fresh run differs from what was kept, first at {line}")))
    }

    fn run(&self, job: &Job, key: &CallKey, face: Arc<Listener>) -> Result<Ran, Untried> {
        let folder = job.path.parent().unwrap_or(Path::new("/"));
        // Native programs see no layers: they get a copy of the folder.
        let traced = job.allow_native.is_empty();
        let copy =
            if traced { None } else { Some(copied(folder).map_err(|error| Untried::Failed(error.to_string()))?) };
        let (folder, access) = match &copy {
            Some(copy) => (copy.path(), Access::ReadWrite),
            None => (folder, Access::Overlay),
        };
        let mount = |host: &Path, guest: &[u8], access| Mount { host: host.to_owned(), guest: guest.to_vec(), access };
        let mounts = vec![mount(self.project_of(job), PROJECT, Access::ReadOnly), mount(folder, WORK, access)];
        let natives = natives::resolve(
            &job.allow_native,
            &self.native,
            &self.settings,
            &mounts,
            self.limits.native_cpu_seconds(),
        );
        let natives = natives.map_err(|failure| Untried::Failed(failure.in_one_line()))?;
        if !natives.missing().is_empty() {
            tracing::info!("{}: not on this machine: {}", job.id, natives.missing().join(", "));
        }
        let mut files = embedded::program_files();
        files.extend(natives::files(&natives));
        let execution = Execution {
            programs: Arc::clone(&self.programs),
            program: StartProgram::Own(embedded::SHELL_NAME.to_owned()),
            args: vec![b"bash".to_vec(), b"-c".to_vec(), job.case.script(&salt(key)), b"bash".to_vec()],
            env: self.environment(job),
            cwd: WORK.to_vec(),
            max_disk: self.max_disk,
            preopens: None,
            mounts,
            hidden: self.hidden.clone(),
            files,
            private_tmp: true,
            stdin: (None, Vec::new()),
            output: [None, None],
            merged: true,
            traced,
            seed: self.deterministic.then(|| *key.digest().as_bytes()),
            natives,
            // The same for everybody, as all of a case's surroundings.
            umask: 0o022,
            on_main_thread: false,
            limits: self.limits_of(job),
            commons: Some(Arc::clone(&self.commons)),
            face,
        };
        execution.run().map_err(|error| Untried::Failed(error.to_string()))
    }

    /// `NAME=VALUE` of every variable of a session: cram's, and those that were asked for.
    fn environment(&self, job: &Job) -> Vec<Vec<u8>> {
        let folder = job
            .path
            .parent()
            .and_then(|folder| folder.strip_prefix(self.project_of(job)).ok())
            .unwrap_or(Path::new(""));
        let mut folder = [PROJECT, b"/", folder.as_os_str().as_bytes()].concat();
        while folder.ends_with(b"/") {
            folder.pop();
        }
        let name = job.path.file_name().unwrap_or_default().as_bytes();
        let pair = |name: &str, value: &[u8]| [name.as_bytes(), b"=", value].concat();
        let own: [(&str, &[u8]); 9] = [
            ("PATH", b"/usr/bin:/bin"),
            ("HOME", b"/tmp"),
            ("CRAMTMP", b"/tmp"),
            ("TMPDIR", b"/tmp"),
            ("TEMP", b"/tmp"),
            ("TMP", b"/tmp"),
            ("TESTDIR", &folder),
            ("TESTFILE", name),
            ("TESTSHELL", b"/bin/bash"),
        ];
        let mut variables: Vec<(&str, Vec<u8>)> = own.iter().map(|(name, value)| (*name, pair(name, value))).collect();
        variables.extend(CLEAN_ENVIRONMENT.iter().map(|(name, value)| (*name, pair(name, value.as_bytes()))));
        for (name, value) in &job.env {
            variables.retain(|(other, _)| other != name);
            variables.push((name, pair(name, value.as_bytes())));
        }
        variables.into_iter().map(|(_, variable)| variable).collect()
    }

    fn judge(
        &self,
        job: &Job,
        key: &CallKey,
        calls: Option<&CallCache>,
        mut ran: Ran,
        known: Known,
        (attempt, deadline): (u32, Option<Instant>),
    ) -> Tried {
        let observed = job.case.observed(&joined(&ran.output), &salt(key), ran.end.exit_code);
        let verdict = match ran.end.timed_out {
            true => Verdict::Failed(Vec::new()),
            false => compare(&job.case, &observed, deadline),
        };
        let (namespace, gone) = (ran.namespace.clone(), ran.gone);
        // What a case writes is its own; nobody is to find it again.
        ran.written.clear();
        let (cost, timed_out) = (ran.cost, ran.end.timed_out);
        let well = verdict.is_well();
        let ran_at = SystemTime::now();
        let mut tried = Tried {
            verdict,
            observed,
            timed_out,
            known,
            cost,
            ran_at,
            traced: None,
            unkept: None,
            refused: Vec::new(),
        };
        tried.unkept = match (calls, ran.into_kept()) {
            _ if !well => Some("it failed".to_owned()),
            _ if attempt > 1 => Some("it is flaky".to_owned()),
            (None, _) => match &tried.known {
                Known::Bypass(reason) => Some(reason.clone()),
                _ => None,
            },
            (Some(_), Err(unkept)) => {
                tried.known = Known::Bypass(unkept.to_string());
                Some(unkept.to_string())
            }
            (Some(calls), Ok(run)) => {
                let observed = run.observed.clone();
                match calls.store(key, run) {
                    Ok(()) => {
                        tried.traced = Some(observed);
                        None
                    }
                    Err(error) => Some(format!("it cannot be stored: {error}")),
                }
            }
        };
        if let Some(unkept) = &tried.unkept {
            tracing::info!("{}: not kept: {unkept}", job.id);
        }
        if gone {
            namespace.remove_scratch();
        }
        tried
    }
}

/// A temporary copy of a folder.
fn copied(folder: &Path) -> io::Result<Workspace> {
    let copy = Workspace::new()?;
    copy_into(folder, copy.path())?;
    Ok(copy)
}

fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if is_interrupted() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&to)?;
            copy_into(&entry.path(), &to)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, to)?;
        } else if kind.is_file() {
            let (from, to) = (File::open(entry.path())?, File::create_new(to)?);
            let found = from.metadata()?;
            copy_contents(&from, &to, found.len())?;
            to.set_permissions(found.permissions())?;
        }
    }
    Ok(())
}

/// What tells the ends of steps from what they print. Nobody can know it beforehand, and yet it is the same for the same case.
fn salt(key: &CallKey) -> String {
    format!("glowplug{}", key.digest())
}

fn joined(output: &[Chunk]) -> Vec<u8> {
    output.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect()
}

/// When comparing has to be over: with the case's time, but it is given some for itself.
fn deadline(job: &Job, begin: Instant) -> Option<Instant> {
    const LEAST: Duration = Duration::from_millis(500);
    // A time that cannot be told from none is none.
    Some(begin.checked_add(job.timeout)?.max(Instant::now() + LEAST))
}

/// Remembers what a session was refused, and says it once the log is asked for it: a case may well expect that.
struct Listener {
    id: String,
    denied: Mutex<Vec<String>>,
}

impl Face for Listener {
    fn event(&self, event: SessionEvent) {
        if let SessionEvent::Denied(rule) = event {
            let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
            if !denied.contains(&rule) {
                tracing::info!("{}: {rule}", self.id);
                denied.push(rule);
            }
        }
    }
}
