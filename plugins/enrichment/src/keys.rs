//! The keys of a table in the types of the input columns.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::config::Lookup;
use crate::error::BindError;
use crate::table::{Table, first_lost};
use crate::types;

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
        return Err(BindError::NoKey { column, data_type: types::name(wanted) });
    }
    if !table.untyped_keys && !comparable(wanted, array.data_type()) {
        return Err(BindError::KeyType {
            column,
            found: types::name(wanted),
            key: key.name.to_owned(),
            in_table: types::name(array.data_type()),
        });
    }
    let failed = |source| BindError::Arrow { path: table.path.clone(), source };
    let typed = cast(array, wanted).map_err(failed)?;
    match first_lost(array, &typed).filter(|_| table.untyped_keys) {
        None => Ok(typed),
        Some(row) => Err(BindError::BadKey {
            path: table.path.clone(),
            place: table.place(row),
            key: key.name.to_owned(),
            text: types::text_at(array, row),
            kind: types::name(wanted),
            column,
        }),
    }
}

/// Floats compare unreliably, lists and structs not at all.
fn makes_key(data_type: &DataType) -> bool {
    !data_type.is_floating() && !data_type.is_nested() && *data_type != DataType::Null
}

fn comparable(input: &DataType, table: &DataType) -> bool {
    input == table || input.is_integer() && table.is_integer() || is_text(input) && is_text(table)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}
