//! The configuration as the user writes it; `reference.txt` is its manual.

use serde::Deserialize;

use crate::shorthand::{Shorthand, short_or_full};
use tanda_spelling::Scalar;

/// `config: ( … )` of a validation stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Rules in the order in which they judge a row; at least one, at most 1,000.
    pub rules: Vec<Rule>,
    /// What becomes of a row that fails.
    #[serde(default)]
    pub policy: Policy,
    /// Name of the column that holds the reason. Default `reason`.
    #[serde(default = "default_reason_column")]
    pub reason_column: String,
}

fn default_reason_column() -> String {
    "reason".to_owned()
}

/// What becomes of a row that fails a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Policy {
    /// The row leaves on port `rejected` with its reason; the others leave on `main`.
    #[default]
    RejectRow,
    /// Every row leaves on `main`; the reason column is null for a valid one.
    Annotate,
    /// The first such row fails its whole batch: the failure policy of the stage takes over.
    FailBatch,
}

/// Whether a null satisfies a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Nulls {
    /// As in an SQL `CHECK`: what is unknown does not break the rule.
    #[default]
    Pass,
    /// A missing value fails the rule.
    Fail,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
pub enum Rule {
    /// No null in any of the columns.
    #[serde(deserialize_with = "short_or_full")]
    Required(Required),
    /// The value is one of a list.
    OneOf(OneOf),
    /// The value lies between bounds.
    Range(Range),
    /// The text contains a match of a regular expression.
    Matches(Matches),
    /// The text has so many characters, the binary so many bytes, the list so many elements.
    Length(Length),
    /// The value can be read as a type without loss.
    Type(Type),
    /// No equal key among the rows before.
    Unique(Unique),
    /// An expression is true.
    #[serde(deserialize_with = "short_or_full")]
    Check(Check),
}

impl Rule {
    /// The rule's name in the scene.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Required(_) => "Required",
            Self::OneOf(_) => "OneOf",
            Self::Range(_) => "Range",
            Self::Matches(_) => "Matches",
            Self::Length(_) => "Length",
            Self::Type(_) => "Type",
            Self::Unique(_) => "Unique",
            Self::Check(_) => "Check",
        }
    }
}

/// `Required("x")`, `Required(["x", "y"])` or `Required(columns: ["x"], reason: "…")`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// Columns that must have a value, judged in this order.
    pub columns: Vec<String>,
    /// Default `missing_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Shorthand for Required {
    const EXPECTED: &'static str =
        "a column name, a list of column names, or (columns: [...], reason: \"...\")";

    fn from_texts(columns: Vec<String>) -> Option<Self> {
        Some(Self { columns, reason: None })
    }
}

/// `OneOf(column: "origin", values: ["EWR", "JFK"])`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// Column that is judged.
    pub column: String,
    /// Values that pass; at least one.
    pub values: Vec<Scalar>,
    /// Default `Pass`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `bad_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Range(column: "distance", exclusive_min: 0, max: 20000)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Column that is judged.
    pub column: String,
    /// Smallest value that passes.
    #[serde(default)]
    pub min: Option<Scalar>,
    /// Largest value that passes.
    #[serde(default)]
    pub max: Option<Scalar>,
    /// Largest value that is too small.
    #[serde(default)]
    pub exclusive_min: Option<Scalar>,
    /// Smallest value that is too large.
    #[serde(default)]
    pub exclusive_max: Option<Scalar>,
    /// Default `Pass`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `bad_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Matches(column: "tailnum", pattern: "^N[0-9]")`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matches {
    /// Column that is judged; text.
    pub column: String,
    /// Regular expression (syntax of the `regex` crate); found anywhere unless anchored.
    pub pattern: String,
    /// Default `Pass`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `bad_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Length(column: "carrier", min: 2, max: 2)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// Column that is judged; text, binary or a list.
    pub column: String,
    /// Smallest length that passes.
    #[serde(default)]
    pub min: Option<u64>,
    /// Largest length that passes.
    #[serde(default)]
    pub max: Option<u64>,
    /// Default `Pass`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `bad_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Type(column: "flight", type: "int64")`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    /// Column that is judged.
    pub column: String,
    /// Name of the type.
    pub r#type: String,
    /// Default `Pass`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `bad_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Unique(columns: ["id"], window: 100000)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// Columns that make the key.
    pub columns: Vec<String>,
    /// Rows that are remembered, `1..=10_000_000`.
    pub window: u64,
    /// Default `Pass`: a key with a null equals no other.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `duplicate_<column>_<column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `Check("arr_time > dep_time")` or `Check(expr: "…", nulls: Fail, reason: "…")`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Expression of type boolean.
    pub expr: String,
    /// Default `Pass`: an expression that is null does not fail.
    #[serde(default)]
    pub nulls: Nulls,
    /// Default `failed: <expr>`.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Shorthand for Check {
    const EXPECTED: &'static str = "an expression, or (expr: \"...\", nulls: ..., reason: \"...\")";

    fn from_texts(mut texts: Vec<String>) -> Option<Self> {
        let expr = if texts.len() == 1 { texts.pop() } else { None }?;
        Some(Self { expr, nulls: Nulls::Pass, reason: None })
    }
}
