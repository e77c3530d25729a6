//! Reads a table by its format.

use std::path::Path;

use tanda_spelling::{Ending, NamedFormat, Packing};

use super::columns::Table;
use super::error::TableError;
use super::{parquet, text};
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
    let ending = Ending::of(Path::new(&lookup.table));
    match (ending.format(), ending.packing) {
        (Some(NamedFormat::Csv), _) => Ok(Format::Csv),
        (Some(NamedFormat::Tsv), _) => Ok(Format::Tsv),
        (Some(NamedFormat::Ndjson), _) => Ok(Format::Ndjson),
        (Some(NamedFormat::Parquet), Packing::None) => Ok(Format::Parquet),
        (Some(NamedFormat::Parquet), Packing::Gzip | Packing::Zstd)
        | (Some(NamedFormat::Arrow) | None, _) => {
            Err(TableError::UnknownFormat { path: lookup.table.clone() })
        }
    }
}
