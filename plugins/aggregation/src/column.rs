//! Columns of a batch as plain slices: by value (keys, extremes) or as numbers (sums).

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, LargeBinaryArray, OffsetSizeTrait, PrimitiveArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type,
};
use arrow::error::ArrowError;

use crate::value::{float_to_word, plain, unsigned_to_word};

/// A column by value; see [`crate::value::Kind`].
#[derive(Debug)]
pub(crate) enum Values {
    Words(ScalarBuffer<i64>, Option<NullBuffer>),
    Wides(ScalarBuffer<i128>, Option<NullBuffer>),
    Bytes(BinaryArray),
    LargeBytes(LargeBinaryArray),
}

impl Values {
    /// Cost: nothing for `i64`, timestamps, decimals and text; else one pass.
    ///
    /// # Errors
    /// The type has no kind; `bind` refuses such columns.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are numbers that cast to i64")]
    pub(crate) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Utf8 => Self::Bytes(array.as_string::<i32>().clone().into()),
            T::LargeUtf8 => Self::LargeBytes(array.as_string::<i64>().clone().into()),
            T::Binary => Self::Bytes(array.as_binary::<i32>().clone()),
            T::LargeBinary => Self::LargeBytes(array.as_binary::<i64>().clone()),
            T::Dictionary(..) => Self::of(&cast(array, &plain(array.data_type()))?)?,
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) => {
                let (values, nulls) = primitive::<Decimal128Type>(&decimal(array)?);
                Self::Wides(values, nulls)
            }
            T::Float16 | T::Float32 | T::Float64 => {
                let (floats, nulls) = primitive::<Float64Type>(&cast(array, &T::Float64)?);
                Self::Words(floats.iter().map(|float| float_to_word(*float)).collect(), nulls)
            }
            T::UInt64 => {
                let (numbers, nulls) = primitive::<UInt64Type>(array);
                Self::Words(numbers.iter().map(|n| unsigned_to_word(*n)).collect(), nulls)
            }
            _ => {
                let (values, nulls) = primitive::<Int64Type>(&to_int64(array)?);
                Self::Words(values, nulls)
            }
        })
    }
}

fn to_int64(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match matches!(array.data_type(), DataType::Date32 | DataType::Time32(_)) {
        true => cast(&cast(array, &DataType::Int32)?, &DataType::Int64),
        false => cast(array, &DataType::Int64),
    }
}

/// A column as numbers.
#[derive(Debug)]
pub(crate) enum Numbers {
    Signed(ScalarBuffer<i64>, Option<NullBuffer>),
    Unsigned(ScalarBuffer<u64>, Option<NullBuffer>),
    Floats(ScalarBuffer<f64>, Option<NullBuffer>),
    Decimals(ScalarBuffer<i128>, Option<NullBuffer>),
}

impl Numbers {
    /// Cost: nothing for 64-bit numbers and 128-bit decimals; else one pass.
    ///
    /// # Errors
    /// The column is not of numbers; `bind` refuses such columns.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are integers")]
    pub(crate) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Float16 | T::Float32 | T::Float64 => {
                let (values, nulls) = primitive::<Float64Type>(&cast(array, &T::Float64)?);
                Self::Floats(values, nulls)
            }
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) => {
                let (values, nulls) = primitive::<Decimal128Type>(&decimal(array)?);
                Self::Decimals(values, nulls)
            }
            T::UInt64 => {
                let (values, nulls) = primitive::<UInt64Type>(array);
                Self::Unsigned(values, nulls)
            }
            _ => {
                let (values, nulls) = primitive::<Int64Type>(&cast(array, &T::Int64)?);
                Self::Signed(values, nulls)
            }
        })
    }
}

fn primitive<T: ArrowPrimitiveType>(
    array: &ArrayRef,
) -> (ScalarBuffer<T::Native>, Option<NullBuffer>) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    (array.values().clone(), nulls(array))
}

/// Nulls of an array, if it has any.
pub(crate) fn nulls(array: &dyn Array) -> Option<NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0).cloned()
}

fn decimal(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let (DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale)) =
        *array.data_type()
    else {
        return Ok(array.clone());
    };
    cast(array, &DataType::Decimal128(precision, scale))
}

/// Calls `f(row, value)` for each value that is not null.
pub(crate) fn each<T: Copy>(values: &[T], nulls: Option<&NullBuffer>, mut f: impl FnMut(usize, T)) {
    match nulls {
        None => values.iter().enumerate().for_each(|(row, value)| f(row, *value)),
        Some(nulls) => nulls.valid_indices().for_each(|row| f(row, values[row])),
    }
}

/// Calls `f(row, value)` for each value that is not null.
pub(crate) fn each_bytes<O: OffsetSizeTrait>(
    array: &arrow::array::GenericBinaryArray<O>,
    mut f: impl FnMut(usize, &[u8]),
) {
    let nulls = nulls(array);
    let (offsets, bytes) = (array.value_offsets(), array.value_data());
    let value = |row: usize| &bytes[offsets[row].as_usize()..offsets[row + 1].as_usize()];
    match nulls {
        None => (0..array.len()).for_each(|row| f(row, value(row))),
        Some(nulls) => nulls.valid_indices().for_each(|row| f(row, value(row))),
    }
}
