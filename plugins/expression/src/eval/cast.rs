//! Casts as steps of an expression.

use tanda_spelling::type_name;

use super::evaluate as evaluate_node;
use super::value::{Evaluated, Rows, Value};
use crate::cast::cast_array;
use crate::error::{EvaluateError, cast_problem};
use crate::plan::Node;

pub(super) fn evaluate(
    node: &Node,
    operand: &Node,
    lenient: bool,
    rows: &Rows,
) -> Evaluated<Value> {
    let value = evaluate_node(operand, rows)?;
    match cast_array(value.array(), &node.data_type, lenient) {
        Ok(array) => Ok(Value::like(&[&value], array)),
        Err(error) => Err(EvaluateError::Cast {
            operation: operand.text.to_string(),
            wanted: type_name(&node.data_type),
            detail: cast_problem(error),
        }),
    }
}
