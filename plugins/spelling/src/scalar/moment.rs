//! Dates and times as they are written, and the values of a type that are exactly these.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};

use crate::zone::UTC;

/// An array of the one moment, if the type holds all of it: a date is no time of that day, and a
/// unit keeps the decimals of a second.
#[expect(clippy::wildcard_enum_match_arm, reason = "callers send dates and times")]
pub(super) fn exact(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    // What arrow makes of a leap second depends on the unit.
    if text.contains(":60") {
        return None;
    }
    let decimals = decimals_of(text);
    match data_type {
        DataType::Date32 => {
            let midnight = read(text, &DataType::Timestamp(TimeUnit::Second, None));
            let date = read(text, data_type)?;
            // A year that no timestamp is written with has nothing behind its date.
            let Some(midnight) = midnight else { return (!text.contains(':')).then_some(date) };
            let of_date = cast(&date, midnight.data_type()).ok()?;
            (decimals == 0 && of_date == midnight).then_some(date)
        }
        DataType::Date64 => cast(&exact(text, &DataType::Date32)?, data_type).ok(),
        // Arrow takes a bare number for units since midnight.
        DataType::Time32(unit) | DataType::Time64(unit) if text.contains(':') => {
            read(text, data_type).filter(|_| decimals <= kept(*unit))
        }
        // As in a source, the offset would be lost.
        DataType::Timestamp(_, None) if has_offset(text) && !has_zero_offset(text) => None,
        DataType::Timestamp(unit, _) => {
            let read = if is_place(data_type) { with_offset } else { read };
            read(text, data_type).filter(|_| decimals <= kept(*unit))
        }
        _ => None,
    }
}

/// The one value of a text, if it is one.
pub(super) fn read(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
    cast(&text, data_type).ok().filter(|array| array.null_count() == 0)
}

/// Decimals of a second that are written, the zeros at their end aside.
fn decimals_of(text: &str) -> usize {
    let Some((_, behind)) = text.split_once('.') else { return 0 };
    let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
    behind[..end].trim_end_matches('0').len()
}

fn kept(unit: TimeUnit) -> usize {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Are these times in a zone that is called by a place? Arrow has no database of their offsets.
fn is_place(data_type: &DataType) -> bool {
    let DataType::Timestamp(_, Some(zone)) = data_type else { return false };
    zone.parse::<Tz>().is_err()
}

/// A time that brings its offset.
fn with_offset(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    let DataType::Timestamp(unit, _) = data_type else { return None };
    let utc = read(text, &DataType::Timestamp(*unit, Some(UTC.into())))?;
    has_offset(text).then(|| cast(&utc, data_type).ok()).flatten()
}

/// Does a time bring its offset? It is the same wherever it is read.
fn has_offset(text: &str) -> bool {
    let read_in = |zone: &str| {
        let time = read(text, &DataType::Timestamp(TimeUnit::Second, Some(zone.into())))?;
        cast(&time, &DataType::Int64).ok()
    };
    read_in(UTC) == read_in("+01:00")
}

fn has_zero_offset(text: &str) -> bool {
    ["Z", "z", "+00:00", "-00:00", "+0000", "+00"].iter().any(|zero| text.ends_with(zero))
}

/// What to write for a column of dates or times.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types with a unit")]
pub(super) fn advice(data_type: &DataType) -> String {
    let (unit, example) = match data_type {
        DataType::Timestamp(..) if is_place(data_type) => {
            return "a time with its offset, as in \"2024-01-31T00:00:00+01:00\"".to_owned();
        }
        DataType::Timestamp(unit, _) => (*unit, "2024-01-31T05:30:00"),
        DataType::Time32(unit) | DataType::Time64(unit) => (*unit, "05:30:00"),
        _ => return "a date alone, as in \"2024-01-31\"".to_owned(),
    };
    match kept(unit) {
        0 => format!("a time of whole seconds, as in \"{example}\""),
        kept => format!("a time with at most {kept} decimals of a second, as in \"{example}.5\""),
    }
}
