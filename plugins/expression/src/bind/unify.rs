//! Brings operands to one type: literals give way to columns, then the wider type wins.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;

use super::{Ast, Binder, Bound, Outcome, finish, mismatch, wrong_type};
use crate::coerce::{self, common, is_comparable, is_text, plain};
use crate::error::{ExpressionError, cast_problem};
use crate::eval::cast_array;
use crate::plan::{Kind, Literal, Node};
use crate::sql_types::name_of;

impl Binder<'_> {
    /// A fixed number of operands of one comparison.
    pub(super) fn bind_comparable<const N: usize>(
        &mut self,
        operands: [&Ast; N],
        whole: &Ast,
    ) -> Bound<[Node; N]> {
        let nodes = self.bind_comparable_all(&operands, whole)?;
        Ok(nodes.try_into().expect("there is one node for each operand"))
    }

    /// Operands of one comparison, of one type; a dictionary may stay one, the kernels read it.
    pub(super) fn bind_comparable_all(
        &mut self,
        operands: &[&Ast],
        whole: &Ast,
    ) -> Bound<Vec<Node>> {
        let nodes = self.bind_each(operands)?;
        for (node, operand) in nodes.iter().zip(operands) {
            if !is_comparable(&node.data_type) {
                return Err(wrong_type(operand, whole, "a value with an order", &node.data_type));
            }
        }
        let (nodes, target) = retype(nodes, operands, whole)?;
        // IEEE comparison of half floats goes through single ones.
        let target = if target == DataType::Float16 { DataType::Float32 } else { target };
        let recast_unless_plain = |(node, operand): (Node, &&Ast)| {
            let found = &node.data_type;
            let fits = *found == target || (is_text(found) && *plain(found) == target);
            if fits { Ok(node) } else { recast(node, &target, operand) }
        };
        nodes.into_iter().zip(operands).map(recast_unless_plain).collect()
    }

    /// Operands that share one column: the branches of a `case`, the arguments of `coalesce`.
    pub(super) fn bind_alike(
        &mut self,
        operands: &[&Ast],
        whole: &Ast,
    ) -> Bound<(Vec<Node>, DataType)> {
        let nodes = self.bind_each(operands)?;
        let (nodes, target) = retype(nodes, operands, whole)?;
        let nodes = nodes.into_iter().zip(operands);
        let nodes: Bound<Vec<Node>> =
            nodes.map(|(node, operand)| recast(node, &target, operand)).collect();
        Ok((nodes?, target))
    }

    fn bind_each(&mut self, operands: &[&Ast]) -> Bound<Vec<Node>> {
        operands.iter().map(|operand| self.bind(operand)).collect()
    }
}

/// Retypes the literals and finds the type that all operands share.
fn retype(nodes: Vec<Node>, operands: &[&Ast], whole: &Ast) -> Bound<(Vec<Node>, DataType)> {
    let columns = nodes.iter().filter(|node| node.as_literal().is_none());
    let Some(of_columns) = common_of(columns, whole)? else {
        let target = common_of(nodes.iter(), whole)?.unwrap_or(DataType::Null);
        return Ok((nodes, target));
    };
    let retyped: Bound<Vec<Node>> = nodes
        .into_iter()
        .zip(operands)
        .map(|(node, operand)| literal_for(node, &of_columns, operand))
        .collect();
    let retyped = retyped?;
    let target = common_of(retyped.iter(), whole)?.unwrap_or(of_columns);
    Ok((retyped, target))
}

fn common_of<'n>(
    mut nodes: impl Iterator<Item = &'n Node>,
    whole: &Ast,
) -> Bound<Option<DataType>> {
    let Some(first) = nodes.next() else { return Ok(None) };
    let start = plain(&first.data_type).clone();
    let target = nodes.try_fold(start, |so_far, node| {
        common(&so_far, &node.data_type).ok_or_else(|| mismatch(whole, &so_far, &node.data_type))
    });
    target.map(Some)
}

/// A literal beside a column: takes the column's type where that loses nothing.
fn literal_for(node: Node, column: &DataType, ast: &Ast) -> Bound<Node> {
    let Some(literal) = node.as_literal() else { return Ok(node) };
    let found = &node.data_type;
    if is_text(found) && (column.is_temporal() || is_text(column)) {
        return recast(node, column, ast);
    }
    if let (true, Some(number)) = (column.is_decimal(), &literal.number) {
        return Ok(decimal_literal(number).map_or(node.clone(), |value| constant(&node, value)));
    }
    let try_cast = (found.is_integer() && column.is_integer())
        || (coerce::is_number(found) && *column == DataType::Float32);
    Ok(match try_cast.then(|| exact_cast(literal, column)).flatten() {
        Some(value) => constant(&node, value),
        None => node,
    })
}

/// Numbers beside decimals are decimals; whole numbers beside `uint64` are `uint64`.
pub(super) fn literals_for_arithmetic(left: Node, right: Node) -> (Node, Node) {
    let (left_type, right_type) = (left.data_type.clone(), right.data_type.clone());
    (number_for(left, &right_type), number_for(right, &left_type))
}

fn number_for(node: Node, other: &DataType) -> Node {
    let Some(literal) = node.as_literal() else { return node };
    let value = match (&literal.number, plain(other)) {
        (Some(number), decimal) if decimal.is_decimal() => decimal_literal(number),
        (_, DataType::UInt64) if node.data_type == DataType::Int64 => {
            exact_cast(literal, &DataType::UInt64)
        }
        _ => None,
    };
    match value {
        Some(value) => constant(&node, value),
        None => node,
    }
}

fn constant(node: &Node, value: ArrayRef) -> Node {
    Node::literal(value, Arc::clone(&node.text))
}

/// The value in another type, if it comes back unchanged.
fn exact_cast(literal: &Literal, target: &DataType) -> Option<ArrayRef> {
    let there = cast_array(&literal.value, target, false).ok()?;
    let back = cast_array(&there, literal.value.data_type(), false).ok()?;
    (back.to_data() == literal.value.to_data()).then_some(there)
}

/// `-12.50` as `decimal(4, 2)`; nothing for numbers with an exponent or too many digits.
fn decimal_literal(number: &str) -> Option<ArrayRef> {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = i8::try_from(fraction.len()).ok()?;
    let precision = u8::try_from(whole.len() + fraction.len()).ok()?.max(1);
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || precision > 38 {
        return None;
    }
    let text: ArrayRef = Arc::new(StringArray::from(vec![number]));
    cast_array(&text, &DataType::Decimal128(precision, scale), false).ok()
}

/// A value in the wanted type: a literal at once, anything else by a cast in the tree.
pub(super) fn recast(node: Node, target: &DataType, ast: &Ast) -> Bound<Node> {
    if node.data_type == *target {
        return Ok(node);
    }
    let Some(literal) = node.as_literal() else {
        return Ok(cast_node(node, target, false, ast));
    };
    match cast_array(&literal.value, target, false) {
        Ok(value) => Ok(constant(&node, value)),
        Err(error) => Err(ExpressionError::Literal {
            place: Arc::clone(&ast.place),
            literal: ast.snippet.clone(),
            wanted: name_of(target),
            problem: how_to_write(target).map_or_else(|| cast_problem(error), str::to_owned),
        }),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only dates and times are written as text")]
fn how_to_write(target: &DataType) -> Option<&'static str> {
    match target {
        DataType::Date32 | DataType::Date64 => Some("write it as '2013-01-31'"),
        DataType::Timestamp(..) => Some("write it as '2013-01-31 05:30:00'"),
        DataType::Time32(_) | DataType::Time64(_) => Some("write it as '05:30:00'"),
        _ => None,
    }
}

/// A cast as a node of the tree.
pub(super) fn cast_node(node: Node, target: &DataType, lenient: bool, ast: &Ast) -> Node {
    let result = Outcome {
        data_type: target.clone(),
        nullable: node.nullable || lenient,
        fallible: !lenient && !coerce::always_fits(&node.data_type, target),
    };
    finish(Kind::Cast { value: Box::new(node), lenient }, result, ast)
}
