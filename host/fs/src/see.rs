//! What guests read of files: the operations of [`plain`], under the eyes of whoever notes what was seen.

use glowplug_store::{Timestamp, identity::Reading};

use crate::{
    DirEntry, Kind, NewTime, OpenOptions, Opened, Stat, Wanted,
    beneath::{Attempt, Eye, Start, Stop},
    plain::{self, Found, Room},
    trace::{Asked, Seen, Watch},
};

/// Notes a failure, as long as it is the final word.
fn noted<T>(start: Start<'_>, path: &[u8], asked: Asked, follow: bool, result: Attempt<T>) -> Attempt<T> {
    if let (Eye::Lower(trace, root), Err(Stop::Fail(error))) = (start.eye, &result) {
        trace.failed(root, path, asked, follow, error);
    }
    result
}

/// The path of a file of the guests' own, as they have it.
pub(crate) fn own_path(mount: &[u8], path: &[u8]) -> Vec<u8> {
    let mount = if mount == b"/" { b"" } else { mount };
    match path {
        b"" | b"." => if mount.is_empty() { b"/" } else { mount }.to_vec(),
        path => [mount, b"/", path].concat(),
    }
}

pub(crate) fn open(start: Start<'_>, path: &[u8], options: &OpenOptions) -> Attempt<Opened> {
    let asked = Asked::Open { directory: options.directory };
    let found = noted(start, path, asked, options.follow, plain::open(start, path, options))?;
    let charge = match (&found, start.account) {
        (Found::File { file, found, new }, Some(account)) => {
            let charge = account.opened(found, *new, options.changes());
            if options.truncate && charge.is_some() {
                account.settle(file);
            }
            charge
        }
        _ => None,
    };
    Ok(match (found, start.eye) {
        (Found::File { file, .. }, Eye::Closed) => Opened::File(file, None, charge),
        (Found::File { file, .. }, Eye::Own(trace, mount)) => {
            Opened::File(file, Some(Watch::own(trace, own_path(mount, path))), charge)
        }
        (Found::File { file, found, .. }, Eye::Lower(trace, root)) => {
            let kind = Kind::from_mode(found.st_mode);
            let system = trace.check_source(path, &file, kind, found.st_dev);
            // Before a byte is read.
            let reading = Reading::begin_on(system, &file, plain::identity(&found));
            let watch = Watch::lower(trace, root, path, options.follow, &reading, Stat::from_fstat(&found));
            Opened::File(file, Some(watch), charge)
        }
        (Found::Directory, eye) => {
            if let Eye::Lower(trace, root) = eye {
                trace.note(root, path, Seen::Opened { follow: options.follow, kind: Kind::Directory });
            }
            Opened::Directory
        }
    })
}

/// What guests are told of an entry.
pub(crate) fn stat(start: Start<'_>, path: &[u8], follow: bool) -> Attempt<Stat> {
    let found = noted(start, path, Asked::Stat, follow, plain::stat(start, path, follow))?;
    Ok(match start.eye {
        Eye::Closed => found,
        Eye::Lower(trace, root) => trace.saw_stat(root, path, follow, &found),
        Eye::Own(trace, mount) => trace.own_stat(|| own_path(mount, path), &found, (found.dev, found.ino)),
    })
}

/// What an entry really is, for what depends on no more than its kind.
pub(crate) fn look(start: Start<'_>, path: &[u8], follow: bool) -> Attempt<Stat> {
    let found = noted(start, path, Asked::Stat, follow, plain::stat(start, path, follow))?;
    if let Eye::Lower(trace, root) = start.eye {
        trace.looked(root, path, follow, &found, false);
    }
    Ok(found)
}

/// The inode number that guests are told.
pub(crate) fn inode(start: Start<'_>, path: &[u8], follow: bool) -> Attempt<u64> {
    let found = noted(start, path, Asked::Stat, follow, plain::stat(start, path, follow))?;
    Ok(match start.eye {
        Eye::Closed => found.ino,
        Eye::Lower(trace, root) => trace.looked_which(root, path, follow, &found),
        Eye::Own(trace, _) => trace.number((found.dev, found.ino)),
    })
}

pub(crate) fn read_dir(start: Start<'_>, path: &[u8], room: Room<'_>) -> Attempt<Vec<DirEntry>> {
    if matches!(start.eye, Eye::Closed) {
        return plain::read_dir_within(start, path, room);
    }
    let now = Timestamp::now();
    let asked = Asked::Open { directory: true };
    let dir = noted(start, path, asked, true, plain::open_dir(start, path))?;
    let folder = Stat::of_file(&dir)?;
    let mut entries = plain::list_within(&dir, room)?;
    match start.eye {
        Eye::Lower(trace, root) => trace.saw_listing(root, path, &folder, now, &mut entries),
        Eye::Own(trace, _) => trace.own_listing(&folder, &mut entries),
        Eye::Closed => {}
    }
    Ok(entries)
}

pub(crate) fn read_link(start: Start<'_>, path: &[u8]) -> Attempt<Vec<u8>> {
    let target = noted(start, path, Asked::Link, false, plain::read_link(start, path))?;
    if let Eye::Lower(trace, root) = start.eye {
        trace.note(root, path, Seen::Link { target: target.clone() });
    }
    Ok(target)
}

pub(crate) fn access(start: Start<'_>, path: &[u8], wanted: Wanted) -> Attempt<()> {
    let result = plain::access(start, path, wanted);
    let Eye::Lower(trace, root) = start.eye else { return result };
    let errno = match &result {
        Ok(()) => 0,
        Err(Stop::Walk) => return result,
        Err(Stop::Fail(error)) if error.errno == crate::errno::ENOENT => {
            return noted(start, path, Asked::Stat, false, result);
        }
        Err(Stop::Fail(error)) => error.errno,
    };
    let Wanted { read, write, execute } = wanted;
    trace.note(root, path, Seen::Access { read, write, execute, errno });
    result
}

/// Sets times of something that guests may change, and remembers what they set.
pub(crate) fn set_times(
    start: Start<'_>,
    path: &[u8],
    follow: bool,
    atime: Option<NewTime>,
    mtime: Option<NewTime>,
) -> Attempt<()> {
    plain::set_times(start, path, follow, atime, mtime)?;
    if let (Eye::Own(trace, _), Some(mtime)) = (start.eye, mtime) {
        trace.set_time(&plain::stat(start, path, follow)?, matches!(mtime, NewTime::At(_)));
    }
    Ok(())
}
