//! Parts of dates and times.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, new_empty_array};
use arrow::compute::{DatePart, date_part};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use arrow::error::ArrowError;

use super::cast::with_offset_zone;
use crate::functions::Function;

/// The part as `int64`; null for a moment outside the calendar's range.
pub(super) fn part(array: &ArrayRef, part: DatePart) -> Result<ArrayRef, ArrowError> {
    let parts = date_part(&with_offset_zone(array), part)?;
    let parts = parts.as_primitive::<Int32Type>();
    Ok(Arc::new(parts.unary::<_, Int64Type>(i64::from)))
}

/// Whether values of this type have this part: a time has no year.
pub(crate) fn has_part(data_type: &DataType, function: Function) -> bool {
    let Function::Part(wanted) = function else { return false };
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
