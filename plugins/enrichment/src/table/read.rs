//! Reads a table by its format.

use super::columns::Table;
use super::error::TableError;
use super::{bytes, parquet, text};
use crate::config::{Format, Lookup};

/// Rows that an index can name, beside the one for "not found".
const ROWS_MAX: usize = u32::MAX as usize - 1;

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
            rows => Err(TableError::TooLong { path: table.path, rows, max: ROWS_MAX }),
        }
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
