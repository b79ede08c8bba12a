//! The allocator, as Rust and as C ask for it.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::{Cell, UnsafeCell};
use core::ffi::{CStr, c_char, c_int};
use core::ptr::null_mut;
use dlmalloc::{Allocator, Dlmalloc};

const PAGE: usize = 64 << 10;
/// What dlmalloc asks for is a multiple of this.
const GRANULARITY: usize = 4 << 10;
/// What C's `malloc` aligns to.
const ALIGN: usize = 2 * size_of::<usize>();
/// `ENOMEM`, as wasi-libc numbers it.
const OUT_OF_MEMORY: c_int = 48;

unsafe extern "C" {
    /// Where the linker put the end of the guest's data.
    static __heap_base: u8;
}

/// The memory behind the guest's data, handed out from below: as Unix's `sbrk` does, and no more than is wanted, because the
/// allocator writes to the end of what it gets.
struct Memory {
    /// Where what is not handed out begins; 0 before the first call.
    next: Cell<usize>,
    /// Where it ends.
    end: Cell<usize>,
}

impl Memory {
    const fn new() -> Self {
        Self { next: Cell::new(0), end: Cell::new(0) }
    }

    /// Makes room for `size` bytes; false when memory is full.
    fn make_room(&self, size: usize) -> bool {
        if self.next.get() == 0 {
            self.next.set(&raw const __heap_base as usize);
            self.end.set(memory_size(0) * PAGE);
        }
        let missing = size.saturating_sub(self.end.get() - self.next.get());
        if missing == 0 {
            return true;
        }
        let pages = missing.div_ceil(PAGE);
        let before = memory_grow(0, pages);
        if before == usize::MAX || before + pages > usize::MAX / PAGE {
            // Memory is full, or would be to its very last byte, behind which no pointer can point.
            return false;
        }
        if before * PAGE != self.end.get() {
            // Somebody else has grown it meanwhile, and owns what lies between.
            self.next.set(before * PAGE);
            self.end.set((before + pages) * PAGE);
            return self.make_room(size);
        }
        self.end.set((before + pages) * PAGE);
        true
    }
}

// SAFETY: every byte is handed out once. Nobody else takes what lies behind the data, because the C library's `malloc`, whose it
// would be, is replaced below. Nothing is given back or moved.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if !self.make_room(size) {
            return (null_mut(), 0, 0);
        }
        let (next, end) = (self.next.get(), self.end.get());
        // In steps that grow with the heap, so that a large one does not take thousands.
        let heap = next - &raw const __heap_base as usize;
        let size = size.max(heap / 16 & !(GRANULARITY - 1)).min(end - next);
        self.next.set(next + size);
        (next as *mut u8, size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// The allocator, with a list of free blocks for each size that Rust asks for all the time: it says on `dealloc` how large a
/// block is, so putting one back and taking it again are a few instructions each, without looking at its neighbours.
struct Heap {
    large: UnsafeCell<Dlmalloc<Memory>>,
    small: [Cell<*mut u8>; CLASSES + 1],
}

/// How many sizes have lists; those of C's blocks and of larger ones are dlmalloc's business.
const CLASSES: usize = 16;
/// What the blocks of one class are larger than those of the one before, in dlmalloc's own reckoning: with `HEADER`.
const STEP: usize = 16;
const HEADER: usize = size_of::<usize>();

// SAFETY: a guest has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    large: UnsafeCell::new({
        let mut heap = Dlmalloc::new_with_allocator(Memory::new());
        // By default it asks for whole pages of WebAssembly's.
        assert!(heap.set_granularity(GRANULARITY));
        heap
    }),
    small: [const { Cell::new(null_mut()) }; CLASSES + 1],
};

impl Heap {
    #[expect(clippy::mut_from_ref, reason = "only for the length of one call, and the allocator calls nobody back")]
    fn large(&self) -> &mut Dlmalloc<Memory> {
        // SAFETY: one thread, and no call is made within another.
        unsafe { &mut *self.large.get() }
    }

    /// The class of a block, if it has one. A block of a class is large enough for every layout of that class.
    fn class(layout: Layout) -> Option<usize> {
        let class = (layout.size() + HEADER).div_ceil(STEP);
        (class <= CLASSES && layout.align() <= ALIGN).then_some(class)
    }

    /// What dlmalloc is asked for.
    fn size(layout: Layout) -> usize {
        Self::class(layout).map_or(layout.size(), |class| class * STEP - HEADER)
    }
}

// Never inlined: dlmalloc's paths are long, and each place that allocates would hold a copy of them.
//
// SAFETY: blocks are dlmalloc's, which promises what is asked for here, or come back from a list of blocks of their class, where
// they were put when their owner gave them up.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(class) = Self::class(layout) {
            let block = self.small[class].get();
            if !block.is_null() {
                // SAFETY: a block in a list holds the next one in its first word.
                self.small[class].set(unsafe { block.cast::<*mut u8>().read() });
                return block;
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.large().malloc(Self::size(layout), layout.align()) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(class) = Self::class(layout) {
            // SAFETY: it is nobody's any more, and larger than a pointer.
            unsafe { block.cast::<*mut u8>().write(self.small[class].get()) };
            self.small[class].set(block);
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { self.large().free(block, layout.size(), layout.align()) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Self::class(layout), Self::class(new)) {
            // SAFETY: the caller's promise.
            (None, None) => unsafe { self.large().realloc(block, layout.size(), layout.align(), size) },
            (before, after) if before == after => block,
            // By way of the lists. What dlmalloc moved would not come back to the list that it was taken from: whatever grows in
            // steps, as vectors do, would take new memory each time, and the list of the size that it ends with would grow for ever.
            _ => {
                // SAFETY: the caller's promise; both blocks are at least as large as the smaller of the two sizes.
                unsafe {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(block, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    // SAFETY: any size will do.
    unsafe { HEAP.large().c_malloc(size) }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    let Some(size) = count.checked_mul(size) else { return null_mut() };
    // SAFETY: any size will do.
    unsafe { HEAP.large().calloc(size, ALIGN) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut u8) {
    if !block.is_null() {
        // SAFETY: the caller's promise.
        unsafe { HEAP.large().c_free(block) }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        return malloc(size);
    }
    // SAFETY: the caller's promise.
    unsafe { HEAP.large().c_realloc(block, size) }
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut u8 {
    if !align.is_power_of_two() {
        return null_mut();
    }
    // SAFETY: the alignment is one.
    unsafe { HEAP.large().c_memalign(align, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(out: *mut *mut u8, align: usize, size: usize) -> c_int {
    let block = aligned_alloc(align, size);
    if block.is_null() {
        return OUT_OF_MEMORY;
    }
    // SAFETY: the caller's promise.
    unsafe { out.write(block) };
    0
}

/// Here because a C library may have its own within, over its own `malloc`, and what it makes must be free for our `free`.
#[unsafe(no_mangle)]
unsafe extern "C" fn strdup(text: *const c_char) -> *mut u8 {
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes_with_nul();
    let copy = malloc(text.len());
    if !copy.is_null() {
        // SAFETY: just allocated, with this length.
        unsafe { copy.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    }
    copy
}
