//! Lookup tables: read once, at `open`; only the columns that are named.

mod bytes;
mod error;
mod parquet;
mod text;

use std::fmt;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;

pub(crate) use self::error::TableError;
use crate::config::{Format, Lookup};

/// Rows that an index can name, beside the one for "not found".
const ROWS_MAX: usize = u32::MAX as usize - 1;

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
    places: Places,
}

/// Where the rows of a table stand in its file.
#[derive(Debug)]
enum Places {
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
    /// Reads a table.
    ///
    /// # Errors
    /// The file cannot be read or is not what its format says, or a named column is not in it.
    pub(crate) fn read(lookup: &Lookup) -> Result<Self, TableError> {
        let table = match format_of(lookup)? {
            Format::Csv => text::csv(lookup, b','),
            Format::Tsv => text::csv(lookup, b'\t'),
            Format::Ndjson => text::ndjson(lookup),
            Format::Parquet => parquet::read(lookup),
        }?;
        match table.rows() {
            0..=ROWS_MAX => Ok(table),
            rows => Err(TableError::TooLong { path: table.path, rows }),
        }
    }

    /// A table whose columns have types, from the columns that `named_columns` lists.
    fn typed(lookup: &Lookup, columns: &[ArrayRef], places: Places) -> Self {
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

fn format_of(lookup: &Lookup) -> Result<Format, TableError> {
    if let Some(format) = lookup.format {
        return Ok(format);
    }
    match bytes::format_ending(&lookup.table).as_str() {
        "csv" => Ok(Format::Csv),
        "tsv" => Ok(Format::Tsv),
        "ndjson" | "jsonl" => Ok(Format::Ndjson),
        "parquet" | "pq" if !bytes::is_packed(&lookup.table) => Ok(Format::Parquet),
        _ => Err(TableError::UnknownFormat { path: lookup.table.clone() }),
    }
}

/// Table columns that a lookup names, each once.
fn named_columns(lookup: &Lookup) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, name) in lookup.on.iter().chain(lookup.take.iter()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Where a column stands in `named_columns`.
fn position(names: &[String], name: &str) -> usize {
    let index = names.iter().position(|known| known == name);
    index.expect("named_columns lists every column of on and take")
}

/// Where the named columns stand among those of the file.
fn find_columns<'a>(
    lookup: &Lookup,
    names: &[String],
    found: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<usize>, TableError> {
    let find = |name: &String| {
        let mut places = found.clone().enumerate().filter(|(_, found)| found == name);
        match (places.next(), places.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(TableError::UnknownColumn {
                path: lookup.table.clone(),
                column: name.clone(),
                hint: crate::hint::among(name, found.clone()),
            }),
            (Some((first, _)), Some((second, _))) => Err(TableError::TwoColumns {
                path: lookup.table.clone(),
                column: name.clone(),
                first: first + 1,
                second: second + 1,
            }),
        }
    };
    names.iter().map(find).collect()
}

fn open(path: &str) -> Result<std::fs::File, TableError> {
    let failed = |source| TableError::Open { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_dir() {
        true => Err(failed(std::io::ErrorKind::IsADirectory.into())),
        false => Ok(file),
    }
}
