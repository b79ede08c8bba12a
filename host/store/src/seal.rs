//! Authenticated records: what the store keeps about code must not be forged by whoever can write to the store.
//!
//! A record is JSON in an envelope, `{"mac":"<64 digits>","body":{...}}`. The code authenticates the body's bytes and
//! the place where the record lies, so that two authentic records cannot be swapped.

use crate::digest::Digest;
use crate::disk;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Why a record or an artifact is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is damaged: not what was once written there.
    Corrupt(String),
    /// It may be whole, but not from us.
    Untrusted(String),
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Corrupt(what) => write!(f, "corrupt: {what}"),
            Self::Untrusted(what) => write!(f, "untrusted: {what}"),
        }
    }
}

const HEAD: &[u8] = b"{\"mac\":\"";
const MIDDLE: &[u8] = b"\",\"body\":";
const TAIL: &[u8] = b"}\n";

/// The key that authenticates a user's records.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(..)")
    }
}

impl Seal {
    /// Reads the key, or makes one when there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        match Self::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            other => other,
        }
    }

    fn read(path: &Path) -> io::Result<Self> {
        let mut file = disk::open_private(path)?;
        // One byte more than a key has, so that a longer file is noticed.
        let mut bytes = [0; 33];
        let mut filled = 0;
        loop {
            match file.read(&mut bytes[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        match bytes[..filled].try_into() {
            Ok(key) => Ok(Self { key }),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it does not hold a key of 32 bytes; remove it, and a new one is made",
            )),
        }
    }

    /// Makes a key under a name of its own and links it into place: whoever comes second takes the first one's.
    fn make(path: &Path) -> io::Result<Self> {
        let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        make_private_folders(folder)?;
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let temporary = folder.join(unique_name("key"));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file: File = rustix::fs::open(&temporary, flags, Mode::RUSR | Mode::WUSR)?.into();
        let written = file.write_all(&key).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| Ok(rustix::fs::linkat(CWD, &temporary, CWD, path, AtFlags::empty())?));
        let removed = std::fs::remove_file(&temporary);
        match linked {
            Ok(()) => removed.map(|()| Self { key }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(error),
        }
    }

    /// A record of `body` for `place`.
    pub fn seal<T: Serialize>(&self, place: &str, body: &T) -> io::Result<Vec<u8>> {
        let body = serde_json::to_vec(body).map_err(io::Error::other)?;
        let mac = self.mac(place, &body).to_string();
        Ok([HEAD, mac.as_bytes(), MIDDLE, &body, TAIL].concat())
    }

    /// The body of a record that lies at `place`.
    pub fn unseal<T: DeserializeOwned>(&self, place: &str, record: &[u8]) -> Result<T, Flaw> {
        let parts = || {
            let rest = record.strip_prefix(HEAD)?;
            let (mac, rest) = rest.split_at_checked(64)?;
            let body = rest.strip_prefix(MIDDLE)?.strip_suffix(TAIL)?;
            Some((Digest::parse(std::str::from_utf8(mac).ok()?)?, body))
        };
        let (mac, body) = parts().ok_or_else(|| Flaw::Corrupt(format!("{place} is not a whole record")))?;
        // blake3's own type compares in constant time.
        if blake3::Hash::from_bytes(*mac.as_bytes()) != blake3::Hash::from_bytes(*self.mac(place, body).as_bytes()) {
            return Err(Flaw::Untrusted(format!("{place} was not written with this user's key, or was changed since")));
        }
        serde_json::from_slice(body)
            .map_err(|error| Flaw::Corrupt(format!("{place} was written in another format: {error}")))
    }

    /// The code that authenticates a file at `place` that is no record: what there is of `kind`, and nothing else.
    pub fn mac_of_file(&self, kind: &str, place: &str, body: &[u8]) -> blake3::Hash {
        let mut hasher = self.hasher(kind, place);
        hasher.update(body);
        hasher.finalize()
    }

    fn mac(&self, place: &str, body: &[u8]) -> Digest {
        let mut hasher = self.hasher("record", place);
        hasher.update(body);
        hasher.finalize().into()
    }

    fn hasher(&self, kind: &str, place: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(b"glowplug ");
        hasher.update(kind.as_bytes());
        hasher.update(b"\0");
        hasher.update(&(place.len() as u64).to_le_bytes());
        hasher.update(place.as_bytes());
        hasher
    }
}

/// Creates a folder and those above it that are missing, for the user alone.
pub fn make_private_folders(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A name that no other process or thread uses at the same time.
pub fn unique_name(stem: &str) -> String {
    let mut noise = [0; 8];
    // Without randomness the process and a counter still make the name unique on one machine.
    let _ = getrandom::fill(&mut noise);
    static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!(".tmp-{stem}-{}-{count}-{:016x}", std::process::id(), u64::from_le_bytes(noise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn seal() -> (tempfile::TempDir, Seal) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let seal = Seal::open(&folder.path().join("data/key")).expect("a key");
        (folder, seal)
    }

    #[test]
    fn a_record_comes_back() {
        let (_folder, seal) = seal();
        let record = seal.seal("sources/x", &vec![1, 2, 3]).expect("sealed");
        assert_eq!(seal.unseal::<Vec<u8>>("sources/x", &record), Ok(vec![1, 2, 3]));
        assert!(serde_json::from_slice::<serde_json::Value>(&record).is_ok(), "the envelope is JSON too");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (_folder, seal) = seal();
        let record = seal.seal("place", &"the body").expect("sealed");
        for index in 0..record.len() {
            let mut changed = record.clone();
            changed[index] ^= 1;
            assert!(seal.unseal::<String>("place", &changed).is_err(), "byte {index}");
            assert!(seal.unseal::<String>("place", &record[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn a_record_is_bound_to_its_place_and_its_key() {
        let (_folder, mine) = seal();
        let (_other, theirs) = seal();
        let record = mine.seal("a", &1).expect("sealed");
        assert!(matches!(mine.unseal::<i32>("b", &record), Err(Flaw::Untrusted(_))));
        assert!(matches!(theirs.unseal::<i32>("a", &record), Err(Flaw::Untrusted(_))));
    }

    #[test]
    fn the_key_is_kept_private_and_made_once() {
        let (folder, first) = seal();
        let path = folder.path().join("data/key");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Seal::open(&path).expect("the same").key, first.key);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        let refused = Seal::open(&path).expect_err("a key that others can read is refused");
        assert!(refused.to_string().contains("others can read it"), "{refused}");
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused() {
        let (folder, _) = seal();
        let path = folder.path().join("data/key");
        for bytes in [&b""[..], &[7; 31], &[7; 33]] {
            std::fs::write(&path, bytes).expect("written");
            assert!(Seal::open(&path).is_err());
        }
    }
}
