//! The types in which columns go on: what plugins and sinks know, each value exactly as it was.
//!
//! | found | goes on as |
//! |---|---|
//! | views of texts, bytes and lists | plain texts, bytes and lists |
//! | dictionaries, but for `utf8` with `int32` keys; run ends | their values |
//! | maps | lists of structs of key and value |
//! | times in UTC | times in UTC under its one name |
//! | of the metadata of fields | the name and parameters of an extension type (`arrow.uuid`, …) |

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use tanda_spelling::one_zone;

use crate::rebuild::rebuild;

pub(super) fn plain_schema(schema: &Schema) -> Schema {
    Schema::new(schema.fields().iter().map(plain_field).collect::<Vec<_>>())
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let found = field.metadata().iter();
    let is_kept = |key: &str| [EXTENSION_TYPE_NAME_KEY, EXTENSION_TYPE_METADATA_KEY].contains(&key);
    let kept =
        found.filter(|(key, _)| is_kept(key)).map(|(key, value)| (key.clone(), value.clone()));
    let data_type = plain_type(field.data_type());
    let nullable = field.is_nullable() || holds_nulls(field.data_type());
    let plain = Field::new(field.name(), data_type, nullable);
    Arc::new(plain.with_metadata(kept.collect::<HashMap<_, _>>()))
}

/// Whether rows can be missing by what they refer to.
fn holds_nulls(data_type: &DataType) -> bool {
    matches!(data_type, DataType::RunEndEncoded(_, values) if values.is_nullable())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other types keep their form")]
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            data_type.clone()
        }
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(plain_field(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(plain_field(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(plain_field(item), *size),
        DataType::Map(entries, _) => DataType::List(plain_field(entries)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        other => one_zone(other),
    }
}

/// `array` in its plain type: only what is of another type is copied.
///
/// # Errors
/// When the values take more than 2 GiB once nothing refers to them twice any more.
pub(super) fn plain_array(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    rebuild(array, &plain_type(array.data_type()), &plain_leaf)
}

fn plain_leaf(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (DataType::Map(..), DataType::List(entries)) => {
            let map = array.as_map();
            let values = plain_array(&(Arc::new(map.entries().clone()) as ArrayRef))?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(entries), offsets, values, nulls)?))
        }
        (DataType::Dictionary(..), _) => {
            let dictionary = array.as_any_dictionary();
            plain_array(&take(dictionary.values(), dictionary.keys(), None)?)
        }
        (DataType::RunEndEncoded(_, values), _) => cast_on(array, values.data_type()),
        (DataType::ListView(item), _) => cast_on(array, &DataType::List(Arc::clone(item))),
        (DataType::LargeListView(item), _) => {
            cast_on(array, &DataType::LargeList(Arc::clone(item)))
        }
        _ => cast_exactly(array, to),
    }
}

/// One step on the way to the plain type.
fn cast_on(array: &ArrayRef, next: &DataType) -> Result<ArrayRef, ArrowError> {
    plain_array(&cast_exactly(array, next)?)
}

fn cast_exactly(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}
