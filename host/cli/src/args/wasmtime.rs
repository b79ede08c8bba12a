//! Options of `wasmtime run` that are written in another way here: read as what they mean, or told what to use instead.
//!
//! Asked only when a command line could not be read as it is.

use crate::failure::Failure;
use crate::output;
use clap::CommandFactory as _;
use std::ffi::OsString;

/// A command line of `run` with such options replaced. Nothing if there is none.
pub(super) fn translated(args: &[OsString]) -> Option<Result<Translated, Failure>> {
    let mut line = Translated { args: args.iter().take(2).cloned().collect(), remarks: Vec::new() };
    let mut rest = args.iter().skip(2);
    let mut found = false;
    while let Some(arg) = rest.next() {
        let Some(text) = arg.to_str().filter(|text| text.starts_with('-') && *text != "-" && *text != "--") else {
            // FILE, and what is the program's.
            line.args.push(arg.clone());
            line.args.extend(rest.cloned());
            break;
        };
        let Some((group, attached)) = group(text) else {
            line.args.push(arg.clone());
            if takes_a_value(text) {
                line.args.extend(rest.next().cloned());
            }
            continue;
        };
        found = true;
        let value =
            attached.map(str::to_owned).or_else(|| rest.next().and_then(|value| value.to_str()).map(str::to_owned));
        let Some(value) = value else { return Some(Err(Failure::usage(format!("`{text}` wants a value")))) };
        if let Err(failure) = line.take(group, &value) {
            return Some(Err(failure));
        }
    }
    found.then_some(Ok(line))
}

/// A command line, and what is said of it.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) args: Vec<OsString>,
    remarks: Vec<String>,
}

/// One of wasmtime's options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Wasm,
    Wasi,
    Optimize,
    Codegen,
    Debug,
    MapDir,
    Features,
    Preload,
}

/// What one of them means here.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// These options.
    Options(Vec<String>),
    /// It is so anyway.
    AlreadySo,
    /// It changes nothing, which is said.
    Ignored(&'static str),
    /// It cannot be had.
    Refused(&'static str),
}

/// The group of an option, and its value if that is part of the same word.
fn group(text: &str) -> Option<(Group, Option<&str>)> {
    let short =
        [('W', Group::Wasm), ('S', Group::Wasi), ('O', Group::Optimize), ('C', Group::Codegen), ('D', Group::Debug)];
    let long = [
        ("--wasm", Group::Wasm),
        ("--wasi", Group::Wasi),
        ("--optimize", Group::Optimize),
        ("--codegen", Group::Codegen),
        ("--debug", Group::Debug),
        ("--mapdir", Group::MapDir),
        ("--wasm-features", Group::Features),
        ("--preload", Group::Preload),
    ];
    if let Some(rest) = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        let letter = rest.chars().next()?;
        let (_, group) = short.into_iter().find(|(known, _)| *known == letter)?;
        let attached = rest.get(1..).filter(|rest| !rest.is_empty());
        return Some((group, attached.map(|rest| rest.strip_prefix('=').unwrap_or(rest))));
    }
    let (name, attached) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    long.into_iter().find(|(known, _)| *known == name).map(|(_, group)| (group, attached))
}

/// Whether the word behind one of our own options is its value.
fn takes_a_value(text: &str) -> bool {
    let Some(name) = text.strip_prefix("--").filter(|name| !name.contains('=')) else { return false };
    let line = super::RunLine::command();
    let mut all = line.find_subcommand("run").into_iter().flat_map(clap::Command::get_arguments);
    all.find(|arg| arg.get_long() == Some(name))
        .is_some_and(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set())
}

impl Translated {
    fn take(&mut self, group: Group, value: &str) -> Result<(), Failure> {
        let written = |one: &str| match group {
            Group::Wasm => format!("-W {one}"),
            Group::Wasi => format!("-S {one}"),
            Group::Optimize => format!("-O {one}"),
            Group::Codegen => format!("-C {one}"),
            Group::Debug => format!("-D {one}"),
            Group::MapDir => format!("--mapdir {one}"),
            Group::Features => format!("--wasm-features {one}"),
            Group::Preload => format!("--preload {one}"),
        };
        let whole = [value];
        let ones: Vec<&str> = match group {
            Group::MapDir | Group::Preload => whole.to_vec(),
            _ => value.split(',').collect(),
        };
        for one in ones {
            let (name, value) = one.split_once('=').map_or((one, None), |(name, value)| (name, Some(value)));
            match meaning(group, name, value) {
                Meaning::Options(options) => self.args.extend(options.into_iter().map(OsString::from)),
                Meaning::AlreadySo => {}
                Meaning::Ignored(why) => self.remarks.push(format!("`{}` changes nothing here: {why}", written(one))),
                Meaning::Refused(instead) => {
                    let text = output::name(&written(one)).to_string();
                    return Err(Failure::usage(format!("wasmtime's `{text}` is not here")).hint(instead));
                }
            }
        }
        Ok(())
    }

    /// Says what is to be said.
    pub(super) fn say(&self) {
        self.remarks.iter().for_each(output::remark);
    }
}

/// Proposals that are switched on, as wasmtime has them by default.
const PROPOSALS: [&str; 16] = [
    "simd",
    "relaxed-simd",
    "bulk-memory",
    "reference-types",
    "multi-memory",
    "multi-value",
    "memory64",
    "tail-call",
    "exceptions",
    "gc",
    "function-references",
    "extended-const",
    "component-model",
    "mutable-global",
    "saturating-float-to-int",
    "sign-extension",
];

/// What one of wasmtime's options means here: `name=value`, or `name` alone.
fn meaning(group: Group, name: &str, value: Option<&str>) -> Meaning {
    match group {
        Group::Wasm => wasm(name, value),
        Group::Wasi => wasi(name, value),
        Group::Features if PROPOSALS.contains(&name) => Meaning::AlreadySo,
        Group::Features => Meaning::Refused("proposals are as wasmtime has them by default; leave it out"),
        Group::Optimize if name == "opt-level" && matches!(value, Some("2")) => Meaning::AlreadySo,
        Group::Optimize => {
            Meaning::Ignored("code is optimized for speed once and kept; `--tiering` says when that is done")
        }
        Group::Codegen => codegen(name, value),
        Group::Debug => debug(name),
        Group::MapDir => {
            let (guest, host) = name.split_once("::").unwrap_or((name, name));
            Meaning::Options(vec!["--dir".to_owned(), format!("{host}::{guest}")])
        }
        Group::Preload => Meaning::Refused("link the modules into one before, as wasm-merge does"),
    }
}

/// Whether a switch is thrown: `name`, `name=y`.
fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("n" | "no" | "false"))
}

fn wasm(name: &str, value: Option<&str>) -> Meaning {
    let option = |name: &str, value: &str| Meaning::Options(vec![name.to_owned(), value.to_owned()]);
    match (name, value) {
        ("max-memory-size", Some(bytes)) => option("--max-memory", bytes),
        ("timeout", Some(time)) => option("--timeout", time),
        (name, value) if PROPOSALS.contains(&name) && is_on(value) => Meaning::AlreadySo,
        (name, _) if PROPOSALS.contains(&name) => {
            Meaning::Refused("proposals cannot be switched off; leave it out, a module that uses none runs the same")
        }
        ("nan-canonicalization", _) => Meaning::Ignored("with `--call-cache on` it is always so, and else never"),
        ("fuel" | "epoch-interruption", _) => Meaning::Refused("use `--cpu-time` or `--timeout`"),
        ("max-wasm-stack" | "async-stack-size" | "async-stack-zeroing", _) => {
            Meaning::Ignored("the stack has a size of its own")
        }
        ("trap-on-grow-failure", _) => Meaning::Ignored("a limit that was met is said and in the report"),
        _ => Meaning::Refused(
            "leave it out; proposals are as wasmtime has them by default, and `glowplug run --help` lists the limits",
        ),
    }
}

fn wasi(name: &str, value: Option<&str>) -> Meaning {
    const NETWORK: [&str; 12] = [
        "http",
        "tcp",
        "udp",
        "inherit-network",
        "allow-ip-name-lookup",
        "network-error-code",
        "tls",
        "tcplisten",
        "listenfd",
        "config",
        "keyvalue",
        "nn",
    ];
    match (name, value) {
        ("cli" | "common" | "preview0" | "preview2" | "p3", _) => Meaning::AlreadySo,
        ("cli-exit-with-code", _) => Meaning::AlreadySo,
        ("inherit-env", value) if is_on(value) => {
            let text = std::env::vars_os()
                .filter(|(_, value)| value.to_str().is_some())
                .filter_map(|(name, _)| name.into_string().ok());
            Meaning::Options(text.filter(|name| !name.is_empty()).flat_map(|name| ["--env".to_owned(), name]).collect())
        }
        ("threads" | "nn" | "config" | "keyvalue", value) if is_on(value) => {
            Meaning::Refused("of WASI there are preview 1 and `wasi:cli` with what it needs")
        }
        (name, value) if !is_on(value) && (NETWORK.contains(&name) || matches!(name, "inherit-env" | "threads")) => {
            Meaning::AlreadySo
        }
        (name, _) if NETWORK.contains(&name) => Meaning::Refused("programs have no network"),
        _ => Meaning::Refused("leave it out; `--dir` and `--env` say what a program gets"),
    }
}

fn codegen(name: &str, value: Option<&str>) -> Meaning {
    match (name, value) {
        ("cache", value) if is_on(value) => Meaning::AlreadySo,
        ("cache", _) => Meaning::Options(vec!["--cache".to_owned(), "off".to_owned()]),
        ("cache-config", _) => Meaning::Refused(
            "settings are in cache.toml, or where GLOWPLUG_CONFIG points; `glowplug config` prints them",
        ),
        _ => Meaning::Ignored(
            "code is made by Cranelift for this machine; `--tiering` says whether fast-made code runs first",
        ),
    }
}

fn debug(name: &str) -> Meaning {
    match name {
        "address-map" => Meaning::AlreadySo,
        "logging" | "log-to-files" => Meaning::Refused("use `-v`, or GLOWPLUG_LOG"),
        "coredump" => Meaning::Refused("a trap prints its backtrace; there are no core dumps"),
        _ => Meaning::Ignored("native debug information is not made; a trap prints its backtrace"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Option<Result<Vec<String>, Failure>> {
        let args: Vec<OsString> = ["glowplug", "run"].iter().chain(line).map(OsString::from).collect();
        let text = |line: Translated| line.args[2..].iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        translated(&args).map(|line| line.map(text))
    }

    #[test]
    fn what_has_another_name_here_gets_it() {
        let lines: [(&[&str], &[&str]); 9] = [
            (
                &["-W", "max-memory-size=1000,timeout=2s", "a.wasm"],
                &["--max-memory", "1000", "--timeout", "2s", "a.wasm"],
            ),
            (&["-Wtimeout=1", "-W=simd", "a.wasm", "-W", "x"], &["--timeout", "1", "a.wasm", "-W", "x"]),
            (&["--wasm", "timeout=1", "a.wasm"], &["--timeout", "1", "a.wasm"]),
            (&["--dir", "-W", "-S", "cli", "a.wasm"], &["--dir", "-W", "a.wasm"]),
            (&["--mapdir", "/in::data", "a.wasm"], &["--dir", "data::/in", "a.wasm"]),
            (&["--wasm-features=simd,threads-no", "a.wasm"], &[]),
            (&["-C", "cache=n", "a.wasm"], &["--cache", "off", "a.wasm"]),
            (&["-O", "opt-level=2", "-D", "debug-info", "a.wasm"], &["a.wasm"]),
            (&["--report", "-S", "http=n", "a.wasm"], &["--report", "a.wasm"]),
        ];
        for (line, expected) in lines {
            match read(line) {
                Some(Ok(found)) => assert_eq!(found, expected, "{line:?}"),
                Some(Err(_)) => assert!(expected.is_empty(), "{line:?}"),
                None => panic!("{line:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_what_to_use() {
        for line in [
            &["-S", "http", "a.wasm"],
            &["-W", "fuel=1", "a.wasm"],
            &["-W", "simd=n", "a.wasm"],
            &["--preload", "a=b", "c"],
        ] {
            assert!(matches!(read(line), Some(Err(_))), "{line:?}");
        }
        for line in [&["-v", "a.wasm"][..], &["a.wasm", "-W", "x"], &["--env", "-W", "a.wasm"], &["--", "-W"]] {
            assert!(read(line).is_none(), "{line:?}");
        }
    }
}
