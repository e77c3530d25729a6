//! Arrow's own casts, with time zones as offsets: Arrow has no database of their names here.

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::zone::{offset_zone, with_offset_zone, with_zone_of};

/// Casts as Arrow does; a value that does not convert becomes null if `lenient`, else an error.
pub(super) fn by_arrow(
    array: &ArrayRef,
    target: &DataType,
    lenient: bool,
) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions { safe: lenient, ..CastOptions::default() };
    let result = cast_with_options(&with_offset_zone(array), &offset_zone(target), &options)?;
    Ok(with_zone_of(result, target))
}

/// The text of one value; none if Arrow has none, as of a year that chrono has not got.
pub(super) fn text_at(array: &ArrayRef, row: usize) -> Option<String> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).ok()?;
    formatter.value(row).try_to_string().ok()
}
