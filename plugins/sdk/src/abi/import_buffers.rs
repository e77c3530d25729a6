//! The buffers of an imported array: wrapped where they lie, each of them keeps the array.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};

use super::array::ArrowArray;
use super::check::buffer;

/// Where the number of nulls comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// From the array, if it says it: the other side is trusted.
    Declared,
    /// From the bitmap, whatever the array says.
    Counted,
}

/// The strictest alignment of a value in arrow-rs: 128- and 256-bit decimals.
pub(super) const ALIGN_MAX: usize = 16;

/// Wraps a buffer, or copies it if its values are not aligned.
///
/// # Safety
/// The pointer is null, or valid for `bytes` bytes while `owner` lives.
#[inline]
pub(super) unsafe fn wrap(
    owner: &Arc<ArrowArray>,
    pointer: *const c_void,
    bytes: usize,
    align: usize,
) -> Buffer {
    match NonNull::new(pointer.cast_mut().cast::<u8>()) {
        Some(pointer) if bytes > 0 => {
            let owner = Arc::<ArrowArray>::clone(owner);
            // SAFETY: by the contract of this function.
            let buffer = unsafe { Buffer::from_custom_allocation(pointer, bytes, owner) };
            let aligned = pointer.align_offset(align) == 0;
            if aligned { buffer } else { Buffer::from_slice_ref(buffer.as_slice()) }
        }
        Some(_) | None => Buffer::default(),
    }
}

/// Wraps the offsets, without the first `skipped`; without elements there may be no offset at all.
///
/// # Safety
/// Buffer 1 has `length + offset + 1` offsets of `width` bytes, unless there are no elements.
#[inline]
pub(super) unsafe fn wrap_offsets(
    owner: &Arc<ArrowArray>,
    array: &ArrowArray,
    width: usize,
    skipped: usize,
) -> Buffer {
    let elements = (array.length + array.offset) as usize;
    if elements == 0 {
        return Buffer::from_slice_ref([0_u8; 8].get(..width).unwrap_or(&[0; 8]));
    }
    // SAFETY: by the contract of this function.
    unsafe {
        let offsets = buffer(array, 1).wrapping_byte_add(skipped * width);
        wrap(owner, offsets, (elements + 1 - skipped) * width, width)
    }
}

/// The nulls of an array; none if there are no nulls.
///
/// # Safety
/// The validity bitmap is null or has `length + offset` bits; a declared number is right.
#[inline]
pub(super) unsafe fn validity(
    owner: &Arc<ArrowArray>,
    array: &ArrowArray,
    nulls: Nulls,
) -> Option<NullBuffer> {
    let (offset, length) = (array.offset as usize, array.length as usize);
    if length == 0 || (nulls == Nulls::Declared && array.null_count == 0) {
        return None;
    }
    // SAFETY: an array has at least one buffer (checked), of these bits (contract).
    unsafe {
        let bitmap = NonNull::new(buffer(array, 0).cast_mut())?;
        let bits = wrap(owner, bitmap.as_ptr(), (offset + length).div_ceil(8), 1);
        let bits = BooleanBuffer::new(bits, offset, length);
        let nulls = match (nulls, usize::try_from(array.null_count)) {
            (Nulls::Declared, Ok(count)) => NullBuffer::new_unchecked(bits, count),
            (Nulls::Declared, Err(_)) | (Nulls::Counted, _) => NullBuffer::new(bits),
        };
        Some(nulls).filter(|nulls| nulls.null_count() > 0)
    }
}
