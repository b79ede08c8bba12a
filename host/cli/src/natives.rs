//! Native programs that the user lets run: by flags, and by settings of his own.

use crate::args::NativeArgs;
use crate::config::Places;
use crate::failure::Failure;
use crate::output;
use glowplug_fs::{Mount, Program};
use glowplug_runtime::process::{AllowedNative, NativeOptions, Natives, OnMachine, Variable};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `native.toml` in the user's configuration folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserSettings {
    /// Programs that projects may run in their tests.
    pub(crate) allow: Vec<String>,
    /// `NAME` or `NAME=VALUE`.
    env: Vec<String>,
    /// Files and folders that native programs may read.
    dirs: Vec<PathBuf>,
}

impl UserSettings {
    /// Reads them, if there are any.
    pub(crate) fn read() -> Result<Self, Failure> {
        let Some(path) = Places::find().native_file else { return Ok(Self::default()) };
        let text = match glowplug_store::plain::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::file("read", &path, &error)),
        };
        let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
        let mut settings: Self = toml::from_str(&text).map_err(|error| wrong(&error))?;
        let home = std::env::var_os("HOME").map(PathBuf::from);
        for dir in &mut settings.dirs {
            if let (Ok(rest), Some(home)) = (dir.strip_prefix("~"), &home) {
                *dir = home.join(rest);
            }
            if !dir.is_absolute() {
                return Err(wrong(&format!("`{}` is a relative path", dir.display())));
            }
        }
        settings.variables()?;
        Ok(settings)
    }

    fn variables(&self) -> Result<Vec<Variable>, Failure> {
        let read =
            |text: &String| text.parse().map_err(|problem| Failure::usage(format!("native.toml: `{text}`: {problem}")));
        self.env.iter().map(read).collect()
    }
}

/// Finds the programs; guests see `mounts`. Each may compute for `cpu_seconds`.
pub(crate) fn resolve(
    programs: &[AllowedNative],
    args: &NativeArgs,
    settings: &UserSettings,
    mounts: &[Mount],
    cpu_seconds: Option<u64>,
) -> Result<Natives, Failure> {
    let mut env = settings.variables()?;
    env.extend(args.native_env.iter().cloned());
    let options = NativeOptions {
        programs: programs.to_vec(),
        env,
        readable: settings.dirs.iter().chain(&args.native_dir).cloned().collect(),
        search_path: std::env::var_os("PATH"),
        home: std::env::var_os("HOME").filter(|home| Path::new(home).is_absolute()).map(PathBuf::from),
        cpu_seconds,
        launcher: Vec::new(),
    };
    Natives::resolve(options, mounts).map_err(|error| Failure::new(error.to_string()).hint(error.hint()))
}

/// Whether this machine has a native program of that name which could be allowed as things are; guests see `mounts`.
pub(crate) fn on_machine(name: &str, mounts: &[Mount]) -> OnMachine {
    let Ok(allowed) = name.parse::<AllowedNative>() else { return OnMachine::Unknown };
    match resolve(&[allowed], &NativeArgs::default(), &UserSettings::default(), mounts, None) {
        Ok(natives) if natives.missing().is_empty() => OnMachine::There,
        Ok(_) => OnMachine::Absent,
        Err(failure) => OnMachine::Refused(failure.in_one_line()),
    }
}

/// Says which programs are not there.
pub(crate) fn warn_missing(natives: &Natives) {
    for program in natives.missing() {
        output::warning(&format!(
            "`--allow-native {program}`: there is no such program on this machine that it may run"
        ));
    }
}

/// What guests see of them: empty files, but there, since what has no bytes can be neither opened nor run.
pub(crate) fn files(natives: &Natives) -> impl Iterator<Item = Program> {
    natives.names().map(|name| Program { name: name.to_owned().into(), size: 0, bytes: Some(b"") })
}
