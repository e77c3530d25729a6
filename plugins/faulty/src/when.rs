//! Decides when it happens.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::util::display::array_value_to_string;
use tanda_expression::{Expression, ExpressionError, Unbound};
use tanda_plugin::PluginError;

use crate::config::When;

/// What an instance waits for.
#[derive(Debug)]
pub(crate) enum Trigger {
    Never,
    Always,
    Batch { number: u64, seen: u64 },
    Row { text: String, unbound: Box<Unbound>, bound: Option<Expression> },
    Probability { part: f64, seed: u64 },
    Sometimes { part: f64 },
}

impl Trigger {
    pub(crate) fn new(when: &When) -> Result<Self, PluginError> {
        Ok(match when {
            When::Never | When::Open => Self::Never,
            When::Always => Self::Always,
            When::Batch(number) => Self::Batch { number: *number, seen: 0 },
            When::Row(text) => {
                let unbound = Expression::parse(text).map_err(|error| explain(text, &error))?;
                Self::Row { text: text.clone(), unbound: Box::new(unbound), bound: None }
            }
            When::Probability(part, seed) => {
                Self::Probability { part: probability(*part, "Probability")?, seed: *seed }
            }
            When::Sometimes(part) => Self::Sometimes { part: probability(*part, "Sometimes")? },
        })
    }

    /// Gives the columns that it looks at.
    pub(crate) fn bind(&mut self, input: &Schema) -> Result<Vec<String>, PluginError> {
        match self {
            Self::Row { text, unbound, bound } => {
                let expression = unbound.bind_predicate(input);
                *bound = Some(expression.map_err(|error| explain(text, &error))?);
                Ok(unbound.columns().to_vec())
            }
            // The rows decide, whichever columns a later stage wants.
            Self::Probability { .. } => {
                Ok(input.fields().iter().map(|field| field.name().clone()).collect())
            }
            Self::Never | Self::Always | Self::Batch { .. } | Self::Sometimes { .. } => {
                Ok(Vec::new())
            }
        }
    }

    /// Is it this batch?
    pub(crate) fn fires(&mut self, batch: &RecordBatch) -> Result<bool, PluginError> {
        match self {
            Self::Never => Ok(false),
            Self::Always => Ok(true),
            Self::Batch { number, seen } => {
                *seen += 1;
                Ok(*seen - 1 == *number)
            }
            Self::Row { bound, .. } => {
                let expression = bound.as_ref().expect("bind comes before process");
                let rows = expression.evaluate_predicate(batch);
                let rows = rows.map_err(|error| PluginError::new(error.to_string()))?;
                Ok(rows.true_count() > 0)
            }
            Self::Probability { part, seed } => Ok(draw(batch, *seed)? < *part),
            // Each `RandomState` is another one, in every process.
            Self::Sometimes { part } => Ok(share(RandomState::new().hash_one(0)) < *part),
        }
    }
}

fn probability(part: f64, name: &str) -> Result<f64, PluginError> {
    if (0.0..=1.0).contains(&part) {
        return Ok(part);
    }
    let message = format!("a probability is between 0 and 1, not {part}");
    Err(PluginError::new(message).about(name))
}

/// A hash as a number in `0.0..1.0`.
fn share(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number in `0.0..1.0` of the seed, the number of rows, and the first and the last of them.
fn draw(batch: &RecordBatch, seed: u64) -> Result<f64, PluginError> {
    let mut hasher = DefaultHasher::new();
    (seed, batch.num_rows()).hash(&mut hasher);
    let last = batch.num_rows().checked_sub(1);
    for row in last.iter().flat_map(|&last| [0, last]) {
        for column in batch.columns() {
            array_value_to_string(column, row)?.hash(&mut hasher);
        }
    }
    Ok(share(hasher.finish()))
}

fn explain(text: &str, error: &ExpressionError) -> PluginError {
    PluginError::new(format!("in {text:?}: {error}")).about(error.token().unwrap_or(text))
}
