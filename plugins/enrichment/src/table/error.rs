//! Why a table cannot be used.

use tanda_plugin::PluginError;

/// Why a table cannot be used. Nothing has run; a mended file or scene can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TableError {
    /// The ending says nothing about the format.
    #[error(
        "{path}: the ending names no known format; \
         expected .csv, .tsv, .ndjson or .jsonl, also with .gz or .zst behind it, or .parquet, \
         or say format: Csv"
    )]
    UnknownFormat { path: String },
    /// The file is not there or may not be read.
    #[error("{path}: {source}; check the path, relative to the working directory")]
    Open { path: String, source: std::io::Error },
    /// A compressed file that is damaged or cut short.
    #[error("{path}: {source}; is it a whole gzip or zstd file?")]
    Packed { path: String, source: std::io::Error },
    /// A CSV file of no bytes.
    #[error("{path}: the file is empty; expected the names of the columns in its first line")]
    Empty { path: String },
    /// A CSV record of another length.
    #[error(
        "{path}, line {line}: {found} fields, expected {expected} as in the first line; \
         quote a field that holds a separator"
    )]
    Ragged { path: String, line: u64, found: u64, expected: u64 },
    /// Bytes that are no text.
    #[error("{path}, line {line}, field {field}: not UTF-8; convert the file to UTF-8")]
    NotUtf8 { path: String, line: u64, field: usize },
    /// Reading failed in the middle.
    #[error("{path}: {source}")]
    Csv { path: String, source: csv::Error },
    /// A line that is no JSON object.
    #[error("{path}, line {line}, column {column}: {found}; expected one JSON object a line")]
    Json { path: String, line: u64, column: usize, found: String },
    /// A value that does not go with those above it.
    #[error(
        "{path}, line {line}: `{column}` is {found}, but the values above are {expected}; \
         only plain values of one type can be taken"
    )]
    MixedJson { path: String, line: u64, column: String, found: String, expected: String },
    /// Not a Parquet file, or a damaged one.
    #[error("{path}: {source}; is it a whole Parquet file?")]
    Parquet { path: String, source: parquet::errors::ParquetError },
    /// Arrow could not read the columns.
    #[error("{path}: {source}")]
    Arrow { path: String, source: arrow::error::ArrowError },
    /// A named column is not in the table.
    #[error("{path}: there is no column `{column}`; {hint}")]
    UnknownColumn { path: String, column: String, hint: String },
    /// A named column is in the table twice.
    #[error("{path}: `{column}` names columns {first} and {second}; rename one of them")]
    TwoColumns { path: String, column: String, first: usize, second: usize },
    /// A cell is not of the type that the scene gives its column.
    #[error(
        "{path}, line {line}, column `{column}`: {found:?} is no {wanted}; \
         mend the value or change types: {{\"{column}\": \"utf8\"}}"
    )]
    BadCell { path: String, line: u64, column: String, found: String, wanted: String },
    /// A type that the scene names is not known.
    #[error("types of {path}: there is no type {name:?}; {hint}")]
    UnknownType { path: String, name: String, hint: String },
    /// A type is given to a column that is not taken.
    #[error("types of {path}: column `{column}` is not among those that are taken; remove it")]
    UnusedType { path: String, column: String },
    /// Types are given to a table that has its own.
    #[error("types: {path} says itself what type `{column}` is; remove it from types")]
    TypesOfTyped { path: String, column: String },
    /// More rows than an index can name.
    #[error("{path}: {rows} rows, at most {}", super::ROWS_MAX)]
    TooLong { path: String, rows: usize },
}

impl TableError {
    /// The token of the configuration that the error is about.
    fn token(&self) -> &str {
        match self {
            Self::UnknownColumn { column, .. }
            | Self::TwoColumns { column, .. }
            | Self::UnusedType { column, .. }
            | Self::TypesOfTyped { column, .. } => column,
            Self::UnknownType { name, .. } => name,
            Self::UnknownFormat { path }
            | Self::Open { path, .. }
            | Self::Packed { path, .. }
            | Self::Empty { path }
            | Self::Ragged { path, .. }
            | Self::NotUtf8 { path, .. }
            | Self::Csv { path, .. }
            | Self::Json { path, .. }
            | Self::MixedJson { path, .. }
            | Self::Parquet { path, .. }
            | Self::Arrow { path, .. }
            | Self::BadCell { path, .. }
            | Self::TooLong { path, .. } => path,
        }
    }
}

impl From<TableError> for PluginError {
    fn from(error: TableError) -> Self {
        Self::new(error.to_string()).about(error.token())
    }
}
