//! One lookup, bound to the columns it reads.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use tanda_spelling::{among, type_name};

use crate::config::{Lookup, Missing};
use crate::error::BindError;
use crate::index::{Index, IndexError};
use crate::keys;
use crate::shown::text_at;
use crate::table::Table;

/// A lookup ready for batches.
#[derive(Debug)]
pub(crate) struct BoundLookup {
    index: Index,
    /// The columns that are taken, with one row more at the end: what a row without a match gets.
    taken: Vec<ArrayRef>,
    /// Number of that row.
    missing_row: u32,
    /// Key columns of the input, by their place in the plan's columns.
    pub(crate) keys: Vec<usize>,
    /// Do rows without a match leave on `rejected`?
    pub(crate) rejects: bool,
}

/// The table rows that belong to the rows of one batch.
#[derive(Debug)]
pub(crate) struct Matches {
    rows: UInt32Array,
    missing_row: u32,
}

impl BoundLookup {
    /// Types the keys and builds the index.
    pub(crate) fn new(
        lookup: &Lookup,
        table: &Table,
        keys: Vec<usize>,
        key_types: &[DataType],
    ) -> Result<Self, BindError> {
        let key_arrays = keys::typed(lookup, table, key_types)?;
        let index = Index::new(&key_arrays, lookup.on_duplicate)
            .map_err(|error| explain(error, table, &key_arrays))?;
        Ok(Self {
            index,
            taken: with_missing_row(lookup, table)?,
            missing_row: u32::try_from(table.rows())
                .expect("a table has at most u32::MAX - 1 rows"),
            keys,
            rejects: lookup.missing == Missing::Reject,
        })
    }

    /// Finds the keys of a batch.
    pub(crate) fn find(&self, keys: &[ArrayRef]) -> Result<Matches, ArrowError> {
        let rows = self.index.find(keys, self.missing_row)?;
        Ok(Matches { rows: rows.into(), missing_row: self.missing_row })
    }

    /// One taken column for the rows of a batch.
    pub(crate) fn take(&self, column: usize, matches: &Matches) -> Result<ArrayRef, ArrowError> {
        take(&self.taken[column], &matches.rows, None)
    }
}

impl Matches {
    /// A bit for every row that has a match.
    pub(crate) fn known(&self) -> BooleanBuffer {
        let rows = self.rows.values();
        BooleanBuffer::collect_bool(rows.len(), |row| rows[row] != self.missing_row)
    }

    /// The same as a column.
    pub(crate) fn known_column(&self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.known(), None))
    }
}

/// The columns that a lookup adds, in order.
pub(crate) fn fields(lookup: &Lookup, table: &Table) -> Vec<Field> {
    let taken = lookup.take.iter().zip(table.taken_types());
    let taken = taken.map(|((name, _), data_type)| Field::new(name, data_type.clone(), true));
    let known = lookup.known.iter().map(|name| Field::new(name, DataType::Boolean, false));
    taken.chain(known).collect()
}

fn with_missing_row(lookup: &Lookup, table: &Table) -> Result<Vec<ArrayRef>, BindError> {
    check_defaults(lookup)?;
    let pairs = lookup.take.iter().zip(&table.taken);
    pairs
        .map(|((name, _), column)| {
            let missing = missing_value(lookup, name, column.data_type())?;
            concat(&[column, &missing])
                .map_err(|source| BindError::Arrow { path: table.path.clone(), source })
        })
        .collect()
}

fn missing_value(lookup: &Lookup, name: &str, data_type: &DataType) -> Result<ArrayRef, BindError> {
    let default = match &lookup.missing {
        Missing::Default(values) => values.get(name),
        Missing::Null | Missing::Reject => None,
    };
    match default {
        None => Ok(new_null_array(data_type, 1)),
        Some(value) => value.to_array(data_type).ok_or_else(|| BindError::BadDefault {
            value: value.to_string(),
            column: name.to_owned(),
            data_type: type_name(data_type),
            advice: value.advice(data_type),
        }),
    }
}

fn check_defaults(lookup: &Lookup) -> Result<(), BindError> {
    let Missing::Default(values) = &lookup.missing else { return Ok(()) };
    match values.iter().find(|(name, _)| lookup.take.get(name).is_none()) {
        None => Ok(()),
        Some((name, _)) => Err(BindError::UnusedDefault {
            column: name.to_owned(),
            hint: among(name, lookup.take.iter().map(|(name, _)| name)),
        }),
    }
}

fn explain(error: IndexError, table: &Table, keys: &[ArrayRef]) -> BindError {
    let path = table.path.clone();
    match error {
        IndexError::Arrow(source) => BindError::Arrow { path, source },
        IndexError::Duplicate(first, second) => {
            let parts = keys.iter().map(|key| text_at(key, second));
            BindError::DuplicateKey {
                path,
                key: format!("{:?}", parts.collect::<Vec<_>>().join(", ")),
                first: table.place(first),
                second: table.place(second),
            }
        }
    }
}
