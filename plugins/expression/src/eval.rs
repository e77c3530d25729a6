//! Evaluation, a column at a time, with arrow's kernels.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Scalar, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::merge::merge;
use arrow::compute::{is_null, kernels, not};
use arrow::error::ArrowError;

use crate::functions::Function;
use crate::plan::{Kind, Node};

mod arithmetic;
mod calendar;
mod case;
mod cast;
mod choice;
mod compare;
mod digits;
mod divide;
mod logic;
mod math;
mod part;
mod select;
mod text;
mod value;

pub(crate) use arithmetic::result_type as arithmetic_type;
pub(crate) use math::rounded_type;
pub(crate) use part::{has_part, seconds_type};
pub(crate) use value::Rows;
use value::{Evaluated, Value, failed};

/// Evaluates one node over all rows.
pub(crate) fn evaluate(node: &Node, rows: &Rows) -> Evaluated<Value> {
    match &node.kind {
        Kind::Column(slot) => Ok(Value::Array(Arc::clone(&rows.columns[*slot]))),
        Kind::Literal(literal) => Ok(Value::Scalar(Arc::clone(&literal.value))),
        Kind::Cast { value, lenient } => cast::evaluate(node, value, *lenient, rows),
        Kind::Negate(value) => {
            unary(node, value, rows, |array| kernels::numeric::neg(array.as_ref()))
        }
        Kind::Not(value) => {
            unary(node, value, rows, |array| Ok(Arc::new(not(array.as_boolean())?)))
        }
        Kind::Arithmetic(op, left, right) => arithmetic::evaluate(node, *op, left, right, rows),
        Kind::Compare(op, left, right) => compare::evaluate(node, *op, left, right, rows),
        Kind::Between(value, low, high) => compare::between(node, value, low, high, rows),
        Kind::Logic(op, left, right) => logic::evaluate(node, *op, left, right, rows),
        Kind::IsNull(value) => {
            unary(node, value, rows, |array| Ok(Arc::new(is_null(array.as_ref())?)))
        }
        Kind::IsBoolean(value, wanted) => unary(node, value, rows, |array| {
            Ok(Arc::new(logic::is_boolean(array.as_boolean(), *wanted)))
        }),
        Kind::In(value, members) => {
            unary(node, value, rows, |array| Ok(Arc::new(members.contain(array)?)))
        }
        Kind::Like { value, pattern, fold_case } => {
            text::like(node, value, pattern, *fold_case, rows)
        }
        Kind::Matches(value, regex) => {
            unary(node, value, rows, |array| Ok(Arc::new(text::matches(array, regex))))
        }
        Kind::Case { branches, otherwise } => case::evaluate(node, branches, otherwise, rows),
        Kind::Call(function, operands) => call(node, *function, operands, rows),
    }
}

fn call(node: &Node, function: Function, operands: &[Node], rows: &Rows) -> Evaluated<Value> {
    match function {
        Function::Coalesce => choice::coalesce(node, operands, rows),
        Function::NullIf => choice::null_if(node, &operands[0], &operands[1], rows),
        Function::Least | Function::Greatest => choice::extreme(node, function, operands, rows),
        Function::Part(part) => unary(node, &operands[0], rows, |array| part::part(array, part)),
        Function::Seconds => unary(node, &operands[0], rows, part::seconds),
        Function::Abs
        | Function::Ceil
        | Function::Exp
        | Function::Floor
        | Function::Ln
        | Function::Power
        | Function::Round
        | Function::Sqrt => math::evaluate(node, function, operands, rows),
        Function::Concat
        | Function::Contains
        | Function::EndsWith
        | Function::Join
        | Function::Length
        | Function::Lower
        | Function::RegexpLike
        | Function::Replace
        | Function::StartsWith
        | Function::Substr
        | Function::Trim(_)
        | Function::Upper => text::evaluate(node, function, operands, rows),
    }
}

/// Evaluates a node for the rows of the mask; what the others get is not said.
///
/// A node that can fail sees no other rows: `case when x <> 0 then 1 / x end` does not divide by
/// zero.
fn evaluate_where(node: &Node, rows: &Rows, mask: &BooleanBuffer) -> Evaluated<Value> {
    let wanted = mask.count_set_bits();
    if wanted == 0 {
        return Ok(Value::Scalar(new_null_array(&node.data_type, 1)));
    }
    if !node.fallible || wanted == rows.count {
        return evaluate(node, rows);
    }
    let some = rows.filter(mask, node).map_err(failed(node))?;
    match evaluate(node, &some)? {
        Value::Scalar(value) => Ok(Value::Scalar(value)),
        Value::Array(values) => {
            let null = Scalar::new(new_null_array(&node.data_type, 1));
            let mask = BooleanArray::new(mask.clone(), None);
            let spread = merge(&mask, &values, &null).map_err(failed(node))?;
            Ok(Value::Array(spread))
        }
    }
}

fn unary(
    node: &Node,
    operand: &Node,
    rows: &Rows,
    kernel: impl FnOnce(&ArrayRef) -> Result<ArrayRef, ArrowError>,
) -> Evaluated<Value> {
    let operand = evaluate(operand, rows)?;
    let result = kernel(operand.array()).map_err(failed(node))?;
    Ok(Value::like(&[&operand], result))
}
