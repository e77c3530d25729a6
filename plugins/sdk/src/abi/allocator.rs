//! The global allocator of a plugin: what it makes for its output lies in shared memory at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::marker::PhantomData;
use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::{HostTable, MemoryTable};

/// Smaller blocks are copied faster than they are looked up.
const BYTES_MIN: usize = 4 << 10;

/// The first memory that was shared with this library or program; null until then.
static MEMORY: AtomicPtr<MemoryTable> = AtomicPtr::new(ptr::null_mut());

/// Whether the allocator below was ever asked for a large block.
static IS_USED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread is in a call that makes batches. What is made in other calls is state:
    /// it would take room in shared memory for nothing.
    static IS_LENT: Cell<bool> = const { Cell::new(false) };
}

/// Takes note of the memory that the host shares.
///
/// # Safety
/// The table is a host's, as `open` gets it (S1, S7), perhaps of an older one.
pub(super) unsafe fn take_memory(host: *const HostTable) {
    // SAFETY: every host's table has its size, and what lies within it.
    let memory = unsafe {
        let is_there = (*host).struct_size as usize > offset_of!(HostTable, memory);
        if is_there { (*host).memory } else { ptr::null() }
    };
    // Another memory is not taken: one address range has to tell whose a block is.
    let (none, memory) = (ptr::null_mut(), memory.cast_mut());
    let _ = MEMORY.compare_exchange(none, memory, Ordering::AcqRel, Ordering::Relaxed);
}

/// Whether this program has [`SharedMemory`] for its allocator, and no memory to use it with yet.
pub fn wants_memory() -> bool {
    drop(black_box(Vec::<u8>::with_capacity(BYTES_MIN)));
    IS_USED.load(Ordering::Relaxed) && memory().is_none()
}

fn memory() -> Option<&'static MemoryTable> {
    // SAFETY: null, or a table that lives as long as the process (S7).
    unsafe { MEMORY.load(Ordering::Acquire).as_ref() }
}

/// While it lives, large blocks that this thread allocates lie in the host's memory.
#[derive(Debug)]
pub struct Lent {
    before: bool,
    /// It is about the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Lent {
    pub(super) fn for_this_call() -> Self {
        Self { before: IS_LENT.replace(memory().is_some()), _not_send: PhantomData }
    }

    /// Lends memory of this very program, if it was the first to be shared.
    ///
    /// # Safety
    /// The memory is one that a host shares (S7).
    pub unsafe fn from(shared: &'static MemoryTable) -> Self {
        let (none, shared) = (ptr::null_mut(), ptr::from_ref(shared).cast_mut());
        let taken = MEMORY.compare_exchange(none, shared, Ordering::AcqRel, Ordering::Acquire);
        let is_ours = taken.is_ok() || taken == Err(shared);
        Self { before: IS_LENT.replace(is_ours), _not_send: PhantomData }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        IS_LENT.set(self.before);
    }
}

/// The allocator that [`shared_memory!`](crate::shared_memory) installs.
///
/// Blocks of 4 KiB and more that are allocated in `process` and `finish`, on the thread of the
/// call, come from the memory that the host shares, if it shares any and as long as there is room.
/// All others come from the system. Where a block goes back to is seen by its address, on whatever
/// thread and whenever that is.
#[derive(Debug, Default)]
pub struct SharedMemory;

/// A block of the host's memory, if that is lent to this thread now.
fn lent_block(layout: Layout) -> Option<*mut u8> {
    if layout.size() < BYTES_MIN {
        return None;
    }
    if !IS_LENT.get() {
        IS_USED.store(true, Ordering::Relaxed);
        return None;
    }
    let memory = memory()?;
    let (bytes, align) = (layout.size() as u64, layout.align() as u64);
    // SAFETY: a function and the context of a memory that lives as long as the process (S7).
    let block = without_lending(|| unsafe { (memory.allocate)(memory.context, bytes, align) });
    (!block.is_null()).then_some(block.cast())
}

/// Calls the host, whose books take memory, too: in its own program from this very allocator, while
/// they are locked.
fn without_lending<T>(call: impl FnOnce() -> T) -> T {
    let before = IS_LENT.replace(false);
    let result = call();
    IS_LENT.set(before);
    result
}

/// The host's memory, if the block lies in it.
fn owner_of(block: *mut u8) -> Option<&'static MemoryTable> {
    let memory = memory()?;
    let offset = block.addr().wrapping_sub(memory.base.addr());
    ((offset as u64) < memory.bytes).then_some(memory)
}

// SAFETY: a block comes from the host's memory, where it belongs to the caller and is as large and
// aligned as asked for (S7), or from the system, and it goes back to where it lies.
unsafe impl GlobalAlloc for SharedMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the contract of this function.
        lent_block(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match lent_block(layout) {
            Some(block) => {
                // SAFETY: the block is as large (S7); it was used before.
                unsafe { block.write_bytes(0, layout.size()) };
                block
            }
            // SAFETY: by the contract of this function.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match owner_of(block) {
            // SAFETY: a block of this memory, which its owner gives back (S7).
            Some(memory) => without_lending(|| unsafe {
                (memory.free)(memory.context, block.cast());
            }),
            // SAFETY: by the contract of this function; all other blocks are the system's.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        let is_lent = owner_of(block).is_some();
        // What shrinks a little keeps its place: the host knows how large the block is.
        if is_lent && bytes <= layout.size() && bytes >= layout.size() / 2 {
            return block;
        }
        // SAFETY: by the contract of this function.
        let wanted = unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) };
        let moved = match lent_block(wanted) {
            Some(moved) => moved,
            // SAFETY: by the contract of this function, a block of the system's.
            None if !is_lent => return unsafe { System.realloc(block, layout, bytes) },
            // SAFETY: as above; the size is not zero.
            None => unsafe { System.alloc(wanted) },
        };
        if !moved.is_null() {
            // SAFETY: both blocks are as large, and different; the old one is given up.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(bytes));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}
