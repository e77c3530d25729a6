//! Arrow arrays in: the C Data Interface to arrow-rs, without copying data.
//!
//! The structure is checked in full; the data is not looked at, except for the last offset, which
//! says how long a buffer is.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::array::{ArrayRef, make_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::DataType;

use super::check::{buffer, check, offset_end};
use super::flat::{Parts, make_flat};
use super::import_nested::build_data;
use super::{Addresses, ArrayFault, ArrowArray};
use crate::schema::{Shape, shape};

/// Where the number of nulls comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// From the array, if it says it: the other side is trusted.
    Declared,
    /// From the bitmap, whatever the array says.
    Counted,
}

/// Imports an array of the given type.
///
/// # Errors
/// The structure of the array does not fit the type. The array is released.
///
/// # Safety
/// The array obeys the C Data Interface but for what is checked (S2, S5).
pub unsafe fn import(
    array: ArrowArray,
    data_type: &DataType,
    nulls: Nulls,
) -> Result<ArrayRef, ArrayFault> {
    // SAFETY: by the contract of this function.
    unsafe {
        check(&array, data_type, 0)?;
        Ok(build(&Arc::new(array), data_type, nulls))
    }
}

/// Imports an array, or gives `known` if it is the same memory, see [`Addresses`].
///
/// # Errors
/// As [`import`].
///
/// # Safety
/// As [`import`]; `known` is the column at `index` of the batch that `addresses` is about.
pub unsafe fn import_known(
    array: ArrowArray,
    (index, known): (usize, &ArrayRef),
    addresses: &Addresses,
) -> Result<ArrayRef, ArrayFault> {
    // SAFETY: by the contract of this function; the structure was checked before it is compared.
    unsafe {
        check(&array, known.data_type(), 0)?;
        let both_empty = array.length == 0 && known.is_empty();
        if both_empty || addresses.is_column(index, &array) {
            return Ok(Arc::clone(known));
        }
        Ok(build(&Arc::new(array), known.data_type(), Nulls::Counted))
    }
}

/// Makes the array; each of its buffers keeps `owner` alive.
///
/// # Safety
/// As [`import`], and `check` has passed.
unsafe fn build(owner: &Arc<ArrowArray>, data_type: &DataType, nulls: Nulls) -> ArrayRef {
    // SAFETY: by the contract of this function; sizes are those of the specification (S5).
    unsafe {
        match flat_parts(owner, data_type, nulls) {
            Some(parts) => make_flat(data_type, parts).expect("a flat shape makes a flat array"),
            None => make_array(build_data(owner, owner, data_type)),
        }
    }
}

/// The buffers of a flat array, cut to its elements.
///
/// # Safety
/// As [`build`].
unsafe fn flat_parts(owner: &Arc<ArrowArray>, data_type: &DataType, nulls: Nulls) -> Option<Parts> {
    let (offset, length) = (owner.offset as usize, owner.length as usize);
    // SAFETY: a checked array has these buffers, of these sizes (contract, S5).
    unsafe {
        let at = |index, skip: usize| buffer(owner, index).wrapping_byte_add(skip);
        let (first, second, bit_offset) = match shape(data_type)? {
            Shape::Fixed(width) => {
                let values = (at(1, offset * width), length * width);
                (wrap(owner, values.0, values.1, width.min(ALIGN_MAX)), None, 0)
            }
            Shape::Bits => {
                let bits = wrap(owner, at(1, 0), (offset + length).div_ceil(8), 1);
                (bits, None, offset)
            }
            Shape::Variable(width) => {
                let end = offset_end(owner, width).expect("check has seen that it is in range");
                let data = wrap(owner, at(2, 0), end as usize, 1);
                (wrap_offsets(owner, owner, width, offset), Some(data), 0)
            }
            Shape::List(..) | Shape::Struct(_) | Shape::Dictionary(..) => return None,
        };
        let nulls = validity(owner, owner, nulls);
        Some(Parts { length, nulls, first, second, bit_offset })
    }
}

/// The strictest alignment of a value in arrow-rs: 128- and 256-bit decimals.
pub(super) const ALIGN_MAX: usize = 16;

/// Wraps a buffer, or copies it if its values are not aligned.
///
/// # Safety
/// The pointer is null, or valid for `bytes` bytes while `owner` lives.
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
