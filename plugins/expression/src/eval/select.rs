//! Row by row one of two values: what `case`, `coalesce` and `greatest` come down to.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, downcast_primitive,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::zip::zip;
use arrow::error::ArrowError;

use super::value::{Value, is_valid};

/// `value` where the mask is set, `below` elsewhere; both have one type.
pub(super) fn select(
    mask: &BooleanBuffer,
    value: Value,
    below: Value,
) -> Result<Value, ArrowError> {
    let set = mask.count_set_bits();
    if set == mask.len() {
        return Ok(value);
    }
    if set == 0 {
        return Ok(below);
    }
    macro_rules! numbers {
        ($type:ty) => {
            Some(select_numbers::<$type>(mask, &value, &below))
        };
    }
    let numbers: Option<ArrayRef> = downcast_primitive! {
        value.data_type() => (numbers),
        _ => None
    };
    match numbers {
        Some(array) => Ok(Value::Array(array)),
        None => Ok(Value::Array(zip(&BooleanArray::new(mask.clone(), None), &value, &below)?)),
    }
}

/// Arrow's `zip` copies runs of rows; rows of numbers are cheaper one by one.
fn select_numbers<T: ArrowPrimitiveType>(
    mask: &BooleanBuffer,
    value: &Value,
    below: &Value,
) -> ArrayRef {
    let (yes, no) = (value.array().as_primitive::<T>(), below.array().as_primitive::<T>());
    let pick = |row: usize, array: &PrimitiveArray<T>, scalar: bool| {
        array.values()[if scalar { 0 } else { row }]
    };
    let (yes_scalar, no_scalar) = (value.is_scalar(), below.is_scalar());
    let picked = mask.iter().enumerate().map(|(row, is_yes)| match is_yes {
        true => pick(row, yes, yes_scalar),
        false => pick(row, no, no_scalar),
    });
    let nulls = nulls(mask, value, below);
    let values: Vec<T::Native> = picked.collect();
    let array = PrimitiveArray::<T>::new(values.into(), nulls);
    Arc::new(array.with_data_type(yes.data_type().clone()))
}

fn nulls(mask: &BooleanBuffer, value: &Value, below: &Value) -> Option<NullBuffer> {
    if value.array().null_count() == 0 && below.array().null_count() == 0 {
        return None;
    }
    let count = mask.len();
    let yes = mask & &is_valid(value, count);
    let no = &!mask & &is_valid(below, count);
    Some(NullBuffer::new(&yes | &no))
}
