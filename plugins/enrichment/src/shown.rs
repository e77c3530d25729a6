//! Values as error messages show them.

use arrow::array::ArrayRef;
use arrow::util::display::array_value_to_string;

/// A value for an error message.
pub(crate) fn text_at(array: &ArrayRef, row: usize) -> String {
    array_value_to_string(array, row).unwrap_or_else(|_| "?".to_owned())
}
