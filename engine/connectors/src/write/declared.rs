//! Whether a batch has the columns that its sink was opened with.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};

use super::error::WriteError;

/// Refuses a batch whose columns are not the declared ones, by name and type.
pub(super) fn check_batch(declared: &Schema, batch: &Schema) -> Result<(), WriteError> {
    if std::ptr::eq(declared, batch) {
        return Ok(());
    }
    let (declared, found) = (declared.fields(), batch.fields());
    let count = declared.len().max(found.len());
    for index in 0..count {
        let (expected, found) = (declared.get(index), found.get(index));
        let same = expected.zip(found).is_some_and(|(expected, found)| {
            expected.name() == found.name() && expected.data_type() == found.data_type()
        });
        if !same {
            return Err(WriteError::Schema { index, expected: tell(expected), found: tell(found) });
        }
    }
    Ok(())
}

fn tell(field: Option<&Arc<Field>>) -> String {
    field.map_or_else(
        || "no column".to_owned(),
        |field| format!("{}: {}", field.name(), field.data_type()),
    )
}
