//! Requests, as [`glowplug_sys::abi::request`] lays them out. Guests may write anything: whatever does not fit is `EINVAL`.

use glowplug_sys::abi::errno;

/// What the texts of a request may take, each with a pointer to it and a NUL, before it is `E2BIG`: Linux's own figure for
/// arguments and variables together, where a stack may have 8 MiB.
const MAX_BYTES: usize = 2 << 20;
/// The longest path. Longer than Linux's, because guests put their folder before relative paths.
pub(crate) const MAX_PATH: usize = 64 << 10;
/// More descriptors than any process may have.
const MAX_DESCRIPTORS: usize = 1 << 20;

/// Reads fields one after another.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    /// What the texts of lists may still take.
    left: usize,
}

impl<'b> Reader<'b> {
    /// Reads from the beginning.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, left: MAX_BYTES }
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Result<u32, i32> {
        let (number, rest) = self.bytes.split_first_chunk().ok_or(errno::EINVAL)?;
        self.bytes = rest;
        Ok(u32::from_le_bytes(*number))
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'b [u8], i32> {
        let len = self.number()? as usize;
        let (text, rest) = self.bytes.split_at_checked(len).ok_or(errno::EINVAL)?;
        self.bytes = rest;
        Ok(text)
    }

    /// A text of which a copy is kept: `E2BIG` when all of these take too much.
    pub(crate) fn kept(&mut self) -> Result<Vec<u8>, i32> {
        let text = self.text()?;
        self.left = self.left.checked_sub(text.len() + 1 + size_of::<usize>()).ok_or(errno::E2BIG)?;
        Ok(text.to_vec())
    }

    /// A path.
    fn path(&mut self) -> Result<Vec<u8>, i32> {
        let path = self.text()?;
        if path.len() > MAX_PATH { Err(errno::ENAMETOOLONG) } else { Ok(path.to_vec()) }
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self) -> Result<Vec<Vec<u8>>, i32> {
        let count = self.number()? as usize;
        // No capacity in advance: the count is only what the guest says.
        (0..count).map(|_| self.kept()).collect()
    }
}

/// What `spawn` was asked for.
#[derive(Debug)]
pub(crate) struct SpawnRequest {
    pub(crate) foreground: bool,
    pub(crate) program: Vec<u8>,
    pub(crate) cwd: Vec<u8>,
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    /// The child's number, and the caller's handle.
    pub(crate) descriptors: Vec<(u32, i32)>,
}

impl SpawnRequest {
    /// Reads a request.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, i32> {
        let mut reader = Reader::new(bytes);
        let flags = reader.number()?;
        let program = reader.path()?;
        let cwd = reader.path()?;
        let (args, env) = (reader.texts()?, reader.texts()?);
        let count = reader.number()? as usize;
        if count > MAX_DESCRIPTORS {
            return Err(errno::EINVAL);
        }
        let descriptors =
            (0..count).map(|_| Ok((reader.number()?, reader.number()? as i32))).collect::<Result<Vec<_>, i32>>()?;
        if !program.starts_with(b"/") || !cwd.starts_with(b"/") || args.is_empty() {
            return Err(errno::EINVAL);
        }
        let has_nul = |text: &Vec<u8>| text.contains(&0);
        if has_nul(&program) || has_nul(&cwd) || args.iter().chain(&env).any(has_nul) {
            return Err(errno::EINVAL);
        }
        let foreground = flags & glowplug_sys::abi::request::FOREGROUND != 0;
        Ok(Self { foreground, program, cwd, args, env, descriptors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[&[u8]]) -> Result<SpawnRequest, i32> {
        SpawnRequest::read(&fields.concat())
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let n = |number: u32| number.to_le_bytes();
        assert_eq!(request(&[]).unwrap_err(), errno::EINVAL);
        assert_eq!(request(&[&n(1), &n(u32::MAX), b"/x"]).unwrap_err(), errno::EINVAL);
        assert_eq!(request(&[&n(1), &n(2), b"/x", &n(1), b"/", &n(u32::MAX)]).unwrap_err(), errno::EINVAL);
        assert_eq!(request(&[&n(1), &n(2), b"/x", &n(1), b"/", &n(9), &n(1), b"x"]).unwrap_err(), errno::EINVAL);
        let good = [&n(1)[..], &n(2), b"/x", &n(1), b"/", &n(1), &n(1), b"x", &n(0), &n(1), &n(3), &n(7)];
        let read = request(&good).unwrap();
        assert_eq!((read.foreground, read.descriptors), (true, vec![(3, 7)]));
        assert_eq!(request(&good[..11]).unwrap_err(), errno::EINVAL);
    }

    #[test]
    fn texts_have_a_bound_together() {
        let n = |number: usize| (number as u32).to_le_bytes();
        let with = |args: &[&[u8]], env: &[&[u8]]| {
            let mut bytes = [&n(0)[..], &n(2), b"/x", &n(1), b"/"].concat();
            for texts in [args, env] {
                bytes.extend(n(texts.len()));
                texts.iter().for_each(|text| bytes.extend([&n(text.len())[..], text].concat()));
            }
            bytes.extend(n(0));
            SpawnRequest::read(&bytes)
        };
        let half = vec![b'x'; MAX_BYTES / 2 - 100];
        assert!(with(&[&half], &[&half]).is_ok());
        assert_eq!(with(&[&half, b"0123456789012345678901234567890"], &[&half, &half]).unwrap_err(), errno::E2BIG);
        assert_eq!(with(&vec![&b""[..]; MAX_BYTES / 8], &[]).unwrap_err(), errno::E2BIG);
    }

    #[test]
    fn paths_have_a_bound() {
        let n = |number: usize| (number as u32).to_le_bytes();
        let long = [b"/", &vec![b'x'; MAX_PATH][..]].concat();
        let request = [&n(0)[..], &n(long.len()), &long, &n(1), b"/"].concat();
        assert_eq!(SpawnRequest::read(&request).unwrap_err(), errno::ENAMETOOLONG);
    }
}
