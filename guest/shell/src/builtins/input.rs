//! Reads lines without taking more from a descriptor than the line: what follows belongs to other commands. Files are
//! read in blocks and sought back; everything else comes byte by byte.

use glowplug_sys::{Errno, Handle, abi};
use std::time::{Duration, Instant};

/// Large enough for nearly all lines, small enough that reading it again for each line costs little.
const BLOCK: usize = 1024;

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the delimiter, which was taken.
    Delimiter,
    /// There are as many characters as wanted.
    Count,
    File,
    TimedOut,
    Failed(Errno),
}

/// A descriptor to read from.
pub struct Input {
    handle: Handle,
    seekable: bool,
    deadline: Option<Instant>,
    /// A block of a seekable file, or what was given back, and how much of it was used.
    block: Vec<u8>,
    used: usize,
}

impl Input {
    pub fn new(handle: Handle, timeout: Option<Duration>) -> Result<Self, Errno> {
        let bits = glowplug_sys::describe(handle)?;
        let seekable = bits & abi::describe::SEEKABLE != 0 && bits & abi::describe::TERMINAL == 0;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(Self { handle, seekable, deadline, block: Vec::new(), used: 0 })
    }

    /// Reads at once; only for those who take everything up to the end.
    pub fn read_all(&mut self, out: &mut Vec<u8>) -> Result<(), Errno> {
        let mut buf = vec![0; 1 << 16];
        loop {
            match glowplug_sys::read(self.handle, &mut buf) {
                Ok(0) => return Ok(()),
                Ok(count) => out.extend_from_slice(buf.get(..count).unwrap_or_default()),
                Err(Errno(abi::errno::EINTR)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes bytes up to the delimiter, which is not appended.
    pub fn line(&mut self, out: &mut Vec<u8>, delimiter: u8) -> End {
        if !self.seekable {
            loop {
                match self.byte() {
                    Ok(byte) if byte == delimiter => return End::Delimiter,
                    Ok(byte) => out.push(byte),
                    Err(end) => return end,
                }
            }
        }
        loop {
            let rest = self.block.get(self.used..).unwrap_or_default();
            if let Some(position) = rest.iter().position(|&byte| byte == delimiter) {
                out.extend_from_slice(&rest[..position]);
                self.used += position + 1;
                return End::Delimiter;
            }
            out.extend_from_slice(rest);
            if let Err(end) = self.fill() {
                return end;
            }
        }
    }

    /// Takes one byte.
    pub fn byte(&mut self) -> Result<u8, End> {
        loop {
            if let Some(&byte) = self.block.get(self.used) {
                self.used += 1;
                return Ok(byte);
            }
            if !self.seekable {
                break;
            }
            self.fill()?;
        }
        let mut byte = [0];
        loop {
            if let Some(deadline) = self.deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                match glowplug_sys::poll(self.handle, Some(left)) {
                    Ok(true) => {}
                    Ok(false) | Err(Errno(abi::errno::EINTR)) if left.is_zero() => return Err(End::TimedOut),
                    Ok(false) | Err(Errno(abi::errno::EINTR)) => continue,
                    Err(error) => return Err(End::Failed(error)),
                }
            }
            return match glowplug_sys::read(self.handle, &mut byte) {
                Ok(0) => Err(End::File),
                Ok(_) => Ok(byte[0]),
                Err(error) => Err(End::Failed(error)),
            };
        }
    }

    /// Reads the next block of a file; the one before is used up.
    fn fill(&mut self) -> Result<(), End> {
        self.used = 0;
        self.block.resize(BLOCK, 0);
        let result = glowplug_sys::read(self.handle, &mut self.block);
        self.block.truncate(*result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) => Err(End::File),
            Ok(_) => Ok(()),
            Err(error) => Err(End::Failed(error)),
        }
    }

    /// Takes back what was read when a signal came, to be read again.
    pub fn unread(&mut self, bytes: Vec<u8>) {
        let rest = self.block.split_off(self.used.min(self.block.len()));
        self.block = bytes;
        self.block.extend(rest);
        self.used = 0;
    }

    /// Gives back what was read too much.
    pub fn finish(&mut self) {
        let surplus = self.block.len().saturating_sub(self.used);
        if surplus > 0 && self.seekable {
            // The handle is seekable, and the offset is within what was read.
            let _ = glowplug_sys::seek(self.handle, -(surplus as i64), 1);
        }
        self.block.clear();
        self.used = 0;
    }
}
