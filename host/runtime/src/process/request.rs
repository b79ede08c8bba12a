//! Requests, as [`glowplug_sys::abi::request`] lays them out. Guests may write anything: whatever does not fit is `EINVAL`.

use glowplug_sys::abi::errno;

/// More than this of texts in one list is `E2BIG`.
const MAX_TEXTS: usize = 1 << 20;

/// Reads fields one after another.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    /// A number.
    pub(crate) fn number(&mut self) -> Result<u32, i32> {
        let (number, rest) = self.0.split_first_chunk().ok_or(errno::EINVAL)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*number))
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'b [u8], i32> {
        let len = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(len).ok_or(errno::EINVAL)?;
        self.0 = rest;
        Ok(text)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self) -> Result<Vec<Vec<u8>>, i32> {
        let count = self.number()? as usize;
        if count > MAX_TEXTS {
            return Err(errno::E2BIG);
        }
        // No capacity in advance: the count is only what the guest says.
        (0..count).map(|_| self.text().map(<[u8]>::to_vec)).collect()
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
        let mut reader = Reader(bytes);
        let flags = reader.number()?;
        let program = reader.text()?.to_vec();
        let cwd = reader.text()?.to_vec();
        let (args, env) = (reader.texts()?, reader.texts()?);
        let count = reader.number()? as usize;
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
        assert_eq!(request(&[&n(1), &n(2), b"/x", &n(1), b"/", &n(u32::MAX)]).unwrap_err(), errno::E2BIG);
        assert_eq!(request(&[&n(1), &n(2), b"/x", &n(1), b"/", &n(9), &n(1), b"x"]).unwrap_err(), errno::EINVAL);
        let good = [&n(1)[..], &n(2), b"/x", &n(1), b"/", &n(1), &n(1), b"x", &n(0), &n(1), &n(3), &n(7)];
        let read = request(&good).unwrap();
        assert_eq!((read.foreground, read.descriptors), (true, vec![(3, 7)]));
        assert_eq!(request(&good[..11]).unwrap_err(), errno::EINVAL);
    }
}
