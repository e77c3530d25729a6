//! `case when … then … else … end`.

use arrow::buffer::BooleanBuffer;

use super::evaluate_where;
use super::select::select;
use super::value::{Evaluated, Rows, Value, failed, truths};
use crate::plan::Node;

/// Each condition sees the rows that no earlier one took, each result the rows that it is for.
pub(super) fn evaluate(
    node: &Node,
    branches: &[(Node, Node)],
    otherwise: &Node,
    rows: &Rows,
) -> Evaluated<Value> {
    let mut left = BooleanBuffer::new_set(rows.count);
    let mut taken = Vec::with_capacity(branches.len());
    for (condition, result) in branches {
        if left.count_set_bits() == 0 {
            break;
        }
        let condition = evaluate_where(condition, rows, &left)?.into_boolean(rows.count);
        let mask = &truths(&condition) & &left;
        left = &left & &!&mask;
        let value = evaluate_where(result, rows, &mask)?;
        taken.push((mask, value));
    }
    let last = evaluate_where(otherwise, rows, &left)?;
    taken
        .into_iter()
        .rev()
        .try_fold(last, |below, (mask, value)| select(&mask, value, below).map_err(failed(node)))
}
