//! `which`: where a command is found.

use super::{Args, Outcome, print, report};
use glowplug_unix::{bytes, find_program, os_string};
use lexopt::Arg::{Long, Short, Value};
use std::ffi::{OsStr, OsString};

pub fn main(args: Args) -> i32 {
    report("which", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let (mut all, mut silent) = (false, false);
    let mut names = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('a') | Long("all") => all = true,
            Short('s') => silent = true,
            Long("help") => return print("Usage: which [-a] [-s] NAME...\n"),
            Value(name) => names.push(name),
            _ => return Err(arg.unexpected().into()),
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<OsString> =
        bytes(&path).split(|&byte| byte == b':').map(|folder| os_string(folder.to_vec())).collect();
    let mut code = 0;
    let mut out = Vec::new();
    for name in &names {
        let found = if all { everywhere(name, &folders) } else { find(name, Some(&path)).into_iter().collect() };
        if found.is_empty() {
            code = 1;
        }
        found.iter().for_each(|place: &Vec<u8>| out.extend([place.as_slice(), b"\n"].concat()));
    }
    if !silent {
        print(out)?;
    }
    Ok(code)
}

fn everywhere(name: &OsStr, folders: &[OsString]) -> Vec<Vec<u8>> {
    folders.iter().filter_map(|folder| find(name, Some(folder))).collect()
}

/// A name with a slash is a path, which has to be there.
fn find(name: &OsStr, folders: Option<&OsStr>) -> Option<Vec<u8>> {
    let place = find_program(name, folders).ok()?;
    let stat = glowplug_sys::stat(&place, true).ok()?;
    glowplug_unix::access(&stat, glowplug_unix::Access::Execute)
        .then(|| if bytes(name).contains(&b'/') { bytes(name).to_vec() } else { place })
}
