//! Columns as files with types have them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tanda_plugin_host::UTC;

use super::WriteError;
use super::schema::check_batch;

/// UTC as others write it and look for it.
const UTC_OUTSIDE: &str = "UTC";

/// Whether a format takes dictionaries as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dictionaries {
    Kept,
    Unpacked,
}

/// The columns of a sink, and the types that its file gives them.
pub(super) struct Outward {
    declared: SchemaRef,
    written: SchemaRef,
}

impl Outward {
    pub(super) fn new(declared: &SchemaRef, dictionaries: Dictionaries) -> Self {
        let fields = declared.fields().iter().map(|field| outward(field, dictionaries));
        let fields = fields.collect::<Vec<_>>();
        let written = Schema::new_with_metadata(fields, declared.metadata().clone());
        Self { declared: declared.clone(), written: Arc::new(written) }
    }

    pub(super) fn written(&self) -> SchemaRef {
        self.written.clone()
    }

    /// The batch in the types of the file; it must have the declared columns.
    pub(super) fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, WriteError> {
        check_batch(&self.declared, batch.schema_ref())?;
        let columns = batch.columns().iter().zip(self.written.fields());
        let columns = columns.map(|(array, field)| cast(array, field.data_type()));
        Ok(RecordBatch::try_new(self.written(), columns.collect::<Result<_, _>>()?)?)
    }
}

fn outward(field: &Arc<Field>, dictionaries: Dictionaries) -> Arc<Field> {
    let data_type = outward_type(field.data_type(), dictionaries);
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others are written as they are")]
fn outward_type(data_type: &DataType, dictionaries: Dictionaries) -> DataType {
    let field = |item| outward(item, dictionaries);
    match data_type {
        DataType::Timestamp(unit, Some(zone)) if **zone == *UTC => {
            DataType::Timestamp(*unit, Some(UTC_OUTSIDE.into()))
        }
        DataType::Dictionary(_, value) if dictionaries == Dictionaries::Unpacked => {
            outward_type(value, dictionaries)
        }
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}
