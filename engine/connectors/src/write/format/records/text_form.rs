//! The types that have a text.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

use crate::extension::is_uuid;

/// The type in which the text encoders read a column of type `data_type`: itself for most, a plain
/// one for views and rarer dictionaries; `None` for a type that has no text.
#[expect(clippy::wildcard_enum_match_arm, reason = "types that no plugin may emit")]
pub(crate) fn text_form(data_type: &DataType) -> Option<DataType> {
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
