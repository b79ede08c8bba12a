//! The standard streams of native programs: real files as they are, and everything else through real pipes.

use crate::lock;
use crate::process::descriptor::Descriptor;
use crate::process::pipe::End;
use crate::process::process::Process;
use glowplug_sys::abi::errno;
use rustix::event::{PollFd, PollFlags};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes that have to be carried between something of ours and a real pipe.
pub(super) struct Pump {
    ours: Descriptor,
    pub(super) real: Arc<RealEnd>,
    /// Whether the program writes to it.
    pub(super) out: bool,
}

/// Our end of a real pipe.
pub(super) struct RealEnd {
    file: File,
    /// Locked while bytes are on their way; whether no more will be.
    done: Mutex<bool>,
}

/// What the program is given for one of ours.
pub(super) fn real_stream(descriptor: &Descriptor, pumps: &mut Vec<Pump>) -> Result<OwnedFd, i32> {
    if let Some(file) = descriptor.hand_out()? {
        return Ok(file.try_clone().map_err(|_| errno::EMFILE)?.into());
    }
    let Some(end) = descriptor.carried() else {
        let null = File::options().read(true).write(true).open("/dev/null");
        return Ok(null.map_err(|_| errno::EMFILE)?.into());
    };
    let (reader, writer) = std::io::pipe().map_err(|_| errno::EMFILE)?;
    let (theirs, ours): (OwnedFd, File) = match end {
        End::Read => (reader.into(), File::from(OwnedFd::from(writer))),
        End::Write => (writer.into(), File::from(OwnedFd::from(reader))),
    };
    let real = Arc::new(RealEnd { file: ours, done: Mutex::new(false) });
    pumps.push(Pump { ours: Arc::clone(descriptor), real, out: end == End::Write });
    Ok(theirs)
}

impl Pump {
    /// Carries bytes until one of both sides ends.
    pub(super) fn run(self, process: &Process) {
        let mut buffer = vec![0; 64 << 10];
        if !self.out {
            while let Ok(got) = self.ours.read(process, &mut buffer)
                && got > 0
                && (&self.real.file).write_all(&buffer[..got]).is_ok()
            {}
            return;
        }
        loop {
            let mut readable = [PollFd::new(&self.real.file, PollFlags::IN)];
            let _ = rustix::event::poll(&mut readable, None);
            let mut done = lock(&self.real.done);
            let got = (&self.real.file).read(&mut buffer).unwrap_or(0);
            *done = got == 0 || !self.pass_on(process, &buffer[..got]);
            if *done {
                return;
            }
        }
    }

    /// Whether all of it could be written.
    fn pass_on(&self, process: &Process, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.ours.write(process, bytes) {
                Ok(count) if count > 0 => bytes = &bytes[count..],
                _ => return false,
            }
        }
        true
    }
}

impl RealEnd {
    /// Returns when what was written until now has arrived: whoever hears of the program's end may look for it, or write after it.
    pub(super) fn settle(&self) {
        loop {
            let done = lock(&self.done);
            if *done || rustix::io::ioctl_fionread(&self.file).is_ok_and(|left| left == 0) {
                return;
            }
            drop(done);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
