//! Parts of dates and times.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray, new_empty_array};
use arrow::compute::{DatePart, binary, date_part};
use arrow::datatypes::{DataType, Decimal128Type, Int32Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use crate::cast::{decimals, with_offset_zone};
use crate::functions::Function;

/// The part as `int64`; null for a moment outside the calendar's range.
pub(super) fn part(array: &ArrayRef, part: DatePart) -> Result<ArrayRef, ArrowError> {
    let parts = date_part(&with_offset_zone(array), part)?;
    let parts = parts.as_primitive::<Int32Type>();
    Ok(Arc::new(parts.unary::<_, Int64Type>(i64::from)))
}

/// The second with as many decimals as the type has.
pub(super) fn seconds(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let kept = second_decimals(array.data_type());
    let (unit, nanos_per_unit) = (10_i128.pow(kept), 10_i128.pow(9 - kept));
    let array_of = |wanted| date_part(&with_offset_zone(array), wanted);
    let (whole, nanos) = (array_of(DatePart::Second)?, array_of(DatePart::Nanosecond)?);
    let (whole, nanos) = (whole.as_primitive::<Int32Type>(), nanos.as_primitive::<Int32Type>());
    let seconds: PrimitiveArray<Decimal128Type> = binary(whole, nanos, |whole, nanos| {
        i128::from(whole) * unit + i128::from(nanos) / nanos_per_unit
    })?;
    Ok(Arc::new(seconds.with_data_type(seconds_type(array.data_type()))))
}

/// Two digits before the point, and the type's decimals behind it.
pub(crate) fn seconds_type(data_type: &DataType) -> DataType {
    let kept = second_decimals(data_type) as u8;
    DataType::Decimal128(2 + kept, kept as i8)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a date has no decimals of a second")]
fn second_decimals(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Timestamp(unit, _) => {
            decimals(*unit)
        }
        _ => decimals(TimeUnit::Second),
    }
}

/// Whether values of this type have this part: a time has no year.
pub(crate) fn has_part(data_type: &DataType, function: Function) -> bool {
    let wanted = if let Function::Part(wanted) = function { wanted } else { DatePart::Second };
    let is_moment = matches!(
        data_type,
        DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
    );
    is_moment && part(&new_empty_array(data_type), wanted).is_ok()
}
