//! From a guest's path to a place: first by its text alone, and by hand where links lead across mounts.

use crate::{
    FsError,
    beneath::{self, Attempt, Stop},
    errno,
    tree::{NodeId, ROOT, Tree, What},
};

/// As on Linux.
const MAX_LINKS: usize = 40;
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;

/// How often a path is resolved again when somebody keeps moving things on its way.
pub(crate) const MAX_WALKS: usize = 8;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place<'p> {
    /// A place that is not below a mount, or a mount itself.
    Node(NodeId),
    /// Below a mount: its number, and the rest of the path. `walked` when that has neither links nor `.` nor `..`, at
    /// the time of looking; a slash at its end still says that it has to be a folder.
    Inside { mount: usize, rest: Rest<'p>, walked: bool },
    /// The entry of `/dev/fd` for a descriptor.
    Descriptor(u32),
    /// There is no such entry in this folder, which is not on any disk. `direct` when it would be an entry of the
    /// folder itself rather than of one below it.
    Missing { folder: NodeId, rest: Rest<'p>, direct: bool },
}

/// A piece of the caller's path, or one put together.
pub(crate) type Rest<'p> = std::borrow::Cow<'p, [u8]>;

/// Whether a symbolic link in the last component is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Keep,
    /// Not even when there is a slash behind it: for calls that make, remove or move an entry.
    Bare,
}

impl Last {
    pub(crate) fn follow(follow: bool) -> Self {
        if follow { Last::Follow } else { Last::Keep }
    }
}

/// What no file system would take.
pub(crate) fn check(path: &[u8]) -> Result<(), FsError> {
    let error = match path {
        [] => errno::ENOENT,
        [b'/', ..] if path.contains(&0) => errno::EINVAL,
        [b'/', ..] if path.len() >= MAX_PATH => errno::ENAMETOOLONG,
        [b'/', ..] => return Ok(()),
        _ => errno::EINVAL,
    };
    Err(FsError::new(error))
}

/// Where a path leads if nothing below the mounts is a link. Nothing when its text alone cannot tell.
///
/// The nodes of the tree are folders, never links, so `..` is exact among them.
pub(crate) fn by_text<'p>(
    tree: &Tree,
    careful: impl Fn(usize) -> bool,
    path: &'p [u8],
) -> Result<Option<Place<'p>>, FsError> {
    check(path)?;
    let mut node = ROOT;
    let mut at = 0;
    while at < path.len() {
        let end = path[at..].iter().position(|byte| *byte == b'/').map_or(path.len(), |length| at + length);
        let name = &path[at..end];
        if !tree.node(node).what.is_folder() {
            return Err(FsError::new(errno::ENOTDIR));
        }
        match name {
            b"" | b"." => {}
            b".." => node = tree.node(node).parent,
            name => match tree.child(node, name) {
                Some(child) if matches!(tree.node(child).what, What::Link(_)) => return Ok(None),
                Some(child) => node = child,
                None => return below(tree, careful, node, &path[at..]),
            },
        }
        at = end + 1;
    }
    if path.ends_with(b"/") && !tree.node(node).what.is_folder() {
        return Err(FsError::new(errno::ENOTDIR));
    }
    Ok(Some(Place::Node(node)))
}

/// Where the rest of a path leads that begins with no entry of this node.
fn below<'p>(
    tree: &Tree,
    careful: impl Fn(usize) -> bool,
    node: NodeId,
    rest: &'p [u8],
) -> Result<Option<Place<'p>>, FsError> {
    match tree.node(node).what {
        What::Mount(mount) => {
            let climbs = careful(mount) && rest.split(|byte| *byte == b'/').any(|name| name == b"..");
            let place = Place::Inside { mount, rest: Rest::Borrowed(rest), walked: false };
            Ok((!climbs).then_some(place))
        }
        what => missing(what, node, Rest::Borrowed(rest)).map(Some),
    }
}

fn missing(what: What, folder: NodeId, rest: Rest<'_>) -> Result<Place<'_>, FsError> {
    let mut names = rest.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    let first = names.next().unwrap_or_default();
    let direct = names.next().is_none();
    if first.len() > MAX_NAME {
        return Err(FsError::new(errno::ENAMETOOLONG));
    }
    if what == What::Descriptors
        && let Some(number) = descriptor(first)
    {
        let is_folder = !direct || rest.ends_with(b"/");
        return if is_folder { Err(FsError::new(errno::ENOTDIR)) } else { Ok(Place::Descriptor(number)) };
    }
    Ok(Place::Missing { folder, rest, direct })
}

fn descriptor(name: &[u8]) -> Option<u32> {
    let canonical = name.iter().all(u8::is_ascii_digit) && (name == b"0" || name.first() != Some(&b'0'));
    if !canonical {
        return None;
    }
    str::from_utf8(name).ok()?.parse().ok()
}

/// What a walk asks of the mounts.
pub(crate) trait Links {
    /// The target of the link at `rest`; nothing when there is no link, or nothing at all.
    fn target(&self, mount: usize, rest: &[u8]) -> Attempt<Option<Vec<u8>>>;

    /// Fails unless there is a folder at `rest`.
    fn must_be_folder(&self, mount: usize, rest: &[u8]) -> Attempt<()>;
}

/// Resolves a path one component at a time, in the guests' namespace. The last component need not exist.
pub(crate) fn walk(tree: &Tree, links: &impl Links, path: &[u8], last: Last) -> Attempt<Place<'static>> {
    check(path)?;
    let mut walk = Walk { tree, links, node: ROOT, rest: Vec::new(), followed: 0 };
    let mut path = path.to_vec();
    let mut at = 0;
    while at < path.len() {
        let end = path[at..].iter().position(|byte| *byte == b'/').map_or(path.len(), |length| at + length);
        let ends = path[end..].iter().all(|byte| *byte == b'/');
        // A slash behind a link asks for what it leads to.
        let keep = last != Last::Follow && ends && end == path.len();
        let step = walk.step(&path[at..end], keep)?;
        match step {
            Step::On => at = end + 1,
            Step::Link(mut target) => {
                if end < path.len() {
                    target.push(b'/');
                    target.extend_from_slice(&path[end + 1..]);
                }
                path = target;
                at = 0;
            }
            Step::Missing(node) => {
                let rest = path[at..].to_vec();
                return Ok(missing(tree.node(node).what, node, Rest::Owned(rest))?);
            }
        }
    }
    let dot = beneath::split(&path).1;
    walk.end(path.ends_with(b"/"), beneath::trim(dot) == b".")
}

struct Walk<'w, L> {
    tree: &'w Tree,
    links: &'w L,
    node: NodeId,
    /// The way below the node, which is a mount when this is not empty.
    rest: Vec<u8>,
    followed: usize,
}

enum Step {
    On,
    Link(Vec<u8>),
    Missing(NodeId),
}

impl<L: Links> Walk<'_, L> {
    fn step(&mut self, name: &[u8], keep: bool) -> Attempt<Step> {
        let what = self.tree.node(self.node).what;
        if !what.is_folder() {
            return Err(FsError::new(errno::ENOTDIR).into());
        }
        match name {
            b"" | b"." => return Ok(Step::On),
            b".." => return self.up(),
            _ => {}
        }
        if self.rest.is_empty()
            && let Some(child) = self.tree.child(self.node, name)
        {
            if let What::Link(link) = self.tree.node(child).what
                && !keep
            {
                self.count_link()?;
                self.node = ROOT;
                return Ok(Step::Link(self.tree.target(link).to_vec()));
            }
            self.node = child;
            return Ok(Step::On);
        }
        let What::Mount(mount) = what else { return Ok(Step::Missing(self.node)) };
        if name.len() > MAX_NAME {
            return Err(FsError::new(errno::ENAMETOOLONG).into());
        }
        let length = self.rest.len();
        if length > 0 {
            self.rest.push(b'/');
        }
        self.rest.extend_from_slice(name);
        let target = if keep { None } else { self.links.target(mount, &self.rest)? };
        let Some(target) = target else { return Ok(Step::On) };
        self.count_link()?;
        if target.is_empty() {
            return Err(FsError::new(errno::ENOENT).into());
        }
        self.rest.truncate(length);
        if target.starts_with(b"/") {
            self.node = ROOT;
            self.rest.clear();
        }
        Ok(Step::Link(target))
    }

    fn count_link(&mut self) -> Attempt<()> {
        self.followed += 1;
        if self.followed > MAX_LINKS { Err(FsError::new(errno::ELOOP).into()) } else { Ok(()) }
    }

    fn up(&mut self) -> Attempt<Step> {
        if self.rest.is_empty() {
            self.node = self.tree.node(self.node).parent;
            return Ok(Step::On);
        }
        if let What::Mount(mount) = self.tree.node(self.node).what {
            self.links.must_be_folder(mount, &self.rest)?;
        }
        let end = self.rest.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.rest.truncate(end);
        Ok(Step::On)
    }

    /// Where it ended, by a path that has a slash at its end, or a dot, in front of which there has to be a folder.
    fn end(mut self, slash: bool, dot: bool) -> Attempt<Place<'static>> {
        let what = self.tree.node(self.node).what;
        if let What::Mount(mount) = what
            && dot
            && !self.rest.is_empty()
        {
            self.links.must_be_folder(mount, &self.rest)?;
        }
        match what {
            What::Mount(mount) if !self.rest.is_empty() => {
                if slash {
                    self.rest.push(b'/');
                }
                Ok(Place::Inside { mount, rest: Rest::Owned(self.rest), walked: true })
            }
            what if slash && !what.is_folder() => Err(Stop::Fail(FsError::new(errno::ENOTDIR))),
            _ => Ok(Place::Node(self.node)),
        }
    }
}
