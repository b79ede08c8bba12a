//! The end of a trace: what is left of what was noted, and whether it still holds.

use std::{collections::BTreeMap, os::unix::ffi::OsStrExt};

use super::{Asked, Check, Observation, Observed, OpenRoot, Root, Seen, Trace, Unusable, recheck, watch::lock};
use crate::{Kind, errno};

/// That everything still holds at the end is what makes the observations those of one state of the folders: what a guest
/// really read is the same as what is there now, so whatever was between does not matter.
pub(super) fn finish(trace: &Trace) -> Result<Observed, Unusable> {
    let watches = trace.state().watches.take_all();
    for watch in watches {
        // It is no longer among those that are open, so nobody waits for it with the state locked.
        let mut watched = lock(&watch);
        trace.state().note_watched(&mut watched);
    }
    let hashed = std::mem::take(&mut trace.state().hashing).end();
    let mut state = trace.state();
    let complete = state.note_hashed(hashed);
    state.finished = true;
    if !complete || state.unhashed > 0 {
        return Err(Unusable::Io(b"what it read".to_vec(), "it was not hashed to the end".to_owned()));
    }
    if !state.impure.is_empty() {
        return Err(Unusable::Impure(state.impure.clone()));
    }
    if let Some((root, path)) = &state.changed {
        let host = state.roots.get(*root as usize).map(|root| root.host.as_os_str().as_bytes()).unwrap_or_default();
        let path = [host, b"/", path].concat();
        let what = format!("content of {}", String::from_utf8_lossy(&path));
        return Err(Unusable::Changed(path, what));
    }
    let (roots, seen) = (std::mem::take(&mut state.roots), std::mem::take(&mut state.seen));
    drop(state);
    confirmed(collected(roots, seen))
}

/// Everything noted, in order, without what follows from something else.
fn collected(roots: Vec<Root>, seen: Vec<BTreeMap<Vec<u8>, Vec<Seen>>>) -> Observed {
    let mut observed = Observed::default();
    for (root, paths) in roots.into_iter().zip(seen).filter(|(_, paths)| !paths.is_empty()) {
        let number = observed.roots.len() as u32;
        observed.roots.push(root);
        observed.observations.reserve_exact(paths.len());
        let observation = |(path, seen)| Observation { root: number, path, seen: reduced(seen) };
        observed.observations.extend(paths.into_iter().map(observation));
    }
    observed
}

/// Without what follows from another one.
fn reduced(mut seen: Vec<Seen>) -> Vec<Seen> {
    if seen.len() == 1 {
        return seen;
    }
    let follows = |at: usize| {
        let from = |other: usize| {
            let (mine, theirs) = (&seen[at], &seen[other]);
            // Of two that follow from each other, the first stays.
            other != at && implies(theirs, mine) && (other < at || !implies(mine, theirs))
        };
        (0..seen.len()).any(from)
    };
    let superfluous: Vec<bool> = (0..seen.len()).map(follows).collect();
    if superfluous.contains(&true) {
        let mut superfluous = superfluous.into_iter();
        seen.retain(|_| superfluous.next() != Some(true));
    }
    seen.sort_by_key(rank);
    seen
}

/// The order of kinds.
fn rank(seen: &Seen) -> u8 {
    match seen {
        Seen::Absent { .. } => 0,
        Seen::Looked { .. } => 1,
        Seen::Stat { .. } => 2,
        Seen::Opened { .. } => 3,
        Seen::Content { .. } => 4,
        Seen::Listing { .. } => 5,
        Seen::Link { .. } => 6,
        Seen::Access { .. } => 7,
    }
}

/// Whether checking the first also checks the second.
fn implies(first: &Seen, second: &Seen) -> bool {
    let is = |kind: Kind, follow: bool| match first {
        Seen::Looked { follow: f, kind: k, .. } | Seen::Opened { follow: f, kind: k } => (*f, *k) == (follow, kind),
        Seen::Stat { follow: f, stat } => (*f, stat.kind) == (follow, kind),
        Seen::Content { follow: f, .. } => (*f, Kind::File) == (follow, kind),
        Seen::Listing { .. } => (true, Kind::Directory) == (follow, kind),
        Seen::Link { .. } => (false, Kind::Symlink) == (follow, kind),
        Seen::Absent { .. } | Seen::Access { .. } => false,
    };
    match second {
        Seen::Looked { follow, kind, mode, ino } => {
            let (known_mode, known_ino) = match first {
                Seen::Looked { mode, ino, .. } => (*mode, *ino),
                Seen::Stat { stat, .. } => (Some(stat.mode), Some(stat.ino)),
                _ => (None, None),
            };
            is(*kind, *follow) && (mode.is_none() || *mode == known_mode) && (ino.is_none() || *ino == known_ino)
        }
        Seen::Opened { follow, kind } => {
            matches!(first, Seen::Opened { .. } | Seen::Content { .. } | Seen::Listing { .. }) && is(*kind, *follow)
        }
        Seen::Absent { asked: Asked::Link, errno: errno::EINVAL, follow: false } => {
            let others = [Kind::File, Kind::Directory, Kind::Fifo, Kind::Socket, Kind::CharDevice, Kind::BlockDevice];
            first == second || others.iter().any(|kind| is(*kind, false))
        }
        // One that has an identity need not be read again, so that one stays.
        Seen::Content { follow, read, identity } => match first {
            Seen::Content { follow: f, read: r, identity: i } => {
                (f, r) == (follow, read) && (i.is_some() || identity.is_none())
            }
            _ => false,
        },
        Seen::Listing { digest, identity, .. } => match first {
            Seen::Listing { digest: d, identity: i, .. } => d == digest && (i.is_some() || identity.is_none()),
            _ => false,
        },
        _ => first == second,
    }
}

/// Checks everything against the folders as they are.
fn confirmed(mut observed: Observed) -> Result<Observed, Unusable> {
    let bytes = |root: &Root| root.host.as_os_str().as_bytes().to_vec();
    let open = |root: &Root| OpenRoot::open(root).map_err(|error| Unusable::Io(bytes(root), error.to_string()));
    let roots = observed.roots.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    for differing in recheck(&roots, &observed.observations, 1) {
        let observation = &mut observed.observations[differing.at];
        let path = |observation: &Observation| match roots.get(observation.root as usize) {
            Some(root) => root.path(&observation.path),
            None => observation.path.clone(),
        };
        match differing.check {
            Check::Same => {}
            Check::SameContentNewIdentity(new) => observation.seen[differing.seen].set_identity(Some(new)),
            Check::Changed { what, .. } => return Err(Unusable::Changed(path(observation), what)),
            Check::Failed(why) => return Err(Unusable::Io(path(observation), why)),
        }
    }
    Ok(observed)
}
