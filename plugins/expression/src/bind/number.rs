//! Numbers as they are written: integers, decimals, and floats where there is an exponent.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::DataType;

use super::{Ast, Bound, Node, constant, unify};
use crate::cast::cast_array;
use crate::coerce::value_type;
use crate::error::ExpressionError;
use crate::syntax::Arithmetic;

/// Digits that a decimal has at most.
const DIGITS_MAX: usize = 38;

pub(super) fn bind_number(text: &str, ast: &Ast) -> Bound<Node> {
    let value: ArrayRef = if let Ok(value) = text.parse::<i64>() {
        Arc::new(Int64Array::from(vec![value]))
    } else if let Ok(value) = text.parse::<u64>() {
        Arc::new(UInt64Array::from(vec![value]))
    } else if text.contains(['e', 'E']) {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| invalid(text, "float64", "it is out of range", ast))?;
        Arc::new(Float64Array::from(vec![value]))
    } else {
        let problem = "it has more than 38 digits, for a float64 write an exponent (1.5e0)";
        decimal(text).ok_or_else(|| invalid(text, "decimal", problem, ast))?
    };
    Ok(constant(value, ast).written(true))
}

fn invalid(text: &str, wanted: &str, problem: &str, ast: &Ast) -> ExpressionError {
    ExpressionError::Literal {
        place: Arc::clone(&ast.place),
        literal: text.to_owned(),
        wanted: wanted.to_owned(),
        problem: problem.to_owned(),
    }
}

/// `-12.50` as `decimal(4, 2)`: just the digits that are written.
fn decimal(number: &str) -> Option<ArrayRef> {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let precision = (whole.len() + fraction.len()).max(1);
    let value = format!("0{whole}{fraction}").parse::<i128>().ok()?;
    let value = if number.starts_with('-') { -value } else { value };
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(fraction.len()).ok()?);
    let fits = usize::from(precision) <= DIGITS_MAX;
    let array = Decimal128Array::from(vec![value]);
    let array = fits.then(|| array.with_precision_and_scale(precision, scale).ok()).flatten()?;
    Some(Arc::new(array))
}

/// What numbers that are written become beside another operand. Beside a decimal an integer is a
/// decimal of its own digits; beside `uint64` it is one, too. In a division a decimal that is
/// written is a float64, unless the other side is a decimal that is not: `x / 60.0`.
pub(super) fn literals_for_arithmetic(op: Arithmetic, left: Node, right: Node) -> (Node, Node) {
    let is_float =
        op == Arithmetic::Divide && !is_decimal_value(&left) && !is_decimal_value(&right);
    let (left_type, right_type) = (left.data_type.clone(), right.data_type.clone());
    (number_for(left, &right_type, is_float), number_for(right, &left_type, is_float))
}

fn is_written(node: &Node) -> bool {
    node.as_literal().is_some_and(|literal| literal.written)
}

fn is_decimal_value(node: &Node) -> bool {
    value_type(&node.data_type).is_decimal() && !is_written(node)
}

fn number_for(node: Node, other: &DataType, is_float: bool) -> Node {
    let Some(literal) = node.as_literal().filter(|literal| literal.written) else { return node };
    let value = if is_float && node.data_type.is_decimal() {
        cast_array(&literal.value, &DataType::Float64, false).ok()
    } else if value_type(other).is_decimal() && node.data_type.is_integer() {
        cast_array(&literal.value, &DataType::Utf8, false)
            .ok()
            .and_then(|digits| decimal(digits.as_string::<i32>().value(0)))
    } else if *value_type(other) == DataType::UInt64 && node.data_type == DataType::Int64 {
        unify::exact_cast(&literal.value, &DataType::UInt64)
    } else {
        None
    };
    match value {
        Some(value) => unify::constant(&node, value),
        None => node,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::Node;
    use crate::Expression;
    use crate::plan::Kind;

    /// What the tree casts for each row.
    fn casts(text: &str) -> Vec<String> {
        let field = |name, data_type| Field::new(name, data_type, true);
        let schema = Schema::new(vec![
            field("f", DataType::Float64),
            field("r", DataType::Float32),
            field("i", DataType::Int64),
        ]);
        let bound = Expression::parse(text).and_then(|it| it.bind(&schema)).expect("it is sound");
        let mut found = Vec::new();
        collect_casts(&bound.node, &mut found);
        found
    }

    fn collect_casts(node: &Node, found: &mut Vec<String>) {
        if let Kind::Cast { value, .. } = &node.kind {
            found.push(value.text.to_string());
        }
        node.for_each_operand(&mut |operand| collect_casts(operand, found));
    }

    #[test]
    fn a_number_beside_a_float_becomes_one_when_it_is_bound() {
        for text in [
            "f * 60.0",
            "f / 60.0",
            "60.0 - f",
            "f > 60.5",
            "f between 0.5 and 60.0",
            "f in (0.5, 60)",
            "coalesce(f, 0.5)",
            "case when f > 0.5 then f else 1 - 0.5 end",
            "r > 0.5",
        ] {
            assert_eq!(casts(text), [""; 0], "{text}");
        }
        assert_eq!(casts("f / (i / 60.0)"), ["i"]);
    }
}
