//! Columns as files with types have them, each value exactly.
//!
//! | column | written to Parquet as |
//! |---|---|
//! | `timestamp(s)`, with or without a zone | `TIMESTAMP(MILLIS)` |
//! | `time32(s)` | `TIME(MILLIS)` |
//! | `date64` | `DATE` |
//!
//! Both formats get UTC under the name that others know, and Arrow files get no dictionaries.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Date64Type, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use tanda_spelling::UTC;

use crate::columnar_format::ColumnarFormat;
use crate::rebuild::rebuild;
use crate::write::declared::check_batch;
use crate::write::error::WriteError;

/// UTC as others write it and look for it.
const UTC_OUTSIDE: &str = "UTC";
const DAY_MILLIS: i64 = 86_400_000;

/// The columns of a sink, and the types that its file gives them.
pub(crate) struct Outward {
    path: String,
    declared: SchemaRef,
    written: SchemaRef,
}

impl Outward {
    /// `path` is the sink's, for errors.
    pub(crate) fn new(path: &str, declared: &SchemaRef, format: ColumnarFormat) -> Self {
        let written = Arc::new(outward_schema(declared, format));
        Self { path: path.to_owned(), declared: declared.clone(), written }
    }

    pub(crate) fn written(&self) -> SchemaRef {
        self.written.clone()
    }

    /// The batch in the types of the file; it must have the declared columns.
    ///
    /// # Errors
    /// A value that the type of the file cannot hold exactly: a second so far from 1970 that its
    /// milliseconds are beyond int64, and a `date64` that is no whole day.
    pub(crate) fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, WriteError> {
        check_batch(&self.declared, batch.schema_ref())?;
        let columns = batch.columns().iter().zip(self.written.fields()).map(|(array, field)| {
            rebuild(array, field.data_type(), &exactly).map_err(|source| WriteError::Value {
                path: self.path.clone(),
                column: field.name().clone(),
                source,
            })
        });
        Ok(RecordBatch::try_new(self.written(), columns.collect::<Result<_, _>>()?)?)
    }
}

/// The columns as files of this format have them.
pub(crate) fn outward_schema(declared: &Schema, format: ColumnarFormat) -> Schema {
    let fields = declared.fields().iter().map(|field| outward(field, format)).collect::<Vec<_>>();
    Schema::new_with_metadata(fields, declared.metadata().clone())
}

fn outward(field: &FieldRef, format: ColumnarFormat) -> FieldRef {
    Arc::new(Field::clone(field).with_data_type(outward_type(field.data_type(), format)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others are written as they are")]
fn outward_type(data_type: &DataType, format: ColumnarFormat) -> DataType {
    let field = |item| outward(item, format);
    match data_type {
        DataType::Timestamp(unit, zone) => {
            let zone = zone.as_deref().map(|zone| if zone == UTC { UTC_OUTSIDE } else { zone });
            DataType::Timestamp(outward_unit(*unit, format), zone.map(Arc::from))
        }
        DataType::Time32(unit) => DataType::Time32(outward_unit(*unit, format)),
        DataType::Date64 if format == ColumnarFormat::Parquet => DataType::Date32,
        DataType::Dictionary(_, value) if format == ColumnarFormat::Arrow => {
            outward_type(value, format)
        }
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

/// Parquet has no seconds.
fn outward_unit(unit: TimeUnit, format: ColumnarFormat) -> TimeUnit {
    match (unit, format) {
        (TimeUnit::Second, ColumnarFormat::Parquet) => TimeUnit::Millisecond,
        (unit, _) => unit,
    }
}

fn exactly(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if (array.data_type(), to) == (&DataType::Date64, &DataType::Date32) {
        let millis = array.as_primitive::<Date64Type>();
        if let Some(millis) = millis.iter().flatten().find(|millis| millis % DAY_MILLIS != 0) {
            let what = format!("{millis} ms is no whole day, and Parquet has days only");
            return Err(ArrowError::ComputeError(what));
        }
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date64Array, TimestampSecondArray};

    use super::*;

    #[test]
    fn what_has_no_exact_form_is_an_error() {
        let write = |array: ArrayRef| {
            let batch = RecordBatch::try_from_iter([("c", array)]).unwrap();
            Outward::new("out", &batch.schema(), ColumnarFormat::Parquet).batch(&batch)
        };
        let far = write(Arc::new(TimestampSecondArray::from(vec![i64::MAX / 999])));
        let far = far.unwrap_err().to_string();
        assert!(far.starts_with("cannot write out: column `c`: "), "{far}");
        let noon = write(Arc::new(Date64Array::from(vec![DAY_MILLIS / 2])));
        let noon = noon.unwrap_err().to_string();
        assert!(noon.contains("column `c`: Compute error: 43200000 ms is no whole day"), "{noon}");
        let days = write(Arc::new(Date64Array::from(vec![Some(-DAY_MILLIS), None]))).unwrap();
        assert_eq!(days.column(0).data_type(), &DataType::Date32);
        assert_eq!(days.column(0).null_count(), 1);
    }
}
