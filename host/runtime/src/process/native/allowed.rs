//! Which native programs may run, found once, before a guest runs.

use super::confine;
use super::environment::Variable;
use super::writable::Folders;
use glowplug_fs::Mount;
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use thiserror::Error;

/// A script's interpreter may be a script again, this often; Linux's own figure.
const MAX_INTERPRETERS: usize = 4;
/// How much of a script's first line is looked at; Linux's own figure.
const FIRST_LINE: usize = 256;
/// Links that are followed from a name to a file; Linux's own figure.
const MAX_LINKS: usize = 40;

/// A native program that the user names: `NAME`, or a path, and `=free` if nothing is to confine it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedNative {
    /// A name to be found in `PATH`, or a path.
    pub program: String,
    /// Whether it may do everything that the user may.
    pub free: bool,
}

impl FromStr for AllowedNative {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (program, free) = match text.rsplit_once('=') {
            Some((program, "free")) => (program, true),
            Some((program, word)) => {
                return Err(format!("`{word}` is not known after `{program}=`; write `{program}` or `{program}=free`"));
            }
            None => (text, false),
        };
        if program.is_empty() || program.ends_with('/') || program.contains('\0') {
            return Err("write the name of a program, such as `git`, or a path to one".to_owned());
        }
        if program.contains(['*', '?']) || program.contains(',') {
            return Err("write one program, and the option once for each".to_owned());
        }
        Ok(Self { program: program.to_owned(), free })
    }
}

/// What native programs are resolved from.
#[derive(Debug, Default)]
pub struct NativeOptions {
    /// The programs that may run.
    pub programs: Vec<AllowedNative>,
    /// Variables that they are given beside the usual ones.
    pub env: Vec<Variable>,
    /// Files and folders of the host that confined ones may read and execute, beside what guests see.
    pub readable: Vec<PathBuf>,
    /// The host's `PATH`.
    pub search_path: Option<OsString>,
    /// The user's home, for what is known to lie in it.
    pub home: Option<PathBuf>,
    /// Seconds of processor time that each process of a native program may take.
    pub cpu_seconds: Option<u64>,
    /// The program, and its first arguments, that calls [`serve`](super::launcher::serve) with
    /// [`LAUNCHER_NAME`](super::launcher::LAUNCHER_NAME) as its own name; this very program if none.
    pub launcher: Vec<OsString>,
}

/// Why the native programs that were asked for cannot be run as they should.
#[derive(Debug, Error)]
pub enum NativeError {
    /// Guests could decide what it is.
    #[error("`{program}` must not run: guests may write to `{folder}`, so that they could choose what it does", folder = folder.display())]
    Writable {
        /// The program, or its interpreter.
        program: String,
        /// The folder that is mounted.
        folder: PathBuf,
    },
    /// It is not what can be executed.
    #[error("`{program}` cannot be run: {problem}")]
    Unusable {
        /// The program, or its interpreter.
        program: String,
        /// Why.
        problem: String,
    },
    /// The kernel lacks what is needed.
    #[error("`{program}` cannot be confined: {problem}")]
    Unconfined {
        /// The program.
        program: String,
        /// Why.
        problem: String,
    },
    /// Rules only ever add up.
    #[error(
        "`{program}` cannot be confined: `{inner}` must not be written to, but lies in `{outer}`, which may be",
        inner = inner.display(),
        outer = outer.display()
    )]
    Nested {
        /// The program.
        program: String,
        /// What guests see read-only, or as an overlay.
        inner: PathBuf,
        /// What is mounted to be read and written.
        outer: PathBuf,
    },
    /// A mounted folder cannot be opened.
    #[error("failed to open {path}: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl NativeError {
    /// What the user can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Writable { program, folder } => format!(
                "mount the folder that `{program}` lies in read-only, name a program elsewhere, or mount less than `{}`",
                folder.display()
            ),
            Self::Unusable { .. } | Self::Folder { .. } => "name another program".to_owned(),
            Self::Unconfined { program, .. } => {
                format!("`--allow-native {program}=free` runs it with all of your rights")
            }
            Self::Nested { program, .. } => {
                format!("mount them beside each other, or run `{program}` free with `--allow-native {program}=free`")
            }
        }
    }
}

/// The native programs of a session, with everything that is needed to start them.
#[derive(Debug, Default)]
pub struct Natives {
    pub(super) programs: Vec<NativeProgram>,
    missing: Vec<String>,
    pub(super) env: Vec<Variable>,
    pub(super) readable: Vec<PathBuf>,
    /// `PATH` without what is relative or guests may write to.
    pub(super) search_path: OsString,
    pub(super) folders: Folders,
    pub(super) cpu_seconds: Option<u64>,
    pub(super) launcher: Vec<OsString>,
}

/// A program that was found.
#[derive(Debug)]
pub(super) struct NativeProgram {
    /// What guests call it.
    pub(super) name: String,
    /// As the user wrote it.
    pub(super) written: String,
    /// If the user named it by a path: that one, and the one without links in its folders.
    pub(super) paths: Vec<PathBuf>,
    /// The program's own file: device and inode.
    pub(super) identity: (u64, u64),
    /// What is executed: the file, or a script's interpreter.
    pub(super) executed: OwnedFd,
    /// What comes before the guest's arguments; the name that it is called first.
    pub(super) args: Vec<OsString>,
    /// What it has to read beside the system's folders.
    pub(super) readable: Vec<PathBuf>,
    /// Variables that its installation needs.
    pub(super) env: Vec<(String, PathBuf)>,
    pub(super) free: bool,
}

impl Natives {
    /// Also lets programs work in this folder, which guests see under its own name with nothing in it but what is mounted there.
    /// More is not allowed by it: confined programs reach what they reach elsewhere.
    #[must_use]
    pub fn working_in(mut self, folder: Option<PathBuf>) -> Self {
        self.folders.bare = folder;
        self
    }

    /// Looks the programs up, and opens what guests may see of the host.
    ///
    /// # Errors
    /// When one of them could be chosen or changed by guests, cannot be executed, or not be confined as it has to be.
    pub fn resolve(options: NativeOptions, mounts: &[Mount]) -> Result<Self, NativeError> {
        let NativeOptions { programs, env, readable, search_path, home, cpu_seconds, launcher } = options;
        if programs.is_empty() {
            return Ok(Self::default());
        }
        let folders = Folders::open(mounts)?;
        let search_path = usable_path(search_path.as_deref().unwrap_or_default(), &folders);
        let search_path = std::env::join_paths(search_path).unwrap_or_default();
        let mut natives = Self { env, readable, search_path, folders, cpu_seconds, launcher, ..Self::default() };
        for allowed in programs {
            match natives.find(&allowed, home.as_deref())? {
                Some(program) => {
                    natives.programs.retain(|other| other.name != program.name);
                    natives.programs.push(program);
                }
                None => natives.missing.push(allowed.program),
            }
        }
        if let Some(confined) = natives.programs.iter().find(|program| !program.free) {
            let program = confined.written.clone();
            if let Some(problem) = confine::unsupported() {
                return Err(NativeError::Unconfined { program, problem });
            }
            if let Some((inner, outer)) = natives.folders.nested() {
                return Err(NativeError::Nested { program, inner, outer });
            }
        }
        Ok(natives)
    }

    /// What guests call those that are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.programs.iter().map(|program| program.name.as_str())
    }

    /// Those that this machine does not have, as they were written.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    fn find(&self, allowed: &AllowedNative, home: Option<&Path>) -> Result<Option<NativeProgram>, NativeError> {
        let written = allowed.program.clone();
        let is_path = written.contains('/');
        let found = if is_path {
            Some(PathBuf::from(&written)).filter(|path| path.exists())
        } else {
            let executable = |path: &PathBuf| {
                fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
            };
            std::env::split_paths(&self.search_path).map(|folder| folder.join(&written)).find(executable)
        };
        let Some(found) = found else { return Ok(None) };
        let name = written.rsplit('/').next().unwrap_or(&written).to_owned();
        let unusable =
            |error: io::Error| NativeError::Unusable { program: written.clone(), problem: error.to_string() };
        // Links in its folder's path are followed for good; its own name may be what a program of many names goes by.
        let folder = found.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let path = folder.canonicalize().map_err(unusable)?.join(found.file_name().unwrap_or_default());
        let called = if is_path { path.clone().into_os_string() } else { OsString::from(&name) };
        let mut chain = Chain { folders: &self.folders, readable: Vec::new() };
        let opened = chain.open(&path, &written)?;
        let identity = opened.metadata().map(|found| (found.dev(), found.ino())).map_err(unusable)?;
        let (executed, args) = chain.executed(&path, called, opened, 0)?;
        let paths =
            if is_path { vec![path.clone(), std::path::absolute(&found).map_err(unusable)?] } else { Vec::new() };
        let mut program = NativeProgram {
            name,
            paths,
            written,
            identity,
            executed,
            args,
            readable: Vec::new(),
            env: Vec::new(),
            free: allowed.free,
        };
        for file in chain.readable {
            super::installation::add(&mut program, &file, home);
        }
        Ok(Some(program))
    }
}

/// The folders of a `PATH` in which only the user can put programs.
fn usable_path(search_path: &OsStr, folders: &Folders) -> Vec<PathBuf> {
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .filter(|folder| folder.canonicalize().is_ok_and(|folder| folders.writable(&folder).is_none()))
        .collect()
}

/// From a name to what is executed, and everything on the way.
struct Chain<'f> {
    folders: &'f Folders,
    /// Each file, by its canonical path.
    readable: Vec<PathBuf>,
}

impl Chain<'_> {
    /// Opens a file that guests can neither change nor put another in the place of.
    fn open(&mut self, path: &Path, program: &str) -> Result<File, NativeError> {
        let unusable =
            |error: io::Error| NativeError::Unusable { program: program.to_owned(), problem: error.to_string() };
        let mut at = path.to_owned();
        for _ in 0..MAX_LINKS {
            if let Some(folder) = self.folders.writable(&at) {
                return Err(NativeError::Writable { program: program.to_owned(), folder });
            }
            let Ok(target) = fs::read_link(&at) else { break };
            let parent = at.parent().unwrap_or(Path::new("/"));
            let target = parent.join(target);
            let folder = target.parent().unwrap_or(Path::new("/")).canonicalize().map_err(unusable)?;
            at = match target.file_name() {
                Some(name) => folder.join(name),
                None => target.canonicalize().map_err(unusable)?,
            };
        }
        let canonical = at.canonicalize().map_err(unusable)?;
        if let Some(folder) = self.folders.writable(&canonical) {
            return Err(NativeError::Writable { program: program.to_owned(), folder });
        }
        let file = File::open(&canonical).map_err(unusable)?;
        let found = file.metadata().map_err(unusable)?;
        if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
            let problem = "it is not an executable file".to_owned();
            return Err(NativeError::Unusable { program: program.to_owned(), problem });
        }
        self.readable.push(canonical);
        Ok(file)
    }

    /// What the kernel executes in the end for the file at `path`, and with which arguments first.
    fn executed(
        &mut self,
        path: &Path,
        called: OsString,
        mut file: File,
        depth: usize,
    ) -> Result<(OwnedFd, Vec<OsString>), NativeError> {
        let program = path.display().to_string();
        let unusable = |problem: String| NativeError::Unusable { program: program.clone(), problem };
        let mut first = Vec::new();
        (&mut file).take(FIRST_LINE as u64).read_to_end(&mut first).map_err(|error| unusable(error.to_string()))?;
        let Some(line) = first.strip_prefix(b"#!") else {
            // A handle that can be executed and nothing else: one that is open for writing anywhere could not be.
            let handle = self.readable.last().map_or(path, PathBuf::as_path);
            let handle = rustix::fs::openat(CWD, handle, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
            let handle = handle.map_err(|error| unusable(error.to_string()))?;
            let same = |a: rustix::fs::Stat, b: fs::Metadata| (a.st_dev, a.st_ino) == (b.dev(), b.ino());
            let opened = rustix::fs::fstat(&handle).map_err(|error| unusable(error.to_string()))?;
            if !file.metadata().is_ok_and(|found| same(opened, found)) {
                return Err(unusable("it was replaced while it was looked at".to_owned()));
            }
            return Ok((handle, vec![called]));
        };
        if depth >= MAX_INTERPRETERS {
            return Err(unusable("its interpreter is a script, whose interpreter is one, and so on".to_owned()));
        }
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
        let mut words = line.splitn(2, |&byte| byte == b' ' || byte == b'\t');
        let interpreter = words.next().filter(|word| !word.is_empty());
        let interpreter = interpreter.ok_or_else(|| unusable("its first line names no interpreter".to_owned()))?;
        let interpreter = Path::new(OsStr::from_bytes(interpreter));
        if !interpreter.is_absolute() {
            return Err(unusable(format!("its interpreter `{}` is a relative path", interpreter.display())));
        }
        let folder = interpreter.parent().unwrap_or(Path::new("/")).canonicalize();
        let folder = folder.map_err(|error| unusable(format!("`{}`: {error}", interpreter.display())))?;
        let found = folder.join(interpreter.file_name().unwrap_or_default());
        let opened = self.open(&found, &interpreter.display().to_string())?;
        let (executed, mut args) = self.executed(&found, interpreter.as_os_str().to_owned(), opened, depth + 1)?;
        let argument = words.next().map(|rest| rest.trim_ascii().to_vec()).filter(|rest| !rest.is_empty());
        args.extend(argument.map(OsString::from_vec));
        args.push(path.as_os_str().to_owned());
        Ok((executed, args))
    }
}
