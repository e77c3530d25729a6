//! Arrow arrays in: the C Data Interface to arrow-rs, without copying data.
//!
//! The structure is checked in full; the data is not looked at, except for the last offset, which
//! says how long a buffer is.

use std::sync::Arc;

use arrow::array::{ArrayRef, make_array};
use arrow::datatypes::DataType;

use super::addresses::Addresses;
use super::array::ArrowArray;
use super::check::{ArrayFault, buffer, check, offset_end};
use super::flat::{Parts, make_flat};
use super::import_buffers::{ALIGN_MAX, Nulls, validity, wrap, wrap_offsets};
use super::import_nested::build_data;
use crate::schema::{Shape, shape};

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
