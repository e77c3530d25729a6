//! A table that was read: the columns that a lookup names, and where each row stands in its file.

use std::fmt;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;

use super::named::{named_columns, position};
use crate::config::Lookup;

/// The columns of a table that a lookup names.
#[derive(Debug)]
pub(crate) struct Table {
    /// Path as the scene writes it.
    pub(crate) path: String,
    /// Key columns, in the order of `on`. Texts as they are written when the format knows no types.
    pub(crate) keys: Vec<ArrayRef>,
    /// Columns that are taken, in the order of `take`.
    pub(crate) taken: Vec<ArrayRef>,
    /// Are keys texts that stand for values of any type?
    pub(crate) untyped_keys: bool,
    pub(super) places: Places,
}

/// Where the rows of a table stand in its file.
#[derive(Debug)]
pub(super) enum Places {
    /// In these lines, from 1.
    Lines(Vec<u64>),
    /// In a file without lines.
    Rows,
}

/// Where one row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Line of the file, from 1.
    Line(u64),
    /// Row of the table, from 1.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

impl Table {
    /// A table whose columns have types, from the columns that `named_columns` lists.
    pub(super) fn typed(lookup: &Lookup, columns: &[ArrayRef], places: Places) -> Self {
        let names = named_columns(lookup);
        let find = |(_, name): (&str, &String)| columns[position(&names, name)].clone();
        Self {
            path: lookup.table.clone(),
            keys: lookup.on.iter().map(find).collect(),
            taken: lookup.take.iter().map(find).collect(),
            untyped_keys: false,
            places,
        }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.keys.first().map_or(0, |key| key.len())
    }

    /// Where a row stands in the file.
    pub(crate) fn place(&self, row: usize) -> Place {
        match &self.places {
            Places::Lines(lines) => Place::Line(lines[row]),
            Places::Rows => Place::Row(row as u64 + 1),
        }
    }

    /// Types of the columns that are taken.
    pub(crate) fn taken_types(&self) -> impl Iterator<Item = &DataType> {
        self.taken.iter().map(|column| column.data_type())
    }
}
