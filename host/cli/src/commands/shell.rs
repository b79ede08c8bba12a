//! `glowplug shell`: the embedded shell, each of whose commands is a WebAssembly instance.
//!
//! What is in this file is on the way of every start of the shell.

mod view;

use crate::args::{ReportArgs, ShellArgs, is_bashs, unknown_shell_option};
use crate::clock::Clock;
use crate::embedded;
use crate::failure::{EXIT_TIMEOUT, Failure};
use crate::natives::{self, UserSettings};
use crate::opening::{self, Opened};
use crate::output;
use crate::overdue;
use crate::progress::Progress;
use crate::report::{RunReport, write_wanted};
use glowplug_cache::LoadReport;
use glowplug_fs::{Deadline, DirOption, Mount, Namespace, errno, interruptible};
use glowplug_runtime::process::{
    CommandFacts, EditRequest, Face, Info, Natives, OnMachine, ProgramEvent, ProgramSet, RunEnd, Session, SessionEvent,
    SessionLimits, SessionOptions, Start, StartProgram, Stdio,
};
use glowplug_shell::{Editor, EditorSettings};
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use view::{Script, View};

/// What a shell gets of the user's environment unless `--env` says more: what programs need to know of the terminal, the
/// language and the user, and nothing that could be a secret.
const PASSED_ON: [&str; 13] = [
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "USER",
    "LOGNAME",
    "HOME",
    "COLUMNS",
    "LINES",
    "SHLVL",
];
/// How long processes that are left at the end may take to be gone. Then this program ends, and they with it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where programs are, in the shell's own view of files.
const PATH: &str = "/usr/bin:/bin";

/// Runs the shell to its end; the exit code is the shell's own.
pub(crate) fn run(args: &ShellArgs, verbose: bool, mut clock: Clock) -> Result<i32, Failure> {
    if args.network {
        return Err(Failure::usage("`--network` does not exist yet: what runs in the shell has no network")
            .hint("run the shell without it; a native program that --allow-native sets =free can use the network"));
    }
    // For what is looked through in the end; guests' own work ends with them.
    let _deadline = args.timeout.and_then(Deadline::after).map(|deadline| interruptible(Arc::new(deadline)));
    let mut config = crate::config::Config::load(&args.cache)?;
    clock.lap("settings");
    let resident_bytes = config.take_resident_size();
    let history = config.history_file();
    let opened = opening::open_with(config, Arc::new(Progress::default()))?;
    clock.lap("open");
    // Before anything that the shell prints.
    opened.warn(None);
    let source = source(&args.args);
    if let Source::Unknown(option, after) = source
        && args.is_ours
    {
        return Err(unknown_shell_option(option, after));
    }
    let mut view = View::of(&args.dirs)?;
    let mut files = embedded::program_files();
    let cpu_seconds = args.limits.native_cpu_seconds();
    let natives = match args.native.allow_native.as_slice() {
        [] => Natives::default(),
        programs => natives::resolve(programs, &args.native, &UserSettings::read()?, &view.mounts, cpu_seconds)?
            .working_in(view.bare.take()),
    };
    natives::warn_missing(&natives);
    files.extend(natives::files(&natives));
    let settings = glowplug_fs::Settings {
        programs: files,
        max_disk: args.max_disk,
        hidden: opened.config.hidden(),
        dirs: if args.dirs.is_empty() { DirOption::Implied } else { DirOption::Given },
        ..glowplug_fs::Settings::default()
    };
    let script = match source {
        Source::File(name) => Some(Script { name, has_path: args.env.iter().any(|(name, _)| name == "PATH") }),
        _ => None,
    };
    let namespace = view.namespace(settings, script)?;
    let View { mounts: folders, cwd, .. } = view;
    clock.lap("folders");

    let face = Arc::new(ShellFace {
        state: Mutex::new(State { clock, startup: None, load: None, editor: None, editing: false, later: Vec::new() }),
        folders,
        history,
        verbose,
        typed: source == Source::Stdin,
    });
    let max_processes = args.max_processes.unwrap_or(SessionLimits::default().max_processes);
    let programs = ProgramSet::new(Arc::clone(&opened.cache), embedded::programs(), resident_bytes, max_processes);
    let options = SessionOptions {
        programs: Arc::new(programs),
        namespace,
        natives,
        limits: args.limits.over(SessionLimits {
            max_memory: args.max_memory,
            max_processes,
            max_output: args.max_output,
            timeout: args.timeout,
            ..SessionLimits::default()
        }),
        commons: None,
        face: Arc::clone(&face) as Arc<dyn Face>,
        determinism: None,
        witness: None,
    };
    let session = Session::new(options);
    let start = Start {
        program: StartProgram::Own(embedded::SHELL_NAME.to_owned()),
        args: std::iter::once(args.name.as_bytes().to_vec()).chain(arguments(&args.args, &source)).collect(),
        env: environment(args),
        cwd,
        stdio: Stdio::default(),
        preopens: None,
        umask: crate::calling::mask().as_raw_mode(),
        on_main_thread: true,
        leaving: true,
    };
    let overdue = args.timeout.map(|limit| overdue::exit_after("the shell", limit)).transpose();
    let _overdue = overdue.map_err(|error| Failure::new("failed to start the clock for --timeout").because(&error))?;
    let began = {
        let face = Arc::clone(&face);
        move || face.begins()
    };
    let end = session.run(start, began).map_err(|error| {
        let mut causes = error.chain();
        Failure::new(causes.next().map_or_else(String::new, ToString::to_string))
            .because_text(causes.next().map(ToString::to_string).as_deref())
    })?;
    let code = end.exit_code;
    face.finish(&opened, &args.report, &end)?;
    // Guests end with this program anyway, but until then they would go on changing what is about to be looked through and removed;
    // and what native programs started would outlive it.
    if session.must_be_ended() && !session.end_all(PATIENCE) {
        session.namespace().leave_scratch();
    }
    if args.overlay_diff {
        let mut diff = Vec::new();
        if let Err(error) = session.namespace().overlay_diff(&mut diff) {
            output::warning(&format!("the overlay's changes cannot be shown: {error}"));
        }
        output::note_bytes(&diff);
    }
    session.finish();
    session.namespace().remove_scratch();
    // Without tearing down: what is left of the session is given back faster by the end of the process.
    std::process::exit(code);
}

fn environment(args: &ShellArgs) -> Vec<Vec<u8>> {
    let pair = |name: &str, value: &[u8]| [name.as_bytes(), b"=", value].concat();
    let inherited = |name: &str| std::env::var_os(name).map(|value| pair(name, &value.into_vec()));
    let mut env: Vec<Vec<u8>> = PASSED_ON.iter().filter_map(|name| inherited(name)).collect();
    env.push(pair("PATH", PATH.as_bytes()));
    for (name, value) in &args.env {
        let prefix = [name.as_bytes(), b"="].concat();
        let new = match value {
            Some(value) => Some(pair(name, value.as_bytes())),
            None => inherited(name),
        };
        if let Some(new) = new {
            env.retain(|variable| !variable.starts_with(&prefix));
            env.push(new);
        }
    }
    env
}

/// Where a shell takes its commands from.
#[derive(Debug, PartialEq, Eq)]
enum Source<'a> {
    /// Standard input: no `-c`, and no FILE.
    Stdin,
    /// `-c`.
    Argument,
    /// A script.
    File(&'a OsStr),
    /// Nowhere: this is no option of a shell, and stands after that one.
    Unknown(&'a OsStr, Option<&'a OsStr>),
}

/// Where these arguments make a shell take its commands from, as bash reads them.
fn source(args: &[OsString]) -> Source<'_> {
    let mut args = args.iter();
    let (mut stdin, mut first) = (false, None);
    let file = loop {
        let Some(arg) = args.next() else { break None };
        match arg.as_encoded_bytes() {
            b"--" | b"-" => break args.next(),
            b"--rcfile" | b"--init-file" => _ = args.next(),
            [b'-', b'-', ..] if !is_bashs(arg) => return Source::Unknown(arg, first),
            [b'-', b'-', ..] => {}
            [b'-' | b'+', letters @ ..] if !letters.is_empty() => {
                if letters.contains(&b'c') {
                    return Source::Argument;
                }
                stdin |= letters.contains(&b's');
                let values = letters.iter().filter(|letter| matches!(letter, b'o' | b'O')).count();
                (0..values).for_each(|_| _ = args.next());
            }
            _ => break Some(arg),
        }
        first = first.or(Some(arg.as_os_str()));
    };
    file.filter(|_| !stdin).map_or(Source::Stdin, |file| Source::File(file))
}

/// The arguments, as the shell gets them.
fn arguments(args: &[OsString], source: &Source<'_>) -> impl Iterator<Item = Vec<u8>> {
    let file = match source {
        Source::File(file) => Some(*file),
        _ => None,
    };
    args.iter().map(move |arg| match file {
        Some(file) if std::ptr::eq(file, arg.as_os_str()) => view::for_guests(arg),
        _ => arg.as_bytes().to_vec(),
    })
}

/// The terminal's side of the session.
struct ShellFace {
    state: Mutex<State>,
    folders: Vec<Mount>,
    history: Option<PathBuf>,
    verbose: bool,
    /// Whether commands come from standard input, rather than from a script or `-c`.
    typed: bool,
}

struct State {
    clock: Clock,
    startup: Option<Duration>,
    load: Option<LoadReport>,
    editor: Option<Editor>,
    /// Whether somebody is at a prompt, which nothing may be written into.
    editing: bool,
    /// What is to be said once the line is there.
    later: Vec<Said>,
}

/// Something to be said while the session goes on.
enum Said {
    Remark(String),
    Warning(String),
}

impl Said {
    fn say(&self) {
        match self {
            Self::Remark(text) => output::remark(text),
            Self::Warning(text) => output::warning(text),
        }
    }
}

impl ShellFace {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody types what the shell does.
    fn is_typed(&self) -> bool {
        self.typed && std::io::stdin().is_terminal()
    }

    /// The shell's first instruction is about to run.
    fn begins(&self) {
        let now = Instant::now();
        let mut state = self.state();
        state.startup = Some(state.clock.until(now));
        let covered =
            state.load.as_ref().map_or(Duration::ZERO, |load| load.phases.named().map(|(_, time)| time).sum());
        let rest = state.clock.elapsed().saturating_sub(covered);
        state.clock.add("instantiate", rest);
    }

    fn finish(&self, opened: &Opened, wanted: &ReportArgs, end: &RunEnd) -> Result<(), Failure> {
        let state = self.state();
        opened.warn_of_load(state.load.as_ref());
        let Some(wanted) = wanted.wanted() else { return Ok(()) };
        let report = RunReport {
            call: None,
            optimizing: None,
            load: state.load.as_ref(),
            source: "shell".to_owned(),
            clock: &state.clock,
            startup: state.startup,
            exit_code: end.exit_code,
            limit: end.limit,
            in_force: opened.cache.in_force(),
        };
        write_wanted(&wanted, &report)
    }

    /// What an interactive shell says first: what it is, what it may touch, and how it started.
    fn greeting(&self) -> String {
        let state = self.state();
        let may = View::in_words(&self.folders);
        let tier = state
            .load
            .as_ref()
            .map_or_else(String::new, |load| format!(" from the {} tier", crate::report::word(&load.tier)));
        let took =
            state.startup.map_or_else(String::new, |took| format!("; started in {}{tier}", crate::text::time(took)));
        format!("glowplug {}: a shell of WebAssembly; {may}, and nothing else{took}\n", env!("CARGO_PKG_VERSION"))
    }

    /// Says something: at once, or once nobody is at a prompt.
    fn say(&self, said: Said) {
        let mut state = self.state();
        if state.editing {
            state.later.push(said);
        } else {
            drop(state);
            said.say();
        }
    }

    /// Whether there is a prompt from now on; before it, and after it, what was kept is said.
    fn at_prompt(&self, editing: bool) {
        let mut state = self.state();
        let later = std::mem::take(&mut state.later);
        state.editing = editing;
        drop(state);
        later.iter().for_each(Said::say);
    }

    fn with_editor<T>(&self, work: impl FnOnce(&mut Editor) -> T) -> T {
        // Taken out, so that events can be told while the user types.
        let editor = self.state().editor.take();
        let mut editor = editor.unwrap_or_else(|| {
            let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            Editor::new(EditorSettings { history: self.history.clone(), colour })
        });
        let result = work(&mut editor);
        self.state().editor = Some(editor);
        result
    }
}

impl Face for ShellFace {
    fn edit(&self, request: &EditRequest, namespace: &Namespace) -> Result<Vec<u8>, i32> {
        if !self.is_typed() {
            return Err(errno::ENOTTY);
        }
        self.at_prompt(true);
        let line =
            self.with_editor(|editor| editor.edit(&request.prompt, &request.continuation, &request.names, namespace));
        self.at_prompt(false);
        if line == Err(errno::EIO) {
            output::remark("the line editor failed; this line is read without it, and the next one has a new editor");
        }
        line
    }

    fn about_command(&self, name: &str, known: &mut dyn Iterator<Item = String>) -> CommandFacts {
        let known: Vec<String> = known.collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let similar = glowplug_harness::nearest(name, &known).map(str::to_owned);
        // What is said on a terminal is read by the user alone. A pipe may end in front of whoever wrote the script.
        let native = match std::io::stderr().is_terminal() {
            true => natives::on_machine(name, &self.folders),
            false => OnMachine::Unknown,
        };
        CommandFacts { similar, native }
    }

    fn info(&self, info: Info) -> Result<String, i32> {
        match info {
            Info::Version => Ok(env!("CARGO_PKG_VERSION").to_owned()),
            Info::Greeting => Ok(self.greeting()),
            Info::History | Info::HistoryClear if !self.is_typed() => Err(errno::EPERM),
            Info::History => Ok(self.with_editor(|editor| editor.history())),
            Info::HistoryClear => {
                self.with_editor(Editor::clear_history);
                Ok(String::new())
            }
        }
    }

    fn event(&self, event: SessionEvent) {
        match event {
            SessionEvent::Program(ProgramEvent::Loaded(name, report)) => {
                if self.verbose {
                    let tier = crate::report::word(&report.tier);
                    self.say(Said::Remark(format!("{name}: loaded from the {tier} tier")));
                }
                let mut state = self.state();
                if state.load.is_none() {
                    state.load = Some(*report);
                }
            }
            // Nothing of a shell is run from baseline code.
            SessionEvent::Program(ProgramEvent::ToOptimize(_)) => {}
            SessionEvent::Program(ProgramEvent::Changed(name)) => {
                if self.verbose {
                    self.say(Said::Remark(format!("{name} has changed and is loaded again")));
                }
            }
            SessionEvent::Program(ProgramEvent::Evicted(name, bytes)) => self.say(Said::Warning(format!(
                "{name} ({}) is dropped from memory, because the resident modules outgrew `resident-size`",
                crate::text::size(bytes)
            ))),
            SessionEvent::Program(ProgramEvent::TooLarge(name, bytes)) => self.say(Said::Warning(format!(
                "{name} ({}) is larger than `resident-size` and is loaded anew each time",
                crate::text::size(bytes)
            ))),
            SessionEvent::Denied(rule) => self.say(Said::Remark(rule)),
            SessionEvent::TimedOut(limit) => {
                let was_editing = glowplug_shell::restore_terminal();
                let what = crate::text::timed_out("the shell", limit);
                output::error_line(&format!("{what}, exit code {EXIT_TIMEOUT}"));
                if was_editing {
                    // Nothing wakes who waits for a key.
                    std::process::exit(EXIT_TIMEOUT);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_from_where_bash_takes_them() {
        let cases: [(&[&str], Source<'_>); 14] = [
            (&[], Source::Stdin),
            (&["-i"], Source::Stdin),
            (&["-s", "a"], Source::Stdin),
            (&["-"], Source::Stdin),
            (&["-c", "ls"], Source::Argument),
            (&["-euo", "pipefail", "-c", "ls"], Source::Argument),
            (&["file", "-c"], Source::File(OsStr::new("file"))),
            (&["-euo", "pipefail", "file"], Source::File(OsStr::new("file"))),
            (&["--", "-c"], Source::File(OsStr::new("-c"))),
            (&["--posix", "--rcfile", "x", "file"], Source::File(OsStr::new("file"))),
            (&["+x", "-", "file"], Source::File(OsStr::new("file"))),
            (&["-O", "extglob", "-s", "--", "file"], Source::Stdin),
            (&["--tiemout", "5", "-c", "ls"], Source::Unknown(OsStr::new("--tiemout"), None)),
            (&["-e", "--timeout", "5", "file"], Source::Unknown(OsStr::new("--timeout"), Some(OsStr::new("-e")))),
        ];
        for (args, expected) in cases {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            assert_eq!(source(&args), expected, "{args:?}");
        }
    }
}
