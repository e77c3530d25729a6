//! Columns by name.

use std::collections::HashMap;

use arrow::datatypes::Schema;

/// Where each column stands. Arrow's own look-up goes over all names for every one: with it, what
/// asks for every column takes time with the square of their number.
#[must_use]
pub fn places(schema: &Schema) -> HashMap<&str, usize> {
    schema.fields().iter().enumerate().map(|(index, field)| (&**field.name(), index)).collect()
}
