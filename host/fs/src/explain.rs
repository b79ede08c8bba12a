//! What the policy had to do with an error, looked up when somebody asks.

use crate::{
    Denial, FsError, Namespace, errno,
    resolve::{Last, Place, walk},
    trace::unnoted,
    tree::ROOT,
};

impl Namespace {
    /// What rule might have made the difference to this error, if the policy can have a part in it: what is not there for guests
    /// because it is below no mount. The host is not looked at, neither whether the path exists nor what is there: guests
    /// may well read the answer, and are not to learn anything by it.
    pub fn explain(&self, path: &[u8], error: &FsError) -> Option<Denial> {
        if let Some(denial) = &error.denial {
            return Some((**denial).clone());
        }
        if error.errno != errno::ENOENT {
            return None;
        }
        // A link may have led there.
        let place = unnoted(|| walk(&self.0.tree, &*self.0, path, Last::Follow)).ok()?;
        let Place::Missing { folder, .. } = &place else { return None };
        let shown = self.0.tree.path(*folder);
        if ["/dev", "/usr/bin", "/bin"].iter().any(|own| shown == own.as_bytes()) {
            // These are ours to the last entry.
            return None;
        }
        let wanted = self.0.path_of(&place);
        let wanted = String::from_utf8_lossy(&wanted);
        let wanted = wanted.trim_end_matches('/');
        let folder = wanted.rfind('/').filter(|at| *at > 0 || *folder != ROOT).map_or(wanted, |at| &wanted[..at]);
        let folder = if folder.is_empty() { wanted } else { folder };
        let reason = format!("`{wanted}` is not mounted");
        Some(Denial { reason, rule: Some(format!("--dir {folder}:ro")), allows: "reading it, if it is there" })
    }
}
