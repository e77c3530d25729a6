//! Functions that choose one of their operands: `coalesce`, `nullif`, `least`, `greatest`.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;
use arrow::compute::nullif;
use arrow::error::ArrowError;

use super::select::select;
use super::value::{Evaluated, Rows, Value, failed, is_valid, truths};
use super::{evaluate, evaluate_where};
use crate::functions::Function;
use crate::order::{compare, equal};
use crate::plan::Node;
use crate::syntax::Comparison;

/// The first operand that is not null; later ones are asked only of the rows that need them.
pub(super) fn coalesce(node: &Node, operands: &[Node], rows: &Rows) -> Evaluated<Value> {
    let mut missing = BooleanBuffer::new_set(rows.count);
    let mut taken = Vec::with_capacity(operands.len());
    for operand in operands {
        let value = evaluate_where(operand, rows, &missing)?;
        let mask = &missing & &is_valid(&value, rows.count);
        missing = &missing & &!&mask;
        taken.push((mask, value));
        if missing.count_set_bits() == 0 {
            break;
        }
    }
    let (_, last) = taken.pop().expect("the grammar has no empty call");
    taken
        .into_iter()
        .rev()
        .try_fold(last, |below, (mask, value)| select(&mask, value, below).map_err(failed(node)))
}

/// Null where both are equal, else the first.
pub(super) fn null_if(node: &Node, left: &Node, right: &Node, rows: &Rows) -> Evaluated<Value> {
    let (left, right) = (evaluate(left, rows)?, evaluate(right, rows)?);
    let equal = equal(&left, &right).map_err(failed(node))?;
    let count = if left.is_scalar() && right.is_scalar() { 1 } else { rows.count };
    let result = nullif(&left.clone().into_array(count), &equal).map_err(failed(node))?;
    Ok(Value::like(&[&left, &right], result))
}

/// The least or greatest operand that is not null; NaN only if there is no number.
pub(super) fn extreme(
    node: &Node,
    function: Function,
    operands: &[Node],
    rows: &Rows,
) -> Evaluated<Value> {
    let op = if function == Function::Least { Comparison::Less } else { Comparison::Greater };
    let mut best = evaluate(&operands[0], rows)?;
    for operand in &operands[1..] {
        let next = evaluate(operand, rows)?;
        best = better(op, best, next, rows.count).map_err(failed(node))?;
    }
    Ok(best)
}

fn better(op: Comparison, best: Value, next: Value, count: usize) -> Result<Value, ArrowError> {
    let scalar = best.is_scalar() && next.is_scalar();
    let count = if scalar { 1 } else { count };
    let wins = truths(&compare(op, &next, &best)?);
    let wins = if best.data_type().is_floating() { &wins | &is_nan(&best, count)? } else { wins };
    let mask = &(&wins | &!&is_valid(&best, count)) & &is_valid(&next, count);
    let chosen = select(&mask, next, best)?;
    Ok(if scalar { Value::Scalar(chosen.into_array(1)) } else { chosen })
}

fn is_nan(value: &Value, count: usize) -> Result<BooleanBuffer, ArrowError> {
    let unequal = compare(Comparison::NotEqual, value, value)?;
    let unequal: Value = Value::like(&[value], Arc::new(unequal));
    Ok(truths(&unequal.into_boolean(count)))
}
