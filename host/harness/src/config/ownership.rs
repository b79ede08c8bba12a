//! Whose a file is: what others could have written is not believed.

use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Permissions to write, of the group and of all others.
const GROUP: u32 = 0o020;
const OTHERS: u32 = 0o002;

/// What stands in the file; or why it is not to be believed, unless `trusting`. The file that is asked is the one that is read.
pub(super) fn read(file: &Path, folder: &Path, trusting: bool) -> io::Result<Result<String, String>> {
    let mut opened = glowplug_store::plain::open(file)?;
    let mut text = String::new();
    let foreign = || -> io::Result<Option<String>> {
        if let Some(why) = foreign(&opened.metadata()?) {
            return Ok(Some(format!("it {why}")));
        }
        Ok(foreign(&fs::metadata(folder)?).map(|why| format!("the folder that it lies in {why}")))
    };
    if !trusting && let Some(why) = foreign()? {
        return Ok(Err(why));
    }
    opened.read_to_string(&mut text)?;
    Ok(Ok(text))
}

/// Why others than this user and root could have written it.
fn foreign(found: &Metadata) -> Option<String> {
    let user = rustix::process::geteuid().as_raw();
    let owner = found.uid();
    if owner != user && owner != 0 {
        return Some(format!("belongs to another user (number {owner})"));
    }
    // A group with the user's own number is by custom his alone.
    let own_group = found.gid() == 0 || (found.gid() == owner && owner == user);
    if found.mode() & OTHERS != 0 || (found.mode() & GROUP != 0 && !own_group) {
        return Some(format!("may be written to by others (mode {:03o})", found.mode() & 0o777));
    }
    None
}
