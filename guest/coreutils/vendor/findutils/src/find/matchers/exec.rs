// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use std::cell::RefCell;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{stderr, Write};
use std::path::Path;

use glowplug_unix::Command;

use super::{Matcher, MatcherIO, WalkEntry};

enum Arg {
    FileArg(Vec<OsString>),
    LiteralArg(OsString),
}

fn parse_arg(s: &str) -> Arg {
    let parts = s.split("{}").collect::<Vec<_>>();
    if parts.len() == 1 {
        Arg::LiteralArg(OsString::from(s))
    } else {
        Arg::FileArg(parts.iter().map(OsString::from).collect())
    }
}

/// Reject a relative `$PATH` entry, which GNU find refuses for
/// `-execdir`/`-okdir` since they run the command from the scanned directory.
pub fn check_path_for_relative_entries(action: &str) -> Result<(), Box<dyn Error>> {
    match std::env::var_os("PATH") {
        Some(path) => check_path_entries(&path, action),
        None => Ok(()),
    }
}

fn check_path_entries(path: &OsStr, action: &str) -> Result<(), Box<dyn Error>> {
    for entry in crate::split_paths(path) {
        if entry.as_os_str().is_empty() || entry == Path::new(".") {
            return Err(From::from(format!(
                "The current directory is included in the PATH environment variable, \
                 which is insecure in combination with the {action} action of find.  \
                 Please remove the current directory from your $PATH (that is, remove \
                 \".\", doubled colons, or leading or trailing colons)"
            )));
        }
        if entry.is_relative() {
            return Err(From::from(format!(
                "The relative path '{}' is included in the PATH environment variable, \
                 which is insecure in combination with the {action} action of find.  \
                 Please remove that entry from $PATH",
                entry.display()
            )));
        }
    }
    Ok(())
}

pub struct SingleExecMatcher {
    executable: Arg,
    args: Vec<Arg>,
    exec_in_parent_dir: bool,
    interactive: bool,
}

impl SingleExecMatcher {
    pub fn new(
        executable: &str,
        args: &[&str],
        exec_in_parent_dir: bool,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self::new_impl(executable, args, exec_in_parent_dir, false))
    }

    pub fn new_interactive(
        executable: &str,
        args: &[&str],
        exec_in_parent_dir: bool,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self::new_impl(executable, args, exec_in_parent_dir, true))
    }

    fn new_impl(
        executable: &str,
        args: &[&str],
        exec_in_parent_dir: bool,
        interactive: bool,
    ) -> Self {
        let transformed_args = args.iter().map(|&a| parse_arg(a)).collect();

        Self {
            executable: parse_arg(executable),
            args: transformed_args,
            exec_in_parent_dir,
            interactive,
        }
    }
}

impl Matcher for SingleExecMatcher {
    fn matches(&self, file_info: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        let path_to_file = if self.exec_in_parent_dir {
            if let Some(f) = file_info.path().file_name() {
                Path::new(".").join(f)
            } else {
                Path::new(".").join(file_info.path())
            }
        } else {
            file_info.path().to_path_buf()
        };

        let resolved_executable = match self.executable {
            Arg::LiteralArg(ref a) => a.clone(),
            Arg::FileArg(ref parts) => parts.join(path_to_file.as_os_str()),
        };

        if self.interactive {
            // GNU find prints a fixed, abbreviated prompt of the form
            // "< executable ... pathname > ? ".  It does not render the
            // substituted argument list, and always shows the full path of
            // the entry being processed (even for -okdir, whose command runs
            // with the "./basename" form).
            let prompt = format!(
                "< {} ... {} > ? ",
                resolved_executable.to_string_lossy(),
                file_info.path().to_string_lossy()
            );

            if !matcher_io.confirm(&prompt) {
                return false;
            }
        }

        let mut words = vec![resolved_executable.clone()];
        for arg in &self.args {
            words.push(match *arg {
                Arg::LiteralArg(ref a) => a.clone(),
                Arg::FileArg(ref parts) => parts.join(path_to_file.as_os_str()),
            });
        }
        let folder = if self.exec_in_parent_dir {
            exec_folder(file_info.path())
        } else {
            None
        };
        run(&words, folder, matcher_io).unwrap_or_else(|e| {
            // Nobody is left to hear that standard error is closed.
            let _ = writeln!(
                &mut stderr(),
                "{}: \u{2018}{}\u{2019}: {}",
                super::super::program_name(),
                resolved_executable.to_string_lossy(),
                uucore::error::strip_errno(&e)
            );
            false
        })
    }

    fn has_side_effects(&self) -> bool {
        true
    }
}

/// The folder in which `-execdir` runs a command for this path. Root paths like "/" have no parent: the command runs in
/// the root. Paths like "foo" have an empty one.
fn exec_folder(path: &Path) -> Option<&Path> {
    match path.parent() {
        None => Some(path),
        Some(parent) if parent == Path::new("") => None,
        Some(parent) => Some(parent),
    }
}

/// Runs a command and says whether it went well.
fn run(words: &[OsString], folder: Option<&Path>, matcher_io: &MatcherIO) -> std::io::Result<bool> {
    // What was found so far comes before what the command prints.
    matcher_io.deps.get_output().borrow_mut().flush()?;
    let mut command = Command::new(words);
    if let Some(folder) = folder {
        command = command.folder(folder)?;
    }
    Ok(command.run()?.success())
}

pub struct MultiExecMatcher {
    executable: String,
    args: Vec<OsString>,
    exec_in_parent_dir: bool,
    /// The paths of the next command, and their length.
    batch: RefCell<(Vec<OsString>, usize)>,
}

/// How long the paths of one command may be together. The host knows no limit; its request is one piece of memory.
const BATCH_BYTES: usize = 128 << 10;

impl MultiExecMatcher {
    pub fn new(
        executable: &str,
        args: &[&str],
        exec_in_parent_dir: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let transformed_args = args.iter().map(OsString::from).collect();

        Ok(Self {
            executable: executable.to_string(),
            args: transformed_args,
            exec_in_parent_dir,
            batch: RefCell::default(),
        })
    }

    /// Runs the command for the paths that have come together.
    fn dispatch(&self, folder: Option<&Path>, matcher_io: &mut MatcherIO) {
        let (paths, _) = self.batch.take();
        if paths.is_empty() {
            return;
        }
        let mut words = vec![OsString::from(&self.executable)];
        words.extend(self.args.iter().cloned());
        words.extend(paths);
        match run(&words, folder, matcher_io) {
            Ok(true) => {}
            Ok(false) => matcher_io.set_exit_code(1),
            Err(e) => {
                let _ = writeln!(
                    &mut stderr(),
                    "{}: \u{2018}{}\u{2019}: {}",
                    super::super::program_name(),
                    self.executable,
                    uucore::error::strip_errno(&e)
                );
                matcher_io.set_exit_code(1);
            }
        }
    }
}

impl Matcher for MultiExecMatcher {
    fn matches(&self, file_info: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        let path_to_file = if self.exec_in_parent_dir {
            if let Some(f) = file_info.path().file_name() {
                Path::new(".").join(f)
            } else {
                Path::new(".").join(file_info.path())
            }
        } else {
            file_info.path().to_path_buf()
        };
        let length = path_to_file.as_os_str().len();
        if self.batch.borrow().1 + length > BATCH_BYTES {
            let folder = if self.exec_in_parent_dir {
                exec_folder(file_info.path())
            } else {
                None
            };
            self.dispatch(folder, matcher_io);
        }
        let mut batch = self.batch.borrow_mut();
        batch.0.push(path_to_file.into_os_string());
        batch.1 += length;
        true
    }

    fn finished_dir(&self, dir: &Path, matcher_io: &mut MatcherIO) {
        // Dispatch command for -execdir.
        if self.exec_in_parent_dir {
            self.dispatch(Some(&Path::new(".").join(dir)), matcher_io);
        }
    }

    fn finished(&self, matcher_io: &mut MatcherIO) {
        // Dispatch command for -exec.
        if !self.exec_in_parent_dir {
            self.dispatch(None, matcher_io);
        }
    }

    fn has_side_effects(&self) -> bool {
        true
    }
}
