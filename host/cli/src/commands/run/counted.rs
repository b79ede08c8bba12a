//! `glowplug run --max-disk`: a module as the one process of a session, where what it writes is counted.
//!
//! wasmtime-wasi keeps a program's files to itself, so that nothing can be counted there. The session's own engine runs the module, whose
//! artifact is another one (ADR 0021).

use super::called::mounts;
use crate::args::RunArgs;
use crate::calling;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use crate::overdue;
use crate::report::{RunReport, write_wanted};
use crate::text;
use glowplug_cache::{Kind, Source};
use glowplug_fs::Namespace;
use glowplug_runtime::GuestOptions;
use glowplug_runtime::process::{
    Face, Natives, ProgramSet, Session, SessionEvent, SessionLimits, SessionOptions, Start, StartProgram, Stdio,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long processes that are left at the end may take to be gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs it to its end; the exit code is the program's own.
pub(super) fn run(
    args: &RunArgs,
    options: &GuestOptions,
    opened: &Opened,
    max_disk: u64,
    clock: &Clock,
) -> Result<i32, Failure> {
    let cannot = |reason: &str| {
        Failure::usage(format!("{} cannot be run with --max-disk: {reason}", options.name))
            .hint("leave it out, or give the program folders on a file system that is as large as they may become")
    };
    let file = &args.file_and_args[0];
    if file == "-" {
        return Err(cannot("it comes from standard input, which is read once"));
    }
    if args.allow_precompiled {
        return Err(cannot("--allow-precompiled may execute native code that was made for another engine"));
    }
    if args.invoke.is_some() {
        return Err(cannot("--invoke calls a function, and only whole programs are counted"));
    }
    let source = Source::file(PathBuf::from(file));
    if opened.cache.identify(&source)?.kind == Kind::Component {
        return Err(cannot("it is a component, whose files are kept by wasmtime-wasi, which counts nothing"));
    }
    let mounts = mounts(&args.dirs).map_err(|reason| cannot(&reason))?;
    let names = args.dirs.iter().map(|(_, name)| name.clone().into_bytes());
    let preopens = mounts.iter().map(|mount| mount.guest.clone()).zip(names).collect();
    let settings = glowplug_fs::Settings {
        mounts,
        private_tmp: false,
        max_disk: Some(max_disk),
        hidden: opened.config.hidden(),
        ..glowplug_fs::Settings::default()
    };
    let namespace = Namespace::new(settings).map_err(|error| Failure::new(error.to_string()))?;
    let limits = args.calls.limits.over(SessionLimits {
        max_memory: options.max_memory,
        timeout: args.timeout,
        ..SessionLimits::default()
    });
    let face = Arc::new(Told { name: options.name.clone() });
    let session = Session::new(SessionOptions {
        programs: Arc::new(ProgramSet::new(Arc::clone(&opened.cache), Vec::new(), 0, limits.max_processes)),
        namespace,
        natives: Natives::default(),
        limits,
        commons: None,
        face: face as Arc<dyn Face>,
        determinism: None,
        witness: None,
    });
    let overdue = args.timeout.map(|limit| overdue::exit_after(&options.name, limit)).transpose();
    let _overdue = overdue.map_err(|error| Failure::new("failed to start the clock for --timeout").because(&error))?;
    let start = Start {
        program: StartProgram::Source { name: options.name.clone(), source },
        args: options.args.iter().map(|text| text.clone().into_bytes()).collect(),
        env: options.env.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect(),
        cwd: b"/".to_vec(),
        stdio: Stdio::default(),
        preopens: Some(preopens),
        umask: calling::mask().as_raw_mode(),
        on_main_thread: true,
        leaving: true,
    };
    let end = session.run(start, || {}).map_err(|error| Failure::new(format!("{error:#}")))?;
    if let Some(wanted) = args.report.wanted() {
        let report = RunReport {
            load: None,
            call: None,
            source: options.name.clone(),
            optimizing: None,
            clock,
            startup: None,
            exit_code: end.exit_code,
            limit: end.limit,
            in_force: opened.cache.in_force(),
        };
        write_wanted(&wanted, &report)?;
    }
    session.end_all(PATIENCE);
    session.finish();
    // Without tearing down, as every run.
    std::process::exit(end.exit_code);
}

/// Says what the user must hear of.
struct Told {
    name: String,
}

impl Face for Told {
    fn event(&self, event: SessionEvent) {
        match event {
            SessionEvent::Denied(rule) => output::remark(rule),
            SessionEvent::TimedOut(limit) => output::error_line(&text::timed_out(&self.name, limit)),
            SessionEvent::Program(_) => {}
        }
    }
}
