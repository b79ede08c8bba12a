//! `install`: copies files and sets their permissions.

use super::{Args, Failure, Outcome, print, quote, report};
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use uucore::error::strip_errno;

const USAGE: &str = "Usage: install [-D] [-v] [-m MODE] SOURCE DEST\n       install [-v] [-m MODE] SOURCE... FOLDER\n       \
                     install [-v] [-m MODE] -t FOLDER SOURCE...\n       install -d [-v] [-m MODE] FOLDER...\n";

pub fn main(args: Args) -> i32 {
    report("install", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let (mut folders, mut parents, mut verbose, mut plain) = (false, false, false, false);
    let mut mode = 0o755;
    let mut target: Option<PathBuf> = None;
    let mut files: Vec<OsString> = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('d') | Long("directory") => folders = true,
            Short('D') => parents = true,
            Short('v') | Long("verbose") => verbose = true,
            Short('T') | Long("no-target-directory") => plain = true,
            Short('t') | Long("target-directory") => target = Some(parser.value()?.into()),
            Short('m') | Long("mode") => {
                let text = parser.value()?.string()?;
                mode = uucore::mode::parse(&text, false, 0)
                    .map_err(|_| Failure::new(1, format_args!("invalid mode '{text}'")))?;
            }
            // There is one user, and nothing to strip or compare.
            Short('o' | 'g') | Long("owner" | "group") => drop(parser.value()?),
            Short('c' | 'C' | 'p' | 's') | Long("compare" | "preserve-timestamps" | "strip") => {}
            Long("help") => return print(USAGE),
            Value(file) => files.push(file),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if folders {
        for folder in &files {
            create_folders(Path::new(folder))?;
            glowplug_unix::chmod(folder, mode)?;
            if verbose {
                print(format!("install: creating directory {}\n", quote(folder)))?;
            }
        }
        return Ok(0);
    }
    let target = match target {
        Some(target) => target,
        None if files.len() < 2 => return Err(Failure::new(1, "missing file operand")),
        None => files.pop().map(PathBuf::from).unwrap_or_default(),
    };
    let into_folder = !plain && (target.is_dir() || files.len() > 1);
    if parents {
        let parent = if into_folder { Some(target.as_path()) } else { target.parent() };
        parent.filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), create_folders)?;
    }
    for file in &files {
        let to = if into_folder { target.join(Path::new(file).file_name().unwrap_or(file)) } else { target.clone() };
        copy(Path::new(file), &to, mode)?;
        if verbose {
            print(format!("{} -> {}\n", quote(file), quote(to.as_os_str())))?;
        }
    }
    Ok(0)
}

fn create_folders(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(1, format_args!("cannot create directory {}: {}", quote(folder.as_os_str()), strip_errno(&error)))
    })
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let fail = |what: &str, path: &Path, error: &std::io::Error| {
        Failure::new(1, format_args!("cannot {what} {}: {}", quote(path.as_os_str()), strip_errno(error)))
    };
    let mut source = fs::File::open(from).map_err(|error| fail("stat", from, &error))?;
    // A new file, not new content in the old one: who runs the old one keeps it.
    let _ = fs::remove_file(to);
    let mut copy = fs::File::create(to).map_err(|error| fail("create regular file", to, &error))?;
    std::io::copy(&mut source, &mut copy).map_err(|error| fail("write", to, &error))?;
    glowplug_unix::chmod(to, mode).map_err(|error| fail("set permissions of", to, &error))
}
