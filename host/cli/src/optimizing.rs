//! After baseline code has run, or while it runs: having the optimized artifact made.

use crate::config::{Config, Limits, Tiering};
use crate::opening::Opened;
use crate::output;
use glowplug_cache::{Helper, LazyEngine, ModuleCache, Pending, Settings};
use glowplug_runtime::EngineSpec;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// What failed as often as this within a day is left alone: somebody would have to look at it.
const MAX_ATTEMPTS: u32 = 3;

/// What becomes of the optimized artifact of this run.
pub(crate) struct Optimizing {
    mode: Tiering,
    state: State,
}

/// Where better code is kept, and what making it may take: what is needed of a cache to have it made.
pub(crate) struct Background {
    cache: Arc<ModuleCache>,
    settings: Option<Settings>,
    limits: Limits,
}

impl Background {
    /// Of a cache that was opened.
    pub(crate) fn of(opened: &Opened) -> Self {
        let Opened { cache, config, .. } = opened;
        Self { cache: Arc::clone(cache), settings: config.settings().ok(), limits: config.background_limits() }
    }
}

enum State {
    /// There is nothing to be made.
    Nothing,
    /// Somebody has to make it, if the guest runs.
    Pending(Pending),
    /// This process has to make it.
    Own(Pending),
    /// A process was started for it.
    Started(Child, Pending),
    /// Another process is at it.
    UnderWay(u32, Pending),
    /// Nobody makes it, for this reason.
    Left(String),
    /// It is there.
    Stored,
}

impl Optimizing {
    /// Of a load that left this to be made.
    pub(crate) fn new(mode: Tiering, pending: Option<Pending>) -> Self {
        Self { mode, state: pending.map_or(State::Nothing, State::Pending) }
    }

    /// What a miss was to do.
    pub(crate) fn mode(&self) -> Tiering {
        self.mode
    }

    /// Has it made by another process, if nobody is at it. Called when the guest begins: for one that cannot be run, nobody
    /// needs anything.
    pub(crate) fn begin(&mut self, background: impl FnOnce() -> Background) {
        self.state = match std::mem::replace(&mut self.state, State::Nothing) {
            State::Pending(pending) => self.start(pending, &background()),
            other => other,
        };
    }

    /// The same for what turns out only now to have to be made.
    pub(crate) fn begin_with(&mut self, pending: Pending, background: &Background) {
        self.state = self.start(pending, background);
    }

    fn start(&self, pending: Pending, background: &Background) -> State {
        let Background { cache, settings, limits } = background;
        if let Some(pid) = pending.under_way(cache) {
            return State::UnderWay(pid, pending);
        }
        let attempts = pending.attempts(cache);
        if attempts >= MAX_ATTEMPTS && self.mode == Tiering::Auto {
            return State::Left(format!("it failed {attempts} times; `glowplug cache jobs` says why"));
        }
        let place = pending.path().zip(settings.as_ref());
        let command = place.and_then(|(path, settings)| command(path, &pending, settings, *limits, false));
        match (command, self.mode) {
            (Some(mut command), _) => match command.spawn() {
                Ok(child) => State::Started(child, pending),
                Err(_) if self.mode == Tiering::Wait => State::Own(pending),
                Err(error) => State::Left(format!("the process for it could not be started: {error}")),
            },
            (None, Tiering::Wait) => State::Own(pending),
            (None, _) => State::Left("another process could not read the program again".to_owned()),
        }
    }

    /// Waits until it is there, where that was asked for. What goes wrong is said, and fails nothing.
    pub(crate) fn settle(&mut self, cache: &ModuleCache, engine: &LazyEngine<EngineSpec>) {
        if self.mode != Tiering::Wait {
            return;
        }
        self.state = match std::mem::replace(&mut self.state, State::Nothing) {
            State::Started(mut child, pending) => match child.wait() {
                Ok(status) if status.success() => State::Stored,
                // It met somebody who was at it already, or failed: this process sees for itself.
                _ => make(&pending, cache, engine),
            },
            State::Own(pending) | State::UnderWay(_, pending) => make(&pending, cache, engine),
            other => other,
        };
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        match &self.state {
            State::Nothing => Value::Null,
            State::Pending(_) | State::Own(_) => json!({ "state": "pending" }),
            State::Started(child, _) => json!({ "state": "started", "pid": child.id() }),
            State::UnderWay(pid, _) => json!({ "state": "under-way", "pid": pid }),
            State::Left(why) => json!({ "state": "left", "why": why }),
            State::Stored => json!({ "state": "stored" }),
        }
    }

    /// For people.
    pub(crate) fn words(&self) -> Option<String> {
        Some(match &self.state {
            State::Nothing => return None,
            State::Pending(_) | State::Own(_) => "nobody has begun to optimize it".to_owned(),
            State::Started(child, _) => format!("process {} optimizes it for the next start", child.id()),
            State::UnderWay(pid, _) => format!("process {pid} is optimizing it already"),
            State::Left(why) => format!("not optimized: {why}"),
            State::Stored => "optimized for the next start".to_owned(),
        })
    }
}

/// Compiles what a start waits for in another process, whose work goes on when the start is given up: whoever starts again
/// waits for the rest of it, or finds it done.
pub(crate) struct AnotherProcess {
    settings: Settings,
    limits: Limits,
}

impl AnotherProcess {
    /// Where there is a cache to keep what it makes.
    pub(crate) fn of(config: &Config) -> Option<Arc<dyn Helper>> {
        let settings = config.settings().ok()?;
        Some(Arc::new(Self { settings, limits: config.background_limits() }))
    }
}

impl Helper for AnotherProcess {
    fn make(&self, pending: &Pending) -> bool {
        let command = pending.path().and_then(|path| command(path, pending, &self.settings, self.limits, true));
        let Some(mut command) = command else { return false };
        command.spawn().and_then(|mut child| child.wait()).is_ok_and(|status| status.success())
    }
}

fn make(pending: &Pending, cache: &ModuleCache, engine: &LazyEngine<EngineSpec>) -> State {
    match cache.warm(engine, pending.source()) {
        Ok(report) if report.notes.is_empty() => State::Stored,
        Ok(report) => left(report.notes.join("; ")),
        Err(error) => left(error.to_string()),
    }
}

fn left(why: String) -> State {
    output::warning(&format!("not optimized for the next start: {why}"));
    State::Left(why)
}

/// This program, about to compile for the next start. It is told everything: its settings are those of this run, whatever
/// environment and configuration say by then.
fn command(path: &Path, pending: &Pending, settings: &Settings, limits: Limits, waited_for: bool) -> Option<Command> {
    let key = pending.key();
    // The program that runs, even if another one has taken its name.
    let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe().ok()? };
    let mut command = Command::new(program);
    command.args(["cache", "optimize", "--cache-dir"]).arg(&settings.folder);
    command.arg("--key-file").arg(&settings.key_file);
    command.arg("--module").arg(key.module.to_string()).arg("--engine").arg(key.engine.to_string());
    if key.kind == glowplug_cache::Kind::Component {
        command.arg("--component");
    }
    if settings.incremental == glowplug_cache::Incremental::On {
        command.arg("--incremental");
    }
    if waited_for {
        command.arg("--waited-for").arg(std::process::id().to_string());
    }
    command.arg("--time").arg(humantime::format_duration(limits.time).to_string());
    command.arg("--memory").arg(limits.memory.to_string()).arg("--").arg(path);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Some(command)
}
