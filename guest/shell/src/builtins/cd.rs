//! `cd` and `pwd`.

use crate::builtins::args::Options;
use crate::builtins::filetest;
use crate::shell::{Flow, Shell, Status};
use crate::text;
use glowplug_sys::{Errno, abi};

pub fn cd(shell: &mut Shell, args: &[String]) -> Status {
    let mut physical = shell.options.physical;
    let mut options = Options::new(args, "eLP@");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'L' => physical = false,
                'P' => physical = true,
                _ => {}
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let variable = |shell: &mut Shell, name: &str| shell.parameter(name);
    let (target, announce) = match options.operands() {
        [] => match variable(shell, "HOME") {
            Some(home) => (home, false),
            None => return fail(shell, "HOME not set"),
        },
        [dash] if dash == "-" => match variable(shell, "OLDPWD") {
            Some(old) => (old, true),
            None => return fail(shell, "OLDPWD not set"),
        },
        [target] => (target.clone(), false),
        _ => return fail(shell, "too many arguments"),
    };
    if let Some(found) = by_cdpath(shell, &target)
        && options.operands().first().is_some_and(|operand| operand != "-")
    {
        let (path, announce) = found;
        if change_folder(shell, &path, physical)?.is_ok() {
            return announced(shell, announce);
        }
    }
    let error = match change_folder(shell, &target, physical)? {
        Ok(()) => return announced(shell, announce),
        Err(error) => error,
    };
    if shell.options.cdable_vars
        && let Some(value) = shell.parameter(&target)
        && change_folder(shell, &value, physical)?.is_ok()
    {
        return announced(shell, true);
    }
    fail(shell, &format!("{target}: {error}"))
}

fn fail(shell: &Shell, message: &str) -> Status {
    shell.error(&format!("cd: {message}"));
    Ok(1)
}

fn announced(shell: &mut Shell, announce: bool) -> Status {
    if announce {
        let line = format!("{}\n", shell.cwd);
        return Ok(i32::from(!shell.out(&line)));
    }
    Ok(0)
}

/// A folder below one of CDPATH's, and whether it is to be said where it is.
fn by_cdpath(shell: &mut Shell, target: &str) -> Option<(String, bool)> {
    let begins_at_folder = target.starts_with('/')
        || target == "."
        || target == ".."
        || target.starts_with("./")
        || target.starts_with("../");
    if begins_at_folder || target.is_empty() {
        return None;
    }
    let paths = shell.parameter("CDPATH")?;
    let candidates = paths.split(':').map(|folder| match folder {
        "" => (format!("./{target}"), false),
        folder => (format!("{}/{target}", folder.trim_end_matches('/')), true),
    });
    candidates.into_iter().find(|(path, _)| filetest::is_folder(shell, path))
}

/// Goes to a folder and sets PWD and OLDPWD. The inner result says why that is not possible.
pub fn change_folder(shell: &mut Shell, target: &str, physical: bool) -> Result<Result<(), Errno>, Flow> {
    if target.is_empty() {
        return Ok(Ok(()));
    }
    let start = if target.starts_with('/') { "" } else { shell.cwd.as_str() };
    let path = match if physical { physical_path(&shell.absolute(target)) } else { logical_path(start, target) } {
        Ok(path) => path,
        Err(error) => return Ok(Err(error)),
    };
    if let Err(error) = check_folder(&path) {
        return Ok(Err(error));
    }
    let old = std::mem::replace(&mut shell.cwd, path.clone());
    shell.assign("OLDPWD", None, &old, false)?;
    shell.assign("PWD", None, &path, false)?;
    Ok(Ok(()))
}

fn check_folder(path: &str) -> Result<(), Errno> {
    let stat = glowplug_sys::stat(&text::to_bytes(path), true)?;
    if stat.mode & 0o170_000 != 0o040_000 {
        return Err(Errno(abi::errno::ENOTDIR));
    }
    if stat.mode & 0o111 == 0 {
        return Err(Errno(abi::errno::EACCES));
    }
    Ok(())
}

/// Goes from `start` along `path`, taking out `.` and `..` without looking at links. What `..` leaves must be a folder,
/// but `start` itself may be gone.
fn logical_path(start: &str, path: &str) -> Result<String, Errno> {
    // Two slashes at the start may mean something else, POSIX says, and bash keeps them.
    let whole = if start.is_empty() { path } else { start };
    let root = if whole.starts_with("//") && !whole.starts_with("///") { "//" } else { "/" };
    let mut result = if start.is_empty() { root.to_owned() } else { start.to_owned() };
    let mut entered = false;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if entered {
                    check_folder(&result)?;
                }
                let end = result.rfind('/').unwrap_or(0).max(root.len());
                result.truncate(if result.len() > root.len() { end } else { root.len() });
            }
            part => {
                if !result.ends_with('/') {
                    result.push('/');
                }
                result.push_str(part);
                entered = true;
            }
        }
    }
    // `/a` above leaves `/`, but `//a` leaves `//`.
    if result.len() > 1 && result.ends_with('/') && result != "//" {
        result.pop();
    }
    Ok(result)
}

/// How many links are followed.
const MAX_LINKS: u32 = 40;

/// The path without links, `.` and `..`.
pub fn physical_path(path: &str) -> Result<String, Errno> {
    let mut result = String::new();
    let mut waiting: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut links = 0;
    while let Some(part) = waiting.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                result.truncate(result.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let candidate = format!("{result}/{part}");
        let stat = glowplug_sys::stat(&text::to_bytes(&candidate), false)?;
        if stat.mode & 0o170_000 != 0o120_000 {
            result = candidate;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(Errno(abi::errno::ELOOP));
        }
        let target = std::fs::read_link(&candidate).map_err(|_| Errno(abi::errno::EACCES))?;
        let target = target.to_string_lossy().into_owned();
        if target.starts_with('/') {
            result.clear();
        }
        waiting.extend(target.split('/').rev().map(str::to_owned));
    }
    if result.is_empty() {
        result.push('/');
    }
    Ok(result)
}

pub fn pwd(shell: &mut Shell, args: &[String]) -> Status {
    let mut physical = shell.options.physical;
    let mut options = Options::new(args, "LP");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => physical = option.letter == 'P',
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let path = if physical { physical_path(&shell.cwd) } else { Ok(shell.cwd.clone()) };
    match path {
        Ok(path) => Ok(i32::from(!shell.out(&format!("{path}\n")))),
        Err(error) => {
            shell.error(&format!(
                "pwd: error retrieving current directory: getcwd: cannot access parent directories: {error}"
            ));
            Ok(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_paths() {
        for (path, expected) in
            [("/", "/"), ("//", "//"), ("///a//b/.", "/a/b"), ("/..", "/"), ("/./a/", "/a"), ("/bin/..", "/")]
        {
            assert_eq!(logical_path("", path), Ok(expected.to_owned()));
        }
        assert_eq!(logical_path("/nosuch/b", "../../x"), Ok("/x".to_owned()));
    }
}
