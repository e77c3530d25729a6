//! Types by name, and values as text.

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::array_value_to_string;

/// What scenes call a type; Arrow's name for one that they cannot name.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others have one name")]
pub(crate) fn name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".to_owned(),
        other => tanda_text::type_name(other),
    }
}

/// The type of a dictionary's values, or the type itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "every type but one is its own value type")]
pub(crate) fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

/// A value for an error message.
pub(crate) fn text_at(array: &ArrayRef, row: usize) -> String {
    array_value_to_string(array, row).unwrap_or_else(|_| "?".to_owned())
}
