//! Builtins that tell about the shell: `enable`, `caller`, `history`, `fc`, `bind`, `complete`, `compgen`, `compopt`.

use crate::builtins::args::{Options, USAGE, parse_number};
use crate::builtins::{self, filetest, help, print_variable};
use crate::pattern::Pattern;
use crate::shell::{Shell, Status};
use crate::text;
use glowplug_sys::abi::info;
use std::collections::BTreeMap;

pub fn enable(shell: &mut Shell, args: &[String]) -> Status {
    let (mut disable, mut all, mut special, mut print) = (false, false, false, false);
    let mut options = Options::new(args, "adnpsf:");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'n' => disable = true,
                'a' => all = true,
                's' => special = true,
                'p' => print = true,
                _ => {
                    shell.error("enable: dynamic loading not available");
                    return Ok(USAGE);
                }
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if options.operands().is_empty() || print {
        let mut text = String::new();
        for name in builtins::names().iter().filter(|name| !special || builtins::is_special(name)) {
            let disabled = shell.disabled_builtins.contains(*name);
            if all || disabled == disable {
                text.push_str(&format!("enable {}{name}\n", if disabled { "-n " } else { "" }));
            }
        }
        return Ok(i32::from(!shell.out(&text)));
    }
    let mut status = 0;
    for name in options.operands() {
        if !builtins::names().contains(&name.as_str()) {
            shell.error(&format!("enable: {name}: not a shell builtin"));
            status = 1;
        } else if disable {
            shell.disabled_builtins.insert(name.clone());
        } else {
            shell.disabled_builtins.remove(name);
        }
    }
    Ok(status)
}

pub fn caller(shell: &mut Shell, args: &[String]) -> Status {
    let operands = match builtins::args::no_options(shell, args) {
        Ok(operands) => operands,
        Err(status) => return Ok(status),
    };
    let level = match operands.first().map(|level| parse_number(level).and_then(|level| usize::try_from(level).ok())) {
        None => None,
        Some(Some(level)) => Some(level),
        Some(None) => {
            let level = operands.first().map_or("", String::as_str);
            shell.error(&format!("caller: {level}: invalid number"));
            help::print_usage(shell, "caller");
            return Ok(USAGE);
        }
    };
    let mut frames = shell.frames.iter().rev().skip(level.unwrap_or(0));
    let text = match (frames.next(), frames.next(), level) {
        (Some(frame), Some(from), Some(_)) => format!("{} {} {}\n", frame.call_line, from.name, from.source),
        (Some(frame), Some(from), None) => format!("{} {}\n", frame.call_line, from.source),
        (Some(frame), None, None) => format!("{} NULL\n", frame.call_line),
        (None, _, None) => "0 NULL\n".to_owned(),
        _ => return Ok(1),
    };
    Ok(i32::from(!shell.out(&text)))
}

pub fn history(shell: &mut Shell, args: &[String]) -> Status {
    let mut options = Options::new(args, "acd:npsrw");
    loop {
        match options.next(shell) {
            Ok(Some(option)) if option.letter == 'c' => {
                if shell.options.interactive {
                    // Without a history there is nothing to forget.
                    let _ = glowplug_sys::info(info::HISTORY_CLEAR);
                }
                return Ok(0);
            }
            // The host keeps its file by itself.
            Ok(Some(_)) => return Ok(0),
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    // The user's, so a script does not even ask.
    let bytes = match shell.options.interactive {
        true => glowplug_sys::info(info::HISTORY).unwrap_or_default(),
        false => Vec::new(),
    };
    let text = text::from_bytes(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let count = match options.operands().first() {
        None => lines.len(),
        Some(count) => match parse_number(count) {
            Some(count) => usize::try_from(count).unwrap_or(0),
            None => {
                shell.error(&format!("history: {count}: numeric argument required"));
                return Ok(1);
            }
        },
    };
    let skipped = lines.len().saturating_sub(count);
    let shown: String =
        lines.iter().enumerate().skip(skipped).map(|(index, line)| format!("{:5}  {line}\n", index + 1)).collect();
    Ok(i32::from(!shown.is_empty() && !shell.out(&shown)))
}

/// There is no editor for the history. Without one, bash's `fc` does nothing in a script.
pub fn fc(shell: &mut Shell, _: &[String]) -> Status {
    if !shell.options.interactive {
        return Ok(0);
    }
    shell.error("fc: history specification out of range");
    Ok(1)
}

/// Keys are the host's editor's: accepted, so that start-up files work.
pub fn bind(_: &mut Shell, _: &[String]) -> Status {
    Ok(0)
}

/// The options that `complete` and `compgen` share.
const COMPLETION_OPTIONS: &str = "abcdefgjko:prsuvA:G:W:P:S:X:F:C:DEI";

/// Keeps nothing, because the host completes; asking for what was set finds nothing.
pub fn complete(shell: &mut Shell, args: &[String]) -> Status {
    let mut print = false;
    let mut options = Options::new(args, COMPLETION_OPTIONS);
    loop {
        match options.next(shell) {
            Ok(Some(option)) => print |= option.letter == 'p',
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if !print {
        return Ok(0);
    }
    for name in options.operands() {
        shell.error(&format!("complete: {name}: no completion specification"));
    }
    Ok(i32::from(!options.operands().is_empty()))
}

pub fn compopt(shell: &mut Shell, _: &[String]) -> Status {
    shell.error("compopt: not currently executing completion function");
    Ok(1)
}

pub fn compgen(shell: &mut Shell, args: &[String]) -> Status {
    let (mut prefix, mut suffix, mut filter, mut function) = ("", "", None, None);
    let mut candidates = Vec::new();
    let mut sources = Vec::new();
    let mut words = None;
    let mut options = Options::new(args, COMPLETION_OPTIONS);
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'A' => match action(option.value) {
                    Some(letter) => sources.push(letter),
                    None => {
                        shell.error(&format!("compgen: {}: invalid action name", option.value));
                        return Ok(USAGE);
                    }
                },
                'W' => words = Some(option.value),
                'P' => prefix = option.value,
                'S' => suffix = option.value,
                'X' => filter = Some(option.value),
                'F' => function = Some(option.value),
                'o' | 'p' | 'r' | 'D' | 'E' | 'I' | 'G' | 'C' => {}
                letter => sources.push(letter),
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let beginning = options.operands().first().map_or("", String::as_str);
    for source in sources {
        candidates.extend(source_names(shell, source, beginning));
    }
    if let Some(words) = words {
        candidates.extend(shell.expand_words(&[words])?.iter().flat_map(|word| split(word)));
    }
    if let Some(function) = function {
        let name = function.to_owned();
        shell.run_function(&name, vec![String::new(), beginning.to_owned(), String::new()])?;
        let reply = shell.variable_value("COMPREPLY");
        candidates.extend(reply.iter().flat_map(|value| value.elements()).map(str::to_owned));
    }
    candidates.retain(|candidate| candidate.starts_with(beginning) || function.is_some());
    if let Some(filter) = filter {
        let (keep, pattern) = filter.strip_prefix('!').map_or((false, filter), |pattern| (true, pattern));
        let pattern = Pattern::new(pattern, shell.options.extglob, false);
        candidates.retain(|candidate| pattern.matches(candidate) == keep);
    }
    let text: String = candidates.iter().map(|candidate| format!("{prefix}{candidate}{suffix}\n")).collect();
    if text.is_empty() {
        return Ok(1);
    }
    Ok(i32::from(!shell.out(&text)))
}

fn split(text: &str) -> Vec<String> {
    text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The letter that stands for an action of `-A`.
fn action(name: &str) -> Option<char> {
    Some(match name {
        "alias" => 'a',
        "builtin" | "helptopic" => 'b',
        "command" => 'c',
        "directory" => 'd',
        "export" => 'e',
        "file" => 'f',
        "keyword" => 'k',
        "variable" => 'v',
        "function" => 'F',
        "arrayvar" => 'y',
        "enabled" => 'n',
        "disabled" => 'N',
        "setopt" => 'O',
        "shopt" => 'H',
        "signal" => 'z',
        "binding" | "group" | "hostname" | "job" | "running" | "service" | "stopped" | "user" => 'g',
        _ => return None,
    })
}

fn source_names(shell: &mut Shell, source: char, beginning: &str) -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let variables = |shell: &Shell, keep: fn(&crate::vars::Variable) -> bool| {
        let names: BTreeMap<&str, bool> = shell.vars.iter().map(|(name, variable)| (name, keep(variable))).collect();
        names.into_iter().filter(|(_, kept)| *kept).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    match source {
        'a' => shell.aliases.keys().cloned().collect(),
        'b' => owned(builtins::names()),
        'n' => builtins::names()
            .iter()
            .filter(|name| !shell.disabled_builtins.contains(**name))
            .map(|name| (*name).to_owned())
            .collect(),
        'N' => shell.disabled_builtins.iter().cloned().collect(),
        'c' => {
            let mut names = source_names(shell, 'a', beginning);
            for source in ['k', 'F', 'b'] {
                names.extend(source_names(shell, source, beginning));
            }
            names.extend(programs(shell));
            names
        }
        'd' => files(shell, beginning, true),
        'f' => files(shell, beginning, false),
        'e' => variables(shell, |variable| variable.attributes.exported),
        'v' => variables(shell, |variable| variable.is_set() || variable.dynamic),
        'y' => variables(shell, |variable| variable.value.is_array()),
        'F' => print_variable::function_names(shell),
        'k' => owned(crate::parse::RESERVED_WORDS),
        'O' => owned(crate::options::SET_NAMES),
        'H' => owned(crate::options::SHOPT_NAMES),
        'z' => (0..=64).filter_map(crate::exec::signal_name).collect(),
        _ => Vec::new(),
    }
}

/// Every program in the folders of PATH.
fn programs(shell: &mut Shell) -> Vec<String> {
    let folders = shell.parameter("PATH").unwrap_or_default();
    let mut names = Vec::new();
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        names.extend(
            entries(&shell.absolute(folder))
                .into_iter()
                .filter(|name| filetest::is_executable_file(shell, &format!("{folder}/{name}"))),
        );
    }
    names
}

fn entries(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(Result::ok).map(|entry| text::from_bytes(entry.file_name().as_encoded_bytes())).collect();
    names.sort_unstable();
    names
}

/// Files whose path begins so.
fn files(shell: &Shell, beginning: &str, only_folders: bool) -> Vec<String> {
    let (folder, start) = beginning.rfind('/').map_or(("", beginning), |slash| beginning.split_at(slash + 1));
    let listed = entries(&shell.absolute(if folder.is_empty() { "." } else { folder }));
    let visible =
        listed.into_iter().filter(|name| name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.')));
    let paths = visible.map(|name| format!("{folder}{name}"));
    paths.filter(|path| !only_folders || filetest::is_folder(shell, path)).collect()
}
