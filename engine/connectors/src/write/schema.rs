//! Which columns a format can hold.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Schema};

use crate::columnar_format::ColumnarFormat;

use super::error::WriteError;
use super::format::columns::{file_schema, outward_schema};
use super::format::records::text_form;
use super::plan::SinkFormat;

/// Refuses, before anything is created, a schema that the format cannot hold.
pub(super) fn check_schema(
    path: &str,
    schema: &Schema,
    format: &SinkFormat,
) -> Result<(), WriteError> {
    let path = || path.to_owned();
    if schema.fields().is_empty() {
        return Err(WriteError::NoColumns { path: path() });
    }
    let mut seen = HashSet::new();
    for field in schema.fields() {
        let column = field.name().clone();
        if !seen.insert(field.name()) {
            return Err(WriteError::RepeatedColumn { path: path(), column });
        }
        if let Some((format, remedy)) = refusal(format, field.data_type()) {
            let found = field.data_type().clone();
            return Err(WriteError::ColumnType { path: path(), column, found, format, remedy });
        }
    }
    match format {
        SinkFormat::Parquet(_) => check_parquet(path(), schema),
        SinkFormat::Csv(_) | SinkFormat::Ndjson | SinkFormat::Arrow => Ok(()),
    }
}

fn check_parquet(path: String, schema: &Schema) -> Result<(), WriteError> {
    let converted = file_schema(&outward_schema(schema, ColumnarFormat::Parquet));
    converted.map(drop).map_err(|source| WriteError::Parquet { path, source })
}

/// Who cannot hold the type, if there is somebody, and what to do instead.
fn refusal(format: &SinkFormat, data_type: &DataType) -> Option<(&'static str, &'static str)> {
    let flat_only = matches!(format, SinkFormat::Csv(_));
    if text_form(data_type).is_none() {
        Some(("Tanda", "convert it upstream"))
    } else if flat_only && data_type.is_nested() {
        Some((format.name(), "write NDJSON, Parquet or Arrow instead"))
    } else {
        None
    }
}
