//! The types of function calls.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};

use super::{Ast, Binder, Bound, Kind, Node, Outcome, boolean, finish, unify, wrong_type};
use crate::coerce::{is_comparable, is_text, value_type};
use crate::eval::{rounded_type, seconds_type};
use crate::functions::{Function, Part};

/// Decimal places that `round` takes; a float has no more than 15 that mean anything.
const ROUND_DIGITS_MAX: i64 = 15;

impl Binder<'_> {
    pub(super) fn bind_call(
        &mut self,
        function: Function,
        operands: &[Ast],
        ast: &Ast,
    ) -> Bound<Node> {
        match function {
            Function::Abs | Function::Ceil | Function::Floor => {
                let value = self.bind_rounded(&operands[0], ast)?;
                Ok(call(function, vec![value], ast))
            }
            Function::Round => self.bind_round(operands, ast),
            Function::Exp | Function::Ln | Function::Power | Function::Sqrt => {
                self.bind_float_call(function, operands, ast)
            }
            Function::Coalesce | Function::Greatest | Function::Least | Function::NullIf => {
                self.bind_choice(function, operands, ast)
            }
            Function::Length | Function::Lower | Function::Upper => {
                let value = self.bind_text(&operands[0], ast)?;
                Ok(call(function, vec![value], ast))
            }
            Function::Trim(_) | Function::Replace => {
                let operands = self.bind_texts(operands, ast)?;
                Ok(call(function, operands, ast))
            }
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                let operands = self.bind_texts(operands, ast)?;
                let nullable = operands.iter().any(|operand| operand.nullable);
                Ok(boolean(Kind::Call(function, operands), nullable, ast))
            }
            Function::Concat | Function::Join => self.bind_concat(function, operands, ast),
            Function::Substr => self.bind_substr(operands, ast),
            Function::RegexpLike => self.bind_regexp(operands, ast),
            Function::Part(_) | Function::Seconds => self.bind_part(function, operands, ast),
        }
    }

    /// A number whose type the function keeps; small integers become `int64`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most types are no numbers")]
    fn bind_rounded(&mut self, operand: &Ast, whole: &Ast) -> Bound<Node> {
        let node = self.bind_number_operand(operand, whole)?;
        let target = match node.data_type {
            DataType::Null => DataType::Int64,
            DataType::Float16 => DataType::Float32,
            DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
                DataType::Decimal128(precision, scale)
            }
            ref integer if integer.is_integer() && *integer != DataType::UInt64 => DataType::Int64,
            ref other => other.clone(),
        };
        unify::recast(node, &target, operand)
    }

    fn bind_round(&mut self, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let value = self.bind_rounded(&operands[0], ast)?;
        let Some(digits_ast) = operands.get(1) else {
            return Ok(call(Function::Round, vec![value], ast));
        };
        let digits = self.bind_integer(digits_ast, ast)?;
        let expected = "a literal from 0 to 15 as the number of decimal places";
        let literal = digits.as_literal().filter(|_| !digits.nullable);
        let places = literal.map(|it| it.value.as_primitive::<Int64Type>().value(0));
        match places {
            Some(places) if (0..=ROUND_DIGITS_MAX).contains(&places) => {
                Ok(call(Function::Round, vec![value, digits], ast))
            }
            _ => Err(wrong_type(digits_ast, ast, expected, &digits.data_type)),
        }
    }

    fn bind_float_call(&mut self, function: Function, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let mut floats = Vec::with_capacity(operands.len());
        for operand in operands {
            let node = self.bind_number_operand(operand, ast)?;
            floats.push(unify::recast(node, &DataType::Float64, operand)?);
        }
        Ok(call(function, floats, ast))
    }

    fn bind_choice(&mut self, function: Function, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let references: Vec<&Ast> = operands.iter().collect();
        let (nodes, data_type) = self.bind_alike(&references, ast)?;
        if function != Function::Coalesce && !is_comparable(&data_type) {
            return Err(wrong_type(&operands[0], ast, "a value with an order", &data_type));
        }
        let nullable = function == Function::NullIf || nodes.iter().all(|node| node.nullable);
        let outcome = Outcome { data_type, nullable, fallible: false };
        Ok(finish(Kind::Call(function, nodes), outcome, ast))
    }

    /// At least one operand is text; numbers, dates and booleans are written out.
    fn bind_concat(&mut self, function: Function, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let mut nodes = Vec::with_capacity(operands.len());
        for operand in operands {
            nodes.push(self.bind(operand)?);
        }
        let texts = || nodes.iter().filter(|node| is_text(&node.data_type));
        if texts().next().is_none() && nodes.iter().any(|node| node.data_type != DataType::Null) {
            return Err(wrong_type(&operands[0], ast, "text on one side", &nodes[0].data_type));
        }
        let large = texts().any(|node| *value_type(&node.data_type) == DataType::LargeUtf8);
        let target = if large { DataType::LargeUtf8 } else { DataType::Utf8 };
        for (node, operand) in nodes.iter_mut().zip(operands) {
            if !crate::cast::can_cast(&node.data_type, &target) || node.data_type.is_nested() {
                return Err(wrong_type(operand, ast, "text", &node.data_type));
            }
            *node = unify::recast(node.clone(), &target, operand)?;
        }
        let nullable = function == Function::Join && nodes.iter().any(|node| node.nullable);
        let outcome = Outcome { data_type: target, nullable, fallible: false };
        Ok(finish(Kind::Call(function, nodes), outcome, ast))
    }

    fn bind_substr(&mut self, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let mut nodes = vec![self.bind_text(&operands[0], ast)?];
        for operand in &operands[1..] {
            nodes.push(self.bind_integer(operand, ast)?);
        }
        Ok(call(Function::Substr, nodes, ast))
    }

    fn bind_part(&mut self, function: Function, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let value = self.bind(&operands[0])?;
        let value = match value.data_type == DataType::Null {
            true => unify::recast(value, &DataType::Date32, &operands[0])?,
            false => value,
        };
        unify::check_place(&value, &DataType::Date32, &operands[0])?;
        let part = if let Function::Part(part) = function { part } else { Part::Second };
        let valid = crate::eval::has_part(&value.data_type, part);
        let expected = "a date or timestamp, for text write cast(… as timestamp)";
        match valid {
            true => Ok(call(function, vec![value], ast)),
            false => Err(wrong_type(&operands[0], ast, expected, &value.data_type)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most types are no text")]
    pub(super) fn bind_text(&mut self, operand: &Ast, whole: &Ast) -> Bound<Node> {
        let node = self.bind(operand)?;
        let target = match value_type(&node.data_type) {
            DataType::LargeUtf8 => DataType::LargeUtf8,
            DataType::Utf8 | DataType::Utf8View | DataType::Null => DataType::Utf8,
            found => return Err(wrong_type(operand, whole, "text", found)),
        };
        unify::recast(node, &target, operand)
    }

    /// Texts of one offset size.
    fn bind_texts(&mut self, operands: &[Ast], whole: &Ast) -> Bound<Vec<Node>> {
        let nodes: Bound<Vec<Node>> =
            operands.iter().map(|operand| self.bind_text(operand, whole)).collect();
        let nodes = nodes?;
        let large = nodes.iter().any(|node| node.data_type == DataType::LargeUtf8);
        let target = if large { DataType::LargeUtf8 } else { DataType::Utf8 };
        let nodes = nodes.into_iter().zip(operands);
        nodes.map(|(node, operand)| unify::recast(node, &target, operand)).collect()
    }

    fn bind_integer(&mut self, operand: &Ast, whole: &Ast) -> Bound<Node> {
        let node = self.bind(operand)?;
        match node.data_type.is_integer() || node.data_type == DataType::Null {
            true => unify::recast(node, &DataType::Int64, operand),
            false => Err(wrong_type(operand, whole, "an integer", &node.data_type)),
        }
    }
}

/// A call whose type follows from its operands, and that is null where one is.
fn call(function: Function, operands: Vec<Node>, ast: &Ast) -> Node {
    let data_type = call_type(function, &operands);
    let rounds = [Function::Abs, Function::Ceil, Function::Floor, Function::Round];
    let overflows = rounds.contains(&function) && !data_type.is_floating();
    let fallible = overflows || function == Function::Substr;
    let nullable = operands.iter().any(|operand| operand.nullable);
    finish(Kind::Call(function, operands), Outcome { data_type, nullable, fallible }, ast)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most functions keep the type")]
fn call_type(function: Function, operands: &[Node]) -> DataType {
    let first = &operands[0].data_type;
    match function {
        Function::Length | Function::Part(_) => DataType::Int64,
        Function::Seconds => seconds_type(first),
        Function::Ceil | Function::Floor => rounded_type(first, 0),
        Function::Round => {
            let places = operands.get(1).and_then(Node::as_literal);
            let places = places.map_or(0, |it| it.value.as_primitive::<Int64Type>().value(0));
            rounded_type(first, places)
        }
        _ => first.clone(),
    }
}
