//! Arrays with arrays inside, in: lists, structs, dictionaries, through arrow-rs's `ArrayData`.

use std::sync::Arc;

use arrow::array::ArrayData;
use arrow::datatypes::DataType;

use super::array::ArrowArray;
use super::check::{buffer, child, offset_end};
use super::import_buffers::{ALIGN_MAX, Nulls, validity, wrap, wrap_offsets};
use crate::schema::{Shape, shape};

/// Wraps the buffers of a checked array; each keeps `owner` alive.
///
/// # Safety
/// As for `import`, and `check` has passed.
pub(super) unsafe fn build_data(
    owner: &Arc<ArrowArray>,
    array: &ArrowArray,
    data_type: &DataType,
) -> ArrayData {
    let elements = (array.length + array.offset) as usize;
    let shape = shape(data_type).expect("bind refused every type without a shape");
    // SAFETY: sizes are those of the specification for a checked array (S5).
    let (buffers, children) = unsafe {
        let wrapped = |index, bytes, align| wrap(owner, buffer(array, index), bytes, align);
        match shape {
            Shape::Fixed(width) => {
                (vec![wrapped(1, elements * width, width.min(ALIGN_MAX))], vec![])
            }
            Shape::Bits => (vec![wrapped(1, elements.div_ceil(8), 1)], vec![]),
            Shape::Variable(width) => {
                let bytes = end(array, width);
                (vec![wrap_offsets(owner, array, width, 0), wrapped(2, bytes, 1)], vec![])
            }
            Shape::List(width, item) => {
                let inner = build_data(owner, inside(array, 0), item.data_type());
                (vec![wrap_offsets(owner, array, width, 0)], vec![inner])
            }
            Shape::Struct(fields) => {
                let inner = fields.iter().enumerate().map(|(index, field)| {
                    build_data(owner, inside(array, index), field.data_type())
                });
                (vec![], inner.collect())
            }
            Shape::Dictionary(width, values) => {
                let values = build_data(owner, &*array.dictionary, values);
                (vec![wrapped(1, elements * width, width)], vec![values])
            }
        }
    };
    // SAFETY: the bitmap, if there is one, has a bit for every element (S5).
    let nulls = unsafe { validity(owner, array, Nulls::Counted) };
    let builder = ArrayData::builder(data_type.clone())
        .len(array.length as usize)
        .offset(array.offset as usize)
        .nulls(nulls)
        .buffers(buffers)
        .child_data(children);
    // SAFETY: structure checked, data trusted (S5).
    unsafe { builder.build_unchecked() }
}

/// The child of a checked array.
///
/// # Safety
/// As [`build_data`].
unsafe fn inside(array: &ArrowArray, index: usize) -> &ArrowArray {
    // SAFETY: by the contract of this function.
    unsafe { child(array, index) }.expect("check has seen that every child is there")
}

/// The last offset of a checked array.
///
/// # Safety
/// As [`build_data`].
unsafe fn end(array: &ArrowArray, width: usize) -> usize {
    // SAFETY: by the contract of this function.
    unsafe { offset_end(array, width) }.expect("check has seen that the offset is in range")
        as usize
}
