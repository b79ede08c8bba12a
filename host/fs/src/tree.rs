//! The part of the namespace that is not on any disk: mount points, the folders above and between them, devices and
//! programs. It is built once and never changes.

use crate::{Device, DirEntry, Kind, Stat};
use std::borrow::Cow;

/// The number of a node; 0 is the root.
pub(crate) type NodeId = usize;

/// The root of the namespace.
pub(crate) const ROOT: NodeId = 0;

/// One place in the namespace.
#[derive(Debug)]
pub(crate) struct Node {
    pub parent: NodeId,
    /// Programs' names are the host's own constants, and there are hundreds of them.
    pub name: Cow<'static, [u8]>,
    pub what: What,
    /// Sorted by name once [`Tree::finish`] was called.
    children: Vec<NodeId>,
}

/// What is at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A folder that only exists here.
    Folder,
    /// A folder of the host, by its number.
    Mount(usize),
    Device(Device),
    /// The caller's descriptor of this number.
    Descriptor(u32),
    /// `/dev/fd`, which has an entry for each of the caller's descriptors.
    Descriptors,
    /// One of the host's programs, by its number.
    Program(usize),
    /// A file of the host that is here by itself, by its number.
    File(usize),
    /// A symbolic link, by the number of its target.
    Link(usize),
}

impl What {
    pub(crate) fn is_folder(self) -> bool {
        matches!(self, What::Folder | What::Mount(_) | What::Descriptors)
    }

    fn kind(self) -> Kind {
        match self {
            What::Folder | What::Mount(_) | What::Descriptors => Kind::Directory,
            What::Device(_) | What::Descriptor(_) => Kind::CharDevice,
            What::Program(_) | What::File(_) => Kind::File,
            What::Link(_) => Kind::Symlink,
        }
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// The targets of links.
    targets: Vec<Vec<u8>>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let root = Node { parent: ROOT, name: Cow::Borrowed(b""), what: What::Folder, children: Vec::new() };
        Tree { nodes: vec![root], targets: Vec::new() }
    }

    /// Puts something at an absolute, tidy path, and folders above it.
    pub(crate) fn place(&mut self, path: &[u8], what: What) -> NodeId {
        let mut at = ROOT;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let known = self.nodes[at].children.iter().copied().find(|child| *self.nodes[*child].name == *name);
            at = known.unwrap_or_else(|| self.add(at, Cow::Owned(name.to_owned()), What::Folder));
        }
        self.nodes[at].what = what;
        at
    }

    /// Whether there is anything at a path, or a link on the way to it.
    pub(crate) fn is_taken(&self, path: &[u8]) -> bool {
        let mut at = ROOT;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if matches!(self.nodes[at].what, What::Link(_)) {
                return true;
            }
            let known = self.nodes[at].children.iter().copied().find(|child| *self.nodes[*child].name == *name);
            let Some(known) = known else { return false };
            at = known;
        }
        true
    }

    /// Puts a symbolic link at an absolute, tidy path.
    pub(crate) fn place_link(&mut self, path: &[u8], target: Vec<u8>) {
        self.place(path, What::Link(self.targets.len()));
        self.targets.push(target);
    }

    /// A path with the links on its way, as far as they are here, replaced by where they lead.
    pub(crate) fn through_links(&self, path: &[u8]) -> Vec<u8> {
        let mut at = ROOT;
        let names = || path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
        for (number, name) in names().enumerate() {
            let known = self.nodes[at].children.iter().copied().find(|child| *self.nodes[*child].name == *name);
            let Some(known) = known else { break };
            at = known;
            if let What::Link(link) = self.nodes[at].what {
                let rest = names().skip(number + 1);
                // What links lead to is named without links.
                return rest.fold(self.targets[link].clone(), |path, name| [&path, b"/".as_slice(), name].concat());
            }
        }
        path.to_vec()
    }

    /// Where a link leads.
    pub(crate) fn target(&self, link: usize) -> &[u8] {
        &self.targets[link]
    }

    /// Adds to a folder without looking whether the name is taken.
    pub(crate) fn add(&mut self, parent: NodeId, name: Cow<'static, [u8]>, what: What) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { parent, name, what, children: Vec::new() });
        self.nodes[parent].children.push(id);
        id
    }

    /// Makes room for `count` more entries in a folder.
    pub(crate) fn reserve(&mut self, parent: NodeId, count: usize) {
        self.nodes.reserve(count);
        self.nodes[parent].children.reserve(count);
    }

    /// To be called before anything is looked up.
    pub(crate) fn finish(&mut self) {
        for id in 0..self.nodes.len() {
            let mut children = std::mem::take(&mut self.nodes[id].children);
            children.sort_by(|a, b| self.nodes[*a].name.cmp(&self.nodes[*b].name));
            // The last of one name wins: it was placed there on purpose.
            children.dedup_by(|later, kept| {
                let same = self.nodes[*later].name == self.nodes[*kept].name;
                if same {
                    *kept = *later;
                }
                same
            });
            self.nodes[id].children = children;
        }
    }

    pub(crate) fn set(&mut self, id: NodeId, what: What) {
        self.nodes[id].what = what;
    }

    pub(crate) fn ids(&self) -> std::ops::Range<NodeId> {
        0..self.nodes.len()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(crate) fn has_children(&self, id: NodeId) -> bool {
        !self.nodes[id].children.is_empty()
    }

    /// The entry of this name in a folder.
    pub(crate) fn child(&self, id: NodeId, name: &[u8]) -> Option<NodeId> {
        let children = &self.nodes[id].children;
        let found = children.binary_search_by(|child| (*self.nodes[*child].name).cmp(name));
        found.ok().map(|at| children[at])
    }

    /// The absolute path of a node.
    pub(crate) fn path(&self, id: NodeId) -> Vec<u8> {
        if id == ROOT {
            return b"/".to_vec();
        }
        let mut names = Vec::new();
        let mut at = id;
        while at != ROOT {
            names.push(&*self.nodes[at].name);
            at = self.nodes[at].parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// The nearest mount at or above a node.
    pub(crate) fn mount_above(&self, mut id: NodeId) -> Option<(NodeId, usize)> {
        loop {
            if let What::Mount(mount) = self.nodes[id].what {
                return Some((id, mount));
            }
            if id == ROOT {
                return None;
            }
            id = self.nodes[id].parent;
        }
    }

    /// What is in a folder, as far as it is here.
    pub(crate) fn list(&self, id: NodeId) -> impl Iterator<Item = DirEntry> {
        self.nodes[id].children.iter().map(|child| DirEntry {
            name: self.nodes[*child].name.to_vec(),
            kind: self.nodes[*child].what.kind(),
            ino: inode(*child),
        })
    }

    /// What `stat` says of a node that is not a mount; `size` is a program's.
    pub(crate) fn stat(&self, id: NodeId, size: u64) -> Stat {
        let what = self.nodes[id].what;
        let permissions = match what {
            What::Device(_) | What::Descriptor(_) => 0o666,
            What::Link(_) => 0o777,
            _ => 0o755,
        };
        let size = if let What::Link(link) = what { self.targets[link].len() as u64 } else { size };
        let mut found = Stat::synthetic(what.kind(), permissions, size, inode(id));
        found.nlink +=
            self.nodes[id].children.iter().filter(|child| self.nodes[**child].what.is_folder()).count() as u64;
        found
    }
}

/// A number for what has no inode. No file system of the host has device number 0, so it cannot be taken for another.
pub(crate) fn inode(id: NodeId) -> u64 {
    id as u64 + 1
}
