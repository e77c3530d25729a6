//! Floats as SQL compares them, for Arrow's kernels, which compare bits.

use std::ops::Add;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, StructArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;

/// The values with one zero and one NaN, at any depth. Cost: nothing for a type without floats,
/// else one pass.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others hold no floats")]
pub(crate) fn settled(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match array.data_type() {
        DataType::Float16 => settled_floats::<Float16Type>(array, NAN_16),
        DataType::Float32 => settled_floats::<Float32Type>(array, f32::NAN),
        DataType::Float64 => settled_floats::<Float64Type>(array, f64::NAN),
        DataType::List(_) => settled_list::<i32>(array)?,
        DataType::LargeList(_) => settled_list::<i64>(array)?,
        DataType::Struct(_) => {
            let (fields, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.iter().map(settled).collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, array.len())?)
        }
        _ => array.clone(),
    })
}

const NAN_16: <Float16Type as ArrowPrimitiveType>::Native =
    <Float16Type as ArrowPrimitiveType>::Native::NAN;

fn settled_floats<F: ArrowPrimitiveType>(array: &ArrayRef, nan: F::Native) -> ArrayRef
where
    F::Native: Add<Output = F::Native>,
{
    let zero = F::Native::default();
    // Only NaN has no order to itself, and -0.0 + 0.0 is 0.0; every other value stays.
    let settle = |value: F::Native| match value.partial_cmp(&value) {
        Some(_) => value + zero,
        None => nan,
    };
    Arc::new(array.as_primitive::<F>().unary::<_, F>(settle))
}

fn settled_list<O: OffsetSizeTrait>(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let (item, offsets, values, nulls) = array.as_list::<O>().clone().into_parts();
    let values = settled(&values)?;
    Ok(Arc::new(GenericListArray::try_new(item, offsets, values, nulls)?))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float32Array, Float64Array, Int64Array, ListArray};

    use super::*;

    fn bits(array: &ArrayRef) -> Vec<u64> {
        array.as_primitive::<Float64Type>().values().iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn there_is_one_zero_and_one_nan() {
        let values = vec![-0.0, 0.0, f64::NAN, -f64::NAN, -1.5, f64::NEG_INFINITY, 5e-324];
        let array: ArrayRef = Arc::new(Float64Array::from(values));
        let expected = [0.0, 0.0, f64::NAN, f64::NAN, -1.5, f64::NEG_INFINITY, 5e-324];
        assert_eq!(bits(&settled(&array).unwrap()), expected.map(f64::to_bits));
        let small: ArrayRef = Arc::new(Float32Array::from(vec![Some(-0.0), None]));
        let small = settled(&small).unwrap();
        assert_eq!(small.as_primitive::<Float32Type>().value(0).to_bits(), 0);
        assert!(small.is_null(1));
    }

    #[test]
    fn floats_are_found_at_any_depth() {
        let floats = Float64Array::from(vec![-0.0, 1.0, -0.0]);
        let item = Arc::new(arrow::datatypes::Field::new_list_field(DataType::Float64, true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([1, 2]);
        let list: ArrayRef =
            Arc::new(ListArray::try_new(item, offsets, Arc::new(floats), None).unwrap());
        let list = StructArray::try_from(vec![("list", list)]).unwrap();
        let found = settled(&(Arc::new(list.slice(1, 1)) as ArrayRef)).unwrap();
        let found = found.as_struct().column(0).as_list::<i32>().value(0);
        assert_eq!(bits(&found), [1.0, 0.0].map(f64::to_bits));
    }

    #[test]
    fn other_values_stay_where_they_are() {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![1, -1]));
        assert!(Arc::ptr_eq(&settled(&array).unwrap(), &array));
    }
}
