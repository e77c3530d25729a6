//! The buffers of an exported array: how many there are, and where its validity bitmap begins.

use std::ffi::c_void;
use std::ptr;

use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};

/// Buffers of a supported type at most: validity, offsets, data.
pub(super) const BUFFERS_MAX: usize = 3;

/// A validity bitmap whose first bit stands at the offset of the data.
pub(super) struct Validity {
    /// The bitmap, or null if there are no nulls.
    pub(super) bits: *const c_void,
    /// Holds the bitmap if it had to be copied to get there.
    pub(super) copy: Option<Buffer>,
}

impl Validity {
    #[inline]
    pub(super) fn new(offset: usize, nulls: Option<&NullBuffer>) -> Self {
        let Some(nulls) = nulls else { return Self { bits: ptr::null(), copy: None } };
        // Bits in front of the bitmap are never looked at, but have to be there.
        let ahead = nulls.offset().checked_sub(offset).filter(|bits| bits.is_multiple_of(8));
        if let Some(bits) = ahead {
            return Self {
                bits: nulls.buffer().as_ptr().wrapping_add(bits / 8).cast(),
                copy: None,
            };
        }
        let bit = |index: usize| index >= offset && nulls.is_valid(index - offset);
        let copy = BooleanBuffer::collect_bool(offset + nulls.len(), bit).into_inner();
        Self { bits: copy.as_ptr().cast(), copy: Some(copy) }
    }
}
