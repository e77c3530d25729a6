//! Columns of arrays and objects: checked value by value, then decoded by arrow.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field};
use arrow_json::ReaderBuilder;
use serde_json::Value;

use crate::block::Block;
use crate::columns::Column;

/// A list or struct column, as JSON until it is finished.
pub(crate) struct Nested {
    data_type: DataType,
    /// One value after the other; `null` for what is missing or bad.
    lines: Vec<u8>,
    rows: usize,
}

impl Nested {
    pub(crate) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), lines: Vec::new(), rows: 0 }
    }
}

impl Column for Nested {
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, bad: &mut Vec<usize>) {
        for (row, span) in block.column(index).iter().enumerate() {
            let value = if span.is_null() { b"null" } else { block.bytes(text, *span) };
            let fits = serde_json::from_slice(value).is_ok_and(|v| fits(&v, &self.data_type));
            bad.extend((!fits).then_some(row));
            self.lines.extend_from_slice(if fits { value } else { b"null" });
            self.lines.push(b'\n');
            self.rows += 1;
        }
    }

    fn finish(self: Box<Self>) -> ArrayRef {
        let field = Arc::new(Field::new("v", self.data_type.clone(), true));
        let empty = || new_null_array(&self.data_type, 0);
        if self.rows == 0 {
            return empty();
        }
        let decoder = ReaderBuilder::new_with_field(field).with_batch_size(self.rows);
        let decoded = decoder.build_decoder().and_then(|mut decoder| {
            decoder.decode(&self.lines)?;
            decoder.flush()
        });
        let batch = decoded.expect("every value was checked against the type");
        let column = batch.map_or_else(empty, |batch| Arc::clone(batch.column(0)));
        assert_eq!(column.len(), self.rows, "one value a row");
        column
    }
}

/// Whether the type holds the value without a change.
fn fits(value: &Value, data_type: &DataType) -> bool {
    match (data_type, value) {
        (_, Value::Null) => true,
        (DataType::Int64, value) => value.is_i64(),
        (DataType::Float64, value) => value.is_number(),
        (DataType::Utf8, value) => value.is_string(),
        (DataType::Boolean, value) => value.is_boolean(),
        (DataType::List(item), Value::Array(items)) => {
            items.iter().all(|value| fits(value, item.data_type()))
        }
        (DataType::Struct(fields), Value::Object(members)) => members.iter().all(|(key, value)| {
            fields.find(key).is_some_and(|(_, field)| fits(value, field.data_type()))
        }),
        _ => false,
    }
}
