//! A file of the host that is read under a trace: everything read of it is told to its watch.

use super::descriptor::{after, errno_of};
use super::pieces::in_pieces;
use crate::lock;
use glowplug_fs::{Stat, Watch};
use glowplug_sys::abi::errno;
use std::fs::File;
use std::io::SeekFrom;
use std::sync::Mutex;

/// An open file, and where it is read next.
#[derive(Debug)]
pub(crate) struct Observed {
    /// Both there until it is dropped.
    open: Option<(File, Watch)>,
    /// How large it was when it was opened. That it has grown since, whoever checks the trace will notice.
    size: u64,
    at: Mutex<Offset>,
}

/// Reads are told with their place, so the place is kept here, where asking for it costs nothing.
#[derive(Clone, Copy, Debug)]
enum Offset {
    /// With whether the last read came to the end, because it got less than it asked for or to where the end was at opening: then the
    /// next one, by which guests look for the end, need not ask again. The one after that does, for a guest that waits for more.
    Ours(u64, bool),
    /// Somebody else reads the file, too, and moves the kernel's offset.
    Kernels,
}

impl Observed {
    pub(crate) fn new(file: File, watch: Watch) -> Self {
        watch.will_be_closed();
        let size = watch.size_at_opening();
        Self { open: Some((file, watch)), size, at: Mutex::new(Offset::Ours(0, false)) }
    }

    pub(crate) fn file(&self) -> &File {
        &self.open().0
    }

    fn watch(&self) -> &Watch {
        &self.open().1
    }

    fn open(&self) -> &(File, Watch) {
        self.open.as_ref().expect("only dropping takes it")
    }

    /// Reads at the offset; 0 is the end.
    pub(crate) fn read(&self, out: &mut [u8]) -> Result<usize, i32> {
        let mut at = lock(&self.at);
        match &mut *at {
            Offset::Ours(offset, at_end) => {
                if std::mem::take(at_end) && !out.is_empty() {
                    self.watch().read(self.file(), *offset, &[]);
                    return Ok(0);
                }
                let got = self.read_at(out, *offset)?;
                *offset += got as u64;
                *at_end = 0 < got && (got < out.len() || *offset == self.size);
                Ok(got)
            }
            // All of it counts already.
            Offset::Kernels => {
                in_pieces(out.len(), |_| (), |part| rustix::io::read(self.file(), &mut out[part]).map_err(errno_of))
            }
        }
    }

    /// Reads elsewhere.
    pub(crate) fn read_at(&self, out: &mut [u8], offset: u64) -> Result<usize, i32> {
        in_pieces(
            out.len(),
            // What was not read is not in the trace, and whoever asks again hears of it.
            |_| (),
            |part| {
                let (at, out) = (after(offset, part.start)?, &mut out[part]);
                let got = rustix::io::pread(self.file(), &mut *out, at).map_err(errno_of)?;
                if !out.is_empty() {
                    self.watch().read(self.file(), at, &out[..got]);
                }
                Ok(got)
            },
        )
    }

    /// Moves the offset.
    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64, i32> {
        let mut at = lock(&self.at);
        let place = |to| rustix::fs::seek(self.file(), to).map_err(errno_of);
        match (&mut *at, to) {
            (Offset::Ours(offset, at_end), SeekFrom::Current(by)) => {
                *at_end &= by == 0;
                *offset = offset.checked_add_signed(by).filter(|to| i64::try_from(*to).is_ok()).ok_or(errno::EINVAL)?;
                Ok(*offset)
            }
            (Offset::Ours(offset, at_end), SeekFrom::Start(to)) => {
                *at_end = false;
                *offset = i64::try_from(to).map(|_| to).map_err(|_| errno::EINVAL)?;
                Ok(*offset)
            }
            // Where the end is tells how long the file is.
            (Offset::Ours(offset, at_end), SeekFrom::End(by)) => {
                *at_end = false;
                let size = self.stat()?.size;
                *offset = size.checked_add_signed(by).filter(|to| i64::try_from(*to).is_ok()).ok_or(errno::EINVAL)?;
                Ok(*offset)
            }
            (Offset::Kernels, SeekFrom::Start(to)) => place(rustix::fs::SeekFrom::Start(to)),
            (Offset::Kernels, SeekFrom::Current(by)) => place(rustix::fs::SeekFrom::Current(by)),
            (Offset::Kernels, SeekFrom::End(by)) => place(rustix::fs::SeekFrom::End(by)),
        }
    }

    /// What guests are told of it.
    pub(crate) fn stat(&self) -> Result<Stat, i32> {
        self.watch().stat(self.file()).map_err(|error| error.errno)
    }

    /// Lets somebody read the file itself, who will not tell what.
    pub(crate) fn hand_out(&self) -> Result<(), i32> {
        let mut at = lock(&self.at);
        self.watch().whole(self.file()).map_err(|_| errno::EIO)?;
        if let Offset::Ours(offset, _) = *at {
            rustix::fs::seek(self.file(), rustix::fs::SeekFrom::Start(offset)).map_err(errno_of)?;
            *at = Offset::Kernels;
        }
        Ok(())
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some((file, watch)) = self.open.take() {
            watch.close(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::descriptor::Description;
    use glowplug_fs::trace::Seen;
    use glowplug_fs::{Access, Mount, Namespace, OpenOptions, Opened, Settings, Trace};
    use std::io::Read as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    fn opened(dir: &Path) -> (Trace, File, Watch) {
        std::fs::write(dir.join("a"), "0123456789").unwrap();
        let trace = Trace::new(true);
        let mounts = vec![Mount { host: dir.to_owned(), guest: b"/m".to_vec(), access: Access::ReadOnly }];
        let settings = Settings { mounts, trace: Some(trace.clone()), ..Settings::default() };
        let files = Namespace::new(settings).unwrap();
        match files.open(b"/m/a", &OpenOptions::reading()).unwrap() {
            Opened::File(file, Some(watch), _) => (trace, file, watch),
            other => panic!("{other:?}"),
        }
    }

    /// How much was seen of the contents, and whether to the end.
    fn seen(trace: &Trace) -> Vec<(u64, bool)> {
        let observed = trace.finish().unwrap();
        let contents = observed.observations.iter().flat_map(|at| &at.seen).filter_map(|seen| match seen {
            Seen::Content { read, .. } => Some((read.len, read.end)),
            _ => None,
        });
        contents.collect()
    }

    #[test]
    fn what_is_read_is_noted_and_what_is_not_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (trace, file, watch) = opened(dir.path());
        let observed = Observed::new(file, watch);
        let mut two = [0; 2];
        assert_eq!((observed.read(&mut two), two), (Ok(2), *b"01"));
        assert_eq!(observed.seek(SeekFrom::Current(-1)), Ok(1));
        assert_eq!((observed.read(&mut two), two), (Ok(2), *b"12"));
        assert_eq!(observed.read(&mut []), Ok(0));
        assert_eq!(observed.seek(SeekFrom::Start(u64::MAX)), Err(errno::EINVAL));
        assert_eq!(observed.seek(SeekFrom::Current(-4)), Err(errno::EINVAL));
        assert_eq!(observed.seek(SeekFrom::Current(0)), Ok(3));
        assert_eq!(seen(&trace), [(3, false)]);
    }

    #[test]
    fn where_the_end_is_tells_the_size() {
        let dir = tempfile::tempdir().unwrap();
        let (trace, file, watch) = opened(dir.path());
        let observed = Observed::new(file, watch);
        assert_eq!(observed.seek(SeekFrom::End(-2)), Ok(8));
        let noted = trace.finish().unwrap();
        let is_size = |seen: &Seen| matches!(seen, Seen::Stat { stat, .. } if stat.size == 10);
        assert!(noted.observations.iter().any(|observation| observation.seen.iter().any(is_size)), "{noted:?}");
    }

    #[test]
    fn who_is_handed_the_file_goes_on_where_it_was_and_all_of_it_counts() {
        let dir = tempfile::tempdir().unwrap();
        let (trace, file, watch) = opened(dir.path());
        let observed = Observed::new(file, watch);
        let mut two = [0; 2];
        observed.read(&mut two).unwrap();
        observed.hand_out().unwrap();
        let mut theirs = [0; 3];
        observed.file().read_exact(&mut theirs).unwrap();
        assert_eq!((&theirs, observed.read(&mut two), two), (b"234", Ok(2), *b"56"));
        assert_eq!(observed.seek(SeekFrom::Current(0)), Ok(7));
        assert_eq!(seen(&trace), [(10, true)]);
    }

    #[test]
    fn times_of_what_may_only_be_read_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (_trace, file, watch) = opened(dir.path());
        let before = file.metadata().unwrap();
        let now = rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 };
        let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
        let plain = Description::host(file.try_clone().unwrap(), true, false);
        let traced = Description::traced(file, watch, true, false);
        for descriptor in [plain, traced] {
            assert_eq!(descriptor.set_times(&times), Err(errno::EPERM));
        }
        let after = std::fs::metadata(dir.path().join("a")).unwrap();
        assert_eq!((after.mtime_nsec(), after.ctime_nsec()), (before.mtime_nsec(), before.ctime_nsec()));
    }
}
