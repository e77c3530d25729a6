//! Extension types of Arrow that Parquet has as logical types.

use arrow::datatypes::{DataType, Field};

/// Name of the extension type of UUIDs, sixteen bytes each.
pub(super) const UUID: &str = "arrow.uuid";
/// Name of the extension type of JSON texts.
pub(super) const JSON: &str = "arrow.json";
/// Bytes of a UUID.
pub(super) const UUID_BYTES: i32 = 16;

/// Whether a column holds UUIDs.
pub(super) fn is_uuid(field: &Field) -> bool {
    *field.data_type() == DataType::FixedSizeBinary(UUID_BYTES)
        && field.extension_type_name() == Some(UUID)
}

/// Whether a column holds JSON texts.
pub(super) fn is_json(field: &Field) -> bool {
    matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8)
        && field.extension_type_name() == Some(JSON)
}
