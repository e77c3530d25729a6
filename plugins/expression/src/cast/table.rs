//! The table of casts: which types convert, and by what.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use super::by_arrow::{by_arrow, text_at};
use super::{moment, number, text, time, zone};
use crate::coerce::{is_text, value_type};

/// What a type is, as far as the table of casts goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Null,
    Boolean,
    Integer,
    Float,
    Decimal,
    Text,
    Date,
    Time,
    Timestamp,
    /// Bytes, lists and what else SQL has no name for here: arrow's own table.
    Other,
}

fn family(data_type: &DataType) -> Family {
    if data_type.is_integer() {
        return Family::Integer;
    }
    if data_type.is_floating() {
        return Family::Float;
    }
    if data_type.is_decimal() {
        return Family::Decimal;
    }
    if is_text(data_type) {
        return Family::Text;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the families that are left")]
    match data_type {
        DataType::Null => Family::Null,
        DataType::Boolean => Family::Boolean,
        DataType::Date32 | DataType::Date64 => Family::Date,
        DataType::Time32(_) | DataType::Time64(_) => Family::Time,
        DataType::Timestamp(..) => Family::Timestamp,
        _ => Family::Other,
    }
}

/// Whether some value of one type may be cast to the other, as in `cast(x as type)`.
pub fn can_cast(from: &DataType, to: &DataType) -> bool {
    use Family::{Boolean, Date, Decimal, Float, Integer, Null, Other, Text, Time, Timestamp};
    match (family(value_type(from)), family(to)) {
        (Other, _) | (_, Other) => can_cast_types(from, to),
        (left, right) if left == right => true,
        (Null | Text, _) | (_, Text) => true,
        (Integer | Float | Decimal, Integer | Float | Decimal) => true,
        (Integer, Boolean | Date | Time | Timestamp) => true,
        (Boolean | Date | Time | Timestamp, Integer) => true,
        (Date, Timestamp) | (Timestamp, Date | Time) => true,
        _ => false,
    }
}

/// Casts an array as `try_cast(x as type)` does: a value that does not convert becomes null.
///
/// # Errors
/// Types for which [`can_cast`] says no, and time zones that have a name other than UTC's.
pub fn try_cast(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_array(array, target, true)
}

/// Casts an array; a value that does not convert becomes null if `lenient`, else an error.
pub(crate) fn cast_array(
    array: &ArrayRef,
    target: &DataType,
    lenient: bool,
) -> Result<ArrayRef, ArrowError> {
    let found = array.data_type();
    if found == target {
        return Ok(Arc::clone(array));
    }
    if let DataType::Dictionary(_, values) = found {
        return cast_array(&by_arrow(array, values, true)?, target, lenient);
    }
    if family(found) == Family::Other || family(target) == Family::Other {
        return by_arrow(array, target, lenient);
    }
    let result = convert(array, target)?;
    if lenient || result.logical_null_count() == array.logical_null_count() {
        return Ok(result);
    }
    let lost = (0..array.len()).find(|row| array.is_valid(*row) && result.is_null(*row));
    let row = lost.expect("a value became null, or the counts would be the same");
    Err(ArrowError::CastError(problem(array, row, target)))
}

/// Casts leniently.
fn convert(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    use Family::{Date, Decimal, Float, Integer, Text, Time, Timestamp};
    match (family(array.data_type()), family(target)) {
        (Integer, Float) if *target == DataType::Float64 => integer_to_double(array),
        (Text, to) if to != Text => text::read(array, target),
        (Float, Integer) => number::float_to_integer(array, target),
        (Float, Float) => number::float_to_float(array, target),
        (Float, Decimal) => number::float_to_decimal(array, target),
        (Decimal, Integer) => number::decimal_to_integer(array, target),
        (Decimal, Float) => number::decimal_to_float(array, target),
        (Integer, Time) => time::from_integer(array, target),
        (Time, Text) => time::to_text(array, target),
        // Arrow has only some of these pairs, but all by way of int64.
        (Date | Time | Timestamp, Integer) | (Integer, Date) => {
            by_arrow(&by_arrow(array, &DataType::Int64, true)?, target, true)
        }
        (Timestamp | Time, Date | Time | Timestamp) => time::rounded(array, target),
        _ => by_arrow(array, target, true),
    }
}

/// Arrow checks each value; none of these can fail, and unchecked they vectorise.
fn integer_to_double(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.as_primitive_opt::<Int64Type>() {
        Some(integers) => Ok(Arc::new(integers.unary::<_, Float64Type>(|value| value as f64))),
        None => by_arrow(array, &DataType::Float64, true),
    }
}

/// The type of a column of times, or a finer one where the text beside it has more decimals of a
/// second, up to microseconds: PostgreSQL, too, compares it as it is written.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types that count units")]
pub(crate) fn keeping(text: &ArrayRef, column: &DataType) -> DataType {
    let Some(text) = text.as_string_opt::<i32>().filter(|text| text.is_valid(0)) else {
        return column.clone();
    };
    let wanted = moment::unit_of(text.value(0));
    match column {
        DataType::Timestamp(unit, zone) => DataType::Timestamp(wanted.max(*unit), zone.clone()),
        DataType::Time32(_) if wanted == TimeUnit::Microsecond => DataType::Time64(wanted),
        DataType::Time32(unit) => DataType::Time32(wanted.max(*unit)),
        other => other.clone(),
    }
}

/// Why a value did not convert.
fn problem(array: &ArrayRef, row: usize, target: &DataType) -> String {
    // A moment without a text is told by its count.
    let count = || text_at(&by_arrow(array, &DataType::Int64, true).ok()?, row);
    let value = text_at(array, row).or_else(count).unwrap_or_default();
    match is_text(array.data_type()) {
        true => match how_to_write(&value, target) {
            Some(help) => format!("found '{value}', {help}"),
            None => format!("found '{value}'"),
        },
        false => format!("{value} is out of range"),
    }
}

/// What to do about a text that is no value of a type.
#[expect(clippy::wildcard_enum_match_arm, reason = "only dates and times are written in many ways")]
pub(crate) fn how_to_write(text: &str, target: &DataType) -> Option<&'static str> {
    match target {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None)
            if moment::has_offset(text) =>
        {
            Some("its offset would be lost: cast it to timestamptz")
        }
        DataType::Timestamp(..) if zone::east(target).is_none() => {
            Some("write it with its offset, as '2013-01-31 05:30:00+01:00'")
        }
        DataType::Date32 | DataType::Date64 => Some("write it as '2013-01-31'"),
        DataType::Timestamp(..) => Some("write it as '2013-01-31 05:30:00'"),
        DataType::Time32(_) | DataType::Time64(_) => Some("write it as '05:30:00'"),
        _ => None,
    }
}
