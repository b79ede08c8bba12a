//! What the command line says.

mod bench;
mod cache;
mod calls;
mod compile;
mod habits;
mod limits;
mod native;
mod report;
mod run;
mod shell;
mod test;
mod wasmtime;

use crate::output::{ERROR, HEADING, LITERAL};
pub(crate) use bench::BenchArgs;
pub(crate) use cache::{CacheCommand, CacheCommandArgs, CallsCommand, OptimizeArgs};
pub(crate) use calls::{CallArgs, CallModeArgs};
use clap::builder::Styles;
use clap::{Args, Parser, Subcommand};
pub(crate) use compile::{CompileArgs, SnapshotArgs};
use glowplug_cache::Backend;
use habits::refuse;
pub(crate) use habits::{is_bashs, unknown_shell_option};
pub(crate) use limits::LimitArgs;
pub(crate) use native::NativeArgs;
pub(crate) use report::{ReportArgs, ReportFormat};
pub(crate) use run::RunArgs;
pub(crate) use shell::{DirArg, ShellArgs};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
pub(crate) use test::TestArgs;

const STYLES: Styles =
    Styles::styled().header(HEADING).usage(HEADING).literal(LITERAL).error(ERROR).valid(LITERAL).invalid(ERROR);

/// Runs WebAssembly from a cache of native code, and starts it at once.
///
/// The first start of a module compiles it; every later one takes milliseconds, whatever the module's size.
#[derive(Debug, Parser)]
#[command(
    name = "glowplug",
    version = version(),
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Without a command: an interactive shell, as `glowplug shell`. `glowplug -c SCRIPT` is `glowplug shell -c SCRIPT`, and \
`glowplug app.wasm` is `glowplug run app.wasm`. `glowplug help COMMAND` explains a command.

Examples:
  glowplug                          a shell that sees this folder and nothing else
  glowplug shell -c 'ls | wc -l'    one command line in it
  glowplug run app.wasm --help      run a program; what follows FILE is the program's own
  glowplug test tests              run cases, but none that cannot have changed
  glowplug cache why app.wasm       would that start at once, and if not, why?
  glowplug bench app.wasm           what the cache is worth, measured on your machine"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) logging: LoggingArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads this process's command line; ends the process with a message, or with help, where clap says so.
    ///
    /// Describing all commands to clap takes longer than mapping an artifact. So `run`, which has to be fast, is tried
    /// with a description of itself alone, and with none where it has no options. A test sees to it that nobody can tell.
    pub(crate) fn of_process() -> Self {
        let args: Vec<OsString> = std::env::args_os().collect();
        if let Some(cli) = Self::run_without_options(&args).or_else(|| Self::shell_without_options(&args)) {
            cli
        } else if args.get(1).is_some_and(|command| command == "shell") {
            ShellLine::try_parse_from(&args).map_or_else(|error| refuse(&args, error), Self::from)
        } else if args.get(1).is_some_and(|command| command == "run") {
            RunLine::try_parse_from(&args).map_or_else(|error| Self::run_as_wasmtime(&args, error), Self::from)
        } else if args.get(1).is_some_and(|command| command == "test") {
            TestLine::try_parse_from(&args).map_or_else(|error| refuse(&args, error), Self::from)
        } else {
            habits::parse(&args).unwrap_or_else(|error| refuse(&args, error))
        }
    }

    /// The program that this runs, if it runs one.
    fn program(&self) -> Option<&OsStr> {
        match &self.command {
            Command::Run(run) => run.file_and_args.first().map(OsString::as_os_str),
            _ => None,
        }
    }

    /// Tries a command line that could not be read with what wasmtime's options mean here.
    fn run_as_wasmtime(args: &[OsString], error: clap::Error) -> Self {
        match wasmtime::translated(args) {
            None => refuse(args, error),
            Some(Err(failure)) => std::process::exit(failure.report()),
            Some(Ok(line)) => {
                let cli =
                    RunLine::try_parse_from(&line.args).map_or_else(|error| refuse(&line.args, error), Self::from);
                line.say();
                cli
            }
        }
    }

    /// `glowplug run FILE ARGS...`: nothing in it is for us to understand, because what follows FILE is the program's.
    fn run_without_options(args: &[OsString]) -> Option<Self> {
        let [_, command, file_and_args @ ..] = args else { return None };
        let file = file_and_args.first()?;
        let is_option = file.as_encoded_bytes().starts_with(b"-") && file != "-";
        (command == "run" && !is_option).then(|| Self {
            logging: LoggingArgs::default(),
            command: Command::Run(Box::new(RunArgs { file_and_args: file_and_args.to_vec(), ..RunArgs::default() })),
        })
    }

    /// `glowplug`, `glowplug shell` and then the shell's own flags, or the program under the name of a shell: nothing in it
    /// is for us to understand.
    fn shell_without_options(args: &[OsString]) -> Option<Self> {
        let shell = |name: &str, args: &[OsString]| Self {
            logging: LoggingArgs::default(),
            command: Command::Shell(Box::new(ShellArgs {
                args: args.to_vec(),
                name: name.to_owned(),
                ..ShellArgs::default()
            })),
        };
        let (program, args) = args.split_first()?;
        let program = Path::new(program).file_name()?.to_str()?.trim_start_matches('-');
        if matches!(program, "sh" | "bash") {
            let mut cli = shell(program, args);
            if let Command::Shell(shell) = &mut cli.command {
                shell.is_ours = false;
            }
            return Some(cli);
        }
        match args.split_first() {
            None => Some(shell("bash", &[])),
            Some((command, args)) if command == "shell" => {
                // Our own options are long, but for -v and -h; a cluster of the shell's begins with one of its own letters.
                let first = args.first().map_or(&b""[..], |first| first.as_encoded_bytes());
                let ours = first.starts_with(b"--") || first.starts_with(b"-v") || first.starts_with(b"-h");
                (!ours).then(|| shell("bash", args))
            }
            Some(_) => None,
        }
    }
}

/// A command line whose command is `shell`.
#[derive(Debug, Parser)]
#[command(name = "glowplug", version = version(), styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
struct ShellLine {
    #[command(flatten)]
    logging: LoggingArgs,
    #[command(subcommand)]
    command: ShellCommand,
}

#[derive(Debug, Subcommand)]
enum ShellCommand {
    Shell(Box<ShellArgs>),
}

impl From<ShellLine> for Cli {
    fn from(ShellLine { logging, command: ShellCommand::Shell(shell) }: ShellLine) -> Self {
        Self { logging, command: Command::Shell(shell) }
    }
}

/// A command line whose command is `run`.
#[derive(Debug, Parser)]
#[command(name = "glowplug", version = version(), styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
struct RunLine {
    #[command(flatten)]
    logging: LoggingArgs,
    #[command(subcommand)]
    command: RunCommand,
}

#[derive(Debug, Subcommand)]
enum RunCommand {
    Run(Box<RunArgs>),
}

impl From<RunLine> for Cli {
    fn from(RunLine { logging, command: RunCommand::Run(run) }: RunLine) -> Self {
        Self { logging, command: Command::Run(run) }
    }
}

/// A command line whose command is `test`.
#[derive(Debug, Parser)]
#[command(name = "glowplug", version = version(), styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
struct TestLine {
    #[command(flatten)]
    logging: LoggingArgs,
    #[command(subcommand)]
    command: TestCommand,
}

#[derive(Debug, Subcommand)]
enum TestCommand {
    Test(Box<TestArgs>),
}

impl From<TestLine> for Cli {
    fn from(TestLine { logging, command: TestCommand::Test(test) }: TestLine) -> Self {
        Self { logging, command: Command::Test(test) }
    }
}

fn version() -> &'static str {
    use std::sync::OnceLock;
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| format!("{} (wasmtime {})", env!("CARGO_PKG_VERSION"), glowplug_cache::WASMTIME_VERSION))
}

/// What is logged.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LoggingArgs {
    /// Say on standard error what is done; twice for details. GLOWPLUG_LOG takes a filter, such as glowplug_cache=trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 900)]
    pub(crate) verbose: u8,
}

/// Which cache is used.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheArgs {
    /// Which store is used: auto, aot (glowplug's own), wasmtime (Wasmtime's disk cache), or off
    #[arg(long, global = true, value_name = "BACKEND", value_parser = backend_parser())]
    pub(crate) cache: Option<Backend>,
    /// Where artifacts are kept. The key that authenticates them stays in your data folder
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cache_dir: Option<PathBuf>,
}

fn backend_parser() -> impl clap::builder::TypedValueParser<Value = Backend> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(["auto", "aot", "wasmtime", "off"])
        .map(|word| word.parse().expect("one of the words above"))
}

/// One file in `commands/` each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Shell(Box<ShellArgs>),
    Run(Box<RunArgs>),
    Test(Box<TestArgs>),
    Compile(CompileArgs),
    Snapshot(SnapshotArgs),
    Cache(CacheCommandArgs),
    Bench(BenchArgs),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
}

/// Print the settings in force, and where each came from
#[derive(Debug, Args)]
#[command(
    after_help = "Settings come from cache.toml in your configuration folder (or where GLOWPLUG_CONFIG points), from variables such as \
GLOWPLUG_CACHE_DIR, and from flags; the last one wins. cache.toml.example explains each of them."
)]
pub(crate) struct ConfigArgs {
    /// Print one JSON value on standard output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Print a script that completes commands in a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug completions bash > ~/.local/share/bash-completion/completions/glowplug
  glowplug completions fish > ~/.config/fish/completions/glowplug.fish")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_the_file_is_the_programs_own() {
        let cli =
            Cli::try_parse_from(["glowplug", "run", "--dir", ".", "app.wasm", "--dir", "--help", "-v", "--", "x"]);
        let Ok(Cli { command: Command::Run(run), logging }) = cli else { panic!("{cli:?}") };
        assert_eq!(run.file_and_args, ["app.wasm", "--dir", "--help", "-v", "--", "x"]);
        assert_eq!((run.dirs.len(), logging.verbose), (1, 0));
    }

    #[test]
    fn the_short_way_of_run_is_like_the_long_one() {
        let lines: [&[&str]; 14] = [
            &["run"],
            &["run", "app.wasm"],
            &["run", "-", "x"],
            &["run", "app.wasm", "--", "--report", "-v"],
            &["run", "app.wasm", "", "--help"],
            &["run", "--", "app.wasm", "-v"],
            &["run", "--help"],
            &["run", "-h"],
            &["run", "--nonsense", "app.wasm"],
            &["run", "--timeout", "soon", "app.wasm"],
            &["run", "--cache", "fast", "app.wasm"],
            &["run", "--report=xml", "app.wasm"],
            &["run", "-v", "--cache", "aot", "--report", "--dir", "a::b", "--env", "A", "app.wasm", "-v", "--", "x"],
            &["run", "--version"],
        ];
        for line in lines {
            let line = [&["glowplug"], line].concat();
            let text = |result: Result<Cli, clap::Error>| match result {
                Ok(cli) => format!("{cli:?}"),
                Err(error) => error.render().ansi().to_string(),
            };
            let short = text(RunLine::try_parse_from(&line).map(Cli::from));
            assert_eq!(short, text(Cli::try_parse_from(&line)), "{line:?}");
            let words: Vec<OsString> = line.iter().map(OsString::from).collect();
            if let Some(cli) = Cli::run_without_options(&words) {
                assert_eq!(short, format!("{cli:?}"), "{line:?}");
            }
        }
    }
}
