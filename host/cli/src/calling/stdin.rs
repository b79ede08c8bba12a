//! Standard input that may be looked at before the guest is there to read it.

use glowplug_calls::Ahead;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

/// Of a run that read more, no result is kept: what is looked at ahead is kept in memory.
pub(crate) const MOST_AHEAD: u64 = 64 << 20;

/// This process's standard input.
pub(crate) struct StandardInput {
    file: Option<File>,
    taken: Vec<u8>,
    /// Where a regular file's reading begins. The offset may be shared with others, so looking ahead does not move it.
    start: Option<u64>,
    terminal: bool,
}

impl StandardInput {
    /// Takes descriptor 0; one that is closed is empty, and looks so: nothing else says of a call whether it was.
    pub(crate) fn of_process() -> Self {
        let own = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3);
        let file = own.map(File::from).or_else(|_| File::open("/dev/null")).ok();
        let regular = file.as_ref().is_some_and(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()));
        let start = if regular { file.as_ref().and_then(|mut file| file.stream_position().ok()) } else { None };
        let terminal = file.as_ref().is_some_and(rustix::termios::isatty);
        Self { file, taken: Vec::new(), start, terminal }
    }

    /// Whether somebody types it: then nothing that read it is kept or replayed.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The file and the bytes that were already taken from it, for the guest.
    pub(crate) fn hand_over(&mut self) -> (Option<File>, Vec<u8>) {
        let file = self.file.as_ref().and_then(|file| file.try_clone().ok());
        let taken = std::mem::take(&mut self.taken);
        // A regular file still has what was looked at.
        (file, if self.start.is_some() { Vec::new() } else { taken })
    }

    /// Leaves a file's offset where the guest would have left it, for whoever reads on.
    pub(crate) fn leave_after(&mut self, len: u64) {
        if let (Some(start), Some(mut file)) = (self.start, self.file.as_ref()) {
            let _ = file.seek(SeekFrom::Start(start + len));
        }
    }
}

impl Ahead for StandardInput {
    fn first(&mut self, len: u64) -> io::Result<&[u8]> {
        if self.terminal && len > 0 {
            return Err(io::Error::other("standard input is a terminal"));
        }
        if len > MOST_AHEAD + 1 {
            return Err(io::Error::other("so much is not read ahead"));
        }
        if let Some(file) = &mut self.file
            && (self.taken.len() as u64) < len
        {
            let missing = len - self.taken.len() as u64;
            match self.start {
                Some(start) => {
                    let at = start + self.taken.len() as u64;
                    At { file, at }.take(missing).read_to_end(&mut self.taken)?;
                }
                None => _ = file.take(missing).read_to_end(&mut self.taken)?,
            }
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(self.taken.len());
        Ok(&self.taken[..len])
    }
}

/// A file that is read without moving its offset.
struct At<'f> {
    file: &'f File,
    at: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Standard input that is empty.
pub(crate) struct Nothing;

impl Ahead for Nothing {
    fn first(&mut self, _: u64) -> io::Result<&[u8]> {
        Ok(&[])
    }
}
