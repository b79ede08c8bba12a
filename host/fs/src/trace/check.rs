//! Whether an observation would come out the same today.

use std::{
    fs::File,
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use glowplug_store::{Digest, FileIdentity, Timestamp, identity::Reading};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::{
    Asked, Observation, Prefix, Root, Seen, SeenStat,
    numbers::Ids,
    record::{identity, listing_digest, told_size},
    watch::CHUNK,
    words,
};
use crate::{
    FsError, Kind, OpenOptions, Stat, Wanted,
    beneath::{self, Attempt, Start, Stop, split, trim},
    errno, error, interrupt,
    plain::{self, Found},
};

/// A [`Root`] that is open.
#[derive(Debug)]
pub struct OpenRoot {
    dir: File,
    careful: bool,
    shown: PathBuf,
}

impl OpenRoot {
    /// Opens it.
    ///
    /// # Errors
    /// What the host says.
    pub fn open(root: &Root) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = File::from(rustix::fs::openat(CWD, &root.host, flags, Mode::empty())?);
        Ok(OpenRoot { dir, careful: root.careful, shown: root.host.clone() })
    }

    /// Says how people write this folder, for what a check says of paths in it; an empty path leaves it out.
    #[must_use]
    pub fn shown_as(self, shown: PathBuf) -> Self {
        OpenRoot { shown, ..self }
    }

    fn start(&self) -> Start<'_> {
        Start { careful: self.careful, ..Start::closed(&self.dir) }
    }

    pub(super) fn path(&self, path: &[u8]) -> Vec<u8> {
        if path == b"." && !self.shown.as_os_str().is_empty() {
            return self.shown.clone().into_os_string().into_vec();
        }
        self.shown.join(Path::new(std::ffi::OsStr::from_bytes(path))).into_os_string().into_vec()
    }
}

/// What checking an observation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It would be the same.
    Same,
    /// The same contents or listing, of a file or folder that is not the same any more. With this identity, the next check need
    /// not read it.
    SameContentNewIdentity(FileIdentity),
    /// It would not.
    Changed {
        /// For instance "content of data/in.csv".
        what: String,
        /// What it was, in short.
        from: String,
        /// What it is.
        to: String,
    },
    /// That could not be found out: why.
    Failed(String),
}

/// A part of an observation that is not simply the same as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The place among the observations.
    pub at: usize,
    /// The place in what was seen there.
    pub seen: usize,
    /// What it is: never [`Check::Same`].
    pub check: Check,
}

/// Looks whether the observations of one run would come out the same now: everything that is not [`Check::Same`], in their order.
/// What has a known identity is not read if the identity is still the same. Gives up when `most` have changed, or could not be
/// looked at.
//
// Doing this in two halves at the same time was tried: of 1,000 files in one folder, two threads take longer than one (1.6 against
// 1.3 ms, on two processors of a virtual machine).
pub fn recheck(roots: &[OpenRoot], observations: &[Observation], most: usize) -> Vec<Differing> {
    let (mut ids, mut differ, mut changed) = (Ids::for_paths(observations.len()), Vec::new(), 0);
    for (at, observation) in observations.iter().enumerate() {
        for (seen, check) in check(roots, observation, &mut ids) {
            changed += usize::from(matches!(check, Check::Changed { .. } | Check::Failed(_)));
            differ.push(Differing { at, seen, check });
        }
        if changed >= most {
            break;
        }
    }
    differ
}

/// All that was seen at a path and is not the same any more, by its place.
fn check(roots: &[OpenRoot], observation: &Observation, ids: &mut Ids) -> Vec<(usize, Check)> {
    let Observation { root: number, path, seen } = observation;
    let Some(root) = roots.get(*number as usize) else {
        return vec![(0, Check::Failed(format!("it is from folder {number}, which is not known")))];
    };
    let mut looking = Looking { root, number: *number, path, ids, found: None };
    let mut differ = Vec::new();
    for (at, seen) in seen.iter().enumerate() {
        let check = match looking.check(seen) {
            Ok(Check::Same) => continue,
            Ok(check) => check,
            Err(Stop::Fail(error)) if is_temporary(error.errno) => looking.failed(error.errno),
            Err(stop) => {
                let what = format!("{} {}", subject(seen), String::from_utf8_lossy(&root.path(path)));
                Check::Changed { what, from: "present".to_owned(), to: outcome::<()>(&Err(stop)) }
            }
        };
        differ.push((at, check));
    }
    differ
}

/// Says more of the machine's state than of the folder's.
fn is_temporary(number: i32) -> bool {
    matches!(number, errno::EMFILE | errno::ENFILE | errno::ENOMEM | errno::EIO | errno::EINTR | errno::EAGAIN)
}

fn subject(seen: &Seen) -> &'static str {
    match seen {
        Seen::Looked { kind, .. } | Seen::Stat { stat: SeenStat { kind, .. }, .. } | Seen::Opened { kind, .. } => {
            word(*kind)
        }
        Seen::Listing { .. } => "folder",
        Seen::Link { .. } => "link",
        _ => "file",
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "folder",
        Kind::Symlink => "link",
        Kind::Fifo => "FIFO",
        Kind::Socket => "socket",
        Kind::CharDevice | Kind::BlockDevice => "device",
    }
}

/// What became of a call, in a word.
fn outcome<T>(result: &Attempt<T>) -> String {
    match result {
        Ok(_) => "present".to_owned(),
        Err(Stop::Walk) => "behind a link that leads elsewhere".to_owned(),
        Err(Stop::Fail(error)) => said(error.errno),
    }
}

fn said(number: i32) -> String {
    match number {
        0 => "allowed".to_owned(),
        errno::ENOENT => "missing".to_owned(),
        number => error::message(number).to_lowercase(),
    }
}

/// Looking at one path again.
struct Looking<'l> {
    root: &'l OpenRoot,
    number: u32,
    path: &'l [u8],
    ids: &'l mut Ids,
    /// Whether a link was followed, and what is there: asked once for all that was seen there.
    found: Option<(bool, Stat)>,
}

impl Looking<'_> {
    fn check(&mut self, seen: &Seen) -> Attempt<Check> {
        match seen {
            Seen::Absent { asked, errno, follow } => Ok(self.absent(*asked, *errno, *follow)),
            Seen::Looked { follow, kind, mode, ino } => {
                let now = self.stat(*follow)?;
                let which = ino.map(|ino| (ino, &now));
                Ok(self.kind(*kind, &now).or(self.mode(*mode, &now)).or(self.which(which)).unwrap_or(Check::Same))
            }
            Seen::Stat { follow, stat } => {
                let now = self.stat(*follow)?;
                Ok(self.fields(stat, &now).unwrap_or(Check::Same))
            }
            Seen::Opened { follow, kind } => {
                let now = match self.open(*follow, false)? {
                    Found::File { found, .. } => Kind::from_mode(found.st_mode),
                    Found::Directory => Kind::Directory,
                };
                Ok(self.differs("kind of", kind, &now, |kind| word(*kind).to_owned()).unwrap_or(Check::Same))
            }
            Seen::Content { follow, read, identity } => self.content(*follow, read, identity.as_ref()),
            Seen::Listing { digest, entries, identity } => self.listing(digest, *entries, identity.as_ref()),
            Seen::Link { target } => {
                let now = plain::read_link(self.root.start(), self.path)?;
                let shown = |target: &Vec<u8>| String::from_utf8_lossy(target).into_owned();
                Ok(self.differs("target of the link", target, &now, shown).unwrap_or(Check::Same))
            }
            Seen::Access { read, write, execute, errno } => {
                let wanted = Wanted { read: *read, write: *write, execute: *execute };
                let now = match plain::access(self.root.start(), self.path, wanted) {
                    Ok(()) => 0,
                    Err(Stop::Fail(error)) => error.errno,
                    Err(Stop::Walk) => return Err(Stop::Walk),
                };
                Ok(self.differs("access to", errno, &now, |errno| said(*errno)).unwrap_or(Check::Same))
            }
        }
    }

    fn failed(&self, number: i32) -> Check {
        Check::Failed(format!("{}: {}", String::from_utf8_lossy(&self.root.path(self.path)), error::message(number)))
    }

    fn changed(&self, what: &str, from: String, to: String) -> Check {
        let path = self.root.path(self.path);
        Check::Changed { what: format!("{what} {}", String::from_utf8_lossy(&path)), from, to }
    }

    fn differs<T: PartialEq>(&self, what: &str, then: &T, now: &T, shown: impl Fn(&T) -> String) -> Option<Check> {
        (then != now).then(|| self.changed(what, shown(then), shown(now)))
    }

    fn stat(&mut self, follow: bool) -> Attempt<Stat> {
        match self.found {
            Some((followed, found)) if followed == follow => Ok(found),
            _ => {
                let found = self.stat_anew(follow)?;
                self.found = Some((follow, found));
                Ok(found)
            }
        }
    }

    fn stat_anew(&mut self, follow: bool) -> Attempt<Stat> {
        let (folder, name) = split(self.path);
        let is_name = trim(name).len() == name.len() && !matches!(name, b".." | b"." | b"");
        if folder.is_empty() || !is_name {
            return plain::stat(self.root.start(), self.path, follow);
        }
        let open = match &self.ids.folder {
            Some((root, path, open)) if *root == self.number && path == folder => open,
            _ => {
                let open = beneath::open(self.root.start(), folder, OFlags::PATH | OFlags::DIRECTORY, 0)?;
                &self.ids.folder.insert((self.number, folder.to_owned(), open)).2
            }
        };
        let found = rustix::fs::statx(open, name, AtFlags::SYMLINK_NOFOLLOW, crate::stat::WANTED)?;
        let found = Stat::from_statx(&found);
        if follow && found.kind == Kind::Symlink {
            return plain::stat(self.root.start(), self.path, true);
        }
        Ok(found)
    }

    fn open(&self, follow: bool, directory: bool) -> Attempt<Found> {
        let options = OpenOptions { follow, directory, ..OpenOptions::reading() };
        plain::open(self.root.start(), self.path, &options)
    }

    fn absent(&mut self, asked: Asked, number: i32, follow: bool) -> Check {
        let now = match asked {
            Asked::Stat => self.stat(follow).map(|found| word(found.kind)),
            Asked::Open { directory } => self.open(follow, directory).map(|_| "file"),
            Asked::Link => plain::read_link(self.root.start(), self.path).map(|_| "link"),
        };
        match &now {
            Err(Stop::Fail(error)) if error.errno == number => Check::Same,
            Err(Stop::Fail(error)) if is_temporary(error.errno) => self.failed(error.errno),
            now => self.changed(now.as_ref().copied().unwrap_or("file"), said(number), outcome(now)),
        }
    }

    fn kind(&self, then: Kind, now: &Stat) -> Option<Check> {
        self.differs("kind of", &then, &now.kind, |kind| word(*kind).to_owned())
    }

    fn mode(&self, then: Option<u32>, now: &Stat) -> Option<Check> {
        self.differs("permissions of", &then?, &(now.mode & 0o7777), |mode| format!("{mode:04o}"))
    }

    fn which(&mut self, told: Option<(u64, &Stat)>) -> Option<Check> {
        let (told, now) = told?;
        if self.ids.agree(told, (now.dev, now.ino)) {
            return None;
        }
        Some(self.changed("links to", "one set of names".to_owned(), "another".to_owned()))
    }

    fn fields(&mut self, then: &SeenStat, now: &Stat) -> Option<Check> {
        let (size, nlink) = told_size(now);
        let number = |number: &u64| number.to_string();
        let owner = |(user, group): &(u32, u32)| format!("{user}:{group}");
        self.kind(then.kind, now)
            .or_else(|| self.differs("size of", &then.size, &size, number))
            .or_else(|| {
                let mtime = then.mtime.as_ref()?;
                self.differs("modification time of", mtime, &now.mtime, |time| words::time(*time))
            })
            .or_else(|| self.mode(Some(then.mode), now))
            .or_else(|| self.differs("owner of", &(then.uid, then.gid), &(now.uid, now.gid), owner))
            .or_else(|| self.differs("number of links to", &then.nlink, &nlink, number))
            .or_else(|| self.which(Some((then.ino, now))))
    }

    fn content(&mut self, follow: bool, read: &Prefix, then: Option<&FileIdentity>) -> Attempt<Check> {
        let found = self.stat(follow)?;
        if then.is_some_and(|then| *then == identity(&found)) {
            return Ok(Check::Same);
        }
        if let Some(changed) = self.kind(Kind::File, &found) {
            return Ok(changed);
        }
        let Found::File { file, found, .. } = self.open(follow, false)? else { return Ok(Check::Same) };
        let identity = plain::identity(&found);
        let reading = Reading::begin(&file, identity);
        let bytes = |count: u64| format!("{count} byte{}", if count == 1 { "" } else { "s" });
        if identity.size < read.len || read.end && identity.size != read.len {
            let from = if read.end { bytes(read.len) } else { format!("at least {}", bytes(read.len)) };
            return Ok(self.changed("content of", from, bytes(identity.size)));
        }
        let digest = prefix(&file, read.len)?;
        let changed = self.differs("content of", &Some(read.digest), &digest, |digest| match digest {
            Some(digest) => digest.short(),
            None => "less".to_owned(),
        });
        let now = self::identity(&Stat::of_file(&file)?);
        Ok(changed.unwrap_or_else(|| same(then, &reading, &now)))
    }

    fn listing(&mut self, digest: &Digest, entries: u32, then: Option<&FileIdentity>) -> Attempt<Check> {
        let found = self.stat(true)?;
        if then.is_some_and(|then| *then == identity(&found)) {
            return Ok(Check::Same);
        }
        let now = Timestamp::now();
        let dir = plain::open_dir(self.root.start(), self.path)?;
        let reading = Reading::by_times(now, identity(&Stat::of_file(&dir)?));
        let mut listed = plain::list(&dir)?;
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let now_digest = listing_digest(&listed);
        if now_digest == *digest {
            let after = identity(&Stat::of_file(&dir)?);
            return Ok(same(then, &reading, &after));
        }
        let count = |count: usize| format!("{count} entr{}", if count == 1 { "y" } else { "ies" });
        let (from, to) = if entries as usize == listed.len() {
            (digest.short(), now_digest.short())
        } else {
            (count(entries as usize), count(listed.len()))
        };
        Ok(self.changed("listing of", from, to))
    }
}

/// The same contents; with another identity if that stands for them.
fn same(then: Option<&FileIdentity>, reading: &Reading, after: &FileIdentity) -> Check {
    if then != Some(after) && reading.settles(after) { Check::SameContentNewIdentity(*after) } else { Check::Same }
}

/// The digest of a file's first bytes; nothing if it has less.
fn prefix(file: &File, len: u64) -> Result<Option<Digest>, FsError> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; usize::try_from(len).unwrap_or(CHUNK).min(CHUNK)];
    let mut at = 0;
    while at < len {
        interrupt::check()?;
        let wanted = usize::try_from(len - at).unwrap_or(CHUNK).min(CHUNK);
        let got = match rustix::io::pread(file, &mut chunk[..wanted], at) {
            Err(rustix::io::Errno::INTR) => continue,
            got => got?,
        };
        if got == 0 {
            return Ok(None);
        }
        hasher.update(&chunk[..got]);
        at += got as u64;
    }
    Ok(Some(hasher.finalize().into()))
}
