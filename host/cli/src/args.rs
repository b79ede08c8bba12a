//! What the command line says.

use crate::config::Tiering;
use crate::config::keys::{read_size, read_time};
use crate::output::{ERROR, HEADING, LITERAL};
use clap::builder::Styles;
use clap::{Args, Parser, Subcommand, ValueEnum};
use glowplug_cache::Backend;
use glowplug_fs::Mount;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    after_help = "Without a command: an interactive shell, as `glowplug shell`.

Examples:
  glowplug                          a shell that sees this folder and nothing else
  glowplug shell -c 'ls | wc -l'    one command line in it
  glowplug run app.wasm --help      run a program; what follows FILE is the program's own
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
            ShellLine::parse_from(args).into()
        } else if args.get(1).is_some_and(|command| command == "run") {
            RunLine::parse_from(args).into()
        } else {
            Self::parse_from(args)
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
}

impl Cli {
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
            return Some(shell(program, args));
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
    Compile(CompileArgs),
    Snapshot(SnapshotArgs),
    Cache(CacheCommandArgs),
    Bench(BenchArgs),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
}

/// The embedded shell: bash's language, every command a WebAssembly instance that sees only what you allow
#[derive(Debug, Args)]
#[command(
    override_usage = "glowplug shell [OPTIONS] [-c SCRIPT [NAME [ARGS]...] | FILE [ARGS]...]",
    after_help = "Examples:
  glowplug                                     an interactive shell that reads and writes this folder, and nothing else
  glowplug shell -c 'ls | wc -l'               one command line
  glowplug shell -euo pipefail build.sh a b    a script, with the shell's own flags as bash takes them
  echo 'seq 10 | sort -rn' | glowplug shell    commands from standard input
  glowplug shell --dir src:ro --dir out FILE   look, but write to out alone
  glowplug shell --dir .:overlay --overlay-diff -c 'sed -i s/a/b/ *.txt'
                                               see what a script would change, and change nothing
  glowplug shell --allow-native git            let one native program run, with all of your rights

Our own options come first, and are long, except for -v. Everything from the shell's first flag or FILE on is the shell's.

Exit codes: the shell's own; 124 when --timeout ends it; 1 when it cannot be started; 2 when the command line is wrong."
)]
pub(crate) struct ShellArgs {
    /// The shell's own flags; a script, and its arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true, value_hint = clap::ValueHint::FilePath)]
    pub(crate) args: Vec<OsString>,
    /// Let the shell see a folder, under its own name or as GUEST: read only, read and written, or with all writes going to a
    /// copy that is thrown away [default: the current folder, read and written]
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro|:rw|:overlay]", value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<Mount>,
    /// Set an environment variable for the shell, or pass on your own of that name [default: TERM, LANG, TZ, HOME and a few more]
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    /// Let this native program run, outside of the sandbox and with your rights [default: none]
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_native: Vec<String>,
    /// Not there yet: nothing in the shell has a network
    #[arg(long)]
    pub(crate) network: bool,
    /// End everything after this time, such as 500ms, 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) timeout: Option<Duration>,
    /// The most memory that each process may take, such as 512MiB
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_memory: Option<u64>,
    /// The most processes that may run at once [default: 512]
    #[arg(long, value_name = "N")]
    pub(crate) max_processes: Option<usize>,
    /// The most that all processes together may write to standard output and error, such as 10MiB
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_output: Option<u64>,
    /// Say at the end, on standard error, what was changed in folders with :overlay
    #[arg(long)]
    pub(crate) overlay_diff: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// What the shell is called by itself: bash, or sh when the program goes by that name.
    #[arg(skip = "bash".to_owned())]
    pub(crate) name: String,
}

impl Default for ShellArgs {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            dirs: Vec::new(),
            env: Vec::new(),
            allow_native: Vec::new(),
            network: false,
            timeout: None,
            max_memory: None,
            max_processes: None,
            max_output: None,
            overlay_diff: false,
            report: ReportArgs::default(),
            cache: CacheArgs::default(),
            name: "bash".to_owned(),
        }
    }
}

/// Run a WebAssembly program: a core module or a component, in the binary or the text format
#[derive(Debug, Default, Args)]
#[command(
    override_usage = "glowplug run [OPTIONS] FILE [ARGS]...",
    after_help = "Examples:
  glowplug run app.wasm in.txt              what follows FILE is the program's own
  glowplug run --dir . app.wasm in.txt      the program sees this folder
  glowplug run --dir data::/in app.wasm     the program sees data as /in
  glowplug run --invoke add math.wasm 1 2   call one exported function
  curl -s https://.../app.wasm | glowplug run -
  glowplug run --report app.wasm            say afterwards what the start was made of
  glowplug run --tiering wait app.wasm      leave no process behind, as in a container or in CI

A large module that is not in the cache is compiled fast and run at once; a process in the background makes better code for \
the next start (`glowplug cache jobs` shows it). --tiering wait ends when that is done, --tiering off makes the better code \
first.

Exit codes: the program's own; 134 when it traps; 124 when --timeout ends it; 1 when it cannot be run; 2 when the command \
line is wrong."
)]
pub(crate) struct RunArgs {
    /// The program, or - for standard input; and its own arguments
    #[arg(value_names = ["FILE", "ARGS"], required = true, trailing_var_arg = true, value_hint = clap::ValueHint::FilePath)]
    pub(crate) file_and_args: Vec<OsString>,
    /// Let the program see a folder; under the name GUEST, or under its own
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = parse_dir, value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<(PathBuf, String)>,
    /// Set an environment variable for the program, or pass on your own of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    /// Call this exported function with ARGS, and print its results; for a component a call such as 'add(1, 2)'
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) invoke: Option<String>,
    /// What the program sees as its own name, instead of the name of FILE
    #[arg(long, value_name = "NAME")]
    pub(crate) argv0: Option<String>,
    /// End the program after this time, such as 500ms, 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) timeout: Option<Duration>,
    /// The most memory that the program may take, such as 512MiB
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_memory: Option<u64>,
    /// Run FILE though it is native code that was compiled before, which is executed with your rights, unchecked
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    /// Start as if FILE and this artifact of it were part of this program, to measure what that is worth (`glowplug bench`)
    #[arg(long, value_name = "OUT.cwasm", hide = true, requires_all = ["allow_precompiled", "embedded_digest"])]
    pub(crate) embedded_artifact: Option<PathBuf>,
    /// FILE's digest, which a program knows of what is embedded in it
    #[arg(long, value_name = "DIGEST", hide = true, value_parser = parse_digest)]
    pub(crate) embedded_digest: Option<glowplug_cache::Digest>,
    /// What to do with a module that is not compiled yet: run fast-made code first and have better made in the background
    /// (auto), or before the end (wait), or make the better code first (off) [default: auto, or as `glowplug config` says]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) tiering: Option<Tiering>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// What is said of the start afterwards.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct ReportArgs {
    /// Say on standard error, after the program has ended, whether it came from the cache, why, and how long each part took
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub(crate) report: Option<ReportFormat>,
    /// Write the report to a file instead; as JSON, unless --report says otherwise
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) report_file: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Compile a module ahead of time, to native code for this machine and this version of Wasmtime
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug compile app.wasm
  glowplug run --allow-precompiled app.cwasm

The cache does this by itself; an artifact of your own is for a machine that must not compile. It is executed unchecked, \
so take one from nobody but yourself.")]
pub(crate) struct CompileArgs {
    /// The module or component
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where the native code goes [default: FILE with the extension .cwasm]
    #[arg(short, long, value_name = "OUT.cwasm", value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Initialize a module or component ahead of time, and write it as it is then
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug snapshot app.wasm -o fast.wasm
  glowplug snapshot --init-func setup --dir data::/data app.wasm -o fast.wasm
  glowplug snapshot --rename-func _start=resume app.wasm -o fast.wasm

FILE exports a function that does what every start would do: read tables, parse settings, build what is looked up later. \
It runs now, and the result begins where it returned. Whatever it sees is frozen into the image: files, variables, and \
random numbers too, such as the seeds of hash tables. So it is given nothing but what you ask for. A component is given \
nothing at all.")]
pub(crate) struct SnapshotArgs {
    /// The module or component
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where the result goes
    #[arg(short, long, value_name = "OUT.wasm", value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// The exported function that initializes it; for a component also a call such as 'setup("a")'
    #[arg(short = 'f', long, value_name = "NAME", default_value = glowplug_runtime::SnapshotOptions::INIT_FUNC)]
    pub(crate) init_func: String,
    /// Leave that function exported [default: a module's is not, afterwards; a component's always is]
    #[arg(long)]
    pub(crate) keep_init_func: bool,
    /// Export the function OLD under the name NEW, in place of what had that name
    #[arg(short, long, value_name = "NEW=OLD", value_parser = parse_rename)]
    pub(crate) rename_func: Vec<(String, String)>,
    /// Let the initialization read a folder; under the name GUEST, or under its own
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = parse_dir, value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<(PathBuf, String)>,
    /// Set an environment variable for the initialization, or pass on your own of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,
    /// Pass on all of your environment variables
    #[arg(long)]
    pub(crate) inherit_env: bool,
}

/// Look into the cache, explain it, check it, clean it up
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug cache warm *.wasm        compile now what is to start at once later
  glowplug cache why app.wasm       would it be a hit, and if not, why?
  glowplug cache ls --json | jq     what lies there")]
pub(crate) struct CacheCommandArgs {
    /// Print one JSON value on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// One file in `commands/cache/` each.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print where the cache is
    #[command(after_help = "Example:\n  du -sh \"$(glowplug cache dir)\"")]
    Dir,
    /// List what the cache holds, the last used first
    #[command(after_help = "Example:\n  glowplug cache ls --json | jq -r '.[].source'")]
    Ls,
    /// Print how much the cache holds, how often it was hit or missed, why, and the time it saved
    #[command(after_help = "Example:\n  glowplug cache stats")]
    Stats,
    /// List what is being compiled now, and what failed in the background in the last day
    #[command(after_help = "Example:\n  glowplug cache jobs --json | jq -r '.[] | select(.state == \"running\").pid'")]
    Jobs,
    /// Say whether a start would be a hit, and if not, why
    #[command(after_help = "Example:
  glowplug cache why app.wasm || echo 'the next start compiles'

Exit codes: 0 for a hit; 1 when the module would be compiled, or cannot be read.")]
    Why {
        /// The module or component
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Hash everything again, and say what is wrong
    #[command(after_help = "Example:
  glowplug cache verify || glowplug cache clear

Exit codes: 0 when everything is sound; 1 when something is not. Nothing is removed: a damaged artifact is never \
executed, and is compiled anew when it is next asked for.")]
    Verify,
    /// Remove what is over the limits, what older versions left, and what nobody can use
    #[command(after_help = "Example:\n  glowplug cache prune --dry-run")]
    Prune {
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove everything, or what was compiled of some modules
    #[command(after_help = "Examples:\n  glowplug cache clear\n  glowplug cache clear app.wasm")]
    Clear {
        /// Only what was compiled of these
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Compile now, so that the next start is a hit
    #[command(after_help = "Example:
  glowplug cache warm plugins/*.wasm

Exit codes: 0 when all of them are in the cache now; 1 when one is not. The others are tried all the same.")]
    Warm {
        /// The modules and components
        #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// What `run` starts in the background: compiles one module for the next start.
    #[command(hide = true)]
    Optimize(OptimizeArgs),
}

/// Everything that the process in the background has to know: it asks neither environment nor configuration.
#[derive(Debug, Args)]
pub(crate) struct OptimizeArgs {
    /// The module, by its absolute path.
    pub(crate) file: PathBuf,
    /// The key that authenticates the store's contents.
    #[arg(long)]
    pub(crate) key_file: PathBuf,
    /// The digest of the wasm that was run.
    #[arg(long, value_parser = parse_digest)]
    pub(crate) module: glowplug_cache::Digest,
    /// The fingerprint of the engine that is to compile it.
    #[arg(long, value_parser = parse_digest)]
    pub(crate) engine: glowplug_cache::Digest,
    /// It is a component.
    #[arg(long)]
    pub(crate) component: bool,
    /// What is known of its functions may be used, and is to be kept.
    #[arg(long)]
    pub(crate) incremental: bool,
    /// How long it may take.
    #[arg(long, value_parser = read_time)]
    pub(crate) time: Duration,
    /// How much memory it may take.
    #[arg(long, value_parser = read_size)]
    pub(crate) memory: u64,
}

fn parse_digest(text: &str) -> Result<glowplug_cache::Digest, String> {
    glowplug_cache::Digest::parse(text).ok_or_else(|| format!("{text:?} is no digest of 64 hexadecimal digits"))
}

/// Measure what the cache is worth for a program: real processes, cold and warm, side by side
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  glowplug bench app.wasm -- --version
  glowplug bench app.wasm --runs 50 --html bench.html

Each contender runs once in each round, so that a machine that grows busy slows all of them down. The folders are \
private: your own cache is neither used nor changed.")]
pub(crate) struct BenchArgs {
    /// The program
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Its arguments, after --
    #[arg(value_name = "ARGS", last = true)]
    pub(crate) args: Vec<OsString>,
    /// How many rounds are measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// In how many of them those take part that have to compile
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cold_runs: u32,
    /// Write the figures to a file, as JSON
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) json: Option<PathBuf>,
    /// Write a page with a chart to a file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
    /// Keep the private folders in this one, and leave them there
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cache_dir: Option<PathBuf>,
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

fn parse_dir(text: &str) -> Result<(PathBuf, String), String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("a folder needs a name: HOST, or HOST::GUEST".to_owned());
    }
    Ok((PathBuf::from(host), guest.to_owned()))
}

fn parse_env(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
    if name.is_empty() {
        return Err("a variable needs a name: NAME, or NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), value))
}

fn parse_rename(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((new, old)) if !new.is_empty() && !old.is_empty() => Ok((new.to_owned(), old.to_owned())),
        _ => Err("a function gets a new name so: NEW=OLD".to_owned()),
    }
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

    #[test]
    fn folders_and_variables_are_split_once() {
        assert_eq!(parse_dir("a::/b::c"), Ok(("a".into(), "/b::c".to_owned())));
        assert_eq!(parse_dir("a"), Ok(("a".into(), "a".to_owned())));
        assert!(parse_dir("::x").is_err());
        assert_eq!(parse_env("A=b=c"), Ok(("A".to_owned(), Some("b=c".to_owned()))));
        assert_eq!(parse_env("A"), Ok(("A".to_owned(), None)));
        assert!(parse_env("=x").is_err());
    }
}
