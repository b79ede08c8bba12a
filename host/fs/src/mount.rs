//! Mounts, and how they are written: `HOST[::GUEST][:ro|:rw|:overlay]`.

use std::{
    fmt, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    str::FromStr,
};

/// What a guest may do with a mounted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading only; changes fail with `EROFS`.
    ReadOnly,
    /// Reading and changing the host's folder.
    ReadWrite,
    /// Reading the host's folder; changes go to a layer above it, which is thrown away at the end.
    Overlay,
}

impl Access {
    /// The word for it in a mount's text.
    pub const fn word(self) -> &'static str {
        match self {
            Access::ReadOnly => "ro",
            Access::ReadWrite => "rw",
            Access::Overlay => "overlay",
        }
    }
}

/// A folder of the host that guests see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The folder on the host.
    pub host: PathBuf,
    /// Where guests see it: an absolute path.
    pub guest: Vec<u8>,
    /// What they may do with it.
    pub access: Access,
}

impl Mount {
    /// A mount of `host` at the same path that it has on the host.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn at_own_path(host: &Path, access: Access) -> Result<Self, MountError> {
        let canonical = canonical(host)?;
        Ok(Mount { guest: canonical.clone().into_os_string().into_vec(), host: canonical, access })
    }
}

/// Why a mount's text could not be understood. Each says how to write it instead.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// There is no folder in the text.
    #[error("`{text}` names no folder; write HOST[::GUEST][:ro|:rw|:overlay], for instance `/data::/mnt:ro`")]
    NoHost {
        /// The whole text.
        text: String,
    },
    /// The path for guests is not absolute.
    #[error(
        "`{guest}` in `{text}` is not an absolute path; guests see a folder at one, for instance `{host}::/{suggestion}`"
    )]
    RelativeGuest {
        /// The whole text.
        text: String,
        /// The path for guests.
        guest: String,
        /// The path on the host.
        host: String,
        /// A path that would do, without its first slash.
        suggestion: String,
    },
    /// The path for guests has a component that does not belong there.
    #[error("`{guest}` in `{text}` contains `{component}`; write the path out")]
    OddGuest {
        /// The whole text.
        text: String,
        /// The path for guests.
        guest: String,
        /// The offending part.
        component: String,
    },
    /// The text ends in a word that looks like an access but is none.
    #[error("`{word}` in `{text}` is not an access; it is one of ro, rw, overlay (rw when left out)")]
    UnknownAccess {
        /// The whole text.
        text: String,
        /// The word.
        word: String,
    },
    /// The folder could not be found or read.
    #[error("cannot mount `{}`: {source}", host.display())]
    Host {
        /// The folder.
        host: PathBuf,
        /// What the host said.
        source: io::Error,
    },
    /// What is to be mounted is not a folder.
    #[error("cannot mount `{}`: it is not a folder; mount the folder that holds it", host.display())]
    NotFolder {
        /// The path.
        host: PathBuf,
    },
    /// Two mounts for one place.
    #[error("two mounts at `{guest}`: `{}` and `{}`; give one another place with ::GUEST", first.display(), second.display())]
    Twice {
        /// The place.
        guest: String,
        /// The first folder.
        first: PathBuf,
        /// The second folder.
        second: PathBuf,
    },
}

impl FromStr for Mount {
    type Err = MountError;

    fn from_str(text: &str) -> Result<Self, MountError> {
        Self::with_name(text).map(|(mount, _)| mount)
    }
}

impl Mount {
    /// The mount that a text describes; and the folder's name as it is written there, if guests are to see it under its own.
    ///
    /// # Errors
    /// When the text is no mount, or the folder cannot be found.
    pub fn with_name(text: &str) -> Result<(Self, Option<PathBuf>), MountError> {
        let owned = || text.to_owned();
        let (host, guest) = match text.split_once("::") {
            Some((host, guest)) => (host, Some(guest)),
            None => (text, None),
        };
        let (last, access) = split_access(guest.unwrap_or(host), text)?;
        let (host, guest) = if guest.is_some() { (host, Some(last)) } else { (last, None) };
        if host.is_empty() {
            return Err(MountError::NoHost { text: owned() });
        }
        let Some(guest) = guest else {
            return Ok((Mount::at_own_path(Path::new(host), access)?, Some(PathBuf::from(host))));
        };
        if !guest.starts_with('/') {
            let suggestion = match guest.trim_start_matches(['.', '/']) {
                "" => "mnt",
                rest => rest,
            };
            return Err(MountError::RelativeGuest {
                text: owned(),
                guest: guest.to_owned(),
                host: host.to_owned(),
                suggestion: suggestion.to_owned(),
            });
        }
        let guest = tidy(guest.as_bytes()).map_err(|component| MountError::OddGuest {
            text: owned(),
            guest: guest.to_owned(),
            component,
        })?;
        Ok((Mount { host: canonical(Path::new(host))?, guest, access }, None))
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host.display())?;
        if self.host.as_os_str().as_bytes() != self.guest {
            write!(f, "::{}", String::from_utf8_lossy(&self.guest))?;
        }
        write!(f, ":{}", self.access.word())
    }
}

/// Splits the access from the end of a text. A colon in a folder's name is no reason to fail: only a short word
/// behind the last one counts as an attempt at an access.
fn split_access<'t>(part: &'t str, text: &str) -> Result<(&'t str, Access), MountError> {
    let Some((path, word)) = part.rsplit_once(':') else { return Ok((part, Access::ReadWrite)) };
    match word {
        "ro" => Ok((path, Access::ReadOnly)),
        "rw" => Ok((path, Access::ReadWrite)),
        "overlay" => Ok((path, Access::Overlay)),
        _ if word.contains('/') || Path::new(part).exists() => Ok((part, Access::ReadWrite)),
        _ => Err(MountError::UnknownAccess { text: text.to_owned(), word: word.to_owned() }),
    }
}

/// An absolute path without empty and `.` components; the offending component when it has `..` or a NUL.
pub(crate) fn tidy(path: &[u8]) -> Result<Vec<u8>, String> {
    let mut tidied = Vec::with_capacity(path.len());
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => continue,
            b".." => return Err("..".to_owned()),
            name if name.contains(&0) => return Err("NUL".to_owned()),
            name => {
                tidied.push(b'/');
                tidied.extend_from_slice(name);
            }
        }
    }
    if tidied.is_empty() {
        tidied.push(b'/');
    }
    Ok(tidied)
}

fn canonical(host: &Path) -> Result<PathBuf, MountError> {
    let found = host.canonicalize().map_err(|source| MountError::Host { host: host.to_owned(), source })?;
    if found.is_dir() { Ok(found) } else { Err(MountError::NotFolder { host: host.to_owned() }) }
}
