//! Flat arrays, those without arrays inside: where their buffers lie, and arrays made of buffers.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, GenericByteArray, PrimitiveArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    BinaryType, ByteArrayType, DataType, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow_array::downcast_primitive;

/// Where the buffers of a flat array lie.
pub(super) struct Flat<'a> {
    /// Elements in front of the first one, in every buffer.
    pub(super) offset: usize,
    /// Its nulls, if it has any.
    pub(super) nulls: Option<&'a NullBuffer>,
    /// Buffers after the validity bitmap.
    pub(super) buffers: [*const c_void; 2],
    /// Buffers with the validity bitmap.
    pub(super) n_buffers: i64,
}

/// Looks at a flat array; none for one with arrays inside.
pub(super) fn flat(array: &dyn Array) -> Option<Flat<'_>> {
    macro_rules! primitive {
        ($type:ty) => {{
            let values = array.as_primitive::<$type>().values();
            (0, [values.inner().as_ptr(), ptr::null()], 2)
        }};
    }
    let (offset, buffers, n_buffers) = downcast_primitive! {
        array.data_type() => (primitive),
        DataType::Boolean => {
            let values = array.as_boolean().values();
            (values.offset(), [values.inner().as_ptr(), ptr::null()], 2)
        }
        DataType::Utf8 => (0, bytes::<Utf8Type>(array), 3),
        DataType::LargeUtf8 => (0, bytes::<LargeUtf8Type>(array), 3),
        DataType::Binary => (0, bytes::<BinaryType>(array), 3),
        DataType::LargeBinary => (0, bytes::<LargeBinaryType>(array), 3),
        _ => return None,
    };
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    Some(Flat { offset, nulls, buffers: buffers.map(<*const u8>::cast), n_buffers })
}

fn bytes<T: ByteArrayType>(array: &dyn Array) -> [*const u8; 2] {
    let array = array.as_bytes::<T>();
    [array.offsets().inner().inner().as_ptr(), array.value_data().as_ptr()]
}

/// The buffers of a flat array, cut to its elements, and its length.
pub(super) struct Parts {
    pub(super) length: usize,
    pub(super) nulls: Option<NullBuffer>,
    /// Values, or offsets; for bits, with those in front of the first element.
    pub(super) first: Buffer,
    /// Bytes that the offsets point into, if there are offsets.
    pub(super) second: Option<Buffer>,
    /// Bits in front of the first element.
    pub(super) bit_offset: usize,
}

/// Makes a flat array of its buffers; none for a type with arrays inside.
///
/// # Safety
/// The buffers are aligned and as long as the type and length say; offsets are good (S5).
pub(super) unsafe fn make_flat(data_type: &DataType, parts: Parts) -> Option<ArrayRef> {
    macro_rules! primitive {
        ($type:ty) => {
            make_primitive::<$type>(data_type, parts)
        };
    }
    // SAFETY: by the contract of this function.
    unsafe {
        Some(downcast_primitive! {
            data_type => (primitive),
            DataType::Boolean => {
                let values = BooleanBuffer::new(parts.first, parts.bit_offset, parts.length);
                Arc::new(BooleanArray::new(values, parts.nulls))
            }
            DataType::Utf8 => make_bytes::<Utf8Type>(parts),
            DataType::LargeUtf8 => make_bytes::<LargeUtf8Type>(parts),
            DataType::Binary => make_bytes::<BinaryType>(parts),
            DataType::LargeBinary => make_bytes::<LargeBinaryType>(parts),
            _ => return None,
        })
    }
}

/// # Safety
/// As [`make_flat`].
unsafe fn make_primitive<T: ArrowPrimitiveType>(data_type: &DataType, parts: Parts) -> ArrayRef {
    let values = ScalarBuffer::from(parts.first);
    // SAFETY: values and nulls have the length of the array (contract).
    let array = unsafe { PrimitiveArray::<T>::new_unchecked(values, parts.nulls) };
    Arc::new(array.with_data_type(data_type.clone()))
}

/// # Safety
/// As [`make_flat`].
unsafe fn make_bytes<T: ByteArrayType>(parts: Parts) -> ArrayRef {
    // SAFETY: the offsets ascend within the bytes, which are of the type (contract).
    unsafe {
        let offsets = OffsetBuffer::new_unchecked(ScalarBuffer::from(parts.first));
        Arc::new(GenericByteArray::<T>::new_unchecked(
            offsets,
            parts.second.unwrap_or_default(),
            parts.nulls,
        ))
    }
}
