//! Large reads and writes, which are made in pieces so that their process can be ended meanwhile.
//!
//! A guest says how much it wants, up to 4 GiB a range and as many ranges as its memory has room for, and no file has to be there for
//! that: a hole of terabytes is read as fast as memory is filled.

use std::ops::Range;

/// So much is read or written between two looks whether the process is to end: a millisecond's work, and more than programs ask for
/// at once.
const PIECE: usize = 4 << 20;

/// Calls `each` for one piece after the other of `len` bytes, until one is not done in full; how much was done. A process that is to
/// end is given what there is: it sees nothing of it.
///
/// # Errors
/// What the first piece fails with. A later error is met again by the next call; `lost` is told of it.
pub(super) fn in_pieces(
    len: usize,
    lost: impl FnOnce(i32),
    mut each: impl FnMut(Range<usize>) -> Result<usize, i32>,
) -> Result<usize, i32> {
    let mut done = 0;
    loop {
        let end = len.min(done + PIECE);
        match each(done..end) {
            Ok(count) => done += count,
            Err(errno) if done == 0 => return Err(errno),
            Err(errno) => {
                lost(errno);
                return Ok(done);
            }
        }
        if done < end || done >= len || glowplug_fs::is_interrupted() {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn pieces_are_one_after_the_other_and_end_where_one_is_short() {
        let all = |short: usize| {
            let mut seen = Vec::new();
            let done = in_pieces(
                2 * PIECE + 5,
                |_| panic!("nothing is lost"),
                |part| {
                    seen.push(part.clone());
                    Ok(if seen.len() == short { 1 } else { part.len() })
                },
            );
            (done, seen)
        };
        let pieces = [0..PIECE, PIECE..2 * PIECE, 2 * PIECE..2 * PIECE + 5];
        assert_eq!(all(9), (Ok(2 * PIECE + 5), pieces.to_vec()));
        assert_eq!(all(2), (Ok(PIECE + 1), pieces[..2].to_vec()));
        assert_eq!(in_pieces(0, |_| (), |part| Ok(part.len())), Ok(0));
    }

    #[test]
    fn the_first_error_is_the_result_and_a_later_one_is_told() {
        assert_eq!(in_pieces(5, |_| panic!("it is the result"), |_| Err(7)), Err(7));
        let mut told = 0;
        let done = in_pieces(2 * PIECE, |errno| told = errno, |part| if part.start == 0 { Ok(PIECE) } else { Err(7) });
        assert_eq!((done, told), (Ok(PIECE), 7));
    }

    #[test]
    fn it_ends_with_whoever_it_is_done_for() {
        let ended = glowplug_fs::Deadline::after(Duration::ZERO).expect("a time");
        let _ended = glowplug_fs::interruptible(Arc::new(ended));
        assert_eq!(in_pieces(1 << 40, |_| (), |part| Ok(part.len())), Ok(PIECE));
    }
}
