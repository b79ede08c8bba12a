//! The history: a file that concurrent sessions share, or only memory when there is no file.
//!
//! One entry a line; line breaks within an entry are stored as U+001E. Entries are appended under a lock and synced.
//! When the file has grown too long it is replaced by a shorter one, so a reader never sees a half-written file.

mod adapter;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub(crate) use adapter::{HistoryAdapter, Shared};

/// Entries that are kept.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// Lines by which the file may be longer, so that it is not replaced each time.
const SLACK: usize = 1_000;
/// A longer entry is not kept.
const MAX_ENTRY: usize = 64 << 10;
/// Of a longer file, only the end is read.
const MAX_FILE: u64 = 16 << 20;
/// How long to wait for the lock: a stopped session must not stop the others.
const PATIENCE: Duration = Duration::from_secs(2);
/// Stands for a line break within an entry.
const BREAK: char = '\x1e';

/// The entries, and the file that they come from.
pub(crate) struct Store {
    entries: VecDeque<String>,
    /// How many entries were dropped in front: the number of an entry never changes while it is kept.
    dropped: usize,
    path: Option<PathBuf>,
    /// The file that was read, and how far.
    read: Option<(u64, u64)>,
    offset: u64,
    lines: usize,
    limit: usize,
}

impl Store {
    /// Reads nothing yet.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { entries: VecDeque::new(), dropped: 0, path, read: None, offset: 0, lines: 0, limit: MAX_ENTRIES }
    }

    /// The entries, oldest first.
    pub fn entries(&mut self) -> &[String] {
        self.entries.make_contiguous()
    }

    /// Picks up what other sessions have added. Without a file, or when it cannot be read, nothing changes.
    pub fn refresh(&mut self) {
        if let Some(path) = &self.path
            && let Ok(mut file) = File::open(path)
        {
            // What was read so far stays read.
            let _ = self.read_from(&mut file);
        }
    }

    /// Adds a line, unless it begins with a blank or repeats the last one (`ignoreboth`).
    pub fn add(&mut self, line: &str) {
        let entry = line.trim_end_matches('\n').replace(BREAK, " ");
        let entry = entry.as_str();
        if entry.trim().is_empty() || entry.starts_with([' ', '\t']) || entry.len() > MAX_ENTRY {
            return;
        }
        self.refresh();
        if self.entries.back().is_some_and(|last| last == entry) {
            return;
        }
        if self.append(entry).is_err() {
            // A history that cannot be written still holds for this session.
            self.push(entry.to_owned());
        }
    }

    /// Forgets everything, also on disk.
    pub fn clear(&mut self) {
        self.dropped += self.entries.len();
        self.entries.clear();
        (self.offset, self.lines) = (0, 0);
        if self.path.as_ref().is_some_and(|path| path.exists())
            && let Ok((file, _)) = self.open()
        {
            let _ = file.set_len(0);
        }
    }

    fn push(&mut self, entry: String) {
        if self.entries.back() == Some(&entry) {
            return;
        }
        self.entries.push_back(entry);
        if self.entries.len() > self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
    }

    /// Reads on from where it was read before; all of it when the file is another one, or was emptied.
    fn read_from(&mut self, file: &mut File) -> io::Result<()> {
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let identity = (found.dev(), found.ino());
        if self.read != Some(identity) || found.len() < self.offset {
            self.dropped += self.entries.len();
            self.entries.clear();
            (self.read, self.offset, self.lines) = (Some(identity), 0, 0);
        }
        if found.len() == self.offset {
            return Ok(());
        }
        let is_cut = found.len() - self.offset > MAX_FILE;
        if is_cut {
            self.offset = found.len() - MAX_FILE;
            // What is left out counts, so that the file gets shorter.
            self.lines = self.limit + SLACK;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(found.len() - self.offset).read_to_end(&mut bytes)?;
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        if is_cut {
            self.offset += lines.next().map_or(0, |line| line.len() as u64);
        }
        for line in lines {
            // Somebody may be writing the last line.
            let Some(line_text) = line.strip_suffix(b"\n") else { break };
            self.offset += line.len() as u64;
            self.lines += 1;
            let entry = String::from_utf8_lossy(line_text).replace(BREAK, "\n").replace('\0', "");
            if !entry.trim().is_empty() && entry.len() <= MAX_ENTRY {
                self.push(entry);
            }
        }
        Ok(())
    }

    fn append(&mut self, entry: &str) -> io::Result<()> {
        let (mut file, is_locked) = self.open()?;
        self.read_from(&mut file)?;
        let mut line = entry.replace('\n', &BREAK.to_string());
        line.push('\n');
        if file.metadata()?.len() > self.offset && is_locked {
            // Somebody died in the middle of a line.
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes())?;
        // From here on the entry is kept, whatever else fails.
        let _ = file.sync_data();
        let _ = self.read_from(&mut file);
        if is_locked && self.lines > self.limit + SLACK {
            let _ = self.shorten();
        }
        Ok(())
    }

    /// Opens the file to append to it, and locks it. When nobody gives the lock away in time, it is used without: what
    /// is written at once is not torn.
    fn open(&self) -> io::Result<(File, bool)> {
        let path = self.path.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let start = Instant::now();
        loop {
            let open = || OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
            let file = open().or_else(|error| match path.parent() {
                Some(folder) if error.kind() == io::ErrorKind::NotFound => {
                    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
                    open()
                }
                _ => Err(error),
            })?;
            let found = file.metadata()?;
            if !found.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            if found.mode() & 0o077 != 0 {
                file.set_permissions(fs::Permissions::from_mode(0o600))?;
            }
            let is_locked = lock(&file, start);
            // Whoever held the lock may have put another file in its place.
            let is_current = fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (found.dev(), found.ino()));
            if is_current || start.elapsed() > PATIENCE {
                return Ok((file, is_locked));
            }
        }
    }

    /// Replaces the file by one that has only the entries that are kept. The lock is held by the caller.
    fn shorten(&mut self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let temporary = temporary_name(path);
        let replace = || {
            let mut text = String::new();
            for entry in &self.entries {
                text.push_str(&entry.replace('\n', &BREAK.to_string()));
                text.push('\n');
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // A link stays one, and what it leads to is replaced.
            fs::rename(&temporary, fs::canonicalize(path)?)?;
            let found = file.metadata()?;
            Ok(((found.dev(), found.ino()), text.len() as u64))
        };
        match replace() {
            Ok((identity, length)) => {
                (self.read, self.offset, self.lines) = (Some(identity), length, self.entries.len());
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&temporary);
                Err(error)
            }
        }
    }
}

/// Waits for the lock until patience is at its end.
fn lock(file: &File, start: Instant) -> bool {
    loop {
        match file.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => return false,
        }
    }
}

fn temporary_name(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = real.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    real.with_file_name(name)
}

/// The entries with their numbers, as bash's `history` prints them.
pub(crate) fn numbered(entries: &[String]) -> String {
    entries.iter().enumerate().map(|(index, entry)| format!("{:5}  {entry}\n", index + 1)).collect()
}
