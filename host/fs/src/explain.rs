//! What the policy had to do with an error, looked up when somebody asks.

use crate::{
    Access, Denial, Namespace,
    resolve::{Last, Place, walk},
    trace::unnoted,
    tree::ROOT,
};

/// What a path was sought for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// To make or to change something there, rather than to read it.
    pub writing: bool,
    /// It is known to be a folder, so that nothing above it has to be mounted.
    pub folder: bool,
}

impl Namespace {
    /// The mount that a path is in, and what may be done there, if guests see it where it is on the host.
    pub fn mounted_at_own_path(&self, path: &[u8]) -> Option<(&[u8], Access)> {
        let place = unnoted(|| walk(&self.0.tree, &*self.0, path, Last::Follow)).ok()?;
        let mount = match place {
            Place::Inside { mount, .. } => &self.0.mounts[mount],
            _ => return None,
        };
        let host = mount.host.as_ref()?;
        (host.as_os_str().as_encoded_bytes() == mount.guest).then_some((mount.guest.as_slice(), mount.access))
    }

    /// What would have to be mounted for a path to be found, if it is not there for guests because it is below no mount. The
    /// host is not looked at, neither whether the path exists nor what is there: guests may well read the answer, and are not
    /// to learn anything by it.
    pub fn explain(&self, path: &[u8], sought: Sought) -> Option<Denial> {
        // A link may have led there.
        let place = unnoted(|| walk(&self.0.tree, &*self.0, path, Last::Follow)).ok()?;
        let Place::Missing { folder: above, .. } = &place else { return None };
        let shown = self.0.tree.path(*above);
        if ["/dev", "/usr/bin", "/bin"].iter().any(|own| shown == own.as_bytes()) {
            // These are ours to the last entry.
            return None;
        }
        let wanted = self.0.path_of(&place);
        let wanted = String::from_utf8_lossy(&wanted);
        let wanted = wanted.trim_end_matches('/');
        let parent = wanted.rfind('/').filter(|at| *at > 0 || *above != ROOT).map_or(wanted, |at| &wanted[..at]);
        let parent = if parent.is_empty() || sought.folder { wanted } else { parent };
        let (access, allows) = if sought.writing { ("rw", "writing it") } else { ("ro", "reading it, if it is there") };
        let rule = self.0.dirs.for_another(&format!("{parent}:{access}"));
        Some(Denial { reason: format!("`{wanted}` is not mounted"), rule, allows })
    }
}
