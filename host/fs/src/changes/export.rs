//! From an overlay to what was written.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use super::{Contents, State, Written};
use crate::{
    FsError, Kind, OpenOptions, Stat,
    beneath::{Attempt, Start, Stop},
    errno, interrupt,
    overlay::{Listed, Overlay, plain_result},
    plain::{self, Found},
};

/// Larger files are handed out open.
const SMALL: u64 = 64 * 1024;

impl Overlay {
    pub(crate) fn written(&self, written: &mut Vec<Written>) -> Result<(), FsError> {
        let hidden = self.read();
        let Some(upper) = self.upper() else { return Ok(()) };
        let (mut kept, mut removed) = (BTreeMap::new(), BTreeSet::new());
        for found in plain_result(self.differences(&hidden, Listed::Everything))? {
            match found.after {
                Some(after) => _ = kept.insert(found.path, after),
                None => _ = removed.insert(found.path),
            }
        }
        let mount = || self.guest.clone();
        for path in removed.into_iter().rev().filter(|path| !kept.contains_key(path)) {
            written.push(Written { mount: mount(), path, state: State::Removed });
        }
        for (path, stat) in kept {
            interrupt::check().map_err(FsError::from)?;
            let state = plain_result(self.state(upper, &path, &stat))?;
            written.push(Written { mount: mount(), path, state });
        }
        Ok(())
    }

    fn state(&self, upper: Start<'_>, path: &[u8], stat: &Stat) -> Attempt<State> {
        let mode = stat.mode & 0o7777;
        match stat.kind {
            Kind::Directory => Ok(State::Directory { mode }),
            Kind::Symlink => Ok(State::Link { target: plain::read_link(upper, path)? }),
            _ => {
                let options = OpenOptions { follow: false, ..OpenOptions::reading() };
                let Found::File { mut file, found, .. } = plain::open(upper, path, &options)? else {
                    return Err(Stop::Fail(FsError::new(errno::EISDIR)));
                };
                let size = u64::try_from(found.st_size).unwrap_or(0);
                let contents = if size > SMALL {
                    Contents::File(file, size)
                } else {
                    let mut bytes = Vec::with_capacity(size as usize);
                    file.read_to_end(&mut bytes)?;
                    Contents::Bytes(bytes)
                };
                Ok(State::File { mode, mtime: self.time_set(stat), contents })
            }
        }
    }
}
