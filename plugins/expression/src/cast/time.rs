//! Times and timestamps in other units.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use super::by_arrow::{by_arrow, text_at};
use super::moment::decimals;

const DAY_SECONDS: i64 = 86_400;

/// In a coarser unit the nearest value, half to the later one; in a finer one what fits it.
pub(super) fn rounded(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let (Some(from_unit), Some(to_unit)) = (unit(array.data_type()), unit(to)) else {
        return by_arrow(array, to, true);
    };
    if from_unit == to_unit {
        return by_arrow(array, to, true);
    }
    let counts = by_arrow(array, &DataType::Int64, true)?;
    let counts: Int64Array =
        counts.as_primitive::<Int64Type>().unary_opt(|count| rescale(count, from_unit, to_unit));
    if let DataType::Timestamp(_, zone) = array.data_type() {
        let same_zone = DataType::Timestamp(to_unit, zone.clone());
        let counts: ArrayRef = Arc::new(counts);
        return by_arrow(&by_arrow(&counts, &same_zone, true)?, to, true);
    }
    of_day(&counts, to, to_unit)
}

/// Units since midnight.
pub(super) fn from_integer(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let counts = by_arrow(array, &DataType::Int64, true)?;
    of_day(counts.as_primitive::<Int64Type>(), to, unit(to).unwrap_or(TimeUnit::Microsecond))
}

/// Times as texts, also the end of the day, which arrow has no text for.
pub(super) fn to_text(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if let Ok(texts) = by_arrow(array, to, true) {
        return Ok(texts);
    }
    let decimals = unit(array.data_type()).map_or(0, decimals);
    let end = DAY_SECONDS * 10_i64.pow(decimals);
    let counts = by_arrow(array, &DataType::Int64, true)?;
    let counts = counts.as_primitive::<Int64Type>();
    let text = |row: usize| match array.is_valid(row) {
        true if counts.value(row) == end => Some("24:00:00".to_owned()),
        true => text_at(array, row),
        false => None,
    };
    let texts: ArrayRef = Arc::new((0..array.len()).map(text).collect::<StringArray>());
    by_arrow(&texts, to, true)
}

/// Times of day from their units; none beyond the day's last.
fn of_day(counts: &Int64Array, to: &DataType, unit: TimeUnit) -> Result<ArrayRef, ArrowError> {
    let day = 0..DAY_SECONDS * 10_i64.pow(decimals(unit));
    let counts: Int64Array = counts.unary_opt(|count| day.contains(&count).then_some(count));
    let counts: ArrayRef = Arc::new(counts);
    if let DataType::Time32(_) = to {
        return by_arrow(&by_arrow(&counts, &DataType::Int32, true)?, to, true);
    }
    by_arrow(&counts, to, true)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the types that count units")]
fn unit(data_type: &DataType) -> Option<TimeUnit> {
    match data_type {
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Timestamp(unit, _) => {
            Some(*unit)
        }
        _ => None,
    }
}

fn rescale(count: i64, from: TimeUnit, to: TimeUnit) -> Option<i64> {
    let (from, to) = (decimals(from), decimals(to));
    let factor = 10_i64.pow(from.abs_diff(to));
    if to >= from {
        return count.checked_mul(factor);
    }
    let later = count.rem_euclid(factor) >= factor / 2;
    Some(count.div_euclid(factor) + i64::from(later))
}
