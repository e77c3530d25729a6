//! Arrays of another type that hold the same values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, OffsetSizeTrait, StructArray,
};
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;

/// Turns an array into one of the type that is given, which is not its own.
pub(super) type Leaf<'a> = &'a dyn Fn(&ArrayRef, &DataType) -> Result<ArrayRef, ArrowError>;

/// `array` as one of type `to`: lists and structs are rebuilt around what `leaf` makes of the
/// arrays in them that have another type; nothing else is copied.
pub(super) fn rebuild(
    array: &ArrayRef,
    to: &DataType,
    leaf: Leaf<'_>,
) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::List(_), DataType::List(item)) => list(array.as_list::<i32>(), item, leaf),
        (DataType::LargeList(_), DataType::LargeList(item)) => {
            list(array.as_list::<i64>(), item, leaf)
        }
        (DataType::FixedSizeList(_, length), DataType::FixedSizeList(item, size))
            if length == size =>
        {
            let found = array.as_fixed_size_list();
            let values = rebuild(found.values(), item.data_type(), leaf)?;
            let (item, nulls, rows) = (Arc::clone(item), found.nulls().cloned(), found.len());
            Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, *size, values, nulls, rows)?))
        }
        (DataType::Struct(found), DataType::Struct(fields)) if found.len() == fields.len() => {
            let (found, nulls) = (array.as_struct(), array.nulls().cloned());
            let columns = found.columns().iter().zip(fields);
            let columns = columns.map(|(column, field)| rebuild(column, field.data_type(), leaf));
            let (columns, rows) = (columns.collect::<Result<_, _>>()?, found.len());
            let fields = fields.clone();
            Ok(Arc::new(StructArray::try_new_with_length(fields, columns, nulls, rows)?))
        }
        _ => leaf(array, to),
    }
}

fn list<O: OffsetSizeTrait>(
    found: &GenericListArray<O>,
    item: &FieldRef,
    leaf: Leaf<'_>,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
    let values = rebuild(found.values(), item.data_type(), leaf)?;
    Ok(Arc::new(GenericListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
}
