//! What callers pass in, and what they get back.

use std::{borrow::Cow, fs::File, path::PathBuf, sync::Arc, time::SystemTime};

use crate::{Charge, CommonDisk, Mount, Trace, Watch};

/// What a [`Namespace`](crate::Namespace) is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folders of the host that guests see.
    pub mounts: Vec<Mount>,
    /// What is in `/usr/bin` and `/bin`.
    pub programs: Vec<Program>,
    /// Whether there is a private, empty `/tmp`. It is left out when something is mounted at `/tmp` or at `/`.
    pub private_tmp: bool,
    /// Where `/tmp` and the overlays' layers are kept; the platform's folder for temporary files when left out.
    pub scratch: Option<PathBuf>,
    /// Notes what is read of the mounted folders. Then what is mounted for reading and writing is used as an overlay, and
    /// [`Namespace::written`](crate::Namespace::written) says what would have been written.
    pub trace: Option<Trace>,
    /// The most bytes of the disk that everything takes which guests write. Left out, their own files, in `/tmp` and in
    /// overlays' layers, take 2 GiB at most and half of what is free, and what they write to mounted folders takes half
    /// of what is free.
    pub max_disk: Option<u64>,
    /// What guests of other namespaces take of the disk as well, at the same time.
    pub common_disk: Option<Arc<CommonDisk>>,
    /// How whoever reads a [`Denial`](crate::Denial) can have more mounted.
    pub dirs: DirOption,
    /// What there is beside the mounted folders, by absolute and tidy paths, in the order in which it is put there.
    pub extras: Vec<(Vec<u8>, Extra)>,
    /// Folders and files of the host that guests see nothing of, whatever they are mounted in: an empty folder, or an empty file, is
    /// in their place. What is mounted by itself, or from within such a folder, is seen.
    pub hidden: Vec<PathBuf>,
}

/// What guests see beside mounted folders.
#[derive(Clone, Debug)]
pub enum Extra {
    /// A folder that holds nothing but what is mounted in it, and which nobody can write to. Where something is already, that stays.
    Folder,
    /// A symbolic link to this absolute path, in which no other link is. Where something is already, or behind another such link, that stays.
    Link(Vec<u8>),
    /// This open file and nothing beside it, to be read; what was there is hidden. Its path may lead through links. It is opened anew for each reader. That it is
    /// read is noted in no trace.
    File(Arc<File>),
}

/// What is said of the option `--dir`, which a [`Denial`](crate::Denial) names only where it helps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirOption {
    /// One more can be given.
    #[default]
    Given,
    /// None was given, which mounts the current folder: with the first one, that has to be named, too.
    Implied,
    /// There is no such option.
    Absent,
}

impl DirOption {
    /// The option that mounts one more folder as `mount` says, with what has to be repeated beside it.
    pub(crate) fn for_another(self, mount: &str) -> Option<String> {
        let mount = quoted(mount);
        match self {
            Self::Given => Some(format!("--dir {mount}")),
            Self::Implied => Some(format!("--dir . --dir {mount}")),
            Self::Absent => None,
        }
    }

    /// The option that mounts a folder in another way than now.
    pub(crate) fn for_the_same(self, mount: &str) -> Option<String> {
        (self != Self::Absent).then(|| format!("--dir {}", quoted(mount)))
    }
}

/// A word that a shell takes as it is.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mounts: Vec::new(),
            programs: Vec::new(),
            private_tmp: true,
            scratch: None,
            trace: None,
            max_disk: None,
            common_disk: None,
            dirs: DirOption::Given,
            extras: Vec::new(),
            hidden: Vec::new(),
        }
    }
}

/// A program that the host itself provides.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name in `/usr/bin` and `/bin`.
    pub name: Cow<'static, str>,
    /// The size that `stat` gives.
    pub size: u64,
    /// What reading it gives; without, reading fails with `EACCES`.
    pub bytes: Option<&'static [u8]>,
}

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OpenOptions {
    pub read: bool,
    pub write: bool,
    /// Each write goes to the end; implies `write`.
    pub append: bool,
    /// Create it when it does not exist.
    pub create: bool,
    /// With `create`: fail with `EEXIST` when it exists.
    pub exclusive: bool,
    pub truncate: bool,
    /// Fail with `ENOTDIR` unless it is a folder.
    pub directory: bool,
    /// Follow a symbolic link in the last component; otherwise it fails with `ELOOP`.
    pub follow: bool,
    /// The permissions of a created file. The caller has applied the process's mask; the host's own does not matter.
    pub mode: u32,
}

impl OpenOptions {
    /// Options that open nothing yet: follow links, create with 0666.
    pub const fn new() -> Self {
        OpenOptions {
            read: false,
            write: false,
            append: false,
            create: false,
            exclusive: false,
            truncate: false,
            directory: false,
            follow: true,
            mode: 0o666,
        }
    }

    /// To read what exists.
    pub const fn reading() -> Self {
        OpenOptions { read: true, ..Self::new() }
    }

    /// To write from the beginning, creating it if needed: what the shell's `>` does.
    pub const fn writing() -> Self {
        OpenOptions { write: true, create: true, truncate: true, ..Self::new() }
    }

    /// To write at the end, creating it if needed: what the shell's `>>` does.
    pub const fn appending() -> Self {
        OpenOptions { write: true, append: true, create: true, ..Self::new() }
    }

    /// Whether anything may be made or changed by it.
    pub const fn changes(&self) -> bool {
        self.write || self.append || self.create || self.truncate
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a path turned out to name when it was opened.
#[derive(Debug)]
pub enum Opened {
    /// A file of the host. (A FIFO, too: it is non-blocking, so that nothing waits for its other end.) Under a trace, with
    /// the watch that is told what is read and knows what guests are told of it. With a charge where writing takes
    /// room on the disk that is counted: then nothing may make it grow but that.
    File(File, Option<Watch>, Option<Charge>),
    /// A folder; list it with [`Namespace::read_dir`](crate::Namespace::read_dir).
    Directory,
    /// A device, which the caller provides.
    Device(Device),
    /// The caller's own descriptor of this number: `/dev/fd/N`, `/dev/stdin`, `/dev/stdout`, `/dev/stderr`.
    Descriptor(u32),
    /// One of [`Settings::programs`], by its index; it has bytes.
    Program(usize),
}

/// The devices under `/dev`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// Empty to read, swallows what is written.
    Null,
    /// Endless zeroes.
    Zero,
    /// Endless zeroes, and `ENOSPC` to write.
    Full,
    /// Endless random bytes: `random` and `urandom`.
    Random,
    /// The session's terminal: `tty`.
    Terminal,
}

/// A time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewTime {
    /// The host's clock decides.
    Now,
    /// This one.
    At(SystemTime),
}

/// What [`Namespace::access`](crate::Namespace::access) is asked for; nothing asks whether the path exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Wanted {
    pub read: bool,
    pub write: bool,
    pub execute: bool,
}

/// One difference between an overlay and the folder below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where the overlay is mounted.
    pub mount: Vec<u8>,
    /// The path that changed, absolute for guests.
    pub path: Vec<u8>,
    /// How.
    pub kind: ChangeKind,
    /// What it is now; what it was, when it was removed.
    pub entry: crate::Kind,
}

/// How an entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ChangeKind {
    Added,
    /// Its contents, target, permissions or kind.
    Modified,
    Removed,
}
