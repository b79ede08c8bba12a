//! Contents of files in bulk: copied and compared piece after piece, holes as holes.
//!
//! A guest makes a file of terabytes with one call, of which nothing is on the disk. So what is asked first is where
//! data is; and between the pieces, whether somebody wants it to end.

use std::{fs::File, io, os::unix::fs::FileExt};

use glowplug_store::Digest;
use rustix::{fs::SeekFrom, io::Errno};

use crate::interrupt;

/// What is copied by one call of the kernel, and read at a time where the kernel cannot copy.
const PIECE: u64 = 4 << 20;
const BUFFER: usize = 256 << 10;

/// Where data is in a file, among the first `len` bytes.
pub(crate) struct Extents<'f> {
    file: &'f File,
    at: u64,
    len: u64,
}

impl<'f> Extents<'f> {
    pub(crate) fn of(file: &'f File, len: u64) -> Self {
        Extents { file, at: 0, len }
    }

    /// The next one, from and to; nothing when only a hole is left. Moves the file's offset.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, u64)>> {
        if self.at >= self.len {
            return Ok(None);
        }
        let from = match rustix::fs::seek(self.file, SeekFrom::Data(self.at)) {
            Ok(from) => from,
            Err(Errno::NXIO) => self.len,
            // Where nobody knows of holes, everything is data.
            Err(Errno::INVAL | Errno::NOTSUP) => self.at,
            Err(error) => return Err(error.into()),
        };
        if from >= self.len {
            self.at = self.len;
            return Ok(None);
        }
        let to = match rustix::fs::seek(self.file, SeekFrom::Hole(from)) {
            Ok(to) if to > from => to.min(self.len),
            Ok(_) | Err(Errno::INVAL | Errno::NOTSUP | Errno::NXIO) => self.len,
            Err(error) => return Err(error.into()),
        };
        self.at = to;
        Ok(Some((from, to)))
    }
}

/// Copies the first `len` bytes of a file into an empty one, which is then so long. `room` is asked before so many bytes
/// more are on the disk. Moves the offsets of both.
///
/// # Errors
/// `EINTR` when somebody wants it to end, what `room` says, and what the host's calls fail with; `UnexpectedEof` when
/// the file is shorter.
pub(crate) fn copy(from: &File, to: &File, len: u64, room: &mut dyn FnMut(u64) -> Result<(), Errno>) -> io::Result<()> {
    interrupt::check()?;
    let found = rustix::fs::fstat(from)?;
    let size = u64::try_from(found.st_size).unwrap_or(0);
    if size < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if size == len && len > 0 {
        // Blocks that are shared count as if they were not: whoever writes to one of the files takes them anew.
        room(u64::try_from(found.st_blocks).unwrap_or(0).saturating_mul(512))?;
        if rustix::fs::ioctl_ficlone(to, from).is_ok() {
            return Ok(());
        }
    }
    let mut copier = Copier { from, to, by_kernel: true, buffer: Vec::new() };
    let mut extents = Extents::of(from, len);
    while let Some((mut at, end)) = extents.next()? {
        while at < end {
            interrupt::check()?;
            let piece = PIECE.min(end - at);
            room(piece)?;
            at += copier.piece(at, piece)?;
        }
    }
    rustix::fs::ftruncate(to, len)?;
    Ok(())
}

/// Copies the first `len` bytes of a file into an empty one, which is then so long. Holes stay holes, and where the file
/// system can share blocks it does. Moves the offsets of both.
///
/// # Errors
/// `EINTR` when whoever it is done for wants it to end ([`interruptible`](crate::interruptible)), and what the host's
/// calls fail with; `UnexpectedEof` when the file is shorter.
pub fn copy_contents(from: &File, to: &File, len: u64) -> io::Result<()> {
    copy(from, to, len, &mut |_| Ok(()))
}

/// The BLAKE3 digest of the first `len` bytes of a file.
///
/// # Errors
/// As for [`copy_contents`].
pub fn hash_contents(file: &File, len: u64) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    let mut at = 0;
    while at < len {
        interrupt::check()?;
        let piece = usize::try_from(len - at).unwrap_or(usize::MAX).min(BUFFER);
        file.read_exact_at(&mut buffer[..piece], at)?;
        hasher.update(&buffer[..piece]);
        at += piece as u64;
    }
    Ok(hasher.finalize().into())
}

/// Whether the first `len` bytes of two files are the same. False if one is shorter. Moves the offsets of both.
///
/// # Errors
/// As for [`copy_contents`].
pub fn same_contents(a: &File, b: &File, len: u64) -> io::Result<bool> {
    equal(a, b, len)
}

struct Copier<'f> {
    from: &'f File,
    to: &'f File,
    by_kernel: bool,
    buffer: Vec<u8>,
}

impl Copier<'_> {
    /// Copies at most so much from one place to the same: how much.
    fn piece(&mut self, at: u64, len: u64) -> io::Result<u64> {
        if self.by_kernel {
            let (mut from_at, mut to_at) = (at, at);
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            match rustix::fs::copy_file_range(self.from, Some(&mut from_at), self.to, Some(&mut to_at), len) {
                Ok(copied) if copied > 0 => return Ok(copied as u64),
                Err(Errno::INTR) => return Ok(0),
                Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => return Err(error.into()),
                // Two file systems, or one that cannot; and some say that they have copied nothing.
                _ => self.by_kernel = false,
            }
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(BUFFER);
        self.buffer.resize(BUFFER, 0);
        let bytes = &mut self.buffer[..len];
        self.from.read_exact_at(bytes, at)?;
        // Where nobody knows of holes, a long run of zeros is taken for one.
        if bytes.iter().any(|byte| *byte != 0) {
            self.to.write_all_at(bytes, at)?;
        }
        Ok(len as u64)
    }
}

/// Whether the first `len` bytes of two files are the same. False if one is shorter. Moves the offsets of both.
///
/// # Errors
/// `EINTR` when somebody wants it to end, and what the host's calls fail with.
pub(crate) fn equal(a: &File, b: &File, len: u64) -> io::Result<bool> {
    let is_long_enough = |file: &File| rustix::fs::fstat(file).map(|found| found.st_size as u64 >= len);
    if !is_long_enough(a)? || !is_long_enough(b)? {
        return Ok(false);
    }
    let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
    let (mut of_a, mut of_b) = (Extents::of(a, len), Extents::of(b, len));
    let (mut next_a, mut next_b) = (of_a.next()?, of_b.next()?);
    // Wherever either has data.
    let mut at = 0;
    loop {
        let begins = [next_a, next_b].into_iter().flatten().map(|(from, _)| from.max(at)).min();
        let Some(begin) = begins else { return Ok(true) };
        let inside = |next: Option<(u64, u64)>| next.filter(|(from, _)| *from <= begin).map(|(_, to)| to);
        let end = inside(next_a).max(inside(next_b)).unwrap_or(len);
        if !equal_between(a, b, begin, end, &mut from_a, &mut from_b)? {
            return Ok(false);
        }
        at = end;
        while next_a.is_some_and(|(_, to)| to <= at) {
            next_a = of_a.next()?;
        }
        while next_b.is_some_and(|(_, to)| to <= at) {
            next_b = of_b.next()?;
        }
    }
}

fn equal_between(
    a: &File,
    b: &File,
    mut at: u64,
    end: u64,
    from_a: &mut Vec<u8>,
    from_b: &mut Vec<u8>,
) -> io::Result<bool> {
    while at < end {
        interrupt::check()?;
        let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(BUFFER);
        from_a.resize(len, 0);
        from_b.resize(len, 0);
        for (file, bytes) in [(a, &mut *from_a), (b, &mut *from_b)] {
            match file.read_exact_at(bytes, at) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                read => read?,
            }
        }
        if from_a != from_b {
            return Ok(false);
        }
        at += len as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Seek, Write},
        os::unix::fs::MetadataExt,
        sync::Arc,
        time::Duration,
    };

    use super::*;

    /// A file of this length with some data at these places.
    fn sparse(len: u64, at: &[u64]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        for at in at {
            file.seek(io::SeekFrom::Start(*at)).expect("sought");
            file.write_all(&[7; 5000]).expect("written");
        }
        file.set_len(len).expect("made so long");
        file
    }

    fn copied(from: &File, len: u64) -> File {
        let to = tempfile::tempfile().expect("a file");
        copy(from, &to, len, &mut |_| Ok(())).expect("copied");
        to
    }

    const TIB: u64 = 1 << 40;

    #[test]
    fn a_hole_stays_a_hole_however_long() {
        let from = sparse(8 * TIB, &[0, 3 * TIB, 8 * TIB - 5000]);
        let to = copied(&from, 8 * TIB);
        assert_eq!(to.metadata().expect("there").len(), 8 * TIB);
        assert!(to.metadata().expect("there").blocks() * 512 < 1 << 20);
        assert!(equal(&from, &to, 8 * TIB).expect("compared"));
        let hole = copied(&sparse(TIB, &[]), TIB);
        assert_eq!((hole.metadata().expect("there").len(), hole.metadata().expect("there").blocks()), (TIB, 0));
    }

    #[test]
    fn differences_are_found_wherever_the_holes_are() {
        let data = sparse(TIB, &[TIB / 2]);
        for other in [&[][..], &[TIB / 2 + 1], &[TIB / 4, TIB / 2]] {
            assert!(!equal(&data, &sparse(TIB, other), TIB).expect("compared"), "{other:?}");
            assert!(!equal(&sparse(TIB, other), &data, TIB).expect("compared"), "{other:?}");
        }
        assert!(!equal(&data, &sparse(TIB - 1, &[TIB / 2]), TIB).expect("compared"));
        // Zeros that are written are the same as a hole.
        let mut zeros = tempfile::tempfile().expect("a file");
        zeros.write_all(&[0; 100_000]).expect("written");
        assert!(equal(&zeros, &sparse(100_000, &[]), 100_000).expect("compared"));
        assert!(equal(&sparse(100_000, &[]), &zeros, 100_000).expect("compared"));
        assert!(!equal(&sparse(100_000, &[95_000]), &zeros, 100_000).expect("compared"));
    }

    #[test]
    fn a_part_is_copied_and_no_more() {
        let from = sparse(20_000, &[0, 10_000]);
        let to = copied(&from, 12_345);
        assert_eq!(to.metadata().expect("there").len(), 12_345);
        assert!(equal(&from, &to, 12_345).expect("compared"));
        let to = tempfile::tempfile().expect("a file");
        let error = copy(&from, &to, 20_001, &mut |_| Ok(())).expect_err("it is shorter");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn who_wants_it_to_end_is_asked() {
        let from = sparse(1 << 20, &[0]);
        let to = tempfile::tempfile().expect("a file");
        let _end = interrupt::interruptible(Arc::new(interrupt::Deadline::after(Duration::ZERO).expect("now")));
        let error = copy(&from, &to, 1 << 20, &mut |_| Ok(())).expect_err("interrupted");
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        assert_eq!(equal(&from, &from, 1 << 20).expect_err("interrupted").kind(), io::ErrorKind::Interrupted);
    }
}
