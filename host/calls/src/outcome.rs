//! What a run gave, in memory and as it is kept.

use crate::layout;
use glowplug_fs::{Contents, State, Written};
use glowplug_store::folder::hash_file;
use glowplug_store::{Digest, Folder};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _};

/// Output that one stream got in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// 1 for standard output, 2 for standard error.
    pub stream: u8,
    /// What was written.
    pub bytes: Vec<u8>,
}

/// Everything by which a run is noticed outside.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The exit code.
    pub exit_code: i32,
    /// Both streams in the order of the writes.
    pub output: Vec<Chunk>,
    /// What was written to files: the final states.
    pub written: Vec<Written>,
}

/// Of a run that wrote files of more than this, holes included, no result is kept: to replay it would take as long, and
/// what is kept would take the place of all else.
const MOST_WRITTEN: u64 = 1 << 30;

/// Outputs up to this size lie beside what was observed, so that a hit opens one file.
const INLINE: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredOutcome {
    pub(crate) exit_code: i32,
    output: Vec<(u8, Stored)>,
    written: Vec<StoredWrite>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stored {
    Inline(#[serde(with = "serde_bytes")] Vec<u8>),
    /// A file of its own.
    Apart {
        digest: Digest,
        bytes: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredWrite {
    #[serde(with = "serde_bytes")]
    mount: Vec<u8>,
    #[serde(with = "serde_bytes")]
    path: Vec<u8>,
    state: StoredState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StoredState {
    Removed,
    Directory {
        mode: u32,
    },
    Link {
        #[serde(with = "serde_bytes")]
        target: Vec<u8>,
    },
    File {
        mode: u32,
        mtime: Option<i64>,
        contents: Stored,
    },
}

impl StoredOutcome {
    /// Puts large outputs into the store, and gives what is to be kept in the entry.
    ///
    /// # Errors
    /// What the disk fails with, and when so much was written to files that it is not worth keeping.
    pub(crate) fn keep(folder: &Folder, outcome: &Outcome) -> io::Result<Self> {
        let written = outcome.written.iter().map(|written| match &written.state {
            State::File { contents, .. } => contents.len(),
            _ => 0,
        });
        if written.fold(0, u64::saturating_add) > MOST_WRITTEN {
            return Err(io::Error::other(format!("it wrote files of more than {} MiB", MOST_WRITTEN >> 20)));
        }
        let output = outcome.output.iter().map(|chunk| Ok((chunk.stream, Stored::keep(folder, &chunk.bytes)?)));
        let written = outcome.written.iter().map(|written| {
            let state = match &written.state {
                State::Removed => StoredState::Removed,
                State::Directory { mode } => StoredState::Directory { mode: *mode },
                State::Link { target } => StoredState::Link { target: target.clone() },
                State::File { mode, mtime, contents } => {
                    StoredState::File { mode: *mode, mtime: *mtime, contents: Stored::keep_contents(folder, contents)? }
                }
            };
            Ok(StoredWrite { mount: written.mount.clone(), path: written.path.clone(), state })
        });
        Ok(Self {
            exit_code: outcome.exit_code,
            output: output.collect::<io::Result<_>>()?,
            written: written.collect::<io::Result<_>>()?,
        })
    }

    /// Reads it back; each output is what it was, or it is an error in words.
    pub(crate) fn restore(&self, folder: &Folder) -> Result<Outcome, String> {
        let output = self.output.iter().map(|(stream, stored)| {
            let bytes = stored.read(folder)?;
            Ok(Chunk { stream: *stream, bytes })
        });
        let mut room = IN_MEMORY;
        let written = self.written.iter().map(|written| {
            let state = match &written.state {
                StoredState::Removed => State::Removed,
                StoredState::Directory { mode } => State::Directory { mode: *mode },
                StoredState::Link { target } => State::Link { target: target.clone() },
                StoredState::File { mode, mtime, contents } => {
                    State::File { mode: *mode, mtime: *mtime, contents: contents.open(folder, &mut room)? }
                }
            };
            Ok(Written { mount: written.mount.clone(), path: written.path.clone(), state })
        });
        Ok(Outcome {
            exit_code: self.exit_code,
            output: output.collect::<Result<_, String>>()?,
            written: written.collect::<Result<_, String>>()?,
        })
    }

    /// The outputs that lie in files of their own.
    pub(crate) fn apart(&self) -> impl Iterator<Item = (Digest, u64)> + '_ {
        let contents = self.written.iter().filter_map(|written| match &written.state {
            StoredState::File { contents, .. } => Some(contents),
            _ => None,
        });
        self.output.iter().map(|(_, stored)| stored).chain(contents).filter_map(|stored| match stored {
            Stored::Apart { digest, bytes } => Some((*digest, *bytes)),
            Stored::Inline(_) => None,
        })
    }

    /// Whether each of those is there and what it was.
    pub(crate) fn check(&self, folder: &Folder) -> Result<(), String> {
        self.restore(folder).map(drop)
    }

    /// How many bytes went to the streams, and how many files were written.
    pub(crate) fn size(&self) -> (u64, usize) {
        let bytes = self.output.iter().map(|(_, stored)| match stored {
            Stored::Inline(bytes) => bytes.len() as u64,
            Stored::Apart { bytes, .. } => *bytes,
        });
        (bytes.sum(), self.written.len())
    }
}

impl Stored {
    fn keep(folder: &Folder, bytes: &[u8]) -> io::Result<Self> {
        if bytes.len() <= INLINE {
            return Ok(Self::Inline(bytes.to_vec()));
        }
        let write = |path: &str| folder.write_file(path, bytes).map(drop);
        Self::keep_apart(folder, Digest::of(bytes), bytes.len() as u64, write)
    }

    fn keep_apart(
        folder: &Folder,
        digest: Digest,
        bytes: u64,
        write: impl FnOnce(&str) -> io::Result<()>,
    ) -> io::Result<Self> {
        folder.make_safe_folders(&[layout::OUTPUTS])?;
        let path = layout::output(digest);
        // By digest: what is there under this name is checked when it is read, and then written anew if it is not right.
        if Self::open_apart(folder, digest, bytes).is_ok() {
            // As young as the entry that is going to name it.
            folder.disk().touch(&path)?;
        } else {
            write(&path)?;
        }
        Ok(Self::Apart { digest, bytes })
    }

    fn keep_contents(folder: &Folder, contents: &Contents) -> io::Result<Self> {
        match contents {
            Contents::Bytes(bytes) => Self::keep(folder, bytes),
            Contents::File(file, len) => {
                let digest = glowplug_fs::hash_contents(file, *len)?;
                let fill = |to: &File| glowplug_fs::copy_contents(file, to, *len);
                Self::keep_apart(folder, digest, *len, |path| folder.write_file_with(path, fill).map(drop))
            }
        }
    }

    fn read(&self, folder: &Folder) -> Result<Vec<u8>, String> {
        match self {
            Self::Inline(bytes) => Ok(bytes.clone()),
            Self::Apart { digest, bytes } => {
                let mut file = Self::open_apart(folder, *digest, *bytes)?;
                let mut read = Vec::with_capacity(usize::try_from(*bytes).unwrap_or(0));
                file.read_to_end(&mut read).map_err(|error| unreadable(*digest, &error))?;
                // Hashed again, as what is printed: between the two somebody may have written to it.
                if Digest::of(&read) == *digest { Ok(read) } else { Err(touched(*digest)) }
            }
        }
    }

    fn open(&self, folder: &Folder, room: &mut u64) -> Result<Contents, String> {
        match self {
            Self::Inline(bytes) => Ok(Contents::Bytes(bytes.clone())),
            Self::Apart { bytes, .. } if *bytes <= *room => {
                *room -= bytes;
                Ok(Contents::Bytes(self.read(folder)?))
            }
            Self::Apart { digest, bytes } => Ok(Contents::File(Self::open_apart(folder, *digest, *bytes)?, *bytes)),
        }
    }

    /// The open file of an output, hashed, at its beginning.
    fn open_apart(folder: &Folder, digest: Digest, bytes: u64) -> Result<File, String> {
        let path = layout::output(digest);
        let (file, meta) = folder.disk().open(&path).map_err(|error| unreadable(digest, &error))?;
        folder.check_file(&path, &meta).map_err(|flaw| format!("the stored output {flaw}"))?;
        if meta.identity.size != bytes {
            return Err(touched(digest));
        }
        let found = hash_file(&file).map_err(|error| unreadable(digest, &error))?;
        if found != digest {
            return Err(touched(digest));
        }
        (&file).rewind().map_err(|error| unreadable(digest, &error))?;
        Ok(file)
    }
}

/// Files of together up to this size are read at once: what is hashed is then exactly what is written.
const IN_MEMORY: u64 = 64 << 20;

fn touched(digest: Digest) -> String {
    format!("the stored output {}.. was changed since", digest.short())
}

fn unreadable(digest: Digest, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("the stored output {}.. is gone", digest.short()),
        _ => format!("the stored output {}.. cannot be read: {error}", digest.short()),
    }
}
