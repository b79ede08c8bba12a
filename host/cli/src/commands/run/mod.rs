//! `glowplug run`: a program, from the cache.
//!
//! What is in this file is on the way of every start; on a hit it takes no step that is not needed.

mod called;
mod counted;
mod unseen;

use crate::args::RunArgs;
use crate::clock::Clock;
use crate::config::Tiering;
use crate::failure::{EXIT_TIMEOUT, Failure};
use crate::opening::{self, Opened};
use crate::optimizing::{AnotherProcess, Background, Optimizing};
use crate::output;
use crate::precompiled;
use crate::progress::Progress;
use crate::report::{CallReport, RunReport, Wanted, write_wanted};
use crate::text;
use called::Called;
use glowplug_cache::{
    BackendUsed, Code, CompilerTier, LazyEngine, LoadReport, MissReason, NoBaseline, Pending, Source, Tiers,
};
use glowplug_runtime::{
    Compiler, CpuWatch, DirMount, EngineSpec, Finished, Guest, GuestOptions, Limit, Outcome, PreparedGuest, Refusal,
    Watchdog,
};
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The engine of every command, so that what one compiles is a hit for the others.
pub(crate) fn default_engine() -> LazyEngine<EngineSpec> {
    LazyEngine::pure(EngineSpec::default(), glowplug_runtime::config)
}

/// The same, but compiling fast.
pub(crate) fn baseline_engine() -> LazyEngine<EngineSpec> {
    let spec = EngineSpec { compiler: Compiler::Winch, ..EngineSpec::default() };
    LazyEngine::baseline(spec, glowplug_runtime::config)
}

/// The engine of sessions' processes, as which the call cache runs programs: what they compute hangs on no machine.
pub(crate) fn process_engine() -> LazyEngine<EngineSpec> {
    LazyEngine::pure(glowplug_runtime::process_spec(), glowplug_runtime::process_config)
}

/// The same, but compiling fast.
pub(crate) fn baseline_process_engine() -> LazyEngine<EngineSpec> {
    let spec = EngineSpec { compiler: Compiler::Winch, ..glowplug_runtime::process_spec() };
    LazyEngine::baseline(spec, glowplug_runtime::process_config)
}

/// Code as the runtime takes it.
pub(crate) fn guest_of(code: Code) -> Guest {
    match code {
        Code::Module(module) => Guest::Module(module),
        Code::Component(component) => Guest::Component(component),
    }
}

/// Runs the program to its end; the exit code is the program's own.
pub(crate) fn run(args: &RunArgs, mut clock: Clock) -> Result<i32, Failure> {
    let (file, own_args) = args.file_and_args.split_first().expect("the parser wants a file");
    let options = guest_options(args, file, own_args)?;
    let mut config = crate::config::Config::load(&args.cache)?;
    config.set_tiering(args.tiering);
    clock.lap("settings");
    let helper = AnotherProcess::of(&config);
    let opened = opening::open_with_helper(config, Arc::new(Progress::default()), helper)?;
    clock.lap("open");
    // Before anything that the guest prints.
    opened.warn(None);
    if args.calls.cacheable && !args.calls.wanted(opened.config.call_mode()) {
        output::warning(
            "`--cacheable` does nothing by itself; add `--call-cache explicit`, or set `call-cache` to that in cache.toml",
        );
    }
    let mut call = None;
    let needed = args.calls.needs_session();
    let cannot = |(option, left): (&str, &str), reason: &str| {
        Failure::usage(format!("{} cannot be run with {option}: {reason}", options.name))
            .hint(format!("leave it out, and {left}"))
    };
    if let (Some(needed), false) = (needed, args.calls.wanted(opened.config.call_mode())) {
        return Err(cannot(needed, "that is for runs whose results are kept; add --call-cache on"));
    }
    if args.calls.wanted(opened.config.call_mode()) {
        match called::run(args, &options, &opened, &mut clock)? {
            Called::Done(code) => {
                opened.cache.finish();
                return Ok(code);
            }
            Called::Bypass(reason) => {
                if let Some(needed) = needed {
                    return Err(cannot(needed, &reason));
                }
                tracing::info!("{}: the call cache is bypassed: {reason}", options.name);
                call = Some(CallReport::bypass(reason));
            }
        }
    }
    if let Some(max_disk) = args.calls.max_disk {
        return counted::run(args, &options, &opened, max_disk, &clock);
    }
    let (engine, mode) = (default_engine(), opened.config.tiering());
    let (begin, loading) = (Instant::now(), args.timeout.map(|limit| watch_loading(limit, &options.name)).transpose()?);
    let Found { code, load, pending } = load(args, &opened, &engine, file)?;
    drop(loading);
    // What is left for the guest: a module may take as long to compile as its author wishes.
    let timeout = args.timeout.map(|limit| (limit, limit.saturating_sub(begin.elapsed())));
    let in_load = clock.elapsed();
    // What the library's own phases do not cover is the making of the engine.
    let covered = load.as_ref().map_or(Duration::ZERO, |load| load.phases.named().map(|(_, time)| time).sum());
    clock.add("engine", in_load.saturating_sub(covered));
    opened.warn_of_load(load.as_ref());
    if tracing::enabled!(tracing::Level::INFO)
        && let Some(load) = &load
    {
        tracing::info!("{}: {}", options.name, in_words(load));
    }

    let afterwards = Arc::new(Afterwards {
        opened,
        report: args.report.wanted(),
        source: options.name.clone(),
        load,
        call,
        engine,
        progress: Mutex::new(Reached { clock, startup: None, optimizing: Optimizing::new(mode, pending) }),
    });
    match run_guest(timeout, args.calls.limits.cpu_time, code, &options, &afterwards) {
        Ok(finished) => {
            afterwards.add_phases(&finished.phases);
            let code = said(&finished);
            say_unseen(code, finished.looked_for_folders, args, &options);
            afterwards.finish(code, finished.limit.as_ref().map(|(limit, _)| *limit))?;
            // Before `finished` is dropped: what its memory takes is given back faster by the end of the process.
            std::process::exit(code);
        }
        Err((failure, limit)) => {
            let code = failure.report();
            afterwards.finish(code, limit)?;
            Ok(code)
        }
    }
}

fn run_guest(
    timeout: Option<(Duration, Duration)>,
    cpu_time: Option<Duration>,
    code: Code,
    options: &GuestOptions,
    afterwards: &Arc<Afterwards>,
) -> Result<Finished, (Failure, Option<Limit>)> {
    let prepared = PreparedGuest::new(&guest_of(code), &options.name).map_err(|error| (error.into(), None))?;
    let watchdog = timeout.map(|(limit, left)| watch(limit, left, afterwards)).transpose();
    let watchdog = watchdog.map_err(|failure| (failure, None))?;
    let cpu_watch = cpu_time.map(|limit| watch_cpu(limit, afterwards)).transpose();
    let cpu_watch = cpu_watch.map_err(|failure| (failure, None))?;
    let finished = prepared.run(options, || afterwards.guest_begins()).map_err(|error| {
        let limit = error.downcast_ref::<Refusal>().map(|refusal| refusal.limit);
        (error.into(), limit)
    })?;
    drop((watchdog, cpu_watch));
    Ok(finished)
}

/// Says how the guest ended, where that is more than an exit code.
fn said(Finished { outcome, limit, .. }: &Finished) -> i32 {
    match outcome {
        Outcome::Exited(_) => {}
        Outcome::Returned(values) => output::show(&values.iter().collect()),
        // The whole story, with the guest's backtrace, as `wasmtime run` tells it.
        Outcome::Trapped(error) => output::error_line(&format!("{error:?}")),
    }
    let code = outcome.exit_code();
    // A program that got no memory traps somewhere, or says what it likes; one that lived with less is left alone.
    if let Some((limit, text)) = limit
        && (code != 0 || *limit == Limit::Files)
    {
        output::remark(text);
    }
    code
}

/// Says what a program that failed may have missed.
fn say_unseen(code: i32, looked: bool, args: &RunArgs, options: &GuestOptions) {
    if code != 0
        && let Some(hint) = unseen::hint(&options.args, &args.dirs, looked)
    {
        output::remark(hint);
    }
}

fn guest_options(args: &RunArgs, file: &OsStr, own_args: &[std::ffi::OsString]) -> Result<GuestOptions, Failure> {
    let utf8 = |arg: &OsStr| {
        arg.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::usage(format!("the argument {arg:?} is not UTF-8, which WebAssembly programs take alone"))
        })
    };
    // The name without its folders, which are none of the guest's business.
    let name = match &args.argv0 {
        Some(name) => name.clone(),
        None => utf8(Path::new(file).file_name().unwrap_or(file))?,
    };
    let inherited = |name: &String| std::env::var(name).ok();
    let mut options = GuestOptions {
        name: file.to_string_lossy().into_owned(),
        args: std::iter::once(Ok(name)).chain(own_args.iter().map(|arg| utf8(arg))).collect::<Result<_, _>>()?,
        env: args
            .env
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.clone().or_else(|| inherited(name))?)))
            .collect(),
        dirs: args
            .dirs
            .iter()
            .map(|(host, guest)| DirMount { host: host.clone(), guest: guest.clone(), read_only: false })
            .collect(),
        max_memory: args.max_memory,
        max_memory_total: args.calls.limits.max_memory_total,
        max_files: args.calls.limits.max_files,
        invoke: args.invoke.clone(),
        ..GuestOptions::default()
    };
    options.inherit_stdio();
    Ok(options)
}

/// What there is to run.
struct Found {
    code: Code,
    /// What the library says of it; nothing, where the user gave native code.
    load: Option<LoadReport>,
    /// What is to be made for the next start.
    pending: Option<Pending>,
}

fn load(args: &RunArgs, opened: &Opened, engine: &LazyEngine<EngineSpec>, file: &OsStr) -> Result<Found, Failure> {
    if file == "-" {
        let mut wasm = Vec::new();
        std::io::stdin()
            .read_to_end(&mut wasm)
            .map_err(|error| Failure::new("failed to read the program from standard input").because(&error))?;
        return load_source(opened, engine, &Source::bytes("-", wasm), false);
    }
    let path = Path::new(file);
    if let (Some(artifact), Some(digest)) = (&args.embedded_artifact, &args.embedded_digest) {
        let source = precompiled::as_embedded(path, artifact, digest)?;
        return load_optimized(opened, engine, &source, "it is embedded");
    }
    if args.allow_precompiled && is_native(path)? {
        let mut config = glowplug_runtime::config(engine.spec());
        config.enable_compiler(false);
        let code = precompiled::load(&wasmtime::Engine::new(&config)?, path)?;
        return Ok(Found { code, load: None, pending: None });
    }
    load_source(opened, engine, &Source::file(path), true)
}

fn load_source(
    opened: &Opened,
    engine: &LazyEngine<EngineSpec>,
    source: &Source<'_>,
    is_file: bool,
) -> Result<Found, Failure> {
    match opened.config.tiering() {
        // Where nothing is kept, nothing needs to be read again.
        Tiering::Auto if !is_file && opened.cache.backend() != BackendUsed::None => {
            load_optimized(opened, engine, source, "standard input cannot be read again")
        }
        Tiering::Off => load_optimized(opened, engine, source, "tiering is off"),
        Tiering::Auto | Tiering::Wait => {
            let baseline = baseline_engine();
            let tiers = Tiers { optimized: engine, baseline: &baseline, least_bytes: opened.config.tiering_size() };
            let tiered = opened.cache.load_tiered(tiers, source)?;
            Ok(Found { code: tiered.loaded.module, load: Some(tiered.loaded.report), pending: tiered.pending })
        }
    }
}

fn load_optimized(
    opened: &Opened,
    engine: &LazyEngine<EngineSpec>,
    source: &Source<'_>,
    why: &str,
) -> Result<Found, Failure> {
    let mut loaded = opened.cache.load_any(engine, source)?;
    loaded.report.code = Some(CompilerTier::Optimized);
    if loaded.report.outcome != glowplug_cache::Outcome::Hit {
        loaded.report.no_baseline = Some(NoBaseline::Unwanted { what: why.to_owned() });
    }
    Ok(Found { code: loaded.module, load: Some(loaded.report), pending: None })
}

/// What a load did, for people.
fn in_words(load: &LoadReport) -> String {
    let fast = if load.code == Some(CompilerTier::Baseline) { ", from fast-made code" } else { "" };
    let size = load.artifact_bytes.map_or_else(String::new, |bytes| format!(", {}", text::size(bytes)));
    if load.outcome == glowplug_cache::Outcome::Hit {
        let tier = crate::report::word(&load.tier);
        return format!(
            "its native code was in the cache ({tier} tier{size}), so nothing was compiled; it starts{fast}"
        );
    }
    let reason = match (&load.reason, &load.bypass) {
        (Some(MissReason::NeverSeen), _) => "it was never seen before".to_owned(),
        (Some(MissReason::Corrupt { what }), _) => {
            format!("what the cache held of it was damaged and is not used: {what}")
        }
        (Some(MissReason::Evicted), _) => "what the cache held of it was removed to make room".to_owned(),
        (Some(reason), _) => reason.to_string(),
        (None, Some(bypass)) => bypass.clone(),
        (None, None) => "no reason is known".to_owned(),
    };
    let took = load.phases.compile.map_or_else(String::new, |took| format!(" in {}", text::time(took)));
    let kept = match load.reason.is_some() && load.notes.is_empty() {
        true => format!("the code is kept{size}, and the next start compiles nothing"),
        false => "the code is not kept".to_owned(),
    };
    format!("compiled{took}, because {reason}; {kept}; it starts{fast}")
}

/// Whether the file begins as native code does; asked only where native code is allowed.
fn is_native(path: &Path) -> Result<bool, Failure> {
    let mut magic = Vec::with_capacity(4);
    std::fs::File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut magic))
        .map_err(|error| Failure::file("read", path, &error))?;
    Ok(magic == b"\x7fELF")
}

/// Ends this program when the time is over before the guest has even begun.
fn watch_loading(limit: Duration, name: &str) -> Result<Watchdog, Failure> {
    let name = name.to_owned();
    let expired = move || {
        output::error_line(&format!("{}; it was still being compiled", text::timed_out(&name, limit)));
        std::process::exit(EXIT_TIMEOUT);
    };
    Watchdog::start(limit, expired)
        .map_err(|error| Failure::new("failed to start the clock for --timeout").because(&error))
}

/// Ends this program when what is `left` of the time is over.
fn watch(limit: Duration, left: Duration, afterwards: &Arc<Afterwards>) -> Result<Watchdog, Failure> {
    let afterwards = Arc::clone(afterwards);
    let expired = move || afterwards.run_out(&text::timed_out(&afterwards.source, limit), Limit::Time);
    Watchdog::start(left, expired)
        .map_err(|error| Failure::new("failed to start the clock for --timeout").because(&error))
}

/// Ends this program when the guest has computed for so long. What was computed before it began is not the guest's.
fn watch_cpu(limit: Duration, afterwards: &Arc<Afterwards>) -> Result<CpuWatch, Failure> {
    let afterwards = Arc::clone(afterwards);
    let expired = move || {
        let text = format!(
            "{}: the processor time that --cpu-time allows ({limit:?}) is used up, and it was ended",
            afterwards.source
        );
        afterwards.run_out(&text, Limit::CpuTime);
    };
    CpuWatch::start(limit, expired)
        .map_err(|error| Failure::new("failed to start the clock for --cpu-time").because(&error))
}

/// How far the start has come; the watchdog may ask while the guest runs.
struct Reached {
    clock: Clock,
    startup: Option<Duration>,
    optimizing: Optimizing,
}

/// What is left to do when the guest has ended, or must end.
struct Afterwards {
    opened: Opened,
    report: Option<Wanted>,
    source: String,
    load: Option<LoadReport>,
    call: Option<CallReport>,
    engine: LazyEngine<EngineSpec>,
    progress: Mutex<Reached>,
}

impl Afterwards {
    fn reached(&self) -> std::sync::MutexGuard<'_, Reached> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guest_begins(&self) {
        let now = Instant::now();
        let mut reached = self.reached();
        reached.startup = Some(reached.clock.until(now));
        // Before the guest, which may run for ever; a fraction of a millisecond, after a compilation.
        reached.optimizing.begin(|| Background::of(&self.opened));
    }

    fn add_phases(&self, phases: &glowplug_runtime::Phases) {
        let mut reached = self.reached();
        reached.clock.add("link", phases.link);
        reached.clock.add("instantiate", phases.instantiate);
    }

    /// Ends this program while the guest still runs, because it has come to a limit of time.
    fn run_out(&self, text: &str, limit: Limit) {
        output::error_line(text);
        if let Err(failure) = self.finish(EXIT_TIMEOUT, Some(limit)) {
            failure.report();
        }
        std::process::exit(EXIT_TIMEOUT);
    }

    /// Reports, and gives the cache its time.
    fn finish(&self, exit_code: i32, limit: Option<Limit>) -> Result<(), Failure> {
        // The guest's output is in nobody's buffer when this process is gone.
        let _ = std::io::stdout().flush();
        let mut reached = self.reached();
        reached.optimizing.settle(&self.opened.cache, &self.engine);
        if let Some(wanted) = &self.report {
            let report = RunReport {
                load: self.load.as_ref(),
                call: self.call.as_ref(),
                source: self.source.clone(),
                optimizing: Some(&reached.optimizing),
                clock: &reached.clock,
                startup: reached.startup,
                exit_code,
                limit,
                in_force: self.opened.cache.in_force(),
            };
            write_wanted(wanted, &report)?;
        }
        self.opened.cache.finish();
        Ok(())
    }
}
