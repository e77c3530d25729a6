//! Columns of the input by name, and their values without dictionaries.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use tanda_expression::value_type;
use tanda_spelling::among;

use crate::error::BindError;
use crate::floats::settled;

/// A column of the bound schema.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its place in the schema.
    index: usize,
    /// Its type; for a dictionary, that of the values.
    pub(crate) data_type: DataType,
}

impl Column {
    /// Finds a column by name.
    pub(crate) fn find(name: &str, schema: &Schema) -> Result<Self, BindError> {
        let (index, field) = schema.column_with_name(name).ok_or_else(|| unknown(name, schema))?;
        Ok(Self { index, data_type: value_type(field.data_type()).clone() })
    }

    /// The column of a batch; a dictionary is spelled out.
    pub(crate) fn of(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let array = batch.column(self.index);
        if array.data_type() == &self.data_type {
            return Ok(array.clone());
        }
        cast(array, &self.data_type)
    }

    /// The same, floats as SQL compares them: for kernels that compare bits.
    pub(crate) fn comparable(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        settled(&self.of(batch)?)
    }

    /// The column of a batch as it is.
    pub(crate) fn raw<'a>(&self, batch: &'a RecordBatch) -> &'a dyn Array {
        batch.column(self.index)
    }
}

fn unknown(name: &str, schema: &Schema) -> BindError {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    BindError::UnknownColumn { column: name.to_owned(), hint: among(name, names) }
}
