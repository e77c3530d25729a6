//! What can go wrong: before a row is read ([`ExpressionError`]) and while rows are evaluated
//! ([`EvaluateError`]).

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use tanda_spelling::type_name;

/// Where in the text of an expression something is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The token there, as written; empty if the text ended.
    pub token: String,
    /// Line and column in characters, both from 1, where the parser knows them.
    pub position: Option<(u32, u32)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

/// Why a text is not an expression, or not one over the given columns.
///
/// Nothing was evaluated and nothing is kept; only another text or another schema can help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// The text breaks the grammar.
    #[error("syntax error{place}: {problem}")]
    Syntax {
        /// The token that does not fit.
        place: Arc<Place>,
        /// What was found and what would fit.
        problem: String,
    },
    /// The text is longer or nested deeper than an expression may be.
    #[error("the expression has more than {limit} {what}: split it, or group it with parentheses")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// SQL that this expression language leaves out.
    #[error("`{snippet}`{place} is not part of the expression language: {help}")]
    Unsupported {
        /// Its first token.
        place: Arc<Place>,
        /// The start of the construct.
        snippet: String,
        /// What to write instead.
        help: &'static str,
    },
    /// No column has this name.
    #[error("unknown column `{name}`{place}: {hint}")]
    UnknownColumn {
        /// The name, as written.
        place: Arc<Place>,
        /// The name without quotes.
        name: String,
        /// The nearest name, or the names that there are.
        hint: String,
    },
    /// Two columns have this name.
    #[error("column `{name}`{place} is ambiguous: {count} columns have this name, rename them")]
    AmbiguousColumn {
        /// The name, as written.
        place: Arc<Place>,
        /// The name without quotes.
        name: String,
        /// How many columns have it.
        count: usize,
    },
    /// No function has this name.
    #[error("unknown function `{name}`{place}: {hint}")]
    UnknownFunction {
        /// The name, as written.
        place: Arc<Place>,
        /// The name.
        name: String,
        /// The nearest name, or the names that there are.
        hint: String,
    },
    /// A function was given too few or too many arguments.
    #[error("`{name}`{place} takes {expected}, found {found}")]
    Arguments {
        /// The name, as written.
        place: Arc<Place>,
        /// The function.
        name: String,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        found: usize,
    },
    /// Two types that no rule combines.
    #[error("`{snippet}`{place}: {left} and {right} do not combine: cast one of them")]
    Mismatch {
        /// The first token of the operation.
        place: Arc<Place>,
        /// The operation.
        snippet: String,
        /// Type of the left side.
        left: String,
        /// Type of the right side.
        right: String,
    },
    /// An operand of a type that the operation does not take.
    #[error("`{snippet}`{place}: expected {expected}, found `{operand}` of type {found}")]
    WrongType {
        /// The first token of the operand.
        place: Arc<Place>,
        /// The operation.
        snippet: String,
        /// The operand.
        operand: String,
        /// What the operation takes, in words.
        expected: &'static str,
        /// Type of the operand.
        found: String,
    },
    /// A literal that does not spell what it must be, as a date or a regular expression.
    #[error("{literal}{place} is no {wanted}: {problem}")]
    Literal {
        /// The literal.
        place: Arc<Place>,
        /// The literal, as written.
        literal: String,
        /// What it must be.
        wanted: String,
        /// Why not, and how to write it.
        problem: String,
    },
    /// Times of a zone that is called by a place, whose offsets nothing here knows.
    #[error("`{operand}`{place}: the offsets of zone {zone} are not known here: {help}")]
    UnknownOffset {
        /// The first token of the operand.
        place: Arc<Place>,
        /// The operand that would have to be told in another zone.
        operand: String,
        /// The zone, as the schema calls it.
        zone: String,
        /// What to write instead.
        help: String,
    },
    /// A predicate that is not boolean.
    #[error("`{snippet}`{place} has type {found}, expected a boolean: compare it with something")]
    NotBoolean {
        /// The first token.
        place: Arc<Place>,
        /// The start of the expression.
        snippet: String,
        /// Its type.
        found: String,
    },
}

impl ExpressionError {
    /// The token of the expression that the error is about, as written there.
    pub fn token(&self) -> Option<&str> {
        self.site().map(|place| place.token.as_str()).filter(|token| !token.is_empty())
    }

    /// Line and column (both from 1, in characters) inside the expression, where known.
    pub fn place(&self) -> Option<(u32, u32)> {
        self.site().and_then(|place| place.position)
    }

    fn site(&self) -> Option<&Arc<Place>> {
        match self {
            Self::Syntax { place, .. }
            | Self::Unsupported { place, .. }
            | Self::UnknownColumn { place, .. }
            | Self::AmbiguousColumn { place, .. }
            | Self::UnknownFunction { place, .. }
            | Self::Arguments { place, .. }
            | Self::Mismatch { place, .. }
            | Self::WrongType { place, .. }
            | Self::Literal { place, .. }
            | Self::UnknownOffset { place, .. }
            | Self::NotBoolean { place, .. } => Some(place),
            Self::TooLarge { .. } => None,
        }
    }
}

/// Why a batch has no result. The batch is untouched; the same batch fails again the same way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// An integer or decimal result does not fit its type.
    #[error("overflow in `{operation}`: {detail}")]
    Overflow {
        /// The operation, as text.
        operation: String,
        /// The values of the first row that overflowed.
        detail: String,
    },
    /// An integer or decimal was divided by zero.
    #[error("division by zero in `{operation}`: guard it, for example with nullif(divisor, 0)")]
    DivideByZero {
        /// The operation, as text.
        operation: String,
    },
    /// A value cannot be converted to the wanted type.
    #[error("`{operation}` cannot become {wanted}: {detail}")]
    Cast {
        /// What was converted, as text.
        operation: String,
        /// The type.
        wanted: String,
        /// The first value that could not be converted.
        detail: String,
    },
    /// A function does not take this value.
    #[error("`{operation}`: {detail}")]
    Argument {
        /// The call, as text.
        operation: String,
        /// What is wrong with the value.
        detail: String,
    },
    /// The result of one batch is larger than an Arrow array can be.
    #[error(
        "`{operation}` makes more than {limit} bytes of text in one batch: use smaller batches"
    )]
    TooLarge {
        /// The call, as text.
        operation: String,
        /// The bound in bytes.
        limit: usize,
    },
    /// The batch does not have the schema that the expression was bound to.
    #[error(
        "the batch does not fit the expression: column {index} is {found}, expected {expected}"
    )]
    Batch {
        /// Index of the column.
        index: usize,
        /// What the batch has there.
        found: String,
        /// What the expression was bound to.
        expected: String,
    },
    /// A predicate was asked of an expression that is not boolean.
    #[error("the expression has type {found}, expected a boolean")]
    NotBoolean {
        /// Its type.
        found: String,
    },
    /// A kernel refused its input; a fault of this crate or of arrow.
    #[error("`{operation}` failed in arrow")]
    Kernel {
        /// The operation, as text.
        operation: String,
        /// What arrow says.
        source: ArrowError,
    },
}

impl EvaluateError {
    /// Sorts what an arrow kernel says into the kinds a user can act on.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other arrow error is kept as it is")]
    pub(crate) fn from_arrow(operation: &str, result: &DataType, error: ArrowError) -> Self {
        let operation = operation.to_owned();
        match error {
            ArrowError::ArithmeticOverflow(detail) => {
                let values = detail.strip_prefix("Overflow happened on: ");
                let help = match result {
                    DataType::UInt64 => ": cast an operand to bigint or decimal(20, 0)",
                    _ => "",
                };
                let explain = |values| format!("{values} does not fit {}{help}", type_name(result));
                Self::Overflow { operation, detail: values.map_or_else(|| detail.clone(), explain) }
            }
            ArrowError::DivideByZero => Self::DivideByZero { operation },
            source => Self::Kernel { operation, source },
        }
    }
}

/// What a failed cast says, without arrow's name for the kind of error.
#[expect(clippy::wildcard_enum_match_arm, reason = "other kinds say what they are")]
pub(crate) fn cast_problem(error: ArrowError) -> String {
    match error {
        ArrowError::CastError(problem) | ArrowError::ParseError(problem) => problem,
        other => other.to_string(),
    }
}
