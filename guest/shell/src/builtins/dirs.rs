//! `pushd`, `popd`, `dirs`. The working folder is the top of the stack; `Shell::dir_stack` holds what is below it.

use crate::builtins::args::USAGE;
use crate::builtins::cd::change_folder;
use crate::builtins::help;
use crate::shell::{Shell, Status};

/// What the arguments of `pushd` and `popd` ask for.
enum Operand<'a> {
    Nothing,
    /// `+N` or `-N`, as an index from the top, when there is such an entry.
    Entry(Option<usize>, &'a str),
    Folder(&'a str),
}

fn usage(shell: &Shell, name: &str, message: &str) -> i32 {
    shell.error(&format!("{name}: {message}"));
    help::print_usage(shell, name);
    USAGE
}

/// `+N` counts from the top, `-N` from the bottom; `None` when the rest is no number.
fn entry_index(text: &str, len: usize) -> Option<Option<usize>> {
    let number: usize = text.get(1..)?.parse().ok()?;
    let index = if text.starts_with('+') { Some(number) } else { len.checked_sub(number.saturating_add(1)) };
    Some(index.filter(|&index| index < len))
}

fn parse<'a>(shell: &mut Shell, args: &'a [String]) -> Result<(bool, Operand<'a>), i32> {
    let name = args.first().map_or("", String::as_str);
    let mut rest = args.get(1..).unwrap_or_default();
    let mut stay = false;
    let len = shell.dir_stack.len() + 1;
    while let Some((word, others)) = rest.split_first() {
        match word.as_str() {
            "-n" => stay = true,
            "--" => {
                rest = others;
                break;
            }
            "--help" => {
                help::print_help(shell, name);
                return Err(USAGE);
            }
            "-" => break,
            word if word.starts_with(['+', '-']) => {
                let Some(index) = entry_index(word, len) else {
                    return Err(usage(shell, name, &format!("{word}: invalid number")));
                };
                return Ok((stay, Operand::Entry(index, word)));
            }
            _ => break,
        }
        rest = others;
    }
    match rest {
        [] => Ok((stay, Operand::Nothing)),
        [folder] if name == "pushd" => Ok((stay, Operand::Folder(folder))),
        [word, ..] if name == "popd" => Err(usage(shell, name, &format!("{word}: invalid argument"))),
        _ => {
            shell.error(&format!("{name}: too many arguments"));
            Err(1)
        }
    }
}

fn fail(shell: &Shell, message: &str) -> Status {
    shell.error(message);
    Ok(1)
}

fn out_of_range(shell: &Shell, name: &str, word: &str) -> Status {
    if shell.dir_stack.is_empty() {
        return fail(shell, &format!("{name}: directory stack empty"));
    }
    fail(shell, &format!("{name}: {word}: directory stack index out of range"))
}

pub fn pushd(shell: &mut Shell, args: &[String]) -> Status {
    let (stay, operand) = match parse(shell, args) {
        Ok(parsed) => parsed,
        Err(status) => return Ok(status),
    };
    let mut stack: Vec<String> = std::iter::once(shell.cwd.clone()).chain(shell.dir_stack.iter().cloned()).collect();
    match operand {
        Operand::Nothing if stack.len() < 2 => return fail(shell, "pushd: no other directory"),
        Operand::Nothing => stack.swap(0, 1),
        Operand::Entry(Some(index), _) => stack.rotate_left(index),
        Operand::Entry(None, word) => return out_of_range(shell, "pushd", word),
        Operand::Folder("-") => match shell.parameter("OLDPWD") {
            Some(old) => stack.insert(0, old),
            None => return fail(shell, "pushd: OLDPWD not set"),
        },
        Operand::Folder(folder) if stay => stack.insert(1, folder.to_owned()),
        Operand::Folder(folder) => stack.insert(0, folder.to_owned()),
    }
    let top = stack.remove(0);
    if !stay && let Err(error) = change_folder(shell, &top, shell.options.physical)? {
        return fail(shell, &format!("pushd: {top}: {error}"));
    }
    shell.dir_stack = stack;
    print_stack(shell)
}

pub fn popd(shell: &mut Shell, args: &[String]) -> Status {
    let (stay, operand) = match parse(shell, args) {
        Ok(parsed) => parsed,
        Err(status) => return Ok(status),
    };
    let index = match operand {
        Operand::Entry(None, word) => return out_of_range(shell, "popd", word),
        _ if shell.dir_stack.is_empty() => return fail(shell, "popd: directory stack empty"),
        Operand::Entry(Some(index), _) => index,
        Operand::Nothing | Operand::Folder(_) => 0,
    };
    let mut stack = shell.dir_stack.clone();
    if index > 0 || stay {
        stack.remove(index.max(1) - 1);
    } else {
        let top = stack.remove(0);
        if let Err(error) = change_folder(shell, &top, shell.options.physical)? {
            return fail(shell, &format!("popd: {top}: {error}"));
        }
    }
    shell.dir_stack = stack;
    print_stack(shell)
}

/// A path with `~` for the home folder.
fn abbreviated(shell: &mut Shell, path: &str) -> String {
    let home = shell.parameter("HOME").unwrap_or_default();
    match path.strip_prefix(home.as_str()) {
        Some(rest) if !home.is_empty() && home != "/" && (rest.is_empty() || rest.starts_with('/')) => {
            format!("~{rest}")
        }
        _ => path.to_owned(),
    }
}

fn shown_stack(shell: &mut Shell, long: bool) -> Vec<String> {
    let stack: Vec<String> = std::iter::once(shell.cwd.clone()).chain(shell.dir_stack.iter().cloned()).collect();
    if long { stack } else { stack.iter().map(|path| abbreviated(shell, path)).collect() }
}

fn print_stack(shell: &mut Shell) -> Status {
    let line = shown_stack(shell, false).join(" ");
    Ok(i32::from(!shell.out(&format!("{line}\n"))))
}

pub fn dirs(shell: &mut Shell, args: &[String]) -> Status {
    let (mut long, mut lines, mut numbers, mut entry) = (false, false, false, None);
    for word in args.get(1..).unwrap_or_default() {
        match word.as_str() {
            "-l" => long = true,
            "-c" => {
                shell.dir_stack.clear();
                return Ok(0);
            }
            "-v" => (lines, numbers) = (true, true),
            "-p" => lines = true,
            "--" => break,
            "--help" => {
                help::print_help(shell, "dirs");
                return Ok(USAGE);
            }
            word if word.starts_with(['+', '-']) && word.len() > 1 => {
                let len = shell.dir_stack.len() + 1;
                match entry_index(word, len) {
                    Some(Some(index)) => entry = Some(index),
                    Some(None) => return out_of_range(shell, "dirs", word),
                    None if word.bytes().skip(1).all(|byte| matches!(byte, b'l' | b'v' | b'p')) => {
                        long |= word.contains('l');
                        numbers |= word.contains('v');
                        lines |= word.contains(['v', 'p']);
                    }
                    None => return Ok(usage(shell, "dirs", &format!("{word}: invalid number"))),
                }
            }
            word => return Ok(usage(shell, "dirs", &format!("{word}: invalid option"))),
        }
    }
    let stack = shown_stack(shell, long);
    let shown = stack.iter().enumerate().filter(|(index, _)| entry.is_none_or(|entry| entry == *index));
    let texts: Vec<String> =
        shown.map(|(index, path)| if numbers { format!("{index:2}  {path}") } else { path.clone() }).collect();
    let text = texts.join(if lines { "\n" } else { " " });
    Ok(i32::from(!shell.out(&format!("{text}\n"))))
}
