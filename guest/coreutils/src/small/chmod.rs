//! `chmod`.

use super::{Args, Failure, Outcome, print, quote, warn};
use glowplug_unix::{bytes, mode};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use uucore::error::strip_errno;

const USAGE: &str =
    "Usage: chmod [-R] [-v | -c] [-f] MODE[,MODE]... FILE...\n       chmod [-R] --reference=FILE FILE...\n";

pub fn main(args: Args) -> i32 {
    // Not with lexopt: `chmod -x` has a mode that looks like an option.
    match Job::parse(args).and_then(|job| job.map_or_else(|| print(USAGE), |job| job.run())) {
        Ok(code) => code,
        Err(failure) => {
            warn("chmod", format_args!("{}", failure.message));
            failure.code
        }
    }
}

#[derive(Default)]
struct Job {
    recursive: bool,
    verbose: bool,
    changes: bool,
    quiet: bool,
    reference: Option<u32>,
    mode: String,
    files: Vec<OsString>,
}

impl Job {
    /// `None` when only help was asked for.
    fn parse(args: Args) -> Result<Option<Self>, Failure> {
        let mut job = Job::default();
        let mut mode = None;
        let mut options = true;
        for arg in args.skip(1) {
            let text = bytes(&arg);
            match text {
                b"--" if options => options = false,
                b"--help" => return Ok(None),
                b"--recursive" if options => job.recursive = true,
                b"--verbose" if options => job.verbose = true,
                b"--changes" if options => job.changes = true,
                b"--quiet" | b"--silent" if options => job.quiet = true,
                b"--preserve-root" | b"--no-preserve-root" if options => {}
                _ if options && text.starts_with(b"--reference=") => {
                    let file = glowplug_unix::os_string(text[12..].to_vec());
                    job.reference = Some(stat(&file)?.mode & mode::PERMISSIONS);
                }
                [b'-', flags @ ..]
                    if options && !flags.is_empty() && flags.iter().all(|flag| b"Rvcf".contains(flag)) =>
                {
                    job.recursive |= flags.contains(&b'R');
                    job.verbose |= flags.contains(&b'v');
                    job.changes |= flags.contains(&b'c');
                    job.quiet |= flags.contains(&b'f');
                }
                [b'-', b'-', ..] if options => {
                    return Err(Failure::new(1, format_args!("unrecognized option {}", quote(&arg))));
                }
                _ if mode.is_none() && job.reference.is_none() => mode = Some(arg.to_string_lossy().into_owned()),
                _ => job.files.push(arg),
            }
        }
        match mode {
            Some(mode) => job.mode = mode,
            None if job.reference.is_some() => {}
            None => return Err(Failure::new(1, "missing operand\nTry 'chmod --help' for more information.")),
        }
        if job.files.is_empty() {
            return Err(Failure::new(1, format_args!("missing operand after '{}'", job.mode)));
        }
        job.new_mode(0, false)?;
        Ok(Some(job))
    }

    fn run(&self) -> Outcome {
        let mut code = 0;
        for file in &self.files {
            self.change(Path::new(file), true, &mut code);
        }
        Ok(code)
    }

    fn new_mode(&self, old: u32, folder: bool) -> Result<u32, Failure> {
        if let Some(reference) = self.reference {
            return Ok(reference);
        }
        uucore::mode::parse_chmod(old, &self.mode, folder, glowplug_unix::umask())
            .map_err(|_| Failure::new(1, format_args!("invalid mode: '{}'", self.mode)))
    }

    /// Links found on the way are left alone: they have no permissions of their own.
    fn change(&self, path: &Path, named: bool, code: &mut i32) {
        if !named && path.is_symlink() {
            return;
        }
        if let Err(failure) = self.change_one(path) {
            *code = 1;
            if !self.quiet {
                warn("chmod", format_args!("{}", failure.message));
            }
            return;
        }
        if !self.recursive || !path.is_dir() {
            return;
        }
        match std::fs::read_dir(path) {
            Ok(entries) => entries.flatten().for_each(|entry| self.change(&entry.path(), false, code)),
            Err(error) => {
                *code = 1;
                let name = quote(path.as_os_str());
                warn("chmod", format_args!("cannot read directory {name}: {}", strip_errno(&error)));
            }
        }
    }

    fn change_one(&self, path: &Path) -> Result<(), Failure> {
        let name = path.as_os_str();
        let known = stat(name)?;
        let old = known.mode & mode::PERMISSIONS;
        let new = self.new_mode(old, known.mode & mode::KIND == mode::FOLDER)?;
        glowplug_unix::chmod(path, new).map_err(|error| {
            Failure::new(1, format_args!("changing permissions of {}: {}", quote(name), strip_errno(&error)))
        })?;
        let text = |mode| glowplug_unix::mode_text(mode)[1..].to_owned();
        if new != old && (self.verbose || self.changes) {
            let (old_text, new_text) = (text(old), text(new));
            print(format!("mode of {} changed from {old:04o} ({old_text}) to {new:04o} ({new_text})\n", quote(name)))?;
        } else if self.verbose {
            print(format!("mode of {} retained as {old:04o} ({})\n", quote(name), text(old)))?;
        }
        Ok(())
    }
}

fn stat(file: &OsStr) -> Result<glowplug_unix::Stat, Failure> {
    glowplug_unix::stat(file, true)
        .map_err(|error| Failure::new(1, format_args!("cannot access {}: {}", quote(file), strip_errno(&error))))
}
