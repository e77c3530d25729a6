//! Casts, explicit and implied.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;

use super::{Evaluated, Rows, Value, evaluate as evaluate_node};
use crate::error::{EvaluateError, cast_problem};
use crate::plan::Node;
use crate::sql_types::name_of;

pub(super) fn evaluate(
    node: &Node,
    operand: &Node,
    lenient: bool,
    rows: &Rows,
) -> Evaluated<Value> {
    let value = evaluate_node(operand, rows)?;
    match cast_array(value.array(), &node.data_type, lenient) {
        Ok(array) => Ok(Value::like(&[&value], array)),
        Err(error) => Err(EvaluateError::Cast {
            operation: operand.text.to_string(),
            wanted: name_of(&node.data_type),
            detail: cast_problem(error),
        }),
    }
}

/// Whether some value of one type may be cast to the other.
pub(crate) fn can_cast(from: &DataType, to: &DataType) -> bool {
    can_cast_types(from, to)
}

/// Casts an array; a value that does not convert becomes null if `lenient`, else an error.
pub(crate) fn cast_array(
    array: &ArrayRef,
    target: &DataType,
    lenient: bool,
) -> Result<ArrayRef, ArrowError> {
    if let (DataType::Int64, DataType::Float64) = (array.data_type(), target) {
        // Arrow checks each value; none of these can fail, and unchecked they vectorise.
        let integers = array.as_primitive::<Int64Type>();
        return Ok(Arc::new(integers.unary::<_, Float64Type>(|value| value as f64)));
    }
    let options = CastOptions { safe: lenient, ..CastOptions::default() };
    let array = with_offset_zone(array);
    let result = cast_with_options(&array, &offset_zone(target), &options)?;
    Ok(with_zone_of(result, target))
}

/// Arrow knows named time zones only with a time zone database; UTC needs none.
pub(super) fn offset_zone(data_type: &DataType) -> DataType {
    if let DataType::Timestamp(unit, Some(zone)) = data_type
        && ["UTC", "Etc/UTC", "GMT", "Z"].contains(&zone.as_ref())
    {
        return DataType::Timestamp(*unit, Some("+00:00".into()));
    }
    data_type.clone()
}

pub(super) fn with_offset_zone(array: &ArrayRef) -> ArrayRef {
    with_zone_of(Arc::clone(array), &offset_zone(array.data_type()))
}

/// The same instants with the zone's name of `target`.
fn with_zone_of(array: ArrayRef, target: &DataType) -> ArrayRef {
    let DataType::Timestamp(unit, Some(zone)) = target else { return array };
    if array.data_type() == target {
        return array;
    }
    let zone = Arc::clone(zone);
    match unit {
        TimeUnit::Second => {
            let array = array.as_primitive::<TimestampSecondType>().clone();
            Arc::new(array.with_timezone(zone))
        }
        TimeUnit::Millisecond => {
            let array = array.as_primitive::<TimestampMillisecondType>().clone();
            Arc::new(array.with_timezone(zone))
        }
        TimeUnit::Microsecond => {
            let array = array.as_primitive::<TimestampMicrosecondType>().clone();
            Arc::new(array.with_timezone(zone))
        }
        TimeUnit::Nanosecond => {
            let array = array.as_primitive::<TimestampNanosecondType>().clone();
            Arc::new(array.with_timezone(zone))
        }
    }
}
