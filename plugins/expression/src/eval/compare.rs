//! Comparisons, and `between`.

use std::sync::Arc;

use arrow::compute::and_kleene;

use super::value::{Evaluated, Rows, Value, failed};
use super::{evaluate as evaluate_node, logic};
use crate::order::compare;
use crate::plan::Node;
use crate::syntax::Comparison;

pub(super) fn evaluate(
    node: &Node,
    op: Comparison,
    left: &Node,
    right: &Node,
    rows: &Rows,
) -> Evaluated<Value> {
    let (left, right) = (evaluate_node(left, rows)?, evaluate_node(right, rows)?);
    let result = compare(op, &left, &right).map_err(failed(node))?;
    Ok(Value::like(&[&left, &right], Arc::new(result)))
}

/// `value between low and high`, with the value evaluated once.
pub(super) fn between(
    node: &Node,
    value: &Node,
    low: &Node,
    high: &Node,
    rows: &Rows,
) -> Evaluated<Value> {
    let value = evaluate_node(value, rows)?;
    let (low, high) = (evaluate_node(low, rows)?, evaluate_node(high, rows)?);
    let half = |op, bound: &Value| -> Evaluated<Value> {
        let result = compare(op, &value, bound).map_err(failed(node))?;
        Ok(Value::like(&[&value, bound], Arc::new(result)))
    };
    let above = half(Comparison::GreaterOrEqual, &low)?;
    let below = half(Comparison::LessOrEqual, &high)?;
    logic::combine(&above, &below, rows.count, and_kleene).map_err(failed(node))
}
