//! A segment in the address space of this process.

use std::fs::File;

use memmap2::{MmapOptions, MmapRaw, UncheckedAdvice};

use super::SegmentError;

/// A segment mapped for its one writer; an [`Arena`](crate::Arena) is made of it.
#[derive(Debug)]
pub struct WriterMap(MmapRaw);

impl WriterMap {
    pub(super) fn new(file: &File, bytes: usize) -> Result<Self, SegmentError> {
        MmapOptions::new().len(bytes).map_raw(file).map(Self).map_err(SegmentError::Map)
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.0.as_mut_ptr()
    }
}

/// A segment mapped for reading. Unmapped when the last buffer over it is gone.
#[derive(Debug)]
pub struct ReaderMap(MmapRaw);

impl ReaderMap {
    pub(super) fn new(file: &File, bytes: usize) -> Result<Self, SegmentError> {
        MmapOptions::new().len(bytes).map_raw_read_only(file).map(Self).map_err(SegmentError::Map)
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn base(&self) -> *const u8 {
        self.0.as_ptr()
    }

    /// Gives back the pages through which this process saw a range: they count as its memory,
    /// though they are the writer's. Who looks again sees the same bytes.
    pub(crate) fn look_away(&self, offset: usize, bytes: usize) {
        // SAFETY: of a shared mapping of a file, this drops what is known of the pages and nothing
        // of what is in them.
        let done =
            unsafe { self.0.unchecked_advise_range(UncheckedAdvice::DontNeed, offset, bytes) };
        // Refused, they go on being counted.
        drop(done);
    }
}

/// Where a range lies in a mapping, if it lies in it.
pub(crate) fn offset_in(
    (base, length): (*const u8, usize),
    pointer: *const u8,
    bytes: usize,
) -> Option<u64> {
    let offset = pointer.addr().checked_sub(base.addr())?;
    (offset.checked_add(bytes)? <= length).then_some(offset as u64)
}
