//! Why a table cannot be used.

use tanda_plugin::PluginError;
use tanda_text::TextError;

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
    /// Nothing is in it that could tell its columns.
    #[error("{path}: the file is empty; expected {expected}")]
    Empty { path: String, expected: &'static str },
    /// A record that cannot be decoded.
    #[error("{path}, line {line}: {reason}; mend the table")]
    BadRecord { path: String, line: u64, reason: String },
    /// Values of a column that is named are of several types.
    #[error(
        "{path}: column `{column}` holds {found}; mend the table, or, if the column is taken, take \
         it as text by types: {{\"{column}\": \"utf8\"}}"
    )]
    Mixed { path: String, column: String, found: String },
    /// It is no text, or no table.
    #[error(transparent)]
    Text(Box<TextError>),
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
    #[error("{path}: {rows} rows, at most {max}")]
    TooLong { path: String, rows: usize, max: usize },
}

impl TableError {
    /// The token of the configuration that the error is about.
    fn token(&self) -> &str {
        match self {
            Self::UnknownColumn { column, .. }
            | Self::TwoColumns { column, .. }
            | Self::UnusedType { column, .. }
            | Self::TypesOfTyped { column, .. } => column,
            Self::Mixed { column, .. } => column,
            Self::UnknownType { name, .. } => name,
            Self::Text(error) => token_of(error),
            Self::UnknownFormat { path }
            | Self::Open { path, .. }
            | Self::Packed { path, .. }
            | Self::Empty { path, .. }
            | Self::BadRecord { path, .. }
            | Self::Parquet { path, .. }
            | Self::Arrow { path, .. }
            | Self::BadCell { path, .. }
            | Self::TooLong { path, .. } => path,
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of a scene")]
impl From<TextError> for TableError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty { path, expected } => Self::Empty { path, expected },
            TextError::BadRecord(bad) => {
                Self::BadRecord { path: bad.path, line: bad.line, reason: bad.reason }
            }
            TextError::MixedColumn { path, column, found } => Self::Mixed { path, column, found },
            other => Self::Text(Box::new(other)),
        }
    }
}

/// The file that the error is about, which the configuration names.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others cannot come of one table")]
fn token_of(error: &TextError) -> &str {
    match error {
        TextError::WrongFormat { path, .. }
        | TextError::Header { path, .. }
        | TextError::RecordTooLong { path, .. } => path,
        _ => "lookups",
    }
}

impl From<TableError> for PluginError {
    fn from(error: TableError) -> Self {
        Self::new(error.to_string()).about(error.token())
    }
}
