//! `diff` beyond upstream's: folders, and `-r`. Two files go to upstream.

use super::{Args, warn};
use diffutilslib::engine::{Options, set_options};
use glowplug_unix::{bytes, os_string};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use uucore::error::strip_errno;

pub fn main(args: Args) -> i32 {
    match parse(args) {
        Ok((job, files)) => match files.as_slice() {
            [from, to] => job.compare(Path::new(from), Path::new(to), false),
            [] | [_] => fail("missing operand"),
            _ => fail("extra operand"),
        },
        Err(problem) => fail(&problem),
    }
}

fn fail(problem: &str) -> i32 {
    warn("diff", format_args!("{problem}"));
    2
}

/// Takes out what upstream does not know, and takes clusters of letters apart, which it does not know either.
fn parse(args: Args) -> Result<(Job, Vec<OsString>), String> {
    let mut job = Job::default();
    let mut ours = Options::default();
    let mut files: Vec<OsString> = Vec::new();
    let mut args = args.skip(1);
    while let Some(arg) = args.next() {
        match bytes(&arg) {
            b"--recursive" => job.recursive = true,
            b"--new-file" => job.new_file = true,
            b"--ignore-case" => ours.ignore_case = true,
            b"--ignore-all-space" => ours.ignore_all_space = true,
            b"--ignore-space-change" => ours.ignore_space_change = true,
            b"--ignore-trailing-space" => ours.ignore_trailing_space = true,
            b"--strip-trailing-cr" => ours.strip_trailing_cr = true,
            b"--text" | b"--minimal" | b"--speed-large-files" => {}
            b"--label" => ours.labels.push(args.next().ok_or("option '--label' requires an argument")?),
            b"--" => files.extend(args.by_ref()),
            text if text.starts_with(b"--label=") => ours.labels.push(os_string(text[8..].to_vec())),
            text if text.starts_with(b"--color") => {}
            [b'-', b'-', ..] => job.options.push(arg.clone()),
            [b'-', letters @ ..] if letters.first().is_some_and(u8::is_ascii_alphabetic) => {
                for (at, &letter) in letters.iter().enumerate() {
                    match letter {
                        b'r' => job.recursive = true,
                        b'N' => job.new_file = true,
                        b'i' => ours.ignore_case = true,
                        b'w' => ours.ignore_all_space = true,
                        b'b' => ours.ignore_space_change = true,
                        b'Z' => ours.ignore_trailing_space = true,
                        b'a' | b'd' | b'H' => {}
                        b'L' | b'U' | b'C' | b'W' => {
                            let value = match &letters[at + 1..] {
                                [] => args.next().ok_or_else(|| needs_value(letter))?,
                                rest => os_string(rest.to_vec()),
                            };
                            match letter {
                                b'L' => ours.labels.push(value),
                                b'W' => job.options.push(format!("--width={}", value.display()).into()),
                                _ => job.options.push(os_string([&[b'-', letter], bytes(&value)].concat())),
                            }
                            break;
                        }
                        _ => job.options.push(os_string(vec![b'-', letter])),
                    }
                }
            }
            [b'-', _, ..] => job.options.push(arg.clone()),
            _ => files.push(arg.clone()),
        }
    }
    set_options(ours);
    Ok((job, files))
}

fn needs_value(letter: u8) -> String {
    format!("option requires an argument -- '{}'", char::from(letter))
}

#[derive(Default)]
struct Job {
    recursive: bool,
    new_file: bool,
    options: Vec<OsString>,
}

impl Job {
    fn compare(&self, from: &Path, to: &Path, nested: bool) -> i32 {
        if from == to {
            return self.files_unless_same(from, to);
        }
        let standard_input = OsStr::new("-");
        if from.as_os_str() == standard_input || to.as_os_str() == standard_input {
            return self.files(from, to, nested);
        }
        match (from.is_dir(), to.is_dir()) {
            (true, true) => self.folders(from, to),
            (true, false) if !nested => self.files(&from.join(to.file_name().unwrap_or_default()), to, nested),
            (false, true) if !nested => self.files(from, &to.join(from.file_name().unwrap_or_default()), nested),
            (true, false) | (false, true) => {
                let kind = |path: &Path| if path.is_dir() { "directory" } else { "regular file" };
                let (a, b) = (from.display(), to.display());
                self.say(&format!("File {a} is a {} while file {b} is a {}", kind(from), kind(to)))
            }
            (false, false) if self.new_file && from.exists() != to.exists() => {
                let nothing = Path::new("/dev/null");
                if from.exists() { self.files(from, nothing, nested) } else { self.files(nothing, to, nested) }
            }
            (false, false) => self.files(from, to, nested),
        }
    }

    /// One path twice: only `-s` and a path that is not there have something to say.
    fn files_unless_same(&self, from: &Path, to: &Path) -> i32 {
        if from.is_dir() || from.is_symlink() { 0 } else { self.files(from, to, false) }
    }

    fn files(&self, from: &Path, to: &Path, nested: bool) -> i32 {
        if nested {
            // The header that GNU prints between the files of folders, where they differ.
            match (fs::read(from), fs::read(to)) {
                (Ok(a), Ok(b)) if a == b => return 0,
                _ => {}
            }
            if !self.options.iter().any(|option| option == "-q" || option == "--brief") {
                let flags = if self.recursive { " -r" } else { "" };
                let options: String = self.options.iter().map(|option| format!(" {}", option.display())).collect();
                self.say(&format!("diff{flags}{options} {} {}", from.display(), to.display()));
            }
        }
        let mut words = vec![OsString::from("diff")];
        words.extend(self.options.iter().cloned());
        words.extend([from.as_os_str().to_owned(), to.as_os_str().to_owned()]);
        diffutilslib::diff::main(words.into_iter().peekable())
    }

    fn folders(&self, from: &Path, to: &Path) -> i32 {
        let (Some(in_from), Some(in_to)) = (names(from), names(to)) else { return 2 };
        let mut code = 0;
        for name in in_from.union(&in_to) {
            let (a, b) = (from.join(name), to.join(name));
            let result = match (in_from.contains(name), in_to.contains(name)) {
                (true, true) if a.is_dir() && b.is_dir() && !self.recursive => {
                    self.say(&format!("Common subdirectories: {} and {}", a.display(), b.display()));
                    0
                }
                (true, true) => self.compare(&a, &b, true),
                (here, _) if self.new_file && !a.is_dir() && !b.is_dir() => {
                    let nothing = PathBuf::from("/dev/null");
                    let (a, b) = if here { (a, nothing) } else { (nothing, b) };
                    self.files(&a, &b, true)
                }
                (here, _) => {
                    let folder = if here { from } else { to };
                    self.say(&format!("Only in {}: {}", folder.display(), name.display()))
                }
            };
            code = code.max(result);
        }
        code
    }

    /// A line on standard output; the result is the exit code for a difference.
    fn say(&self, line: &str) -> i32 {
        match writeln!(io::stdout(), "{line}") {
            Ok(()) => 1,
            Err(_) => 2,
        }
    }
}

fn names(folder: &Path) -> Option<BTreeSet<OsString>> {
    match fs::read_dir(folder) {
        Ok(entries) => Some(entries.flatten().map(|entry| entry.file_name()).collect()),
        Err(error) => {
            warn("diff", format_args!("{}: {}", folder.display(), strip_errno(&error)));
            None
        }
    }
}
