//! Doing again what a run did, without running.

use glowplug_calls::Chunk;
use glowplug_fs::{Contents, Mount, Namespace, Settings, State, Written, same_contents};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::io::{self, Read as _, Seek as _};

/// Puts what was written where it belongs, through the policy of these mounts: all of it, or nothing; in words, why it cannot be.
pub(crate) fn commit(mounts: &[Mount], written: &[Written]) -> Result<(), String> {
    if written.is_empty() {
        return Ok(());
    }
    let settings = Settings { mounts: mounts.to_vec(), private_tmp: false, ..Settings::default() };
    let namespace = Namespace::new(settings).map_err(|error| error.to_string())?;
    namespace.commit(written).map(drop).map_err(|error| error.to_string())
}

/// Writes both streams in their order. Who does not read any more is told nothing more.
pub(crate) fn print(output: &[Chunk]) {
    let mut closed = [false; 2];
    for chunk in output {
        let second = chunk.stream == 2;
        let stream = if second { rustix::stdio::stderr() } else { rustix::stdio::stdout() };
        if !closed[usize::from(second)] {
            closed[usize::from(second)] = !write_all(stream, &chunk.bytes);
        }
    }
}

fn write_all(stream: BorrowedFd<'_>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(stream, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut polled = [rustix::event::PollFd::new(&stream, rustix::event::PollFlags::OUT)];
                let _ = rustix::event::poll(&mut polled, None);
            }
            Err(_) => return false,
        }
    }
    true
}

/// What differs first between two lists of what was written.
pub(crate) fn first_written_difference(kept: &[Written], fresh: &[Written]) -> Option<String> {
    let name = |written: &Written| String::from_utf8_lossy(&written.path).into_owned();
    let at = |list: &[Written], one: &Written| {
        list.iter().position(|other| (&other.mount, &other.path) == (&one.mount, &one.path))
    };
    if let Some(missing) = kept.iter().find(|one| at(fresh, one).is_none()) {
        return Some(format!("{} was kept as written, and was not", name(missing)));
    }
    for one in fresh {
        let Some(at) = at(kept, one) else { return Some(format!("{} was written, and not kept", name(one))) };
        if let Some(difference) = state_difference(&kept[at].state, &one.state) {
            return Some(format!("{}: {difference}", name(one)));
        }
    }
    None
}

fn state_difference(kept: &State, fresh: &State) -> Option<String> {
    let differ = |what: &str, kept: String, fresh: String| Some(format!("{what} {kept} was kept, it was {fresh}"));
    match (kept, fresh) {
        (State::Removed, State::Removed) => None,
        (State::Directory { mode: a }, State::Directory { mode: b }) if a == b => None,
        (State::Link { target: a }, State::Link { target: b }) if a == b => None,
        (State::File { mode: a, .. }, State::File { mode: b, .. }) if a != b => {
            differ("permissions", format!("{a:o}"), format!("{b:o}"))
        }
        (
            State::File { contents: Contents::File(a, len), .. },
            State::File { contents: Contents::File(b, other), .. },
        ) => match same_contents(a, b, *len) {
            Ok(true) if len == other => None,
            Ok(_) => Some(format!("contents differ ({len} bytes were kept, it was {other})")),
            Err(error) => Some(format!("contents cannot be compared: {error}")),
        },
        (State::File { contents: a, .. }, State::File { contents: b, .. }) if a.len() != b.len() => {
            Some(format!("contents differ ({} bytes were kept, it was {})", a.len(), b.len()))
        }
        (State::File { contents: a, .. }, State::File { contents: b, .. }) => match (bytes(a), bytes(b)) {
            (Ok(a), Ok(b)) if a == b => None,
            (Ok(a), Ok(b)) => {
                let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
                Some(format!("contents differ from byte {at} on ({} bytes were kept, it was {})", a.len(), b.len()))
            }
            (Err(error), _) | (_, Err(error)) => Some(format!("contents cannot be compared: {error}")),
        },
        (kept, fresh) => differ("kind", kind(kept).to_owned(), kind(fresh).to_owned()),
    }
}

fn bytes(contents: &Contents) -> io::Result<Vec<u8>> {
    match contents {
        Contents::Bytes(bytes) => Ok(bytes.clone()),
        Contents::File(file, _) => {
            let (mut file, mut bytes) = (file, Vec::new());
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        }
    }
}

fn kind(state: &State) -> &'static str {
    match state {
        State::Removed => "nothing",
        State::Directory { .. } => "a folder",
        State::Link { .. } => "a link",
        State::File { .. } => "a file",
    }
}
