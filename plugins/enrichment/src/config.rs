//! The configuration as the user writes it; `reference.txt` is its manual.

use serde::Deserialize;

use crate::pairs::Pairs;
use tanda_spelling::Scalar;

/// `config: ( … )` of an enrichment stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Tables to look up in, in order; a later one may use the columns of an earlier one.
    #[serde(default)]
    pub lookups: Vec<Lookup>,
    /// New columns by expression, in order, after the lookups.
    #[serde(default)]
    pub compute: Pairs<String>,
}

/// One table and what is taken from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Path of the table, relative to the working directory.
    pub table: String,
    /// Format of the table; by default its ending says it.
    #[serde(default)]
    pub format: Option<Format>,
    /// Key: input column to table column; all must be equal for a row to match.
    pub on: Pairs<String>,
    /// New column to table column, in the order of the output.
    #[serde(default)]
    pub take: Pairs<String>,
    /// Name of a boolean column that says whether the key was found.
    #[serde(default)]
    pub known: Option<String>,
    /// What becomes of a row whose key is not in the table.
    #[serde(default)]
    pub missing: Missing,
    /// What a key means that is in the table twice.
    #[serde(default)]
    pub on_duplicate: OnDuplicate,
    /// Types of columns of a CSV table that shall not be guessed.
    #[serde(default)]
    pub types: Pairs<String>,
    /// For `missing: Reject`. Default `unknown_<input column>_<input column>`.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Lookup {
    /// What the reason column says about a row without a match.
    pub(crate) fn reason(&self) -> String {
        self.reason.clone().unwrap_or_else(|| {
            let columns: Vec<_> = self.on.iter().map(|(column, _)| column).collect();
            format!("unknown_{}", columns.join("_"))
        })
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Format {
    /// Fields between commas, names in the first line.
    Csv,
    /// The same between tabs.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// What becomes of a row whose key is not in the table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub enum Missing {
    /// The new columns are null.
    #[default]
    Null,
    /// The new columns named here have this value, the others are null.
    Default(Pairs<Scalar>),
    /// The row leaves on port `rejected`.
    Reject,
}

/// What a key means that is in the table twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum OnDuplicate {
    /// The table is refused, with both places.
    #[default]
    Error,
    /// The first row counts.
    First,
    /// The last row counts.
    Last,
}
