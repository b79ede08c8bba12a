//! A folder that a cache has filled, which is put elsewhere with one file changed, with or without a valid authentication.

use glowplug_store::seal::Seal;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// How a file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It holds what the input says, as it is.
    Raw,
    /// A part of it is replaced.
    Patched,
    /// Its body is what the input says, and authentic.
    Sealed,
    /// A part of its body is replaced, and the whole is authentic: what another version may have left, or whoever has the key.
    SealedPatched,
    /// It is no file.
    Folder,
    /// It is a link to what it was.
    Link,
}

impl From<u8> for Way {
    fn from(byte: u8) -> Self {
        match byte & 15 {
            0..=2 => Self::Raw,
            3..=5 => Self::Patched,
            6..=8 => Self::Sealed,
            9..=13 => Self::SealedPatched,
            14 => Self::Folder,
            _ => Self::Link,
        }
    }
}

/// The files of a folder, by their paths in it.
pub(crate) struct Template {
    files: BTreeMap<PathBuf, Vec<u8>>,
    seal: Seal,
}

impl Template {
    /// What lies below `home`, in which `data/key` is the key.
    pub(crate) fn of(home: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(home, home, &mut files);
        let seal = Seal::open(&home.join("data/key")).expect("the key");
        Self { files, seal }
    }

    /// The files below one of its folders.
    pub(crate) fn files(&self, folder: &str) -> impl Iterator<Item = PathBuf> {
        self.files.keys().filter(move |path| path.starts_with(folder)).cloned()
    }

    /// Puts everything below `home`, and `changed` in the way that is asked for.
    pub(crate) fn put(&self, home: &Path, changed: &Path, way: Way, input: &[u8]) {
        for (path, bytes) in &self.files {
            let to = home.join(path);
            let folder = to.parent().expect("a folder");
            fs::create_dir_all(folder).expect("made");
            let mut above = folder;
            while above.starts_with(home) && above != home {
                fs::set_permissions(above, fs::Permissions::from_mode(0o700)).expect("made");
                above = above.parent().expect("a folder");
            }
            if path == changed {
                self.change(&to, path, way, bytes, input);
            } else {
                write(&to, bytes);
            }
        }
    }

    fn change(&self, to: &Path, path: &Path, way: Way, bytes: &[u8], input: &[u8]) {
        match way {
            Way::Raw => write(to, input),
            Way::Patched => write(to, &patched(bytes, input)),
            Way::Sealed => write(to, &self.sealed(path, bytes, input.to_vec())),
            Way::SealedPatched => {
                let body = body(bytes).map_or(bytes, |(_, body)| body);
                write(to, &self.sealed(path, bytes, patched(body, input)));
            }
            Way::Folder => fs::create_dir(to).expect("made"),
            Way::Link => {
                write(&to.with_extension("real"), bytes);
                std::os::unix::fs::symlink(to.with_extension("real"), to).expect("linked");
            }
        }
    }

    /// A file of the kind that `like` is, with another body and the authentication that belongs to it.
    fn sealed(&self, path: &Path, like: &[u8], body: Vec<u8>) -> Vec<u8> {
        // Below the store's own folder, which ends with the version.
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        let version =
            names.iter().position(|name| name.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok()));
        let place = names[version.map_or(1, |at| at + 1)..].join("/");
        match self::body(like) {
            Some((Kind::Json, _)) => {
                let mac = self.seal.mac_of_file("record", &place, &body).to_hex();
                [b"{\"mac\":\"", mac.as_bytes(), b"\",\"body\":", &body, b"}\n"].concat()
            }
            Some((Kind::Binary(kind), _)) => {
                let mac = self.seal.mac_of_file(kind, &place, &body);
                [&like[..MAGIC], mac.as_bytes(), &body].concat()
            }
            None => body,
        }
    }
}

enum Kind {
    Json,
    Binary(&'static str),
}

const MAGIC: usize = 8;
const MAC: usize = 32;

/// What kind of record it is, and what of it is authenticated.
fn body(file: &[u8]) -> Option<(Kind, &[u8])> {
    if file.starts_with(b"{\"mac\":\"") {
        let body = file.get(8 + 64 + 9..)?;
        return Some((Kind::Json, body.strip_suffix(b"}\n")?));
    }
    let kind = [("glowfns", "functions"), ("gpcall", "call")]
        .into_iter()
        .find(|(magic, _)| file.starts_with(magic.as_bytes()))?;
    Some((Kind::Binary(kind.1), file.get(MAGIC + MAC..)?))
}

/// `bytes` with parts replaced as the input says: of each two bytes for the place, one for how many go, one for how many come, and these.
fn patched(bytes: &[u8], mut input: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let Some((&[high, low, go, come], rest)) = input.split_first_chunk() {
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        let end = (at + usize::from(go & 15)).min(bytes.len());
        let (new, rest) = rest.split_at(usize::from(come & 15).min(rest.len()));
        bytes.splice(at..end, new.iter().copied());
        input = rest;
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("made");
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(bytes) = fs::read(&path) {
            files.insert(path.strip_prefix(root).expect("below").to_owned(), bytes);
        }
    }
}
