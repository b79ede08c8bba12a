//! Where things lie in the store of calls. One place, so that nothing else builds paths.

use glowplug_store::Digest;

/// What runs gave, a file for each key.
pub(crate) const ENTRIES: &str = "entries";
/// Outputs too large to lie beside what was observed, by their digests.
pub(crate) const OUTPUTS: &str = "outputs";
/// What the last run of a label was called with.
pub(crate) const LAST: &str = "last";
/// Proofs that nothing has to run at all.
pub(crate) const PROOFS: &str = "proofs";
/// Its modification time says when maintenance last ran; its lock keeps two from running at once.
pub(crate) const MAINTENANCE: &str = "maintenance";

pub(crate) fn entry(key: Digest) -> String {
    format!("{ENTRIES}/{key}")
}

pub(crate) fn output(digest: Digest) -> String {
    format!("{OUTPUTS}/{digest}")
}

pub(crate) fn last(label: Digest) -> String {
    format!("{LAST}/{label}")
}

pub(crate) fn proof(label: Digest) -> String {
    format!("{PROOFS}/{label}")
}
