//! Why a configuration does not fit the input.

use arrow::error::ArrowError;
use tanda_expression::ExpressionError;
use tanda_plugin::PluginError;

use crate::table::Place;

/// Why a configuration does not fit the input. Nothing has run; a changed scene or table can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BindError {
    /// A key column is not in the input.
    #[error("there is no column `{column}` in the input; {hint}")]
    UnknownColumn { column: String, hint: String },
    /// Keys of this type cannot be looked up.
    #[error(
        "column `{column}` is {data_type}, which makes no exact key; \
         look up by whole numbers, texts, dates, times or truth values"
    )]
    NoKey { column: String, data_type: String },
    /// The table's keys are of another kind.
    #[error(
        "column `{column}` of the input is {found}, but `{key}` of the table is {in_table}; \
         no value of one equals any of the other"
    )]
    KeyType { column: String, found: String, key: String, in_table: String },
    /// A key of a table of texts is no value of the input column's type.
    #[error(
        "{place}, column `{key}`: {text:?} is no {kind}, \
         which the input column `{column}` is; mend the table"
    )]
    BadKey { path: String, place: Place, key: String, text: String, kind: String, column: String },
    /// A key is in the table twice.
    #[error(
        "the key {key} stands on {first} and on {second}; remove one, \
         or say on_duplicate: First or Last"
    )]
    DuplicateKey { path: String, key: String, first: Place, second: Place },
    /// A default is no value of its column.
    #[error("the default {value} is no value of `{column}`, which is {data_type}; write {advice}")]
    BadDefault { value: String, column: String, data_type: String, advice: String },
    /// A default for a column that is not taken.
    #[error("there is a default for `{column}`, which is not taken; {hint}")]
    UnusedDefault { column: String, hint: String },
    /// A new column has the name of one that is there.
    #[error("the new column `{column}` is already there; choose another name")]
    NameTaken { column: String },
    /// An expression does not parse or does not fit the columns.
    #[error("in {expr:?}: {source}")]
    BadExpression { expr: String, source: ExpressionError },
    /// An Arrow kernel refused the table.
    #[error("{source}")]
    Arrow { path: String, source: ArrowError },
}

impl BindError {
    /// The token of the configuration that the error is about.
    fn token(&self) -> &str {
        match self {
            Self::UnknownColumn { column, .. }
            | Self::NoKey { column, .. }
            | Self::KeyType { column, .. }
            | Self::BadDefault { column, .. }
            | Self::UnusedDefault { column, .. }
            | Self::NameTaken { column } => column,
            Self::BadExpression { expr, source } => source.token().unwrap_or(expr),
            Self::BadKey { path, .. }
            | Self::DuplicateKey { path, .. }
            | Self::Arrow { path, .. } => path,
        }
    }

    /// The error as the engine takes it, with the place of the step.
    pub(crate) fn at(self, place: &str) -> PluginError {
        PluginError::new(format!("{place}: {self}")).about(self.token())
    }
}
