//! The memory of a process as it was at a fork, which the process and its copies share until one of them writes to a page.
//!
//! Unix's fork marks every page of a process as shared, and copies a page when somebody writes to it. Guests' memories are
//! mappings of one host process, so the same is built from what the kernel offers to one: an *image* is a sealed memory file that
//! holds a guest's memory; parent and children map it privately, and the kernel copies a page when it is written to. What a
//! process changed since is what the kernel no longer takes from the file, which `/proc/self/pagemap` tells page by page.

use crate::account::Charge;
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, OnceLock};

/// What is copied and asked for at once: the kernel's smallest page.
const PAGE: usize = 4096;
/// How much moves into an image before the memory is mapped to it: for so much both exist at once.
const CHUNK: usize = 4 << 20;

/// A guest's memory at one moment. Nobody can change it.
#[derive(Debug)]
pub(crate) struct Image {
    file: File,
    /// Its length in bytes, a multiple of [`PAGE`].
    len: usize,
    /// Which pages have contents; the others are zeros.
    filled: Vec<bool>,
    /// Its bytes, for who has to compare with them.
    mapped: OnceLock<Option<Mapping>>,
    /// Its bytes in the session's account.
    _charge: Charge,
}

/// How a process's memory relates to the image that it shares.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    image: Arc<Image>,
    /// Where the memory was when it was mapped to the image; none if it has pages of its own with the same contents.
    mapped_at: Option<usize>,
    /// Bytes that forks have copied since the image was made.
    copied: usize,
}

/// Why no image could be made or mapped.
#[derive(Debug)]
pub(crate) enum ImageError {
    /// Nothing was changed.
    Refused(io::Error),
    /// The memory is partly mapped to something that nobody keeps track of: its process must end.
    Lost(io::Error),
}

/// Which pages of a memory have contents of their own, as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// Never touched, or given back: what is mapped there says what it holds.
    Absent,
    /// Read from the file that is mapped there, and not written to.
    OfFile,
    /// Of this process alone.
    Own,
}

/// What the kernel says of pages, or nothing where it does not.
#[derive(Debug)]
pub(crate) struct Pagemap(Option<File>);

impl Pagemap {
    /// Of this process.
    pub(crate) fn of_self() -> &'static Self {
        static OF_SELF: OnceLock<Pagemap> = OnceLock::new();
        // The bits that are looked at have had this meaning since Linux 3.5. Where pages may be larger, contents are compared.
        let known = cfg!(target_arch = "x86_64");
        OF_SELF.get_or_init(|| Self(File::open("/proc/self/pagemap").ok().filter(|_| known)))
    }

    /// What is said of each page of `memory`.
    fn pages(&self, memory: &[u8]) -> Option<Vec<Page>> {
        const PRESENT: u64 = 1 << 63;
        const SWAPPED: u64 = 1 << 62;
        const OF_FILE: u64 = 1 << 61;
        let first = memory.as_ptr() as usize / PAGE;
        let mut words = vec![0; memory.len() / PAGE * size_of::<u64>()];
        self.0.as_ref()?.read_exact_at(&mut words, (first * size_of::<u64>()) as u64).ok()?;
        let page = |word: &[u8]| {
            let word = u64::from_ne_bytes(word.try_into().unwrap_or_default());
            if word & (PRESENT | SWAPPED) == 0 {
                Page::Absent
            } else if word & OF_FILE != 0 {
                Page::OfFile
            } else {
                Page::Own
            }
        };
        Some(words.chunks_exact(size_of::<u64>()).map(page).collect())
    }
}

/// How an image is made.
pub(crate) struct Making {
    /// Whether the memory is mapped to it, and gives up its own pages.
    pub(crate) remap: bool,
    /// What its pages are charged to.
    pub(crate) charge: Charge,
}

impl Shared {
    /// Makes an image of `memory`.
    ///
    /// # Safety
    /// With `making.remap`, `memory` must be all of a guest's linear memory, in a mapping that is private to it, that nobody resets
    /// to something else in place, and that is unmapped at its end. Nobody may access it meanwhile.
    ///
    /// `initial` bytes at its beginning may hold contents though nobody has touched them: the module's own data.
    #[expect(unsafe_code, reason = "only the caller knows whose memory it is")]
    pub(crate) unsafe fn make(
        memory: &mut [u8],
        initial: usize,
        before: Option<&Self>,
        making: Making,
        pagemap: &Pagemap,
    ) -> Result<Self, ImageError> {
        let Making { remap, charge } = making;
        let pages = pagemap.pages(memory);
        let filled_before =
            before.filter(|before| before.is_mapped(memory)).map_or(&[][..], |before| &before.image.filled);
        let count = memory.len() / PAGE;
        let initial = initial.div_ceil(PAGE);
        // Untouched pages are zeros, but for the module's own data and for what an image is mapped to.
        let needed = |at: usize| {
            at < initial
                || filled_before.get(at).is_some_and(|filled| *filled)
                || pages.as_ref().is_none_or(|pages| pages[at] != Page::Absent)
        };
        let file = rustix::fs::memfd_create("glowplug-fork", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
        let file = File::from(file.map_err(|error| ImageError::Refused(error.into()))?);
        file.set_len(memory.len() as u64).map_err(ImageError::Refused)?;
        let mut filled = vec![false; count];
        let mut failed = None;
        for chunk in chunks(count, CHUNK / PAGE) {
            for at in chunk.clone() {
                filled[at] = needed(at) && memory[at * PAGE..(at + 1) * PAGE].iter().any(|&byte| byte != 0);
            }
            let written = runs(chunk.clone(), |at| filled[at]).try_for_each(|run| {
                let bytes = run.start * PAGE..run.end * PAGE;
                file.write_all_at(&memory[bytes.clone()], bytes.start as u64)
            });
            let bytes = chunk.start * PAGE..chunk.end * PAGE;
            let mapped = written.and_then(|()| {
                if !remap {
                    return Ok(());
                }
                // SAFETY: the range is in the caller's memory, and the file holds the same contents there, zeros where nothing
                // was written.
                unsafe { map(&file, bytes.start, &mut memory[bytes.clone()]) }
            });
            if let Err(error) = mapped {
                failed =
                    Some(if remap && bytes.start > 0 { ImageError::Lost(error) } else { ImageError::Refused(error) });
                break;
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
        // A seal only guards against mistakes: nobody else has the file.
        let _ = rustix::fs::fcntl_add_seals(&file, seals);
        let image = Image { file, len: memory.len(), filled, mapped: OnceLock::new(), _charge: charge };
        let mapped_at = remap.then_some(memory.as_ptr() as usize);
        Ok(Self { image: Arc::new(image), mapped_at, copied: 0 })
    }

    /// Gives a copy's `memory`, which is as long as the image or longer, the image's contents.
    ///
    /// # Safety
    /// As for [`make`](Self::make).
    #[expect(unsafe_code, reason = "only the caller knows whose memory it is")]
    pub(crate) unsafe fn map_into(&self, memory: &mut [u8]) -> Result<Self, ImageError> {
        let Some(place) = memory.get_mut(..self.image.len) else {
            return Err(ImageError::Refused(io::ErrorKind::InvalidInput.into()));
        };
        // SAFETY: the caller's promise.
        unsafe { map(&self.image.file, 0, place) }.map_err(ImageError::Lost)?;
        Ok(Self { image: Arc::clone(&self.image), mapped_at: Some(memory.as_ptr() as usize), copied: 0 })
    }

    /// Where `memory`, the process's own, from `from` on no longer is what the image holds.
    pub(crate) fn changes(&self, memory: &[u8], from: usize, pagemap: &Pagemap) -> io::Result<Vec<Range<usize>>> {
        let count = memory.len() / PAGE;
        let pages = pagemap.pages(memory);
        let mapped = self.is_mapped(memory);
        let compared = if mapped && pages.is_some() { None } else { Some(self.image.bytes()?) };
        let changed = |at: usize| {
            let page = pages.as_ref().map(|pages| pages[at]);
            if page == Some(Page::Absent) && (mapped || at >= self.image.filled.len()) {
                return false;
            }
            match compared {
                None => page == Some(Page::Own),
                Some(image) => {
                    let bytes = at * PAGE..(at + 1) * PAGE;
                    let now = &memory[bytes.clone()];
                    image.get(bytes).map_or_else(|| now.iter().any(|&byte| byte != 0), |then| now != then)
                }
            }
        };
        let ranges = runs(from / PAGE..count, changed);
        Ok(ranges.map(|run| (run.start * PAGE).max(from)..run.end * PAGE).collect())
    }

    /// Notes that a fork copied so many bytes of changes.
    pub(crate) fn copied(&mut self, bytes: usize) {
        self.copied += bytes;
    }

    /// Whether it is time for a new image. When copies have cost as much as an image does, making one at most doubles what forks
    /// have cost so far.
    pub(crate) fn is_stale(&self) -> bool {
        self.copied > self.image.len
    }

    fn is_mapped(&self, memory: &[u8]) -> bool {
        // A memory that had to move when it grew has pages of its own.
        self.mapped_at == Some(memory.as_ptr() as usize)
    }
}

impl Image {
    fn bytes(&self) -> io::Result<&[u8]> {
        let mapping = self.mapped.get_or_init(|| Mapping::of(&self.file, self.len).ok());
        mapping.as_ref().map(Mapping::bytes).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }
}

/// The image's file, mapped for reading.
#[derive(Debug)]
struct Mapping {
    at: usize,
    len: usize,
}

impl Mapping {
    #[expect(unsafe_code, reason = "a mapping is made")]
    fn of(file: &File, len: usize) -> io::Result<Self> {
        // SAFETY: the kernel chooses a place that nobody uses.
        let at = unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)? };
        Ok(Self { at: at as usize, len })
    }

    #[expect(unsafe_code, reason = "a mapping is read")]
    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is there as long as `self`, and the file is sealed: nobody changes it.
        unsafe { std::slice::from_raw_parts(self.at as *const u8, self.len) }
    }
}

impl Drop for Mapping {
    #[expect(unsafe_code, reason = "a mapping is removed")]
    fn drop(&mut self) {
        // SAFETY: nobody has its bytes any more.
        let _ = unsafe { rustix::mm::munmap(self.at as *mut _, self.len) };
    }
}

/// Maps `place` to `file` from `offset` on, privately.
///
/// # Safety
/// `place` must be in a mapping that is its owner's to replace.
#[expect(unsafe_code, reason = "a mapping is replaced")]
unsafe fn map(file: &File, offset: usize, place: &mut [u8]) -> io::Result<()> {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the caller's promise.
    unsafe { rustix::mm::mmap(place.as_mut_ptr().cast(), place.len(), protection, flags, file, offset as u64)? };
    Ok(())
}

/// `0..count`, in ranges of at most `size`.
fn chunks(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(size).map(move |at| at..(at + size).min(count))
}

/// The longest ranges within `range` all of whose members are `wanted`.
fn runs(range: Range<usize>, mut wanted: impl FnMut(usize) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        while at < range.end && !wanted(at) {
            at += 1;
        }
        let start = at;
        if start == range.end {
            return None;
        }
        at += 1;
        while at < range.end && wanted(at) {
            at += 1;
        }
        // The one at `at`, if there is one, is known not to be wanted.
        let end = at;
        at = (at + 1).min(range.end);
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, Bound, Limit};

    /// A private mapping, as a guest's memory is one.
    struct Memory(*mut u8, usize);

    impl Memory {
        #[expect(unsafe_code, reason = "a mapping is made")]
        fn new(pages: usize) -> Self {
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: the kernel chooses a place that nobody uses.
            let at = unsafe {
                rustix::mm::mmap_anonymous(std::ptr::null_mut(), pages * PAGE, protection, MapFlags::PRIVATE)
            };
            Self(at.expect("a mapping").cast(), pages * PAGE)
        }

        #[expect(unsafe_code, reason = "a mapping is read and written")]
        fn bytes(&mut self) -> &mut [u8] {
            // SAFETY: it is there as long as `self`, which is borrowed.
            unsafe { std::slice::from_raw_parts_mut(self.0, self.1) }
        }
    }

    impl Drop for Memory {
        #[expect(unsafe_code, reason = "a mapping is removed")]
        fn drop(&mut self) {
            // SAFETY: nobody has its bytes any more.
            let _ = unsafe { rustix::mm::munmap(self.0.cast(), self.1) };
        }
    }

    #[expect(unsafe_code, reason = "the memories are this test's own")]
    fn make(memory: &mut Memory, before: Option<&Shared>, remap: bool, pagemap: &Pagemap) -> Shared {
        let account = Arc::new(Account::new(Limit::MemoryTotal, Bound::or_part(Some(1 << 30), 1)));
        let charge = account.charge(memory.1 as u64).expect("far below the limit");
        // SAFETY: nobody else has it.
        unsafe { Shared::make(memory.bytes(), PAGE, before, Making { remap, charge }, pagemap) }.expect("an image")
    }

    #[expect(unsafe_code, reason = "the memories are this test's own")]
    fn copy(shared: &Shared, parent: &mut Memory, from: usize, pagemap: &Pagemap) -> Memory {
        let changes = shared.changes(parent.bytes(), from, pagemap).expect("compared");
        let mut child = Memory::new(parent.1 / PAGE);
        // SAFETY: nobody else has it.
        unsafe { shared.map_into(child.bytes()) }.expect("mapped");
        for range in changes {
            child.bytes()[range.clone()].copy_from_slice(&parent.bytes()[range.clone()]);
        }
        child
    }

    fn ways() -> [(bool, Pagemap); 4] {
        let known = || Pagemap(File::open("/proc/self/pagemap").ok());
        [(true, known()), (false, known()), (true, Pagemap(None)), (false, Pagemap(None))]
    }

    #[test]
    fn a_copy_is_like_its_parent_and_both_go_their_own_ways() {
        for (remap, pagemap) in ways() {
            // More than one chunk, most of it untouched.
            let pages = CHUNK / PAGE * 2 + 3;
            let mut parent = Memory::new(pages);
            for at in [0, 1, 7, 1023, 1024, 1500, pages - 1] {
                parent.bytes()[at * PAGE + 5] = at as u8 | 1;
            }
            let before = parent.bytes().to_vec();
            let shared = make(&mut parent, None, remap, &pagemap);
            assert!(parent.bytes() == &before[..], "an image changes nothing");
            assert!(shared.changes(parent.bytes(), 0, &pagemap).unwrap().is_empty());

            parent.bytes()[3 * PAGE] = 3;
            parent.bytes()[1024 * PAGE + 5] = 0;
            let mut child = copy(&shared, &mut parent, 0, &pagemap);
            assert!(child.bytes() == parent.bytes());
            child.bytes()[2 * PAGE] = 1;
            assert_eq!(parent.bytes()[2 * PAGE], 0);
            parent.bytes()[7 * PAGE + 5] = 0;
            assert_eq!(child.bytes()[7 * PAGE + 5], 7);

            // A copy of the copy, and a new image of what changed.
            let of_child = Shared { mapped_at: Some(child.0 as usize), ..shared.clone() };
            let mut grandchild = copy(&of_child, &mut child, 0, &pagemap);
            assert!(grandchild.bytes() == child.bytes());
            let before = parent.bytes().to_vec();
            let again = make(&mut parent, Some(&shared), remap, &pagemap);
            assert!(parent.bytes() == &before[..]);
            drop(shared);
            parent.bytes()[pages / 2 * PAGE] = 9;
            let mut last = copy(&again, &mut parent, 0, &pagemap);
            assert!(last.bytes() == parent.bytes());
        }
    }

    #[test]
    fn what_grew_since_is_a_change_and_what_is_not_in_use_is_none() {
        for (remap, pagemap) in ways() {
            let mut parent = Memory::new(16);
            parent.bytes()[..8 * PAGE].fill(1);
            // The first half is all there was.
            let (len, whole) = (8 * PAGE, parent.1);
            parent.1 = len;
            let shared = make(&mut parent, None, remap, &pagemap);
            parent.1 = whole;
            parent.bytes()[12 * PAGE] = 1;
            parent.bytes()[0] = 2;
            let changes = shared.changes(parent.bytes(), PAGE / 2, &pagemap).unwrap();
            assert_eq!(changes, [PAGE / 2..PAGE, 12 * PAGE..13 * PAGE]);
            let mut child = copy(&shared, &mut parent, PAGE / 2, &pagemap);
            assert!(child.bytes()[PAGE / 2..] == parent.bytes()[PAGE / 2..]);
        }
    }

    #[test]
    fn copies_that_cost_as_much_as_an_image_make_it_stale() {
        let mut parent = Memory::new(4);
        let mut shared = make(&mut parent, None, false, &Pagemap(None));
        shared.copied(3 * PAGE);
        assert!(!shared.is_stale());
        shared.copied(2 * PAGE);
        assert!(shared.is_stale());
    }

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        let of = |text: &str| runs(0..text.len(), |at| text.as_bytes()[at] == b'x').collect::<Vec<_>>();
        assert_eq!(of(""), []);
        assert_eq!(of("..."), []);
        assert_eq!(of("xx.x..xxx"), [0..2, 3..4, 6..9]);
        assert_eq!(of(".x..x"), [1..2, 4..5]);
    }
}
