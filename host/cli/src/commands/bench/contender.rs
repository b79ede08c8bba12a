//! Who is measured, and how one of them is started.

use super::hot::Hot;
use crate::args::BenchArgs;
use crate::failure::Failure;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A way to start the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contender {
    /// Compiled at each start.
    NoCache,
    /// Wasmtime's cache, empty.
    WasmtimeCold,
    /// Wasmtime's cache, filled.
    WasmtimeWarm,
    /// Our store, empty.
    OursCold,
    /// Our store, filled.
    OursWarm,
    /// In one process that has the code already.
    OursHot,
}

impl Contender {
    /// The order of the table; ratios are to the first.
    pub(super) const ALL: [Self; 6] =
        [Self::NoCache, Self::WasmtimeCold, Self::WasmtimeWarm, Self::OursCold, Self::OursWarm, Self::OursHot];

    /// What people read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NoCache => "no cache",
            Self::WasmtimeCold => "wasmtime's cache, cold",
            Self::WasmtimeWarm => "wasmtime's cache, warm",
            Self::OursCold => "glowplug, cold",
            Self::OursWarm => "glowplug, warm",
            Self::OursHot => "glowplug, hot (in one process)",
        }
    }

    /// What programs read.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::NoCache => "no-cache",
            Self::WasmtimeCold => "wasmtime-cold",
            Self::WasmtimeWarm => "wasmtime-warm",
            Self::OursCold => "glowplug-cold",
            Self::OursWarm => "glowplug-warm",
            Self::OursHot => "glowplug-hot",
        }
    }

    /// Whether each of its starts compiles, and may take minutes.
    pub(super) fn compiles(self) -> bool {
        matches!(self, Self::NoCache | Self::WasmtimeCold | Self::OursCold)
    }

    fn backend(self) -> &'static str {
        match self {
            Self::NoCache => "off",
            Self::WasmtimeCold | Self::WasmtimeWarm => "wasmtime",
            Self::OursCold | Self::OursWarm | Self::OursHot => "aot",
        }
    }

    /// What its start must report, so that a table never says of one thing what was measured of another.
    fn outcome(self) -> &'static str {
        match self {
            Self::NoCache => "bypass",
            Self::WasmtimeCold | Self::OursCold => "miss",
            Self::WasmtimeWarm | Self::OursWarm | Self::OursHot => "hit",
        }
    }
}

/// What one checked start said.
pub(super) struct Checked {
    pub(super) peak_memory: Option<u64>,
    pub(super) exit_code: i32,
}

/// Private folders, and what is started in them.
pub(super) struct Workshop {
    program: PathBuf,
    file: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
    hot: OnceLock<Hot>,
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
        Ok(Self { program, file, args, folder, hot: OnceLock::new(), _temporary: temporary })
    }

    /// One start that is not measured: fills the cache where it must be warm, and looks whether it was what it should be.
    pub(super) fn check(&self, contender: Contender) -> Result<Checked, Failure> {
        if contender == Contender::OursHot {
            let exit_code = self.hot()?.run()?;
            return Ok(Checked { peak_memory: None, exit_code });
        }
        if contender.outcome() == "hit" {
            self.start(contender, None)?;
        }
        let report_file = self.folder.join("report.json");
        let exit_code = self.start(contender, Some(&report_file))?;
        let report = self.take_report(&report_file, exit_code)?;
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
        Ok(Checked { peak_memory: report["peak_memory_bytes"].as_u64(), exit_code })
    }

    /// What a start wrote about itself; one that came to nothing wrote nothing, and has said why on standard error.
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

    /// One measured start: from before the process is made until it has ended.
    pub(super) fn measure(&self, contender: Contender) -> Result<(Duration, i32), Failure> {
        if contender == Contender::OursHot {
            let hot = self.hot()?;
            let start = Instant::now();
            let exit_code = hot.run()?;
            return Ok((start.elapsed(), exit_code));
        }
        self.empty_if_cold(contender)?;
        let mut command = self.command(contender, None);
        let start = Instant::now();
        let status = command.status().map_err(|error| self.not_started(&error))?;
        Ok((start.elapsed(), exit_code(status)))
    }

    fn start(&self, contender: Contender, report: Option<&Path>) -> Result<i32, Failure> {
        self.empty_if_cold(contender)?;
        let status = self.command(contender, report).status().map_err(|error| self.not_started(&error))?;
        Ok(exit_code(status))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::file("start", &self.program, error)
    }

    /// A start of the program as a user would start it, away from the user's own cache and settings.
    fn command(&self, contender: Contender, report: Option<&Path>) -> Command {
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
        // Nothing may run beside what is measured.
        command
            .args(["run", "--tiering", "off", "--cache", contender.backend(), "--cache-dir"])
            .arg(self.cache_folder(contender));
        if let Some(report) = report {
            command.arg("--report-file").arg(report);
        }
        command.arg(&self.file).args(&self.args);
        // Errors stay visible in the checked round only: a guest that complains ten times says nothing new.
        let errors = if report.is_some() { Stdio::inherit() } else { Stdio::null() };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        command
    }

    fn cache_folder(&self, contender: Contender) -> PathBuf {
        self.folder.join(contender.id())
    }

    fn empty_if_cold(&self, contender: Contender) -> Result<(), Failure> {
        let folder = self.cache_folder(contender);
        if !contender.compiles() {
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

/// The exit code as a shell says it.
fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
