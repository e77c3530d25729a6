//! Time zones: fixed offsets, and the names of the one that has none.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use tanda_spelling::one_zone;

use super::moment;

/// Arrow knows named time zones only with a time zone database; UTC needs none.
pub(super) fn offset_zone(data_type: &DataType) -> DataType {
    if matches!(data_type, DataType::Timestamp(..)) {
        return one_zone(data_type);
    }
    data_type.clone()
}

/// Seconds east of Greenwich of a type's zone, 0 of a type without one. None for a zone that is
/// called by a place: its offsets stand in a database that arrow has not got here.
pub(crate) fn east(data_type: &DataType) -> Option<i64> {
    let zone = offset_zone(data_type);
    if let DataType::Timestamp(_, Some(zone)) = zone { moment::offset(&zone) } else { Some(0) }
}

pub(super) fn with_offset_zone(array: &ArrayRef) -> ArrayRef {
    with_zone_of(Arc::clone(array), &offset_zone(array.data_type()))
}

/// The same instants with the zone's name of `target`.
pub(super) fn with_zone_of(array: ArrayRef, target: &DataType) -> ArrayRef {
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
