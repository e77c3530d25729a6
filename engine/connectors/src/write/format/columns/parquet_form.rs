//! Logical types of Parquet that the library does not write by itself: those of Arrow's extension
//! types `arrow.uuid` and `arrow.json`, as `UUID` and `JSON`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::LogicalType;
use parquet::errors::ParquetError;
use parquet::schema::types::{SchemaDescriptor, Type};

use crate::extension::{UUID_BYTES, is_json, is_uuid};

/// The file's schema: as the library has it, and with the logical types that it has not.
pub(crate) fn file_schema(written: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    let converted = ArrowSchemaConverter::new().convert(written)?;
    let mut leaves = Vec::new();
    written.fields().iter().for_each(|field| collect_leaves(field, &mut leaves));
    let root = with_logical_types(converted.root_schema(), &mut leaves.into_iter())?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other types are leaves")]
fn collect_leaves<'a>(field: &'a Field, leaves: &mut Vec<&'a Field>) {
    match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            collect_leaves(item, leaves);
        }
        DataType::Struct(fields) => fields.iter().for_each(|field| collect_leaves(field, leaves)),
        _ => leaves.push(field),
    }
}

/// `leaves` are those below `found`, in their order.
fn with_logical_types<'a>(
    found: &Type,
    leaves: &mut impl Iterator<Item = &'a Field>,
) -> Result<Type, ParquetError> {
    let info = found.get_basic_info();
    let id = info.has_id().then(|| info.id());
    if found.is_primitive() {
        let logical = leaves.next().and_then(logical_type);
        let Some(logical) = logical else { return Ok(found.clone()) };
        let length = if logical == LogicalType::Uuid { UUID_BYTES } else { -1 };
        return Type::primitive_type_builder(found.name(), found.get_physical_type())
            .with_repetition(info.repetition())
            .with_length(length)
            .with_logical_type(Some(logical))
            .with_id(id)
            .build();
    }
    let fields = found.get_fields().iter();
    let fields = fields.map(|field| with_logical_types(field, leaves).map(Arc::new));
    let group = Type::group_type_builder(found.name())
        .with_fields(fields.collect::<Result<_, _>>()?)
        .with_logical_type(info.logical_type_ref().cloned())
        .with_converted_type(info.converted_type())
        .with_id(id);
    match info.has_repetition() {
        true => group.with_repetition(info.repetition()).build(),
        false => group.build(),
    }
}

fn logical_type(field: &Field) -> Option<LogicalType> {
    let json = is_json(field).then_some(LogicalType::Json);
    json.or_else(|| is_uuid(field).then_some(LogicalType::Uuid))
}
