//! An overlay's changes as a patch, in the format of git.

use std::{
    fs::File,
    io::{self, Read, Write},
    time::Duration,
};

use similar::{Algorithm, TextDiff};

use super::{
    Overlay, plain_result,
    report::{Difference, Wanted},
};
use crate::{FsError, Kind, Stat, beneath::Attempt};

/// Files larger than this are only said to differ.
const MAX_FILE: u64 = 1 << 20;
/// A line diff that takes longer than this becomes a coarser one.
const MAX_TIME: Duration = Duration::from_millis(500);
/// What a patch of all changes is cut at.
pub(crate) const MAX_PATCH: u64 = 32 << 20;

impl Overlay {
    /// Writes all changes, as long as less than [`MAX_PATCH`] bytes of contents went into `budget`.
    pub(crate) fn diff(&self, out: &mut impl Write, budget: &mut u64) -> io::Result<()> {
        let hidden = self.read();
        let differences = plain_result(self.differences(&hidden, Wanted::Differences)).map_err(io::Error::other)?;
        for (at, found) in differences.iter().enumerate() {
            if *budget == 0 {
                return writeln!(out, "# {} more changes are not shown", differences.len() - at);
            }
            self.entry(found, out, budget)?;
        }
        Ok(())
    }

    fn entry(&self, found: &Difference, out: &mut impl Write, budget: &mut u64) -> io::Result<()> {
        let path = self.guest_path(&found.path);
        let (a, b) = (named("a", &path), named("b", &path));
        out.write_all(&[b"diff --git ".as_slice(), &a, b" ", &b, b"\n"].concat())?;
        match (&found.before, &found.after) {
            (None, Some(after)) => writeln!(out, "new {} mode {:06o}", word(after), after.mode)?,
            (Some(before), None) => writeln!(out, "deleted {} mode {:06o}", word(before), before.mode)?,
            (Some(before), Some(after)) if before.mode != after.mode => {
                writeln!(out, "old mode {:06o}\nnew mode {:06o}", before.mode, after.mode)?;
            }
            _ => {}
        }
        let before = self.contents(&found.path, found.before.as_ref(), false);
        let after = self.contents(&found.path, found.after.as_ref(), true);
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (before, after),
            (before, after) => {
                let error = before.err().or(after.err()).map(|stop| plain_result::<()>(Err(stop)));
                let reason = error.and_then(Result::err).unwrap_or(FsError::new(crate::errno::EIO));
                return writeln!(out, "# cannot be read: {reason}");
            }
        };
        let a = if found.before.is_some() { a } else { b"/dev/null".to_vec() };
        let b = if found.after.is_some() { b } else { b"/dev/null".to_vec() };
        match (before, after) {
            (Contents::Text(before), Contents::Text(after)) => {
                *budget = budget.saturating_sub((before.len() + after.len()) as u64);
                if before == after {
                    return Ok(());
                }
                out.write_all(&[b"--- ".as_slice(), &a, b"\n+++ ", &b, b"\n"].concat())?;
                let diff = TextDiff::configure()
                    .algorithm(Algorithm::Myers)
                    .timeout(MAX_TIME)
                    .diff_lines(before.as_str(), after.as_str());
                write!(out, "{}", diff.unified_diff())
            }
            _ => out.write_all(&[b"Binary files ".as_slice(), &a, b" and ", &b, b" differ\n"].concat()),
        }
    }

    fn contents(&self, path: &[u8], side: Option<&Stat>, after: bool) -> Attempt<Contents> {
        let Some(stat) = side else { return Ok(Contents::Text(String::new())) };
        let bytes = match stat.kind {
            Kind::Symlink => self.side_target(path, after)?,
            Kind::File if stat.size > MAX_FILE => return Ok(Contents::Other),
            Kind::File => match self.side(path, after)? {
                Some(file) => read(file)?,
                None => return Ok(Contents::Other),
            },
            // A folder has none.
            _ => return Ok(Contents::Text(String::new())),
        };
        if bytes.contains(&0) {
            return Ok(Contents::Other);
        }
        Ok(String::from_utf8(bytes).map_or(Contents::Other, Contents::Text))
    }
}

/// What can be compared line by line, and what cannot.
enum Contents {
    Text(String),
    Other,
}

fn read(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // It may have grown meanwhile.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path as git writes it in a patch: one that could be taken for something else stands in quotes.
fn named(side: &str, path: &[u8]) -> Vec<u8> {
    let is_plain = |byte: &u8| !byte.is_ascii_control() && !matches!(byte, b'"' | b'\\');
    if path.iter().all(is_plain) {
        return [side.as_bytes(), path].concat();
    }
    let mut quoted = format!("\"{side}").into_bytes();
    for byte in path {
        match byte {
            b'\n' => quoted.extend_from_slice(b"\\n"),
            b'\t' => quoted.extend_from_slice(b"\\t"),
            b'\r' => quoted.extend_from_slice(b"\\r"),
            b'"' | b'\\' => quoted.extend_from_slice(&[b'\\', *byte]),
            byte if byte.is_ascii_control() => quoted.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

fn word(stat: &Stat) -> &'static str {
    if stat.kind == Kind::Directory { "directory" } else { "file" }
}
