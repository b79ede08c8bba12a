//! What the tests of the program share: each test gets a home of its own, and output without what differs from run to run.
#![allow(dead_code, reason = "each test file uses a part")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A home, a folder to work in, and the program, which sees nothing of the real ones.
pub struct Context {
    folder: TempDir,
}

impl Context {
    /// An empty home and an empty folder to work in.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("glowplug-test-").tempdir().expect("a temporary folder");
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        Self { folder }
    }

    /// The processes that compile in the background for this home.
    pub fn compilations(&self) -> Vec<u32> {
        let folder = self.folder.path().as_os_str().as_encoded_bytes();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let is_ours = |process: &fs::DirEntry| {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let args: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
            // It names the store, which is in this test's own folder.
            args.get(1..4) == Some(&[&b"cache"[..], b"optimize", b"--cache-dir"])
                && args.get(4).is_some_and(|store| store.starts_with(folder))
        };
        processes.filter(is_ours).filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
    }

    /// The folder that the program is started in.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The store's folder.
    pub fn store(&self) -> PathBuf {
        self.home().join(".cache/glowplug/v1")
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.home().join(".config/glowplug/cache.toml")
    }

    /// Writes the configuration file.
    pub fn configure(&self, text: &str) {
        fs::create_dir_all(self.config_file().parent().expect("a folder")).expect("the folder of the configuration");
        fs::write(self.config_file(), text).expect("the configuration");
    }

    /// Writes a file in the folder to work in.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::write(&path, contents).expect("a file");
        path
    }

    /// Puts the prebuilt guest that does what tests need into the folder to work in.
    pub fn probe(&self) -> &'static str {
        self.prebuilt("probe.wasm")
    }

    /// The same as a component.
    pub fn probe_component(&self) -> &'static str {
        self.prebuilt("probe.component.wasm")
    }

    fn prebuilt(&self, name: &'static str) -> &'static str {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/prebuilt").join(name);
        fs::copy(source, self.work().join(name)).expect("the prebuilt guest");
        name
    }

    /// The program, about to be started with these arguments. `run` leaves no process behind, unless `--tiering` says so.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glowplug"));
        let args: Vec<A> = args.into_iter().collect();
        command.env_clear().env("HOME", self.home()).env("PATH", "/usr/bin:/bin");
        if args.first().is_some_and(|command| command.as_ref() == "run") {
            command.env("GLOWPLUG_TIERING", "off");
        }
        command.current_dir(self.work()).stdin(Stdio::null()).args(args);
        command
    }

    /// Runs the program to its end.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// Runs the program, and gives its JSON.
    pub fn json<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> serde_json::Value {
        let output = self.run(args);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// The report of a run.
    pub fn report<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> serde_json::Value {
        let args = [OsStr::new("run").to_owned(), OsStr::new("--report=json").to_owned()]
            .into_iter()
            .chain(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        let output = self.run(args);
        // On a machine that is busy a compilation may take so long that a line says so first.
        let said: Vec<u8> = output.stderr.iter().copied().skip_while(|byte| *byte != b'{').collect();
        serde_json::from_slice(&said).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Runs the program, and gives everything that can be seen of it, ready for a snapshot.
    pub fn seen<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        self.seen_of(&mut self.command(args))
    }

    /// The same of a command that was prepared.
    pub fn seen_of(&self, command: &mut Command) -> String {
        let output = command.output().expect("the program starts");
        let section = |name: &str, bytes: &[u8]| {
            let text = self.hide(&without_progress(bytes));
            if text.is_empty() { String::new() } else { format!("----- {name} -----\n{text}") }
        };
        let code = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
        format!("exit code: {code}\n{}{}", section("stdout", &output.stdout), section("stderr", &output.stderr))
    }

    /// Hides what differs from run to run: folders, digests, times, sizes.
    pub fn hide(&self, text: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let text = text.replace(&format!("{folder}/home"), "[HOME]").replace(&format!("{folder}/work"), "[WORK]");
        text.lines().map(|line| format!("{}\n", hide_words(line))).collect()
    }
}

impl Drop for Context {
    /// A test that gives up a start leaves a compilation behind, which would go on for minutes.
    fn drop(&mut self) {
        for pid in self.compilations() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// Hides digests, and numbers before units of time or size. Columns are squeezed: their widths hang on what is hidden.
fn hide_words(line: &str) -> String {
    const UNITS: [&str; 10] = ["us", "ms", "s", "B", "KiB", "MiB", "GiB", "seconds", "second", "minutes"];
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let is_unit = UNITS.contains(&core);
        if is_unit && let Some(last) = words.last_mut() {
            let number = last.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
            if is_number(&number) {
                let kind = if core.ends_with('B') { "[SIZE]" } else { "[TIME]" };
                *last = last.replacen(&number, kind, 1) + &word.replacen(core, "", 1);
                continue;
            }
        }
        words.push(hide_digests(word));
    }
    indent + &words.join(" ")
}

/// Runs of eight or more hexadecimal digits, with a digit among them: words such as `defaced` stay.
fn hide_digests(word: &str) -> String {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let (mut hidden, mut run) = (String::new(), String::new());
    for c in word.chars().chain(['\0']) {
        if is_hex(c) {
            run.push(c);
            continue;
        }
        let is_digest = run.len() >= 8 && run.contains(|c: char| c.is_ascii_digit());
        hidden.push_str(if is_digest { "[DIGEST]" } else { &run });
        run.clear();
        if c != '\0' {
            hidden.push(c);
        }
    }
    hidden
}

/// A module that prints a line through WASI, small enough to be compiled in no time.
pub fn greeting(text: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "{text}\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const {length}))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
"#,
        length = text.len() + 1
    )
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    without_progress(&output.stderr)
}

/// Leaves out what is said of a compilation that takes long, as each may on a machine that is busy.
fn without_progress(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let told = |line: &&str| !line.starts_with("glowplug: compiling ") && !line.starts_with("glowplug: waiting for ");
    text.split_inclusive('\n').filter(told).collect()
}

/// Every file beneath `folder`, by its path in it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Whether the file system of temporary files says who could be writing to a file: elsewhere (overlayfs, tmpfs) one that was changed
/// within a minute, or at any time, is read each time. Said aloud, because a test of the other does not run then.
#[allow(clippy::print_stderr, reason = "a skipped test has to be heard of")]
pub fn tells_writers(test: &str) -> bool {
    use glowplug_store::disk::FileSystem;
    let folder = fs::File::open(std::env::temp_dir()).expect("a folder for temporary files");
    let tells = FileSystem::of(&folder) == FileSystem::TellsWriters;
    if !tells {
        eprintln!("skipped: {test}: the file system of temporary files does not say who writes to a file");
    }
    tells
}
