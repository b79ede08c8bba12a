//! What the store of calls keeps, as it lies on the disk: authenticated like everything, but in a compact format, because one
//! entry may hold thousands of observations.

use crate::key::Parts;
use crate::outcome::StoredOutcome;
use glowplug_fs::trace::{Observed, Prefix, Root};
use glowplug_store::folder::unreadable;
use glowplug_store::seal::Flaw;
use glowplug_store::{Digest, FileIdentity, Folder, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Read as _};
use std::time::SystemTime;

/// Everything that is known under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The key's label.
    pub(crate) label: Option<Digest>,
    /// For people, and to explain a miss of another key.
    pub(crate) parts: Parts,
    /// Results, the newest first.
    pub(crate) results: Vec<Recorded>,
}

/// What one run observed, and what it gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) observed: Observed,
    /// Standard input as far as it was read; nothing if it was never read.
    pub(crate) stdin: Option<Prefix>,
    pub(crate) outcome: StoredOutcome,
    /// How long the run took, in microseconds.
    pub(crate) cost_us: u64,
    pub(crate) created: Timestamp,
}

/// The last run of a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) key: Digest,
}

/// What has to be as it was, so that nothing has to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredProof {
    pub(crate) parts: Parts,
    pub(crate) roots: Vec<Root>,
    pub(crate) expected: Vec<Expected>,
    pub(crate) proven_at: Timestamp,
    #[serde(with = "serde_bytes")]
    pub(crate) summary: Vec<u8>,
}

/// What a path of a root has to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) root: u32,
    #[serde(with = "serde_bytes")]
    pub(crate) path: Vec<u8>,
    pub(crate) follow: bool,
    pub(crate) state: ExpectedState,
}

/// Which entries of a folder count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Names {
    /// All.
    All,
    /// Folders, and files with this ending of up to eight bytes, padded with zeros: `.t`.
    Ending([u8; 8]),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum ExpectedState {
    Is(FileIdentity),
    /// It is there, whatever it is.
    Exists,
    /// A folder with these entries, as far as they are of a kind; with an identity, if a later change of its entries must show in that.
    Lists {
        names: Names,
        digest: Digest,
        identity: Option<FileIdentity>,
    },
    /// The error number of the host.
    Fails(i32),
}

/// A record's first bytes: what it is, and in which format.
const MAGIC: [u8; 8] = *b"gpcall\x02\n";
const MAC: usize = 32;
/// Nothing that is kept here is larger.
const LARGEST: u64 = 256 << 20;

/// Compact records in a folder.
pub(crate) trait Sealed {
    fn read_sealed<T: DeserializeOwned>(&self, path: &str) -> Result<Option<(T, SystemTime)>, Flaw>;
    fn write_sealed<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()>;
    fn overwrite_sealed<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()>;
}

impl Sealed for Folder {
    /// The record at a path, and when it was last touched; nothing when there is none.
    fn read_sealed<T: DeserializeOwned>(&self, path: &str) -> Result<Option<(T, SystemTime)>, Flaw> {
        let (mut file, meta) = match self.disk().open(path) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        self.check_file(path, &meta)?;
        if meta.identity.size > LARGEST {
            return Err(Flaw::Corrupt(format!("{path} is larger than anything that is kept here")));
        }
        let mut bytes = Vec::with_capacity(meta.identity.size as usize);
        file.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        let parts = bytes.strip_prefix(&MAGIC).and_then(|rest| rest.split_at_checked(MAC));
        let (mac, body) = parts.ok_or_else(|| Flaw::Corrupt(format!("{path} is not a whole record")))?;
        let mac: [u8; MAC] = mac.try_into().map_err(|_| Flaw::Corrupt(format!("{path} is not a whole record")))?;
        // Compared in constant time by blake3's own type.
        if self.seal().mac_of_file("call", path, body) != blake3::Hash::from_bytes(mac) {
            return Err(Flaw::Untrusted(format!("{path} was not written with this user's key, or was changed since")));
        }
        let record = postcard::from_bytes(body)
            .map_err(|error| Flaw::Corrupt(format!("{path} was written in another format: {error}")))?;
        Ok(Some((record, meta.identity.mtime.as_system_time())))
    }

    fn write_sealed<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()> {
        self.write_file(path, &sealed(self, path, body)?).map(drop)
    }

    /// The same for a record that always has the same length and that nobody misses if it is torn: without a file that takes
    /// another's place, which takes ten times as long (ext4 then brings the new one to the disk at once).
    fn overwrite_sealed<T: Serialize>(&self, path: &str, body: &T) -> io::Result<()> {
        let record = sealed(self, path, body)?;
        self.disk().overwrite(path, &record).or_else(|_| {
            // Something else lies there: a link, a folder, what is not ours.
            self.set_aside(path)?;
            self.write_file(path, &record).map(drop)
        })
    }
}

fn sealed<T: Serialize>(folder: &Folder, path: &str, body: &T) -> io::Result<Vec<u8>> {
    let mut record = MAGIC.to_vec();
    record.extend([0; MAC]);
    let mut record = postcard::to_extend(body, record).map_err(io::Error::other)?;
    let (head, body) = record.split_at_mut(MAGIC.len() + MAC);
    head[MAGIC.len()..].copy_from_slice(folder.seal().mac_of_file("call", path, body).as_bytes());
    Ok(record)
}
