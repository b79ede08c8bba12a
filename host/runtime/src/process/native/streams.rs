//! The standard streams of native programs: real files as they are, and everything else through real pipes.

use crate::lock;
use crate::process::descriptor::Descriptor;
use crate::process::launch::said;
use crate::process::pipe::End;
use crate::process::process::Process;
use crate::process::session::Session;
use glowplug_sys::abi::{errno, signal};
use rustix::event::{PollFd, PollFlags};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Bytes that have to be carried between something of ours and a real pipe.
pub(super) struct Pump {
    ours: Descriptor,
    pub(super) real: Arc<RealEnd>,
    /// Whether the program writes to it.
    pub(super) out: bool,
}

/// Our end of a real pipe. Locked while bytes are on their way; closed when no more will be, so that whoever holds the other end hears of
/// it.
pub(super) struct RealEnd(Mutex<Option<Arc<File>>>);

/// What the program is given for one of ours, as its descriptor of that number.
pub(super) fn real_stream(number: i32, descriptor: &Descriptor, pumps: &mut Vec<Pump>) -> Result<OwnedFd, i32> {
    // What may be written is counted by us.
    let counted = descriptor.is_counted().then_some(if number == 0 { End::Read } else { End::Write });
    if counted.is_none()
        && let Some(file) = descriptor.hand_out()?
    {
        return Ok(file.try_clone().map_err(|_| errno::EMFILE)?.into());
    }
    let Some(end) = counted.or_else(|| descriptor.carried()) else {
        let null = File::options().read(true).write(true).open("/dev/null");
        return Ok(null.map_err(|_| errno::EMFILE)?.into());
    };
    let (reader, writer) = std::io::pipe().map_err(|_| errno::EMFILE)?;
    let (theirs, ours): (OwnedFd, File) = match end {
        End::Read => (reader.into(), File::from(OwnedFd::from(writer))),
        End::Write => (writer.into(), File::from(OwnedFd::from(reader))),
    };
    let real = Arc::new(RealEnd(Mutex::new(Some(Arc::new(ours)))));
    pumps.push(Pump { ours: Arc::clone(descriptor), real, out: end == End::Write });
    Ok(theirs)
}

impl Pump {
    /// Carries bytes until one of both sides ends. A fault of the host's in this ends the process, which would wait for them.
    pub(super) fn run_guarded(self, session: &Session, process: &Process) {
        let real = Arc::clone(&self.real);
        let carried = real.until_closed(|file| self.run(session, process, file));
        if let Err(fault) = carried {
            session.faulted(process, &said(&*fault));
            process.signal(signal::KILL);
        }
    }

    fn run(self, session: &Session, process: &Process, file: &File) {
        let mut buffer = vec![0; 64 << 10];
        if !self.out {
            while let Ok(got) = self.ours.read(process, &mut buffer)
                && got > 0
                && { file }.write_all(&buffer[..got]).is_ok()
            {}
            return;
        }
        loop {
            let mut readable = [PollFd::new(file, PollFlags::IN)];
            let _ = rustix::event::poll(&mut readable, None);
            let _on_their_way = lock(&self.real.0);
            let got = { file }.read(&mut buffer).unwrap_or(0);
            if got == 0 || !self.pass_on(session, process, &buffer[..got]) {
                return;
            }
        }
    }

    /// Whether all of it could be written.
    fn pass_on(&self, session: &Session, process: &Process, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.ours.write(process, bytes) {
                Ok(count) if count > 0 => bytes = &bytes[count..],
                Err(errno::EFBIG) => {
                    session.look_at_output();
                    return false;
                }
                _ => return false,
            }
        }
        true
    }
}

impl RealEnd {
    /// Does `work` with it, and closes it then, also when the work panics: nobody is to wait for what it was to carry.
    fn until_closed(&self, work: impl FnOnce(&File)) -> thread::Result<()> {
        let Some(file) = lock(&self.0).clone() else { return Ok(()) };
        let result = catch_unwind(AssertUnwindSafe(|| work(&file)));
        *lock(&self.0) = None;
        result
    }

    /// Returns when what was written until now has arrived: whoever hears of the program's end may look for it, or write after it.
    pub(super) fn settle(&self) {
        loop {
            let file = lock(&self.0);
            if file.as_ref().is_none_or(|file| rustix::io::ioctl_fionread(file).is_ok_and(|left| left == 0)) {
                return;
            }
            drop(file);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_what_a_panic_left_behind() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"never read").expect("written");
        let real = RealEnd(Mutex::new(Some(Arc::new(File::from(OwnedFd::from(reader))))));
        let work = |_: &File| {
            let _locked = lock(&real.0);
            panic!("of the test's own");
        };
        assert!(real.until_closed(work).is_err());
        real.settle();
        let error = writer.write_all(b"more").expect_err("nobody reads it any more");
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    }
}
