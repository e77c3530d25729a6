//! One range of an arena: written by its owner, then frozen into a buffer.

use std::fmt;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use arrow::buffer::Buffer;
use offset_allocator::Allocation;

use crate::books::{ALIGNMENT, Books};

/// A range of a segment that belongs to its holder alone (M3). Freed when it is dropped, on any
/// thread.
pub struct Extent {
    books: Arc<Books>,
    /// None for no bytes, which take no memory.
    allocation: Option<Allocation<u32>>,
    bytes: usize,
}

impl Extent {
    pub(crate) fn new(
        books: Arc<Books>,
        allocation: Option<Allocation<u32>>,
        bytes: usize,
    ) -> Self {
        Self { books, allocation, bytes }
    }

    /// Where it begins in its segment, a multiple of [`ALIGNMENT`]; 0 if it has no bytes.
    pub fn offset(&self) -> u64 {
        self.allocation.map_or(0, |allocation| u64::from(allocation.offset) * ALIGNMENT as u64)
    }

    /// Its memory, which holds what was there before.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the range is inside the mapping, which lives as long as the books, and belongs to
        // this extent alone (M1, M3); memory of a file is always initialised.
        unsafe { slice::from_raw_parts_mut(self.pointer().as_ptr(), self.bytes) }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        // SAFETY: as for `as_mut_slice`.
        unsafe { slice::from_raw_parts(self.pointer().as_ptr(), self.bytes) }
    }

    /// Ends the writing: an Arrow buffer over the range, which is freed with its last clone.
    pub fn freeze(self) -> Buffer {
        if self.bytes == 0 {
            return Buffer::default();
        }
        let (pointer, bytes) = (self.pointer(), self.bytes);
        // SAFETY: the range is valid and unchanged until the extent is dropped, which the buffer
        // does (M3, M4).
        unsafe { Buffer::from_custom_allocation(pointer, bytes, Arc::new(self)) }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn pointer(&self) -> NonNull<u8> {
        if self.bytes == 0 {
            return NonNull::dangling();
        }
        // SAFETY: the allocator gave an offset inside the mapping.
        let pointer = unsafe { self.books.base().add(self.offset() as usize) };
        NonNull::new(pointer).expect("no mapping begins at address 0")
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        if let Some(allocation) = self.allocation.take() {
            self.books.release(allocation, self.bytes);
        }
    }
}

impl fmt::Debug for Extent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Extent")
            .field("segment", &self.books.id())
            .field("offset", &self.offset())
            .field("bytes", &self.bytes)
            .finish()
    }
}
