//! What the policy had to do with an error, looked up when somebody asks.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    Denial, FsError, Namespace,
    assemble::Backing,
    errno,
    resolve::{Last, Place, walk},
    trace::unnoted,
};

impl Namespace {
    /// What rule would have made the difference to this error, if the policy had a part in it: a path that does not
    /// exist for guests may exist on the host. This looks at the host, and is not for guests to call freely: whoever
    /// prints its answer tells that the path exists.
    pub fn explain(&self, path: &[u8], error: &FsError) -> Option<Denial> {
        if let Some(denial) = &error.denial {
            return Some((**denial).clone());
        }
        if error.errno != errno::ENOENT {
            return None;
        }
        // A link may have led there.
        let place = unnoted(|| walk(&self.0.tree, &*self.0, path, Last::Follow)).ok()?;
        let wanted = self.0.path_of(&place);
        let on_host = PathBuf::from(OsStr::from_bytes(&wanted));
        let found = fs::symlink_metadata(&on_host).ok()?;
        let reason = match &place {
            Place::Missing { .. } => format!("`{}` is not mounted", on_host.display()),
            Place::Inside { mount, .. } if matches!(self.0.mounts[*mount].backing, Backing::Temporary(_)) => {
                format!("`{}` exists on the host, but `/tmp` is this session's own", on_host.display())
            }
            _ => return None,
        };
        let folder = if found.is_dir() { on_host.as_path() } else { on_host.parent().unwrap_or(Path::new("/")) };
        Some(Denial { reason, rule: Some(format!("--dir {}:ro", folder.display())), allows: "reading it" })
    }
}
