//! What names stand for: `type`, `command -v` and `command -V`, `hash`, `alias`, `unalias`.

use crate::builtins::args::{Options, USAGE};
use crate::builtins::{self, filetest, help, print_variable, quote};
use crate::parse::is_reserved_word;
use crate::shell::{Shell, Status};

/// How a name is described.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `X is a shell builtin`.
    Sentence,
    /// One word: `builtin`.
    Kind,
    /// The file that would run, and nothing for other things.
    Path,
    /// As it could be typed again: `command -v`.
    Reusable,
}

struct Request {
    form: Form,
    all: bool,
    /// `-f`.
    no_functions: bool,
    /// `-P`.
    only_path: bool,
    /// `command -p`: the folders of the system instead of PATH's.
    default_path: bool,
}

pub fn type_(shell: &mut Shell, args: &[String]) -> Status {
    let mut request =
        Request { form: Form::Sentence, all: false, no_functions: false, only_path: false, default_path: false };
    let mut options = Options::new(args, "afptP");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'a' => request.all = true,
                'f' => request.no_functions = true,
                'p' => request.form = Form::Path,
                't' => request.form = Form::Kind,
                _ => {
                    request.form = Form::Path;
                    request.only_path = true;
                }
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let mut status = 0;
    for name in options.operands() {
        let text = describe(shell, name, &request);
        match text {
            Some(text) => {
                if !text.is_empty() && !shell.out(&text) {
                    return Ok(1);
                }
            }
            None => {
                if request.form == Form::Sentence {
                    shell.error(&format!("type: {name}: not found"));
                }
                status = 1;
            }
        }
    }
    Ok(status)
}

/// `command -v` and `command -V`.
pub fn describe_command(shell: &mut Shell, names: &[String], verbose: bool, default_path: bool) -> Status {
    let form = if verbose { Form::Sentence } else { Form::Reusable };
    let request = Request { form, all: false, no_functions: false, only_path: false, default_path };
    let mut status = 1;
    for name in names {
        match describe(shell, name, &request) {
            Some(text) => {
                status = 0;
                if !shell.out(&text) {
                    return Ok(1);
                }
            }
            None if verbose => shell.error(&format!("command: {name}: not found")),
            None => {}
        }
    }
    Ok(status)
}

/// Lines about everything that `name` is, or about the first; `None` when it is nothing.
fn describe(shell: &mut Shell, name: &str, request: &Request) -> Option<String> {
    let mut found = Vec::new();
    if !request.only_path {
        found = describe_shell_names(shell, name, request);
        if !found.is_empty() && !request.all {
            found.truncate(1);
            return found.pop();
        }
    }
    let files = if request.all { all_in_path(shell, name) } else { Vec::new() };
    let hashed = shell.hashed.get(name).map(|(path, _)| path.clone()).filter(|_| !request.all && !name.contains('/'));
    let first = match (&hashed, request.all) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => None,
        (None, false) if request.default_path => {
            shell.find_in_folders(name, "/usr/bin:/bin").filter(|path| filetest::is_executable_file(shell, path))
        }
        (None, false) => find_file(shell, name),
    };
    for path in first.into_iter().chain(files) {
        found.push(match request.form {
            Form::Sentence if hashed.is_some() => format!("{name} is hashed ({path})\n"),
            Form::Sentence => format!("{name} is {path}\n"),
            Form::Kind => "file\n".to_owned(),
            // `command -v ./x` says where that is.
            Form::Reusable if name.contains('/') => format!("{}\n", shell.absolute(path.trim_start_matches("./"))),
            Form::Path | Form::Reusable => format!("{path}\n"),
        });
    }
    (!found.is_empty()).then(|| found.concat())
}

/// A file that can be run, by its path or in the folders of PATH.
fn find_file(shell: &Shell, name: &str) -> Option<String> {
    if name.contains('/') {
        return filetest::is_executable_file(shell, name).then(|| name.to_owned());
    }
    let path = shell.find_in_path(name)?;
    filetest::is_executable_file(shell, &path).then_some(path)
}

fn all_in_path(shell: &Shell, name: &str) -> Vec<String> {
    if name.contains('/') {
        return find_file(shell, name).into_iter().collect();
    }
    let folders = shell.vars.get_scalar("PATH").unwrap_or_default().into_owned();
    let candidates = folders.split(':').map(|folder| {
        let folder = if folder.is_empty() { "." } else { folder };
        format!("{}/{name}", folder.trim_end_matches('/'))
    });
    candidates.filter(|path| filetest::is_executable_file(shell, path)).collect()
}

/// Aliases, keywords, functions and builtins; with `-p`, an empty text for each.
fn describe_shell_names(shell: &mut Shell, name: &str, request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    let mut push = |sentence: String, kind: &str, reusable: String| {
        found.push(match request.form {
            Form::Sentence => sentence,
            Form::Kind => format!("{kind}\n"),
            Form::Reusable => reusable,
            Form::Path => String::new(),
        });
    };
    let plain = format!("{name}\n");
    if shell.options.expand_aliases
        && let Some(text) = shell.aliases.get(name)
    {
        let reusable = format!("alias {name}={}\n", quote::single_quoted(text));
        push(format!("{name} is aliased to `{text}'\n"), "alias", reusable);
    }
    if is_reserved_word(name) {
        push(format!("{name} is a shell keyword\n"), "keyword", plain.clone());
    }
    if !request.no_functions
        && let Some(definition) = print_variable::function(shell, name)
    {
        push(format!("{name} is a function\n{definition}"), "function", plain.clone());
    }
    if shell.find_builtin(name).is_some() {
        let special = if shell.options.posix && builtins::is_special(name) { "special " } else { "" };
        push(format!("{name} is a {special}shell builtin\n"), "builtin", plain);
    }
    found
}

pub fn hash(shell: &mut Shell, args: &[String]) -> Status {
    if !shell.options.hashall {
        shell.error("hash: hashing disabled");
        return Ok(1);
    }
    let (mut delete, mut list, mut show, mut reset, mut path) = (false, false, false, false, None);
    let mut options = Options::new(args, "dlp:rt");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'd' => delete = true,
                'l' => list = true,
                'p' => path = Some(option.value),
                'r' => reset = true,
                _ => show = true,
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let names = options.operands();
    if show && names.is_empty() {
        shell.error("hash: -t: option requires an argument");
        return Ok(1);
    }
    if names.is_empty() && !reset {
        return list_hashed(shell, list);
    }
    if reset {
        shell.hashed.clear();
    }
    let mut status = 0;
    for name in names {
        let known = shell.hashed.get(name).map(|(path, _)| path.clone());
        let mut missing = false;
        if show {
            match known {
                Some(path) if list => {
                    let _ = shell.out(&format!("builtin hash -p {path} {name}\n"));
                }
                Some(path) if names.len() > 1 => {
                    let _ = shell.out(&format!("{name}\t{path}\n"));
                }
                Some(path) => {
                    let _ = shell.out(&format!("{path}\n"));
                }
                None => missing = true,
            }
        } else if delete {
            missing = shell.hashed.remove(name).is_none();
        } else if let Some(path) = path {
            if filetest::is_folder(shell, path) {
                shell.error(&format!("hash: {path}: Is a directory"));
                status = 1;
            } else {
                shell.hashed.insert(name.clone(), (path.to_owned(), 0));
            }
        } else if !name.contains('/') && shell.find_builtin(name).is_none() && !shell.functions.contains_key(name) {
            match find_file(shell, name) {
                Some(path) => drop(shell.hashed.insert(name.clone(), (path, 0))),
                None => missing = true,
            }
        }
        if missing {
            shell.error(&format!("hash: {name}: not found"));
            status = 1;
        }
    }
    Ok(status)
}

fn list_hashed(shell: &mut Shell, as_commands: bool) -> Status {
    let mut text = String::new();
    for (name, (path, hits)) in shell.hashed.iter() {
        text.push_str(&match as_commands {
            true => format!("builtin hash -p {path} {name}\n"),
            false => format!("{hits:>4}\t{path}\n"),
        });
    }
    if text.is_empty() {
        if !shell.options.posix && !as_commands {
            text.push_str("hash: hash table empty\n");
        }
    } else if !as_commands {
        text.insert_str(0, "hits\tcommand\n");
    }
    Ok(i32::from(!shell.out(&text)))
}

pub fn alias(shell: &mut Shell, args: &[String]) -> Status {
    let mut print = false;
    let mut options = Options::new(args, "p");
    loop {
        match options.next(shell) {
            Ok(Some(_)) => print = true,
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    let command = if shell.options.posix && !print { "" } else { "alias " };
    let line = |name: &str, text: &str| {
        let dashes = if name.starts_with('-') && !command.is_empty() { "-- " } else { "" };
        format!("{command}{dashes}{name}={}\n", quote::single_quoted(text))
    };
    if options.operands().is_empty() || print {
        let text: String = shell.aliases.iter().map(|(name, text)| line(name, text)).collect();
        if !text.is_empty() && !shell.out(&text) {
            return Ok(1);
        }
    }
    let mut status = 0;
    for operand in options.operands() {
        match operand.split_once('=').filter(|(name, _)| !name.is_empty()) {
            Some((name, text)) => {
                let forbidden = " \t\n&();<>|$'\"`\\/";
                if name.contains(|c| forbidden.contains(c)) {
                    shell.error(&format!("alias: `{name}': invalid alias name"));
                    status = 1;
                } else {
                    shell.aliases.insert(name.to_owned(), text.to_owned());
                }
            }
            None => match shell.aliases.get(operand).map(|text| line(operand, text)) {
                Some(text) => status |= i32::from(!shell.out(&text)),
                None => {
                    shell.error(&format!("alias: {operand}: not found"));
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

pub fn unalias(shell: &mut Shell, args: &[String]) -> Status {
    let mut options = Options::new(args, "a");
    loop {
        match options.next(shell) {
            Ok(Some(_)) => {
                shell.aliases.clear();
                return Ok(0);
            }
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if options.operands().is_empty() {
        help::print_usage(shell, "unalias");
        return Ok(USAGE);
    }
    let mut status = 0;
    for name in options.operands() {
        if shell.aliases.remove(name).is_none() {
            shell.error(&format!("unalias: {name}: not found"));
            status = 1;
        }
    }
    Ok(status)
}
