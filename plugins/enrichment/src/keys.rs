//! The keys of a table in the types of the input columns.

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::kernels::cmp::neq;
use arrow::compute::{cast, nullif};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use tanda_spelling::type_name;

use crate::config::Lookup;
use crate::error::BindError;
use crate::shown::text_at;
use crate::table::Table;

/// One key column of a lookup: what it is called on either side, and its type in the input.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    pub(crate) column: &'a str,
    pub(crate) name: &'a str,
    pub(crate) data_type: DataType,
}

/// The key columns of the table, each in the type that the input has. A key that the type cannot
/// hold equals no value of the input and becomes null.
pub(crate) fn typed(
    lookup: &Lookup,
    table: &Table,
    input_types: &[DataType],
) -> Result<Vec<ArrayRef>, BindError> {
    let pairs = lookup.on.iter().zip(input_types).zip(&table.keys);
    pairs
        .map(|(((column, name), data_type), array)| {
            let key = Key { column, name, data_type: data_type.clone() };
            typed_one(&key, table, array)
        })
        .collect()
}

fn typed_one(key: &Key<'_>, table: &Table, array: &ArrayRef) -> Result<ArrayRef, BindError> {
    let (column, wanted) = (key.column.to_owned(), &key.data_type);
    if !makes_key(wanted) {
        return Err(BindError::NoKey { column, data_type: type_name(wanted) });
    }
    if !table.untyped_keys && !comparable(wanted, array.data_type()) {
        return Err(BindError::KeyType {
            column,
            found: type_name(wanted),
            key: key.name.to_owned(),
            in_table: type_name(array.data_type()),
        });
    }
    if table.untyped_keys {
        return from_texts(key, table, array);
    }
    let failed = |source| BindError::Arrow { path: table.path.clone(), source };
    let typed = cast(array, wanted).map_err(failed)?;
    exact(array, &typed).map_err(failed)
}

/// Keys that are nothing but texts, read as a source reads a column of the wanted type.
fn from_texts(key: &Key<'_>, table: &Table, texts: &ArrayRef) -> Result<ArrayRef, BindError> {
    let (column, wanted) = (key.column.to_owned(), &key.data_type);
    match tanda_text::typed(texts.as_string(), &read_as(wanted)) {
        None => Err(BindError::NoKey { column, data_type: type_name(wanted) }),
        Some(Ok(typed)) => cast(&typed, wanted)
            .map_err(|source| BindError::Arrow { path: table.path.clone(), source }),
        Some(Err(row)) => Err(BindError::BadKey {
            path: table.path.clone(),
            place: table.place(row),
            key: key.name.to_owned(),
            text: text_at(texts, row),
            kind: type_name(wanted),
            column,
        }),
    }
}

/// The type in which texts are read that become keys of type `wanted`, which holds all its values.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are read as they are")]
fn read_as(wanted: &DataType) -> DataType {
    match wanted {
        DataType::LargeUtf8 => DataType::Utf8,
        DataType::Date64 => DataType::Date32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    }
}

/// Without the keys that a cast has changed, as that of a time to a coarser unit: they equal no
/// value of the type.
fn exact(array: &ArrayRef, typed: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == typed.data_type() {
        return Ok(typed.clone());
    }
    let back = cast(typed, array.data_type())?;
    nullif(typed, &neq(&back, array)?)
}

/// Floats compare unreliably, lists and structs not at all.
fn makes_key(data_type: &DataType) -> bool {
    !data_type.is_floating() && !data_type.is_nested() && *data_type != DataType::Null
}

fn comparable(input: &DataType, table: &DataType) -> bool {
    use DataType::{Date32, Date64, Time32, Time64, Timestamp};
    let of_one_kind = match (input, table) {
        (Timestamp(_, input), Timestamp(_, table)) => input == table,
        (Time32(_) | Time64(_), Time32(_) | Time64(_)) => true,
        (Date32 | Date64, Date32 | Date64) => true,
        (_, _) => false,
    };
    input == table
        || input.is_integer() && table.is_integer()
        || input.is_decimal() && table.is_decimal()
        || is_text(input) && is_text(table)
        || of_one_kind
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}
