//! Native programs that a project asks for, and the user's consent, without which it gets none.

use super::setup;
use crate::args::TestArgs;
use crate::config::Places;
use crate::failure::Failure;
use crate::natives::UserSettings;
use crate::output;
use glowplug_harness::config::Found;
use glowplug_store::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// What is remembered: one file for each project's, of the user's alone, in the folder of his data.
pub(super) struct Consent {
    /// The project's file; nothing is asked for without one.
    file: Option<PathBuf>,
    /// Of its path and all that stands in it.
    digest: String,
    /// Where consent to it is kept.
    place: Option<PathBuf>,
}

impl Consent {
    /// About the file that was found. Gives consent at once where the user says so.
    pub(super) fn new(args: &TestArgs, found: &Found) -> Result<Self, Failure> {
        let file = found.file.as_ref().map(|file| file.canonicalize().unwrap_or_else(|_| file.clone()));
        let path = file.as_ref().map_or(&b""[..], |file| file.as_os_str().as_encoded_bytes());
        let digest = Digest::of(&[path, b"\0", &found.source].concat()).to_string();
        let place = Places::find().trust_folder.map(|folder| folder.join(Digest::of(path).to_string()));
        let consent = Self { file, digest, place };
        if args.trust_project && consent.file.is_some() {
            consent.remember()?;
        }
        Ok(consent)
    }

    /// Sees to it that the user allows what cases ask for.
    pub(super) fn ask(
        &self,
        asked: &BTreeSet<String>,
        args: &TestArgs,
        settings: &UserSettings,
    ) -> Result<(), Failure> {
        let by_flag = |name: &String| args.native.allow_native.iter().any(|allowed| allowed.program == *name);
        let wanted: Vec<&str> =
            asked.iter().filter(|name| !by_flag(name) && !settings.allow.contains(name)).map(String::as_str).collect();
        let Some(file) = self.file.as_ref().filter(|_| !wanted.is_empty() && !self.is_given()) else { return Ok(()) };
        let programs = wanted.join(", ");
        if io::stdin().is_terminal() && io::stderr().is_terminal() && confirmed(file, &programs) {
            return self.remember();
        }
        let flags: Vec<String> = wanted.iter().map(|name| format!("--allow-native {name}")).collect();
        Err(setup(
            Failure::new(format!("{} asks for native programs that you have not allowed: {programs}", file.display()))
                .hint(format!("`{}` allows them once, --trust-project until this file changes", flags.join(" "))),
        ))
    }

    /// Whether consent was given to exactly this file.
    fn is_given(&self) -> bool {
        let Some(place) = &self.place else { return false };
        let ours = fs::symlink_metadata(place).is_ok_and(|found| {
            found.is_file() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0
        });
        ours && glowplug_store::plain::read_to_string(place).is_ok_and(|kept| kept.lines().next() == Some(&self.digest))
    }

    fn remember(&self) -> Result<(), Failure> {
        let (Some(place), Some(file)) = (&self.place, &self.file) else {
            return Err(setup(Failure::new("there is no home folder to remember in that this project is trusted")));
        };
        let folder = place.parent().unwrap_or(Path::new("/"));
        let written = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            // Made for this user alone, and there at once or not at all.
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            writeln!(new, "{}\n{}", self.digest, file.display())?;
            new.persist(place)?;
            Ok(())
        };
        written().map_err(|error| setup(Failure::file("write", place, &error)))
    }
}

fn confirmed(file: &Path, programs: &str) -> bool {
    output::note(&format!(
        "{} asks to run programs of your machine in its cases, confined to the project: {programs}\nAllow it until that file \
         changes? [y/N] ",
        file.display()
    ));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
