//! Three-valued `and` and `or`.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, or_kleene};
use arrow::error::ArrowError;

use super::value::{Evaluated, Rows, Value, failed, truths};
use super::{evaluate as evaluate_node, evaluate_where};
use crate::plan::Node;
use crate::syntax::Logic;

type Kernel = fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, ArrowError>;

/// The right side is asked only of rows that the left side does not settle, if it can fail.
pub(super) fn evaluate(
    node: &Node,
    op: Logic,
    left: &Node,
    right: &Node,
    rows: &Rows,
) -> Evaluated<Value> {
    let left = evaluate_node(left, rows)?;
    let right = match right.fallible {
        false => evaluate_node(right, rows)?,
        true => {
            let settled = settled(op, &left.clone().into_boolean(rows.count));
            evaluate_where(right, rows, &!&settled)?
        }
    };
    let kernel = match op {
        Logic::And => and_kleene,
        Logic::Or => or_kleene,
    };
    combine(&left, &right, rows.count, kernel).map_err(failed(node))
}

/// Where the left side alone decides: false for `and`, true for `or`.
fn settled(op: Logic, left: &BooleanArray) -> BooleanBuffer {
    is_boolean(left, op == Logic::Or).values().clone()
}

/// Applies a kernel that takes arrays of equal length.
pub(super) fn combine(
    left: &Value,
    right: &Value,
    count: usize,
    kernel: Kernel,
) -> Result<Value, ArrowError> {
    let count = if left.is_scalar() && right.is_scalar() { 1 } else { count };
    let (left_array, right_array) =
        (left.clone().into_boolean(count), right.clone().into_boolean(count));
    let result = kernel(&left_array, &right_array)?;
    Ok(Value::like(&[left, right], Arc::new(result)))
}

/// `is true` or `is false`: never null.
pub(super) fn is_boolean(array: &BooleanArray, wanted: bool) -> BooleanArray {
    let values = match wanted {
        true => truths(array),
        false => {
            let falses = !array.values();
            truths(&BooleanArray::new(falses, array.nulls().cloned()))
        }
    };
    BooleanArray::new(values, None)
}
