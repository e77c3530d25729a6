//! What can be wrong with a rule, and with a batch.

use arrow::error::ArrowError;
use tanda_expression::{EvaluateError, ExpressionError};
use tanda_plugin::PluginError;

/// Why a configuration does not fit the input. Nothing has run; a changed scene can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BindError {
    /// A rule names a column that the input has not.
    #[error("there is no column `{column}` in the input; {hint}")]
    UnknownColumn { column: String, hint: String },
    /// A rule cannot judge values of the column's type.
    #[error("column `{column}` is {found}, but this rule needs {expected}")]
    WrongType { column: String, found: String, expected: &'static str },
    /// A value of the configuration is no value of the column's type.
    #[error("{value} is no value of column `{column}`, which is {data_type}; write {advice}")]
    BadValue { value: String, column: String, data_type: String, advice: String },
    /// The pattern is no regular expression.
    #[error("the pattern {pattern:?} is no regular expression: {source}")]
    BadPattern { pattern: String, source: Box<regex::Error> },
    /// The type has no such name.
    #[error("there is no type {name:?}; {hint}")]
    UnknownType { name: String, hint: String },
    /// Values of one type can never be read as the other.
    #[error("column `{column}` is {found}, which can never be read as {wanted}; remove the rule")]
    NeverOfType { column: String, found: String, wanted: String },
    /// An expression does not parse or does not fit the input.
    #[error("in {expr:?}: {source}")]
    BadExpression { expr: String, source: ExpressionError },
    /// A rule that can reject nothing, or everything.
    #[error("{what}")]
    Senseless { what: &'static str, about: String },
    /// A key of these columns cannot be compared.
    #[error("columns {columns:?} make no key: {source}")]
    BadKey { columns: Vec<String>, source: ArrowError },
    /// The reason column would be there twice.
    #[error(
        "the input already has a column `{column}`; name the reason column otherwise: \
         reason_column: \"...\""
    )]
    ReasonTaken { column: String },
}

impl BindError {
    /// The token of the configuration that the error is about.
    fn token(&self) -> Option<&str> {
        match self {
            Self::UnknownColumn { column, .. }
            | Self::WrongType { column, .. }
            | Self::NeverOfType { column, .. }
            | Self::ReasonTaken { column } => Some(column),
            // A number stands in many places of a scene.
            Self::BadValue { value, column, .. } => {
                Some(if value.starts_with('"') { value.trim_matches('"') } else { column })
            }
            Self::BadPattern { pattern, .. } => Some(pattern),
            Self::UnknownType { name, .. } => Some(name),
            Self::BadExpression { expr, source } => Some(source.token().unwrap_or(expr)),
            Self::Senseless { about, .. } => Some(about),
            Self::BadKey { columns, .. } => columns.first().map(String::as_str),
        }
    }

    /// The error as the engine takes it, with the place of the rule.
    pub(crate) fn at(self, place: &str) -> PluginError {
        let error = PluginError::new(format!("{place}: {self}"));
        match self.token() {
            Some(token) => error.about(token),
            None => error,
        }
    }
}

/// Why a batch could not be judged. Nothing of it has been emitted; a retry meets the same error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum JudgeError {
    /// An expression overflowed, divided by zero, …
    #[error("{0}")]
    Evaluate(#[from] EvaluateError),
    /// An Arrow kernel refused the batch.
    #[error("{0}")]
    Arrow(#[from] ArrowError),
}
