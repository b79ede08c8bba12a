//! What people type out of habit: `help COMMAND`, a program or `-c` without a command, a command that is misspelt.

use super::{Cli, RunLine, ShellLine, wasmtime};
use crate::failure::{EXIT_USAGE, Failure};
use crate::output;
use clap::{CommandFactory as _, Parser as _};
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::Path;

/// Letters that bash has as flags, as far as none of ours is among them.
const FLAGS: &[u8] = b"abefiklmnprstuxBCEHPT";
/// Long options of bash, which the embedded shell takes.
const LONG_FLAGS: [&str; 14] = [
    "debugger",
    "dump-po-strings",
    "dump-strings",
    "help",
    "init-file",
    "login",
    "noediting",
    "noprofile",
    "norc",
    "posix",
    "pretty-print",
    "rcfile",
    "restricted",
    "verbose",
];

/// Reads a command line whose first word is none of the commands that are read by themselves.
pub(super) fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let with = |words: &[&str], rest: usize| -> Vec<OsString> {
        let words = words.iter().map(OsString::from);
        args[..1].iter().cloned().chain(words).chain(args.iter().skip(rest).cloned()).collect()
    };
    let first = args.get(1).map_or(&b""[..], |first| first.as_encoded_bytes());
    match first {
        b"help" => {
            let commands = args.iter().skip(2).filter(|word| !word.as_encoded_bytes().starts_with(b"-")).cloned();
            let asked: Vec<OsString> =
                args[..1].iter().cloned().chain(commands).chain(std::iter::once(OsString::from("--help"))).collect();
            Cli::try_parse_from(&asked)
        }
        [b'-', letters @ ..]
            if letters.contains(&b'c') && letters.iter().all(|letter| *letter == b'c' || FLAGS.contains(letter)) =>
        {
            ShellLine::try_parse_from(with(&["shell"], 1)).map(Cli::from)
        }
        _ => Cli::try_parse_from(args).or_else(|error| {
            // As `wasmtime` does it: a program, with options before it or not.
            let line = with(&["run"], 1);
            let line = match wasmtime::translated(&line) {
                Some(Ok(translated)) => translated.args,
                _ => line,
            };
            match RunLine::try_parse_from(line).map(Cli::from) {
                Ok(cli) if cli.program().is_some_and(is_wasm) => Ok(cli),
                _ => Err(error),
            }
        }),
    }
}

/// Whether a file is WebAssembly, by its name or by how it begins.
fn is_wasm(file: &OsStr) -> bool {
    let by_name = Path::new(file)
        .extension()
        .is_some_and(|extension| ["wasm", "wat", "cwasm"].iter().any(|own| extension == *own));
    let begins = || {
        let mut magic = Vec::new();
        let file = std::fs::metadata(file)
            .ok()
            .filter(std::fs::Metadata::is_file)
            .and_then(|_| std::fs::File::open(file).ok());
        file.is_some_and(|file| file.take(4).read_to_end(&mut magic).is_ok()) && magic == b"\0asm"
    };
    by_name || begins()
}

/// What to say of a first word that is no command. Nothing if it is one, or an option.
pub(super) fn unknown_command(args: &[OsString]) -> Option<Failure> {
    let asked = args.get(1).filter(|word| *word != "help").or(args.get(2));
    let word = asked.filter(|word| !word.as_encoded_bytes().starts_with(b"-"))?;
    let known = Cli::command();
    let names: Vec<&str> =
        known.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name).collect();
    if known.get_subcommands().any(|command| word == command.get_name()) {
        return None;
    }
    let shown = output::name(word.as_encoded_bytes()).to_string();
    let failure = Failure::usage(format!("`{shown}` is no command"));
    let hint = match word.to_str().and_then(|word| glowplug_harness::nearest(word, &names)) {
        _ if Path::new(word).is_file() => {
            format!("it is a file; `glowplug shell {shown}` runs it as a script, `glowplug run {shown}` as WebAssembly")
        }
        Some(near) => format!("did you mean `{near}`? `glowplug --help` lists the commands"),
        None => format!(
            "commands are: {}; `glowplug shell -c '{shown} ...'` runs a command line in the shell",
            names.join(", ")
        ),
    };
    Some(failure.hint(hint))
}

/// What to say of a long option in front of the script, or `-c`, that neither bash has nor, at this place, we.
pub(crate) fn unknown_shell_option(option: &OsStr, after: Option<&OsStr>) -> Failure {
    let shown = output::name(option.as_encoded_bytes()).to_string();
    let failure = Failure::usage(format!("`{shown}` is no option of the shell"));
    let known = ShellLine::command();
    let shell = known.find_subcommand("shell");
    let own: Vec<String> = shell
        .into_iter()
        .flat_map(clap::Command::get_arguments)
        .filter(|own| !own.is_hide_set())
        .filter_map(|own| Some(format!("--{}", own.get_long()?)))
        .collect();
    let name = shown.split('=').next().unwrap_or(&shown);
    if let (true, Some(after)) = (own.iter().any(|own| own == name), after) {
        let after = output::name(after.as_encoded_bytes()).to_string();
        return failure.hint(format!("glowplug's own options come first: write `{name}` in front of `{after}`"));
    }
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    match glowplug_harness::nearest(name, &own) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`glowplug shell --help` lists glowplug's own options; bash's long ones are --posix, --login, --norc and the like"),
    }
}

/// Whether bash has a long option of that name.
pub(crate) fn is_bashs(option: &OsStr) -> bool {
    let name = option.to_str().and_then(|option| option.strip_prefix("--"));
    name.is_some_and(|name| name == "version" || LONG_FLAGS.contains(&name))
}

/// Ends the process with clap's message or help. A shell may have made arguments of file names: what clap would print of those
/// as they are goes through our own output, without clap's colours.
pub(super) fn refuse(args: &[OsString], mut error: clap::Error) -> ! {
    use clap::error::{ContextKind, ErrorKind};
    if !error.use_stderr() {
        error.exit()
    }
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(failure) = unknown_command(args)
    {
        std::process::exit(failure.report());
    }
    if error.kind() == ErrorKind::UnknownArgument {
        // What follows a FILE is the program's anyway; in front of it nothing begins with a dash but an option.
        error.remove(ContextKind::Suggested);
    }
    let is_plain = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.chars().all(output::is_visible));
    if args.iter().all(is_plain) {
        error.exit()
    }
    output::note(&error.render().to_string());
    std::process::exit(EXIT_USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;

    fn words(line: &[&str]) -> Vec<OsString> {
        std::iter::once(&"glowplug").chain(line).map(OsString::from).collect()
    }

    #[test]
    fn a_program_without_a_command_is_run() {
        for (line, expected) in [
            (&["app.wasm", "a", "--help"][..], &["app.wasm", "a", "--help"][..]),
            (&["dir/app.wat"], &["dir/app.wat"]),
            (&["-v", "--dir", ".", "app.wasm"], &["app.wasm"]),
            (&["-W", "timeout=1s", "app.wasm", "x"], &["app.wasm", "x"]),
        ] {
            match parse(&words(line)) {
                Ok(Cli { command: Command::Run(run), .. }) => assert_eq!(run.file_and_args, expected),
                other => panic!("{line:?}: {other:?}"),
            }
        }
        for line in [&["rnu"][..], &["rnu", "app.wasm"], &["--nonsense", "app.wasm"], &["notes.txt"]] {
            assert!(parse(&words(line)).is_err(), "{line:?}");
        }
    }

    #[test]
    fn flags_of_a_shell_are_for_the_shell() {
        for line in [&["-c", "ls"][..], &["-ec", "ls", "x"], &["-euc", "ls"]] {
            match parse(&words(line)) {
                Ok(Cli { command: Command::Shell(shell), .. }) => assert_eq!(shell.args, line),
                other => panic!("{line:?}: {other:?}"),
            }
        }
        assert!(parse(&words(&["-vc", "ls"])).is_err());
    }

    #[test]
    fn help_is_a_command() {
        for line in [&["help"][..], &["help", "run"], &["help", "cache", "why"], &["help", "--all"]] {
            let error = parse(&words(line)).expect_err("help");
            assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{line:?}: {error}");
        }
        assert_eq!(
            parse(&words(&["help", "rnu"])).expect_err("none").kind(),
            clap::error::ErrorKind::InvalidSubcommand
        );
    }
}
