//! `Check`: an expression over the whole row.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use tanda_expression::{EvaluateError, Expression, ExpressionError};

use super::rule::{Draft, Rows, Test, settle};
use crate::config::{Check, Nulls};
use crate::error::{BindError, JudgeError};

pub(super) fn bind(rule: &Check, schema: &Schema) -> Result<Draft, BindError> {
    let bad =
        |source: ExpressionError| BindError::BadExpression { expr: rule.expr.clone(), source };
    let unbound = Expression::parse(&rule.expr).map_err(bad)?;
    let columns = unbound.columns().to_vec();
    let expression = unbound.bind_predicate(schema).map_err(bad)?;
    let test = Holds { expression, nulls: rule.nulls };
    let default = format!("failed: {}", rule.expr);
    Ok(Draft::new(test, rule.reason.as_ref(), default).reading(columns))
}

struct Holds {
    expression: Expression,
    nulls: Nulls,
}

impl Test for Holds {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        match self.bad(rows.batch) {
            Ok(bad) => Ok(bad),
            // A row that an earlier rule has failed may well divide by zero here: it is not asked.
            Err(error) => match rows.failed {
                Some(failed) => self.bad_among_good(rows.batch, failed),
                None => Err(error.into()),
            },
        }
    }
}

impl Holds {
    fn bad(&self, batch: &RecordBatch) -> Result<Option<BooleanBuffer>, EvaluateError> {
        let (held, nulls) = self.expression.evaluate_predicate(batch)?.into_parts();
        Ok(settle(!&held, nulls.as_ref(), self.nulls))
    }

    fn bad_among_good(
        &self,
        batch: &RecordBatch,
        failed: &BooleanBuffer,
    ) -> Result<Option<BooleanBuffer>, JudgeError> {
        let good = BooleanArray::new(!failed, None);
        let bad = self.bad(&filter_record_batch(batch, &good)?)?;
        Ok(bad.map(|bad| spread(&bad, &good)))
    }
}

/// Puts the bits of the good rows back to where these rows stand in the batch.
fn spread(bits: &BooleanBuffer, good: &BooleanArray) -> BooleanBuffer {
    let mut bits = bits.iter();
    let bit = |row| good.value(row) && bits.next().unwrap_or(false);
    BooleanBuffer::collect_bool(good.len(), bit)
}
