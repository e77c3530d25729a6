//! Brings operands to one type: literals give way to columns, then the wider type wins.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use tanda_spelling::type_name;

use super::{Ast, Binder, Bound, Outcome, finish, mismatch, wrong_type};
use crate::cast::{cast_array, how_to_write, keeping, zone_east};
use crate::coerce::{self, common, is_comparable, is_text, value_type};
use crate::error::{ExpressionError, cast_problem};
use crate::plan::{Kind, Literal, Node};

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
        let (nodes, target) = retype(nodes, operands, Purpose::Compare, whole)?;
        // IEEE comparison of half floats goes through single ones.
        let target = if target == DataType::Float16 { DataType::Float32 } else { target };
        // Beside nothing but nulls, a null is a text, as in PostgreSQL.
        let target = if target == DataType::Null { DataType::Utf8 } else { target };
        let recast_unless_plain = |(node, operand): (Node, &&Ast)| {
            let found = &node.data_type;
            let fits = *found == target || (is_text(found) && *value_type(found) == target);
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
        let (nodes, target) = retype(nodes, operands, Purpose::Share, whole)?;
        let nodes = nodes.into_iter().zip(operands);
        let nodes: Bound<Vec<Node>> =
            nodes.map(|(node, operand)| recast(node, &target, operand)).collect();
        Ok((nodes?, target))
    }

    fn bind_each(&mut self, operands: &[&Ast]) -> Bound<Vec<Node>> {
        operands.iter().map(|operand| self.bind(operand)).collect()
    }
}

/// What operands of one type are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Compare,
    /// One column of all of them.
    Share,
}

/// Retypes the literals and finds the type that all operands share.
fn retype(
    nodes: Vec<Node>,
    operands: &[&Ast],
    purpose: Purpose,
    whole: &Ast,
) -> Bound<(Vec<Node>, DataType)> {
    // A date that is written as one is no text that could be anything.
    let is_typed = |node: &&Node| node.as_literal().is_none() || node.data_type.is_temporal();
    let columns = nodes.iter().filter(is_typed);
    let Some(of_columns) = common_of(columns, whole)? else {
        let target = common_of(nodes.iter(), whole)?.unwrap_or(DataType::Null);
        return Ok((nodes, target));
    };
    let retyped: Bound<Vec<Node>> = nodes
        .into_iter()
        .zip(operands)
        .map(|(node, operand)| literal_for(node, &of_columns, purpose, operand))
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
    let start = value_type(&first.data_type).clone();
    let target = nodes.try_fold(start, |so_far, node| {
        common(&so_far, &node.data_type).ok_or_else(|| mismatch(whole, &so_far, &node.data_type))
    });
    target.map(Some)
}

/// A literal beside a column: takes the column's type where that loses nothing.
fn literal_for(node: Node, column: &DataType, purpose: Purpose, ast: &Ast) -> Bound<Node> {
    let Some(literal) = node.as_literal() else { return Ok(node) };
    let found = &node.data_type;
    let value = &literal.value;
    if is_text(found) && column.is_temporal() {
        let target = keeping(value, column);
        return recast(node, &target, ast);
    }
    if is_text(found) && is_text(column) {
        return recast(node, column, ast);
    }
    let retyped = if found.is_integer() && column.is_integer() {
        exact_cast(value, column)
    } else if coerce::is_number(found) && *column == DataType::Float32 {
        // By way of float64, where 0.1 shows that it is not what float32 makes of it.
        let double = cast_array(value, &DataType::Float64, false).ok();
        double.and_then(|double| exact_cast(&double, column))
    } else if coerce::is_number(found) && !found.is_floating() && is_exact(column) {
        // `5.0` may be compared as the integer, but a column of both has decimals.
        (purpose == Purpose::Compare).then(|| exact_cast(value, column)).flatten()
    } else {
        None
    };
    Ok(retyped.map_or_else(|| node.clone(), |value| constant(&node, value)))
}

fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_decimal()
}

/// The same constant in another type.
pub(super) fn constant(node: &Node, value: ArrayRef) -> Node {
    let written = node.as_literal().is_some_and(|literal| literal.written);
    Node::literal(value, Arc::clone(&node.text)).written(written)
}

/// The value in another type, if it comes back unchanged.
pub(super) fn exact_cast(value: &ArrayRef, target: &DataType) -> Option<ArrayRef> {
    let there = cast_array(value, target, false).ok()?;
    let back = cast_array(&there, value.data_type(), false).ok()?;
    (back.to_data() == value.to_data()).then_some(there)
}

/// A value in the wanted type: a literal at once, anything else by a cast in the tree.
pub(super) fn recast(node: Node, target: &DataType, ast: &Ast) -> Bound<Node> {
    if node.data_type == *target {
        return Ok(node);
    }
    check_place(&node, target, ast)?;
    let Some(literal) = node.as_literal() else {
        return Ok(cast_node(node, target, false, ast));
    };
    match cast_array(&literal.value, target, false) {
        Ok(value) => Ok(constant(&node, value)),
        Err(error) => Err(ExpressionError::Literal {
            place: Arc::clone(&ast.place),
            literal: ast.snippet.clone(),
            wanted: type_name(target),
            problem: help(literal, target).map_or_else(|| cast_problem(error), str::to_owned),
        }),
    }
}

fn help(literal: &Literal, target: &DataType) -> Option<&'static str> {
    let text = literal.value.as_string_opt::<i32>().filter(|text| text.is_valid(0))?;
    how_to_write(text.value(0), target)
}

/// Refuses what would have to know the offsets of a zone that is called by a place: times of it
/// told by their clock, and times of a clock told in it.
pub(super) fn check_place(node: &Node, target: &DataType, ast: &Ast) -> Bound<()> {
    let found = value_type(&node.data_type);
    let is_told = |data_type: &DataType| {
        matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None))
    };
    let (zone, help) = match (place_of(found), place_of(target)) {
        (Some(zone), _) if !is_instant(target) => {
            (zone, format!("write cast({} as timestamptz), the same times in UTC", ast.snippet))
        }
        (None, Some(zone)) if is_told(found) && node.as_literal().is_some() => {
            (zone, "write it as a text with its offset, '2013-01-31 05:30:00+01:00'".to_owned())
        }
        (None, Some(zone)) if is_told(found) => {
            (zone, "cast the times of this zone to timestamptz, the same times in UTC".to_owned())
        }
        (_, _) => return Ok(()),
    };
    let (place, operand) = (Arc::clone(&ast.place), ast.snippet.clone());
    Err(ExpressionError::UnknownOffset { place, operand, zone, help })
}

/// Types whose values are the same wherever they are told.
fn is_instant(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(_)) | DataType::Null) || data_type.is_integer()
}

fn place_of(data_type: &DataType) -> Option<String> {
    let DataType::Timestamp(_, Some(zone)) = data_type else { return None };
    zone_east(data_type).is_none().then(|| zone.to_string())
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
