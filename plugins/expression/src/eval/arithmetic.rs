//! `+ - * / %`: integers and decimals are checked, floats follow IEEE 754.

use arrow::array::{ArrayRef, Datum, new_empty_array};
use arrow::compute::kernels::numeric::{add, div, mul, rem, sub};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::digits::check_digits;
use super::value::{Evaluated, Rows, Value, failed};
use super::{divide, evaluate as evaluate_node};
use crate::plan::Node;
use crate::syntax::Arithmetic;

pub(super) fn evaluate(
    node: &Node,
    op: Arithmetic,
    left: &Node,
    right: &Node,
    rows: &Rows,
) -> Evaluated<Value> {
    let (left, right) = (evaluate_node(left, rows)?, evaluate_node(right, rows)?);
    let result = apply(op, &left, &right).and_then(check_digits).map_err(failed(node))?;
    Ok(Value::like(&[&left, &right], result))
}

fn apply(op: Arithmetic, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    match op {
        Arithmetic::Add => add(left, right),
        Arithmetic::Subtract => sub(left, right),
        Arithmetic::Multiply => mul(left, right),
        Arithmetic::Divide => {
            match divide::result_type(left.get().0.data_type(), right.get().0.data_type()) {
                Some(to) => divide::divide(left, right, &to),
                None => div(left, right),
            }
        }
        Arithmetic::Remainder => rem(left, right),
    }
}

/// The type of the result: asked of the kernel itself, so that binding and evaluation agree.
pub(crate) fn result_type(op: Arithmetic, left: &DataType, right: &DataType) -> Option<DataType> {
    let (left, right) = (new_empty_array(left), new_empty_array(right));
    let result = apply(op, &left, &right).ok()?;
    Some(result.data_type().clone())
}
