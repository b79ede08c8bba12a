//! How one start is made and measured.

use super::contender::Contender;
use super::hot::Hot;
use crate::args::BenchArgs;
use crate::failure::Failure;
use glowplug_cache::Digest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What one checked start said.
pub(super) struct Checked {
    pub(super) peak_memory: Option<u64>,
    pub(super) exit_code: i32,
}

/// One start.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// From before the process is made until it has ended.
    pub(super) total: Duration,
    pub(super) exit_code: i32,
    /// Until the guest's first instruction.
    pub(super) first: Option<Duration>,
    /// The parts of that, by their names in reports.
    pub(super) phases: Vec<(String, Duration)>,
}

/// Private folders, and what is started in them.
pub(super) struct Workshop {
    program: PathBuf,
    file: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
    hot: OnceLock<Hot>,
    embedded: OnceLock<Digest>,
    /// A start has said what it has to say.
    heard: AtomicBool,
    /// Removed when this is dropped.
    _temporary: Option<TempDir>,
}

impl Workshop {
    /// Makes the folders.
    pub(super) fn set_up(args: &BenchArgs) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new("failed to find this very program, which has to be started").because(&error)
        })?;
        let make = |error: std::io::Error| Failure::new("failed to make a private folder").because(&error);
        let temporary = match &args.cache_dir {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(make)?;
                None
            }
            None => Some(tempfile::Builder::new().prefix("glowplug-bench-").tempdir().map_err(make)?),
        };
        let folder = match (&temporary, &args.cache_dir) {
            (Some(temporary), _) => temporary.path().to_owned(),
            (None, Some(folder)) => std::path::absolute(folder).map_err(make)?,
            (None, None) => unreachable!("one of the two was made"),
        };
        let (file, args) = (args.file.clone(), args.args.clone());
        let (hot, embedded) = (OnceLock::new(), OnceLock::new());
        let heard = AtomicBool::new(false);
        Ok(Self { program, file, args, folder, hot, embedded, heard, _temporary: temporary })
    }

    /// One start that is not measured: fills the cache where it must be warm, and looks whether it was what it should be.
    /// Nothing, but the reason, when the program cannot be started in that way.
    pub(super) fn check(&self, contender: Contender) -> Result<Result<Checked, String>, Failure> {
        match contender {
            Contender::OursHot => {
                let exit_code = self.hot()?.run()?.exit_code;
                return Ok(Ok(Checked { peak_memory: None, exit_code }));
            }
            Contender::OursEmbedded => self.make_artifact()?,
            Contender::WasmtimeWarm | Contender::OursWarm => drop(self.start(contender, None)?),
            _ => {}
        }
        let (exit_code, report) = self.reported_start(contender)?;
        if contender == Contender::OursBaseline && report["tiering"]["code"] != "baseline" {
            let why = report["tiering"]["no_baseline"].as_str().unwrap_or("the report says no reason");
            return Ok(Err(why.to_owned()));
        }
        if report["outcome"] != contender.outcome() {
            return Err(Failure::new(format!(
                "{}: a {} was wanted, and the start was a {}",
                contender.name(),
                contender.outcome(),
                report["outcome"].as_str().unwrap_or("start without a report"),
            ))
            .because_text(report["reason"].as_str())
            .hint("`glowplug run --report` with the same file says more"));
        }
        Ok(Ok(Checked { peak_memory: report["peak_memory_bytes"].as_u64(), exit_code }))
    }

    /// One measured start, or two: where a start takes a millisecond, writing its report would be a tenth of it.
    pub(super) fn measure(&self, contender: Contender) -> Result<Sample, Failure> {
        if contender == Contender::OursHot {
            return self.hot()?.run();
        }
        if contender.is_emptied() {
            let start = Instant::now();
            let (exit_code, report) = self.reported_start(contender)?;
            let elapsed = start.elapsed();
            let total = report["total_us"].as_u64().map_or(elapsed, Duration::from_micros);
            return Ok(sample(total, exit_code, &report));
        }
        let mut command = self.command(contender, None);
        let start = Instant::now();
        let status = command.status().map_err(|error| self.not_started(&error))?;
        let total = start.elapsed();
        let (_, report) = self.reported_start(contender)?;
        Ok(sample(total, exit_code(status), &report))
    }

    /// A start and what it wrote about itself, with the time that it took as `total_us`.
    fn reported_start(&self, contender: Contender) -> Result<(i32, Value), Failure> {
        let path = self.folder.join("report.json");
        self.empty(contender)?;
        let mut command = self.command(contender, Some(&path));
        let start = Instant::now();
        let status = command.status().map_err(|error| self.not_started(&error))?;
        let total = start.elapsed();
        let exit_code = exit_code(status);
        let mut report = self.take_report(&path, exit_code)?;
        end_background_process(&report);
        if let Some(fields) = report.as_object_mut() {
            fields.insert("total_us".to_owned(), crate::text::microseconds(total).into());
        }
        Ok((exit_code, report))
    }

    /// What a start wrote; one that came to nothing wrote nothing, and has said why on standard error.
    fn take_report(&self, path: &Path, exit_code: i32) -> Result<Value, Failure> {
        let report = std::fs::read(path).map_err(|_| {
            Failure::new(format!("{} could not be run (exit code {exit_code})", self.file.display()))
                .hint(format!("try `glowplug run {}` first", self.file.display()))
        })?;
        // The next one must not take it for its own.
        std::fs::remove_file(path).map_err(|error| Failure::file("remove", path, &error))?;
        serde_json::from_slice(&report)
            .map_err(|error| Failure::new("failed to understand the report of a start").because(&error))
    }

    fn start(&self, contender: Contender, report: Option<&Path>) -> Result<i32, Failure> {
        self.empty(contender)?;
        let status = self.command(contender, report).status().map_err(|error| self.not_started(&error))?;
        Ok(exit_code(status))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::file("start", &self.program, error)
    }

    /// This program, away from the user's own cache and settings.
    fn own(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GLOWPLUG_") || text.starts_with("WASMTIME_CACHE_") {
                command.env_remove(&name);
            }
        }
        command.env("GLOWPLUG_KEY_FILE", self.folder.join("key"));
        // Empty, so nothing is parsed, as where there is none.
        command.env("GLOWPLUG_CONFIG", "/dev/null");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A start as a user would make it.
    fn command(&self, contender: Contender, report: Option<&Path>) -> Command {
        let mut command = self.own();
        command.args(["run", "--cache", contender.backend(), "--cache-dir"]).arg(self.cache_folder(contender));
        if contender == Contender::OursBaseline {
            command.args(["--tiering", "auto"]).env("GLOWPLUG_TIERING_SIZE", "0");
        } else {
            command.args(["--tiering", "off"]);
        }
        if let (Contender::OursEmbedded, Some(digest)) = (contender, self.embedded.get()) {
            command.args(["--allow-precompiled", "--embedded-artifact"]).arg(self.artifact());
            command.args(["--embedded-digest", &digest.to_string()]);
        }
        if let Some(report) = report {
            command.arg("--report-file").arg(report);
        }
        command.arg(&self.file).args(&self.args);
        // Errors stay visible once: a guest that complains ten times says nothing new.
        let heard = report.is_none() || self.heard.swap(true, Ordering::Relaxed);
        let errors = if heard { Stdio::null() } else { Stdio::inherit() };
        command.stderr(errors);
        command
    }

    fn artifact(&self) -> PathBuf {
        self.folder.join("embedded.cwasm")
    }

    /// What a program would have embedded.
    fn make_artifact(&self) -> Result<(), Failure> {
        let mut command = self.own();
        command.args(["compile", "--cache", "off", "--output"]).arg(self.artifact()).arg(&self.file);
        let status = command.status().map_err(|error| self.not_started(&error))?;
        if !status.success() {
            return Err(Failure::new(format!("{} could not be compiled to be embedded", self.file.display())));
        }
        let wasm = std::fs::read(&self.file).map_err(|error| Failure::file("read", &self.file, &error))?;
        let _ = self.embedded.set(Digest::of(&wasm));
        Ok(())
    }

    fn cache_folder(&self, contender: Contender) -> PathBuf {
        self.folder.join(contender.id())
    }

    fn empty(&self, contender: Contender) -> Result<(), Failure> {
        let folder = self.cache_folder(contender);
        if !contender.is_emptied() {
            return Ok(());
        }
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file("empty", &folder, &error)),
            _ => Ok(()),
        }
    }

    fn hot(&self) -> Result<&Hot, Failure> {
        if let Some(hot) = self.hot.get() {
            return Ok(hot);
        }
        let hot =
            Hot::prepare(&self.cache_folder(Contender::OursHot), &self.folder.join("key"), &self.file, &self.args)?;
        Ok(self.hot.get_or_init(|| hot))
    }
}

fn sample(total: Duration, exit_code: i32, report: &Value) -> Sample {
    let phases = report["phases_us"].as_object().into_iter().flatten();
    let phases = phases.filter_map(|(name, time)| Some((name.clone(), Duration::from_micros(time.as_u64()?))));
    Sample {
        total,
        exit_code,
        first: report["startup_us"].as_u64().map(Duration::from_micros),
        phases: phases.collect(),
    }
}

/// What a start left behind to optimize the program would disturb the starts that follow, and its result is thrown away.
fn end_background_process(report: &Value) {
    let optimizing = &report["tiering"]["optimizing"];
    let pid = optimizing["pid"].as_i64().filter(|_| optimizing["state"] == "started");
    let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) else { return };
    let _ = kill_process(pid, Signal::KILL);
    // It is nobody's child any more: gone when nobody answers to its number.
    for _ in 0..1000 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        if rustix::process::test_kill_process(pid).is_err() || stat.contains(") Z ") {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The exit code as a shell says it.
fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
