//! `glowplug run` with the call cache: a run is replayed when nothing that it would observe has changed.
//!
//! On a hit no engine is made and no artifact is looked at.

use super::process_engine;
use crate::args::RunArgs;
use crate::calling::{self, Execution, Ran, StandardInput};
use crate::clock::Clock;
use crate::config::Tiering;
use crate::failure::{EXIT_FAILURE, EXIT_TIMEOUT, Failure};
use crate::opening::Opened;
use crate::optimizing::{Background, Optimizing};
use crate::output;
use crate::overdue;
use crate::report::{CallOutcome, CallReport, RunReport, write_wanted};
use crate::text;
use glowplug_cache::{Kind, LoadReport, ModuleDigest, Source};
use glowplug_calls::{CallCache, CallKey, Chunk, Hit, Lookup, MissReason};
use glowplug_fs::{Access, Deadline, Mount, interruptible};
use glowplug_runtime::process::{Face, Natives, ProgramEvent, ProgramSet, RunEnd, SessionEvent, StartProgram};
use glowplug_runtime::{GuestOptions, Limit};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// What became of the wish not to run.
pub(super) enum Called {
    /// It was replayed, or ran; its exit code.
    Done(i32),
    /// It is to run as if there were no call cache, for this reason.
    Bypass(String),
}

/// A call that can be looked for.
struct Call<'a> {
    args: &'a RunArgs,
    options: &'a GuestOptions,
    opened: &'a Opened,
    cache: CallCache,
    key: CallKey,
    /// The module that the key is for.
    module: ModuleDigest,
    mounts: Vec<Mount>,
}

/// Replays the run, or makes it and keeps its result.
pub(super) fn run(
    args: &RunArgs,
    options: &GuestOptions,
    opened: &Opened,
    clock: &mut Clock,
) -> Result<Called, Failure> {
    // Looking for a result may wait for standard input, and writing one takes as long as the disk does.
    let overdue = args.timeout.map(|limit| overdue::exit_after(&options.name, limit)).transpose();
    let _overdue = overdue.map_err(|error| Failure::new("failed to start the clock for --timeout").because(&error))?;
    let call = match Call::of(args, options, opened)? {
        Ok(call) => call,
        Err(reason) if args.calls.verify_only => {
            output::show(output::Text::new().line(format_args!("{}: bypass: {reason}", options.name)));
            return Ok(Called::Done(EXIT_FAILURE));
        }
        Err(reason) => return Ok(Called::Bypass(reason)),
    };
    clock.lap("call key");
    // What is copied, hashed and compared ends when the time is over, before and after the run, too.
    let _deadline = args.timeout.and_then(Deadline::after).map(|deadline| interruptible(Arc::new(deadline)));
    let mut stdin = StandardInput::of_process();
    // Explaining takes as long as looking; most runs say nothing of it.
    let told = args.calls.verify_only || args.report.wanted().is_some() || tracing::enabled!(tracing::Level::INFO);
    let lookup = if told {
        call.cache.lookup(&call.key, &mut stdin)
    } else {
        call.cache.lookup_unexplained(&call.key, &mut stdin)
    };
    clock.lap("call lookup");
    if args.calls.verify_only {
        return Ok(Called::Done(call.say_only(&lookup)));
    }
    match lookup {
        Lookup::Hit(hit) if args.calls.call_cache_check => call.check(&hit, stdin, clock),
        Lookup::Hit(hit) => match calling::commit(&call.mounts, &hit.outcome.written) {
            Ok(()) => {
                clock.lap("commit");
                call.replay(&hit, stdin, clock)
            }
            Err(error) => {
                output::warning(&format!("{}: its result cannot be replayed, so it runs: {error}", options.name));
                call.execute(MissReason::Invalid(error), stdin, clock)
            }
        },
        Lookup::Miss(reason) => call.execute(reason, stdin, clock),
    }
    .map(Called::Done)
}

impl<'a> Call<'a> {
    /// The call; in words, why it can be none.
    fn of(args: &'a RunArgs, options: &'a GuestOptions, opened: &'a Opened) -> Result<Result<Self, String>, Failure> {
        let file = &args.file_and_args[0];
        if file == "-" {
            return Ok(Err("the program comes from standard input".to_owned()));
        }
        if args.allow_precompiled {
            return Ok(Err("--allow-precompiled may execute native code, which nothing can trace".to_owned()));
        }
        if args.invoke.is_some() {
            return Ok(Err("--invoke calls a function, whose results are not kept".to_owned()));
        }
        let path = Path::new(file);
        let identified = opened.cache.identify(&Source::file(path))?;
        if identified.kind == Kind::Component {
            return Ok(Err("it is a component, whose calls are not traced".to_owned()));
        }
        let mounts = match mounts(&args.dirs) {
            Ok(mounts) => mounts,
            Err(reason) => return Ok(Err(reason)),
        };
        let cache = match calling::open(&opened.config) {
            Ok(cache) => cache,
            Err(reason) => return Ok(Err(format!("there is no call cache: {reason}"))),
        };
        let label = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut key = calling::key(label.as_os_str().as_encoded_bytes())
            .with("module", identified.module.to_string())
            .with("--deterministic", if args.calls.deterministic { "on" } else { "off" });
        for (number, argument) in options.args.iter().enumerate() {
            key = key.with(format_args!("argument {number}"), argument.as_bytes());
        }
        for (name, value) in &options.env {
            key = key.with(format_args!("environment {name}"), value.as_bytes());
        }
        for (mount, (_, name)) in mounts.iter().zip(&args.dirs) {
            key = key.with(format_args!("folder {name}"), mount.host.as_os_str().as_encoded_bytes());
        }
        key = calling::limited(key, &args.session_limits(), args.calls.max_disk);
        Ok(Ok(Self { args, options, opened, cache, key, module: identified.module, mounts }))
    }

    /// Says what would be done.
    fn say_only(&self, lookup: &Lookup) -> i32 {
        let name = &self.options.name;
        match lookup {
            Lookup::Hit(hit) => {
                let ago = text::ago(hit.created(), SystemTime::now());
                let observations = observations(hit.checked());
                output::show(
                    output::Text::new()
                        .line(format_args!("{name}: hit: it ran {ago}, and none of {observations} changed")),
                );
                0
            }
            Lookup::Miss(reason) => {
                output::show(output::Text::new().line(format_args!("{name}: miss: {reason}")));
                EXIT_FAILURE
            }
        }
    }

    fn replay(&self, hit: &Hit, mut stdin: StandardInput, clock: &Clock) -> Result<i32, Failure> {
        tracing::info!(
            "{}: replayed: none of {} changed since it ran {}",
            self.options.name,
            observations(hit.checked()),
            text::ago(hit.created(), SystemTime::now())
        );
        calling::print(&hit.outcome.output);
        stdin.leave_after(hit.stdin().map_or(0, |read| read.len));
        let exit_code = hit.outcome.exit_code;
        super::say_unseen(exit_code, false, self.args, self.options);
        let report = CallReport { outcome: CallOutcome::Hit, reason: None, saved: Some(hit.cost()), unkept: None };
        self.report(&report, clock, exit_code, None, None)?;
        if let Err(error) = self.cache.note_use(hit) {
            tracing::debug!("the use could not be noted: {error}");
        }
        Ok(exit_code)
    }

    fn execute(&self, reason: MissReason, mut stdin: StandardInput, clock: &mut Clock) -> Result<i32, Failure> {
        reason.texts().iter().for_each(|text| tracing::info!("{}: runs: {text}", self.options.name));
        let (ran, face) = self.make(&mut stdin)?;
        clock.lap("run");
        let RunEnd { exit_code, timed_out, limit, looked_for_folders, .. } = ran.end;
        if !timed_out {
            super::say_unseen(exit_code, looked_for_folders, self.args, self.options);
        }
        let unkept = self.settle(ran)?;
        clock.lap("keep");
        if let Some(unkept) = &unkept {
            tracing::info!("{}: not kept: {unkept}", self.options.name);
        }
        let report = CallReport { outcome: CallOutcome::Miss, reason: Some(reason.to_string()), saved: None, unkept };
        self.report(&report, clock, exit_code, limit, Some(&face))?;
        calling::clean_up(&self.cache);
        Ok(if timed_out { EXIT_TIMEOUT } else { exit_code })
    }

    /// Runs although there is a result, and compares.
    fn check(&self, hit: &Hit, mut stdin: StandardInput, clock: &mut Clock) -> Result<i32, Failure> {
        let (ran, face) = self.make(&mut stdin)?;
        clock.lap("run");
        let difference = first_difference(hit, &ran);
        let (exit_code, limit) = (ran.end.exit_code, ran.end.limit);
        self.write(&ran)?;
        ran.remove_scratch();
        let report = CallReport { outcome: CallOutcome::Hit, reason: None, saved: None, unkept: None };
        self.report(&report, clock, exit_code, limit, Some(&face))?;
        match difference {
            None => {
                tracing::info!("{}: checked: a fresh run gave the same", self.options.name);
                Ok(exit_code)
            }
            Some(difference) => Err(Failure::new(format!(
                "{}: a fresh run is not what was kept: {difference}",
                self.options.name
            ))
            .hint("it depends on something that it does not read as a file, an argument or a variable; run it with --no-call-cache")),
        }
    }

    fn make(&self, stdin: &mut StandardInput) -> Result<(Ran, Arc<Quiet>), Failure> {
        let own = |fd| rustix::io::fcntl_dupfd_cloexec(fd, 3).ok().map(std::fs::File::from);
        let output = [own(rustix::stdio::stdout()), own(rustix::stdio::stderr())];
        let bytes = |text: &String| text.clone().into_bytes();
        let path = PathBuf::from(&self.args.file_and_args[0]);
        let names = self.args.dirs.iter().map(|(_, name)| name.clone().into_bytes());
        let terminal = stdin.is_terminal();
        let limits = self.args.session_limits();
        let mut programs = ProgramSet::new(Arc::clone(&self.opened.cache), Vec::new(), 0, limits.max_processes);
        let mode = self.opened.config.tiering();
        if mode != Tiering::Off {
            programs = programs.baseline_first(self.opened.config.tiering_size());
        }
        let face = Arc::new(Quiet {
            name: self.options.name.clone(),
            background: Background::of(self.opened),
            state: Mutex::new(Heard { load: None, optimizing: Optimizing::new(mode, None) }),
        });
        let execution = Execution {
            programs: Arc::new(programs),
            program: StartProgram::Source { name: self.options.name.clone(), source: Source::file(path) },
            args: self.options.args.iter().map(bytes).collect(),
            env: self.options.env.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect(),
            cwd: b"/".to_vec(),
            max_disk: self.args.calls.max_disk,
            preopens: Some(self.mounts.iter().map(|mount| mount.guest.clone()).zip(names).collect()),
            mounts: self.mounts.clone(),
            hidden: self.opened.config.hidden(),
            files: Vec::new(),
            private_tmp: false,
            stdin: stdin.hand_over(),
            output,
            merged: false,
            traced: true,
            seed: self.args.calls.deterministic.then(|| *self.key.digest().as_bytes()),
            natives: Natives::default(),
            umask: calling::mask().as_raw_mode(),
            on_main_thread: true,
            limits,
            commons: None,
            face: Arc::clone(&face) as Arc<dyn Face>,
        };
        let mut ran = execution.run().map_err(|error| Failure::new(error.to_string()))?;
        if terminal && ran.stdin.is_some() {
            ran.observed = Err(calling::Unkept("it read from a terminal".to_owned()));
        }
        let loaded = face.state().load.as_ref().and_then(|load| load.key).map(|key| key.module);
        if loaded != Some(self.module) && ran.observed.is_ok() {
            // The file was replaced between the two looks at it, or nobody says what was loaded.
            ran.observed =
                Err(calling::Unkept("the module that ran may not be the one that was looked for".to_owned()));
        }
        Ok((ran, face))
    }

    /// Writes what a run wrote, unless it was ended from outside.
    fn write(&self, ran: &Ran) -> Result<(), Failure> {
        if ran.end.killed || ran.end.timed_out {
            return Ok(());
        }
        if !ran.gone {
            return Err(Failure::new(format!(
                "{} ended, but processes that it left behind did not",
                self.options.name
            ))
            .hint("nothing of what they wrote is kept; let it wait for them"));
        }
        calling::commit(&self.mounts, &ran.written).map_err(|error| {
            let failure =
                Failure::new(format!("{} ran, but what it wrote could not be written: {error}", self.options.name));
            if glowplug_fs::is_interrupted() {
                return failure.hint("its time was over; nothing was changed").code(EXIT_TIMEOUT);
            }
            failure.hint("nothing was changed; --no-call-cache lets it write by itself")
        })
    }

    /// Writes what it wrote, and keeps the result if it may be; else says why not.
    fn settle(&self, mut ran: Ran) -> Result<Option<String>, Failure> {
        if ran.end.exit_code != 0 && !self.args.calls.cache_failures && ran.observed.is_ok() {
            ran.observed = Err(calling::Unkept(format!(
                "it failed with exit code {}; --cache-failures keeps that, too",
                ran.end.exit_code
            )));
        }
        self.write(&ran)?;
        let (namespace, gone) = (ran.namespace.clone(), ran.gone);
        let unkept = match ran.into_kept() {
            Ok(run) => self.cache.store(&self.key, run).err().map(|error| format!("it cannot be stored: {error}")),
            Err(unkept) => Some(unkept.to_string()),
        };
        if gone {
            namespace.remove_scratch();
        }
        Ok(unkept)
    }

    /// Says what became of it. `face` heard of the run, if there was one.
    fn report(
        &self,
        call: &CallReport,
        clock: &Clock,
        exit_code: i32,
        limit: Option<Limit>,
        face: Option<&Quiet>,
    ) -> Result<(), Failure> {
        let mut heard = face.map(Quiet::state);
        if let Some(heard) = &mut heard {
            heard.optimizing.settle(&self.opened.cache, &process_engine());
        }
        let Some(wanted) = self.args.report.wanted() else { return Ok(()) };
        let report = RunReport {
            load: heard.as_ref().and_then(|heard| heard.load.as_ref()),
            call: Some(call),
            source: self.options.name.clone(),
            optimizing: heard.as_ref().map(|heard| &heard.optimizing),
            clock,
            startup: None,
            exit_code,
            limit,
            in_force: self.opened.cache.in_force(),
        };
        write_wanted(&wanted, &report)
    }
}

fn observations(count: usize) -> String {
    format!("{} that it made", text::count(count as u64, "observation"))
}

/// The folders, each at a place of its own in the guest's view; in words, why they cannot be traced.
pub(super) fn mounts(dirs: &[(PathBuf, String)]) -> Result<Vec<Mount>, String> {
    let mut mounts: Vec<Mount> = Vec::with_capacity(dirs.len());
    for (number, (host, _)) in dirs.iter().enumerate() {
        let host = host.canonicalize().map_err(|error| format!("{} cannot be found: {error}", host.display()))?;
        if let Some(other) = mounts.iter().find(|other| other.host.starts_with(&host) || host.starts_with(&other.host))
        {
            let (a, b) = (other.host.display(), host.display());
            return Err(format!("{a} and {b} overlap, so that what is written to one is seen in the other"));
        }
        mounts.push(Mount { host, guest: format!("/{number}").into_bytes(), access: Access::ReadWrite });
    }
    Ok(mounts)
}

/// What differs first between what was kept and what a fresh run gave.
fn first_difference(hit: &Hit, ran: &Ran) -> Option<String> {
    if hit.outcome.exit_code != ran.end.exit_code {
        return Some(format!("exit code {} was kept, it was {}", hit.outcome.exit_code, ran.end.exit_code));
    }
    for (stream, name) in [(1, "standard output"), (2, "standard error")] {
        let (kept, fresh) = (stream_of(&hit.outcome.output, stream), stream_of(&ran.output, stream));
        if kept != fresh {
            let at = kept.iter().zip(&fresh).position(|(a, b)| a != b).unwrap_or(kept.len().min(fresh.len()));
            let line = 1 + kept[..at].iter().filter(|byte| **byte == b'\n').count();
            let (kept, fresh) = (line_at(&kept, at), line_at(&fresh, at));
            return Some(format!("{name}, line {line}: {kept:?} was kept, it was {fresh:?}"));
        }
    }
    if hit.outcome.output != ran.output {
        return Some("the order of standard output and standard error".to_owned());
    }
    calling::first_written_difference(&hit.outcome.written, &ran.written)
}

fn stream_of(output: &[Chunk], stream: u8) -> Vec<u8> {
    output.iter().filter(|chunk| chunk.stream == stream).flat_map(|chunk| chunk.bytes.iter().copied()).collect()
}

fn line_at(bytes: &[u8], at: usize) -> String {
    let begin = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| at + newline);
    String::from_utf8_lossy(&bytes[begin..end]).into_owned()
}

/// Says what the user must hear of, and remembers how the module was loaded, which is loaded first.
struct Quiet {
    name: String,
    background: Background,
    state: Mutex<Heard>,
}

/// What was heard of the module.
struct Heard {
    load: Option<LoadReport>,
    optimizing: Optimizing,
}

/// Who waited for longer wants to know why, and how that can be avoided.
const NOTABLE: Duration = Duration::from_secs(2);

impl Quiet {
    fn state(&self) -> MutexGuard<'_, Heard> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&self, report: LoadReport) {
        let mut heard = self.state();
        if heard.load.is_some() {
            return;
        }
        if report.phases.compile.is_some_and(|took| took > NOTABLE) {
            output::remark(format_args!(
                "{}: it was compiled for --call-cache, which has code of its own, because what that computes must not hang on the \
                 machine; `glowplug cache warm --call-cache` does that ahead",
                self.name
            ));
        }
        heard.load = Some(report);
    }
}

impl Face for Quiet {
    fn event(&self, event: SessionEvent) {
        match event {
            SessionEvent::Denied(rule) => output::remark(rule),
            SessionEvent::TimedOut(limit) => output::error_line(&text::timed_out(&self.name, limit)),
            SessionEvent::Program(ProgramEvent::Loaded(_, report)) => self.loaded(*report),
            SessionEvent::Program(ProgramEvent::ToOptimize(pending)) => {
                // Before the guest begins, which may run for ever.
                self.state().optimizing.begin_with(*pending, &self.background);
            }
            SessionEvent::Program(_) => {}
        }
    }
}
