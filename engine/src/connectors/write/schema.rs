//! Which columns a format can hold.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};

use crate::connectors::columnar_format::ColumnarFormat;
use crate::connectors::extension::is_uuid;

use super::error::WriteError;
use super::outward::outward_schema;
use super::parquet_form::file_schema;
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

/// The type in which the text encoders read a column of type `data_type`: itself for most, a plain
/// one for views and rarer dictionaries; `None` for a type that has no text.
#[expect(clippy::wildcard_enum_match_arm, reason = "types that no plugin may emit")]
pub(super) fn text_form(data_type: &DataType) -> Option<DataType> {
    use DataType::*;
    Some(match data_type {
        Null | Boolean | Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64
        | Float16 | Float32 | Float64 | Utf8 | LargeUtf8 | Binary | LargeBinary | Date32
        | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Decimal32(..) | Decimal64(..)
        | Decimal128(..) | Decimal256(..) => data_type.clone(),
        Utf8View => Utf8,
        BinaryView | FixedSizeBinary(_) => Binary,
        Dictionary(key, value) if **key == Int32 && **value == Utf8 => data_type.clone(),
        Dictionary(_, value) => text_form(value)?,
        List(item) | FixedSizeList(item, _) => List(text_field(item)?),
        LargeList(item) => LargeList(text_field(item)?),
        Struct(fields) => Struct(fields.iter().map(text_field).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn text_field(field: &Arc<Field>) -> Option<Arc<Field>> {
    let form = text_form_of(field)?;
    Some(Arc::new(field.as_ref().clone().with_data_type(form)))
}

/// As [`text_form`], for a column with a name: UUIDs, which have a text of their own, are the only
/// ones that stay bytes of a fixed size.
pub(super) fn text_form_of(field: &Field) -> Option<DataType> {
    if is_uuid(field) { Some(field.data_type().clone()) } else { text_form(field.data_type()) }
}
