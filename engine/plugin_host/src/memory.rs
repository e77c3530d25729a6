//! Memory that a plugin may make its batches in, because others can read it as it is.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use tanda_memory::Blocks;
use tanda_plugin::abi::{Lent, MemoryTable, wants_memory};

/// Shared memory, as plugins see it.
#[derive(Debug)]
pub struct Memory(MemoryTable);

// SAFETY: its context is a `Blocks` that lives as long as the process and is used by reference
// only, which any thread may do.
unsafe impl Sync for Memory {}

impl Memory {
    /// Offers these blocks to plugins. They are kept for the life of the process: what a plugin has
    /// allocated, it may free at any time (S7).
    pub fn keep(blocks: Blocks) -> &'static Self {
        let blocks: &'static Blocks = Box::leak(Box::new(blocks));
        let (base, bytes) = blocks.range();
        Box::leak(Box::new(Self(MemoryTable {
            context: ptr::from_ref(blocks).cast_mut().cast(),
            base: base.cast(),
            bytes: bytes as u64,
            allocate,
            free,
        })))
    }

    /// Memory for this program to make batches in, with [`lend`](Self::lend); none if it would be
    /// of no use, because the program has no [`shared_memory!`](crate::shared_memory) or has other
    /// memory already.
    pub fn for_this_program(blocks: impl FnOnce() -> Blocks) -> Option<&'static Self> {
        wants_memory().then(|| Self::keep(blocks()))
    }

    /// Runs `make`. Large blocks that it allocates on this thread lie in this memory, as long as
    /// there is room, wherever and whenever they are freed.
    pub fn lend<T>(&'static self, make: impl FnOnce() -> T) -> T {
        // SAFETY: made by `keep`.
        let _lent = unsafe { Lent::from(&self.0) };
        make()
    }

    pub(crate) fn table(&self) -> &MemoryTable {
        &self.0
    }
}

unsafe extern "C" fn allocate(context: *mut c_void, bytes: u64, align: u64) -> *mut c_void {
    // SAFETY: the context is what `keep` leaked (S7).
    let blocks = unsafe { &*context.cast::<Blocks>() };
    let block = blocks.allocate(bytes as usize, align as usize);
    block.map_or(ptr::null_mut(), NonNull::as_ptr).cast()
}

unsafe extern "C" fn free(context: *mut c_void, block: *mut c_void) {
    // SAFETY: the context is what `keep` leaked (S7).
    let blocks = unsafe { &*context.cast::<Blocks>() };
    // What is no block is the plugin's mistake; the books are right all the same.
    blocks.free(block.cast_const().cast());
}
