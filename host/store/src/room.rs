//! Room for what comes from outside. A size that a file tells is asked for, never taken: an allocation that fails ends the
//! whole program, and one that does not may still be more than anybody wanted.

use std::io::{self, ErrorKind, Read};

/// An empty vector with room for `bytes`.
///
/// # Errors
/// When there is no such memory.
pub fn with_room(bytes: u64) -> io::Result<Vec<u8>> {
    let bytes = usize::try_from(bytes).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    let mut vector = Vec::new();
    vector.try_reserve_exact(bytes).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    Ok(vector)
}

/// Reads exactly `bytes`, in one call where the reader has them.
///
/// # Errors
/// When there is no memory for them, or the reader ends before; and what reading fails with.
pub fn read_exactly(reader: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    let mut vector = with_room(bytes)?;
    vector.resize(vector.capacity().min(usize::try_from(bytes).unwrap_or(usize::MAX)), 0);
    reader.read_exact(&mut vector)?;
    Ok(vector)
}

/// Reads to the end, `expected` bytes or so, and no more than `most`; `None` when there are more.
///
/// # Errors
/// When there is no memory for them, and what reading fails with.
pub fn read_at_most(reader: &mut impl Read, expected: u64, most: u64) -> io::Result<Option<Vec<u8>>> {
    if expected > most {
        return Ok(None);
    }
    // One byte of room more, so that the end is met without growing.
    let mut vector = with_room(expected.saturating_add(1))?;
    reader.take(most.saturating_add(1)).read_to_end(&mut vector)?;
    Ok((vector.len() as u64 <= most).then_some(vector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_memory_for_is_an_error() {
        assert_eq!(with_room(8 << 40).map(drop).map_err(|error| error.kind()).err(), Some(ErrorKind::OutOfMemory));
        assert!(read_exactly(&mut io::repeat(0), u64::MAX).is_err());
    }

    #[test]
    fn more_than_the_most_is_not_read() {
        assert_eq!(read_at_most(&mut &b"12345"[..], 5, 5).expect("read"), Some(b"12345".to_vec()));
        assert_eq!(read_at_most(&mut &b"12345"[..], 0, 4).expect("read"), None);
        assert_eq!(read_at_most(&mut io::repeat(0), 9 << 40, 4).expect("read"), None);
        assert_eq!(read_exactly(&mut &b"12345"[..], 3).expect("read"), b"123");
        assert!(read_exactly(&mut &b"12"[..], 3).is_err());
    }
}
